"""A mark is asked for after whoever wants it came; what is lost or late is no mark."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from saltbridge.adapters.stores import open_store
from saltbridge.core.errors import Unavailable
from saltbridge.testing.builders import FixedClock
from saltbridge.web import marks
from saltbridge.web.marks import Marks


class Server:
    """A store far away: ``written`` is what it would say now; it answers when told to."""

    def __init__(self) -> None:
        self.written, self.questions, self.connections = 0, 0, 0
        self.gone = False

    def asker(self) -> "Line":
        if self.gone:
            raise Unavailable.of("store.cannot-open", reason="gone")
        self.connections += 1
        self.line = Line(self)
        return self.line


class Line:
    def __init__(self, server: Server) -> None:
        self._server, self._number = server, server.connections
        self._here, self.there = socket.socketpair()
        self._here.setblocking(False)

    def fileno(self) -> int:
        return self._here.fileno()

    def ask(self) -> None:
        self._server.questions += 1
        self._read = self._server.written  # a snapshot, the answer to which may take its time

    def reply(self) -> None:
        self.there.send(b".")

    def answer(self) -> object:
        if self._server.gone or not self._here.recv(1):
            raise Unavailable.of("store.cannot-open", reason="gone")
        return self._number, self._read

    def close(self) -> None:
        self._here.close()
        self.there.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    if made.connections:
        made.line.close()


def run(main: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(main(), 30))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def opened(server: Server) -> Marks:
    """Marks whose connection is open and idle."""
    known = Marks(server)
    first = asyncio.create_task(known.fresh())
    while not server.questions:
        await asyncio.sleep(0.001)
    server.line.reply()
    await first
    return known


def test_whoever_comes_while_a_question_is_on_its_way_waits_for_the_next(server) -> None:
    async def main() -> None:
        known = await opened(server)
        early = asyncio.create_task(known.fresh())
        await settle()
        server.written = 1  # committed, and acknowledged
        late = [asyncio.create_task(known.fresh()) for _ in range(3)]
        await settle()
        server.line.reply()
        assert await early == (1, 0)
        await settle()
        assert not any(one.done() for one in late)
        server.line.reply()
        assert await asyncio.gather(*late) == [(1, 1)] * 3
        assert server.questions == 3  # one to open, one for the early, one for all the late

    run(main)


def test_a_lost_connection_gives_no_mark_and_the_next_equals_none_before(server) -> None:
    async def main() -> None:
        known = await opened(server)
        asked = [asyncio.create_task(known.fresh()) for _ in range(2)]
        await settle()
        server.line.there.close()
        assert await asyncio.gather(*asked) == [None, None]
        again = asyncio.create_task(known.fresh())
        while server.questions < 3:
            await asyncio.sleep(0.001)
        server.line.reply()
        assert await again == (2, 0)

    run(main)


def test_a_server_that_is_gone_is_not_asked_at_every_request(server, monkeypatch) -> None:
    monkeypatch.setattr(marks, "AGAIN_SECONDS", 0.05)

    async def main() -> None:
        known = await opened(server)
        server.gone = True
        server.line.reply()
        await asyncio.sleep(0.01)
        assert [await known.fresh() for _ in range(3)] == [None] * 3
        server.gone = False
        assert await known.fresh() is None
        await asyncio.sleep(0.06)
        asked = asyncio.create_task(known.fresh())
        while server.questions < 2:
            await asyncio.sleep(0.001)
        server.line.reply()
        assert await asked == (2, 0)

    run(main)


def test_an_answer_that_does_not_come_holds_nobody_up(server, monkeypatch) -> None:
    monkeypatch.setattr(marks, "ANSWER_SECONDS", 0.05)

    async def main() -> None:
        known = await opened(server)
        assert await asyncio.gather(known.fresh(), known.fresh()) == [None, None]

    run(main)


def test_who_went_away_keeps_nobody_from_the_answer(server) -> None:
    async def main() -> None:
        known = await opened(server)
        gone, stays = (asyncio.create_task(known.fresh()) for _ in range(2))
        await settle()
        gone.cancel()
        server.line.reply()  # to the question of who is gone
        while server.questions < 3:
            await asyncio.sleep(0.001)
        server.line.reply()
        assert await stays == (1, 0)

    run(main)


def test_marks_outlive_the_loop_they_were_asked_in(server) -> None:
    kept = []

    async def first() -> None:
        kept.append(await opened(server))

    async def second() -> None:
        asked = asyncio.create_task(kept[0].fresh())
        while server.questions < 2:
            await asyncio.sleep(0.001)
        server.line.reply()
        assert await asked == (2, 0)

    run(first)
    run(second)


def test_a_store_that_never_waits_is_asked_at_once(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/node.sqlite", FixedClock())

    async def main() -> None:
        known = Marks(store)
        before = await known.fresh()
        assert before == await known.fresh() is not None
        with store.unit_of_work() as work:
            work.put("note", "1", b"{}")
        assert await known.fresh() != before
        store.close()

    run(main)
