"""Energies below which a process cannot run, and processes that take none at all."""

import re
from collections.abc import Iterator
from functools import lru_cache
from math import fsum

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.model import Carrier, Direction, Exchange, Inventory
from saltbridge.footprint.units import mass_kg

_FUELS = re.compile(
    r"natural gas|diesel|coal(?! tar)|fuel|steam|erdgas|dampf|天然气|蒸汽|煤(?!焦油)"
)

_MAKING = re.compile(r"\bcells?\b|zelle|cathode|kathode|anode|electrode|电芯|极片")


@lru_cache(maxsize=2)
def _table(name: str) -> tuple[dict[str, str], ...]:
    return tuple(read_table(name))


def energy_kwh(row: Exchange) -> float | None:
    """The energy a row brings [kWh]; None where it brings none that is counted as such."""
    if row.direction is not Direction.INPUT:
        return None
    if row.carrier not in (Carrier.ELECTRICITY, Carrier.HEAT, Carrier.NONE):
        return None
    if is_unit(row.unit) and same_dimension(row.unit, "kWh"):
        return row.amount * conversion_factor(row.unit, "kWh")
    return None


def minimum_energies(inventory: Inventory) -> Iterator[Finding]:
    """Findings for processes that take less energy than nature asks for."""
    rows: dict[str, list[Exchange]] = {}
    takers: dict[str, list[Exchange]] = {}
    for row in inventory.exchanges:
        rows.setdefault(row.process, []).append(row)
        if row.provider and row.direction is Direction.INPUT:
            takers.setdefault(row.provider, []).append(row)
    for process in inventory.processes:
        own = rows.get(process.id, [])
        mass = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
        if mass is None or mass <= 0:
            continue
        name = process.reference_flow.lower()
        flows = " | ".join(r.flow.lower() for r in own if r.direction is Direction.INPUT)
        for bound in _table("plausible_energies.csv"):
            if not re.search(bound["product"], name) or re.search(bound["other_than"], name):
                continue
            if bound["not_with_input"] and re.search(bound["not_with_input"], flows):
                continue
            electric = bound["carrier"] == "electricity"
            if not electric and _FUELS.search(flows) and not _energy(own):
                continue  # a fuel counted in kg or m3 brings energy that is not added up here
            taken = _electricity(own) if electric else _energy(own)
            least = float(bound["kwh_per_kg"]) * mass
            if taken < least:
                yield finding(
                    "plausibility.energy-below-minimum",
                    process.place,
                    severity=Severity.WARNING,
                    process=process.id,
                    taken=taken / mass,
                    least=least / mass,
                    reason=bound["reason"],
                    confidence=bound["confidence"],
                )
        yield from _drying(process.id, own, takers.get(process.id, []), rows, mass)


def _drying(
    process: str,
    own: list[Exchange],
    takers: list[Exchange],
    rows: dict[str, list[Exchange]],
    mass: float,
) -> Iterator[Finding]:
    """A solvent of an electrode leaves it as vapour, here or in the next process."""
    need, worst = 0.0, None
    heated = re.search(r"cathode|anode|electrode|paste|kathode|极片", process)
    for row in own if heated else []:
        kg = mass_kg(row.amount, row.unit, row.mass_kg_per_unit)
        if not kg or row.direction is not Direction.INPUT:
            continue
        for solvent in _table("plausible_solvents.csv"):
            if re.search(solvent["flow"], row.flow.lower()):
                need += kg * float(solvent["kwh_per_kg"])
                worst = row
    if worst is None:
        return
    taken = _energy(own)
    for taker in takers:
        kg = mass_kg(taker.amount, taker.unit, taker.mass_kg_per_unit)
        if kg:
            taken += _energy(rows[taker.process]) * mass / kg
    if taken < need:
        yield finding(
            "plausibility.drying-below-latent-heat",
            worst.place,
            severity=Severity.WARNING,
            process=process,
            flow=worst.flow,
            taken=taken,
            least=need,
        )


def no_energy(inventory: Inventory) -> Iterator[Finding]:
    """A finding where a battery is made and nothing in the inventory takes electricity."""
    makes = any(_MAKING.search(p.reference_flow.lower()) for p in inventory.processes)
    if makes and not any(r.carrier is Carrier.ELECTRICITY for r in inventory.exchanges):
        yield finding("plausibility.no-electricity", severity=Severity.WARNING)


def _electricity(rows: list[Exchange]) -> float:
    return fsum(energy_kwh(r) or 0.0 for r in rows if r.carrier is Carrier.ELECTRICITY)


def _energy(rows: list[Exchange]) -> float:
    return fsum(energy_kwh(r) or 0.0 for r in rows)
