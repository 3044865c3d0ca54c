"""Data sets of Brightway: as bw2data keeps them, as bw2io reads ecoSpold 2 and SimaPro.

Each is a dictionary with ``exchanges``. Signs: an input with a negative amount is waste handed
to its treatment; a substitution avoids what it names, so it is taken with the other sign.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.background.model import Activity, BackgroundSystem, Flow, FlowKind
from saltbridge.footprint.background.spreads import scaled
from saltbridge.formats.lca_uncertainty import UnreadSpread, brightway_distribution

_UNITS = {  # words of Brightway → the symbol that our GWP and unit tables know
    "kilogram": "kg", "kilowatt hour": "kWh", "megajoule": "MJ", "liter": "l", "litre": "l",
    "cubic meter": "m3", "square meter": "m2", "ton kilometer": "tkm", "metric ton*km": "tkm",
    "meter": "m", "kilometer": "km", "hour": "h", "hr": "h",
}  # fmt: skip
_SPREAD = ("uncertainty type", "scale", "minimum", "maximum")
_SIMAPRO_AIR = ("emissions to air", "air")


def parse_ecospold2(
    datasets: Sequence[Mapping[str, Any]], file: str, source: str
) -> tuple[BackgroundSystem, tuple[Finding, ...]]:
    """ecoSpold 2: flows by id, providers by activity link, groups as in the schema."""
    faults: list[Finding] = []
    activities = []
    for number, dataset in enumerate(datasets):
        place = Place(f"{file}/{dataset.get('filename', number)}")
        products = [
            e for e in dataset["exchanges"] if e["type"] == "production" and e["amount"] != 0
        ]
        reference = next(
            (e for e in products if e.get("outputGroup") == "0"),
            products[0] if products else None,
        )
        flows = []
        for exchange in dataset["exchanges"]:
            key = str(exchange.get("flow") or "")
            link = exchange.get("activity")
            kind, amount = _ecospold2_kind(exchange, exchange is reference)
            if kind in (FlowKind.CO_PRODUCT, FlowKind.PRODUCT) and amount == 0.0:
                continue  # ecoSpold 2 lists the by-products that were allocated away as 0
            flow = _flow(
                exchange, kind, amount, place, faults, key=key,
                provider=f"{link}_{key}" if link and kind is FlowKind.INPUT else "",
            )  # fmt: skip
            flows += [flow] if flow else []
        made = reference.get("flow") if reference else ""
        activities.append(_activity(f"{dataset['activity']}_{made}", dataset, flows, place))
    return _system(activities, source, faults)


def _ecospold2_kind(exchange: Mapping[str, Any], reference: bool) -> tuple[FlowKind, float]:
    amount = exchange["amount"]
    if reference:
        return FlowKind.PRODUCT, amount
    if exchange["type"] == "production":
        return FlowKind.CO_PRODUCT, amount
    if exchange["type"] == "biosphere":
        taken = exchange.get("inputGroup") is not None
        return (FlowKind.RESOURCE if taken else FlowKind.EMISSION), amount
    if exchange.get("outputGroup") == "3":
        return FlowKind.WASTE, amount
    return FlowKind.INPUT, amount


def parse_simapro(
    datasets: Sequence[Mapping[str, Any]], file: str, source: str
) -> tuple[BackgroundSystem, tuple[Finding, ...]]:
    """SimaPro CSV: products match by name; waste to treatment is taken like a service."""
    faults: list[Finding] = []
    activities = []
    for number, dataset in enumerate(datasets):
        about = dataset.get("simapro metadata", {})
        products = [e for e in dataset["exchanges"] if e["type"] == "production"]
        name = about.get("Process name") or (products[0]["name"] if products else "")
        where = str(about.get("Geography") or "")
        place = Place(file, pointer=f"/{number}")
        flows = []
        for exchange in dataset["exchanges"]:
            group = str((exchange.get("categories") or ("",))[0]).lower()
            kind, sign = FlowKind.INPUT, 1.0
            if exchange["type"] == "production":
                first = exchange is products[0]
                kind = FlowKind.PRODUCT if first else FlowKind.CO_PRODUCT
            elif exchange["type"] == "substitution":
                sign = -1.0
            elif exchange["type"] == "biosphere":
                kind = FlowKind.RESOURCE if group in ("resources", "raw") else FlowKind.EMISSION
            elif group == "final waste flows":
                kind = FlowKind.WASTE
            amount = exchange.get("amount")
            flow = _flow(exchange, kind, amount, place, faults, sign=sign)
            flows += [flow] if flow else []
        code = str(dataset.get("code") or number)
        activities.append(_activity(code, {"name": str(name), "location": where}, flows, place))
    return _system(activities, source, faults)


def parse_brightway(
    datasets: Sequence[Mapping[str, Any]], file: str, source: str
) -> tuple[BackgroundSystem, tuple[Finding, ...]]:
    """bw2data: every input names its node; a process without production makes 1 of itself."""
    faults: list[Finding] = []
    nodes = {(str(d["database"]), str(d["code"])): d for d in datasets}
    activities = []
    for (database, code), dataset in nodes.items():
        if str(dataset.get("type", "process")) in ("emission", "product", "natural resource"):
            continue
        if not dataset.get("exchanges") and dataset.get("categories"):
            continue  # an elementary flow without a type
        node_id = f"{database}|{code}"
        place = Place(file, pointer=f"/{database}/{code}")
        exchanges = list(dataset.get("exchanges", ()))
        if not any(e["type"] in ("production", "generic production") for e in exchanges):
            exchanges.append({"type": "production", "input": (database, code), "amount": 1.0})
        flows: list[Flow] = []
        made = 0
        for exchange in exchanges:
            owner, item = (str(part) for part in exchange["input"])
            node = nodes.get((owner, item), {})
            kind, sign = FlowKind.INPUT, 1.0
            if exchange["type"] in ("production", "generic production"):
                kind = FlowKind.CO_PRODUCT if made else FlowKind.PRODUCT
                made += 1
            elif exchange["type"] == "substitution":
                sign = -1.0
            elif exchange["type"] == "biosphere":
                taken = str(node.get("type")) == "natural resource"
                kind = FlowKind.RESOURCE if taken else FlowKind.EMISSION
            said = {
                "name": node.get("reference product") or node.get("name")
                or exchange.get("name") or f"{owner}|{item}",
                "unit": node.get("unit") or exchange.get("unit") or "",
                "categories": node.get("categories") or exchange.get("categories"),
                **{name: exchange.get(name) for name in _SPREAD},
            }  # fmt: skip
            amount = exchange.get("amount")
            flow = _flow(said, kind, amount, place, faults, sign=sign, key=f"{owner}|{item}")
            flows += [flow] if flow else []
        activities.append(_activity(node_id, dataset, flows, place))
    return _system(activities, source, faults)


def _flow(
    said: Mapping[str, Any],
    kind: FlowKind,
    amount: object,
    place: Place,
    faults: list[Finding],
    *,
    sign: float = 1.0,
    key: str = "",
    provider: str = "",
) -> Flow | None:
    if (
        not isinstance(amount, int | float)
        or isinstance(amount, bool)
        or not math.isfinite(amount)
    ):
        faults.append(finding("background.not-a-number", place, value=str(amount)[:60]))
        return None
    unit = str(said.get("unit") or "")
    how, unread = None, False
    try:
        how = scaled(brightway_distribution(said, float(amount)), sign)
    except UnreadSpread:
        unread = True
    return Flow(
        kind=kind,
        name=str(said["name"]),
        unit=_UNITS.get(unit.lower(), unit),
        amount=sign * float(amount),
        key=key,
        provider=provider,
        compartment=_compartment(said.get("categories") or ()),
        distribution=how,
        spread_unread=unread,
        place=place,
    )


def _compartment(categories: Iterable[object]) -> str:
    first = next((str(part).lower() for part in categories), "")
    if first in _SIMAPRO_AIR:
        return "air"
    for name in ("water", "soil"):
        if name in first:
            return name
    return "other" if first and "air" not in first else ""


def _activity(
    id: str, dataset: Mapping[str, Any], flows: Sequence[Flow], place: Place
) -> Activity:
    where = str(dataset.get("location") or "")
    return Activity(
        id=id, name=str(dataset["name"]), location=where, flows=tuple(flows), place=place
    )


def _system(
    activities: Sequence[Activity], source: str, faults: Sequence[Finding]
) -> tuple[BackgroundSystem, tuple[Finding, ...]]:
    seen: dict[str, Activity] = {}
    twice = []
    for activity in activities:
        if activity.id in seen:
            twice.append(finding("background.same-id", activity.place, id=activity.id))
        seen.setdefault(activity.id, activity)
    system = BackgroundSystem(activities=tuple(seen.values()), source=source)
    return system, (*faults, *twice)
