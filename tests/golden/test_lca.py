"""Golden linear systems and circular-footprint cases (hand and published), through the whole
calculation: supply, inventory, direct contributions and score.
"""

import json
from collections.abc import Mapping
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from saltbridge.footprint import circularity
from saltbridge.footprint.allocation import allocate
from saltbridge.footprint.inventory import solve
from saltbridge.footprint.linking import link
from saltbridge.footprint.methodology import CFF, CUT_OFF, ECONOMIC_ONLY, AllocationRule
from saltbridge.footprint.model import CircularTerms, CoProductRole
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.testing.inventories import factor, footprint, inventory, process, row
from saltbridge.testing.linear_systems import inventory_of

MASS_ONLY = AllocationRule(name="mass", order=("mass",))
# Hand (closed form): scrap that returns, two makers of one flow, a yield of 0.92.
CLOSED_LOOP: Mapping[str, Any] = {
    "id": "closed-loop-scrap",
    "demand": {"cell": 1},
    "processes": {
        "cell plant": {
            "outputs": {"cell": 1, "cell scrap": 0.06},
            "inputs": {"CAM": 0.41, "electricity": 20.0},
        },
        "CAM virgin": {
            "outputs": {"CAM": 1},
            "inputs": {"precursor": 0.95, "electricity": 7.0},
            "emissions": {"CO2": 0.21},
        },
        "scrap recycling": {
            "outputs": {"CAM": 0.92},
            "inputs": {"cell scrap": 1.0, "electricity": 3.0},
            "emissions": {"CO2": 0.5},
        },
        "precursor": {"outputs": {"precursor": 1}, "emissions": {"CO2": 12.5}},
        "grid": {"outputs": {"electricity": 1}, "emissions": {"CO2": 0.4211}},
    },
}
# Published: Heijungs & Suh 2002, chapter 2: s = (100, 2), g = (120, 14, −100).
TEXTBOOK: Mapping[str, Any] = {
    "id": "heijungs-suh",
    "demand": {"electricity": 1000},
    "processes": {
        "electricity production": {
            "outputs": {"electricity": 10},
            "inputs": {"fuel": 2},
            "emissions": {"CO2": 1, "SO2": 0.1},
        },
        "fuel production": {
            "outputs": {"fuel": 100},
            "emissions": {"CO2": 10, "SO2": 2, "crude oil": -50},
        },
    },
}


def direct(result: CarbonFootprint) -> dict[str, float]:
    """kg CO2e emitted by each process itself."""
    found: dict[str, list[float]] = {}
    for line in result.contributions:
        found.setdefault(line.process, []).append(line.kg_co2e)
    return {name: fsum(values) for name, values in found.items()}


def golden(shared: Path, kind: str) -> list[dict[str, Any]]:
    cases = json.loads((shared / "golden" / "lca.json").read_text(encoding="utf-8"))
    found = [c for c in cases if c["kind"] == kind]
    assert found, f"no golden case of the kind {kind}"
    return found


def test_shared_linear_cases_hold(shared: Path) -> None:
    for case in golden(shared, "linear"):
        what, wanted = inventory_of(case), case["expected"]
        result = footprint(what)
        near = {"rel": case["rtol"], "abs": 1e-12}
        assert result.total_kg_co2e == pytest.approx(wanted["score"], **near), case["id"]
        assert not result.holes
        runs = result.detail["runs"]
        for name, supply in wanted["supply"].items():
            assert runs[name] == pytest.approx(supply, **near), (case["id"], name)
        own = direct(result)
        for name, kg in wanted["direct_contribution_by_process"].items():
            assert own.get(name, 0.0) == pytest.approx(kg, **near), (case["id"], name)
        system, findings = link(what)
        assert not findings
        flows = solve(system).elementary_flows()
        for flow, amount in wanted["inventory"].items():
            assert flows[flow] == pytest.approx(amount, **near), (case["id"], flow)


