"""How often somebody may ask, and ask in vain: of each caller for itself."""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from saltbridge.adapters.settings import value
from saltbridge.ports import World

_CALLERS: Final = 1024  # kept in mind; whoever asked longest ago is forgotten first
_BELOW: Final = (b"qr.svg", b"qr.png", b"access", b"claim.json", b"statement.json")
_RECENT: Final = 128  # batteries of one caller that are kept in mind


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


class Finds:
    """How many batteries somebody reads, one after the other: so many a minute, each caller.

    What is read again tells nothing new: it is free, as long as it is among the last
    ``_RECENT``. Whoever has used up a minute's worth goes on at that pace. Two numbers and the
    marks of what it read last are kept of each caller: some 10 kB, 10 MB of all.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._callers: OrderedDict[str, _Reader] = OrderedDict()
        self._turn = Lock()

    def are_spent(self, caller: str, what: bytes, now: datetime) -> bool:
        """Whether the caller has to wait before it reads this; nothing is counted."""
        reader = self._callers.get(caller)
        if reader is None or hash(what) in reader.recent:
            return False
        return self._used(reader, now) > self._per_minute - 1

    def count(self, caller: str, what: bytes, now: datetime) -> None:
        """The caller has read this battery's passport."""
        reader, mark = self._callers.get(caller), hash(what)
        if reader is not None and mark in reader.recent:
            return
        with self._turn:
            reader = self._callers.setdefault(caller, _Reader(now))
            self._callers.move_to_end(caller)
            if len(self._callers) > _CALLERS:
                self._callers.popitem(last=False)
            reader.used, reader.at = self._used(reader, now) + 1, now
            reader.recent[mark] = None
            if len(reader.recent) > _RECENT:
                del reader.recent[next(iter(reader.recent))]

    def _used(self, reader: "_Reader", now: datetime) -> float:
        passed = (now - reader.at).total_seconds() / 60
        return max(0.0, reader.used - max(0.0, passed) * self._per_minute)


@dataclass(slots=True)
class _Reader:
    at: datetime
    used: float = 0.0
    recent: dict[int, None] = field(default_factory=dict)


Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


class Misses:
    """Who asks for what is not there again and again is looking for serial numbers.

    After so many answers 404 within a minute the caller is told to wait, whatever it asks for
    then: a passport that is there cannot be told from one that is not. So is who reads one
    passport after the other faster than people and workshops scan: serial numbers that follow
    one another tell how many batteries were made, and versions how often each was touched.
    """

    def __init__(self, world: World) -> None:
        most = int(value(world.settings, "limits.passport_misses_per_minute"))
        reads = int(value(world.settings, "limits.passport_reads_per_minute"))
        self._pace = Pace(most) if most else None
        self._finds = Finds(reads) if reads else None
        self._world = world

    def are_too_many(self, scope: Scope) -> bool:
        """Whether the caller has missed, or found, too often within the last minute."""
        now, caller = self._world.clock.now(), caller_of(scope)
        if self._pace is not None and self._pace.is_spent(caller, now):
            return True
        return self._finds is not None and self._finds.are_spent(caller, _asked(scope), now)

    def found(self, scope: Scope) -> None:
        """The caller was given something about a battery."""
        if self._finds is not None:
            self._finds.count(caller_of(scope), _asked(scope), self._world.clock.now())

    def bounded(self, answer: Answer, refuse: Callable[[Request], Response]) -> Answer:
        """The handler, with ``refuse`` in its place for who has asked too often."""
        if self._pace is None and self._finds is None:
            return answer

        async def bounded(request: Request) -> Response:
            if self.are_too_many(request.scope):
                return refuse(request)
            response = await answer(request)
            if response.status_code == 404 and self._pace is not None:
                self._pace.allows(caller_of(request.scope), self._world.clock.now())
            elif response.status_code < 400:
                self.found(request.scope)
            return response

        return bounded


def caller_of(scope: Scope) -> str:
    """The address somebody asks from."""
    return str((scope.get("client") or ("",))[0])


def _asked(scope: Scope) -> bytes:
    return battery_in(scope.get("raw_path") or str(scope["path"]).encode())


def battery_in(path: bytes) -> bytes:
    """What of an address names the battery: what lies below it is part of it.

    >>> battery_in(b"/01/09521234567899/21/A1/qr.svg"), battery_in(b"/v1/dpps/urn/elements/a/b")
    (b'/01/09521234567899/21/A1', b'/v1/dpps/urn')
    """
    above, _, last = path.rpartition(b"/")
    if last in _BELOW:
        return above
    return path.partition(b"/elements")[0] if path.startswith(b"/v1/") else path
