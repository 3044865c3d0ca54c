"""What-if: every kind of change against a value worked out on paper, and the levers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.levers import levers
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import Carrier, CircularTerms, Inventory, Stage
from saltbridge.footprint.whatif import apply_changes
from saltbridge.footprint.whatif_changes import parse_change, scenario_record
from saltbridge.testing.inventories import DAY, factor, factor_set, inventory, process, row

SET = factor_set(
    factor("powder", 10.0),
    factor("aluminium", 8.0),
    factor("electricity", 0.6, "kWh", location="CN", year=2024),
    factor("electricity", 0.1, "kWh", location="FR", year=2024),
    factor("lorry", 0.1, "tkm"),
)
CATENA, CATENA_V4 = choose("catena-x-pcf@v4", DAY)


def battery() -> Inventory:
    """One kilogram: cell 0.5 kg (powder 1 kg/kg, 2 kWh/kg), aluminium 0.5 kg, 1 tkm."""
    return inventory(
        process("pack", location="CN"),
        process("cell", location="CN"),
        row("pack", "input", "cell", 0.5, provider="cell"),
        row("pack", "input", "aluminium", 0.5, circular="aluminium"),
        row("pack", "input", "lorry", 1.0, "tkm", carrier=Carrier.TRANSPORT),
        row("cell", "input", "powder", 1.0),
        row("cell", "input", "electricity", 2.0, "kWh", carrier=Carrier.ELECTRICITY),
        circular=(CircularTerms(id="aluminium", material="aluminium", R1=0.0, Erecycled=1.0),),
    )


def total(what: Inventory) -> float:
    return calculate(what, CATENA, CATENA_V4, [SET]).total_kg_co2e


def after(*changes: tuple[str, str]) -> float:
    return total(apply_changes(battery(), [parse_change(k, t) for k, t in changes]))


def test_the_base() -> None:
    """hand: powder 0.5 x 10, electricity 1 x 0.6, aluminium 0.5 x 8, lorry 0.1 = 9.7."""
    assert total(battery()) == pytest.approx(9.7)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("electricity", "cell=FR", 9.7 - 0.5),  # 1 kWh at 0.1 in place of 0.6
        ("electricity", "plant=FR", 9.7 - 0.5),
        ("contract", "cell=ppa:0.05@0.8", 9.7 - 0.6 + 0.8 * 0.05 + 0.2 * 0.6),
        ("contract", "all=certificate:0", 9.7 - 0.6),
        ("supplier", "powder=4 kg/kg", 9.7 - 3.0),
        ("supplier", "powder=4000 g/kg", 9.7 - 3.0),
        ("supplier", "powder=factor:set/aluminium//", 9.7 - 1.0),
        ("supplier", "cell=3 kg/kg", 9.7 - 5.6 + 1.5),  # bought in place of made
        ("recycled", "aluminium=0.5", 9.7 - 4.0 + 0.5 * (0.5 * 8 + 0.5 * 1)),
        ("yield", "cell=0.8", 9.7 + 5.6 / 0.8 - 5.6),
        ("yield", "cell=0.90:0.95", 9.7 + 5.6 * 0.90 / 0.95 - 5.6),
        ("distance", "pack=0.5x", 9.7 - 0.05),
        ("distance", "pack=500 km", 9.7 - 0.05),  # 0.001 t x 500 km = 0.5 tkm
        ("transport", "pack=rail@0.02", 9.7 - 0.08),
        ("location", "plant=FR", 9.7 - 0.5),
        ("amount", "cell/powder=0.5x", 9.7 - 2.5),
        ("amount", "cell/powder=500 g", 9.7 - 2.5),
    ],
)
def test_one_change(kind: str, text: str, expected: float) -> None:
    assert after((kind, text)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        ({"unit": "kg", "amount": 3.0, "distance_km": 100.0}, 1.5),  # 3 kg x 500 km
        ({"unit": "km", "amount": 100.0, "load_kg": 3.0}, 1.5),
        ({"unit": "piece", "amount": 2.0, "load_kg": 3.0, "distance_km": 100.0}, 3.0),
        ({"unit": "tkm", "amount": 0.3, "load_kg": 3.0, "distance_km": 100.0}, 1.5),
        ({"unit": "km", "amount": 100.0}, 0.5),  # no load: that of the product, 1 kg
    ],
)
def test_a_leg_goes_further_with_its_own_load(leg: dict[str, Any], expected: float) -> None:
    """hand: tonne-kilometres over 500 km, at 0.1 kg CO2e each; no two figures disagree."""
    rows = tuple(
        replace(r, **leg) if r.carrier is Carrier.TRANSPORT else r for r in battery().exchanges
    )
    base = replace(battery(), exchanges=rows)
    further = apply_changes(base, [parse_change("distance", "pack=500 km")])
    result = calculate(further, CATENA, CATENA_V4, [SET])
    assert result.total_kg_co2e == pytest.approx(9.6 + 0.1 * expected)
    assert not any(
        f.code.startswith("pass.leg") and "mode" not in f.code for f in result.findings
    )
    twice = apply_changes(base, [parse_change("distance", "pack=2x")])
    codes = {f.code for f in calculate(twice, CATENA, CATENA_V4, [SET]).findings}
    assert "pass.leg-amount" not in codes


def test_changes_are_made_in_their_order_and_the_base_stays() -> None:
    base = battery()
    both = [parse_change("yield", "cell=0.8"), parse_change("electricity", "cell=FR")]
    assert total(apply_changes(base, both)) == pytest.approx(9.7 - 5.6 + 5.1 / 0.8)
    assert base == battery()


def test_a_move_keeps_who_makes_what() -> None:
    """Rows that find their maker by place still find it where the plant moved."""
    what = battery()
    rows = [
        replace(r, provider="", location="CN") if r.flow == "cell" else r
        for r in what.exchanges
    ]
    what = replace(what, exchanges=tuple(rows))
    moved = apply_changes(what, [parse_change("location", "plant=FR-IDF")])
    assert total(moved) == pytest.approx(9.2)
    assert (moved.plant.country, moved.plant.province) == ("FR", "FR-IDF")


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("yield", "cell", "whatif.syntax-yield"),
        ("yield", "cell=much", "whatif.syntax-yield"),
        ("yield", "cell=0", "whatif.yield-zero"),
        ("recycled", "aluminium=1.5", "whatif.share"),
        ("contract", "cell=ppa:0.05@1.2", "whatif.share"),
        ("contract", "cell=wish:0.05", "whatif.syntax-contract"),
        ("supplier", "powder=4", "whatif.syntax-supplier"),
        ("distance", "pack=-3 km", "whatif.syntax-distance"),
    ],
)
def test_what_is_no_change(kind: str, text: str, code: str) -> None:
    with pytest.raises(FaultyInput) as refused:
        parse_change(kind, text)
    assert refused.value.findings[0].code == code


def test_changes_that_meet_nothing_are_all_told() -> None:
    changes = [
        parse_change("electricity", "pack=FR"),
        parse_change("recycled", "gold=0.5"),
        parse_change("yield", "moon=0.5"),
        parse_change("supplier", "powder=4 kg/kgg"),
    ]
    with pytest.raises(FaultyInput) as refused:
        apply_changes(battery(), changes)
    assert [f.code for f in refused.value.findings] == [
        "whatif.touches-nothing",
        "whatif.no-material",
        "whatif.no-process",
        "whatif.unit",
    ]


def test_a_scenario_says_that_it_is_one() -> None:
    record: Any = scenario_record((parse_change("yield", "cell=0.8"),), "sha256:base")
    assert record["kind"] == "what-if"
    assert record["base_inputs_digest"] == "sha256:base"
    assert record["changes"] == [{"kind": "yield", "target": "cell", "value": "0.8"}]


def found_levers(what: Inventory) -> Sequence[Any]:
    return levers(what, CATENA, CATENA_V4, [SET])


def test_levers_are_what_one_percent_does() -> None:
    """hand: powder 5 kg of 9.7, so 1 % lower is -0.05; 1 % of the cell's 5.6 is 0.056."""
    by_name = {(lever.kind, lever.target): lever for lever in found_levers(battery())}
    assert by_name["factor", "set/powder//"].kg_co2e == pytest.approx(-0.05)
    assert by_name["yield", "cell"].kg_co2e == pytest.approx(-0.056)
    assert by_name["amount", "cell/electricity"].kg_co2e == pytest.approx(-0.006)
    assert by_name["recycled", "aluminium"].kg_co2e == pytest.approx(-0.01 * 0.5 * 7)
    assert ("yield", "pack") not in by_name  # the battery itself
    assert ("amount", "pack/cell") not in by_name  # the yield of the cell, seen twice


def test_the_strongest_lever_stands_first_and_agrees_with_the_calculation() -> None:
    found = found_levers(battery())
    sizes = [abs(lever.kg_co2e) for lever in found]
    assert sizes == sorted(sizes, reverse=True)
    better = after(("yield", "cell=1.0001"))
    lever = next(one for one in found if (one.kind, one.target) == ("yield", "cell"))
    assert (better - 9.7) / 0.01 == pytest.approx(lever.kg_co2e, rel=1e-3)


def test_plant_means_the_marked_processes_where_some_are_marked() -> None:
    what = battery()
    marked = tuple(
        replace(p, company_specific=p.id == "pack", stage=Stage.MAIN_PRODUCTION)
        for p in what.processes
    )
    with pytest.raises(FaultyInput):
        apply_changes(
            replace(what, processes=marked), [parse_change("electricity", "plant=FR")]
        )
