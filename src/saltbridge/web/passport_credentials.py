"""``POST /passport-access/credentials``: a partner presents a credential and gets a grant.

The partner signs in as everywhere, by a token of its own key. It learns why its own credential
does not count; nothing here is about any battery.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import World
from saltbridge.services.passport_credentials import present
from saltbridge.services.sign_in import signed_in
from saltbridge.trust.verifiable_credential import MAX_CHARACTERS
from saltbridge.web.answers import json_answer


def routes(world: World) -> list[Route]:
    """The one address at which credentials are presented."""

    async def take(request: Request) -> Response:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > MAX_CHARACTERS:
                return json_answer({"code": "http.413"}, 413)
        return await run_in_threadpool(_taken, world, request, bytes(content))

    return [Route("/passport-access/credentials", take, methods=["POST"])]


def _taken(world: World, request: Request, content: bytes) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            return json_answer({"code": "http.401"}, 401)
        partner = signed_in(world, token.strip())
    except SaltbridgeError:
        return json_answer({"code": "http.401"}, 401)
    try:
        granted = present(world, partner, content.decode("ascii", "replace").strip())
    except SaltbridgeError as fault:
        return json_answer({"code": fault.findings[0].code}, 403)
    told = {"grant": granted.grant.id, "until": granted.grant.until}
    return json_answer(told, 201)
