"""Types of the members of structured values, as the attribute table names them.

A member without a type is a text, which may be given by language.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from saltbridge.core.countries import is_country
from saltbridge.core.quantity import is_number
from saltbridge.passport.data_carrier import is_passport_id

LONGEST: Final = 4000  # characters of a text
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:\d{2})")
_CAS = re.compile(r"(\d{2,7})-(\d{2})-(\d)")
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]+\.[^\s@<>\".]+")
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
# Control characters but tab and line ends, halves of characters, marks that turn the order of
# what is read, and invisible tags: a text that shows one thing and says another.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def hidden_in(value: Any) -> str:
    """A character that must not stand in a text, as ``U+202E``, wherever it is; '' if none.

    >>> hidden_in({"name": ["ab\\u202ecd"]}), hidden_in("Größe 电池")
    ('U+202E', '')
    """
    if isinstance(value, str):
        if value.isascii() and value.isprintable():
            return ""  # the most of them
        found = _HIDDEN.search(value)
        return f"U+{ord(found.group()):04X}" if found else ""
    if isinstance(value, Mapping):
        return next(filter(None, (hidden_in(t) for pair in value.items() for t in pair)), "")
    if isinstance(value, list | tuple):
        return next(filter(None, map(hidden_in, value)), "")
    return ""


def is_text(value: Any) -> bool:
    """A text that says something."""
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST


def is_localised(value: Any) -> bool:
    """A text, or the same text by language."""
    if isinstance(value, Mapping):
        return bool(value) and all(is_text(k) and is_text(t) for k, t in value.items())
    return is_text(value)


def is_url(value: Any) -> bool:
    """An address on the web."""
    if not is_text(value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.netloc)


def is_day(value: Any) -> bool:
    """A day as it is written, and no other way ISO 8601 knows: YYYY-MM-DD.

    >>> is_day("2027-02-18"), is_day("20270218"), is_day("2027-W07-4"), is_day("2027-02-30")
    (True, False, False, False)
    """
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def is_moment(value: Any) -> bool:
    """A moment with its offset from UTC."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@lru_cache(maxsize=256)  # the values of a battery were measured on one day
def is_day_or_moment(text: str) -> bool:
    """A day, or a moment with its offset from UTC."""
    return is_day(text) or is_moment(text)


def is_month(value: Any) -> bool:
    """A month, or a day of it."""
    return isinstance(value, str) and is_day(value if len(value) == 10 else f"{value}-01")


def is_cas_number(value: Any) -> bool:
    """A CAS registry number; its last digit is a check digit.

    >>> is_cas_number("7782-42-5"), is_cas_number("7782-42-6")
    (True, False)
    """
    found = _CAS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return False
    digits = (found[1] + found[2])[::-1]
    return sum(n * int(d) for n, d in enumerate(digits, start=1)) % 10 == int(found[3])


def is_address(value: Any) -> bool:
    """A postal address: a text, or its lines by name with a country that is one."""
    if not isinstance(value, Mapping):
        return is_text(value)
    lines = all(is_text(line) for line in value.values())
    return bool(value) and lines and ("country" not in value or is_country(value["country"]))


def _is_amount(value: Any) -> bool:
    return is_number(value) and value >= 0


# type of a member -> how it is written, and whether something is written so
PART_TYPES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "": ("text", is_localised),
    "number": ("number ≥ 0", _is_amount),
    "percent": ("0–100 %", lambda v: _is_amount(v) and v <= 100),
    "country": ("ISO 3166-1 alpha-2 (DE, CN …)", is_country),
    "cas": ("CAS (7782-42-5)", is_cas_number),
    "date": ("YYYY-MM-DD", is_day),
    "time": ("YYYY-MM-DDThh:mm:ssZ | YYYY-MM-DD", lambda v: is_moment(v) or is_day(v)),
    "url": ("https://…", is_url),
    "email": ("name@example.com", lambda v: is_text(v) and bool(_EMAIL.fullmatch(v))),
    "address": ("text | street, city, country …", is_address),
    "passport": ("urn:uuid:… | https://…", lambda v: is_text(v) and is_passport_id(v)),
    "plain": ("text | number", lambda v: is_localised(v) or is_number(v)),
}
