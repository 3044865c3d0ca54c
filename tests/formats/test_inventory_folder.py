"""Reading a folder: every row keeps its line, and all findings come at once."""

import pytest

from saltbridge.core.finding import Finding, Severity
from saltbridge.footprint.model import Stage
from saltbridge.formats.inventory_folder import parse_folder, render_folder
from saltbridge.formats.inventory_reference import template_files

HEAD = template_files()["inventory.toml"]
PROCESSES = "id,name,stage,reference_flow,unit\n"


def findings_of(**tables: str | bytes) -> tuple[Finding, ...]:
    """Findings of the template's head with these tables."""
    files = {"inventory.toml": HEAD}
    for name, content in tables.items():
        files[f"{name}.csv"] = content if isinstance(content, bytes) else content.encode()
    return parse_folder(files)[1]


def codes(found: tuple[Finding, ...]) -> list[tuple[str, int | None, str]]:
    return [(f.code.partition(".")[2], f.place.row, f.place.column) for f in found]


def test_rows_stand_at_the_line_an_editor_shows() -> None:
    table = PROCESSES + '\na,"two\r\nlines",main_production,f,kg\n,,,,\nb,n,distribution,g,t\n'
    inventory, findings = parse_folder(
        {"inventory.toml": HEAD, "processes.csv": b"\xef\xbb\xbf" + table.encode()}
    )
    assert inventory is not None, findings
    first, second = inventory.processes
    assert (first.place.file, first.place.row, first.name) == (
        "processes.csv",
        3,
        "two\nlines",
    )
    assert (second.place.row, second.stage) == (6, Stage.DISTRIBUTION)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1,5", "decimal-comma"),
        ("1.234,5", "decimal-comma"),
        ("NaN", "not-finite"),
        ("-inf", "not-finite"),
        ("1e999", "not-finite"),
        ("five", "not-a-number"),
        ("1_000", "not-a-number"),
        ("１２", "not-a-number"),
        ("9" * 500, "not-a-number"),
        ("-1", "negative-amount"),
        ("", "missing-value"),
        ("1\x07", "control-character"),
    ],
)
def test_an_amount_that_is_none(cell: str, code: str) -> None:
    found = findings_of(
        exchanges=f'process,direction,flow,amount,unit\np,input,f,"{cell}",kg\n'
    )
    assert codes(found) == [(code, 2, "amount")]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("unit", "kgg", "unknown-unit"),
        ("direction", "in", "unknown-value"),
        ("primary", "maybe", "not-a-flag"),
        ("TeR", "6", "out-of-range"),
        ("origin", "organic", "unknown-value"),
    ],
)
def test_a_cell_that_does_not_fit_its_column(column: str, cell: str, code: str) -> None:
    row = {"process": "p", "direction": "input", "flow": "f", "amount": "1", "unit": "kg"}
    row[column] = cell
    found = findings_of(exchanges=f"{','.join(row)}\n{','.join(row.values())}\n")
    assert codes(found) == [(code, 2, column)]


def test_the_allowed_values_are_named() -> None:
    (found,) = findings_of(processes=PROCESSES + "a,n,main,f,kg\n")
    assert "main_production" in str(found.arguments["allowed"])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [("empty", None, "")]),
        (" \n", [("empty", None, "")]),
        (PROCESSES.encode("utf-16"), [("utf-16", 1, "")]),
        (PROCESSES.encode("utf-16-le"), [("utf-16", 1, "")]),
        (PROCESSES.encode() + "a,电池,x".encode("gbk"), [("not-utf8", 2, "")]),
        (PROCESSES.replace(",", ";"), [("wrong-separator", 1, "")]),
        ("id,name,stage,unit\n", [("missing-column", 1, "")]),
        ("id," + PROCESSES, [("duplicate-column", 1, "id")]),
        (PROCESSES + "a,n\n", [("too-few-cells", 2, "")]),
        (PROCESSES + "a,n,main_production,f,kg,x\n", [("too-many-cells", 2, "")]),
        (PROCESSES + 'a,"n,main_production\n\n', [("unclosed-quote", 2, "")]),
        (PROCESSES + 'a,"n"x,main_production,f,kg\n', [("csv-syntax", 2, "")]),
        (PROCESSES[:-1] + ",\na,n,main_production,f,kg,7\n", [("column-without-name", 1, "")]),
        (PROCESSES + "a,n,distribution,f,kg\n" * 2, [("duplicate-id", 3, "id")]),
    ],
)
def test_a_table_that_cannot_be_read(
    content: str | bytes, expected: list[tuple[str, int | None, str]]
) -> None:
    assert codes(findings_of(processes=content)) == expected


