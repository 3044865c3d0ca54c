"""An inventory as it would be: changes applied."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, finding
from saltbridge.core.provenance import Confidence
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.model import (
    Carrier,
    Direction,
    ElectricityContract,
    Exchange,
    Inventory,
    LocalFactor,
    Process,
    Stage,
)
from saltbridge.footprint.units import mass_kg
from saltbridge.footprint.whatif_changes import Change

SOURCE = "what-if: assumed, not measured"
_CO2 = {"kg": 1.0, "g": 1e-3, "t": 1e3}


def apply_changes(inventory: Inventory, changes: Sequence[Change]) -> Inventory:
    """The inventory with the changes made in their order; the given one stays as it is.

    Raises:
        FaultyInput: a change meets nothing in the inventory, or cannot be made there; all
            findings at once.
    """
    findings: list[Finding] = []
    for number, change in enumerate(changes, start=1):
        try:
            inventory = _APPLY[change.kind](inventory, change, f"what-if:{number}")
        except FaultyInput as fault:
            findings += fault.findings
    if findings:
        raise FaultyInput(findings)
    return inventory


def own_processes(inventory: Inventory) -> frozenset[str]:
    """Ids of the company's own processes: those marked, else those of main production."""
    marked = {p.id for p in inventory.processes if p.company_specific}
    return frozenset(
        marked or {p.id for p in inventory.processes if p.stage is Stage.MAIN_PRODUCTION}
    )


def _targets(inventory: Inventory, change: Change) -> frozenset[str]:
    if change.target == "all":
        return frozenset(p.id for p in inventory.processes)
    if change.target == "plant":
        return own_processes(inventory)
    found = frozenset(
        p.id for p in inventory.processes if change.target in (p.id, p.stage.value)
    )
    if not found:
        known = ", ".join(p.id for p in inventory.processes[:20])
        raise FaultyInput([finding("whatif.no-process", target=change.target, known=known)])
    return found


def _rows(
    inventory: Inventory,
    change: Change,
    wanted: Callable[[Exchange], bool],
    made: Callable[[Exchange], Exchange],
) -> Inventory:
    """The inventory with every wanted row made anew; at least one must be there."""
    if not any(wanted(r) for r in inventory.exchanges):
        raise FaultyInput([finding("whatif.touches-nothing", change=change.text)])
    rows = tuple(made(r) if wanted(r) else r for r in inventory.exchanges)
    return replace(inventory, exchanges=rows)


def _electricity(inventory: Inventory, change: Change, id: str) -> Inventory:
    targets, place = _targets(inventory, change), change.parts["place"]
    return _rows(
        inventory,
        change,
        lambda r: r.carrier is Carrier.ELECTRICITY and r.process in targets,
        lambda r: replace(r, location=place, contract="", factor="", provider=""),
    )


def _contract(inventory: Inventory, change: Change, id: str) -> Inventory:
    targets = _targets(inventory, change)
    contract = ElectricityContract(
        id=id,
        kind=change.parts["kind"],
        share=change.number("share", 1.0),
        kg_co2e_per_kwh=change.number("value"),
        year=inventory.period.end.year,
        certificates_cancelled=True,
        source=SOURCE,
        licence="CC0-1.0",
        confidence=Confidence.ILLUSTRATIVE,
    )
    changed = _rows(
        inventory,
        change,
        lambda r: r.carrier is Carrier.ELECTRICITY and r.process in targets,
        lambda r: replace(r, contract=id, provider=""),
    )
    return replace(changed, electricity=(*changed.electricity, contract))


def _supplier(inventory: Inventory, change: Change, id: str) -> Inventory:
    factor = change.parts.get("factor", id)
    if factor == id:
        unit = change.parts["unit"]
        if not is_unit(unit):
            raise FaultyInput([finding("whatif.unit", unit=unit, change=change.text)])
        value = change.number("value") * _CO2[change.parts["co2"]]
        inventory = _with_factor(inventory, id, change.target, unit, value)
    return _rows(
        inventory,
        change,
        lambda r: r.direction is Direction.INPUT and r.flow == change.target,
        lambda r: replace(r, factor=factor, provider="", supplier=""),
    )


def _with_factor(
    inventory: Inventory, id: str, flow: str, unit: str, value: float
) -> Inventory:
    # A place of its own keeps it from meeting the company's own factor of the same flow.
    factor = LocalFactor(
        id=id,
        flow=flow,
        unit=unit,
        location=id,
        kg_co2e_per_unit=value,
        source=SOURCE,
        licence="CC0-1.0",
        confidence=Confidence.ILLUSTRATIVE,
    )
    return replace(inventory, factors=(*inventory.factors, factor))


