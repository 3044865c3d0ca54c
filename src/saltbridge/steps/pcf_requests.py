"""Requests for footprints as they are stored, and the interface both companies open."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.pcf_exchange import (
    API_9,
    API_10,
    Direction,
    PcfRequest,
    State,
    request_of,
    request_record,
)
from saltbridge.exchange.served import PCF_EXCHANGE
from saltbridge.ports import OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.edr import Edr
from saltbridge.steps.partner_access import Wanted, Ways, access
from saltbridge.steps.records import document, every
from saltbridge.steps.served_datasets import open_dataset
from saltbridge.trust.did import iso

KIND: Final = "pcf-request"
APIS: Final = (API_10, API_9)


def open_doors(world: World, work: UnitOfWork, partner: Partner) -> None:
    """Let a partner ask us, and answer what we ask: one dataset for each version we speak."""
    for version in APIS:
        title = f"PCF exchange {version}"
        open_dataset(world, work, PCF_EXCHANGE, [partner.bpn], version=version, title=title)


def exchange_of(world: World, ways: Ways, partner: Partner, *preferred: str) -> tuple[Edr, str]:
    """The partner's interface for footprints and its version, the preferred one first.

    Raises:
        FaultyInput: it offers us none.
        Refused: it ended the agreement on it.
        Unavailable: it is not open yet, or the partner cannot be reached.
    """
    fault: FaultyInput | None = None
    for version in (*preferred, *(v for v in APIS if v not in preferred)):
        try:
            edr = access(world, ways, partner, Wanted(kind=PCF_EXCHANGE, version=version))
        except FaultyInput as missing:
            fault = missing
            continue
        if edr is None:
            raise Unavailable.of("twins.not-open", partner=partner.name)
        return edr, version
    raise fault or FaultyInput.of("pcf.unknown", id="")


def kept_request(
    view: UnitOfWork, direction: Direction, partner: str, id: str
) -> PcfRequest | None:
    """A request by who asked, the partner and its id, or None."""
    stored = document(view, KIND, f"{direction}|{partner}|{id}")
    return request_of(stored) if stored else None


def keep_request(world: World, work: UnitOfWork, request: PcfRequest) -> PcfRequest:
    """Store a request; a leaf of the log where it came to another state."""
    now = iso(world.clock.now())
    dated = replace(request, made_at=request.made_at or now, changed_at=now)
    before = document(work, KIND, request.key) or {}
    body = canonical_bytes(request_record(dated))
    work.put(KIND, request.key, body)
    if before.get("state") != str(dated.state) or before.get("digest") != dated.digest:
        work.append_leaf(f"pcf.{dated.direction}-{dated.state}", request.id, body)
    return dated


def request_waiting(
    world: World, entry: OutboxEntry, direction: Direction, *states: State
) -> tuple[Partner, PcfRequest] | None:
    """The request an entry of the outbox is about, with its partner, if it is in such a state.

    ``None``: there is nothing left to do about it.
    """
    told = read_json(entry.body)
    partner = world.node.partner(told["bpn"])
    with world.store.reading() as view:
        request = kept_request(view, direction, told["bpn"], told["id"])
    if partner is None or request is None or request.state not in states:
        return None
    return partner, request


def all_requests(view: UnitOfWork) -> Iterator[PcfRequest]:
    """Every request this node knows."""
    return (request_of(read_json(record.body)) for record in every(view, KIND))


def request_named(view: UnitOfWork, named: str) -> PcfRequest:
    """The request of an id, of the beginning of one, or the only one about a part.

    Raises:
        FaultyInput: there is none, or several.
    """
    found = [r for r in all_requests(view) if r.id == named]
    found = found or [r for r in all_requests(view) if named and r.id.startswith(named)]
    if not found and named:
        parts = (
            r for r in all_requests(view) if named in (r.manufacturer_part, r.customer_part)
        )
        found = list(parts)
    if len(found) != 1:
        raise FaultyInput.of("pcf.unknown", id=named[:200])
    return found[0]
