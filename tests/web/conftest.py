"""Two companies in one process: a provider with one released PCF document, and a consumer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.exchange.policy import PURPOSE_PCF
from saltbridge.ports import Partner, World
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.peers import InProcessHttp
from saltbridge.web.app import create_app

PCF: dict[str, Any] = {
    "kind": "pcf",
    "illustrative": True,
    "product_family": "cathode material",
    "records": [
        {
            "id": "cathode-nmc111",
            "flow": "NMC111 cathode powder",
            "unit": "kg",
            "location": "CN",
            "kg_co2e_per_unit": 19.5,
            "low": 15.0,
            "high": 25.0,
            "methodology": "catena-x-pcf@v4",
            "period": {"start": "2025-01-01", "end": "2025-12-31"},
            "primary_data_share": 70.0,
            "TeR": 2,
            "GeR": 2,
            "TiR": 1,
            "mass_kg_per_unit": 1.0,
            "source": "illustrative",
            "licence": "CC0-1.0",
            "confidence": "illustrative",
            "sub_suppliers": ["CANARY-SUB-SUPPLIER"],
        }
    ],
}


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


def _a_pair(*, access: bool = True, document: dict[str, Any] = PCF) -> Pair:
    """A provider that has published a document for the consumer."""
    clock, http = FixedClock(), InProcessHttp()
    supplier = node_profile("supplier", jurisdiction="CN", port=8201)
    cellmaker = node_profile("cellmaker", jurisdiction="CN", port=8202)
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
            kind="pcf",
            recipients=[reader.bpn],
            purpose=PURPOSE_PCF,
            title="Cathode",
            person="Export control",
        ),
    ).dataset_id
    return pair


@pytest.fixture
def a_pair() -> Callable[..., Pair]:
    """Makes a provider that has published a document, and a consumer that may have it."""
    return _a_pair
