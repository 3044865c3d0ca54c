"""Inventories for tests: one small by hand, and a way to compare two forms of one."""

from dataclasses import replace
from datetime import date
from typing import Any

from saltbridge.core.finding import NOWHERE
from saltbridge.footprint.model import (
    TABLES,
    Direction,
    Exchange,
    Inventory,
    LocalFactor,
    Operator,
    Period,
    Plant,
    Process,
    Product,
    ServiceLife,
    Stage,
    Warranty,
)

# Every kind of value once: long floats, formula starts, quotes, lines, unknown fields.
SMALL = Inventory(
    product=Product(id="B1", name="电池包 „Größe“", category="ev", reference_process="pack"),
    operator=Operator(name="示例电池有限公司"),
    plant=Plant(id="P1", name="Yibin", country="CN"),
    period=Period(start=date(2025, 1, 1), end=date(2025, 12, 31)),
    service_life=ServiceLife(total_energy_kwh=28800.0),
    warranty=Warranty(years=8.0),
    sources=("A citation; with a semicolon", "another"),
    processes=(
        Process(
            id="pack", name="pack", stage=Stage.MAIN_PRODUCTION, reference_flow="b", unit="kg"
        ),
    ),
    exchanges=(
        Exchange(
            process="pack",
            direction=Direction.INPUT,
            flow='=SUM(A1) "quoted", 正极\nzweite Zeile',
            amount=0.1 + 0.2,
            unit="kg",
            evidence=("e1", "e2"),
            unknown={"colour": "-rot"},
        ),
    ),
    factors=(LocalFactor(id="f", flow="b", unit="kg", kg_co2e_per_unit=-1.5, low=-0.0),),
    unknown={"product": {"shape": "prismatic", "sizes": [1, 2.5]}, "lab": {"room": 7}},
)


def without_places(inventory: Inventory | None) -> Inventory:
    """The same inventory, its rows from nowhere: what two forms of it must share."""
    if inventory is None:
        raise AssertionError("no inventory was read")
    tables: dict[str, Any] = {
        name: tuple(replace(row, place=NOWHERE) for row in getattr(inventory, name))
        for name in TABLES
    }
    return replace(inventory, **tables)