def _recycled(inventory: Inventory, change: Change, id: str) -> Inventory:
    named = [c for c in inventory.circular if change.target in (c.id, c.material)]
    if not named:
        known = ", ".join(c.id for c in inventory.circular) or "–"
        raise FaultyInput([finding("whatif.no-material", target=change.target, known=known)])
    share = change.number("share")
    terms = tuple(replace(c, R1=share) if c in named else c for c in inventory.circular)
    return replace(inventory, circular=terms)


def _yield(inventory: Inventory, change: Change, id: str) -> Inventory:
    targets = _targets(inventory, change)
    factor = change.number("new") / change.number("old", 1.0)
    processes = tuple(
        replace(p, production_amount=p.production_amount * factor) if p.id in targets else p
        for p in inventory.processes
    )
    return replace(inventory, processes=processes)


def _distance(inventory: Inventory, change: Change, id: str) -> Inventory:
    targets = _targets(inventory, change)
    processes = {p.id: p for p in inventory.processes}

    def moved(row: Exchange) -> Exchange:
        if "times" in change.parts:
            times = change.number("times")
            told = row.distance_km if same_dimension(row.unit, "tkm") else None
            return replace(
                row,
                amount=row.amount * times,
                distance_km=row.distance_km if told is None else told * times,
            )
        return _over(row, processes[row.process], change.number("km"))

    return _rows(
        inventory,
        change,
        lambda r: r.carrier is Carrier.TRANSPORT and r.process in targets,
        moved,
    )


def _over(row: Exchange, process: Process, km: float) -> Exchange:
    """A leg over this distance: of its own load where it says one, else of what is made."""
    if same_dimension(row.unit, "kg"):
        return replace(row, distance_km=km)
    if row.load_kg is not None and same_dimension(row.unit, "km"):
        return replace(row, amount=km * conversion_factor("km", row.unit))
    if row.load_kg is not None and not same_dimension(row.unit, "tkm"):
        return replace(row, distance_km=km)  # journeys
    mass = row.load_kg
    if mass is None:
        mass = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
    if mass is None:
        raise FaultyInput([finding("whatif.no-mass", process=process.id)])
    told = None if row.distance_km is None else km
    return replace(row, amount=mass / 1000 * km, unit="tkm", distance_km=told)


def _transport(inventory: Inventory, change: Change, id: str) -> Inventory:
    targets, flow = _targets(inventory, change), change.parts["flow"].strip()
    factor = ""
    if "value" in change.parts:
        factor = id
        inventory = _with_factor(inventory, id, flow, "tkm", change.number("value"))
    return _rows(
        inventory,
        change,
        lambda r: r.carrier is Carrier.TRANSPORT and r.process in targets,
        lambda r: replace(r, flow=flow, factor=factor, provider="", supplier=""),
    )


def _location(inventory: Inventory, change: Change, id: str) -> Inventory:
    targets, place = _targets(inventory, change), change.parts["place"]
    moved = {(p.reference_flow, p.location) for p in inventory.processes if p.id in targets}

    def made(row: Exchange) -> Exchange:
        if row.process in targets and row.carrier is Carrier.ELECTRICITY:
            return replace(row, location=place, factor="", contract="", provider="")
        if not row.provider and row.location and (row.flow, row.location) in moved:
            return replace(row, location=place)  # it takes what was made there
        return row

    processes = tuple(
        replace(p, location=place) if p.id in targets else p for p in inventory.processes
    )
    rows = tuple(made(r) for r in inventory.exchanges)
    plant = inventory.plant
    if change.target in ("plant", "all"):
        country, _, region = place.partition("-")
        plant = replace(plant, country=country, province=place if region else "", address="")
    return replace(inventory, processes=processes, exchanges=rows, plant=plant)


def _amount(inventory: Inventory, change: Change, id: str) -> Inventory:
    process, _, flow = change.target.partition("/")

    def made(row: Exchange) -> Exchange:
        if "times" in change.parts:
            return replace(row, amount=row.amount * change.number("times"))
        unit = change.parts.get("unit") or row.unit
        if not is_unit(unit):
            raise FaultyInput([finding("whatif.unit", unit=unit, change=change.text)])
        return replace(row, amount=change.number("value"), unit=unit)

    return _rows(inventory, change, lambda r: r.process == process and r.flow == flow, made)


_APPLY: Mapping[str, Callable[[Inventory, Change, str], Inventory]] = {
    "electricity": _electricity,
    "contract": _contract,
    "supplier": _supplier,
    "recycled": _recycled,
    "yield": _yield,
    "distance": _distance,
    "transport": _transport,
    "location": _location,
    "amount": _amount,
}
