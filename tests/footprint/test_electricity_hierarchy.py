"""Steps of an electricity rule: contract, residual mix, consumption mix; bases kept apart."""

from dataclasses import replace

import pytest

from saltbridge.adapters.factors.library import Library
from saltbridge.core.edition import Edition
from saltbridge.footprint.calculate import calculate_under
from saltbridge.footprint.electricity import Basis, basis_of
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.methodology import (
    CONTRACT_THEN_RESIDUAL,
    LOCATION_MIX,
    ElectricityRule,
    RuleSet,
)
from saltbridge.footprint.model import (
    Carrier,
    ElectricityContract,
    EmissionFactor,
    FactorSet,
    Inventory,
    LocalFactor,
)
from saltbridge.footprint.result import CarbonFootprint, HoleReason
from saltbridge.testing.inventories import factor, factor_set, inventory, process, row

GRID = factor("electricity", 0.5777, "kWh", location="CN", year=2024)
LEFT = factor("electricity", 0.7, "kWh", location="CN", year=2024, market="residual", id="left")
LEFT_CO2 = replace(LEFT, id="left-co2", gas_basis="co2", scope="operational", market="residual")
WIND = ElectricityContract(id="wind", kind="ppa", share=0.5, kg_co2e_per_kwh=0.0336)


def rules(rule: ElectricityRule) -> RuleSet:
    v4 = methodologies()["catena-x-pcf"].rule_set(Edition("v4", "in_force", None))  # type: ignore[arg-type]
    return replace(v4, electricity=(rule,))


def plant(**more: str) -> Inventory:
    known = {"carrier": Carrier.ELECTRICITY, "location": "CN", **more}
    power = row("cell", "input", "electricity", 100.0, "kWh", **known)
    return inventory(process("cell"), power, electricity=(WIND,))


def under(
    rule: ElectricityRule, what: Inventory, *factors: EmissionFactor, **assumed: str
) -> CarbonFootprint:
    sets: list[FactorSet] = [factor_set(*factors)]
    return calculate_under(rules(rule), "catena-x-pcf", what, sets, assumptions=assumed)


def supplies(result: CarbonFootprint) -> list[tuple[str, float]]:
    return [(c.rule, round(c.kg_co2e, 9)) for c in result.contributions]


def test_what_no_contract_covers_takes_the_residual_mix() -> None:
    """Hand: 50 kWh of wind at 0.0336, the other 50 at 0.7 and not at the grid's 0.5777."""
    result = under(CONTRACT_THEN_RESIDUAL, plant(contract="wind"), GRID, LEFT)
    assert supplies(result) == [
        ("electricity.contract.ppa", 1.68),
        ("electricity.mix.residual", 35.0),
    ]


def test_the_grid_mix_never_takes_a_residual_factor() -> None:
    assert supplies(under(LOCATION_MIX, plant(), LEFT, GRID)) == [
        ("electricity.mix.country", 57.77)
    ]
    (hole,) = under(LOCATION_MIX, plant(), LEFT).holes
    assert hole.reason is HoleReason.NO_FACTOR


def test_without_a_residual_mix_the_next_step_is_taken_and_told() -> None:
    result = under(CONTRACT_THEN_RESIDUAL, plant(), GRID)
    assert supplies(result) == [("electricity.mix.location", 57.77)]
    assert "pass.no-residual-mix" in {f.code for f in result.findings}


def test_a_residual_mix_on_another_basis_is_refused_and_not_skipped() -> None:
    result = under(CONTRACT_THEN_RESIDUAL, plant(), GRID, LEFT_CO2)
    (hole,) = result.holes
    assert hole.reason is HoleReason.BASIS_REFUSED
    assert hole.low_kg_co2e == pytest.approx(70.0)
    told = {f.code for f in result.findings}
    assert {"pass.residual-refused", "footprint.basis-refused"} <= told
    mixed = under(CONTRACT_THEN_RESIDUAL, plant(), GRID, LEFT_CO2, electricity_basis="mixed")
    assert supplies(mixed) == [("electricity.mix.residual", 70.0)]


def test_the_chinese_residual_like_factor_of_the_open_set_is_refused() -> None:
    """Published: 0.6096 kg CO2 (2023, without market-traded non-fossil) counts CO2 only."""
    open_set = Library().factor_set("open-2026")
    result = calculate_under(rules(CONTRACT_THEN_RESIDUAL), "catena-x-pcf", plant(), [open_set])
    (told,) = [f for f in result.findings if f.code == "pass.residual-refused"]
    assert told.arguments["value"] == 0.6096
    assert (told.arguments["gas_basis"], told.arguments["scope"]) == ("co2", "operational")
    assert result.contributions == ()


def test_a_market_factor_is_no_way_round_a_rule_of_location() -> None:
    green = factor("green power", 0.0, "kWh", location="CN", market="market", id="green")
    result = under(LOCATION_MIX, plant(factor="green"), GRID, green)
    assert supplies(result) == [("electricity.mix.country", 57.77)]
    assert "pass.market-factor-refused" in {f.code for f in result.findings}
    accepted = under(CONTRACT_THEN_RESIDUAL, plant(factor="green"), GRID, green)
    assert [c.factor.id for c in accepted.contributions] == ["green"]


def test_a_factor_says_its_basis() -> None:
    assert basis_of(LEFT_CO2) == Basis("co2", "operational", "residual", 2024)
    assert LOCATION_MIX.contracts == frozenset({"direct_line"})


@pytest.mark.parametrize("rule", [LOCATION_MIX, CONTRACT_THEN_RESIDUAL])
def test_a_factor_of_the_market_is_never_taken_for_the_grid_mix(rule: ElectricityRule) -> None:
    """An own factor of green power, for the same flow and place and of a newer year."""
    green = LocalFactor(
        id="green", flow="electricity", unit="kWh", location="CN", year=2025,
        kg_co2e_per_unit=0.02, market="market", source="supplier", licence="own",
    )  # fmt: skip
    what = replace(plant(), factors=(green,))
    assert supplies(under(rule, what, GRID)) == [(f"electricity.mix.{rule.mix}", 57.77)]
    without_grid = under(rule, what, replace(GRID, location="FR"))
    assert [h.reason for h in without_grid.holes] == [HoleReason.NO_FACTOR]
