"""Measurements in bulk, as CSV or JSON: many batteries, many attributes, every fault at once.

CSV columns: ``battery`` (passport id, or serial number), ``attribute`` (``A126`` or
``full_cycles``), ``value``, ``unit``, ``measured_at`` (RFC 3339 with zone), ``source`` (BMS,
workshop or lab), and where needed ``method`` and ``replaces`` (the id of a measurement that
was wrong). Histograms and lists stand as JSON in their cell. JSON is
``{"saltbridge": "measurements", "measurements": [{…}]}`` with the same members.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.unicode_form import as_utf8
from saltbridge.formats.inventory_text import read_csv, write_csv
from saltbridge.passport.attributes import Attribute
from saltbridge.passport.measurements import (
    ID_LENGTH,
    Measurement,
    Source,
    check_measurement,
    in_unit_of_table,
    measurable,
)
from saltbridge.trust.did import from_iso

KIND: Final = "measurements"
REQUIRED: Final = ("battery", "attribute", "value", "unit", "measured_at", "source")
COLUMNS: Final = (*REQUIRED, "method", "replaces")
_TEXTS: Final = tuple(name for name in COLUMNS if name != "value")
_TOLD: Final = ("id", "recorded_at")  # written for readers; known anew when taken in
LIMIT: Final = 500_000  # measurements in one file
LONGEST: Final = 4000  # characters of a text
_NUMBER: Final = re.compile(r"-?\d{1,64}(\.\d{1,64})?([eE][-+]?\d{1,3})?", re.ASCII)
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_ID: Final = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
_SOURCES: Final = {source.value.lower(): source for source in Source}


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """A measurement of a battery, named as the file names it, and where it stands."""

    battery: str
    measured: Measurement
    place: Place


def parse_measurements(
    content: bytes, file: str, recorded_at: datetime
) -> tuple[tuple[MeasuredRow, ...], tuple[Finding, ...]]:
    """The measurements of a file and everything wrong with it; faulty ones are left out.

    UTF-16 and a byte order mark are read too: many a workshop's program writes them.
    """
    content = as_utf8(content)
    if content.lstrip()[:1] in (b"{", b"["):
        members, found = _json_members(content, file)
    else:
        members, found = _csv_members(content, file)
    rows: list[MeasuredRow] = []
    findings = list(found)
    for told, place in members:
        row, faults = _row(told, place, recorded_at)
        findings += faults
        if row is not None:
            rows.append(row)
    if not members and not findings:
        findings.append(finding("measurement.none", Place(file)))
    return tuple(rows), tuple(findings)


def render_measurements_csv(rows: Iterable[MeasuredRow]) -> bytes:
    """The CSV file; no cell of it is a formula to a spreadsheet."""
    header = (*COLUMNS, *_TOLD)
    members = [_members(row) for row in rows]
    return write_csv(header, [[_cell(m[name]) for name in header] for m in members])


def render_measurements_json(rows: Iterable[MeasuredRow]) -> bytes:
    """The JSON file (RFC 8785)."""
    return canonical_bytes({"saltbridge": KIND, KIND: [_members(row) for row in rows]})


def _members(row: MeasuredRow) -> dict[str, Any]:
    measured = row.measured
    return {
        "battery": row.battery,
        "attribute": measured.attribute,
        "value": measured.value,
        "unit": measured.unit,
        "measured_at": moment_text(measured.measured_at),
        "source": measured.source.value,
        "method": measured.method,
        "replaces": measured.replaces,
        "id": measured.id,
        "recorded_at": moment_text(measured.recorded_at),
    }


@lru_cache(maxsize=4096)  # the values of one snapshot share their time
def moment_text(moment: datetime) -> str:
    """RFC 3339 in UTC, with as much of the second as was given."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return canonical_bytes(value).decode()
    return f"'{value}" if _FORMULA.match(value) else value


_Members = tuple[Sequence[tuple[dict[str, Any], Place]], tuple[Finding, ...]]


def _csv_members(content: bytes, file: str) -> _Members:
    table, faults = read_csv(content, file)
    if table is None:
        return (), faults
    missing = [name for name in REQUIRED if name not in table.header]
    unknown = [name for name in table.header if name not in (*COLUMNS, *_TOLD)]
    twice = len(set(table.header)) < len(table.header)
    if missing or unknown or twice:
        return (), (_wrong_columns(missing, unknown, Place(file, table.header_row)),)
    if len(table.rows) > LIMIT:
        return (), (finding("measurement.too-many", Place(file), limit=LIMIT),)
    read: list[tuple[dict[str, Any], Place]] = []
    ragged: list[Finding] = []
    for number, cells in table.rows:
        place = Place(file, number)
        if len(cells) != len(table.header):
            ragged.append(finding("measurement.ragged", place, columns=len(table.header)))
            continue
        told: dict[str, Any] = dict(zip(table.header, map(_opened, cells), strict=True))
        told["value"] = _value_of(told["value"])
        read.append((told, place))
    return read, tuple(ragged)


