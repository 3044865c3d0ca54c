"""Be asked for a footprint (CX-0136): the inbox, and what a person decides about a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from saltbridge.accounts.model import Act, Person
from saltbridge.border.calendar import counter_year
from saltbridge.border.decide import Decision, release_rendered
from saltbridge.border.manifest import counters_after
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Finding, finding
from saltbridge.exchange.pcf_exchange import (
    API_10,
    MOST_MESSAGE,
    Direction,
    PcfRequest,
    State,
    is_request_id,
    may_answer,
    may_update,
    model_asked,
)
from saltbridge.exchange.served import PCF_EXCHANGE, SERVED
from saltbridge.formats.pcf import convert, parse_pcf, schema_findings
from saltbridge.ports import OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.border_key import border_key
from saltbridge.steps.deciding import (
    Proposer,
    circumstances,
    counters_of,
    decided,
    keep_counters,
)
from saltbridge.steps.partner_access import Ways, ask
from saltbridge.steps.pcf_models import FORMATS
from saltbridge.steps.pcf_requests import (
    all_requests,
    exchange_of,
    keep_request,
    kept_request,
    open_doors,
    request_named,
    request_waiting,
)
from saltbridge.steps.people import require_act
from saltbridge.steps.records import document as stored_document
from saltbridge.steps.release import keep_decision, kept_release
from saltbridge.steps.served_datasets import open_dataset, terms_of
from saltbridge.steps.shown_again import look_again, require_shown
from saltbridge.steps.speak import enqueue
from saltbridge.steps.statement import keep_statement

PUT: Final = "pcf.put"
SHEET: Final = "pcf-sheet"
MEDIA_TYPE: Final = "application/json"
_LATER: Final = frozenset({401, 403, 408, 425, 429})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is answered with at once: 202, or why not."""

    status: int
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person answers. Without a document, the sheet kept for the part is taken."""

    document: Any = None
    message: str = ""
    person: str = ""
    proposer: Person | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The request after an answer, and what its model cannot hold of the document."""

    request: PcfRequest
    lost: tuple[str, ...]


def open_door(world: World, partner: Partner) -> None:
    """Let a partner ask us for footprints."""
    with world.store.unit_of_work() as work:
        open_doors(world, work, partner)


def receive(world: World, partner: str, id: str, query: Mapping[str, str], api: str) -> Asked:
    """Take a partner's question into the inbox; the same question again changes nothing."""
    parts = query.get("manufacturerPartId", ""), query.get("customerPartId", "")
    message = query.get("message", "")
    if not is_request_id(id) or not any(parts) or max(map(len, parts)) > MOST_MESSAGE:
        return Asked(400, "pcf.name-a-part")
    if len(message) > MOST_MESSAGE:
        return Asked(400, "pcf.message-too-long")
    model = model_asked(query.get("dataModelVersion", "") if api == API_10 else "")
    if not model:
        return Asked(422, "pcf.unknown-model")
    with world.store.unit_of_work() as work:
        if kept_request(work, Direction.RECEIVED, partner, id) is None:
            asked = PcfRequest(
                id=id,
                partner=partner,
                direction=Direction.RECEIVED,
                state=State.OPEN,
                manufacturer_part=parts[0],
                customer_part=parts[1],
                message=message,
                model=model,
                api=api,
            )
            keep_request(world, work, asked)
    return Asked(202)


def inbox(world: World, *, everything: bool = False) -> Sequence[PcfRequest]:
    """Requests a person has still to answer, the oldest first; with ``everything``, all."""
    with world.store.reading() as view:
        found = [r for r in all_requests(view) if everything or may_answer(r)]
    return sorted(found, key=lambda request: (request.made_at, request.id))


def one_request(world: World, named: str) -> PcfRequest:
    """The request of an id.

    Raises:
        FaultyInput: there is none, or several.
    """
    with world.store.reading() as view:
        return request_named(view, named)


def keep_sheet(world: World, part: str, document: Any) -> None:
    """Keep a footprint as the one that answers questions about a part.

    Raises:
        FaultyInput: it is in no format we read, or breaks its official schema.
    """
    figure, unread = parse_pcf(document)
    faults = (*unread, *schema_findings(document, figure.format))
    if faults:
        raise FaultyInput(faults)
    body = canonical_bytes({"part": part, "document": document})
    with world.store.unit_of_work() as work:
        work.put(SHEET, part, body)
        work.append_leaf("pcf.sheet", part, body)


