"""A real EDC takes what our node offers, driven through its management API: to the bytes."""

from pathlib import Path
from typing import Any

import pytest
from tests.edc.connector import Edc
from tests.edc.management import PROTOCOL, call, negotiate, transfer
from tests.edc.our_node import EDC_BPN, Node, our_node, until

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.exchange.policy import PURPOSE_PCF
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.services.exchange_state import progress
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.peers import PCF_DOCUMENT
from saltbridge.trust.claims import SupplierRecord, verify

pytestmark = pytest.mark.full("Java, Maven and EDC's published parts")
QUERY = {"offset": 0, "limit": 20, "sortOrder": "DESC"}


def offered(node: Node) -> str:
    """A footprint released for the company behind the EDC; the dataset's id."""
    request = PublishRequest(
        document=PCF_DOCUMENT,
        kind="pcf",
        recipients=[EDC_BPN],
        purpose=PURPOSE_PCF,
        title="Cathode",
        person="Export control",
    )
    return publish(node.world, request).dataset_id


def catalogue_of(edc: Edc, node: Node, query: dict[str, Any] | None = None) -> Any:
    """Our catalogue as the EDC gets it."""
    asked = {
        "counterPartyAddress": dsp_of(node),
        "counterPartyId": node.world.node.did,
        "protocol": PROTOCOL,
        **({"querySpec": query} if query else {}),
    }
    return call(edc, "POST", "/v3/catalog/request", asked)


def dsp_of(node: Node) -> str:
    return f"{node.world.node.base_url}/2025-1"


def state_of(edc: Edc, kind: str, id: str, wanted: str, node: Node) -> Any:
    """The process once it is in that state."""

    def there() -> Any:
        found = call(edc, "GET", f"/v3/{kind}/{id}")
        assert found["state"] in (wanted, *_ON_THE_WAY), f"{found}\n{node.conversation()}"
        return found if found["state"] == wanted else None

    return until(there, node.conversation)


_ON_THE_WAY = (
    *("INITIAL", "REQUESTING", "REQUESTED", "AGREED", "VERIFYING", "VERIFIED", "FINALIZED"),
    *("PROVISIONING", "PROVISIONED", "STARTING", "STARTED", "TERMINATING", "COMPLETING"),
)


def agreed(edc: Edc, node: Node) -> str:
    """The id of a new agreement about our one dataset."""
    catalogue = catalogue_of(edc, node)
    (dataset,) = catalogue["dataset"]
    begun = negotiate(edc, dsp_of(node), catalogue, dataset)
    done = state_of(edc, "contractnegotiations", begun, "FINALIZED", node)
    return str(done["contractAgreementId"])


def test_the_released_bytes_arrive(edc: Edc, tmp_path: Path):
    with our_node(edc, tmp_path) as node:
        offered(node)
        begun = transfer(edc, dsp_of(node), agreed(edc, node))
        state_of(edc, "transferprocesses", begun, "STARTED", node)
        address = until(
            lambda: call(edc, "GET", f"/v3/edrs/{begun}/dataaddress"), node.conversation
        )
        client = SafeHttpClient(allow_loopback_http=True)
        token = {"authorization": address["authorization"]}
        answer = client.send("GET", address["endpoint"], headers=token)
        assert answer.status == 200, answer.content
        claim = parse_claim_file(answer.content).claim
        assert isinstance(claim, SupplierRecord)
        assert verify(claim, node.world.keyring.did_document()).content["kind"] == "pcf"
        (kept,) = node.all("agreement")
        assert kept["policy"]["profile"], "the words of our offer, not of the request"

        call(edc, "POST", f"/v3/transferprocesses/{begun}/terminate", {"reason": "enough"})
        until(lambda: node.all("transfer")[0]["state"] == "TERMINATED", node.conversation)
        assert client.send("GET", address["endpoint"], headers=token).status == 403


def test_our_catalogue_is_asked_by_id_in_pages_and_whole(edc: Edc, tmp_path: Path):
    with our_node(edc, tmp_path) as node:
        assert catalogue_of(edc, node).get("dataset", []) == []
        first, second = offered(node), offered(node)
        by_id = {
            "operandLeft": "https://w3id.org/edc/v0.0.1/ns/id",
            "operator": "=",
            "operandRight": second,
        }
        shown = catalogue_of(edc, node, {**QUERY, "filterExpression": [by_id]})
        assert [d["@id"] for d in shown["dataset"]] == [second]
        whole = catalogue_of(edc, node, QUERY)
        assert {d["@id"] for d in whole["dataset"]} == {first, second}


def test_an_altered_offer_is_refused_and_both_sides_know(edc: Edc, tmp_path: Path):
    with our_node(edc, tmp_path) as node:
        offered(node)
        catalogue = catalogue_of(edc, node)
        (dataset,) = catalogue["dataset"]
        del dataset["hasPolicy"][0]["prohibition"]
        begun = negotiate(edc, dsp_of(node), catalogue, dataset)
        state_of(edc, "contractnegotiations", begun, "TERMINATED", node)
        (ours,) = node.all("negotiation")
        assert ours["state"] == "TERMINATED"
        told = progress(node.world, ours["provider_pid"]).explanation
        assert [point.code for point in told] == ["exchange.offer-altered"]
