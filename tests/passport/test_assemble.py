"""Layers, derived values, and views per audience."""

import json
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from saltbridge.passport.access import Audience
from saltbridge.passport.assemble import (
    assemble,
    derived_values,
    next_version,
    parse_rendered,
    parse_values,
    render_value,
)
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_values import check_value
from saltbridge.passport.data_carrier import check_identifiers, is_serial
from saltbridge.passport.model import (
    AttributeValue,
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    OriginKind,
)
from saltbridge.passport.validate import Readiness, readiness
from saltbridge.passport.views import header, part_name, parts, presented_view, unshown
from saltbridge.passport.views import view as view_of

MAKER = Origin(OriginKind.SUPPLIER_RECORD, "Minjiang Cell", "urn:uuid:1")
OPERATOR = Origin(OriginKind.OPERATOR, "Isarwerk")
DAY = date(2027, 2, 18)


def passport_of(model: dict[str, Any], operator: dict[str, Any] | None = None) -> ItemPassport:
    values, _ = parse_values(model, MAKER, "/attributes")
    own, _ = parse_values(operator or {}, OPERATOR, "/facts")
    return assemble(
        id="urn:uuid:4f9c1a52-6f60-4c0a-8d7e-0a7b54f3f1aa",
        product_id="https://id.example/01/09521234567899/21/A1",
        gtin="09521234567899",
        category="ev",
        placed_on_market=DAY,
        issued_at="2026-11-23T12:00:00Z",
        issuer=Issuer("Isarwerk", "did:web:isarwerk.example", "BPNL00000000OEM1"),
        model=ModelFacts(values),
        item=ItemFacts("A1", {}),
        operator=own,
        on=DAY,
    )


def view(passport: ItemPassport, audience: Audience, status: Readiness) -> dict[str, Any]:
    return view_of(header(passport, status), parts(passport, status), audience)


def test_the_operator_answers_for_the_passport_and_the_origin_is_kept() -> None:
    passport = passport_of(
        {"A033": {"value": 1.0, "unit": "kg"}}, {"A033": {"value": 2, "unit": "kg"}}
    )
    assert passport.values["A033"].value == 2
    assert passport.values["A033"].origin is OPERATOR


@pytest.mark.parametrize("id", ["A041", "A047", *(f"A{n:03d}" for n in range(49, 60))])
def test_what_may_not_be_filled_yet_stays_out_even_if_given(id: str) -> None:
    passport = passport_of({id: {"value": 76.3}})
    assert id in passport.suppressed
    for audience in Audience:
        document = view(passport, audience, readiness(passport.values, "ev", DAY))
        assert id not in document["attributes"]
        assert id in document["not_yet_required"]


def test_what_is_not_for_the_category_stays_out() -> None:
    assert "A119" in passport_of({"A119": {"value": 0.1, "unit": "ohm"}}).suppressed


@pytest.mark.parametrize("audience", Audience)
def test_a_view_leaves_no_trace_of_other_audiences(audience: Audience) -> None:
    """Not even an id in a list of absent attributes: absent and forbidden look the same."""
    everything = {
        id: {"value": f"canary-{id}"} for id in attribute_table() if id not in ("A032",)
    }
    passport = passport_of(everything)
    told = repr(view(passport, audience, readiness(passport.values, "ev", DAY)))
    points = {"public": {1}, "legitimate_interest": {1, 2, 4}, "authority": {1, 2, 3}}
    for attribute in attribute_table().values():
        if attribute.point not in points[audience.value]:
            assert f"'{attribute.id}'" not in told
            assert f"canary-{attribute.id}'" not in told


def test_each_attribute_stands_in_the_part_of_its_point_and_in_no_other() -> None:
    everything = {id: {"value": f"canary-{id}"} for id in attribute_table() if id != "A032"}
    passport = passport_of(everything)
    status = readiness(passport.values, "ev", DAY)
    held = parts(passport, status)
    assert set(held) == {1, 2, 3, 4}
    for point, part in held.items():
        assert part["attributes"]
        for id in (*part["attributes"], *part.get("not_yet_required", ())):
            assert attribute_table()[id].point == point
    assert repr(header(passport, status)).count("canary") == 0
    told = {"kind": "x", **header(passport, status)}
    told |= {part_name(point): part for point, part in held.items() if point != 2}
    whole = presented_view(told)
    assert (whole["points"], whole["audience"]) == ([1, 3, 4], "")  # no audience has both


def test_the_next_version_keeps_origins_and_works_out_anew() -> None:
    """hand: 1 − 72/75 = 4 %, then 1 − 60/75 = 20 %."""
    facts = {
        "A087": {"value": 75.0, "unit": "Ah"},
        "A088": {"value": 72.0, "unit": "Ah", "measured_on": "2026-11-02"},
        "A049": {"value": 0.1, "unit": "kgCO2e/kWh"},  # not to be filled in yet: kept back
    }
    first = passport_of(facts)
    assert first.values["A090"].value == 4.0
    assert list(first.kept_back) == ["A049"]
    changed, _ = parse_values(
        {"A088": {"value": 60.0, "unit": "Ah", "measured_on": "2029-01-02"}}, OPERATOR, "/x"
    )
    second = next_version(first, changed, issued_at="2029-01-03T08:00:00Z", on=DAY)
    assert (first.version, second.version) == (1, 2)
    assert second.values["A015"].value == "2"
    assert second.values["A006"].value == "2029-01-03T08:00:00Z"
    assert second.values["A090"].value == 20.0
    assert second.values["A087"].origin == MAKER
    assert second.values["A088"].origin == OPERATOR
    assert list(second.kept_back) == ["A049"]
    assert unshown(second)["A049"]["value"] == 0.1