def _wrong_columns(missing: Sequence[str], unknown: Sequence[str], place: Place) -> Finding:
    return finding(
        "measurement.columns",
        place,
        missing=", ".join(missing) or "–",
        unknown=", ".join(name[:40] for name in unknown) or "–",
        known=", ".join(COLUMNS),
    )


def _opened(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _value_of(text: str) -> Any:
    """A number, a JSON object or list, or the text as it stands."""
    if _NUMBER.fullmatch(text):
        number = float(text)
        if not isfinite(number):
            return text  # beyond what a number holds: no number
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if text[:1] in ("[", "{"):
        try:
            return read_json(text)
        except FaultyJson:
            return text  # the check of its type says what is wrong
    return text


def _json_members(content: bytes, file: str) -> _Members:
    try:
        document = read_json(content, file)
    except FaultyJson as fault:
        return (), fault.findings
    told = document.get(KIND) if isinstance(document, dict) else document
    if not isinstance(told, list) or not all(isinstance(m, dict) for m in told):
        return (), (finding("measurement.no-list", Place(file)),)
    if len(told) > LIMIT:
        return (), (finding("measurement.too-many", Place(file), limit=LIMIT),)
    read: list[tuple[dict[str, Any], Place]] = []
    faults: list[Finding] = []
    for position, members in enumerate(told):
        place = Place(file, pointer=f"/{KIND}/{position}")
        missing = [name for name in REQUIRED if name not in members]
        unknown = [name for name in members if name not in (*COLUMNS, *_TOLD)]
        if missing or unknown:
            faults.append(_wrong_columns(missing, unknown, place))
        else:
            read.append((members, place))
    return read, tuple(faults)


def _row(
    told: Mapping[str, Any], place: Place, recorded_at: datetime
) -> tuple[MeasuredRow | None, list[Finding]]:
    found = _unreadable(told, place)
    if found:
        return None, found
    attribute = measurable().get(told["attribute"])
    if attribute is None:
        found.append(_at(place, "attribute", "not-measured", found=told["attribute"][:80]))
    moment = _moment_of(told["measured_at"])
    if moment is None:
        found.append(_at(place, "measured_at", "bad-time", found=told["measured_at"][:40]))
    source = _SOURCES.get(told["source"].lower())
    if source is None:
        known = ", ".join(s.value for s in Source)
        found.append(_at(place, "source", "source", found=told["source"][:40], known=known))
    if told.get("replaces") and not _ID.fullmatch(told["replaces"]):
        found.append(_at(place, "replaces", "replaces-none", id=told["replaces"][:64]))
    if attribute is None or moment is None or source is None or found:
        return None, found
    return _measured(attribute, told, moment, source, place, recorded_at)


def _measured(
    attribute: Attribute,
    told: Mapping[str, Any],
    moment: datetime,
    source: Source,
    place: Place,
    recorded_at: datetime,
) -> tuple[MeasuredRow | None, list[Finding]]:
    value, unit = in_unit_of_table(attribute, told["value"], told["unit"])
    measured = Measurement(
        attribute.id,
        value,
        unit,
        moment,
        recorded_at,
        source,
        told.get("method", ""),
        told.get("replaces", ""),
    )
    faults = list(check_measurement(attribute, measured, place))
    return (None if faults else MeasuredRow(told["battery"], measured, place)), faults


def _unreadable(told: Mapping[str, Any], place: Place) -> list[Finding]:
    """Texts that are none, or hold what no person sees."""
    found = [
        _at(place, name, "text", member=name)
        for name in _TEXTS
        if name in told and not _is_plain(told[name])
    ]
    if not all(_is_plain(text) for text in _texts(told["value"])):
        found.append(_at(place, "value", "text", member="value"))
    if not found and not told["battery"]:
        found.append(_at(place, "battery", "no-battery"))
    return found


def _is_plain(text: Any) -> bool:
    return isinstance(text, str) and text.isprintable() and len(text) <= LONGEST


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)


@lru_cache(maxsize=4096)
def _moment_of(text: str) -> datetime | None:
    try:
        return from_iso(text)
    except (ValueError, OverflowError):
        return None


_CODES: Final = {
    "not-measured": "measurement.not-measured",
    "bad-time": "measurement.bad-time",
    "source": "measurement.source",
    "replaces-none": "measurement.replaces-none",
    "text": "measurement.text",
    "no-battery": "measurement.no-battery",
}


def _at(place: Place, column: str, fault: str, **arguments: str) -> Finding:
    where = (
        replace(place, pointer=f"{place.pointer}/{column}")
        if place.pointer
        else replace(place, column=column)
    )
    return Finding(_CODES[fault], arguments, where)
