"""Catena-X product carbon footprint, rulebook v4: cradle to gate, per piece or kilogram.

The rulebook itself was not read; the rules come from the descriptions in the public data
model ``io.catenax.pcf`` 9.0.0 (read 2026-11) and, where marked, from memory.
"""

from datetime import date

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.functional_unit import piece_or_kg_unit
from saltbridge.footprint.methodology import (
    CONTRACT,
    CUT_OFF,
    PHYSICAL_THEN_ECONOMIC,
    CutOff,
    Methodology,
    RuleSet,
)
from saltbridge.footprint.model import Stage
from saltbridge.footprint.result import AppliedRule, RuleNotLoaded

_MODEL = "Catena-X PCF rulebook v4, as described in the data model io.catenax.pcf 9.0.0"
_MEMORY = "Catena-X PCF rulebook v4, from memory"


def _read(id: str, value: str) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=_MODEL, confidence=Confidence.SECONDARY)


def _recalled(id: str, value: str) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=_MEMORY, confidence=Confidence.RECALLED)


def _open(id: str, effect: str, citation: str) -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=citation, effect=f"methodology.effect.{effect}")


_V4 = RuleSet(
    # In force: the rulebook of the release 25.09, which is the one in use until v4.1 (26.09)
    # goes live. The release names a month; the day is the first of it.
    edition=Edition("v4", EditionStatus.IN_FORCE, date(2025, 9, 1), "PCF rulebook v4 (25.09)"),
    boundary=(Stage.RAW_MATERIAL, Stage.MAIN_PRODUCTION),
    declared_unit=piece_or_kg_unit,
    electricity=(CONTRACT,),
    recycling=(CUT_OFF,),
    allocation=(PHYSICAL_THEN_ECONOMIC,),
    cut_off=CutOff(of="emissions", share=0.03),
    gwp_sets=("AR6",),
    significant_digits=4,
    redeclare_above=0.10,
    rules=(
        _read("boundary", "cradle to gate; distribution and end of life stay out"),
        _read("declared_unit", "1 piece or 1 kilogram"),
        _recalled("electricity", "contracts of quality, else the grid mix"),
        _read("recycling", "cut-off; waste to energy is charged to the polluter"),
        _recalled("allocation", "physical, then economic"),
        _read("cut_off", "at most 3 % of the emissions"),
        _read("gwp", "IPCC AR6"),
        _read("biogenic", "total without uptake: biogenic CO2 counts 0 both ways"),
        AppliedRule(
            id="redeclaration",
            value="checked every year; a new value where it changes by more than 10 %",
            citation="PACT alignment page for Catena-X v3",
            confidence=Confidence.SECONDARY,
        ),
    ),
    rules_not_loaded=(
        _open("distribution", "by-hand", f"{_MODEL}: mandatory where the reporter pays it"),
        _open("residual_mix", "not-checked", f"{_MEMORY}: before the grid mix"),
        _open(
            "price_hierarchy", "not-checked", "PACT alignment page for Catena-X v3: not read"
        ),
        _open("rounding", "rounding", "no text with a rule of rounding was read"),
    ),
    assumptions={},
)

METHODOLOGY = Methodology(
    id="catena-x-pcf", title="Catena-X product carbon footprint", rule_sets=(_V4,)
)
