"""What has arrived is checked, kept and answered for: pulled or pushed, by the same rules."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from saltbridge import locales
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding
from saltbridge.exchange import messages as m
from saltbridge.exchange import transfer as machine
from saltbridge.exchange.delivery import (
    LOG_FORKED,
    Check,
    Received,
    RefusedDelivery,
    VerifiedDelivery,
    check_record,
)
from saltbridge.exchange.model import Refusal, Role, Transfer
from saltbridge.exchange.process import Send
from saltbridge.exchange.records import KeptAgreement, transfer_record
from saltbridge.footprint.methodologies import editions
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.explaining import explain, explain_refusal, point_for
from saltbridge.steps.log import ask_witnesses
from saltbridge.steps.processes import keep_process
from saltbridge.steps.pushing import is_push
from saltbridge.steps.speak import say_later
from saltbridge.steps.verification import known_verifiers, withdrawals
from saltbridge.steps.witnessing import joining, keep_fork, see_further, seen_checkpoint
from saltbridge.trust.claims import SignedClaim
from saltbridge.trust.did import iso
from saltbridge.trust.log_proof import LogProof

LIMIT_BYTES: Final = 50_000_000


def received_content(
    world: World,
    partner: Partner,
    transfer: Transfer,
    kept: KeptAgreement | None,
    content: bytes,
    announced_digest: str,
) -> Received:
    """The bytes with everything their checks need.

    Raises:
        Unavailable: the provider's DID document cannot be reached now.
    """
    claim: SignedClaim | None = None
    fault: Finding | None = None
    log: LogProof | None = None
    beside: tuple[str, ...] = ()
    try:
        file = parse_claim_file(content)
        claim, log, beside = file.claim, file.log, file.also_signed
    except FaultyInput as error:
        fault = error.findings[0]
    did_document = world.did_resolver.resolve(partner.did)
    with world.store.reading() as view:
        seen = seen_checkpoint(view, partner.did)
    consistency = joining(world, did_document, seen, log.checkpoint) if seen and log else ()
    with world.store.reading() as view:
        verifiers, taken_back = known_verifiers(world, view), withdrawals(view)
    return Received(
        content=content,
        claim=claim,
        fault=fault,
        did_document=did_document,
        provider_did=partner.did,
        consumer_did=world.node.did,
        agreement=kept.agreement if kept else None,
        dataset_id=transfer.dataset_id,
        dataset_kind=kept.dataset_kind if kept else "",
        announced_digest=announced_digest,
        known_editions=editions(),
        received_at=world.clock.now(),
        also_signed=beside,
        log=log,
        witnessed=seen,
        consistency=consistency,
        verifiers=verifiers,
        withdrawals=taken_back,
    )


def keep_received(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    transfer: Transfer,
    received: Received,
    statement: Mapping[str, Any],
    result: VerifiedDelivery | RefusedDelivery,
) -> None:
    """Keep the delivery of a transfer that still waits for it, with all that follows."""
    delivery_id = world.identifiers.urn_uuid()
    verified = isinstance(result, VerifiedDelivery)
    body = canonical_bytes(
        {
            "id": delivery_id,
            "transfer_id": transfer.pid,
            "dataset_id": transfer.dataset_id,
            "dataset_kind": received.dataset_kind,
            "provider": {"bpn": partner.bpn, "did": partner.did, "name": partner.name},
            "agreement_id": transfer.agreement_id,
            "digest": result.digest,
            "received_at": iso(received.received_at),
            "claim_type": received.claim.type.value if received.claim else "",
            "verified": verified,
            "checks": [check_record(check) for check in result.checks],
            "claim": _claim(received),
            "statement": dict(statement),
        }
    )
    work.put("delivery", delivery_id, body, expected_version=0)
    work.append_leaf("delivery.verified" if verified else "delivery.refused", delivery_id, body)
    work.put("did-document", partner.did, canonical_bytes(dict(received.did_document)))
    if isinstance(result, VerifiedDelivery) and received.dataset_kind == "pcf":
        work.put("pcf", delivery_id, _usable(result, delivery_id, transfer, partner))
    if received.log is not None:
        _remember_log(world, work, received.log, received, result)
    ask_witnesses(world, work)
    done = replace(transfer, delivery_id=delivery_id)
    failed = next((check for check in result.checks if not check.ok), None)
    if failed is not None:
        failures = (_refusal_of(check) for check in result.checks if not check.ok)
        explain(work, done, map(point_for, failures))
        done = _with_refusal(done, _refusal_of(failed))
        _say(world, work, done, _termination(transfer, _refusal_of(failed)))
    elif is_push(done):  # the provider says that it is done
        keep_process(work, done)
    else:
        done_with = m.TransferCompletion(transfer.provider_pid, transfer.consumer_pid)
        _say(world, work, done, done_with)


def _remember_log(
    world: World,
    work: UnitOfWork,
    log: LogProof,
    received: Received,
    result: VerifiedDelivery | RefusedDelivery,
) -> None:
    """What the delivery told about the provider's log: seen further, or found forked."""
    if isinstance(result, VerifiedDelivery):
        if seen_checkpoint(work, received.provider_did) == received.witnessed:
            see_further(world, work, received.provider_did, log.note)
    elif any(check.detail_code == LOG_FORKED for check in result.checks):
        keep_fork(world, work, received.provider_did, log.note)


def _claim(received: Received) -> Mapping[str, Any] | None:
    """The claim file as it came, if it was one; other bytes are not worth keeping."""
    file = read_json(received.content) if received.claim else None
    return file if isinstance(file, dict) else None


def _usable(
    result: VerifiedDelivery, delivery_id: str, transfer: Transfer, partner: Partner
) -> bytes:
    """A PCF document as the accounting may use it, with where it came from."""
    return canonical_bytes(
        {
            **result.document,
            "delivery": {
                "id": delivery_id,
                "digest": result.digest,
                "agreement_id": transfer.agreement_id,
                "provider": {"bpn": partner.bpn, "did": partner.did, "name": partner.name},
            },
        }
    )


def end_unreceived(
    world: World, work: UnitOfWork, transfer: Transfer, refusal: Refusal
) -> None:
    """End a transfer of which nothing can be had."""
    ended = _with_refusal(transfer, explain_refusal(work, transfer, refusal))
    _say(world, work, ended, _termination(transfer, refusal))


def _refusal_of(check: Check) -> Refusal:
    return Refusal(check.detail_code, check.arguments)


def _reason(refusal: Refusal) -> tuple[str, ...]:
    return (locales.text_or(refusal.code, refusal.code, refusal.arguments),)


def _with_refusal(transfer: Transfer, refusal: Refusal) -> Transfer:
    return replace(transfer, refusal_code=refusal.code, refusal_reason=_reason(refusal))


def _termination(transfer: Transfer, refusal: Refusal) -> m.TransferTermination:
    return m.TransferTermination(
        transfer.provider_pid, transfer.consumer_pid, refusal.code, _reason(refusal)
    )


def _say(world: World, work: UnitOfWork, process: Transfer, message: m.TransferMessage) -> None:
    step = machine.step(process, message, Role.CONSUMER)
    if isinstance(step, Refusal):
        raise RuntimeError(f"{step.code}: {dict(step.arguments)}")
    for effect in step.effects:
        if isinstance(effect, Send):
            say_later(world, work, step.process, effect.message)
    work.put("transfer", process.pid, canonical_bytes(transfer_record(step.process)))
