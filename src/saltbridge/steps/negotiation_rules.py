"""What this node says next in a contract negotiation, by its own rules.

The provider agrees to what it offers, unaltered, once released content exists; the consumer
takes an offer of a shape it knows, for a purpose it has. Nothing is stored here but that a
request waits for two persons.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from saltbridge import locales
from saltbridge.exchange import messages as m
from saltbridge.exchange.catalogue import dataset_of
from saltbridge.exchange.model import Agreement, Json, Negotiation, Offer, Refusal
from saltbridge.exchange.policy import judge_agreement, same_terms
from saltbridge.exchange.process import Duty
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.served import SERVED
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.explaining import explain_lost, explain_refusal
from saltbridge.steps.judging import refused_offer, refused_request, refused_terms
from saltbridge.steps.proposals import awaited, hold, refused_with
from saltbridge.steps.records import document
from saltbridge.steps.release import kept_release
from saltbridge.steps.standing import lost_by, visible_to
from saltbridge.trust.did import iso

REFUSED_BY_APPROVER: Final = "exchange.refused-by-approver"
ID_TAKEN: Final = Refusal("exchange.agreement-id-taken")


def decide(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation, duty: Duty
) -> m.NegotiationMessage | None:
    """What to say now, or None: we wait."""
    rule = _RULES.get(duty)
    return rule(world, work, partner, process) if rule else None


def visible_dataset(
    world: World, view: UnitOfWork, dataset_id: str, partner: Partner
) -> Json | None:
    """The dataset record, if this partner may know of it."""
    record = document(view, "dataset", dataset_id)
    return next(iter(visible_to(world, view, [record] if record else [], partner)), None)


def termination(
    process: Negotiation, refusal: Refusal, reason: str = ""
) -> m.NegotiationTermination:
    """The end of a negotiation, in the words of a person, or else of the refusal."""
    words = (reason or locales.text(refusal.code, refusal.arguments),)
    return m.NegotiationTermination(
        process.provider_pid, process.consumer_pid, refusal.code, words
    )


def agreement_message(
    world: World, partner: Partner, process: Negotiation, offers: Sequence[Offer] = ()
) -> m.AgreementMessage:
    """The agreement to what was asked for, from now on, in the words in which we offered it.

    A consumer may have asked for the same in another spelling (EDC leaves ``profile`` out) and
    then compares the agreement with the offer that it read in our catalogue.
    """
    offered = next((offer for offer in offers if offer.id == process.offer.id), process.offer)
    agreed = offered if same_terms(offered.policy, process.offer.policy) else process.offer
    agreement = Agreement(
        id=world.identifiers.urn_uuid(),
        dataset_id=process.offer.target,
        assigner=world.node.did,
        assignee=partner.did,
        policy=_terms(agreed),
        timestamp=iso(world.clock.now()),
    )
    return m.AgreementMessage(process.provider_pid, process.consumer_pid, agreement)


def _terms(offer: Offer) -> Json:
    return {
        key: value
        for key, value in offer.policy.items()
        if not key.startswith("@") and key not in ("assigner", "assignee")
    }


def _answer_request(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> m.NegotiationMessage | None:
    """Agree if the offer is ours, unaltered, and released content exists for this caller.

    Where two persons have still to decide, the request waits for them.
    """
    lost = lost_by(world, work, partner)
    if lost is not None:
        return termination(process, explain_lost(work, process, partner, lost))
    dataset = visible_dataset(world, work, process.offer.target, partner)
    if dataset is None:
        gone = Refusal("exchange.offer-unknown", {"offer": process.offer.id})
        return termination(process, explain_refusal(work, process, gone))
    refusal = refused_request(world, work, partner, process, dataset)
    if refusal is not None:
        return termination(process, refusal)
    return _agree_if_released(world, work, partner, process, dataset)


def _agree_if_released(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation, dataset: Json
) -> m.NegotiationMessage | None:
    if awaited(dataset, partner.bpn):
        hold(work, awaited(dataset, partner.bpn), process.pid)
        return None  # stays as it is until two persons have decided
    if refused_with(dataset, partner.bpn):
        # The words that an approver wrote for the partner, and nothing beside them.
        reason = (refused_with(dataset, partner.bpn),)
        return m.NegotiationTermination(
            process.provider_pid, process.consumer_pid, REFUSED_BY_APPROVER, reason
        )
    refusal = _nothing_released(work, dataset, partner, process)
    if refusal is not None:
        return termination(process, refusal)
    offers = dataset_of(dataset, DSP_2025_1, "").offers
    return agreement_message(world, partner, process, offers)


def _agree(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> m.NegotiationMessage | None:
    """Agree to what we offered ourselves and the consumer accepted."""
    dataset = visible_dataset(world, work, process.offer.target, partner)
    if dataset is None:
        gone = Refusal("exchange.offer-unknown", {"offer": process.offer.id})
        return termination(process, explain_refusal(work, process, gone))
    refusal = refused_terms(world, work, partner, process)
    if refusal is not None:
        return termination(process, refusal)
    return _agree_if_released(world, work, partner, process, dataset)


def _consider_offer(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> m.NegotiationMessage | None:
    refusal = refused_offer(work, world, process)
    if refusal is not None:
        return termination(process, refusal)
    if process.unasked:
        return None  # nobody here asked for it: a person says yes or no
    return m.NegotiationAccepted(process.provider_pid, process.consumer_pid)


def _verify_agreement(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> m.NegotiationMessage:
    if process.agreement is None:
        raise RuntimeError("a negotiation in AGREED has an agreement")
    refusal = judge_agreement(
        process.agreement, process.offer, assigner=partner.did, assignee=world.node.did
    )
    if refusal is None and document(work, "agreement", process.agreement.id) is not None:
        # The provider chooses the id: it must not take over an agreement we have.
        refusal = ID_TAKEN
    if refusal is not None:
        return termination(process, explain_refusal(work, process, refusal))
    return m.AgreementVerification(process.provider_pid, process.consumer_pid)


def _finalize(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> m.NegotiationMessage:
    return m.NegotiationFinalized(process.provider_pid, process.consumer_pid)


def _nothing_released(
    work: UnitOfWork, dataset: Json, partner: Partner, process: Negotiation
) -> Refusal | None:
    if dataset.get("kind") in SERVED:
        return None  # what an interface answers was released piece by piece
    named = dataset.get("releases", {}).get(partner.bpn)
    if not named or not kept_release(work, named["digest"], named["decision_id"], partner.bpn):
        nothing = Refusal("exchange.nothing-released", {"dataset": dataset["id"]})
        return explain_refusal(work, process, nothing)
    return None


_RULES: Mapping[
    Duty, Callable[[World, UnitOfWork, Partner, Negotiation], m.NegotiationMessage | None]
] = {
    Duty.ANSWER_REQUEST: _answer_request,
    Duty.AGREE: _agree,
    Duty.CONSIDER_OFFER: _consider_offer,
    Duty.VERIFY_AGREEMENT: _verify_agreement,
    Duty.FINALIZE: _finalize,
}
