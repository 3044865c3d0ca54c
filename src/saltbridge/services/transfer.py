"""Transfer, either role: ask for data, hear the peer, say what a person decides; open the data.

Every function commits state, log leaf and waiting messages in one unit of work; nothing is
sent from here. What a state demands of us is in ``steps.transfer_rules``.
"""

from dataclasses import dataclass

from saltbridge.border.release import Release
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Finding
from saltbridge.exchange import messages as m
from saltbridge.exchange import transfer as machine
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.ends import not_begun
from saltbridge.exchange.model import Refusal, Role, Transfer, TransferState
from saltbridge.exchange.policy import in_force
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.records import KeptAgreement
from saltbridge.formats.dsp_outbox import parse_transfer_wanted
from saltbridge.ports import VIA_CONNECTOR, OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.data_tokens import OpenedTransfer, opened_transfer
from saltbridge.steps.first_request import begun_by, remember_begun
from saltbridge.steps.negotiating import load as load_negotiation
from saltbridge.steps.processes import keep_process, known
from saltbridge.steps.pushing import is_push, judged_target, with_own_door
from saltbridge.steps.speak import kept_agreement
from saltbridge.steps.statement import kept_statement
from saltbridge.steps.transfer_rules import released, termination
from saltbridge.steps.transferring import KIND, heard, load, load_with, said
from saltbridge.trust.did import iso


def request_transfer(
    world: World, agreement_id: str, *, pid: str = "", format: str = ""
) -> Transfer:
    """The consumer's new transfer under an agreement, stored and waiting to be sent.

    With ``pid`` asking twice gives one transfer. Without a ``format`` the data is pulled.

    Raises:
        FaultyInput: no such agreement of ours as consumer, no such format, or its partner is
            gone.
        Refused: the agreement is not in force any more.
        Unavailable: it is not in force yet by our clock.
    """
    if format and format not in DSP_2025_1.formats:
        raise FaultyInput.of("exchange.format-unknown", format=format[:80])
    with world.store.unit_of_work() as work:
        stored = load(work, pid)
        if stored is not None:
            return stored
        kept = kept_agreement(work, agreement_id, Role.CONSUMER)
        partner = world.node.partner(kept.counterparty) if kept else None
        if kept is None or partner is None:
            raise FaultyInput.of("exchange.agreement-unknown", agreement=agreement_id)
        now = world.clock.now()
        if not_begun(kept.agreement, now):
            raise Unavailable.of(
                "exchange.agreement-not-begun", concluded=kept.agreement.timestamp, now=iso(now)
            )
        if not in_force(kept.agreement, now):
            raise Refused.of("exchange.agreement-over", agreement=agreement_id)
        begun = Transfer(
            role=Role.CONSUMER,
            state=TransferState.START,
            consumer_pid=pid or world.identifiers.urn_uuid(),
            provider_pid="",
            counterparty=kept.counterparty,
            peer_address=_way(work, kept, partner),
            agreement_id=agreement_id,
            dataset_id=kept.agreement.dataset_id,
            format=format or DSP_2025_1.formats[0],
        )
        if is_push(begun) and begun.peer_address == VIA_CONNECTOR:
            raise Refused.of("edc.pull-only")
        if is_push(begun):
            begun = with_own_door(world, begun)
        path = f"{DSP_2025_1.path}{DSP_2025_1.callback_path}"
        request = m.TransferRequest(
            consumer_pid=begun.consumer_pid,
            agreement_id=agreement_id,
            format=begun.format,
            callback_address=f"{world.node.base_url}{path}",
        )
        waiting = said(world, work, begun, request)
        keep_process(work, waiting)
        return waiting


def _way(view: UnitOfWork, kept: KeptAgreement, partner: Partner) -> str:
    """Where the messages go: whoever concluded the agreement asks for its data."""
    concluded = load_negotiation(view, kept.negotiation_id)
    through = concluded is not None and concluded.peer_address == VIA_CONNECTOR
    return VIA_CONNECTOR if through else partner.dsp_url


def request_waiting_transfer(world: World, entry: OutboxEntry) -> None:
    """Ask for the data of an agreement that has just been concluded."""
    agreement_id, consumer_pid, format = parse_transfer_wanted(entry.body)
    request_transfer(world, agreement_id, pid=consumer_pid, format=format)


def find_transfer(world: World, partner: Partner, role: Role, pid: str) -> Transfer | None:
    """Our process of that pid with that partner, or None."""
    with world.store.reading() as view:
        return load_with(view, partner, role, pid)


