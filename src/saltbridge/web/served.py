"""The interfaces behind the data plane, and who asks at them.

Below ``/data/{transfer}/`` it is the partner the token was given to, and the interface is the
one that was agreed. Below ``/twins/api/v3/`` it is whom an EDC data plane names in ``Edc-Bpn``,
believed from the addresses the settings name and from nowhere else, or the owner's own systems
with the registry's token.
"""

import logging
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from secrets import compare_digest
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.adapters.settings import value
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.exchange.model import Refusal
from saltbridge.exchange.served import (
    LIVE,
    NOTIFICATIONS,
    PCF_EXCHANGE,
    TWIN_ASPECT,
    TWIN_REGISTRY,
)
from saltbridge.exchange.twins import OWNER
from saltbridge.formats.aas_check import Fault
from saltbridge.formats.cx_notification import PATH
from saltbridge.formats.described_by import render_described_by
from saltbridge.formats.edc_offering import KEY_HEADER
from saltbridge.ports import World
from saltbridge.services.connector_provide import open_offered_interface
from saltbridge.services.data_plane import open_aspect, open_interface
from saltbridge.services.live_answer import NOT_ALLOWED, SHUT, answer_live, live_statement
from saltbridge.services.twin_events import receive
from saltbridge.steps.connector_offering import INTERFACE
from saltbridge.steps.connector_offering import PATH as CONNECTOR
from saltbridge.steps.data_tokens import OpenedTransfer
from saltbridge.web import pcf
from saltbridge.web.answers import bearer, body_of, json_answer, released_answer
from saltbridge.web.dtr import Asked, Registry

_log = logging.getLogger(__name__)
OWN_ROOT: Final = "/twins/api/v3"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LIVE: Final = {NOT_ALLOWED: 403, SHUT: 403, "live.parameter-unknown": 400}
_STATEMENTS: Final = "statements/"
OWN_SYSTEM: Final = "own system, by the registry's token"


def routes(world: World) -> list[Route]:
    """Everything below a transfer, and the registry's own address."""
    faces = _Faces(world)
    return [
        Route("/data/{pid}/{path:path}", _later(faces.agreed), methods=_METHODS),
        Route(
            f"{CONNECTOR}/{{dataset}}/{INTERFACE}/{{path:path}}",
            _later(faces.through_connector),
            methods=_METHODS,
        ),
        Route(f"{OWN_ROOT}/{{path:path}}", _later(faces.own), methods=_METHODS),
    ]


