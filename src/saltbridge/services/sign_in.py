"""Who calls: a self-issued token of a configured partner, good once; and what it holds.

With ``identity = "dcp"`` the partner also shows the credentials of the dataspace: its own
credential service is asked with the access token it sent, and the answer stands for a short
while, never longer than any credential or status in it. The caller of a refused call is told
nothing; the findings are kept here, for the people of this node.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.core.finding import Finding
from saltbridge.footprint.record import finding_record
from saltbridge.ports import Partner, StaleWrite, World
from saltbridge.steps.identity import IdentityMode, is_trusted, mode_of
from saltbridge.steps.presentations import check_suffices, presented_by
from saltbridge.steps.records import document
from saltbridge.steps.standing import HELD, KEPT, stands_for_a_call
from saltbridge.steps.used_tokens import use_up
from saltbridge.trust.did import DidDocument, KeyUse, from_iso, iso, parse_did_document
from saltbridge.trust.held import HeldCredentials, held_of, held_record
from saltbridge.trust.self_issued import check, stated_caller
from saltbridge.trust.suites import NotVerified

REFUSED: Final = "sign-in-refused"
_REMEMBERED: Final = timedelta(days=30)
_SAME_FOR: Final = timedelta(hours=1)
_OFTEN: Final = timedelta(minutes=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. ``held`` is what it was shown to hold; None where nobody asks for it."""

    partner: Partner
    held: HeldCredentials | None = None


def signed_in(world: World, token: str) -> Partner:
    """The partner whose token this is; from now on the token is used up.

    Raises:
        As ``known_caller``.
    """
    return known_caller(world, token).partner


def known_caller(world: World, token: str) -> Caller:
    """The partner whose token this is, with what it holds; the token is used up.

    A DID that is no partner's is refused before anything is fetched for it.

    Raises:
        NotVerified: not a partner, not its token, not for us, too old, used before, or without
            the credentials that the dataspace asks for.
        Unavailable: the partner's DID document or credential service cannot be reached now.
    """
    did = stated_caller(token)
    partner = next((p for p in world.node.partners if p.did == did), None)
    if partner is None:
        _log.info(
            "call of somebody who is no partner", extra={"code": "exchange.not-a-partner"}
        )
        raise NotVerified.of("exchange.not-a-partner", did=did[:200])
    try:
        return _known(world, partner, token)
    except SaltbridgeError as fault:
        _log.warning(
            "call in the name of a partner refused",
            extra={"partner": partner.bpn, "code": fault.findings[0].code},
        )
        _remember_refusal(world, partner, fault.findings)
        raise


def _known(world: World, partner: Partner, token: str) -> Caller:
    fetched = world.did_resolver.resolve(partner.did)
    try:
        owner = parse_did_document(fetched, did=partner.did, name=partner.did)
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault
    dcp = mode_of(world) is IdentityMode.DCP
    now = world.clock.now()  # after the fetching, which may take its time
    use = KeyUse.CAPABILITY if dcp else KeyUse.AUTHENTICATION
    caller = check(token, called=world.node.did, did_document=owner, now=now, use=use)
    use_up(world, caller, now)
    if not dcp:
        return Caller(partner)
    if not caller.access_token:
        raise NotVerified.of("identity.no-access-token", partner=partner.name)
    return Caller(partner, _held(world, partner, owner, caller.access_token))


def _held(
    world: World, partner: Partner, owner: DidDocument, access_token: str
) -> HeldCredentials:
    """What the partner holds: as checked before, while that stands, else asked anew.

    One thread at a time asks about a partner; the others find what it found.
    """
    with world.kept.alone(f"presentation {partner.did}"):
        with world.store.reading() as view:
            record = document(view, HELD, partner.did)
        if record is not None:
            held = held_of(record)
            stands = stands_for_a_call(held, world.clock.now())
            if stands and all(is_trusted(world, c.issuer, c.type) for c in held.credentials):
                check_suffices(world, partner, held)
                return held
        held = presented_by(world, partner, owner, access_token)
        with world.store.unit_of_work() as work:
            work.forget(HELD, world.clock.now() - KEPT)
            work.put(HELD, partner.did, canonical_bytes(held_record(held)))
    return held


def _remember_refusal(world: World, partner: Partner, findings: Iterable[Finding]) -> None:
    """Keep why a call in the name of a partner was refused, seldom enough to stay small."""
    now = world.clock.now()
    told = [finding_record(found) for found in findings]
    try:
        with world.store.unit_of_work() as work:
            last = document(work, REFUSED, partner.did)
            if last is not None:
                since = now - from_iso(last["at"])
                same = [f["code"] for f in last["findings"]] == [f["code"] for f in told]
                if timedelta(0) <= since < (_SAME_FOR if same else _OFTEN):
                    return
            work.forget(REFUSED, now - _REMEMBERED)
            body = {"partner": partner.bpn, "at": iso(now), "findings": told}
            work.put(REFUSED, partner.did, canonical_bytes(body))
    except StaleWrite:
        return  # another call has just written one
