"""Our node and a real EDC know each other by credentials (DCP) and exchange both ways.

Each resolves the other's DID, asks its credential service, checks signatures, holder, trusted
issuer and status list: EDC with its own extensions, our node as it is served to everybody.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.maven import NotHere
from tests.edc.dcp import OUR_BPN, Space, command, space
from tests.edc.management import PROTOCOL, call, negotiate, put_offer, transfer
from tests.edc.our_node import EDC_BPN, until
from tests.edc.test_we_consume import CX_POLICY, source

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.bootstrap import opened_world
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Unavailable
from saltbridge.services.catalogue import shown_catalogue
from saltbridge.services.exchange_state import progress
from saltbridge.services.negotiate import fitting_offer, start_negotiation
from saltbridge.steps.release import kept_release
from saltbridge.testing.peers import PCF_DOCUMENT

pytestmark = pytest.mark.full("Java, Maven and EDC's published parts")


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """Both companies, with their credentials."""
    try:
        with space(tmp_path_factory.mktemp("dcp")) as made:
            yield made
    except NotHere as reason:
        pytest.skip(str(reason))


def released(node: Path, recipient: str, folder: Path) -> bytes:
    """A footprint that a node publishes for a company: signed, logged, the bytes that leave."""
    document = folder / "pcf.json"
    document.write_text(json.dumps(PCF_DOCUMENT), encoding="utf-8")
    command(
        *("publish", str(document), "--to", recipient, "--purpose", "cx.pcf.base:1"),
        *("--title", "Cathode", "--person", "Export control", "--node", str(node)),
    )
    with opened_world(node) as world, world.store.reading() as view:
        (record,) = view.find("dataset")
        let_go = read_json(record.body)["releases"][recipient]
        release = kept_release(view, let_go["digest"], let_go["decision_id"], recipient)
    assert release is not None
    return release.content


def state_of(members: Space, kind: str, id: str, wanted: str) -> dict[str, object]:
    """The EDC's process once it is in that state."""

    def there() -> dict[str, object] | None:
        found = call(members.edc, "GET", f"/v3/{kind}/{id}")
        assert found["state"] != "TERMINATED", found
        return dict(found) if found["state"] == wanted else None

    return dict(until(there))


def test_edc_shows_its_credentials_and_takes_our_offer(members: Space, tmp_path: Path):
    content = released(members.folder, EDC_BPN, tmp_path)
    edc = members.edc
    asked = {"counterPartyAddress": members.dsp, "counterPartyId": members.did}
    catalogue = call(edc, "POST", "/v3/catalog/request", {**asked, "protocol": PROTOCOL})
    (dataset,) = catalogue["dataset"]
    begun = negotiate(edc, members.dsp, catalogue, dataset)
    agreed = state_of(members, "contractnegotiations", begun, "FINALIZED")
    moved = transfer(edc, members.dsp, str(agreed["contractAgreementId"]))
    address = until(lambda: call(edc, "GET", f"/v3/edrs/{moved}/dataaddress"))
    client = SafeHttpClient(allow_loopback_http=True)
    token = {"authorization": address["authorization"]}
    assert client.send("GET", address["endpoint"], headers=token).content == content


def test_we_show_our_credentials_and_take_edcs_offer(members: Space, tmp_path: Path):
    content = released(members.folder.parent / "wallet", OUR_BPN, tmp_path)
    with source(content) as url, opened_world(members.folder) as world:
        put_offer(members.edc, "a-record", url, CX_POLICY)
        partner = world.node.partners[0]

        def shown() -> list[object]:
            try:
                return list(shown_catalogue(world, partner).catalogue.datasets)
            except Unavailable:  # the first call of an EDC that has just started may take long
                return []

        (dataset,) = until(shown)
        begun = start_negotiation(
            *(world, partner, dataset.id, fitting_offer(world, dataset.offers)),
            transfer_wanted=True,
            dataset_kind="pcf",
        )
        until(lambda: progress(world, begun.pid).ended)
        result = progress(world, begun.pid)
        assert result.verified, result
