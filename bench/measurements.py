"""Measurements taken in: CSV bytes to committed records, beside raw inserts of the same bodies.

Floor: the rows of the records table put into a bare SQLite file by its own Python module, with
the same durability, one transaction per file. A snapshot is what a battery management system
sends: 12 values of one battery.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from saltbridge.adapters.stores import open_store
from saltbridge.core.canonical import canonical_bytes
from saltbridge.ports import World
from saltbridge.services.measure import measure
from saltbridge.steps.passport_measured import RECORD
from saltbridge.testing.builders import FixedClock, memory_world
from saltbridge.trust.did import iso

HEAD = "battery,attribute,value,unit,measured_at,source,method,replaces\n"
DUE = 10_000  # measurements per second


def passport_id(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012}"


def snapshot(battery: str, round_: int, moment: str) -> str:
    """12 values of one battery as CSV rows."""
    values = (
        ("A093", 97.5 - round_, "%"), ("A089", 118.2 - round_, "Ah"), ("A117", 0.061, "ohm"),
        ("A094", 55.5, "%"), ("A130", 21.5, "degC"), ("A126", 10 + round_, "cycle"),
        ("A127", 500.5 + round_, "kWh"), ("A128", 1500.5 + round_, "Ah"),
        ("A134", round_, "min"), ("A135", round_, "min"), ("A138", round_, ""), ("A139", 0, ""),
    )  # fmt: skip
    return "".join(f"{battery},{a},{v},{u},{moment},BMS,,\n" for a, v, u in values)


def world_with(path: Path, batteries: int, clock: FixedClock) -> World:
    """A node that issued passports; of a passport, what taking in measurements looks at."""
    world = replace(memory_world(clock=clock), clock=clock)
    store = open_store(f"sqlite:///{path}", clock)
    with store.unit_of_work() as work:
        for number in range(batteries):
            id = passport_id(number)
            known = {"id": id, "status": "active", "version": 1}  # the version is not there
            work.put("passport", id, canonical_bytes(known))
    return replace(world, store=store)


def floor(path: Path, bodies: list[tuple[str, bytes]]) -> Callable[[int], float]:
    """Seconds that bare inserts of the same bodies take."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute(
        "CREATE TABLE records (kind TEXT, id TEXT, version INTEGER, body BLOB, digest TEXT,"
        " PRIMARY KEY (kind, id, version))"
    )

    def run(round_: int) -> float:
        started = time.perf_counter()
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(
            "INSERT INTO records VALUES ('m', ?, 1, ?, 'sha256:0')",
            ((f"{round_:04}{id}", body) for id, body in bodies),
        )
        raw.execute("COMMIT")
        return time.perf_counter() - started

    return run


def measured(batteries: int, rounds: int) -> dict[str, float]:
    """Measurements a second: taken in, by processor time, and by bare inserts."""
    clock = FixedClock()
    with tempfile.TemporaryDirectory() as folder:
        world = world_with(Path(folder) / "node.db", batteries, clock)
        with closing(world.store):
            ours, cpu, bare = [], [], []
            run: Callable[[int], float] | None = None
            for round_ in range(rounds):
                clock.advance(days=1)
                moment = iso(clock.now() - timedelta(hours=1))
                rows = (snapshot(passport_id(n), round_, moment) for n in range(batteries))
                content = (HEAD + "".join(rows)).encode()
                started, busy = time.perf_counter(), time.process_time()
                measure(world, content, "bms.csv")
                ours.append(time.perf_counter() - started)
                cpu.append(time.process_time() - busy)
                if run is None:
                    with world.store.reading() as view:
                        found = view.find(RECORD, limit=batteries)
                    run = floor(Path(folder) / "bare.db", [(r.id, r.body) for r in found])
                bare.append(run(round_))
    taken = 12 * batteries
    return {
        "measurements": taken / statistics.median(ours),
        "measurements_cpu": taken / statistics.median(cpu),
        "measurements_floor": taken / statistics.median(bare),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batteries", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = measured(given.batteries, given.rounds)
    mine, least = found["measurements"], found["measurements_floor"]
    print(f"12 measurements of {given.batteries} batteries a file, {given.rounds} files")
    print(f"taken in   {mine:>10,.0f} measurements/s   due: {DUE:,} a second")
    print(f"processor  {found['measurements_cpu']:>10,.0f} measurements/s")
    print(f"raw insert {least:>10,.0f} measurements/s   ratio {least / mine:.0f}")


if __name__ == "__main__":
    main()
