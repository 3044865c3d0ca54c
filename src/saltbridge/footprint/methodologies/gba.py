"""Greenhouse-gas rulebook of the Global Battery Alliance, v2: to the gate, plus recycling.

The rulebook (2023) was not read; what is marked secondary comes from announcements about it.
"""

from datetime import date

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.functional_unit import own_unit
from saltbridge.footprint.methodology import (
    CONTRACT_THEN_RESIDUAL,
    CUT_OFF,
    ECONOMIC_ONLY,
    PHYSICAL_THEN_ECONOMIC,
    CutOff,
    Methodology,
    RuleSet,
)
from saltbridge.footprint.model import Stage
from saltbridge.footprint.result import AppliedRule, RuleNotLoaded

_TOLD = "GBA greenhouse-gas rulebook v2, as told by announcements (2023 to 2024)"
_COMMENT = "GBA comment on the draft delegated act, as told by openlobby.eu"
_MEMORY = "GBA greenhouse-gas rulebook v2, from memory"


def _told(id: str, value: str, citation: str = _TOLD) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=citation, confidence=Confidence.SECONDARY)


def _recalled(id: str, value: str) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=_MEMORY, confidence=Confidence.RECALLED)


def _open(id: str, effect: str, citation: str) -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=citation, effect=f"methodology.effect.{effect}")


_V2 = RuleSet(
    # Only the year 2023 was read; its last day is taken, so that it governs none too early.
    edition=Edition("v2", EditionStatus.IN_FORCE, date(2023, 12, 31), "GBA rulebook v2 (2023)"),
    boundary=(Stage.RAW_MATERIAL, Stage.MAIN_PRODUCTION, Stage.END_OF_LIFE),
    declared_unit=own_unit,
    electricity=(CONTRACT_THEN_RESIDUAL,),
    recycling=(CUT_OFF,),
    allocation=(PHYSICAL_THEN_ECONOMIC, ECONOMIC_ONLY),
    cut_off=CutOff(of="emissions", share=0.03),
    gwp_sets=("AR6",),
    significant_digits=3,
    rules=(
        _told("boundary", "cradle to gate, plus recycling"),
        _recalled("declared_unit", "1 kWh of capacity or 1 kg, as the product is counted"),
        _recalled("electricity", "supplier's own or contracts of quality, else the mix"),
        _recalled("recycling", "cut-off of recycled content"),
        _told("cut_off", "at most 3 % of the emissions, as in the PEF method", _COMMENT),
        _recalled("gwp", "IPCC AR6 or AR5, taken as AR6"),
        _recalled("capital_goods", "left out"),
        _recalled("offsets", "stay out of the footprint"),
        _recalled("redeclaration", "every year; no share is named"),
    ),
    rules_not_loaded=(
        _open("allocation", "range", f"{_MEMORY}: by mass or by value, by the metal's route"),
        _open("biogenic", "biogenic-zero", f"{_MEMORY}: told apart"),
        _open("waste", "not-checked", "GBA greenhouse-gas rulebook v2: not read"),
        _open("end_of_life", "not-checked", "GBA greenhouse-gas rulebook v2: not read"),
        _open("data_quality", "not-checked", f"{_TOLD}: a matrix shared with others; not read"),
        _open("primary_processes", "not-checked", f"{_MEMORY}: a list; not read"),
        _open("rounding", "rounding", "no text with a rule of rounding was read"),
    ),
    assumptions={"allocation": ("physical", "economic")},
)

METHODOLOGY = Methodology(
    id="gba", title="Global Battery Alliance greenhouse-gas rulebook", rule_sets=(_V2,)
)
