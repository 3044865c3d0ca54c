"""Companies that keep their EDC: our nodes behind real ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.conformance.dsp.node import free_ports
from tests.edc.companies import Company, company, known, served, waited
from tests.edc.connector import Edc, Settings, running

from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import deliveries, progress
from saltbridge.services.negotiate import fitting_offer, start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.peers import PCF_DOCUMENT

pytestmark = pytest.mark.full("Java, Maven and EDC's published parts")


@dataclass(frozen=True)
class Pair:
    """Supplier and carmaker, each with an EDC of its own."""

    supplier: Company
    carmaker: Company
    supplier_edc: Edc
    carmaker_edc: Edc


@pytest.fixture(scope="module")
def pair(edc_parts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("driven")
    one, other = free_ports(2)
    maker, cars = company("supplier", "CN", one), company("carmaker", "EU", other)
    with (
        running(Settings(maker.did), folder / "a") as a,
        running(Settings(cars.did), folder / "b") as b,
        served(folder / "supplier", maker, [known(cars, b.dsp)], a) as supplier,
        served(folder / "carmaker", cars, [known(maker, a.dsp)], b) as carmaker,
    ):
        yield Pair(supplier, carmaker, a, b)


def test_released_bytes_go_from_node_to_node_through_both_connectors(pair: Pair):
    supplier, carmaker = pair.supplier.world, pair.carmaker.world
    bpn = supplier.node.partners[0].bpn
    published = publish(
        supplier,
        PublishRequest(document=PCF_DOCUMENT, kind="pcf", recipients=(bpn,), person="Li Wei"),
    )
    asset = f"{published.dataset_id}~{bpn}"
    pair.supplier.worker.wake()
    waited(lambda: pair.supplier.all("connector-offer"))
    partner = carmaker.node.partners[0]
    shown = request_catalogue(carmaker, partner).datasets
    (dataset,) = [d for d in shown if d.id == asset]
    begun = start_negotiation(
        carmaker,
        partner,
        dataset.id,
        fitting_offer(carmaker, dataset.offers),
        transfer_wanted=True,
        dataset_kind=dataset.kind,
    )
    pair.carmaker.worker.wake()
    waited(lambda: progress(carmaker, begun.pid).ended)
    done = progress(carmaker, begun.pid)
    (delivery,) = deliveries(carmaker)
    assert done.verified
    assert delivery["statement"]["state"] == "verified"
    assert [check["name"] for check in delivery["checks"] if not check["ok"]] == []
    for side in (pair.supplier, pair.carmaker):
        assert side.leaves("agreement.concluded") == 1
    assert pair.supplier.leaves("transfer.opened") == 1
