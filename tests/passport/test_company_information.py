"""The estimate beside the passport: stages, origins, and no transport counted twice."""

from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.passport.company_information import footprint_estimate
from saltbridge.passport.model import Origin, OriginKind
from saltbridge.testing.deliveries import DISTRIBUTION, FOOTPRINT

MAKER = Origin(OriginKind.SUPPLIER_RECORD, "Minjiang Cell", "urn:uuid:1")
CARMAKER = Origin(OriginKind.OPERATOR, "Isarwerk", "did:web:isarwerk.example")


def estimate(supplied: Any = FOOTPRINT, own: Any = DISTRIBUTION) -> dict[str, Any]:
    return footprint_estimate(supplied, MAKER, own, CARMAKER)


def test_the_own_distribution_replaces_the_supplied_one() -> None:
    """hand: 1700 − 30 + 62.5 = 1732.5 kg; / 11520 kWh = 0.15039 kg/kWh."""
    found = estimate()
    assert found["total_kg_co2e"] == pytest.approx(1732.5, rel=1e-12)
    assert found["declared_unit"] == {
        "value": pytest.approx(0.150390625, rel=1e-12),
        "unit": "kg CO2e/kWh",
    }
    assert found["range_kg_co2e"] == {"low": 1722.5, "high": 1792.5}
    assert found["kind"] == "estimate"


def test_every_stage_says_who_stands_behind_it() -> None:
    parties = {tuple(s["stages"]): s["origin"]["party"] for s in estimate()["stages"]}
    assert parties.pop(("distribution",)) == "Isarwerk"
    assert set(parties.values()) == {"Minjiang Cell"}


def test_the_total_is_the_sum_of_its_stages_and_keeps_a_credit() -> None:
    found = estimate()
    assert sum(s["kg_co2e"] for s in found["stages"]) == pytest.approx(found["total_kg_co2e"])
    assert min(s["kg_co2e"] for s in found["stages"]) == -50.0


def test_without_an_own_distribution_the_supplied_one_stands() -> None:
    found = estimate(own=None)
    assert found["total_kg_co2e"] == 1700.0
    assert found["distribution_replaced"] is False


def test_a_distribution_told_only_with_other_stages_is_not_added_to() -> None:
    """The border room told distribution and production as one sum: nothing may be added."""
    merged = {
        **FOOTPRINT,
        "stages": {"raw_material_acquisition": 1300.0, "end_of_life": -50.0},
        "stages_merged": {"stages": ["main_production", "distribution"], "kg_co2e": 450.0},
    }
    found = estimate(merged)
    assert found["total_kg_co2e"] == 1700.0
    assert found["distribution_replaced"] is False
    assert ["main_production", "distribution"] in [s["stages"] for s in found["stages"]]


def test_a_record_without_stages_is_one_bar() -> None:
    only_total = {k: v for k, v in FOOTPRINT.items() if k != "stages"}
    assert [len(s["stages"]) for s in estimate(only_total)["stages"]] == [4]


def test_lines_and_recipes_of_a_record_do_not_get_into_the_estimate() -> None:
    told = {
        **FOOTPRINT,
        "lines": [{"stage": "main_production", "flow": "CANARY", "factor": {}}],
        "holes": [{"flow": "CANARY"}],
        "assumptions": {"CANARY": "CANARY"},
    }
    assert "CANARY" not in repr(estimate(told))


@pytest.mark.parametrize(
    ("supplied", "own", "code"),
    [
        ({}, None, "passport.footprint-incomplete"),
        ({"total_kg_co2e": 1900.0}, None, "passport.footprint-sum"),
        ({"total_kg_co2e": float("nan")}, None, "passport.footprint-incomplete"),
        ({"methodology": {}}, None, "passport.footprint-incomplete"),
        (
            None,
            {"methodology": {"id": "eu-cfb", "edition": "later"}},
            "passport.footprint-other-method",
        ),
        (
            None,
            {"stages": {"main_production": 62.5}},
            "passport.footprint-no-distribution",
        ),
        (
            None,
            {"stages": {"main_production": 0.5, "distribution": 62.0}},
            "passport.footprint-other-stages",
        ),
        (None, {"holes": [{"flow": "ferry"}]}, "passport.footprint-hole"),
    ],
)
def test_records_that_do_not_fit_are_refused(supplied: Any, own: Any, code: str) -> None:
    record = FOOTPRINT if supplied is None else ({**FOOTPRINT, **supplied} if supplied else {})
    with pytest.raises(FaultyInput) as fault:
        estimate(record, None if own is None else {**DISTRIBUTION, **own})
    assert code in [f.code for f in fault.value.findings]


def test_six_digits_after_a_border_still_add_up() -> None:
    rounded = {**FOOTPRINT, "total_kg_co2e": 1700.01}
    assert estimate(rounded)["total_kg_co2e"] == pytest.approx(1732.5)


def test_the_value_per_unit_is_rounded_as_the_rule_set_rounds() -> None:
    found = estimate({**FOOTPRINT, "significant_digits": 3})
    assert found["declared_unit"]["value"] == 0.15


def test_a_stage_keeps_the_weakest_confidence_its_maker_stated() -> None:
    stated = {"raw_material_acquisition": "illustrative", "main_production": "a lie"}
    found = {
        tuple(s["stages"]): s["confidence"]
        for s in estimate({**FOOTPRINT, "stage_confidence": stated})["stages"]
    }
    assert found[("raw_material_acquisition",)] == "illustrative"
    assert found[("main_production",)] == ""


def test_without_holes_there_is_no_range_to_tell() -> None:
    total = FOOTPRINT["total_kg_co2e"]
    found = estimate({**FOOTPRINT, "range_kg_co2e": {"low": total, "high": total}})
    assert "range_kg_co2e" not in found


@pytest.mark.parametrize(
    "member", ["unit", "methodology", "period", "coverage", "data_quality"]
)
def test_members_nobody_knows_are_not_told_to_everybody(member: str) -> None:
    more = {**FOOTPRINT[member], "CANARY": "CANARY", "title": {"CANARY": 1}, "end": ["CANARY"]}
    found = estimate({**FOOTPRINT, member: more}, own=None)
    assert "CANARY" not in repr(found)
    plain = estimate(own=None)[member]
    assert found[member] == {k: v for k, v in plain.items() if k not in ("title", "end")}


def test_a_share_that_is_no_number_is_not_told() -> None:
    told = estimate({**FOOTPRINT, "primary_data_share": {"CANARY": 1}})
    assert "primary_data_share" not in told
