"""Amounts beside what others published and beside their own process."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import fsum

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.balance import mass_balance
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.model import Carrier, Direction, Exchange, Inventory, Process
from saltbridge.footprint.units import mass_kg

WIDE = 3.0  # outside the published range by more than this: told
MASS_FAR_TOO_MUCH = 50.0
# Titanium and magnesium take up to 100 kWh/kg; once round the earth is 40 tkm/kg (recalled).
KWH_PER_KG = 200.0
TKM_PER_KG = 40.0
TOO_MUCH = 2.5  # times as much mass in as out
NEAR = 1.5  # a corrected amount must lie this close to the published range
SLIPS = (10.0, 100.0, 1000.0)
MJ_PER_KWH = 3.6
_WATER = re.compile(r"water|wasser|水|brine|sole\b")
_NOT_MASS = re.compile(
    r"rolling|extrusion|mou?lding|casting|drawing|metal working|coating|welding"
)
_MINE = re.compile(r"mining|\bore\b|\bmine\b|brine|sole\b|采矿|矿石|卤水")
_SERVICES = (Carrier.ELECTRICITY, Carrier.HEAT, Carrier.TRANSPORT)


@dataclass(frozen=True, slots=True)
class _Reference:
    """What published inventories take of a flow for one kilogram of a product."""

    product: re.Pattern[str]
    other_than: re.Pattern[str]
    flow: str  # a pattern, or @electricity, @heat
    unit: str
    low: float
    high: float
    required: bool
    source: str

    def takes(self, row: Exchange) -> bool:
        if row.direction is not Direction.INPUT:
            return False
        if self.flow.startswith("@"):
            return row.carrier.value == self.flow[1:]
        return row.carrier not in _SERVICES and bool(re.search(self.flow, row.flow.lower()))


@lru_cache(maxsize=1)
def _references() -> tuple[_Reference, ...]:
    return tuple(
        _Reference(
            re.compile(r["product"]),
            re.compile(r["other_than"]),
            r["flow"],
            r["unit"],
            float(r["low"]),
            float(r["high"]),
            r["required"] == "yes",
            r["source"],
        )
        for r in read_table("plausible_amounts.csv")
    )


def against_reference(inventory: Inventory) -> Iterator[Finding]:
    """Findings for amounts far from every published inventory, and for what is missing."""
    rows = rows_by_process(inventory)
    for process in inventory.processes:
        name = process.reference_flow.lower()
        mass = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
        if mass is None or mass <= 0:
            continue
        own = rows.get(process.id, [])
        if len([r for r in own if r.direction is Direction.INPUT]) < 2:
            continue  # a market or a renamed flow, not the making of it
        for reference in _references():
            if not reference.product.search(name) or reference.other_than.search(name):
                continue
            yield from _one(process, mass, [r for r in own if reference.takes(r)], reference)


def _one(
    process: Process, mass: float, rows: Sequence[Exchange], reference: _Reference
) -> Iterator[Finding]:
    found = [(r, _in(r, reference.unit)) for r in rows]
    amounts = [(r, a / mass) for r, a in found if a is not None and a > 0]
    if not amounts:
        if reference.required and not found:
            yield finding(
                "plausibility.missing-input",
                process.place,
                severity=Severity.WARNING,
                process=process.id,
                what=reference.flow.strip("@").split("|")[0].split("(")[0],
                low=reference.low,
                high=reference.high,
                unit=reference.unit,
                source=reference.source,
            )
        return
    total = fsum(a for _, a in amounts)
    if reference.low / WIDE <= total <= reference.high * WIDE and not (
        reference.flow.startswith("@") and _factor_of(total, reference, (MJ_PER_KWH,))
    ):
        return
    row, amount = max(amounts, key=lambda a: a[1])
    rest = total - amount
    slip = 0.0
    if total > reference.high or total < reference.low:
        factors = (MJ_PER_KWH, *SLIPS) if reference.flow.startswith("@") else SLIPS
        slip = _factor_of(total, reference, factors, rest)
    place = replace(row.place, column="amount")
    if slip:
        code = "unit-slip" if slip in (MJ_PER_KWH, 1 / MJ_PER_KWH) else "decimal-slip"
        yield finding(
            f"plausibility.{code}",
            place,
            severity=Severity.WARNING,
            process=process.id,
            flow=row.flow,
            amount=row.amount,
            unit=row.unit,
            corrected=row.amount / slip,
            low=reference.low,
            high=reference.high,
            reference_unit=reference.unit,
            source=reference.source,
        )
    else:
        yield finding(
            "plausibility.outside-published",
            place,
            severity=Severity.WARNING,
            process=process.id,
            flow=row.flow,
            total=total,
            low=reference.low,
            high=reference.high,
            unit=reference.unit,
            source=reference.source,
        )


def _factor_of(
    total: float, reference: _Reference, factors: Sequence[float], rest: float = 0.0
) -> float:
    """By how much an amount is too large (or small), if one slip explains it; else 0."""
    if reference.low / 2 <= total <= reference.high * 2:
        return 0.0
    for factor in factors:
        for slip in (factor, 1 / factor):
            corrected = rest + (total - rest) / slip
            if reference.low / NEAR <= corrected <= reference.high * NEAR:
                return slip
    return 0.0


def _in(row: Exchange, unit: str) -> float | None:
    if is_unit(row.unit) and same_dimension(row.unit, unit):
        return row.amount * conversion_factor(row.unit, unit)
    mass = mass_kg(row.amount, row.unit, row.mass_kg_per_unit)
    return mass if unit == "kg" else None


def mass_from_nothing(inventory: Inventory) -> Iterator[Finding]:
    """Findings for processes that give more mass than they take, or far less.

    Where one row times or divided by 10, 100 or 1000 closes the balance, that row is named.
    Too much going in is told for dry masses only, since water evaporates and comes back, and
    without services that are counted in the kilograms they work on (sheet rolling).
    """
    rows = rows_by_process(inventory)
    for process in inventory.processes:
        whole = rows.get(process.id, [])
        if process.production_amount <= 0 or _from_the_ground(process, whole):
            continue
        taken = [r for r in whole if r.direction is not Direction.EMISSION]
        ratio = mass_balance(process, [r for r in taken if r.direction is not Direction.WASTE])
        dry = [
            r
            for r in taken
            if not _WATER.search(r.flow.lower())
            and not (r.direction is Direction.INPUT and _NOT_MASS.search(r.flow.lower()))
        ]
        dry_ratio = mass_balance(process, dry)
        if ratio is not None and ratio < 0.95:
            pool, told = taken, ratio
        elif dry_ratio is not None and dry_ratio > TOO_MUCH:
            pool, told = dry, dry_ratio
        else:
            continue
        row = _closing(process, pool)
        if row is not None:
            exchange, slip = row
            yield finding(
                "plausibility.balance-slip",
                replace(exchange.place, column="amount"),
                severity=Severity.WARNING,
                process=process.id,
                ratio=told,
                flow=exchange.flow,
                amount=exchange.amount,
                corrected=exchange.amount / slip,
                unit=exchange.unit,
            )
        elif told < 0.95:
            yield finding(
                "plausibility.mass-from-nothing",
                process.place,
                severity=Severity.WARNING,
                process=process.id,
                ratio=told,
            )
        elif told > MASS_FAR_TOO_MUCH:
            yield finding(
                "plausibility.mass-far-too-much",
                process.place,
                severity=Severity.WARNING,
                process=process.id,
                ratio=told,
            )


def beyond_any(inventory: Inventory) -> Iterator[Finding]:
    """Findings for energy and transport that no material of a battery has for a kilogram."""
    rows = rows_by_process(inventory)
    for process in inventory.processes:
        mass = mass_kg(process.production_amount, process.unit, process.reference_mass_kg)
        if mass is None or mass <= 0:
            continue
        own = rows.get(process.id, [])
        moved = [
            kg
            for r in own
            if r.direction is Direction.INPUT and r.carrier is Carrier.NONE
            if (kg := mass_kg(r.amount, r.unit, r.mass_kg_per_unit)) is not None
        ]
        load = max(mass, fsum(moved))
        for row in own:
            for unit, limit, per in (
                ("kWh", KWH_PER_KG, mass),
                ("tkm", TKM_PER_KG, load),
            ):
                amount = _in(row, unit) if row.carrier in _SERVICES else None
                if amount is not None and amount / per > limit:
                    yield finding(
                        "plausibility.beyond-any",
                        replace(row.place, column="amount"),
                        severity=Severity.WARNING,
                        process=process.id,
                        flow=row.flow,
                        value=amount / per,
                        limit=limit,
                        unit=unit,
                    )


def _from_the_ground(process: Process, rows: Sequence[Exchange]) -> bool:
    """Whether mass may come in that no row counts: ore, brine, air, a flow without mass."""
    if _MINE.search(process.reference_flow.lower()):
        return True
    return any(
        r.direction is Direction.RESOURCE
        or (
            r.direction is Direction.INPUT
            and r.carrier is Carrier.NONE
            and r.unit in ("m3", "l", "L", "piece", "item", "unit")
            and r.amount > 1e-6
            and mass_kg(r.amount, r.unit, r.mass_kg_per_unit) is None
        )
        for r in rows
    )


def _closing(process: Process, rows: Sequence[Exchange]) -> tuple[Exchange, float] | None:
    """The row whose amount, put right by a power of ten, closes the balance best."""
    best: tuple[float, Exchange, float] | None = None
    for index, row in enumerate(rows):
        if row.direction is not Direction.INPUT or row.carrier in _SERVICES:
            continue
        for slip in (*SLIPS, *(1 / s for s in SLIPS)):
            changed = [*rows]
            changed[index] = replace(row, amount=row.amount / slip)
            ratio = mass_balance(process, changed)
            if ratio is None or not 0.97 <= ratio <= 1.5:
                continue
            if best is None or abs(ratio - 1.02) < best[0]:
                best = (abs(ratio - 1.02), row, slip)
    return None if best is None else (best[1], best[2])


def rows_by_process(inventory: Inventory) -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = {}
    for row in inventory.exchanges:
        found.setdefault(row.process, []).append(row)
    return found
