"""The data sheet of a battery passport: every value an audience may see, in words, for print.

Attribute values in, ``Report`` out (``pdf``). It is a copy for people: what it was printed from
is signed and has an address, and the sheet names both.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from babel.dates import format_date, format_datetime, format_skeleton

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_formats import Written, known_format, write_passport
from saltbridge.formats.passport_mapping import PassportDocument
from saltbridge.locales import number, text, text_or
from saltbridge.passport.attributes import Attribute, attribute_table
from saltbridge.passport.check_file import NO_REASON
from saltbridge.passport.model import AttributeValue, Values
from saltbridge.reports.part_words import in_language, part_words, with_unit
from saltbridge.reports.pdf import Report, Section, Table, report_pdf

_BABEL: Final = {"en": "en_GB", "de": "de", "zh": "zh_Hans_CN"}
_DIGITS: Final = 6
_DURATION: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
_SECTIONS: Final = tuple(dict.fromkeys(a.section for a in attribute_table().values()))
_WIDTHS: Final = (4, 7, 2)


SHEET: Final = "pdf"
MEDIA_TYPE: Final = "application/pdf"


def media_type_of(format: str) -> str:
    """The media type of a wire format, or of the data sheet (``pdf``).

    Raises:
        FaultyInput: no such format.
    """
    return MEDIA_TYPE if format == SHEET else known_format(format).media_type


def write_in(
    format: str,
    values: Values,
    *,
    audience: str,
    made_at: datetime,
    language: str,
    source: PassportDocument | None = None,
    fill_required: bool = False,
) -> Written:
    """The values in a wire format, or as the data sheet in one language.

    Raises:
        FaultyInput: no such format.
        Unavailable: the data sheet is asked for, and typst is not installed.
    """
    if format != SHEET:
        return write_passport(values, format, source, fill_required=fill_required)
    content = report_pdf(passport_sheet(values, audience, made_at, language), made_at)
    return Written(SHEET, content, MEDIA_TYPE, (), (), (), ())


def passport_sheet(values: Values, audience: str, made_at: datetime, language: str) -> Report:
    """The data sheet of the values that an audience may see, in one language."""

    def t(key: str, **arguments: object) -> str:
        return text(f"sheet.{key}", arguments, language)

    def shown(id: str) -> str:
        held = values.get(id)
        return _words(attribute_table()[id], held, language) if held is not None else "–"

    facts = [
        (text(f"attribute.{id}", None, language), shown(id))
        for id in ("A001", "A002", "A019", "A018", "A032", "A022")
    ]
    facts.append((t("audience"), t(f"audience.{audience}")))
    facts.append((t("made-at"), format_date(made_at.date(), "long", locale=_BABEL[language])))
    sections = [_section(name, values, language, t) for name in _SECTIONS]
    return Report(
        language=language,
        title=t("title"),
        subtitle=", ".join(s for s in (shown("A018"), shown("A019")) if s != "–"),
        facts=facts,
        sections=[s for s in sections if s.table is not None and s.table.rows],
        notes=[t("copy"), t("left-out")],
        footer=shown("A001"),
    )


def _section(name: str, values: Values, language: str, t: Callable[..., str]) -> Section:
    rows = [
        (
            text(f"attribute.{attribute.id}", None, language),
            _words(attribute, values[attribute.id], language),
            _day(values[attribute.id].measured_on, language),
        )
        for attribute in attribute_table().values()
        if attribute.section == name and attribute.id in values
    ]
    headings = (t("attribute"), t("value"), t("measured"))
    measured = any(day for _, _, day in rows)
    columns = 3 if measured else 2  # nothing in the section was measured: no empty column
    return Section(
        title=t(f"section.{name}"),
        table=Table(
            headings=headings[:columns],
            rows=[row[:columns] for row in rows],
            widths=_WIDTHS if measured else (_WIDTHS[0], sum(_WIDTHS[1:])),
        ),
    )


def _words(attribute: Attribute, held: AttributeValue, language: str) -> str:
    """A value in words; one that is not what its type says stands as it was stated."""
    try:
        return _typed_words(attribute, held, language)
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration):
        return str(held.value)


def _typed_words(attribute: Attribute, held: AttributeValue, language: str) -> str:
    """A value in words, with its unit, in the notation of the language."""
    value = held.value
    if value is None:
        return _no_value(held, language)
    if value in ([], {}):
        return text("sheet.none", None, language)
    match attribute.type:
        case "choice":
            page = text_or(str(value), f"page.choice.{value}", None, language)
            return text_or(page, f"sheet.choice.{value}", None, language)
        case "boolean":
            return text("page.yes" if value else "page.no", None, language)
        case "localised":
            return in_language(value, language)
        case "month":
            day = date.fromisoformat(f"{str(value)[:7]}-01")
            return str(format_skeleton("yMMMM", day, locale=_BABEL[language]))
        case "date":
            return _day(str(value), language)
        case "datetime":
            at = datetime.fromisoformat(str(value))
            return f"{format_datetime(at, 'medium', locale=_BABEL[language])} UTC"
        case "duration":
            return _duration(str(value), language)
        case "document" | "documents":
            documents = value if isinstance(value, list) else [value]
            return "\n".join(_document(d, language) for d in documents)
    return _plain(value, held.unit, language)


def _no_value(held: AttributeValue, language: str) -> str:
    """Why there is no value, in words; with the reason where one was given."""
    outcome = "not-applicable" if held.not_applicable else "unknown"
    reason = held.not_applicable or held.unknown
    if not reason:
        return "–"
    told = text(f"sheet.{outcome}", None, language)
    named = {"name": told, "value": reason}
    return told if reason == NO_REASON else text("page.named", named, language)


def _plain(value: Any, unit: str, language: str) -> str:
    if isinstance(value, bool):
        return text("page.yes" if value else "page.no", None, language)
    if is_number(value):
        return with_unit(number(float(value), language, _DIGITS), unit, language)
    if isinstance(value, list):
        parted = any(isinstance(v, Mapping) for v in value)
        return ("\n" if parted else "; ").join(_plain(v, unit, language) for v in value)
    if isinstance(value, Mapping):
        named = (
            text(
                "page.named",
                {
                    "name": _part(str(part), language),
                    "value": part_words(str(part), told, language)
                    or _plain(told, _unit_of(str(part), unit), language),
                },
                language,
            )
            for part, told in sorted(value.items(), key=lambda item: _place(str(item[0])))
        )
        return text("page.semicolon", None, language).join(named)
    return str(value)


# The order in which a person reads the parts of a value; others follow by name.
_ORDER: Final = (
    "name", "code", "component", "part_number", "type", "hazard", "cas", "mass_percent",
    "location", "state_of_charge_percent", "value", "lower", "upper", "address", "street",
    "postal_code", "city", "province", "country", "email", "web",
)  # fmt: skip


def _place(part: str) -> tuple[int, str]:
    return (_ORDER.index(part) if part in _ORDER else len(_ORDER), part)


def _part(part: str, language: str) -> str:
    page = text_or(part, f"page.part.{part}", None, language)
    return text_or(page, f"sheet.part.{part}", None, language)


def _duration(iso: str, language: str) -> str:
    match = _DURATION.fullmatch(iso)
    counts = zip(("years", "months", "days"), match.groups() if match else (), strict=False)
    told = [text(f"page.{name}", {"n": n}, language) for name, n in counts if n]
    return " ".join(told) or iso


def _unit_of(part: str, unit: str) -> str:
    """Shares say their unit in their name; everything else has that of the attribute."""
    return "%" if part.endswith("_percent") else unit


def _day(iso: str, language: str) -> str:
    if not iso:
        return ""
    try:
        return format_date(date.fromisoformat(iso[:10]), "medium", locale=_BABEL[language])
    except ValueError:
        return iso


def _document(document: Mapping[str, Any], language: str) -> str:
    title = in_language(document.get("title", ""), language)
    where = document.get("url") or document.get("digest") or ""
    return f"{title}\n{where}" if where and where != title else title
