"""The log to the outside: checkpoints, proofs of hashes, and witnessing of partners' logs.

Open to everybody, like the passports: nothing here says more than how many leaves there are.
Reading takes a proof's few hashes; asking for a cosignature is bounded in size and in pace.
"""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from starlette.responses import Response

from saltbridge.core.errors import Unavailable
from saltbridge.ports import World
from saltbridge.services import log_proofs, witness
from saltbridge.web.answers import HEADERS, json_answer
from saltbridge.web.pace import Pace

LIMIT_BYTES: Final = 40_000  # 63 hashes, a note of 16 KB, and room
PER_MINUTE: Final = 120
_TEXT: Final = "text/plain; charset=utf-8"
_MOST: Final = 2**53
Size = Annotated[int, Query(ge=0, le=_MOST)]


async def _small_body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LIMIT_BYTES:
            raise HTTPException(413)
    return bytes(content)


def router(world: World, wake: Callable[[], None]) -> APIRouter:
    """``/log/checkpoint``, ``/log/proof/…`` and, as a witness, ``/log/witness/…``."""
    routes = APIRouter()
    pace = Pace(PER_MINUTE)

    def checkpoint(size: Annotated[int | None, Query(ge=0, le=_MOST)] = None) -> Response:
        found = log_proofs.signed_checkpoint(world, size)
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type=_TEXT, headers=HEADERS)

    def consistency(old: Size, size: Size) -> Response:
        path = log_proofs.consistency(world, old, size)
        if path is None:
            raise HTTPException(404)
        return json_answer({"old": old, "size": size, "path": path})

    def inclusion(index: Size, size: Size) -> Response:
        found = log_proofs.inclusion(world, index, size)
        if found is None:
            raise HTTPException(404)
        leaf_hash, path = found
        return json_answer({"index": index, "size": size, "leaf_hash": leaf_hash, "path": path})

    def add_checkpoint(
        request: Request, content: Annotated[bytes, Depends(_small_body)]
    ) -> Response:
        caller = request.client.host if request.client else ""
        if not pace.allows(caller, world.clock.now()):
            raise HTTPException(429)
        try:
            answer = witness.add_checkpoint(world, content)
        except Unavailable as fault:
            raise HTTPException(503) from fault
        wake()
        return Response(
            answer.content, answer.status, media_type=answer.media_type, headers=HEADERS
        )

    def witnessed(origin_hash: str) -> Response:
        found = witness.kept_checkpoint(world, origin_hash)
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type=_TEXT, headers=HEADERS)

    for path, handler, method in (
        ("/log/checkpoint", checkpoint, "GET"),
        ("/log/proof/consistency", consistency, "GET"),
        ("/log/proof/inclusion", inclusion, "GET"),
        ("/log/witness/add-checkpoint", add_checkpoint, "POST"),
        ("/log/witness/{origin_hash}/checkpoint", witnessed, "GET"),
    ):
        routes.add_api_route(path, handler, methods=[method])
    return routes
