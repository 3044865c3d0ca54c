"""DCP messages: ours keep to the official schemas, and theirs are read or refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft201909, Draft201909Validator, Registry

from saltbridge.core.errors import FaultyInput
from saltbridge.formats import dcp
from saltbridge.trust.verifiable_credential import PROFILE_1_1

OBJECTS = (dcp.CredentialObject("o-1", "MembershipCredential", PROFILE_1_1, "reissue"),)
CONTAINER = dcp.CredentialContainer("MembershipCredential", "a.b.c", PROFILE_1_1)
DELIVERY = dcp.CredentialMessage("i-1", "h-1", dcp.ISSUED, (CONTAINER,))
RENDERED = [
    ("presentation/presentation-query-message", dcp.render_query(["a:B:read"])),
    ("presentation/presentation-response-message", dcp.render_response(["a.b.c"])),
    ("issuance/credential-message", dcp.render_credentials(DELIVERY)),
    ("issuance/credential-request-message",
     dcp.render_request(dcp.CredentialRequest("h-1", ("o-1",)))),
    ("issuance/credential-offer-message", dcp.render_offer("did:web:i", OBJECTS)),
    ("issuance/credential-status", dcp.render_status("i-1", "h-1", dcp.RECEIVED)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "message"), RENDERED, ids=[name for name, _ in RENDERED])
def test_our_messages_keep_to_the_official_schemas(
    shared: Path, name: str, message: dict[str, Any]
) -> None:
    root = shared / "standards" / "dcp"
    found: dict[str, Any] = {}
    for path in root.rglob("*schema.json"):
        if "tck" not in path.parts:
            schema = json.loads(path.read_text(encoding="utf-8"))
            address = f"https://w3id.org/dspace-dcp/v1.0/{path.relative_to(root).as_posix()}"
            # Two of them name each other by another folder than they lie in.
            found |= {address: schema, schema.get("$id", address): schema}
    for foreign in ("presentation-definition", "presentation-submission"):
        address = f"https://identity.foundation/presentation-exchange/schemas/{foreign}.json"
        found[address] = {"properties": {"presentation_submission": {}}}
    schema = found[f"https://w3id.org/dspace-dcp/v1.0/{name}-schema.json"]
    validator = Draft201909Validator(
        schema, registry=Registry(list(found.items()), draft=Draft201909), offline=True
    )
    assert validator.is_valid(message), [f.message for f in validator.iter_errors(message)]
    assert not validator.is_valid({**message, "@context": 7})


def test_what_we_write_we_read() -> None:
    assert dcp.parse_query(dcp.render(dcp.render_query(["a", "b"]))) == ("a", "b")
    assert dcp.parse_response(dcp.render(dcp.render_response(["x"]))) == ("x",)
    assert dcp.parse_credentials(dcp.render(dcp.render_credentials(DELIVERY))) == DELIVERY
    refusal = dcp.CredentialMessage("i", "h", dcp.REJECTED, (), "not admitted")
    assert dcp.parse_credentials(dcp.render(dcp.render_credentials(refusal))) == refusal
    request = dcp.CredentialRequest("h", ("o-1", "o-2"))
    assert dcp.parse_request(dcp.render(dcp.render_request(request))) == request
    assert dcp.parse_offer(dcp.render(dcp.render_offer("did:web:i", OBJECTS))) == (
        "did:web:i",
        OBJECTS,
    )
    assert dcp.parse_metadata(dcp.render(dcp.render_metadata("did:web:i", OBJECTS)))[0]


def query(**members: Any) -> bytes:
    return json.dumps(
        {"@context": [dcp.CONTEXT], "type": "PresentationQueryMessage", **members}
    ).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", query(), query(scope=[]), query(scope=[7]), query(scope=None),
        query(scope=["a"] * 51), query(presentationDefinition=None),
        query(presentationDefinition={}),
        query(scope=["a"], presentationDefinition={"id": "x"}),
        query(scope=["a"], type="PresentationResponseMessage"),
    ],
)  # fmt: skip
def test_a_faulty_query_is_a_faulty_message(content: bytes) -> None:
    with pytest.raises(FaultyInput) as fault:
        dcp.parse_query(content)
    assert not isinstance(fault.value, dcp.Unsupported)


def test_a_presentation_definition_is_not_supported() -> None:
    with pytest.raises(dcp.Unsupported):
        dcp.parse_query(query(presentationDefinition={"id": "x", "input_descriptors": []}))


@pytest.mark.parametrize(
    "changes",
    [
        {"holderPid": None}, {"issuerPid": ""}, {"status": "INVALID_STATUS"}, {"status": None},
        {"credentials": []}, {"credentials": "x"}, {"credentials": [{}]},
        {"credentials": [{"credentialType": "M", "payload": {}, "format": PROFILE_1_1}]},
        {"credentials": [{"credentialType": "M", "payload": "x", "format": "ldp_vc"}]},
        {"type": "CredentialOfferMessage"},
    ],
)  # fmt: skip
def test_a_faulty_delivery_is_refused(changes: dict[str, Any]) -> None:
    message = dcp.render_credentials(DELIVERY) | changes
    told = {name: value for name, value in message.items() if value is not None}
    with pytest.raises(FaultyInput):
        dcp.parse_credentials(json.dumps(told).encode())


def test_an_offer_may_name_ids_only_but_an_issuer_always() -> None:
    offer = dcp.render_offer("did:web:i", OBJECTS) | {"credentials": [{"id": "x"}]}
    assert dcp.parse_offer(json.dumps(offer).encode())[1] == (dcp.CredentialObject("x"),)
    with pytest.raises(FaultyInput):
        dcp.parse_offer(json.dumps({**offer, "issuer": None}).encode())
