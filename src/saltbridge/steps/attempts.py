"""Counting attempts at a door before they are made, so that many at once count as many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.accounts.throttle import (
    ACCOUNT,
    ADDRESS,
    FORGOTTEN_AFTER,
    NEVER,
    Attempts,
    Rule,
    wait,
)
from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import Refused
from saltbridge.core.finding import finding
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.trust.did import iso

_KIND: Final = "sign-in-attempts"


class TooManyAttempts(Refused):
    """Nobody listens for a while; ``wait_seconds`` says how long (0: until somebody helps)."""

    def __init__(self, duration: timedelta) -> None:
        self.wait_seconds = 0 if duration is NEVER else int(duration.total_seconds()) + 1
        if duration is NEVER:
            super().__init__([finding("people.door-closed", limit=ACCOUNT.limit)])
        else:
            super().__init__([finding("people.wait", seconds=self.wait_seconds)])


@dataclass(frozen=True, slots=True)
class Door:
    """Where attempts are counted: an account's name or a caller's address."""

    key: str
    rule: Rule


def account_door(name: str) -> Door:
    """The door of the account of this name, whether or not there is one."""
    return Door(digest(f"account {name}".encode()), ACCOUNT)


def address_door(what: str, address: str) -> Door:
    """The door for what is asked from an address."""
    return Door(digest(f"{what} {address}".encode()), ADDRESS)


def knock(world: World, *doors: Door) -> None:
    """Count an attempt at each door as failed, until ``welcome`` says otherwise.

    Raises:
        TooManyAttempts: one of the doors is shut for now; nothing is counted.
    """
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        work.forget(_KIND, now - FORGOTTEN_AFTER)
        before = [_attempts(work, door) for door in doors]
        duration = max(
            wait(attempts, door.rule, now) for attempts, door in zip(before, doors, strict=True)
        )
        if duration:
            raise TooManyAttempts(duration)
        for attempts, door in zip(before, doors, strict=True):
            _keep(work, door, attempts.and_one(now))


def welcome(work: UnitOfWork, *doors: Door) -> None:
    """The attempt just counted was a good one.

    An account starts from none again; an address keeps what others failed at, or whoever has
    one account could guess at the rest for ever.
    """
    for door in doors:
        known = _attempts(work, door)
        left = 0 if door.rule is ACCOUNT else max(known.failed - 1, 0)
        if known.failed:
            _keep(work, door, Attempts(left, known.last))


def _attempts(view: UnitOfWork, door: Door) -> Attempts:
    kept: Mapping[str, Any] | None = document(view, _KIND, door.key)
    if kept is None:
        return Attempts()
    return Attempts(int(kept["failed"]), datetime.fromisoformat(kept["last"]))


def _keep(work: UnitOfWork, door: Door, attempts: Attempts) -> None:
    last = "" if attempts.last is None else iso(attempts.last)
    work.put(_KIND, door.key, canonical_bytes({"failed": attempts.failed, "last": last}))
