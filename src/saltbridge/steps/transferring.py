"""A transfer moves: what is said or heard is stored with all that follows from it."""

from dataclasses import replace
from typing import Final

from saltbridge.core.canonical import digest
from saltbridge.exchange import messages as m
from saltbridge.exchange import transfer as machine
from saltbridge.exchange.model import Refusal, Role, Transfer
from saltbridge.exchange.process import Duty, Send, Step
from saltbridge.exchange.records import transfer_of
from saltbridge.ports import VIA_CONNECTOR, Partner, UnitOfWork, World
from saltbridge.steps import transfer_rules
from saltbridge.steps.processes import keep_process
from saltbridge.steps.pushing import is_push, without_target
from saltbridge.steps.records import document
from saltbridge.steps.speak import say_later

KIND: Final = "transfer"


def load(view: UnitOfWork, pid: str) -> Transfer | None:
    """The process of that pid of ours, whoever it is with."""
    record = document(view, KIND, pid)
    return None if record is None else transfer_of(record)


def load_with(view: UnitOfWork, partner: Partner, role: Role, pid: str) -> Transfer | None:
    """The process of that pid in which we have that role, with that partner."""
    process = load(view, pid)
    if process is None or process.peer_address == VIA_CONNECTOR:
        return None  # the company's connector hears what is said in it
    ours = (process.role, process.counterparty) == (role, partner.bpn)
    return process if ours else None


def heard(
    world: World, work: UnitOfWork, step: Step[Transfer], message: m.TransferMessage
) -> Transfer:
    """The process after a message of the peer: taken over, answered, stored."""
    process = _with_content(step.process, message)
    for effect in step.effects:
        if isinstance(effect, Duty):
            process = _fulfilled(world, work, process, effect, message)
    process = without_target(process)
    keep_process(work, process)
    return process


def said(
    world: World, work: UnitOfWork, process: Transfer, message: m.TransferMessage
) -> Transfer:
    """The process with our own message waiting in the outbox; it is not stored here.

    Raises:
        RuntimeError: the protocol does not allow it now.
    """
    step = machine.step(process, message, process.role)
    if isinstance(step, Refusal):
        raise RuntimeError(f"{step.code}: {dict(step.arguments)}")
    told = _with_content(step.process, message)
    for effect in step.effects:
        if isinstance(effect, Send):
            say_later(world, work, told, effect.message)
        else:
            told = _fulfilled(world, work, told, effect, message)
    return told


def acknowledged_by_peer(world: World, work: UnitOfWork, process: Transfer) -> Transfer:
    """The process, whose own message the peer has just taken: may be we go on by ourselves."""
    process = without_target(process)
    if process.state in machine.TERMINAL:
        return process
    last = m.TransferStart(process.provider_pid, process.consumer_pid)
    return _decided(world, work, process, Duty.GO_ON, last)


def _fulfilled(
    world: World, work: UnitOfWork, process: Transfer, duty: Duty, message: m.TransferMessage
) -> Transfer:
    match duty:
        case Duty.REVOKE_TOKEN:
            dead = process.token_generation + 1
            return replace(process, token_digest="", token_floor=dead)
        case Duty.CLOSE_TRANSFER:
            return process  # its last leaf is written where it is stored
        case Duty.FETCH:
            process = _decided(world, work, process, duty, message)
            address = message.data_address if isinstance(message, m.TransferStart) else None
            if address is None or process.delivery_id or is_push(process):
                return process
            return replace(process, token_digest=digest(address.token.encode()))
        case _:
            return _decided(world, work, process, duty, message)


def _decided(
    world: World, work: UnitOfWork, process: Transfer, duty: Duty, message: m.TransferMessage
) -> Transfer:
    decide = world.decider.transfer if world.decider else transfer_rules.decide
    answer = decide(world, work, process, duty, message)
    return process if answer is None else said(world, work, process, answer)


def _with_content(process: Transfer, message: m.TransferMessage) -> Transfer:
    """The process with what the message says, whoever says it."""
    match message:
        case m.TransferTermination(code=code, reason=reason):
            return replace(process, refusal_code=code, refusal_reason=reason)
        case _:
            return process
