"""The wire format of the Dataspace Protocol: valid, lossless, strict about what it reads."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from saltbridge.core.canonical import FaultyJson
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import (
    Agreement,
    Catalogue,
    DataAddress,
    Dataset,
    Negotiation,
    NegotiationState,
    Offer,
    Role,
    Transfer,
    TransferState,
)
from saltbridge.exchange.policy import PURPOSE_PCF, usage_offer
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats import dsp, dsp_answers, dsp_catalogue
from saltbridge.formats.dsp_schema import NotDsp, _validator, check, schemas

C, P = "urn:uuid:c", "urn:uuid:p"
POLICY = usage_offer("urn:uuid:o", PURPOSE_PCF)
OFFER = Offer("urn:uuid:o", POLICY, target="urn:uuid:d")
AGREEMENT = Agreement(
    "urn:uuid:a",
    "urn:uuid:d",
    "did:web:p",
    "did:web:c",
    {k: v for k, v in POLICY.items() if not k.startswith("@")},
    "2026-11-23T10:00:00Z",
)
ADDRESS = DataAddress(
    "http://127.0.0.1:1/data/x", "t", expires_in_seconds=300, digest="sha256:ab"
)
MESSAGES = [
    m.ContractRequest(C, OFFER, callback_address="http://127.0.0.1:2/2025-1/callback"),
    m.ContractRequest(C, OFFER, provider_pid=P),
    m.ContractOffer(P, OFFER, consumer_pid=C),
    m.AgreementMessage(P, C, AGREEMENT),
    m.AgreementVerification(P, C),
    m.NegotiationAccepted(P, C),
    m.NegotiationFinalized(P, C),
    m.NegotiationTermination(P, C, "exchange.offer-altered", ("another text",)),
    m.TransferRequest(C, "urn:uuid:a", "HttpData-PULL", "http://127.0.0.1:2/x"),
    m.TransferStart(P, C, ADDRESS),
    m.TransferStart(P, C),
    m.TransferCompletion(P, C),
    m.TransferSuspension(P, C, "x", ("y",)),
    m.TransferTermination(P, C),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda x: type(x).__name__)
def test_a_rendered_message_is_valid_and_comes_back_equal(message):
    document = dsp.render_message(message)
    check(document, dsp.SCHEMA_OF[document["@type"]])
    assert dsp.parse_message(dsp.render_bytes(document), type(message)) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda x: type(x).__name__)
def test_fields_we_do_not_know_survive(message):
    document = {**dsp.render_message(message), "x:later": {"a": [1, "é"]}}
    assert dsp.render_message(dsp.parse_message(document, type(message))) == document


def test_a_foreign_context_survives():
    document = dsp.render_message(m.TransferCompletion(P, C))
    document["@context"] = [*document["@context"], "https://w3id.org/other/context.jsonld"]
    again = dsp.render_message(dsp.parse_message(document, m.TransferCompletion))
    assert again == document


def test_an_unknown_term_of_an_offer_survives():
    document = dsp.render_message(MESSAGES[0])
    document["offer"]["obligation"] = [{"action": "use", "x:note": 1}]
    again = dsp.render_message(dsp.parse_message(document, m.ContractRequest))
    assert again == document


def test_the_address_is_read_by_its_short_names_alone():
    document = dsp.render_message(m.TransferStart(P, C, ADDRESS))
    short = [
        {"@type": "EndpointProperty", "name": "authorization", "value": "T"},
        {"@type": "EndpointProperty", "name": "authType", "value": "bearer"},
    ]
    document["dataAddress"]["endpointProperties"] = short
    read = dsp.parse_message(document, m.TransferStart).data_address
    assert (read.token, read.expires_in_seconds, read.digest) == ("T", None, "")


def test_a_life_of_more_digits_than_a_number_may_have_is_none():
    document = dsp.render_message(m.TransferStart(P, C, ADDRESS))
    for one in document["dataAddress"]["endpointProperties"]:
        if one["value"] == "300":
            one["value"] = "9" * 5000
    assert dsp.parse_message(document, m.TransferStart).data_address.expires_in_seconds is None


def test_a_start_carries_token_and_type_under_both_names_and_the_digest():
    document = dsp.render_message(m.TransferStart(P, C, ADDRESS))
    stated = {p["name"]: p["value"] for p in document["dataAddress"]["endpointProperties"]}
    assert stated == {
        "https://w3id.org/edc/v0.0.1/ns/endpoint": ADDRESS.endpoint,
        "https://w3id.org/edc/v0.0.1/ns/authorization": "t",
        "authorization": "t",
        "https://w3id.org/edc/v0.0.1/ns/authType": "bearer",
        "authType": "bearer",
        "https://w3id.org/tractusx/auth/expiresIn": "300",
        "expiresIn": "300",
        "https://w3id.org/saltbridge/v1/digest": "sha256:ab",
    }


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"@type":"TransferCompletionMessage","@type":"x"}', "json.duplicate-key"),
        (b'{"@type":NaN}', "json.not-a-number"),
        (b"[" * 100, "json.too-deep"),
        (b"\xff", "json.not-utf8"),
    ],
)
def test_json_that_two_readers_could_read_differently_is_refused(content, code):
    with pytest.raises(FaultyJson) as fault:
        dsp.parse_message(content, m.TransferCompletion)
    assert fault.value.findings[0].code == code


@pytest.mark.parametrize("content", [b"[]", b'"x"', b"{}", b'{"@type":["TransferStart"]}'])
def test_what_is_no_message_is_refused(content):
    with pytest.raises(NotDsp) as fault:
        dsp.parse_message(content, m.TransferCompletion)
    assert fault.value.findings[0].code == "dsp.unexpected-type"


def test_every_fault_is_named_with_its_place():
    document = dsp.render_message(m.NegotiationFinalized(P, C))
    document["eventType"] = "DONE"
    document["consumerPid"] = 7
    with pytest.raises(NotDsp) as fault:
        dsp.parse_message(document, m.NegotiationFinalized)
    assert {f.place.pointer for f in fault.value.findings} == {"/eventType", "/consumerPid"}


def test_an_event_of_the_other_role_is_refused():
    with pytest.raises(NotDsp):
        dsp.parse_message(
            dsp.render_message(m.NegotiationAccepted(P, C)), m.NegotiationFinalized
        )


def test_the_context_of_the_protocol_is_demanded():
    document = {**dsp.render_message(MESSAGES[4]), "@context": ["https://example.org/x"]}
    with pytest.raises(NotDsp):
        dsp.parse_message(document, m.AgreementVerification)


DATASET = Dataset(
    "urn:uuid:d",
    (Offer("urn:uuid:o", POLICY),),
    ("HttpData-PULL",),
    endpoint="http://127.0.0.1:1/2025-1",
    title="Cathode",
    kind="pcf",
    dct_type="cx-taxo:PcfExchange",
    version="1.0",
    unknown={"x:later": 1},
)


def test_a_catalogue_is_valid_and_comes_back_equal():
    catalogue = Catalogue("urn:uuid:k", "did:web:p", (DATASET,))
    document = dsp_catalogue.render_catalogue(catalogue)
    check(document, "catalog/catalog")
    assert dsp_catalogue.parse_catalogue(dsp.render_bytes(document)) == catalogue


def test_an_empty_catalogue_is_valid():
    document = dsp_catalogue.render_catalogue(Catalogue("urn:uuid:k", "did:web:p", ()))
    check(document, "catalog/catalog")
    assert dsp_catalogue.parse_catalogue(dsp.render_bytes(document)).datasets == ()


def test_a_dataset_is_valid_and_comes_back_equal():
    document = dsp_catalogue.render_dataset(DATASET)
    check(document, "catalog/dataset")
    assert dsp_catalogue.parse_dataset(dsp.render_bytes(document)) == DATASET


def test_an_offer_in_a_catalogue_must_not_have_a_target():
    document = dsp_catalogue.render_dataset(DATASET)
    document["hasPolicy"][0]["target"] = "urn:uuid:d"
    with pytest.raises(NotDsp):
        dsp_catalogue.parse_dataset(dsp.render_bytes(document))


def test_the_service_of_a_distribution_may_be_named_by_its_id():
    catalogue = dsp_catalogue.render_catalogue(Catalogue("k", "did:web:p", (DATASET,)))
    distribution = catalogue["dataset"][0]["distribution"][0]
    distribution["accessService"] = distribution["accessService"]["@id"]
    (read,) = dsp_catalogue.parse_catalogue(dsp.render_bytes(catalogue)).datasets
    assert read.endpoint == DATASET.endpoint


def test_states_and_errors_are_valid():
    negotiation = Negotiation(
        Role.CONSUMER, NegotiationState.START, C, "", "BPNL00000000OEM1", "", OFFER
    )
    waiting = replace(negotiation, outgoing=NegotiationState.REQUESTED)
    transfer = Transfer(
        Role.PROVIDER, TransferState.STARTED, C, P, "BPNL00000000OEM1", "", "a", "d", "f"
    )
    for process in (waiting, transfer):
        document = dsp_answers.render_process(process)
        check(document, dsp.SCHEMA_OF[document["@type"]])
    assert dsp_answers.render_process(waiting)["state"] == "REQUESTED"
    for kind in ("CatalogError", "ContractNegotiationError", "TransferError"):
        error = dsp_answers.render_error(kind, "x", ["because"], consumer_pid=C)
        check(error, dsp.SCHEMA_OF[kind])
        assert dsp_answers.parse_error(dsp.render_bytes(error)) == ("x", ("because",))


def test_the_version_document_is_valid():
    document = dsp_answers.render_versions(DSP_2025_1, "urn:uuid:s")
    check(document, "common/protocol-version")
    assert dsp_answers.parse_versions(json.dumps(document).encode()) == {"2025-1": "/2025-1"}


def test_every_packaged_schema_can_be_used_without_a_network():
    names = [uri.removeprefix("https://w3id.org/dspace/2025/1/") for uri in schemas()]
    assert len(names) == 26
    for name in names:
        _validator(name.removesuffix("-schema.json")).is_valid({})


def test_the_packaged_schemas_are_the_official_ones(shared: Path):
    root = Path(dsp.__file__).parent / "dsp_schemas"
    official = shared / "standards/dsp"
    for file in root.rglob("*.json"):
        assert file.read_bytes() == (official / file.relative_to(root)).read_bytes()


def test_the_official_examples_are_read_and_written_back(shared: Path):
    kinds = tuple(dsp._TYPE_OF)
    seen = 0
    for room in ("negotiation", "transfer"):
        for file in sorted((shared / f"standards/dsp/{room}/example").glob("*message*.json")):
            document = json.loads(file.read_text())
            if "dataAddress" in document:
                continue  # we write every property under all its names
            assert dsp.render_message(dsp.parse_message(document, *kinds)) == document
            seen += 1
    assert seen >= 10


def test_a_usage_policy_is_valid_under_the_schemas_of_catena_x(shared: Path):
    from jsonschema_rs import Draft201909, Draft201909Validator, Registry

    folder = shared / "standards/cx-policy/saturn-cx0152"
    found = dict(schemas())
    for file in folder.rglob("*schema*.json"):
        schema = json.loads(file.read_text())
        found[schema["$id"]] = schema
    atomic = "https://w3id.org/catenax/2025/9/policy/schema/atomic-constraint-schemas.json"
    registry = Registry(list(found.items()), draft=Draft201909)
    permitted = Draft201909Validator(
        {"$ref": f"{atomic}#/definitions/AtomicUsagePermissionConstraint"}, registry=registry
    )
    for constraint in POLICY["permission"][0]["constraint"][0]["and"]:
        permitted.validate(constraint)
    with pytest.raises(Exception, match="valid"):
        permitted.validate({"leftOperand": "UsagePurpose", "operator": "eq", "rightOperand": 1})


def test_faults_are_faulty_input():
    assert issubclass(NotDsp, FaultyInput)
