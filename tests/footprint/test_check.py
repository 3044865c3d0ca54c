"""Faulty inventories give all their findings at once, each with its place."""

from dataclasses import replace
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, errors_in
from saltbridge.footprint.check import check_inventory
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    CoProductRole,
    Evidence,
    Inventory,
    LocalFactor,
    Supplier,
    Warranty,
)
from saltbridge.testing.inventories import footprint, inventory, process, row


def codes(what: Inventory) -> list[str]:
    return [f.code.removeprefix("footprint.") for f in errors_in(check_inventory(what))]


def good(*rows: Any, **more: Any) -> Inventory:
    return inventory(process("cell"), row("cell", "input", "CAM", 0.4), *rows, **more)


def test_a_sound_inventory_has_no_errors() -> None:
    assert codes(good()) == []


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row("cell", "input", "x", 1.0, "kgg")], "unknown-unit"),
        ([row("cell", "input", "x", -1.0)], "negative-amount"),
        ([row("cell", "input", "x", float("nan"))], "not-a-number"),
        ([row("cell", "input", "x", float("inf"))], "not-a-number"),
        ([row("elsewhere", "input", "x", 1.0)], "reference-not-found"),
        ([row("cell", "input", "x", 1.0, provider="nobody")], "reference-not-found"),
        ([row("cell", "input", "x", 1.0, contract="none")], "reference-not-found"),
        ([row("cell", "input", "x", 1.0, circular="none")], "reference-not-found"),
        ([row("cell", "input", "x", 1.0, supplier="none")], "reference-not-found"),
        ([row("cell", "input", "x", 1.0, evidence=("none",))], "reference-not-found"),
        ([row("cell", "input", "x", 1.0, mass_kg_per_unit=-2.0)], "negative-mass"),
        ([row("cell", "input", "x", 1.0, TeR=6.0)], "indicator-outside"),
        ([row("cell", "input", "p", 1.0, carrier=Carrier.ELECTRICITY)], "unit-mismatch"),
        ([row("cell", "input", "x", 1.0, contract="c")], "contract-not-electricity"),
        ([row("cell", "output", "x", 1.0, circular="c")], "circular-direction"),
        ([process("cell", "other")], "id-twice"),
        ([process("a", production_amount=0.0)], "zero-production"),
        ([process("a", allocation="weight")], "unknown-allocation"),
    ],
)
def test_each_fault_of_a_row_is_found(rows: list[Any], code: str) -> None:
    assert code in codes(good(*rows))


def test_kwh_never_meets_kg() -> None:
    what = good(row("cell", "input", "power", 2.0, "kg"), process("grid", "power", "kWh"))
    assert codes(what) == ["unit-mismatch"]


def test_the_whole_is_checked_too() -> None:
    what = good(
        warranty=Warranty(years=-8),
        circular=(
            CircularTerms(id="c", material="m", R1=1.3),
            CircularTerms(id="d", material="m", R2=0.7, R3=0.6),
        ),
        factors=(
            LocalFactor(id="f1", flow="CAM", unit="kg", kg_co2e_per_unit=1.0),
            LocalFactor(id="f2", flow="CAM", unit="kg", kg_co2e_per_unit=2.0),
            LocalFactor(id="f3", flow="y", unit="kg"),
        ),
        suppliers=(Supplier(id="s", name="S"), Supplier(id="s", name="T")),
        evidence=(Evidence(id="e", kind="invoice", title="E", supplier="unknown"),),
    )
    assert sorted(codes(what)) == [
        "factor-twice",
        "factor-value",
        "id-twice",
        "negative-service-life",
        "reference-not-found",
        "share-outside",
        "shares-above-one",
    ]


def test_the_reference_process_must_be_there() -> None:
    what = good()
    gone = replace(what, product=replace(what.product, reference_process="pack"))
    assert codes(gone) == ["reference-process-missing"]


