"""A served node that plays the kit's part: seeds, triggers, a static header for a token.

Everything in front of and behind these is the shipped node: its application, its services, its
outbox worker, an SQLite store on disk, the guarded client.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from tests.conformance.dsp.cases import KIT_PARTICIPANT, KNOWN, offer_id
from tests.conformance.dsp.script import ACT, NEGOTIATIONS, TRANSFERS, Scripted, act

from saltbridge.adapters.clock import SystemClock
from saltbridge.adapters.http import SafeHttpClient
from saltbridge.adapters.identifiers import RandomIdentifiers
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.adapters.stores import open_store
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.model import Agreement, Offer, Role
from saltbridge.exchange.records import KeptAgreement, agreement_record
from saltbridge.ports import NodeProfile, Partner, World
from saltbridge.services import negotiate, transfer
from saltbridge.services.sign_in import Caller
from saltbridge.testing.builders import memory_world, node_profile
from saltbridge.trust.did import iso
from saltbridge.trust.suites import NotVerified
from saltbridge.web.app import create_app

KIT_BPN: Final = "BPNL00000000TCK1"
AUTHORIZATION: Final = "kit-of-the-conformance-tests"
POLICY: Final = {"permission": [{"action": "use"}]}


@dataclass(frozen=True, slots=True)
class Served:
    """Where the node is reached, and where it expects the kit."""

    world: World
    base_url: str
    callback: str


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A node over loopback, until the block ends."""
    port, kit_port = free_ports(2)
    world = kit_world(folder, port, kit_port)
    worker = OutboxWorker(world, {**outbox_handlers(), ACT: act}, threads=16)
    config = uvicorn.Config(
        application(world, worker), host="127.0.0.1", port=port, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    worker.start()
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Served(world, world.node.base_url, f"http://127.0.0.1:{kit_port}")
    finally:
        server.should_exit = True
        thread.join(10)
        worker.stop()
        world.store.close()


def kit_world(folder: Path, port: int, kit_port: int) -> World:
    """The world of the node: the kit is its only partner, and scripts decide."""
    clock = SystemClock()
    for old in folder.glob("node.sqlite*"):
        old.unlink()
    built = memory_world(kit_node(port, kit_port))
    world = replace(
        built,
        clock=clock,
        identifiers=RandomIdentifiers(),
        store=open_store(f"sqlite:///{folder / 'node.sqlite'}", clock),
        http=SafeHttpClient(allow_loopback_http=True),
        decider=Scripted(),
    )
    seed(world)
    return world


def kit_node(port: int, kit_port: int) -> NodeProfile:
    """A node whose only partner is the kit."""
    kit = Partner("kit", KIT_BPN, KIT_PARTICIPANT, "DE", f"http://127.0.0.1:{kit_port}")
    return node_profile("undertest", port=port, partners=(kit,))


def seed(world: World) -> None:
    """The datasets, offers and agreements that the kit's settings name."""
    now = iso(world.clock.now())
    with world.store.unit_of_work() as work:
        for id in (KNOWN, *NEGOTIATIONS, "DATA"):
            body = {
                "id": id,
                "title": id,
                "kind": "pcf",
                "offer": {"@id": offer_id(id), "@type": "Offer", **POLICY},
                "access": [KIT_BPN],
                "releases": {},
            }
            work.put("dataset", id, canonical_bytes(body))
        for id in TRANSFERS:
            role = Role.CONSUMER if id.startswith("ATPC") else Role.PROVIDER
            parties = (world.node.did, KIT_PARTICIPANT)
            giver, taker = parties if role is Role.PROVIDER else parties[::-1]
            agreement = Agreement(id, "DATA", giver, taker, POLICY, now)
            kept = KeptAgreement(agreement, role, KIT_BPN, "seeded")
            work.put("agreement", id, canonical_bytes(agreement_record(kept)))


def application(world: World, worker: OutboxWorker) -> FastAPI:
    """The shipped application, with the kit's header for a token, and the kit's triggers."""

    def identify(world: World, token: str) -> Caller:
        if token != AUTHORIZATION:
            raise NotVerified.of("exchange.not-a-partner", did="")
        return Caller(world.node.partners[0])

    app = create_app(world, worker.wake, identify=identify)

    async def negotiations(request: Request) -> JSONResponse:
        asked: dict[str, Any] = await request.json()
        offer = Offer(asked["offerId"], POLICY, asked["datasetId"])
        kit = world.node.partners[0]
        begun = await run_in_threadpool(negotiate.ask, world, kit, offer)
        worker.wake()
        return JSONResponse({"consumerPid": begun.pid})

    async def transfers(request: Request) -> JSONResponse:
        asked: dict[str, Any] = await request.json()
        begun = await run_in_threadpool(transfer.request_transfer, world, asked["agreementId"])
        worker.wake()
        return JSONResponse({"consumerPid": begun.pid})

    app.add_route("/tck/negotiations/requests", negotiations, methods=["POST"])
    app.add_route("/tck/transfers/requests", transfers, methods=["POST"])
    return app


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
