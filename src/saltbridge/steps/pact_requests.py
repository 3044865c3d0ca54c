"""Questions of ours over PACT, and the footprints that came: asked for by event, or read."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.footprint.supplier_figure import PACT_3
from saltbridge.formats.pact_api import REJECTED, BadRequest, Event
from saltbridge.formats.pcf import schema_findings
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document, every
from saltbridge.trust.did import iso

REQUEST: Final = "pact-request"
FOOTPRINT: Final = "pact-footprint"
_MOST_WORDS: Final = 500


class State(StrEnum):
    """How far a question has come."""

    ASKING = "asking"  # on its way
    OPEN = "open"  # the host took it and has to answer
    FULFILLED = "fulfilled"
    REJECTED = "rejected"
    FAILED = "failed"  # the host did not take it


@dataclass(frozen=True, kw_only=True, slots=True)
class PactRequest:
    """One question. ``footprints``: ids of what came; ``text``: the partner's words, or why."""

    id: str  # of the event
    partner: str  # BPN
    products: tuple[str, ...]
    state: State
    comment: str = ""
    person: str = ""
    made_at: str = ""
    changed_at: str = ""
    text: str = ""
    footprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptFootprint:
    """A footprint that came over PACT: whose, how, and the document as it came."""

    id: str  # <BPN>|<id of the footprint>
    partner: str
    digest: str
    received_at: str
    way: str  # "read", or the id of the request it answers
    host: str
    document: Mapping[str, Any]


def keep_request(world: World, work: UnitOfWork, request: PactRequest) -> PactRequest:
    """Store a question with a leaf of the log."""
    now = iso(world.clock.now())
    dated = replace(request, made_at=request.made_at or now, changed_at=now)
    body = canonical_bytes(asdict(dated))
    work.put(REQUEST, _key(dated.partner, dated.id), body)
    work.append_leaf(f"pact.request-{dated.state}", dated.id, body)
    return dated


def kept_request(view: UnitOfWork, partner: str, id: str) -> PactRequest | None:
    """The question of an id that was put to this partner, or None."""
    stored = document(view, REQUEST, _key(partner, id))
    return None if stored is None else _request(stored)


def all_requests(view: UnitOfWork) -> Iterator[PactRequest]:
    """Every question of ours."""
    return (_request(read_json(record.body)) for record in every(view, REQUEST))


def note_asked(world: World, partner: str, id: str, status: int) -> None:
    """Whether the host took a question; an answer may have been faster."""
    with world.store.unit_of_work() as work:
        request = kept_request(work, partner, id)
        if request is None or request.state is not State.ASKING:
            return
        taken = status < 300
        state, text = (State.OPEN, "") if taken else (State.FAILED, f"HTTP {status}")
        keep_request(world, work, replace(request, state=state, text=text))


def take_answer(world: World, work: UnitOfWork, partner: str, event: Event) -> bool:
    """Take the answer to a question of ours; False: we asked this partner no such thing.

    Raises:
        BadRequest: what came is no footprint of PACT, or of nothing that was asked for.
    """
    request = kept_request(work, partner, str(event.data["requestEventId"]))
    if request is None:
        return False
    if event.type == REJECTED:
        if request.state is not State.FULFILLED:
            words = _words(event.data.get("error"))
            keep_request(world, work, replace(request, state=State.REJECTED, text=words))
        return True
    came = _checked(event.data.get("pfs"), request)
    for footprint in came:
        keep_footprint(world, work, partner, footprint, way=request.id, host=event.source[:500])
    ids = tuple(dict.fromkeys((*request.footprints, *(str(f["id"]) for f in came))))
    keep_request(world, work, replace(request, state=State.FULFILLED, text="", footprints=ids))
    return True


def note_faulty(world: World, partner: str, event: Event, fault: BadRequest) -> None:
    """Keep that an answer came which could not be taken, for the people here."""
    says = str(fault.findings[0].arguments.get("says", ""))
    with world.store.unit_of_work() as work:
        request = kept_request(work, partner, str(event.data.get("requestEventId", "")))
        if request is not None and request.text != says:
            keep_request(world, work, replace(request, text=says[:_MOST_WORDS]))


def keep_footprint(
    world: World,
    work: UnitOfWork,
    partner: str,
    footprint: Mapping[str, Any],
    *,
    way: str,
    host: str,
) -> KeptFootprint:
    """Store a footprint as it came, with where it came from and a leaf of the log."""
    content = canonical_bytes(dict(footprint))
    kept = KeptFootprint(
        _key(partner, str(footprint["id"])),
        partner,
        digest(content),
        iso(world.clock.now()),
        way,
        host,
        footprint,
    )
    before = document(work, FOOTPRINT, kept.id)
    if before is not None and before["digest"] == kept.digest:
        return KeptFootprint(**before)
    body = canonical_bytes(asdict(kept))
    work.put(FOOTPRINT, kept.id, body)
    work.append_leaf("pact.received", str(footprint["id"]), body)
    return kept


def kept_footprints(view: UnitOfWork) -> Iterator[KeptFootprint]:
    """Every footprint that came over PACT."""
    return (KeptFootprint(**read_json(record.body)) for record in every(view, FOOTPRINT))


def says_against(footprint: Any) -> str:
    """Why a document is no footprint of PACT 3; empty where it is one."""
    fault = next(iter(schema_findings(footprint, PACT_3)), None)
    if fault is None:
        return ""
    return f"{fault.place.pointer or '/'}: {fault.arguments.get('reason', '')}"


def _checked(came: Any, request: PactRequest) -> list[Mapping[str, Any]]:
    if not isinstance(came, list) or not came:
        raise _bad("data.pfs must be a list of footprints")
    wanted = {urn.casefold() for urn in request.products}
    for number, footprint in enumerate(came):
        against = says_against(footprint)
        if against:
            raise _bad(f"data.pfs[{number}] is no footprint of PACT 3: {against}")
        if not wanted & {str(urn).casefold() for urn in footprint["productIds"]}:
            raise _bad(f"data.pfs[{number}] is of no product that was asked for")
    return came


def _bad(says: str) -> BadRequest:
    return BadRequest.of("pact.bad-request", says=says[:_MOST_WORDS])  # type: ignore[return-value]


def _words(error: Any) -> str:
    told = error if isinstance(error, Mapping) else {}
    words = ": ".join(str(told[m]) for m in ("code", "message") if told.get(m))
    return " ".join(words.split())[:_MOST_WORDS]


def _key(partner: str, id: str) -> str:
    return f"{partner}|{id}"


def _request(stored: Mapping[str, Any]) -> PactRequest:
    told = dict(stored)
    told["state"] = State(told["state"])
    told["products"], told["footprints"] = tuple(told["products"]), tuple(told["footprints"])
    return PactRequest(**told)
