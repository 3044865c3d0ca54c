"""Passports at fleet size: issued, signed, logged and stored; read, and looked up by serial.

Every figure stands beside a bare floor of the same run, measured in turn with it: for issuing,
one SD-JWT signed and the same bytes inserted, and nothing else; for reading, a bare Starlette
route that returns the same bytes. The issuing is the command a person runs, with its start.
Times depend on the machine and on who else uses it; the ratios less so.
"""

import argparse
import asyncio
import contextlib
import io
import json
import os
import resource
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from saltbridge.adapters.node_folder import choose_store
from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.core.canonical import read_json
from saltbridge.ports import World
from saltbridge.services.log_audit import audit
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.testing.fleets import put_model_delivery, write_fleet_csv
from saltbridge.testing.postgres import NoPostgres, new_database, postgres_server

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FACTS = EXAMPLES / "partners" / "carmaker" / "passport" / "operator.toml"
DAY = "2027-02-18"
SMALL = 2_000  # batteries whose memory is compared with that of the whole list
BATCH = 256


def new_node(folder: Path, url: str = "") -> Path:
    """A carmaker's node with a delivery about the model; its store at the URL, if given."""
    node = folder / f"node{len(list(folder.iterdir()))}"
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(
            ["node", "init", str(node), "--name", "cars", "--legal-name", "Cars", "--bpn",
             "BPNL00000000OEM1", "--jurisdiction", "EU", "--country", "DE", "--address", "M",
             "--port", "8103", "--allow-loopback-http"]
        ) == 0  # fmt: skip
    if url:
        choose_store(node, url)
    with opened_world(node) as world:
        put_model_delivery(world, EXAMPLES)
    return node


def issue(node: Path, fleet: Path, workers: int) -> dict[str, float]:
    """Run the command over a list; passports, seconds, and the most memory a process took."""
    command = [
        sys.executable, "-m", "saltbridge", "passport", "issue", "--node", str(node), "--from",
        str(fleet), "--facts", str(FACTS), "--placed-on-market", DAY, "--workers", str(workers),
        "--json",
    ]  # fmt: skip
    peaks: dict[int, int] = {}
    started = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while True:
            try:
                out, err = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                peaks.update(_peaks(process.pid))
    seconds = time.perf_counter() - started
    assert process.returncode == 0, err.decode()
    told, after = json.loads(out), resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "issued": told["issued"],
        "seconds": seconds,
        "cpu_us": used / told["issued"] * 1e6,
        "peak_mb": max(peaks.values(), default=0) / 1024,
        "sum_mb": sum(peaks.values()) / 1024,
    }


def _peaks(pid: int) -> Iterator[tuple[int, int]]:
    """Peak resident memory [KiB] of a process and of those it started."""
    for one in (pid, *_children(pid)):
        with contextlib.suppress(OSError, ValueError):
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    yield one, int(line.split()[1])


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def issued_bytes(node: Path) -> dict[str, Any]:
    """What one passport consists of in the store, and how many bytes that is."""
    with opened_world(node) as world, world.store.reading() as view:
        passport = read_json(view.find("passport", limit=1)[0].body)
        version = view.get("passport-version", f"{passport['id']}#1")
        assert version is not None
        public = passport["public"]
        releases = [
            view.get_release(public[p], public["decision_id"]) for p in ("claim", "view")
        ]
        bodies = [version.body, *(r.content for r in releases if r is not None)]
        jwt = str(read_json(version.body)["jwt"]).rpartition(".")[0]
    return {"bodies": bodies, "signing_input": jwt.encode()}


def floor_sqlite(folder: Path, one: dict[str, Any], count: int) -> tuple[float, float]:
    """Seconds, and processor seconds, to sign that many SD-JWTs and insert the same bytes."""
    raw = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("CREATE TABLE IF NOT EXISTS t (a TEXT PRIMARY KEY, b BLOB, c BLOB, d BLOB)")
    sign = BuiltKeyring("did:web:floor.example").signer().sign
    started, processor = time.perf_counter(), time.process_time()
    for first in range(0, count, BATCH):
        for _ in range(min(BATCH, count - first)):
            sign(one["signing_input"])
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(
            "INSERT OR REPLACE INTO t VALUES (?, ?, ?, ?)",
            ((f"{n:09}", *one["bodies"]) for n in range(first, min(first + BATCH, count))),
        )
        raw.execute("COMMIT")
    seconds = time.perf_counter() - started
    processor = time.process_time() - processor
    raw.close()
    return seconds, processor


