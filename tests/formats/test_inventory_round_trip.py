"""Folder and workbook hold the same inventory: nothing is lost on the way round."""

import types
from dataclasses import MISSING, fields
from datetime import date
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples

from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_columns import note_on
from saltbridge.formats.inventory_folder import parse_folder, render_folder
from saltbridge.formats.inventory_workbook import parse_workbook
from saltbridge.formats.inventory_workbook_writer import render_workbook
from saltbridge.testing.inventory_forms import SMALL, without_places

# What a person may put into a cell, formula starts, quotes and scripts included.
_WORDS = st.sampled_from(
    [
        "=1+1",
        "+49 89",
        "-",
        "@x",
        "'",
        '"',
        "正极材料",
        "Größe µm",
        "a,b",
        "_x0041_",
        "\t",
        "1.50",
    ]
)
_FREE = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\n"), max_size=8
)
TEXTS = (
    st.lists(_WORDS | _FREE, max_size=3).map("".join).map(lambda t: t.strip("\ufeff ").strip())
)
_FILLED = TEXTS.filter(bool)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def values(hint: Any, table: str, name: str, *, required: bool) -> st.SearchStrategy[Any]:
    """Any value a cell of this field can hold."""
    note = note_on(table, name)
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    options = []
    for part in parts:
        if part is type(None):
            options.append(st.none())
        elif get_origin(part) is tuple:
            item = _FILLED.map(lambda t: t.replace(";", ",").strip()).filter(bool)
            options.append(st.lists(item, max_size=3).map(tuple))
        elif issubclass(part, StrEnum):
            options.append(st.sampled_from(list(part)))
        elif part is bool:
            options.append(st.booleans())
        elif part is int:
            options.append(st.integers(1900, 2100))
        elif part is date:
            options.append(st.dates())
        elif part is float:
            options.append(
                st.floats(note.minimum, note.maximum, allow_nan=False, allow_infinity=False)
            )
        elif name == "unit":
            options.append(st.sampled_from(["kg", "kWh", "tkm", "piece", "ton kilometer"]))
        elif note.choices:
            options.append(st.sampled_from(note.choices))
        else:
            options.append(_FILLED if required else TEXTS)
    return st.one_of(options)


def rows_of(owner: Any, table: str) -> st.SearchStrategy[Any]:
    """Any row or section of this type."""
    hints = get_type_hints(owner)
    given = {
        f.name: values(
            hints[f.name],
            table,
            f.name,
            # An empty cell reads as the default: an empty text has no other cell.
            required=f.default is MISSING or f.default != "",
        )
        for f in fields(owner)
        if f.name not in ("place", "unknown")
    }
    if "unknown" in hints:
        names = _FILLED.map(lambda t: f"x {t}").filter(lambda t: t == t.strip())
        given["unknown"] = st.dictionaries(names, _FILLED, max_size=2)
    return st.builds(owner, **given)


def _tables() -> dict[str, st.SearchStrategy[Any]]:
    return {
        name: st.lists(
            rows_of(row_type, name),
            max_size=3,
            unique_by=(lambda row: row.id) if "id" in get_type_hints(row_type) else None,
        ).map(tuple)
        for name, row_type in TABLES.items()
    }


def _head() -> dict[str, st.SearchStrategy[Any]]:
    hints = get_type_hints(Inventory)
    sections = ("product", "operator", "plant", "period", "service_life", "warranty")
    lists = st.lists(_FILLED, max_size=2).map(tuple)
    anything = st.recursive(
        TEXTS | st.booleans() | st.integers(-(2**60), 2**60) | _FLOATS | st.dates(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_FILLED, inner, max_size=2),
        max_leaves=3,
    )
    keys = _FILLED.map(lambda t: f"x {t}").filter(lambda t: t == t.strip())
    unknown = st.fixed_dictionaries(
        {},
        optional={
            "product": st.dictionaries(keys, anything, min_size=1, max_size=2),
            "x own": anything,
        },
    )
    return {
        **{name: rows_of(hints[name], name) for name in sections},
        "title": TEXTS,
        "licence": TEXTS,
        "sources": lists,
        "factor_sets": lists,
        "unknown": unknown,
    }


INVENTORIES = st.builds(Inventory, **_head(), **_tables())


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(INVENTORIES)
def test_folder_workbook_folder_gives_back_any_inventory(inventory: Inventory) -> None:
    first = render_folder(inventory)
    from_folder, findings = parse_folder(first)
    assert without_places(from_folder) == inventory, findings
    assert from_folder is not None
    from_workbook, findings = parse_workbook(render_workbook(from_folder))
    assert without_places(from_workbook) == inventory, findings
    assert from_workbook is not None
    assert render_folder(from_workbook) == first


def test_the_small_inventory_goes_round() -> None:
    read, findings = parse_workbook(render_workbook(SMALL))
    assert without_places(read) == SMALL, findings
    assert read is not None
    assert render_folder(read) == render_folder(SMALL)  # -0.0 too, which equals 0.0
    read, findings = parse_folder(render_folder(SMALL))
    assert without_places(read) == SMALL, findings


def test_the_same_inventory_gives_the_same_bytes() -> None:
    assert render_workbook(SMALL) == render_workbook(SMALL)
    assert render_folder(SMALL) == render_folder(SMALL)
