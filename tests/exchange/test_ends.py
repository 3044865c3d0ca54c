"""Until when data may be provided and used: a year, unless the policy says otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from saltbridge.exchange.ends import ends_of, in_force, may_use
from saltbridge.exchange.model import Agreement

CONCLUDED = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEAR = CONCLUDED + timedelta(days=365)
SOON, LATE = datetime(2026, 6, 30, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)


def _agreement(permitted=(), owed=(), at="2026-03-01T12:00:00Z"):
    def rule(terms):
        named = [{"leftOperand": n, "operator": "eq", "rightOperand": v} for n, v in terms]
        return [{"action": "use", "constraint": [{"and": named}]}]

    return Agreement(
        "a", "d", "p", "c", {"permission": rule(permitted), "obligation": rule(owed)}, at
    )


@pytest.mark.parametrize(
    ("permitted", "owed", "provided", "used"),
    [
        ([], [], YEAR, YEAR),
        ([("DataUsageEndDate", "2026-06-30T00:00:00Z")], [], SOON, SOON),  # ends the agreement
        ([("DataUsageEndDate", "2029-01-01T00:00:00+00:00")], [], YEAR, LATE),
        ([("DataUsageEndDurationDays", "10")], [], None, CONCLUDED + timedelta(days=10)),
        ([("DataUsageEndDurationDays", 10)], [], None, CONCLUDED + timedelta(days=10)),
        ([("DataUsageEndDefinition", "cx.dataUsageEnd.unlimited:1")], [], YEAR, None),
        ([], [("DataProvisioningEndDate", "2026-06-30T00:00:00Z")], SOON, YEAR),
        (
            [("DataUsageEndDefinition", "cx.dataUsageEnd.unlimited")],
            [("DataProvisioningEndDate", "2029-01-01T00:00:00Z")],
            LATE,
            None,
        ),
        (
            [("DataUsageEndDate", "2029-01-01T00:00:00Z")],
            [("DataProvisioningEndDurationDays", "1000")],
            CONCLUDED + timedelta(days=1000),
            LATE,
        ),
    ],
)
def test_ends_are_those_of_the_policy_else_a_year(permitted, owed, provided, used):
    agreement = _agreement(permitted, owed)
    ends = ends_of(agreement)
    assert ends.used_until == used
    assert ends.provided_until == (provided or used)
    second = timedelta(seconds=1)
    assert in_force(agreement, ends.provided_until - second)
    assert not in_force(agreement, ends.provided_until)
    if used is not None:
        assert may_use(agreement, used - second)
        assert not may_use(agreement, used)
    else:
        assert may_use(agreement, LATE + timedelta(days=10_000))


def test_of_two_ends_the_earlier_one_holds():
    both = [("DataUsageEndDate", "2029-01-01T00:00:00Z"), ("DataUsageEndDurationDays", "10")]
    assert ends_of(_agreement(both)).used_until == CONCLUDED + timedelta(days=10)


def test_it_is_said_whose_word_the_end_is_and_what_follows():
    ends = ends_of(
        _agreement(
            [
                ("DataUsageEndDate", "2026-06-30T00:00:00Z"),
                ("ContractTermination", "cx.data.keeping:1"),
            ]
        )
    )
    assert (ends.used_by, ends.provided_by, ends.kept_after) == (
        "DataUsageEndDate",
        "DataUsageEndDate",
        True,
    )
    assert ends_of(_agreement()).used_by == ""


@pytest.mark.parametrize("at", ["", "soon", "2026-03-01T12:00:00"])
def test_without_a_moment_of_conclusion_nothing_is_in_force(at):
    agreement = _agreement(at=at)
    assert ends_of(agreement) is None
    assert not in_force(agreement, CONCLUDED)
    assert not may_use(agreement, CONCLUDED)


def test_five_minutes_are_allowed_for_clocks_that_differ():
    assert in_force(_agreement(), CONCLUDED - timedelta(minutes=5))
    assert not in_force(_agreement(), CONCLUDED - timedelta(minutes=6))


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_moments_at_the_ends_of_time_break_nothing(at):
    agreement = _agreement([("DataUsageEndDurationDays", "99999")], at=at)
    assert not in_force(agreement, CONCLUDED)
    assert not may_use(agreement, CONCLUDED)
    assert ends_of(agreement).used_until > ends_of(agreement).concluded
