"""Long lists, CSV and Parquet: the same rows from both, and what is wrong with each."""

import csv
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saltbridge.adapters.fleet_files import open_fleet_file
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.item_list import parse_item_list
from saltbridge.testing.fleets import write_fleet_csv

HEADER = "serial,manufactured_on,A088,measured_on\n"


def codes(path: Path) -> set[str]:
    with pytest.raises(FaultyInput) as raised:
        list(open_fleet_file(path).read())
    return {f.code for f in raised.value.findings}


def test_rows_are_those_of_the_short_list(tmp_path: Path, examples: Path) -> None:
    path = tmp_path / "fleet.csv"
    write_fleet_csv(path, examples, 30)
    items, findings = parse_item_list(path.read_bytes(), path.name)
    fleet = open_fleet_file(path)
    rows = list(fleet.read())
    assert not findings
    assert fleet.rows == len(rows) == 30
    assert [row.item for row in rows] == list(items)
    assert [row.number for row in rows] == list(range(2, 32))
    assert not any(row.faults for row in rows)


def test_parquet_reads_as_csv_does(tmp_path: Path) -> None:
    text, columnar = tmp_path / "fleet.csv", tmp_path / "fleet.parquet"
    numbers = [93.25, 1 / 3, 88.0, 1e-7]
    table = {
        "serial": [f"S{n}" for n in range(4)],
        "manufactured_on": [date(2027, 1, n + 1) for n in range(4)],
        "A088": numbers,
        "measured_on": [date(2027, 1, 9)] * 4,
        "batch": ["b", None, "b", ""],
    }
    pq.write_table(pa.table(table), columnar)
    with text.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([table, *zip(*table.values(), strict=True)])
    one, other = (list(open_fleet_file(p).read()) for p in (text, columnar))
    assert [row.item for row in one] == [row.item for row in other]
    assert [row.item["attributes"]["A088"]["value"] for row in other] == numbers
    assert [row.number for row in other] == [1, 2, 3, 4]


def test_cells_that_read_alike_are_one_object(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    lines = ["S1,,90.5,2027-01-01", "S2,,90.5,2027-01-01", "S3,,90.5,2027-01-02", "S4,,90.6,"]
    path.write_text(HEADER + "\n".join(lines), encoding="utf-8")
    first, same, later, other = (
        row.item["attributes"]["A088"] for row in open_fleet_file(path).read()
    )
    assert first is same
    assert first == {"value": 90.5, "unit": "Ah", "measured_on": "2027-01-01"}
    assert later["measured_on"] == "2027-01-02"
    assert other == {"value": 90.6, "unit": "Ah"}


def test_what_is_wrong_with_a_row_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    lines = ["S1,,90,", "S2,,many,", ",,90,", "S1,,91,", "", "S3,,90,,,", "S4"]
    path.write_text(HEADER + "\n".join(lines), encoding="utf-8")
    told = {row.number: {f.code for f in row.faults} for row in open_fleet_file(path).read()}
    assert told == {
        2: {"item.duplicate-serial"},
        3: {"item.not-a-number"},
        4: {"item.no-serial"},
        5: {"item.duplicate-serial"},
        7: {"item.ragged-row"},
        8: set(),
    }


@pytest.mark.parametrize(
    ("name", "content", "due"),
    [
        ("a.csv", b"", {"item.no-serial-column"}),
        ("a.csv", b"A088\n1\n", {"item.no-serial-column"}),
        (
            "a.csv",
            b"serial,A033,serial\n1,2,3\n",
            {"item.unknown-column", "item.duplicate-column"},
        ),
        ("a.csv", b"serial\n", {"item.empty-list"}),
        ("a.csv", "serial\nS1\nÄ\n".encode("latin-1"), {"item.not-utf8"}),
        ("a.csv", "serial\nS1\n".encode("utf-16"), {"item.not-utf8"}),
        ("a.csv", b"serial\n" + b"x" * 200_000, {"item.unreadable-list"}),
        ("a.parquet", b"PAR1 and nothing else PAR1", {"item.unreadable-list"}),
        ("a.parquet", b"", {"item.unreadable-list"}),
    ],
)
def test_a_list_that_is_none(tmp_path: Path, name: str, content: bytes, due: set[str]) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert codes(path) == due


@pytest.mark.parametrize("name", ["absent.csv", "absent.parquet"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    assert codes(tmp_path / name) == {"item.unreadable-list"}
