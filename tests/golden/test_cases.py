"""Every golden case by the real engine: none is forgotten, each carries its mark.

The numbers come from ``cases``; how each is calculated stands here, one function a case or a
kind. ``README.md`` beside this file is the table of all of them, and a test writes it anew.
"""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import fsum, log, sqrt
from pathlib import Path
from typing import Any

import pytest
from tests.golden.cases import MARKS, figures, systems
from tests.golden.cases.page import ELSEWHERE, PAGE, render
from tests.golden.test_bridge import PRICES, battery

from saltbridge.adapters.factors.library import OPEN_2026, Library
from saltbridge.adapters.inventory_files import load
from saltbridge.core.identifiers import is_traction_battery_code
from saltbridge.footprint import circularity
from saltbridge.footprint.balance import mass_balance
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.data_quality import dqr
from saltbridge.footprint.inventory import solve
from saltbridge.footprint.linking import link
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.methodology import CFF, CUT_OFF, RecyclingRule
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    Direction,
    EmissionFactor,
    Exchange,
    Inventory,
    Period,
)
from saltbridge.footprint.published import Beside, beside_published
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.footprint.supplier_checks import check_figure
from saltbridge.footprint.supplier_figure import CATENA_X_9, SupplierFigure, Value
from saltbridge.footprint.uncertainty import uncertainty
from saltbridge.testing.inventories import factor, footprint, inventory, model, process, row
from saltbridge.testing.linear_systems import inventory_of

ROOT = Path(__file__).resolve().parents[2]
DRAFT, PACT = "eu-cfb@draft-2024-04", "pact@v3"
DAY = date(2026, 11, 23)
DRAWS = 20_000
Case = Mapping[str, Any]


# --- systems ----------------------------------------------------------------------------------


def linear(case: Case) -> None:
    """Supply, inventory, direct contributions and score of a system."""
    what, wanted = inventory_of(case), case["expected"]
    result = footprint(what)
    near = {"rel": case["rtol"], "abs": 1e-12}
    assert not result.holes
    assert result.total_kg_co2e == pytest.approx(wanted["score"], **near)
    assert case["closed_form"]["score"] == pytest.approx(wanted["score"], **near)
    for name, supply in wanted["supply"].items():
        assert result.detail["runs"][name] == pytest.approx(supply, **near), name
    own: dict[str, list[float]] = {}
    for line in result.contributions:
        own.setdefault(line.process, []).append(line.kg_co2e)
    for name, kg in wanted["direct_contribution_by_process"].items():
        assert fsum(own.get(name, [])) == pytest.approx(kg, **near), name
    system, findings = link(what)
    assert not findings
    flows = solve(system).elementary_flows()
    for flow, amount in wanted["inventory"].items():
        assert flows[flow] == pytest.approx(amount, **near), flow


def circular(case: Case) -> None:
    """Material and disposal of the circular footprint formula."""
    names = {"Evs": "Ev_star", "Erec": "Erecycled", "ErecEoL": "ErecyclingEoL"}
    given = {names.get(k, k): float(v) for k, v in case["params"].items()}
    t = CircularTerms(id="t", material="m", **{"Qsin_Qp": 1.0, "Qsout_Qp": 1.0, **given})
    parts = [circularity.acquisition(t, CFF).value, circularity.end_of_life(t, CFF).value]
    material, disposal = fsum(p for p in parts if p is not None), circularity.disposal(t).value
    assert disposal is not None
    near = {"rel": case["rtol"], "abs": 1e-15}
    wanted = case["expected"]
    assert material == pytest.approx(wanted["material"], **near)
    assert disposal == pytest.approx(wanted["disposal"], **near)
    assert material + disposal == pytest.approx(wanted["total"], **near)
    assert wanted["energy"] == 0.0  # R3 is 0 in all of them


