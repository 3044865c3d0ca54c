"""Two companies in one process: a provider with one released PCF document, and a consumer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Negotiation, Offer
from saltbridge.exchange.policy import PURPOSE_PCF
from saltbridge.formats.dsp import render_message
from saltbridge.ports import HttpAnswer, Partner, World
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.peers import PCF_DOCUMENT, InProcessHttp
from saltbridge.trust.self_issued import self_issued_token
from saltbridge.web.app import create_app

CALLBACK = "http://127.0.0.1:8202/2025-1/callback"


@dataclass
class Pair:
    """Both worlds, joined by HTTP without sockets."""

    clock: FixedClock
    http: InProcessHttp
    provider: World
    consumer: World
    dataset_id: str = ""

    def __post_init__(self) -> None:
        handlers = outbox_handlers()
        self.workers = {
            w.node.name: OutboxWorker(w, handlers) for w in (self.provider, self.consumer)
        }

    @property
    def to_provider(self) -> Partner:
        return self.consumer.node.partners[0]

    @property
    def to_consumer(self) -> Partner:
        return self.provider.node.partners[0]

    def pump(self, *, rounds: int = 40, only: str = "") -> None:
        """Let both outboxes work until nothing is due."""
        for _ in range(rounds):
            names = [only] if only else list(self.workers)
            if not sum(self.workers[name].run_once() for name in names):
                return
        raise AssertionError("the outboxes never come to rest")

    def all(self, world: World, kind: str) -> list[dict[str, Any]]:
        with world.store.reading() as view:
            return [read_json(r.body) for r in view.find(kind)]

    def the(self, world: World, kind: str) -> dict[str, Any]:
        (only,) = self.all(world, kind)
        return only

    def ask(self, *, wanted: bool = True) -> Negotiation:
        """The consumer asks for the one dataset it is shown."""
        (dataset,) = request_catalogue(self.consumer, self.to_provider).datasets
        return start_negotiation(
            self.consumer,
            self.to_provider,
            dataset.id,
            dataset.offers[0],
            transfer_wanted=wanted,
            dataset_kind=dataset.kind,
        )

    def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        world: World | None = None,
        callee: World | None = None,
        **token: Any,
    ) -> HttpAnswer:
        """One request of the consumer (or of ``world``) to the provider (or to ``callee``)."""
        caller, called = world or self.consumer, callee or self.provider
        bearer = self_issued_token(
            **{
                "caller": caller.node.did,
                "called": called.node.did,
                "jti": caller.identifiers.urn_uuid(),
                "now": self.clock.now(),
                "signer": caller.keyring.signer(),
                **token,
            }
        )
        return self.http.send(
            method,
            f"{called.node.base_url}{path}",
            headers={"authorization": f"Bearer {bearer}"},
            content=None if document is None else canonical_bytes(document),
        )

    def a_request(self, **changes: Any) -> dict[str, Any]:
        """The consumer's first message about the dataset, with these changes."""
        with self.provider.store.reading() as view:
            offer = read_json(view.get("dataset", self.dataset_id).body)["offer"]
        request = m.ContractRequest(
            consumer_pid="urn:uuid:11111111-1111-4111-8111-111111111111",
            offer=Offer(offer["@id"], offer, self.dataset_id),
            callback_address=CALLBACK,
        )
        return render_message(replace(request, **changes))

    def started(self) -> tuple[str, str]:
        """The exchange up to a token in the consumer's hands; nothing pulled yet."""
        self.ask()
        for _ in range(20):
            self.workers["supplier"].run_once()
            if any(t["state"] == "STARTED" for t in self.all(self.consumer, "transfer")):
                break
            self.workers["cellmaker"].run_once()
        with self.consumer.store.reading() as view:
            (fetch,) = [e for e in view.due(self.clock.now()) if e.kind == "exchange.fetch"]
        address = read_json(fetch.body)["address"]
        stated = {p["name"]: p["value"] for p in address["endpointProperties"]}
        return address["endpoint"], stated["authorization"]

    def pull(self, endpoint: str, token: str) -> HttpAnswer:
        """One request at a data plane."""
        return self.http.send("GET", endpoint, headers={"authorization": f"Bearer {token}"})


def _a_pair(
    *,
    access: bool = True,
    document: Mapping[str, Any] = PCF_DOCUMENT,
    purpose: str = PURPOSE_PCF,
    consumer_in: str = "CN",
) -> Pair:
    """A provider that has published a document for the consumer."""
    clock, http = FixedClock(), InProcessHttp()
    supplier = node_profile("supplier", jurisdiction="CN", port=8201)
    cellmaker = node_profile("cellmaker", jurisdiction=consumer_in, port=8202)
    stranger = node_profile("stranger", jurisdiction="CN", port=8203)
    supplier = replace(supplier, partners=(partner_of(cellmaker), partner_of(stranger)))
    cellmaker = replace(cellmaker, partners=(partner_of(supplier),))
    documents = {}
    for node in (supplier, cellmaker, stranger):
        world = memory_world(node)
        documents[node.did] = world.keyring.did_document()
    worlds = [
        replace(memory_world(node, clock=clock, did_documents=documents), http=http)
        for node in (supplier, cellmaker)
    ]
    pair = Pair(clock, http, *worlds)
    for world in worlds:
        http.applications[world.node.base_url] = create_app(world)
    reader = cellmaker if access else stranger
    pair.dataset_id = publish(
        pair.provider,
        PublishRequest(
            document=document,
            kind=document["kind"],
            recipients=[reader.bpn],
            purpose=purpose,
            title="Cathode",
            person="Export control",
        ),
    ).dataset_id
    return pair


def a_pair_of_nodes() -> Pair:
    """A provider that has published a document, and a consumer that may have it."""
    return _a_pair()


@pytest.fixture
def a_pair() -> Callable[..., Pair]:
    """Makes a provider that has published a document, and a consumer that may have it."""
    return _a_pair
