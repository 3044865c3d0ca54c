"""PACT methodology v3 (WBCSD): cradle to gate, in one of many declared units.

The methodology itself (30 April 2025) was not read. What is marked secondary stands in the
description of its data model (PACT data exchange protocol 3.0, read 2026-11) or on the pages
of the partnership; the rest is from memory.
"""

from datetime import date

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.functional_unit import own_unit
from saltbridge.footprint.methodology import (
    CONTRACT_THEN_RESIDUAL,
    CUT_OFF,
    PHYSICAL_BELOW_PRICE_RATIO,
    CutOff,
    Methodology,
    RuleSet,
)
from saltbridge.footprint.model import Stage
from saltbridge.footprint.result import AppliedRule, RuleNotLoaded

_MODEL = "PACT methodology v3, as told by the data model of its exchange protocol 3.0"
_PAGES = "PACT methodology v3, as told by pages of the partnership (carbon-transparency.org)"
_MEMORY = "PACT methodology v3, from memory"


def _told(id: str, value: str, citation: str = _MODEL) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=citation, confidence=Confidence.SECONDARY)


def _recalled(id: str, value: str) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=_MEMORY, confidence=Confidence.RECALLED)


def _open(id: str, effect: str, citation: str) -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=citation, effect=f"methodology.effect.{effect}")


_V3 = RuleSet(
    edition=Edition("v3", EditionStatus.IN_FORCE, date(2025, 4, 30), "PACT methodology v3"),
    boundary=(Stage.RAW_MATERIAL, Stage.MAIN_PRODUCTION),
    declared_unit=own_unit,
    electricity=(CONTRACT_THEN_RESIDUAL,),
    recycling=(CUT_OFF,),
    allocation=(PHYSICAL_BELOW_PRICE_RATIO,),
    cut_off=CutOff(of="emissions", share=0.03),
    gwp_sets=("AR6",),
    significant_digits=4,
    biogenic="both",
    data_quality="five_1_3",
    rating_from=date(2025, 1, 1),
    waste="cut_off",
    redeclare_above=0.10,
    rules=(
        _told("boundary", "cradle to gate"),
        _told("declared_unit", "the product as it is counted: piece, kg, kWh, litre, …"),
        _recalled("electricity", "contracts of quality, then residual mix, then grid mix"),
        _told("recycling", "recycled content: cut-off"),
        _recalled("waste", "burning waste for energy is cut off"),
        _recalled("allocation", "subdivision; physical up to a price ratio of 5; economic"),
        _told("cut_off", "at most 3 % of the emissions, as announced for v3", _PAGES),
        _told("gwp", "IPCC AR6, the latest"),
        _told("biogenic", "totals without and with biogenic uptake"),
        _told(
            "data_quality",
            "five indicators, 1 to 3, of lines above 5 % of the total; from periods of 2025 on",
        ),
        _told("primary_data", "the share is mandatory for periods from 2025 on"),
        _recalled("capital_goods", "left out, unless they matter"),
        _recalled("transport", "inbound counts, outbound stays out"),
        _recalled("offsets", "stay out of the footprint"),
        _told("redeclaration", "valid 3 years; a new value above 10 % of change", _PAGES),
    ),
    rules_not_loaded=(
        _open("system_expansion", "not-checked", f"{_MEMORY}: before physical allocation"),
        _open("biogenic_carbon_change", "not-checked", f"{_PAGES}: 5 % of biogenic carbon"),
        _open("contract_quality", "not-checked", "PACT methodology v3: not read"),
        _open("sector_rules", "not-checked", "PACT methodology v3: not read"),
        _open("rounding", "rounding", "no text with a rule of rounding was read"),
    ),
)

METHODOLOGY = Methodology(id="pact", title="PACT product carbon footprint", rule_sets=(_V3,))
