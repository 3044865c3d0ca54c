"""Dated editions of rules. Time and law are arguments: nothing here asks the clock."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    """One edition of a rule set. ``applies_from`` is None while the law has no date."""

    name: str
    status: EditionStatus
    applies_from: date | None
    title: str = ""


class NoEditionInForce(Refused):
    """No edition governs the given day; the finding lists what is pending or draft."""


def edition_in_force(editions: Iterable[Edition], placed_on_market: date) -> Edition:
    """The edition governing a battery placed on the market that day.

    Drafts and pending editions are never chosen by date.

    Raises:
        NoEditionInForce: none applies yet.
    """
    known = tuple(editions)
    dated = [
        (e.applies_from, e)
        for e in known
        if e.status is EditionStatus.IN_FORCE
        and e.applies_from is not None
        and e.applies_from <= placed_on_market
    ]
    if not dated:
        others = ", ".join(f"{e.name} ({e.status.value})" for e in known)
        raise NoEditionInForce.of(
            "edition.none-in-force", day=placed_on_market.isoformat(), editions=others
        )
    return max(dated, key=lambda pair: pair[0])[1]
