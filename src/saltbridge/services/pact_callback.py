"""Send our PACT events to a partner's host, signed in there with our client."""

import base64
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.formats.pact_api import EVENT_TYPE
from saltbridge.ports import HttpAnswer, OutboxEntry, Partner, World
from saltbridge.steps.pact_peers import Peer, keep_peer, peer_of

LIMIT_BYTES: Final = 1_000_000


def enter_peer(world: World, partner: Partner, url: str, client: str, secret: str) -> None:
    """Enter where a partner takes events, and as whom we go there.

    Raises:
        FaultyInput: the address is not one over TLS (or, on a trial node, on loopback).
    """
    if not url.startswith("https://") and not world.node.allow_loopback_http:
        raise FaultyInput.of("pact.peer-without-tls", url=url[:200])
    with world.store.unit_of_work() as work:
        keep_peer(world, work, partner, Peer(url, client, secret))


def call_back(world: World, entry: OutboxEntry) -> None:
    """Send a waiting event.

    Raises:
        Unavailable: the host cannot be reached, or does not take it now.
    """
    told = read_json(entry.body)
    with world.store.reading() as view:
        peer = peer_of(world, view, told["bpn"])
    if peer is None:
        return
    answer = world.http.send(
        "POST",
        f"{peer.url}/3/events",
        headers={
            "authorization": f"Bearer {_token(world, peer)}",
            "content-type": f"{EVENT_TYPE}; charset=UTF-8",
        },
        content=canonical_bytes(told["event"]),
        limit_bytes=LIMIT_BYTES,
    )
    if answer.status >= 500 or answer.status in (401, 403, 408, 425, 429):
        raise Unavailable.of("exchange.peer-troubled", partner=peer.url, status=answer.status)


def _token(world: World, peer: Peer) -> str:
    """A token of the host: where its discovery document says, else at ``/auth/token``."""
    basic = base64.b64encode(f"{peer.client}:{peer.secret}".encode()).decode("ascii")
    answer = world.http.send(
        "POST",
        _token_endpoint(world, peer),
        headers={
            "authorization": f"Basic {basic}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        },
        content=b"grant_type=client_credentials",
        limit_bytes=LIMIT_BYTES,
    )
    token = _json(answer).get("access_token") if answer.status == 200 else None
    if not isinstance(token, str) or not token:
        raise Unavailable.of("exchange.peer-troubled", partner=peer.url, status=answer.status)
    return token


def _token_endpoint(world: World, peer: Peer) -> str:
    usual = f"{peer.url}/auth/token"
    answer = world.http.send(
        "GET", f"{peer.url}/.well-known/openid-configuration", limit_bytes=LIMIT_BYTES
    )
    named = _json(answer).get("token_endpoint") if answer.status == 200 else None
    # The secret goes to the host it is for, whatever a document says.
    return named if isinstance(named, str) and named.startswith(f"{peer.url}/") else usual


def _json(answer: HttpAnswer) -> dict[str, Any]:
    try:
        document = read_json(answer.content)
    except FaultyJson:
        return {}
    return document if isinstance(document, dict) else {}
