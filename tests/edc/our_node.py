"""Our node on loopback beside a real EDC: the shipped application, outbox and store.

What differs from a served node is what both sides call identity here: EDC's mock sends and
takes a JSON object as its token. ``EdcMockHttp`` puts such a token in the place of ours, and
``identify`` reads one. Nothing else is replaced.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import uvicorn
from tests.conformance.dsp.node import free_ports
from tests.edc.connector import Edc

from saltbridge.adapters.clock import SystemClock
from saltbridge.adapters.http import SafeHttpClient
from saltbridge.adapters.identifiers import RandomIdentifiers
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.adapters.stores import open_store
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.ports import HttpAnswer, Partner, World
from saltbridge.services.sign_in import Caller
from saltbridge.testing.builders import BuiltKeyring, memory_world, node_profile
from saltbridge.trust.suites import NotVerified
from saltbridge.web.app import create_app

EDC_BPN: Final = "BPNL000000000EDC"
WAIT_SECONDS: Final = 60.0


@dataclass
class EdcMockHttp:
    """The guarded client; what goes to EDC's protocol bears a token of EDC's mock identity."""

    dsp: str
    did: str
    inner: SafeHttpClient = field(
        default_factory=lambda: SafeHttpClient(allow_loopback_http=True)
    )
    said: list[tuple[str, str, int, bytes, bytes]] = field(default_factory=list)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        **limits: Any,
    ) -> HttpAnswer:
        """One request; both bodies are kept, so that a failed test can show them."""
        shown = dict(headers or {})
        if url.startswith(self.dsp):
            shown["authorization"] = json.dumps(
                {"region": "eu", "audience": self.dsp, "clientId": self.did}
            )
        answer = self.inner.send(method, url, headers=shown, content=content, **limits)
        self.said.append((method, url, answer.status, content or b"", answer.content))
        return answer


def identify(world: World, token: str) -> Caller:
    """The partner whom a token of EDC's mock identity names."""
    try:
        said = json.loads(token)
    except ValueError as fault:
        raise NotVerified.of("exchange.not-a-partner", did="") from fault
    did = str(said.get("clientId"))
    partner = next((p for p in world.node.partners if p.did == did), None)
    if partner is None:
        raise NotVerified.of("exchange.not-a-partner", did=did)
    return Caller(partner)


class Listening:
    """The application, and what came to it, so that a failed test can show it."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.heard: list[tuple[str, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def told() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                self.heard.append((f"{scope['method']} {scope['path']}", message["body"]))
            return message

        await self.app(scope, told, send)


@dataclass(frozen=True, slots=True)
class Node:
    """Our node while it serves; ``partner`` is the EDC as it knows it."""

    world: World
    wake: Callable[[], None]
    partner: Partner
    http: EdcMockHttp
    app: Listening

    def all(self, kind: str) -> list[dict[str, Any]]:
        with self.world.store.reading() as view:
            return [read_json(record.body) for record in view.find(kind)]

    def conversation(self) -> str:
        """What was said to EDC and what it answered, for the message of a failed test."""
        lines = [
            f"{method} {url} {asked[:3000]!r} -> {status} {answer[:3000]!r}"
            for method, url, status, asked, answer in self.http.said
        ]
        heard = [f"heard {where} {body[:3000]!r}" for where, body in self.app.heard]
        return "\n".join(lines + heard)


@contextmanager
def our_node(edc: Edc, folder: Path, name: str = "beside") -> Iterator[Node]:
    """Our node, which knows the EDC as a partner, until the block ends."""
    (port,) = free_ports(1)
    partner = Partner("edc", EDC_BPN, edc.participant, "CN", edc.dsp)
    profile = node_profile(name, jurisdiction="CN", port=port, partners=(partner,))
    clock = SystemClock()
    http = EdcMockHttp(edc.dsp, profile.did)
    known = {edc.participant: BuiltKeyring(edc.participant).did_document()}
    world = replace(
        memory_world(profile, did_documents=known),
        clock=clock,
        identifiers=RandomIdentifiers(),
        store=open_store(f"sqlite:///{folder / 'node.sqlite'}", clock),
        http=http,
    )
    worker = OutboxWorker(world, outbox_handlers(), threads=8)
    app = Listening(create_app(world, worker.wake, identify=identify))
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    worker.start()
    thread.start()
    try:
        until(lambda: server.started)
        yield Node(world, worker.wake, partner, http, app)
    finally:
        server.should_exit = True
        thread.join(10)
        worker.stop()
        world.store.close()


def until(ready: Callable[[], Any], say: Callable[[], str] = str) -> Any:
    """What ``ready`` gives once it gives something; ``say`` explains a wait in vain."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := ready()):
        assert time.monotonic() < deadline, f"it did not happen in time\n{say()}"
        time.sleep(0.05)
    return found