@pytest.mark.parametrize(
    ("old", "new", "code", "column"),
    [
        (b'category = "ev"', b'category = "car"', "unknown-value", "product.category"),
        (b"mass_kg = 100.0", b"mass_kg = nan", "not-finite", "product.mass_kg"),
        (b"mass_kg = 100.0", b'mass_kg = "1,5"', "decimal-comma", "product.mass_kg"),
        (b"mass_kg = 100.0", b"mass_kg = true", "not-a-number", "product.mass_kg"),
        (b"mass_kg = 100.0", b"mass_kg = -1", "negative-amount", "product.mass_kg"),
        (b"end = 2025-12-31", b'end = "31.12.2025"', "bad-date", "period.end"),
        (b"end = 2025-12-31", b"", "missing-key", "period.end"),
        (b"inventory/1", b"inventory/99", "unknown-schema", "inventory.schema"),
        (b'"open-2026"]', b"1]", "not-a-list", "inventory.factor_sets"),
        (b'title = "', b"title = 7 #", "not-text", "inventory.title"),
        (b"[warranty]", b"[waranty]", "misspelt-section", "waranty"),
    ],
)
def test_a_head_that_is_wrong(old: bytes, new: bytes, code: str, column: str) -> None:
    assert old in HEAD
    _, found = parse_folder({"inventory.toml": HEAD.replace(old, new)})
    (only,) = found
    assert (only.code, only.place.column) == (f"inventory.{code}", column)
    section = column.partition(".")[0].encode()
    below = HEAD.replace(old, new).split(b"[" + section + b"]")[0].count(b"\n") + 1
    assert only.place.row is not None
    assert only.place.row >= below


def test_a_syntax_error_names_its_line() -> None:
    _, (found,) = parse_folder({"inventory.toml": b"[inventory]\nschema = \n"})
    assert (found.code, found.place.row) == ("inventory.toml-syntax", 2)


def test_without_a_head_the_tables_are_still_read() -> None:
    _, found = parse_folder({"processes.csv": b"id\n"})
    assert found[0].code == "inventory.missing-head"
    assert {f.code for f in found[1:]} == {"inventory.missing-column"}


def test_all_findings_come_at_once() -> None:
    found = findings_of(
        processes=PROCESSES + "a,n,main,f,kgg\n",
        exchanges="process,direction,flow,amount,unit\np,inn,f,x,kg\n",
        suppliers="",
    )
    assert len(found) == 5


def test_unknown_columns_and_keys_are_kept_and_said() -> None:
    head = HEAD.replace(b'id = "EX', b'colour = "blue"\nid = "EX')
    table = PROCESSES[:-1] + ",coment\na,n,main_production,f,kg,kept\n"
    inventory, found = parse_folder(
        {"inventory.toml": head, "processes.csv": table.encode(), "exchange.csv": b""}
    )
    assert inventory is not None
    assert [(f.code, f.severity) for f in found] == [
        ("inventory.unknown-key", Severity.NOTE),
        ("inventory.misspelt-column", Severity.WARNING),
        ("inventory.misspelt-file", Severity.WARNING),
    ]
    assert found[1].arguments["meant"] == "comment"
    again = render_folder(inventory)
    assert b'colour = "blue"' in again["inventory.toml"]
    assert b"coment" in again["processes.csv"]
    assert b"kept" in again["processes.csv"]


def test_a_flood_of_findings_is_counted_not_kept() -> None:
    found = findings_of(processes=PROCESSES + "a,n,main,f,kgg\n" * 1000)
    assert len(found) == 501
    assert found[-1].code == "inventory.more-findings"
    assert found[-1].arguments["count"] == 2499
