"""Coverage, mass balance, price ranges of holes, data quality and primary data."""

from datetime import date

import pytest

from saltbridge.core.finding import Severity
from saltbridge.core.quantity import is_unit
from saltbridge.footprint.balance import balance_findings, balances, mass_balance
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.check import check_rows
from saltbridge.footprint.completeness import coverage, price
from saltbridge.footprint.data_quality import (
    FIVE,
    Rated,
    data_quality,
    dqr,
    five_indicators,
    primary_data_share,
)
from saltbridge.footprint.declare.declaration import declaration_or_findings
from saltbridge.footprint.model import Carrier, LocalFactor, Period, Stage
from saltbridge.testing.inventories import factor, footprint, inventory, process, row


def test_coverage_by_mass() -> None:
    """Hand: 3 of 4 kg have a factor; a row without mass does not count."""
    found = coverage([(3.0, False), (1.0, True), (None, True)])
    assert (found.mass_share, found.mass_without_factor_kg) == (0.75, 1.0)
    assert coverage([]).mass_share == 1.0


def test_mass_in_over_mass_out() -> None:
    """Hand: 1.3 kg and half a tonne-kilometre in; 1 kg of product, 0.1 waste, 0.2 CO2 out."""
    rows = [
        row("p", "input", "a", 1.3),
        row("p", "input", "lorry", 0.5, "tkm", carrier=Carrier.TRANSPORT),
        row("p", "input", "welding", 3.0, "piece"),
        row("p", "waste", "b", 0.1),
        row("p", "emission", "CO2", 0.2),
    ]
    assert mass_balance(process("p"), rows) == pytest.approx(1.0)
    assert mass_balance(process("p"), rows[1:]) is None


def test_a_process_out_of_balance_warns_and_does_not_fail() -> None:
    what = inventory(process("cell"), row("cell", "input", "steel billet", 1.198))
    result = footprint(what, factor("steel billet", 2.0))
    (found,) = [f for f in result.findings if f.code == "footprint.mass-balance"]
    assert found.severity is Severity.WARNING
    assert found.arguments["ratio"] == pytest.approx(1.198)


def test_a_family_prices_a_hole_first_and_the_longest_word_wins() -> None:
    found = price("Synthetic graphite, battery grade", 2000.0, "g", 2.0, [factor("x", 999.0)])
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(21.12), pytest.approx(87.742))
    assert "[read]" in found.source
    assert "sodium" not in found.source


@pytest.mark.parametrize(
    ("flow", "family"),
    [
        ("copper collector foil", "copper"),
        ("market for reinforcing steel", "steel"),
        ("NMC111 hydroxide", "nickel"),
        ("market for tap water", "water"),
        ("transport, lorry", "road freight"),
        ("polymer waste", "incineration of polymers"),
        # The word is there, the material is not.
        ("copper sulfate", ""),
        ("copper scrap", ""),
        ("sulfidic tailings, from copper mine operation", ""),
        ("potassium hydroxide", ""),
        ("nitric acid, without water", ""),
        ("wastewater, average", ""),
        ("water glass", ""),
        ("stainless steel", ""),
        ("sheet rolling, steel", ""),
        ("lithium brine", ""),
        ("lithium hexafluorophosphate", ""),
        ("aluminium oxide", ""),
    ],
)
def test_a_family_takes_its_material_and_nothing_that_merely_names_it(
    flow: str, family: str
) -> None:
    unit = "tkm" if flow.startswith("transport") else "kg"
    found = price(flow, 1.0, unit, None, [])
    assert (found is None) if not family else (found is not None and family in found.source)


def test_ranges_are_ranges_and_say_how_they_are_known() -> None:
    for line in read_table("hole_ranges.csv"):
        assert 0 <= float(line["low"]) < float(line["high"]), line
        assert is_unit(line["unit"]) and line["source"] and line["licence"], line
        assert line["confidence"] in {"read", "computed", "recalled"}, line


