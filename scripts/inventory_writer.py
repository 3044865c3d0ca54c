"""Writes an inventory folder: inventory.toml and one CSV table per kind of row."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import tomli_w

from saltbridge.footprint.model import SCHEMA, TABLES

Row = Mapping[str, object]
_NOT_COLUMNS = ("place", "unknown")


def columns(table: str, rows: Sequence[Row]) -> list[str]:
    """Column names that hold something: the row's own words first, its source last."""
    names = [f.name for f in fields(TABLES[table]) if f.name not in _NOT_COLUMNS]
    last = ("confidence", "source", "licence", "comment")
    ordered = [n for n in names if n not in last] + list(last)
    unknown = {n for row in rows for n in row} - set(names)
    if unknown:
        raise SystemExit(f"{table}: no such columns {sorted(unknown)}")
    return [n for n in ordered if any(_cell(row.get(n)) for row in rows)]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, tuple):
        return ";".join(str(item) for item in value)
    return str(value)


def write_folder(
    folder: Path, head: Mapping[str, Mapping[str, object]], tables: Mapping[str, Sequence[Row]]
) -> None:
    """Write the folder; tables without rows are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    head = {**head, "inventory": {"schema": SCHEMA, **head["inventory"]}}
    with (folder / "inventory.toml").open("wb") as text:
        tomli_w.dump(head, text)
    for name in TABLES:
        rows = tables.get(name, ())
        path = folder / f"{name}.csv"
        if not rows:
            path.unlink(missing_ok=True)
            continue
        names = columns(name, rows)
        with path.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(names)
            writer.writerows([_cell(row.get(n)) for n in names] for row in rows)