def _later(answer: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
    """An endpoint that reads the body and then answers in the server's thread pool."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request, await body_of(request))

    return endpoint


class _Faces:
    def __init__(self, world: World) -> None:
        self._world = world
        self._registry = Registry(world)

    def agreed(self, request: Request, content: bytes) -> Response:
        pid, path = str(request.path_params["pid"]), str(request.path_params["path"])
        if pid == "aspects":
            return self._aspect(request, path)
        opened = open_interface(self._world, bearer(request), pid)
        if opened is None:
            return json_answer({"code": "http.token-refused"}, 403)
        return self._interface(request, path, content, opened)

    def through_connector(self, request: Request, content: bytes) -> Response:
        """What the data plane of the company's connector asks for a partner."""
        named = request.headers.get("edc-contract-agreement-id", "")
        key = request.headers.get(KEY_HEADER, "")
        id, path = str(request.path_params["dataset"]), str(request.path_params["path"])
        try:
            opened = open_offered_interface(self._world, key, id, named)
        except SaltbridgeError:
            return json_answer({"code": "http.503"}, 503, {"Retry-After": "5"})
        if opened is None:
            return json_answer({"code": "http.token-refused"}, 403)
        return self._interface(request, path, content, opened)

    def _interface(
        self, request: Request, path: str, content: bytes, opened: OpenedTransfer
    ) -> Response:
        request.state.partner = opened.reader  # for the log
        if opened.dataset["kind"] == TWIN_ASPECT:
            return self._aspect(request, path.removeprefix("aspects/"), opened)
        if opened.dataset["kind"] == PCF_EXCHANGE:
            api = opened.dataset["version"]
            return pcf.exchange(self._world, request, path, opened.reader, content, api)
        if opened.dataset["kind"] == LIVE:
            return self._live(request, path, opened)
        if opened.dataset["kind"] == NOTIFICATIONS:
            return self._news(request, path, opened.reader, content)
        if opened.dataset["kind"] == TWIN_REGISTRY:
            return self._registry.answer(Asked(request, path, opened.reader, content))
        return json_answer({"code": "http.404"}, 404)

    def _aspect(
        self, request: Request, path: str, opened: OpenedTransfer | None = None
    ) -> Response:
        """``{id}/submodel/$value``: the value, and no other form of it (SSP-003)."""
        id, _, rest = path.rstrip("/").partition("/")
        found = open_aspect(self._world, bearer(request), id, opened)
        if found is None:
            return json_answer({"code": "http.token-refused"}, 403)
        if rest != "submodel/$value":
            known = rest.partition("/")[0] == "submodel"
            says = "only the value is served, at $value" if known else "no such resource"
            return self._registry.fault(501 if known else 404, Fault("", says))
        if request.method != "GET":
            return self._registry.fault(501, Fault("", "aspects are read, not written"))
        return released_answer(found)

    def _live(self, request: Request, path: str, opened: OpenedTransfer) -> Response:
        if request.method != "GET":
            return json_answer({"code": "http.405"}, 405, {"Allow": "GET"})
        if path.startswith(_STATEMENTS):
            statement = live_statement(self._world, opened, path.removeprefix(_STATEMENTS))
            if statement is None:
                return json_answer({"code": "http.404"}, 404)
            return released_answer(statement)
        query = parse_qsl(request.url.query, keep_blank_values=True)
        try:
            found = answer_live(self._world, opened, path.strip("/"), query)
        except SaltbridgeError as fault:  # ours to mend, and not theirs to read
            _log.warning("live answer of %s: %s", opened.dataset["id"], fault.findings[0].code)
            return json_answer({"code": "live.unavailable"}, 503, {"Retry-After": "5"})
        if isinstance(found, Refusal):
            return json_answer({"code": found.code}, _LIVE.get(found.code, 404))
        answer = released_answer(found)
        base = f"{self._world.node.base_url}/data/{quote(opened.transfer.pid, safe=':')}"
        address = f"{base}/{_STATEMENTS}{quote(found.decision_id, safe=':')}"
        answer.headers["Link"] = render_described_by(address)
        return answer

    def _news(self, request: Request, path: str, reader: str, content: bytes) -> Response:
        if path.strip("/") != PATH:
            return json_answer({"code": "http.404"}, 404)
        if request.method != "POST":
            return json_answer({"code": "http.405"}, 405, {"Allow": "POST"})
        try:
            receive(self._world, reader, content)
        except FaultyInput as fault:
            return json_answer({"code": fault.findings[0].code}, 400)
        return json_answer({})

    def own(self, request: Request, content: bytes) -> Response:
        path = str(request.path_params["path"])
        if _is_own_system(self._world, request):
            return self._registry.answer(Asked(request, path, OWNER, content, OWN_SYSTEM))
        bpn = _named_by_data_plane(self._world, request)
        if bpn:
            request.state.partner = bpn
            return self._registry.answer(Asked(request, path, bpn, content))
        return self._registry.fault(401, Fault("", "not authorized"))


def _is_own_system(world: World, request: Request) -> bool:
    """Whether the caller shows the token that the owner's own systems have."""
    named = value(world.settings, "twins.token_file")
    shown = bearer(request)
    if named is None or not shown:
        return False
    try:
        path = Path(str(world.settings.get("folder", "."))) / str(named)
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return False
    return bool(token) and compare_digest(shown.encode(), token.encode())


def _named_by_data_plane(world: World, request: Request) -> str:
    """The partner an EDC data plane speaks for; empty where it is none we believe, or know."""
    planes = value(world.settings, "twins.data_planes")
    client = request.client.host if request.client else ""
    try:
        address = ip_address(client)
        believed = any(address in ip_network(p, strict=False) for p in planes)
    except ValueError:
        return ""
    partner = world.node.partner(request.headers.get("edc-bpn", "")) if believed else None
    return partner.bpn if partner else ""
