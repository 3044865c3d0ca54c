"""Does what waits in the outbox: in order per process, again until it works or has failed.

At least once: an entry leaves the outbox with the last commit of its handler or after it, so
a node that was killed in between does it again; the handlers look at the stored state first.
Entries of different processes do not wait for each other. After ``MAX_ATTEMPTS`` an entry has
failed: it stays, visible, until a person has it tried anew (``node outbox --retry``).

Other processes of the node put entries in too, so the store is asked many times a second
whether anything was written at all. The outbox is read where it was, where an attempt put off
here is due, and once a second in any case.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TypeAlias

from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import MAX_ATTEMPTS, OutboxEntry, UnitOfWork, World

# True: the handler took the entry out itself, in one commit with what came of it.
Handler: TypeAlias = Callable[[World, OutboxEntry], bool | None]

POLL_SECONDS = 0.05
LOOK_SECONDS = 1.0  # the outbox is read this often where nothing was written
_TROUBLED_SECONDS = 1.0  # after a look that failed
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 15.0

_log = logging.getLogger(__name__)


def delay(attempts: int) -> timedelta:
    """How long to wait before the next attempt: doubling from 0.2 s up to 15 s.

    >>> [delay(n).total_seconds() for n in (0, 1, 4, 99)]
    [0.2, 0.4, 3.2, 15.0]
    """
    doubled = FIRST_DELAY_SECONDS * 2 ** min(attempts, 16)
    return timedelta(seconds=min(doubled, LONGEST_DELAY_SECONDS))


class OutboxWorker:
    """Threads of the serving process; ``wake`` spares the wait for the next look."""

    def __init__(
        self,
        world: World,
        handlers: Mapping[str, Handler],
        *,
        poll_seconds: float = POLL_SECONDS,
        threads: int = 4,
        each_second: Callable[[UnitOfWork], None] | None = None,
    ) -> None:
        self._world = world
        self._handlers = handlers
        self._poll_seconds = poll_seconds
        self._threads = threads
        self._each_second = each_second
        self._wakened = threading.Event()
        self._stopping = threading.Event()
        self._put_off: list[float] = []  # when attempts put off here are due, monotonic
        self._looker: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work in the background."""
        self._looker = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._looker.start()

    def wake(self) -> None:
        """Something was put into the outbox just now."""
        self._wakened.set()

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """Finish what is being done; the rest stays in the outbox for the next start."""
        self._stopping.set()
        self._wakened.set()
        if self._looker is not None:
            self._looker.join(timeout_seconds)

    def run_once(self) -> int:
        """Do everything that is due now, here; returns how many entries were handled."""
        with self._world.store.reading() as view:
            due = view.due(self._world.clock.now())
        for entry in due:
            self._do(entry)
        return len(due)

    def _run(self) -> None:
        doing: dict[str, Future[None]] = {}
        seen: object = None  # the state of the store that was read; None: read it
        looked = followed = -LOOK_SECONDS
        most = 2 * self._threads  # begun at a time: each look reads no more than these
        with ThreadPoolExecutor(self._threads, thread_name_prefix="outbox") as pool:
            while not self._stopping.is_set():
                wakened = self._wakened.wait(self._poll_seconds)
                self._wakened.clear()
                now = time.monotonic()
                try:
                    state = self._world.store.state()  # before the read, never after it
                    if (
                        not wakened
                        and state is not None
                        and state == seen
                        and now < min([looked + LOOK_SECONDS, *self._put_off])
                    ):
                        continue
                    doing = {id: task for id, task in doing.items() if not task.done()}
                    if len(doing) >= most:  # whoever is done with one looks again
                        seen = None
                        continue
                    with self._world.store.reading() as view:
                        due = view.due(self._world.clock.now(), most)
                        if self._each_second and now - followed >= 1:
                            followed = now
                            self._each_second(view)
                except Exception:  # a busy store, or one that is gone: look again
                    _log.warning("outbox not readable", exc_info=True)
                    seen = None
                    self._stopping.wait(_TROUBLED_SECONDS)
                    continue
                # What is being done still is looked at again at once, and what may come after.
                more = len(due) == most or any(entry.id in doing for entry in due)
                seen = None if more else state
                looked = now
                for then in [then for then in self._put_off if then <= now]:
                    self._put_off.remove(then)  # others append meanwhile
                for entry in due:
                    if entry.id not in doing and not self._stopping.is_set():
                        doing[entry.id] = pool.submit(self._do_and_look_again, entry)

    def _do_and_look_again(self, entry: OutboxEntry) -> None:
        try:
            self._do(entry)
        except Exception:  # the store: the entry is still there
            _log.warning("outbox entry stays", extra=_facts(entry), exc_info=True)
        self._wakened.set()

    def _do(self, entry: OutboxEntry) -> None:
        handler = self._handlers.get(entry.kind)
        try:
            if handler is None:
                raise LookupError(f"no handler for outbox entries of kind {entry.kind!r}")
            gone = handler(self._world, entry)
        except SaltbridgeError as error:
            code = error.findings[0].code if error.findings else ""
            _log.info("outbox attempt", extra={**_facts(entry), "code": code})
            self._postpone(entry, str(error))
        except Exception as error:  # one entry must not end the work on all others
            _log.exception("outbox attempt", extra=_facts(entry))
            self._postpone(entry, f"{type(error).__name__}: {error}")
        else:
            if not gone:
                with self._world.store.unit_of_work() as work:
                    work.done(entry.id)
            _log.info("outbox entry done", extra=_facts(entry))

    def _postpone(self, entry: OutboxEntry, error: str) -> None:
        until = self._world.clock.now() + delay(entry.attempts)
        with self._world.store.unit_of_work() as work:
            work.postpone(entry.id, until, error)
        self._put_off.append(time.monotonic() + delay(entry.attempts).total_seconds())
        if entry.attempts + 1 >= MAX_ATTEMPTS:
            _log.error("outbox entry has failed", extra=_facts(entry))


def _facts(entry: OutboxEntry) -> dict[str, object]:
    """What the log may tell of an entry: not its body, and not what a partner answered."""
    return {
        "event": "outbox",
        "entry": entry.id,
        "kind": entry.kind,
        "attempts": entry.attempts + 1,
    }
