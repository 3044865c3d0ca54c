"""What was left without a factor, by mass and by emissions, against what the rule set allows.

A rule set cuts off a share of the mass or of the emissions; both shares are always given, so
that a reader sees what the other measure would say. The share of the emissions is the most it
can be: every hole at the larger end of its range, over the known total and all the holes.
"""

from dataclasses import dataclass
from math import fsum

from saltbridge.footprint.completeness import Coverage
from saltbridge.footprint.methodology import CutOff
from saltbridge.footprint.result import CarbonFootprint, Hole, HoleReason


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Shares (0 to 1) without a factor; None where a hole has no mass, or no range."""

    mass: float | None
    emissions: float | None
    rule: CutOff | None  # None: the rule is not loaded, so nothing may be left out

    @property
    def by_rule(self) -> float | None:
        """The share that the rule set measures."""
        if self.rule is None:
            return None
        return self.mass if self.rule.of == "mass" else self.emissions

    @property
    def within(self) -> bool:
        """Whether what is left out is no more than the rule set allows."""
        if self.mass == 0.0 and self.emissions == 0.0:
            return True
        share = self.by_rule
        return self.rule is not None and share is not None and share <= self.rule.share


def left_out(footprint: CarbonFootprint, rule: CutOff | None) -> LeftOut:
    """What of a footprint has no factor. A line that an unread rule keeps open counts too."""
    return LeftOut(_mass_share(footprint), _emission_share(footprint), rule)


def largest(hole: Hole) -> float:
    """The larger end of the range of a hole [kg CO2e], whatever its sign."""
    return max(abs(hole.low_kg_co2e or 0.0), abs(hole.high_kg_co2e or 0.0))


def _mass_share(footprint: CarbonFootprint) -> float | None:
    if not footprint.holes:
        return 0.0
    coverage = footprint.detail.get("coverage")
    open_rule = any(h.reason is HoleReason.RULE_NOT_LOADED for h in footprint.holes)
    weightless = any(h.mass_kg is None for h in footprint.holes)
    if not isinstance(coverage, Coverage) or open_rule or weightless:
        return None
    # Every hole counts, also one of waste or of steam, which is no part of the input mass.
    missing = fsum(abs(h.mass_kg or 0.0) for h in footprint.holes)
    missing = max(missing, coverage.mass_without_factor_kg)
    return missing / coverage.mass_kg if missing < coverage.mass_kg else 1.0


def _emission_share(footprint: CarbonFootprint) -> float | None:
    if any(h.low_kg_co2e is None or h.high_kg_co2e is None for h in footprint.holes):
        return None
    missing = fsum(largest(h) for h in footprint.holes)
    whole = abs(footprint.total_kg_co2e) + missing
    return missing / whole if whole > 0 else (1.0 if footprint.holes else 0.0)
