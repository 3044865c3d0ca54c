"""The consumer's door for what providers push: the token first, then the bytes, bounded."""

from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.core.errors import Unavailable
from saltbridge.formats.content_digest import parse_content_digest
from saltbridge.formats.described_by import parse_described_by
from saltbridge.ports import World
from saltbridge.services.receive_pushed import LIMIT_BYTES, Door, Push, Taken, door_of, take
from saltbridge.steps.pushing import PATH
from saltbridge.web.answers import bearer, json_answer

_LATER: Final = {"Retry-After": "1"}
_ANSWERS: Final = {
    Taken.VERIFIED: (200, "push.taken"),
    Taken.REFUSED: (422, "push.checks-failed"),
    Taken.OTHER: (409, "push.taken-before"),
    Taken.DAMAGED: (400, "push.digest-differs"),
    Taken.TOO_LATE: (503, "push.not-now"),
    Taken.NOT_THERE: (403, "http.token-refused"),
}


def routes(world: World, wake: Callable[[], None]) -> list[Route]:
    """``POST /pushed/{transfer}`` with the token of the transfer's request."""

    async def pushed(request: Request) -> Response:
        pid, token = str(request.path_params["pid"]), bearer(request)
        door = await run_in_threadpool(door_of, world, pid, token)
        if door is Door.SHUT:
            return json_answer({"code": "http.token-refused"}, 403)
        if door is Door.NOT_NOW:
            return json_answer({"code": "push.not-now"}, 503, _LATER)
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return json_answer({"code": "push.encoded"}, 415)
        content = await _content(request)
        if content is None:
            return json_answer({"code": "push.too-large"}, 413)
        push = Push(
            content,
            parse_content_digest(request.headers.get("content-digest", "")),
            parse_described_by(request.headers.get("link", "")),
        )
        try:
            taken = await run_in_threadpool(take, world, pid, token, push)
        except Unavailable:
            return json_answer({"code": "push.not-now"}, 503, _LATER)
        wake()
        status, code = _ANSWERS[taken]
        return json_answer({"code": code}, status, _LATER if status == 503 else None)

    return [Route(f"{PATH}/{{pid}}", pushed, methods=["POST"])]


async def _content(request: Request) -> bytes | None:
    """The body; None where it is longer than a delivery may be: the rest is not read."""
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > LIMIT_BYTES:
        return None
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LIMIT_BYTES:
            return None
    return bytes(content)
