"""What the boundary leaves out is told, and nothing is left out that the rule set counts."""

import pytest

from saltbridge.footprint.declare.declaration import declared_value
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.model import Carrier, Product
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

CELL, ROBOT = factor("cell", 10.0), factor("robot", 500.0, "piece")


@pytest.mark.parametrize(
    ("methodology", "counted"),
    [
        ("eu-cfb@draft-2024-04", False),
        ("catena-x-pcf@v4", False),
        ("pact@v3", False),
        ("iso-14067@2018", True),
        ("cn-miit-551@2025-551", True),
    ],
)
def test_machines_and_buildings(methodology: str, counted: bool) -> None:
    """Hand: a robot of 500 kg CO2e makes ten thousand packs; an unread rule leaves none out."""
    what = inventory(
        process("pack"),
        row("pack", "input", "cell", 1.0),
        row("pack", "input", "robot", 1e-4, "piece", carrier=Carrier.CAPITAL_GOODS),
    )
    result = footprint(what, CELL, ROBOT, methodology=methodology)
    assert result.total_kg_co2e == pytest.approx(10.05 if counted else 10.0)
    told = [f for f in result.findings if f.code == "footprint.outside-boundary"]
    assert bool(told) is not counted
    if told:
        assert told[0].arguments["flows"] == "robot"


def test_what_a_kilowatt_hour_of_service_costs() -> None:
    """FU-03, computed: 70 kg CO2e per kWh of capacity, 60 cycles a year, 8 years."""
    what = inventory(
        process("pack", unit="kWh"),
        row("pack", "input", "cell", 7.0),
        product=Product(
            id="P", name="p", category="ev", reference_process="pack", unit="kWh",
            usable_energy_kwh=1.0, mass_kg=7.0,
        ),
    )  # fmt: skip
    result = footprint(what, CELL, methodology="eu-cfb@draft-2024-04")
    assert result.declared_unit is not None
    exact = result.total_kg_co2e / result.declared_unit.amount
    assert exact == pytest.approx(0.145833, abs=5e-7)
    assert declared_value(result) == 0.146  # three digits, as the draft's rule set rounds


@pytest.mark.parametrize("name", ["eu-cfb", "pact", "catena-x-pcf", "cn-miit-551"])
def test_one_rounding_by_the_rule_set(name: str) -> None:
    digits = {"eu-cfb": 3, "pact": 4, "catena-x-pcf": 4, "cn-miit-551": 3}[name]
    for rules in methodologies()[name].rule_sets:
        assert rules.significant_digits == digits
