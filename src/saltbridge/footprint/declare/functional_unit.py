"""Functional and declared units: what the kilograms of CO2e are divided by."""

from dataclasses import dataclass

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.methodology import Assumptions
from saltbridge.footprint.model import Inventory, Product
from saltbridge.footprint.result import DeclaredUnit

# Draft delegated act of 29 April 2024, Ares(2024)3131389: full equivalent cycles per year by
# vehicle class. Secondary: two published summaries of the draft, read 2026-11.
FULL_EQUIVALENT_CYCLES = {
    "M1": 60.0,
    "N1": 60.0,
    "L": 20.0,
    "M2": 250.0,
    "M3": 250.0,
    "N2": 250.0,
    "N3": 250.0,
}
# Kilometres that count as one year of warranty. RECALLED: to be checked against the draft.
KILOMETRES_PER_YEAR = {
    "M1": 20_000.0,
    "N1": 20_000.0,
    "L": 5_000.0,
    "M2": 60_000.0,
    "M3": 60_000.0,
    "N2": 60_000.0,
    "N3": 60_000.0,
}
YEARS_WITHOUT_WARRANTY = 5.0  # recalled
LEAST_REMAINING_ENERGY_PERCENT = 70.0  # recalled: a weaker warranty does not count

_AT_ENERGY = Place(pointer="/product/usable_energy_kwh")
_AT_LIFE = Place(pointer="/service_life")
_AT_WARRANTY = Place(pointer="/warranty")


@dataclass(frozen=True, slots=True)
class ServiceEnergy:
    """Energy one battery delivers over its service life [kWh], and what to know about it."""

    kwh: float | None
    findings: tuple[Finding, ...] = ()


def total_energy_kwh(usable_energy_kwh: float, cycles_per_year: float, years: float) -> float:
    """Energy delivered over the service life [kWh]: E_cap × FEqC × Y.

    Draft delegated act of 29 April 2024 (secondary, read 2026-11).

    >>> total_energy_kwh(60.0, FULL_EQUIVALENT_CYCLES["M1"], 8)
    28800.0
    """
    return usable_energy_kwh * cycles_per_year * years


def warranty_years(inventory: Inventory) -> tuple[float, tuple[Finding, ...]]:
    """Years that count: the warranty in years or in kilometres, whichever is shorter."""
    warranty = inventory.warranty
    remaining = warranty.remaining_energy_percent
    findings: list[Finding] = []
    ends: list[float] = [] if warranty.years is None else [warranty.years]
    if warranty.distance_km is not None:
        per_year = KILOMETRES_PER_YEAR.get(inventory.service_life.vehicle_class)
        if per_year is not None:
            ends.append(warranty.distance_km / per_year)
            findings.append(_note("kilometres-recalled", _AT_WARRANTY, per_year=per_year))
    if remaining is not None and remaining < LEAST_REMAINING_ENERGY_PERCENT:
        ends = []
        findings.append(_note("warranty-too-weak", _AT_WARRANTY, percent=remaining, least=70.0))
    if not ends:
        findings.append(_note("no-warranty", _AT_WARRANTY, years=YEARS_WITHOUT_WARRANTY))
        return YEARS_WITHOUT_WARRANTY, tuple(findings)
    return min(ends), tuple(findings)


def draft_service_energy(inventory: Inventory) -> ServiceEnergy:
    """Energy over service life by the draft delegated act [kWh per battery].

    The maker's own total, or own cycles, take the place of the draft's numbers and are told.
    """
    life = inventory.service_life
    if life.total_energy_kwh is not None:
        own = _warning("own-total-energy", _AT_LIFE, kwh=life.total_energy_kwh)
        return ServiceEnergy(life.total_energy_kwh, (own,))
    of_class = FULL_EQUIVALENT_CYCLES.get(life.vehicle_class)
    cycles = life.full_equivalent_cycles_per_year
    told: tuple[Finding, ...] = ()
    if cycles is None:
        cycles = of_class
    elif cycles != of_class:
        due = "–" if of_class is None else of_class
        told = (_warning("own-cycles", _AT_LIFE, cycles=cycles, due=due),)
    if cycles is None:
        return ServiceEnergy(
            None,
            (_warning("vehicle-class-missing", _AT_LIFE, vehicle_class=life.vehicle_class),),
        )
    if inventory.product.usable_energy_kwh is None:
        return ServiceEnergy(None, (_warning("usable-energy-missing", _AT_ENERGY),))
    years, findings = warranty_years(inventory)
    return ServiceEnergy(
        total_energy_kwh(inventory.product.usable_energy_kwh, cycles, years),
        (*told, *findings),
    )


