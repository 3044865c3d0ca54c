"""Two companies as separate processes on loopback: ask, negotiate, transfer, verify."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from saltbridge.adapters.processes import ends_with_parent
from saltbridge.bootstrap import open_world
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange.policy import PURPOSE_PASSPORT, usage_offer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import deliveries, progress
from saltbridge.services.negotiate import start_negotiation
from saltbridge.testing.peers import PCF_DOCUMENT

SUPPLIER, CELLMAKER, STRANGER = "BPNL0000SUPPLIER", "BPNL000CELLMAKER", "BPNL0000STRANGER"


def saltbridge(*arguments: object, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "saltbridge", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SALTBRIDGE_LANGUAGE": "en"},
        check=False,
    )
    if expect is not None:
        assert done.returncode == expect, done.stdout + done.stderr
    return done


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def until(ready: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.03)


@dataclass
class Companies:
    """The folders and the serving processes of both companies."""

    root: Path
    ports: dict[str, int]
    servers: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def folder(self, name: str) -> Path:
        return self.root / name

    def serve(self, name: str) -> None:
        log = (self.root / f"{name}.log").open("a")
        self.servers[name] = subprocess.Popen(
            [sys.executable, "-m", "saltbridge", "node", "serve", str(self.folder(name))],
            stdout=log,
            stderr=log,
            text=True,
            preexec_fn=ends_with_parent(),
        )
        log.close()
        until(lambda: self._answers(name))

    def _answers(self, name: str) -> bool:
        assert self.servers[name].poll() is None, (self.root / f"{name}.log").read_text()
        with (
            suppress(URLError, ConnectionError, TimeoutError),
            urlopen(f"http://127.0.0.1:{self.ports[name]}/health", timeout=2) as answer,
        ):
            return answer.status == 200
        return False

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> int:
        server = self.servers.pop(name)
        server.send_signal(how)
        return server.wait(timeout=15)

    def records(self, name: str, kind: str) -> list[dict]:
        world = open_world(self.folder(name))
        try:
            with world.store.reading() as view:
                return [read_json(record.body) for record in view.find(kind)]
        finally:
            world.store.close()


@pytest.fixture
def companies(tmp_path: Path) -> Iterator[Companies]:
    """A supplier that offers one PCF document to the cell maker; nobody serves yet."""
    supplier, cellmaker = free_ports(2)
    both = Companies(tmp_path, {"supplier": supplier, "cellmaker": cellmaker})
    for name, bpn in (("supplier", SUPPLIER), ("cellmaker", CELLMAKER)):
        saltbridge(
            *("node", "init", both.folder(name), "--name", name, "--legal-name", name.title()),
            *("--bpn", bpn, "--jurisdiction", "CN", "--country", "CN"),
            *("--port", both.ports[name], "--allow-loopback-http"),
        )
    for name, other, bpn in (
        ("supplier", "cellmaker", CELLMAKER),
        ("cellmaker", "supplier", SUPPLIER),
    ):
        port = both.ports[other]
        saltbridge(
            *("node", "partner", both.folder(name), "--name", other, "--bpn", bpn),
            *("--did", f"did:web:127.0.0.1%3A{port}", "--jurisdiction", "CN"),
            *("--dsp-url", f"http://127.0.0.1:{port}/2025-1"),
        )
    document = tmp_path / "pcf.json"
    document.write_text(json.dumps(PCF_DOCUMENT))
    saltbridge(
        *("publish", document, "--to", CELLMAKER, "--node", both.folder("supplier")),
        *("--purpose", "cx.pcf.base:1", "--title", "Cathode", "--person", "Export control"),
    )
    yield both
    for server in both.servers.values():
        server.kill()
        server.wait(timeout=10)


def request(companies: Companies, *rest: str, expect: int | None = 0):
    folder = companies.folder("cellmaker")
    return saltbridge("exchange", "request", "supplier", "--node", folder, *rest, expect=expect)


@pytest.mark.full("half a minute of two processes")
def test_ask_negotiate_transfer_verify(companies: Companies):
    companies.serve("supplier")
    companies.serve("cellmaker")
    node = companies.folder("cellmaker")
    shown = saltbridge("exchange", "catalog", SUPPLIER, "--node", node, "--json")
    (dataset,) = json.loads(shown.stdout)
    assert (dataset["title"], dataset["kind"]) == ("Cathode", "pcf")

    began = time.monotonic()
    done = request(companies, "--kind", "pcf", "--wait", "20")
    assert time.monotonic() - began < 15
    assert done.stdout.count("✓") == 10  # the delivery and its nine checks
    listed = saltbridge("exchange", "deliveries", "--node", node, "--json")
    (delivered,) = json.loads(listed.stdout)
    assert delivered["verified"] is True
    one = saltbridge("exchange", "show", delivered["id"], "--node", node, "--json")
    assert json.loads(one.stdout)["claim"]["saltbridge"] == "supplier-record"
    assert len(companies.records("cellmaker", "pcf")) == 1
    assert companies.records("supplier", "transfer")[0]["state"] == "COMPLETED"

    for name in ("supplier", "cellmaker"):
        assert companies.end(name) == 0
        assert "Traceback" not in (companies.root / f"{name}.log").read_text()


@pytest.mark.full("half a minute of refusals between two processes")
def test_refusals_in_words(companies: Companies):
    companies.serve("supplier")
    node = companies.folder("cellmaker")
    not_served = request(companies, "--kind", "pcf", expect=3)
    assert "is not being served" in not_served.stderr
    companies.serve("cellmaker")

    world = open_world(node)
    try:
        partner = world.node.partners[0]
        (dataset,) = request_catalogue(world, partner).datasets
        # altered offer
        altered = {
            **usage_offer(dataset.offers[0].id, PURPOSE_PASSPORT),
        }
        offer = type(dataset.offers[0])(altered["@id"], altered)
        begun = start_negotiation(world, partner, dataset.id, offer)
        until(lambda: progress(world, begun.pid).ended)
        assert progress(world, begun.pid).refusal_code == "exchange.offer-altered"
        assert deliveries(world) == []
    finally:
        world.store.close()

    # not in the access list any more
    supplier = open_world(companies.folder("supplier"))
    try:
        with supplier.store.unit_of_work() as work:
            (record,) = work.find("dataset")
            body = {**read_json(record.body), "access": [STRANGER]}
            work.put("dataset", record.id, canonical_bytes(body))
    finally:
        supplier.store.close()
    hidden = request(companies, dataset.id, "--wait", "10", expect=2)
    assert "offers you no" in hidden.stderr
    assert companies.records("cellmaker", "agreement") == []


@pytest.mark.full("half a minute of killed providers")
def test_a_provider_killed_in_mid_negotiation_finishes_without_duplicates(
    companies: Companies,
):
    companies.serve("supplier")
    companies.serve("cellmaker")
    node = companies.folder("cellmaker")
    for _ in range(3):  # at three different moments of the walk
        started = json.loads(request(companies, "--kind", "pcf", "--json").stdout)
        companies.end("supplier", signal.SIGKILL)
        companies.serve("supplier")
        world = open_world(node)
        try:
            until(lambda w=world, s=started: progress(w, s["negotiation_id"]).ended, 40)
            reached = progress(world, started["negotiation_id"])
        finally:
            world.store.close()
        assert (reached.negotiation, reached.transfer) == ("FINALIZED", "COMPLETED")
        assert reached.verified
    until(
        lambda: all(
            r["state"] == "COMPLETED" for r in companies.records("supplier", "transfer")
        )
    )
    for name in ("supplier", "cellmaker"):
        for kind in ("negotiation", "agreement", "transfer"):
            assert len(companies.records(name, kind)) == 3, (name, kind)
    assert len(companies.records("cellmaker", "delivery")) == 3


@pytest.mark.full("half a minute of providers that are down")
def test_a_consumer_asks_while_the_provider_is_down_and_gets_it_later(companies: Companies):
    companies.serve("supplier")
    companies.serve("cellmaker")
    world = open_world(companies.folder("cellmaker"))
    try:
        partner = world.node.partners[0]
        (dataset,) = request_catalogue(world, partner).datasets
        companies.end("supplier")
        begun = start_negotiation(
            world,
            partner,
            dataset.id,
            dataset.offers[0],
            transfer_wanted=True,
            dataset_kind=dataset.kind,
        )
        until(lambda: progress(world, begun.pid).trouble != "")
        companies.end("cellmaker", signal.SIGKILL)
        companies.serve("supplier")
        companies.serve("cellmaker")
        until(lambda: progress(world, begun.pid).ended, 40)
        assert progress(world, begun.pid).verified
    finally:
        world.store.close()


@pytest.mark.full("half a minute of starts")
def test_a_second_start_and_a_port_in_use_are_said_clearly(companies: Companies):
    companies.serve("supplier")
    again = saltbridge("node", "serve", companies.folder("supplier"), expect=3)
    assert "served already" in again.stderr
    assert f"process {companies.servers['supplier'].pid}" in again.stderr
    port = str(companies.ports["supplier"])
    taken = saltbridge("node", "serve", companies.folder("cellmaker"), "--port", port, expect=3)
    assert f"Port {port} on 127.0.0.1 cannot be used" in taken.stderr
    assert "--port" in taken.stderr
    assert len(companies.records("supplier", "dataset")) == 1  # nothing was lost
    assert companies.end("supplier", signal.SIGINT) == 0
    companies.serve("supplier")  # the lock went with the process