def chain_of(case: Case) -> Inventory:
    """A score such as ``2.5*a*u`` as a chain of processes, one row a factor."""
    parts: list[Any] = []
    names = case["model"]["score"].split("*")
    for number, name in enumerate(names):
        following = f"step {number + 1}" if number + 1 < len(names) else "the rest"
        amount, columns = _drawn(case["model"].get(name), name)
        parts.append(process(f"step {number}"))
        parts.append(row(f"step {number}", "input", following, amount, **columns))
    return inventory(*parts)


def _drawn(given: Mapping[str, Any] | None, name: str) -> tuple[float, dict[str, Any]]:
    if given is None:
        return float(name), {}
    kind = given["dist"]
    if kind == "lognormal":
        columns = {"location_parameter": log(given["median"]), "scale": given["ln_sd"]}
        return given["median"], {"distribution": kind, **columns}
    bounds = {"minimum": given["minimum"], "maximum": given["maximum"]}
    middle = given.get("mode", (bounds["minimum"] + bounds["maximum"]) / 2)
    return middle, {"distribution": kind, **bounds}


def draws(case: Case) -> None:
    """Moments and quantiles within four standard errors of the closed form."""
    found = uncertainty(model(chain_of(case), factor("the rest", 1.0)), draws=DRAWS, seed=7)
    total, wanted = found.total, case["expected"]
    sd = wanted["sd"] if "sd" in wanted else sqrt(wanted["var"])
    assert total.mean == pytest.approx(wanted["mean"], abs=4 * sd / sqrt(DRAWS))
    assert total.sd == pytest.approx(sd, rel=0.05)
    for name in ("median", "p2_5", "p97_5"):
        if name in wanted:
            assert getattr(total, name) == pytest.approx(wanted[name], rel=0.04), name


def gradient(case: Case) -> None:
    """Derivatives and elasticities of the score of another case."""
    found, wanted = model(inventory_of(systems()[case["of"]])), case["expected"]
    slopes, score = found.gradient(), found.score()
    fuel, power = (
        "amount:electricity production:input:fuel",
        "output:electricity production",
    )
    values = {id: found.values[found.number(id)] for id in (fuel, power)}
    assert slopes[fuel] == pytest.approx(wanted["d_score_d_fuel_per_run"], rel=1e-12)
    assert slopes[power] == pytest.approx(wanted["d_score_d_elec_output"], rel=1e-12)
    elasticity = {id: slopes[id] * values[id] / score for id in values}
    assert elasticity[fuel] == pytest.approx(wanted["elasticity_fuel_input"], rel=1e-12)
    assert elasticity[power] == pytest.approx(wanted["elasticity_elec_output"], rel=1e-12)


KINDS: dict[str, Callable[[Case], None]] = {
    "linear": linear,
    "cff": circular,
    "mc": draws,
    "gradient": gradient,
}


@pytest.mark.parametrize("id", systems())
def test_system(id: str) -> None:
    case = systems()[id]
    KINDS[case["kind"]](case)


# --- figures ----------------------------------------------------------------------------------

ALUMINIUM = CircularTerms(
    id="al", material="aluminium", A=0.2, B=0.0, R1=0.3, R2=0.9, R3=0.0, Qsin_Qp=1.0,
    Qsout_Qp=1.0, Ev=16.0, Ev_star=16.0, Erecycled=1.0, ErecyclingEoL=1.0, Ed=0.02,
)  # fmt: skip
GLASS = CircularTerms(
    id="g", material="glass", A=0.2, B=0, R1=0, R2=0, R3=0, Qsin_Qp=1, Qsout_Qp=1, Ev=1.3,
    Ev_star=1.3, Erecycled=0, ErecyclingEoL=0, Ed=0.08,
)  # fmt: skip


def glass(expected: str) -> None:
    """A kilogram of glass as a product, through the whole calculation."""
    result = circular_pack(GLASS, DRAFT)
    assert result.total_kg_co2e == pytest.approx(float(expected), rel=1e-12)


