"""A registry of a million twins: how long a partner's lookup takes, and what the twins cost.

The floor, measured in turn with it in the same run: one row of a bare SQLite table found by its
primary key, once for every link of the lookup. A lookup names the level, the part number and
the serial number: two lists as long as the registry, and one of a single twin. The worst search
joins two long lists that have nothing in common. Times depend on the machine and on who else
uses it; the ratios less so.
"""

import argparse
import json
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from saltbridge.adapters.stores import open_store
from saltbridge.exchange.battery_twins import PART_INSTANCE, BatteryNames, battery_twin
from saltbridge.exchange.twins import AssetLink, Twin
from saltbridge.formats.aas_answers import created_text
from saltbridge.formats.aas_registry import dsp_aspect
from saltbridge.ports import World
from saltbridge.services.twin_registry import descriptor, descriptors, ids_of
from saltbridge.steps.twin_keeping import write_new_twins
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of

BATCH = 5_000
PARTS = 50
NAMEPLATE = "urn:samm:io.admin-shell.idta.batterypass.digital_nameplate:1.0.0#BatteryNameplate"


def a_world(folder: Path) -> tuple[World, str]:
    """A cell maker with a store on disk, and the BPN of its one partner."""
    clock = FixedClock()
    cars = node_profile("carmaker", jurisdiction="EU", port=8103)
    cells = node_profile("cellmaker", jurisdiction="CN", partners=(partner_of(cars),))
    store = open_store(f"sqlite:///{folder / 'node.sqlite'}", clock)
    return memory_world(cells, clock=clock, store=store), cars.bpn


def twins(world: World, reader: str, first: int, count: int) -> Iterator[Twin]:
    """Batteries of some models, as a cell maker registers them."""
    base, created = world.node.base_url, created_text(world.clock.now())
    for number in range(first, first + count):
        id = f"{number:032x}"
        aspect = dsp_aspect(
            id=f"urn:uuid:a{id[1:]}",
            name="BatteryNameplate",
            semantic_id=NAMEPLATE,
            also=(),
            address=f"{base}/data/aspects/urn:uuid:a{id[1:]}/submodel",
            dataset="urn:uuid:00000000-0000-4000-8000-00000000d7a0",
            endpoint=f"{base}/2025-1",
        )
        names = BatteryNames(
            manufacturer=world.node.bpn,
            part_number=f"PART-{number % PARTS:03}",
            serial=f"S-{number:09}",
        )
        yield battery_twin(
            names,
            id=f"urn:uuid:{id}",
            global_asset_id=f"urn:uuid:b{id[1:]}",
            aspects=[aspect],
            readers=[reader],
            created_at=created,
            document={},
        )


def fill(world: World, reader: str, count: int) -> float:
    """Register the twins; seconds it took."""
    started = time.perf_counter()
    for first in range(0, count, BATCH):
        world.clock.advance(seconds=1)  # type: ignore[attr-defined]
        made = list(twins(world, reader, first, min(BATCH, count - first)))
        with world.store.unit_of_work() as work:
            write_new_twins(world, work, made, "bench")
        if first % 100_000 == 0 and first:
            print(f"  {first:,} twins, {time.perf_counter() - started:.0f} s", flush=True)
    return time.perf_counter() - started


def bare(folder: Path, count: int) -> sqlite3.Connection:
    """The floor: a table whose primary key is what a lookup asks for."""
    table = sqlite3.connect(folder / "bare.sqlite")
    table.execute("CREATE TABLE link (name TEXT, value TEXT, twin TEXT, "
                  "PRIMARY KEY (name, value, twin)) WITHOUT ROWID")  # fmt: skip
    rows = (("partInstanceId", f"S-{n:09}", f"urn:uuid:{n:032x}") for n in range(count))
    table.executemany("INSERT INTO link VALUES (?, ?, ?)", rows)
    table.commit()
    return table


def timed(what: Callable[[int], Any], numbers: list[int]) -> list[float]:
    """Milliseconds of each call."""
    times = []
    for number in numbers:
        started = time.perf_counter()
        what(number)
        times.append((time.perf_counter() - started) * 1000)
    return times


