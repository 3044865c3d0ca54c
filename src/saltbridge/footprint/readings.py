"""Rules nobody has read: calculate with each candidate, and give the range.

A ``Reading`` fixes one candidate per rule. Where a rule set has loaded all its rules there is
exactly one reading. Otherwise every line that an unread rule touches, and every line that
differs between the readings, becomes a hole with the lowest and highest of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from saltbridge.core.provenance import Confidence
from saltbridge.footprint.methodology import (
    AllocationRule,
    Assumptions,
    ElectricityRule,
    RecyclingRule,
    RuleSet,
)
from saltbridge.footprint.model import Carrier, CoProductRole, Direction, Inventory
from saltbridge.footprint.pricing import Outcome
from saltbridge.footprint.result import AppliedRule, Hole, HoleReason


@dataclass(frozen=True, slots=True)
class Reading:
    """One candidate for each rule; ``open`` names the rules that are not settled."""

    electricity: ElectricityRule
    recycling: RecyclingRule
    allocation: AllocationRule
    open: frozenset[str]


def readings(
    inventory: Inventory, rules: RuleSet, assumptions: Assumptions
) -> tuple[Reading, ...]:
    """The readings worth calculating: only rules that the inventory touches are varied."""
    electricity = _settled(rules.electricity, assumptions.get("electricity"))
    recycling = _settled(rules.recycling, assumptions.get("recycling"))
    allocation = _settled(rules.allocation, assumptions.get("allocation"))
    # The candidate that an inventory never touches is not varied, since it cannot matter.
    if not any(r.carrier is Carrier.ELECTRICITY for r in inventory.exchanges):
        electricity = electricity[:1]
    if not any(r.circular for r in inventory.exchanges):
        recycling = recycling[:1]
    own = {p.id: p.allocation for p in inventory.processes}
    if not any(
        r.direction is Direction.OUTPUT
        and r.role is CoProductRole.ALLOCATE
        and not own.get(r.process)
        for r in inventory.exchanges
    ):
        allocation = allocation[:1]
    open_rules = frozenset(
        name
        for name, options in (
            ("electricity", electricity),
            ("recycling", recycling),
            ("allocation", allocation),
        )
        if len(options) > 1
    )
    return tuple(
        Reading(e, r, a, open_rules) for e, r, a in product(electricity, recycling, allocation)
    )


def assumed_rules(assumptions: Assumptions) -> tuple[AppliedRule, ...]:
    """The rules a person settled by assumption, as applied rules of their own."""
    return tuple(
        AppliedRule(
            id=f"assumption.{key}",
            value=value,
            citation="assumption of the person who calculates, not a rule of the methodology",
            confidence=Confidence.RECALLED,
        )
        for key, value in assumptions.items()
    )


def merge(
    accounts: Sequence[Sequence[Outcome]], taken: Sequence[Reading]
) -> tuple[Outcome, ...]:
    """One outcome per leaf over all readings. All accounts list the same leaves in order."""
    if len(accounts) == 1:
        return tuple(accounts[0])
    open_rules = taken[0].open
    return tuple(_merge_leaf(outcomes, open_rules) for outcomes in zip(*accounts, strict=True))


def _merge_leaf(outcomes: Sequence[Outcome], open_rules: frozenset[str]) -> Outcome:
    first = outcomes[0]
    touched = open_rules & frozenset(rule for o in outcomes for rule in o.rules)
    same = all(
        o.contributions == first.contributions and o.holes == first.holes for o in outcomes
    )
    if same and (not touched or not first.contributions):
        return first
    bounds = [o.bounds() for o in outcomes]
    known = [b for b in bounds if b is not None]
    complete = len(known) == len(bounds)
    names = ", ".join(sorted(touched or open_rules))
    row = first.leaf.exchange
    hole = Hole(
        stage=first.leaf.stage,
        process=first.leaf.process.id,
        flow=row.flow,
        amount=first.amount,
        unit=row.unit,
        reason=HoleReason.RULE_NOT_LOADED,
        mass_kg=first.mass_kg,
        low_kg_co2e=min(b[0] for b in known) if complete else None,
        high_kg_co2e=max(b[1] for b in known) if complete else None,
        range_source=f"candidates of the rules not loaded: {names}" if complete else "",
        place=row.place,
    )
    return replace(first, contributions=(), holes=(hole,))


def _settled(options: tuple, assumed: str | None) -> tuple:  # type: ignore[type-arg]
    if assumed is None:
        return options
    return tuple(o for o in options if o.name == assumed)
