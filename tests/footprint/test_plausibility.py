"""Plausibility: bounds worked out by hand, quiet examples, and how often errors are caught.

The rates are measured on the shipped inventories, whose amounts are also among those the
reference ranges were taken from. They show that the checks work, not how they do on a plant.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from random import Random

import pytest

from saltbridge.adapters.inventory_files import load
from saltbridge.core.finding import Finding, Place
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import (
    Carrier,
    Direction,
    ElectricityContract,
    Exchange,
    Inventory,
)
from saltbridge.footprint.plausibility import check_plausibility
from saltbridge.footprint.plausibility.chemistry import (
    atoms,
    composition,
    energy_bound_kwh_per_kg,
    fractions,
    molar_mass,
    salt_needed,
)
from saltbridge.footprint.plausibility.copies import compared
from saltbridge.footprint.units import mass_kg

ROOT = Path(__file__).resolve().parents[2]
PACKS = ("nmc111", "nmc622", "nmc811", "lfp")


@lru_cache(maxsize=8)
def example(name: str) -> Inventory:
    return load(ROOT / "examples" / f"{name}-pack").inventory


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [f.code.removeprefix("plausibility.") for f in findings]


# --- chemistry, by hand -------------------------------------------------------------------


def test_nmc811_needs_the_salts_that_arithmetic_says() -> None:
    """hand: Ni 0.8 x 58.693 / 97.28 = 48.27 %; 262.85 x 0.8 / 97.28 = 2.162; 41.96 / 97.28."""
    nmc811 = "LiNi0.8Mn0.1Co0.1O2"
    assert fractions(nmc811)["Ni"] == pytest.approx(0.4827, abs=5e-5)
    assert salt_needed(nmc811, "NiSO4·6H2O", "Ni") == pytest.approx(2.1615, abs=1e-3)
    assert salt_needed(nmc811, "LiOH·H2O", "Li") == pytest.approx(0.4314, abs=1e-3)


@pytest.mark.parametrize(
    ("formula", "grams"),
    [
        ("LiFePO4", 157.757),  # hand: 6.94 + 55.845 + 30.974 + 4 x 15.999
        ("NiSO4·6H2O", 262.845),  # hand
        ("Al2(SO4)3", 342.13),  # hand: 2 x 26.982 + 3 x 96.056
        ("LiCoO2", 97.871),  # hand
    ],
)
def test_molar_masses(formula: str, grams: float) -> None:
    assert molar_mass(formula) == pytest.approx(grams, abs=0.01)


@pytest.mark.parametrize("text", ["", "Xx2", "Li(O2", "LiO)2", "lithium", "2Li"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        atoms(text)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("NMC811 oxide", "LiNi0.8Mn0.1Co0.1O2"),
        ("NMC955 oxide", "LiNi0.9Mn0.05Co0.05O2"),
        ("NMC622 hydroxide", "Ni0.6Mn0.2Co0.2(OH)2"),
        ("NCA oxide", "LiNi0.8Co0.15Al0.05O2"),
        ("lithium carbonate, battery grade", "Li2CO3"),
        ("磷酸铁锂", "LiFePO4"),
        ("cathode, NMC811, for Li-ion battery", None),
        ("battery cell, NMC811", None),
        ("used Li-ion battery", None),
        ("steel", None),
    ],
)
def test_names_of_the_trade(name: str, formula: str | None) -> None:
    found = composition(name)
    assert (found.name if found else None) == formula


def test_a_name_that_leaves_the_order_open_takes_the_kinder_reading() -> None:
    found = composition("NMC532 oxide")
    assert found is not None
    assert found.least["Co"] < found.most["Co"]
    assert found.least["Ni"] == pytest.approx(found.most["Ni"], rel=5e-3)


def test_lfp_cannot_hold_more_than_its_lithium() -> None:
    """hand: 26.801 Ah/mol / 0.15776 kg/mol = 169.9 Ah/kg; x 3.3 V = 0.561 kWh/kg."""
    found = composition("LiFePO4")
    assert found is not None
    assert energy_bound_kwh_per_kg(found) == pytest.approx(0.5606, abs=1e-3)


# --- the shipped examples: each alarm has been looked at ------------------------------------


def test_examples_alarm_only_where_the_source_loses_metal() -> None:
    """The source's NMC622 and NMC811 precursors hold 3 and 4 % less metal than they make."""
    assert codes(check_plausibility(example("nmc111"))) == []
    assert codes(check_plausibility(example("lfp"))) == []
    for name, metals in (("nmc622", {"Ni", "Co"}), ("nmc811", {"Ni", "Co", "Mn"})):
        found = check_plausibility(example(name))
        assert set(codes(found)) == {"element-short"}
        assert {f.arguments["element"] for f in found} == metals
        assert all(95 < float(f.arguments["percent"]) < 97.5 for f in found)


