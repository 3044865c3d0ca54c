"""Dates of the law: the latest term counts, and a missing act leaves the date open."""

from datetime import date

import pytest

from saltbridge.core.legal_date import (
    AfterEntryIntoForce,
    DutyState,
    LegalDate,
    Resolved,
    months_later,
)

FORMULA = LegalDate(
    date(2025, 2, 18), (AfterEntryIntoForce("da", 12), AfterEntryIntoForce("ia", 18))
)


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        (date(2027, 1, 15), 12, date(2028, 1, 15)),
        (date(2026, 8, 31), 18, date(2028, 2, 29)),  # a leap year
        (date(2027, 8, 31), 18, date(2029, 2, 28)),
        (date(2027, 12, 1), 1, date(2028, 1, 1)),
        (date(2027, 5, 31), 0, date(2027, 5, 31)),
    ],
)
def test_months_are_counted_by_the_calendar(start: date, months: int, day: date) -> None:
    assert months_later(start, months) == day


def test_the_latest_term_counts() -> None:
    """Hand: 10 Jan 2027 + 12 months is before 1 Feb 2027 + 18 months."""
    both = {"da": date(2027, 1, 10), "ia": date(2027, 2, 1)}
    assert FORMULA.resolve(both) == Resolved(date(2028, 8, 1))
    early = {"da": date(2023, 1, 1), "ia": date(2023, 1, 1)}
    assert FORMULA.resolve(early) == Resolved(date(2025, 2, 18))


@pytest.mark.parametrize(
    ("entries", "waits_for"),
    [({}, ("da", "ia")), ({"da": date(2020, 1, 1), "ia": None}, ("ia",))],
)
def test_a_missing_act_is_named_and_no_date_is_guessed(
    entries: dict[str, date | None], waits_for: tuple[str, ...]
) -> None:
    open_ = FORMULA.resolve(entries)
    assert open_ == Resolved(None, waits_for)
    assert open_.state(date(2099, 1, 1)) is DutyState.PENDING


def test_a_duty_begins_on_its_day() -> None:
    start = Resolved(date(2028, 8, 1))
    assert start.state(date(2028, 7, 31)) is DutyState.NOT_YET
    assert start.state(date(2028, 8, 1)) is DutyState.IN_FORCE
