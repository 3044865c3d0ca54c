"""Dated editions of rules. Time and law are arguments: nothing here asks the clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from saltbridge.core.errors import Refused


class EditionStatus(StrEnum):
    """How far an edition of a rule set has come."""

    IN_FORCE = "in_force"
    PENDING = "pending"  # adopted or announced; the date is not known yet
    DRAFT = "draft"  # may be selected by name only, and yields an estimate
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a rule set. ``applies_from`` is None while the law has no date.

    ``applies_until`` is the last day it governs, None while no text ends it. ``status`` is
    that of today's knowledge; ``on`` gives the one of a day.
    """

    name: str
    status: EditionStatus
    applies_from: date | None
    title: str = ""
    applies_until: date | None = None

    def on(self, day: date) -> "Edition":
        """The edition with the status it has for a battery placed on the market that day.

        An edition that was withdrawn is in force within its period; one in force is pending
        before its period and withdrawn after it. What is draft or pending stays so on any
        day: a date that is only announced puts nothing in force.
        """
        if self.status not in (EditionStatus.IN_FORCE, EditionStatus.WITHDRAWN):
            return self
        if self.applies_from is None:
            return self
        if self.applies_until is not None and self.applies_until < day:
            return replace(self, status=EditionStatus.WITHDRAWN)
        if day < self.applies_from:
            return replace(self, status=EditionStatus.PENDING)
        return replace(self, status=EditionStatus.IN_FORCE)


class NoEditionInForce(Refused):
    """No edition governs the given day; the finding lists what is pending or draft."""


def edition_in_force(editions: Iterable[Edition], placed_on_market: date) -> Edition:
    """The edition governing a battery placed on the market that day.

    Drafts and pending editions are never chosen by date, nor is one whose period has ended.

    Raises:
        NoEditionInForce: none applies yet, or none any more.
    """
    known = tuple(e.on(placed_on_market) for e in editions)
    dated = [
        (e.applies_from, e)
        for e in known
        if e.status is EditionStatus.IN_FORCE and e.applies_from is not None
    ]
    if not dated:
        others = ", ".join(f"{e.name} ({e.status.value})" for e in known)
        raise NoEditionInForce.of(
            "edition.none-in-force", day=placed_on_market.isoformat(), editions=others
        )
    return max(dated, key=lambda pair: pair[0])[1]
