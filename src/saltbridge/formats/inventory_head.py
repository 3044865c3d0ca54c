"""The head of an inventory: everything that is no table, as sections with keys and values.

The TOML file of a folder and the first sheet of a workbook both become a mapping
section -> key -> value; a section is a field of ``Inventory`` whose type is a dataclass, and
the plain fields of ``Inventory`` make up the section ``inventory``.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from typing import Any, get_type_hints

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.model import SCHEMA, TABLES, Inventory
from saltbridge.formats.inventory_cells import (
    CellFault,
    Column,
    columns_of,
    read_value,
    shortened,
)
from saltbridge.formats.inventory_tables import unknown_name

INVENTORY = "inventory"
SCHEMA_KEY = "schema"


@lru_cache(maxsize=1)
def sections() -> Mapping[str, tuple[Column, ...]]:
    """Section name -> its keys, in the order of the model; ``inventory`` first."""
    hints = get_type_hints(Inventory)
    owners = {
        f.name: hints[f.name]
        for f in fields(Inventory)
        if is_dataclass(hints[f.name]) and f.default is MISSING
    }
    own = tuple(
        column for column in columns_of(Inventory, INVENTORY, leaving_out=(*owners, *TABLES))
    )
    return {INVENTORY: own, **{n: columns_of(owner, n) for n, owner in owners.items()}}


def read_head(
    document: Mapping[str, Any], place_of: Callable[[str, str], Place]
) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """Arguments of ``Inventory`` but for its tables; nothing where a finding is an error.

    ``place_of(section, key)`` says where a key stands, or its section where it is absent.
    """
    found: list[Finding] = []
    arguments: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    whole = _right_schema(document, place_of, found)
    known = sections()
    for name, value in document.items():
        if name not in known:
            missing = [n for n in known if n not in document]
            found.append(unknown_name("section", name, missing, place_of(name, "")))
            unknown[name] = value
    for name, columns in known.items():
        section = document.get(name, {})
        if not isinstance(section, Mapping):
            found.append(finding("inventory.not-a-section", place_of(name, ""), section=name))
            whole = False
            continue
        if name not in document and any(column.required for column in columns):
            found.append(finding("inventory.missing-section", place_of(name, ""), section=name))
            whole = False
            continue
        values, faults, rest = _read_section(name, section, columns, place_of)
        found += faults
        if values is None:
            whole = False
        elif name == INVENTORY:
            arguments |= values
        else:
            arguments[name] = get_type_hints(Inventory)[name](**values)
        if rest:
            unknown[name] = rest
    return ({**arguments, "unknown": unknown} if whole else None), tuple(found)


def write_head(inventory: Inventory, *, every_key: bool) -> dict[str, dict[str, Any]]:
    """Section -> key -> value of the known keys; unknown ones are in ``inventory.unknown``."""
    document: dict[str, dict[str, Any]] = {}
    for name, columns in sections().items():
        owner = inventory if name == INVENTORY else getattr(inventory, name)
        values: dict[str, Any] = {SCHEMA_KEY: SCHEMA} if name == INVENTORY else {}
        for column in columns:
            value = getattr(owner, column.name)
            if every_key or column.required or value != column.default:
                values[column.name] = value
        if values:
            document[name] = values
    return document


def _read_section(
    name: str,
    section: Mapping[str, Any],
    columns: tuple[Column, ...],
    place_of: Callable[[str, str], Place],
) -> tuple[dict[str, Any] | None, list[Finding], dict[str, Any]]:
    found: list[Finding] = []
    values: dict[str, Any] = {}
    whole = True
    for column in columns:
        if column.name in section:
            place = place_of(name, column.name)
            try:
                values[column.name] = read_value(section[column.name], column, place)
            except CellFault as fault:
                found.append(fault.finding)
                whole = False
        elif column.required:
            key = f"{name}.{column.name}"
            found.append(finding("inventory.missing-key", place_of(name, column.name), key=key))
            whole = False
    own = {column.name for column in columns} | ({SCHEMA_KEY} if name == INVENTORY else set())
    rest = {key: value for key, value in section.items() if key not in own}
    absent = [n for n in own if n not in section]
    found += [unknown_name("key", key, absent, place_of(name, key)) for key in rest]
    return (values if whole else None), found, rest


def _right_schema(
    document: Mapping[str, Any], place_of: Callable[[str, str], Place], found: list[Finding]
) -> bool:
    section = document.get(INVENTORY)
    schema = section.get(SCHEMA_KEY) if isinstance(section, Mapping) else None
    if schema == SCHEMA:
        return True
    place = place_of(INVENTORY, SCHEMA_KEY)
    if schema is None:
        found.append(finding("inventory.missing-schema", place, expected=SCHEMA))
    else:
        found.append(
            finding(
                "inventory.unknown-schema",
                place,
                schema=shortened(str(schema)),
                expected=SCHEMA,
            )
        )
    return False
