"""Official lists in files: understood completely, or not used; every finding at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.border.catalogue import FieldClass
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.annex_file import (
    annex_document,
    annex_of,
    house_row_document,
    house_row_of,
    parse_annex,
)
from saltbridge.testing.annexes import (
    FREES_COORDINATES,
    LISTS_CHEMISTRY,
    MEANS_NOTHING,
    annex_toml,
)

ITEMS = (FREES_COORDINATES, LISTS_CHEMISTRY, MEANS_NOTHING)
CSV = """\
# pack = "cn-automotive-2026"
# edition = "2026"
# citation = "An invented list for tests"
# read_on = 2026-11-20
# items = 3
number,category,text,class,groups,paths,kinds,becomes,nothing
7-1,production,places of civil plants,general,coordinates,,,internal,
7-2,production,chemistry of cells,important_candidate,,{paths},battery-supplier-record,,
9-9,road,images from the road,core,,,,,a battery record holds no images
""".format(paths=" ".join(LISTS_CHEMISTRY["paths"]))


def codes(content: bytes, name: str = "a.toml") -> list[str]:
    with pytest.raises(FaultyInput) as fault:
        parse_annex(content, name)
    return [f.code for f in fault.value.findings]


def test_toml_and_csv_say_the_same():
    toml = parse_annex(annex_toml(*ITEMS), "a.toml")
    table = parse_annex(CSV.encode(), "a.csv")
    assert toml == table and toml.digest == table.digest
    assert [i.field_class for i in toml.items] == [
        None,
        FieldClass.IMPORTANT_CANDIDATE,
        FieldClass.CORE,
    ]


def test_what_is_stored_is_understood_again():
    annex = parse_annex(annex_toml(*ITEMS), "a.toml")
    assert annex_of(annex_document(annex), confirmed=True) == annex


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"class": "importent"}, "annex.unknown-class"),
        ({"class": "public"}, "annex.unknown-class"),
        ({"groups": ["coordinate"]}, "annex.unknown-group"),
        ({"groups": []}, "annex.item-not-matched"),
        ({"nothing": "x"}, "annex.item-not-matched"),
        ({"becomes": "public"}, "annex.becomes"),
        ({"becomes": ""}, "annex.becomes"),
        ({"class": "core"}, "annex.becomes"),
        ({"paths": ["/no/such/row"]}, "annex.frees-no-row"),
        ({"paths": ["plant"]}, "annex.not-a-pattern"),
        ({"kinds": ["recipe"]}, "annex.unknown-kind"),
        ({"number": ""}, "annex.missing-member"),
        ({"number": 7}, "annex.wrong-value"),
        ({"groups": "coordinates"}, "annex.wrong-value"),
        ({"note": "x"}, "annex.unknown-member"),
    ],
)
def test_an_item_that_is_not_understood_refuses_the_whole_list(change, code):
    parse_annex(annex_toml(FREES_COORDINATES), "a.toml")
    assert code in codes(annex_toml({**FREES_COORDINATES, **change}))


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ({"items": 51}, "annex.items-missing"),
        ({"items": True}, "annex.items-missing"),
        ({"pack": None}, "annex.missing-member"),
        ({"pack": 1}, "annex.wrong-value"),
        ({"citation": ""}, "annex.wrong-value"),
        ({"read_on": "yesterday"}, "annex.wrong-value"),
        ({"edition": None, "items": None}, "annex.missing-member"),
        ({"author": "x"}, "annex.unknown-member"),
    ],
)
def test_the_head_is_understood_too(head, code):
    assert code in codes(annex_toml(*ITEMS, **head))


def test_everything_is_said_at_once():
    bad = {**FREES_COORDINATES, "class": "x", "groups": ["y"], "kinds": ["z"]}
    found = codes(annex_toml(bad, {"number": 1}, FREES_COORDINATES, FREES_COORDINATES, items=9))
    assert {
        "annex.items-missing",
        "annex.unknown-class",
        "annex.unknown-group",
        "annex.unknown-kind",
        "annex.wrong-value",
        "annex.number-twice",
    } <= set(found)


def test_broken_files_are_faulty_and_nothing_else():
    assert codes(b"\xff\xfe", "a.toml") == ["annex.unreadable"]
    assert codes(b"x = [", "a.toml") == ["annex.unreadable"]
    assert codes(b"x" * 1_000_001) == ["annex.too-large"]
    assert codes(CSV.replace("class", "klass").encode(), "a.csv") == ["annex.wrong-columns"]
    longer = CSV.replace("no images", "no images,more")
    assert "annex.unknown-member" in codes(longer.encode(), "a.csv")


@given(st.binary(max_size=400), st.sampled_from(["a.toml", "a.csv"]))
def test_any_bytes_are_a_list_or_faulty(content, name):
    try:
        parse_annex(content, name)
    except FaultyInput as fault:
        assert fault.findings


def test_a_row_of_ones_own_has_a_class_that_stays_and_a_reason():
    stated = {"path": "/product/name", "class": "trade_secret", "reason": "code name"}
    row = house_row_of(stated)
    assert house_row_of(house_row_document(row)) == row
    for wrong in ({"class": "public"}, {"reason": ""}, {"path": "x"}, {"kinds": ["x"]}):
        with pytest.raises(FaultyInput):
            house_row_of({**stated, **wrong})
