"""Why one inventory gives two numbers: the differences of two rule sets, one at a time.

Two rule sets differ in fields. The bridge starts under the first, replaces one field after the
other in the order of ``RULES``, works the whole footprint out anew each time, and keeps what
every replacement moved: the known total, lines, holes. Steps are differences of consecutive
totals, so they sum to the whole difference. The order decides how much a step gets; Shapley
averaging takes every order instead (L. S. Shapley 1953; recalled).

A line that a rule nobody has read turns into a hole leaves the known total. The step says so,
with the range of the hole: such a fall is a loss of knowledge and no saving.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import factorial, fsum
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, finding
from saltbridge.footprint.bridge_moves import (
    Picture,
    differences,
    moved_holes,
    moved_lines,
    picture_of,
)
from saltbridge.footprint.bridge_result import (
    Bridge,
    Change,
    Clause,
    ClauseStatus,
    LineMove,
    Row,
    Side,
    Step,
    Unmoved,
    UnmovedRule,
)
from saltbridge.footprint.calculate import calculate_under
from saltbridge.footprint.methodology import Assumptions, Methodology, RuleSet
from saltbridge.footprint.model import Carrier, EmissionFactor, FactorSet, Inventory

SHAPLEY_LIMIT = 8  # rules; every further one doubles the number of calculations
# What a person may allow whatever the rule set.
_ALWAYS = ("electricity_basis",)


@dataclass(frozen=True, kw_only=True, slots=True)
class BridgeRule:
    """One step: the fields of ``RuleSet`` it replaces, and the rules that give its clause."""

    id: str
    fields: tuple[str, ...]
    clauses: tuple[str, ...]


# The order in which the differences are applied. First what is counted at all, then how it is
# split and priced. The unit comes last and apart: totals are per unit of product throughout.
RULES = (
    BridgeRule(id="boundary", fields=("boundary",), clauses=("boundary",)),
    BridgeRule(id="packaging", fields=("excluded_carriers",), clauses=("packaging",)),
    BridgeRule(id="capital_goods", fields=("capital_goods",), clauses=("capital_goods",)),
    BridgeRule(id="cut_off", fields=("cut_off",), clauses=("cut_off",)),
    BridgeRule(id="recycling", fields=("recycling",), clauses=("recycling",)),
    BridgeRule(id="waste", fields=("waste",), clauses=("waste",)),
    BridgeRule(id="electricity", fields=("electricity",), clauses=("electricity",)),
    BridgeRule(id="allocation", fields=("allocation",), clauses=("allocation",)),
    BridgeRule(id="gwp", fields=("gwp_sets",), clauses=("gwp",)),
    BridgeRule(id="biogenic", fields=("biogenic",), clauses=("biogenic",)),
)
UNIT = BridgeRule(
    id="unit", fields=("declared_unit",), clauses=("functional_unit", "declared_unit")
)
# Rules with candidates: an assumption of the same name chooses one.
_CANDIDATES = ("electricity", "recycling", "allocation")
# Fields that say something about a footprint but change none of its kilograms.
NOT_IN_THE_TOTAL = frozenset(
    {
        "edition",
        "significant_digits",
        "data_quality",
        "rating_from",
        "redeclare_above",
        "company_specific",
        "by_stage",
        "rules",
        "rules_not_loaded",
        "assumptions",
    }
)


def bridge(
    inventory: Inventory,
    start: tuple[Methodology, str],
    end: tuple[Methodology, str],
    factor_sets: Sequence[FactorSet],
    *,
    supplier_factors: Sequence[EmissionFactor] = (),
    assumptions: Assumptions | None = None,
    shapley: bool = False,
) -> Bridge:
    """The bridge between two rule sets, each a methodology and the name of an edition.

    An assumption settles a rule on the side that has not loaded it.

    Raises:
        FaultyInput: the inventory cannot be accounted, an assumption fits neither side, or
            more rules differ than Shapley averaging takes.
        KeyError: a methodology has no such edition.
    """
    worker = _Bridge(inventory, start, end, factor_sets, supplier_factors, assumptions or {})
    return worker.run(shapley)


@dataclass
class _Bridge:
    inventory: Inventory
    start: tuple[Methodology, str]
    end: tuple[Methodology, str]
    factor_sets: Sequence[FactorSet]
    supplier_factors: Sequence[EmissionFactor]
    assumptions: Assumptions
    first: RuleSet = field(init=False)
    last: RuleSet = field(init=False)
    _pictures: dict[frozenset[str], Picture] = field(default_factory=dict)

    def run(self, shapley: bool) -> Bridge:
        given = [m.rule_set(name) for m, name in (self.start, self.end)]
        faults = _assumption_faults(given, self.assumptions)
        if faults:
            raise FaultyInput(faults)
        self.first, self.last = (_settled(rules, self.assumptions) for rules in given)
        differing = [rule for rule in RULES if self._differs(rule)]
        acting = [rule for rule in differing if self._can_act(rule)]
        ends = [self._picture(frozenset(r.id for r in rules)) for rules in (acting, differing)]
        if ends[0].lines != ends[1].lines or ends[0].holes != ends[1].holes:
            acting = differing  # one thought idle acts after all
        if shapley and len(acting) > SHAPLEY_LIMIT:
            raise FaultyInput.of(
                "bridge.too-many-rules",
                count=len(acting),
                most=SHAPLEY_LIMIT,
                rules=", ".join(rule.id for rule in acting),
            )
        names = [rule.id for rule in acting]
        path = [self._picture(frozenset(names[:count])) for count in range(len(names) + 1)]
        steps: list[Step] = []
        unmoved: list[UnmovedRule] = []
        for rule, before, after in zip(acting, path, path[1:], strict=False):
            step = self._step(rule, before, after)
            # Under Shapley averaging a rule may work in another order than the printed one.
            if shapley:
                step = self._averaged(step, names, steps)
            if step.lines or step.holes or step.delta_kg_co2e:
                steps.append(step)
            else:
                unmoved.append(self._unmoved(rule, Unmoved.NOTHING_HERE))
        idle = [rule for rule in differing if rule not in acting]
        unmoved += [self._unmoved(rule, Unmoved.NOTHING_HERE) for rule in idle]
        unmoved += self._differing_in_words(differing)
        return Bridge(
            start=self._side(self.start, self.first, given[0], path[0]),
            end=self._side(self.end, self.last, given[1], ends[1]),
            steps=tuple(steps),
            unmoved=tuple(unmoved),
            shapley=shapley,
            calculations=len(self._pictures),
        )

    def _differs(self, rule: BridgeRule) -> bool:
        return any(getattr(self.first, f) != getattr(self.last, f) for f in rule.fields)

    def _can_act(self, rule: BridgeRule) -> bool:
        """Whether the inventory has a row on which the rule can work; in doubt it has."""
        rows = self.inventory.exchanges
        match rule.id:
            case "cut_off":  # decides what may be declared, and leaves no line out
                return False
            case "packaging":
                carriers = self.first.excluded_carriers ^ self.last.excluded_carriers
                return any(row.carrier in carriers for row in rows)
            case "electricity":
                return any(row.carrier is Carrier.ELECTRICITY for row in rows)
            case "recycling":
                return any(row.circular for row in rows)
        return True

    def _picture(self, replaced: frozenset[str]) -> Picture:
        """The footprint with these rules taken from the end, the others from the start."""
        if replaced not in self._pictures:
            taken: dict[str, Any] = {
                name: getattr(self.last, name)
                for rule in RULES
                if rule.id in replaced
                for name in rule.fields
            }
            rules = replace(
                self.first,
                **taken,
                assumptions={**self.last.assumptions, **self.first.assumptions},
            )
            own = {k: v for k, v in self.assumptions.items() if k not in _CANDIDATES}
            footprint = calculate_under(
                rules,
                self.start[0].id,
                self.inventory,
                self.factor_sets,
                supplier_factors=self.supplier_factors,
                assumptions=own,
            )
            self._pictures[replaced] = picture_of(footprint)
        return self._pictures[replaced]

    def _step(self, rule: BridgeRule, before: Picture, after: Picture) -> Step:
        return Step(
            rule=rule.id,
            before=_clause(self.first, rule.clauses, self.assumptions),
            after=_clause(self.last, rule.clauses, self.assumptions),
            delta_kg_co2e=after.total - before.total,
            total_after=after.total,
            range_after=after.footprint.range_kg_co2e,
            lines=moved_lines(before, after),
            holes=moved_holes(before, after),
        )

    def _averaged(self, step: Step, names: Sequence[str], earlier: Sequence[Step]) -> Step:
        """The step with the mean over all orders; holes stay those of the printed order."""
        others = [name for name in names if name != step.rule]
        weighted: list[tuple[float, Picture, Picture]] = []
        for count in range(len(others) + 1):
            share = factorial(count) * factorial(len(names) - count - 1) / factorial(len(names))
            for chosen in combinations(others, count):
                subset = frozenset(chosen)
                with_it = self._picture(subset | {step.rule})
                weighted.append((share, self._picture(subset), with_it))
        moved: dict[Row, list[float]] = {}
        for share, before, after in weighted:
            for row, old, new in differences(before, after):
                moved.setdefault(row, []).append(share * ((new or 0.0) - (old or 0.0)))
        change = {line.row: line.change for line in step.lines}
        lines = [
            LineMove(
                row=row,
                change=change.get(row, Change.CHANGED),
                before_kg_co2e=None,
                after_kg_co2e=None,
                delta_kg_co2e=fsum(parts),
            )
            for row, parts in moved.items()
        ]
        delta = fsum(share * (after.total - before.total) for share, before, after in weighted)
        done = fsum([*(s.delta_kg_co2e for s in earlier), delta])
        return replace(
            step,
            delta_kg_co2e=delta,
            total_after=self._picture(frozenset()).total + done,
            range_after=None,
            lines=tuple(sorted(lines, key=lambda line: -abs(line.delta_kg_co2e))),
        )

    def _unmoved(self, rule: BridgeRule, why: Unmoved) -> UnmovedRule:
        return UnmovedRule(
            rule=rule.id,
            before=_clause(self.first, rule.clauses, self.assumptions),
            after=_clause(self.last, rule.clauses, self.assumptions),
            why=why,
        )

    def _differing_in_words(self, differing: Sequence[BridgeRule]) -> list[UnmovedRule]:
        """Rules whose texts differ although no field of the calculation does."""
        told = {c for rule in (*differing, UNIT) for c in rule.clauses}
        acting = {c for rule in RULES for c in rule.clauses}
        ids: list[str] = []
        for rules in (self.first, self.last):
            ids += [r.id for r in rules.rules]
            ids += [r.id for r in rules.rules_not_loaded]
        found: list[UnmovedRule] = []
        for id in dict.fromkeys(ids):
            before = _clause(self.first, (id,), self.assumptions)
            after = _clause(self.last, (id,), self.assumptions)
            if id in told or (before.status, before.value) == (after.status, after.value):
                continue
            why = Unmoved.SAME_EFFECT if id in acting else Unmoved.NOT_IN_TOTAL
            found.append(UnmovedRule(rule=id, before=before, after=after, why=why))
        return found

    def _side(
        self,
        named: tuple[Methodology, str],
        settled: RuleSet,
        given: RuleSet,
        picture: Picture,
    ) -> Side:
        taken = {
            k: v for k, v in self.assumptions.items() if k in (*given.assumptions, *_ALWAYS)
        }
        unit, _ = given.declared_unit(self.inventory, taken)
        return Side(
            name=f"{named[0].id}@{given.edition.name}",
            rules=settled,
            footprint=replace(
                picture.footprint,
                methodology=named[0].id,
                edition=given.edition,
                declared_unit=unit,
                rules=given.rules,
                rules_not_loaded=given.rules_not_loaded,
                assumptions=taken,
                rounding_digits=given.significant_digits,
            ),
            assumptions=taken,
            unit_clause=_clause(given, UNIT.clauses, self.assumptions),
        )


def _assumption_faults(sides: Sequence[RuleSet], assumptions: Assumptions) -> list[Finding]:
    known = list(dict.fromkeys(k for side in sides for k in (*side.assumptions, *_ALWAYS)))
    faults: list[Finding] = []
    for key, value in assumptions.items():
        if key not in known:
            faults.append(
                finding("footprint.unknown-assumption", key=key, known=", ".join(known))
            )
        elif key in _CANDIDATES:
            names = [v for side in sides for v in side.assumptions.get(key, ())]
            if value not in names:
                allowed = ", ".join(dict.fromkeys(names))
                faults.append(
                    finding("footprint.assumption-value", key=key, value=value, known=allowed)
                )
    return faults


def _settled(rules: RuleSet, assumptions: Assumptions) -> RuleSet:
    """The rule set with the candidates a person chose, where it left them open."""
    chosen: dict[str, Any] = {
        key: tuple(c for c in getattr(rules, key) if c.name == assumptions[key])
        for key in _CANDIDATES
        if key in assumptions and assumptions[key] in rules.assumptions.get(key, ())
    }
    return replace(rules, **chosen)


def _clause(rules: RuleSet, ids: Sequence[str], assumptions: Assumptions) -> Clause:
    for id in ids:
        for applied in rules.rules:
            if applied.id == id:
                return Clause(
                    status=ClauseStatus.APPLIED,
                    value=applied.value,
                    citation=applied.citation,
                    confidence=applied.confidence,
                )
    for id in ids:
        for missing in rules.rules_not_loaded:
            if missing.id == id:
                assumed = assumptions.get(id) if id in rules.assumptions else None
                return Clause(
                    status=ClauseStatus.NOT_LOADED if assumed is None else ClauseStatus.ASSUMED,
                    value=assumed or "",
                    citation=missing.citation,
                )
    return Clause(status=ClauseStatus.SILENT)
