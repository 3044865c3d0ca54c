"""Characterise and credit: every leaf of the inventory becomes contributions or holes.

One ``Pricer`` holds one reading of the rules. Nothing is dropped: a leaf gives at least one
contribution or hole, save resources and substances on the list of those without a climate
effect, which are named in a finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import fsum

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.provenance import weakest
from saltbridge.core.quantity import UnitMismatch, same_dimension
from saltbridge.footprint import circularity
from saltbridge.footprint.characterisation import (
    characterise,
    gas,
    has_no_climate_effect,
)
from saltbridge.footprint.completeness import price
from saltbridge.footprint.data_quality import Rated, five_indicators
from saltbridge.footprint.electricity import ElectricityResolver, Supply
from saltbridge.footprint.factor_choice import FactorChoice, amount_for, on_life_cycle_basis
from saltbridge.footprint.linking import Leaf
from saltbridge.footprint.methodology import RecyclingRule
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    Direction,
    EmissionFactor,
    Exchange,
)
from saltbridge.footprint.result import Contribution, Hole, HoleReason
from saltbridge.footprint.units import mass_kg, turn


@dataclass(frozen=True)
class Outcome:
    """What became of one leaf under one reading of the rules."""

    leaf: Leaf
    amount: float  # over the life cycle of one unit of product, in the unit of the row
    contributions: tuple[Contribution, ...] = ()
    holes: tuple[Hole, ...] = ()
    rules: frozenset[str] = frozenset()  # rules of the methodology that decided it
    without_effect: bool = False

    @property
    def mass_kg(self) -> float | None:
        """Mass of the amount [kg]; None where the row tells none."""
        row = self.leaf.exchange
        return mass_kg(self.amount, row.unit, row.mass_kg_per_unit)

    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest kg CO2e; None where a hole has no range."""
        known = fsum(c.kg_co2e for c in self.contributions)
        if any(h.low_kg_co2e is None or h.high_kg_co2e is None for h in self.holes):
            return None
        return (
            known + fsum(h.low_kg_co2e or 0.0 for h in self.holes),
            known + fsum(h.high_kg_co2e or 0.0 for h in self.holes),
        )

    def rated(self) -> list[Rated]:
        """The contributions with their data quality; the row's own indicators come first."""
        row = self.leaf.exchange
        return [
            Rated(
                c.kg_co2e,
                row.TeR if row.TeR is not None else c.factor.TeR,
                row.GeR if row.GeR is not None else c.factor.GeR,
                row.TiR if row.TiR is not None else c.factor.TiR,
                _primary_percent(c),
                five_indicators(row.dqi or c.factor.dqi),
            )
            for c in self.contributions
        ]