# --- injected errors -------------------------------------------------------------------------


def weighty(inventory: Inventory) -> list[int]:
    """Rows that carry a process: energy, and materials of a fiftieth of its product or more."""
    processes = {p.id: p for p in inventory.processes}
    found = []
    for index, row in enumerate(inventory.exchanges):
        process = processes[row.process]
        if row.direction is not Direction.INPUT or row.process == "battery":
            continue
        product = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
        kg = mass_kg(row.amount, row.unit, row.mass_kg_per_unit)
        energy = row.carrier in (Carrier.ELECTRICITY, Carrier.HEAT)
        if product and (energy or (kg is not None and kg >= product / 50)):
            found.append(index)
    return found


def with_row(inventory: Inventory, index: int, row: Exchange | None) -> Inventory:
    rows = list(inventory.exchanges)
    rows[index : index + 1] = [] if row is None else [row]
    return replace(inventory, exchanges=tuple(rows))


def scaled(factor: float) -> Callable[[Inventory, int], Inventory]:
    def change(inventory: Inventory, index: int) -> Inventory:
        row = inventory.exchanges[index]
        return with_row(inventory, index, replace(row, amount=row.amount * factor))

    return change


def chain(inventory: Inventory) -> list[int]:
    """The weighty rows of what a cell maker runs: pack, cell, electrodes, active material."""
    own = ("pack", "module", "housing", "cell", "electrolyte", "cathode", "anode")
    named = ("battery-", "cathode-n", "anode-graphite", "nmc", "electrolyte-", "lithium-iron")
    return [
        i
        for i in weighty(inventory)
        if (process := inventory.exchanges[i].process) in (*own, "active-material", "graphite")
        or process.startswith(named)
    ]


def energies(inventory: Inventory) -> list[int]:
    carriers = (Carrier.ELECTRICITY, Carrier.HEAT)
    return [i for i in chain(inventory) if inventory.exchanges[i].carrier in carriers]


