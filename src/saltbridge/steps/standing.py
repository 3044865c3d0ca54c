"""How a partner, or this node itself, stands before the policies of an offer."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.core.finding import Finding, finding
from saltbridge.exchange.catalogue import shown_to
from saltbridge.exchange.policy import PURPOSE_PASSPORT, PURPOSE_PCF, PURPOSE_TWINS
from saltbridge.exchange.standing import Standing
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.identity import IdentityMode, is_trusted, mode_of
from saltbridge.steps.own_credentials import in_force, own_credentials
from saltbridge.steps.records import document
from saltbridge.trust.did import iso
from saltbridge.trust.held import HeldCredential, HeldCredentials, held_of

HELD: Final = "held-credentials"  # what a partner was shown to hold, by its DID
KEPT: Final = timedelta(days=367)  # longer than any request may wait for people
_WITH_THE_CALL: Final = timedelta(minutes=1)  # a call is answered by what was shown for it
_ANSWERED_WITHIN: Final = timedelta(seconds=20)  # a busy store keeps a call no longer
OUR_PURPOSES: Final = (PURPOSE_PCF, PURPOSE_PASSPORT, PURPOSE_TWINS)


def standing_of(world: World, view: UnitOfWork, partner: Partner) -> Standing:
    """What is known of a partner who would take data from us."""
    groups = groups_of(world, partner.bpn)
    if mode_of(world) is not IdentityMode.DCP:
        return Standing(partner.bpn, partner.did, groups)
    held = shown_by(view, partner)
    if held is None or fault_of(world, held) is not None:
        return Standing(partner.bpn, partner.did, groups, member=False, frameworks=frozenset())
    return Standing(partner.bpn, partner.did, groups, held.is_member, held.frameworks)


def shown_by(view: UnitOfWork, partner: Partner) -> HeldCredentials | None:
    """What the partner was last shown to hold, however long ago; None: nothing yet."""
    record = document(view, HELD, partner.did)
    return None if record is None else held_of(record)


def lost_by(world: World, view: UnitOfWork, partner: Partner) -> Finding | None:
    """Why what the partner showed does not count now; None where it does, or none is asked."""
    if mode_of(world) is not IdentityMode.DCP:
        return None
    held = shown_by(view, partner)
    if held is None:
        return finding("identity.not-shown", partner=partner.name)
    return fault_of(world, held)


def fault_of(world: World, held: HeldCredentials) -> Finding | None:
    """Why credentials that were shown do not count now, or None.

    They count for the call they came with, and until they have to be looked at anew
    (``steps.shown_again``); never past their end, or our trust in their issuer.
    """
    now = world.clock.now()
    if held.fault is not None:
        return held.fault
    for c in held.credentials:
        if c.expires <= now:
            return finding(
                "identity.credential-expired", issuer=c.issuer, expired=iso(c.expires)
            )
        if not is_trusted(world, c.issuer, c.type):
            return finding("identity.issuer-untrusted", issuer=c.issuer, type=c.type)
    if held.checked_at <= now < max(held.until, held.checked_at + _WITH_THE_CALL):
        return None
    return finding("identity.shown-too-old", at=iso(held.checked_at))


def stands_for_a_call(held: HeldCredentials, now: datetime) -> bool:
    """Whether what was shown counts for a call that comes now, until it has been answered.

    A call waits for its turn to write: what counted when it came must not have grown too old
    by then, or it would be told that there is no such offer.
    """
    counts_until = max(held.until, held.checked_at + _WITH_THE_CALL)
    return held.checked_at <= now < held.until and now + _ANSWERED_WITHIN <= counts_until


def own_standing(world: World, view: UnitOfWork) -> Standing:
    """What this node can show a provider, whose groups it cannot know."""
    own = Standing(world.node.bpn, world.node.did, groups=None)
    if mode_of(world) is not IdentityMode.DCP:
        return own
    now = world.clock.now()
    held = HeldCredentials(
        world.node.did,
        tuple(
            HeldCredential(c.type, c.issuer, c.subject, c.expires, c.id)
            for c in (one.credential for one in in_force(own_credentials(view), now))
        ),
        checked_at=now,
        until=now,
    )
    return replace(own, member=held.is_member, frameworks=held.frameworks)


def visible_to(
    world: World, view: UnitOfWork, records: Iterable[Mapping[str, Any]], partner: Partner
) -> tuple[Mapping[str, Any], ...]:
    """The datasets of ours that this partner may know of now."""
    caller, now = standing_of(world, view, partner), world.clock.now()
    return tuple(record for record in records if shown_to(record, caller, now))


def groups_of(world: World, bpn: str) -> frozenset[str]:
    """The groups a business partner is in, as this node has them (``policies.groups``)."""
    groups: Mapping[str, Any] = _table(world).get("groups") or {}
    return frozenset(name for name, members in groups.items() if bpn in members)


def purposes_of(world: World) -> tuple[str, ...]:
    """The uses this node has for data: those it knows, and those of ``policies.purposes``."""
    return (*OUR_PURPOSES, *(_table(world).get("purposes") or ()))


def _table(world: World) -> Mapping[str, Any]:
    return world.settings.get("policies") or {}
