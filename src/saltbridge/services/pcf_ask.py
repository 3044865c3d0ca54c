"""Ask a partner for a footprint (CX-0136), and take what it puts back."""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from saltbridge.core.canonical import FaultyJson, canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Finding
from saltbridge.exchange.pcf_exchange import (
    API_9,
    API_10,
    MODEL_9,
    MODEL_10,
    MOST_MESSAGE,
    Direction,
    PcfRequest,
    State,
    model_name,
)
from saltbridge.ports import OutboxEntry, Partner, World
from saltbridge.steps.partner_access import Ways, ask
from saltbridge.steps.pcf_models import FORMATS, model_faults
from saltbridge.steps.pcf_requests import (
    exchange_of,
    keep_request,
    kept_request,
    open_doors,
    request_waiting,
)
from saltbridge.steps.records import document as stored_document
from saltbridge.steps.speak import enqueue
from saltbridge.trust.did import iso

ASK: Final = "pcf.ask"
ANSWER: Final = "pcf-answer"
_LATER: Final = frozenset({401, 403, 408, 425, 429})


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: a product by the maker's number or by our own, and in which model."""

    manufacturer_part: str = ""
    customer_part: str = ""
    message: str = ""
    model: str = MODEL_10
    person: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a footprint that was put: an HTTP status, and why if it was not taken."""

    status: int
    findings: tuple[Finding, ...] = ()


def ask_partner(world: World, partner: Partner, question: Question) -> PcfRequest:
    """A new request, stored and waiting to be sent; our own interface is open for the answer.

    Raises:
        FaultyInput: no part is named, or the message is too long, or no such model.
    """
    if not question.manufacturer_part and not question.customer_part:
        raise FaultyInput.of("pcf.name-a-part")
    if len(question.message) > MOST_MESSAGE:
        raise FaultyInput.of("pcf.message-too-long", most=MOST_MESSAGE)
    if question.model not in FORMATS:
        known = ", ".join(FORMATS)
        raise FaultyInput.of("pcf.unknown-model", found=question.model[:40], known=known)
    request = PcfRequest(
        id=world.identifiers.urn_uuid().removeprefix("urn:uuid:"),
        partner=partner.bpn,
        direction=Direction.ASKED,
        state=State.ASKING,
        manufacturer_part=question.manufacturer_part,
        customer_part=question.customer_part,
        message=question.message,
        model=question.model,
        api=API_10 if question.model == MODEL_10 else API_9,
        person=question.person,
    )
    with world.store.unit_of_work() as work:
        open_doors(world, work, partner)
        kept = keep_request(world, work, request)
        body = {"bpn": partner.bpn, "id": request.id}
        enqueue(world, work, ASK, canonical_bytes(body), f"pcf {request.key}")
    return kept


def ask_waiting(world: World, ways: Ways, entry: OutboxEntry) -> None:
    """Send a question, if it still waits.

    Raises:
        Unavailable: the partner's interface is not open yet, or it cannot be reached.
    """
    waiting = request_waiting(world, entry, Direction.ASKED, State.ASKING)
    if waiting is None:
        return
    partner, request = waiting
    try:
        edr, api = exchange_of(world, ways, partner, API_10)
    except (FaultyInput, Refused) as fault:
        _move(world, request, State.FAILED, _words(fault))
        return
    # A partner of before speaks model 9 alone, and is not asked for another (fall-back).
    model = request.model if api == API_10 else MODEL_9
    asked = {
        "manufacturerPartId": request.manufacturer_part,
        "customerPartId": request.customer_part,
        "message": request.message,
        "dataModelVersion": model_name(model) if api == API_10 else "",
    }
    query = urlencode({k: v for k, v in asked.items() if v})
    path = f"footprintExchange/{quote(request.id, safe='')}?{query}"
    answer = ask(world, partner, edr, "GET", path)
    if answer.status in _LATER:
        raise Unavailable.of(
            "exchange.peer-troubled", partner=partner.name, status=answer.status
        )
    request = replace(request, model=model, api=api)
    if answer.status in (200, 202):
        _move(world, request, State.OPEN, "")
    else:
        _move(world, request, State.REFUSED, f"HTTP {answer.status}")


def take_answer(
    world: World, partner: str, id: str, content: bytes, *, message: str, update: bool
) -> Taken:
    """Take a footprint, an update of one, or a refusal that a partner puts to our request.

    A put without a footprint, ``{}`` with a message, is a refusal with its reason: CX-0136 has
    no other word for it.
    """
    with world.store.reading() as view:
        request = kept_request(view, Direction.ASKED, partner, id)
        kept = stored_document(view, ANSWER, f"{partner}|{id}")
    if request is None:
        return Taken(404)
    try:
        document = read_json(content)
    except FaultyJson as fault:
        return Taken(400, fault.findings)
    found = digest(content)
    if kept is not None and kept["digest"] == found:
        return Taken(200)  # told twice
    if document == {}:
        if request.state is State.ANSWERED or not message:
            return Taken(400)
        _move(world, request, State.REFUSED, message[:MOST_MESSAGE])
        return Taken(200)
    if kept is not None and not update:
        return Taken(409)
    faults = model_faults(document, request.model)
    if faults:
        return Taken(422, faults)
    _keep_answer(world, request, document, found, message)
    return Taken(200)


def answer_of(world: World, request: PcfRequest) -> Any:
    """The footprint that came for our request, as the partner wrote it, or None."""
    with world.store.reading() as view:
        kept = stored_document(view, ANSWER, f"{request.partner}|{request.id}")
    return kept["document"] if kept else None


def _keep_answer(
    world: World, request: PcfRequest, document: Any, found: str, message: str
) -> None:
    id = f"{request.partner}|{request.id}"
    body = canonical_bytes(
        {
            "id": id,
            "digest": found,
            "received_at": iso(world.clock.now()),
            "message": message[:MOST_MESSAGE],
            "document": document,
        }
    )
    with world.store.unit_of_work() as work:
        again = work.get(ANSWER, id) is not None
        work.put(ANSWER, id, body)
        work.append_leaf("pcf.received", request.id, body)
        taken = replace(
            request,
            state=State.ANSWERED,
            digest=found,
            text=message[:MOST_MESSAGE],
            updates=request.updates + again,
        )
        keep_request(world, work, taken)


def _move(world: World, request: PcfRequest, state: State, text: str) -> None:
    with world.store.unit_of_work() as work:
        now = kept_request(work, request.direction, request.partner, request.id)
        if now is not None and now.state is State.ANSWERED:
            return  # the answer was faster than the answer to the question
        keep_request(world, work, replace(request, state=state, text=text))


def _words(fault: FaultyInput | Refused) -> str:
    return fault.findings[0].code
