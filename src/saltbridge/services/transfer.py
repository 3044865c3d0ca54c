"""Transfer, either role: ask for the data, hear the peer, and open the data plane.

Every function commits state, log leaf and waiting messages in one unit of work; nothing is
sent from here.
"""

from dataclasses import replace
from typing import Final

from saltbridge import locales
from saltbridge.border.release import Release
from saltbridge.core.canonical import digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.exchange import messages as m
from saltbridge.exchange import transfer as machine
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.model import Refusal, Role, Transfer, TransferState
from saltbridge.exchange.policy import in_force
from saltbridge.exchange.process import Duty, Send, Step
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.records import transfer_of
from saltbridge.exchange.served import SERVED
from saltbridge.formats.dsp_outbox import FETCH, render_fetch
from saltbridge.ports import OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.data_tokens import opened_transfer
from saltbridge.steps.edr import keep_edr
from saltbridge.steps.first_request import begun_by, remember_begun
from saltbridge.steps.processes import keep_process
from saltbridge.steps.records import document
from saltbridge.steps.release import kept_release
from saltbridge.steps.speak import enqueue, kept_agreement, say_later
from saltbridge.steps.statement import kept_statement

KIND: Final = "transfer"


def request_transfer(world: World, agreement_id: str, *, pid: str = "") -> Transfer:
    """The consumer's new transfer under an agreement, stored and waiting to be sent.

    With ``pid`` asking twice gives one transfer.

    Raises:
        FaultyInput: no such agreement of ours as consumer, or its partner is gone.
        Refused: the agreement is not in force any more.
    """
    with world.store.unit_of_work() as work:
        stored = document(work, KIND, pid)
        if stored is not None:
            return transfer_of(stored)
        kept = kept_agreement(work, agreement_id, Role.CONSUMER)
        partner = world.node.partner(kept.counterparty) if kept else None
        if kept is None or partner is None:
            raise FaultyInput.of("exchange.agreement-unknown", agreement=agreement_id)
        if not in_force(kept.agreement, world.clock.now()):
            raise Refused.of("exchange.agreement-over", agreement=agreement_id)
        begun = Transfer(
            role=Role.CONSUMER,
            state=TransferState.START,
            consumer_pid=pid or world.identifiers.urn_uuid(),
            provider_pid="",
            counterparty=kept.counterparty,
            peer_address=partner.dsp_url,
            agreement_id=agreement_id,
            dataset_id=kept.agreement.dataset_id,
            format=DSP_2025_1.formats[0],
        )
        path = f"{DSP_2025_1.path}{DSP_2025_1.callback_path}"
        request = m.TransferRequest(
            consumer_pid=begun.consumer_pid,
            agreement_id=agreement_id,
            format=begun.format,
            callback_address=f"{world.node.base_url}{path}",
        )
        waiting = _say(world, work, begun, request)
        keep_process(work, waiting)
        return waiting


def request_waiting_transfer(world: World, entry: OutboxEntry) -> None:
    """Ask for the data of an agreement that has just been concluded."""
    body = read_json(entry.body)
    request_transfer(world, body["agreement_id"], pid=body["consumer_pid"])


def find_transfer(world: World, partner: Partner, role: Role, pid: str) -> Transfer | None:
    """Our process of that pid with that partner, or None."""
    with world.store.reading() as view:
        return _load(view, partner, role, pid)


def begin(
    world: World, partner: Partner, request: m.TransferRequest
) -> Transfer | Refusal | None:
    """The provider's process for a consumer's request; None where there is no agreement.

    The same request again gives the process it began.
    """
    if not same_origin(request.callback_address, partner.dsp_url):
        return Refusal("exchange.callback-foreign", {"address": request.callback_address[:200]})
    if request.format not in DSP_2025_1.formats:
        return Refusal("exchange.format-unknown", {"format": request.format[:80]})
    with world.store.unit_of_work() as work:
        before = begun_by(work, KIND, partner, request)
        if isinstance(before, Refusal):
            return before
        if before is not None:
            return _load(work, partner, Role.PROVIDER, before)
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
        )
        step = machine.step(begun, request, Role.CONSUMER)
        if isinstance(step, Refusal):
            return step
        remember_begun(work, KIND, partner, request, begun.pid)
        return _carry_out(world, work, step, request)


def hear(
    world: World, partner: Partner, role: Role, pid: str, message: m.TransferMessage
) -> Transfer | Refusal | None:
    """Our process after a message of the peer; a refusal; or None where there is none."""
    with world.store.unit_of_work() as work:
        process = _load(work, partner, role, pid)
        if process is None:
            return None
        step = machine.step(process, message, role.peer)
        if isinstance(step, Refusal):
            return step
        return process if step.process == process else _carry_out(world, work, step, message)


def complete(world: World, pid: str) -> None:
    """Tell the provider that we need what it opened for us no longer; its token dies with it.

    Nothing happens where the transfer has ended, or still speaks.
    """
    with world.store.unit_of_work() as work:
        stored = document(work, KIND, pid)
        process = transfer_of(stored) if stored else None
        if process is None or process.state is not TransferState.STARTED or process.outgoing:
            return
        done = m.TransferCompletion(process.provider_pid, process.consumer_pid)
        keep_process(work, _say(world, work, process, done))


def open_data(world: World, pid: str, token: str) -> Release | None:
    """The release that a token opens, or None: unknown, expired, revoked, or not theirs.

    The token is bound to one transfer, one agreement and one consumer, and lives no longer
    than the transfer is started.
    """
    with world.store.reading() as view:
        return _opened(world, view, pid, token)


