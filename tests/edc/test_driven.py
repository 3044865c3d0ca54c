"""Companies that keep their EDC: our nodes behind real ones."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from tests.conformance.dsp.node import free_ports
from tests.edc.companies import Company, company, known, served, waited
from tests.edc.connector import Edc, Settings, running
from tests.edc.management import PROTOCOL, call
from tests.edc.management import transfer as pull

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.bootstrap import exchange_ways
from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.served import PCF_EXCHANGE
from saltbridge.formats import edc as edc_format
from saltbridge.ports import HttpAnswer, Partner
from saltbridge.services import transfer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.connector_provide import look_after
from saltbridge.services.doctor import examine
from saltbridge.services.exchange_state import Progress, deliveries, progress
from saltbridge.services.negotiate import fitting_offer, start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.steps.connector_offering import offer_later
from saltbridge.steps.partner_access import Wanted, access, ask
from saltbridge.steps.served_datasets import open_dataset
from saltbridge.testing.peers import PCF_DOCUMENT

pytestmark = pytest.mark.full("Java, Maven and EDC's published parts")
OTHER = Partner(
    "other", "BPNL0000000OTHER", "did:web:other.example", "EU", "http://127.0.0.1:9/2025-1"
)


@dataclass(frozen=True)
class Pair:
    """Supplier and carmaker, each with an EDC of its own, and a miner without one."""

    supplier: Company
    carmaker: Company
    miner: Company
    supplier_edc: Edc
    carmaker_edc: Edc

    def published(self, bpn: str = "") -> str:
        """A footprint released for the carmaker; the asset that stands on offer."""
        recipient = bpn or self.carmaker.world.node.bpn
        asset = f"{_published(self.supplier, recipient)}~{recipient}"
        self.supplier.worker.wake()
        offers = self.supplier
        waited(lambda: asset in {offer["asset_id"] for offer in offers.all("connector-offer")})
        return asset

    def looked(self, asset: str) -> list[dict[str, Any]]:
        """The supplier's transfers of an asset, after a look at its connector."""
        look_after(self.supplier.world)
        dataset = asset.partition("~")[0]
        return [t for t in self.supplier.all("transfer") if t["dataset_id"] == dataset]


def _published(supplier: Company, bpn: str) -> str:
    request = PublishRequest(
        document=PCF_DOCUMENT, kind="pcf", recipients=(bpn,), person="Li Wei"
    )
    return publish(supplier.world, request).dataset_id


def _asked(carmaker: Company, dataset_id: str, *, of: Company) -> Progress:
    """How an exchange ended that the carmaker began."""
    world = carmaker.world
    partner = world.node.partner(of.world.node.bpn)
    assert partner is not None
    shown = request_catalogue(world, partner).datasets
    (dataset,) = [d for d in shown if d.id == dataset_id]
    begun = start_negotiation(
        world,
        partner,
        dataset.id,
        fitting_offer(world, dataset.offers),
        transfer_wanted=True,
        dataset_kind=dataset.kind,
    )
    carmaker.worker.wake()
    waited(lambda: progress(world, begun.pid).ended, 120)
    return progress(world, begun.pid)


def _delivery(carmaker: Company, id: str) -> dict[str, Any]:
    (found,) = [d for d in deliveries(carmaker.world) if d["id"] == id]
    return dict(found)