def circular_pack(terms: CircularTerms, methodology: str) -> CarbonFootprint:
    """One kilogram of a material in and out again."""
    return footprint(
        inventory(
            process("pack"),
            row("pack", "input", "material", 1.0, circular=terms.id),
            row("pack", "waste", "scrap", 1.0, circular=terms.id),
            circular=(terms,),
        ),
        methodology=methodology,
    )


def aluminium(rule: RecyclingRule, methodology: str) -> Callable[[str], None]:
    """Acquisition, end of life and disposal; their sum is the footprint of a kilogram."""

    def check(expected: str) -> None:
        pairs = (p.split("=") for p in expected.split(";"))
        wanted = {k.strip(): float(v) for k, v in pairs}
        found = {
            "acq": circularity.acquisition(ALUMINIUM, rule).value,
            "eol": circularity.end_of_life(ALUMINIUM, rule).value,
            "disp": circularity.disposal(ALUMINIUM).value,
        }
        for name, value in found.items():
            assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        total = circular_pack(ALUMINIUM, methodology).total_kg_co2e
        assert total == pytest.approx(wanted["total"], rel=1e-12)

    return check


def delivered_energy(expected: str) -> None:
    """60 kWh, M1, eight years: what a footprint of the draft is divided by."""
    result = footprint(
        inventory(process("pack", unit="piece"), row("pack", "input", "x", 1.0)),
        factor("x", 1.0),
        methodology=DRAFT,
    )
    assert result.declared_unit is not None
    assert result.declared_unit.amount == float(expected)


def per_delivered_kwh(expected: str) -> None:
    """70 kg per kWh of capacity: 60 kWh × 70 over the same 28,800 kWh."""
    result = footprint(
        inventory(process("pack", unit="piece"), row("pack", "input", "x", 60.0)),
        factor("x", 70.0),
        methodology=DRAFT,
    )
    assert result.declared_unit is not None
    value = result.total_kg_co2e / result.declared_unit.amount
    assert value == pytest.approx(float(expected), abs=5e-7)


@lru_cache(maxsize=1)
def nmc111() -> tuple[Inventory, Beside]:
    """The example and the study beside its footprint."""
    what = load(ROOT / "examples/nmc111-pack").inventory
    methodology, edition = choose(DRAFT, DAY)
    result = calculate(what, methodology, edition, [Library().factor_set(OPEN_2026)])
    (study,), faults = beside_published(result, what, methodology.rule_set(edition.name))
    assert not faults
    return what, study


def published_stages(expected: str) -> None:
    """Four stages as published; their sum rounds to the published total."""
    _, study = nmc111()
    stages = {s.stage.value: s.published for s in study.stages if s.stage is not None}
    assert stages == {
        "raw_material_acquisition": 0.107882,
        "main_production": 0.0495404,
        "distribution": 0.00384565,
        "end_of_life": -0.00643165,
    }
    exact, rounded = expected.removesuffix(")").split(" (published ")
    assert fsum(stages.values()) == pytest.approx(float(exact), abs=5e-8)
    (total,) = [s.published for s in study.stages if s.stage is None]
    assert total == float(rounded) == round(float(exact), 4)


def published_per_kg(expected: str) -> None:
    """The study's stages on its own basis, 24,000 kWh from 165.02 kg."""
    _, study = nmc111()
    whole = fsum(s.published for s in study.stages if s.stage is not None)
    assert whole * study.per_kg == pytest.approx(float(expected), abs=5e-5)


def chinese(year: int, *factors: EmissionFactor) -> CarbonFootprint:
    """A kilowatt hour by each packaged factor, or by the national mix of that year."""
    power = {"carrier": Carrier.ELECTRICITY, "location": "CN"}
    named = [{**power, "location": f.location, "factor": f.id} for f in factors] or [power]
    what = inventory(
        process("pack"),
        *(row("pack", "input", "electricity", 1.0, "kWh", **columns) for columns in named),
        period=Period(start=date(year, 1, 1), end=date(year, 12, 31)),
    )
    return calculate(
        what,
        *choose("catena-x-pcf@v4" if factors else DRAFT, DAY),
        [Library().factor_set(OPEN_2026)],
        assumptions={"electricity_basis": "mixed"},
    )


