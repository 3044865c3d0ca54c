"""Pausing a transfer and going on: each side holds a pause of its own, and lifts it itself.

A transfer is started while neither side holds a pause. DSP 2025-1 numbers no messages, and two
pauses, or a pause and a start, may cross on the way. So each side's pause is told by that side
alone, one word after the other, each until it is answered, and heard once: whatever crosses or
comes late, both hold the same two pauses in the end, and so the same state.
"""

from dataclasses import replace
from typing import Final

from saltbridge.exchange.messages import TransferMessage
from saltbridge.exchange.model import Refusal, Role, Transfer, TransferState
from saltbridge.exchange.process import (
    Duty,
    Step,
    foreign,
    heard_before,
    illegal,
    remembering,
)
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1

_GOING: Final = (TransferState.STARTED, TransferState.SUSPENDED)


def is_about_a_pause(transfer: Transfer, message: TransferMessage) -> bool:
    """Whether a transfer that runs or is paused is told to pause, or to go on.

    While we end it nothing is heard of that; see ``process.walk``.
    """
    return (
        transfer.state in _GOING
        and message.target in _GOING
        and transfer.outgoing in (None, *_GOING)
    )


def may_say_start(transfer: Transfer) -> Refusal | None:
    """Why we cannot go on: the other side's pause holds, and none of ours is to be lifted."""
    others = transfer.paused_by - {transfer.role}
    if (
        transfer.state is TransferState.SUSPENDED
        and others == transfer.paused_by != frozenset()
    ):
        return _held_by(transfer.role.peer)
    return None


def with_own_word(transfer: Transfer, message: TransferMessage) -> Transfer:
    """The transfer about to say a pause, or that ours is lifted."""
    if message.target is TransferState.SUSPENDED:
        return replace(transfer, paused_by=transfer.paused_by | {transfer.role})
    return replace(transfer, paused_by=transfer.paused_by - {transfer.role})


def hear(
    transfer: Transfer, message: TransferMessage, owed: tuple[Duty, ...]
) -> Step[Transfer] | Refusal:
    """The transfer after the peer paused it, or lifted its own pause.

    What we are saying about our own pause still stands. Where the peer has heard of our pause,
    its start is refused, and has lifted its own all the same.
    """
    wrong = foreign(transfer, message)
    if wrong is not None:
        return wrong
    if heard_before(transfer, message):
        return Step(transfer)
    peer = transfer.role.peer
    heard = remembering(transfer, message)
    if message.target is TransferState.SUSPENDED:
        if peer in transfer.paused_by:
            return illegal(transfer, message.target, peer)
        held = heard.paused_by | {peer}
        return Step(replace(heard, state=TransferState.SUSPENDED, paused_by=held), owed)
    lifted = replace(heard, paused_by=heard.paused_by - {peer})
    if peer is Role.CONSUMER and transfer.state is TransferState.STARTED:
        return Step(lifted, refusal=illegal(transfer, message.target, peer))
    if transfer.role in transfer.paused_by and transfer.outgoing is not TransferState.SUSPENDED:
        return Step(lifted, refusal=_held_by(transfer.role))
    speaks = transfer.role is Role.PROVIDER and transfer.outgoing is not None
    return Step(replace(lifted, state=TransferState.STARTED), () if speaks else owed)


def is_about_ours(transfer: Transfer) -> bool:
    """Whether we are saying a pause, going on after one, or telling a fresh data address."""
    return transfer.state in _GOING and transfer.outgoing in _GOING


def taken(transfer: Transfer) -> Transfer:
    """The transfer once the peer has taken what we said of our own pause.

    Where a pause holds all the same, what was told with our start opens nothing.
    """
    if transfer.paused_by:
        return replace(shut(transfer), state=TransferState.SUSPENDED, outgoing=None)
    return replace(transfer, state=TransferState.STARTED, outgoing=None)


def not_taken(transfer: Transfer) -> Transfer:
    """The transfer once the peer has refused it: an error changes no state.

    A pause refused is none; going on refused leaves ours lifted, and opens nothing.
    """
    if transfer.state is TransferState.SUSPENDED:
        return replace(shut(transfer), outgoing=None)
    return replace(transfer, outgoing=None, paused_by=frozenset())


def shut(transfer: Transfer) -> Transfer:
    """The transfer, whose tokens open nothing any more.

    A consumer's own door, through which the provider pushes, stays shut by the state alone.
    """
    own_door = transfer.role is Role.CONSUMER and transfer.format == DSP_2025_1.push_format
    return transfer if own_door else replace(transfer, token_digest="")


def _held_by(side: Role) -> Refusal:
    return Refusal("exchange.suspended-by-other", {"side": str(side)})
