"""How often somebody may ask: so many calls a minute, of each caller for itself."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

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
