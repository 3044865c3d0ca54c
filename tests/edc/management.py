"""The few calls of EDC's management API that the tests of this folder make."""

from collections.abc import Mapping
from typing import Any, Final

from tests.edc.connector import Edc

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.core.canonical import canonical_bytes, read_json

PROTOCOL: Final = "dataspace-protocol-http:2025-1"
EDC_NAMES: Final = "https://w3id.org/edc/v0.0.1/ns/"
ODRL_CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"


def call(edc: Edc, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """What the management API answers, None where there is nothing.

    Any other refusal fails the test with what was said.
    """
    asked = None if body is None else {"@context": {"@vocab": EDC_NAMES}, **body}
    answer = SafeHttpClient(allow_loopback_http=True).send(
        method,
        f"{edc.management}{path}",
        headers={"x-api-key": edc.api_key, "content-type": "application/json"},
        content=b"" if asked is None else canonical_bytes(asked),
    )
    if answer.status == 404:
        return None
    assert answer.status < 300, f"{method} {path}: {answer.status} {answer.content.decode()}"
    return read_json(answer.content) if answer.content else None


def put_offer(edc: Edc, id: str, url: str, policy: Mapping[str, Any]) -> None:
    """An asset behind a URL, offered to everybody under a policy; all are named ``id``."""
    asset = {"properties": {"name": id}, "dataAddress": {"type": "HttpData", "baseUrl": url}}
    call(edc, "POST", "/v3/assets", {"@id": id, **asset})
    call(edc, "POST", "/v3/policydefinitions", {"@id": id, "policy": policy})
    chosen = {"operandLeft": f"{EDC_NAMES}id", "operator": "=", "operandRight": id}
    contract = {"accessPolicyId": id, "contractPolicyId": id, "assetsSelector": [chosen]}
    call(edc, "POST", "/v3/contractdefinitions", {"@id": id, **contract})


def negotiate(
    edc: Edc, dsp: str, catalogue: Mapping[str, Any], dataset: Mapping[str, Any]
) -> str:
    """Begin a negotiation about the first offer of a dataset; its id."""
    offer = {
        "@context": catalogue["@context"][1:],
        **dataset["hasPolicy"][0],
        "assigner": catalogue["participantId"],
        "target": dataset["@id"],
    }
    asked = {"counterPartyAddress": dsp, "protocol": PROTOCOL, "policy": offer}
    return str(call(edc, "POST", "/v3/contractnegotiations", asked)["@id"])


def transfer(edc: Edc, dsp: str, agreement: str) -> str:
    """Begin a pull under an agreement; its id."""
    asked = {"counterPartyAddress": dsp, "protocol": PROTOCOL, "contractId": agreement}
    asked["transferType"] = "HttpData-PULL"
    return str(call(edc, "POST", "/v3/transferprocesses", asked)["@id"])
