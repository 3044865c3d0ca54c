"""The export catalogue: what no row names stays; the strictest row holds."""

import tomllib
from importlib.resources import files

import pytest

from saltbridge.border.catalogue import (
    MAY_LEAVE_AS_IT_IS,
    FieldClass,
    UnknownDocumentKind,
    catalogue_for,
    parse_catalogue,
    segments,
)

KINDS = (
    "pcf",
    "battery-supplier-record",
    "receipt",
    "passport-public-view",
    "what-if-estimate",
)


def entry_at(kind: str, *path: str | None):
    catalogue = catalogue_for(kind)
    state = catalogue.start()
    for key in path:
        state = catalogue.step(state, key)
    return catalogue.entry(state)


def table(**row: object) -> dict[str, object]:
    return {
        "kind": "test",
        "edition": "1",
        "applies_from": None,
        "citation": "",
        "field": [{"group": "g", **row}],
    }


def test_the_strictest_of_two_rows_holds():
    rows = table(**{"class": "contract", "paths": ["/a/b"]})
    rows["field"].append({"group": "g", "class": "trade_secret", "paths": ["/a/**"]})  # type: ignore[attr-defined]
    catalogue = parse_catalogue(rows, {"attribute": {}, "shape": {}})
    state = catalogue.step(catalogue.step(catalogue.start(), "a"), "b")
    assert catalogue.entry(state).field_class is FieldClass.TRADE_SECRET


@pytest.mark.parametrize("path", ["/a/*", "/a/**", "/**"])
def test_a_wildcard_that_could_leave_is_refused(path):
    with pytest.raises(ValueError, match="unknown fields"):
        parse_catalogue(
            table(**{"class": "contract", "paths": [path]}), {"attribute": {}, "shape": {}}
        )


def test_array_elements_do_not_match_keys_of_objects():
    assert entry_at("pcf", "records", None, "flow") is not None
    assert entry_at("pcf", "records", "0", "flow") is None


@pytest.mark.parametrize(
    "path",
    [
        ("footprint", "lines", None, "amount"),
        ("footprint", "lines", None, "factor", "value"),
        ("footprint", "lines", None, "anything", "new"),
        ("footprint", "holes", None, "flow"),
        ("evidence", None, "file"),
        ("suppliers", None, "bpn"),
    ],
)
def test_the_recipe_and_those_behind_it_are_trade_secrets(path):
    entry = entry_at("battery-supplier-record", *path)
    assert entry.field_class is FieldClass.TRADE_SECRET and not entry.transform


def test_restricted_attributes_are_stopped_in_a_public_view_at_any_depth():
    attributes = tomllib.loads(
        (files("saltbridge.border") / "packs/attributes.toml").read_text("utf-8")
    )["attribute"]
    restricted = {id for id, row in attributes.items() if row["annex"][0] in "234"}
    assert {"A065", "A046", "A035", "A093", "A141"} <= restricted
    for id in attributes:
        for path in ((id, "value"), ("attributes", id, "value"), ("x", None, id, "y", "z")):
            entry = entry_at("passport-public-view", *path)
            assert (entry.field_class is FieldClass.PUBLIC) is (id not in restricted), path


def test_every_attribute_has_a_row_and_agrees_with_the_passport_room():
    from saltbridge.passport.attributes import attribute_table

    attributes = tomllib.loads(
        (files("saltbridge.border") / "packs/attributes.toml").read_text("utf-8")
    )["attribute"]
    point_of = {"public": 1, "restricted": 2, "composition": 2, "authority": 3, "individual": 4}
    table = attribute_table()
    assert set(attributes) == set(table)
    for id, row in attributes.items():
        assert point_of.get(row["access"], 4) == table[id].point, id


@pytest.mark.parametrize("kind", KINDS)
def test_catalogues_are_dated_and_name_their_reason(kind):
    catalogue = catalogue_for(kind)
    assert catalogue.edition and catalogue.citation and catalogue.applies_from.year >= 2024
    assert catalogue.digest.startswith("sha256:")


def test_leaving_rows_name_every_key():
    for kind in KINDS[:3]:
        for entry in catalogue_for(kind).entries:
            if entry.field_class in MAY_LEAVE_AS_IT_IS and entry.transform != "digest-value":
                assert not {"*", "**"} & set(segments(entry.path)), entry.path


@pytest.mark.parametrize("kind", ["", "unknown", "../pcf", "a/b"])
def test_an_unknown_kind_has_no_catalogue(kind):
    with pytest.raises(UnknownDocumentKind):
        catalogue_for(kind)
