"""openLCA JSON-LD: processes and flows of the olca-schema, as dictionaries.

The product of a treatment is the waste it takes: an input that is the quantitative reference,
read as a negative reference flow. An avoided product is taken with the other sign.
"""

import math
from collections.abc import Mapping
from typing import Any

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.background.model import Activity, BackgroundSystem, Flow, FlowKind
from saltbridge.footprint.background.spreads import scaled
from saltbridge.formats.lca_uncertainty import UnreadSpread, openlca_distribution

_ELEMENTARY, _WASTE = "ELEMENTARY_FLOW", "WASTE_FLOW"


def parse_openlca(
    document: Mapping[str, Any], file: str, source: str
) -> tuple[BackgroundSystem, tuple[Finding, ...]]:
    """The activities of an export, and amounts that are no numbers."""
    flows = {str(flow.get("@id")): flow for flow in document.get("flows", ())}
    faults: list[Finding] = []
    activities = []
    for process in document.get("processes", ()):
        place = Place(file, pointer=f"/processes/{process.get('@id')}")
        read = []
        for exchange in process.get("exchanges", ()):
            amount = exchange.get("amount", 0.0)
            if not isinstance(amount, int | float) or not math.isfinite(amount):
                value = str(amount)[:60]
                faults.append(finding("background.not-a-number", place, value=value))
                continue
            read.append(_flow(exchange, float(amount), flows, place))
        activities.append(
            Activity(
                id=str(process.get("@id")),
                name=str(process.get("name") or ""),
                location=_place_of(process),
                flows=tuple(read),
                place=place,
            )
        )
    return BackgroundSystem(activities=tuple(activities), source=source), tuple(faults)


def _flow(
    exchange: Mapping[str, Any], amount: float, flows: Mapping[str, Any], place: Place
) -> Flow:
    said = exchange.get("flow") or {}
    key = str(said.get("@id") or "")
    whole = flows.get(key, {})
    flow_type = said.get("flowType") or whole.get("flowType") or ""
    is_input = bool(exchange.get("isInput"))
    counted, how, unread = amount, None, False
    try:
        how = openlca_distribution(exchange.get("uncertainty") or {}, amount)
    except UnreadSpread:
        unread = True
    kind = FlowKind.INPUT
    if flow_type == _ELEMENTARY:
        kind = FlowKind.RESOURCE if is_input else FlowKind.EMISSION
    elif exchange.get("isAvoidedProduct"):
        amount = -amount
    elif exchange.get("isQuantitativeReference"):
        kind = FlowKind.PRODUCT
        amount = -amount if is_input else amount
    elif flow_type == _WASTE:
        # An input of waste beside the reference is a second service: a co-product.
        kind = FlowKind.CO_PRODUCT if is_input else FlowKind.WASTE
    elif not is_input:
        kind = FlowKind.CO_PRODUCT
    provider = exchange.get("defaultProvider") or {}
    category = said.get("category") or whole.get("category") or ""
    return Flow(
        kind=kind,
        name=str(said.get("name") or whole.get("name") or key),
        unit=str((exchange.get("unit") or {}).get("name") or said.get("refUnit") or ""),
        amount=amount,
        key=key,
        provider=str(provider.get("@id") or ""),
        location=_place_of(exchange),
        distribution=how if amount == counted else scaled(how, -1.0),
        spread_unread=unread,
        compartment=_compartment(str(category)),
        place=place,
    )


def _place_of(owner: Mapping[str, Any]) -> str:
    where = owner.get("location") or {}
    return str(where.get("code") or where.get("name") or "")


def _compartment(category: str) -> str:
    for part in category.lower().split("/"):
        words = part.replace("emission to ", "").strip()
        if words in ("air", "water", "soil", "ground"):
            return "soil" if words == "ground" else words
    return ""
