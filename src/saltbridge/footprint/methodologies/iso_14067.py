"""Carbon footprint of products, ISO 14067:2018, with GB/T 24067-2024 that follows it.

Neither standard was read: every rule here is from memory, except what a summary of the
consultation on GB/T 24067 says. So nothing can be declared under it; it serves to compare.
"""

from datetime import date

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.functional_unit import own_unit
from saltbridge.footprint.methodology import (
    CFF,
    CONTRACT_THEN_RESIDUAL,
    CUT_OFF,
    PHYSICAL_THEN_ECONOMIC,
    Methodology,
    RuleSet,
)
from saltbridge.footprint.model import Stage
from saltbridge.footprint.result import AppliedRule, RuleNotLoaded

_MEMORY = "ISO 14067:2018, from memory"
_GB = "GB/T 24067-2024, as told by a summary of its consultation"


def _recalled(id: str, value: str) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=_MEMORY, confidence=Confidence.RECALLED)


def _open(id: str, effect: str, citation: str = f"{_MEMORY}: not read") -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=citation, effect=f"methodology.effect.{effect}")


_2018 = RuleSet(
    # August 2018, from memory; the last day of that month, so that it governs none before.
    edition=Edition(
        "2018", EditionStatus.IN_FORCE, date(2018, 8, 31), "ISO 14067:2018, GB/T 24067-2024"
    ),
    boundary=tuple(Stage),
    declared_unit=own_unit,
    electricity=(CONTRACT_THEN_RESIDUAL,),
    recycling=(CFF, CUT_OFF),
    allocation=(PHYSICAL_THEN_ECONOMIC,),
    cut_off=None,
    gwp_sets=("AR6",),
    significant_digits=3,
    biogenic="both",
    capital_goods="optional",
    rules=(
        _recalled("boundary", "any that is stated; all stages but use are taken here"),
        _recalled("declared_unit", "a functional or declared unit of one's choice"),
        _recalled("electricity", "contracts of quality, then residual mix, then grid mix"),
        AppliedRule(
            id="electricity_life_cycle",
            value="electricity holds its upstream, generation, grid losses and downstream",
            citation=_GB,
            confidence=Confidence.SECONDARY,
        ),
        _recalled("allocation", "subdivision or expansion, physical, other"),
        _recalled("gwp", "latest IPCC values, taken as AR6"),
        _recalled("biogenic", "biogenic uptake and emissions are told apart"),
        _recalled("capital_goods", "may be left out where that is stated"),
        _recalled("offsets", "stay out of the footprint"),
        _recalled("redeclaration", "by the report; no share is named"),
    ),
    rules_not_loaded=(
        # The standard leaves closed or open loop to whoever calculates.
        _open("recycling", "range", f"{_MEMORY}: closed or open loop, free"),
        _open("cut_off", "no-cut-off", f"{_MEMORY}: to be stated; 1 % a flow, 5 % usual"),
        _open("data_quality", "not-checked", f"{_MEMORY}: in words, no scale"),
        _open("gwp_list_of_gb", "not-checked", f"{_GB}: has a list of its own; not read"),
        _open("category_rules", "not-checked"),
        _open("system_expansion", "not-checked"),
        _open("critical_review", "not-checked"),
        _open("rounding", "rounding", "no text with a rule of rounding was read"),
    ),
    assumptions={"recycling": ("cff", "cut_off")},
)

METHODOLOGY = Methodology(
    id="iso-14067", title="ISO 14067 carbon footprint of products", rule_sets=(_2018,)
)
