"""Carbon footprint of batteries under Regulation (EU) 2023/1542, Article 7 and Annex II.

The delegated act with the method is not adopted. Two editions: ``annex-ii`` holds what the
regulation itself says (read in the Official Journal text, 2026-11-23), and ``draft-2024-04``
the draft delegated act Ares(2024)3131389 as published summaries and an open case study tell
it (the draft's annex itself was not read).
"""

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.functional_unit import cycles_unit, draft_unit
from saltbridge.footprint.methodology import (
    CFF,
    CONTRACT,
    CUT_OFF,
    ECONOMIC_ONLY,
    LOCATION_MIX,
    PHYSICAL_THEN_ECONOMIC,
    CutOff,
    Methodology,
    RuleSet,
)
from saltbridge.footprint.model import Carrier, Stage
from saltbridge.footprint.result import AppliedRule, RuleNotLoaded

_LAW = "Regulation (EU) 2023/1542, OJ L 191, 28.7.2023"
_DRAFT = "draft delegated act Ares(2024)3131389 of 29 April 2024"
_CASE = "open CFB-EV case study (mintjesba/pefdpp_paper, CC BY 4.0)"


def _law(id: str, value: str, where: str) -> AppliedRule:
    return AppliedRule(
        id=id, value=value, citation=f"{_LAW}, {where}", confidence=Confidence.READ
    )


def _draft(id: str, value: str, by: str) -> AppliedRule:
    citation = f"{_DRAFT}, as told by {by}"
    return AppliedRule(id=id, value=value, citation=citation, confidence=Confidence.SECONDARY)


def _recalled(id: str, value: str) -> AppliedRule:
    citation = f"{_DRAFT}, from memory"
    return AppliedRule(id=id, value=value, citation=citation, confidence=Confidence.RECALLED)


_BOUNDARY = _law(
    "boundary",
    "raw materials, main production, distribution, end of life; no use phase",
    "Annex II point 4",
)
_UNIT = _law(
    "functional_unit",
    "1 kWh of total energy over service life (1 kWmin of back-up batteries: not covered)",
    "Annex II point 3",
)
_OFFSETS = _law("offsets", "stay out of the carbon footprint", "Annex II point 7")
_REDECLARATION = _law(
    "redeclaration",
    "recalculated where the bill of materials or the energy mix changes; no share is named",
    "Annex II point 5",
)
_ONE_PLANT = _law(
    "one_plant",
    "activity data of one model from one plant; no sampling across plants",
    "Annex II point 5",
)
# Annex II point 5: activity data of these parts is that of the model and its plant.
_COMPANY_SPECIFIC = ("anode", "cathode", "electrolyte", "separator", "cell_casing")
_OWN_DATA = _law(
    "company_specific_data",
    "activity data of anode, cathode, electrolyte, separator and cell casing is the company's",
    "Annex II point 5",
)
_NOT_ADOPTED = f"{_LAW}, Article 7(1): left to a delegated act that is not adopted"


def _pending(id: str, effect: str) -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=_NOT_ADOPTED, effect=effect)


def _open(id: str, effect: str, citation: str) -> RuleNotLoaded:
    return RuleNotLoaded(id=id, citation=citation, effect=f"methodology.effect.{effect}")


# Rules of the regulation itself that no calculation can check from the rows of an inventory.
_UNCHECKED = (
    _open("pef_compliant_datasets", "not-checked", f"{_LAW}, Annex II point 5"),
    _open("equipment_and_oem_assembly", "by-hand", f"{_LAW}, Annex II point 4"),
)
_ROUNDING = _open("rounding", "rounding", "no text with a rule of rounding was read")


