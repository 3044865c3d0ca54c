"""Messages of a process that a connector of the company leads in our place.

The process walks along the same table as one of our own: what we say becomes a command to the
connector, and what the connector has come to is heard as the partner's message
(``services.connector_follow``). So agreements, transfers, checks and the log are the same.
"""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.exchange.address import may_pull_from
from saltbridge.exchange.model import Json, Negotiation, Refusal, Transfer
from saltbridge.ports import VIA_CONNECTOR, Connector, OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.steps.speak import enqueue

FOLLOW: Final = "connector.follow"
KIND: Final = "connector-process"
RECEIVED_CODE: Final = "exchange.received"
RECEIVED: Final = f"{RECEIVED_CODE}: the data arrived and is needed no longer"
# Ours to repair: the process waits meanwhile, and is not ended by it.
_OURS: Final = ("edc.key-refused", "edc.key-file")


def through_connector(process: Negotiation | Transfer) -> bool:
    """Whether the company's connector leads this process."""
    return process.peer_address == VIA_CONNECTOR


def address_for(world: World, partner: Partner) -> str:
    """Where our messages to a partner go: through the connector where there is one.

    Raises:
        FaultyInput: the partner table does not say where the partner is reached.
    """
    if not partner.dsp_url:
        raise FaultyInput.of("exchange.partner-without-address", partner=partner.name)
    return VIA_CONNECTOR if world.connector is not None else partner.dsp_url


def may_pull(
    world: World, process: Negotiation | Transfer, partner: Partner, endpoint: str
) -> bool:
    """Whether the data of a process may be pulled there.

    What our own connector told may lie at another port of this machine, on nodes for trials.
    """
    if may_pull_from(endpoint, partner.dsp_url):
        return True
    trial = through_connector(process) and world.node.allow_loopback_http
    return trial and urlsplit(endpoint).hostname == "127.0.0.1"


def connector_of(world: World) -> Connector:
    """The connector.

    Raises:
        Unavailable: the node has none any more, but processes that it leads.
    """
    if world.connector is None:
        raise Unavailable.of("edc.not-set-up")
    return world.connector


def connector_id(view: UnitOfWork, process: Negotiation | Transfer) -> str:
    """The connector's own id of a process; empty while it has none."""
    found = document(view, KIND, process.pid)
    return process.pid if found is None and isinstance(process, Transfer) else _id(found)


def _id(found: Any) -> str:
    return "" if found is None else str(found["id"])


def say_through(
    world: World, process: Negotiation | Transfer, message: Json
) -> tuple[Refusal | None, str]:
    """Say a message by the connector: why it refused, or None; and its id of the process.

    Raises:
        Unavailable, FaultyInput, Refused: the connector cannot be asked now; try again.
    """
    partner = world.node.partner(process.counterparty)
    if partner is None:
        raise Unavailable.of("exchange.partner-gone", bpn=process.counterparty)
    with world.store.reading() as view:
        id = connector_id(view, process)
    try:
        if isinstance(process, Negotiation):
            id = _negotiate(world, partner, process, message, id)
        else:
            _transfer(world, partner, process, message)
    except Refused as refused:
        found = refused.findings[0]
        if found.code in _OURS:
            raise
        return Refusal(found.code, dict(found.arguments)), id
    return None, id


def keep_id(work: UnitOfWork, process: Negotiation | Transfer, id: str) -> None:
    """Remember what the connector calls a process."""
    if id and id != connector_id(work, process):
        work.put(KIND, process.pid, canonical_bytes({"id": id}))


def follow_later(world: World, work: UnitOfWork, process: Negotiation | Transfer) -> None:
    """Look again and again what the connector has come to; nothing waits behind it."""
    kind = "transfer" if isinstance(process, Transfer) else "negotiation"
    body = canonical_bytes({"kind": kind, "pid": process.pid})
    enqueue(world, work, FOLLOW, body, follow_key(process.pid))


def follow_slowly(world: World, work: UnitOfWork, kind: str, pid: str) -> None:
    """Look once a minute from now on: what waits for people there may take days."""
    work.enqueue(
        OutboxEntry(
            id=world.identifiers.urn_uuid(),
            kind=FOLLOW,
            body=canonical_bytes({"kind": kind, "pid": pid, "slowly": True}),
            ordering_key=follow_key(pid),
            due_at=world.clock.now() + timedelta(seconds=60),
        )
    )


def follow_key(pid: str) -> str:
    """The ordering key of looking after a process."""
    return f"connector:{pid}"


def parse_follow(body: bytes) -> tuple[str, str, bool]:
    """Kind and pid of the process that is looked after, and whether slowly by now."""
    told = read_json(body)
    return str(told["kind"]), str(told["pid"]), bool(told.get("slowly"))


def _negotiate(
    world: World, partner: Partner, process: Negotiation, message: Json, id: str
) -> str:
    connector = connector_of(world)
    match message["@type"]:
        case "ContractRequestMessage" if not id:
            return connector.negotiate(partner, process)
        case "ContractNegotiationTerminationMessage" if id:
            connector.end_negotiation(id, _reason(message))
        case "ContractOfferMessage":
            raise Refused.of("edc.no-unasked-offers")
    return id  # EDC verifies and accepts by itself


def _transfer(world: World, partner: Partner, process: Transfer, message: Json) -> None:
    connector, pid = connector_of(world), process.pid
    match message["@type"]:
        case "TransferRequestMessage":
            connector.start_transfer(partner, process)
        case "TransferStartMessage":
            connector.resume(pid)
        case "TransferSuspensionMessage":
            connector.suspend(pid, _reason(message))
        case "TransferTerminationMessage":
            connector.end_transfer(pid, _reason(message))
        case "TransferCompletionMessage":
            # The API has no completion: the transfer is ended, so that its token dies.
            connector.end_transfer(pid, RECEIVED)


def _reason(message: Json) -> str:
    told = [str(message.get("code") or ""), *(str(r) for r in message.get("reason") or ())]
    return ": ".join(t for t in told if t)[:400] or "–"