@dataclass
class Pricer:
    """Prices leaves under one electricity rule and one recycling rule."""

    factors: FactorChoice
    electricity: ElectricityResolver
    recycling: RecyclingRule
    circular: dict[str, CircularTerms]
    gwp_sets: Sequence[str]
    waste: str = circularity.POLLUTER_PAYS
    findings: list[Finding] = field(default_factory=list)

    def price(self, leaf: Leaf, runs: float) -> Outcome:
        """Contributions and holes of one leaf of a process that runs this many times."""
        row = leaf.exchange
        amount = leaf.per_run * runs
        if runs == 0:
            return Outcome(leaf, 0.0)
        if row.direction is Direction.RESOURCE:
            return Outcome(leaf, amount, without_effect=True)
        if row.direction is Direction.EMISSION and not row.factor:
            return self._emission(leaf, amount)
        if row.circular:
            return self._circular(leaf, amount)
        if row.carrier is Carrier.ELECTRICITY:
            return self._electricity(leaf, amount)
        factor = self.factors.choose(row)
        if factor is None:
            return Outcome(leaf, amount, holes=(self._hole(leaf, amount),))
        line = self._line(leaf, amount_for(factor, row, amount), factor, "factor", "factor")
        return Outcome(leaf, amount, (line,))

    def _emission(self, leaf: Leaf, amount: float) -> Outcome:
        row = leaf.exchange
        factor = characterise(row, self.gwp_sets)
        if factor is None:
            if has_no_climate_effect(row.flow):
                return Outcome(leaf, amount, without_effect=True)
            self._say(
                finding(
                    "footprint.unknown-gas",
                    replace(row.place, column="flow"),
                    severity=Severity.WARNING,
                    flow=row.flow,
                    sets=", ".join(self.gwp_sets),
                )
            )
            # No range of materials says anything about a gas: the hole stays unpriced.
            return Outcome(leaf, amount, holes=(self._hole(leaf, amount, priced=False),))
        if factor.flow == "CH4-fossil" and not row.origin and not _names_origin(row):
            self._say(
                finding(
                    "footprint.methane-origin",
                    replace(row.place, column="origin"),
                    severity=Severity.NOTE,
                    flow=row.flow,
                )
            )
        try:
            in_kg = turn(amount, row.unit, "kg", mass_kg_per_unit=row.mass_kg_per_unit)
        except UnitMismatch:
            self._say(_unit_mismatch(row, "kg"))
            return Outcome(leaf, amount, holes=(self._hole(leaf, amount, priced=False),))
        line = self._line(leaf, in_kg, factor, "direct_emission", "gwp")
        return Outcome(leaf, amount, (line,))

    def _electricity(self, leaf: Leaf, amount: float) -> Outcome:
        row = leaf.exchange
        supplies, findings = self.electricity.resolve(row, leaf.process)
        for found in findings:
            self._say(found)
        lines: list[Contribution] = []
        holes: list[Hole] = []
        for supply in supplies:
            part = amount * supply.share
            if supply.factor is None:
                holes.append(self._electricity_hole(leaf, part, supply))
                continue
            in_unit = turn(part, row.unit, supply.factor.unit)
            lines.append(self._line(leaf, in_unit, supply.factor, "factor", supply.rule))
        return Outcome(leaf, amount, tuple(lines), tuple(holes), frozenset({"electricity"}))

    def _electricity_hole(self, leaf: Leaf, amount: float, supply: Supply) -> Hole:
        others = [
            f
            for f in self.factors.everything()
            if f.flow.startswith("electricity") and on_life_cycle_basis(f)
        ]
        hole = self._hole(
            leaf, amount, reason=supply.reason or HoleReason.NO_FACTOR, factors=others
        )
        if supply.refused is None:
            return hole
        # Operational CO2 is a part of the life cycle in CO2e: it bounds the price from below.
        floor = turn(amount, leaf.exchange.unit, supply.refused.unit)
        low = floor * supply.refused.kg_co2e_per_unit
        high = hole.high_kg_co2e
        return replace(
            hole,
            low_kg_co2e=low,
            high_kg_co2e=None if high is None else max(high, low),
            range_source=f"from the refused factor {supply.refused.id}; {hole.range_source}",
        )

    def _circular(self, leaf: Leaf, amount: float) -> Outcome:
        row = leaf.exchange
        terms = self.circular[row.circular]
        own = self.factors.choose(row) if row.direction is Direction.INPUT else None
        try:
            in_terms = turn(amount, row.unit, terms.unit, mass_kg_per_unit=row.mass_kg_per_unit)
            own_value = None
            if own is not None:
                own_value = own.kg_co2e_per_unit * amount_for(own, row, amount) / in_terms
        except (UnitMismatch, ZeroDivisionError):
            self._say(_unit_mismatch(row, terms.unit))
            return Outcome(leaf, amount, holes=(self._hole(leaf, amount),))
        if row.direction is Direction.INPUT:
            parts = {
                "circular_acquisition": circularity.acquisition(
                    terms, self.recycling, own_value
                )
            }
        else:
            parts = {
                "circular_end_of_life": circularity.end_of_life(
                    terms, self.recycling, waste=self.waste
                ),
                "circular_disposal": circularity.disposal(terms),
            }
        lines: list[Contribution] = []
        missing: list[str] = []
        for term, part in parts.items():
            if part.value is None:
                missing += [m for m in part.missing if m not in missing]
                continue
            factor = self._circular_factor(terms, term, part.value, own)
            rule = f"recycling.{self.recycling.name}"
            lines.append(self._line(leaf, in_terms, factor, term, rule))
        holes: tuple[Hole, ...] = ()
        if missing:
            self._say(
                finding(
                    "footprint.circular-term-missing",
                    replace(terms.place, column=missing[0]),
                    severity=Severity.WARNING,
                    circular=terms.id,
                    terms=", ".join(missing),
                    flow=row.flow,
                )
            )
            # Avoided production may make the missing part a credit: only a burden taken in
            # has a range that materials can give.
            priced = row.direction is Direction.INPUT
            reason = HoleReason.CIRCULAR_TERM_MISSING
            holes = (self._hole(leaf, amount, reason=reason, priced=priced),)
        return Outcome(leaf, amount, tuple(lines), holes, frozenset({"recycling"}))

    def _circular_factor(
        self, terms: CircularTerms, term: str, value: float, own: EmissionFactor | None
    ) -> EmissionFactor:
        uses_own = own is not None and terms.Ev is None
        sources = [terms.source, own.source if own is not None and uses_own else ""]
        licences = [terms.licence, own.licence if own is not None and uses_own else ""]
        doubts = [terms.confidence]
        if own is not None and uses_own:
            doubts.append(own.confidence)
        shares = ", ".join(
            f"{name}={getattr(terms, name):g}"
            for name in ("A", "R1", "R2", "R3")
            if getattr(terms, name) is not None
        )
        return EmissionFactor(
            id=f"{term}:{terms.id}",
            flow=terms.material,
            unit=terms.unit,
            kg_co2e_per_unit=value,
            source="; ".join(dict.fromkeys(s for s in sources if s)),
            licence="; ".join(dict.fromkeys(x for x in licences if x)),
            confidence=weakest(doubts) or terms.confidence,
            comment=f"{self.recycling.name}: {shares}",
            prospective=own is not None and uses_own and own.prospective,
        )

    def _line(
        self, leaf: Leaf, amount: float, factor: EmissionFactor, term: str, rule: str
    ) -> Contribution:
        row = leaf.exchange
        # What is taken in is never a credit; only at end of life a formula may give one.
        negative = factor.kg_co2e_per_unit < 0 and term in ("factor", "circular_acquisition")
        if negative or (term == "factor" and factor.kg_co2e_per_unit == 0):
            self._say(
                finding(
                    "footprint.factor-negative" if negative else "footprint.factor-zero",
                    replace(row.place, column="factor"),
                    severity=Severity.WARNING,
                    flow=row.flow,
                    factor=factor.id,
                    value=factor.kg_co2e_per_unit,
                )
            )
        if row.direction is Direction.OUTPUT:
            term = "substitution"
        return Contribution(
            stage=leaf.stage,
            process=leaf.process.id,
            flow=row.flow,
            amount=amount,
            unit=factor.unit,
            factor=factor,
            term=term,
            rule=rule,
            primary=row.primary,
            supplier=row.supplier or factor.supplier,
            place=row.place,
        )

    def _hole(
        self,
        leaf: Leaf,
        amount: float,
        *,
        reason: HoleReason = HoleReason.NO_FACTOR,
        priced: bool = True,
        factors: Sequence[EmissionFactor] | None = None,
    ) -> Hole:
        row = leaf.exchange
        mass = mass_kg(amount, row.unit, row.mass_kg_per_unit)
        pool = self.factors.everything() if factors is None else factors
        # The mass a transport carries is no material: without tonne-kilometres it has no range.
        if row.carrier is Carrier.TRANSPORT and not same_dimension(row.unit, "tkm"):
            priced = False
        found = price(row.flow, amount, row.unit, mass, pool) if priced else None
        return Hole(
            stage=leaf.stage,
            process=leaf.process.id,
            flow=row.flow,
            amount=amount,
            unit=row.unit,
            reason=reason,
            mass_kg=mass,
            low_kg_co2e=None if found is None else found.low,
            high_kg_co2e=None if found is None else found.high,
            range_source="" if found is None else found.source,
            range_confidence="" if found is None else found.confidence,
            place=row.place,
        )

    def _say(self, found: Finding) -> None:
        if found not in self.findings:
            self.findings.append(found)


def _unit_mismatch(row: Exchange, expected: str) -> Finding:
    return finding(
        "footprint.unit-mismatch",
        replace(row.place, column="unit"),
        flow=row.flow,
        unit=row.unit,
        expected=expected,
    )


def _names_origin(row: Exchange) -> bool:
    known = gas(row.flow)
    return known is not None and (known.origin != "" or known.species != "CH4")


def _primary_percent(line: Contribution) -> float:
    """Share of primary data of one line [%].

    A supplier's own figure where it gives one; direct emissions measured at the plant count
    in full; company-specific activity with a secondary factor counts 0 (PACT; recalled).
    """
    if line.factor.primary_data_share is not None:
        return line.factor.primary_data_share
    return 100.0 if line.primary and line.term == "direct_emission" else 0.0