@pytest.mark.parametrize(
    "value",
    [
        AttributeValue(1.5, "kg", MAKER, measured_on="2026-11-02"),
        AttributeValue(None, "", OPERATOR, not_applicable="no cobalt"),
        AttributeValue(None, "", OPERATOR, unknown="not told"),
        AttributeValue([], "", MAKER),
    ],
)
def test_a_rendered_value_reads_as_it_was(value: AttributeValue) -> None:
    assert parse_rendered(render_value("A033", value)) == value


def test_fades_are_worked_out_from_the_individual_values() -> None:
    """hand: 1 − 72/75 = 4 %; 0.126 over 0.12 = 5 % more; 21.6 of 24 kWh = 90 %."""

    def held(number: float, unit: str) -> AttributeValue:
        return AttributeValue(number, unit, MAKER, measured_on="2026-11-02")

    derived = derived_values(
        {
            "A087": held(75.0, "Ah"),
            "A088": held(72.0, "Ah"),
            "A115": held(0.12, "ohm"),
            "A117": held(0.126, "ohm"),
            "A091": held(24.0, "kWh"),
            "A092": held(21.6, "kWh"),
        }
    )
    assert {id: v.value for id, v in derived.items()} == {
        "A090": 4.0,
        "A093": 90.0,
        "A118": 5.0,
    }
    assert derived["A090"].origin.kind is OriginKind.COMPUTED
    assert derived["A090"].measured_on == "2026-11-02"


def test_an_empty_list_says_none_rather_than_nothing() -> None:
    passport = passport_of({"A064": {"value": []}})
    document = view(passport, Audience.PUBLIC, readiness(passport.values, "ev", DAY))
    assert document["attributes"]["A064"]["none"] is True


@pytest.mark.parametrize(
    "serial", ["", " A", "A" * 21, "..", "A\n", "é", "A#1", "A|B", "A\u202eB"]
)
def test_serials_that_cannot_stand_in_the_address_are_refused(serial: str) -> None:
    assert not is_serial(serial)
    found = check_identifiers("09521234567899", [serial], "https://id.example")
    assert [f.code for f in found] == ["passport.bad-serial"]


def test_identifier_faults_come_all_at_once() -> None:
    found = check_identifiers("09521234567890", ["A", "A", "é"], "ftp://x")
    assert {f.code for f in found} == {
        "passport.bad-gtin",
        "passport.bad-base-url",
        "passport.bad-serial",
        "passport.serial-twice",
    }


def samples() -> dict[str, Any]:
    """A structured value per attribute that may hold one, as the example passport states it."""
    stated = json.loads(
        (files("saltbridge.passport") / "example.json").read_text(encoding="utf-8")
    )["attributes"]
    return {id: e for id, e in stated.items() if isinstance(e.get("value"), dict | list)}


def planted(value: Any) -> Any:
    """The value with a canary in every mapping, at every depth."""
    if isinstance(value, dict):
        return {
            **{k: planted(v) for k, v in value.items()},
            "colour": "CANARY",
            "x": ["CANARY"],
        }
    return [planted(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("id", sorted(samples()))
def test_a_member_nobody_knows_is_shown_to_nobody(id: str) -> None:
    """A structured value has its audience as a whole; unknown members would travel along."""
    entry = samples()[id]
    values, _ = parse_values({id: {**entry, "value": planted(entry["value"])}}, MAKER, "")
    assert "CANARY" not in repr(values[id].value)
    plain, _ = parse_values({id: entry}, MAKER, "")
    assert values[id].value == plain[id].value == entry["value"]
    if planted(entry["value"]) != entry["value"]:
        assert {"colour", "x"} <= values[id].unexpected.keys()
        codes = [f.code for f in check_value(attribute_table()[id], values[id])]
        assert codes == ["passport.unknown-member"]


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("A063", {"code": "NMC111", "name": {"CANARY": "CANARY"}}),
        ("A063", {"code": "NMC111", "name": ["CANARY"]}),
        ("A026", {"name": "Isarwerk", "address": {"street": "1", "CANARY": "CANARY"}}),
        ("A044", {"title": {"en": {"CANARY": "CANARY"}}, "url": "https://a.example"}),
    ],
)
def test_a_member_that_is_no_plain_value_does_not_smuggle(id: str, value: Any) -> None:
    values, _ = parse_values({id: {"value": value}}, MAKER, "")
    assert "CANARY" not in repr(values[id].value)


@pytest.mark.parametrize("member", ["unit", "measured_on", "not_applicable", "unknown"])
def test_what_stands_beside_a_value_is_a_text(member: str) -> None:
    values, _ = parse_values({"A018": {"value": "P1", member: {"x": "CANARY"}}}, MAKER, "")
    assert getattr(values["A018"], member) == ""
    assert member in values["A018"].unexpected
