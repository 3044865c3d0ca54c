"""Official lists as a compliance officer writes them down: TOML, or CSV with a TOML head.

The head names the pack, the edition, the official text and how many items it has; every item
of the official list is there, each matched to fields of ours, freed expressly, or explained
as meaning none of our fields. A list that is not understood completely is not used.

A CSV file begins with ``#`` lines that hold the head, then a table with the columns
``number, category, text, class, groups, paths, kinds, becomes, nothing``; several groups,
paths or kinds are separated by blanks.
"""

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from saltbridge.border.annex import BECOMES, GENERAL, LISTED, Annex, AnnexItem, HouseRow
from saltbridge.border.catalogue import FieldClass, catalogue_for, catalogued_kinds
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding

_HEAD: Final = ("pack", "edition", "citation", "read_on", "items")
_COLUMNS: Final = (
    "number", "category", "text", "class", "groups", "paths", "kinds", "becomes", "nothing",
)  # fmt: skip
_LISTS: Final = frozenset({"groups", "paths", "kinds"})
LIMIT_BYTES: Final = 1_000_000


def parse_annex(content: bytes, name: str = "") -> Annex:
    """The official list in a file.

    Raises:
        FaultyInput: everything that is not understood, all at once.
    """
    here = Place(file=name)
    table = _table(content, name)
    faults = [
        finding("annex.missing-member", here, member=member)
        for member in _HEAD
        if member not in table
    ]
    faults += [
        finding("annex.unknown-member", here, member=str(member)[:80])
        for member in sorted(table.keys() - {*_HEAD, "item"})
    ]
    for member, due in (("pack", str), ("edition", str), ("citation", str), ("read_on", date)):
        value = table.get(member)
        if member in table and (type(value) is not due or value == ""):
            faults.append(finding("annex.wrong-value", here, member=member))
    listed = table.get("item", [])
    rows = listed if isinstance(listed, list) else []
    counted = table.get("items")
    if "items" in table and (type(counted) is not int or counted != len(rows)):
        faults.append(
            finding("annex.items-missing", here, stated=str(counted)[:20], found=len(rows))
        )
    items = [_item(row, index, name, faults) for index, row in enumerate(rows, start=1)]
    seen: dict[str, int] = {}
    for index, item in enumerate(items, start=1):
        if item is not None and seen.setdefault(item.number, index) != index:
            faults.append(
                finding("annex.number-twice", Place(name, index), number=item.number[:40])
            )
    if faults:
        raise FaultyInput(faults)
    return Annex(
        pack=table["pack"],
        edition=table["edition"],
        citation=table["citation"],
        read_on=table["read_on"],
        items=tuple(i for i in items if i is not None),
    )


