"""Parts of a value that are codes or ISO dates, as a person of a language reads them."""

from datetime import date, datetime
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_datetime

from saltbridge.locales import has_text, text

_BABEL: Final = {"en": "en_GB", "de": "de", "zh": "zh_Hans_CN"}


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
