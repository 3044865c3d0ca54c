"""How far an exchange has come, and what was delivered: for faces to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.exchange.model import Negotiation, NegotiationState, Transfer
from saltbridge.exchange.records import negotiation_of, transfer_of
from saltbridge.exchange.transfer import TERMINAL
from saltbridge.exchange.waiting import GIVEN_UP, OWN_WORK, waits_for
from saltbridge.ports import OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.explaining import By, Explanation, explained
from saltbridge.steps.records import document, every
from saltbridge.steps.through_connector import follow_key
from saltbridge.steps.transfer_rules import serves


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a negotiation and the transfer after it stand.

    ``ended`` is true when nothing more will happen; ``trouble`` is the last error of a
    message that could not be sent yet. Where one was given up, the refusal says so.
    ``explanation``: why it failed, point by point; ``by`` says who ended it. ``waits_for``: the
    code of what it waits for, empty where nothing more is due.
    """

    negotiation: str
    transfer: str
    delivery_id: str
    verified: bool
    ended: bool
    refusal_code: str = ""
    refusal_reason: tuple[str, ...] = ()
    trouble: str = ""
    role: str = ""
    partner: str = ""
    by: str = ""
    explanation: tuple[Point, ...] = ()
    waits_for: str = ""


def progress(world: World, pid: str) -> Progress:
    """How far the negotiation of that pid and its transfer, or a transfer alone, have come.

    Raises:
        FaultyInput: no such process.
    """
    with world.store.reading() as view:
        negotiation, transfer = _processes(view, pid)
        keys = {process.pid for process in (negotiation, transfer) if process is not None}
        keys |= {negotiation.transfer_pid} - {""} if negotiation else set()
        keys |= {follow_key(key) for key in keys}
        delivery_id = transfer.delivery_id if transfer else ""
        delivery = document(view, "delivery", delivery_id) or {}
        trouble = _trouble(world, view, keys)
        given_up = next((e for e in view.failed() if e.ordering_key in keys), None)
        told = _last_explained(view, transfer, negotiation)
        waits = _waits(view, transfer or negotiation)
        if transfer is None and not waits and not _is_over(negotiation, None):
            waits = OWN_WORK  # the transfer is about to be asked for
    shown = transfer if transfer and (transfer.refusal_code or not negotiation) else negotiation
    if shown is None:
        raise RuntimeError("one of the two was found")
    code, reason = shown.refusal_code, shown.refusal_reason
    if given_up is not None:
        code, reason = "exchange.given-up", (given_up.last_error,)
        lost = Point(Verdict.FAILED, code, {"error": given_up.last_error})
        told = Explanation(By.US, (lost, *(told.points if told else ())))
    partner = world.node.partner(shown.counterparty)
    return Progress(
        negotiation=str(negotiation.state) if negotiation else "",
        transfer=str(transfer.state) if transfer else "",
        delivery_id=delivery.get("id", ""),
        verified=delivery.get("verified", False) is True,
        ended=_is_over(negotiation, transfer) or given_up is not None,
        refusal_code=code,
        refusal_reason=reason,
        trouble=trouble,
        role=str(shown.role),
        partner=partner.name if partner else shown.counterparty,
        by=str(told.by) if told else "",
        explanation=told.points if told else (),
        waits_for=GIVEN_UP if given_up is not None else waits,
    )


def _processes(view: UnitOfWork, pid: str) -> tuple[Negotiation | None, Transfer | None]:
    record = document(view, "negotiation", pid)
    negotiation = negotiation_of(record) if record else None
    found = document(view, "transfer", negotiation.transfer_pid if negotiation else pid)
    transfer = transfer_of(found) if found else None
    if negotiation is None and transfer is None:
        raise FaultyInput.of("exchange.process-unknown", pid=pid)
    return negotiation, transfer


def _last_explained(
    view: UnitOfWork, *processes: Negotiation | Transfer | None
) -> Explanation | None:
    """The explanation of the last of the processes, if it failed."""
    known = (explained(view, one.pid) for one in processes if one is not None and _fails(one))
    return next((one for one in known if one is not None), None)


def _fails(process: Negotiation | Transfer) -> bool:
    """Whether it was ended, or is about to be."""
    return "TERMINATED" in (str(process.state), str(process.outgoing))


def _is_over(negotiation: Negotiation | None, transfer: Transfer | None) -> bool:
    if transfer is not None and transfer.state in TERMINAL:
        return True
    if negotiation is None:
        return False
    if negotiation.state is NegotiationState.FINALIZED:
        return not negotiation.transfer_wanted
    return negotiation.state is NegotiationState.TERMINATED


