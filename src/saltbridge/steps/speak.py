"""Saying something to a partner: now, with a token of its own, or from the outbox later."""

from dataclasses import replace
from urllib.parse import urlsplit

from saltbridge.core.identifiers import did_web_base
from saltbridge.exchange.messages import NegotiationMessage, TransferMessage
from saltbridge.exchange.model import Json, Negotiation, Role, Transfer
from saltbridge.exchange.records import KeptAgreement, agreement_of
from saltbridge.formats.dsp import render_bytes
from saltbridge.formats.dsp_outbox import SEND, render_sending
from saltbridge.ports import HttpAnswer, OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.identity import token_for
from saltbridge.steps.records import document


def enqueue(world: World, work: UnitOfWork, kind: str, body: bytes, ordering_key: str) -> None:
    """Leave something in the outbox, in order behind everything of the same key."""
    work.enqueue(
        OutboxEntry(
            id=world.identifiers.urn_uuid(), kind=kind, body=body, ordering_key=ordering_key
        )
    )


def say_later(
    world: World,
    work: UnitOfWork,
    process: Negotiation | Transfer,
    message: NegotiationMessage | TransferMessage,
) -> None:
    """Leave a message of a process in the outbox; it is sent once this has been committed.

    It bears an id of its own, the same however often it is sent: so the peer can tell it from
    another one that says the same.
    """
    named = {**message.unknown, "@id": world.identifiers.urn_uuid()}
    sending = render_sending(process, replace(message, unknown=named))
    enqueue(world, work, SEND, sending, process.pid)


def post(
    world: World, partner: Partner, url: str, message: Json, *, limit_bytes: int
) -> HttpAnswer:
    """One signed-in request to a partner; ``limit_bytes`` bounds its answer.

    Raises:
        Unavailable: the partner cannot be reached, or answers too much or too late.
    """
    return ask(world, partner, "POST", url, render_bytes(message), limit_bytes=limit_bytes)


def address_of(world: World, partner: Partner) -> str:
    """Where the partner's node lies, by its DID; http to 127.0.0.1 alone, where allowed."""
    plain = did_web_base(partner.did, "http")
    loopback = urlsplit(plain).hostname == "127.0.0.1" and world.node.allow_loopback_http
    return plain if loopback else did_web_base(partner.did)


def ask(
    world: World,
    partner: Partner,
    method: str,
    url: str,
    content: bytes | None = None,
    *,
    limit_bytes: int,
    timeout_seconds: float = 10.0,
) -> HttpAnswer:
    """One request to a partner with a token of its own, and a JSON body if there is one.

    Raises:
        Unavailable: the partner cannot be reached, or answers too much or too late.
    """
    token = token_for(world, partner)
    typed = {} if content is None else {"content-type": "application/json"}
    return world.http.send(
        method,
        url,
        headers={"authorization": f"Bearer {token}", **typed},
        content=content,
        limit_bytes=limit_bytes,
        timeout_seconds=timeout_seconds,
    )


def kept_agreement(view: UnitOfWork, agreement_id: str, role: Role) -> KeptAgreement | None:
    """The agreement of that id in which this node has that role, or None."""
    found = document(view, "agreement", agreement_id)
    kept = None if found is None else agreement_of(found)
    return kept if kept is not None and kept.role is role else None
