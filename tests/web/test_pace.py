"""A pace is each caller's own: nobody uses it up for the others, and memory stays bounded."""

from datetime import UTC, datetime, timedelta

from saltbridge.web import pace
from saltbridge.web.pace import Pace

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_a_caller_that_asks_too_much_keeps_nobody_else_out() -> None:
    witness = Pace(3)
    assert [witness.allows("evil", NOON) for _ in range(5)] == [True] * 3 + [False] * 2
    assert witness.allows("partner", NOON)
    assert not witness.allows("evil", NOON + timedelta(seconds=59))
    assert witness.allows("evil", NOON + timedelta(seconds=61))


def test_so_many_callers_are_kept_in_mind_and_no_more() -> None:
    one = Pace(1)
    for number in range(pace._CALLERS + 50):
        one.allows(str(number), NOON)
    assert len(one._callers) == pace._CALLERS
    assert not one.allows(str(pace._CALLERS), NOON)
