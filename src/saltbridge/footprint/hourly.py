"""Hourly matching of electricity: a shadow figure beside the footprint, never a part of it.

No rule set read so far prices electricity by the hour. The figure shows what a yearly contract
hides: E = Σ max(0, L − G) · g over the hours, with load L and own or contracted generation G
[kWh] and the grid factor g [kg CO2e/kWh] of the hour. The carbon-free share is
CFE = Σ min(L, G) / Σ L, at most 1; the yearly view nets generation against load over the whole
period, so that the energy unmatched by the hour is never less than the energy unmatched by the
year. (Metric: Google, 24/7 carbon-free energy, 2021; the formula is from memory.)
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from math import fsum, isfinite

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding

COLUMNS = ("load_kwh", "generation_kwh", "grid_kg_co2e_per_kwh")
MAX_HOURS = 8784 * 4  # a leap year in quarters of an hour


@dataclass(frozen=True, slots=True)
class HourlyShadow:
    """The figures of a whole profile: energies in kWh, emissions in kg CO2e."""

    hours: int
    load_kwh: float
    generation_kwh: float
    matched_kwh: float
    hourly_kg_co2e: float  # of what is not matched within its hour
    yearly_kg_co2e: float  # of what is not matched over the period, at the mean grid factor
    grid_kg_co2e: float  # without any generation

    @property
    def carbon_free_share(self) -> float:
        """Share of the load that is matched within its hour, 0 to 1."""
        return self.matched_kwh / self.load_kwh

    @property
    def unmatched_kwh(self) -> float:
        """Load that no generation of its own hour covers [kWh]."""
        return self.load_kwh - self.matched_kwh

    @property
    def yearly_share(self) -> float:
        """Share of the load that generation covers over the whole period, 0 to 1."""
        return min(1.0, self.generation_kwh / self.load_kwh)

    @property
    def hourly_kg_co2e_per_kwh(self) -> float:
        """Shadow factor of one kWh of this load [kg CO2e/kWh]."""
        return self.hourly_kg_co2e / self.load_kwh


def parse_profile(text: str, file: str = "") -> tuple[tuple[float, float, float], ...]:
    """Load, generation and grid factor of every hour, from a CSV with these three columns.

    Raises:
        FaultyInput: columns are missing, or cells are no numbers of at least 0; all at once.
    """
    reader = csv.DictReader(StringIO(text))
    missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        place = Place(file, 1)
        raise FaultyInput(
            [finding("whatif.profile-columns", place, missing=", ".join(missing))]
        )
    hours: list[tuple[float, float, float]] = []
    findings: list[Finding] = []
    for line, row in enumerate(reader, start=2):
        values = []
        for column in COLUMNS:
            try:
                value = float(row[column] or "")
            except ValueError:
                value = -1.0
            if not isfinite(value) or value < 0:
                cell = (row[column] or "")[:40]
                place = Place(file, line, column)
                findings.append(finding("whatif.profile-cell", place, value=cell))
            values.append(value)
        hours.append((values[0], values[1], values[2]))
        if len(hours) > MAX_HOURS or len(findings) > 20:
            break
    if len(hours) > MAX_HOURS:
        findings.append(finding("whatif.profile-long", Place(file), limit=MAX_HOURS))
    if not findings and not fsum(load for load, _, _ in hours) > 0:
        findings.append(finding("whatif.profile-empty", Place(file)))
    if findings:
        raise FaultyInput(findings)
    return tuple(hours)


def hourly_shadow(hours: Sequence[tuple[float, float, float]]) -> HourlyShadow:
    """The figures of a profile of (load kWh, generation kWh, grid kg CO2e/kWh).

    >>> shadow = hourly_shadow([(1.0, 2.0, 0.5), (1.0, 0.0, 0.7)])
    >>> shadow.carbon_free_share, shadow.yearly_share, shadow.hourly_kg_co2e
    (0.5, 1.0, 0.7)
    """
    load = fsum(hour[0] for hour in hours)
    generation = fsum(hour[1] for hour in hours)
    grid = fsum(hour[0] * hour[2] for hour in hours)
    yearly = grid * max(0.0, 1 - generation / load)
    return HourlyShadow(
        hours=len(hours),
        load_kwh=load,
        generation_kwh=generation,
        matched_kwh=fsum(min(hour[0], hour[1]) for hour in hours),
        hourly_kg_co2e=fsum(max(0.0, hour[0] - hour[1]) * hour[2] for hour in hours),
        yearly_kg_co2e=yearly,
        grid_kg_co2e=grid,
    )
