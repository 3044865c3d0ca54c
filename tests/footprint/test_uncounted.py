"""No silent zero: whatever counts as nothing is a hole or is said."""

from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Severity
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    CoProductRole,
    ElectricityContract,
    EmissionFactor,
)
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

CELL = (factor("cell", 10.0), factor("electricity", 0.5, "kWh", location="DE"))
DRAFT = "eu-cfb@draft-2024-04"


def pack(*rows: Any, **more: Any) -> Any:
    return inventory(
        process("pack", unit="piece"), row("pack", "input", "cell", 1.0), *rows, **more
    )


def power(**more: Any) -> Any:
    return row(
        "pack", "input", "electricity", 2.0, "kWh",
        **{"carrier": Carrier.ELECTRICITY, "location": "DE", **more},
    )  # fmt: skip


def codes(result: CarbonFootprint) -> set[str]:
    return {f.code.removeprefix("footprint.") for f in result.findings}


def faults(what: Any, *factors: EmissionFactor) -> set[str]:
    with pytest.raises(FaultyInput) as caught:
        footprint(what, *CELL, *factors)
    return {f.code.removeprefix("footprint.") for f in caught.value.findings}


@pytest.mark.parametrize(("value", "code"), [(0.0, "factor-zero"), (-5.0, "factor-negative")])
def test_a_factor_that_takes_nothing_or_takes_away_is_told(value: float, code: str) -> None:
    result = footprint(pack(row("pack", "input", "glue", 2.0)), *CELL, factor("glue", value))
    (told,) = [f for f in result.findings if f.code == f"footprint.{code}"]
    assert told.severity is Severity.WARNING
    assert result.total_kg_co2e == 10.0 + 2.0 * value


def test_resources_and_harmless_substances_are_named() -> None:
    what = pack(
        row("pack", "resource", "river water", 3.0), row("pack", "emission", "SO2", 1.0)
    )
    (told,) = [
        f
        for f in footprint(what, *CELL).findings
        if f.code == "footprint.without-climate-effect"
    ]
    assert (told.arguments["count"], told.arguments["flows"]) == (2, "SO2, river water")


def test_a_greenhouse_gas_taken_from_the_environment_is_told() -> None:
    assert "uptake-not-counted" in codes(
        footprint(pack(row("pack", "resource", "SF6", 2.0)), *CELL)
    )


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (pack(row("pack", "resource", "oil", 2.0, factor="set/cell//")), "resource-priced"),
        (pack(row("pack", "input", "glue", 2.0, "piece", mass_kg_per_unit=0)), "negative-mass"),
        (pack(power(factor="set/cell//")), "factor-unit"),
        (
            pack(
                power(contract="c"),
                electricity=(ElectricityContract(id="c", kind="ppa", factor="set/cell//"),),
            ),
            "factor-unit",
        ),
        (
            pack(
                power(contract="c", provider="plant"),
                process("plant", "electricity", "kWh"),
                electricity=(ElectricityContract(id="c", kind="ppa", kg_co2e_per_kwh=0.1),),
            ),
            "provider-and-other",
        ),
        (
            pack(
                row("pack", "waste", "al", 1.0, circular="t", provider="treatment"),
                process("treatment", "al", production_amount=-1.0),
                circular=(CircularTerms(id="t", material="al"),),
            ),
            "provider-and-other",
        ),
        (
            pack(
                row("pack", "input", "al", 1.0),
                process("treatment", "al", production_amount=-1.0),
                row("treatment", "emission", "CO2", 1.0, origin="fossil"),
            ),
            "input-from-treatment",
        ),
        (
            inventory(
                process("pack", unit="piece", production_amount=-1.0),
                row("pack", "emission", "CO2", 1.0, origin="fossil"),
            ),
            "reference-is-treatment",
        ),
    ],
)
def test_what_would_be_ignored_or_turn_into_a_credit_is_an_error(what: Any, code: str) -> None:
    assert faults(what) == {code}


def test_operational_co2_prices_no_row_even_without_the_mark_of_electricity() -> None:
    operational = factor(
        "power", 0.4, "kWh", location="CN-FJ", gas_basis="co2", scope="operational"
    )
    for named in ({}, {"factor": operational.id}):
        what = pack(row("pack", "input", "power", 5.0, "kWh", location="CN-FJ", **named))
        result = footprint(what, *CELL, operational)
        assert [h.flow for h in result.holes] == ["power"]
        assert "basis-refused" in codes(result)


def test_a_co_product_without_a_share_is_told_where_it_is_taken() -> None:
    what = pack(
        row("pack", "input", "copper", 1.0),
        process("mine", "cobalt", allocation="none"),
        row("mine", "output", "copper", 1.0),
        row("mine", "emission", "CO2", 5.0, origin="fossil"),
    )
    assert {"co-product-free", "allocation-own"} <= codes(footprint(what, *CELL))


@pytest.mark.parametrize(("basis", "told"), [("mass", False), ("economic", True)])
def test_a_basis_of_ones_own_is_told_where_it_moves_the_shares(basis: str, told: bool) -> None:
    what = inventory(
        process("pack", allocation=basis, reference_price=9.0, price_currency="EUR"),
        row("pack", "output", "scrap", 1.0, price=1.0, price_currency="EUR"),
        row("pack", "input", "cell", 1.0),
    )
    assert ("allocation-own" in codes(footprint(what, *CELL))) is told


def test_stages_without_a_line_are_told_where_the_rule_set_reports_stages() -> None:
    result = footprint(pack(), *CELL, methodology=DRAFT)
    empty = {f.arguments["stage"] for f in result.findings if f.code == "footprint.stage-empty"}
    assert empty == {"raw_material_acquisition", "distribution", "end_of_life"}
    assert "stage-empty" not in codes(footprint(pack(), *CELL))


def test_an_amount_of_zero_is_told() -> None:
    result = footprint(pack(row("pack", "input", "glue", 0.0)), *CELL, factor("glue", 3.0))
    assert "zero-amount" in codes(result)


def test_a_process_that_hardly_runs_still_counts() -> None:
    """Hand: 1e-17 runs of a process that emits 1e17 kg SF6 are 25,200 kg CO2e (AR6)."""
    what = pack(
        row("pack", "input", "tiny", 1e-17),
        process("tiny"),
        row("tiny", "emission", "SF6", 1e17),
        process("orphan"),
        row("orphan", "emission", "CO2", 5.0, origin="fossil"),
    )
    result = footprint(what, *CELL)
    assert result.total_kg_co2e == pytest.approx(10.0 + 25200.0, rel=1e-9)
    (unused,) = [f for f in result.findings if f.code == "footprint.processes-unused"]
    assert unused.arguments["processes"] == "orphan"


def test_an_avoided_product_without_a_factor_is_a_hole() -> None:
    what = pack(row("pack", "output", "cu", 1.0, role=CoProductRole.SUBSTITUTE))
    (hole,) = footprint(what, *CELL).holes
    assert (hole.flow, hole.amount) == ("cu", -1.0)


def test_fossil_carbon_monoxide_counts_where_the_method_counts_it() -> None:
    """Hand: 2 kg × 44/28 = 1.57 under EF 3.1; no IPCC table has it, so Catena-X names it."""
    what = pack(row("pack", "emission", "Carbon monoxide, fossil", 2.0))
    assert footprint(what, *CELL, methodology=DRAFT).total_kg_co2e == pytest.approx(13.14)
    gate = footprint(what, *CELL)
    assert gate.total_kg_co2e == 10.0
    assert "without-climate-effect" in codes(gate)
