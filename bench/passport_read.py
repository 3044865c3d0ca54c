"""Reading passports of a fleet: JSON and pages from a served node, look-ups by serial number.

The node is served by the command a person runs, with its log, its counters and its bounds; the
floor is a bare Starlette route in a process of its own that returns the same bytes, served by
the same uvicorn. Requests a second are of the server's processor time: the client, and whoever
else uses the machine, are not in it.
"""

import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from saltbridge.adapters.stores import open_store
from saltbridge.bootstrap import opened_world
from saltbridge.core.canonical import read_json
from saltbridge.testing.builders import FixedClock

GTIN = "09521234567899"
_BARE = (
    "import sys, uvicorn\nfrom pathlib import Path\n"
    "from starlette.applications import Starlette\n"
    "from starlette.responses import Response\nfrom starlette.routing import Route\n"
    "content = Path(sys.argv[2]).read_bytes()\n"
    "async def bare(_): return Response(content, media_type='application/json')\n"
    "uvicorn.run(Starlette(routes=[Route('/bare', bare)]), host='127.0.0.1',"
    " port=int(sys.argv[1]), log_level='warning', access_log=False)\n"
)


async def _asked(base: str, path: str, count: int, connections: int = 4) -> int:
    """Ask for JSON that many times over kept-alive connections; the bytes that came."""
    host, port = base.removeprefix("http://").split(":")
    question = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: application/json\r\n\r\n"
    ).encode()

    async def one(times: int) -> int:
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**20)
        size = 0
        for _ in range(times):
            writer.write(question)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
            size += len(await reader.readexactly(length))
        writer.close()
        return size

    return sum(await asyncio.gather(*(one(count // connections) for _ in range(connections))))


def json_reads(places: list[tuple[str, int, str]], size: int, count: int) -> list[float]:
    """Requests a second of processor time at each place (address, process, path), in turn."""
    spent, rounds = [0.0] * len(places), 5
    for _ in range(rounds):
        for index, (base, pid, path) in enumerate(places):
            before = _processor_seconds(pid)
            came = asyncio.run(_asked(base, path, count // rounds))
            assert came == size * (count // rounds), came
            spent[index] += _processor_seconds(pid) - before
    return [count / seconds for seconds in spent]


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def served(command: list[str]) -> Iterator[tuple[str, int]]:
    """Address and process of a server on loopback; ``{port}`` in the command is its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, *(word.replace("{port}", str(port)) for word in command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            deadline = time.monotonic() + 90
            while True:
                with (
                    contextlib.suppress(OSError),
                    socket.create_connection(("127.0.0.1", port), 1),
                ):
                    break
                assert time.monotonic() < deadline, "the server never answered"
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


async def page_times(base: str, paths: list[str], rate: int, seconds: int) -> list[float]:
    """Seconds each page took, asked for at a steady rate whatever the answers take."""
    took: list[float] = []
    limits = httpx2.Limits(max_connections=32)  # a node takes 50 from one address
    async with httpx2.AsyncClient(base_url=base, timeout=60, limits=limits) as client:

        async def one(path: str) -> None:
            started = time.perf_counter()
            answer = await client.get(path, headers={"Accept": "text/html"})
            took.append(time.perf_counter() - started)
            assert answer.status_code == 200
            assert b"</html>" in answer.content

        begun, tasks = time.perf_counter(), []
        for n in range(rate * seconds):
            await asyncio.sleep(max(0.0, begun + n / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(one(paths[n % len(paths)])))
        await asyncio.gather(*tasks)
    return took


def measure_reading(node: Path, figures: dict[str, Any], of: str) -> None:
    """JSON of a stored view beside a bare route; pages at 100 requests a second.

    Beside each rate and time stands the processor time of one request, the server's alone: a
    busy machine lengthens it less. A database server's own is not in it.
    """
    with opened_world(node) as world, world.store.reading() as view:
        passports = [read_json(r.body) for r in view.find("passport", limit=310)]
        public = passports[0]["public"]
        shown = view.get_release(public["view"], public["decision_id"])
    assert shown is not None
    paths = [f"/01/{p['gtin']}/21/{p['serial']}" for p in passports]
    content = node.parent / "view.json"
    content.write_bytes(shown.content)
    ours = ["-m", "saltbridge", "node", "serve", str(node), "--port", "{port}"]
    with (
        served(ours) as (base, pid),
        served(["-c", _BARE, "{port}", str(content)]) as (beside, floor),
    ):
        for at, path in ((base, paths[0]), (beside, "/bare")):
            asyncio.run(_asked(at, path, 200))  # the first requests load what they need
        _until_idle(pid)  # the node draws a page before people come
        places = [(base, pid, paths[0]), (beside, floor, "/bare")]
        found = json_reads(places, len(shown.content), 10_000)
        figures[f"{of}_json"], figures["json_floor"] = found
        figures[f"{of}_json_cpu_us"] = 1e6 / found[0]
        # Every page is drawn for the first time, at that rate: the serials come once each.
        figures[f"{of}_drawn_ms"], figures[f"{of}_drawn_cpu_ms"] = _pages(
            base, pid, paths[10:110], 1
        )
        figures[f"{of}_page_ms"], figures[f"{of}_page_cpu_ms"] = _pages(
            base, pid, paths[60:110], 10
        )
        before = _processor_seconds(pid)
        for path in paths[110:310]:  # the first JSON of each
            asyncio.run(_asked(base, path, 1, 1))
        figures[f"{of}_cold_json_cpu_ms"] = (_processor_seconds(pid) - before) / 200 * 1000


def _until_idle(pid: int) -> None:
    """Wait until a server has done what it does at its start."""
    for _ in range(30):
        before = _processor_seconds(pid)
        time.sleep(1)
        if _processor_seconds(pid) - before < 0.05:
            return


def _pages(base: str, pid: int, paths: list[str], seconds: int) -> tuple[float, float]:
    """The 99th percentile of pages at 100 a second [ms], and processor time of one [ms]."""
    before = _processor_seconds(pid)
    took = asyncio.run(page_times(base, paths, 100, seconds))
    return _p99(took), (_processor_seconds(pid) - before) / len(took) * 1000


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99) - (len(took) < 200)] * 1000


def looked_up(url: str, count: int, asked: int = 500) -> dict[str, float]:
    """Milliseconds to find a battery's passport by serial number among so many addresses.

    The addresses are put into an empty store by its own bulk write, as an issue puts them.
    """
    store = open_store(url, FixedClock())
    row = b'{"passport_id":"urn:uuid:%036d","row":"sha256:%064d"}'
    for first in range(0, count, 20_000):
        numbers = range(first, min(first + 20_000, count))
        with store.unit_of_work() as work:
            work.put_new(
                "passport-address", {f"{GTIN}/FL{n:09}": row % (n, n) for n in numbers}
            )
    took = []
    for n in range(asked):
        started = time.perf_counter()
        with store.reading() as view:
            record = view.get("passport-address", f"{GTIN}/FL{n * 7919 % count:09}")
        took.append((time.perf_counter() - started) * 1000)
        assert record is not None
    store.close()
    return {"median": statistics.median(took), "p99": sorted(took)[int(asked * 0.99)]}
