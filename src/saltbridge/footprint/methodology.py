"""What a rule set is: a record of rules, each with its text and how sure we are of it.

A methodology has dated editions. An edition is a ``RuleSet``. A rule whose text nobody has
read is never invented: the record then names *candidates* (the rules that other texts use),
and the calculation gives the lines they touch as holes with the range of the candidates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from saltbridge.core.edition import Edition
from saltbridge.core.finding import Finding
from saltbridge.footprint.model import Carrier, Inventory, Stage
from saltbridge.footprint.result import AppliedRule, DeclaredUnit, RuleNotLoaded

Assumptions: TypeAlias = Mapping[str, str]
UnitRule: TypeAlias = Callable[
    [Inventory, Assumptions], tuple[DeclaredUnit | None, tuple[Finding, ...]]
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ElectricityRule:
    """Which supply counts. ``contracts`` are the kinds of contract that are accepted."""

    name: str  # what a person writes in an assumption
    contracts: frozenset[str]
    mix: str  # country | location: how fine the grid mix behind it is


@dataclass(frozen=True, kw_only=True, slots=True)
class RecyclingRule:
    """cff: circular footprint formula. cut_off: the recycled share comes and goes free."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AllocationRule:
    """The bases of allocation in the order they are tried."""

    name: str
    order: tuple[str, ...]  # physical | mass | economic


@dataclass(frozen=True, kw_only=True, slots=True)
class CutOff:
    """How much may stay without a factor: a share of the ``mass`` or of the ``emissions``."""

    of: str
    share: float


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """One edition of a methodology. Several candidates mean: that rule is not loaded."""

    edition: Edition
    boundary: tuple[Stage, ...]
    declared_unit: UnitRule
    electricity: tuple[ElectricityRule, ...]
    recycling: tuple[RecyclingRule, ...]
    allocation: tuple[AllocationRule, ...]
    cut_off: CutOff | None  # None: the rule is not loaded, so nothing may be cut off
    gwp_sets: tuple[str, ...]  # in order: the next one fills the gaps of the one before
    significant_digits: int
    excluded_carriers: frozenset[Carrier] = frozenset()
    by_stage: bool = False  # a value for every stage of the boundary is part of the result
    rules: tuple[AppliedRule, ...] = ()
    rules_not_loaded: tuple[RuleNotLoaded, ...] = ()
    # assumption -> values a person may choose; an empty tuple: a number greater than 0
    assumptions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Methodology:
    """A named methodology with its editions, oldest first."""

    id: str
    title: str
    rule_sets: tuple[RuleSet, ...]

    @property
    def editions(self) -> tuple[Edition, ...]:
        return tuple(r.edition for r in self.rule_sets)

    def rule_set(self, edition: Edition | str) -> RuleSet:
        """The rules of one edition.

        Raises:
            KeyError: this methodology has no such edition.
        """
        name = edition if isinstance(edition, str) else edition.name
        for rules in self.rule_sets:
            if rules.edition.name == name:
                return rules
        raise KeyError(name)


# The vocabulary of rules that the rule sets choose from.
LOCATION_MIX = ElectricityRule(
    name="location_mix", contracts=frozenset({"direct_line"}), mix="country"
)
CONTRACT = ElectricityRule(
    name="contract",
    contracts=frozenset({"direct_line", "ppa", "certificate", "supplier_mix"}),
    mix="location",
)
CFF = RecyclingRule(name="cff")
CUT_OFF = RecyclingRule(name="cut_off")
PHYSICAL_THEN_ECONOMIC = AllocationRule(name="physical", order=("physical", "mass", "economic"))
ECONOMIC_ONLY = AllocationRule(name="economic", order=("economic",))
