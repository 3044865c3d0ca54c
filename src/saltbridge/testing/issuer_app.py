"""The web face of the test issuer: DID document, metadata, requests, status lists."""

import base64
import json
import logging
import time
from collections.abc import Callable
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.identifiers import did_web_document_url
from saltbridge.testing.issuer import TestIssuer
from saltbridge.trust.suites import NotVerified

_ATTEMPTS = 5
_log = logging.getLogger(__name__)


def issuer_app(
    issuer: TestIssuer, *, deliver: Callable[[str], None] | None = None
) -> Starlette:
    """The application of a test issuer.

    ``deliver`` sends what was asked for; without it a thread does, after the answer.
    """
    later = deliver or (lambda pid: Thread(target=_deliver, args=(issuer, pid)).start())

    async def document(request: Request) -> Response:
        return JSONResponse(issuer.did_document())

    async def metadata(request: Request) -> Response:
        return JSONResponse(issuer.metadata())

    async def ask(request: Request) -> Response:
        content = await request.body()
        try:
            pid = await run_in_threadpool(issuer.take_request, _bearer(request), content)
        except SaltbridgeError as fault:
            return _refused(fault)
        later(pid)
        return Response(status_code=201, headers={"Location": f"{_path}/requests/{pid}"})

    async def status(request: Request) -> Response:
        pid = str(request.path_params["pid"])
        try:
            told = await run_in_threadpool(issuer.request_status, _bearer(request), pid)
        except SaltbridgeError as fault:
            return _refused(fault)
        return JSONResponse(told) if told else JSONResponse({}, 404)

    async def listed(request: Request) -> Response:
        text = issuer.status_list(str(request.path_params["kind"]))
        accepted = request.headers.get("accept", "")
        if text and "application/json" in accepted and "jwt" not in accepted:
            return JSONResponse(_unsigned(text))  # EDC reads no other form
        return Response(text, 200 if text else 404, media_type="application/vc+jwt")

    _path = urlsplit(issuer.state.url).path
    return Starlette(
        routes=[
            Route(urlsplit(did_web_document_url(issuer.did)).path, document),
            Route(f"{_path}/metadata", metadata),
            Route(f"{_path}/credentials", ask, methods=["POST"]),
            Route(f"{_path}/requests/{{pid}}", status),
            Route(f"{_path}/status/{{kind}}", listed),
        ]
    )


def _unsigned(token: str) -> dict[str, Any]:
    """The credential inside a JWT."""
    payload = token.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    credential: dict[str, Any] = said.get("vc", said)
    return credential


def _deliver(issuer: TestIssuer, pid: str) -> None:
    """Deliver, again after a while where the holder does not answer yet."""
    for attempt in range(_ATTEMPTS):
        time.sleep(0.05 if attempt == 0 else attempt)
        try:
            status = issuer.deliver(pid)
        except SaltbridgeError as fault:
            _log.warning("not delivered", extra={"code": fault.findings[0].code})
            continue
        if status < 500:
            return


def _bearer(request: Request) -> str:
    """The token of the header; an empty text, which is no token, where it is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else ""


def _refused(fault: SaltbridgeError) -> Response:
    told: dict[str, Any] = {"code": fault.findings[0].code}
    return JSONResponse(told, 401 if isinstance(fault, NotVerified) else 400)
