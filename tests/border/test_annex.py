"""Classes under official lists: the strictest wins, and all lists have to agree on mildness."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.border.test_decide import AT, CARS, context

from saltbridge.border.annex import (
    BECOMES,
    Annex,
    AnnexItem,
    HouseRow,
    changes,
    reclassified,
)
from saltbridge.border.catalogue import FieldClass, catalogue_for, catalogued_kinds
from saltbridge.border.context import Recipient, Secrets, Terms
from saltbridge.border.decide import decide
from saltbridge.border.rules import packaged_packs
from saltbridge.testing.canaries import battery_record

RECORD = "battery-supplier-record"


def annex(*items: AnnexItem, pack: str = "cn-automotive-2026", confirmed: bool = True) -> Annex:
    return Annex(
        pack=pack,
        edition="2026",
        citation="c",
        read_on=date(2026, 11, 20),
        items=items,
        confirmed=confirmed,
    )


def general(*groups: str, becomes: FieldClass = FieldClass.INTERNAL) -> AnnexItem:
    return AnnexItem(
        number="1",
        category="",
        text="t",
        field_class=None,
        groups=frozenset(groups),
        becomes=becomes,
    )


def listed(
    field_class: FieldClass, *, groups: tuple[str, ...] = (), paths: tuple[str, ...] = ()
):
    return AnnexItem(
        number="2",
        category="",
        text="t",
        field_class=field_class,
        groups=frozenset(groups),
        paths=frozenset(paths),
    )


def classes_of(catalogue, group: str) -> set[FieldClass]:
    return {e.field_class for e in catalogue.entries if e.group == group}


def test_a_list_frees_what_it_expressly_frees():
    before = catalogue_for(RECORD)
    after = reclassified(before, ["cn-automotive-2026"], [annex(general("coordinates"))], [])
    assert classes_of(before, "coordinates") == {FieldClass.IMPORTANT_CANDIDATE}
    assert classes_of(after, "coordinates") == {FieldClass.INTERNAL}
    assert after.digest != before.digest and len(after.under) == 1
    assert all(c.milder for c in changes(before, after))


@pytest.mark.parametrize(
    ("speaking", "annexes"),
    [
        (["cn-automotive-2026"], [annex(general("coordinates"), confirmed=False)]),
        (["cn-automotive-2026", "other"], [annex(general("coordinates"))]),
        ([], [annex(general("coordinates"))]),
        (["cn-automotive-2026"], [annex(general("plant"))]),
        (
            ["cn-automotive-2026"],
            [annex(general("coordinates"), listed(FieldClass.CORE, groups=("plant",)))],
        ),
    ],
    ids=["unconfirmed", "another list is not loaded", "not its place", "other group", "mixed"],
)
def test_nothing_becomes_milder_before_everybody_agrees(speaking, annexes):
    before = catalogue_for(RECORD)
    after = reclassified(before, speaking, annexes, [])
    freed = [c for c in changes(before, after) if c.milder]
    expected_free = annexes[0].items[-1].field_class is FieldClass.CORE
    assert bool(freed) is expected_free  # listing the plant does not undo freeing the place


def test_a_list_that_frees_and_names_the_same_field_names_it():
    both = annex(general("coordinates"), listed(FieldClass.CORE, groups=("coordinates",)))
    after = reclassified(catalogue_for(RECORD), ["cn-automotive-2026"], [both], [])
    assert classes_of(after, "coordinates") == {FieldClass.CORE}


def test_of_two_lists_the_stricter_class_holds():
    two = [
        annex(general("coordinates", becomes=FieldClass.INTERNAL)),
        annex(general("coordinates", becomes=FieldClass.TRADE_SECRET), pack="zone"),
    ]
    after = reclassified(catalogue_for(RECORD), ["cn-automotive-2026", "zone"], two, [])
    assert classes_of(after, "coordinates") == {FieldClass.TRADE_SECRET}


def test_a_row_with_a_wildcard_is_never_opened():
    freeing = annex(general("coordinates", becomes=FieldClass.CONTRACT))
    after = reclassified(catalogue_for(RECORD), ["cn-automotive-2026"], [freeing], [])
    assert classes_of(after, "coordinates") == {FieldClass.IMPORTANT_CANDIDATE}


def test_what_a_list_names_stays_though_a_contract_would_let_it_go():
    naming = annex(listed(FieldClass.IMPORTANT_CANDIDATE, paths=("/product/chemistry",)))
    under = reclassified(catalogue_for(RECORD), ["cn-automotive-2026"], [naming], [])
    document = battery_record()
    document["product"]["chemistry"] = "NMC"
    secrets = Secrets(b"k" * 32)
    plain = decide(document, context(), catalogue_for(RECORD), packaged_packs(), secrets)
    listed_ = decide(document, context(), under, packaged_packs(), secrets)
    assert plain.view["product"]["chemistry"] == "NMC"
    assert "chemistry" not in listed_.view["product"]


entries = [e for k in catalogued_kinds() for e in catalogue_for(k).entries]
paths = st.sampled_from(sorted({e.path for e in entries}))


@settings(deadline=None, max_examples=15)
@given(
    path=paths,
    field_class=st.sampled_from(list(FieldClass)),
    kind=st.sampled_from(catalogued_kinds()),
)
def test_a_row_of_ones_own_never_makes_anything_milder(path, field_class, kind):
    row = HouseRow(path=path, field_class=field_class, reason="r")
    before = catalogue_for(kind)
    after = reclassified(before, [], [], [row])
    assert not any(c.milder for c in changes(before, after))


@settings(deadline=None, max_examples=15)
@given(
    groups=st.sets(st.sampled_from(sorted({e.group for e in entries})), min_size=1),
    becomes=st.sampled_from(sorted(BECOMES)),
    kind=st.sampled_from(catalogued_kinds()),
)
def test_a_list_frees_only_what_might_be_important(groups, becomes, kind):
    before = catalogue_for(kind)
    freeing = annex(general(*groups, becomes=FieldClass(becomes)))
    after = reclassified(before, ["cn-automotive-2026"], [freeing], [])
    for change in changes(before, after):
        assert change.before is FieldClass.IMPORTANT_CANDIDATE and change.group in groups


def test_one_bad_circumstance_keeps_everything_though_a_list_is_loaded():
    """With the list loaded and confirmed, one wrong value still keeps all but the public."""
    packs = tuple(
        replace(p, state="annex-loaded", annex_digest="sha256:x")
        if p.state == "annex-not-loaded"
        else p
        for p in packaged_packs()
    )
    freeing = annex(general("coordinates", becomes=FieldClass.INTERNAL))
    under = reclassified(catalogue_for(RECORD), ["cn-automotive-2026"], [freeing], [])
    bad = {
        "zone": {"zone": "shanghai-lingang", "agreement": None},
        "recipient": {"recipient": Recipient("BPNL0000000OTHER", "x", "EU")},
        "counters": {"counters": None},
        "terms": {"agreement": Terms("o", "offer", (CARS.bpn,), ("x",), AT)},
        "purpose": {"purpose": "x"},
        "destination": {"destination": "US"},
    }
    assert not decide(
        battery_record(), context(), under, packs, Secrets(b"k" * 32)
    ).withholds_all_but_public
    for changed in bad.values():
        decision = decide(
            battery_record(), replace(context(), **changed), under, packs, Secrets(b"k" * 32)
        )
        assert decision.withholds_all_but_public, changed
