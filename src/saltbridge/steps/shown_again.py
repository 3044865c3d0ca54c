"""Looks again at what a partner showed, when its request is decided later than it was made.

A request may wait for people for days. Meanwhile a credential may end or be revoked, or its
issuer be believed no more: then the partner has to ask anew, and is told so.
"""

from dataclasses import replace

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding, finding
from saltbridge.ports import Partner, StaleWrite, World
from saltbridge.steps.credential_check import UntrustedIssuer, checked_credential
from saltbridge.steps.identity import IdentityMode, kept_for, mode_of
from saltbridge.steps.presentations import check_suffices
from saltbridge.steps.standing import HELD, fault_of, lost_by, shown_by
from saltbridge.trust.held import HeldCredential, HeldCredentials, held_record
from saltbridge.trust.suites import NotVerified


def look_again(world: World, partner: Partner) -> Finding | None:
    """Why what the partner showed does not count any more; None where it does.

    Call it before the unit of work in which it is decided: issuers and status lists are asked.

    Raises:
        Unavailable: an issuer cannot be reached now.
    """
    if mode_of(world) is not IdentityMode.DCP:
        return None
    with world.store.reading() as view:
        held = shown_by(view, partner)
    if held is not None and fault_of(world, held) is not None:
        _keep(world, partner, held, _seen_anew(world, partner, held))
    with world.store.reading() as view:
        return lost_by(world, view, partner)


def require_shown(world: World, partner: Partner) -> None:
    """Return if what the partner showed still counts.

    Raises:
        Refused: it does not, with the reason.
        Unavailable: an issuer cannot be reached now.
    """
    lost = look_again(world, partner)
    if lost is not None:
        raise Refused([finding("exchange.show-again", partner=partner.name), lost])


def _seen_anew(world: World, partner: Partner, held: HeldCredentials) -> HeldCredentials:
    """The same credentials, each checked as if they were shown now, or what ended them."""
    now = world.clock.now()
    until = now + kept_for(world)
    seen: list[HeldCredential] = []
    fault: Finding | None = None
    for shown in held.credentials:
        try:
            checked = checked_credential(world, shown.jwt, held.holder)
        except UntrustedIssuer as error:
            fault = fault or error.findings[0]  # what is left may suffice
            continue
        except NotVerified as error:
            return replace(held, checked_at=now, until=now, fault=error.findings[0])
        seen.append(shown)
        until = min(until, checked.until)
    again = HeldCredentials(held.holder, tuple(seen), now, until)
    try:
        check_suffices(world, partner, again)
    except NotVerified as error:
        return replace(held, checked_at=now, until=now, fault=fault or error.findings[0])
    return again


def _keep(
    world: World, partner: Partner, before: HeldCredentials, again: HeldCredentials
) -> None:
    """Store what was seen, unless the partner has just shown something itself."""
    try:
        with world.store.unit_of_work() as work:
            if shown_by(work, partner) == before:
                work.put(HELD, partner.did, canonical_bytes(held_record(again)))
    except StaleWrite:
        return
