"""Known faults seeded into every example: each is told at its place with its reason.

A fault stands for a class: grams for kilograms, kilowatt hours for megajoules, a comma that
slipped, a row copied, metal that atoms do not allow, energy below what nature asks for, results
and factors outside of what is published. The clean example says none of it. Rates over many
rows stand in ``test_plausibility``; here every class is caught in every example.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.footprint.test_plausibility import PACKS, example, with_row
from tests.services.test_closing import stand_in

from saltbridge.adapters.factors.library import OPEN_2026, Library
from saltbridge.core.finding import Finding, Place
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import Direction, FactorSet, Inventory, LocalFactor
from saltbridge.footprint.plausibility import check_plausibility, check_result
from saltbridge.locales import LANGUAGES, number, text
from saltbridge.testing.inventories import DAY

Change = Callable[[Inventory], tuple[Inventory, Place]]


def found(inventory: Inventory, process: str, flow: str) -> int:
    """The one row of a process that takes a flow; both by how their names begin or end."""
    (index,) = [
        i
        for i, row in enumerate(inventory.exchanges)
        if row.direction is Direction.INPUT
        and row.process.startswith(process)
        and flow in row.flow
    ]
    return index


@dataclass(frozen=True)
class Rows:
    """Where each class of fault is seeded in an example: process and flow."""

    electrolyte: tuple[str, str]
    power: tuple[str, str]
    heat: tuple[str, str]
    metal: tuple[str, str]
    element: str
    least: str  # the process with a least energy; of LFP the drying of a paste with NMP


CELL, PREMISE = "battery-cell-production", "market group for electricity"
ROWS = {
    "nmc111": Rows(
        ("cell", "electrolyte"), ("active-material", "electricity"), ("cathode", "heat"),
        ("active-material", "lithium carbonate"), "Li", "graphite",
    ),
    "nmc622": Rows(
        (CELL, "electrolyte"), ("nmc622-oxide", PREMISE), ("cathode-nmc622", "heat"),
        ("nmc622-hydroxide", "nickel sulfate"), "Ni", "nmc622-oxide",
    ),
    "nmc811": Rows(
        (CELL, "electrolyte"), ("nmc811-oxide", PREMISE), ("cathode-nmc811", "heat"),
        ("nmc811-hydroxide", "nickel sulfate"), "Ni", "nmc811-oxide",
    ),
    "lfp": Rows(
        (CELL, "Electrolyte"), ("anode-graphite", PREMISE), ("anode-graphite", "heat"),
        ("lithium-iron-phosphate", "iron sulfate"), "Fe", CELL,
    ),
}  # fmt: skip


def times(inventory: Inventory, at: tuple[str, str], factor: float, unit: str = "") -> Any:
    index = found(inventory, *at)
    row = inventory.exchanges[index]
    changed = replace(row, amount=row.amount * factor, unit=unit or row.unit)
    return with_row(inventory, index, changed), row


def told(inventory: Inventory, name: str) -> list[Finding]:
    """What is said now and was not said of the clean example."""
    before = {(f.code, f.place, str(f.arguments)) for f in check_plausibility(example(name))}
    return [
        f
        for f in check_plausibility(inventory)
        if (f.code, f.place, str(f.arguments)) not in before
    ]


def assert_reason(finding: Finding, *reasons: str) -> None:
    """Message and remedy name these arguments, in every language."""
    for language in LANGUAGES:
        words = text(finding.code, finding.arguments, language)
        words += text(f"{finding.code}.remedy", finding.arguments, language)
        for reason in reasons:
            value = finding.arguments[reason]
            told = number(value, language) if isinstance(value, float) else str(value)
            assert told in words, (language, reason, words)


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize(
    "factor", [1000.0, 100.0, 10.0, 0.1, 0.01, 0.001],
    ids=["g for kg", "comma x 100", "comma x 10", "comma / 10", "comma / 100", "t for kg"],
)  # fmt: skip
def test_a_slipped_amount_is_named_with_the_right_one(name: str, factor: float) -> None:
    changed, row = times(example(name), ROWS[name].electrolyte, factor)
    (finding,) = [f for f in told(changed, name) if f.code == "plausibility.decimal-slip"]
    assert finding.place == replace(row.place, column="amount")
    assert finding.arguments["corrected"] == pytest.approx(row.amount, rel=1e-9)
    assert_reason(finding, "amount", "corrected", "low", "high", "source")


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize(
    ("which", "factor"), [("power", 3.6), ("heat", 3.6), ("heat", 1 / 3.6), ("power", 1 / 3.6)]
)
def test_kilowatt_hours_and_megajoules(name: str, which: str, factor: float) -> None:
    """The number was counted in the other unit."""
    changed, row = times(example(name), getattr(ROWS[name], which), factor)
    (finding,) = [f for f in told(changed, name) if f.code == "plausibility.unit-slip"]
    assert finding.place == replace(row.place, column="amount")
    assert finding.arguments["corrected"] == pytest.approx(row.amount, rel=1e-9)
    assert_reason(finding, "amount", "corrected", "low", "high", "source")


@pytest.mark.parametrize("name", PACKS)
def test_a_copied_row(name: str) -> None:
    inventory = example(name)
    row = inventory.exchanges[found(inventory, *ROWS[name].electrolyte)]
    twice = replace(row, place=Place("exchanges.csv", 9999))
    (finding,) = told(replace(inventory, exchanges=(*inventory.exchanges, twice)), name)
    assert finding.code == "plausibility.row-twice" and finding.place == twice.place
    assert_reason(finding, "first", "flow")


@pytest.mark.parametrize("name", PACKS)
def test_metal_that_atoms_do_not_allow(name: str) -> None:
    """A fifth less of a salt; and the salt left out."""
    inventory, rows = example(name), ROWS[name]
    changed, row = times(inventory, rows.metal, 0.5)
    (finding,) = [
        f
        for f in told(changed, name)
        if f.code == "plausibility.element-short" and f.arguments["element"] == rows.element
    ]
    assert finding.place == replace(row.place, column="amount")
    assert_reason(finding, "element", "percent", "least")
    gone = with_row(inventory, found(inventory, *rows.metal), None)
    missing = [f for f in told(gone, name) if f.arguments.get("element") == rows.element]
    assert [f.code for f in missing] == ["plausibility.element-missing"]
    assert_reason(missing[0], "element", "need")


@pytest.mark.parametrize("name", PACKS)
def test_energy_below_what_nature_asks_for(name: str) -> None:
    inventory, process = example(name), ROWS[name].least
    starved = replace(
        inventory,
        exchanges=tuple(
            replace(r, amount=r.amount / 1000)
            if r.process.startswith(process) and r.carrier.value in ("electricity", "heat")
            else r
            for r in inventory.exchanges
        ),
    )
    code = "drying-below-latent-heat" if name == "lfp" else "energy-below-minimum"
    (finding,) = [f for f in told(starved, name) if f.code == f"plausibility.{code}"]
    assert float(str(finding.arguments["taken"])) < float(str(finding.arguments["least"]))
    assert_reason(finding, "taken", "least", "flow" if name == "lfp" else "reason")


# --- results beside what is published ---------------------------------------------------------

DRAFT = "eu-cfb@draft-2024-04"


def median_prices(name: str) -> FactorSet:
    """A bare machine has no background: the stand-in, scaled to the published median per kg."""
    if name == "nmc111":
        return Library().factor_set(OPEN_2026)
    prices = stand_in(name)
    result = calculate(example(name), *choose("catena-x-pcf@v4", DAY), [prices])
    scale = 17.63 * float(example(name).product.mass_kg or 0) / result.total_kg_co2e
    return replace(
        prices,
        factors=tuple(
            replace(f, kg_co2e_per_unit=f.kg_co2e_per_unit * scale) for f in prices.factors
        ),
    )


def weighed(inventory: Inventory, prices: FactorSet) -> tuple[Finding, ...]:
    return check_result(calculate(inventory, *choose(DRAFT, DAY), [prices]), inventory)


@pytest.mark.parametrize("name", PACKS)
def test_a_result_outside_of_what_is_published(name: str) -> None:
    """The same pack for a battery said to weigh, and to hold, a tenth or ten times as much."""
    inventory, prices = example(name), median_prices(name)
    assert weighed(inventory, prices) == ()
    product = inventory.product
    for column, unit in (("mass_kg", "kg CO2e/kg"), ("usable_energy_kwh", "kg CO2e/kWh")):
        light = replace(product, **{column: getattr(product, column) / 10})
        (finding,) = weighed(replace(inventory, product=light), prices)
        assert finding.code == "plausibility.result-outside"
        assert finding.arguments["unit"] == unit
        assert_reason(finding, "low", "high", "source")


def test_a_credit_larger_than_any_published() -> None:
    """hand: -243.7 kg, 325.6 + 77.7 for aluminium; nine times more is -3,873 kg, -161 a kWh.
    All holes at their high price bring back 419 kg: -144. Published: -29 to -5."""
    inventory, prices = example("nmc111"), median_prices("nmc111")
    scrap = tuple(
        replace(r, amount=r.amount * 10) if r.flow == "aluminium scrap" else r
        for r in inventory.exchanges
    )
    (finding,) = weighed(replace(inventory, exchanges=scrap), prices)
    assert finding.code == "plausibility.credit-outside"
    assert finding.arguments["value"] == pytest.approx(-161.4, abs=0.1)
    assert_reason(finding, "low", "high", "source")


@pytest.mark.parametrize("name", PACKS)
def test_a_factor_outside_of_what_is_published(name: str) -> None:
    """Lithium carbonate at 3,620 g counted as kilograms (published: 3.62 to 24.1 kg/kg)."""
    inventory = example(name)
    slipped = LocalFactor(
        id="slip", flow="lithium carbonate", unit="kg", kg_co2e_per_unit=3620.0,
        source="invented", place=Place("factors.csv", 99),
    )  # fmt: skip
    (finding,) = told(replace(inventory, factors=(*inventory.factors, slipped)), name)
    assert finding.code == "plausibility.factor-outside"
    assert_reason(finding, "source")
    right = replace(slipped, kg_co2e_per_unit=3.62)
    assert told(replace(inventory, factors=(*inventory.factors, right)), name) == []
