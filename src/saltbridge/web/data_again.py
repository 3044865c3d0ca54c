"""Data that a token opened a moment ago, opened again without reading the store.

What was found is kept while nobody has written anything into the store at all, and only as
long as token and agreement last: a transfer that ends, a token that is revoked, bytes that are
erased are writes. The bytes are those of the release, its digest checked when it was read.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from saltbridge.ports import World
from saltbridge.services.transfer import OpenedData, opened_data
from saltbridge.web.answers import bearer, released_answer
from saltbridge.web.marks import Marks

KEPT_BYTES: Final = 16_000_000  # of all answers together
ONE_BYTES: Final = 1_000_000  # larger ones take longer to send than to read


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: object  # of the store, asked for before it was read
    found: OpenedData
    answer: Response


class DataAgain:
    """Answers to ``GET /data/{pid}`` by a token, for one event loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._marks = Marks(world.store)
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._bytes = 0
        self.address = Route("/data/{pid}", self._nowhere)

    async def at_once(self, scope: Scope) -> Response | None:
        """The answer, from memory where it still holds; None where the route is to answer."""
        pid = scope["path"].removeprefix("/data/")
        shown = b""
        for name, said in scope["headers"]:
            if name == b"authorization":
                shown = said
                break
        if not pid or "/" in pid or not shown:
            return None
        # Neither tokens nor what they open lie in memory by the token itself.
        key = sha256(f"{pid}\0".encode("utf-8", "surrogatepass") + shown).digest()
        mark = await self._marks.fresh()
        if mark is None:
            return None
        kept = self._kept.get(key)
        if kept is not None:
            if kept.mark == mark and kept.found.opened.stands(self._world.clock.now()):
                self._kept.move_to_end(key)
                return kept.answer
            self._forget(key)
        token = bearer(Request(scope))
        found = await run_in_threadpool(opened_data, self._world, pid, token)
        if found is None or len(found.release.content) > ONE_BYTES:
            return None
        return self._keep(key, _Kept(mark, found, released_answer(found.release)))

    def _keep(self, key: bytes, kept: _Kept) -> Response:
        self._forget(key)  # somebody else was as quick
        self._kept[key] = kept
        self._bytes += len(kept.found.release.content)
        while self._bytes > KEPT_BYTES:
            self._forget(next(iter(self._kept)))
        return kept.answer

    def _forget(self, key: bytes) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= len(gone.found.release.content)

    async def _nowhere(self, request: Request) -> Response:
        raise NotImplementedError("the route is there for its name")
