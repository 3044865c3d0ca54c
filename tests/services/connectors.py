"""A supplier and a carmaker that keep their EDCs: fake ones, in one process."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.fake_edc import FakeDataspace, FakeEdc

from saltbridge.adapters.edc import EdcConnector
from saltbridge.adapters.edc_management import Management
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.exchange.model import Negotiation
from saltbridge.ports import World
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import fitting_offer, start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.builders import (
    FixedClock,
    KnownDids,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.peers import PCF_DOCUMENT, InProcessHttp
from saltbridge.web.app import create_app


@dataclass
class Companies:
    """A supplier and a carmaker, each with a connector of its own."""

    space: FakeDataspace
    clock: FixedClock
    supplier: World
    carmaker: World
    supplier_edc: FakeEdc
    carmaker_edc: FakeEdc
    key_file: Path

    def pump(self, seconds: int = 30) -> None:
        """Both outboxes work, time passes between attempts; the watch is not waited for."""
        for _ in range(seconds):
            for world in (self.supplier, self.carmaker):
                OutboxWorker(world, outbox_handlers()).run_once()
            self.clock.advance(seconds=1)
        self.space.now = int(self.clock.now().timestamp())

    def published(self) -> str:
        """The id of the asset that is on offer now."""
        bpn = self.carmaker.node.bpn
        made = publish(
            self.supplier,
            PublishRequest(
                document=PCF_DOCUMENT, kind="pcf", recipients=(bpn,), person="Li Wei"
            ),
        )
        self.pump(2)
        return f"{made.dataset_id}~{bpn}"

    def asked(self) -> Negotiation:
        """The carmaker has asked for the one dataset it is shown."""
        partner = self.carmaker.node.partners[0]
        (dataset,) = request_catalogue(self.carmaker, partner).datasets
        offer = fitting_offer(self.carmaker, dataset.offers)
        return start_negotiation(
            self.carmaker,
            partner,
            dataset.id,
            offer,
            transfer_wanted=True,
            dataset_kind=dataset.kind,
        )

    def all(self, world: World, kind: str) -> list[dict[str, Any]]:
        with world.store.reading() as view:
            return [read_json(record.body) for record in view.find(kind)]

    def leaves(self, world: World) -> list[str]:
        with world.store.reading() as view:
            return [leaf.event for leaf in view.log_leaves(range(view.log_size()))]


class Applications(dict[str, Any]):
    """Those of nodes, made when somebody calls there: few tests need both."""

    def __init__(self) -> None:
        super().__init__()
        self.worlds: dict[str, World] = {}

    def get(self, url: str, default: Any = None) -> Any:
        """The application at an origin."""
        if url not in self and url in self.worlds:
            self[url] = create_app(self.worlds[url])
        return super().get(url, default)


def two_companies(tmp_path: Path) -> Companies:
    """Both, over connectors that answer at once."""
    served = Applications()
    space, clock, known = FakeDataspace(InProcessHttp(served)), FixedClock(), KnownDids()
    space.now = int(clock.now().timestamp())
    key_file = tmp_path / "edc.key"
    key_file.write_text("key", encoding="ascii")
    maker = node_profile("supplier", port=8201)
    cars = node_profile("carmaker", jurisdiction="EU", port=8202)
    edcs = [space.edc(node.name, f"id-of-{node.name}") for node in (maker, cars)]
    worlds = []
    for node, other, (own, theirs) in (
        (maker, cars, edcs),
        (cars, maker, edcs[::-1]),
    ):
        entered = replace(
            partner_of(other), dsp_url=theirs.dsp, participant_id=theirs.participant
        )
        world = memory_world(replace(node, partners=(entered,)), clock=clock)
        known.documents[node.did] = world.keyring.did_document()
        driven = EdcConnector(
            Management(own, own.url, key_file),
            protocol="dataspace-protocol-http:2025-1",
            own_did=node.did,
            own_id=own.participant,
            own_address=own.dsp,
        )
        world = replace(
            world,
            http=space,
            did_resolver=known,
            connector=driven,
            node=replace(world.node, allow_loopback_http=True),
        )
        worlds.append(world)
        served.worlds[node.base_url] = world
    return Companies(space, clock, *worlds, *edcs, key_file)


def started_transfer(companies: Companies, consumer: str = "") -> None:
    """The supplier's connector has an agreement with a consumer, and a started transfer."""
    (contract,) = companies.supplier_edc.of("contractdefinitions").values()
    shown = companies.supplier_edc.shown(contract)
    policy = companies.supplier_edc.of("policydefinitions")[contract["contractPolicyId"]]
    id = f"agreement-{consumer or 'ours'}"
    companies.supplier_edc.of("agreements")[id] = {
        "@id": id,
        "assetId": shown["@id"],
        "policy": policy["policy"],
        "contractSigningDate": companies.space.now,
        "consumerId": consumer or companies.carmaker_edc.participant,
        "providerId": companies.supplier_edc.participant,
    }
    companies.supplier_edc.of("transfers")[f"transfer-{id}"] = {
        "@id": f"transfer-{id}",
        "type": "PROVIDER",
        "state": "STARTED",
        "assetId": shown["@id"],
        "contractId": id,
        "correlationId": "theirs",
    }
