"""Electricity follows the rule of the methodology, and bases are never mixed in silence."""

from dataclasses import replace
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.declare.declaration import declaration_or_findings
from saltbridge.footprint.model import Carrier, ElectricityContract, Inventory
from saltbridge.footprint.result import CarbonFootprint, HoleReason
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

DRAFT, CATENA, MIIT = "eu-cfb@draft-2024-04", "catena-x-pcf@v4", "cn-miit-551@2025-551"
CHINA = factor("electricity", 0.5777, "kWh", location="CN", year=2024)
CHINA_2023 = factor("electricity", 0.6205, "kWh", location="CN", year=2023)
FUJIAN = factor(
    "electricity", 0.4211, "kWh", location="CN-FJ", year=2023, gas_basis="co2",
    scope="operational",
)  # fmt: skip
WIND = ElectricityContract(
    id="wind", kind="ppa", share=0.5, kg_co2e_per_kwh=0.0336, source="MEE 2025 No. 3"
)


def plant(contract: str = "", **more: Any) -> Inventory:
    known: dict[str, Any] = {"electricity": (WIND,), **more}
    return inventory(
        process("cell"),
        row(
            "cell", "input", "electricity, medium voltage", 100.0, "kWh", location="CN-FJ",
            carrier=Carrier.ELECTRICITY, contract=contract,
        ),
        **known,
    )  # fmt: skip


def values(result: CarbonFootprint) -> list[tuple[float, float, str]]:
    return [
        (round(c.amount, 9), c.factor.kg_co2e_per_unit, c.rule) for c in result.contributions
    ]


def test_draft_takes_the_national_mix_of_the_province() -> None:
    result = footprint(plant(), CHINA, CHINA_2023, FUJIAN, methodology=DRAFT)
    assert values(result) == [(100.0, 0.5777, "electricity.mix.country")]


def test_the_year_of_the_activity_data_or_the_one_before() -> None:
    later = factor("electricity", 0.5, "kWh", location="CN", year=2025)
    result = footprint(plant(), later, CHINA_2023, methodology=DRAFT)
    assert values(result)[0][1] == 0.6205


def test_a_purchase_agreement_counts_in_catena_x_and_not_in_the_draft() -> None:
    """Hand: 50 kWh at 0.0336 and the rest at the mix; the draft takes the mix for all."""
    market = footprint(plant("wind"), CHINA, methodology=CATENA)
    assert values(market) == [
        (50.0, 0.0336, "electricity.contract.ppa"),
        (50.0, 0.5777, "electricity.mix.location"),
    ]
    national = footprint(plant("wind"), CHINA, methodology=DRAFT)
    assert values(national) == [(100.0, 0.5777, "electricity.mix.country")]
    assert "footprint.contract-not-accepted" in {f.code for f in national.findings}


@pytest.mark.parametrize(("cancelled", "counts"), [(True, True), (None, True), (False, False)])
def test_a_direct_line_counts_in_both_unless_certificates_are_sold(
    cancelled: bool | None, counts: bool
) -> None:
    roof = ElectricityContract(
        id="roof", kind="direct_line", kg_co2e_per_kwh=0.0545, certificates_cancelled=cancelled
    )
    for methodology in (DRAFT, CATENA):
        what = plant("roof", electricity=(roof,))
        result = footprint(what, CHINA, methodology=methodology)
        assert values(result)[0][1] == (0.0545 if counts else 0.5777)


@pytest.mark.parametrize(("cancelled", "told"), [(True, False), (None, True), (False, False)])
def test_unknown_certificates_are_told_and_stand_in_the_way(
    cancelled: bool | None, told: bool
) -> None:
    """Sold certificates count nothing, cancelled ones are in order; the unknown is told."""
    bought = replace(WIND, certificates_cancelled=cancelled)
    what = plant("wind", electricity=(bought,))
    code = "footprint.contract-certificates-unknown"
    result = footprint(what, CHINA, methodology=CATENA)
    assert (code in {f.code for f in result.findings}) is told
    assert (code in {f.code for f in declaration_or_findings(result)[1]}) is told
    refused = footprint(what, CHINA, methodology=DRAFT)  # no contract counts: none is asked
    assert code not in {f.code for f in refused.findings}


def test_operational_co2_is_refused_and_bounds_the_hole_from_below() -> None:
    others = (
        factor("electricity", 0.9, "kWh", location="PL", year=2023),
        factor("electricity", 0.4, "kWh", location="DE", year=2023),
    )
    result = footprint(plant(), FUJIAN, *others, methodology=CATENA)
    (hole,) = result.holes
    assert hole.reason is HoleReason.BASIS_REFUSED
    assert (hole.low_kg_co2e, hole.high_kg_co2e) == (pytest.approx(42.11), pytest.approx(90.0))
    assert "footprint.basis-refused" in {f.code for f in result.findings}
    mixed = footprint(
        plant(), FUJIAN, methodology=CATENA, assumptions={"electricity_basis": "mixed"}
    )
    assert mixed.total_kg_co2e == pytest.approx(42.11)
    assert dict(mixed.assumptions) == {"electricity_basis": "mixed"}


def test_no_mix_is_a_hole() -> None:
    (hole,) = footprint(plant(), methodology=DRAFT).holes
    assert hole.reason is HoleReason.NO_FACTOR


def test_an_unread_rule_gives_a_range_over_its_candidates() -> None:
    result = footprint(plant("wind"), CHINA, methodology=MIIT)
    (hole,) = result.holes
    assert hole.reason is HoleReason.RULE_NOT_LOADED
    assert hole.low_kg_co2e == pytest.approx(50 * 0.0336 + 50 * 0.5777)
    assert hole.high_kg_co2e == pytest.approx(57.77)
    assert "electricity" in {r.id for r in result.rules_not_loaded}
    settled = footprint(
        plant("wind"), CHINA, methodology=MIIT, assumptions={"electricity": "location_mix"}
    )
    assert settled.total_kg_co2e == pytest.approx(57.77)
    assert not settled.holes
    assert "assumption.electricity" in {r.id for r in settled.rules}


def test_an_unread_rule_stays_open_even_where_its_candidates_agree() -> None:
    (hole,) = footprint(plant(), CHINA, methodology=MIIT).holes
    assert hole.reason is HoleReason.RULE_NOT_LOADED
    assert hole.low_kg_co2e == hole.high_kg_co2e == pytest.approx(57.77)
    roof = ElectricityContract(id="roof", kind="direct_line", kg_co2e_per_kwh=0.0545)
    result = footprint(plant("roof", electricity=(roof,)), CHINA, methodology=MIIT)
    assert [h.reason for h in result.holes] == [HoleReason.RULE_NOT_LOADED]
    assert result.total_kg_co2e == 0.0


def test_assumptions_are_checked() -> None:
    for assumptions in ({"weather": "fine"}, {"electricity": "free"}, {"cycles": "many"}):
        with pytest.raises(FaultyInput):
            footprint(plant(), CHINA, methodology=MIIT, assumptions=assumptions)
    with pytest.raises(FaultyInput):
        footprint(plant(), CHINA, methodology=DRAFT, assumptions={"electricity": "contract"})
