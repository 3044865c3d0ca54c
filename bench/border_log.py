"""The log of a node: appending, auditing and proving, each beside a bare floor of the same run.

Floors: the same rows put into SQLite by its own Python module with the same durability; the
same hashes by hashlib alone; the same point reads by SQLite alone. Times depend on the
machine and on who else uses it; the ratios less so.
"""

import argparse
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from saltbridge.adapters.stores import open_store
from saltbridge.ports import LogEvent, Store
from saltbridge.testing.builders import FixedClock

LEAVES = 1_000_000
BATCH = 1000
AUDIT = """
import json, resource, sys, time
from saltbridge.adapters.stores import open_store
from saltbridge.services.log_audit import audit_store
from saltbridge.testing.builders import FixedClock
store = open_store(sys.argv[1], FixedClock())
started, cpu = time.perf_counter(), time.process_time()
found = audit_store(store)
print(json.dumps({
    "seconds": time.perf_counter() - started,
    "cpu_seconds": time.process_time() - cpu,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "leaves": found.counts["leaves"],
    "errors": sum(n for code, n in found.found.items() if code != "audit.document-gone"),
}))
"""


def event(number: int) -> LogEvent:
    """An event like that of an issued passport."""
    return LogEvent("passport.issued", f"urn:uuid:00000000-0000-4000-8000-{number:012}", b"x")


class Bare:
    """A file of SQLite's own, with rows of the same bytes and nothing else around them."""

    def __init__(self, path: Path) -> None:
        self.raw = sqlite3.connect(path, isolation_level=None)
        self.raw.execute("PRAGMA journal_mode=WAL")
        self.raw.execute("PRAGMA synchronous=FULL")
        self.raw.execute(
            "CREATE TABLE leaves (n INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT,"
            " e BLOB, f BLOB, g TEXT, h BLOB)"
        )

    def append(self, first: int, count: int) -> None:
        """One transaction."""
        self.raw.execute("BEGIN IMMEDIATE")
        self.raw.executemany(
            "INSERT INTO leaves VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    n, "passport.issued", f"urn:uuid:00000000-0000-4000-8000-{n:012}",
                    f"sha256:{n:064}", f"{n:032}", bytes(32), bytes(32 * (n & 1)),
                    "2026-01-01T00:00:00.000000Z", bytes(32),
                )
                for n in range(first, first + count)
            ),
        )  # fmt: skip
        self.raw.execute("COMMIT")