_ANNEX_II = RuleSet(
    edition=Edition(
        "annex-ii", EditionStatus.PENDING, None, "Annex II without its delegated act"
    ),
    boundary=tuple(Stage),
    declared_unit=cycles_unit,
    electricity=(LOCATION_MIX, CONTRACT),
    recycling=(CFF, CUT_OFF),
    allocation=(PHYSICAL_THEN_ECONOMIC, ECONOMIC_ONLY),
    cut_off=None,
    gwp_sets=("EF31", "AR6"),
    significant_digits=3,
    by_stage=True,
    company_specific=_COMPANY_SPECIFIC,
    rules=(_BOUNDARY, _UNIT, _OFFSETS, _ONE_PLANT, _OWN_DATA, _REDECLARATION),
    rules_not_loaded=(
        _pending("cycles", "methodology.effect.no-declared-unit"),
        _pending("electricity", "methodology.effect.range"),
        _pending("recycling", "methodology.effect.range"),
        _pending("allocation", "methodology.effect.range"),
        _pending("cut_off", "methodology.effect.no-cut-off"),
        # Point 6 names the list of the JRC report of 2019, an earlier set than EF 3.1.
        _open("gwp", "gwp", f"{_LAW}, Annex II point 6"),
        _open("biogenic", "biogenic-zero", f"{_LAW}, Annex II point 6"),
        *_UNCHECKED,
        _ROUNDING,
    ),
    assumptions={
        "cycles": (),
        "electricity": ("location_mix", "contract"),
        "recycling": ("cff", "cut_off"),
        "allocation": ("physical", "economic"),
    },
)

_DRAFT_2024_04 = RuleSet(
    edition=Edition("draft-2024-04", EditionStatus.DRAFT, None, _DRAFT),
    boundary=tuple(Stage),
    declared_unit=draft_unit,
    electricity=(LOCATION_MIX,),
    recycling=(CFF,),
    allocation=(PHYSICAL_THEN_ECONOMIC,),
    cut_off=CutOff(of="mass", share=0.01),
    gwp_sets=("EF31", "AR6"),
    significant_digits=3,
    by_stage=True,
    company_specific=(*_COMPANY_SPECIFIC, "cell", "pack"),
    excluded_carriers=frozenset({Carrier.PACKAGING}),
    rules=(
        _BOUNDARY,
        _UNIT,
        _OFFSETS,
        _ONE_PLANT,
        _OWN_DATA,
        _REDECLARATION,
        _draft(
            "total_energy",
            "usable energy × full equivalent cycles (60 M1, N1; 20 L; 250 M2, M3, N2, N3) "
            "× years of warranty",
            "un383mcm.com and booost-tech.com",
        ),
        _recalled(
            "warranty",
            "shorter of years and kilometres / 20,000 (5,000; 60,000); 5 years without one; "
            "only with at least 70 % of the energy",
        ),
        _draft(
            "electricity",
            "national consumption mix; no certificates, no power purchase",
            "VDA and pveurope.eu",
        ),
        _recalled("direct_line", "its own mix, unless its certificates are sold"),
        _draft("recycling", "circular footprint formula", _CASE),
        _recalled("allocation", "PEF hierarchy: physical, then economic"),
        _draft("cut_off", "at most 1 % of the mass", _CASE),
        _draft(
            "company_specific_processes",
            "the parts of the law, cell and pack; whether the draft's list names more was not "
            "read",
            _CASE,
        ),
        _draft("packaging", "packaging material is outside of the boundary", _CASE),
        _recalled("gwp", "EF 3.1, taken as equal to IPCC AR6"),
        _recalled("biogenic", "biogenic CO2 counts 0 both ways"),
        _draft(
            "data_quality",
            "mean of technological, geographical and temporal, 1 (best) to 5",
            _CASE,
        ),
    ),
    rules_not_loaded=(
        # The case leaves out capital goods, final installation, cooling outside of the
        # housing, storage, and, against Annex II, waste collection and dismantling.
        _open("exclusions", "by-hand", f"{_DRAFT}, as told by {_CASE}"),
        _open("default_distribution", "by-hand", f"{_CASE}: 1,000 km by lorry"),
        _open("recycling_by_part", "not-checked", f"{_DRAFT}: six parts, each with its own A"),
        _open("verification", "not-checked", f"{_DRAFT}: not read"),
        _open("cut_off_per_component", "not-checked", f"{_DRAFT}: not read"),
        *_UNCHECKED,
        _ROUNDING,
    ),
)

METHODOLOGY = Methodology(
    id="eu-cfb",
    title="EU carbon footprint of batteries",
    rule_sets=(_ANNEX_II, _DRAFT_2024_04),
    by_market_day=True,
)
