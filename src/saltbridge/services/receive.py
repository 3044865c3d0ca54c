"""Pull the bytes of a started transfer, check them, keep the delivery, tell the provider."""

from typing import Final

from saltbridge.core.canonical import digest
from saltbridge.core.errors import Unavailable
from saltbridge.exchange.delivery import verify_delivery
from saltbridge.exchange.model import DataAddress, Refusal, Role, Transfer, TransferState
from saltbridge.exchange.records import transfer_of
from saltbridge.formats.dsp_outbox import parse_fetch
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps.receiving import (
    LIMIT_BYTES,
    end_unreceived,
    keep_received,
    received_content,
)
from saltbridge.steps.records import document
from saltbridge.steps.speak import kept_agreement
from saltbridge.steps.statement_received import fetch_statement, statement_record, terms_of
from saltbridge.steps.through_connector import may_pull

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
        answer = world.http.send(
            "GET",
            address.endpoint,
            headers={"authorization": address.token},
            limit_bytes=LIMIT_BYTES,
            timeout_seconds=30.0,
        )
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
        fetch_statement(world, address),
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
