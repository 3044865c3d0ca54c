"""Mass and energy of a process: the error of two published pack markets, and no false alarm."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from saltbridge.core.quantity import is_unit
from saltbridge.footprint.balance import (
    Balance,
    balance_findings,
    balances,
    is_service,
    mass_balance,
)
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.model import Carrier, Exchange, Process
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

CASES = Path(__file__).parent / "cases"
UNITS = {"kilogram": "kg", "kilowatt hour": "kWh", "ton kilometer": "tkm", "megajoule": "MJ"}


def published(rows: Iterable[Mapping[str, str]]) -> dict[str, Balance]:
    """Balances of the processes of a table of published exchanges, by process."""
    parts: dict[str, Process] = {}
    exchanges: list[Exchange] = []
    for line in rows:
        unit = UNITS.get(line["process_unit"], "unit")
        parts.setdefault(line["process"], process(line["process"], unit=unit))
        amount, counted = float(line["amount"]), UNITS.get(line["unit"], "unit")
        kind = "waste" if amount < 0 else "input"
        carrier = Carrier.TRANSPORT if counted == "tkm" else Carrier.NONE
        exchanges.append(
            row(line["process"], kind, line["input"], abs(amount), counted, carrier=carrier)
        )
    what = inventory(*parts.values(), *exchanges)
    return {b.process.id: b for b in balances(what)}


def told(found: Iterable[Balance]) -> set[str]:
    return {str(f.arguments["process"]) for f in balance_findings(found)}


def packaged(name: str) -> list[dict[str, str]]:
    with (CASES / "pack_markets.csv").open(encoding="utf-8", newline="") as text:
        return [line for line in csv.DictReader(text) if line["file"] == name]


@pytest.mark.parametrize(
    ("file", "wrong"), [("carculator", ("NMC523", "NMC955")), ("premise", ("NMC532", "NMC955"))]
)
def test_the_pack_markets_that_lose_a_quarter_are_found(
    file: str, wrong: tuple[str, ...]
) -> None:
    """Published inventories (pack_markets.csv): 0.72591 kg of pack per kg, NMC622 takes 1.0."""
    found = published(packaged(file))
    for chemistry in wrong:
        market = found[f"market for battery, Li-ion, {chemistry}"]
        assert market.mass == pytest.approx(0.72591)
    assert told(found.values()) == {f"market for battery, Li-ion, {c}" for c in wrong}


def test_a_pack_is_as_heavy_as_its_parts_without_the_work_on_them() -> None:
    """Published (carculator): 1.1475 kg with rolling, extrusion and moulding, 1 kg without."""
    pack = "battery production, Li-ion, NMC622"
    lines = [line for line in packaged("carculator") if line["process"] == pack]
    counted = [float(line["amount"]) for line in lines if line["unit"] == "kilogram"]
    assert sum(counted) == pytest.approx(1.1475, abs=5e-5)
    assert published(lines)[pack].mass == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("carculator_battery_exchanges.csv", {"NMC523", "NMC955"}),
        ("premise_battery_inventories.csv", {"NMC532", "NMC955"}),
    ],
)
def test_the_whole_published_tables(shared: Path, name: str, wrong: set[str]) -> None:
    with (shared / "data" / name).open(encoding="utf-8", newline="") as text:
        lines = [
            {**line, "unit": line.get("input_unit") or line["unit"]}
            for line in csv.DictReader(text)
            if line.get("type", "technosphere") == "technosphere"
            and line.get("kind") != "emission/resource"
        ]
    markets = {p for p in told(published(lines).values()) if "market for battery, Li-ion" in p}
    assert markets == {f"market for battery, Li-ion, {chemistry}" for chemistry in wrong}


@pytest.mark.parametrize(
    ("flow", "service"),
    [
        ("sheet rolling, steel", True),
        ("market for impact extrusion of aluminium, 1 stroke", True),
        ("injection moulding", True),
        ("casting, brass", True),
        ("Walzen von Stahlblech", True),
        ("market for metal working, average for steel product manufacturing", True),
        ("铝板轧制", True),
        ("glass fibre reinforced plastic, polyamide, injection moulded", False),
        ("aluminium, casting alloy", False),
        ("hot rolled steel", False),
        ("rolling oil", False),
        ("aluminium extrusion profile", False),
        ("welding wire", False),
        ("metal working fluid", False),
        ("aluminium casting", False),
        ("Walzenöl", False),
        ("挤压铝型材", False),
        ("注塑件", False),
        ("market for aluminium, wrought alloy", False),
    ],
)
def test_work_on_a_material_is_no_mass(flow: str, service: bool) -> None:
    assert is_service(row("p", "input", flow, 1.0)) is service
    material = row("p", "input", "steel billet", 1.0)
    assert mass_balance(process("p"), [material, row("p", "input", flow, 1.0)]) == (
        1.0 if service else 2.0
    )


def energy(*rows: Exchange, unit: str = "kWh", flow: str = "electricity") -> float | None:
    (found,) = balances(inventory(process("plant", flow, unit), *rows))
    return found.energy


def test_a_power_plant_gives_no_more_than_its_fuel_holds() -> None:
    """Hand: 1 kg of coal holds at most 33 MJ = 9.1667 kWh."""
    coal = row("plant", "input", "hard coal", 0.4)
    assert energy(coal) == pytest.approx(0.4 * 33 / 3.6)
    assert energy(row("plant", "input", "hard coal", 0.1)) == pytest.approx(0.1 * 33 / 3.6)
    what = inventory(
        process("plant", "electricity", "kWh"), row("plant", "input", "hard coal", 0.1)
    )
    found = [f.code for f in footprint(what, factor("hard coal", 0.3)).findings]
    assert "pass.energy-from-nothing" in found


def test_own_use_losses_and_by_products_are_part_of_it() -> None:
    """Hand: 1.03 kWh for 1 kWh; and 0.5 kWh of heat beside it leave 1.03 for 1.5."""
    power = row("plant", "input", "electricity", 1.03, "kWh", carrier=Carrier.ELECTRICITY)
    assert energy(power) == pytest.approx(1.03)
    steam = row("plant", "output", "heat", 1.8, "MJ", carrier=Carrier.HEAT)
    assert energy(power, steam) == pytest.approx(1.03 / 1.5)


@pytest.mark.parametrize(
    "rows",
    [
        (row("plant", "input", "a fuel of our own", 0.001),),
        (row("plant", "resource", "wind", 0.1, "MJ"),),
        (row("plant", "input", "factory", 1e-9, "piece"),),
    ],
)
def test_what_cannot_be_told_is_not_told(rows: tuple[Exchange, ...]) -> None:
    assert energy(*rows) is None


def test_the_capacity_of_a_battery_is_no_energy_that_it_gives() -> None:
    cells = row("plant", "input", "cells", 6.0)
    assert energy(cells, flow="battery capacity, Li-ion") is None
    assert energy(cells, flow="电池容量") is None


def test_the_tables_hold_units_and_say_how_they_are_known() -> None:
    for line in read_table("heating_values.csv"):
        assert is_unit(line["unit"]) and float(line["most_mj"]) > 0, line
        assert line["source"] and line["confidence"] in {"read", "recalled"}, line