def catch_rate(
    change: Callable[[Inventory, int], Inventory],
    rows: Callable[[Inventory], list[int]] = chain,
    draws: int = 32,
) -> float:
    """Share of injected errors after which something is told that was not told before."""
    random = Random(20261128)
    caught = tried = 0
    for name in PACKS:
        inventory = example(name)
        known = {(f.code, f.place) for f in check_plausibility(inventory)}
        pool = rows(inventory)
        for index in random.sample(pool, min(len(pool), draws // len(PACKS))):
            found = check_plausibility(change(inventory, index))
            tried += 1
            caught += any((f.code, f.place) not in known for f in found)
    return caught / tried


def metals(inventory: Inventory) -> list[int]:
    """Rows that bring a metal into an active material or its precursor."""
    making = {
        p.id
        for p in inventory.processes
        if (made := composition(p.reference_flow)) is not None and made.family
    }
    return [
        i
        for i in weighty(inventory)
        if inventory.exchanges[i].process in making
        and composition(inventory.exchanges[i].flow) is not None
    ]


@pytest.mark.parametrize(
    ("factor", "at_least"),
    [(1000.0, 0.75), (100.0, 0.65), (10.0, 0.4), (0.1, 0.3), (0.001, 0.3)],
)
def test_powers_of_ten_at_the_cell_maker(factor: float, at_least: float) -> None:
    assert catch_rate(scaled(factor)) >= at_least


def test_powers_of_ten_deep_in_the_supply_chain_are_often_missed() -> None:
    """Of brine and tailings nobody knows the mass: the rate is told, and no bound is faked."""
    assert 0.25 <= catch_rate(scaled(1000.0), weighty) <= 0.7


def test_mj_written_as_kwh_at_the_cell_maker() -> None:
    assert catch_rate(scaled(3.6), energies) >= 0.5


def test_metal_salts_ten_percent_short_are_caught_by_their_atoms() -> None:
    assert catch_rate(scaled(0.9), metals) >= 0.5


def test_ten_percent_less_energy_is_not_found() -> None:
    """The limit is real: whoever relies on silence here is mistaken."""
    assert catch_rate(scaled(0.9), energies) <= 0.1


def test_a_row_left_out() -> None:
    assert catch_rate(lambda inventory, i: with_row(inventory, i, None)) >= 0.25


def test_lithium_left_out_and_metals_swapped() -> None:
    inventory = example("nmc811")
    rows = {(r.process, r.flow): i for i, r in enumerate(inventory.exchanges)}
    lithium = rows["nmc811-oxide-glo", "market for lithium hydroxide, battery grade"]
    assert "element-missing" in codes(check_plausibility(with_row(inventory, lithium, None)))
    nickel = rows["nmc811-hydroxide-glo", "market for nickel sulfate"]
    manganese = rows["nmc811-hydroxide-glo", "market for manganese sulfate"]
    one, two = inventory.exchanges[nickel], inventory.exchanges[manganese]
    swapped = with_row(inventory, nickel, replace(one, amount=two.amount))
    swapped = with_row(swapped, manganese, replace(two, amount=one.amount))
    found = {f.arguments.get("element"): f for f in check_plausibility(swapped)}
    assert float(found["Ni"].arguments["percent"]) < 15
    assert found["Mn"].code == "plausibility.element-excess"


def test_a_row_that_stands_twice() -> None:
    def twice(inventory: Inventory, index: int) -> Inventory:
        row = replace(inventory.exchanges[index], place=Place("exchanges.csv", 9999))
        return replace(inventory, exchanges=(*inventory.exchanges, row))

    assert catch_rate(twice) == 1.0


def test_rows_of_another_process_copied() -> None:
    inventory = example("nmc111")
    anode = [r for r in inventory.exchanges if r.process == "anode"]
    rest = [r for r in inventory.exchanges if r.process != "graphite"]
    copied = replace(
        inventory, exchanges=(*rest, *(replace(r, process="graphite") for r in anode))
    )
    assert "process-copied" in codes(check_plausibility(copied))


def test_last_years_numbers_handed_in_again() -> None:
    inventory = example("nmc111")
    measured = replace(
        inventory,
        exchanges=tuple(
            replace(r, confidence=Confidence.MEASURED) for r in inventory.exchanges
        ),
    )
    assert "copied-from-other" in codes(check_plausibility(measured, measured))
    random = Random(1)
    moved = replace(
        measured,
        exchanges=tuple(
            replace(r, amount=round(r.amount * random.uniform(0.9, 1.1), 6))
            for r in measured.exchanges
        ),
    )
    assert codes(tuple(compared(measured, moved))) == []
    cell = next(i for i, r in enumerate(moved.exchanges) if r.flow == "electrolyte")
    slipped = with_row(moved, cell, replace(moved.exchanges[cell], amount=1.46))
    assert "slip-beside-other" in codes(check_plausibility(slipped, measured))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"usable_energy_kwh": 240.0}, "energy-above-material"),
        ({"usable_energy_kwh": 240.0}, "energy-not-charge"),
        ({"mass_kg": 165020.0}, "energy-density"),
    ],
)
def test_figures_of_the_battery(change: dict[str, float], code: str) -> None:
    inventory = example("nmc111")
    changed = replace(inventory, product=replace(inventory.product, **change))  # type: ignore[arg-type]
    assert code in codes(check_plausibility(changed))


def test_a_contract_in_grams_and_a_negative_one() -> None:
    inventory = example("nmc111")
    contract = ElectricityContract(id="ppa", kind="ppa", kg_co2e_per_kwh=54.5)
    found = check_plausibility(replace(inventory, electricity=(contract,)))
    assert codes(found) == ["factor-outside"]
    contract = replace(contract, kg_co2e_per_kwh=-0.1)
    assert codes(check_plausibility(replace(inventory, electricity=(contract,)))) == [
        "factor-negative"
    ]


def test_aluminium_below_its_electrolysis() -> None:
    """hand: Hall-Heroult takes at least 6.3 kWh/kg; 13.5 MJ written for 13.5 kWh is 3.75."""
    inventory = example("nmc111")
    smelter = replace(
        next(p for p in inventory.processes if p.id == "graphite"),
        id="smelter",
        reference_flow="aluminium, primary, liquid",
    )
    power = replace(
        next(r for r in inventory.exchanges if r.carrier is Carrier.ELECTRICITY),
        process="smelter",
        amount=13.5,
        unit="MJ",
    )
    changed = replace(
        inventory,
        processes=(*inventory.processes, smelter),
        exchanges=(*inventory.exchanges, power),
    )
    assert "energy-below-minimum" in codes(check_plausibility(changed))
    right = replace(changed, exchanges=(*inventory.exchanges, replace(power, unit="kWh")))
    assert "energy-below-minimum" not in codes(check_plausibility(right))
