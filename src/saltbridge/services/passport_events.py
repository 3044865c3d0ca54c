"""Events in the life of a battery, recorded by the operator who answers for its passport.

What moves responsibility to somebody else is agreed between two nodes: ``passport_handover``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from saltbridge.core.errors import Refused
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.passport.lifecycle import Life, step
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_event_effects import Recorded, record_event
from saltbridge.steps.passport_event_words import (
    EventRequest,
    event_words,
    given_values,
    signed_event,
)
from saltbridge.steps.passport_events import (
    check_event,
    keep_event,
    kept_events,
    life_of,
    taken_over,
)
from saltbridge.steps.passport_stated import keep_unknown


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event as it is listed."""

    number: int
    event: str
    occurred_on: str
    recorded_at: str
    signed_by: tuple[str, ...]
    version: int
    digest: str
    to: str
    successor: str
    predecessors: tuple[str, ...]
    capacity: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


def record(world: World, request: EventRequest) -> tuple[Recorded, bytes]:
    """Sign and record an event that concerns this operator alone, with the version it makes.

    Returns what was recorded and the signed claim file. Of a passport that another node serves
    the file has to be brought there.

    Raises:
        FaultyInput: no such passport, unknown event or faulty values.
        Refused: the rules of the life cycle stand against it.
    """
    now, given = world.clock.now(), given_values(world, request.facts)
    with world.store.unit_of_work() as work:
        foreign = _foreign(work, request.passport)
        if foreign is not None:
            return _record_foreign(world, work, foreign, request, now)
        passport = passport_named(work, request.passport)
        words = event_words(
            world,
            work,
            life_of(work, world, passport),
            replace(request, passport=passport["id"]),
            version=str(passport["claim_digest"]),
            signed_by=frozenset({world.node.did}),
        )
        check_event(work, world, passport, words, now.date())
        file = signed_event(world, work, words, now)
        done = record_event(
            world, work, passport, words, [parse_claim_file(file)], given, now, request.person
        )
        keep_unknown(work, passport["id"], done.version, request.facts)
    return done, file


def _foreign(work: UnitOfWork, wanted: str) -> Life | None:
    """The life of a passport that this operator answers for and another node serves."""
    issued_here = not is_urn_uuid(wanted) or work.get("passport", wanted) is not None
    return None if issued_here else taken_over(work, wanted)


def _record_foreign(
    world: World, work: UnitOfWork, life: Life, request: EventRequest, now: datetime
) -> tuple[Recorded, bytes]:
    """An event of a passport that was taken over: its file goes to the node that serves it."""
    newest = [*kept_events(work, life.passport)][-1]
    words = event_words(
        world,
        work,
        life,
        request,
        version=newest["content"]["version"],
        signed_by=frozenset({world.node.did}),
    )
    after, found = step(life, words.event, now.date())
    if after is None:
        raise Refused(found)
    file = signed_event(world, work, words, now)
    kept = keep_event(
        work, words, [parse_claim_file(file)], [world.node.did], now, person=request.person
    )
    digest = kept["digests"][0]
    return Recorded(life.passport, "", request.kind, words.number, 0, digest), file


def past_events(world: World, wanted: str) -> tuple[Life, list[PastEvent]]:
    """Where a passport stands and its events, the oldest first; of passports issued here, and
    of those of other nodes that this operator took over.

    Raises:
        FaultyInput: no such passport.
    """
    with world.store.reading() as view:
        life = _foreign(view, wanted)
        if life is None:
            life = life_of(view, world, passport_named(view, wanted))
        return life, [_listed(kept) for kept in kept_events(view, life.passport)]


def _listed(kept: Mapping[str, Any]) -> PastEvent:
    content = kept["content"]
    return PastEvent(
        number=kept["number"],
        event=kept["event"],
        occurred_on=kept["occurred_on"],
        recorded_at=kept["recorded_at"],
        signed_by=tuple(kept["signed_by"]),
        version=kept["version"],
        digest=kept["digests"][0],
        to=content["to"],
        successor=content["successor"],
        predecessors=tuple(p["passport_id"] for p in content["predecessors"]),
        capacity=content["capacity"],
        details=content["details"],
    )
