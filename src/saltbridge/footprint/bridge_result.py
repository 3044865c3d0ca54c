"""What the bridge between two rule sets gives: steps, the lines they moved, both ends."""

from dataclasses import dataclass
from enum import StrEnum
from math import fsum

from saltbridge.core.finding import Place
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.methodology import Assumptions, RuleSet
from saltbridge.footprint.model import Stage
from saltbridge.footprint.result import CarbonFootprint


class ClauseStatus(StrEnum):
    """What stands behind a rule of one of the two rule sets."""

    APPLIED = "applied"
    ASSUMED = "assumed"  # not loaded; a person chose among the candidates
    NOT_LOADED = "not_loaded"
    SILENT = "silent"  # the rule set states no such rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """The text behind a rule, and how sure we are of it."""

    status: ClauseStatus
    value: str = ""
    citation: str = ""
    confidence: Confidence | None = None


class Change(StrEnum):
    """What a step did to a line or a hole."""

    CHANGED = "changed"
    ENTERED = "entered"
    LEFT = "left"
    BECAME_HOLE = "became_hole"  # a line that had a number and has a range now, or none
    PRICED = "priced"  # a hole that has a number now


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of the inventory under one stage; with ``term`` a line of a footprint."""

    stage: Stage
    process: str
    flow: str
    place: Place
    term: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineMove:
    """A line before and after a step [kg CO2e per unit of product]; None: not there."""

    row: Row
    change: Change
    before_kg_co2e: float | None
    after_kg_co2e: float | None
    delta_kg_co2e: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Low and high price of the holes of a row [kg CO2e]; None where one has no range."""

    low: float | None
    high: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HoleMove:
    """The holes of a row before and after a step; None: it has none."""

    row: Row
    change: Change
    before: Span | None
    after: Span | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one rule moved; ``total_after``, ``range_after`` in kg CO2e per unit of product."""

    rule: str
    before: Clause
    after: Clause
    delta_kg_co2e: float
    total_after: float
    range_after: tuple[float, float] | None
    lines: tuple[LineMove, ...]
    holes: tuple[HoleMove, ...]

    @property
    def opens_holes(self) -> bool:
        """Whether a line lost its number here."""
        return any(line.change is Change.BECAME_HOLE for line in self.lines)


class Unmoved(StrEnum):
    """Why a rule that the two texts word differently is no step."""

    NOTHING_HERE = "nothing_here"  # it works differently, but on no row of this inventory
    SAME_EFFECT = "same_effect"  # other words for what the calculation does alike
    NOT_IN_TOTAL = "not_in_total"  # on quality, proof or rounding: kilograms stay


@dataclass(frozen=True, kw_only=True, slots=True)
class UnmovedRule:
    """A rule that differs and moves nothing."""

    rule: str
    before: Clause
    after: Clause
    why: Unmoved


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One end of the bridge. ``assumptions`` are those that this rule set takes."""

    name: str  # ID@EDITION
    rules: RuleSet
    footprint: CarbonFootprint
    assumptions: Assumptions
    unit_clause: Clause

    @property
    def per_unit(self) -> float | None:
        """Known total per functional or declared unit, not rounded [kg CO2e per unit]."""
        unit = self.footprint.declared_unit
        return None if unit is None else self.footprint.total_kg_co2e / unit.amount


@dataclass(frozen=True, kw_only=True, slots=True)
class Bridge:
    """The way from one total to the other; the steps sum to their difference."""

    start: Side
    end: Side
    steps: tuple[Step, ...]
    unmoved: tuple[UnmovedRule, ...]
    shapley: bool
    calculations: int  # how many footprints were worked out

    @property
    def difference_kg_co2e(self) -> float:
        """Known total of the end less that of the start [kg CO2e per unit of product]."""
        return self.end.footprint.total_kg_co2e - self.start.footprint.total_kg_co2e

    @property
    def gap_kg_co2e(self) -> float:
        """What the steps leave unexplained [kg CO2e]: rounding of the last digits only."""
        return self.difference_kg_co2e - fsum(s.delta_kg_co2e for s in self.steps)
