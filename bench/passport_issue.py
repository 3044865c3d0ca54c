"""Issuing for a fleet by the command a person runs, and the bare floor of it.

The floor: one SD-JWT signed and the very bytes inserted that our store holds of a passport
(packed documents: version, claim file, view), in batches of the same size, and nothing else.
"""

import contextlib
import io
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from saltbridge.adapters.node_folder import choose_store
from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.core.canonical import read_json
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.testing.fleets import put_model_delivery

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FACTS = EXAMPLES / "partners" / "carmaker" / "passport" / "operator.toml"
DAY = "2027-02-18"
SAID_SECONDS = 60.0
BATCH = 512
_STORED = (
    "SELECT body FROM records WHERE kind = 'passport-version' AND id = {0}",
    "SELECT content FROM releases WHERE digest = {0}",
)


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


def issue(node: Path, fleet: Path, workers: int, *, told: bool = False) -> dict[str, float]:
    """Run the command over a list; passports, seconds, and the most memory a process took.

    ``told``: what the command says on the way is shown, and every minute what it takes.
    """
    command = [
        sys.executable, "-m", "saltbridge", "passport", "issue", "--node", str(node), "--from",
        str(fleet), "--facts", str(FACTS), "--placed-on-market", DAY, "--workers", str(workers),
        "--json",
    ]  # fmt: skip
    peaks: dict[int, int] = {}
    started = said = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    errors = None if told else subprocess.PIPE
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        while True:
            try:
                out, err = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                peaks.update(_peaks(process.pid))
            if told and time.perf_counter() - said >= SAID_SECONDS:
                said = time.perf_counter()
                _say_memory(said - started, peaks, node)
    seconds = time.perf_counter() - started
    assert process.returncode == 0, (err or b"").decode()
    issued, after = json.loads(out)["issued"], resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "issued": issued,
        "seconds": seconds,
        "cpu_us": used / issued * 1e6,
        "peak_mb": max(peaks.values(), default=0) / 1024,
        "sum_mb": sum(peaks.values()) / 1024,
    }


def _say_memory(seconds: float, peaks: dict[int, int], node: Path) -> None:
    each = ", ".join(f"{kib / 1024:.0f}" for kib in peaks.values())
    store = node / "node.sqlite"
    size = store.stat().st_size / 2**30 if store.exists() else 0.0
    free = shutil.disk_usage(node).free / 2**30
    print(
        f"  {seconds / 60:.0f} min: peak resident of each process {each} MB;"
        f" store {size:.2f} GiB, {free:.0f} GiB free",
        file=sys.stderr,
        flush=True,
    )


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


def issued_bytes(node: Path, ask: Callable[[str, str], bytes], mark: str) -> dict[str, Any]:
    """One passport: its documents, and the bytes the store holds of them."""
    with opened_world(node) as world, world.store.reading() as view:
        passport = read_json(view.find("passport", limit=2)[1].body)
        id, public = f"{passport['id']}#1", passport["public"]
        version = view.get("passport-version", id)
        assert version is not None
        parts = ("claim", "view")
        releases = [view.get_release(public[p], public["decision_id"]) for p in parts]
    documents = [version.body, *(r.content for r in releases if r is not None)]
    of_version, of_release = (text.format(mark) for text in _STORED)
    stored = [ask(of_version, id), *(ask(of_release, public[p]) for p in parts)]
    jwt = str(read_json(version.body)["jwt"]).rpartition(".")[0]
    return {"documents": documents, "bodies": stored, "signing_input": jwt.encode()}


def of_sqlite(node: Path) -> dict[str, Any]:
    """``issued_bytes`` out of an SQLite file."""
    with contextlib.closing(sqlite3.connect(node / "node.sqlite")) as raw:
        return issued_bytes(node, lambda sql, id: raw.execute(sql, (id,)).fetchone()[0], "?")


def of_postgres(node: Path, url: str) -> dict[str, Any]:
    """``issued_bytes`` out of PostgreSQL."""
    import psycopg

    with psycopg.connect(url) as raw:

        def ask(sql: str, id: str) -> bytes:
            row = raw.execute(sql, (id,)).fetchone()  # type: ignore[call-overload]
            assert row is not None
            return bytes(row[0])

        return issued_bytes(node, ask, "%s")


def floor_sqlite(folder: Path, one: dict[str, Any], count: int) -> dict[str, float]:
    """Seconds, and processor seconds, of the floor."""
    raw = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("CREATE TABLE IF NOT EXISTS t (a TEXT PRIMARY KEY, b BLOB, c BLOB, d BLOB)")

    def insert(rows: Sequence[tuple[Any, ...]]) -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT OR REPLACE INTO t VALUES (?, ?, ?, ?)", rows)
        raw.execute("COMMIT")

    found = _floor(one, count, insert)
    raw.close()
    return found


def floor_postgres(url: str, one: dict[str, Any], count: int) -> dict[str, float]:
    """The same by COPY, in one process; processor time without that of the server."""
    import psycopg

    with psycopg.connect(url) as raw:
        raw.execute("CREATE TABLE bare (a varchar PRIMARY KEY, b bytea, c bytea, d bytea)")
        raw.commit()

        def insert(rows: Sequence[tuple[Any, ...]]) -> None:
            statement = "COPY bare FROM STDIN (FORMAT BINARY)"
            with raw.cursor() as cursor, cursor.copy(statement) as copy:
                copy.set_types(["varchar", "bytea", "bytea", "bytea"])
                for row in rows:
                    copy.write_row(row)
            raw.commit()

        return _floor(one, count, insert)


def _floor(
    one: dict[str, Any], count: int, insert: Callable[[Sequence[tuple[Any, ...]]], None]
) -> dict[str, float]:
    sign = BuiltKeyring("did:web:floor.example").signer().sign
    started, busy = time.perf_counter(), time.process_time()
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        for _ in numbers:
            sign(one["signing_input"])
        insert([(f"{n:09}", *one["bodies"]) for n in numbers])
    seconds, processor = time.perf_counter() - started, time.process_time() - busy
    return {"rate": count / seconds, "cpu_us": processor / count * 1e6}
