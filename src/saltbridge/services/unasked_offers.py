"""Offers that are made without being asked for: ours to a partner, a partner's to us.

What a partner offers waits in OFFERED until a person says yes or no: to accept is to conclude
an agreement, and nobody here asked for it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.exchange import messages as m
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.model import Negotiation, NegotiationState, Offer, Refusal, Role
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.records import negotiation_of
from saltbridge.formats.dsp import parse_offer
from saltbridge.ports import Partner, World
from saltbridge.steps.first_request import begun_by
from saltbridge.steps.negotiating import (
    KIND,
    first_heard,
    first_word,
    load,
    load_with,
    say_now,
)
from saltbridge.steps.negotiation_rules import termination, visible_dataset
from saltbridge.steps.processes import known
from saltbridge.steps.records import every
from saltbridge.steps.shown_again import look_again
from saltbridge.steps.through_connector import address_for

DECLINED: Final = "exchange.offer-declined"


def offer_dataset(world: World, partner: Partner, dataset_id: str) -> Negotiation:
    """A negotiation that begins with our offer of a dataset, stored and waiting to be sent.

    Raises:
        FaultyInput: there is no such dataset for this partner, or no address of the partner.
        Refused: the company's own connector speaks for us, and makes no offers unasked; or the
            partner has not shown what the dataspace asks for, or it does not hold any more.
        Unavailable: an issuer of what it showed cannot be reached now.
    """
    if world.connector is not None:
        raise Refused.of("edc.no-unasked-offers")
    lost = look_again(world, partner)
    if lost is not None:
        raise Refused([lost])
    with world.store.reading() as view:
        dataset = visible_dataset(world, view, dataset_id, partner)
    if dataset is None:
        raise FaultyInput.of(
            "exchange.dataset-not-for", dataset=dataset_id, partner=partner.name
        )
    offer = replace(parse_offer(dataset["offer"]), target=dataset_id)
    begun = Negotiation(
        role=Role.PROVIDER,
        state=NegotiationState.START,
        consumer_pid="",
        provider_pid=world.identifiers.urn_uuid(),
        counterparty=partner.bpn,
        peer_address=address_for(world, partner),
        offer=offer,
    )
    callback = f"{world.node.base_url}{DSP_2025_1.path}"
    return first_word(
        world, begun, m.ContractOffer(begun.provider_pid, offer, callback_address=callback)
    )


def counter(world: World, pid: str, policy: Mapping[str, Any], offer_id: str) -> Negotiation:
    """Our process, about to answer a request (as provider) or an offer (as consumer) with other
    terms for the same dataset.

    Raises:
        FaultyInput: there is no such process.
        Refused: the protocol does not allow it now.
    """
    process = _process(world, pid)
    offer = Offer(offer_id, policy, process.offer.target)
    if process.role is Role.PROVIDER:
        said: m.NegotiationMessage = m.ContractOffer(
            process.provider_pid, offer, process.consumer_pid
        )
    else:
        said = m.ContractRequest(process.consumer_pid, offer, process.provider_pid)
    return say_now(world, pid, said)


def begin_offered(
    world: World, partner: Partner, offered: m.ContractOffer
) -> Negotiation | Refusal:
    """The consumer's process for an offer that a provider makes of itself.

    The same offer again gives the process it began.
    """
    if offered.consumer_pid:
        return Refusal("exchange.other-process", {"pid": offered.consumer_pid})
    if not same_origin(offered.callback_address, partner.dsp_url):
        return Refusal("exchange.callback-foreign", {"address": offered.callback_address[:200]})
    with world.store.unit_of_work() as work:
        before = begun_by(work, KIND, partner, offered)
        if isinstance(before, Refusal):
            return before
        found = load_with(work, partner, Role.CONSUMER, before) if before else None
        if found is not None:
            return found
        begun = Negotiation(
            role=Role.CONSUMER,
            state=NegotiationState.START,
            consumer_pid=world.identifiers.urn_uuid(),
            provider_pid=offered.provider_pid,
            counterparty=partner.bpn,
            peer_address=offered.callback_address,
            offer=offered.offer,
            unasked=True,
        )
        return first_heard(world, work, partner, begun, offered)


def waiting_offers(world: World) -> list[Negotiation]:
    """Offers of partners that wait for a person here."""
    with world.store.reading() as view:
        found = [negotiation_of(read_json(r.body)) for r in every(view, KIND)]
    return [
        n
        for n in found
        if n.role is Role.CONSUMER
        and n.unasked
        and (n.state, n.outgoing) == (NegotiationState.OFFERED, None)
    ]


def accept_offer(
    world: World,
    pid: str,
    *,
    dataset_kind: str = "",
    transfer_wanted: bool = False,
    transfer_format: str = "",
) -> Negotiation:
    """Our process, in which we are about to accept what the partner offers.

    ``dataset_kind`` is what the partner's catalogue says of the dataset: a delivery is checked
    against it.

    Raises:
        FaultyInput: there is no such process.
        Refused: there is nothing to accept now.
    """
    process = _process(world, pid)
    return say_now(
        world,
        pid,
        m.NegotiationAccepted(process.provider_pid, process.consumer_pid),
        dataset_kind=dataset_kind,
        transfer_wanted=transfer_wanted,
        transfer_format=transfer_format,
    )


def decline_offer(world: World, pid: str, reason: str = "") -> Negotiation:
    """Our process, in which we are about to decline what the partner offers.

    Raises:
        FaultyInput: there is no such process.
        Refused: it cannot be ended now.
    """
    return say_now(world, pid, termination(_process(world, pid), Refusal(DECLINED), reason))


def _process(world: World, pid: str) -> Negotiation:
    with world.store.reading() as view:
        return known(load(view, pid), pid)
