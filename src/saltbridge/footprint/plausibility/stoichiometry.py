"""Bounds that no process can beat: atoms in and out, and the energy its lithium can hold."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import fsum

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, errors_in, finding
from saltbridge.footprint.allocation import allocate
from saltbridge.footprint.inventory import solve
from saltbridge.footprint.linking import link
from saltbridge.footprint.methodology import PHYSICAL_THEN_ECONOMIC
from saltbridge.footprint.model import Direction, Exchange, Inventory, Process
from saltbridge.footprint.plausibility.chemistry import (
    Composition,
    composition,
    energy_bound_kwh_per_kg,
    fractions,
)
from saltbridge.footprint.units import mass_kg

TOLERANCE = 0.02  # published inventories round; below that nothing is said
# More than so many times the atoms needed is no yield. Hydrothermal LFP takes 3 LiOH for one.
_MOST_TIMES = {"LFP": 4.0}
_MOST_OTHERWISE = 1.5
_METALS = ("Ni", "Co", "Mn", "Al", "Fe", "P", "Li", "Ti")
_UNKNOWN_CARRIER = {
    "Li": r"lithium|brine|sole\b|spodumene|锂|black mass|battery|scrap|recycl|metal alloy",
    "Ni": r"nickel|镍|black mass|battery|scrap|recycl|alloy|mixed hydroxide|matte",
    "Co": r"cobalt|kobalt|钴|black mass|battery|scrap|recycl|alloy|mixed hydroxide",
    "Mn": r"mangan|锰|black mass|battery|scrap|recycl|alloy",
    "Al": r"alumin|铝|black mass|battery|scrap|recycl|alloy",
    "Fe": r"iron|eisen|steel|铁|black mass|battery|scrap|recycl",
    "P": r"phosph|磷|black mass|battery|scrap|recycl",
    "Ti": r"titan|钛|battery|scrap|recycl",
}
_SALT = {"Ni": "NiSO4·6H2O", "Co": "CoSO4·7H2O", "Mn": "MnSO4·H2O", "Li": "LiOH·H2O"}


def stoichiometry(inventory: Inventory) -> Iterator[Finding]:
    """Findings where a process gives more atoms of a metal than it takes, or far fewer."""
    rows = _inputs(inventory)
    for process in inventory.processes:
        made = composition(process.reference_flow)
        mass = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
        if made is None or mass is None or mass <= 0:
            continue
        yield from _process(process, made, mass, rows.get(process.id, []))


def _inputs(inventory: Inventory) -> dict[str, list[tuple[Exchange, str]]]:
    """Inputs of every process, each with the name its maker gives it."""
    made = {p.id: p.reference_flow for p in inventory.processes}
    found: dict[str, list[tuple[Exchange, str]]] = {}
    for row in inventory.exchanges:
        if row.direction in (Direction.INPUT, Direction.RESOURCE):
            name = made.get(row.provider, row.flow)
            found.setdefault(row.process, []).append((row, name))
    return found


def _process(
    process: Process,
    made: Composition,
    mass: float,
    inputs: Sequence[tuple[Exchange, str]],
) -> Iterator[Finding]:
    known: list[tuple[Exchange, Composition, float]] = []
    unknown: list[str] = []
    for row, name in inputs:
        kg = mass_kg(row.amount, row.unit, row.mass_kg_per_unit)
        if kg is None:
            continue
        found = composition(name) or composition(row.flow)
        if found is None:
            unknown.append(name.lower())
        else:
            known.append((row, found, kg))
    if not known and not made.family:
        return  # a salt from ore or brine: nothing here says what is in the inputs
    for element in _METALS:
        if element not in made.least:
            continue
        if any(re.search(_UNKNOWN_CARRIER[element], name) for name in unknown):
            continue
        bringing = [(r, c, kg) for r, c, kg in known if element in c.most]
        need = mass * made.least[element]
        if not bringing:
            if made.family:
                yield _missing(process, made, element, need / mass)
            continue
        given = fsum(kg * c.most[element] for _, c, kg in bringing)
        if given < need * (1 - TOLERANCE):
            yield _short(process, made, element, bringing, given / need)
            continue
        least = fsum(kg * c.least[element] for _, c, kg in bringing)
        most = mass * made.most[element] * _MOST_TIMES.get(made.family, _MOST_OTHERWISE)
        if made.family and least > most:
            largest = max(bringing, key=lambda b: b[2] * b[1].least[element])[0]
            yield finding(
                "plausibility.element-excess",
                replace(largest.place, column="amount"),
                severity=Severity.WARNING,
                process=process.id,
                element=element,
                formula=made.name,
                flow=largest.flow,
                ratio=least / (mass * made.most[element]),
            )


def _missing(process: Process, made: Composition, element: str, need: float) -> Finding:
    return finding(
        "plausibility.element-missing",
        process.place,
        severity=Severity.WARNING,
        process=process.id,
        element=element,
        formula=made.name,
        need=need,
        salt=_SALT.get(element, element),
        salt_kg=need / _fraction(_SALT.get(element, element), element),
    )


def _short(
    process: Process,
    made: Composition,
    element: str,
    bringing: Sequence[tuple[Exchange, Composition, float]],
    ratio: float,
) -> Finding:
    row = max(bringing, key=lambda b: b[2] * b[1].most[element])[0]
    return finding(
        "plausibility.element-short",
        replace(row.place, column="amount"),
        severity=Severity.WARNING,
        process=process.id,
        element=element,
        formula=made.name,
        flow=row.flow,
        percent=100 * ratio,
        least=row.amount / ratio,
        unit=row.unit,
    )


def _fraction(formula: str, element: str) -> float:
    return fractions(formula)[element]


def energy_content(inventory: Inventory) -> Iterator[Finding]:
    """A finding where the battery holds more energy than its active material could."""
    energy = inventory.product.usable_energy_kwh
    runs = _runs(inventory)
    if energy is None or runs is None:
        return
    bound, masses = 0.0, 0.0
    for process in inventory.processes:
        made = composition(process.reference_flow)
        mass = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
        if made is None or mass is None or process.reference_flow.lower().startswith("market"):
            continue
        per_kg = energy_bound_kwh_per_kg(made)
        if per_kg is not None:
            masses += mass * runs[process.id]
            bound += mass * runs[process.id] * per_kg
    if 0 < bound < energy:
        yield finding(
            "plausibility.energy-above-material",
            Place(pointer="/product/usable_energy_kwh"),
            severity=Severity.WARNING,
            energy=energy,
            bound=bound,
            mass=masses,
        )


def _runs(inventory: Inventory) -> Mapping[str, float] | None:
    allocated = allocate(inventory, PHYSICAL_THEN_ECONOMIC)
    if errors_in(allocated.findings):
        return None
    system, found = link(allocated.inventory)
    if errors_in(found):
        return None
    try:
        runs = solve(system).runs
    except FaultyInput:
        return None
    known = {p.id for p in inventory.processes}
    return runs if known <= set(runs) else None
