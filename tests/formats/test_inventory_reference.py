"""Every field of the model is documented, and the page says what the code does."""

from pathlib import Path

import pytest

from saltbridge.footprint.check import check_inventory
from saltbridge.formats.inventory_columns import PURPOSES, documented, note_on
from saltbridge.formats.inventory_folder import parse_folder
from saltbridge.formats.inventory_reference import (
    columns_by_table,
    schema_markdown,
    template_files,
    template_inventory,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "inventory.md"


@pytest.mark.parametrize("table", columns_by_table())
def test_every_column_has_a_meaning_and_no_meaning_is_left_over(table: str) -> None:
    columns = {column.name for column in columns_by_table()[table]}
    assert documented(table) == columns
    assert all(note_on(table, column).meaning for column in columns)
    assert PURPOSES[table]


def test_the_reference_page_holds_the_tables_of_the_code() -> None:
    # Out of date? saltbridge inventory schema --markdown prints the tables anew.
    assert PAGE.read_text(encoding="utf-8").endswith(schema_markdown())


def test_the_template_is_read_without_any_finding() -> None:
    inventory, findings = parse_folder(template_files())
    assert findings == ()
    assert inventory is not None
    assert check_inventory(inventory) == ()


def test_the_template_marks_its_numbers_as_illustrative() -> None:
    template = template_inventory()
    rows = (*template.exchanges, *template.factors, *template.electricity)
    assert {row.confidence for row in rows} == {"illustrative"}
