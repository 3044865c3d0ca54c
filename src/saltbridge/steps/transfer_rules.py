"""What this node says next in a transfer, by its own rules."""

from saltbridge import locales
from saltbridge.border.release import Release
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Refusal, Role, Transfer, TransferState
from saltbridge.exchange.policy import in_force
from saltbridge.exchange.process import Duty
from saltbridge.exchange.served import SERVED
from saltbridge.formats.dsp_outbox import FETCH, PUSH, render_fetch, render_push
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.edr import keep_edr
from saltbridge.steps.explaining import explain_refusal
from saltbridge.steps.pushing import is_push
from saltbridge.steps.records import document
from saltbridge.steps.release import kept_release
from saltbridge.steps.speak import enqueue, kept_agreement


def decide(
    world: World,
    work: UnitOfWork,
    process: Transfer,
    duty: Duty,
    message: m.TransferMessage,
) -> m.TransferMessage | None:
    """What to say now, or None: we wait, or the outbox works for it."""
    match duty:
        case Duty.START_TRANSFER:
            return _start(world, work, process)
        case Duty.FETCH:
            return _fetch(world, work, process, message)
        case Duty.GO_ON if process.role is Role.PROVIDER and is_push(process):
            _push(world, work, process)
            return None
        case _:
            return None


def released(world: World, view: UnitOfWork, transfer: Transfer) -> Release | None:
    """The release for this very consumer, while the agreement is in force."""
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


def serves(view: UnitOfWork, transfer: Transfer) -> bool:
    """Whether the agreement is about an interface in force now, not about one document."""
    if transfer.role is Role.CONSUMER:
        kept = kept_agreement(view, transfer.agreement_id, Role.CONSUMER)
        return kept is not None and kept.dataset_kind in SERVED
    dataset = document(view, "dataset", transfer.dataset_id)
    return dataset is not None and dataset["kind"] in SERVED


def termination(process: Transfer, refusal: Refusal, reason: str = "") -> m.TransferTermination:
    """The end of a transfer, in the words of a person, or else of the refusal."""
    words = (reason or locales.text_or(refusal.code, refusal.code, refusal.arguments),)
    return m.TransferTermination(
        process.provider_pid, process.consumer_pid, refusal.code, words
    )


def _start(world: World, work: UnitOfWork, process: Transfer) -> m.TransferMessage:
    """Start if the agreement is in force and a release for this very consumer exists."""
    kept = kept_agreement(work, process.agreement_id, Role.PROVIDER)
    if kept is not None and not in_force(kept.agreement, world.clock.now()):
        over = Refusal("exchange.agreement-over", {"agreement": process.agreement_id})
        return termination(process, explain_refusal(work, process, over))
    if is_push(process) and serves(work, process):
        asked = Refusal("exchange.push-of-interface", {"dataset": process.dataset_id})
        return termination(process, explain_refusal(work, process, asked))
    if serves(work, process) or released(world, work, process) is not None:
        return m.TransferStart(process.provider_pid, process.consumer_pid)
    nothing = Refusal("exchange.nothing-released", {"dataset": process.dataset_id})
    return termination(process, explain_refusal(work, process, nothing))


def _push(world: World, work: UnitOfWork, process: Transfer) -> None:
    """Once the consumer has heard that it starts, the data waits in the outbox to be sent."""
    if process.state is TransferState.STARTED and process.outgoing is None:
        enqueue(world, work, PUSH, render_push(process.pid), process.pid)


def _fetch(
    world: World, work: UnitOfWork, process: Transfer, message: m.TransferMessage
) -> m.TransferMessage | None:
    address = message.data_address if isinstance(message, m.TransferStart) else None
    if process.delivery_id:
        return _close_again(process)
    if is_push(process):
        return None  # it comes by itself
    if address is None:
        return None  # the provider will tell the address with its next start
    if not serves(work, process):
        enqueue(world, work, FETCH, render_fetch(process.pid, address), process.pid)
        if address.refresh_token:
            keep_edr(world, work, process, address)  # the token may run out before we pull
    elif not keep_edr(world, work, process, address):  # it stays open, for requests to come
        foreign = Refusal("delivery.endpoint-foreign")
        return termination(process, explain_refusal(work, process, foreign))
    return None


def _close_again(process: Transfer) -> m.TransferMessage | None:
    """The delivery is here already; a suspension came between it and our last message."""
    if process.outgoing is not None:
        return None
    pids = (process.provider_pid, process.consumer_pid)
    if process.refusal_code:
        return m.TransferTermination(*pids, process.refusal_code, process.refusal_reason)
    return m.TransferCompletion(*pids)
