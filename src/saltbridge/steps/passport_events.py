"""The events of a passport in the store: appended, each with its signed claims and a leaf."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.formats.claim_file import ClaimFile
from saltbridge.passport.event_words import EventWords, event_content, parse_event
from saltbridge.passport.lifecycle import Event, Life, advance, step
from saltbridge.passport.lifecycle_rules import WHOLE, Status
from saltbridge.ports import UnitOfWork, World
from saltbridge.trust.did import iso

RECORD: Final = "passport-event"
LEAF: Final = "passport.event"
HANDED_OVER: Final = "handed-over"  # the status of a passport's record: another node has it


def event_id(passport_id: str, number: int) -> str:
    """The id of an event's record; events count from 1.

    >>> event_id("urn:uuid:1", 2)
    'urn:uuid:1#000002'
    """
    return f"{passport_id}#{number:06d}"


def kept_events(view: UnitOfWork, passport_id: str) -> Iterator[Mapping[str, Any]]:
    """The records of a passport's events, in the order in which they happened."""
    after = f"{passport_id}#"
    while page := view.find(RECORD, after=after, limit=100):
        for record in page:
            if not record.id.startswith(f"{passport_id}#"):
                return
            yield read_json(record.body)
        after = page[-1].id


def life_of(view: UnitOfWork, world: World, passport: Mapping[str, Any]) -> Life:
    """Where a passport stands, worked out from its events.

    Raises:
        Refused: what is stored is no possible life.
    """
    begun = date.fromisoformat(passport["placed_on_market"])
    first = str(passport.get("first_operator") or world.node.did)
    life = Life(passport["id"], Status.ORIGINAL, first, begun)
    for words in _kept_words(view, passport["id"]):
        life = succeeded(life, passport.get("succession"))
        life = _stepped(None if words.event.predecessors else life, words.event)
    return succeeded(life, passport.get("succession"))


def succeeded(life: Life, succession: Mapping[str, Any] | None) -> Life:
    """The life, with who stepped in for an operator that is gone and can sign nothing."""
    if not succession or life.events != succession["after_events"]:
        return life
    return replace(life, operator=str(succession["operator"]))


def taken_over(view: UnitOfWork, passport_id: str) -> Life | None:
    """Where another node's passport stands that this operator took over; None if it did not.

    Raises:
        Refused: what is stored is no possible life.
    """
    life: Life | None = None
    for words in _kept_words(view, passport_id):
        event = words.event
        status = Status(words.status or Status.ORIGINAL)
        life = _stepped(life or Life(event.passport, status, event.operator, event.on), event)
    return life


def passed_whole(view: UnitOfWork, passport_id: str) -> bool:
    """Whether the battery lives on, as a whole, under another passport."""
    return any(
        kept["event"] in WHOLE and kept["content"].get("successor")
        for kept in kept_events(view, passport_id)
    )


def refuse_if_elsewhere(passport: Mapping[str, Any]) -> None:
    """
    Raises:
        Refused: another operator's node took the passport over; nothing follows here.
    """
    if passport["status"] == HANDED_OVER:
        raise Refused.of(
            "handover.elsewhere", passport=passport["id"], address=passport["served_at"]
        )


def refuse_if_not_responsible(
    view: UnitOfWork, world: World, passport: Mapping[str, Any]
) -> None:
    """
    Raises:
        Refused: another operator answers for the passport by now, or has it.
    """
    refuse_if_elsewhere(passport)
    operator = life_of(view, world, passport).operator
    if operator != world.node.did:
        raise Refused.of("handover.not-responsible", passport=passport["id"], operator=operator)


def refuse_if_passed_whole(view: UnitOfWork, world: World, passport: Mapping[str, Any]) -> None:
    """
    Raises:
        Refused: the battery lives on as a whole under another passport, which tells the rest.
    """
    life = life_of(view, world, passport)
    if life.passed_whole:
        successors = ", ".join(life.successors)
        raise Refused.of("lifecycle.passed-on", event="version", successors=successors)


def _kept_words(view: UnitOfWork, passport_id: str) -> Iterator[EventWords]:
    for kept in kept_events(view, passport_id):
        yield parse_event(kept["content"], frozenset(kept["signed_by"]))


def _stepped(life: Life | None, event: Event) -> Life:
    after, found = step(life, event, date.max)
    if after is None:
        raise Refused(found)
    return after


def lives_with(
    view: UnitOfWork, world: World, passport: Mapping[str, Any], others: Sequence[str]
) -> dict[str, Life]:
    """The life of a passport and of those beside it that this node issued."""
    found = view.get_many("passport", others)
    records = [passport, *(read_json(record.body) for record in found.values())]
    return {str(r["id"]): life_of(view, world, r) for r in records}


def last_event(view: UnitOfWork, passport_id: str) -> tuple[int, str]:
    """Number of the newest event and the digest of its first claim; 0 and empty without."""
    number, previous = 0, ""
    for kept in kept_events(view, passport_id):
        number, previous = int(kept["number"]), str(kept["digests"][0])
    return number, previous


def check_event(
    view: UnitOfWork, world: World, passport: Mapping[str, Any], words: EventWords, today: date
) -> Life:
    """The passport after the event.

    Raises:
        Refused: the rules of the life cycle stand against it; every reason at once.
    """
    refuse_if_elsewhere(passport)
    event = words.event
    named = [event.successor, *(link.passport for link in event.predecessors)]
    lives = lives_with(view, world, passport, [id for id in named if id])
    after, found = advance(lives, event, today)
    if found:
        raise Refused(found)
    return after[event.passport]


def keep_event(
    work: UnitOfWork,
    words: EventWords,
    files: Sequence[ClaimFile],
    signed_by: Sequence[str],
    now: datetime,
    *,
    version: int = 0,
    person: str = "",
) -> Mapping[str, Any]:
    """Store an event with its claims, and append its leaf; ``version``: the one it made.

    Raises:
        StaleWrite: somebody else recorded an event of this number.
    """
    record = {
        "passport_id": words.event.passport,
        "number": words.number,
        "event": words.event.kind.value,
        "occurred_on": words.event.on.isoformat(),
        "recorded_at": iso(now),
        "person": person,
        "version": version,
        "signed_by": list(signed_by),
        "digests": [file.claim.digest for file in files],
        "content": event_content(words),
        "claims": [
            {"jws": file.claim.jws, "did_document": dict(file.did_document)} for file in files
        ],
    }
    body = canonical_bytes(record)
    id = event_id(words.event.passport, words.number)
    work.put(RECORD, id, body, expected_version=0)
    work.append_leaf(LEAF, id, body)
    return record