def test_findings_come_together_and_name_file_row_and_column() -> None:
    place = Place("exchanges.csv", 7)
    what = good(
        row("cell", "input", "x", -1.0, "kgg", place=place), row("gone", "input", "y", 1.0)
    )
    with pytest.raises(FaultyInput) as caught:
        footprint(what)
    found = caught.value.findings
    assert {f.code for f in found} == {
        "footprint.unknown-unit",
        "footprint.negative-amount",
        "footprint.reference-not-found",
    }
    assert Place("exchanges.csv", 7, "unit") in [f.place for f in found]


def test_a_closed_circle_has_no_solution_and_is_named() -> None:
    what = inventory(
        process("cell"),
        row("cell", "input", "a", 1.0),
        process("a"),
        row("a", "input", "b", 1.0),
        process("b"),
        row("b", "input", "a", 1.0),
    )
    (found,) = errors_in(check_inventory(what))
    assert found.code == "footprint.no-solution"
    assert set(str(found.arguments["processes"]).split(", ")) == {"a", "b"}


def test_a_nearly_closed_circle_is_refused_as_well() -> None:
    """The residual of such a system is tiny and its digits mean nothing."""
    what = inventory(
        process("cell"),
        row("cell", "input", "a", 1.0),
        process("a"),
        row("a", "input", "b", 1.0),
        process("b"),
        row("b", "input", "a", 1.0 - 1e-14),
    )
    assert codes(what) == ["no-solution"]


def test_a_process_that_eats_itself_is_refused() -> None:
    what = inventory(process("cell"), row("cell", "input", "cell", 1.2))
    assert codes(what) == ["negative-supply"]


def test_two_makers_without_a_rule_between_them() -> None:
    what = inventory(
        process("cell"), row("cell", "input", "CAM", 1.0), process("a", "CAM"),
        process("b", "CAM"),
    )  # fmt: skip
    assert codes(what) == ["too-many-makers"]


def test_two_makers_are_told_apart_by_their_providers() -> None:
    what = inventory(
        process("cell"),
        row("cell", "input", "CAM", 0.25, provider="a"),
        row("cell", "input", "CAM", 0.75, provider="b"),
        process("a", "CAM"),
        row("a", "emission", "CO2", 8.0, origin="fossil"),
        process("b", "CAM"),
        row("b", "emission", "CO2", 4.0, origin="fossil"),
    )
    assert footprint(what).total_kg_co2e == pytest.approx(0.25 * 8 + 0.75 * 4, rel=1e-12)


def test_makers_at_two_places_are_two_products() -> None:
    what = inventory(
        process("cell"),
        row("cell", "input", "CAM", 1.0, location="CN"),
        row("cell", "input", "CAM", 2.0, location="KR"),
        process("a", "CAM", location="CN"),
        row("a", "emission", "CO2", 8.0, origin="fossil"),
        process("b", "CAM", location="KR"),
        row("b", "emission", "CO2", 4.0, origin="fossil"),
    )
    assert footprint(what).total_kg_co2e == pytest.approx(16.0, rel=1e-12)
    open_ = replace(what, exchanges=tuple(replace(r, location="") for r in what.exchanges))
    assert "provider-ambiguous" in codes(open_)


def test_scrap_that_nobody_takes_back() -> None:
    what = good(row("cell", "output", "scrap", 0.1, role=CoProductRole.RECIRCULATE))
    assert codes(what) == ["no-maker"]


def test_a_process_that_eats_all_it_makes_is_named_from_the_side_of_its_users() -> None:
    what = inventory(
        process("pack"),
        row("pack", "input", "cell", 70.0, provider="cell"),
        process("cell"),
        row("cell", "input", "cell", 1.0, provider="cell"),
    )
    with pytest.raises(FaultyInput) as fault:
        footprint(what)
    (found,) = fault.value.findings
    assert found.code == "footprint.nobody-makes"
    assert found.arguments["processes"] == "pack"


def test_an_inventory_without_exchanges_is_a_fault_not_a_zero() -> None:
    found = check_inventory(inventory(process("pack")))
    assert [f.code for f in found] == ["footprint.no-exchanges"]


def test_co_products_without_values_cannot_be_allocated() -> None:
    what = good(row("cell", "output", "heat", 2.0, "kWh"))
    assert codes(what) == ["allocation-impossible"]
