"""The data plane of a served node: against a bare route with the same bytes, and its memory.

The floor is a Starlette route in a process of its own that holds the bytes and checks nothing,
served by the same uvicorn. Compared is the server's processor time of a request, over
kept-alive connections: the client, and whoever else uses the machine, are not in it. A node
takes a partner's document into memory, fifty megabytes of it at most: of a gigabyte nothing
more may be held than that.
"""

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from exchange_nodes import CONSUMER, Served
from passport_read import _BARE, _processor_seconds, served

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.border.release import reopen
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.exchange.model import Role, TransferState
from saltbridge.exchange.records import transfer_of
from saltbridge.ports import World
from saltbridge.steps.data_tokens import issue
from saltbridge.steps.processes import keep_process
from saltbridge.steps.receiving import LIMIT_BYTES

GIGABYTE = 10**9
LARGE = 40_000_000
ROUNDS = 5


def an_open_door(world: World) -> tuple[str, str]:
    """Path and token of a transfer of the provider's: one that is over is started again."""
    with world.store.unit_of_work() as work:
        kept = [transfer_of(read_json(record.body)) for record in work.find("transfer")]
        done = next(one for one in kept if one.role is Role.PROVIDER)
        started = replace(done, state=TransferState.STARTED, outgoing=None)
        opened, issued = issue(world, work, started)
        keep_process(work, opened)
    return f"/data/{quote(opened.pid, safe=':')}", issued.access


def offer_instead(world: World, content: bytes) -> None:
    """Put other bytes in the place of what was released to the consumer."""
    with world.store.unit_of_work() as work:
        dataset = read_json(work.find("dataset")[0].body)
        named = dataset["releases"][CONSUMER]
        before = work.get_release(named["digest"], named["decision_id"])
        assert before is not None
        work.put_release(
            reopen(
                content,
                expected_digest=digest(content),
                media_type=before.media_type,
                decision_id=named["decision_id"],
                audience=before.audience,
                purpose=before.purpose,
            )
        )
        named["digest"] = digest(content)
        work.put("dataset", dataset["id"], canonical_bytes(dataset))


async def _ask(port: int, path: str, token: str, count: int, connections: int) -> int:
    """Ask that often over kept-alive connections; the bytes of the bodies."""
    question = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {token}\r\n\r\n"
    ).encode()

    async def one(times: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        size = 0
        for _ in range(times):
            writer.write(question)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = left = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
            while left:
                left -= len(await reader.read(min(left, 2**20)))
            size += length
        writer.close()
        return size

    return sum(await asyncio.gather(*(one(count // connections) for _ in range(connections))))


def compared(
    folder: Path, port: int, pid: int, path: str, token: str, content: bytes, count: int
) -> dict[str, float]:
    """Microseconds of processor time of a request: from memory, from the store, and bare."""
    (folder / "bare.bin").write_bytes(content)
    with served(["-c", _BARE, "{port}", str(folder / "bare.bin")]) as (base, bare_pid):
        bare_port = int(base.rpartition(":")[2])
        places = {
            "again": (port, pid, path),
            "store": (port, pid, f"{path}?read=anew"),  # a question goes by the door
            "bare": (bare_port, bare_pid, "/bare"),
        }
        spent = dict.fromkeys(places, 0.0)
        for _ in range(ROUNDS):
            for name, (at, process, asked) in places.items():
                before = _processor_seconds(process)
                came = asyncio.run(_ask(at, asked, token, count // ROUNDS, 4))
                assert came == len(content) * (count // ROUNDS // 4 * 4), came
                spent[name] += _processor_seconds(process) - before
    return {name: seconds / count * 1e6 for name, seconds in spent.items()}


@contextlib.contextmanager
def _endless(size: int) -> Iterator[str]:
    """A server that answers one request with so many bytes, and does not say how many."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError):
            taken, _ = listener.accept()
            with taken:
                taken.recv(65536)
                taken.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                for _ in range(size // 10**6):
                    taken.sendall(b"x" * 10**6)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/data/x"
    finally:
        listener.close()
        thread.join(10)


def gigabyte_pulled() -> float:
    """Megabytes by which a process grows at most while it pulls a gigabyte, and refuses it."""
    return float(subprocess.run(
        [sys.executable, __file__], check=True, capture_output=True, text=True, timeout=300
    ).stdout)  # fmt: skip


def _pull() -> float:
    client = SafeHttpClient(allow_loopback_http=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with _endless(GIGABYTE) as url:
        try:
            client.send("GET", url, limit_bytes=LIMIT_BYTES, timeout_seconds=120)
        except Unavailable as fault:
            assert fault.findings[0].code == "http.too-large", fault
        else:
            raise AssertionError("a gigabyte was taken in")
    client.close()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000


def gigabyte_sent(giving: Served, port: int) -> float:
    """Megabytes by which the node grows at most while it is sent a gigabyte."""
    giving.forget_peak()
    before = giving.resident_mb()
    head = f"POST /2025-1/catalog/request HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"{head}Content-Length: {GIGABYTE}\r\n\r\n".encode())
        with contextlib.suppress(OSError):  # it hangs up long before
            for _ in range(GIGABYTE // 10**6):
                line.sendall(b"x" * 10**6)
    return giving.resident_mb(peak=True) - before


def large_served(giving: Served, port: int, path: str, token: str) -> float:
    """Megabytes by which the node grows at most while eight partners read a large document."""
    giving.forget_peak()
    before = giving.resident_mb()
    assert asyncio.run(_ask(port, path, token, 8, 8)) == 8 * LARGE
    return giving.resident_mb(peak=True) - before


def times_bare(spent: dict[str, float], name: str) -> float | None:
    """How many times a bare route's processor time; None where too little was asked to tell.

    The system counts processor time in steps of 10 ms: of few requests that may be none.
    """
    return spent[name] / spent["bare"] if spent["bare"] else None


def data_plane(
    folder: Path, world: World, giving: Served, port: int, count: int
) -> dict[str, Any]:
    """All figures; ``world`` is the provider's, ``giving`` the process that serves it."""
    figures: dict[str, Any] = {}
    path, token = an_open_door(world)
    pid = giving.process.pid
    with world.store.reading() as view:
        named = read_json(view.find("dataset")[0].body)["releases"][CONSUMER]
        released = view.get_release(named["digest"], named["decision_id"])
    assert released is not None
    small = compared(folder, port, pid, path, token, released.content, count)
    megabyte = b'{"some":"' + b"text, " * 150_000 + b'"}'
    offer_instead(world, megabyte)
    medium = compared(folder, port, pid, path, token, megabyte, max(20, count // 20))
    for size, found in (("small", small), ("large", medium)):
        for name, spent in found.items():
            figures[f"data_{size}_{name}_us"] = spent
        figures[f"data_{size}_ratio"] = times_bare(found, "again")
        figures[f"data_{size}_store_ratio"] = times_bare(found, "store")
    figures["data_kb"] = len(released.content) / 1000
    offer_instead(world, b'"' + b"y" * (LARGE - 2) + b'"')
    figures["served_mb"] = large_served(giving, port, path, token)
    figures["gigabyte_sent_mb"] = gigabyte_sent(giving, port)
    figures["gigabyte_pulled_mb"] = gigabyte_pulled()
    return figures


if __name__ == "__main__":
    print(_pull())
