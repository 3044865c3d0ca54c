"""Editions have a period: the day of the battery decides, never the day of the reader."""

from datetime import date

import pytest

from saltbridge.core.edition import (
    Edition,
    EditionStatus,
    NoEditionInForce,
    edition_in_force,
)

OLD = Edition("v1", EditionStatus.WITHDRAWN, date(2024, 1, 1), "", date(2024, 12, 31))
NOW = Edition("v2", EditionStatus.IN_FORCE, date(2025, 1, 1))
NEXT = Edition("v3", EditionStatus.PENDING, date(2026, 1, 1))
DRAFT = Edition("v4", EditionStatus.DRAFT, None)
ALL = (OLD, NOW, NEXT, DRAFT)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2024, 1, 1), "v1"),
        (date(2024, 12, 31), "v1"),
        (date(2025, 1, 1), "v2"),
        (date(2030, 1, 1), "v2"),  # what is only announced puts nothing in force
    ],
)
def test_the_edition_of_the_day_is_chosen(day: date, name: str) -> None:
    chosen = edition_in_force(ALL, day)
    assert (chosen.name, chosen.status) == (name, EditionStatus.IN_FORCE)


def test_before_every_period_nothing_is_in_force() -> None:
    with pytest.raises(NoEditionInForce) as caught:
        edition_in_force(ALL, date(2023, 12, 31))
    (found,) = caught.value.findings
    assert "v1 (pending)" in str(found.arguments["editions"])


def test_an_edition_whose_period_has_ended_is_not_in_force() -> None:
    """Even where its record still says so and nothing has followed it."""
    ended = Edition("v1", EditionStatus.IN_FORCE, date(2024, 1, 1), "", date(2024, 12, 31))
    with pytest.raises(NoEditionInForce):
        edition_in_force((ended,), date(2025, 1, 1))
    assert ended.on(date(2025, 1, 1)).status is EditionStatus.WITHDRAWN
    assert ended.on(date(2024, 6, 1)).status is EditionStatus.IN_FORCE


def test_status_follows_the_day() -> None:
    assert OLD.on(date(2024, 6, 1)).status is EditionStatus.IN_FORCE
    assert OLD.on(date(2025, 6, 1)).status is EditionStatus.WITHDRAWN
    assert NOW.on(date(2024, 6, 1)).status is EditionStatus.PENDING
    for day in (date(2020, 1, 1), date(2040, 1, 1)):
        assert NEXT.on(day) == NEXT and DRAFT.on(day) == DRAFT
