"""Writes the workbook form of an inventory: headings, notes, drop-down lists, values."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

import tomli_w
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_cells import (
    CellFault,
    Column,
    Kind,
    columns_of,
    plain,
    write_cell,
)
from saltbridge.formats.inventory_columns import PURPOSES, note_on
from saltbridge.formats.inventory_head import INVENTORY, SCHEMA_KEY, sections, write_head
from saltbridge.formats.inventory_tables import write_table
from saltbridge.formats.inventory_workbook import HEAD_COLUMNS, TOML_TYPE, VALUE

_MAX_TEXT = 32_767  # characters of a cell
_MAX_ROWS = 1_048_575  # below the headings
_ROWS_FOR_MORE = 500  # rows below the last that still offer the drop-down lists
_FIRST_DAY = date(1900, 3, 1)  # before it, spreadsheets disagree about the calendar
_FORMULA_STARTS = ("=", "+", "-", "@")
_WIDTHS = {Kind.TEXT: 22, Kind.CHOICE: 18, Kind.LIST: 22}


class _ExactWorksheet(Worksheet):  # type: ignore[misc]
    """A sheet whose numbers read back as the same floats: xlsxwriter keeps 16 digits."""

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{written}><v>{number!r}</v></c>")


class _Book:
    """A workbook under way and its cell formats."""

    def __init__(self, target: io.BytesIO) -> None:
        self.book = xlsxwriter.Workbook(target, {"in_memory": True})
        # A fixed date: the same inventory gives the same bytes.
        self.book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001
        heading = {"bold": True, "border": 1, "text_wrap": True, "valign": "top"}
        self.required = self.book.add_format(heading | {"bg_color": "#BFE3D4"})
        self.optional = self.book.add_format(heading | {"bg_color": "#E7ECEF"})
        self.text = self.book.add_format({"num_format": "@"})
        # Excel keeps such a cell a text even after it was edited.
        self.quoted = self.book.add_format({"num_format": "@", "quote_prefix": True})
        self.date = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.faint = self.book.add_format({"font_color": "#6B7780"})

    def sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name, worksheet_class=_ExactWorksheet)
        sheet.freeze_panes(1, 0)
        return sheet


def render_workbook(inventory: Inventory) -> bytes:
    """The bytes of the workbook; every column is there, so that a person sees what there is.

    Raises:
        FaultyInput: a text or a table is larger than a spreadsheet can hold.
    """
    target = io.BytesIO()
    book = _Book(target)
    _write_head(book, inventory)
    for name, row_type in TABLES.items():
        header, body = write_table(getattr(inventory, name), name, row_type, every_column=True)
        _write_table(book, name, header, body, columns_of(row_type, name))
    book.book.close()
    return target.getvalue()


def _write_table(
    book: _Book,
    name: str,
    header: Sequence[str],
    body: Sequence[Sequence[Any]],
    columns: Sequence[Column],
) -> None:
    if len(body) > _MAX_ROWS:
        raise FaultyInput(
            [finding("workbook.too-many-rows", Place(name), rows=len(body), limit=_MAX_ROWS)]
        )
    sheet = book.sheet(name)
    by_name = {column.name: column for column in columns}
    for position, heading in enumerate(header):
        column = by_name.get(heading)
        required = column is not None and column.required
        style = book.required if required else book.optional
        sheet.write_string(0, position, heading, style)
        sheet.set_column(position, position, _width(heading, column), _style(book, column))
        if column is not None:
            sheet.write_comment(0, position, _note(name, column), {"x_scale": 2})
            _offer_choices(sheet, 1, len(body) + _ROWS_FOR_MORE, position, column)
    for line, row in enumerate(body, start=1):
        for position, value in enumerate(row):
            _write_value(book, sheet, line, position, value, Place(name, line + 1))
    sheet.autofilter(0, 0, max(len(body), 1), len(header) - 1)


def _write_head(book: _Book, inventory: Inventory) -> None:
    sheet = book.sheet(INVENTORY)
    for position, (heading, width) in enumerate(
        zip(HEAD_COLUMNS, (16, 30, 46, 8, 80), strict=True)
    ):
        sheet.write_string(0, position, heading, book.optional)
        sheet.set_column(position, position, width)
    columns = {(s, c.name): c for s, cs in sections().items() for c in cs}
    for line, (section, key, value, kind) in enumerate(_head_rows(inventory), start=1):
        column = columns.get((section, key))
        place = Place(INVENTORY, line + 1, f"{section}.{key}")
        _write_value(book, sheet, line, 0, section, place)
        _write_value(book, sheet, line, 1, key, place)
        _write_value(book, sheet, line, 2, value, place)
        _write_value(book, sheet, line, 3, kind, place)
        if column is not None:
            meaning = _note(section, column).replace("\n", " ")
            sheet.write_string(line, 4, meaning, book.faint)
            _offer_choices(sheet, line, line, 2, column)
        elif key == SCHEMA_KEY:
            sheet.write_string(line, 4, PURPOSES[INVENTORY], book.faint)


def _head_rows(inventory: Inventory) -> list[tuple[str, str, Any, str]]:
    """(section, key, value, type); a list takes a row per item."""
    rows: list[tuple[str, str, Any, str]] = []
    unknown = dict(inventory.unknown)
    for section, values in write_head(inventory, every_key=True).items():
        for key, value in values.items():
            items = value if isinstance(value, tuple) else (value,)
            rows += [(section, key, item, "") for item in items or ("",)]
        rest = unknown.pop(section, {})
        rows += [(section, key, *_free_value(value)) for key, value in rest.items()]
    rows += [("", key, *_free_value(value)) for key, value in unknown.items()]
    return rows


def _free_value(value: Any) -> tuple[str, str]:
    """An unknown value as text, or written out as TOML where a text would not come back."""
    if isinstance(value, str) and value:
        try:
            if plain(value, Place()) == value:
                return value, ""
        except CellFault:
            pass  # a control character: TOML has an escape for it
    return tomli_w.dumps({VALUE: value}), TOML_TYPE


def _write_value(
    book: _Book, sheet: Any, line: int, position: int, value: Any, place: Place
) -> None:
    match value:
        case None | "" | ():
            return
        case bool():
            sheet.write_boolean(line, position, value)
        case int() | float() if not isinstance(value, Enum):
            sheet.write_number(line, position, value)
        case date() if value >= _FIRST_DAY:
            sheet.write_datetime(line, position, value, book.date)
        case _:
            text = write_cell(value)
            if len(text) > _MAX_TEXT:
                limit = _MAX_TEXT
                raise FaultyInput([finding("workbook.text-too-long", place, limit=limit)])
            style = book.quoted if text.startswith(_FORMULA_STARTS) else book.text
            sheet.write_string(line, position, text, style)


def _offer_choices(sheet: Any, first: int, last: int, position: int, column: Column) -> None:
    choices = list(column.choices)
    if column.kind is Kind.FLAG:
        choices = ["true", "false"]
    if choices:
        rule = {"validate": "list", "source": choices, "ignore_blank": True}
        sheet.data_validation(first, position, last, position, rule)


def _note(table: str, column: Column) -> str:
    needed = "Required. " if column.required else ""
    choices = f"\nOne of: {', '.join(column.choices)}." if column.choices else ""
    return f"{needed}{note_on(table, column.name).meaning}{choices}"


def _width(heading: str, column: Column | None) -> int:
    wide = _WIDTHS.get(column.kind, 12) if column is not None else 16
    return max(wide, len(heading) + 3)


def _style(book: _Book, column: Column | None) -> Any:
    """Columns of texts keep leading zeros and long numbers as they were typed."""
    if column is None or column.kind in (Kind.TEXT, Kind.LIST):
        return book.text
    return book.date if column.kind is Kind.DATE else None
