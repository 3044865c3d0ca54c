"""Send our PACT events to a partner's host, signed in there with our client."""

from collections.abc import Mapping
from typing import Any

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.pact_api import CREATED
from saltbridge.ports import OutboxEntry, Partner, World
from saltbridge.steps.pact_host import post_event
from saltbridge.steps.pact_peers import EVENT, Peer, keep_peer, peer_of
from saltbridge.steps.pact_requests import note_asked
from saltbridge.steps.records import document


def enter_peer(
    world: World,
    partner: Partner,
    url: str,
    client: str,
    secret: str,
    *,
    auth: str = "",
    scope: str = "",
    audience: str = "",
) -> None:
    """Enter where a partner takes events, and as whom we go there; see ``Peer``.

    Raises:
        FaultyInput: an address is not one over TLS (or, on a trial node, on loopback).
    """
    for address in (url, auth):
        tls = not address or address.startswith("https://")
        if not tls and not world.node.allow_loopback_http:
            raise FaultyInput.of("pact.peer-without-tls", url=address[:200])
    with world.store.unit_of_work() as work:
        keep_peer(world, work, partner, Peer(url, client, secret, auth, scope, audience))


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
    answer = post_event(world, peer, told["event"])
    if told["event"]["type"] == CREATED:
        note_asked(world, told["bpn"], told["event"]["id"], answer.status)
    elif answer.status >= 300:
        _note_refused(world, told["bpn"], told["event"]["data"], answer.status)


def _note_refused(world: World, bpn: str, data: Mapping[str, Any], status: int) -> None:
    """Keep with the question that its host did not take our answer, for the people here."""
    id = f"{bpn}|{data.get('requestEventId', '')}"
    with world.store.unit_of_work() as work:
        asked = document(work, EVENT, id)
        if asked is not None and asked.get("answer_refused") != status:
            body = canonical_bytes({**asked, "answer_refused": status})
            work.put(EVENT, id, body)
            work.append_leaf("pact.answer-refused", id, body)