def open_statement(world: World, pid: str, token: str) -> Release | None:
    """The export statement beside the release that the same token opens, or None."""
    with world.store.reading() as view:
        release = _opened(world, view, pid, token)
        if release is None:
            return None
        return kept_statement(view, release.decision_id, release.audience)


def _opened(world: World, view: UnitOfWork, pid: str, token: str) -> Release | None:
    opened = opened_transfer(world, view, token, pid)
    return None if opened is None else _release(view, opened.transfer, world)


# ── what a state demands ─────────────────────────────────────────────────────────────────


def _carry_out(
    world: World, work: UnitOfWork, step: Step[Transfer], message: m.TransferMessage
) -> Transfer:
    process = step.process
    if isinstance(message, m.TransferTermination):
        process = replace(process, refusal_code=message.code, refusal_reason=message.reason)
    for effect in step.effects:
        process = _fulfil(world, work, process, effect, message)
    keep_process(work, process)
    return process


def _fulfil(
    world: World,
    work: UnitOfWork,
    process: Transfer,
    effect: Send | Duty,
    message: m.TransferMessage,
) -> Transfer:
    match effect:
        case Duty.START_TRANSFER:
            return _start(world, work, process)
        case Duty.REVOKE_TOKEN:
            return replace(process, token_digest="")
        case Duty.CLOSE_TRANSFER:
            return process  # its last leaf is written where it is stored
        case Duty.FETCH:
            address = message.data_address if isinstance(message, m.TransferStart) else None
            if process.delivery_id:
                return _close_again(world, work, process)
            if address is None:
                return process  # the provider will tell the address with its next start
            if _serves(work, process):  # it stays open, for requests to come
                if not keep_edr(world, work, process, address):
                    return _refuse_address(world, work, process)
            else:
                enqueue(world, work, FETCH, render_fetch(process.pid, address), process.pid)
            return replace(process, token_digest=digest(address.token.encode()))
        case _:
            raise RuntimeError(f"no transfer owes {effect}")


def _refuse_address(world: World, work: UnitOfWork, process: Transfer) -> Transfer:
    refusal = Refusal("delivery.endpoint-foreign")
    reason = (locales.text(refusal.code, refusal.arguments),)
    ended = replace(process, refusal_code=refusal.code, refusal_reason=reason)
    pids = (process.provider_pid, process.consumer_pid)
    return _say(world, work, ended, m.TransferTermination(*pids, refusal.code, reason))


def _close_again(world: World, work: UnitOfWork, process: Transfer) -> Transfer:
    """The delivery is here already; a suspension came between it and our last message."""
    if process.outgoing is not None:
        return process
    provider_pid, consumer_pid = process.provider_pid, process.consumer_pid
    if process.refusal_code:
        code, reason = process.refusal_code, process.refusal_reason
        ending = m.TransferTermination(provider_pid, consumer_pid, code, reason)
        return _say(world, work, process, ending)
    return _say(world, work, process, m.TransferCompletion(provider_pid, consumer_pid))


def _start(world: World, work: UnitOfWork, process: Transfer) -> Transfer:
    """Start if the agreement is in force and a release for this very consumer exists."""
    if _serves(work, process) or _release(work, process, world) is not None:
        start = m.TransferStart(process.provider_pid, process.consumer_pid)
        return _say(world, work, process, start)
    refusal = Refusal("exchange.nothing-released", {"dataset": process.dataset_id})
    reason = (locales.text(refusal.code, refusal.arguments),)
    ended = replace(process, refusal_code=refusal.code, refusal_reason=reason)
    return _say(
        world,
        work,
        ended,
        m.TransferTermination(process.provider_pid, process.consumer_pid, refusal.code, reason),
    )


def _serves(view: UnitOfWork, transfer: Transfer) -> bool:
    """Whether the agreement is about an interface in force now, not about one document."""
    if transfer.role is Role.CONSUMER:
        kept = kept_agreement(view, transfer.agreement_id, Role.CONSUMER)
        return kept is not None and kept.dataset_kind in SERVED
    dataset = document(view, "dataset", transfer.dataset_id)
    return dataset is not None and dataset["kind"] in SERVED


def _release(view: UnitOfWork, transfer: Transfer, world: World) -> Release | None:
    kept = kept_agreement(view, transfer.agreement_id, Role.PROVIDER)
    dataset = document(view, "dataset", transfer.dataset_id)
    if kept is None or dataset is None or kept.counterparty != transfer.counterparty:
        return None
    if not in_force(kept.agreement, world.clock.now()):
        return None
    named = dataset["releases"].get(transfer.counterparty)
    if not named:
        return None
    return kept_release(view, named["digest"], named["decision_id"], transfer.counterparty)


def _say(
    world: World, work: UnitOfWork, process: Transfer, message: m.TransferMessage
) -> Transfer:
    step = machine.step(process, message, process.role)
    if isinstance(step, Refusal):
        raise RuntimeError(f"{step.code}: {dict(step.arguments)}")
    said = step.process
    for effect in step.effects:
        if isinstance(effect, Send):
            say_later(world, work, said, effect.message)
        else:
            said = _fulfil(world, work, said, effect, message)
    return said


def _load(view: UnitOfWork, partner: Partner, role: Role, pid: str) -> Transfer | None:
    record = document(view, KIND, pid)
    if record is None:
        return None
    process = transfer_of(record)
    ours = process.role is role and process.counterparty == partner.bpn
    return process if ours else None
