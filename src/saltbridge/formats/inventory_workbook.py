"""The workbook form of an inventory: the sheet ``inventory`` and one sheet per table.

Formulas are refused, not evaluated: a number that depends on what a spreadsheet last
calculated has no source. Texts are written as texts, whatever they begin with.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineWorkbook

from saltbridge.core.finding import Finding, Place, errors_in, finding
from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_cells import CellFault, Kind, plain, shortened
from saltbridge.formats.inventory_head import INVENTORY, read_head, sections
from saltbridge.formats.inventory_tables import TextTable, read_table, unknown_name
from saltbridge.formats.workbook_guard import (
    SafeWorkbook,
    SheetFacts,
    column_letters,
    open_workbook,
)

SECTION, KEY, VALUE, TYPE, MEANING = "section", "key", "value", "type", "meaning"
HEAD_COLUMNS = (SECTION, KEY, VALUE, TYPE, MEANING)
TOML_TYPE = "toml"  # the value is written out as TOML: value = …


def parse_workbook(
    content: bytes, name: str = "inventory.xlsx"
) -> tuple[Inventory | None, tuple[Finding, ...]]:
    """The inventory, and everything found in the workbook at once.

    ``name`` is what a person calls the file; rows stand at ``name#sheet``. The inventory is
    ``None`` where any finding is an error.
    """
    safe, refusal = open_workbook(content, name)
    if safe is None:
        return None, (refusal,) if refusal else ()
    texts, broken = _sheet_texts(safe, name, (INVENTORY, *TABLES))
    if broken is not None:
        return None, (broken,)
    found: list[Finding] = []
    for sheet, table in texts.items():
        found += _cell_faults(table, safe.sheets[sheet])
    head, faults = _parse_head(texts.get(INVENTORY), name)
    found += faults
    tables: dict[str, Any] = {}
    for table_name, row_type in TABLES.items():
        if table_name in texts:
            tables[table_name], faults = read_table(texts[table_name], table_name, row_type)
            found += faults
    absent = [n for n in (INVENTORY, *TABLES) if n not in safe.sheets]
    found += [
        unknown_name("sheet", sheet, absent, Place(f"{name}#{sheet}"))
        for sheet in safe.sheets
        if sheet not in (INVENTORY, *TABLES)
    ]
    if head is None or errors_in(found):
        return None, _without_echoes(found)
    return Inventory(**head, **tables), tuple(found)


def read_first_sheet(content: bytes, name: str) -> tuple[TextTable | None, tuple[Finding, ...]]:
    """The first sheet of a workbook as a table of text, and everything found in it.

    The table is ``None`` where the workbook cannot be opened or the sheet is empty.
    """
    safe, refusal = open_workbook(content, name)
    if safe is None:
        return None, (refusal,) if refusal else ()
    first = next(iter(safe.sheets), "")
    texts, broken = _sheet_texts(safe, name, (first,))
    if broken is not None:
        return None, (broken,)
    if first not in texts:
        return None, (finding("file.empty", Place(name)),)
    return texts[first], tuple(_cell_faults(texts[first], safe.sheets[first]))


def _sheet_texts(
    safe: SafeWorkbook, name: str, wanted: Collection[str]
) -> tuple[dict[str, TextTable], Finding | None]:
    """The wanted sheets as tables of text; a sheet without any cell is left out."""
    texts: dict[str, TextTable] = {}
    try:
        book = CalamineWorkbook.from_filelike(safe.packed)
        for sheet_name in book.sheet_names:
            if sheet_name not in wanted or sheet_name not in safe.sheets:
                continue
            sheet = book.get_sheet_by_name(sheet_name)
            if sheet.start is None:
                continue
            top, left = sheet.start
            rows = [
                (line, ("",) * left + tuple(_text(cell) for cell in row))
                for line, row in enumerate(sheet.iter_rows(), start=top + 1)
            ]
            (header_row, header), *body = rows
            names = tuple(heading.strip() for heading in header)
            filled = len("\t".join(names).rstrip("\t").split("\t"))
            texts[sheet_name] = TextTable(
                f"{name}#{sheet_name}", names[:filled], tuple(body), header_row
            )
    except BaseException as fault:
        # The reader is native code; its panics derive from BaseException.
        if isinstance(fault, Exception) or type(fault).__name__ == "PanicException":
            reason = shortened(str(fault))
            return {}, finding("workbook.damaged", Place(name), part="", reason=reason)
        raise
    return texts, None


def _text(cell: Any) -> str:
    """The text a person would have typed for a cell; floats exactly."""
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            # 12.0 was typed as 12, and may be an identifier; -0.0 is no integer's text.
            whole = cell.is_integer() and abs(cell) < 1e15 and str(cell) != "-0.0"
            return str(int(cell)) if whole else repr(cell)
        case datetime():
            return str(cell.date() if cell.time() == time() else cell)
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _cell_faults(table: TextTable, facts: SheetFacts) -> list[Finding]:
    """Formulas, error values and merged cells of a sheet, under the headings they stand."""

    def place(row: int, column: int) -> Place:
        headings = table.header[column - 1 : column]
        return Place(table.file, row, headings[0] if headings else column_letters(column))

    found = [
        finding("workbook.formula-cell", place(r, c), cell=f"{column_letters(c)}{r}")
        for r, c in facts.formulas
    ]
    if facts.formulas_beyond:
        count = facts.formulas_beyond
        found.append(finding("workbook.more-formulas", Place(table.file), count=count))
    found += [
        finding("workbook.error-cell", place(r, c), cell=f"{column_letters(c)}{r}")
        for r, c in facts.errors
    ]
    for cells in facts.merged:
        top = "".join(c for c in cells.partition(":")[0] if c.isdigit()) or "0"
        in_header = int(top) <= table.header_row
        code = "workbook.merged-header" if in_header else "workbook.merged-cells"
        found.append(finding(code, Place(table.file, int(top)), cells=cells))
    return found


def _without_echoes(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, but one per cell where the cell is a formula or an error value.

    What such a cell last showed is of no interest to the person who has to replace it.
    """
    shut = {
        f.place for f in found if f.code in ("workbook.formula-cell", "workbook.error-cell")
    }
    return tuple(f for f in found if f.place not in shut or f.code.startswith("workbook."))


