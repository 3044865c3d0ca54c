"""What a process remembers for a while: fetched lists, and who is being asked right now."""

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any, Final, TypeVar

T = TypeVar("T")
_MOST: Final = 256


class Kept:
    """Values by name, each until a moment of its own; safe among threads, bounded in number.

    Nothing in here decides anything: what is gone is fetched and checked again.
    """

    def __init__(self) -> None:
        self._values: dict[str, tuple[datetime, Any]] = {}
        self._locks: dict[str, Lock] = {}
        self._shared: dict[str, Any] = {}
        self._guard = Lock()

    def get(self, name: str, now: datetime) -> Any:
        """The value kept under the name, or None where there is none or its time is up."""
        with self._guard:
            until, value = self._values.get(name, (now, None))
            return value if now < until else None

    def keep(self, name: str, value: Any, until: datetime) -> None:
        """Remember a value until then."""
        with self._guard:
            if len(self._values) >= _MOST:
                self._values.clear()
            self._values[name] = (until, value)

    def alone(self, name: str) -> Lock:
        """The lock under which one thread at a time does what the name says."""
        with self._guard:
            if len(self._locks) >= _MOST:
                self._locks = {n: lock for n, lock in self._locks.items() if lock.locked()}
            return self._locks.setdefault(name, Lock())

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """The one object of this name, made at the first asking and kept for good."""
        with self._guard:
            if name not in self._shared:
                self._shared[name] = make()
            found: T = self._shared[name]
            return found
