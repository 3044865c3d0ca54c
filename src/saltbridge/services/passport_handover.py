"""An event agreed between two operators: both sign the same words, each on its own node.

The operator who answers for the passport proposes, the other one accepts, and with that the
first one records it. Afterwards the new operator's events are brought to the node that issued
the passport, which goes on serving it. The statements travel as claim files.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file
from saltbridge.passport.event_words import EventWords, parse_event
from saltbridge.passport.lifecycle import Life, step
from saltbridge.passport.lifecycle_rules import SECOND_LIFE, Status
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_event_effects import Recorded, record_event
from saltbridge.steps.passport_event_words import (
    EventRequest,
    event_file,
    event_words,
    given_values,
    signed_event,
    verified_event,
)
from saltbridge.steps.passport_events import (
    RECORD,
    check_event,
    event_id,
    keep_event,
    last_event,
    life_of,
)
from saltbridge.steps.passport_stated import keep_unknown
from saltbridge.trust.claims import VerifiedClaim, verify

PROPOSAL: Final = "passport-proposal"


def propose(world: World, request: EventRequest) -> bytes:
    """The event, signed by this operator, as a file for the one who takes over.

    Nothing changes until that operator's acceptance is brought back.

    Raises:
        FaultyInput, Refused: as ``record``.
    """
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        passport = passport_named(work, request.passport)
        successor = request.successor
        if request.kind in SECOND_LIFE and not successor:
            successor = world.identifiers.urn_uuid()  # the new operator issues under it
        words = event_words(
            world,
            work,
            life_of(work, world, passport),
            replace(
                request,
                passport=passport["id"],
                successor=successor,
                details=_named(world, request),
            ),
            version=str(passport["claim_digest"]),
            signed_by=frozenset({world.node.did, request.to}),
        )
        check_event(work, world, passport, words, now.date())
        file = signed_event(world, work, words, now)
        work.put(PROPOSAL, event_id(passport["id"], words.number), file)
    return file


def _named(world: World, request: EventRequest) -> dict[str, str]:
    """The details of the event, with the name of who takes over as this node knows it."""
    partner = world.node.partner(request.to)
    known = {"to_name": partner.name} if partner is not None else {}
    return {**known, **{k: v for k, v in request.details.items() if v}}


def accept(world: World, content: bytes, name: str) -> bytes:
    """Sign another operator's proposal: this operator answers from now on; a file for both.

    Raises:
        FaultyInput: not such a file.
        NotVerified: the partner did not sign it.
        Refused: it is from no partner, not for this operator, or not possible.
    """
    now = world.clock.now()
    proposed, file = verified_event(world, event_file(content, name))
    words = parse_event(proposed.content, frozenset({proposed.issuer, world.node.did}), name)
    event = words.event
    if event.to != world.node.did or event.operator != proposed.issuer:
        raise Refused.of("lifecycle.not-for-us", to=event.to[:200], own=world.node.did)
    status = Status(words.status or Status.ORIGINAL)
    told = Life(event.passport, status, event.operator, event.on)
    after, found = step(told, event, now.date())
    if after is None:
        raise Refused(found)
    with world.store.unit_of_work() as work:
        if work.get(RECORD, event_id(event.passport, words.number)) is not None:
            raise Refused.of("lifecycle.recorded", number=words.number)
        ours = signed_event(world, work, words, now)
        files = [file, parse_claim_file(ours)]
        keep_event(work, words, files, [event.operator, world.node.did], now)
    return ours


def complete(
    world: World, content: bytes, name: str, facts: Mapping[str, Any], person: str = ""
) -> Recorded:
    """Record what another operator signed: the acceptance of what was proposed here, or an
    event by the operator who answers for a passport of this node by now.

    Raises:
        FaultyInput: not such a file, nothing of the kind was proposed, or faulty values.
        NotVerified: the other operator did not sign it.
        Refused: the words are not those that were proposed, or are no longer possible.
    """
    now, given = world.clock.now(), given_values(world, facts)
    brought, file = verified_event(world, event_file(content, name))
    words = parse_event(brought.content, frozenset({brought.issuer}), name)
    event, files = words.event, [file]
    with world.store.unit_of_work() as work:
        if event.operator == world.node.did:
            ours = _proposed(world, work, words, brought)
            files = [ours, file]
            words = parse_event(brought.content, frozenset({world.node.did, brought.issuer}))
        passport = passport_named(work, event.passport)
        if (words.number - 1, words.previous) != last_event(work, event.passport):
            raise Refused.of("lifecycle.moved-on", passport=event.passport)
        done = record_event(world, work, passport, words, files, given, now, person)
        keep_unknown(work, passport["id"], done.version, facts)
        return done


def _proposed(
    world: World, work: UnitOfWork, words: EventWords, accepted: VerifiedClaim[Any]
) -> ClaimFile:
    """This node's own statement, if it says the same words as the acceptance."""
    id = event_id(words.event.passport, words.number)
    proposal = work.get(PROPOSAL, id)
    if proposal is None:
        raise FaultyInput.of("lifecycle.not-proposed", passport=words.event.passport)
    ours = parse_claim_file(proposal.body)
    own = verify(ours.claim, world.keyring.did_document())
    same = canonical_bytes(dict(own.content)) == canonical_bytes(dict(accepted.content))
    if not same or accepted.issuer != words.event.to:
        raise Refused.of("lifecycle.other-words", passport=words.event.passport)
    return ours
