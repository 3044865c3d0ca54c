"""Long lists of batteries on disk, CSV or Parquet, read row by row.

A list is gone through twice: once for what only the whole of it shows (serial numbers that come
twice; of each, eight bytes are kept), and once for its rows.
"""

import csv
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.formats.item_list import FleetRow, faulty_header, fleet_rows

PARQUET: Final = ".parquet"
_AT_ONCE: Final = 2000  # rows of a Parquet file in memory
_NOBODY: Final = frozenset[int]()


@dataclass(frozen=True, slots=True)
class FleetFile:
    """A list whose columns are understood. ``rows`` is how many lines with data there are."""

    path: Path
    header: tuple[str, ...]
    rows: int
    doubled: frozenset[int] = _NOBODY  # marks of serial numbers that come more than once

    def read(self) -> Iterator[FleetRow]:
        """The rows in their order.

        Raises:
            FaultyInput: the file cannot be read to its end.
        """
        for row in fleet_rows(self.header, _cells(self.path), self.path.name):
            if self.doubled and row.serial and _mark(row.serial) in self.doubled:
                place = Place(self.path.name, row.number)
                twice = finding("item.duplicate-serial", place, serial=row.serial[:40])
                yield replace(row, faults=(*row.faults, twice))
            else:
                yield row


def open_fleet_file(path: Path) -> FleetFile:
    """The list in a file, gone through once.

    Raises:
        FaultyInput: it cannot be read, its columns are not those of a list of batteries, or it
            has no rows.
        Unavailable: Parquet, and its library is not installed.
    """
    header = _header(path)
    faults = faulty_header(header, path.name)
    if faults:
        raise FaultyInput(faults)
    column, marks = header.index("serial"), array("Q")
    count = 0
    for _, row in _cells(path):
        count += 1
        serial = row[column].strip() if column < len(row) else ""
        if serial:
            marks.append(_mark(serial))
    if not count:
        raise FaultyInput([finding("item.empty-list", Place(path.name))])
    kinds, counts = np.unique(np.frombuffer(marks, np.uint64), return_counts=True)
    doubled = frozenset(int(mark) for mark in kinds[counts > 1])
    return FleetFile(path, header, count, doubled)


def _mark(serial: str) -> int:
    return int.from_bytes(blake2b(serial.encode("utf-8"), digest_size=8).digest(), "big")


def _header(path: Path) -> tuple[str, ...]:
    try:
        if path.suffix.lower() == PARQUET:
            return tuple(str(name) for name in _parquet(path).schema_arrow.names)
        return tuple(cell.strip() for cell in next(_lines(path), (0, []))[1])
    except OSError as fault:
        raise _unreadable(path, fault.strerror or str(fault)) from fault


def _cells(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """The lines with data, as texts, with their numbers in the file."""
    if path.suffix.lower() == PARQUET:
        yield from _parquet_rows(path)
        return
    lines = _lines(path)
    next(lines, None)
    yield from ((number, row) for number, row in lines if any(row))


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for row in reader:
                yield reader.line_num, row
    except UnicodeDecodeError as fault:
        place = Place(path.name)
        raise FaultyInput([finding("item.not-utf8", place, byte=fault.start)]) from fault
    except csv.Error as fault:
        raise _unreadable(path, str(fault), reader.line_num) from fault


def _parquet(path: Path) -> Any:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as fault:
        raise Unavailable.of("item.no-parquet") from fault
    try:
        return ParquetFile(path, memory_map=False)
    except (ArrowException, ValueError) as fault:
        raise _unreadable(path, str(fault)) from fault


def _parquet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    from pyarrow import ArrowException

    number = 0
    try:
        for batch in _parquet(path).iter_batches(batch_size=_AT_ONCE):
            columns = [column.to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                number += 1
                yield number, [_text(cell) for cell in row]
    except (ArrowException, ValueError) as fault:
        raise _unreadable(path, str(fault), number) from fault


def _text(cell: Any) -> str:
    """A typed cell as it would stand in CSV."""
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell)


def _unreadable(path: Path, reason: str, row: int | None = None) -> FaultyInput:
    place = Place(path.name, row) if row else Place(path.name)
    return FaultyInput([finding("item.unreadable-list", place, reason=reason[:200])])
