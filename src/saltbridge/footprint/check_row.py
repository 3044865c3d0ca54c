"""Faults of a single row, whatever stands in the others: units, amounts, masses, ratings."""

from collections.abc import Iterator
from dataclasses import replace
from math import fsum

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.quantity import is_unit, same_dimension
from saltbridge.footprint.biogenic import is_uptake
from saltbridge.footprint.characterisation import gas
from saltbridge.footprint.data_quality import declared_fits, five_indicators
from saltbridge.footprint.model import Carrier, Direction, Exchange, LocalFactor, Process, Row

_INDICATORS = ("TeR", "GeR", "TiR")
_ALLOCATIONS = ("", "none", "mass", "physical", "economic", "substitution")


def at(row: Row, column: str) -> Place:
    """Where a cell of the row stands."""
    return replace(row.place, column=column)


def check_process(row: Process) -> Iterator[Finding]:
    """A process by itself."""
    if not is_unit(row.unit):
        yield finding("footprint.unknown-unit", at(row, "unit"), unit=row.unit)
    if row.production_amount == 0:
        yield finding("footprint.zero-production", at(row, "production_amount"), process=row.id)
    if row.reference_mass_kg is not None and row.reference_mass_kg <= 0:
        yield finding(
            "footprint.negative-mass",
            at(row, "reference_mass_kg"),
            field="reference_mass_kg",
            value=row.reference_mass_kg,
        )
    if row.allocation not in _ALLOCATIONS:
        yield finding(
            "footprint.unknown-allocation",
            at(row, "allocation"),
            allocation=row.allocation,
            known=", ".join(_ALLOCATIONS[1:]),
        )


def check_exchange(row: Exchange) -> Iterator[Finding]:
    """An exchange by itself."""
    if not is_unit(row.unit):
        yield finding("footprint.unknown-unit", at(row, "unit"), unit=row.unit)
    elif row.carrier is Carrier.ELECTRICITY and not same_dimension(row.unit, "kWh"):
        yield finding(
            "footprint.unit-mismatch",
            at(row, "unit"),
            flow=row.flow,
            unit=row.unit,
            expected="kWh",
        )
    if row.amount < 0:
        yield finding(
            "footprint.negative-amount", at(row, "amount"), flow=row.flow, amount=row.amount
        )
    elif row.amount == 0:
        yield finding(
            "footprint.zero-amount",
            at(row, "amount"),
            severity=Severity.NOTE,
            flow=row.flow,
            process=row.process,
        )
    yield from check_mass_per_unit(row)
    if row.direction is Direction.RESOURCE:
        yield from _resource(row)
    if row.contract and row.carrier is not Carrier.ELECTRICITY:
        yield finding(
            "footprint.contract-not-electricity",
            at(row, "contract"),
            flow=row.flow,
            contract=row.contract,
        )
    if row.circular and row.direction not in (Direction.INPUT, Direction.WASTE):
        yield finding(
            "footprint.circular-direction",
            at(row, "circular"),
            flow=row.flow,
            direction=row.direction.value,
        )
    yield from _spread(row)
    yield from check_quality(row)


def check_mass_per_unit(row: Exchange | LocalFactor) -> Iterator[Finding]:
    """The mass of one piece [kg], where it is given."""
    # A mass of 0 would turn any number of pieces into 0 kg.
    if row.mass_kg_per_unit is not None and row.mass_kg_per_unit <= 0:
        yield finding(
            "footprint.negative-mass",
            at(row, "mass_kg_per_unit"),
            field="mass_kg_per_unit",
            value=row.mass_kg_per_unit,
        )


def _resource(row: Exchange) -> Iterator[Finding]:
    """Resources count nothing: what looks as if it should count is told."""
    if row.factor:
        yield finding("footprint.resource-priced", at(row, "factor"), flow=row.flow)
    if gas(row.flow) is not None and not is_uptake(row):
        yield finding(
            "footprint.uptake-not-counted",
            at(row, "direction"),
            severity=Severity.WARNING,
            flow=row.flow,
        )


def _spread(row: Exchange) -> Iterator[Finding]:
    if row.scale is not None and row.scale < 0:
        yield finding(
            "analysis.negative-spread", at(row, "scale"), flow=row.flow, scale=row.scale
        )


def check_quality(row: Exchange | LocalFactor) -> Iterator[Finding]:
    """The indicators of data quality."""
    for name in _INDICATORS:
        value = getattr(row, name)
        if value is not None and not 1 <= value <= 5:
            yield finding(
                "footprint.indicator-outside", at(row, name), indicator=name, value=value
            )
    if row.dqi and five_indicators(row.dqi) is None:
        yield finding("pass.indicators-unreadable", at(row, "dqi"), value=row.dqi)


def check_declared_rating(row: LocalFactor) -> Iterator[Finding]:
    """A rating that was declared beside its indicators."""
    three = [v for v in (row.TeR, row.GeR, row.TiR) if v is not None]
    if row.DQR is not None and len(three) == 3 and not declared_fits(row.DQR, three):
        yield finding(
            "pass.rating-declared",
            at(row, "DQR"),
            severity=Severity.WARNING,
            id=row.id,
            declared=row.DQR,
            mean=fsum(three) / 3,
        )
