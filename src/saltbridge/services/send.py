"""Sends a waiting message to a peer and takes its answer into account.

The process was stored before; here it either moves on (the peer acknowledged), ends (the
peer refused), or stays as it is and the outbox tries again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from saltbridge import locales
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.model import DataAddress, Negotiation, Refusal, Role, Transfer
from saltbridge.exchange.pauses import is_about_ours, not_taken, taken
from saltbridge.exchange.process import acknowledged
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.records import negotiation_of, transfer_of
from saltbridge.formats.dsp import render_data_address
from saltbridge.formats.dsp_answers import parse_error, parse_process
from saltbridge.formats.dsp_outbox import Sending, parse_sending
from saltbridge.ports import HttpAnswer, OutboxEntry, UnitOfWork, World
from saltbridge.steps import negotiating, transferring
from saltbridge.steps.data_tokens import issue
from saltbridge.steps.processes import keep_process
from saltbridge.steps.pushing import is_push, target_of
from saltbridge.steps.records import document
from saltbridge.steps.speak import post
from saltbridge.steps.through_connector import (
    follow_later,
    keep_id,
    say_through,
    through_connector,
)

LIMIT_BYTES: Final = 1_000_000
_TRY_AGAIN = frozenset({408, 425, 429})

# @type → path below the peer's address; {pid} is the peer's own process id
_PATHS: Mapping[str, str] = {
    "ContractRequestMessage": "/negotiations/{pid}/request",
    "ContractOfferMessage": "/negotiations/{pid}/offers",
    "ContractAgreementMessage": "/negotiations/{pid}/agreement",
    "ContractAgreementVerificationMessage": "/negotiations/{pid}/agreement/verification",
    "ContractNegotiationEventMessage": "/negotiations/{pid}/events",
    "ContractNegotiationTerminationMessage": "/negotiations/{pid}/termination",
    "TransferRequestMessage": "/transfers/request",
    "TransferStartMessage": "/transfers/{pid}/start",
    "TransferCompletionMessage": "/transfers/{pid}/completion",
    "TransferSuspensionMessage": "/transfers/{pid}/suspension",
    "TransferTerminationMessage": "/transfers/{pid}/termination",
}


def send_waiting(world: World, entry: OutboxEntry) -> bool:
    """Send the message of an outbox entry, if it still waits to be said.

    True: what the peer's answer brought about was stored, and the entry is gone with it.

    Raises:
        Unavailable: the peer cannot be reached now, or asks to be asked again.
    """
    sending = parse_sending(entry.body)
    with world.store.reading() as view:
        process = _load(view, sending)
    if process is None or str(process.outgoing) != sending.state:
        return False  # the peer's next message has acknowledged it meanwhile
    if through_connector(process):
        _say_through(world, process, sending)
        return False
    message: Mapping[str, Any] = sending.message
    starts = isinstance(process, Transfer) and message["@type"] == "TransferStartMessage"
    if starts and isinstance(process, Transfer) and process.role is Role.PROVIDER:
        message = message if is_push(process) else _with_address(world, process, message)
    if isinstance(process, Transfer) and message["@type"] == "TransferRequestMessage":
        message = _with_own_door(world, process, message)
    answer = _post(world, process, message)
    with world.store.unit_of_work() as work:
        now = _load(work, sending)
        work.done(entry.id)
        if now is None or str(now.outgoing) != sending.state:
            return True
        if answer.status < 300:
            keep_process(work, _taken(world, work, _acknowledged(now, answer.content)))
        else:
            keep_process(work, _refused(now, answer))
    return True


def _say_through(world: World, process: Negotiation | Transfer, sending: Sending) -> None:
    """Say it by the company's own connector, and look after what comes of it."""
    refusal, id = say_through(world, process, sending.message)
    with world.store.unit_of_work() as work:
        now = _load(work, sending)
        if now is None:
            return
        keep_id(work, now, id)
        if str(now.outgoing) != sending.state:
            return
        if refusal is not None:
            keep_process(work, _refused_by_connector(now, refusal))
            return
        moved = _acknowledged(now, b"")
        keep_process(work, _taken(world, work, moved))
        if moved.role is Role.CONSUMER:
            follow_later(world, work, moved)


def _refused_by_connector(
    process: Negotiation | Transfer, refusal: Refusal
) -> Negotiation | Transfer:
    reason = (locales.text_or(refusal.code, refusal.code, refusal.arguments),)
    return _ended(process, refusal.code, reason)


