"""Ask a partner over PACT 3: read its footprints, or request them by event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin

from saltbridge.core.canonical import FaultyJson, canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument, Finding, Severity
from saltbridge.exchange.address import same_origin
from saltbridge.formats.pact_api import (
    CREATED,
    fits,
    is_urn,
    parse_filter,
    parse_list,
    render_event,
)
from saltbridge.formats.web_links import next_link
from saltbridge.ports import HttpAnswer, Partner, World
from saltbridge.steps.pact_clients import client_for
from saltbridge.steps.pact_host import get, token_of
from saltbridge.steps.pact_peers import CALLBACK, Peer, peer_of
from saltbridge.steps.pact_requests import (
    KeptFootprint,
    PactRequest,
    State,
    all_requests,
    keep_footprint,
    keep_request,
    kept_footprints,
    says_against,
)
from saltbridge.steps.speak import enqueue
from saltbridge.trust.did import iso

MOST_PAGES: Final = 100
MOST_BYTES: Final = 60_000_000  # of one reading
MOST_WORDS: Final = 250


@dataclass(frozen=True, slots=True)
class Read:
    """The footprints that were read and kept, and what a person should know about the rest."""

    kept: tuple[KeptFootprint, ...]
    findings: tuple[Finding, ...]


def read(
    world: World, partner: Partner, asked: Sequence[tuple[str, str]], *, id: str = ""
) -> Read:
    """Read the partner's footprints that fit what is asked for, or the one of an id.

    Every page is followed, on the partner's own host only; what breaks the official schema, or
    was not asked for, is left out and named.

    Raises:
        FaultyInput: no host entered, a filter nobody knows, or no such footprint.
        Unavailable: the host cannot be reached, or does not know our client.
    """
    filter = parse_filter(asked)
    peer = _peer(world, partner)
    token = token_of(world, peer)
    path = f"/3/footprints/{quote(id, safe='')}" if id else "/3/footprints"
    url = f"{peer.url}{path}{'?' + urlencode(list(asked)) if asked and not id else ''}"
    came: list[Any] = []
    findings: list[Finding] = []
    pages = size = 0
    while url and pages < MOST_PAGES and size < MOST_BYTES:
        answer = get(world, peer, token, url)
        came += _listed(partner, answer, id)
        named = next_link(answer.headers.get("link", "")) if not id else ""
        following = _whole(named, url)
        url = following if same_origin(following, peer.url) else ""
        if named and not url:
            findings.append(_warning("pact.not-followed", url=named[:200], own=peer.url))
        pages, size = pages + 1, size + len(answer.content)
    if url:
        findings.append(_warning("pact.more-there", partner=partner.name, pages=pages))
    sound = []
    for footprint in came:
        against = says_against(footprint)
        if against:
            named = footprint.get("id", "?") if isinstance(footprint, dict) else "?"
            findings.append(_warning("pact.faulty", id=str(named)[:80], says=against[:300]))
        elif (id and footprint["id"] != id) or not fits(footprint, filter):
            findings.append(_warning("pact.not-asked-for", id=str(footprint["id"])[:80]))
        else:
            sound.append(footprint)
    with world.store.unit_of_work() as work:
        kept = tuple(
            keep_footprint(world, work, partner.bpn, one, way="read", host=peer.url)
            for one in sound
        )
    return Read(kept, tuple(findings))


def request(
    world: World, partner: Partner, products: Sequence[str], *, comment: str, person: str
) -> PactRequest:
    """Ask for footprints of products (URNs); the answer comes later, as an event.

    Raises:
        FaultyInput: no product, or none that is a URN; no host entered; or the partner has no
            client here with which it could answer.
    """
    if not products or not all(map(is_urn, products)):
        wrong = next((p for p in products if not is_urn(p)), "–")
        raise FaultyInput.of("pact.no-urn", found=wrong[:80])
    if len(comment) > MOST_WORDS:
        raise FaultyInput.of("pcf.message-too-long", most=MOST_WORDS)
    _peer(world, partner)
    data: dict[str, Any] = {"productId": list(products)}
    if comment:
        data["comment"] = comment
    with world.store.unit_of_work() as work:
        if client_for(work, partner.bpn) is None:
            raise FaultyInput.of("pact.no-client", partner=partner.name)
        asking = PactRequest(
            id=world.identifiers.urn_uuid().removeprefix("urn:uuid:"),
            partner=partner.bpn,
            products=tuple(products),
            state=State.ASKING,
            comment=comment,
            person=person,
        )
        event = render_event(
            id=asking.id,
            type=CREATED,
            source=world.node.base_url,
            time=iso(world.clock.now()),
            data=data,
        )
        kept = keep_request(world, work, asking)
        body = canonical_bytes({"bpn": partner.bpn, "event": event})
        enqueue(world, work, CALLBACK, body, f"pact {partner.bpn}")
    return kept


def requests(world: World) -> list[PactRequest]:
    """Our questions, the oldest first."""
    with world.store.reading() as view:
        return sorted(all_requests(view), key=lambda one: (one.made_at, one.id))


def received(world: World) -> list[KeptFootprint]:
    """The footprints that came over PACT, the oldest first."""
    with world.store.reading() as view:
        return sorted(kept_footprints(view), key=lambda one: (one.received_at, one.id))


def footprint_named(world: World, named: str) -> KeptFootprint:
    """The footprint of an id, or of the beginning of one.

    Raises:
        FaultyInput: there is none, or several.
    """
    there = received(world)
    found = [k for k in there if named == k.document["id"]]
    found = found or [k for k in there if named and str(k.document["id"]).startswith(named)]
    if len(found) != 1:
        raise FaultyInput.of("pact.not-received", id=named[:80])
    return found[0]


def _peer(world: World, partner: Partner) -> Peer:
    with world.store.reading() as view:
        peer = peer_of(world, view, partner.bpn)
    if peer is None:
        raise FaultyInput.of("pact.no-peer", partner=partner.name)
    return peer


def _whole(named: str, page: str) -> str:
    """The address that a page names, which may be relative to its own (RFC 8288, 3.1)."""
    try:
        return urljoin(page, named) if named else ""
    except ValueError:
        return ""


def _listed(partner: Partner, answer: HttpAnswer, id: str) -> list[Any]:
    if answer.status == 404 and id:
        raise FaultyInput.of("pact.not-there", partner=partner.name, id=id[:80])
    if answer.status not in (200, 202):
        raise FaultyInput.of("pact.refused", partner=partner.name, status=answer.status)
    try:
        return parse_list(answer.content)
    except FaultyJson as fault:
        raise FaultyInput.of("pact.no-answer") from fault


def _warning(code: str, **arguments: Argument) -> Finding:
    return Finding(code, arguments, severity=Severity.WARNING)
