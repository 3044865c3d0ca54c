"""The Dataspace Protocol 2025-1 over HTTP: catalogue, negotiation, transfer, both roles.

Handlers are plain functions, run in the server's thread pool: they check who calls, read the
message, call one service that commits, wake the outbox, and answer. Whatever a caller may
not know of is answered like what does not exist: 404.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from starlette.responses import Response

from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Finding
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Negotiation, Refusal, Role, Transfer
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats.dsp import Message, parse_message
from saltbridge.formats.dsp_answers import (
    ErrorKind,
    render_error,
    render_process,
    render_versions,
)
from saltbridge.formats.dsp_catalogue import (
    render_catalogue,
    render_dataset,
)
from saltbridge.formats.dsp_catalogue_query import (
    TOKEN,
    parse_catalogue_query,
    parse_token,
    render_links,
)
from saltbridge.locales import text, text_or
from saltbridge.ports import Partner, World
from saltbridge.services import catalogue, negotiate, transfer
from saltbridge.services import unasked_offers as offers
from saltbridge.services.sign_in import Caller as KnownCaller
from saltbridge.services.sign_in import known_caller
from saltbridge.steps.identity import IdentityMode, mode_of
from saltbridge.web.answers import bearer, body_of, json_answer

Identify: TypeAlias = Callable[[World, str], KnownCaller]
_JSON = frozenset({"application/json", "application/ld+json", ""})

# path below the process → the messages that may come there, per role that hears them
_NEGOTIATION = {
    Role.PROVIDER: {
        "request": (m.ContractRequest,),
        "events": (m.NegotiationAccepted,),
        "agreement/verification": (m.AgreementVerification,),
        "termination": (m.NegotiationTermination,),
    },
    Role.CONSUMER: {
        "offers": (m.ContractOffer,),
        "agreement": (m.AgreementMessage,),
        "events": (m.NegotiationFinalized,),
        "termination": (m.NegotiationTermination,),
    },
}
_EITHER = {
    name: tuple(kind for role in Role for kind in _NEGOTIATION[role].get(name, ()))
    for name in {**_NEGOTIATION[Role.PROVIDER], **_NEGOTIATION[Role.CONSUMER]}
}
_TRANSFER: dict[str, tuple[type[Any], ...]] = {
    "start": (m.TransferStart,),
    "completion": (m.TransferCompletion,),
    "suspension": (m.TransferSuspension,),
    "termination": (m.TransferTermination,),
}


@dataclass
class Problem(Exception):
    """An answer that is not the one hoped for; the path decides on the kind of its body."""

    status: int
    code: str
    reason: tuple[str, ...] = ()
    pid: str = ""
    role: Role | None = Role.PROVIDER


async def _message(request: Request) -> bytes:
    """The body of a request that says it is JSON, or says nothing."""
    stated = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if stated not in _JSON:
        raise Problem(
            415, "dsp.not-json", (text("dsp.not-json", {"found": stated[:80]}),), role=None
        )
    return await body_of(request)


Body = Annotated[bytes, Depends(_message)]


def _not_found(pid: str = "", role: Role | None = Role.PROVIDER) -> Problem:
    return Problem(404, "dsp.not-found", (text("dsp.not-found"),), pid, role)


def _words(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(f"{text_or(f.code, f.code, f.arguments)} {f.place}".strip() for f in findings)


def router(
    world: World, wake: Callable[[], None], identify: Identify = known_caller
) -> APIRouter:
    """All endpoints of both roles. ``identify`` tells who calls, by the token they show."""

    def caller(request: Request) -> Partner:
        try:
            known = identify(world, bearer(request))
        except (Refused, FaultyInput) as fault:
            request.state.sign_in_refused = "partner"
            raise _not_found() from fault
        except Unavailable as fault:
            # Ours to repair, and the partner's outbox will ask again.
            raise Problem(503, "dsp.try-again", (text("dsp.try-again"),)) from fault
        request.state.partner = known.partner.bpn  # for the log
        request.state.held = known.held  # for policies: what the partner was shown to hold
        return known.partner

    Caller = Annotated[Partner, Depends(caller)]
    base = DSP_2025_1.path
    callback = f"{base}{DSP_2025_1.callback_path}"
    routes = APIRouter()

    def versions() -> Response:
        dcp = mode_of(world) is IdentityMode.DCP
        return json_answer(render_versions(DSP_2025_1, world.node.did, with_credentials=dcp))

    def catalogue_request(
        partner: Caller,
        content: Body,
        token: Annotated[str, Query(alias=TOKEN, max_length=2000)] = "",
    ) -> Response:
        query = _read(parse_catalogue_query, content)
        after = _read(parse_token, token) if token else ""
        shown, page = catalogue.catalogue_for(world, partner, query, after=after)
        links = render_links(f"{world.node.base_url}{base}/catalog/request", page)
        return json_answer(render_catalogue(shown), 200, links)

    def dataset(partner: Caller, id: str) -> Response:
        found = catalogue.dataset_for(world, partner, id)
        if found is None:
            raise _not_found()
        return json_answer(render_dataset(found))

    routes.add_api_route("/.well-known/dspace-version", versions, methods=["GET"])
    routes.add_api_route(f"{base}/catalog/request", catalogue_request, methods=["POST"])
    routes.add_api_route(f"{base}/catalog/datasets/{{id:path}}", dataset, methods=["GET"])

    def begin(
        partner: Caller,
        content: Body,
        kind: type[Message],
        service: Callable[..., Negotiation | Transfer | Refusal | None],
    ) -> Response:
        outcome = service(world, partner, _read(parse_message, content, kind))
        return _answer(outcome, 201, wake)

    def hear(
        partner: Caller,
        content: Body,
        pid: str,
        role: Role | None,
        kinds: tuple[type[Message], ...],
        service: Callable[..., Negotiation | Transfer | Refusal | None],
    ) -> Response:
        message = _read(parse_message, content, *kinds)
        return _answer(service(world, partner, role, pid, message), 200, wake, pid, role)

    def state(
        partner: Caller,
        pid: str,
        role: Role | None,
        service: Callable[..., Negotiation | Transfer | None],
    ) -> Response:
        return _answer(service(world, partner, role, pid), 200, _nothing, pid, role)

    def add(path: str, method: str, handler: Callable[..., Response]) -> None:
        routes.add_api_route(path, handler, methods=[method])

    # A handler per path, its fixed arguments bound here; FastAPI sees only what varies.
    def begin_at(path: str, kind: type[Message], service: Any) -> None:
        def handler(partner: Caller, content: Body) -> Response:
            return begin(partner, content, kind, service)

        add(path, "POST", handler)

    def hear_at(
        path: str, role: Role | None, kinds: tuple[type[Message], ...], service: Any
    ) -> None:
        def handler(partner: Caller, content: Body, pid: str) -> Response:
            return hear(partner, content, pid, role, kinds, service)

        add(path, "POST", handler)

    def state_at(path: str, role: Role | None, service: Any) -> None:
        def handler(partner: Caller, pid: str) -> Response:
            return state(partner, pid, role, service)

        add(path, "GET", handler)

    begin_at(f"{base}/negotiations/request", m.ContractRequest, negotiate.begin)
    begin_at(f"{base}/negotiations/offers", m.ContractOffer, offers.begin_offered)
    begin_at(f"{base}/transfers/request", m.TransferRequest, transfer.begin)
    for role, root in ((Role.PROVIDER, base), (Role.CONSUMER, callback)):
        # An offer made unasked names no callback of the consumer: the provider goes on speaking
        # to where it made it, so at the base each process has the role it has.
        heard = _NEGOTIATION[role] if role is Role.CONSUMER else _EITHER
        for name, kinds in heard.items():
            there = role if role is Role.CONSUMER else None
            hear_at(f"{root}/negotiations/{{pid}}/{name}", there, kinds, negotiate.hear)
        for name, moves in _TRANSFER.items():
            hear_at(f"{root}/transfers/{{pid}}/{name}", role, moves, transfer.hear)
        there = role if role is Role.CONSUMER else None
        state_at(f"{root}/negotiations/{{pid}}", there, negotiate.find_negotiation)
        state_at(f"{root}/transfers/{{pid}}", role, transfer.find_transfer)
    return routes


def _nothing() -> None:
    """A reading changes nothing, so nobody is woken."""


def _read(parse: Callable[..., Any], content: bytes | str, *kinds: Any) -> Any:
    try:
        return parse(content, *kinds)
    except FaultyInput as fault:
        code = fault.findings[0].code
        raise Problem(400, code, _words(fault.findings)) from fault


def _answer(
    outcome: Negotiation | Transfer | Refusal | None,
    status: int,
    wake: Callable[[], None],
    pid: str = "",
    role: Role | None = Role.PROVIDER,
) -> Response:
    if outcome is None:
        raise _not_found(pid, role)
    if isinstance(outcome, Refusal):
        reason = (text(outcome.code, outcome.arguments),)
        raise Problem(400, outcome.code, reason, pid, role)
    wake()
    return json_answer(render_process(outcome), status)


def _kind_of(path: str) -> ErrorKind:
    if "/negotiations" in path:
        return "ContractNegotiationError"
    return "TransferError" if "/transfers" in path else "CatalogError"


def add_problem_handler(app: FastAPI) -> None:
    """Answer every ``Problem`` with the error body its path asks for."""

    def handle(request: Request, problem: Exception) -> Response:
        if not isinstance(problem, Problem):
            raise problem
        pids = {
            "consumer_pid" if problem.role is Role.CONSUMER else "provider_pid": problem.pid
        }
        kind = _kind_of(request.url.path)
        document = render_error(kind, problem.code, problem.reason, **pids)
        headers = {"Retry-After": "1"} if problem.status == 503 else {}
        return json_answer(document, problem.status, headers)

    app.add_exception_handler(Problem, handle)
