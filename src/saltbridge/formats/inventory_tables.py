"""Tables of an inventory: rows of text cells to rows of the model and back.

CSV files and sheets become the same ``TextTable``; from here on nobody knows which it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.footprint.model import Row
from saltbridge.formats.inventory_cells import (
    CellFault,
    Column,
    columns_of,
    plain,
    read_cell,
    shortened,
    write_cell,
)

MAX_FINDINGS_PER_TABLE = 500


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as it was read: headings and rows of texts, each with its line."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    header_row: int = 1


@dataclass
class _Report:
    """Findings of one table; beyond the limit they are counted, not kept."""

    file: str
    found: list[Finding] = field(default_factory=list)
    beyond: int = 0

    def add(self, item: Finding) -> None:
        if len(self.found) < MAX_FINDINGS_PER_TABLE:
            self.found.append(item)
        else:
            self.beyond += 1

    def all(self) -> tuple[Finding, ...]:
        if not self.beyond:
            return tuple(self.found)
        more = finding("inventory.more-findings", Place(self.file), count=self.beyond)
        return (*self.found, more)


def read_table(
    table: TextTable, name: str, row_type: type[Row]
) -> tuple[tuple[Any, ...], tuple[Finding, ...]]:
    """The rows of a table as ``row_type``, and everything found in it.

    Rows with a faulty cell are left out; their findings say so.
    """
    report = _Report(table.file)
    columns = columns_of(row_type, name)
    positions = _positions(table, columns, report)
    read: list[Any] = []
    first_seen: dict[str, int] = {}
    for line, cells in table.rows:
        if not any(cell.strip() for cell in cells):
            continue  # spreadsheets leave rows of bare commas behind
        if not _fits(cells, line, table, report):
            continue  # its cells stand under wrong headings: more findings would mislead
        row = _read_row(cells, line, table.file, row_type, columns, positions, report)
        identifier = _identifier(cells, positions)
        if identifier:
            place = Place(table.file, line, "id")
            if identifier in first_seen:
                report.add(
                    finding(
                        "inventory.duplicate-id",
                        place,
                        id=shortened(identifier),
                        first=first_seen[identifier],
                    )
                )
            first_seen.setdefault(identifier, line)
        if row is not None:
            read.append(row)
    return tuple(read), report.all()


def write_table(
    rows: Sequence[Row], name: str, row_type: type[Row], *, every_column: bool
) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """Headings and rows of values; unknown columns follow the known ones.

    Without ``every_column`` an optional column is left out where no row departs from its
    default.
    """
    columns = [
        column
        for column in columns_of(row_type, name)
        if every_column
        or column.required
        or any(getattr(row, column.name) != column.default for row in rows)
    ]
    unknown = list(dict.fromkeys(key for row in rows for key in row.unknown))
    header = (*(column.name for column in columns), *unknown)
    body = tuple(
        (
            *(getattr(row, column.name) for column in columns),
            *(row.unknown.get(key, "") for key in unknown),
        )
        for row in rows
    )
    return header, body


def text_rows(body: Iterable[Sequence[Any]]) -> list[list[str]]:
    """The rows as texts that read back as the same values."""
    return [[write_cell(value) for value in row] for row in body]


def misspelt(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or nothing."""
    by_folded = {k.lower(): k for k in known}
    folded = name.lower().replace(" ", "_")
    close = get_close_matches(folded, by_folded, n=1, cutoff=0.75)
    return by_folded[close[0]] if close else ""


def unknown_name(kind: str, name: str, known: Iterable[str], place: Place) -> Finding:
    """A warning where a known name was probably meant, else a note.

    ``kind`` is column, key, section, file or sheet.
    """
    meant = misspelt(name, known)
    if meant:
        return finding(
            f"inventory.misspelt-{kind}",
            place,
            severity=Severity.WARNING,
            name=shortened(name),
            meant=meant,
        )
    return finding(
        f"inventory.unknown-{kind}", place, severity=Severity.NOTE, name=shortened(name)
    )


def _positions(
    table: TextTable, columns: Sequence[Column], report: _Report
) -> Mapping[str, int]:
    """Column name -> its position, unknown columns included."""
    known = [column.name for column in columns]
    positions: dict[str, int] = {}
    for index, heading in enumerate(table.header):
        place = Place(table.file, table.header_row, heading)
        if not heading:
            filled = next(
                (n for n, cells in table.rows if "".join(cells[index : index + 1])), 0
            )
            if filled:
                report.add(
                    finding(
                        "inventory.column-without-name",
                        Place(table.file, table.header_row),
                        number=index + 1,
                        row=filled,
                    )
                )
        elif heading in positions:
            report.add(finding("inventory.duplicate-column", place, column=shortened(heading)))
        else:
            positions[heading] = index
    absent = [name for name in known if name not in positions]
    for heading in positions:
        if heading not in known:
            place = Place(table.file, table.header_row, heading)
            report.add(unknown_name("column", heading, absent, place))
    for column in columns:
        if column.required and column.name not in positions:
            report.add(
                finding(
                    "inventory.missing-column",
                    Place(table.file, table.header_row),
                    column=column.name,
                )
            )
    return positions


def _fits(cells: tuple[str, ...], line: int, table: TextTable, report: _Report) -> bool:
    """Whether the row has the cells of the headings; empty ones may hang over."""
    width = len(table.header)
    if len(cells) < width:
        code = "inventory.too-few-cells"
    elif any(cell.strip() for cell in cells[width:]):
        code = "inventory.too-many-cells"
    else:
        return True
    report.add(finding(code, Place(table.file, line), cells=len(cells), columns=width))
    return False


def _read_row(
    cells: tuple[str, ...],
    line: int,
    file: str,
    row_type: type[Row],
    columns: Sequence[Column],
    positions: Mapping[str, int],
    report: _Report,
) -> Row | None:
    values: dict[str, Any] = {"place": Place(file, line)}
    whole = True
    for column in columns:
        if column.name not in positions:
            whole = whole and not column.required
            continue
        try:
            values[column.name] = read_cell(
                cells[positions[column.name]], column, Place(file, line, column.name)
            )
        except CellFault as fault:
            report.add(fault.finding)
            whole = False
    known = {column.name for column in columns}
    unknown = {}
    for heading, index in positions.items():
        if heading not in known:
            try:
                if text := plain(cells[index], Place(file, line, heading)):
                    unknown[heading] = text
            except CellFault as fault:
                report.add(fault.finding)
                whole = False
    return row_type(**values, unknown=unknown) if whole else None


def _identifier(cells: tuple[str, ...], positions: Mapping[str, int]) -> str:
    return cells[positions["id"]].strip() if "id" in positions else ""