def batteries_per_unit(product: Product) -> float | None:
    """How many batteries one unit of the product is, or None where the mass or energy lacks.

    The product may be counted in pieces, in kg of battery or in kWh of capacity.
    """
    if not is_unit(product.unit):
        return None
    if same_dimension(product.unit, "kg"):
        mass = product.mass_kg
        return conversion_factor(product.unit, "kg") / mass if mass else None
    if same_dimension(product.unit, "kWh"):
        energy = product.usable_energy_kwh
        return conversion_factor(product.unit, "kWh") / energy if energy else None
    return 1.0


def per_energy(
    inventory: Inventory, energy: ServiceEnergy
) -> tuple[DeclaredUnit | None, tuple[Finding, ...]]:
    """1 kWh of the total energy over service life, as a functional unit."""
    if energy.kwh is None:
        return None, energy.findings
    batteries = batteries_per_unit(inventory.product)
    if batteries is None:
        missing = _warning(
            "battery-mass-missing", Place(pointer="/product"), unit=inventory.product.unit
        )
        return None, (*energy.findings, missing)
    return DeclaredUnit(kind="functional", amount=energy.kwh * batteries, unit="kWh"), (
        energy.findings
    )


def draft_unit(
    inventory: Inventory, assumptions: Assumptions
) -> tuple[DeclaredUnit | None, tuple[Finding, ...]]:
    """Functional unit of the draft delegated act: 1 kWh delivered over service life."""
    unit, findings = per_energy(inventory, draft_service_energy(inventory))
    category = inventory.product.category
    if category != "ev":
        place = Place(pointer="/product/category")
        findings = (
            *findings,
            _warning("category-not-covered", place, category=category),
        )
    return unit, findings


def cycles_unit(
    inventory: Inventory, assumptions: Assumptions
) -> tuple[DeclaredUnit | None, tuple[Finding, ...]]:
    """1 kWh of total energy where the text that fixes the cycles has not been read.

    The number of cycles over the service life comes from the assumption ``cycles``; without
    it there is no unit, since a guessed one would look like a declared value.
    """
    cycles = assumptions.get("cycles")
    if cycles is None:
        return None, (_warning("cycles-not-loaded", _AT_LIFE),)
    if inventory.product.usable_energy_kwh is None:
        return None, (_warning("usable-energy-missing", _AT_ENERGY),)
    energy = inventory.product.usable_energy_kwh * float(cycles)
    return per_energy(inventory, ServiceEnergy(energy))


def piece_or_kg_unit(
    inventory: Inventory, assumptions: Assumptions
) -> tuple[DeclaredUnit | None, tuple[Finding, ...]]:
    """Declared unit of a cradle-to-gate footprint: one piece, or one kilogram."""
    product = inventory.product
    if is_unit(product.unit) and same_dimension(product.unit, "piece"):
        pieces = conversion_factor(product.unit, "piece")
        return DeclaredUnit(kind="declared", amount=pieces, unit="piece"), ()
    if is_unit(product.unit) and same_dimension(product.unit, "kg"):
        kilograms = conversion_factor(product.unit, "kg")
        return DeclaredUnit(kind="declared", amount=kilograms, unit="kg"), ()
    batteries = batteries_per_unit(product)
    if batteries is None or product.mass_kg is None:
        place = Place(pointer="/product")
        return None, (_warning("battery-mass-missing", place, unit=product.unit),)
    amount = batteries * product.mass_kg
    return DeclaredUnit(kind="declared", amount=amount, unit="kg"), ()


def own_unit(
    inventory: Inventory, assumptions: Assumptions
) -> tuple[DeclaredUnit | None, tuple[Finding, ...]]:
    """Declared unit of rule sets that leave it free: the unit the product is counted in.

    Masses are given in kg and energies in kWh; everything else (litre, tkm, piece, …) is one
    unit as it is written. Kilowatt-hours are those of the product's capacity, not of the
    energy it delivers.
    """
    unit = inventory.product.unit
    if not is_unit(unit):
        return None, (_warning("battery-mass-missing", Place(pointer="/product"), unit=unit),)
    for common in ("kg", "kWh", "piece"):
        if same_dimension(unit, common):
            amount = conversion_factor(unit, common)
            return DeclaredUnit(kind="declared", amount=amount, unit=common), ()
    return DeclaredUnit(kind="declared", amount=1.0, unit=unit), ()


def _note(code: str, place: Place, **arguments: str | float) -> Finding:
    return finding(f"methodology.{code}", place, severity=Severity.NOTE, remedy="", **arguments)


def _warning(code: str, place: Place, **arguments: str | float) -> Finding:
    return finding(
        f"methodology.{code}", place, severity=Severity.WARNING, remedy="", **arguments
    )
