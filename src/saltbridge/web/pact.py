"""PACT 3 over HTTP: ``/auth/token``, ``/3/footprints``, ``/3/events``; over TLS only."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.formats.pact_api import (
    EVENT_TYPE,
    BadRequest,
    next_link,
    parse_event,
    parse_filter,
    render_error,
)
from saltbridge.ports import World
from saltbridge.services import pact as service
from saltbridge.steps.pact_clients import TOKEN_SECONDS, Client
from saltbridge.web.answers import HEADERS, LIMIT_BYTES, bearer, body_of, json_answer
from saltbridge.web.pace import Pace

PER_MINUTE: Final = 60
EVENT_BYTES: Final = 20_000_000
_FORM: Final = "application/x-www-form-urlencoded"


def routes(world: World) -> list[Route]:
    """The routes of the interface, and the document that says where tokens are had."""
    face = _Face(world)
    table: tuple[tuple[str, str, Callable[[Request, bytes], Response]], ...] = (
        ("/.well-known/openid-configuration", "GET", face.discovery),
        ("/auth/token", "POST", face.token),
        ("/3/footprints", "GET", face.footprints),
        ("/3/footprints/{id}", "GET", face.footprint),
    )
    later = [Route(path, _later(answer), methods=[method]) for path, method, answer in table]
    return [*later, Route("/3/events", _known_first(face), methods=["POST"])]


def _later(answer: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request, await body_of(request))

    return endpoint


def _known_first(face: "_Face") -> Callable[[Request], Any]:
    """Answers of other hosts come in one event: a large body is read of known clients alone."""

    async def endpoint(request: Request) -> Response:
        client = await run_in_threadpool(face.reader, request)
        known = not isinstance(client, Response)
        content = await body_of(request, EVENT_BYTES if known else LIMIT_BYTES)
        return await run_in_threadpool(face.events, request, content)

    return endpoint


class _Face:
    def __init__(self, world: World) -> None:
        self._world = world
        self._pace = Pace(PER_MINUTE)

    def discovery(self, request: Request, content: bytes) -> Response:
        base = self._world.node.base_url
        return json_answer(
            {
                "issuer": base,
                "token_endpoint": f"{base}/auth/token",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    def token(self, request: Request, content: bytes) -> Response:
        if self._in_the_clear(request):
            return _oauth_error("invalid_request", "only over TLS", 400)
        caller = request.client.host if request.client else ""
        if not self._pace.allows(caller, self._world.clock.now()):
            return _oauth_error("invalid_request", "too many requests", 429)
        named = _basic(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        grant = parse_qs(content.decode("ascii", "replace")).get("grant_type", [""])[0]
        if named is None:
            return _oauth_error("invalid_client", "client authentication failed", 401)
        if kind != _FORM or grant != "client_credentials":
            return _oauth_error("unsupported_grant_type", "client_credentials only", 400)
        token = service.sign_in(self._world, *named)
        if token is None:
            request.state.sign_in_refused = "client"
            return _oauth_error("invalid_client", "client authentication failed", 401)
        told = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        return json_answer(told)

    def footprints(self, request: Request, content: bytes) -> Response:
        client = self.reader(request)
        if isinstance(client, Response):
            return client
        try:
            asked = parse_filter(request.query_params.multi_items())
            page = service.footprints(self._world, client, asked)
        except BadRequest as fault:
            return _bad(fault)
        headers = {"Link": next_link(self._world.node.base_url, asked)} if page.more else {}
        return _bytes(b'{"data":[' + b",".join(page.members) + b"]}", headers)

    def footprint(self, request: Request, content: bytes) -> Response:
        client = self.reader(request)
        if isinstance(client, Response):
            return client
        found = service.footprint(self._world, client, str(request.path_params["id"]))
        if found is None:
            return _error("NotFound", "The requested footprint could not be found.", 404)
        return _bytes(b'{"data":' + found + b"}")

    def events(self, request: Request, content: bytes) -> Response:
        client = self.reader(request)
        if isinstance(client, Response):
            return client
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != EVENT_TYPE:
            return _error("BadRequest", f"the content type must be {EVENT_TYPE}", 400)
        try:
            known = service.take_event(self._world, client, parse_event(content))
        except BadRequest as fault:
            return _bad(fault)
        if not known:
            return _error("BadRequest", "this answers no request of ours", 400)
        return Response(status_code=200, headers=HEADERS)

    def reader(self, request: Request) -> Client | Response:
        """Whose token it is, or the answer that says why not."""
        if self._in_the_clear(request):
            return _error("AccessDenied", "only over TLS", 403)
        client = service.reader(self._world, bearer(request))
        if client is None:
            request.state.sign_in_refused = "client"
            return _error("BadRequest", "the token is not valid", 401)
        request.state.partner = client.bpn  # for the log
        return client

    def _in_the_clear(self, request: Request) -> bool:
        """Whether somebody could listen: plain HTTP, other than on a trial node."""
        return request.url.scheme != "https" and not self._world.node.allow_loopback_http


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        told = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    id, colon, secret = told.partition(":")
    return (unquote(id), unquote(secret)) if colon else None


def _bad(fault: BadRequest) -> Response:
    return _error("BadRequest", str(fault.findings[0].arguments.get("says", "")), 400)


def _error(code: str, message: str, status: int) -> Response:
    return json_answer(render_error(code, message), status)


def _oauth_error(code: str, description: str, status: int) -> Response:
    headers = {"WWW-Authenticate": "Basic"} if status == 401 else {}
    return json_answer({"error": code, "error_description": description}, status, headers)


def _bytes(content: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(
        content, media_type="application/json", headers={**HEADERS, **(headers or {})}
    )
