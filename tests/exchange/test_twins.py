"""What a partner may know of a twin, and the lists by which it finds one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.exchange.twins import (
    EVERY_PARTNER,
    OWNER,
    PUBLIC_READABLE,
    Aspect,
    AssetId,
    AssetLink,
    Twin,
    links_of,
    list_name,
    readers,
    seen_by,
)

ONE, TWO, THREE = "BPNL00000000OEM1", "BPNL00000000OEM2", "BPNL00000000OEM3"
TWIN = Twin(
    "urn:uuid:t",
    (
        AssetId("manufacturerPartId", "P-1", (ONE, PUBLIC_READABLE)),
        AssetId("partInstanceId", "S-1", (ONE, TWO)),
        AssetId("customerPartId", "C-1", (PUBLIC_READABLE,)),  # may not be open
        AssetId("ownId", "O-1"),
    ),
    (
        Aspect(
            "urn:uuid:a", "urn:samm:x:1.0.0#Y", ("https://d.example/a",), {"id": "urn:uuid:a"}
        ),
    ),
    global_asset_id="urn:uuid:g",
    asset_kind="Instance",
    document={"idShort": "Secret_name"},
)


def names(twin):
    return [a.name for a in twin.asset_ids]


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        (OWNER, ["manufacturerPartId", "partInstanceId", "customerPartId", "ownId"]),
        (ONE, ["manufacturerPartId", "partInstanceId"]),
        (TWO, ["manufacturerPartId", "partInstanceId"]),
        (EVERY_PARTNER, ["manufacturerPartId"]),
    ],
)
def test_each_reader_sees_its_own_identifiers(reader, seen):
    assert names(seen_by(TWIN, reader)) == seen


def test_who_is_not_named_does_not_see_the_twin():
    assert seen_by(TWIN, THREE) is None
    assert seen_by(replace(TWIN, asset_ids=()), EVERY_PARTNER) is None


def test_nobody_learns_who_else_is_named():
    assert [a.readers for a in seen_by(TWIN, TWO).asset_ids] == [(PUBLIC_READABLE,), (TWO,)]


def test_every_partner_sees_id_aspects_and_open_identifiers_only():
    seen = seen_by(TWIN, EVERY_PARTNER)
    assert (seen.global_asset_id, seen.asset_kind, dict(seen.document)) == ("", "", {})
    assert [a.id for a in seen.aspects] == ["urn:uuid:a"]


def test_an_identifier_of_another_name_is_never_open():
    shut = replace(TWIN, asset_ids=(AssetId("customerPartId", "C-1", (PUBLIC_READABLE,)),))
    assert readers(shut) == ()
    assert seen_by(shut, EVERY_PARTNER) is None


def test_readers_are_business_partners_and_every_partner():
    assert readers(TWIN) == (ONE, TWO, EVERY_PARTNER)
    odd = replace(TWIN, asset_ids=(AssetId("n", "v", ("owner", "every-partner", "x")),))
    assert readers(odd) == ()
    assert seen_by(odd, EVERY_PARTNER) is None


def test_a_twin_is_found_by_what_its_reader_sees():
    found = {(k.name, k.value) for k in links_of(seen_by(TWIN, TWO))}
    assert ("partInstanceId", "S-1") in found
    assert ("globalAssetId", "urn:uuid:g") in found
    assert ("ownId", "O-1") not in found


@given(st.lists(st.text(max_size=4), min_size=6, max_size=6))
def test_lists_of_different_readers_or_links_are_different_lists(parts):
    one, two = parts[:3], parts[3:]
    same = list_name(one[0], AssetLink(*one[1:])) == list_name(two[0], AssetLink(*two[1:]))
    assert same == (one == two)