def told(name: str, times: list[float], floor: list[float] | None = None) -> dict[str, Any]:
    """The line of one measurement."""
    ordered = sorted(times)
    p50, p99 = statistics.median(ordered), ordered[max(0, int(len(ordered) * 0.99) - 1)]
    beside = f", {p50 / statistics.median(floor):.0f} × the floor" if floor else ""
    print(
        f"{name:46} p50 {p50:8.3f} ms  p99 {p99:8.3f} ms  worst {ordered[-1]:8.3f} ms{beside}"
    )
    return {"p50_ms": p50, "p99_ms": p99, "worst_ms": ordered[-1], "calls": len(times)}


def measure(world: World, reader: str, count: int, calls: int, folder: Path) -> dict[str, Any]:
    """All lookups, in turn with the floor."""
    chosen = random.Random(2026)
    numbers = [chosen.randrange(count) for _ in range(calls)]
    table = bare(folder, count)

    def floor(number: int) -> Any:
        for _ in range(3):
            table.execute(
                "SELECT twin FROM link WHERE name = ? AND value = ? LIMIT 2",
                ("partInstanceId", f"S-{number:09}"),
            ).fetchall()

    def lookup(number: int) -> None:
        links = [
            AssetLink("digitalTwinType", PART_INSTANCE),
            AssetLink("manufacturerPartId", f"PART-{number % PARTS:03}"),
            AssetLink("partInstanceId", f"S-{number:09}"),
        ]
        found = ids_of(world, reader, links, limit=50)
        assert found.ids == (f"urn:uuid:{number:032x}",), found

    def unknown(number: int) -> None:
        links = [AssetLink("digitalTwinType", PART_INSTANCE), AssetLink("partInstanceId", "?")]
        assert ids_of(world, reader, links, limit=50).ids == ()

    def of_a_model(number: int) -> None:
        links = [
            AssetLink("manufacturerPartId", f"PART-{number % PARTS:03}"),
            AssetLink("digitalTwinType", PART_INSTANCE),
        ]
        assert len(ids_of(world, reader, links, limit=50).ids) == 50

    def apart(number: int) -> None:
        links = [
            AssetLink("manufacturerPartId", f"PART-{number % PARTS:03}"),
            AssetLink("manufacturerPartId", f"PART-{(number + 1) % PARTS:03}"),
        ]
        ids_of(world, reader, links, limit=50)

    def one(number: int) -> None:
        assert descriptor(world, reader, f"urn:uuid:{number:032x}")

    def page(number: int) -> None:
        assert len(descriptors(world, reader, (), limit=50).members) == 50

    timed(lookup, numbers[:50])  # caches of the page cache and of compiled statements
    base = timed(floor, numbers)
    results = {"floor": told("floor: three rows by primary key", base)}
    for name, what, times in (
        ("lookup by level, part and serial number", lookup, numbers),
        ("lookup of a battery that is not there", unknown, numbers),
        ("fifty batteries of a model", of_a_model, numbers[: calls // 4]),
        ("one descriptor", one, numbers),
        ("fifty descriptors", page, numbers[: calls // 20]),
        ("two long lists with nothing in common", apart, numbers[:3]),
    ):
        results[name] = told(name, timed(what, times), base)
    return results


def main() -> None:
    """Fill a registry and ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--twins", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="saltbridge-twins-") as name:
        folder = Path(name)
        world, reader = a_world(folder)
        seconds = fill(world, reader, given.twins)
        size = sum(f.stat().st_size for f in folder.glob("node.sqlite*"))
        rate, each = given.twins / seconds, size / given.twins / 1000
        print(
            f"{given.twins:,} twins: {seconds:.0f} s, {rate:,.0f} a second, {each:.1f} kB each"
        )
        results = measure(replace(world), reader, given.twins, given.calls, folder)
        world.store.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    p99 = results["lookup by level, part and serial number"]["p99_ms"]
    print(f"p99 of a lookup: {p99:.2f} ms (target 10 ms); most memory {memory:.0f} MB")
    if given.json:
        figures = {"twins": given.twins, "seconds": seconds, "bytes": size, **results}
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