def provinces_fall_and_rise(expected: str) -> None:
    """30 provinces, 2023 against 2022, by the factors the program ships."""
    shipped = Library().factor_set(OPEN_2026).factors
    before, after = (
        {
            line.factor.location: line.kg_co2e
            for line in chinese(
                year, *(f for f in shipped if f.location.startswith("CN-") and f.year == year)
            ).contributions
        }
        for year in (2022, 2023)
    )
    assert set(before) == set(after) and len(after) == 30
    down = sum(after[p] < before[p] for p in after)
    up = sum(after[p] > before[p] for p in after)
    assert f"{down} down, {up} up" == expected


def percent(expected: str, new: float, old: float) -> None:
    assert f"{100 * (new / old - 1):+.1f}%" == expected


def without_market_trade(expected: str) -> None:
    """The residual factor shipped for 2023 against 0.5856 of 2022 (same source)."""
    (residual,) = [
        f
        for f in Library().factor_set(OPEN_2026).factors
        if f.market == "residual" and f.location == "CN" and f.year == 2023
    ]
    what = inventory(
        process("pack"),
        row("pack", "input", "electricity", 1.0, "kWh", location="CN",
            carrier=Carrier.ELECTRICITY),
    )  # fmt: skip
    earlier = replace(residual, id="cn-co2-residual-2022", year=2022, kg_co2e_per_unit=0.5856)
    new, old = (
        footprint(what, f, methodology=PACT, assumptions={"electricity_basis": "mixed"})
        for f in (residual, earlier)
    )
    assert [c.rule for c in new.contributions] == ["electricity.mix.residual"]
    percent(expected, new.total_kg_co2e, old.total_kg_co2e)


def life_cycle_mix(expected: str) -> None:
    """A kilowatt hour of the national mix in 2024 and in 2023 under the draft."""
    percent(expected, chinese(2024).total_kg_co2e, chinese(2023).total_kg_co2e)


def catena_x_totals(expected: str) -> None:
    """T2 = A + C + E + F + G + H and T1 = T2 + D: one unit off in any term is told."""
    terms = {
        "fossil": "13000.2", "biogenic_non_co2": "300.1", "land_use_change": "700.2",
        "land_management": "10.0", "removals": "-15.0", "aviation": "5.0",
    }  # fmt: skip
    uptake = Decimal("-10.0")
    t2 = sum((Decimal(v) for v in terms.values()), Decimal(0))
    values: dict[str, Value] = {
        "product_name": "cathode", "unit": "kilogram", "amount": Decimal(1000),
        "mass_kg": Decimal(1000), "production.excluding": t2,
        "production.including": t2 + uptake, "production.uptake": uptake,
        **{f"production.{name}": Decimal(v) for name, v in terms.items()},
    }  # fmt: skip

    def told(changed: Mapping[str, Value]) -> set[str]:
        figure = SupplierFigure(CATENA_X_9, {**values, **changed})
        return {f.code for f in check_figure(figure, DAY)}

    assert told({}) == set()
    for name, value in terms.items():
        off = {f"production.{name}": Decimal(value) + 1}
        assert "supplier.sum-without-uptake" in told(off), name
    assert "supplier.sum-with-uptake" in told({"production.uptake": uptake - 1})
    emitted = {"production.uptake": -uptake, "production.including": t2 - uptake}
    assert told(emitted) == {"supplier.withdrawal-positive"}
    assert expected == "T1-T2=D (<=0)"


def battery_code(expected: str) -> None:
    """The published example passes; one character more, less or out of class does not."""
    code = "X12MCPM27KLPCLX2M2382320"
    assert is_traction_battery_code(code) and f"match, {len(code)} chars" == expected
    for wrong in (code[:-1], code + "0", code.replace("M2382320", "O2382320")):
        assert not is_traction_battery_code(wrong), wrong


