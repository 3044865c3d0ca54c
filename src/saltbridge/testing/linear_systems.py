"""Golden linear systems as inventories, so that every test reads them the same way."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from saltbridge.footprint.model import (
    CoProductRole,
    Direction,
    Exchange,
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


def inventory_of(case: Mapping[str, Any]) -> Inventory:
    """A linear case as an inventory whose reference process asks for the demand.

    Outputs beside the first one become co-products that are used again inside. Flows are
    counted in kg throughout: the cases have no units that matter.
    """
    (wanted, amount), *_ = case["demand"].items()
    processes = [
        Process(
            id="demand",
            name="demand",
            stage=Stage.MAIN_PRODUCTION,
            reference_flow="the demand",
            unit="kg",
        )
    ]
    exchanges = [
        Exchange(
            process="demand", direction=Direction.INPUT, flow=wanted, amount=amount, unit="kg"
        )
    ]
    for name, body in case["processes"].items():
        (flow, made), *others = body["outputs"].items()
        processes.append(
            Process(
                id=name,
                name=name,
                stage=Stage.RAW_MATERIAL,
                reference_flow=flow,
                unit="kg",
                production_amount=made,
            )
        )
        for other, quantity in others:
            exchanges.append(
                Exchange(
                    process=name,
                    direction=Direction.OUTPUT,
                    flow=other,
                    amount=quantity,
                    unit="kg",
                    role=CoProductRole.RECIRCULATE,
                )
            )
        for flow_in, quantity in body.get("inputs", {}).items():
            exchanges.append(
                Exchange(
                    process=name,
                    direction=Direction.INPUT,
                    flow=flow_in,
                    amount=quantity,
                    unit="kg",
                )
            )
        for substance, quantity in body.get("emissions", {}).items():
            exchanges.append(
                Exchange(
                    process=name,
                    direction=Direction.EMISSION if quantity >= 0 else Direction.RESOURCE,
                    flow=substance,
                    amount=abs(quantity),
                    unit="kg",
                    origin="fossil",
                )
            )
    return Inventory(
        product=Product(
            id=case["id"], name=case["id"], category="ev", reference_process="demand"
        ),
        operator=Operator(name="golden"),
        plant=Plant(id="golden", name="golden", country="CN"),
        period=Period(start=date(2024, 1, 1), end=date(2024, 12, 31)),
        service_life=ServiceLife(),
        warranty=Warranty(),
        processes=tuple(processes),
        exchanges=tuple(exchanges),
    )
