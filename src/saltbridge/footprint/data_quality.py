"""Data quality ratings and the share of primary data of a footprint.

Two schemes. ``three_1_5``: technological, geographical and temporal representativeness from 1
(best) to 5, rating = (TeR + GeR + TiR) / 3, as in the open CFB-EV case study and the Catena-X
data model 9.0.0 (secondary, read 2026-11). ``five_1_3``: technology, time, geography,
completeness and reliability from 1 (best) to 3, of the lines above 5 % of the total, as in the
PACT data model 3.0 (secondary, read 2026-11). The rating of a footprint is the mean of its
lines weighted by their absolute emissions.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum

from saltbridge.core.finding import Finding, Severity, finding

THREE, FIVE = "three_1_5", "five_1_3"
WORST = {THREE: 5, FIVE: 3}
# PACT rates the lines that make up more than this share of the total.
RATED_ABOVE = 0.05
# A declared rating may differ this much from the mean of its indicators: it is rounded.
DECLARED_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Rated:
    """One line: its emissions [kg CO2e], its indicators, its share of primary data [%]."""

    kg_co2e: float
    TeR: float | None
    GeR: float | None
    TiR: float | None
    primary_percent: float
    # technology, time, geography, completeness, reliability
    five: tuple[float, ...] | None = None

    @property
    def three(self) -> tuple[float, ...] | None:
        """TeR, TiR, GeR, or None where one is missing."""
        if self.TeR is None or self.TiR is None or self.GeR is None:
            return None
        return self.TeR, self.TiR, self.GeR


@dataclass(frozen=True, slots=True)
class DataQuality:
    """Mean indicators; ``rated_share`` of the emissions has indicators at all."""

    TeR: float
    GeR: float
    TiR: float
    rated_share: float
    completeness: float | None = None
    reliability: float | None = None

    @property
    def scheme(self) -> str:
        """``three_1_5`` or ``five_1_3``."""
        return THREE if self.completeness is None else FIVE

    @property
    def DQR(self) -> float:
        """The data quality rating: mean of the indicators (1 is best)."""
        if self.completeness is None or self.reliability is None:
            return dqr(self.TeR, self.GeR, self.TiR)
        five = (self.TeR, self.TiR, self.GeR, self.completeness, self.reliability)
        return fsum(five) / len(five)


def dqr(technology: float, geography: float, time: float) -> float:
    """Data quality rating, 1 (best) to 5.

    >>> round(dqr(4, 3, 3), 4)
    3.3333
    """
    return (technology + geography + time) / 3


def five_indicators(text: str) -> tuple[float, ...] | None:
    """The five indicators of a text such as ``1;2;2;1;3``; None where they are not five of 1–3.

    >>> five_indicators("1; 2; 2; 1; 3")
    (1.0, 2.0, 2.0, 1.0, 3.0)
    """
    found = re.split(r"[;,\s]+", text.strip().strip("()"))
    try:
        values = tuple(float(part) for part in found)
    except ValueError:
        return None
    fits = len(values) == 5 and all(1 <= value <= WORST[FIVE] for value in values)
    return values if fits else None


def declared_fits(declared: float, indicators: Sequence[float]) -> bool:
    """Whether a declared rating is the mean of its indicators, rounding aside."""
    return abs(declared - fsum(indicators) / len(indicators)) <= DECLARED_TOLERANCE


def data_quality(lines: Iterable[Rated], scheme: str = THREE) -> DataQuality | None:
    """The rating of a footprint, or None where no line with emissions has indicators."""
    lines = tuple(lines)
    whole = fsum(abs(line.kg_co2e) for line in lines)
    if scheme == FIVE:
        lines = tuple(line for line in lines if abs(line.kg_co2e) > RATED_ABOVE * whole)
    rated = [
        (abs(line.kg_co2e), indicators)
        for line in lines
        if (indicators := line.five if scheme == FIVE else line.three) is not None
    ]
    weight = fsum(kg for kg, _ in rated)
    if weight == 0:
        return None
    means = [
        fsum(kg * indicators[k] for kg, indicators in rated) / weight
        for k in range(len(rated[0][1]))
    ]
    asked = fsum(abs(line.kg_co2e) for line in lines)
    return DataQuality(means[0], means[2], means[1], weight / asked, *means[3:])


def rating_findings(
    found: DataQuality | None, due_from: date | None, period_end: date
) -> Iterator[Finding]:
    """A warning where the rule set asks for a rating and not every line it asks for has one."""
    if due_from is None or period_end < due_from:
        return
    share = 0.0 if found is None else found.rated_share
    if share < 1:
        yield finding(
            "pass.rating-missing",
            severity=Severity.WARNING,
            share=100 * share,
            since=due_from.isoformat(),
        )


def primary_data_share(lines: Iterable[Rated]) -> float | None:
    """Emission-weighted share of primary data [%], or None for a footprint without lines."""
    lines = tuple(lines)
    total = fsum(abs(line.kg_co2e) for line in lines)
    if total == 0:
        return None
    return fsum(abs(line.kg_co2e) * line.primary_percent for line in lines) / total
