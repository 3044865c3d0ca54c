"""A negotiation moves: what is said or heard is stored with all that follows from it."""

from dataclasses import replace
from typing import Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding
from saltbridge.exchange import messages as m
from saltbridge.exchange import negotiation as machine
from saltbridge.exchange.model import Agreement, Negotiation, Refusal, Role
from saltbridge.exchange.process import Duty, Send, Step
from saltbridge.exchange.records import KeptAgreement, agreement_record, negotiation_of
from saltbridge.formats.dsp_outbox import REQUEST_TRANSFER, render_transfer_wanted
from saltbridge.ports import VIA_CONNECTOR, Partner, UnitOfWork, World
from saltbridge.steps import negotiation_rules
from saltbridge.steps.first_request import remember_begun
from saltbridge.steps.processes import keep_process, known
from saltbridge.steps.records import document
from saltbridge.steps.speak import enqueue, say_later

KIND: Final = "negotiation"


def load(view: UnitOfWork, pid: str) -> Negotiation | None:
    """The process of that pid of ours, whoever it is with."""
    record = document(view, KIND, pid)
    return None if record is None else negotiation_of(record)


def load_with(
    view: UnitOfWork, partner: Partner, role: Role | None, pid: str
) -> Negotiation | None:
    """The process of that pid with that partner, in which we have that role if one is named."""
    process = load(view, pid)
    if process is None or process.counterparty != partner.bpn:
        return None
    if process.peer_address == VIA_CONNECTOR:
        return None  # the company's connector hears what is said in it
    return process if role in (None, process.role) else None


def heard(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    step: Step[Negotiation],
    message: m.NegotiationMessage,
) -> Negotiation:
    """The process after a message of the peer: taken over, answered, stored."""
    process = _with_content(step.process, message)
    for effect in step.effects:
        if effect is Duty.USE_AGREEMENT:
            process = _use_agreement(world, work, process)
        elif isinstance(effect, Duty):
            process = answered(world, work, partner, process, effect)
    keep_process(work, process)
    return process


def answered(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation, duty: Duty
) -> Negotiation:
    """The process once we have decided about a duty; it is not stored here."""
    decide = world.decider.negotiation if world.decider else negotiation_rules.decide
    message = decide(world, work, partner, process, duty)
    return process if message is None else said(world, work, process, message)


def said(
    world: World, work: UnitOfWork, process: Negotiation, message: m.NegotiationMessage
) -> Negotiation:
    """The process with our own message waiting in the outbox; it is not stored here.

    Raises:
        RuntimeError: the protocol does not allow it now.
    """
    step = machine.step(process, message, process.role)
    if isinstance(step, Refusal):
        raise RuntimeError(f"{step.code}: {dict(step.arguments)}")
    for effect in step.effects:
        if isinstance(effect, Send):
            say_later(world, work, step.process, effect.message)
    told = _with_content(step.process, message)
    if isinstance(message, m.NegotiationFinalized):
        keep_agreement(work, told)
    return told


def say_now(
    world: World,
    pid: str,
    message: m.NegotiationMessage,
    *,
    dataset_kind: str = "",
    transfer_wanted: bool = False,
    transfer_format: str = "",
) -> Negotiation:
    """Our process, in which we are about to say something by a person's decision.

    A consumer that had not asked may add what the catalogue says of the dataset, and that it
    wants the data as soon as it is agreed.

    Raises:
        FaultyInput: there is no such process.
        Refused: the protocol does not allow it now.
    """
    with world.store.unit_of_work() as work:
        process = known(load(work, pid), pid)
        step = machine.step(process, message, process.role)
        if isinstance(step, Refusal):
            raise Refused([Finding(step.code, step.arguments)])
        wanted = replace(
            process,
            dataset_kind=dataset_kind or process.dataset_kind,
            transfer_wanted=transfer_wanted or process.transfer_wanted,
            transfer_format=transfer_format or process.transfer_format,
        )
        told = said(world, work, wanted, message)
        keep_process(work, told)
        return told


def first_word(
    world: World, begun: Negotiation, message: m.ContractRequest | m.ContractOffer
) -> Negotiation:
    """A negotiation that we begin, stored and waiting to be sent."""
    with world.store.unit_of_work() as work:
        waiting = said(world, work, begun, message)
        keep_process(work, waiting)
    return waiting


def first_heard(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    begun: Negotiation,
    message: m.ContractRequest | m.ContractOffer,
) -> Negotiation | Refusal:
    """A negotiation that the peer begins; its first message begins no second one."""
    step = machine.step(begun, message, begun.role.peer)
    if isinstance(step, Refusal):
        return step
    remember_begun(work, KIND, partner, message, begun.pid)
    return heard(world, work, partner, step, message)


def acknowledged_by_peer(world: World, work: UnitOfWork, process: Negotiation) -> Negotiation:
    """The process, whose own message the peer has just taken: may be we go on by ourselves."""
    partner = world.node.partner(process.counterparty)
    if partner is None or process.state in machine.TERMINAL:
        return process
    return answered(world, work, partner, process, Duty.GO_ON)


def _with_content(process: Negotiation, message: m.NegotiationMessage) -> Negotiation:
    """The process with what the message says, whoever says it."""
    match message:
        case m.ContractRequest(offer=offer) | m.ContractOffer(offer=offer):
            return replace(process, offer=offer)
        case m.AgreementMessage(agreement=agreement):
            return replace(process, agreement=agreement)
        case m.NegotiationTermination(code=code, reason=reason):
            return replace(process, refusal_code=code, refusal_reason=reason)
        case _:
            return process


def _use_agreement(world: World, work: UnitOfWork, process: Negotiation) -> Negotiation:
    kept = keep_agreement(work, process)
    if not process.transfer_wanted:
        return process
    # The transfer's pid is chosen here, so that asking twice asks for one transfer.
    consumer_pid = world.identifiers.urn_uuid()
    body = render_transfer_wanted(kept.id, consumer_pid, process.transfer_format)
    enqueue(world, work, REQUEST_TRANSFER, body, consumer_pid)
    return replace(process, transfer_pid=consumer_pid)


def keep_agreement(work: UnitOfWork, process: Negotiation) -> Agreement:
    if process.agreement is None:
        raise RuntimeError("a negotiation in VERIFIED has an agreement")
    kept = KeptAgreement(
        process.agreement,
        process.role,
        process.counterparty,
        process.pid,
        process.dataset_kind,
    )
    body = canonical_bytes(agreement_record(kept))
    work.put("agreement", process.agreement.id, body, expected_version=0)
    work.append_leaf("agreement.concluded", process.agreement.id, body)
    return process.agreement