def floor_postgres(url: str, one: dict[str, Any], count: int) -> float:
    """Seconds to sign that many SD-JWTs and to COPY the same bytes, in one process."""
    import psycopg

    sign = BuiltKeyring("did:web:floor.example").signer().sign
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE bare (a varchar PRIMARY KEY, b bytea, c bytea, d bytea)"
        )
        connection.commit()
        started = time.perf_counter()
        for first in range(0, count, BATCH):
            for _ in range(min(BATCH, count - first)):
                sign(one["signing_input"])
            with (
                connection.cursor() as cursor,
                cursor.copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(["varchar", "bytea", "bytea", "bytea"])
                for n in range(first, min(first + BATCH, count)):
                    copy.write_row((f"{n:09}", *one["bodies"]))
            connection.commit()
        return time.perf_counter() - started


def looked_up(world: World, count: int, asked: int = 500) -> float:
    """Median seconds to find a passport's address by serial number."""
    gtin = "09521234567899"
    found = []
    for n in range(asked):
        serial = f"FL{n * 7919 % count:09}"
        started = time.perf_counter()
        with world.store.reading() as view:
            record = view.get("passport-address", f"{gtin}/{serial}")
        found.append(time.perf_counter() - started)
        assert record is not None
    return statistics.median(found)


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


def json_reads(base: str, pid: int, path: str, content: bytes, count: int) -> list[float]:
    """Requests a second of the server's processor time: ours, and a bare route, in turn."""
    spent, rounds = [0.0, 0.0], 5
    for _ in range(rounds):
        for index, at in enumerate((path, "/bare")):
            before = _processor_seconds(pid)
            size = asyncio.run(_asked(base, at, count // rounds))
            assert size == len(content) * (count // rounds), size
            spent[index] += _processor_seconds(pid) - before
    return [count / seconds for seconds in spent]


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def served(node: Path, content: Path) -> Iterator[tuple[str, int]]:
    """Address and process of the node's public pages on loopback, a bare route beside them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = (
        "import sys, uvicorn\nfrom pathlib import Path\n"
        "from starlette.applications import Starlette\n"
        "from starlette.responses import Response\nfrom starlette.routing import Route\n"
        "from saltbridge.bootstrap import open_world\n"
        "from saltbridge.web.passport_page import routes\n"
        "world = open_world(Path(sys.argv[1]))\n"
        "content = Path(sys.argv[3]).read_bytes()\n"
        "async def bare(_): return Response(content, media_type='application/json')\n"
        "app = Starlette(routes=[Route('/bare', bare), *routes(world)])\n"
        "uvicorn.run(app, host='127.0.0.1', port=int(sys.argv[2]), log_level='warning',"
        " access_log=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(node), str(port), str(content)])
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < deadline, "the node never answered"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


async def page_times(base: str, paths: list[str], rate: int, seconds: int) -> list[float]:
    """Seconds each page took, asked for at a steady rate whatever the answers take."""
    took: list[float] = []
    async with httpx2.AsyncClient(base_url=base, timeout=30) as client:

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


def measure_sqlite(folder: Path, count: int, figures: dict[str, Any]) -> Path:
    """Issuing on SQLite by one process and by two, memory, and look-ups; returns the node."""
    small, whole = folder / "small.csv", folder / "whole.csv"
    write_fleet_csv(small, EXAMPLES, SMALL)
    write_fleet_csv(whole, EXAMPLES, count)
    few = issue(new_node(folder), small, 1)
    node = new_node(folder)
    many = issue(node, whole, 1)
    one = issued_bytes(node)
    figures["sqlite_one"] = count / many["seconds"]
    figures["sqlite_one_cpu_us"] = many["cpu_us"]
    figures["small_mb"], figures["whole_mb"] = few["peak_mb"], many["peak_mb"]
    figures["bytes_each"] = sum(map(len, one["bodies"]))
    floors = min(count, 5_000)
    seconds, processor = floor_sqlite(folder, one, floors)
    figures["sqlite_floor"] = floors / seconds
    figures["sqlite_floor_cpu_us"] = processor / floors * 1e6
    if count <= 100_000:
        two = issue(new_node(folder), whole, 2)
        figures["sqlite_two"] = count / two["seconds"]
    with opened_world(node) as world:
        figures["lookup_ms"] = looked_up(world, count) * 1000
        if count <= 100_000:
            found = audit(world).found
            assert found.keys() <= {"audit.document-unlogged"}, found
    return node


def measure_postgres(folder: Path, count: int, figures: dict[str, Any]) -> None:
    """Issuing on PostgreSQL by two processes; its commits reach the disk."""
    whole = folder / "postgres.csv"
    write_fleet_csv(whole, EXAMPLES, count)
    try:
        with postgres_server(durable=True) as server, new_database(server) as url:
            node = new_node(folder, url)
            two = issue(node, whole, 2)
            figures["postgres_two"] = count / two["seconds"]
            figures["postgres_two_cpu_us"] = two["cpu_us"]
            figures["postgres_mb"] = two["sum_mb"]
            floors = min(count, 5_000)
            spent = floor_postgres(url, issued_bytes(node), floors)
            figures["postgres_floor"] = floors / spent
    except NoPostgres as absent:
        print(f"PostgreSQL: not measured ({absent})")


def measure_reading(node: Path, figures: dict[str, Any]) -> None:
    """JSON of a stored view beside a bare route; pages at 100 requests a second."""
    with opened_world(node) as world:
        with world.store.reading() as view:
            passports = [read_json(r.body) for r in view.find("passport", limit=50)]
            public = passports[0]["public"]
            shown = view.get_release(public["view"], public["decision_id"])
        assert shown is not None
        paths = [f"/01/{p['gtin']}/21/{p['serial']}" for p in passports]
    content = node.parent / "view.json"
    content.write_bytes(shown.content)
    with served(node, content) as (base, pid):
        asyncio.run(_asked(base, paths[0], 40))  # the first requests load what they need
        ours, floor = json_reads(base, pid, paths[0], shown.content, 10_000)
        figures["json_per_s"], figures["json_floor_per_s"] = ours, floor
        first = asyncio.run(page_times(base, paths, 10, 5))  # each page is drawn once
        figures["page_drawn_ms"] = statistics.median(first[5:]) * 1000
        took = sorted(asyncio.run(page_times(base, paths, 100, 10)))
    figures["page_p50_ms"] = took[len(took) // 2] * 1000
    figures["page_p99_ms"] = took[int(len(took) * 0.99)] * 1000


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Print the figures beside their floors; returns them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--million", action="store_true", help="1,000,000 batteries")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    chosen = parser.parse_args(arguments)
    count = 1_000_000 if chosen.million else chosen.count
    load = os.getloadavg()[0]
    figures: dict[str, Any] = {"count": count, "load_before": load}
    with tempfile.TemporaryDirectory(prefix="saltbridge-bench-") as name:
        folder = Path(name)
        node = measure_sqlite(folder, count, figures)
        print(json.dumps(figures), file=sys.stderr)  # a long run may be cut short
        measure_reading(node, figures)
        print(json.dumps(figures), file=sys.stderr)
        measure_postgres(folder, min(count, 20_000), figures)
    show(figures)
    if chosen.json:
        print(json.dumps(figures))
    return figures


def show(found: dict[str, Any]) -> None:
    """The table: what, how fast, the aim, the floor and the ratio to it."""
    rows = [
        ("issued on SQLite, one process [/s]", "sqlite_one", "sqlite_floor", "≥ 1,000", True),
        ("issued on SQLite, two processes [/s]", "sqlite_two", "sqlite_floor", "", True),
        ("issued on PostgreSQL, two [/s]", "postgres_two", "postgres_floor", "≥ 1,500", True),
        ("JSON of a stored view [/s and core]", "json_per_s", "json_floor_per_s", "≥ 5,000",
         True),
        ("page at 100 requests/s, p99 [ms]", "page_p99_ms", "", "≤ 30", False),
        ("  page drawn for the first time [ms]", "page_drawn_ms", "", "", False),
        ("look-up by serial [ms]", "lookup_ms", "", "≤ 1", False),
    ]  # fmt: skip
    print(
        f"{found['count']:,} passports of {found['bytes_each'] / 1024:.0f} KiB each;"
        f" load of the machine before: {found['load_before']:.1f}"
    )
    print(f"{'':<40} {'ours':>9} {'aim':>9} {'bare':>9} {'ratio':>6}")
    for what, ours, floor, aim, rate in rows:
        if ours not in found:
            continue
        digits = 0 if rate else 2
        line = f"{what:<40} {found[ours]:>9,.{digits}f} {aim:>9}"
        if floor in found:
            line += f" {found[floor]:>9,.0f} {found[floor] / found[ours]:>6.1f}"
        print(line)
    print(
        f"peak memory: {found['small_mb']:.0f} MB for {SMALL:,},"
        f" {found['whole_mb']:.0f} MB for {found['count']:,};"
        f" processor time of one process {found['sqlite_one_cpu_us']:.0f} µs a passport with"
        f" its start, bare {found['sqlite_floor_cpu_us']:.0f} µs"
    )


if __name__ == "__main__":
    main()
