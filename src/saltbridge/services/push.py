"""The provider pushes: released bytes go to the door the consumer named, then it is done."""

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from saltbridge.border.release import Release
from saltbridge.core.errors import SaltbridgeError, Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import DataAddress, Refusal, Role, Transfer, TransferState
from saltbridge.formats.content_digest import render_content_digest
from saltbridge.formats.described_by import render_described_by
from saltbridge.formats.dsp_outbox import parse_push
from saltbridge.ports import HttpAnswer, OutboxEntry, UnitOfWork, World
from saltbridge.steps.data_tokens import admit
from saltbridge.steps.explaining import explain_lost, explain_refusal
from saltbridge.steps.processes import keep_process
from saltbridge.steps.pushing import is_push, target_of
from saltbridge.steps.shown_again import look_again
from saltbridge.steps.transfer_rules import released, termination
from saltbridge.steps.transferring import load, said

_ANSWER_BYTES: Final = 100_000
_SECONDS: Final = 60.0
_TRY_AGAIN: Final = frozenset({408, 425, 429})
# The consumer's own word why it shuts its door may be on its way: wait for it this often.
_REFUSALS_BORNE: Final = 4


def push_waiting(world: World, entry: OutboxEntry) -> None:
    """Send the released bytes, and say that it is done once the consumer has taken them.

    Sent again after a lost answer they change nothing there. Nothing is sent by a transfer
    that is not started any more, nor to who shows no more what the dataspace asks for: it may
    have waited here for a day.

    Raises:
        Unavailable: the consumer cannot be reached now, or cannot take the data now; or an
            issuer of what it showed cannot be reached now.
    """
    pid = parse_push(entry.body)
    with world.store.reading() as view:
        waiting = _pushing(view, pid)
    partner = world.node.partner(waiting.counterparty) if waiting else None
    lost = look_again(world, partner) if partner else None
    with world.store.unit_of_work() as work:
        transfer = _pushing(work, pid)
        address = target_of(world, transfer) if transfer else None
        if transfer is None or address is None:
            return
        if partner is not None and lost is not None:
            return _say_end(world, work, transfer, explain_lost(work, transfer, partner, lost))
        release = released(world, work, transfer)
        if release is None:
            return _end(
                world,
                work,
                transfer,
                Refusal("exchange.nothing-released", {"dataset": transfer.dataset_id}),
            )
        # From here on the data may have left: the log says so before it does.
        keep_process(work, admit(world, work, transfer, address.token))
    answer = _sent(world, transfer, release, address)
    if answer.status >= 500 or answer.status in _TRY_AGAIN:
        raise _troubled(world, transfer, answer)
    if answer.status >= 300 and entry.attempts < _REFUSALS_BORNE:
        raise _troubled(world, transfer, answer)
    with world.store.unit_of_work() as work:
        now = _pushing(work, pid)
        if now is None:
            return  # ended or paused while it was on its way
        if answer.status >= 300:
            return _end(
                world, work, now, Refusal("exchange.push-refused", {"status": answer.status})
            )
        done = m.TransferCompletion(now.provider_pid, now.consumer_pid)
        keep_process(work, said(world, work, now, done))


def _pushing(view: UnitOfWork, pid: str) -> Transfer | None:
    """The transfer, if we are the one to push now."""
    transfer = load(view, pid)
    pushes = (
        transfer is not None
        and transfer.role is Role.PROVIDER
        and is_push(transfer)
        and transfer.state is TransferState.STARTED
        and transfer.outgoing is None
        and not transfer.paused_by
    )
    return transfer if pushes else None


def _sent(
    world: World, transfer: Transfer, release: Release, address: DataAddress
) -> HttpAnswer:
    statement = f"{world.node.base_url}/data/{quote(transfer.pid, safe=':')}/statement"
    return world.http.send(
        "POST",
        address.endpoint,
        headers={
            "authorization": f"Bearer {address.token}",
            "content-type": release.media_type,
            "content-digest": render_content_digest(release.digest),
            "link": render_described_by(statement),
        },
        content=release.content,
        limit_bytes=_ANSWER_BYTES,
        timeout_seconds=_SECONDS,
    )


def _troubled(world: World, transfer: Transfer, answer: HttpAnswer) -> SaltbridgeError:
    partner = world.node.partner(transfer.counterparty)
    name = partner.name if partner else transfer.counterparty
    return Unavailable.of("exchange.peer-troubled", partner=name, status=answer.status)


def _end(world: World, work: UnitOfWork, transfer: Transfer, refusal: Refusal) -> None:
    _say_end(world, work, transfer, explain_refusal(work, transfer, refusal))


def _say_end(world: World, work: UnitOfWork, transfer: Transfer, told: Refusal) -> None:
    ended = replace(transfer, refusal_code=told.code)
    keep_process(work, said(world, work, ended, termination(ended, told)))
