"""``/passport-dossiers/{id}``: a whole passport, for the operator who answers for it by now.

For partners alone, by a token of their own that is good once. Whoever is not entitled, and
whoever is nobody, gets what an unknown passport gets.
"""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.core.errors import SaltbridgeError, Unavailable
from saltbridge.ports import Partner, World
from saltbridge.services.passport_dossiers import confirm, give
from saltbridge.services.sign_in import signed_in
from saltbridge.steps.passport_fetch import PATH
from saltbridge.web.answers import HEADERS, bearer, body_of, json_answer


def routes(world: World) -> list[Route]:
    """Giving a passport, and hearing that it arrived."""

    async def given(request: Request) -> Response:
        id = str(request.path_params["id"])
        return await run_in_threadpool(
            for_partner, world, request, lambda partner: _document(give(world, partner, id))
        )

    async def received(request: Request) -> Response:
        id, content = str(request.path_params["id"]), await body_of(request)

        def answer(partner: Partner) -> Response:
            confirm(world, partner, id, content)
            return Response(status_code=204, headers=HEADERS)

        return await run_in_threadpool(for_partner, world, request, answer)

    return [
        Route(f"{PATH}/{{id}}", given, methods=["GET"]),
        Route(f"{PATH}/{{id}}/receipt", received, methods=["POST"]),
    ]


def for_partner(
    world: World, request: Request, answer: Callable[[Partner], Response]
) -> Response:
    """The answer to a partner; 404 for everybody and everything else, 503 for another try."""
    partner = partner_of(world, request)
    return partner if isinstance(partner, Response) else told(partner, answer)


def partner_of(world: World, request: Request) -> Partner | Response:
    """The partner who asks, or what everybody else is answered."""
    try:
        partner = signed_in(world, bearer(request))
    except Unavailable:
        return json_answer({"code": "http.503"}, 503, {"Retry-After": "1"})
    except SaltbridgeError:
        request.state.sign_in_refused = "partner"
        return json_answer({"code": "http.404"}, 404)
    request.state.partner = partner.bpn  # for the log
    return partner


def told(partner: Partner, answer: Callable[[Partner], Response]) -> Response:
    """The answer to a partner who signed in."""
    try:
        return answer(partner)
    except Unavailable:
        return json_answer({"code": "http.503"}, 503, {"Retry-After": "1"})
    except SaltbridgeError:
        return json_answer({"code": "http.404"}, 404)


def _document(content: bytes) -> Response:
    return Response(content, media_type="application/json", headers=HEADERS)
