"""The store's mark for the event loop: one question for everybody who waits.

Whoever asks gets a mark that was asked for afterwards, never one on its way already: what was
acknowledged before a request came is in its answer. A store that is gone, or slow, has no
mark: then nothing kept in memory is good for anything, and the store itself is read.
"""

import asyncio
import logging
from typing import Final

from starlette.concurrency import run_in_threadpool

from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import Asker, Store

ANSWER_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Marks:
    """The marks of one store, for one event loop at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._never_waits = False  # the store tells its mark at once
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asker: Asker | None = None
        self._opening = False
        self._not_before = 0.0  # a store that could not be reached is left alone for a while
        self._next: list[asyncio.Future[object]] = []  # who waits for the next question
        self._asked: list[asyncio.Future[object]] = []  # and for the one on its way
        self._late: asyncio.TimerHandle | None = None

    async def fresh(self) -> object:
        """The mark, asked for from now on; None: nothing that is kept may be used."""
        if self._never_waits:
            return self._at_once()
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._drop()
            self._loop, self._not_before = loop, 0.0
        if self._asker is None and not await self._opened(loop):
            return self._at_once() if self._never_waits else None
        told = loop.create_future()
        self._next.append(told)
        if not self._asked:
            self._ask()
        return await told

    def _at_once(self) -> object:
        try:
            return self._store.state()
        except SaltbridgeError:
            return None

    async def _opened(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether there is somebody to ask now; whoever opens waits, the others do without."""
        if self._opening or loop.time() < self._not_before:
            return False
        self._opening = True
        try:
            asker = await run_in_threadpool(self._store.asker)
        except SaltbridgeError:
            _log.warning("the store tells no mark", exc_info=True)
            self._not_before = loop.time() + AGAIN_SECONDS
            return False
        finally:
            self._opening = False
        self._never_waits = asker is None
        if asker is None:
            return False
        self._asker = asker
        loop.add_reader(asker.fileno(), self._readable)
        return True

    def _ask(self) -> None:
        """Ask for all who wait by now."""
        self._asked, self._next = self._next, []
        if self._asker is None or self._loop is None:
            self._tell(None)
            return
        try:
            self._asker.ask()
        except SaltbridgeError:
            self._drop()
            return
        self._late = self._loop.call_later(ANSWER_SECONDS, self._drop)

    def _readable(self) -> None:
        """Something of the answer has come, or the end of the connection."""
        if self._asker is None:
            return
        try:
            mark = self._asker.answer()
        except SaltbridgeError:
            self._drop()
            return
        if mark is None:
            return
        if self._late is not None:
            self._late.cancel()
        self._tell(mark)
        if self._next:
            self._ask()

    def _tell(self, mark: object) -> None:
        told, self._asked = self._asked, []
        for one in told:
            if not one.done():  # who asked may have gone
                one.set_result(mark)

    def _drop(self) -> None:
        """Let go of the connection: nobody has a mark, and none after it equals one before."""
        asker, self._asker = self._asker, None
        if self._late is not None:
            self._late.cancel()
        if self._loop is not None and not self._loop.is_closed():
            if asker is not None:
                self._loop.remove_reader(asker.fileno())
            self._asked += self._next
            self._tell(None)
        self._asked, self._next = [], []
        if asker is not None:
            asker.close()