def _table(content: bytes, name: str) -> dict[str, Any]:
    here = Place(file=name)
    if len(content) > LIMIT_BYTES:
        raise FaultyInput.of("annex.too-large", here, limit=LIMIT_BYTES)
    try:
        text = content.decode("utf-8-sig")
        lines = text.splitlines(keepends=True)
        is_csv = name.lower().endswith(".csv")
        head = [line[1:].lstrip() for line in lines if line.startswith("#")] if is_csv else []
        table = tomllib.loads("".join(head) if is_csv else text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise FaultyInput.of("annex.unreadable", here, reason=str(fault)[:200]) from fault
    if is_csv:
        table["item"] = _rows("".join(line for line in lines if not line.startswith("#")), here)
    return table


def _rows(text: str, here: Place) -> list[dict[str, Any]]:
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        found = [dict(row) for row in reader]
        headings = tuple(reader.fieldnames or ())
    except csv.Error as fault:
        raise FaultyInput.of("annex.unreadable", here, reason=str(fault)[:200]) from fault
    if not {"number", "text", "class"} <= set(headings) <= set(_COLUMNS):
        columns = ", ".join(_COLUMNS)
        raise FaultyInput.of("annex.wrong-columns", here, due=columns)
    rows = []
    for row in found:
        filled = {k: v.strip() for k, v in row.items() if isinstance(v, str) and v.strip()}
        cells: dict[str, Any] = {k: v.split() if k in _LISTS else v for k, v in filled.items()}
        if None in row:
            cells["…"] = ""  # more cells than columns: an unknown member
        rows.append(cells)
    return rows


def _item(row: object, index: int, name: str, faults: list[Finding]) -> AnnexItem | None:
    here = Place(name, index)
    if not isinstance(row, dict):
        faults.append(finding("annex.wrong-value", here, member="item"))
        return None
    before = len(faults)
    for member in sorted(set(map(str, row)) - set(_COLUMNS)):
        faults.append(finding("annex.unknown-member", here, member=member[:80]))
    texts = {
        member: _text(row, member, here, faults)
        for member in ("number", "category", "text", "class", "becomes", "nothing")
    }
    groups, paths, kinds = (
        _texts(row, member, here, faults) for member in ("groups", "paths", "kinds")
    )
    for member in ("number", "text", "class"):
        if not texts[member]:
            faults.append(finding("annex.missing-member", here, member=member))
    field_class, becomes = _classes(texts, here, faults)
    named = bool(groups or paths)
    if named is bool(texts["nothing"]):
        faults.append(finding("annex.item-not-matched", here, number=texts["number"][:40]))
    faults += _unknown_fields(groups, paths, kinds, field_class, here)
    if len(faults) > before:
        return None
    return AnnexItem(
        number=texts["number"],
        category=texts["category"],
        text=texts["text"],
        field_class=field_class,
        groups=groups,
        paths=paths,
        kinds=kinds,
        becomes=becomes,
        nothing=texts["nothing"],
    )


def _classes(
    texts: Mapping[str, str], here: Place, faults: list[Finding]
) -> tuple[FieldClass | None, FieldClass | None]:
    stated, becomes = texts["class"], texts["becomes"]
    listed = {c.value: c for c in LISTED}
    if stated and stated not in {*listed, GENERAL}:
        due = ", ".join(sorted({*listed, GENERAL}))
        faults.append(finding("annex.unknown-class", here, found=stated[:40], due=due))
    milder = {c.value: c for c in BECOMES}
    needs = stated == GENERAL and not texts["nothing"]
    if (needs and becomes not in milder) or (stated != GENERAL and becomes):
        due = ", ".join(sorted(milder))
        faults.append(finding("annex.becomes", here, found=becomes[:40] or "–", due=due))
    return listed.get(stated), milder.get(becomes)


def _unknown_fields(
    groups: frozenset[str],
    paths: frozenset[str],
    kinds: frozenset[str],
    field_class: FieldClass | None,
    here: Place,
) -> Iterable[Finding]:
    for kind in sorted(kinds - set(catalogued_kinds())):
        due = ", ".join(catalogued_kinds())
        yield finding("annex.unknown-kind", here, found=kind[:80], due=due)
    entries = [e for kind in catalogued_kinds() for e in catalogue_for(kind).entries]
    for group in sorted(groups - {e.group for e in entries}):
        yield finding("annex.unknown-group", here, found=group[:80])
    known = {e.path for e in entries}
    for path in sorted(paths):
        if not _is_pattern(path):
            yield finding("annex.not-a-pattern", here, found=path[:120])
        elif field_class is None and path not in known:
            yield finding("annex.frees-no-row", here, found=path[:120])


def _is_pattern(path: str) -> bool:
    return path.startswith("/") and "//" not in path and not path.endswith("/")


def _text(row: Mapping[str, Any], member: str, here: Place, faults: list[Finding]) -> str:
    value = row.get(member, "")
    if not isinstance(value, str):
        faults.append(finding("annex.wrong-value", here, member=member))
        return ""
    return value.strip()


def _texts(
    row: Mapping[str, Any], member: str, here: Place, faults: list[Finding]
) -> frozenset[str]:
    value = row.get(member, [])
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        faults.append(finding("annex.wrong-value", here, member=member))
        return frozenset()
    return frozenset(value)


# A company's own stricter rows ---------------------------------------------------------------


def annex_document(annex: Annex) -> dict[str, Any]:
    """An annex as JSON, as it is stored."""
    return {
        "pack": annex.pack,
        "edition": annex.edition,
        "citation": annex.citation,
        "read_on": annex.read_on.isoformat(),
        "item": [
            {
                "number": i.number,
                "category": i.category,
                "text": i.text,
                "class": i.field_class.value if i.field_class else GENERAL,
                "groups": sorted(i.groups),
                "paths": sorted(i.paths),
                "kinds": sorted(i.kinds),
                "becomes": i.becomes.value if i.becomes else "",
                "nothing": i.nothing,
            }
            for i in annex.items
        ],
    }


def annex_of(stored: Mapping[str, Any], *, confirmed: bool) -> Annex:
    """A stored annex, understood again completely.

    Raises:
        FaultyInput: it is not what was stored.
    """
    try:
        faults: list[Finding] = []
        items = [_item(row, n, "", faults) for n, row in enumerate(stored["item"], start=1)]
        read_on = date.fromisoformat(stored["read_on"])
    except (KeyError, TypeError, ValueError) as fault:
        raise FaultyInput.of("annex.unreadable", reason=str(fault)[:200]) from fault
    if faults:
        raise FaultyInput(faults)
    return Annex(
        pack=stored["pack"],
        edition=stored["edition"],
        citation=stored["citation"],
        read_on=read_on,
        items=tuple(i for i in items if i is not None),
        confirmed=confirmed,
    )


def house_row_document(row: HouseRow) -> dict[str, Any]:
    """A company's own row as JSON, as it is stored."""
    return {
        "path": row.path,
        "class": row.field_class.value,
        "reason": row.reason,
        "kinds": sorted(row.kinds),
    }


def house_row_of(stored: Mapping[str, Any]) -> HouseRow:
    """A row of a company's own, checked: a pattern, a class that stays, known kinds, a reason.

    Raises:
        FaultyInput: all findings at once.
    """
    faults: list[Finding] = []
    here = Place()
    path, stated = _text(stored, "path", here, faults), _text(stored, "class", here, faults)
    reason = _text(stored, "reason", here, faults)
    kinds = _texts(stored, "kinds", here, faults)
    classes = {c.value: c for c in FieldClass if c is not FieldClass.PUBLIC}
    if not _is_pattern(path):
        faults.append(finding("annex.not-a-pattern", here, found=path[:120]))
    if stated not in classes:
        due = ", ".join(classes)
        faults.append(finding("annex.unknown-class", here, found=stated[:40], due=due))
    if not reason:
        faults.append(finding("annex.missing-member", here, member="reason"))
    for kind in sorted(kinds - set(catalogued_kinds())):
        due = ", ".join(catalogued_kinds())
        faults.append(finding("annex.unknown-kind", here, found=kind[:80], due=due))
    if faults:
        raise FaultyInput(faults)
    return HouseRow(path=path, field_class=classes[stated], reason=reason, kinds=kinds)
