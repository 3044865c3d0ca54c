"""Values of a public passport view as a reader sees them, in three languages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_datetime, format_skeleton

from saltbridge.locales import number, text
from saltbridge.passport.attributes import Attribute
from saltbridge.reports.part_words import country, in_language, part_words, with_unit

_BABEL = {"en": "en_GB", "de": "de", "zh": "zh_Hans_CN"}
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
DIGITS = 6
DIGITS_COMPUTED = 4  # of a ratio worked out here; the signed data hold all digits


@dataclass(frozen=True, slots=True)
class Link:
    """A document: its title and its address (empty if the document is the text itself)."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Entries with the same members: a heading per member, a row per entry."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute on the page. Exactly one of the shapes is filled."""

    id: str
    label: str
    text: str = ""
    items: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    table: Table | None = None
    mark: str = ""  # operator | computed | "" (the cell maker's record)
    missing: bool = False


def line_of(attribute: Attribute, entry: Mapping[str, Any] | None, language: str) -> Line:
    """One attribute as a line of the page."""
    label = text(f"attribute.{attribute.id}", None, language)
    if entry is None:
        return Line(
            attribute.id, label, text("page.not-provided", None, language), missing=True
        )
    kind = entry["origin"]["kind"]
    mark = "" if kind == "supplier-record" else kind
    if entry.get("none"):
        return Line(attribute.id, label, text("page.none", None, language), mark=mark)
    if entry.get("unknown"):
        reason = {"reason": entry["unknown"]}
        return Line(attribute.id, label, text("page.unknown", reason, language), mark=mark)
    value, unit = entry["value"], entry.get("unit", "")
    if attribute.type in ("document", "documents"):
        documents = value if isinstance(value, list) else [value]
        links = tuple(_link(d, language) for d in documents)
        return Line(attribute.id, label, links=links, mark=mark)
    if attribute.type == "per_soc":
        items = tuple(
            text(
                "page.at-charge",
                {
                    "value": with_unit(number(e["value"], language, DIGITS), unit, language),
                    "charge": number(e["state_of_charge_percent"], language),
                },
                language,
            )
            for e in value
        )
        return Line(attribute.id, label, items=items, mark=mark)
    if attribute.type == "histogram":
        return Line(attribute.id, label, items=_bins(value, unit, language), mark=mark)
    if attribute.type == "list" and attribute.constraints.parts:
        return Line(attribute.id, label, table=_table(attribute, value, language), mark=mark)
    if attribute.type == "list":
        between = "、" if language == "zh" else ", "
        return Line(attribute.id, label, between.join(str(v) for v in value), mark=mark)
    if attribute.type == "number" and kind == "computed":
        told = with_unit(number(value, language, DIGITS_COMPUTED), unit, language)
        return Line(attribute.id, label, told, mark=mark)
    return Line(attribute.id, label, reading(attribute, value, unit, language), mark=mark)


def reading(attribute: Attribute, value: Any, unit: str, language: str) -> str:
    """A single value as text, with its unit, in the notation of the language."""
    if attribute.type in ("number", "integer"):
        return with_unit(number(value, language, DIGITS), unit, language)
    if attribute.type == "choice":
        return text(f"page.choice.{value}", None, language)
    if attribute.type == "boolean":
        return text("page.yes" if value else "page.no", None, language)
    if attribute.type == "localised":
        return in_language(value, language)
    if attribute.type == "month":
        return month(str(value), language)
    if attribute.type == "date":
        return day(str(value), language)
    if attribute.type == "datetime":
        return moment(str(value), language)
    if attribute.type == "duration":
        return duration(str(value), language)
    if attribute.type == "range":
        limits = {k: number(value[k], language) for k in ("lower", "upper")}
        return with_unit(text("page.between", limits, language), unit, language)
    if attribute.type == "histogram":
        return _histogram(value, unit, language)
    if isinstance(value, Mapping):
        return _record(attribute, value, unit, language)
    return str(value)


def _histogram(value: Mapping[str, Any], unit: str, language: str) -> str:
    """How long a battery was within each bin."""
    bins = [number(limit, language) for limit in value["bins"]]
    times = [with_unit(number(hours, language), unit, language) for hours in value["hours"]]
    told = zip(bins, bins[1:], times, strict=False)
    return "; ".join(f"{low} – {high}: {time}" for low, high, time in told)


@lru_cache(maxsize=1024)
def day(iso: str, language: str) -> str:
    """A day as people write it."""
    return format_date(date.fromisoformat(iso[:10]), "long", locale=_BABEL[language])


@lru_cache(maxsize=1024)
def month(iso: str, language: str) -> str:
    """Month and year as people write them."""
    return str(
        format_skeleton("yMMMM", date.fromisoformat(f"{iso[:7]}-01"), locale=_BABEL[language])
    )


@lru_cache(maxsize=1024)
def moment(iso: str, language: str) -> str:
    """A point in time, UTC."""
    at = datetime.fromisoformat(iso)
    return f"{format_datetime(at, 'medium', locale=_BABEL[language])} UTC"


@lru_cache(maxsize=1024)
def duration(iso: str, language: str) -> str:
    """An ISO 8601 duration in years, months and days."""
    match = _DURATION.fullmatch(iso)
    counts = zip(("years", "months", "days"), match.groups() if match else (), strict=False)
    parts = [text(f"page.{name}", {"n": n}, language) for name, n in counts if n]
    return " ".join(parts) or iso


def _record(attribute: Attribute, value: Mapping[str, Any], unit: str, language: str) -> str:
    if attribute.id in ("A024", "A026", "A028", "A025"):
        parts = [str(value["name"])] if value.get("name") else []
        address = value.get("address") or value
        parts.append(str(address) if isinstance(address, str) else _address(address, language))
        parts += [str(value[k]) for k in ("web", "email") if value.get(k)]
        return ", ".join(p for p in parts if p)
    if attribute.id == "A063":
        return f"{value['code']} ({value['name']})"
    parts = []
    for part in (*attribute.constraints.parts, *attribute.constraints.optional_parts):
        if part not in value:
            continue
        told = value[part]
        is_number = isinstance(told, int | float)
        shown = (
            with_unit(number(told, language, DIGITS), unit, language)
            if is_number
            else str(told)
        )
        name = text(f"page.part.{part}", None, language)
        parts.append(text("page.named", {"name": name, "value": shown}, language))
    return text("page.semicolon", None, language).join(parts)


def _address(value: Mapping[str, Any], language: str) -> str:
    """Street, postal code and city, province, country."""
    town = " ".join(str(value[k]) for k in ("postal_code", "city") if value.get(k))
    parts = [str(value.get("street") or ""), town, str(value.get("province") or "")]
    if value.get("country"):
        parts.append(country(str(value["country"]), language))
    return ", ".join(p for p in parts if p)


def _bins(value: Mapping[str, Any], unit: str, language: str) -> tuple[str, ...]:
    """The bins of a histogram, each with what fell into it."""
    told = []
    edges = value["bins"]
    for lower, upper, held in zip(edges, edges[1:], value["hours"], strict=False):
        limits = {"lower": number(lower, language), "upper": number(upper, language)}
        name = text("page.between", limits, language)
        amount = with_unit(number(held, language, DIGITS), unit, language)
        told.append(text("page.named", {"name": name, "value": amount}, language))
    return tuple(told)


def _cell(value: Any, language: str) -> str:
    """One member of an entry, as text."""
    if isinstance(value, int | float):
        return number(value, language)
    if isinstance(value, Mapping):
        is_address = "street" in value or "city" in value
        return _address(value, language) if is_address else in_language(value, language)
    return "–" if value is None else str(value)


def _table(attribute: Attribute, entries: Sequence[Any], language: str) -> Table:
    named = (*attribute.constraints.parts, *attribute.constraints.optional_parts)
    parts = [p for p in named if any(p in e for e in entries)]
    return Table(
        tuple(text(f"page.part.{p}", None, language) for p in parts),
        tuple(
            tuple(part_words(p, e.get(p), language) or _cell(e.get(p), language) for p in parts)
            for e in entries
        ),
    )


def _link(document: Mapping[str, Any], language: str) -> Link:
    title = in_language(document["title"], language)
    if document.get("text"):
        title = f"{title}: {in_language(document['text'], language)}"
    url = str(document.get("url", ""))
    # Only web addresses become links: a record may hold any text.
    return Link(title, url if url.startswith(("https://", "http://")) else "")
