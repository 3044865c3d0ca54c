"""Message catalogues in English, German and Chinese.

``<language>/<domain>.po`` (gettext, so that translators' tools work); the message id is a
code such as ``inventory.unknown-unit``, the domain is its first segment. A message names its
arguments in braces: ``{unit}``. Babel reads the catalogues and knows the
symbols of numbers.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

MINUS = "\N{MINUS SIGN}"
LANGUAGES = ("en", "de", "zh")
_BABEL_LOCALE = {"en": Locale("en"), "de": Locale("de"), "zh": Locale.parse("zh_Hans_CN")}
_SYMBOLS = {
    name: str.maketrans(
        {",": get_group_symbol(known), ".": get_decimal_symbol(known), "-": MINUS}
    )
    for name, known in _BABEL_LOCALE.items()
}


class UnknownMessage(KeyError):
    """No catalogue holds this message id: a programming error, found by a test."""


@lru_cache(maxsize=64)
def _domain(language: str, domain: str) -> Mapping[str, str]:
    resource = files(__name__) / language / f"{domain}.po"
    if not resource.is_file():
        return {}
    catalogue = read_po(BytesIO(resource.read_bytes()), locale=_BABEL_LOCALE[language])
    return {str(m.id): str(m.string) for m in catalogue if m.id and m.string}


def message_ids(language: str) -> frozenset[str]:
    """All message ids of a language, over all its domains."""
    folder = files(__name__) / language
    domains = [f.name.removesuffix(".po") for f in folder.iterdir() if f.name.endswith(".po")]
    return frozenset(i for domain in domains for i in _domain(language, domain))


def has_text(message_id: str, language: str = "en") -> bool:
    """Whether the catalogue of the language holds the message."""
    return message_id in _domain(language, message_id.partition(".")[0])


def text(
    message_id: str,
    arguments: Mapping[str, object] | None = None,
    language: str = "en",
) -> str:
    """The message in the language, its arguments filled in.

    Raises:
        UnknownMessage: the language has no such message.
    """
    template = _domain(language, message_id.partition(".")[0]).get(message_id)
    if template is None:
        raise UnknownMessage(f"{language}: {message_id}")
    if not arguments:
        return template
    return template.format_map({k: _argument(v, language) for k, v in arguments.items()})


def text_or(
    otherwise: str,
    message_id: str,
    arguments: Mapping[str, object] | None = None,
    language: str = "en",
) -> str:
    """The message in the language, or ``otherwise`` where no catalogue knows it.

    For codes that a partner, an older store or a document brings along.
    """
    known = has_text(message_id, language)
    return text(message_id, arguments, language) if known else otherwise


def number(value: float, language: str = "en", digits: int = 4) -> str:
    """A number with ``digits`` significant digits, in the notation of the language.

    Negative numbers have the minus sign of print, not the hyphen of a keyboard.

    >>> number(1234.5678, "de"), number(0.000123456, "en"), number(-12, "zh")
    ('1.235', '0.0001235', '−12')
    """
    rounded = float(f"{value:.{digits}g}")
    if rounded and not 1e-6 <= abs(rounded) < 1e12:
        return f"{rounded:.{digits}g}".replace("-", MINUS)
    shown = f"{Decimal(repr(rounded)):,.10f}".rstrip("0").rstrip(".")
    return shown.translate(_SYMBOLS[language])


def _argument(value: object, language: str) -> str:
    if isinstance(value, float):
        return number(value, language)
    if isinstance(value, int) and value < 0:
        return f"{MINUS}{-value}"
    return str(value)