def test_textbook_example() -> None:
    what = inventory_of(TEXTBOOK)
    system, _ = link(what)
    solution = solve(system)
    assert solution.runs["electricity production"] == pytest.approx(100.0, rel=1e-12)
    assert solution.runs["fuel production"] == pytest.approx(2.0, rel=1e-12)
    flows = solution.elementary_flows()
    assert flows == pytest.approx({"CO2": 120.0, "SO2": 14.0, "crude oil": -100.0}, rel=1e-12)
    assert footprint(what).total_kg_co2e == pytest.approx(120.0, rel=1e-12)


def test_scrap_that_returns_is_solved_exactly() -> None:
    result = footprint(inventory_of(CLOSED_LOOP))
    assert result.total_kg_co2e == pytest.approx(13.86139996, rel=1e-9)
    assert result.detail["runs"]["CAM virgin"] == pytest.approx(0.41 - 0.06 * 0.92, rel=1e-12)


def test_own_electricity_and_coal_loop() -> None:
    """Hand: 6 % own use and a mine that takes power; closed form x = 1/(0.94 − 0.5·0.02)."""
    what = inventory(
        process("use"),
        row("use", "input", "power", 1.0, "kWh"),
        process("plant", "power", "kWh"),
        row("plant", "input", "power", 0.06, "kWh"),
        row("plant", "input", "coal", 0.5),
        row("plant", "emission", "CO2", 0.9, origin="fossil"),
        process("mine", "coal"),
        row("mine", "input", "power", 0.02, "kWh"),
        row("mine", "emission", "CO2", 0.05, origin="fossil"),
    )
    runs = 1 / (0.94 - 0.5 * 0.02)
    expected = runs * 0.9 + 0.5 * runs * 0.05
    assert footprint(what).total_kg_co2e == pytest.approx(expected, rel=1e-12)


def test_waste_goes_to_a_treatment_of_minus_one() -> None:
    """Hand: 0.3 kg of waste a kg; treatment 0.65 kg CO2 a kg, production amount −1."""
    what = inventory(
        process("product"),
        row("product", "emission", "CO2", 5.0, origin="fossil"),
        row("product", "waste", "sludge", 0.3),
        process("treatment", "sludge", production_amount=-1.0),
        row("treatment", "emission", "CO2", 0.65, origin="fossil"),
    )
    result = footprint(what)
    assert result.detail["runs"]["treatment"] == pytest.approx(0.3, rel=1e-12)
    assert result.total_kg_co2e == pytest.approx(5.195, rel=1e-12)


def mine(**allocation: Any) -> Any:
    """The copper-cobalt mine before allocation: 30 kg CO2 and 900 kWh at 0.01 kg."""
    return inventory(
        process("demand"),
        row("demand", "input", "co", 1.0),
        process("mine", "cu", reference_price=8500.0, price_currency="USD", **allocation),
        row("mine", "output", "co", 0.02, price=30000.0, price_currency="USD"),
        row("mine", "input", "electricity", 900.0, "kWh"),
        row("mine", "emission", "CO2", 30.0, origin="fossil"),
        process("hydro", "electricity", "kWh"),
        row("hydro", "emission", "CO2", 0.01, origin="fossil"),
    )


@pytest.mark.parametrize(
    ("rule", "score"), [(MASS_ONLY, 38.23529411764706), (ECONOMIC_ONLY, 128.57142857142858)]
)
def test_unallocated_mine_through_the_allocation_pass(rule: Any, score: float) -> None:
    allocated = allocate(mine(), rule)
    assert not allocated.findings
    (shares,) = allocated.shares
    assert fsum(share for _, share in shares.shares) == pytest.approx(1.0, rel=1e-15)
    assert footprint(allocated.inventory).total_kg_co2e == pytest.approx(score, rel=1e-12)


@pytest.mark.parametrize(
    ("basis", "score"), [("mass", 38.23529411764706), ("economic", 128.57142857142858)]
)
def test_a_process_may_name_its_own_basis(basis: str, score: float) -> None:
    assert footprint(mine(allocation=basis)).total_kg_co2e == pytest.approx(score, rel=1e-12)