def begin(
    world: World, partner: Partner, request: m.TransferRequest
) -> Transfer | Refusal | None:
    """The provider's process for a consumer's request; None where there is no agreement.

    The same request again gives the process it began. An agreement that is not in force any
    more begins nothing.
    """
    if not same_origin(request.callback_address, partner.dsp_url):
        return Refusal("exchange.callback-foreign", {"address": request.callback_address[:200]})
    if request.format not in DSP_2025_1.formats:
        return Refusal("exchange.format-unknown", {"format": request.format[:80]})
    target = judged_target(world, partner, request)
    if isinstance(target, Refusal):
        return target
    with world.store.unit_of_work() as work:
        before = begun_by(work, KIND, partner, request)
        if isinstance(before, Refusal):
            return before
        if before is not None:
            return load_with(work, partner, Role.PROVIDER, before)
        kept = kept_agreement(work, request.agreement_id, Role.PROVIDER)
        if kept is None or kept.counterparty != partner.bpn:
            return None
        begun = Transfer(
            role=Role.PROVIDER,
            state=TransferState.START,
            consumer_pid=request.consumer_pid,
            provider_pid=world.identifiers.urn_uuid(),
            counterparty=partner.bpn,
            peer_address=request.callback_address,
            agreement_id=request.agreement_id,
            dataset_id=kept.agreement.dataset_id,
            format=request.format,
            push_to=target,
        )
        step = machine.step(begun, request, Role.CONSUMER)
        if isinstance(step, Refusal):
            return step
        remember_begun(work, KIND, partner, request, begun.pid)
        return heard(world, work, step, request)


def hear(
    world: World, partner: Partner, role: Role, pid: str, message: m.TransferMessage
) -> Transfer | Refusal | None:
    """Our process after a message of the peer; a refusal; or None where there is none."""
    with world.store.unit_of_work() as work:
        process = load_with(work, partner, role, pid)
        if process is None:
            return None
        step = machine.step(process, message, role.peer)
        if isinstance(step, Refusal):
            return step
        if step.refusal is not None:
            keep_process(work, step.process)
            return step.refusal
        return process if step.process == process else heard(world, work, step, message)


def say(world: World, pid: str, message: m.TransferMessage) -> Transfer:
    """Our process, in which we are about to say something by a person's decision.

    Raises:
        FaultyInput: there is no such process.
        Refused: the protocol does not allow it now.
    """
    with world.store.unit_of_work() as work:
        process = known(load(work, pid), pid)
        step = machine.step(process, message, process.role)
        if isinstance(step, Refusal):
            raise Refused([Finding(step.code, step.arguments)])
        told = said(world, work, process, message)
        keep_process(work, told)
        return told


def complete(world: World, pid: str) -> None:
    """Tell the provider that we need what it opened for us no longer; its token dies with it.

    Nothing happens where the transfer has ended, or still speaks.
    """
    with world.store.unit_of_work() as work:
        process = load(work, pid)
        if process is None or process.state is not TransferState.STARTED or process.outgoing:
            return
        done = m.TransferCompletion(process.provider_pid, process.consumer_pid)
        keep_process(work, said(world, work, process, done))


def suspend(world: World, pid: str, code: str, reason: str = "") -> Transfer:
    """Our process, about to be paused by us; what a token of ours opened is shut at once.

    Raises:
        FaultyInput: there is no such process.
        Refused: it cannot be paused now.
    """
    process = _process(world, pid)
    pids, words = (process.provider_pid, process.consumer_pid), (reason,) if reason else ()
    return say(world, pid, m.TransferSuspension(*pids, code, words))


def resume(world: World, pid: str) -> Transfer:
    """Our process, about to go on after a pause; the provider gives a new token.

    Raises:
        FaultyInput: there is no such process.
        Refused: it is not paused, or the provider paused it and we are the consumer.
    """
    process = _process(world, pid)
    return say(world, pid, m.TransferStart(process.provider_pid, process.consumer_pid))


def terminate(world: World, pid: str, code: str, reason: str = "") -> Transfer:
    """Our process, about to be ended by us; what a token of ours opened is shut at once.

    Raises:
        FaultyInput: there is no such process.
        Refused: it cannot be ended now.
    """
    return say(world, pid, termination(_process(world, pid), Refusal(code), reason))


def _process(world: World, pid: str) -> Transfer:
    with world.store.reading() as view:
        return known(load(view, pid), pid)


@dataclass(frozen=True, slots=True)
class OpenedData:
    """A release that a token opens, and the transfer it was opened for."""

    release: Release
    opened: OpenedTransfer


def opened_data(world: World, pid: str, token: str) -> OpenedData | None:
    """The release that a token opens; or None: unknown, expired, revoked, or not theirs.

    The token is bound to one transfer, one agreement and one consumer, and lives no longer
    than the transfer is started.
    """
    with world.store.reading() as view:
        opened = opened_transfer(world, view, token, pid)
        if opened is None or is_push(opened.transfer):  # what is pushed is not pulled
            return None
        release = released(world, view, opened.transfer)
        return None if release is None else OpenedData(release, opened)


def open_data(world: World, pid: str, token: str) -> Release | None:
    """The release that a token opens, or None; see ``opened_data``."""
    found = opened_data(world, pid, token)
    return None if found is None else found.release


def open_statement(world: World, pid: str, token: str) -> Release | None:
    """The export statement beside the release that the same token opens, or None."""
    with world.store.reading() as view:
        opened = opened_transfer(world, view, token, pid)
        release = None if opened is None else released(world, view, opened.transfer)
        if release is None:
            return None
        return kept_statement(view, release.decision_id, release.audience)
