"""What a rule set is: a record of rules, each with its text and how sure we are of it.

A methodology has dated editions. An edition is a ``RuleSet``. A rule whose text nobody has
read is never invented: the record then names *candidates* (the rules that other texts use),
and the calculation gives the lines they touch as holes with the range of the candidates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from saltbridge.core.edition import Edition
from saltbridge.core.finding import Finding
from saltbridge.footprint.model import Carrier, Inventory, Stage
from saltbridge.footprint.result import AppliedRule, DeclaredUnit, RuleNotLoaded

Assumptions: TypeAlias = Mapping[str, str]
UnitRule: TypeAlias = Callable[
    [Inventory, Assumptions], tuple[DeclaredUnit | None, tuple[Finding, ...]]
]


# Steps of an electricity rule. The kinds of contract bind; ``grid`` is no contract.
DIRECT_LINE, RESIDUAL_MIX, CONSUMPTION_MIX = "direct_line", "residual_mix", "consumption_mix"
CONTRACT_KINDS = (DIRECT_LINE, "ppa", "certificate", "supplier_mix")


@dataclass(frozen=True, kw_only=True, slots=True)
class ElectricityRule:
    """Which supply counts: the steps of ``hierarchy`` in the order they are tried.

    ``direct_line``, ``ppa``, ``certificate`` and ``supplier_mix`` are kinds of contract. What
    no accepted contract covers takes the first of ``residual_mix`` and ``consumption_mix``
    that has a factor.
    """

    name: str  # what a person writes in an assumption
    hierarchy: tuple[str, ...]
    mix: str  # country | location: how fine the grid mix behind it is

    @property
    def contracts(self) -> frozenset[str]:
        """The kinds of contract that are accepted."""
        return frozenset(self.hierarchy) & frozenset(CONTRACT_KINDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecyclingRule:
    """cff: circular footprint formula. cut_off: the recycled share comes and goes free."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AllocationRule:
    """The bases of allocation in the order they are tried.

    ``subdivision``: a process whose rows are given for each product apart is no process with
    co-products any more. ``physical``: a quantity that all products share; ``mass``;
    ``economic``: amount times price. ``substitution``: outputs avoid what they replace.
    With a ``price_ratio`` the physical bases hold only while the dearest product costs at
    most that many times the cheapest (per unit of the physical basis); above it, economic.
    """

    name: str
    order: tuple[str, ...]  # subdivision | physical | mass | economic | substitution
    price_ratio: float | None = None


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
    # zero: biogenic CO2 counts 0 both ways. both: the total is that of zero, and the one with
    # uptake (−1 taken up, +1 given back) stands beside it.
    biogenic: str = "zero"
    data_quality: str = "three_1_5"  # | five_1_3: how many indicators, on which scale
    rating_from: date | None = None  # periods that end on this day or later must be rated
    # Parts of the battery (ids of company_specific.py) whose activity data must be the
    # company's own: anode, cathode, electrolyte, separator, cell_casing, cell, pack.
    company_specific: tuple[str, ...] = ()
    # Burning waste for energy: polluter_pays charges it to who hands over the waste, cut_off
    # to who takes the energy. The circular footprint formula has terms of its own for it.
    waste: str = "polluter_pays"
    # Machines and buildings of the plant: rows marked so stay out, or are counted (in, or
    # optional: the maker's choice, who marks and gives what is to be counted).
    capital_goods: str = "out"
    by_stage: bool = False  # a value for every stage of the boundary is part of the result
    # Share of the declared value above which a change asks for a new one; None: the text
    # names no share (it may still name events, see the rule ``redeclaration``).
    redeclare_above: float | None = None
    rules: tuple[AppliedRule, ...] = ()
    rules_not_loaded: tuple[RuleNotLoaded, ...] = ()
    # assumption -> values a person may choose; an empty tuple: a number greater than 0
    assumptions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def outside_carriers(self) -> frozenset[Carrier]:
        """Kinds of rows that the boundary leaves out."""
        if self.capital_goods == "out":
            return self.excluded_carriers | {Carrier.CAPITAL_GOODS}
        return self.excluded_carriers


@dataclass(frozen=True, kw_only=True)
class Methodology:
    """A named methodology with its editions, oldest first.

    ``by_market_day``: the law says which edition governs by the day on which the battery is
    placed on the market, so nothing is declared without that day.
    """

    id: str
    title: str
    rule_sets: tuple[RuleSet, ...]
    by_market_day: bool = False

    @property
    def editions(self) -> tuple[Edition, ...]:
        return tuple(r.edition for r in self.rule_sets)

    def rule_set(self, edition: Edition | str) -> RuleSet:
        """The rules of one edition; an ``Edition`` keeps the status it has for its day.

        Raises:
            KeyError: this methodology has no such edition.
        """
        name = edition if isinstance(edition, str) else edition.name
        for rules in self.rule_sets:
            if rules.edition.name == name:
                return rules if isinstance(edition, str) else replace(rules, edition=edition)
        raise KeyError(name)


# The vocabulary of rules that the rule sets choose from.
LOCATION_MIX = ElectricityRule(
    name="location_mix", hierarchy=(DIRECT_LINE, CONSUMPTION_MIX), mix="country"
)
CONTRACT = ElectricityRule(
    name="contract", hierarchy=(*CONTRACT_KINDS, CONSUMPTION_MIX), mix="location"
)
CONTRACT_THEN_RESIDUAL = ElectricityRule(
    name="contract_then_residual",
    hierarchy=(*CONTRACT_KINDS, RESIDUAL_MIX, CONSUMPTION_MIX),
    mix="location",
)
CFF = RecyclingRule(name="cff")
CUT_OFF = RecyclingRule(name="cut_off")
PHYSICAL_THEN_ECONOMIC = AllocationRule(
    name="physical", order=("subdivision", "physical", "mass", "economic")
)
# The ratio of 5 is that of PACT and Catena-X (recalled).
PHYSICAL_BELOW_PRICE_RATIO = AllocationRule(
    name="price_ratio",
    order=("subdivision", "physical", "mass", "economic"),
    price_ratio=5.0,
)
ECONOMIC_ONLY = AllocationRule(name="economic", order=("subdivision", "economic"))
