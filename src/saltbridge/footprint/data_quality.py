"""Data quality ratings and the share of primary data of a footprint.

DQR = (TeR + GeR + TiR) / 3 on a scale from 1 (best) to 5, as in the open CFB-EV case study
(secondary, read 2026-11). The rating of a footprint is the mean of its lines weighted by
their absolute emissions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum


@dataclass(frozen=True, slots=True)
class Rated:
    """One line: its emissions [kg CO2e], its indicators, its share of primary data [%]."""

    kg_co2e: float
    TeR: float | None
    GeR: float | None
    TiR: float | None
    primary_percent: float


@dataclass(frozen=True, slots=True)
class DataQuality:
    """Mean indicators; ``rated_share`` of the emissions has indicators at all."""

    TeR: float
    GeR: float
    TiR: float
    rated_share: float

    @property
    def DQR(self) -> float:
        """The data quality rating: mean of the three indicators (1 is best)."""
        return dqr(self.TeR, self.GeR, self.TiR)


def dqr(technology: float, geography: float, time: float) -> float:
    """Data quality rating, 1 (best) to 5.

    >>> round(dqr(4, 3, 3), 4)
    3.3333
    """
    return (technology + geography + time) / 3


def data_quality(lines: Iterable[Rated]) -> DataQuality | None:
    """The rating of a footprint, or None where no line with emissions has indicators."""
    lines = tuple(lines)
    weights: list[float] = []
    indicators: list[tuple[float, float, float]] = []
    for line in lines:
        if line.TeR is None or line.GeR is None or line.TiR is None:
            continue
        weights.append(abs(line.kg_co2e))
        indicators.append((line.TeR, line.GeR, line.TiR))
    total = fsum(weights)
    if total == 0:
        return None
    means = [
        fsum(w * values[k] for w, values in zip(weights, indicators, strict=True)) / total
        for k in range(3)
    ]
    everything = fsum(abs(line.kg_co2e) for line in lines)
    return DataQuality(means[0], means[1], means[2], total / everything)


def primary_data_share(lines: Iterable[Rated]) -> float | None:
    """Emission-weighted share of primary data [%], or None for a footprint without lines."""
    lines = tuple(lines)
    total = fsum(abs(line.kg_co2e) for line in lines)
    if total == 0:
        return None
    return fsum(abs(line.kg_co2e) * line.primary_percent for line in lines) / total
