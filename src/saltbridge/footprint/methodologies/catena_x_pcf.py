"""Catena-X product carbon footprint, rulebooks v3, v4 and v4.1: cradle to gate.

The rulebooks themselves were not read. The rules of v4 come from the descriptions in the
public data model ``io.catenax.pcf`` 9.0.0 and from the tables of contents of the rulebooks
(read 2026-11); what is marked so is from memory. Of v3 the page on its alignment with PACT
was seen through a summary; of v4.1 only the release note.
"""

from dataclasses import replace
from datetime import date

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.functional_unit import piece_or_kg_unit
from saltbridge.footprint.methodology import (
    CONTRACT,
    CONTRACT_THEN_RESIDUAL,
    CUT_OFF,
    PHYSICAL_BELOW_PRICE_RATIO,
    PHYSICAL_THEN_ECONOMIC,
    CutOff,
    Methodology,
    RuleSet,
)
from saltbridge.footprint.model import Stage
from saltbridge.footprint.result import AppliedRule, RuleNotLoaded

_MODEL = "Catena-X PCF rulebook v4, as described in the data model io.catenax.pcf 9.0.0"
_MEMORY = "Catena-X PCF rulebook v4, from memory"
_ALIGNMENT = "PACT alignment page for Catena-X v3"
_CONTENTS = "Catena-X PCF rulebook v4, section {}: only its title was read"
_V3_MEMORY = "Catena-X PCF rulebook v3, from memory"
_V3_CONTENTS = "Catena-X PCF rulebook v3, section {}: only its title was read"
_RELEASE = "release note of CX-Neptune (26.09) on PCF rulebook v4.1 (file v.4.1.2)"
_NO_ROUNDING = "no text with a rule of rounding was read"


def _read(id: str, value: str) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=_MODEL, confidence=Confidence.SECONDARY)


def _aligned(id: str, value: str) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=_ALIGNMENT, confidence=Confidence.SECONDARY)


def _recalled(id: str, value: str, citation: str = _MEMORY) -> AppliedRule:
    return AppliedRule(id=id, value=value, citation=citation, confidence=Confidence.RECALLED)


def _open(id: str, effect: str, citation: str) -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=citation, effect=f"methodology.effect.{effect}")


_REDECLARATION = _aligned(
    "redeclaration", "checked every year; a new value where it changes by more than 10 %"
)

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
    biogenic="both",
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
        _read("data_quality", "technological, temporal and geographical, 1 (best) to 5"),
        _read("primary_data", "the share of primary data is stated, weighted by emissions"),
        _REDECLARATION,
    ),
    rules_not_loaded=(
        _open("distribution", "by-hand", f"{_MODEL}: mandatory where the reporter pays it"),
        _open("residual_mix", "not-checked", f"{_MEMORY}: before the grid mix"),
        _open("price_hierarchy", "not-checked", f"{_ALIGNMENT}: not read"),
        _open("packaging", "by-hand", f"{_MODEL}: always included, within production"),
        _open("capital_goods", "by-hand", f"{_MEMORY}: left out"),
        _open("offsets", "by-hand", f"{_MEMORY}: left out"),
        _open("screening", "not-checked", _CONTENTS.format("4.3.1")),
        _open("prospective", "prospective", _CONTENTS.format("5.2.1")),
        _open("homogeneous_parts", "not-checked", _CONTENTS.format("5.2.2")),
        _open("transport", "not-checked", _CONTENTS.format("5.2.3")),
        _open("chain_of_custody", "not-checked", _CONTENTS.format("5.2.7")),
        _open("data_quality_matrix", "not-checked", "TfS v3.0, tables 5.14 to 5.16: not read"),
        _open("rounding", "rounding", _NO_ROUNDING),
    ),
)

