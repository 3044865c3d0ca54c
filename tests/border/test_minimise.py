"""Transforms: what leaves in place of a field that must not leave as it is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.border.context import Context, Secrets
from saltbridge.border.minimise import (
    TRANSFORMS,
    WITHHELD,
    StagePlan,
    commitment,
    plan_stages,
    pseudonym,
)
from saltbridge.core.quantity import round_significant
from saltbridge.testing.canaries import STAGES, line

KEY, OTHER = Secrets(b"a" * 32), Secrets(b"b" * 32)


def footprint(**contributors: int) -> dict[str, object]:
    lines = [line(s, n, 10.0) for s, count in contributors.items() for n in range(count)]
    return {"stages": {s: 10.0 * n for s, n in contributors.items()}, "lines": lines}


OTHERS = tuple(s for s in STAGES if s != "distribution")


def test_hand_three_contributors_tell_a_stage():
    plan = plan_stages(footprint(raw_material_acquisition=5, main_production=3, end_of_life=4))
    assert plan.apart == set(OTHERS) and plan.merged == ()


def test_hand_stages_of_two_and_one_are_told_as_one_sum():
    plan = plan_stages(footprint(raw_material_acquisition=5, main_production=2, end_of_life=1))
    assert plan.apart == {"raw_material_acquisition"}
    assert plan.merged == ("main_production", "end_of_life")


def test_hand_a_single_small_stage_takes_the_smallest_other_along():
    """Total minus the other stages would tell it."""
    plan = plan_stages(footprint(raw_material_acquisition=5, main_production=3, end_of_life=2))
    assert plan.apart == {"raw_material_acquisition"}
    assert plan.merged == ("main_production", "end_of_life")


def test_two_stages_of_one_line_each_are_not_enough_together():
    plan = plan_stages(footprint(raw_material_acquisition=5, main_production=1, end_of_life=1))
    assert plan.apart == set() and plan.merged == OTHERS


def test_the_gases_of_one_process_are_one_contributor():
    record = footprint(raw_material_acquisition=5, main_production=3, end_of_life=3)
    assert "end_of_life" in plan_stages(record).apart
    for one in record["lines"]:
        if one["stage"] == "end_of_life":
            one |= {"process": "boiler", "term": "direct_emission"}
    assert "end_of_life" not in plan_stages(record).apart


def test_distribution_protects_nobody_since_it_is_told():
    plan = plan_stages(footprint(raw_material_acquisition=5, distribution=9, end_of_life=2))
    assert plan.merged == ("raw_material_acquisition", "end_of_life")


def test_nothing_is_told_where_nobody_can_say_who_contributes():
    for unknown in (None, {}, {"stages": {"main_production": 1.0}}, footprint(end_of_life=2)):
        assert plan_stages(unknown).apart == frozenset()
        assert plan_stages(unknown).merged == ()


def test_a_stage_without_anything_in_it_may_say_zero():
    plan = plan_stages(footprint(raw_material_acquisition=3, end_of_life=0))
    assert plan.apart == {"raw_material_acquisition", "end_of_life"}


def test_one_flow_told_on_many_lines_is_one_contributor():
    same = [line("main_production", 1, 5.0) for _ in range(9)]
    assert plan_stages({"stages": {"main_production": 45.0}, "lines": same}).apart == set()


def test_lines_of_zero_contribute_nothing():
    lines = [line("main_production", n, 0.0 if n else 5.0) for n in range(9)]
    assert plan_stages({"stages": {"main_production": 5.0}, "lines": lines}).apart == set()


@given(st.fixed_dictionaries({s: st.integers(0, 6) for s in STAGES}))
def test_whatever_is_told_has_three_contributors(contributors):
    plan = plan_stages(footprint(**contributors))
    assert all(contributors[s] == 0 or contributors[s] >= 3 for s in plan.apart)
    if plan.merged:
        assert len(plan.merged) >= 2
        assert sum(contributors[s] for s in plan.merged) >= 3
    assert plan.apart.isdisjoint(plan.merged)
    if plan.apart or plan.merged:
        assert plan.apart | set(plan.merged) == set(OTHERS)


def test_pseudonyms_hold_for_one_recipient_and_differ_for_another():
    one = pseudonym("Ganfeng", "BPNL00000000CARS", KEY)
    assert one == pseudonym("Ganfeng", "BPNL00000000CARS", KEY)
    assert one != pseudonym("Ganfeng", "BPNL00000000VANS", KEY)
    assert one != pseudonym("Ganfeng", "BPNL00000000CARS", OTHER)
    assert one != pseudonym("Ganfen", "BPNL00000000CARS", KEY)
    assert "Ganfeng" not in one


def test_commitments_bind_and_cannot_be_compared_between_decisions():
    def context(id: str) -> Context:
        from saltbridge.border.context import PUBLIC

        at = datetime(2026, 11, 23, tzinfo=UTC)
        return Context(
            decision_id=id,
            origin="CN",
            destination="EU",
            recipient=PUBLIC,
            purpose="",
            agreement=None,
            at=at,
            counters=None,
            person="",
        )

    lines = [{"flow": "cobalt", "amount": 1.0}]
    one = commitment(lines, context("d1"), KEY)
    assert one == commitment(lines, context("d1"), KEY)
    assert one != commitment(lines, context("d2"), KEY)
    assert one != commitment([{"flow": "cobalt", "amount": 1.1}], context("d1"), KEY)
    assert one != commitment(lines, context("d1"), OTHER)


def test_a_short_key_is_no_key():
    with pytest.raises(ValueError, match="32 bytes"):
        Secrets(b"short")


def test_a_key_is_not_printed():
    assert "aaa" not in repr(KEY)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_keeps_six_digits(value):
    rounded = round_significant(value, 6)
    assert rounded == pytest.approx(value, rel=5.1e-6)
    assert round_significant(rounded, 6) == rounded


def test_a_stage_that_one_contributor_dominates_is_not_told_apart():
    """More than 85 % of a stage by one contributor: the total would tell it."""

    def plan(*raw: float):
        lines = [
            {
                "stage": "raw_material_acquisition",
                "process": "p",
                "flow": f"r{n}",
                "kg_co2e": kg,
            }
            for n, kg in enumerate(raw)
        ]
        lines += [
            {"stage": "main_production", "process": "q", "flow": f"m{n}", "kg_co2e": 30.0}
            for n in range(4)
        ]
        totals = {"raw_material_acquisition": sum(raw), "main_production": 120.0}
        return plan_stages({"stages": totals, "lines": lines})

    both = {"raw_material_acquisition", "main_production"}
    assert plan(85.0, 10.0, 5.0).apart == both
    dominated = plan(86.0, 10.0, 4.0)
    assert dominated.apart == frozenset() and set(dominated.merged) == both
    assert plan(-86.0, 10.0, 4.0).apart == frozenset()  # a credit dominates as well
    assert plan(99_000.0, 1.0, 1.0) == StagePlan(frozenset(), ())  # even the whole would tell


def test_numbers_are_rounded_as_their_row_says():
    given = None
    for digits, due in ((2, 1200.0), (3, 1230.0), (6, 1234.57)):
        assert TRANSFORMS[f"round-{digits}"](1234.5678, ("x",), given) == due
    assert TRANSFORMS["round-3"]("1234", ("x",), given) is WITHHELD
