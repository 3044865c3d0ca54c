"""Mass and energy of one process: what goes in against what comes out.

Mass: a process gives out what it takes in, as product, waste, emission or co-product. Energy,
transport, and services counted in the kilograms they work on (sheet rolling) carry no mass of
the product; services are known by their name (``services_in_kg.csv``).

Energy: a process whose product is electricity or heat gives no more of it than its fuels and
its own supply hold. Fuels are taken at the most they can hold (gross calorific values,
``heating_values.csv``, recalled), so that only what is impossible is told. Of other processes
most energy leaves as waste heat that no inventory books; there is nothing to close.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.model import Carrier, Direction, Exchange, Inventory, Process, Stage
from saltbridge.footprint.units import mass_kg

# A process whose masses in and out differ by more than this gets a warning.
BALANCE_TOLERANCE = 0.05
# Energy out may exceed energy in by this much: rounding of the amounts, no more.
ENERGY_TOLERANCE = 0.01
# Findings that name the process and say what is wrong with its masses, or which row it is.
_TELLS_THE_BALANCE = frozenset(
    f"plausibility.{code}"
    for code in ("balance-slip", "mass-from-nothing", "mass-far-too-much")
)
_NO_MASS = (Carrier.ELECTRICITY, Carrier.HEAT, Carrier.TRANSPORT)
_ENERGY = (Carrier.ELECTRICITY, Carrier.HEAT)
_ENERGY_WORD = re.compile(
    r"electricity|\bpower\b|\bheat\b|\bsteam\b|strom|wärme|dampf|电力|电能|热力|蒸汽"
)


@dataclass(frozen=True, slots=True)
class Balance:
    """One process: what it takes divided by what it gives; None where that cannot be told."""

    process: Process
    mass: float | None
    energy: float | None


def balances(inventory: Inventory) -> Iterator[Balance]:
    """Mass and energy balance of every process."""
    energies = _energy_flows(inventory)
    stages = {p.id: p.stage for p in inventory.processes}
    made: dict[str, list[Exchange]] = {}
    for row in inventory.exchanges:
        # The battery on its way and at its end is the product itself, not a mass of its making.
        stage = row.stage or stages.get(row.provider)
        later = stage in (Stage.DISTRIBUTION, Stage.END_OF_LIFE)
        if not later or stages.get(row.process) is stage:
            made.setdefault(row.process, []).append(row)
    for process in inventory.processes:
        rows = made.get(process.id, [])
        yield Balance(
            process, mass_balance(process, rows), energy_balance(process, rows, energies)
        )


def balance_findings(found: Iterable[Balance]) -> Iterator[Finding]:
    """A warning for every process whose masses or energies cannot be right."""
    for balance in found:
        process = balance.process
        if balance.mass is not None and abs(balance.mass - 1) > BALANCE_TOLERANCE:
            yield _warning("footprint.mass-balance", process, balance.mass)
        if balance.energy is not None and balance.energy < 1 - ENERGY_TOLERANCE:
            yield _warning("pass.energy-from-nothing", process, balance.energy)


def untold_balances(inventory: Inventory, told: Iterable[Finding]) -> Iterator[Finding]:
    """The balances of an inventory, without processes whose balance something told already."""
    known = {f.arguments.get("process") for f in told if f.code in _TELLS_THE_BALANCE}
    for found in balance_findings(balances(inventory)):
        if found.arguments.get("process") not in known:
            yield found


def is_service(row: Exchange) -> bool:
    """Whether a row is work on a material, counted in the kilograms that are worked on."""
    return row.direction is Direction.INPUT and any(
        pattern.search(row.flow.lower()) for pattern in _services()
    )


def mass_balance(process: Process, rows: Sequence[Exchange]) -> float | None:
    """Mass in divided by mass out of one process, or None where a side has no mass.

    Auxiliary materials that leave with waste water or exhaust air appear as a ratio above 1,
    which is why this warns and no more.
    """
    counted = [r for r in rows if r.carrier not in _NO_MASS and not is_service(r)]
    taken = _masses(r for r in counted if r.direction in (Direction.INPUT, Direction.RESOURCE))
    given = _masses(
        r
        for r in counted
        if r.direction in (Direction.OUTPUT, Direction.WASTE, Direction.EMISSION)
    )
    product = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
    if product is None or not taken:
        return None
    if product < 0:  # a treatment takes its reference flow in
        taken, product = [*taken, -product], 0.0
    out = fsum([*given, product])
    return fsum(taken) / out if out > 0 else None


def energy_balance(
    process: Process, rows: Sequence[Exchange], energies: frozenset[str]
) -> float | None:
    """Energy in divided by energy out of a process that makes energy, else None.

    ``energies`` are the flows that are energy and no capacity of a battery. None too where
    something that goes in may be a fuel of unknown heating value, or comes from nature.
    """
    out = [
        energy
        for flow, amount, unit in (
            (process.reference_flow, process.production_amount, process.unit),
            *((r.flow, r.amount, r.unit) for r in rows if r.direction is Direction.OUTPUT),
        )
        if flow in energies and (energy := _megajoules(amount, unit)) is not None
    ]
    if fsum(out) <= 0:
        return None
    taken: list[float] = []
    for row in rows:
        if row.direction is Direction.RESOURCE:
            return None
        if row.direction is not Direction.INPUT or row.amount == 0:
            continue
        held = _megajoules(row.amount, row.unit)
        if held is None:
            held = _held_by_fuel(row)
        if held is not None:
            taken.append(held)
        elif row.carrier is Carrier.NONE and _may_burn(row):
            return None
    return fsum(taken) / fsum(out) if taken else None


def _energy_flows(inventory: Inventory) -> frozenset[str]:
    marked = {r.flow for r in inventory.exchanges if r.carrier in _ENERGY}
    named = {
        p.reference_flow
        for p in inventory.processes
        if _megajoules(1.0, p.unit) is not None
        and _ENERGY_WORD.search(p.reference_flow.lower())
    }
    return frozenset(marked | named)


def _megajoules(amount: float, unit: str) -> float | None:
    if is_unit(unit) and same_dimension(unit, "MJ"):
        return amount * conversion_factor(unit, "MJ")
    return None


def _held_by_fuel(row: Exchange) -> float | None:
    for pattern, unit, most in _fuels():
        if pattern.search(row.flow.lower()) and is_unit(row.unit):
            if same_dimension(row.unit, unit):
                return row.amount * conversion_factor(row.unit, unit) * most
            mass = mass_kg(row.amount, row.unit, row.mass_kg_per_unit)
            if unit == "kg" and mass is not None:
                return mass * most
    return None


def _may_burn(row: Exchange) -> bool:
    """Whether a row is an amount of matter; works, pieces and hours are not."""
    return is_unit(row.unit) and (
        same_dimension(row.unit, "kg") or same_dimension(row.unit, "m3")
    )


@lru_cache(maxsize=1)
def _services() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(r["pattern"]) for r in read_table("services_in_kg.csv"))


@lru_cache(maxsize=1)
def _fuels() -> tuple[tuple[re.Pattern[str], str, float], ...]:
    return tuple(
        (re.compile(r["pattern"]), r["unit"], float(r["most_mj"]))
        for r in read_table("heating_values.csv")
    )


def _masses(rows: Iterable[Exchange]) -> list[float]:
    masses = [mass_kg(r.amount, r.unit, r.mass_kg_per_unit) for r in rows]
    return [m for m in masses if m is not None]


def _warning(code: str, process: Process, ratio: float) -> Finding:
    return finding(
        code, process.place, severity=Severity.WARNING, process=process.id, ratio=ratio
    )