def pack_balance(expected: str) -> None:
    """The pack of the example takes what it weighs."""
    what, _ = nmc111()
    (pack,) = [p for p in what.processes if p.id == "pack"]
    rows: list[Exchange] = [
        r for r in what.exchanges if r.process == "pack" and r.direction is Direction.INPUT
    ]
    assert mass_balance(pack, rows) == pytest.approx(float(expected), abs=5e-7)


def mean_rating(expected: str) -> None:
    """Mean of technology, geography and time."""
    assert dqr(4, 3, 3) == pytest.approx(float(expected), abs=5e-5)


def bridge_eu(expected: str) -> None:
    """The battery of the bridges under the draft, per piece and per kWh."""
    per_pack, per_kwh = (float(part.split()[0]) for part in expected.split(";"))
    result = footprint(battery(), *PRICES, methodology=DRAFT)
    assert result.total_kg_co2e == pytest.approx(per_pack, rel=1e-12)
    assert result.declared_unit is not None
    found = result.total_kg_co2e / result.declared_unit.amount
    assert found == pytest.approx(per_kwh, abs=5e-7)


def bridge_catena(expected: str) -> None:
    """The same battery under the Catena-X rulebook."""
    result = footprint(battery(), *PRICES, methodology="catena-x-pcf@v4")
    assert result.total_kg_co2e == pytest.approx(float(expected.split()[0]), rel=1e-12)


FIGURES: dict[str, Callable[[str], None]] = {
    "CFF-01": glass,
    "CFF-02": aluminium(CFF, DRAFT),
    "CFF-04": aluminium(CUT_OFF, "gba@v2"),
    "FU-01": delivered_energy,
    "FU-03": per_delivered_kwh,
    "CFB-01": published_stages,
    "CFB-02": published_per_kg,
    "CN-01": provinces_fall_and_rise,
    "CN-02": without_market_trade,
    "CN-03": life_cycle_mix,
    "PCF-T": catena_x_totals,
    "GBT-01": battery_code,
    "LCI-01": pack_balance,
    "DQ-01": mean_rating,
    "BR-01": bridge_eu,
    "BR-02": bridge_catena,
}


@pytest.mark.parametrize("id", figures())
def test_figure(id: str) -> None:
    FIGURES[id](figures()[id]["expected"])


# --- none forgotten, each marked --------------------------------------------------------------


def test_every_case_has_a_calculation_and_a_mark() -> None:
    assert set(FIGURES) == set(figures())
    assert {case["kind"] for case in systems().values()} <= set(KINDS)
    marks = [case["mark"] for case in (*systems().values(), *figures().values())]
    assert set(marks) | {case.mark for case in ELSEWHERE} == set(MARKS)


def test_the_shared_cases_are_the_packaged_ones(shared: Path) -> None:
    """Not one is missing here, and not one number differs."""
    folder = shared / "golden"
    theirs = {c["id"]: c for c in json.loads((folder / "lca.json").read_text("utf-8"))}
    ours = {
        id: {k: v for k, v in case.items() if k != "mark"} for id, case in systems().items()
    }
    assert ours == theirs
    with (folder / "published_and_hand.csv").open(encoding="utf-8", newline="") as table:
        rows = {r["id"]: r for r in csv.DictReader(table)}
    assert rows == {
        id: {k: v for k, v in r.items() if k != "mark"} for id, r in figures().items()
    }


def test_cases_elsewhere_are_where_the_page_says() -> None:
    for case in ELSEWHERE:
        file, _, name = case.test.partition("::")
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {name}(" in text, case.test


def test_the_page_lists_every_case() -> None:
    """Written by ``python -m tests.golden.cases.page``."""
    assert PAGE.read_text(encoding="utf-8") == render()
