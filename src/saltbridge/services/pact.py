"""Footprints over PACT 3: clients with OAuth2, what each may read, and the events that come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.border.calendar import counter_year
from saltbridge.border.decide import Decision, release_rendered
from saltbridge.border.manifest import counters_after
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, finding
from saltbridge.exchange.policy import PURPOSE_PCF
from saltbridge.footprint.supplier_figure import PACT_3
from saltbridge.formats.pact_api import (
    CREATED,
    FULFILLED,
    REJECTED,
    BadRequest,
    Event,
    Filter,
    criteria,
    fits,
    in_events,
    render_event,
)
from saltbridge.formats.pcf import convert, parse_pcf, schema_findings
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.border_key import border_key
from saltbridge.steps.deciding import (
    Proposer,
    circumstances,
    counters_of,
    decided,
    keep_counters,
)
from saltbridge.steps.pact_clients import (
    Client,
    client_for,
    client_of,
    issue_token,
    keep_client,
    token_client,
)
from saltbridge.steps.pact_peers import CALLBACK, EVENT, peer_of
from saltbridge.steps.pact_requests import note_faulty, take_answer
from saltbridge.steps.recipients import partners_named
from saltbridge.steps.records import every
from saltbridge.steps.release import keep_decision, kept_release
from saltbridge.steps.speak import enqueue
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.did import iso

OFFER: Final = "pact-offer"
MEDIA_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Page:
    """Footprints as they were released to this client, and whether there are more."""

    members: tuple[bytes, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """A footprint that named clients may read now, and what PACT cannot hold of it."""

    id: str
    to: tuple[str, ...]
    lost: tuple[str, ...]


def new_client(world: World, partner: Partner, contract: str) -> tuple[str, str]:
    """Let a partner read over PACT under a contract: the client's id and its secret.

    Raises:
        FaultyInput: no contract is named.
    """
    if not contract.strip():
        raise FaultyInput.of("pact.name-a-contract")
    with world.store.unit_of_work() as work:
        return keep_client(world, work, partner, contract)


def sign_in(world: World, id: str, secret: str) -> str | None:
    """A token for a client that shows its secret, or None."""
    with world.store.unit_of_work() as work:
        client = client_of(work, id, secret)
        return None if client is None else issue_token(world, work, client)


def reader(world: World, token: str) -> Client | None:
    """Whose token this is, or None."""
    with world.store.reading() as view:
        return token_client(world, view, token) if token else None


def offer(world: World, document: Any, to: Sequence[str], person: str) -> Offered:
    """Decide a footprint for each of these partners, and let their clients read it.

    Raises:
        FaultyInput: an unknown partner, one without a client, or no sound footprint.
        Refused: PACT cannot hold it, or the border withholds what PACT demands; the decisions
            are kept, and nobody may read it.
    """
    partners, faults = partners_named(world, to)
    figure, unread = parse_pcf(document)
    faults += [*unread, *schema_findings(document, figure.format)]
    if faults:
        raise FaultyInput(faults)
    converted = convert(figure, PACT_3)
    refused: list[Finding] = []
    with world.store.unit_of_work() as work:
        clients = [_client(work, partner) for partner in partners]
        pairs = zip(partners, clients, strict=True)
        decisions = [_decide(world, work, p, c, converted.document, person) for p, c in pairs]
        for decision in decisions:
            refused += _withheld(decision)
        for decision in decisions:
            if refused:
                keep_decision(work, decision, None)
            else:
                _let_go(world, work, decision, converted.document)
    if refused:
        raise Refused(refused)
    return Offered(
        str(converted.document["id"]), tuple(p.bpn for p in partners), converted.lost
    )


def footprints(world: World, client: Client, asked: Filter) -> Page:
    """The footprints a client may read among those it asks for, in the order of offering."""
    found: list[bytes] = []
    with world.store.reading() as view:
        skipped = 0
        for content in _released(view, client.bpn):
            if not fits(read_json(content), asked):
                continue
            if skipped < asked.offset:
                skipped += 1
                continue
            if len(found) == asked.limit:
                return Page(tuple(found), asked.limit > 0)
            found.append(content)
    return Page(tuple(found), False)


def footprint(world: World, client: Client, id: str) -> bytes | None:
    """One footprint, if this client may read it."""
    with world.store.reading() as view:
        found = (c for c in _released(view, client.bpn) if read_json(c)["id"] == id)
        return next(found, None)


def take_event(world: World, client: Client, event: Event) -> bool:
    """Keep an event, once however often it comes, and answer a request for footprints.

    What was released to this client already is sent to it at once; of what is not there, it is
    told that it is not there. An answer to a question of ours is checked and kept; False for
    one to a question we never asked.
    """
    try:
        return _taken(world, client, event)
    except BadRequest as fault:
        note_faulty(world, client.bpn, event, fault)
        raise


def _taken(world: World, client: Client, event: Event) -> bool:
    id = f"{client.bpn}|{event.id}"
    body = canonical_bytes(
        {
            "id": id,
            "type": event.type,
            "source": event.source,
            "data": _remembered(event),
            "received_at": iso(world.clock.now()),
        }
    )
    with world.store.unit_of_work() as work:
        if work.get(EVENT, id) is not None:
            return True
        if event.type in (FULFILLED, REJECTED) and not take_answer(
            world, work, client.bpn, event
        ):
            return False
        work.put(EVENT, id, body, expected_version=0)
        work.append_leaf("pact.event", id, body)
        if event.type == CREATED:
            _answer(world, work, client, event)
    return True


def events(world: World) -> Iterator[Mapping[str, Any]]:
    """The events that came."""
    with world.store.reading() as view:
        yield from [read_json(record.body) for record in every(view, EVENT)]


def _remembered(event: Event) -> dict[str, Any]:
    """What an event said; of footprints their ids, for they are kept by themselves."""
    told = dict(event.data)
    if isinstance(told.get("pfs"), list):
        told["pfs"] = [str(p.get("id", "")) for p in told["pfs"] if isinstance(p, Mapping)]
    return told


def _answer(world: World, work: UnitOfWork, client: Client, event: Event) -> None:
    peer = peer_of(world, work, client.bpn)
    if peer is None:
        return  # nobody told us where this partner takes events, and as whom we go there
    wanted = criteria(event.data)
    released = map(read_json, _released(work, client.bpn))
    found = [footprint for footprint in released if fits(footprint, wanted)]
    message = "The requested footprint could not be found."
    none = {"error": {"code": "NotFound", "message": message}}
    parts: list[dict[str, Any]] = [{"pfs": part} for part in in_events(found)]
    for told in parts or [none]:
        answer = render_event(
            id=world.identifiers.urn_uuid().removeprefix("urn:uuid:"),
            type=FULFILLED if found else REJECTED,
            source=world.node.base_url,
            time=iso(world.clock.now()),
            data={"requestEventId": event.id, **told},
        )
        body = canonical_bytes({"bpn": client.bpn, "event": answer})
        enqueue(world, work, CALLBACK, body, f"pact {client.bpn}")


def _released(view: UnitOfWork, bpn: str) -> Iterator[bytes]:
    """What was released to a partner over PACT, the newest bytes of each footprint."""
    start, after = f"{bpn}|", f"{bpn}|"
    while True:
        page = view.find(OFFER, after=after, limit=200)
        for record in page:
            if not record.id.startswith(start):
                return
            named = read_json(record.body)
            release = kept_release(view, named["digest"], named["decision_id"], bpn)
            if release is not None:
                yield release.content
        if not page:
            return
        after = page[-1].id


def _client(work: UnitOfWork, partner: Partner) -> Client:
    client = client_for(work, partner.bpn)
    if client is None:
        raise FaultyInput.of("pact.no-client", partner=partner.name)
    return client


def _decide(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    client: Client,
    document: Any,
    person: str,
) -> Decision:
    now = world.clock.now()
    context = circumstances(
        world,
        decision_id=world.identifiers.urn_uuid(),
        partner=partner,
        terms=client.terms(),
        purpose=PURPOSE_PCF,
        now=now,
        counters=counters_of(work, counter_year(now)),
        proposer=Proposer(name=person),
    )
    given = {"kind": "pcf", "documents": [{"content": document}]}
    return decided(work, given, "pcf", context, border_key(world, work))


def _withheld(decision: Decision) -> list[Finding]:
    """Why what may leave would be no footprint of PACT any more; empty where it is one."""
    left = (decision.view.get("documents") or [{}])[0].get("content")
    faults = () if left is None else schema_findings(left, PACT_3)
    if left is not None and not faults:
        return []
    told = finding(
        "publish.refused",
        recipient=decision.context.recipient.name,
        decision=decision.context.decision_id,
        rule=next((f.rule for f in decision.stays), ""),
    )
    return [told, *faults]


def _let_go(world: World, work: UnitOfWork, decision: Decision, document: Any) -> None:
    release = release_rendered(decision, _content, MEDIA_TYPE)
    record, _ = keep_decision(work, decision, release)
    keep_statement(world, work, decision, record, [release], decision.context.at)
    keep_counters(work, counters_after(decision))
    work.put_release(release)
    named = {"digest": release.digest, "decision_id": release.decision_id}
    id = f"{release.audience}|{document['id']}"
    work.put(OFFER, id, canonical_bytes(named))


def _content(view: Mapping[str, Any]) -> bytes:
    return canonical_bytes(view["documents"][0]["content"])
