"""A partner that dies for good at any commit, and clocks that lie an hour apart."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.faults.pushes import PushTown
from tests.faults.two_nodes import WITHOUT, Broken, Killed, Node, Town, Weather

from saltbridge.locales import LANGUAGES, text
from saltbridge.ports import Clock
from saltbridge.services.exchange_state import ProcessShown, processes, progress
from saltbridge.services.outbox import try_anew

FOR_GOOD = 10**9
_STEPS = 4000


@dataclass
class DyingTown(PushTown):
    """Calm weather, in which whoever makes the ``dies_at``-th commit never comes back."""

    dies_at: int = 0
    commits: int = 0
    dead: Node | None = None

    def listen(self, content: bytes | None) -> None:
        """Only pushes are looked at, and data addresses as in any town."""
        if content and b'"saltbridge":' in content:
            super().listen(content)

    def _dies(self) -> bool:
        self.commits += 1
        return self.commits == self.dies_at

    def _fall(self, node: Node) -> None:
        super()._fall(node)
        node.up_again, self.dead = FOR_GOOD, node

    def until_rest(self, begin: Callable[[Town], None]) -> Node | None:
        """Who is left, once it has nothing to do any more; None where nobody died.

        Raises:
            Broken: it never comes to rest.
        """
        if self.dies_at:
            kept, self.dies_at = self.dies_at, 0
            begin(self)
            self.commits, self.dies_at = 0, kept
        for self.step in range(1, _STEPS):
            busy = [self._work(node) for node in self.both if node.up_again <= self.step]
            if not any(busy):
                break
            self.clock.advance(seconds=5)
        else:
            raise Broken(f"commit {self.dies_at}: still busy")
        return None if self.dead is None else self._other(self.dead)

    def _other(self, node: Node) -> Node:
        return self.consumer if node is self.provider else self.provider

    def revive(self) -> None:
        """The dead one is back, and a person has what failed tried anew on both sides."""
        for node in self.both:
            node.up_again = 0
            try_anew(node.world)
        self.dies_at, self.dead = 0, None
        self.until_rest(lambda town: None)


def dying(seed: int, dies_at: int) -> DyingTown:
    """A town that has not begun yet."""
    return DyingTown(seed, Weather(), dies_at=dies_at)


def what_it_says(node: Node) -> list[ProcessShown]:
    """Every process of the survivor, each with what it waits for.

    Raises:
        Broken: one has not ended, and does not say what it waits for.
    """
    shown = list(processes(node.world))
    for one in shown:
        over = one.state in ("FINALIZED", "TERMINATED", "COMPLETED") and not one.sending
        if not over and not one.waits_for:
            raise Broken(f"{one.kind} in {one.state} waits for nothing that is said")
        for language in LANGUAGES if one.waits_for else ():
            if not text(one.waits_for, {"partner": one.partner}, language):
                raise Broken(one.waits_for)
        now = progress(node.world, one.pid)
        if not now.ended and not now.waits_for:
            raise Broken(f"{one.kind} in {one.state}: status says nothing")
    return shown


@dataclass(frozen=True)
class OffClock:
    """A clock that lies by so much."""

    right: Clock
    by: timedelta

    def now(self) -> datetime:
        return self.right.now() + self.by


@dataclass
class TwoTimes(Town):
    """A town whose consumer's clock goes wrong by some hours."""

    hours: float = 0.0
    off: timedelta = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.off = timedelta(hours=self.hours)
        clock = OffClock(self.clock, self.off)
        self.consumer.world = replace(self.consumer.world, clock=clock)

    def _work(self, node: Node) -> bool:
        with node.store.reading() as view:
            due = view.due(node.world.clock.now())
        due = [entry for entry in due if entry.kind not in WITHOUT]
        if not due:
            return self._waits(node)
        entry = self.dice.choice(due)
        try:
            self._handle(node, entry)
        except Killed:
            self._fall(node)
        return True
