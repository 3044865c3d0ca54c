"""The reference page of the inventory format and the example a newcomer starts from."""

from collections.abc import Iterator
from importlib.resources import files

from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_cells import Column, Kind, columns_of
from saltbridge.formats.inventory_columns import PURPOSES, note_on
from saltbridge.formats.inventory_folder import parse_folder
from saltbridge.formats.inventory_head import sections

_PACKAGE = "saltbridge.formats"
_TEMPLATE = "inventory_template"


def template_files() -> dict[str, bytes]:
    """File name -> bytes of a small, valid, commented inventory; its numbers are invented."""
    folder = files(_PACKAGE) / _TEMPLATE
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith((".toml", ".csv"))
    }


def template_inventory() -> Inventory:
    """The inventory of ``template_files``."""
    inventory, findings = parse_folder(template_files())
    if inventory is None:
        raise ValueError(f"the packaged template is faulty: {findings}")
    return inventory


def columns_by_table() -> dict[str, tuple[Column, ...]]:
    """Section or table name -> its columns, in the order of the format."""
    return {
        **sections(),
        **{name: columns_of(row_type, name) for name, row_type in TABLES.items()},
    }


def schema_markdown() -> str:
    """The tables of ``docs/reference/inventory.md``."""
    return "\n".join(_markdown_lines()) + "\n"


def value_words(column: Column) -> str:
    """What a cell of the column may hold, in words."""
    if column.kind is Kind.CHOICE:
        return ", ".join(column.choices)
    words = {
        Kind.DATE: "date, yyyy-mm-dd",
        Kind.LIST: "list",
        Kind.INTEGER: "whole number",
    }.get(column.kind, str(column.kind))
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return f"{words}, {low:g} to {high:g}"
    return f"{words}, not negative" if low == 0 else words


def _markdown_lines() -> Iterator[str]:
    for name, columns in columns_by_table().items():
        table = name in TABLES
        yield f"## {name}.csv" if table else f"## [{name}]"
        yield ""
        yield PURPOSES[name]
        yield ""
        yield (
            "| column | value | empty means | meaning |"
            if table
            else ("| key | value | left out means | meaning |")
        )
        yield "|---|---|---|---|"
        for column in columns:
            meaning = note_on(name, column.name).meaning
            yield f"| `{column.name}` | {value_words(column)} | {_empty(column)} | {meaning} |"
        yield ""


def _empty(column: Column) -> str:
    if column.required:
        return "**required**"
    if column.default is None:
        return "unknown"
    if isinstance(column.default, bool):
        return "true" if column.default else "false"
    if isinstance(column.default, tuple) or column.default == "":
        return "nothing"
    return str(column.default)
