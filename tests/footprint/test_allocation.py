"""Allocation in the order of the rule: subdivision, price ratio, economic, substitution.

hand: a mine with 30 kg CO2 and 900 kWh at 0.01 kg: 39 kg for 1 kg copper and 0.02 kg cobalt.
By mass a kg of cobalt bears 39/1.02 = 38.2353 kg.
"""

from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.allocation import Allocated, allocate
from saltbridge.footprint.declare.declaration import declaration_or_findings
from saltbridge.footprint.methodology import (
    PHYSICAL_BELOW_PRICE_RATIO,
    PHYSICAL_THEN_ECONOMIC,
    AllocationRule,
)
from saltbridge.footprint.model import CoProductRole, Inventory
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

BY_MASS = 39 / 1.02


def mine(cobalt_price: float | None, *rows: Any, **more: Any) -> Inventory:
    known = {"reference_price": 8500.0, "price_currency": "USD", **more}
    return inventory(
        process("demand"),
        row("demand", "input", "co", 1.0),
        process("mine", "cu", **known),
        row("mine", "output", "co", 0.02, price=cobalt_price, price_currency="USD"),
        row("mine", "emission", "CO2", 39.0, origin="fossil"),
        *rows,
    )


def score(allocated: Allocated) -> float:
    return footprint(allocated.inventory).total_kg_co2e


def codes(allocated: Allocated) -> list[str]:
    return [f.code for f in allocated.findings]


@pytest.mark.parametrize(
    ("price", "expected", "basis"),
    [
        # 30,000 / 8,500 = 3.5: mass. 42,500 is exactly five times: still mass.
        (30000.0, BY_MASS, "physical"),
        (42500.0, BY_MASS, "physical"),
        # 50,000 is 5.9 times: 39·(0.02·50,000)/(8,500 + 1,000)/0.02
        (50000.0, 39 * 1000 / 9500 / 0.02, "economic"),
        # worth nothing: infinitely far from copper; it bears nothing
        (0.0, 0.0, "economic"),
    ],
)
def test_physical_holds_up_to_the_price_ratio(
    price: float, expected: float, basis: str
) -> None:
    allocated = allocate(mine(price), PHYSICAL_BELOW_PRICE_RATIO)
    assert allocated.shares[0].basis == basis
    assert score(allocated) == pytest.approx(expected, rel=1e-12)
    assert codes(allocated) == (["pass.price-ratio"] if basis == "economic" else [])


def test_a_missing_price_is_told_and_keeps_the_result_an_estimate() -> None:
    allocated = allocate(mine(None), PHYSICAL_BELOW_PRICE_RATIO)
    assert codes(allocated) == ["pass.price-missing"]
    assert score(allocated) == pytest.approx(BY_MASS, rel=1e-12)
    other = allocate(mine(30000.0, price_currency="CNY"), PHYSICAL_BELOW_PRICE_RATIO)
    assert codes(other) == ["pass.price-missing"]


def test_rows_of_one_product_are_its_own_and_the_rest_is_shared() -> None:
    """Hand: 0.5 kg CO2 of cobalt drying are cobalt's alone: 38.2353 + 0.5/0.02 = 63.2353."""
    drying = row("mine", "emission", "CO2", 0.5, origin="fossil", only_for="co")
    what = mine(30000.0, drying)
    for rule in (PHYSICAL_THEN_ECONOMIC, PHYSICAL_BELOW_PRICE_RATIO):
        assert score(allocate(what, rule)) == pytest.approx(BY_MASS + 25.0, rel=1e-12)
    # A rule without subdivision shares the row like any other.
    mass = AllocationRule(name="mass", order=("mass",))
    assert score(allocate(what, mass)) == pytest.approx(39.5 / 1.02, rel=1e-12)


def test_a_row_for_a_product_that_is_not_made_is_a_fault() -> None:
    what = mine(30000.0, row("mine", "emission", "CO2", 0.5, only_for="gold"))
    assert codes(allocate(what, PHYSICAL_THEN_ECONOMIC)) == ["pass.only-for-unknown"]


def test_substitution_as_the_last_step_of_a_rule() -> None:
    """Hand: no mass in common and no prices; 39 kg less 2 kWh of heat at 0.25 kg avoided."""
    what = inventory(
        process("plant"),
        row("plant", "output", "heat", 2.0, "kWh"),
        row("plant", "emission", "CO2", 39.0, origin="fossil"),
    )
    rule = AllocationRule(name="iso", order=("physical", "mass", "economic", "substitution"))
    allocated = allocate(what, rule)
    assert allocated.shares[0].basis == "substitution"
    result = footprint(allocated.inventory, factor("heat", 0.25, "kWh"))
    assert result.total_kg_co2e == pytest.approx(38.5, rel=1e-12)
    assert codes(allocate(what, PHYSICAL_THEN_ECONOMIC)) == ["footprint.allocation-impossible"]


def test_avoided_copper_gives_1795_per_kg_cobalt_and_is_no_declaration() -> None:
    """Hand (lca.md §5): (39 − 3.1)/0.02 = 1,795 kg per kg Co, 47 times that by mass."""
    what = inventory(
        process("demand"),
        row("demand", "input", "co", 1.0),
        process("mine", "co", production_amount=0.02),
        row("mine", "output", "cu", 1.0, role=CoProductRole.SUBSTITUTE),
        row("mine", "emission", "CO2", 39.0, origin="fossil"),
    )
    result = footprint(what, factor("cu", 3.1))
    assert result.total_kg_co2e == pytest.approx(1795.0, rel=1e-12)
    assert "pass.substitution-by-row" in {f.code for f in declaration_or_findings(result)[1]}


def test_a_co_product_of_nothing_is_refused() -> None:
    what = inventory(
        process("cell"),
        row("cell", "output", "scrap", 0.0),
        row("cell", "emission", "CO2", 1.0),
    )
    with pytest.raises(FaultyInput) as fault:
        footprint(what)
    assert [f.code for f in fault.value.findings] == ["pass.zero-output"]
