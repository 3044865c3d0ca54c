"""Walks between two served nodes: one at a time, and as many as clients ask for at once.

A third process drives them, as the command line does: it asks for the catalogue, begins
negotiations in the consumer's store and looks into it for their end. The serving processes
find what was begun, speak to each other, and commit every step.
"""

import json
import statistics
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from exchange_nodes import Served

from saltbridge.core.canonical import read_json
from saltbridge.exchange.model import Offer
from saltbridge.ports import Partner, World
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import progress
from saltbridge.services.negotiate import fitting_offer, start_negotiation

FIRST_BYTE = "/data/{pid}"  # the route of the data plane, as the provider logs it
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 120.0


def first_bytes(world: World, provider: Served, count: int) -> dict[str, float]:
    """Milliseconds from asking for the catalogue until the provider sent the data.

    The end is the line in the provider's log, written when the answer with the bytes had been
    handed to the socket: later than the first byte, never earlier. ``delivered`` is when the
    consumer had checked and kept them.
    """
    partner = world.node.partners[0]
    sent, kept, asked = [], [], []
    for _ in range(count):
        began, clock = time.time(), time.perf_counter()
        shown = request_catalogue(world, partner).datasets[0]
        asked.append(time.perf_counter() - clock)
        offer = fitting_offer(world, shown.offers)
        begun = start_negotiation(
            world, partner, shown.id, offer, transfer_wanted=True, dataset_kind=shown.kind
        )
        while not (now := progress(world, begun.pid)).ended:
            assert time.perf_counter() - clock < PATIENCE_SECONDS, now
            time.sleep(0.005)
        assert now.verified, now
        kept.append(time.perf_counter() - clock)
        sent.append(_sent_since(provider.log, began) - began)
    ms = {"first_byte_ms": sent, "delivered_ms": kept, "catalogue_ms": asked}
    figures = {name: statistics.median(values) * 1000 for name, values in ms.items()}
    figures["first_byte_worst_ms"] = max(sent) * 1000
    return figures


def _sent_since(log: Path, moment: float) -> float:
    """When the data plane answered first after a moment, by the provider's log."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines()[-60:]:
            told = json.loads(line)
            at = datetime.fromisoformat(told["time"]).timestamp()
            if told.get("route") == FIRST_BYTE and at >= moment:
                assert told["status"] == 200, told
                return at
        time.sleep(0.02)
    raise LookupError("the provider never logged that it sent the data")


def negotiations(
    world: World, served: tuple[Served, Served], count: int, clients: int
) -> dict[str, float]:
    """Complete negotiations a second, so many of them under way at any moment.

    Each runs from the request to FINALIZED in the consumer's store: four messages, each with
    a sign-in and a commit on either side.
    """
    partner = world.node.partners[0]
    shown = request_catalogue(world, partner).datasets[0]
    offer = fitting_offer(world, shown.offers)
    _run(world, partner, shown.id, offer, 2 * clients, clients)  # caches, compiled statements
    before = [process.cpu_seconds for process in served]
    own, began = time.process_time(), time.perf_counter()
    _run(world, partner, shown.id, offer, count, clients)
    seconds = time.perf_counter() - began
    cpu = [process.cpu_seconds - then for process, then in zip(served, before, strict=True)]
    return {
        "rate": count / seconds,
        "provider_cpu_ms": cpu[0] / count * 1000,
        "consumer_cpu_ms": cpu[1] / count * 1000,
        "driver_cpu_ms": (time.process_time() - own) / count * 1000,
    }


def _run(
    world: World, partner: Partner, dataset: str, offer: Offer, count: int, clients: int
) -> None:
    waiting: set[str] = set()
    begun, done, deadline = 0, 0, time.monotonic() + PATIENCE_SECONDS
    while done < count:
        while begun < count and len(waiting) < clients:
            waiting.add(start_negotiation(world, partner, dataset, offer).pid)
            begun += 1
        ended = _ended(world, waiting)
        waiting -= ended
        done += len(ended)
        if ended:
            deadline = time.monotonic() + PATIENCE_SECONDS
        else:
            assert time.monotonic() < deadline, f"{done} of {count} came to an end"
            time.sleep(LOOK_SECONDS)


def _ended(world: World, waiting: set[str]) -> set[str]:
    with world.store.reading() as view:
        records: list[Any] = [
            read_json(record.body) for record in view.get_many("negotiation", waiting).values()
        ]
    ended = {r["consumer_pid"] for r in records if r["state"] in ("FINALIZED", "TERMINATED")}
    refused = [r for r in records if r["state"] == "TERMINATED"]
    assert not refused, refused[0]
    return ended
