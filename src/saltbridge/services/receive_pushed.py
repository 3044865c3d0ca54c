"""The consumer takes what a provider pushes: once, and checked like what is pulled."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from saltbridge.core.canonical import digest
from saltbridge.exchange.address import may_pull_from
from saltbridge.exchange.delivery import VerifiedDelivery, verify_delivery
from saltbridge.exchange.model import Role, Transfer, TransferState
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.pushing import is_push
from saltbridge.steps.receiving import LIMIT_BYTES, keep_received, received_content
from saltbridge.steps.records import document
from saltbridge.steps.speak import kept_agreement
from saltbridge.steps.statement_received import offer_of, statement_at, statement_record
from saltbridge.steps.transferring import load

__all__ = ["LIMIT_BYTES", "Door", "Taken", "door_of", "take"]


class Door(StrEnum):
    """How the door of a transfer stands for who shows a token."""

    SHUT = "shut"  # no such transfer, another token, or it has ended
    NOT_NOW = "not-now"  # not started yet, or paused
    OPEN = "open"
    USED = "used"  # something came through before: only the same bytes are heard again


class Taken(StrEnum):
    """What became of pushed bytes."""

    VERIFIED = "verified"
    REFUSED = "refused"  # kept as refused; the transfer is being ended
    OTHER = "other"  # the door was used before, by other bytes
    DAMAGED = "damaged"  # not the bytes that were announced
    TOO_LATE = "too-late"  # ended or paused while the bytes came
    NOT_THERE = "not-there"


_WAITING: Final = (TransferState.START, TransferState.REQUESTED, TransferState.SUSPENDED)
_ENDED: Final = (TransferState.COMPLETED, TransferState.TERMINATED)


@dataclass(frozen=True, slots=True)
class Push:
    """Bytes with what was said of them."""

    content: bytes
    announced_digest: str = ""
    statement_url: str = ""


def door_of(world: World, pid: str, token: str) -> Door:
    """How the door of a transfer stands; asked before any byte is read."""
    with world.store.reading() as view:
        return _door(_of_token(view, pid, token))


def take(world: World, pid: str, token: str, push: Push) -> Taken:
    """Check pushed bytes and keep the delivery, in one unit of work with all that follows.

    Raises:
        Unavailable: the provider's DID document cannot be reached now; nothing was kept.
    """
    sha256 = digest(push.content)
    if push.announced_digest and push.announced_digest != sha256:
        return Taken.DAMAGED
    with world.store.reading() as view:
        transfer = _of_token(view, pid, token)
        door = _door(transfer)
        before = document(view, "delivery", transfer.delivery_id) if transfer else None
    partner = world.node.partner(transfer.counterparty) if transfer else None
    if transfer is None or partner is None or door is Door.SHUT:
        return Taken.NOT_THERE
    if before is not None:
        return _again(bool(before["verified"])) if before["digest"] == sha256 else Taken.OTHER
    if door is not Door.OPEN:
        return Taken.TOO_LATE
    return _checked(world, partner, transfer, token, push)


def _checked(
    world: World, partner: Partner, transfer: Transfer, token: str, push: Push
) -> Taken:
    with world.store.reading() as view:
        kept = kept_agreement(view, transfer.agreement_id, Role.CONSUMER)
        offer = offer_of(view, kept)
    received = received_content(
        world, partner, transfer, kept, push.content, push.announced_digest
    )
    linked = push.statement_url
    may_ask = bool(linked) and may_pull_from(linked, partner.dsp_url)
    statement = statement_record(
        statement_at(world, linked, token) if may_ask else None,
        payload=push.content,
        partner=partner,
        did_document=received.did_document,
        consumer_bpn=world.node.bpn,
        terms=tuple(t for t in (transfer.agreement_id, offer) if t),
    )
    result = verify_delivery(received)
    with world.store.unit_of_work() as work:
        now = _of_token(work, transfer.pid, token)
        if now is None or _door(now) is not Door.OPEN:
            return Taken.TOO_LATE  # or the same bytes came twice at once: again tells it so
        keep_received(world, work, partner, now, received, statement, result)
    return _again(isinstance(result, VerifiedDelivery))


def _again(verified: bool) -> Taken:
    return Taken.VERIFIED if verified else Taken.REFUSED


def _of_token(view: UnitOfWork, pid: str, token: str) -> Transfer | None:
    """Our transfer of that pid, if its token is this one."""
    transfer = load(view, pid)
    theirs = (
        transfer is not None
        and transfer.role is Role.CONSUMER
        and is_push(transfer)
        and bool(transfer.token_digest)
        and transfer.token_digest == digest(token.encode())
    )
    return transfer if theirs else None


def _door(transfer: Transfer | None) -> Door:
    if transfer is None:
        return Door.SHUT
    if transfer.delivery_id:
        return Door.USED
    if transfer.state in _ENDED or transfer.outgoing in _ENDED:
        return Door.SHUT
    if transfer.state in _WAITING or transfer.outgoing is not None or transfer.paused_by:
        return Door.NOT_NOW
    return Door.OPEN