@pytest.fixture(scope="module")
def pair(edc_parts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("driven")
    ports = free_ports(3)
    names = (("supplier", "CN"), ("carmaker", "EU"), ("miner", "CN"))
    maker, cars, mine = (company(*name, port) for name, port in zip(names, ports, strict=True))
    mines = known(mine, f"{mine.base_url}/2025-1")
    with (
        running(Settings(maker.did), folder / "a") as a,
        running(Settings(cars.did), folder / "b") as b,
        served(folder / "supplier", maker, [known(cars, b.dsp), OTHER], a) as supplier,
        served(folder / "carmaker", cars, [known(maker, a.dsp), mines], b) as carmaker,
        served(folder / "miner", mine, [known(cars, b.dsp)], None, speaks_to=b) as miner,
    ):
        yield Pair(supplier, carmaker, miner, a, b)


def test_released_bytes_go_from_node_to_node_through_both_connectors(pair: Pair):
    asset = pair.published()
    done = _asked(pair.carmaker, asset, of=pair.supplier)
    assert done.verified, done
    delivery = _delivery(pair.carmaker, done.delivery_id)
    assert delivery["statement"]["state"] == "verified"
    assert [check for check in delivery["checks"] if check["detail_code"]] == []
    for side in (pair.supplier, pair.carmaker):
        assert side.leaves("agreement.concluded") == 1
    assert pair.supplier.leaves("transfer.opened") == 1
    waited(lambda: pair.looked(asset)[0]["state"] in ("COMPLETED", "TERMINATED"))


def test_the_doctor_finds_both_connectors_well(pair: Pair):
    pair.published()
    world = pair.carmaker.world
    found = examine(world, world.node.partners[0], served=True)
    assert [c for c in found.checks if str(c.state) != "ok"] == []


def test_publishing_twice_brings_the_same_asset_up_to_date(pair: Pair):
    asset = pair.published()
    (dataset,) = [d for d in pair.supplier.all("dataset") if asset.startswith(d["id"])]
    with pair.supplier.world.store.unit_of_work() as work:
        offer_later(pair.supplier.world, work, dataset)
    pair.supplier.worker.wake()
    waited(lambda: not _waiting(pair.supplier))
    assert call(pair.supplier_edc, "GET", f"/v3/assets/{asset}")["@id"] == asset


def _waiting(side: Company) -> list[Any]:
    with side.world.store.reading() as view:
        due = view.due(side.world.clock.now())
    return [entry for entry in due if entry.kind == "connector.offer"]


def _raw_pull(pair: Pair, asset: str) -> tuple[str, dict[str, Any]]:
    """Another company's EDC agrees and pulls, without a node of ours: transfer and address."""
    edc, provider = pair.carmaker_edc, pair.supplier_edc
    asked = edc_format.render_catalogue_request(provider.dsp, provider.participant, PROTOCOL)
    catalogue = call(edc, "POST", "/v3/catalog/request", asked)
    shown, _ = edc_format.parse_catalogue(canonical_bytes(catalogue))
    (dataset,) = [d for d in shown.datasets if d.id == asset]
    offer = replace(dataset.offers[0], target=asset)
    request = edc_format.render_negotiation(
        provider.dsp, provider.participant, PROTOCOL, offer, "urn:mark"
    )
    begun = call(edc, "POST", "/v3/contractnegotiations", request)["@id"]

    def finalized() -> Any:
        found = call(edc, "GET", f"/v3/contractnegotiations/{begun}")
        assert found["state"] != "TERMINATED", found
        return found.get("contractAgreementId") if found["state"] == "FINALIZED" else None

    id = pull(edc, provider.dsp, waited(finalized))
    waited(lambda: call(edc, "GET", f"/v3/transferprocesses/{id}")["state"] == "STARTED")
    return id, call(edc, "GET", f"/v3/edrs/{id}/dataaddress")


def _get(address: dict[str, Any]) -> HttpAnswer:
    client = SafeHttpClient(allow_loopback_http=True)
    token = {"authorization": address["authorization"]}
    return client.send("GET", address["endpoint"], headers=token)


def test_any_edc_pulls_what_our_node_released_through_the_suppliers_one(pair: Pair):
    asset = pair.published()
    _, address = _raw_pull(pair, asset)
    answer = _get(address)
    assert answer.status == 200, answer.content
    (dataset,) = [d for d in pair.supplier.all("dataset") if asset.startswith(d["id"])]
    (named,) = dataset["releases"].values()
    with pair.supplier.world.store.reading() as view:
        released = view.get_release(named["digest"], named["decision_id"])
    assert released is not None
    assert released.content == answer.content


def test_a_pause_of_the_supplier_closes_the_data_plane_and_opens_it_again(pair: Pair):
    asset = pair.published()
    _, address = _raw_pull(pair, asset)
    assert _get(address).status == 200
    (ours,) = pair.looked(asset)
    world, pid = pair.supplier.world, ours["provider_pid"]
    transfer.suspend(world, pid, "exchange.paused-by-us")
    pair.supplier.worker.wake()
    waited(lambda: _get(address).status != 200)
    waited(lambda: pair.looked(asset)[0]["state"] == "SUSPENDED")
    transfer.terminate(world, pid, "exchange.ended-by-us")
    pair.supplier.worker.wake()
    waited(lambda: pair.looked(asset)[0]["state"] == "TERMINATED")
    assert _get(address).status != 200


def test_a_stranger_to_whom_the_connector_offered_it_gets_nothing(pair: Pair):
    """This EDC sees to no access policy: the carmaker sees what is for another company."""
    asset = pair.published(OTHER.bpn)
    _, address = _raw_pull(pair, asset)
    before = pair.supplier.leaves("transfer.opened")
    assert _get(address).status >= 400
    assert pair.supplier.leaves("agreement.not-ours") == 1
    assert pair.supplier.leaves("transfer.opened") == before


def test_what_a_node_offers_by_itself_comes_through_the_consumers_connector(pair: Pair):
    """The miner speaks DSP 2025-1 by our own connector, the carmaker through its EDC."""
    dataset = _published(pair.miner, pair.carmaker.world.node.bpn)
    done = _asked(pair.carmaker, dataset, of=pair.miner)
    assert done.verified, done
    delivery = _delivery(pair.carmaker, done.delivery_id)
    assert delivery["statement"]["state"] == "verified"
    assert [check for check in delivery["checks"] if check["detail_code"]] == []
    assert pair.miner.leaves("agreement.concluded") == 1
    assert pair.miner.leaves("transfer.opened") == 1


def test_a_request_for_a_footprint_goes_through_both_connectors(pair: Pair):
    """The exchange of footprints (CX-0136): an interface, asked with path, query and token."""
    supplier, carmaker = pair.supplier.world, pair.carmaker.world
    with supplier.store.unit_of_work() as work:
        dataset = open_dataset(supplier, work, PCF_EXCHANGE, [carmaker.node.bpn])
    pair.supplier.worker.wake()
    offers = pair.supplier
    waited(lambda: dataset["id"] in {o["asset_id"] for o in offers.all("connector-offer")})
    partner = carmaker.node.partner(supplier.node.bpn)
    assert partner is not None
    wanted = Wanted(kind=PCF_EXCHANGE, version=dataset["version"])

    def opened() -> Any:
        pair.carmaker.worker.wake()
        return access(carmaker, exchange_ways(), partner, wanted)

    edr = waited(opened, 120)
    path = f"footprintExchange/{uuid4()}?manufacturerPartId=A-1"
    answer = ask(carmaker, partner, edr, "GET", path)
    assert answer.status in (200, 202), answer.content  # a data plane says 200 for any success
    (request,) = pair.supplier.all("pcf-request")
    assert request["partner"] == carmaker.node.bpn
