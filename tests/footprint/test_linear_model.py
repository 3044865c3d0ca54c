"""The linear model: the same total as the footprint, parameters that stay shared, and exact
derivatives (golden by hand; finite differences agree for any inventory)."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from tests.footprint.test_properties import DRAFT, PRICES, inventories

from saltbridge.footprint.linear_model import LinearModel, ParameterKind
from saltbridge.footprint.model import Carrier, CircularTerms, Inventory, LocalFactor
from saltbridge.testing.inventories import factor, inventory, model, process, row
from saltbridge.testing.linear_systems import inventory_of

# Published: Heijungs & Suh 2002, ch. 2; the derivatives are worked out by hand:
# score = 1000 / q · (1 + f · 10 / 100) with q = 10 and f = 2.
TEXTBOOK: Mapping[str, Any] = {
    "id": "heijungs-suh",
    "demand": {"electricity": 1000},
    "processes": {
        "electricity production": {
            "outputs": {"electricity": 10},
            "inputs": {"fuel": 2},
            "emissions": {"CO2": 1, "SO2": 0.1},
        },
        "fuel production": {
            "outputs": {"fuel": 100},
            "emissions": {"CO2": 10, "SO2": 2, "crude oil": -50},
        },
    },
}
FUEL = "amount:electricity production:input:fuel"
POWER = "output:electricity production"


def test_gradient_of_the_textbook_example() -> None:
    found = model(inventory_of(TEXTBOOK))
    slopes = found.gradient()
    assert found.score() == pytest.approx(120.0, rel=1e-12)
    assert slopes[FUEL] == pytest.approx(10.0, rel=1e-12)
    assert slopes[POWER] == pytest.approx(-12.0, rel=1e-12)
    assert slopes[FUEL] * 2 / 120 == pytest.approx(1 / 6, rel=1e-12)
    assert slopes[POWER] * 10 / 120 == pytest.approx(-1.0, rel=1e-12)
    assert found.unit_footprints()["electricity production"] == pytest.approx(0.12, rel=1e-12)


def central_difference(found: LinearModel, id: str) -> float:
    value = found.values[found.number(id)]
    step = max(abs(value), 1e-3) * 1e-5
    above, below = found.with_value(id, value + step), found.with_value(id, value - step)
    return (above.score() - below.score()) / (2 * step)


@settings(deadline=None, max_examples=15)
@given(inventories())
def test_derivatives_agree_with_finite_differences(what: Inventory) -> None:
    found = model(what, *PRICES, methodology=DRAFT)
    assert found.score() == pytest.approx(found.footprint.total_kg_co2e, rel=1e-12, abs=1e-12)
    slopes = found.gradient()
    for id in found.ids:
        near = {"rel": 1e-5, "abs": 1e-6 * max(1.0, abs(found.score()))}
        assert slopes[id] == pytest.approx(central_difference(found, id), **near), id


@settings(deadline=None, max_examples=15)
@given(inventories())
def test_stages_sum_to_the_score_and_to_its_gradient(what: Inventory) -> None:
    found = model(what, *PRICES, methodology=DRAFT)
    total = sum(found.by_stage().values())
    assert total == pytest.approx(found.score(), rel=1e-12, abs=1e-12)
    whole, parts = found.gradient(), [found.gradient(stage) for stage in found.stages]
    for id in found.ids:
        assert sum(p[id] for p in parts) == pytest.approx(whole[id], rel=1e-9, abs=1e-9)


def test_a_factor_used_by_two_rows_is_one_parameter() -> None:
    grid = {"carrier": Carrier.ELECTRICITY, "location": "CN"}
    what = inventory(
        process("cell"),
        row("cell", "input", "electrode", 2.0),
        row("cell", "input", "electricity", 3.0, "kWh", **grid),
        process("electrode"),
        row("electrode", "input", "electricity", 5.0, "kWh", **grid),
    )
    found = model(what, factor("electricity", 0.6, "kWh", location="CN", id="grid"))
    assert found.gradient()["factor:grid"] == pytest.approx(13.0, rel=1e-12)
    changed = found.with_factor("grid", 0.1)
    assert changed.score() == pytest.approx(1.3, rel=1e-12)
    assert found.score() == pytest.approx(7.8, rel=1e-12)
    with pytest.raises(KeyError):
        found.with_factor("another grid", 0.1)


def test_an_allocated_row_is_one_parameter_in_all_its_copies() -> None:
    """Hand: 30 kg CO2 shared 50:50 by mass between two outputs that are both used."""
    what = inventory(
        process("use"),
        row("use", "input", "cu", 1.0),
        row("use", "input", "co", 1.0),
        process("mine", "cu", allocation="mass"),
        row("mine", "output", "co", 1.0),
        row("mine", "emission", "CO2", 30.0, origin="fossil"),
    )
    found = model(what)
    assert found.score() == pytest.approx(30.0, rel=1e-12)
    assert found.gradient()["amount:mine:emission:CO2"] == pytest.approx(1.0, rel=1e-12)
    halved = found.with_value("amount:mine:emission:CO2", 15.0)
    assert halved.score() == pytest.approx(15.0, rel=1e-12)


def test_the_value_of_the_circular_formula_is_a_derived_factor() -> None:
    """Hand: cut-off with R1 0.4 of 10 and 2 kg: 6.8 kg CO2e per kg; 3 kg are taken."""
    terms = CircularTerms(id="al", material="aluminium", R1=0.4, Ev=10.0, Erecycled=2.0)
    what = inventory(
        process("pack"),
        row("pack", "input", "aluminium", 3.0, circular="al"),
        circular=(terms,),
    )
    found = model(what)
    derived = [p for p in found.parameters if p.kind is ParameterKind.FACTOR]
    assert [p.id for p in derived] == ["factor:circular_acquisition:al"]
    assert derived[0].value == pytest.approx(6.8, rel=1e-12)
    assert found.gradient()[derived[0].id] == pytest.approx(3.0, rel=1e-12)


def test_rows_of_one_flow_have_ids_of_their_own_and_keep_them() -> None:
    rows = [
        process("cell"),
        row("cell", "input", "nickel", 1.0),
        row("cell", "input", "nickel", 2.0),
        row("cell", "input", "nickel", 4.0, location="CN"),
    ]
    found = model(inventory(*rows), factor("nickel", 5.0))
    name = "amount:cell:input:nickel"
    ids = [p.id for p in found.parameters if p.kind is ParameterKind.AMOUNT]
    assert ids == [name, f"{name}#2", f"{name}@CN"]


def test_holes_are_not_in_the_model() -> None:
    what = inventory(
        process("cell"),
        row("cell", "input", "nickel", 2.0),
        row("cell", "input", "unknown powder", 9.0),
    )
    found = model(what, factor("nickel", 5.0))
    assert found.score() == pytest.approx(10.0, rel=1e-12)
    assert [h.flow for h in found.footprint.holes] == ["unknown powder"]
    assert not any("powder" in p.id for p in found.parameters)


def test_a_pointer_shares_the_parameter_of_what_it_points_to() -> None:
    what = inventory(
        process("cell"),
        row("cell", "input", "nickel", 2.0),
        row("cell", "input", "nickel plate", 3.0),
        factors=(LocalFactor(id="plate", flow="nickel plate", unit="kg", same_as="ni"),),
    )
    found = model(what, factor("nickel", 5.0, id="ni"))
    assert found.gradient()["factor:ni"] == pytest.approx(5.0, rel=1e-12)
