"""The bounds of a connection, tried by bytes on a socket: what is whole is answered, what is
endless, ambiguous or never comes is not."""

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from saltbridge.web.bounds import Bounds, bounded_protocol

HEAD = b"POST /x HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Says how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        if message["type"] == "http.disconnect":
            return
    told = b"%d bytes" % size
    headers = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[int, Counter[str]]]:
    cut: Counter[str] = Counter()
    bounds = Bounds(100, 0.5, 0.5, 4096)
    protocol = bounded_protocol(bounds, lambda reason: cut.update([reason]))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(echo, http=protocol, ws="none", lifespan="off", log_config=None)
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1], cut
        server.should_exit = True
        thread.join(10)


def asked(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Everything that comes back until the other side closes, or nothing has come for long."""
    with socket.create_connection(("127.0.0.1", port), 5) as link:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                link.sendall(part)
                time.sleep(pause)
        link.settimeout(2)
        answer = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            while part := link.recv(65536):
                answer += part
                if answer.endswith(b"bytes"):
                    link.settimeout(0.1)
        return answer


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((GET,), [b"0 bytes"]),
        ((b"\r\n\r\n" + GET,), [b"0 bytes"]),
        ((GET * 40,), [b"0 bytes"] * 40),
        ((GET[:20], GET[20:] + GET[:5], GET[5:]), [b"0 bytes"] * 2),
        ((HEAD + b"Content-Length: 40000\r\n\r\n" + b"a" * 40_000 + GET,),
         [b"40000 bytes", b"0 bytes"]),
        ((CHUNKED + b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n",), [b"20000 bytes"]),
        ((CHUNKED + b"3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n" + GET,), [b"3 bytes", b"0 bytes"]),
        ((HEAD + b"X: " + b"a" * 3_900 + b"\r\nContent-Length: 1\r\n\r\nb",), [b"1 bytes"]),
    ],
    ids=["one", "after empty lines", "forty at once", "in pieces", "a large body, and one more",
         "byte by byte", "a trailer", "a head just within"],
)  # fmt: skip
def test_what_is_whole_is_answered(
    served: tuple[int, Counter[str]], parts: tuple[bytes, ...], told: list[bytes]
) -> None:
    answer = asked(served[0], *parts)
    assert answer.count(b"HTTP/1.1 200 ") == len(told), answer[:300]
    assert [part for part in answer.split(b"\r\n\r\n")[1:] if part][-1].startswith(told[-1])
    for one in told:
        assert one in answer


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"X: " + b"a" * 4_100 + b"\r\n\r\n",
        HEAD + b"X: y\r\n" * 800 + b"\r\n",
        b"GET /" + b"a" * 4_100 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"X: " + b"a" * 30_000,
        CHUNKED + b"1\r\na\r\n0\r\n" + b"X: y\r\n" * 9_000,
        CHUNKED + b"1\r\na\r\n0\r\nX: " + b"a" * 60_000,
        CHUNKED + b"1;" + b"e" * 60_000,
    ],
    ids=["a long member", "many members", "a long address", "a member without end",
         "trailers without end", "a trailer without end", "an extension without end"],
)  # fmt: skip
def test_what_is_too_long_is_refused(served: tuple[int, Counter[str]], sent: bytes) -> None:
    answer = asked(served[0], sent)
    assert b" 200 " not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length : 3\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        HEAD + b"X: a\r\n b\r\nY\r\n\r\n",
        CHUNKED + b"g\r\na\r\n0\r\n\r\n",
        CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
        b"GET /x HTTP/1.1\nHost: x\n\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
    ids=["two lengths", "two lengths of one kind", "a length with a sign", "a space in front",
         "not chunked last", "no member", "no length of a chunk", "a chunk beyond its length",
         "bare line feeds", "TLS"],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(
    served: tuple[int, Counter[str]], sent: bytes
) -> None:
    answer = asked(served[0], sent)
    assert b" 200 " not in answer


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((b"",), "head"),
        ((b"\r\n\r\n",), "head"),
        ((b"GET /x HTTP/1.1\r\n",), "head"),
        ((HEAD + b"Content-Length: 9\r\n\r\na",), "body"),
        ((CHUNKED + b"1\r\na\r\n",), "body"),
        ((GET + b"GET /x",), "head"),
        ((GET, b"\r\n"), "head"),
    ],
)
def test_what_never_comes_is_not_waited_for(
    served: tuple[int, Counter[str]], parts: tuple[bytes, ...], reason: str
) -> None:
    port, cut = served
    before = cut[reason]
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 5) as link:
        for part in parts:
            link.sendall(part)
            time.sleep(0.2 * (len(parts) - 1))
        link.settimeout(4)
        with contextlib.suppress(ConnectionError):
            while link.recv(65536):
                pass
    assert time.monotonic() - began < 4
    assert cut[reason] == before + 1
