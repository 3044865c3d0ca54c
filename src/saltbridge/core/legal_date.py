"""Dates of the law as formulas: nothing here knows a day that the law does not know yet.

Much of Union law starts on a fixed day or some months after an act of its own has entered
into force, whichever is later. Until that act exists there is no date: the answer is
``pending`` with what it waits for, and never a guess.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

# Act -> the day it entered into force. An act that is absent, or None, is not in force.
EntriesIntoForce: TypeAlias = Mapping[str, date | None]


class DutyState(StrEnum):
    """How a duty stands on a day. ``pending`` is not the same as missing or met."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"  # the day is known and has not come
    PENDING = "pending"  # the day is not known: an act is missing


@dataclass(frozen=True, slots=True)
class AfterEntryIntoForce:
    """Some months after the entry into force of an act."""

    act: str
    months: int


@dataclass(frozen=True, slots=True)
class LegalDate:
    """The latest of a fixed day and of the days that acts set: ``max(day, act + n months)``.

    >>> LegalDate(date(2025, 2, 18), (AfterEntryIntoForce("method", 12),)).resolve({})
    Resolved(day=None, waits_for=('method',))
    """

    fixed: date
    after: tuple[AfterEntryIntoForce, ...] = ()

    def resolve(self, entries: EntriesIntoForce) -> "Resolved":
        """The day, or what it waits for. One missing act leaves the whole date open."""
        days = [self.fixed]
        waits_for = []
        for term in self.after:
            start = entries.get(term.act)
            if start is None:
                waits_for.append(term.act)
            else:
                days.append(months_later(start, term.months))
        return Resolved(None, tuple(waits_for)) if waits_for else Resolved(max(days))


@dataclass(frozen=True, slots=True)
class Resolved:
    """A day of the law; None while ``waits_for`` names acts that are not in force."""

    day: date | None
    waits_for: tuple[str, ...] = ()

    def state(self, on: date) -> DutyState:
        """How the duty stands on a day."""
        if self.day is None:
            return DutyState.PENDING
        return DutyState.IN_FORCE if self.day <= on else DutyState.NOT_YET


def months_later(start: date, months: int) -> date:
    """The same day some months later, or the last day of a month that is too short.

    Regulation (EEC, Euratom) No 1182/71, Article 3(2)(c): a period in months ends with the
    same date, and where that date lacks, with the last day of the month (recalled).

    >>> months_later(date(2027, 8, 31), 18)
    datetime.date(2029, 2, 28)
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
