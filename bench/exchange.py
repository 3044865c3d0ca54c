"""The exchange of a node: how long a first byte takes, how many negotiations, how much memory.

Everything is measured on nodes served by the command a person runs, with credentials checked
(DCP) and commits that reach the disk. Rates and times are by the clock on the wall, which a
busy machine lengthens; the processor time of one negotiation, on either side, it lengthens
less. ``exchange_edc`` puts the figures of an EDC control plane beside ours, where it can run.
"""

import argparse
import importlib
import importlib.util
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from exchange_data import data_plane
from exchange_nodes import dataspace, serve
from exchange_walks import first_bytes, negotiations

from saltbridge.bootstrap import opened_world

PEER = "exchange_edc"  # a module beside this one: measured(folder, quick) -> figures by name

# what, our figure, its aim, digits, the peer's figure
ROWS: list[tuple[str, str, tuple[str, float] | None, int, str]] = [
    ("catalogue to first byte, median [ms]", "first_byte_ms", ("<=", 250), 0,
     "edc_first_byte_ms"),
    ("  the slowest [ms]", "first_byte_worst_ms", None, 0, ""),
    ("  checked and kept, median [ms]", "delivered_ms", None, 0, ""),
    ("  beside EDC with sleeps of 50 ms", "first_byte_ms", None, 0, "edc_50_first_byte_ms"),
    ("negotiations, {clients} clients [/s]", "rate", (">=", 40), 1, "edc_rate"),
    ("  beside EDC with sleeps of 50 ms", "rate", (">=", 40), 1, "edc_50_rate"),
    ("  processor time of one, provider [ms]", "provider_cpu_ms", None, 1, "edc_cpu_ms"),
    ("  consumer [ms]", "consumer_cpu_ms", None, 1, ""),
    ("  who drives them [ms]", "driver_cpu_ms", None, 1, ""),
    ("cold start of a node [s]", "start_s", ("<=", 2), 2, "edc_start_s"),
    ("resident after {negotiations:,} negotiations [MB]", "resident_mb", ("<=", 200), 0,
     "edc_resident_mb"),
    ("  the consumer [MB]", "consumer_resident_mb", None, 0, ""),
    ("data plane, {kb:.0f} kB again, times a bare route", "data_small_ratio", ("<=", 1.3), 2,
     ""),
    ("  read from the store, times bare", "data_small_store_ratio", None, 2, ""),
    ("data plane, 0.9 MB again, times a bare route", "data_large_ratio", ("<=", 1.3), 2, ""),
    ("  read from the store, times bare", "data_large_store_ratio", None, 2, ""),
    ("eight partners read 40 MB each, memory rises by [MB]", "served_mb", None, 0, ""),
    ("sent a body of 1 GB, memory rises by [MB]", "gigabyte_sent_mb", ("<=", 10), 0, ""),
    ("pulling 1 GB (50 are taken), memory rises by [MB]", "gigabyte_pulled_mb", ("<=", 110), 0,
     ""),
]  # fmt: skip


def measure_nodes(folder: Path, given: argparse.Namespace, figures: dict[str, Any]) -> None:
    """Two served nodes: start, first bytes, negotiations, memory."""
    with (
        dataspace(folder) as (provider, consumer),
        serve(provider) as giving,
        serve(consumer) as taking,
        opened_world(consumer.folder) as world,
    ):
        figures["start_s"] = min(giving.seconds, taking.seconds)
        figures |= first_bytes(world, giving, given.walks)
        figures |= negotiations(world, (giving, taking), given.negotiations, given.clients)
        figures["resident_mb"] = giving.resident_mb()
        figures["consumer_resident_mb"] = taking.resident_mb()
        with opened_world(provider.folder) as selling:
            figures |= data_plane(folder, selling, giving, provider.port, given.requests)


def measure_peer(folder: Path, quick: bool, figures: dict[str, Any]) -> None:
    """The figures of the peer, where its module is here; why there are none, otherwise."""
    if importlib.util.find_spec(PEER) is None:
        return
    figures |= importlib.import_module(PEER).measured(folder, quick)


def print_table(figures: dict[str, Any], counts: dict[str, float]) -> None:
    """Ours, the aim and whether it is met, the peer and how many times ours is better."""
    print(f"{'':52}{'ours':>9}  {'aim':<14}{'EDC':>9}{'ratio':>8}")
    for what, name, aim, digits, peer in ROWS:
        ours, beside = figures.get(name), figures.get(peer)
        if ours is None and beside is None:
            continue
        line = f"{what.format(**counts):52}{_told(ours, digits):>9}  {_judged(ours, aim):<14}"
        if beside is not None:
            line += f"{_told(beside, digits):>9}"
            if ours:
                ratio = ours / beside if aim and aim[0] == ">=" else beside / ours
                line += f"{ratio:8.1f}"
        print(line.rstrip())


def print_ratios(figures: dict[str, Any]) -> None:
    """How many times faster the first byte is than EDC's, and whether that was the aim."""
    for settings, peer, aim in (
        ("its default settings", "edc_first_byte_ms", 10),
        ("sleeps of 50 ms", "edc_50_first_byte_ms", 2),
    ):
        if peer in figures:
            ratio = figures[peer] / figures["first_byte_ms"]
            judged = _judged(ratio, (">=", aim))
            print(f"first byte {ratio:.1f} times as fast as EDC with {settings}: {judged}")


def _told(figure: float | None, digits: int) -> str:
    return "" if figure is None else f"{figure:,.{digits}f}"


def _judged(figure: float | None, aim: tuple[str, float] | None) -> str:
    if figure is None or aim is None:
        return ""
    sign, limit = aim
    met = figure <= limit if sign == "<=" else figure >= limit
    return f"{'≤' if sign == '<=' else '≥'} {limit:g} {'met' if met else 'MISSED'}"


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Print the figures beside their aims and the peer's; returns them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=30, help="one at a time, to first byte")
    parser.add_argument("--negotiations", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=4_000, help="at the data plane")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--quick", action="store_true", help="only shows that everything runs")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    given = parser.parse_args(arguments)
    if given.quick:
        given.walks, given.negotiations = min(given.walks, 3), min(given.negotiations, 64)
        given.requests = min(given.requests, 400)
    figures: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="saltbridge-exchange-") as name:
        measure_nodes(Path(name), given, figures)
        measure_peer(Path(name), given.quick, figures)
    figures["seconds"] = time.monotonic() - began
    print(
        f"load of the machine {figures['load_before']:.1f} before, {os.getloadavg()[0]:.1f} "
        f"after; {figures['seconds']:.0f} s in all"
    )
    told = {"clients": given.clients, "negotiations": given.negotiations}
    print_table(figures, {**told, "kb": figures["data_kb"]})
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    main(sys.argv[1:])
