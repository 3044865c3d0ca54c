"""A footprint beside values that others published, on a basis that both share.

A study states kg CO2e per unit of its own (per kWh over a service life of its own). Two such
values compare only per kilogram of battery; ours is then put on the unit of the study. What
is not known here (holes) is a range, and the share of the difference that this range can
explain is told. Nothing here enters a result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.footprint.completeness import Coverage
from saltbridge.footprint.declare.functional_unit import batteries_per_unit
from saltbridge.footprint.methodology import RuleSet
from saltbridge.footprint.model import Inventory, PublishedValue, Stage
from saltbridge.footprint.result import CarbonFootprint, Hole


@dataclass(frozen=True, kw_only=True, slots=True)
class StageBeside:
    """One stage (None: the whole) in the unit of the study [kg CO2e per unit].

    ``known``, ``low`` and ``high`` are ours, without and with the holes; None where the rule
    set leaves the stage out, ``low`` and ``high`` also where a hole has no range.
    """

    stage: Stage | None
    published: float
    known: float | None
    low: float | None
    high: float | None
    coverage: Coverage | None  # mass of the inputs of the stage, with and without factor
    holes: int

    @property
    def explained_share(self) -> float | None:
        """Share of the difference to the published value that the holes can explain, 0 to 1.

        1 where the published value lies in the range; 0 where there are no holes, or where
        they only take ours further away. None where nothing differs or the range is unknown.
        """
        if self.known is None or self.low is None or self.high is None:
            return None
        gap = self.published - self.known
        if gap == 0:
            return None
        nearest = min(max(self.published, self.low), self.high)
        return max(0.0, 1.0 - abs(self.published - nearest) / abs(gap))


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """A study and our footprint, stage by stage, in the unit of the study."""

    study: str
    rules: str
    source: str
    unit: str
    units_per_product: float
    mass_kg: float  # of one product of the study
    stages: tuple[StageBeside, ...]

    @property
    def per_kg(self) -> float:
        """What turns a value per unit into one per kg of battery [units per kg]."""
        return self.units_per_product / self.mass_kg


def beside_published(
    footprint: CarbonFootprint, inventory: Inventory, rules: RuleSet
) -> tuple[tuple[Beside, ...], tuple[Finding, ...]]:
    """The studies of an inventory beside its footprint, and what stands in the way."""
    batteries, mass = batteries_per_unit(inventory.product), inventory.product.mass_kg
    found: list[Beside] = []
    faults: list[Finding] = []
    for study in dict.fromkeys(row.study for row in inventory.published):
        rows = [row for row in inventory.published if row.study == study]
        first = rows[0]
        bases = {(r.unit, r.units_per_product, r.mass_kg) for r in rows}
        theirs = first.mass_kg if first.mass_kg is not None else mass
        if len(bases) > 1:
            faults.append(_warning("footprint.published-bases", first, study))
        elif first.units_per_product <= 0 or not theirs or not mass or not batteries:
            faults.append(_warning("footprint.published-no-basis", first, study))
        else:
            # kg of the study's battery a unit, over kg of ours a unit of product
            scale = theirs / first.units_per_product / (mass * batteries)
            found.append(
                Beside(
                    study=study,
                    rules=first.rules,
                    source=first.source,
                    unit=first.unit,
                    units_per_product=first.units_per_product,
                    mass_kg=theirs,
                    stages=tuple(_stages(rows, footprint, rules, scale)),
                )
            )
    return tuple(found), tuple(faults)


def beside_record(beside: Beside) -> dict[str, Any]:
    """A study beside the footprint as JSON, per unit of the study and per kg of battery."""
    return {
        "study": beside.study,
        "rules": beside.rules,
        "source": beside.source,
        "unit": beside.unit,
        "units_per_product": beside.units_per_product,
        "mass_kg": beside.mass_kg,
        "units_per_kg": beside.per_kg,
        "stages": [
            {
                "stage": None if s.stage is None else s.stage.value,
                "published": s.published,
                "known": s.known,
                "low": s.low,
                "high": s.high,
                "holes": s.holes,
                "mass_share_with_factor": None if s.coverage is None else s.coverage.mass_share,
                "explained_share": s.explained_share,
            }
            for s in beside.stages
        ],
    }


def _stages(
    rows: Sequence[PublishedValue], footprint: CarbonFootprint, rules: RuleSet, scale: float
) -> Iterator[StageBeside]:
    by_stage = footprint.detail.get("coverage_by_stage", {})
    outside = any(row.stage not in (None, *rules.boundary) for row in rows)
    for row in rows:
        # A whole compares with a whole only.
        if outside if row.stage is None else row.stage not in rules.boundary:
            yield StageBeside(
                stage=row.stage,
                published=row.kg_co2e,
                known=None,
                low=None,
                high=None,
                coverage=None,
                holes=0,
            )
            continue
        whole = row.stage is None
        known = (
            footprint.total_kg_co2e if row.stage is None else footprint.stage_kg_co2e(row.stage)
        )
        holes = [h for h in footprint.holes if whole or h.stage is row.stage]
        low, high = _bounds(holes)
        yield StageBeside(
            stage=row.stage,
            published=row.kg_co2e,
            known=known * scale,
            low=None if low is None else (known + low) * scale,
            high=None if high is None else (known + high) * scale,
            coverage=footprint.detail.get("coverage") if whole else by_stage.get(row.stage),
            holes=len(holes),
        )


def _bounds(holes: Sequence[Hole]) -> tuple[float | None, float | None]:
    if any(h.low_kg_co2e is None or h.high_kg_co2e is None for h in holes):
        return None, None
    return fsum(h.low_kg_co2e or 0.0 for h in holes), fsum(h.high_kg_co2e or 0.0 for h in holes)


def _warning(code: str, row: PublishedValue, study: str) -> Finding:
    return finding(code, row.place, severity=Severity.WARNING, study=study)
