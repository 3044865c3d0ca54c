"""Contract negotiation, either role: start one, hear the peer, do what a state demands.

Every function commits state, log leaf and waiting messages in one unit of work; nothing is
sent from here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from saltbridge import locales
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Finding
from saltbridge.exchange import messages as m
from saltbridge.exchange import negotiation as machine
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.catalogue import dataset_of, visible
from saltbridge.exchange.model import (
    Agreement,
    Json,
    Negotiation,
    NegotiationState,
    Offer,
    Refusal,
    Role,
)
from saltbridge.exchange.policy import (
    PURPOSE_PASSPORT,
    PURPOSE_PCF,
    PURPOSE_TWINS,
    judge_agreement,
    judge_offer,
    judge_request,
)
from saltbridge.exchange.process import Duty, Send, Step
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.records import (
    KeptAgreement,
    agreement_record,
    negotiation_of,
)
from saltbridge.exchange.served import SERVED
from saltbridge.formats.dsp_outbox import REQUEST_TRANSFER
from saltbridge.ports import OutboxEntry, Partner, StaleWrite, UnitOfWork, World
from saltbridge.steps.first_request import begun_by, remember_begun
from saltbridge.steps.processes import keep_process
from saltbridge.steps.proposals import awaited, hold, refused_with
from saltbridge.steps.records import document
from saltbridge.steps.release import kept_release
from saltbridge.steps.speak import enqueue, say_later
from saltbridge.trust.did import iso

KIND: Final = "negotiation"
REFUSED_BY_APPROVER: Final = "exchange.refused-by-approver"
_ID_TAKEN: Final = Refusal("exchange.agreement-id-taken")
OUR_PURPOSES: Final = (PURPOSE_PCF, PURPOSE_PASSPORT, PURPOSE_TWINS)


def start_negotiation(
    world: World,
    partner: Partner,
    dataset_id: str,
    offer: Offer,
    *,
    transfer_wanted: bool = False,
    dataset_kind: str = "",
) -> Negotiation:
    """A new negotiation about the partner's dataset, stored and waiting to be sent.

    Raises:
        Refused: we would not take this offer.
        FaultyInput: the partner table does not say where the partner is reached.
    """
    refusal = judge_offer(offer, OUR_PURPOSES)
    if refusal is not None:
        raise Refused([Finding(refusal.code, refusal.arguments)])
    if not partner.dsp_url:
        raise FaultyInput.of("exchange.partner-without-address", partner=partner.name)
    asked = replace(offer, target=dataset_id)
    begun = Negotiation(
        role=Role.CONSUMER,
        state=NegotiationState.START,
        consumer_pid=world.identifiers.urn_uuid(),
        provider_pid="",
        counterparty=partner.bpn,
        peer_address=partner.dsp_url,
        offer=asked,
        transfer_wanted=transfer_wanted,
        dataset_kind=dataset_kind,
    )
    request = m.ContractRequest(
        consumer_pid=begun.consumer_pid,
        offer=asked,
        callback_address=f"{world.node.base_url}{DSP_2025_1.path}{DSP_2025_1.callback_path}",
    )
    with world.store.unit_of_work() as work:
        waiting = _say(world, work, begun, request)
        keep_process(work, waiting)
    return waiting


def find_negotiation(
    world: World, partner: Partner, role: Role, pid: str
) -> Negotiation | None:
    """Our process of that pid with that partner, or None."""
    with world.store.reading() as view:
        return _load(view, partner, role, pid)


def begin(
    world: World, partner: Partner, request: m.ContractRequest
) -> Negotiation | Refusal | None:
    """The provider's process for a consumer's first request; None where there is no dataset.

    The same request again gives the process it began.
    """
    if request.provider_pid:
        return Refusal("exchange.other-process", {"pid": request.provider_pid})
    if not same_origin(request.callback_address, partner.dsp_url):
        return Refusal("exchange.callback-foreign", {"address": request.callback_address[:200]})
    with world.store.unit_of_work() as work:
        before = begun_by(work, KIND, partner, request)
        if isinstance(before, Refusal):
            return before
        if before is not None:
            return _load(work, partner, Role.PROVIDER, before)
        if _visible_dataset(work, request.offer.target, partner) is None:
            return None
        begun = Negotiation(
            role=Role.PROVIDER,
            state=NegotiationState.START,
            consumer_pid=request.consumer_pid,
            provider_pid=world.identifiers.urn_uuid(),
            counterparty=partner.bpn,
            peer_address=request.callback_address,
            offer=request.offer,
        )
        step = machine.step(begun, request, Role.CONSUMER)
        if isinstance(step, Refusal):
            return step
        remember_begun(work, KIND, partner, request, begun.pid)
        return _carry_out(world, work, partner, step)


def hear(
    world: World, partner: Partner, role: Role, pid: str, message: m.NegotiationMessage
) -> Negotiation | Refusal | None:
    """Our process after a message of the peer; a refusal; or None where there is none."""
    try:
        return _heard(world, partner, role, pid, message)
    except StaleWrite:  # two negotiations came to one agreement id: the first one has it
        return _ID_TAKEN


def _heard(
    world: World, partner: Partner, role: Role, pid: str, message: m.NegotiationMessage
) -> Negotiation | Refusal | None:
    with world.store.unit_of_work() as work:
        process = _load(work, partner, role, pid)
        if process is None:
            return None
        step = machine.step(process, message, role.peer)
        if isinstance(step, Refusal):
            return step
        if step.process == process:
            return process
        taken = _take_over(step.process, message)
        return _carry_out(world, work, partner, replace(step, process=taken))


def terminate(world: World, pid: str, code: str) -> Negotiation:
    """Our process, about to be ended by us.

    Raises:
        FaultyInput: there is no such process.
        Refused: it cannot be ended now.
    """
    with world.store.unit_of_work() as work:
        record = document(work, KIND, pid)
        if record is None:
            raise FaultyInput.of("exchange.process-unknown", pid=pid)
        process = negotiation_of(record)
        message = _termination(process, Refusal(code))
        step = machine.step(process, message, process.role)
        if isinstance(step, Refusal):
            raise Refused([Finding(step.code, step.arguments)])
        ended = _say(world, work, process, message)
        keep_process(work, ended)
        return ended


# ── what a state demands ─────────────────────────────────────────────────────────────────


def _carry_out(
    world: World, work: UnitOfWork, partner: Partner, step: Step[Negotiation]
) -> Negotiation:
    process = step.process
    for effect in step.effects:
        if isinstance(effect, Duty):
            process = _DUTIES[effect](world, work, partner, process)
    keep_process(work, process)
    return process


def _take_over(process: Negotiation, message: m.NegotiationMessage) -> Negotiation:
    match message:
        case m.ContractRequest(offer=offer) | m.ContractOffer(offer=offer):
            return replace(process, offer=offer)
        case m.AgreementMessage(agreement=agreement):
            return replace(process, agreement=agreement)
        case m.NegotiationTermination(code=code, reason=reason):
            return replace(process, refusal_code=code, refusal_reason=reason)
        case _:
            return process


def _answer_request(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> Negotiation:
    """Agree if the offer is ours, unaltered, and released content exists for this caller.

    Where two persons have still to decide, the request waits for them.
    """
    dataset = _visible_dataset(work, process.offer.target, partner)
    if dataset is None:
        refusal: Refusal | None = Refusal("exchange.offer-unknown", {"offer": process.offer.id})
    else:
        refusal = judge_request(dataset_of(dataset, DSP_2025_1, "").offers, process.offer)
        if refusal is None and awaited(dataset, partner.bpn):
            hold(work, awaited(dataset, partner.bpn), process.pid)
            return process  # stays REQUESTED until two persons have decided
        if refusal is None and refused_with(dataset, partner.bpn):
            return _refused(world, work, process, refused_with(dataset, partner.bpn))
        refusal = refusal or _nothing_released(work, dataset, partner)
    if refusal is not None:
        ended = replace(process, refusal_code=refusal.code, refusal_reason=(_english(refusal),))
        return _say(world, work, ended, _termination(process, refusal))
    return _agree(world, work, partner, process)


def _refused(world: World, work: UnitOfWork, process: Negotiation, reason: str) -> Negotiation:
    """Ended with the words that an approver wrote for the partner, and nothing beside them."""
    ended = replace(process, refusal_code=REFUSED_BY_APPROVER, refusal_reason=(reason,))
    ending = m.NegotiationTermination(
        process.provider_pid, process.consumer_pid, REFUSED_BY_APPROVER, (reason,)
    )
    return _say(world, work, ended, ending)


def answer_held(world: World, entry: OutboxEntry) -> None:
    """Answer a request that waited for two persons, if it still waits.

    Raises:
        Unavailable: the partner who asked is known no more.
    """
    pid = str(read_json(entry.body)["pid"])
    with world.store.unit_of_work() as work:
        record = document(work, KIND, pid)
        process = negotiation_of(record) if record else None
        asked = process is not None and process.state is NegotiationState.REQUESTED
        if process is None or not asked or process.outgoing is not None:
            return
        partner = world.node.partner(process.counterparty)
        if partner is None:
            raise Unavailable.of("exchange.partner-gone", bpn=process.counterparty)
        keep_process(work, _answer_request(world, work, partner, process))


def _agree(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> Negotiation:
    agreement = Agreement(
        id=world.identifiers.urn_uuid(),
        dataset_id=process.offer.target,
        assigner=world.node.did,
        assignee=partner.did,
        policy={
            key: value for key, value in process.offer.policy.items() if not key.startswith("@")
        },
        timestamp=iso(world.clock.now()),
    )
    agreed = replace(process, agreement=agreement)
    message = m.AgreementMessage(process.provider_pid, process.consumer_pid, agreement)
    return _say(world, work, agreed, message)


def _consider_offer(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> Negotiation:
    refusal = judge_offer(process.offer, OUR_PURPOSES)
    if refusal is not None:
        return _say(world, work, process, _termination(process, refusal))
    accepted = m.NegotiationAccepted(process.provider_pid, process.consumer_pid)
    return _say(world, work, process, accepted)


def _verify_agreement(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> Negotiation:
    if process.agreement is None:
        raise RuntimeError("a negotiation in AGREED has an agreement")
    refusal = judge_agreement(
        process.agreement, process.offer, assigner=partner.did, assignee=world.node.did
    )
    if refusal is None and document(work, "agreement", process.agreement.id) is not None:
        # The provider chooses the id: it must not take over an agreement we have.
        refusal = _ID_TAKEN
    if refusal is not None:
        return _say(world, work, process, _termination(process, refusal))
    verified = m.AgreementVerification(process.provider_pid, process.consumer_pid)
    return _say(world, work, process, verified)


def _finalize(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> Negotiation:
    _keep_agreement(work, process)
    final = m.NegotiationFinalized(process.provider_pid, process.consumer_pid)
    return _say(world, work, process, final)


def _use_agreement(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> Negotiation:
    kept = _keep_agreement(work, process)
    if process.transfer_wanted:
        # The transfer's pid is chosen here, so that asking twice asks for one transfer.
        consumer_pid = world.identifiers.urn_uuid()
        body = {"agreement_id": kept.id, "consumer_pid": consumer_pid}
        enqueue(world, work, REQUEST_TRANSFER, canonical_bytes(body), consumer_pid)
        return replace(process, transfer_pid=consumer_pid)
    return process


_DUTIES: Mapping[Duty, Callable[[World, UnitOfWork, Partner, Negotiation], Negotiation]] = {
    Duty.ANSWER_REQUEST: _answer_request,
    Duty.AGREE: _agree,
    Duty.CONSIDER_OFFER: _consider_offer,
    Duty.VERIFY_AGREEMENT: _verify_agreement,
    Duty.FINALIZE: _finalize,
    Duty.USE_AGREEMENT: _use_agreement,
}


def _keep_agreement(work: UnitOfWork, process: Negotiation) -> Agreement:
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


def _nothing_released(work: UnitOfWork, dataset: Json, partner: Partner) -> Refusal | None:
    if dataset.get("kind") in SERVED:
        return None  # what an interface answers was released piece by piece
    named = dataset.get("releases", {}).get(partner.bpn)
    if not named or not kept_release(work, named["digest"], named["decision_id"], partner.bpn):
        return Refusal("exchange.nothing-released", {"dataset": dataset["id"]})
    return None


def _visible_dataset(view: UnitOfWork, dataset_id: str, partner: Partner) -> Json | None:
    record = document(view, "dataset", dataset_id)
    return next(iter(visible([record] if record else [], partner.bpn)), None)


def _termination(process: Negotiation, refusal: Refusal) -> m.NegotiationTermination:
    return m.NegotiationTermination(
        process.provider_pid, process.consumer_pid, refusal.code, (_english(refusal),)
    )


def _english(refusal: Refusal) -> str:
    return locales.text(refusal.code, refusal.arguments)


def _say(
    world: World, work: UnitOfWork, process: Negotiation, message: m.NegotiationMessage
) -> Negotiation:
    step = machine.step(process, message, process.role)
    if isinstance(step, Refusal):
        raise RuntimeError(f"{step.code}: {dict(step.arguments)}")
    for effect in step.effects:
        if isinstance(effect, Send):
            say_later(world, work, step.process, effect.message)
    return step.process


def _load(view: UnitOfWork, partner: Partner, role: Role, pid: str) -> Negotiation | None:
    record = document(view, KIND, pid)
    if record is None:
        return None
    process = negotiation_of(record)
    ours = process.role is role and process.counterparty == partner.bpn
    return process if ours else None