@dataclass(frozen=True, slots=True)
class ProcessShown:
    """A negotiation or transfer in a list."""

    pid: str
    kind: str
    role: str
    partner: str
    state: str
    sending: str  # what we are about to say; empty if nothing
    about: str
    refusal_code: str
    waits_for: str = ""  # code of what it waits for; empty where it has ended
    trouble: str = ""  # the last error of a message that could not be sent


def processes(world: World, *, failed: bool = False) -> Sequence[ProcessShown]:
    """Every negotiation and transfer, or those that failed, by partner and pid."""
    with world.store.reading() as view:
        every_one: list[Negotiation | Transfer] = [
            *(negotiation_of(read_json(r.body)) for r in every(view, "negotiation")),
            *(transfer_of(read_json(r.body)) for r in every(view, "transfer")),
        ]
        later = world.clock.now() + timedelta(days=1)
        errors = {e.ordering_key: e for e in view.due(later) if e.last_error}
        errors |= {e.ordering_key: e for e in view.failed()}
        shown = [_listed(world, view, one, errors) for one in every_one]
    chosen = [one for one in shown if one.refusal_code or not failed]
    return sorted(chosen, key=lambda one: (one.partner, one.about, one.kind, one.pid))


def _listed(
    world: World,
    view: UnitOfWork,
    process: Negotiation | Transfer,
    errors: Mapping[str, OutboxEntry],
) -> ProcessShown:
    partner = world.node.partner(process.counterparty)
    is_transfer = isinstance(process, Transfer)
    id = process.dataset_id if isinstance(process, Transfer) else process.offer.target
    dataset: Mapping[str, Any] = document(view, "dataset", id) or {}
    told = errors.get(process.pid)
    return ProcessShown(
        pid=process.pid,
        kind="transfer" if is_transfer else "negotiation",
        role=str(process.role),
        partner=partner.name if partner else process.counterparty,
        state=str(process.state),
        sending=str(process.outgoing or ""),
        about=str(dataset.get("title") or id),
        refusal_code=(process.refusal_code or "–") if _fails(process) else "",
        waits_for=GIVEN_UP if told and told.failed else _waits(view, process),
        trouble=told.last_error if told else "",
    )


def _waits(view: UnitOfWork, process: Negotiation | Transfer | None) -> str:
    if process is None:
        return ""
    open_one = isinstance(process, Transfer) and serves(view, process)
    return waits_for(process, serves=open_one)


def deliveries(world: World) -> Sequence[Mapping[str, Any]]:
    """Every delivery, verified or refused, oldest first."""
    with world.store.reading() as view:
        found = [read_json(record.body) for record in every(view, "delivery")]
    return sorted(found, key=lambda delivery: (delivery["received_at"], delivery["id"]))


def delivery(world: World, id: str) -> Mapping[str, Any]:
    """One delivery.

    Raises:
        FaultyInput: no such delivery.
    """
    with world.store.reading() as view:
        found: Mapping[str, Any] | None = document(view, "delivery", id)
    if found is None:
        raise FaultyInput.of("exchange.delivery-unknown", id=id[:80])
    return found


def partner_named(world: World, name: str) -> Partner:
    """The partner of that name, BPN or DID.

    Raises:
        FaultyInput: no such partner, or several of that name.
    """
    partners = world.node.partners
    found = [p for p in partners if name in (p.bpn, p.did)]
    found = found or [p for p in partners if p.name.casefold() == name.casefold()]
    if len(found) != 1:
        names = ", ".join(f"{p.name} ({p.bpn})" for p in partners)
        raise FaultyInput.of("exchange.partner-unknown", name=name[:80], known=names or "–")
    return found[0]


def _trouble(world: World, view: UnitOfWork, keys: set[str]) -> str:
    later = world.clock.now() + timedelta(days=1)
    waiting = (e for e in view.due(later) if e.ordering_key in keys)
    return next((e.last_error for e in waiting if e.last_error), "")


def is_transfer(world: World, pid: str) -> bool:
    """Whether the process of that pid of ours is a transfer, not a negotiation.

    Raises:
        FaultyInput: no such process.
    """
    with world.store.reading() as view:
        if document(view, "transfer", pid) is not None:
            return True
        if document(view, "negotiation", pid) is not None:
            return False
    raise FaultyInput.of("exchange.process-unknown", pid=pid[:80])
