"""From when the duties of Article 7 apply, as the formulas of the law.

``article_7.csv`` holds them: Regulation (EU) 2023/1542, Article 7, OJ L 191, 28.7.2023, read
in the Official Journal text (2026-11-28). Every category has acts of its own, so an act is
named ``<act>-<category>``: ``cfb-method-ev`` is the delegated act with the method for
batteries of electric vehicles (the names are those of the passport's ``acts.csv``). None of
them is in force that we know of; when one is, its day is an argument. Article 7 is for
industrial batteries above 2 kWh only, and not for a battery that was on the market before it
was re-used, repurposed or remanufactured (paragraph 5): whoever asks for a date knows that.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType

from saltbridge.core.errors import FaultyInput
from saltbridge.core.legal_date import (
    AfterEntryIntoForce,
    DutyState,
    EntriesIntoForce,
    LegalDate,
    Resolved,
)

REGULATION = "Regulation (EU) 2023/1542, OJ L 191, 28.7.2023"
DECLARATION, CLASS, THRESHOLD = "declaration", "class", "threshold"
# Batteries of electric vehicles; rechargeable industrial ones without and with exclusively
# external storage; batteries of light means of transport.
CATEGORIES = ("ev", "industrial", "lmt", "industrial-external")
# A stationary storage system is an industrial battery (Article 3(1)(13) and (15)).
_ALSO_CALLED = {"stationary": "industrial"}
NOTHING_IN_FORCE: EntriesIntoForce = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of Article 7 for one category, from when it applies and where that stands."""

    id: str
    category: str
    applies_from: LegalDate
    citation: str


@lru_cache(maxsize=1)
def article_7() -> Mapping[tuple[str, str], Duty]:
    """The duties of Article 7 by (duty, category), in the order of the law."""
    table = (files("saltbridge.footprint") / "article_7.csv").read_text(encoding="utf-8")
    found = [_duty(row) for row in csv.DictReader(StringIO(table))]
    return MappingProxyType({(d.id, d.category): d for d in found})


@lru_cache(maxsize=1)
def awaited_acts() -> tuple[str, ...]:
    """The acts that a date of Article 7 may wait for."""
    terms = (t for duty in article_7().values() for t in duty.applies_from.after)
    return tuple(dict.fromkeys(t.act for t in terms))


def applies_from(
    duty: str, category: str, entries_into_force: EntriesIntoForce = NOTHING_IN_FORCE
) -> Resolved:
    """The day from which a duty applies, or the acts it waits for.

    Raises:
        KeyError: Article 7 has no such duty or category.
        FaultyInput: an entry into force of an act that no date of Article 7 knows.

    >>> applies_from("declaration", "ev").waits_for
    ('cfb-method-ev', 'cfb-declaration-format-ev')
    """
    _check(entries_into_force)
    named = _ALSO_CALLED.get(category, category)
    return article_7()[duty, named].applies_from.resolve(entries_into_force)


def duty_state(
    duty: str,
    category: str,
    day: date,
    entries_into_force: EntriesIntoForce = NOTHING_IN_FORCE,
) -> DutyState:
    """How a duty of Article 7 stands on a day: in force, not yet, or pending.

    Raises:
        KeyError: Article 7 has no such duty or category.
        FaultyInput: an entry into force of an act that no date of Article 7 knows.
    """
    return applies_from(duty, category, entries_into_force).state(day)


def _check(entries: EntriesIntoForce) -> None:
    # A misspelt act would leave a duty pending that is in force.
    unknown = [act for act in entries if act not in awaited_acts()]
    if unknown:
        raise FaultyInput.of(
            "edition.unknown-act", act=", ".join(unknown)[:80], known=", ".join(awaited_acts())
        )


def _duty(row: Mapping[str, str]) -> Duty:
    terms = (term.partition(":") for term in row["after"].split(";"))
    after = tuple(
        AfterEntryIntoForce(f"{act}-{row['category']}", int(months)) for act, _, months in terms
    )
    return Duty(
        row["duty"],
        row["category"],
        LegalDate(date.fromisoformat(row["fixed"]), after),
        f"{REGULATION}, {row['citation']}",
    )
