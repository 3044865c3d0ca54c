"""Transport legs: distance × mass by one mode, and deliveries that have none.

A row with the carrier ``transport`` is one leg; its flow names the mode (lorry, train, ship …).
Given in tonne-kilometres it is taken as it is; otherwise the leg is worked out:

- counted in a mass, with ``distance_km``: mass × distance;
- counted in km, with ``load_kg``: distance × load;
- counted in pieces (journeys), with both: journeys × distance × load.

Where a row says both its tonne-kilometres and distance and load, the two have to agree.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.model import Carrier, Direction, Exchange, Inventory

UNIT = "tkm"
# Tonne-kilometres and distance × load may differ this much: both are rounded.
AGREES_WITHIN = 0.01
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def transport_legs(inventory: Inventory) -> tuple[Inventory, tuple[Finding, ...]]:
    """The inventory with every leg in tonne-kilometres, and what its legs lack."""
    findings: list[Finding] = []
    counted = _counted_in(inventory)
    rows = tuple(
        _leg(row, findings) if _is_leg(row) and not counted(row) else row
        for row in inventory.exchanges
    )
    findings += _deliveries(inventory)
    return replace(inventory, exchanges=rows), tuple(findings)


def mode_of(flow: str) -> str:
    """Mode that a flow names: road, rail, sea, inland_water, air, pipeline; or nothing.

    >>> mode_of("market for transport, freight, sea, container ship")
    'sea'
    """
    name = flow.lower()
    return next((mode for pattern, mode in _modes() if pattern.search(name)), "")


def _is_leg(row: Exchange) -> bool:
    return row.carrier is Carrier.TRANSPORT and row.direction is Direction.INPUT


def _counted_in(inventory: Inventory) -> Callable[[Exchange], bool]:
    """Whether the row's own maker or own factor counts the transport as the row does.

    A lorry accounted per vehicle-kilometre is taken in kilometres, whatever it carries.
    """
    makers = {p.id: p.unit for p in inventory.processes}
    factors = {f.id: f.unit for f in inventory.factors}

    def counted(row: Exchange) -> bool:
        unit = makers.get(row.provider) or factors.get(row.factor)
        if unit is None or not (is_unit(unit) and is_unit(row.unit)):
            return False
        return not same_dimension(unit, UNIT) and same_dimension(unit, row.unit)

    return counted


def _leg(row: Exchange, findings: list[Finding]) -> Exchange:
    if not mode_of(row.flow):
        findings.append(_warning("pass.leg-without-mode", row, "flow"))
    distance, load = row.distance_km, row.load_kg
    if not is_unit(row.unit):
        return row  # the check of the rows has said so
    if same_dimension(row.unit, UNIT):
        _agree(row, findings)
        return row
    needed: tuple[str, ...]
    if same_dimension(row.unit, "kg"):
        needed, lacking = ("distance_km",), distance is None
        per_unit = conversion_factor(row.unit, "t") * (distance or 0.0)
    elif same_dimension(row.unit, "km"):
        needed, lacking = ("load_kg",), load is None
        per_unit = conversion_factor(row.unit, "km") * (load or 0.0) / 1000
    else:
        needed, lacking = ("distance_km", "load_kg"), distance is None or load is None
        per_unit = (distance or 0.0) * (load or 0.0) / 1000
    if lacking:
        missing = ", ".join(name for name in needed if getattr(row, name) is None)
        findings.append(_warning("pass.leg-incomplete", row, needed[0], missing=missing))
        return row
    return replace(row, amount=row.amount * per_unit, unit=UNIT, mass_kg_per_unit=None)


def _agree(row: Exchange, findings: list[Finding]) -> None:
    if row.distance_km is None or row.load_kg is None:
        return
    worked_out = row.distance_km * row.load_kg / 1000
    stated = row.amount * conversion_factor(row.unit, UNIT)
    if abs(stated - worked_out) > AGREES_WITHIN * max(stated, worked_out):
        findings.append(
            _warning("pass.leg-amount", row, "amount", stated=stated, worked_out=worked_out)
        )


def _deliveries(inventory: Inventory) -> Iterator[Finding]:
    """Deliveries from one site to another for which no process books a transport."""
    by_process: dict[str, list[Exchange]] = {}
    for row in inventory.exchanges:
        by_process.setdefault(row.process, []).append(row)
    places = {p.id: p.location for p in inventory.processes}
    makers: dict[str, list[str]] = {}
    for process in inventory.processes:
        makers.setdefault(process.reference_flow, []).append(process.id)
    for process in inventory.processes:
        rows = by_process.get(process.id, [])
        for row in rows:
            provider = _maker_of(row, makers)
            if provider not in places or not _delivers(row):
                continue
            start = places[provider]
            if not _elsewhere(start, process.location):
                continue
            supplied = by_process.get(provider, [])
            if not _has_leg(rows) and not _has_leg(supplied):
                yield _warning(
                    "pass.delivery-without-leg",
                    row,
                    "provider",
                    provider=provider,
                    process=process.id,
                    start=start,
                    end=process.location,
                )


def _maker_of(row: Exchange, makers: Mapping[str, Sequence[str]]) -> str:
    """The process a row names, or the only one that makes its flow."""
    if row.provider or row.factor or row.contract:
        return row.provider
    found = makers.get(row.flow, ())
    return found[0] if len(found) == 1 else ""


def _delivers(row: Exchange) -> bool:
    return row.direction is Direction.INPUT and row.carrier in (Carrier.NONE, Carrier.PACKAGING)


def _has_leg(rows: Sequence[Exchange]) -> bool:
    return any(_is_leg(row) for row in rows)


def _elsewhere(one: str, other: str) -> bool:
    """Whether two ISO 3166 codes are two places; a country may hold its province."""
    if not (_PLACE.fullmatch(one) and _PLACE.fullmatch(other)):
        return False
    return not (one.startswith(other) or other.startswith(one))


@lru_cache(maxsize=1)
def _modes() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(r["pattern"]), r["mode"]) for r in read_table("transport_modes.csv")
    )


def _warning(code: str, row: Exchange, column: str, **more: str | float) -> Finding:
    arguments: dict[str, Any] = {"flow": row.flow, "unit": row.unit, **more}
    place = replace(row.place, column=column)
    return finding(code, place, severity=Severity.WARNING, **arguments)
