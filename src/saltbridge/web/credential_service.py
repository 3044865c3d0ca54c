"""The credential service of DCP 1.0.1 below ``/dcp``: presentation query, storage, offers.

A caller that is refused learns the status and nothing else; the log says why. These handlers
have threads of their own: a node that waits for a partner's credential service may be asked by
that partner's node at the same time, and must still answer.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

import anyio
from anyio.lowlevel import RunVar
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import World
from saltbridge.services.credential_service import answer_query, refusal_status
from saltbridge.services.credential_storage import take_credentials, take_offer
from saltbridge.steps.identity import CREDENTIAL_SERVICE_PATH
from saltbridge.web.answers import body_of, json_answer

_THREADS: Final = 8
_limiter: Final = RunVar[anyio.CapacityLimiter]("credential service")  # one an event loop
_log = logging.getLogger(__name__)


def router(world: World) -> APIRouter:
    """The three doors of the service."""
    routes = APIRouter()

    async def apart(work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            limiter = _limiter.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(_THREADS)
            _limiter.set(limiter)
        return await anyio.to_thread.run_sync(work, *arguments, limiter=limiter)

    def door(path: str, service: Callable[..., Any]) -> None:
        async def handler(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                return _refused(401)
            content = await body_of(request)
            try:
                answer = await apart(service, world, token.strip(), content)
            except SaltbridgeError as fault:
                _log.info("credential service refused", extra={"code": fault.findings[0].code})
                return _refused(refusal_status(fault))
            return json_answer(answer or {})

        routes.add_api_route(f"{CREDENTIAL_SERVICE_PATH}{path}", handler, methods=["POST"])

    door("/presentations/query", answer_query)
    door("/credentials", take_credentials)
    door("/offers", take_offer)
    return routes


def _refused(status: int) -> Response:
    return json_answer({"code": f"http.{status}"}, status)
