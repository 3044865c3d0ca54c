"""Head and body of an answer leave together, and a head alone does not wait."""

import asyncio
from typing import Any, cast

import pytest

from saltbridge.web.together import Together


class Line:
    """A connection that keeps what each call of the system would send."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.sent.append(data)

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.write(b"".join(parts))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


@pytest.mark.parametrize(
    ("parts", "sent"),
    [
        ([b"head ", b"body"], [b"head body"]),
        ([b"head ", b""], [b"head "]),
        ([b"head ", b"one", b"two"], [b"head one", b"two"]),
        ([b"head ", None, b"one", b"two"], [b"head ", b"one", b"two"]),
        ([b"head ", None, None], [b"head "]),
        ([b"100 ", None, b"head ", b"body"], [b"100 ", b"head ", b"body"]),
    ],
)
def test_the_head_waits_for_the_body_and_not_for_the_loop(
    parts: list[bytes | None], sent: list[bytes]
) -> None:
    """None: the event loop goes on in between."""
    line = Line()

    async def answer() -> None:
        way = Together(cast(Any, line), asyncio.get_running_loop())
        for part in parts:
            if part is None:
                await asyncio.sleep(0)
            else:
                way.write(part)

    asyncio.run(answer())
    assert line.sent == sent


def test_a_connection_is_closed_after_what_was_written() -> None:
    line = Line()

    async def answer() -> None:
        way = Together(cast(Any, line), asyncio.get_running_loop())
        way.write(b"head")
        way.close()
        assert way.is_closing()
        await asyncio.sleep(0)  # nothing is written afterwards

    asyncio.run(answer())
    assert line.sent == [b"head"]
    assert line.closed
