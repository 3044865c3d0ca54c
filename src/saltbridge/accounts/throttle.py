"""How long to wait after failed attempts: free at first, then twice as long each time.

Attempts are counted per account and per address. NIST SP 800-63B-4, 3.2.2: not more than 100
failed attempts in a row at one account, then its password is good no more until somebody sets
it free. (Secondary source, read 2026-11-27.)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FORGOTTEN_AFTER: Final = timedelta(days=30)
NEVER: Final = timedelta.max
_NONE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Rule:
    """``free`` failures cost nothing; ``limit`` (0: none) of them in a row close the door."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta
    limit: int = 0


ACCOUNT: Final = Rule(5, timedelta(seconds=2), timedelta(minutes=15), limit=100)
# Many people may sit behind one address, so more is free.
ADDRESS: Final = Rule(30, timedelta(seconds=2), timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed attempts in a row, and when the last one was."""

    failed: int = 0
    last: datetime | None = None

    def and_one(self, now: datetime) -> "Attempts":
        """With one more failure, now."""
        return Attempts(self.failed + 1, now)


def wait(attempts: Attempts, rule: Rule, now: datetime) -> timedelta:
    """How long until the next attempt is heard; zero for now, ``NEVER`` for a closed door.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    >>> rule = Rule(free=2, first_wait=timedelta(seconds=2), longest_wait=timedelta(seconds=60))
    >>> [wait(Attempts(n, noon), rule, noon).seconds for n in (0, 1, 2, 3, 4, 20)]
    [0, 0, 2, 4, 8, 60]
    >>> wait(Attempts(3, noon), rule, noon + timedelta(seconds=3)).seconds
    1
    """
    if rule.limit and attempts.failed >= rule.limit:
        return NEVER
    if attempts.failed < rule.free or attempts.last is None:
        return _NONE
    doublings: int = min(attempts.failed - rule.free, 20)
    waited = now - attempts.last
    return max(min(rule.first_wait * (1 << doublings), rule.longest_wait) - waited, _NONE)