def _parse_head(
    table: TextTable | None, name: str
) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """The sheet ``inventory`` as the mapping that the TOML file would give."""
    if table is None:
        return None, (finding("workbook.missing-sheet", Place(name), sheet=INVENTORY),)
    found = [
        finding("inventory.missing-column", Place(table.file, table.header_row), column=column)
        for column in (SECTION, KEY, VALUE)
        if column not in table.header
    ]
    if found:
        return None, tuple(found)
    document: dict[str, Any] = {}
    lines: dict[tuple[str, str], int] = {}
    lists = {(s, c.name) for s, cs in sections().items() for c in cs if c.kind is Kind.LIST}
    for line, cells in table.rows:
        entry = dict(zip(table.header, cells, strict=False))
        section, key = entry[SECTION].strip(), entry.get(KEY, "").strip()
        text = entry.get(VALUE, "")
        lines.setdefault((section, ""), line)
        first = lines.setdefault((section, key), line)
        place = Place(table.file, line, f"{section}.{key}".strip("."))
        if not text.strip():
            continue
        if not key:
            found.append(finding("inventory.missing-value", place, column=KEY))
            continue
        owner = document.setdefault(section, {}) if section else document
        try:
            value = _head_value(text, entry.get(TYPE, "").strip(), place)
        except CellFault as fault:
            found.append(fault.finding)
            continue
        if (section, key) in lists:
            owner.setdefault(key, []).append(value)
        elif key in owner:
            found.append(finding("inventory.duplicate-key", place, key=key, first=first))
        else:
            owner[key] = value

    def place_of(section: str, key: str) -> Place:
        line = lines.get((section, key), lines.get((section, ""), lines.get(("", section))))
        return Place(table.file, line, f"{section}.{key}" if key else section)

    head, faults = read_head(document, place_of)
    return head, (*found, *faults)


def _head_value(text: str, kind: str, place: Place) -> Any:
    if kind != TOML_TYPE:
        return plain(text, place)
    try:
        parsed: Mapping[str, Any] = tomllib.loads(plain(text, place))
        return parsed[VALUE]
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, KeyError) as fault:
        reason = shortened(str(fault))
        raise CellFault(finding("inventory.toml-syntax", place, reason=reason)) from fault