def test_avoided_copper_is_a_credit() -> None:
    """Hand: 39 kg for 0.02 kg Co and 1 kg Cu; avoided copper of 3.1 kg CO2 a kg."""
    what = inventory(
        process("demand"),
        row("demand", "input", "co", 1.0),
        process("mine", "co", production_amount=0.02),
        row("mine", "output", "cu", 1.0, role=CoProductRole.SUBSTITUTE),
        row("mine", "emission", "CO2", 39.0, origin="fossil"),
    )
    result = footprint(what, factor("cu", 3.1))
    assert result.total_kg_co2e == pytest.approx((39.0 - 3.1) / 0.02, rel=1e-12)


def terms(**given: float | None) -> CircularTerms:
    return CircularTerms(id="t", material="m", **given)


def test_shared_circular_cases_hold(shared: Path) -> None:
    names = {"Evs": "Ev_star", "Erec": "Erecycled", "ErecEoL": "ErecyclingEoL"}
    for case in golden(shared, "cff"):
        given = {names.get(k, k): float(v) for k, v in case["params"].items()}
        t = terms(**{"Qsin_Qp": 1.0, "Qsout_Qp": 1.0, **given})
        parts = [circularity.acquisition(t, CFF), circularity.end_of_life(t, CFF)]
        material = fsum(p.value for p in parts if p.value is not None)
        disposal = circularity.disposal(t).value
        assert disposal is not None
        near = {"rel": case["rtol"], "abs": 1e-15}
        assert material == pytest.approx(case["expected"]["material"], **near), case["id"]
        assert disposal == pytest.approx(case["expected"]["disposal"], **near), case["id"]
        assert material + disposal == pytest.approx(case["expected"]["total"], **near)


def test_aluminium_split_between_acquisition_and_end_of_life() -> None:
    """Hand (CFF-02, CFF-04): acquisition 15.1, end of life −10.8, disposal 0.002."""
    t = terms(
        A=0.2, B=0.0, R1=0.3, R2=0.9, R3=0.0, Qsin_Qp=1.0, Qsout_Qp=1.0,
        Ev=16.0, Ev_star=16.0, Erecycled=1.0, ErecyclingEoL=1.0, Ed=0.02,
    )  # fmt: skip
    assert circularity.acquisition(t, CFF).value == pytest.approx(15.1, rel=1e-12)
    assert circularity.end_of_life(t, CFF).value == pytest.approx(-10.8, rel=1e-12)
    assert circularity.disposal(t).value == pytest.approx(0.002, rel=1e-12)
    assert circularity.acquisition(t, CUT_OFF).value == pytest.approx(11.5, rel=1e-12)
    assert circularity.end_of_life(t, CUT_OFF).value == 0.0


def test_quality_and_energy_terms() -> None:
    """Hand: every term of the formula away from its trivial value, worked out on paper.

    acquisition 0.6·10 + 0.4·(0.5·2 + 0.5·10·0.8) = 8.0
    end of life 0.5·0.3·(3 − 9·0.7) = −0.495
    energy 0.75·0.5·(2 − 20·0.3·0.1 − 20·0.2·0.15) = 0.3
    disposal 0.2·0.05 = 0.01
    """
    t = terms(
        A=0.5, B=0.25, R1=0.4, R2=0.3, R3=0.5, Qsin_Qp=0.8, Qsout_Qp=0.7,
        Ev=10.0, Ev_star=9.0, Erecycled=2.0, ErecyclingEoL=3.0, Ed=0.05, EER=2.0,
        LHV=20.0, XER_heat=0.3, XER_elec=0.2, ESE_heat=0.1, ESE_elec=0.15,
    )  # fmt: skip
    assert circularity.acquisition(t, CFF).value == pytest.approx(8.0, rel=1e-12)
    assert circularity.end_of_life(t, CFF).value == pytest.approx(-0.195, rel=1e-12)
    assert circularity.disposal(t).value == pytest.approx(0.01, rel=1e-12)