def timed(work: Callable[[], object]) -> float:
    """Seconds of one piece of work."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def append_all(store: Store, bare: Bare, leaves: int) -> tuple[float, float, float]:
    """Seconds to append all leaves in batches: ours, bare, in turn; and our processor time."""
    ours = floor = processor = 0.0
    for first in range(0, leaves, BATCH):
        events = [event(n) for n in range(first, first + BATCH)]

        def batch(events: list[LogEvent] = events) -> None:
            with store.unit_of_work() as work:
                work.append_leaves(events)

        before = time.process_time()
        ours += timed(batch)
        processor += time.process_time() - before
        floor += timed(lambda first=first: bare.append(first, BATCH))  # type: ignore[misc]
    return ours, floor, processor


def append_singly(store: Store, bare: Bare, count: int, start: int) -> tuple[float, float]:
    """Median seconds of one durable append: ours, bare; in turn."""
    ours, floor = [], []
    for number in range(start, start + count):

        def one(number: int = number) -> None:
            with store.unit_of_work() as work:
                work.append_leaf(*event(number))

        ours.append(timed(one))
        floor.append(timed(lambda number=number: bare.append(number, 1)))  # type: ignore[misc]
    return statistics.median(ours), statistics.median(floor)


def prove(store: Store, bare: Bare, count: int) -> tuple[float, float]:
    """Median seconds of one inclusion proof: ours, and as many bare point reads."""
    ours, floor = [], []
    with store.reading() as view:
        size = view.log_size()
        for number in range(count):
            index = number * (size - 1) // max(count - 1, 1)
            reads = [(index * 7919 + k * 104_729) % size for k in range(size.bit_length())]
            ours.append(timed(lambda index=index: view.inclusion_proof(index, size)))  # type: ignore[misc]

            def bare_reads(reads: list[int] = reads) -> None:
                for at in reads:
                    bare.raw.execute("SELECT * FROM leaves WHERE n = ?", (at,)).fetchone()

            floor.append(timed(bare_reads))
    return statistics.median(ours), statistics.median(floor)


def bare_audit(bare: Bare, leaves: int) -> float:
    """Seconds to read all rows and to hash as many leaves and nodes of the same length."""
    leaf, node = bytes(230), bytes(65)

    def work() -> None:
        for _ in bare.raw.execute("SELECT * FROM leaves ORDER BY n"):
            sha256(leaf).digest()
            sha256(node).digest()
            sha256(node).digest()  # the digest of the row

    return timed(work)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Print the figures beside their floors; returns them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=LEAVES)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    chosen = parser.parse_args(arguments)
    leaves = chosen.leaves // BATCH * BATCH
    figures: dict[str, Any] = {"leaves": leaves}
    with tempfile.TemporaryDirectory(prefix="saltbridge-bench-") as folder:
        url = f"sqlite:///{folder}/node.sqlite"
        store, bare = open_store(url, FixedClock()), Bare(Path(folder) / "bare.sqlite")
        with closing(bare.raw):
            ours, floor, processor = append_all(store, bare, leaves)
            figures["append_batched_cpu_us_per_leaf"] = processor / leaves * 1e6
            figures["append_batched_per_s"] = leaves / ours
            figures["append_batched_floor_per_s"] = leaves / floor
            ours, floor = append_singly(store, bare, 500, leaves)
            figures["append_single_per_s"] = 1 / ours
            figures["append_single_floor_per_s"] = 1 / floor
            ours, floor = prove(store, bare, 500)
            figures["inclusion_proof_ms"] = ours * 1000
            figures["inclusion_proof_floor_ms"] = floor * 1000
            figures["append_peak_mb"] = (
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            )
            store.close()
            audited = subprocess.run(
                [sys.executable, "-c", AUDIT, url], check=True, capture_output=True, text=True
            )
            audit = json.loads(audited.stdout)
            assert audit["errors"] == 0, audit
            assert audit["leaves"] == leaves + 500
            figures |= {f"audit_{name}": value for name, value in audit.items()}
            figures["audit_floor_seconds"] = bare_audit(bare, leaves)
            figures["bytes_per_leaf"] = (Path(folder) / "node.sqlite").stat().st_size / leaves
    show(figures)
    if chosen.json:
        print(json.dumps(figures))
    return figures


def show(found: dict[str, Any]) -> None:
    """The table: what, how fast, the aim, the floor and the ratio to it."""
    rows = [
        (f"append, {BATCH} leaves a commit [/s]", "append_batched_per_s",
         "append_batched_floor_per_s", "≥ 20,000", True),
        ("append, one leaf a durable commit [/s]", "append_single_per_s",
         "append_single_floor_per_s", "≥ 300", True),
        ("inclusion proof [ms]", "inclusion_proof_ms",
         "inclusion_proof_floor_ms", "≤ 2", False),
        ("audit of everything [s]", "audit_seconds", "audit_floor_seconds", "≤ 20", False),
    ]  # fmt: skip
    print(f"The log at {found['leaves']:,} leaves ({found['bytes_per_leaf']:.0f} bytes each)")
    print(f"{'':<42} {'ours':>10} {'aim':>9} {'bare':>10} {'ratio':>6}")
    for what, ours, floor, aim, rate in rows:
        ratio = found[floor] / found[ours] if rate else found[ours] / found[floor]
        digits = 0 if rate else 2
        print(
            f"{what:<42} {found[ours]:>10,.{digits}f} {aim:>9}"
            f" {found[floor]:>10,.{digits}f} {ratio:>6.1f}"
        )
    print(
        f"audit: {found['audit_cpu_seconds']:.1f} s of processor time,"
        f" peak memory {found['audit_peak_mb']:.0f} MB;"
        f" appending: {found['append_batched_cpu_us_per_leaf']:.0f} µs of it a leaf,"
        f" peak memory {found['append_peak_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