def _post(
    world: World, process: Negotiation | Transfer, message: Mapping[str, Any]
) -> HttpAnswer:
    partner = world.node.partner(process.counterparty)
    if partner is None:
        raise Unavailable.of("exchange.partner-gone", bpn=process.counterparty)
    # Both sides are told apart by who asked first: the peer knows itself by the other pid.
    peer_pid = process.provider_pid if process.role.peer == "provider" else process.consumer_pid
    template = _PATHS[message["@type"]]
    if message["@type"] == "ContractRequestMessage" and "providerPid" not in message:
        template = "/negotiations/request"
    if message["@type"] == "ContractOfferMessage" and "consumerPid" not in message:
        template = "/negotiations/offers"
    path = template.format(pid=quote(peer_pid, safe=":"))
    url = f"{process.peer_address.rstrip('/')}{path}"
    answer = post(world, partner, url, message, limit_bytes=LIMIT_BYTES)
    if answer.status >= 500 or answer.status in _TRY_AGAIN:
        raise Unavailable.of(
            "exchange.peer-troubled", partner=partner.name, status=answer.status
        )
    return answer


def _with_address(
    world: World, transfer: Transfer, message: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The start message with a fresh token, of which only the digest is kept."""
    with world.store.unit_of_work() as work:
        stored = document(work, "transfer", transfer.pid)
        dataset = document(work, "dataset", transfer.dataset_id)
        if stored is None or dataset is None:
            raise Unavailable.of("exchange.nothing-released", dataset=transfer.dataset_id)
        current = transfer_of(stored)
        if current.paused_by:
            return message  # it lifts our own pause; the consumer's holds
        announced = dataset["releases"].get(transfer.counterparty, {}).get("digest", "")
        opened, issued = issue(world, work, current)
        keep_process(work, opened)
    address = DataAddress(
        endpoint=f"{world.node.base_url}/data/{quote(transfer.pid, safe=':')}",
        token=issued.access,
        expires_in_seconds=issued.seconds,
        digest=announced,
        refresh_token=issued.refresh,
        refresh_endpoint=f"{world.node.base_url}{DSP_2025_1.refresh_path}",
        refresh_audience=world.node.did,
    )
    return {**message, "dataAddress": render_data_address(address)}


def _with_own_door(
    world: World, transfer: Transfer, message: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The request of a push with our door and its token, the same however often it is sent."""
    address = target_of(world, transfer)
    if address is None:
        return message
    return {**message, "dataAddress": render_data_address(address)}


def _taken(
    world: World, work: UnitOfWork, process: Negotiation | Transfer
) -> Negotiation | Transfer:
    if isinstance(process, Transfer):
        return transferring.acknowledged_by_peer(world, work, process)
    return negotiating.acknowledged_by_peer(world, work, process)


def _acknowledged(process: Negotiation | Transfer, content: bytes) -> Negotiation | Transfer:
    named = _with_pid(process, content)
    if isinstance(named, Transfer):
        return taken(named) if is_about_ours(named) else acknowledged(named)
    return acknowledged(named)


def _with_pid(process: Negotiation | Transfer, content: bytes) -> Negotiation | Transfer:
    """A 201 tells the peer's pid; bodies of other answers are not specified."""
    if process.provider_pid and process.consumer_pid:
        return process
    try:
        provider_pid, consumer_pid, _ = parse_process(content)
    except FaultyInput:
        return process  # its first message will tell
    ours = consumer_pid if process.role is Role.CONSUMER else provider_pid
    if ours != process.pid:
        return process
    return replace(process, provider_pid=provider_pid, consumer_pid=consumer_pid)


def _refused(process: Negotiation | Transfer, answer: HttpAnswer) -> Negotiation | Transfer:
    try:
        code, reason = parse_error(answer.content)
    except FaultyInput:
        code, reason = "", ()
    code = code or "exchange.peer-refused"
    return _ended(process, code, reason or (f"HTTP {answer.status}",))


def _ended(
    process: Negotiation | Transfer, code: str, reason: tuple[str, ...]
) -> Negotiation | Transfer:
    """The process that the peer does not go on with."""
    if isinstance(process, Transfer) and is_about_ours(process):
        return not_taken(process)
    if isinstance(process, Transfer):
        ended = type(process.state).TERMINATED
        return replace(
            process,
            state=ended,
            outgoing=None,
            token_digest="",
            push_to=None,
            refusal_code=code,
            refusal_reason=reason,
        )
    return replace(
        process,
        state=type(process.state).TERMINATED,
        outgoing=None,
        refusal_code=code,
        refusal_reason=reason,
    )


def _load(view: UnitOfWork, sending: Sending) -> Negotiation | Transfer | None:
    record = document(view, sending.kind, sending.pid)
    if record is None:
        return None
    return transfer_of(record) if sending.kind == "transfer" else negotiation_of(record)