def test_else_the_factors_in_use_give_the_range_and_say_so() -> None:
    pool = [
        factor("a", 2.0),
        factor("b", 6000.0, "t"),
        factor("c", 0.1, "kWh"),
        factor("d", 0.05, "kWh"),
    ]
    by_mass = price("unheard of", 3.0, "piece", 1.5, pool)
    assert by_mass is not None
    assert (by_mass.low, by_mass.high) == (pytest.approx(3.0), pytest.approx(9.0))
    assert "2 factors" in by_mass.source
    by_energy = price("unheard of", 36.0, "MJ", None, pool)
    assert by_energy is not None and by_energy.high == pytest.approx(1.0)
    assert price("unheard of", 3.0, "piece", None, pool) is None


def test_one_unrelated_factor_is_no_range() -> None:
    assert price("unheard of", 3.0, "kg", 3.0, [factor("a", 2.0)]) is None
    assert price("unheard of", 3.0, "kg", 3.0, [factor("a", 2.0), factor("b", 2.0)]) is None


def test_a_large_set_leaves_its_outermost_twentieths_aside() -> None:
    """Hand: of 0, 1, … 38 and one at 24,000 the third and the third last count."""
    pool = [*(factor(f"f{i}", float(i)) for i in range(39)), factor("gas", 24000.0)]
    found = price("unheard of", 1.0, "kg", 1.0, pool)
    assert found is not None
    assert (found.low, found.high) == (2.0, 37.0)
    assert "percentile of 40" in found.source


def test_the_battery_on_its_way_and_at_its_end_is_no_mass_of_its_making() -> None:
    what = inventory(
        process("battery"),
        row("battery", "input", "cells", 1.0),
        row("battery", "input", "lorry load", 1.0, stage=Stage.DISTRIBUTION),
        row("battery", "waste", "used battery", 1.0, provider="recycling"),
        process("recycling", "used battery", production_amount=-1.0, stage=Stage.END_OF_LIFE),
    )
    assert list(balance_findings(balances(what))) == []


def test_data_quality_is_weighted_by_emissions() -> None:
    """Published (DQ-01): (4 + 3 + 3) / 3; hand: weights 30 and −10 count 3 to 1."""
    assert dqr(4, 3, 3) == pytest.approx(10 / 3)
    lines = [Rated(30.0, 1, 2, 3, 100.0), Rated(-10.0, 5, 2, 3, 50.0), Rated(40, None, 1, 1, 0)]
    found = data_quality(lines)
    assert found is not None
    assert (found.TeR, found.GeR, found.TiR) == (2.0, 2.0, 3.0)
    assert found.rated_share == pytest.approx(0.5)
    assert primary_data_share(lines) == pytest.approx((100 * 30 + 50 * 10) / 80)
    assert data_quality([]) is None and primary_data_share([]) is None


def test_rows_bring_their_own_indicators_and_suppliers_their_share() -> None:
    what = inventory(
        process("cell"),
        row("cell", "input", "a", 1.0, TeR=1.0, GeR=1.0, TiR=1.0),
        row("cell", "input", "b", 1.0),
        row("cell", "emission", "CO2", 2.0, primary=True, origin="fossil"),
    )
    result = footprint(
        what,
        factor("a", 1.0, TeR=5.0, GeR=5.0, TiR=5.0),
        factor("b", 1.0, TeR=3.0, GeR=3.0, TiR=3.0, primary_data_share=40.0),
    )
    quality = result.detail["data_quality"]
    rating = quality.DQR
    assert rating == pytest.approx(2.0)
    assert result.detail["primary_data_share"] == pytest.approx((40 + 2 * 100) / 4)


