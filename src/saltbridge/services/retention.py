"""Retention: which released bytes and manifests are past their term, and their erasure.

Erased are the bytes that were released and the manifest (names of fields). What proves what
happened stays for good: the decision record with its digests, its leaf in the log, the export
statement's digest, and a tombstone that says when and who. Never before the term, and never
what still serves: the public part of an active passport, and bytes that an agreement in force
may still fetch.

The term: Personal Information Protection Law of the PRC, Art. 56 has the records of impact
assessments kept for at least three years (recalled); the automotive guideline 2026 asks for
logs, its term was not found (secondary). Three years is the default and the least.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.exchange.policy import in_force
from saltbridge.exchange.records import agreement_of
from saltbridge.ports import ERASED, UnitOfWork, World
from saltbridge.steps.passport_reading import newest_number, stored_version
from saltbridge.steps.records import document, every
from saltbridge.trust.did import from_iso, iso

DEFAULT_YEARS: Final = 3
CITATION: Final = "PIPL Art. 56 (at least three years)"
DUE, IN_USE, KEPT, GONE = "due", "in-use", "kept", "erased"


@dataclass(frozen=True, slots=True)
class Aged:
    """A decision that let something go, with what becomes of its bytes."""

    decision_id: str
    document_kind: str
    recipient: str
    made_at: str
    ends_on: str  # day from which the bytes may be erased
    size: int
    state: str  # due | in-use | kept | erased


def years(world: World) -> int:
    """The term in years: setting ``retention_years``; never under three."""
    stated = world.settings.get("retention_years", DEFAULT_YEARS)
    sane = isinstance(stated, int) and not isinstance(stated, bool) and stated >= DEFAULT_YEARS
    return stated if sane else DEFAULT_YEARS


def aged(world: World) -> tuple[Aged, ...]:
    """Every decision that let something go, the oldest first, with the state of its bytes."""
    with world.store.reading() as view:
        return tuple(_aged(world, view, world.clock.now()))


def erase(world: World, person: Person) -> tuple[Aged, ...]:
    """Erase the bytes and manifests that are past their term; returns those.

    Raises:
        Refused: the person may not load rules (and so not erase).
    """
    if not person.may(Act.LOAD_RULES):
        raise Refused.of("retention.may-not", person=person.name)
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        due = tuple(a for a in _aged(world, work, now) if a.state == DUE)
        for one in due:
            record = document(work, "decision", one.decision_id)
            tombstone = canonical_bytes(
                {
                    "decision_id": one.decision_id,
                    "digest": record["digest"],
                    "size": record["size"],
                    "erased_at": iso(now),
                    "erased_by": {"id": person.id, "name": person.name},
                    "retention_years": years(world),
                }
            )
            work.put(ERASED, one.decision_id, tombstone, expected_version=0)
            work.append_leaf("border.erased", one.decision_id, tombstone)
            work.erase(one.decision_id)
    return due


def _aged(world: World, view: UnitOfWork, now: datetime) -> Iterator[Aged]:
    used = set(_in_use(view, now))
    records = [read_json(r.body) for r in every(view, "decision")]
    for record in sorted(records, key=lambda r: (str(r["made_at"]), str(r["id"]))):
        if record["digest"] is None:
            continue
        made_at = from_iso(record["made_at"])
        ends = _years_later(made_at, years(world))
        if view.get(ERASED, record["id"]) is not None:
            state = GONE
        elif now < ends:
            state = KEPT
        else:
            state = IN_USE if record["id"] in used else DUE
        yield Aged(
            decision_id=record["id"],
            document_kind=record["document_kind"],
            recipient=record["recipient"]["bpn"],
            made_at=record["made_at"],
            ends_on=ends.date().isoformat(),
            size=int(record["size"]),
            state=state,
        )


def _in_use(view: UnitOfWork, now: datetime) -> Iterator[str]:
    """Ids of decisions whose bytes are still served, with those of their statements."""
    decisions: set[str] = set()
    for passport in every(view, "passport"):
        body = read_json(passport.body)
        if body["status"] == "active":
            decisions.add(body["public"]["decision_id"])
            for number in range(1, newest_number(body)):  # these are read by date
                before = stored_version(view, str(body["id"]), number)
                if before is not None:
                    decisions.add(before["public"]["decision_id"])
    for copy in every(view, "passport-copy"):  # other operators' passports, to be served
        decisions |= {v["public"]["decision_id"] for v in read_json(copy.body)["versions"]}
    for kept in every(view, "passport-status-list"):
        decisions.add(read_json(kept.body)["decision_id"])
    agreed = {
        (kept.agreement.dataset_id, kept.counterparty)
        for kept in (agreement_of(read_json(a.body)) for a in every(view, "agreement"))
        if in_force(kept.agreement, now)
    }
    for dataset in every(view, "dataset"):
        offered: Mapping[str, Any] = read_json(dataset.body)
        for bpn, release in offered["releases"].items():
            if (offered["id"], bpn) in agreed:
                decisions.add(release["decision_id"])
    yield from decisions
    for id in decisions:
        statement = document(view, "export-statement", id)
        if statement is not None:
            yield statement["statement_decision_id"]


def _years_later(moment: datetime, count: int) -> datetime:
    try:
        return moment.replace(year=moment.year + count)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + count, month=3, day=1)
