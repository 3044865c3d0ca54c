"""Carbon-footprint filing of traction batteries, MIIT 工信厅通装函〔2025〕551号, 30 Dec 2025.

Read in copies of the notice and the ministry's answers (2026-11): who must file, the four
stages, and the division by the total energy over the life cycle. The annexes with the rules
for cycles, electricity, recycling and allocation were not read, so they are not loaded; the
lines they touch are given as ranges over the rules that other texts use.
"""

from datetime import date

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.functional_unit import cycles_unit
from saltbridge.footprint.methodology import (
    CFF,
    CONTRACT,
    CUT_OFF,
    ECONOMIC_ONLY,
    LOCATION_MIX,
    PHYSICAL_THEN_ECONOMIC,
    Methodology,
    RuleSet,
)
from saltbridge.footprint.model import Stage
from saltbridge.footprint.result import AppliedRule, RuleNotLoaded

_NOTICE = "MIIT 工信厅通装函〔2025〕551号, 30 December 2025"


def _not_loaded(id: str, effect: str) -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=f"{_NOTICE}, annex: not read", effect=effect)


_2025_551 = RuleSet(
    edition=Edition(
        "2025-551", EditionStatus.PENDING, date(2027, 1, 1), f"{_NOTICE} (trial in 2026)"
    ),
    boundary=tuple(Stage),
    declared_unit=cycles_unit,
    electricity=(LOCATION_MIX, CONTRACT),
    recycling=(CFF, CUT_OFF),
    allocation=(PHYSICAL_THEN_ECONOMIC, ECONOMIC_ONLY),
    cut_off=None,
    gwp_sets=("AR6",),
    significant_digits=3,
    by_stage=True,
    capital_goods="in",  # not read: nothing is left out that nobody allowed
    rules=(
        AppliedRule(
            id="boundary",
            value="material acquisition, manufacturing, distribution, recycling",
            citation=f"{_NOTICE}, copies and answers of the ministry",
            confidence=Confidence.SECONDARY,
        ),
        AppliedRule(
            id="functional_unit",
            value="1 kWh of total energy over the life cycle",
            citation=f"{_NOTICE}, copies and answers of the ministry",
            confidence=Confidence.SECONDARY,
        ),
        AppliedRule(
            id="scope",
            value="every traction battery above 2 kWh sold in China; the pack maker files; "
            "trial until 31 December 2026 with at least 5 typical packs, verified",
            citation=f"{_NOTICE}, copies and answers of the ministry",
            confidence=Confidence.SECONDARY,
        ),
        AppliedRule(
            id="gwp",
            value="latest IPCC values, taken as AR6",
            citation="GB/T 24067-2024, from memory",
            confidence=Confidence.RECALLED,
        ),
    ),
    rules_not_loaded=(
        _not_loaded("cycles", "methodology.effect.no-declared-unit"),
        _not_loaded("electricity", "methodology.effect.range"),
        _not_loaded("recycling", "methodology.effect.range"),
        _not_loaded("allocation", "methodology.effect.range"),
        _not_loaded("cut_off", "methodology.effect.no-cut-off"),
        _not_loaded("capital_goods", "methodology.effect.not-checked"),
        _not_loaded("biogenic", "methodology.effect.biogenic-zero"),
        _not_loaded("green_certificates", "methodology.effect.not-checked"),
        _not_loaded("data_quality", "methodology.effect.not-checked"),
        _not_loaded("company_specific_data", "methodology.effect.not-checked"),
        _not_loaded("redeclaration", "methodology.effect.not-checked"),
        _not_loaded("rounding", "methodology.effect.rounding"),
    ),
    assumptions={
        "cycles": (),
        "electricity": ("location_mix", "contract"),
        "recycling": ("cff", "cut_off"),
        "allocation": ("physical", "economic"),
    },
)

METHODOLOGY = Methodology(
    id="cn-miit-551",
    title="MIIT battery carbon-footprint filing",
    rule_sets=(_2025_551,),
    by_market_day=True,
)