def test_five_indicators_of_the_large_lines() -> None:
    """Hand: of 60, −30 and 4 kg the last is below 5 % of 94; weights 60 and 30.

    Technology (1·60 + 3·30) / 90, time (2·60 + 3·30) / 90, geography (1·60 + 2·30) / 90,
    completeness 1, reliability (3·60 + 1·30) / 90; the rating is their mean.
    """
    lines = [
        Rated(60.0, 5, 5, 5, 0.0, (1, 2, 1, 1, 3)),
        Rated(-30.0, None, None, None, 0.0, (3, 3, 2, 1, 1)),
        Rated(4.0, 1, 1, 1, 0.0, (3, 3, 3, 3, 3)),
    ]
    found = data_quality(lines, FIVE)
    assert found is not None and found.scheme == FIVE
    assert (found.TeR, found.TiR, found.GeR) == (
        pytest.approx(150 / 90), pytest.approx(210 / 90), pytest.approx(120 / 90),
    )  # fmt: skip
    assert found.completeness == 1.0 and found.reliability == pytest.approx(210 / 90)
    assert pytest.approx((150 + 210 + 120 + 90 + 210) / 450) == found.DQR
    assert found.rated_share == 1.0
    assert data_quality([Rated(60.0, 1, 1, 1, 0.0)], FIVE) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1;2;2;1;3", (1.0, 2.0, 2.0, 1.0, 3.0)),
        ("(1, 2, 2, 1, 3)", (1.0, 2.0, 2.0, 1.0, 3.0)),
        ("1;2;2;1", None),
        ("1;2;2;1;4", None),
        ("0;2;2;1;3", None),
        ("good", None),
        ("", None),
    ],
)
def test_five_values_of_one_to_three(text: str, values: tuple[float, ...] | None) -> None:
    assert five_indicators(text) == values


def test_each_rule_set_rates_by_its_own_scheme() -> None:
    what = inventory(
        process("cell"), row("cell", "input", "a", 1.0, dqi="1;1;2;2;3", TeR=4, GeR=3, TiR=3)
    )
    by_pact = footprint(what, factor("a", 1.0), methodology="pact@v3").detail["data_quality"]
    by_catena = footprint(what, factor("a", 1.0)).detail["data_quality"]
    assert (pytest.approx(9 / 5), pytest.approx(10 / 3)) == (by_pact.DQR, by_catena.DQR)


@pytest.mark.parametrize(
    ("declared", "indicators", "told"),
    [(3.0, (2, 4, 2), True), (3.33, (4, 3, 3), False), (3.0, (2, 4, 3), False)],
)
def test_a_declared_rating_is_the_mean_of_its_indicators(
    declared: float, indicators: tuple[float, ...], told: bool
) -> None:
    """Published (open CFB-EV case study, end-of-life data set): 3 declared, 2, 4, 2 given."""
    technology, geography, time = indicators
    own = LocalFactor(
        id="eol", flow="a", unit="kg", kg_co2e_per_unit=1.0, licence="CC0-1.0",
        TeR=technology, GeR=geography, TiR=time, DQR=declared,
    )  # fmt: skip
    what = inventory(process("cell"), row("cell", "input", "a", 1.0), factors=(own,))
    found = [f for f in check_rows(what) if f.code == "pass.rating-declared"]
    assert bool(found) is told
    if told:
        assert found[0].arguments["mean"] == pytest.approx(8 / 3)
        assert pytest.approx(8 / 3) == footprint(what).detail["data_quality"].DQR


@pytest.mark.parametrize(
    ("end", "dqi", "told"),
    [
        (date(2024, 12, 31), "", False),
        (date(2025, 12, 31), "", True),
        (date(2025, 12, 31), "1;1;2;2;3", False),
    ],
)
def test_pact_asks_for_a_rating_from_2025_on(end: date, dqi: str, told: bool) -> None:
    """Hand: a line of 4 % needs none; the large one does."""
    what = inventory(
        process("cell"),
        row("cell", "input", "a", 96.0, dqi=dqi),
        row("cell", "input", "a", 4.0),
        period=Period(start=date(2024, 1, 1), end=end),
    )
    result = footprint(what, factor("a", 1.0), methodology="pact@v3")
    codes = {f.code for f in result.findings}
    assert ("pass.rating-missing" in codes) is told
    assert "pass.rating-missing" not in {f.code for f in footprint(what).findings}
    _, obstacles = declaration_or_findings(result)
    assert ("pass.rating-missing" in {f.code for f in obstacles}) is told


def test_five_indicators_that_are_none_are_a_fault() -> None:
    what = inventory(process("cell"), row("cell", "input", "a", 1.0, dqi="1;2;9"))
    (found,) = check_rows(what)
    assert found.code == "pass.indicators-unreadable" and found.place.column == "dqi"
