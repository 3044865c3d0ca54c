"""The words of an event as this node writes, signs and reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Place, errors_in, finding
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file
from saltbridge.passport.event_words import EventWords, event_content, parse_event
from saltbridge.passport.lifecycle import Event, Life, Link
from saltbridge.passport.lifecycle_rules import EventKind
from saltbridge.passport.model import Values
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.log import logged_claim_file
from saltbridge.steps.passport_events import last_event
from saltbridge.steps.passport_stated import stated_by_operator
from saltbridge.steps.release import sign_claim
from saltbridge.trust.claims import PassportEvent, VerifiedClaim, verify


@dataclass(frozen=True, kw_only=True)
class EventRequest:
    """What happened. ``facts``: values that a version has to hold from now on."""

    passport: str
    kind: str
    on: date
    to: str = ""
    capacity: str = ""
    successor: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    person: str = ""


def event_words(
    world: World,
    work: UnitOfWork,
    life: Life | None,
    request: EventRequest,
    *,
    version: str,
    signed_by: frozenset[str],
    predecessors: tuple[Link, ...] = (),
) -> EventWords:
    """The words for the next event of a passport; ``version``: digest of its newest version.

    Raises:
        FaultyInput: there is no such event, or a member is not what it must be.
    """
    if request.kind not in frozenset(EventKind):
        raise FaultyInput.of(
            "lifecycle.unknown-event", found=request.kind[:40], known=", ".join(EventKind)
        )
    number, previous = last_event(work, request.passport)
    event = Event(
        EventKind(request.kind),
        request.passport,
        request.on,
        world.node.did,
        signed_by,
        request.to,
        request.capacity,
        request.successor,
        predecessors,
    )
    words = EventWords(
        event,
        number + 1,
        "" if life is None else life.status.value,
        version,
        previous,
        {k: v for k, v in request.details.items() if v},
    )
    return parse_event(event_content(words), signed_by)  # the rules a signed one has to keep


def signed_event(world: World, work: UnitOfWork, words: EventWords, now: datetime) -> bytes:
    """The claim file of the event, signed by this node and logged."""
    id = world.identifiers.urn_uuid()
    claim = sign_claim(world, PassportEvent, event_content(words), now, id=id)
    return logged_claim_file(world, work, claim, id)


def event_file(content: bytes, name: str) -> ClaimFile:
    """The file of an event.

    Raises:
        FaultyInput: not such a file.
    """
    file = parse_claim_file(content, name)
    if not isinstance(file.claim, PassportEvent):
        raise FaultyInput(
            [finding("lifecycle.no-event", Place(name), found=file.claim.type.value)]
        )
    return file


def verified_event(world: World, file: ClaimFile) -> tuple[VerifiedClaim[Any], ClaimFile]:
    """The claim, verified with the document of a partner; never with the enclosed one.

    The file that is given back holds the document it was verified with, so that what is kept
    of the partner is what the partner publishes, and not what somebody enclosed.
    """
    issuer = str(file.did_document.get("id", ""))
    if world.node.partner(issuer) is None:
        raise Refused.of("lifecycle.no-partner", did=issuer[:200])
    document = world.did_resolver.resolve(issuer)
    return verify(file.claim, document), replace(file, did_document=document)


def given_values(world: World, facts: Mapping[str, Any]) -> Values:
    """The values that an operator states with an event.

    Raises:
        FaultyInput: they are faulty.
    """
    given, found = stated_by_operator(world, facts.get("attributes", {}))
    found += [
        finding("lifecycle.member", Place(pointer=f"/{str(m)[:40]}"), member=str(m)[:40])
        for m in facts.keys() - {"attributes"}
    ]
    if errors_in(found):
        raise FaultyInput(found)
    return given
