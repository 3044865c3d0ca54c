"""What a calculation gives: contributions and holes. Totals are derived, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import fsum
from typing import Any

from saltbridge.core.edition import Edition
from saltbridge.core.finding import NOWHERE, Finding, Place
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import EmissionFactor, Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """One line of a footprint: activity times factor, per reference unit of the product.

    ``amount`` is the activity over the whole life cycle of one unit of the product, already
    scaled through the supply chain; ``kg_co2e`` is amount times the factor's value.
    ``term`` says which part of a rule made the line (``factor``, ``direct_emission``,
    ``circular_acquisition``, ``circular_end_of_life``, ``circular_disposal``).
    """

    stage: Stage
    process: str
    flow: str
    amount: float
    unit: str
    factor: EmissionFactor
    term: str = "factor"
    rule: str = ""  # id of the rule of the methodology that chose or replaced the factor
    primary: bool = False
    supplier: str = ""
    place: Place = NOWHERE

    @property
    def kg_co2e(self) -> float:
        """Amount times factor [kg CO2e per unit of product]."""
        return self.amount * self.factor.kg_co2e_per_unit


class HoleReason(StrEnum):
    """Why a flow has no number."""

    NO_FACTOR = "no_factor"
    RULE_NOT_LOADED = "rule_not_loaded"
    CIRCULAR_TERM_MISSING = "circular_term_missing"
    BASIS_REFUSED = "basis_refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hole:
    """A flow that nobody priced. Never 0 kg: a name, an amount and, where known, a range."""

    stage: Stage
    process: str
    flow: str
    amount: float
    unit: str
    reason: HoleReason
    mass_kg: float | None = None
    low_kg_co2e: float | None = None
    high_kg_co2e: float | None = None
    range_source: str = ""
    range_confidence: str = ""  # of the packaged range; empty where factors in use give it
    place: Place = NOWHERE


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedRule:
    """A rule as it was applied, with the text behind it and how sure we are of that text."""

    id: str
    value: str
    citation: str
    confidence: Confidence


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleNotLoaded:
    """A rule whose text nobody here has read. It is never invented."""

    id: str
    citation: str
    effect: str  # message id that says what follows for the result


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredUnit:
    """The functional or declared unit: ``amount`` of ``unit`` per unit of product."""

    kind: str  # functional | declared
    amount: float  # reference quantity of one product: kWh delivered over life, kg, pieces
    unit: str


@dataclass(frozen=True, kw_only=True)
class CarbonFootprint:
    """A footprint under one edition of one methodology. kg CO2e per unit of product."""

    methodology: str
    edition: Edition
    product_id: str
    unit_of_product: str  # "1 piece", "1 kg", "1 kWh of capacity"
    declared_unit: DeclaredUnit | None
    contributions: tuple[Contribution, ...]
    holes: tuple[Hole, ...] = ()
    rules: tuple[AppliedRule, ...] = ()
    rules_not_loaded: tuple[RuleNotLoaded, ...] = ()
    assumptions: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    rounding_digits: int = 6  # significant digits of the declared value, by the rule set
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total_kg_co2e(self) -> float:
        """Sum of the known contributions; the holes are not in it."""
        return fsum(c.kg_co2e for c in self.contributions)

    def stage_kg_co2e(self, stage: Stage) -> float:
        """Sum of the contributions of one stage [kg CO2e per unit of product]."""
        return fsum(c.kg_co2e for c in self.contributions if c.stage is stage)

    @property
    def range_kg_co2e(self) -> tuple[float, float] | None:
        """Total with every hole at its low and at its high price; None if one has no range."""
        if any(h.low_kg_co2e is None or h.high_kg_co2e is None for h in self.holes):
            return None
        low = fsum(h.low_kg_co2e or 0.0 for h in self.holes)
        high = fsum(h.high_kg_co2e or 0.0 for h in self.holes)
        return self.total_kg_co2e + low, self.total_kg_co2e + high
