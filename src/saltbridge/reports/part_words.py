"""Parts of a value that are codes or ISO dates, as a person of a language reads them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_datetime

from saltbridge.locales import has_text, text, text_or

_BABEL: Final = {"en": "en_GB", "de": "de", "zh": "zh_Hans_CN"}


_UNITS: Final = {
    "ohm": "Ω", "degC": "°C", "kgCO2e": "kg CO₂e", "kgCO2e/kWh": "kg CO₂e/kWh", "A/Ah": "C",
}  # fmt: skip


def with_unit(amount: str, unit: str, language: str) -> str:
    """An amount with its unit as people write it, the two on one line.

    >>> with_unit("0.5", "A/Ah", "en")
    '0.5\\xa0C'
    """
    if not unit:
        return amount
    shown = text_or(_UNITS.get(unit, unit), f"page.unit.{unit}", None, language)
    return f"{amount}\u00a0{shown}"


def in_language(value: Any, language: str) -> str:
    """A text by language, or the only text there is."""
    if not isinstance(value, Mapping):
        return str(value)
    return str(value.get(language) or value.get("en") or next(iter(value.values())))


def country(code: str, language: str) -> str:
    """The name of a country (ISO 3166-1 alpha-2), or the code."""
    return str(Locale.parse(_BABEL[language]).territories.get(code, code))


def part_words(part: str, value: Any, language: str) -> str | None:
    """A part in words; None where its value is no code and no date.

    >>> part_words("country", "CN", "de"), part_words("date", "2029-05-01", "en")
    ('China', '1 May 2029')
    """
    if not isinstance(value, str):
        return None
    if part == "country":
        return country(value, language)
    if part == "operation" and has_text(f"lifecycle.event.{value}", language):
        return text(f"lifecycle.event.{value}", None, language)
    try:
        if part == "date":
            return format_date(date.fromisoformat(value), "long", locale=_BABEL[language])
        if part == "time":
            at = datetime.fromisoformat(value)
            return f"{format_datetime(at, 'medium', locale=_BABEL[language])} UTC"
    except ValueError:
        return None  # it stands as it was stated
    return None
