"""The bridge between two rule sets: every field has its place, steps close, holes are named."""

from dataclasses import fields, replace
from itertools import permutations
from math import fsum
from typing import Any

import pytest
from tests.golden.test_bridge import PRICES, battery

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.bridge import NOT_IN_THE_TOTAL, RULES, SHAPLEY_LIMIT, UNIT, bridge
from saltbridge.footprint.bridge_record import bridge_record
from saltbridge.footprint.bridge_result import Bridge, Change, ClauseStatus, Unmoved
from saltbridge.footprint.methodologies import known, methodologies
from saltbridge.footprint.methodology import CFF, CUT_OFF, Methodology, RuleSet
from saltbridge.footprint.model import Carrier, Inventory
from saltbridge.testing.inventories import factor_set, footprint, inventory, process, row

EU, CATENA, CHINA = "eu-cfb@draft-2024-04", "catena-x-pcf@v4", "cn-miit-551@2025-551"


def named(text: str) -> tuple[Methodology, str]:
    id, _, edition = text.partition("@")
    return methodologies()[id], edition


def between(start: str, end: str, what: Inventory | None = None, **more: Any) -> Bridge:
    return bridge(what or battery(), named(start), named(end), [factor_set(*PRICES)], **more)


def with_packaging() -> Inventory:
    box = row("pack", "input", "gas", 0.5, "piece", carrier=Carrier.PACKAGING)
    return replace(battery(), exchanges=(*battery().exchanges, box))


def test_every_field_of_a_rule_set_is_a_step_or_named_as_no_part_of_the_total() -> None:
    """A field added to ``RuleSet`` must be put into one of the tables of ``bridge.py``."""
    in_steps = [name for rule in (*RULES, UNIT) for name in rule.fields]
    assert len(in_steps) == len(set(in_steps))
    assert not NOT_IN_THE_TOTAL & set(in_steps)
    assert {f.name for f in fields(RuleSet)} == {*in_steps, *NOT_IN_THE_TOTAL}


def test_steps_close_between_all_rule_sets_in_the_printed_order() -> None:
    order = [rule.id for rule in RULES]
    others = [name for name in known() if name not in (EU, CATENA, CHINA)]
    pairs = [*permutations((EU, CATENA, CHINA), 2), *((EU, o) for o in others)]
    pairs += [(o, CATENA) for o in others]
    for start, end in pairs:
        found = between(start, end)
        assert abs(found.gap_kg_co2e) <= 1e-9, (start, end)
        for side, name in ((found.start, start), (found.end, end)):
            alone = footprint(battery(), *PRICES, methodology=name)
            assert side.footprint.contributions == alone.contributions
            assert side.footprint.holes == alone.holes
            assert side.footprint.declared_unit == alone.declared_unit
        taken = [order.index(step.rule) for step in found.steps]
        assert taken == sorted(taken)
        for step in found.steps:
            moved = fsum(line.delta_kg_co2e for line in step.lines)
            assert moved == pytest.approx(step.delta_kg_co2e, abs=1e-9)


def test_a_rule_set_and_itself_have_no_step() -> None:
    found = between(EU, EU)
    assert found.steps == () and found.unmoved == () and found.calculations == 1


def test_a_rule_that_cannot_act_is_not_calculated_and_one_that_can_is() -> None:
    """Packaging is left out of the draft only where the inventory has some."""
    what, boxed = battery(), with_packaging()
    bare, found = between(EU, CHINA, what), between(EU, CHINA, boxed)
    assert {s.rule: s.delta_kg_co2e for s in found.steps}["packaging"] == pytest.approx(150.0)
    assert found.calculations > bare.calculations
    assert abs(found.gap_kg_co2e) <= 1e-9


def test_a_line_that_an_unread_rule_takes_is_named_with_its_range() -> None:
    steps = {step.rule: step for step in between(EU, CHINA).steps}
    electricity = steps["electricity"]
    assert electricity.opens_holes
    (line,) = electricity.lines
    assert (line.row.flow, line.change) == ("electricity", Change.BECAME_HOLE)
    assert line.after_kg_co2e is None
    (hole,) = electricity.holes
    assert hole.change is Change.BECAME_HOLE and hole.before is None and hole.after is not None
    # 3,000 × 0.5777; or 1,500 × 0.0545 + 1,500 × 0.6096
    assert hole.after.low == pytest.approx(996.15) and hole.after.high == pytest.approx(1733.1)
    assert hole.after.reasons == ("rule_not_loaded",)
    assert electricity.after.status is ClauseStatus.NOT_LOADED
    assert electricity.range_after is not None


