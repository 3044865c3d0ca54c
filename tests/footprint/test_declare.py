"""The unit of the result, its rounding, and whether it may be called a declaration."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from saltbridge.core.edition import EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.core.quantity import round_significant
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.declare.declaration import (
    DECLARATION,
    ESTIMATE,
    declaration_or_findings,
    declared_value,
)
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    Exchange,
    Inventory,
    ServiceLife,
    Stage,
    Warranty,
)
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.testing.inventories import (
    factor,
    factor_set,
    footprint,
    inventory,
    process,
    row,
)

DRAFT, CATENA, MIIT = "eu-cfb@draft-2024-04", "catena-x-pcf@v4", "cn-miit-551@2025-551"

# What always stands in the way here: it is a draft, parts of it are from memory, and this
# battery has no row for raw materials, for the end of life and for the
# parts of a cell, which is bought.
DRAFT_OBSTACLES = {
    "not-in-force", "recalled-rule", "stage-empty", "pass.company-part-not-found",
    "pass.company-part-secondary-factor", "pass.company-part-secondary-process",
}  # fmt: skip


def battery(unit: str = "piece", **more: Any) -> Inventory:
    what = inventory(
        process("pack", unit=unit),
        row("pack", "input", "cell", 300.0),
        row("pack", "input", "truck", 150.0, stage=Stage.DISTRIBUTION),
        row("pack", "input", "glue", more.pop("glue", 1.0)),
    )
    return replace(what, **more)


def total_energy(what: Inventory, **more: Any) -> float | None:
    unit = footprint(what, methodology=DRAFT, **more).declared_unit
    return None if unit is None else unit.amount


def test_functional_unit_of_a_car() -> None:
    """Published inputs, hand result (FU-01): 60 kWh × 60 a year × 8 years."""
    assert total_energy(battery()) == 28800.0
    by_kg = inventory(process("pack"))
    assert total_energy(by_kg) == pytest.approx(28800.0 / 400.0)
    by_kwh = inventory(process("pack", unit="kWh"))
    assert total_energy(by_kwh) == pytest.approx(28800.0 / 60.0)


@pytest.mark.parametrize(
    ("life", "warranty", "kwh"),
    [
        (ServiceLife(vehicle_class="L"), Warranty(years=5), 60 * 20 * 5),
        (ServiceLife(vehicle_class="N3"), Warranty(years=8), 60 * 250 * 8),
        (ServiceLife(vehicle_class="M1"), Warranty(years=8, distance_km=120_000), 60 * 60 * 6),
        (ServiceLife(vehicle_class="M1"), Warranty(), 60 * 60 * 5),
        (
            ServiceLife(vehicle_class="M1"),
            Warranty(years=10, remaining_energy_percent=60),
            60 * 60 * 5,
        ),
        (ServiceLife(full_equivalent_cycles_per_year=100), Warranty(years=4), 60 * 100 * 4),
        (ServiceLife(total_energy_kwh=12345.0), Warranty(years=4), 12345.0),
    ],
)
def test_service_life(life: ServiceLife, warranty: Warranty, kwh: float) -> None:
    assert total_energy(battery(service_life=life, warranty=warranty)) == pytest.approx(kwh)


@pytest.mark.parametrize(
    ("life", "code"),
    [
        (ServiceLife(vehicle_class="M1"), None),
        (ServiceLife(vehicle_class="M1", full_equivalent_cycles_per_year=60.0), None),
        (ServiceLife(vehicle_class="M1", full_equivalent_cycles_per_year=90.0), "own-cycles"),
        (ServiceLife(full_equivalent_cycles_per_year=90.0), "own-cycles"),
        (ServiceLife(vehicle_class="M1", total_energy_kwh=9e4), "own-total-energy"),
    ],
)
def test_numbers_of_ones_own_for_the_service_life_are_told_and_never_declared(
    life: ServiceLife, code: str | None
) -> None:
    result = footprint(battery(service_life=life), methodology=DRAFT)
    due = [] if code is None else [f"methodology.{code}"]
    assert [f.code for f in result.findings if ".own-" in f.code] == due
    _, obstacles = declaration_or_findings(result)
    assert [f.code for f in obstacles if ".own-" in f.code] == due


@pytest.mark.parametrize(
    ("confidence", "source", "stands"),
    [
        (Confidence.READ, "table 3", False),
        (Confidence.READ, "", True),
        (Confidence.SECONDARY, "table 3", True),
    ],
)
def test_a_zero_factor_that_nobody_read_in_a_source_stands_in_the_way(
    confidence: Confidence, source: str, stands: bool
) -> None:
    zero = replace(factor("cell", 0.0), confidence=confidence, source=source)
    result = footprint(battery(), zero)
    assert "footprint.factor-zero" in {f.code for f in result.findings}
    _, obstacles = declaration_or_findings(result)
    assert ("footprint.factor-zero-unread" in {f.code for f in obstacles}) is stands


def test_what_is_missing_for_the_unit_is_said() -> None:
    result = footprint(battery(service_life=ServiceLife()), methodology=DRAFT)
    assert result.declared_unit is None
    assert "methodology.vehicle-class-missing" in {f.code for f in result.findings}
    assert declared_value(result) is None


def test_a_battery_the_draft_is_not_for_is_told() -> None:
    what = battery()
    result = footprint(
        replace(what, product=replace(what.product, category="lmt")), methodology=DRAFT
    )
    assert "methodology.category-not-covered" in {f.code for f in result.findings}
    told = {f.code for f in footprint(what, methodology=DRAFT).findings}
    assert "methodology.category-not-covered" not in told


def test_unread_cycles_give_no_unit_until_they_are_assumed() -> None:
    open_ = footprint(battery(), methodology=MIIT)
    assert open_.declared_unit is None
    assert "methodology.cycles-not-loaded" in {f.code for f in open_.findings}
    assumed = footprint(battery(), methodology=MIIT, assumptions={"cycles": "1500"})
    assert assumed.declared_unit is not None
    assert assumed.declared_unit.amount == 60.0 * 1500


@pytest.mark.parametrize(("unit", "name"), [("piece", "piece"), ("kg", "kg"), ("kWh", "kg")])
def test_gate_footprints_are_per_piece_or_kilogram(unit: str, name: str) -> None:
    declared = footprint(battery(unit)).declared_unit
    assert declared is not None
    assert (declared.kind, declared.unit) == ("declared", name)
    assert declared.amount == pytest.approx(400 / 60 if unit == "kWh" else 1.0)


def test_the_product_may_be_counted_in_another_unit_than_its_process() -> None:
    """Hand: a tonne of cells from a process counted in kg is a thousand kilograms."""
    what = inventory(process("cell"), row("cell", "input", "nickel", 0.5))
    by_tonne = replace(what, product=replace(what.product, unit="t"))
    result = footprint(by_tonne, factor("nickel", 5.0))
    assert result.total_kg_co2e == pytest.approx(2500.0)
    assert result.unit_of_product == "1 t"
    assert result.declared_unit is not None and result.declared_unit.amount == 1000.0
    assert declared_value(result) == 2.5


def test_the_gate_leaves_distribution_out_and_says_so() -> None:
    prices = (factor("cell", 10.0), factor("truck", 0.1), factor("glue", 1.0))
    gate = footprint(battery(), *prices)
    assert gate.total_kg_co2e == pytest.approx(3001.0)
    assert "footprint.outside-boundary" in {f.code for f in gate.findings}
    cradle_to_grave = footprint(battery(), *prices, methodology=DRAFT)
    assert cradle_to_grave.stage_kg_co2e(Stage.DISTRIBUTION) == pytest.approx(15.0)


def test_one_rounding() -> None:
    assert round_significant(0.04190591, 3) == 0.0419
    assert round_significant(0.0, 3) == 0.0
    result = footprint(battery(), factor("cell", 10.123456), factor("glue", 0.0))
    assert declared_value(result) == 3037.0


def judge(result: CarbonFootprint) -> tuple[str, set[str]]:
    kind, findings = declaration_or_findings(result)
    return kind, {f.code.removeprefix("footprint.") for f in findings}


def test_a_complete_footprint_in_force_may_be_declared() -> None:
    result = footprint(battery(), factor("cell", 10.0), factor("glue", 1.0))
    assert result.edition.status is EditionStatus.IN_FORCE
    assert judge(result) == (DECLARATION, set())


def test_a_draft_is_never_more_than_an_estimate() -> None:
    prices = (factor("cell", 10.0), factor("truck", 0.1), factor("glue", 1.0))
    result = footprint(battery(), *prices, methodology=DRAFT)
    assert judge(result) == (ESTIMATE, DRAFT_OBSTACLES)


@pytest.mark.parametrize("doubt", [Confidence.RECALLED, Confidence.ILLUSTRATIVE])
def test_nothing_declared_rests_on_a_doubtful_factor(doubt: Confidence) -> None:
    result = footprint(battery(), factor("cell", 10.0, confidence=doubt), factor("glue", 1.0))
    assert judge(result) == (ESTIMATE, {"doubtful-factor"})


def test_a_small_hole_is_cut_off_and_a_large_one_is_not() -> None:
    """Hand: glue costs 4 to 10 kg CO2e a kg here; 3 % of 3,000 is 92.8 (of the whole)."""
    prices = (factor("cell", 10.0), factor("spare part", 4.0))
    small = footprint(battery(glue=9.0), *prices)
    assert small.holes and small.range_kg_co2e == (pytest.approx(3036.0), pytest.approx(3090.0))
    assert judge(small) == (DECLARATION, set())
    large = footprint(battery(glue=9.4), *prices)
    assert judge(large) == (ESTIMATE, {"cut-off-emissions", "hole-above-cut-off"})


def test_a_hole_without_a_range_always_stands_in_the_way() -> None:
    what = inventory(
        process("pack"),
        row("pack", "input", "cell", 300.0),
        row("pack", "emission", "unobtainium", 1e-9),
    )
    kind, codes = judge(footprint(what, factor("cell", 10.0)))
    assert kind == ESTIMATE
    assert "hole-without-range" in codes


def test_mass_cut_off_of_the_draft() -> None:
    """1 % of the input mass: 300 kg of cells allow 3.03 kg of glue; the draft stays a draft."""
    prices = (factor("cell", 10.0), factor("truck", 0.1))
    small = judge(footprint(battery(glue=1.0), *prices, methodology=DRAFT))
    assert small[1] == DRAFT_OBSTACLES
    assert judge(footprint(battery(glue=6.0), *prices, methodology=DRAFT))[1] == {
        *DRAFT_OBSTACLES,
        "cut-off-mass",
        "hole-above-cut-off",
    }


@pytest.mark.parametrize(
    "hole",
    [
        row("pack", "waste", "sludge", 6.0),
        row("pack", "input", "steam", 6.0, carrier=Carrier.HEAT),
    ],
)
def test_a_hole_beside_the_materials_counts_against_the_mass_too(hole: Exchange) -> None:
    """Hand: 6 kg are more than 1 % of the 451 kg of inputs, though those all have a factor."""
    what = battery()
    what = replace(what, exchanges=(*what.exchanges, hole))
    prices = (factor("cell", 10.0), factor("truck", 0.1), factor("glue", 3.0))
    result = footprint(what, *prices, methodology=DRAFT)
    assert [h.flow for h in result.holes] == [hole.flow]
    assert {"cut-off-mass", "hole-above-cut-off"} <= judge(result)[1]


def test_a_hole_with_a_range_from_memory_is_never_small() -> None:
    what = inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 300.0),
        row("pack", "input", "LiPF6", 0.001),
    )
    result = footprint(what, factor("cell", 10.0))
    assert result.holes[0].range_confidence == "recalled"
    assert judge(result) == (ESTIMATE, {"cut-off-emissions", "hole-range-doubtful"})


def test_a_recalled_rule_stands_in_the_way_where_it_decides_a_number() -> None:
    """Catena-X v4: the rules on electricity and allocation are from memory."""
    prices = (factor("cell", 10.0), factor("electricity", 0.5, "kWh", location="DE"))
    powered = inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 300.0),
        row(
            "pack", "input", "electricity", 2.0, "kWh",
            carrier=Carrier.ELECTRICITY, location="DE",
        ),
    )  # fmt: skip
    kind, found = declaration_or_findings(footprint(powered, *prices))
    assert kind == ESTIMATE
    assert [(f.code, f.arguments["rule"]) for f in found] == [
        ("footprint.recalled-rule", "electricity")
    ]
    shared_burden = inventory(
        process("pack", unit="piece", reference_mass_kg=400.0),
        row("pack", "input", "cell", 300.0),
        row("pack", "output", "offcut", 2.0),
    )
    _, found = declaration_or_findings(footprint(shared_burden, *prices))
    assert [f.arguments["rule"] for f in found] == ["allocation"]


def test_an_empty_footprint_is_not_declared_as_zero() -> None:
    empty = inventory(process("pack", unit="piece"), row("pack", "emission", "SO2", 3.0))
    assert judge(footprint(empty)) == (ESTIMATE, {"nothing-counted"})


def test_a_credit_from_a_factor_is_not_declared() -> None:
    result = footprint(battery(), factor("cell", 10.0), factor("glue", -5.0))
    assert judge(result) == (ESTIMATE, {"factor-negative"})


def test_an_assumption_is_no_rule() -> None:
    result = footprint(
        battery(),
        factor("cell", 10.0),
        factor("glue", 1.0),
        assumptions={"electricity_basis": "mixed"},
    )
    assert judge(result) == (ESTIMATE, {"assumed"})


@pytest.mark.parametrize(
    ("named", "day", "status"),
    [
        ("catena-x-pcf@v4", date(2024, 12, 1), EditionStatus.PENDING),
        ("catena-x-pcf@v3", date(2024, 12, 1), EditionStatus.IN_FORCE),
        ("catena-x-pcf@v3", date(2026, 1, 1), EditionStatus.WITHDRAWN),
    ],
)
def test_the_day_says_whether_an_edition_is_in_force(
    named: str, day: date, status: EditionStatus
) -> None:
    methodology, edition = choose(named, day)
    sets = [factor_set(factor("cell", 10.0), factor("glue", 1.0), factor("truck", 0.1))]
    result = calculate(battery(), methodology, edition, sets)
    assert result.edition.status is status
    assert ("not-in-force" in judge(result)[1]) is (status is not EditionStatus.IN_FORCE)


def test_a_factor_of_a_year_to_come_is_never_declared() -> None:
    prices = (replace(factor("cell", 10.0), year=2040), factor("glue", 1.0))
    result = footprint(battery(), *prices)
    codes = {f.code for f in declaration_or_findings(result, date(2026, 11, 28))[1]}
    assert codes == {"supplier.prospective-declared"}
    assert declaration_or_findings(result, date(2041, 1, 1))[0] == DECLARATION


def test_virgin_material_below_zero_is_never_declared() -> None:
    """Ev with a wrong sign: what is taken in is no credit."""
    terms = CircularTerms(id="al", material="aluminium", R1=0.0, Ev=-9.0, licence="own")
    what = battery()
    rows = (*what.exchanges, row("pack", "input", "aluminium", 3.0, circular="al"))
    what = replace(what, exchanges=rows, circular=(terms,))
    result = footprint(what, factor("cell", 10.0), factor("glue", 1.0))
    assert result.total_kg_co2e == pytest.approx(3000 + 1 - 27)
    assert judge(result) == (ESTIMATE, {"factor-negative"})
