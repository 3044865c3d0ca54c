"""Long lists of batteries, and a node that may issue passports for them: tests and benches."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from saltbridge.formats.item_list import FIXED_COLUMNS, parse_item_list
from saltbridge.ports import World
from saltbridge.testing.deliveries import example_record, maker_profile, put_delivery

MEASURED = 5  # so many values of a battery are its own; the others it shares with all


def put_model_delivery(world: World, examples: Path) -> str:
    """A verified delivery about the model of the NMC111 example, which names no battery."""
    return put_delivery(world, maker_profile(), {**example_record(examples), "items": []})


def fleet_columns(examples: Path) -> tuple[list[str], dict[str, str]]:
    """The columns of the example's list, and the cells of its first battery."""
    path = examples / "nmc111-pack" / "items.csv"
    items, findings = parse_item_list(path.read_bytes(), path.name)
    if findings or not items:
        raise ValueError("the example's list is faulty")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        first = next(reader)
    return list(reader.fieldnames or ()), dict(first)


def fleet_cells(examples: Path, count: int, prefix: str = "FL") -> Iterator[list[str]]:
    """The rows of a fleet: a serial number and ``MEASURED`` values of its own in each."""
    columns, first = fleet_columns(examples)
    numbers = [c for c in columns if c not in FIXED_COLUMNS and _is_number(first[c])]
    own: Mapping[str, Any] = {c: float(first[c]) for c in numbers[:MEASURED]}
    for n in range(count):
        less = 1 - (n * 7919 % 10_000) * 1e-6
        cells = {c: f"{value * less:.6f}" for c, value in own.items()}
        row = {**first, "serial": f"{prefix}{n:09}", **cells}
        yield [row[c] for c in columns]


def write_fleet_csv(path: Path, examples: Path, count: int, prefix: str = "FL") -> None:
    """A list of that many batteries as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(fleet_columns(examples)[0])
        writer.writerows(fleet_cells(examples, count, prefix))


def _is_number(text: str) -> bool:
    try:
        return float(text) > 1
    except ValueError:
        return False