def test_the_way_back_gives_the_line_its_number() -> None:
    steps = {step.rule: step for step in between(CHINA, EU).steps}
    (line,) = steps["electricity"].lines
    assert line.change is Change.PRICED and line.before_kg_co2e is None
    (hole,) = steps["electricity"].holes
    assert hole.change is Change.PRICED and hole.after is None


def test_an_assumption_settles_the_side_that_leaves_the_rule_open() -> None:
    assume = {"electricity": "contract", "recycling": "cut_off", "cycles": "1000"}
    found = between(EU, CHINA, assumptions=assume)
    alone = footprint(battery(), *PRICES, methodology=CHINA, assumptions=assume)
    assert found.end.footprint.total_kg_co2e == alone.total_kg_co2e
    assert found.end.footprint.declared_unit == alone.declared_unit
    assert not found.end.footprint.holes
    assert found.start.footprint.total_kg_co2e == pytest.approx(6313.3)
    assert found.start.assumptions == {} and found.end.assumptions == assume
    assert {s.rule: s.after.status for s in found.steps} == {
        "recycling": ClauseStatus.ASSUMED,
        "electricity": ClauseStatus.ASSUMED,
    }


@pytest.mark.parametrize(
    ("assume", "code"),
    [
        ({"weather": "fine"}, "footprint.unknown-assumption"),
        ({"electricity": "wish"}, "footprint.assumption-value"),
        ({"cycles": "-3"}, "footprint.assumption-value"),
    ],
)
def test_an_assumption_that_fits_no_side_is_a_finding(
    assume: dict[str, str], code: str
) -> None:
    with pytest.raises(FaultyInput) as fault:
        between(EU, CHINA, assumptions=assume)
    assert [f.code for f in fault.value.findings] == [code]


def test_shapley_is_the_mean_over_all_orders() -> None:
    """hand: of the rules that differ, boundary and recycling meet in the scrap's credit.

    Boundary first takes the credit of −1,080 with it, recycling first has taken it already:
    boundary 829.8 or −250.2, mean 289.8; recycling −360 or +720, mean 180.
    """
    found = between(EU, CATENA, shapley=True)
    deltas = {step.rule: step.delta_kg_co2e for step in found.steps}
    assert deltas == {
        "boundary": pytest.approx(289.8),
        "recycling": pytest.approx(180.0),
        "electricity": pytest.approx(-736.95),
    }
    assert abs(found.gap_kg_co2e) <= 1e-9
    for step in found.steps:
        moved = fsum(line.delta_kg_co2e for line in step.lines)
        assert moved == pytest.approx(step.delta_kg_co2e, abs=1e-9)


def test_shapley_refuses_more_rules_than_it_can_order() -> None:
    china, edition = named(CHINA)
    other = replace(
        china.rule_set(edition),
        boundary=china.rule_set(edition).boundary[:2],
        excluded_carriers=frozenset({Carrier.PACKAGING}),
        recycling=(CUT_OFF,),
        capital_goods="out",
        waste="cut_off",
        gwp_sets=("AR5",),
        biogenic="both",
        electricity=china.rule_set(edition).electricity[:1],
        allocation=china.rule_set(edition).allocation[:1],
    )
    far = Methodology(id="far", title="far", rule_sets=(other,))
    with pytest.raises(FaultyInput) as fault:
        sets = [factor_set(*PRICES)]
        bridge(with_packaging(), named(CHINA), (far, edition), sets, shapley=True)
    (found,) = fault.value.findings
    assert found.code == "bridge.too-many-rules"
    assert found.arguments["count"] > SHAPLEY_LIMIT


def test_a_rule_that_works_on_no_row_is_listed_and_no_step() -> None:
    plain = inventory(process("pack"), row("pack", "input", "other materials", 1.0, "piece"))
    found = between(EU, CATENA, plain)
    assert found.steps == ()
    why = {rule.rule: rule.why for rule in found.unmoved}
    assert why["recycling"] is why["electricity"] is Unmoved.NOTHING_HERE
    assert why["allocation"] is Unmoved.SAME_EFFECT
    assert why["offsets"] is Unmoved.NOT_IN_TOTAL


def test_the_clause_is_that_of_the_end_and_the_start_stands_beside_it() -> None:
    record = bridge_record(between(EU, CATENA), battery())
    step = next(s for s in record["steps"] if s["rule"] == "recycling")
    assert "io.catenax.pcf 9.0.0" in step["clause"]
    assert step["from"]["value"] == "circular footprint formula"
    assert step["to"]["confidence"] == "secondary"
    assert {"methodology", "total_kg_co2e"} <= set(record["from"])
    assert {"rule", "clause", "delta_kg_co2e", "lines"} <= set(step)
    assert CFF != CUT_OFF  # the two rules the step stands between
    assert record["mass_per_unit_kg"] == 400.0
