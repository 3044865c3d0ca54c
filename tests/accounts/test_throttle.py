"""Waiting grows with every failure, ends, and the last door closes."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from saltbridge.accounts.throttle import ACCOUNT, ADDRESS, NEVER, Attempts, wait
from saltbridge.testing.builders import NOON


@given(st.integers(0, 98), st.sampled_from([ACCOUNT, ADDRESS]))
def test_one_more_failure_never_shortens_the_wait(failed: int, rule: object) -> None:
    less = wait(Attempts(failed, NOON), rule, NOON)
    more = wait(Attempts(failed + 1, NOON), rule, NOON)
    assert less <= more <= ACCOUNT.longest_wait


@given(st.integers(0, 99))
def test_whoever_waited_is_heard(failed: int) -> None:
    attempts = Attempts(failed, NOON)
    due = NOON + wait(attempts, ACCOUNT, NOON)
    assert wait(attempts, ACCOUNT, due) == timedelta(0)
    if failed >= ACCOUNT.free:
        assert wait(attempts, ACCOUNT, due - timedelta(seconds=1)) > timedelta(0)


def test_a_hundred_failures_in_a_row_close_an_account_but_no_address() -> None:
    assert wait(Attempts(100, NOON), ACCOUNT, NOON + timedelta(days=20)) is NEVER
    assert wait(Attempts(100_000, NOON), ADDRESS, NOON) == ADDRESS.longest_wait


def test_a_hundred_guesses_take_the_better_part_of_a_day() -> None:
    total = sum((wait(Attempts(n, NOON), ACCOUNT, NOON) for n in range(100)), timedelta(0))
    assert total > timedelta(hours=20)
