"""Biogenic carbon both ways: the totals without and with uptake, and emissions by origin."""

from typing import Any

import pytest

from saltbridge.footprint.biogenic import CO2_PER_CARBON, CarbonOrigins
from saltbridge.footprint.record import footprint_record
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

CATENA, DRAFT, PACT = "catena-x-pcf@v4", "eu-cfb@draft-2024-04", "pact@v3"


def origins(found: CarbonFootprint) -> CarbonOrigins:
    carbon = found.detail["carbon_origins"]
    assert isinstance(carbon, CarbonOrigins)
    return carbon


def worked(*rows: Any, methodology: str = CATENA, **more: Any) -> CarbonFootprint:
    return footprint(
        inventory(process("pack"), *rows),
        factor("resin", 2.0),
        factor("board", 0.5, biogenic_carbon_kg=0.45),
        factor("flight", 1.1, "tkm"),
        methodology=methodology,
        **more,
    )


def test_totals_without_and_with_uptake() -> None:
    """Published (PCF-T): T2 = A + C + E + F + G + H, T1 = T2 + D, D at most 0.

    Hand: 10 kg fossil CO2; 0.1 kg biogenic CH4 at 27 (AR6); 2 kg CO2 of land-use change; a
    flight of 1.1; 3 kg board at 0.5 with 0.45 kg C: 3 × 0.45 × 44/12 = 4.95 taken up; 1 kg
    burnt.
    """
    result = worked(
        row("pack", "emission", "CO2", 10.0, origin="fossil"),
        row("pack", "emission", "CH4", 0.1, origin="biogenic"),
        row("pack", "emission", "CO2", 2.0, origin="land_use_change"),
        row("pack", "input", "flight", 1.0, "tkm", origin="aircraft"),
        row("pack", "input", "board", 3.0),
        row("pack", "emission", "CO2", 1.0, origin="biogenic"),
    )
    found = origins(result)
    assert (found.fossil, found.land_use_change) == (10.0, 2.0)
    assert found.biogenic_non_co2 == pytest.approx(0.1 * 27.0)
    assert found.aircraft == pytest.approx(1.1) and found.not_told_apart == pytest.approx(1.5)
    assert (found.land_management, found.land_removals) == (0.0, 0.0)
    t2 = 10.0 + 2.7 + 2.0 + 1.1 + 1.5
    assert found.excluding_uptake == pytest.approx(t2) == pytest.approx(result.total_kg_co2e)
    assert (found.taken_up_kg_co2, found.given_back_kg_co2) == (pytest.approx(4.95), 1.0)
    assert found.uptake == pytest.approx(-3.95)
    assert found.including_uptake == pytest.approx(t2 - 3.95)
    assert pytest.approx(44 / 12) == CO2_PER_CARBON


def test_land_management_is_f() -> None:
    found = origins(worked(row("pack", "emission", "CO2", 3.0, origin="land_management")))
    assert (found.land_management, found.land_removals) == (3.0, 0.0)


def test_a_factor_that_removes_is_g() -> None:
    what = inventory(
        process("pack"), row("pack", "input", "soil", 2.0, origin="land_management")
    )
    found = origins(footprint(what, factor("soil", -0.5)))
    assert found.land_removals == -1.0 and found.excluding_uptake == -1.0


def test_what_is_taken_up_and_given_back_closes() -> None:
    """A process that takes CO2 from the air and burns all of it: T1 is T2."""
    found = origins(
        worked(
            row("pack", "resource", "Carbon dioxide, in air", 5.0),
            row("pack", "emission", "Carbon dioxide, non-fossil", 5.0),
            row("pack", "input", "resin", 1.0),
        )
    )
    assert found.uptake == 0.0 and found.including_uptake == found.excluding_uptake == 2.0


def test_waste_takes_its_carbon_along() -> None:
    found = origins(
        worked(
            row("pack", "input", "board", 3.0),
            row("pack", "waste", "resin", 2.0, biogenic_carbon_kg=0.45),
        )
    )
    assert found.uptake == pytest.approx(-1.0 * 0.45 * CO2_PER_CARBON)


def test_the_carbon_of_the_row_comes_before_that_of_its_factor() -> None:
    found = origins(worked(row("pack", "input", "board", 3.0, biogenic_carbon_kg=0.3)))
    assert found.taken_up_kg_co2 == pytest.approx(3 * 0.3 * CO2_PER_CARBON)


def test_where_nobody_says_anything_there_is_no_total_with_uptake() -> None:
    found = origins(worked(row("pack", "input", "resin", 1.0)))
    assert not found.stated and found.including_uptake is None
    none_in_it = origins(worked(row("pack", "input", "resin", 1.0, biogenic_carbon_kg=0.0)))
    assert none_in_it.including_uptake == 2.0


def test_more_given_back_than_taken_up_is_told_and_no_total_is_made_of_it() -> None:
    result = worked(
        row("pack", "emission", "CO2", 1.0, origin="biogenic"), row("pack", "input", "resin", 1)
    )
    assert origins(result).including_uptake is None
    (told,) = [f for f in result.findings if f.code == "pass.biogenic-not-closed"]
    assert (told.arguments["up"], told.arguments["back"]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("methodology", "both"), [(CATENA, True), (PACT, True), (DRAFT, False)]
)
def test_the_record_gives_both_totals_where_the_rule_set_knows_them(
    methodology: str, both: bool
) -> None:
    what = inventory(process("pack"), row("pack", "input", "board", 2.0))
    result = footprint(
        what, factor("board", 1.0, biogenic_carbon_kg=0.5), methodology=methodology
    )
    told = footprint_record(result, what, "estimate")["biogenic"]
    assert told["excluding_uptake_kg_co2e"] == result.total_kg_co2e == 2.0
    assert told["taken_up_kg_co2"] == pytest.approx(CO2_PER_CARBON)
    expected = pytest.approx(2.0 - CO2_PER_CARBON) if both else None
    assert told["including_uptake_kg_co2e"] == expected
