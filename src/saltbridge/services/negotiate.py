"""Contract negotiation, either role: start one, hear the peer, end one.

Every function commits state, log leaf and waiting messages in one unit of work; nothing is
sent from here. What a state demands of us is in ``steps.negotiation_rules``.
"""

from dataclasses import replace

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange import negotiation as machine
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.model import Negotiation, NegotiationState, Offer, Refusal, Role
from saltbridge.exchange.process import Duty
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.ports import OutboxEntry, Partner, StaleWrite, World
from saltbridge.steps.first_request import begun_by
from saltbridge.steps.judging import findings_of, fitting_offer, judged_offer
from saltbridge.steps.negotiating import (
    KIND,
    answered,
    first_heard,
    first_word,
    heard,
    load,
    load_with,
    say_now,
)
from saltbridge.steps.negotiation_rules import (
    ID_TAKEN,
    REFUSED_BY_APPROVER,
    termination,
    visible_dataset,
)
from saltbridge.steps.processes import keep_process, known
from saltbridge.steps.shown_again import look_again
from saltbridge.steps.through_connector import address_for

__all__ = ["REFUSED_BY_APPROVER", "fitting_offer"]


def start_negotiation(
    world: World,
    partner: Partner,
    dataset_id: str,
    offer: Offer,
    *,
    transfer_wanted: bool = False,
    transfer_format: str = "",
    dataset_kind: str = "",
) -> Negotiation:
    """A new negotiation about the partner's dataset, stored and waiting to be sent.

    ``transfer_format`` is how the data is to come, where it is wanted; empty: the usual way.

    Raises:
        Refused: we would not take this offer.
        FaultyInput: the partner table does not say where the partner is reached.
    """
    with world.store.reading() as view:
        judged = judged_offer(world, view, offer)
    if judged.failed:
        raise Refused(findings_of(judged))
    return ask(
        world,
        partner,
        replace(offer, target=dataset_id),
        transfer_wanted=transfer_wanted,
        transfer_format=transfer_format,
        dataset_kind=dataset_kind,
    )


def ask(
    world: World,
    partner: Partner,
    offer: Offer,
    *,
    transfer_wanted: bool = False,
    transfer_format: str = "",
    dataset_kind: str = "",
) -> Negotiation:
    """A new negotiation about an offer, whatever its terms; ``start_negotiation`` judges them.

    Raises:
        FaultyInput: the partner table does not say where the partner is reached.
    """
    begun = Negotiation(
        role=Role.CONSUMER,
        state=NegotiationState.START,
        consumer_pid=world.identifiers.urn_uuid(),
        provider_pid="",
        counterparty=partner.bpn,
        peer_address=address_for(world, partner),
        offer=offer,
        transfer_wanted=transfer_wanted,
        transfer_format=transfer_format,
        dataset_kind=dataset_kind,
    )
    request = m.ContractRequest(
        consumer_pid=begun.consumer_pid,
        offer=offer,
        callback_address=f"{world.node.base_url}{DSP_2025_1.path}{DSP_2025_1.callback_path}",
    )
    return first_word(world, begun, request)


def find_negotiation(
    world: World, partner: Partner, role: Role | None, pid: str
) -> Negotiation | None:
    """Our process of that pid with that partner, in that role if one is named, or None."""
    with world.store.reading() as view:
        return load_with(view, partner, role, pid)


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
            return load_with(work, partner, Role.PROVIDER, before)
        if visible_dataset(world, work, request.offer.target, partner) is None:
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
        return first_heard(world, work, partner, begun, request)


def hear(
    world: World, partner: Partner, role: Role | None, pid: str, message: m.NegotiationMessage
) -> Negotiation | Refusal | None:
    """Our process after a message of the peer; a refusal; or None where there is none.

    Without a ``role`` it is the one we have in that process.
    """
    try:
        with world.store.unit_of_work() as work:
            process = load_with(work, partner, role, pid)
            if process is None:
                return None
            step = machine.step(process, message, process.role.peer)
            if isinstance(step, Refusal):
                return step
            if step.process == process:
                return process
            return heard(world, work, partner, step, message)
    except StaleWrite:  # two negotiations came to one agreement id: the first one has it
        return ID_TAKEN


def terminate(world: World, pid: str, code: str, reason: str = "") -> Negotiation:
    """Our process, about to be ended by us; the partner is told the reason.

    Raises:
        FaultyInput: there is no such process.
        Refused: it cannot be ended now.
    """
    with world.store.reading() as view:
        process = known(load(view, pid), pid)
    return say_now(world, pid, termination(process, Refusal(code), reason))


def answer_held(world: World, entry: OutboxEntry) -> None:
    """Answer a request that waited for two persons, if it still waits.

    What the partner showed when it asked is looked at again first.

    Raises:
        Unavailable: the partner who asked is known no more, or an issuer cannot be reached.
    """
    pid = str(read_json(entry.body)["pid"])
    with world.store.reading() as view:
        waiting = load(view, pid)
    asking = world.node.partner(waiting.counterparty) if waiting else None
    if asking is not None:
        look_again(world, asking)
    with world.store.unit_of_work() as work:
        process = load(work, pid)
        asked = process is not None and process.state is NegotiationState.REQUESTED
        if process is None or not asked or process.outgoing is not None:
            return
        partner = world.node.partner(process.counterparty)
        if partner is None:
            raise Unavailable.of("exchange.partner-gone", bpn=process.counterparty)
        keep_process(work, answered(world, work, partner, process, Duty.ANSWER_REQUEST))
