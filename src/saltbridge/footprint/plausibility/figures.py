"""Figures of the battery, of factors, and of a result, beside published ranges."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.completeness import price
from saltbridge.footprint.model import ElectricityContract, Inventory, LocalFactor, Stage
from saltbridge.footprint.result import CarbonFootprint

WIDE = 3.0


@lru_cache(maxsize=1)
def published() -> Mapping[str, tuple[float, float, str, str]]:
    """Low, high, source and confidence of every published figure, by its name."""
    return {
        r["quantity"]: (float(r["low"]), float(r["high"]), r["source"], r["confidence"])
        for r in read_table("plausible_results.csv")
    }


def product_values(inventory: Inventory) -> Iterator[Finding]:
    """Findings where mass, energy, charge and voltage of the battery do not go together."""
    product = inventory.product
    energy = product.usable_energy_kwh
    if energy and product.mass_kg and energy > 0 and product.mass_kg > 0:
        density = 1000 * energy / product.mass_kg
        low, high, source, confidence = published()["pack_wh_per_kg"]
        if not low <= density <= high:
            yield finding(
                "plausibility.energy-density",
                Place(pointer="/product/mass_kg"),
                severity=Severity.WARNING,
                value=density,
                low=low,
                high=high,
                source=source,
                confidence=confidence,
            )
    charge, volts = product.rated_capacity_ah, product.nominal_voltage_v
    if energy and charge and volts and min(energy, charge, volts) > 0:
        rated = charge * volts / 1000
        if not 0.6 <= energy / rated <= 1.05:
            yield finding(
                "plausibility.energy-not-charge",
                Place(pointer="/product/usable_energy_kwh"),
                severity=Severity.WARNING,
                energy=energy,
                rated=rated,
            )


def factor_values(inventory: Inventory) -> Iterator[Finding]:
    """Findings for factors of the company far from every published value of their material."""
    for row in inventory.factors:
        value = row.kg_co2e_per_unit
        if value is None or not is_unit(row.unit):
            continue
        place = replace(row.place, column="kg_co2e_per_unit")
        if value < 0:
            yield _factor("factor-negative", row, place, value)
        elif "electric" in row.flow.lower() and same_dimension(row.unit, "kWh"):
            per_kwh = value / conversion_factor(row.unit, "kWh")
            yield from _electricity(row, place, row.flow, per_kwh)
        else:
            known = price(row.flow, 1.0, row.unit, row.mass_kg_per_unit, ())
            if known is not None and not known.low / WIDE <= value <= known.high * WIDE:
                yield _factor("factor-outside", row, place, value, known.low, known.high,
                              known.source)  # fmt: skip
    for contract in inventory.electricity:
        if contract.kg_co2e_per_kwh is not None:
            place = replace(contract.place, column="kg_co2e_per_kwh")
            if contract.kg_co2e_per_kwh < 0:
                yield _factor("factor-negative", contract, place, contract.kg_co2e_per_kwh)
            elif contract.kg_co2e_per_kwh > 0:
                yield from _electricity(contract, place, contract.id, contract.kg_co2e_per_kwh)


def _electricity(
    row: LocalFactor | ElectricityContract, place: Place, name: str, value: float
) -> Iterator[Finding]:
    low, high, source, confidence = published()["electricity_kg_co2e_per_kwh"]
    if value != 0 and not low <= value <= high:
        yield _factor(
            "factor-outside", row, place, value, low, high, f"[{confidence}] {source}"
        )


def _factor(
    code: str,
    row: LocalFactor | ElectricityContract,
    place: Place,
    value: float,
    low: float = 0.0,
    high: float = 0.0,
    source: str = "",
) -> Finding:
    return finding(
        f"plausibility.{code}",
        place,
        severity=Severity.WARNING,
        id=row.id,
        value=value,
        low=low,
        high=high,
        source=source,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A published range, the stages it is for, and how far outside of it is told."""

    quantity: str
    unit: str
    stages: tuple[Stage, ...]
    margin: float
    code: str = "result-outside"


_GATE = (Stage.RAW_MATERIAL, Stage.MAIN_PRODUCTION)
# An interquartile range holds half of the studies: twice as wide before it is told. Of
# recycling only the credit is asked: whoever counts none is not wrong.
_ASKED = (
    _Asked("pack_kg_co2e_per_kwh", "kWh", _GATE, 2.0),
    _Asked("pack_kg_co2e_per_kg", "kg", _GATE, 1.0),
    _Asked("recycling_kg_co2e_per_kwh", "kWh", (Stage.END_OF_LIFE,), 2.0, "credit-outside"),
)


def check_result(footprint: CarbonFootprint, inventory: Inventory) -> tuple[Finding, ...]:
    """Findings where a footprint lies outside what is published for batteries.

    Acquisition and production together, for one kWh of capacity and one kilogram of pack; the
    credit of recycling for one kWh. Holes count at their range; a hole without range says that
    nothing can be compared.
    """
    product = inventory.product
    sizes = {"kWh": product.usable_energy_kwh, "kg": product.mass_kg}
    found = (_outside(footprint, asked, sizes[asked.unit]) for asked in _ASKED)
    return tuple(f for f in found if f is not None)


def _outside(footprint: CarbonFootprint, asked: _Asked, size: float | None) -> Finding | None:
    holes = [h for h in footprint.holes if h.stage in asked.stages]
    if not size or any(h.low_kg_co2e is None or h.high_kg_co2e is None for h in holes):
        return None
    known = sum(map(footprint.stage_kg_co2e, asked.stages))
    least = known + sum(h.low_kg_co2e or 0.0 for h in holes)
    most = known + sum(h.high_kg_co2e or 0.0 for h in holes)
    low, high, source, confidence = published()[asked.quantity]
    lowest = low / asked.margin if low > 0 else low * asked.margin
    credit = asked.code == "credit-outside"
    if most / size >= lowest and (credit or least / size <= high * asked.margin):
        return None
    return finding(
        f"plausibility.{asked.code}",
        severity=Severity.WARNING,
        value=known / size,
        unit=f"kg CO2e/{asked.unit}",
        low=low,
        high=high,
        source=source,
        confidence=confidence,
    )
