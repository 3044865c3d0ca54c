"""The list of batteries of a delivery: one CSV row per serial number.

Columns: ``serial`` (required, once each), ``manufactured_on`` (YYYY-MM-DD), ``batch``,
``measured_on`` (the day the values of the row were measured), and one column per item
attribute, named by its id (``A088``) and counted in the unit of the attribute table.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from saltbridge.core.canonical import FaultyJson, read_json
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.attributes import Attribute, attribute_table


@dataclass(frozen=True, slots=True)
class FleetRow:
    """A row of a long list: the battery as an item of a supplier record, and what is wrong."""

    number: int  # of the line in the file
    item: Mapping[str, Any]
    faults: tuple[Finding, ...] = ()

    @property
    def serial(self) -> str:
        """The serial number, or empty."""
        return str(self.item.get("serial", ""))


FIXED_COLUMNS = ("serial", "manufactured_on", "batch", "measured_on")


def parse_item_list(
    content: bytes, name: str
) -> tuple[tuple[Mapping[str, Any], ...], tuple[Finding, ...]]:
    """Items as a supplier record carries them, and everything wrong with the list.

    An item is ``{"serial", "manufactured_on", "batch"?, "attributes": {id: {"value", …}}}``.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return (), (finding("item.not-utf8", Place(name), byte=fault.start),)
    reader = csv.DictReader(StringIO(text, newline=""))
    header = [column.strip() for column in reader.fieldnames or []]
    findings = faulty_header(header, name)
    if "serial" not in header:
        return (), tuple(findings)
    reader.fieldnames = header
    items: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    for row in reader:
        place = Place(name, reader.line_num)
        if None in row:
            findings.append(finding("item.ragged-row", place, columns=len(header)))
            continue
        serial = (row.get("serial") or "").strip()
        if not serial:
            findings.append(finding("item.no-serial", place))
        elif serial in seen:
            findings.append(finding("item.duplicate-serial", place, serial=serial))
        seen.add(serial)
        item, faults = item_of_row(serial, row, place)
        items.append(item)
        findings += faults
    if not items and not findings:
        findings.append(finding("item.empty-list", Place(name)))
    return tuple(items), tuple(findings)


def fleet_rows(
    header: Sequence[str], cells: Iterable[tuple[int, Sequence[str]]], name: str
) -> Iterator[FleetRow]:
    """The rows of a long list one after the other, each with what is wrong with it.

    ``header`` has no faults (``faulty_header``); ``cells`` are lines with their numbers.
    """
    read: dict[str, tuple[tuple[str, str], dict[str, Any]]] = {}
    for number, row in cells:
        place = Place(name, number)
        faults = []
        if len(row) > len(header):
            faults.append(finding("item.ragged-row", place, columns=len(header)))
        named = dict(zip(header, row, strict=False))
        serial = named.get("serial", "").strip()
        if not serial:
            faults.append(finding("item.no-serial", place))
        item, found = item_of_row(serial, named, place, read)
        yield FleetRow(number, item, (*faults, *found))


def render_item_list(items: Sequence[Mapping[str, Any]]) -> bytes:
    """The list as CSV; parsing it again gives equal items."""
    ids = sorted({id for item in items for id in item["attributes"]})
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*FIXED_COLUMNS, *ids])
    for item in items:
        values = item["attributes"]
        measured = next((v["measured_on"] for v in values.values() if "measured_on" in v), "")
        writer.writerow(
            [
                item["serial"],
                item.get("manufactured_on", ""),
                item.get("batch", ""),
                measured,
                *(_cell(values[id]["value"]) if id in values else "" for id in ids),
            ]
        )
    return out.getvalue().encode("utf-8")


def faulty_header(header: Sequence[str], name: str) -> list[Finding]:
    """Everything wrong with the names of the columns."""
    place = Place(name, 1)
    if "serial" not in header:
        return [finding("item.no-serial-column", place)]
    found = []
    for position, column in enumerate(header):
        if column in header[:position]:
            found.append(finding("item.duplicate-column", place, column=column))
        elif column not in FIXED_COLUMNS and not _item_attribute(column):
            found.append(finding("item.unknown-column", place, column=column[:40]))
    return found


def _item_attribute(column: str) -> Attribute | None:
    attribute = attribute_table().get(column)
    return attribute if attribute is not None and attribute.granularity == "item" else None


def item_of_row(
    serial: str,
    row: Mapping[str, str | None],
    place: Place,
    read: dict[str, tuple[tuple[str, str], dict[str, Any]]] | None = None,
) -> tuple[dict[str, Any], list[Finding]]:
    """The item in a row whose columns are known, and everything wrong with its cells.

    ``read`` keeps the last cell of every column: one that reads alike is the same object again.
    """
    findings: list[Finding] = []
    attributes: dict[str, Any] = {}
    known = {} if read is None else read
    measured = (row.get("measured_on") or "").strip()
    for column, cell in row.items():
        attribute = _item_attribute(column)
        text = (cell or "").strip()
        if attribute is None or not text:
            continue
        last = known.get(column)
        if last is not None and last[0] == (text, measured):
            attributes[column] = last[1]
            continue
        value, fault = _value(attribute, text, Place(place.file, place.row, column))
        if fault is not None:
            findings.append(fault)
            continue
        entry: dict[str, Any] = {"value": value}
        if attribute.unit:
            entry["unit"] = attribute.unit
        if measured and attribute.constraints.dated:
            entry["measured_on"] = measured
        attributes[column] = entry
        known[column] = ((text, measured), entry)
    item: dict[str, Any] = {"serial": serial, "attributes": attributes}
    for key in ("manufactured_on", "batch"):
        if text := (row.get(key) or "").strip():
            item[key] = text
    return item, findings


def _value(attribute: Attribute, text: str, place: Place) -> tuple[Any, Finding | None]:
    """Numbers as numbers; lists and records as the JSON they are written in; else the text."""
    if attribute.type in ("number", "integer"):
        try:
            number = float(text)
        except ValueError:
            return None, finding("item.not-a-number", place, text=text[:40])
        if number != number or number in (float("inf"), float("-inf")):
            return None, finding("item.not-a-number", place, text=text[:40])
        return (int(number) if attribute.type == "integer" else number), None
    if text[0] in "[{":
        try:
            return read_json(text), None
        except FaultyJson as fault:
            return None, finding("item.not-json", place, reason=str(fault)[:120])
    return text, None


def _cell(value: Any) -> str:
    return (
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    )