def has_sheet(world: World, request: PcfRequest) -> bool:
    """Whether a footprint is kept for the part that a request asks about."""
    with world.store.reading() as view:
        return _sheet(view, request) is not None


def answer(world: World, named: str, given: Answer, *, update: bool = False) -> Answered:
    """Decide a footprint for the partner who asked, release it, and have it put back.

    Raises:
        FaultyInput: no such request, no document, or one that is not sound.
        Refused: it cannot be answered now, the person may not, the model cannot hold the
            document, the border withholds what the model demands (the decision is kept), or
            what the partner showed when it asked does not hold any more.
        Unavailable: an issuer of what it showed cannot be reached now.
    """
    if given.proposer is not None:
        require_act(given.proposer, Act.PUBLISH)
    _check_message(given.message)
    require_shown(world, _partner(world, one_request(world, named)))
    refused: list[Finding] = []
    with world.store.unit_of_work() as work:
        request = request_named(work, named)
        if not (may_update(request) if update else may_answer(request)):
            raise Refused.of("pcf.not-now", id=request.id, state=str(request.state))
        document, lost = _in_model(work, request, given.document)
        partner = _partner(world, request)
        decision = _decide(world, work, partner, request, document, _who(given))
        release = _release(decision, request, refused)
        if release is None:
            keep_decision(work, decision, None)
        else:
            request = _let_go(world, work, decision, release, request, given, update)
    if refused:
        raise Refused(refused)
    return Answered(request, lost)


def refuse(world: World, named: str, reason: str, given: Answer) -> PcfRequest:
    """Refuse a request; the partner is told the reason, and nothing else.

    Raises:
        FaultyInput: no such request, or no reason.
        Refused: it is not open, or the person may not.
    """
    if given.proposer is not None:
        require_act(given.proposer, Act.PUBLISH)
    if not reason.strip():
        raise FaultyInput.of("pcf.give-a-reason")
    _check_message(reason)
    with world.store.unit_of_work() as work:
        request = request_named(work, named)
        if not may_answer(request):
            raise Refused.of("pcf.not-now", id=request.id, state=str(request.state))
        refusing = replace(request, state=State.REFUSING, text=reason, person=_who(given).name)
        _send(world, work, refusing, update=False)
        return keep_request(world, work, refusing)


def put_waiting(world: World, ways: Ways, entry: OutboxEntry) -> None:
    """Put a released footprint, or a refusal, to the partner who asked.

    Raises:
        Unavailable: the partner's interface is not open yet, or it cannot be reached.
    """
    waiting = request_waiting(world, entry, Direction.RECEIVED, State.ANSWERING, State.REFUSING)
    if waiting is None:
        return
    partner, request = waiting
    content = b"{}"
    if request.state is State.ANSWERING:
        with world.store.reading() as view:
            release = kept_release(view, request.digest, request.decision_id, partner.bpn)
        if release is None:
            return  # its bytes were erased meanwhile
        content = release.content
        lost = look_again(world, partner)
        if lost is not None:
            _end(world, request, State.FAILED, lost.code)
            return
    try:
        edr, _ = exchange_of(world, ways, partner, request.api)
    except (FaultyInput, Refused) as fault:
        _end(world, request, State.FAILED, fault.findings[0].code)
        return
    update = read_json(entry.body)["update"]
    asked = {"message": request.text, "update": "true" if update else "false"}
    query = urlencode({k: v for k, v in asked.items() if v})
    path = f"footprintExchange/{quote(request.id, safe='')}?{query}"
    done = ask(world, partner, edr, "PUT", path, content)
    if done.status in _LATER:
        raise Unavailable.of("exchange.peer-troubled", partner=partner.name, status=done.status)
    if request.state is State.REFUSING:
        # Who does not know our way of refusing has our silence instead.
        _end(world, request, State.REFUSED, request.text)
    elif done.status < 300:
        _end(world, request, State.ANSWERED, request.text)
    else:
        _end(world, request, State.FAILED, f"HTTP {done.status}")


