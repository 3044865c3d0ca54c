"""Passports at fleet size: issued, signed, logged and stored; read; looked up by serial.

Every figure stands beside its aim and, where there is one, a bare floor of the same run. Rates
are by the clock on the wall, which a busy machine lengthens; beside them stands the processor
time of one passport, ours and the floor's, which it lengthens less. Reads are counted by the
server's processor time alone (``passport_read``).
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measurements import measured
from passport_issue import (
    EXAMPLES,
    floor_postgres,
    floor_sqlite,
    issue,
    new_node,
    of_postgres,
    of_sqlite,
)
from passport_read import looked_up, measure_reading

from saltbridge.bootstrap import opened_world
from saltbridge.services.log_audit import audit
from saltbridge.testing.fleets import write_fleet_csv
from saltbridge.testing.postgres import NoPostgres, new_database, postgres_server

SMALL = 2_000  # batteries whose memory is compared with that of the whole list
FLOOR = 5_000
ADDRESSES = 1_000_000
LONG = 100_000  # batteries from which a list is gone through once only, and told of
KEPT_FREE = 20 * 2**30  # bytes of the disk that a run leaves

# what, figure, its aim and the words for it, digits, floor
ROWS: list[tuple[str, str, tuple[str, float] | None, int, str]] = [
    ("issued on SQLite, two workers [/s]", "sqlite_two", (">=", 1000), 0, "sqlite_floor"),
    ("  one process [/s]", "sqlite_one", None, 0, "sqlite_floor"),
    ("issued on PostgreSQL, two workers [/s]", "postgres_two", (">=", 1500), 0,
     "postgres_floor"),
    ("processor time of one, SQLite [µs]", "sqlite_one_us", None, 0, "sqlite_floor_us"),
    ("  PostgreSQL, without its server [µs]", "postgres_two_us", None, 0,
     "postgres_floor_us"),
    ("peak resident, one process [MB]", "peak_mb", ("<=", 500), 0, ""),
    ("  of two workers together [MB]", "two_mb", None, 0, ""),
    ("on disk, each further passport [KiB]", "each_kib", ("<=", 6), 2, ""),
    ("JSON of a stored view, SQLite [/s, core]", "sqlite_json", (">=", 5000), 0, "json_floor"),
    ("  PostgreSQL [/s, core]", "postgres_json", (">=", 5000), 0, "json_floor"),
    ("  read for the first time, SQLite [ms CPU]", "sqlite_cold_json_cpu_ms", None, 2, ""),
    ("  PostgreSQL [ms CPU]", "postgres_cold_json_cpu_ms", None, 2, ""),
    ("page at 100 requests/s, p99 [ms]", "sqlite_page_ms", ("<=", 30), 1, ""),
    ("  processor time of one [ms]", "sqlite_page_cpu_ms", None, 2, ""),
    ("  each drawn for the first time [ms]", "sqlite_drawn_ms", ("<=", 30), 1, ""),
    ("  processor time of one [ms]", "sqlite_drawn_cpu_ms", None, 2, ""),
    ("  PostgreSQL [ms]", "postgres_page_ms", ("<=", 30), 1, ""),
    ("  processor time of one [ms]", "postgres_page_cpu_ms", None, 2, ""),
    ("  each for the first time [ms]", "postgres_drawn_ms", ("<=", 30), 1, ""),
    ("  processor time of one [ms]", "postgres_drawn_cpu_ms", None, 2, ""),
    ("look-up among {addresses:,}, SQLite [ms]", "sqlite_lookup_ms", ("<=", 1), 2, ""),
    ("  PostgreSQL [ms]", "postgres_lookup_ms", ("<=", 1), 2, ""),
    ("measurements taken in [/s]", "measurements", (">=", 10_000), 0, "measurements_floor"),
    ("  by processor time [/s]", "measurements_cpu", None, 0, ""),
]  # fmt: skip


def measure_sqlite(folder: Path, count: int, figures: dict[str, Any]) -> Path:
    """Issuing on SQLite by one process and by two, memory and bytes; returns a node.

    A long list is gone through once, by two.
    """
    small, whole = folder / "small.csv", folder / "whole.csv"
    write_fleet_csv(small, EXAMPLES, SMALL)
    write_fleet_csv(whole, EXAMPLES, count)
    few_node = new_node(folder)
    few = issue(few_node, small, 1)
    figures["small_mb"], size = few["peak_mb"], (few_node / "node.sqlite").stat().st_size
    shutil.rmtree(few_node)
    node, long = new_node(folder), count > LONG
    many = issue(node, whole, 2 if long else 1, told=long)
    assert many["issued"] == count, many
    figures["sqlite_one_us"], figures["peak_mb"] = many["cpu_us"], many["peak_mb"]
    grown = (node / "node.sqlite").stat().st_size - size
    figures["each_kib"] = grown / max(1, count - SMALL) / 1024
    one = of_sqlite(node)
    figures["documents_kib"] = sum(map(len, one["documents"])) / 1024
    floor = floor_sqlite(folder, one, FLOOR)
    figures["sqlite_floor"], figures["sqlite_floor_us"] = floor["rate"], floor["cpu_us"]
    if long:
        figures["sqlite_two"], figures["two_mb"] = count / many["seconds"], many["sum_mb"]
        return node
    figures["sqlite_one"] = count / many["seconds"]
    other = new_node(folder)
    two = issue(other, whole, 2)
    figures["sqlite_two"], figures["two_mb"] = count / two["seconds"], two["sum_mb"]
    shutil.rmtree(other)
    with opened_world(node) as world:
        found = audit(world).found
        assert found.keys() <= {"audit.document-unlogged"}, found
    return node


def measure_postgres(folder: Path, count: int, addresses: int, figures: dict[str, Any]) -> None:
    """Issuing, reading and looking up on PostgreSQL; its commits reach the disk.

    Without ``addresses`` only issuing.
    """
    whole = folder / "postgres.csv"
    write_fleet_csv(whole, EXAMPLES, count)
    with postgres_server(durable=True) as server:
        with new_database(server) as url:
            node = new_node(folder, url)
            two = issue(node, whole, 2)
            figures["postgres_two"], figures["postgres_two_us"] = (
                count / two["seconds"],
                two["cpu_us"],
            )
            floor = floor_postgres(url, of_postgres(node, url), FLOOR)
            figures["postgres_floor"] = floor["rate"]
            figures["postgres_floor_us"] = floor["cpu_us"]
            if addresses:
                measure_reading(node, figures, "postgres")
        if not addresses:
            return
        with new_database(server) as url:
            found = looked_up(url, addresses)
            figures["postgres_lookup_ms"] = found["median"]
            figures["postgres_lookup_p99_ms"] = found["p99"]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Print the figures beside their aims and floors; returns them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="batteries of the fleet")
    parser.add_argument(
        "--million",
        action="store_true",
        help="1,000,000 batteries: by two workers, with what they take every minute",
    )
    parser.add_argument("--addresses", type=int, default=ADDRESSES, help="for the look-up")
    parser.add_argument("--reads", action="store_true", help="only reading (1,000 batteries)")
    parser.add_argument("--issuing", action="store_true", help="only issuing")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    chosen = parser.parse_args(arguments)
    if chosen.reads:
        return reads(chosen.json)
    count = 1_000_000 if chosen.million else chosen.count
    addresses = 0 if chosen.issuing else chosen.addresses
    figures: dict[str, Any] = {"count": count, "addresses": addresses}
    figures["load_before"], started = os.getloadavg()[0], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="saltbridge-bench-") as name:
        folder = Path(name)
        free = shutil.disk_usage(folder).free - KEPT_FREE
        if count * 8 * 1024 > free:
            sys.exit(f"{count:,} passports need some {count * 8 / 2**20:.0f} GiB of disk")
        node = measure_sqlite(folder, count, figures)
        print(json.dumps(figures), file=sys.stderr)  # a long run may be cut short
        if addresses:
            measure_reading(node, figures, "sqlite")
            found = looked_up(f"sqlite:///{folder}/addresses.sqlite", addresses)
            figures["sqlite_lookup_ms"], figures["sqlite_lookup_p99_ms"] = found.values()
            figures |= measured(1000, 5)
            print(json.dumps(figures), file=sys.stderr)
        try:
            measure_postgres(folder, min(count, 20_000), addresses, figures)
        except NoPostgres as absent:
            print(f"PostgreSQL: not measured ({absent})")
    figures["load_after"], figures["seconds"] = os.getloadavg()[0], time.monotonic() - started
    show(figures)
    if chosen.json:
        print(json.dumps(figures))
    return figures


def reads(as_json: bool) -> dict[str, Any]:
    """Only what reading takes, of a small fleet on both stores."""
    figures: dict[str, Any] = {"count": 1000, "addresses": 0, "documents_kib": 0.0}
    figures["load_before"], started = os.getloadavg()[0], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="saltbridge-bench-") as name:
        folder = Path(name)
        write_fleet_csv(folder / "few.csv", EXAMPLES, 1000)
        node = new_node(folder)
        issue(node, folder / "few.csv", 1)
        measure_reading(node, figures, "sqlite")
        try:
            with postgres_server(durable=True) as server, new_database(server) as url:
                node = new_node(folder, url)
                issue(node, folder / "few.csv", 1)
                measure_reading(node, figures, "postgres")
        except NoPostgres as absent:
            print(f"PostgreSQL: not measured ({absent})")
    figures["load_after"], figures["seconds"] = os.getloadavg()[0], time.monotonic() - started
    print(f"load {figures['load_before']:.1f} before, {figures['load_after']:.1f} after")
    _table([row for row in ROWS if row[1] in figures], figures)
    if as_json:
        print(json.dumps(figures))
    return figures


def show(found: dict[str, Any]) -> None:
    """The table: what, how much, the aim and whether it is met, the floor and the ratio."""
    print(
        f"{found['count']:,} passports, documents of {found['documents_kib']:.0f} KiB each;"
        f" load of the machine {found['load_before']:.1f} before,"
        f" {found['load_after']:.1f} after; {found['seconds']:.0f} s in all"
    )
    _table(ROWS if found["addresses"] else [r for r in ROWS if r[1] in found], found)
    print(f"peak resident for {SMALL:,}: {found['small_mb']:.0f} MB")
    for store, name in (("SQLite", "sqlite"), ("PostgreSQL", "postgres")):
        if (p99 := found.get(f"{name}_lookup_p99_ms")) is not None:
            print(f"p99 of a look-up on {store}: {p99:.2f} ms")


def _table(rows: list[Any], found: dict[str, Any]) -> None:
    print(f"{'':<42} {'ours':>9} {'aim':>9} {'':<6} {'bare':>9} {'ratio':>6}")
    for words, name, aim, digits, floor in rows:
        what = words.format(**found)
        if name not in found:
            print(f"{what:<42} {'—':>9} {'not measured':>16}")
            continue
        ours = found[name]
        line = f"{what:<42} {ours:>9,.{digits}f} {_aim(ours, aim)}"
        if floor in found:
            high, low = max(ours, found[floor]), min(ours, found[floor])
            line += f" {found[floor]:>9,.0f} {high / low:>6.1f}"
        print(line.rstrip())


def _aim(ours: float, aim: tuple[str, float] | None) -> str:
    if aim is None:
        return f"{'':>9} {'':<6}"
    sign, due = aim
    met = ours >= due if sign == ">=" else ours <= due
    shown = f"{'≥' if sign == '>=' else '≤'} {due:,.0f}"
    return f"{shown:>9} {'met' if met else 'MISSED':<6}"


if __name__ == "__main__":
    main()
