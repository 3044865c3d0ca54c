"""How often somebody may ask, and ask in vain: of each caller for itself."""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from saltbridge.adapters.settings import value
from saltbridge.ports import World

_CALLERS: Final = 1024  # kept in mind; whoever asked longest ago is forgotten first


class Pace:
    """So many calls a minute of one caller; the clock is the node's.

    One pace for all would let anybody use it up, and keep the others out.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._callers: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._turn = Lock()

    def allows(self, caller: str, now: datetime) -> bool:
        """Whether the caller may ask once more now; it is counted then."""
        with self._turn:
            calls = self._callers.setdefault(caller, deque())
            self._callers.move_to_end(caller)
            if len(self._callers) > _CALLERS:
                self._callers.popitem(last=False)
            while calls and calls[0] <= now - timedelta(minutes=1):
                calls.popleft()
            if len(calls) >= self._per_minute:
                return False
            calls.append(now)
            return True

    def is_spent(self, caller: str, now: datetime) -> bool:
        """Whether the caller has used up its calls; nothing is counted."""
        calls = self._callers.get(caller)
        if calls is None or len(calls) < self._per_minute:
            return False
        with self._turn:
            while calls and calls[0] <= now - timedelta(minutes=1):
                calls.popleft()
            return len(calls) >= self._per_minute


Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


class Misses:
    """Who asks for what is not there again and again is looking for serial numbers.

    After so many answers 404 within a minute the caller is told to wait, whatever it asks for
    then: a passport that is there cannot be told from one that is not. Whoever finds what is
    asked for is never slowed down.
    """

    def __init__(self, world: World) -> None:
        most = int(value(world.settings, "limits.passport_misses_per_minute"))
        self._pace = Pace(most) if most else None
        self._world = world

    def are_too_many(self, caller: str) -> bool:
        """Whether the caller has missed too often within the last minute."""
        return self._pace is not None and self._pace.is_spent(caller, self._world.clock.now())

    def bounded(self, answer: Answer, refuse: Callable[[Request], Response]) -> Answer:
        """The handler, with ``refuse`` in its place for who has missed too often."""
        pace = self._pace
        if pace is None:
            return answer

        async def bounded(request: Request) -> Response:
            caller = request.client.host if request.client else ""
            if pace.is_spent(caller, self._world.clock.now()):
                return refuse(request)
            response = await answer(request)
            if response.status_code == 404:
                pace.allows(caller, self._world.clock.now())
            return response

        return bounded
