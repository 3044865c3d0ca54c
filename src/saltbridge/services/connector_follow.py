"""Looks what the company's connector has come to, and hears it as the partner's message."""

from dataclasses import replace
from typing import Any, Final

from saltbridge import locales
from saltbridge.core.errors import Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange import negotiation as negotiation_table
from saltbridge.exchange import transfer as transfer_table
from saltbridge.exchange.model import (
    DataAddress,
    Negotiation,
    NegotiationState,
    Refusal,
    Role,
    Transfer,
    TransferState,
)
from saltbridge.formats.edc_offering import DIGEST
from saltbridge.ports import OutboxEntry, Partner, SeenNegotiation, SeenTransfer, World
from saltbridge.steps import negotiating, transferring
from saltbridge.steps.explaining import explain_partners, point_for
from saltbridge.steps.through_connector import (
    connector_id,
    connector_of,
    follow_slowly,
    parse_follow,
    through_connector,
)
from saltbridge.steps.transfer_rules import serves

_S = TransferState
_SHOWN: Final = 300
_GOES_ON: Final = "edc.goes-on"
_OFTEN_ENOUGH: Final = 20  # attempts, some three minutes


def follow_waiting(world: World, entry: OutboxEntry) -> None:
    """Hear what is new; then done, or asked again with the outbox's growing pauses.

    What goes on there for long (people have to agree, or somebody has paused it) is looked at
    once a minute, and never given up.

    Raises:
        Unavailable: the connector cannot be reached, or the process goes on there.
    """
    kind, pid, slowly = parse_follow(entry.body)
    follow = _follow_negotiation if kind == "negotiation" else _follow_transfer
    try:
        follow(world, pid)
    except Unavailable as fault:
        goes_on = fault.findings[0].code == _GOES_ON
        if not goes_on or not (slowly or entry.attempts >= _OFTEN_ENOUGH):
            raise
        with world.store.unit_of_work() as work:
            follow_slowly(world, work, kind, pid)


def _follow_negotiation(world: World, pid: str) -> None:
    with world.store.reading() as view:
        process = negotiating.load(view, pid)
        id = "" if process is None else connector_id(view, process)
    if process is None or not id or process.state in negotiation_table.TERMINAL:
        return
    partner = _partner(world, process)
    seen = connector_of(world).negotiation(id)
    if seen is None:
        raise Unavailable.of("edc.process-lost", id=id)
    pids = (process.provider_pid or seen.peer_pid, process.consumer_pid)
    if seen.state is NegotiationState.TERMINATED:
        why = _why(seen)
        ended = m.NegotiationTermination(*pids, why.code, _words(why))
        _hear_negotiation(world, partner, pid, ended, why)
    elif seen.state is NegotiationState.FINALIZED:
        agreement = connector_of(world).agreement(partner, seen.agreement_id)
        if agreement is None:
            raise Unavailable.of("edc.process-lost", id=seen.agreement_id)
        _hear_negotiation(world, partner, pid, m.AgreementMessage(*pids, agreement))
        # What we did not agree to, we end; the connector's word changes nothing about it.
        _hear_negotiation(world, partner, pid, m.NegotiationFinalized(*pids))
    else:
        raise Unavailable.of("edc.goes-on", state=seen.stated)


def _why(seen: SeenNegotiation | SeenTransfer) -> Refusal:
    """Why the connector says that it ended."""
    if seen.detail:
        return Refusal("edc.ended", {"says": seen.detail[:_SHOWN]})
    return Refusal("edc.no-reason", {"id": seen.id})


def _words(why: Refusal) -> tuple[str, ...]:
    return (locales.text(why.code, why.arguments),)


def _hear_negotiation(
    world: World, partner: Partner, pid: str, message: Any, why: Refusal | None = None
) -> None:
    with world.store.unit_of_work() as work:
        process = negotiating.load(work, pid)
        if process is None:
            return
        step = negotiation_table.step(process, message, Role.PROVIDER)
        if not isinstance(step, Refusal) and step.process != process:
            heard = negotiating.heard(world, work, partner, step, message)
            if why is not None:
                explain_partners(work, heard, [point_for(why)])


def _follow_transfer(world: World, pid: str) -> None:
    with world.store.reading() as view:
        process = transferring.load(view, pid)
    if process is None or not through_connector(process) or _is_done(world, process):
        return
    seen = connector_of(world).transfer(pid)
    if seen is None:
        raise Unavailable.of("edc.process-lost", id=pid)
    message = _message(world, process, seen)
    if message is not None:
        ended = isinstance(message, m.TransferTermination)
        _hear_transfer(world, pid, message, _why(seen) if ended else None)
    with world.store.reading() as view:
        now = transferring.load(view, pid)
    if now is not None and not _is_done(world, now):
        raise Unavailable.of("edc.goes-on", state=seen.stated)


def _is_done(world: World, process: Transfer) -> bool:
    """Whether nothing more has to be heard: over, received, or open for requests to come."""
    if process.state in transfer_table.TERMINAL or process.delivery_id:
        return True
    with world.store.reading() as view:
        return process.state is _S.STARTED and serves(view, process)


def _message(world: World, process: Transfer, seen: SeenTransfer) -> m.TransferMessage | None:
    """What the connector's state tells us that we do not know yet."""
    pids = (process.provider_pid or seen.peer_pid, process.consumer_pid)
    said = process.outgoing
    match seen.state:
        case _S.STARTED if process.state in (_S.START, _S.REQUESTED, _S.SUSPENDED):
            if said in (_S.SUSPENDED, _S.TERMINATED):
                return None  # it has not heard us yet
            address = _address(world, process)
            return None if address is None else m.TransferStart(*pids, address)
        case _S.SUSPENDED if process.state is _S.STARTED and said is None:
            return m.TransferSuspension(*pids, "", _told(seen))
        case _S.COMPLETED if said is None:
            return m.TransferCompletion(*pids)
        case _S.TERMINATED if said is None or said is not _S.TERMINATED:
            return m.TransferTermination(*pids, _why(seen).code, _words(_why(seen)))
        case _:
            return None


def _told(seen: SeenTransfer) -> tuple[str, ...]:
    return (seen.detail,) if seen.detail else ()


def _address(world: World, process: Transfer) -> DataAddress | None:
    """Where the data lies; which bytes are due says the start message, or the catalogue."""
    connector = connector_of(world)
    address = connector.data_address(process.pid)
    if address is None or address.digest:
        return address
    shown, _ = connector.catalogue(_partner(world, process))
    dataset = next((d for d in shown.datasets if d.id == process.dataset_id), None)
    stated = dataset.unknown.get(DIGEST) if dataset is not None else None
    return replace(address, digest=stated if isinstance(stated, str) else "")


def _hear_transfer(
    world: World, pid: str, message: m.TransferMessage, why: Refusal | None
) -> None:
    with world.store.unit_of_work() as work:
        process = transferring.load(work, pid)
        if process is None:
            return
        step = transfer_table.step(process, message, Role.PROVIDER)
        if not isinstance(step, Refusal) and step.process != process:
            heard = transferring.heard(world, work, step, message)
            if why is not None:
                explain_partners(work, heard, [point_for(why)])


def _partner(world: World, process: Negotiation | Transfer) -> Partner:
    partner = world.node.partner(process.counterparty)
    if partner is None:
        raise Unavailable.of("exchange.partner-gone", bpn=process.counterparty)
    return partner
