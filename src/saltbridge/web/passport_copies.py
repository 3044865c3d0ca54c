"""``/passport-copies``: copies of passports come in, and go back to who may have them.

For partners alone, by a token of their own that is good once. Serving a copy to everybody is
not done here: ``passport_page`` and ``passport_api`` do it, once a person has switched it on.
"""

from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import unquote

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.formats.passport_copies import MOST_BYTES
from saltbridge.ports import Partner, World
from saltbridge.services.passport_keeping import receive, state_for
from saltbridge.services.passport_restore import PATH, hand_back, listed_for
from saltbridge.web.answers import HEADERS
from saltbridge.web.passport_dossiers import for_partner, partner_of, told

JSON: Final = "application/json"
_Answer: TypeAlias = Callable[[Partner], bytes]


def routes(world: World) -> list[Route]:
    """Taking in batches, and handing copies back."""

    async def state(request: Request) -> Response:
        return await _for(request, lambda partner: state_for(world, partner))

    async def batch(request: Request) -> Response:
        partner = await run_in_threadpool(partner_of, world, request)
        if isinstance(partner, Response):
            return partner
        content = await _large_body(request)  # of a partner alone
        return await run_in_threadpool(
            told, partner, lambda p: _document(receive(world, p, content))
        )

    async def copies(request: Request) -> Response:
        operator, id = _operator_and_id(request)
        after = request.query_params.get("after", "")[:100]
        if id:
            return await _for(request, lambda p: hand_back(world, p, operator, id))
        return await _for(request, lambda p: listed_for(world, p, operator, after))

    async def _for(request: Request, content: _Answer) -> Response:
        return await run_in_threadpool(
            for_partner, world, request, lambda partner: _document(content(partner))
        )

    return [
        Route(f"{PATH}/state", state, methods=["GET"]),
        Route(f"{PATH}/batches", batch, methods=["POST"]),
        Route(f"{PATH}/of/{{rest:path}}", copies, methods=["GET"]),
    ]


def _document(content: bytes) -> Response:
    return Response(content, media_type=JSON, headers=HEADERS)


def _operator_and_id(request: Request) -> tuple[str, str]:
    """The DID in the path as it was written (what is escaped in it belongs to it), and the
    passport, if one is named."""
    raw = (request.scope.get("raw_path") or b"").decode("ascii", "replace")
    operator, _, id = "/".join(raw.split("/")[3:]).partition("/")
    return unquote(operator), unquote(id)


async def _large_body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            raise HTTPException(413)
    return bytes(content)
