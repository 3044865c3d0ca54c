"""The folder form of an inventory: ``inventory.toml`` and one CSV file per table."""

from collections.abc import Mapping
from typing import Any

from saltbridge.core.finding import Finding, Place, errors_in, finding
from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_head import read_head, write_head
from saltbridge.formats.inventory_tables import (
    read_table,
    text_rows,
    unknown_name,
    write_table,
)
from saltbridge.formats.inventory_text import read_csv, read_toml, write_csv, write_toml

HEAD_FILE = "inventory.toml"


def parse_folder(
    files: Mapping[str, bytes],
) -> tuple[Inventory | None, tuple[Finding, ...]]:
    """The inventory, and everything found in its files at once.

    ``files`` maps names to contents: ``inventory.toml`` and ``<table>.csv``; other names are
    reported and left alone. The inventory is ``None`` where any finding is an error.
    """
    head, found = _parse_head(files)
    tables: dict[str, Any] = {}
    for name, row_type in TABLES.items():
        file = f"{name}.csv"
        if file not in files:
            continue
        table, faults = read_csv(files[file], file)
        found.extend(faults)
        if table is not None:
            tables[name], faults = read_table(table, name, row_type)
            found.extend(faults)
    known = [HEAD_FILE, *(f"{name}.csv" for name in TABLES)]
    absent = [name for name in known if name not in files]
    found.extend(unknown_name("file", n, absent, Place(n)) for n in files if n not in known)
    if head is None or errors_in(found):
        return None, tuple(found)
    return Inventory(**head, **tables), tuple(found)


def render_folder(inventory: Inventory) -> dict[str, bytes]:
    """File name -> bytes. Empty tables and columns that hold only defaults are left out."""
    document: dict[str, Any] = dict(write_head(inventory, every_key=False))
    for section, values in inventory.unknown.items():
        if section in document and isinstance(values, Mapping):
            document[section] = {**document[section], **values}
        else:
            document[section] = values
    files = {HEAD_FILE: write_toml(document)}
    for name, row_type in TABLES.items():
        rows = getattr(inventory, name)
        if rows:
            header, body = write_table(rows, name, row_type, every_column=False)
            files[f"{name}.csv"] = write_csv(header, text_rows(body))
    return files


def _parse_head(
    files: Mapping[str, bytes],
) -> tuple[dict[str, Any] | None, list[Finding]]:
    content = files.get(HEAD_FILE)
    if content is None:
        return None, [finding("inventory.missing-head", Place(HEAD_FILE), file=HEAD_FILE)]
    document, place_of, found = read_toml(content, HEAD_FILE)
    if document is None:
        return None, list(found)
    head, faults = read_head(document, place_of)
    return head, [*found, *faults]