def _in_model(
    work: UnitOfWork, request: PcfRequest, document: Any
) -> tuple[Any, tuple[str, ...]]:
    """The document in the model that was asked for, and what is lost on the way."""
    if document is None:
        document = _sheet(work, request)
    if document is None:
        part = request.manufacturer_part or request.customer_part
        raise FaultyInput.of("pcf.no-sheet", part=part)
    figure, unread = parse_pcf(document)
    faults = (*unread, *schema_findings(document, figure.format))
    if faults:
        raise FaultyInput(faults)
    converted = convert(figure, FORMATS[request.model])
    return converted.document, converted.lost


def _sheet(view: UnitOfWork, request: PcfRequest) -> Any:
    for part in (request.manufacturer_part, request.customer_part):
        kept = stored_document(view, SHEET, part)
        if kept is not None:
            return kept["document"]
    return None


def _decide(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    request: PcfRequest,
    document: Any,
    who: Proposer,
) -> Decision:
    dataset = open_dataset(
        world, work, PCF_EXCHANGE, [partner.bpn], version=request.api, title="PCF exchange"
    )
    now = world.clock.now()
    context = circumstances(
        world,
        decision_id=world.identifiers.urn_uuid(),
        partner=partner,
        terms=terms_of(dataset),
        purpose=SERVED[PCF_EXCHANGE].purpose,
        now=now,
        counters=counters_of(work, counter_year(now)),
        proposer=who,
    )
    given = {"kind": "pcf", "documents": [{"content": document}]}
    return decided(work, given, "pcf", context, border_key(world, work))


def _release(decision: Decision, request: PcfRequest, refused: list[Finding]) -> Release | None:
    """What may be put back; None where the rest would be no footprint of that model."""
    left = (decision.view.get("documents") or [{}])[0].get("content")
    faults = () if left is None else schema_findings(left, FORMATS[request.model])
    if left is None or faults:
        rule = next((f.rule for f in decision.stays), "")
        recipient = decision.context.recipient.name
        decided_id = decision.context.decision_id
        refused.append(
            finding("publish.refused", recipient=recipient, decision=decided_id, rule=rule)
        )
        refused.extend(faults)
        return None
    return release_rendered(decision, _content, MEDIA_TYPE)


def _let_go(
    world: World,
    work: UnitOfWork,
    decision: Decision,
    release: Release,
    request: PcfRequest,
    given: Answer,
    update: bool,
) -> PcfRequest:
    record, _ = keep_decision(work, decision, release)
    keep_statement(world, work, decision, record, [release], decision.context.at)
    keep_counters(work, counters_after(decision))
    work.put_release(release)
    answering = replace(
        request,
        state=State.ANSWERING,
        digest=release.digest,
        decision_id=release.decision_id,
        text=given.message,
        person=_who(given).name,
        updates=request.updates + update,
    )
    # Whoever was put a footprint before is put the next one as an update.
    _send(world, work, answering, update=update or bool(request.digest))
    return keep_request(world, work, answering)


def _send(world: World, work: UnitOfWork, request: PcfRequest, *, update: bool) -> None:
    body = {"bpn": request.partner, "id": request.id, "update": update}
    enqueue(world, work, PUT, canonical_bytes(body), f"pcf {request.key}")


def _end(world: World, request: PcfRequest, state: State, text: str) -> None:
    with world.store.unit_of_work() as work:
        keep_request(world, work, replace(request, state=state, text=text))


def _partner(world: World, request: PcfRequest) -> Partner:
    partner = world.node.partner(request.partner)
    if partner is None:
        raise Unavailable.of("exchange.partner-gone", bpn=request.partner)
    return partner


def _who(given: Answer) -> Proposer:
    if given.proposer is not None:
        return Proposer(name=given.proposer.name, person_id=given.proposer.id)
    return Proposer(name=given.person)


def _check_message(message: str) -> None:
    if len(message) > MOST_MESSAGE:
        raise FaultyInput.of("pcf.message-too-long", most=MOST_MESSAGE)


def _content(view: Mapping[str, Any]) -> bytes:
    return canonical_bytes(view["documents"][0]["content"])
