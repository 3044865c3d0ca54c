"""Pull the bytes of a started transfer, check them, keep the delivery, tell the provider."""

from dataclasses import replace
from typing import Final

from saltbridge.core.canonical import digest
from saltbridge.core.errors import Unavailable
from saltbridge.exchange.delivery import verify_delivery
from saltbridge.exchange.model import DataAddress, Refusal, Role, Transfer, TransferState
from saltbridge.exchange.records import transfer_of
from saltbridge.formats.dsp_outbox import parse_fetch
from saltbridge.ports import HttpAnswer, OutboxEntry, UnitOfWork, World
from saltbridge.steps.data_plane import REFUSED, send_with_token
from saltbridge.steps.edr import Edr, kept_edr, renewed_edr
from saltbridge.steps.receiving import (
    LIMIT_BYTES,
    end_unreceived,
    keep_received,
    received_content,
)
from saltbridge.steps.records import document
from saltbridge.steps.speak import kept_agreement
from saltbridge.steps.statement_received import fetch_statement, statement_record, terms_of
from saltbridge.steps.through_connector import may_pull, through_connector

# A refused token may be older than one on its way to us: wait for that one this often.
_REFUSALS_BORNE: Final = 3
TOO_LARGE: Final = "http.too-large"


def receive_waiting(world: World, entry: OutboxEntry) -> None:
    """Pull, check, keep: once per transfer, whatever happens in between.

    Raises:
        Unavailable: the provider or its DID document cannot be reached now.
    """
    pid, address = parse_fetch(entry.body)
    with world.store.reading() as view:
        transfer = _started(view, pid, address)
        kept = kept_agreement(view, transfer.agreement_id, Role.CONSUMER) if transfer else None
    partner = world.node.partner(transfer.counterparty) if transfer else None
    if transfer is None or partner is None:
        return
    if not may_pull(world, transfer, partner, address.endpoint):
        return _end(world, pid, address, Refusal("delivery.endpoint-foreign"))
    try:
        answer, key = _pulled(world, transfer, address)
    except Unavailable as fault:
        if fault.findings[0].code != TOO_LARGE:
            raise
        # It would be no smaller the next time, and be pulled for a day.
        refusal = Refusal("delivery.too-large", {"megabytes": LIMIT_BYTES // 1_000_000})
        return _end(world, pid, address, refusal)
    if answer.status >= 500 or (answer.status >= 400 and entry.attempts < _REFUSALS_BORNE):
        raise Unavailable.of(
            "exchange.peer-troubled", partner=partner.name, status=answer.status
        )
    if answer.status != 200:
        refusal = Refusal("delivery.data-plane-refused", {"status": answer.status})
        return _end(world, pid, address, refusal)
    received = received_content(world, partner, transfer, kept, answer.content, address.digest)
    with world.store.reading() as view:
        terms = terms_of(view, kept, transfer.agreement_id)
    statement = statement_record(
        fetch_statement(world, key),
        payload=received.content,
        partner=partner,
        did_document=received.did_document,
        consumer_bpn=world.node.bpn,
        terms=terms,
    )
    result = verify_delivery(received)
    with world.store.unit_of_work() as work:
        now = _started(work, pid, address)
        if now is not None:  # not ended, nor received, while we were pulling
            keep_received(world, work, partner, now, received, statement, result)


def _pulled(
    world: World, transfer: Transfer, address: DataAddress
) -> tuple[HttpAnswer, DataAddress]:
    """The answer, and the address with the token that was shown: got anew if it had run out."""
    with world.store.reading() as view:
        kept = kept_edr(world, view, transfer.pid)
    key = _with_token_of(address, kept)
    answer = _pull(world, key)
    if answer.status in REFUSED and (address.refresh_token or through_connector(transfer)):
        renewed = renewed_edr(world, transfer)
        if renewed is not None:
            key = _with_token_of(address, renewed)
            answer = _pull(world, key)
    return answer, key


def _with_token_of(address: DataAddress, edr: Edr | None) -> DataAddress:
    if edr is None or edr.endpoint != address.endpoint:
        return address
    return replace(address, token=edr.token)


def _pull(world: World, key: DataAddress) -> HttpAnswer:
    return send_with_token(
        world, "GET", key.endpoint, key, limit_bytes=LIMIT_BYTES, timeout_seconds=30.0
    )


def _end(world: World, pid: str, address: DataAddress, refusal: Refusal) -> None:
    with world.store.unit_of_work() as work:
        transfer = _started(work, pid, address)
        if transfer is not None:
            end_unreceived(world, work, transfer, refusal)


def _started(view: UnitOfWork, pid: str, address: DataAddress) -> Transfer | None:
    """The transfer, if it still waits for what lies at this address."""
    record = document(view, "transfer", pid)
    transfer = transfer_of(record) if record else None
    if transfer is None or transfer.role is not Role.CONSUMER:
        return None
    waits = (
        transfer.state is TransferState.STARTED
        and transfer.outgoing is None
        and not transfer.delivery_id
        and transfer.token_digest == digest(address.token.encode())
    )
    return transfer if waits else None
