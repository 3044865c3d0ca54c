"""How far an exchange has come, and what was delivered: for faces to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.model import NegotiationState
from saltbridge.exchange.records import negotiation_of, transfer_of
from saltbridge.exchange.transfer import TERMINAL
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.records import document, every


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a negotiation and the transfer after it stand.

    ``ended`` is true when nothing more will happen; ``trouble`` is the last error of a
    message that could not be sent yet. Where one was given up, the refusal says so.
    """

    negotiation: str
    transfer: str
    delivery_id: str
    verified: bool
    ended: bool
    refusal_code: str = ""
    refusal_reason: tuple[str, ...] = ()
    trouble: str = ""


def progress(world: World, pid: str) -> Progress:
    """How far the negotiation of that pid, and its transfer, have come.

    Raises:
        FaultyInput: no such negotiation.
    """
    with world.store.reading() as view:
        record = document(view, "negotiation", pid)
        if record is None:
            raise FaultyInput.of("exchange.process-unknown", pid=pid)
        negotiation = negotiation_of(record)
        found = document(view, "transfer", negotiation.transfer_pid)
        transfer = transfer_of(found) if found else None
        delivery_id = transfer.delivery_id if transfer else ""
        delivery = document(view, "delivery", delivery_id) or {}
        keys = {pid, negotiation.transfer_pid} - {""}
        trouble = _trouble(world, view, keys)
        given_up = next((e for e in view.failed() if e.ordering_key in keys), None)
    refused = transfer if transfer and transfer.refusal_code else negotiation
    ended = (
        negotiation.state is NegotiationState.TERMINATED
        or (transfer is not None and transfer.state in TERMINAL)
        or (negotiation.state is NegotiationState.FINALIZED and not negotiation.transfer_wanted)
        or given_up is not None
    )
    code, reason = refused.refusal_code, refused.refusal_reason
    if given_up is not None:
        code, reason = "exchange.given-up", (given_up.last_error,)
    return Progress(
        negotiation=str(negotiation.state),
        transfer=str(transfer.state) if transfer else "",
        delivery_id=delivery.get("id", ""),
        verified=delivery.get("verified", False) is True,
        ended=ended,
        refusal_code=code,
        refusal_reason=reason,
        trouble=trouble,
    )


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