_V3 = replace(
    _V4,
    # v3 came with the release of August 2024 and governed until v4 did. Whether it may be used
    # on for a while (section 2.4, transition period) was not read.
    edition=Edition(
        "v3",
        EditionStatus.WITHDRAWN,
        date(2024, 8, 1),
        "PCF rulebook v3 (24.08)",
        date(2025, 8, 31),
    ),
    cut_off=None,
    biogenic="zero",
    rules=(
        _recalled("boundary", "cradle to gate", _V3_MEMORY),
        _recalled("declared_unit", "1 piece or 1 kilogram", _V3_MEMORY),
        _recalled("electricity", "contracts of quality, else the grid mix", _V3_MEMORY),
        _recalled("recycling", "cut-off", _V3_MEMORY),
        _recalled("allocation", "physical, then economic", _V3_MEMORY),
        _recalled("gwp", "IPCC AR6", _V3_MEMORY),
        _aligned(
            "data_quality", "covers activity data, emission factors and direct emissions alike"
        ),
        _REDECLARATION,
    ),
    rules_not_loaded=(
        _open("transition", "not-checked", _V3_CONTENTS.format("2.4")),
        _open("biogenic", "biogenic-zero", _V3_CONTENTS.format("4.1.1")),
        _open("cut_off", "no-cut-off", _V3_CONTENTS.format("4.2.1")),
        _open("price_hierarchy", "not-checked", f"{_ALIGNMENT}: not read"),
        _open("transport", "not-checked", _V3_CONTENTS.format("5.2.1")),
        _open("waste", "not-checked", _V3_CONTENTS.format("5.2.2")),
        _open("residual_mix", "not-checked", _V3_CONTENTS.format("5.2.4")),
        _open("homogeneous_parts", "not-checked", _V3_CONTENTS.format("5.2.5")),
        _open("chain_of_custody", "not-checked", _V3_CONTENTS.format("5.2.6")),
        _open("rounding", "rounding", _NO_ROUNDING),
    ),
)

_AS_V4 = f"{_RELEASE}: names no change; taken from v4, from memory"

_V4_1 = replace(
    _V4,
    # Goes live with CX-Neptune, announced for the end of November 2026: no day was read.
    edition=Edition("v4.1", EditionStatus.PENDING, None, "PCF rulebook v4.1 (26.09)"),
    electricity=(CONTRACT, CONTRACT_THEN_RESIDUAL),
    allocation=(PHYSICAL_THEN_ECONOMIC, PHYSICAL_BELOW_PRICE_RATIO),
    rules=(
        _recalled("declared_unit", "1 piece or 1 kilogram", _AS_V4),
        _recalled("recycling", "cut-off; waste to energy is charged to the polluter", _AS_V4),
        _recalled("cut_off", "at most 3 % of the emissions", _AS_V4),
        _recalled("gwp", "IPCC AR6", _AS_V4),
        _recalled("data_quality", "three indicators, 1 (best) to 5", _AS_V4),
        _recalled(
            "redeclaration", "checked every year; a new value above 10 % of change", _AS_V4
        ),
    ),
    rules_not_loaded=(
        _open("boundary", "as-before", f"{_RELEASE}: refines the boundary; not read"),
        _open("electricity", "range", f"{_RELEASE}: refines the rules; not read"),
        _open("allocation", "range", "PCF rulebook v4.1.2, section 5.1.2: not read"),
        _open("biogenic", "biogenic-zero", f"{_RELEASE}: improves the rules; not read"),
        _open("prospective", "prospective", f"{_RELEASE}: improves the rules; not read"),
        _open("sector_specific", "not-checked", f"{_RELEASE}: adds requirements; not read"),
        _open("transport", "not-checked", "PCF rulebook v4.1.2: not read"),
        _open("chain_of_custody", "not-checked", "PCF rulebook v4.1.2: not read"),
        _open("rounding", "rounding", _NO_ROUNDING),
    ),
    assumptions={
        "electricity": ("contract", "contract_then_residual"),
        "allocation": ("physical", "price_ratio"),
    },
)

METHODOLOGY = Methodology(
    id="catena-x-pcf", title="Catena-X product carbon footprint", rule_sets=(_V3, _V4, _V4_1)
)
