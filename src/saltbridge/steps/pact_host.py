"""Speak to a partner's PACT host: signed in there with our client, and nowhere else."""

import base64
from typing import Any, Final
from urllib.parse import urlencode

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.formats.pact_api import EVENT_TYPE
from saltbridge.ports import HttpAnswer, World
from saltbridge.steps.pact_peers import Peer

LIMIT_BYTES: Final = 1_000_000
LIST_BYTES: Final = 20_000_000
LATER: Final = frozenset({401, 403, 408, 425, 429})


def post_event(world: World, peer: Peer, event: Any) -> HttpAnswer:
    """Send an event.

    Raises:
        Unavailable: the host cannot be reached, or does not take it now.
    """
    answer = world.http.send(
        "POST",
        f"{peer.url}/3/events",
        headers={
            "authorization": f"Bearer {token_of(world, peer)}",
            "content-type": f"{EVENT_TYPE}; charset=UTF-8",
        },
        content=canonical_bytes(event),
        limit_bytes=LIMIT_BYTES,
    )
    return _now(peer, answer)


def get(world: World, peer: Peer, token: str, url: str) -> HttpAnswer:
    """Read from the host; ``url`` is whole and of the host.

    Raises:
        Unavailable: the host cannot be reached, or does not answer now.
    """
    answer = world.http.send(
        "GET",
        url,
        headers={"authorization": f"Bearer {token}", "accept": "application/json"},
        limit_bytes=LIST_BYTES,
        timeout_seconds=30.0,
    )
    return _now(peer, answer)


def _now(peer: Peer, answer: HttpAnswer) -> HttpAnswer:
    if answer.status >= 500 or answer.status in LATER:
        raise Unavailable.of("exchange.peer-troubled", partner=peer.url, status=answer.status)
    return answer


def token_of(world: World, peer: Peer) -> str:
    """A token of the host: where its discovery document says, else at ``/auth/token``.

    Raises:
        Unavailable: the host cannot be reached, or does not know our client.
    """
    asked = {"grant_type": "client_credentials"}
    asked |= {"scope": peer.scope} if peer.scope else {}
    asked |= {"audience": peer.audience} if peer.audience else {}
    basic = base64.b64encode(f"{peer.client}:{peer.secret}".encode()).decode("ascii")
    answer = world.http.send(
        "POST",
        _token_endpoint(world, peer),
        headers={
            "authorization": f"Basic {basic}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        },
        content=urlencode(asked).encode("ascii"),
        limit_bytes=LIMIT_BYTES,
    )
    if answer.status in (400, 401, 403):
        raise Unavailable.of(
            "pact.client-refused", url=peer.token_host, client=peer.client[:80]
        )
    token = _json(answer).get("access_token") if answer.status == 200 else None
    if not isinstance(token, str) or not token:
        raise Unavailable.of("exchange.peer-troubled", partner=peer.url, status=answer.status)
    return token


def _token_endpoint(world: World, peer: Peer) -> str:
    host = peer.token_host
    usual = f"{host}/auth/token"
    answer = world.http.send(
        "GET", f"{host}/.well-known/openid-configuration", limit_bytes=LIMIT_BYTES
    )
    named = _json(answer).get("token_endpoint") if answer.status == 200 else None
    # The secret goes to the host it is for, whatever a document says.
    return named if isinstance(named, str) and named.startswith(f"{host}/") else usual


def _json(answer: HttpAnswer) -> dict[str, Any]:
    try:
        document = read_json(answer.content)
    except FaultyJson:
        return {}
    return document if isinstance(document, dict) else {}
