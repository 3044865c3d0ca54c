"""Properties of the circular footprint formula, and what happens when a term is missing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.core.provenance import Confidence
from saltbridge.footprint import circularity
from saltbridge.footprint.methodology import CFF, CUT_OFF
from saltbridge.footprint.model import CircularTerms, Inventory
from saltbridge.footprint.result import HoleReason
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

SHARE = st.floats(0, 1)
BURDEN = st.floats(0, 50)
DRAFT = "eu-cfb@draft-2024-04"


def terms(**given: Any) -> CircularTerms:
    known: dict[str, Any] = {"Qsin_Qp": 1.0, "Qsout_Qp": 1.0, "R3": 0.0, "B": 0.0, "Ed": 0.0}
    return CircularTerms(id="t", material="m", **{**known, **given})


def value(part: circularity.Part) -> float:
    assert part.value is not None, part.missing
    return part.value


@given(r1=SHARE, r2=SHARE, ev=BURDEN, recycled=BURDEN, eol=BURDEN)
def test_a_of_one_is_the_cut_off(
    r1: float, r2: float, ev: float, recycled: float, eol: float
) -> None:
    t = terms(A=1.0, R1=r1, R2=r2, Ev=ev, Ev_star=ev, Erecycled=recycled, ErecyclingEoL=eol)
    cut = circularity.acquisition(t, CUT_OFF)
    assert value(circularity.acquisition(t, CFF)) == pytest.approx(value(cut), abs=1e-9)
    assert value(circularity.end_of_life(t, CFF)) == 0.0


@given(r1=SHARE, r2=SHARE, ev=BURDEN, recycled=BURDEN, eol=BURDEN)
def test_a_of_zero_avoids_the_full_burden(
    r1: float, r2: float, ev: float, recycled: float, eol: float
) -> None:
    t = terms(A=0.0, R1=r1, R2=r2, Ev=ev, Ev_star=ev, Erecycled=recycled, ErecyclingEoL=eol)
    assert value(circularity.acquisition(t, CFF)) == pytest.approx(ev, abs=1e-9)
    credit = r2 * (eol - ev)
    assert value(circularity.end_of_life(t, CFF)) == pytest.approx(credit, abs=1e-9)


@given(a=SHARE, b=SHARE, r=SHARE, ev=BURDEN, recycled=BURDEN)
def test_closed_loop_does_not_depend_on_a(
    a: float, b: float, r: float, ev: float, recycled: float
) -> None:
    def total(share: float) -> float:
        t = terms(
            A=share, R1=r, R2=r, Ev=ev, Ev_star=ev, Erecycled=recycled, ErecyclingEoL=recycled
        )
        return value(circularity.acquisition(t, CFF)) + value(circularity.end_of_life(t, CFF))

    assert total(a) == pytest.approx(total(b), abs=1e-9)


@pytest.mark.parametrize(
    ("part", "given", "missing"),
    [
        (circularity.acquisition, {"R1": 0.3}, ("Ev", "A", "Qsin_Qp")),
        (circularity.acquisition, {}, ("R1", "Ev")),
        (circularity.end_of_life, {"A": 0.2, "R2": 0.9}, ("Ev_star", "Qsout_Qp")),
    ],
)
def test_terms_that_are_needed_are_named(part: Any, given: Any, missing: Any) -> None:
    found = part(CircularTerms(id="t", material="m", **given), CFF)
    assert found.value is None
    assert set(missing) <= set(found.missing)


def test_terms_that_are_multiplied_by_zero_are_not_needed() -> None:
    t = CircularTerms(id="t", material="m", A=0.2, R1=0.0, R2=0.0, R3=0.0, Ev=4.0, Ed=0.1)
    assert value(circularity.acquisition(t, CFF)) == 4.0
    assert value(circularity.end_of_life(t, CFF)) == 0.0
    assert value(circularity.disposal(t)) == 0.1


def aluminium(*given: CircularTerms) -> Inventory:
    return inventory(
        process("pack"),
        row("pack", "input", "aluminium", 2.0, circular="al"),
        row("pack", "waste", "aluminium scrap", 2.0, circular="al"),
        circular=given,
    )


def test_rows_with_terms_get_their_parts_and_the_flow_factor_stands_in_for_ev() -> None:
    """Hand: 2 × (15.1, −10.8, 0.002) with Ev 16 from the factor set."""
    t = CircularTerms(
        id="al", material="aluminium", A=0.2, B=0.0, R1=0.3, R2=0.9, R3=0.0, Qsin_Qp=1.0,
        Qsout_Qp=1.0, Ev_star=16.0, Erecycled=1.0, ErecyclingEoL=1.0, Ed=0.02,
    )  # fmt: skip
    result = footprint(aluminium(t), factor("aluminium", 16.0), methodology=DRAFT)
    parts = {c.term: c.kg_co2e for c in result.contributions}
    assert parts == pytest.approx(
        {
            "circular_acquisition": 30.2,
            "circular_end_of_life": -21.6,
            "circular_disposal": 0.004,
        }
    )
    cut = footprint(aluminium(t), factor("aluminium", 16.0))
    assert {c.term: c.kg_co2e for c in cut.contributions} == pytest.approx(
        {"circular_acquisition": 23.0, "circular_end_of_life": 0.0, "circular_disposal": 0.004}
    )


def test_a_missing_term_is_a_hole_and_never_zero() -> None:
    t = CircularTerms(id="al", material="aluminium", A=0.2, R1=0.3, R2=0.9, R3=0.0)
    result = footprint(aluminium(t), methodology=DRAFT)
    assert result.contributions == ()
    assert [h.reason for h in result.holes] == [HoleReason.CIRCULAR_TERM_MISSING] * 2
    assert "footprint.circular-term-missing" in {f.code for f in result.findings}


@pytest.mark.parametrize(
    ("of_terms", "of_factor", "expected"),
    [
        (Confidence.READ, Confidence.ILLUSTRATIVE, Confidence.ILLUSTRATIVE),
        (Confidence.RECALLED, Confidence.READ, Confidence.RECALLED),
    ],
)
def test_the_result_is_as_doubtful_as_its_most_doubtful_part(
    of_terms: Confidence, of_factor: Confidence, expected: Confidence
) -> None:
    t = CircularTerms(id="al", material="al", R1=0.0, R2=0.0, R3=1.0, confidence=of_terms)
    what = inventory(
        process("pack"), row("pack", "input", "aluminium", 2.0, circular="al"), circular=(t,)
    )
    (line,) = footprint(what, factor("aluminium", 1.0, confidence=of_factor)).contributions
    assert line.factor.confidence is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # CFF-01, published (lcaac glass tutorial, asserts 1.38)
        (
            {"A": 0.2, "B": 0.0, "R1": 0, "R2": 0, "R3": 0, "Ev": 1.3, "Ed": 0.08},
            (1.3, 0, 0.08),
        ),
        # CFF-02, hand: 0.7 × 16 + 0.3 × (0.2 + 0.8 × 16); 0.8 × 0.9 × (1 − 16); 0.1 × 0.02
        (
            {"A": 0.2, "R1": 0.3, "R2": 0.9, "R3": 0, "Ev": 16.0, "Erecycled": 1.0,
             "ErecyclingEoL": 1.0, "Qsin_Qp": 1.0, "Qsout_Qp": 1.0, "Ed": 0.02},
            (15.1, -10.8, 0.002),
        ),
        # CFF-04, hand: A = 1 is the cut-off
        (
            {"A": 1.0, "R1": 0.3, "R2": 0.9, "R3": 0, "Ev": 16.0, "Erecycled": 1.0, "Ed": 0.02},
            (11.5, 0, 0.002),
        ),
        # hand, energy term: 0.5 × 0.4 × (2.5 − 30 × 0.3 × 0.06 − 30 × 0.1 × 0.15)
        (
            {"A": 0.5, "B": 0.5, "R1": 0, "R2": 0, "R3": 0.4, "Ev": 2.0, "Ed": 0.1, "EER": 2.5,
             "LHV": 30.0, "XER_heat": 0.3, "XER_elec": 0.1, "ESE_heat": 0.06, "ESE_elec": 0.15},
            (2.0, 0.302, 0.06),
        ),
    ],
)  # fmt: skip
def test_every_term_falls_to_acquisition_or_to_the_end_of_life(
    given: dict[str, float], expected: tuple[float, float, float]
) -> None:
    """Golden cases of the formula, each part where it belongs; their sum is the whole."""
    terms = CircularTerms(id="t", material="m", **given)
    parts = [
        circularity.acquisition(terms, CFF),
        circularity.end_of_life(terms, CFF),
        circularity.disposal(terms),
    ]
    assert [p.value for p in parts] == [pytest.approx(e, abs=1e-12) for e in expected]


@pytest.mark.parametrize(("waste", "burnt"), [("polluter_pays", 1.0), ("cut_off", 0.0)])
def test_burning_for_energy_is_charged_to_who_the_rule_says(waste: str, burnt: float) -> None:
    """Hand: 0.4 kg burnt at 2.5, or nothing: whoever takes the energy pays."""
    terms = CircularTerms(id="t", material="m", R2=0.0, R3=0.4, EER=2.5, Ed=0.1)
    found = circularity.end_of_life(terms, CUT_OFF, waste=waste)
    assert found.value == pytest.approx(burnt)
    assert circularity.disposal(terms).value == pytest.approx(0.06)


@pytest.mark.parametrize(("methodology", "total"), [("gba@v2", 1.06), ("pact@v3", 0.06)])
def test_rule_sets_differ_in_who_pays_for_burnt_waste(methodology: str, total: float) -> None:
    what = inventory(
        process("pack"),
        row("pack", "waste", "plastics", 1.0, circular="t"),
        circular=(CircularTerms(id="t", material="m", R2=0.0, R3=0.4, EER=2.5, Ed=0.1),),
    )
    assert footprint(what, methodology=methodology).total_kg_co2e == pytest.approx(total)
