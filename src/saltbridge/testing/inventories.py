"""Small inventories, factors and footprints for tests."""

from datetime import date
from typing import Any

from saltbridge.core.provenance import Confidence
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.linear_model import LinearModel
from saltbridge.footprint.linear_model_build import linear_model
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import (
    Direction,
    EmissionFactor,
    Exchange,
    FactorSet,
    Inventory,
    Operator,
    Period,
    Plant,
    Process,
    Product,
    ServiceLife,
    Stage,
    Warranty,
)
from saltbridge.footprint.result import CarbonFootprint

DAY = date(2026, 11, 23)


def process(id: str, flow: str = "", unit: str = "kg", **more: Any) -> Process:
    stage = more.pop("stage", Stage.MAIN_PRODUCTION)
    return Process(id=id, name=id, stage=stage, reference_flow=flow or id, unit=unit, **more)


def row(
    process: str, direction: str, flow: str, amount: float, unit: str = "kg", **more: Any
) -> Exchange:
    return Exchange(
        process=process,
        direction=Direction(direction),
        flow=flow,
        amount=amount,
        unit=unit,
        **more,
    )


def factor(flow: str, value: float, unit: str = "kg", **more: Any) -> EmissionFactor:
    known: dict[str, Any] = {
        "id": f"set/{flow}/{more.get('location', '')}/{more.get('year', '')}",
        "source": "worked out on paper",
        "licence": "CC0-1.0",
        "confidence": Confidence.READ,
    }
    return EmissionFactor(flow=flow, unit=unit, kg_co2e_per_unit=value, **{**known, **more})


def factor_set(*factors: EmissionFactor) -> FactorSet:
    return FactorSet("test-set", "factors of a test", factors, "sha256:0")


def inventory(*rows: Exchange | Process, **more: Any) -> Inventory:
    """An inventory of processes and rows; the first process makes the product."""
    processes = tuple(r for r in rows if isinstance(r, Process))
    known: dict[str, Any] = {
        "product": Product(
            id="P1",
            name="test battery",
            category="ev",
            reference_process=processes[0].id if processes else "",
            mass_kg=400.0,
            usable_energy_kwh=60.0,
            unit=processes[0].unit if processes else "kg",
        ),
        "operator": Operator(name="Test Cells"),
        "plant": Plant(id="W1", name="Plant 1", country="CN"),
        "period": Period(start=date(2024, 1, 1), end=date(2024, 12, 31)),
        "service_life": ServiceLife(vehicle_class="M1"),
        "warranty": Warranty(years=8),
        "processes": processes,
        "exchanges": tuple(r for r in rows if isinstance(r, Exchange)),
    }
    return Inventory(**{**known, **more})


def footprint(
    what: Inventory,
    *factors: EmissionFactor,
    methodology: str = "catena-x-pcf@v4",
    **more: Any,
) -> CarbonFootprint:
    return calculate(what, *choose(methodology, DAY), [factor_set(*factors)], **more)


def model(
    what: Inventory,
    *factors: EmissionFactor,
    methodology: str = "catena-x-pcf@v4",
    **more: Any,
) -> LinearModel:
    return linear_model(what, *choose(methodology, DAY), [factor_set(*factors)], **more)
