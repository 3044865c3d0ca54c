"""A company with a node of ours and an EDC of its own, which the node drives."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from tests.edc.connector import Edc
from tests.edc.our_node import EdcMockHttp, identify

from saltbridge.adapters.clock import SystemClock
from saltbridge.adapters.did_resolver import WebDidResolver
from saltbridge.adapters.edc import EdcConnector
from saltbridge.adapters.edc_management import Management
from saltbridge.adapters.http import SafeHttpClient
from saltbridge.adapters.identifiers import RandomIdentifiers
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.adapters.stores import open_store
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.ports import NodeProfile, Partner, World
from saltbridge.services.sign_in import known_caller
from saltbridge.testing.builders import memory_world, node_profile
from saltbridge.web.app import create_app


def driven(edc: Edc, did: str, folder: Path, key: str = "") -> EdcConnector:
    """The adapter for a running EDC. Its key lies in a file, as a company has it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "edc.key"
    file.write_text(key or edc.api_key, encoding="ascii")
    http = SafeHttpClient(own_url=edc.management)
    return EdcConnector(
        Management(http, edc.management, file),
        protocol="dataspace-protocol-http:2025-1",
        own_did=did,
        own_id=edc.participant,
        own_address=edc.dsp,
    )


@dataclass(frozen=True)
class Company:
    """A served node."""

    world: World
    worker: OutboxWorker

    def all(self, kind: str) -> list[dict[str, Any]]:
        with self.world.store.reading() as view:
            return [read_json(record.body) for record in view.find(kind)]

    def leaves(self, event: str) -> int:
        """How many leaves of its log tell of an event."""
        with self.world.store.reading() as view:
            size = view.log_size()
            told = view.log_leaves(range(size))
            return sum(leaf.event == event for leaf in told)


@contextmanager
def served(
    folder: Path,
    profile: NodeProfile,
    partners: Sequence[Partner],
    edc: Edc | None,
    settings: Mapping[str, Any] | None = None,
    speaks_to: Edc | None = None,
) -> Iterator[Company]:
    """The node over loopback, its outbox at work, until the block ends.

    ``speaks_to``: an EDC of others that it speaks to by itself, in EDC's mock identity.
    """
    clock = SystemClock()
    folder.mkdir(parents=True, exist_ok=True)
    http = SafeHttpClient(allow_loopback_http=True)
    spoken = EdcMockHttp(speaks_to.dsp, profile.did) if speaks_to else http
    known_by = identify if speaks_to else known_caller
    node = replace(profile, partners=tuple(partners))
    built = memory_world(node, settings=dict(settings or {}))
    world = replace(
        built,
        clock=clock,
        identifiers=RandomIdentifiers(),
        store=open_store(f"sqlite:///{folder / 'node.sqlite'}", clock),
        http=spoken,
        did_resolver=WebDidResolver(http, clock, allow_loopback_http=True),
        connector=driven(edc, node.did, folder) if edc else None,
    )
    worker = OutboxWorker(world, outbox_handlers())
    config = uvicorn.Config(
        create_app(world, worker.wake, identify=known_by),
        host="127.0.0.1",
        port=_port(node),
        log_level="warning",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    worker.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Company(world, worker)
    finally:
        server.should_exit = True
        thread.join(10)
        worker.stop()
        world.store.close()


def _port(node: NodeProfile) -> int:
    return int(node.base_url.rsplit(":", 1)[1])


def company(name: str, jurisdiction: str, port: int) -> NodeProfile:
    """Who it is."""
    return node_profile(name, jurisdiction=jurisdiction, port=port)


def known(profile: NodeProfile, dsp_url: str, edc: Edc | None = None) -> Partner:
    """How its partner has entered it: reached at its EDC, if it has one."""
    return Partner(
        name=profile.name,
        bpn=profile.bpn,
        did=profile.did,
        jurisdiction=profile.jurisdiction,
        dsp_url=dsp_url,
        participant_id=edc.participant if edc else "",
    )


def waited(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What the condition becomes; fails where it does not in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about in time")
