"""The management API of an EDC: answers of EDC 0.14.0 as recorded, and what we write."""

import json
from pathlib import Path

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.model import NegotiationState, TransferState
from saltbridge.exchange.policy import PURPOSE_PCF, same_terms, usage_offer
from saltbridge.formats import edc
from saltbridge.formats.cx_policy import faults
from saltbridge.formats.edc_offering import DIGEST, render_asset
from saltbridge.formats.edc_policy import ODRL, parse_policy, render_policy

RECORDED = json.loads((Path(__file__).parent / "edc_recorded.json").read_text(encoding="utf-8"))
OFFER = usage_offer("urn:uuid:offer", PURPOSE_PCF)


def test_the_recorded_catalogue_is_read():
    catalogue, faulty = edc.parse_catalogue(canonical_bytes(RECORDED["catalogue"]))
    (dataset,) = catalogue.datasets
    assert faulty == ()
    assert catalogue.participant.startswith("did:web:")
    assert (dataset.kind, dataset.formats[0]) == ("pcf", "HttpData-PULL")
    assert str(dataset.unknown[DIGEST]).startswith("sha256:")
    assert same_terms(dataset.offers[0].policy, OFFER)


def test_an_offer_of_edc_holds_the_id_of_ours():
    catalogue, _ = edc.parse_catalogue(canonical_bytes(RECORDED["catalogue"]))
    offer = catalogue.datasets[0].offers[0]
    assert edc.offer_behind(offer.id).startswith("urn:uuid:")
    assert edc.offer_behind("urn:uuid:1") == ""
    assert edc.offer_behind("not:base64:!") == ""


def test_a_catalogue_without_datasets_is_read():
    document = {k: v for k, v in RECORDED["catalogue"].items() if k != "dataset"}
    catalogue, _ = edc.parse_catalogue(canonical_bytes(document))
    assert catalogue.datasets == ()


@pytest.mark.parametrize("content", [b"[]", b"{", b'"x"', b'{"@type": "Catalog"}'])
def test_what_is_no_catalogue_is_refused(content):
    with pytest.raises(FaultyInput):
        edc.parse_catalogue(content)


def test_the_recorded_agreement_has_the_terms_that_were_offered():
    agreement = edc.parse_agreement(RECORDED["agreement"])
    assert same_terms(agreement.policy, OFFER)
    assert agreement.timestamp.endswith("Z")
    assert agreement.assigner.startswith("did:web:")
    assert agreement.dataset_id.partition("~")[0].startswith("urn:uuid:")


@pytest.mark.parametrize("signed", [1_764_300_000_000, 10**15, 10**30])
def test_an_agreement_signed_in_no_year_there_is_is_refused(signed):
    with pytest.raises(FaultyInput):
        edc.parse_agreement({**RECORDED["agreement"], "contractSigningDate": signed})


def test_the_recorded_address_is_read():
    address = edc.parse_edr(RECORDED["edr"])
    assert address.endpoint.startswith("http://127.0.0.1")
    assert (address.token, address.auth_type) == ("token-of-the-recording", "bearer")


def test_the_names_of_tractus_x_in_an_address_are_read():
    """As its walk-through has them (07_edrs.md)."""
    address = edc.parse_edr(
        {
            **RECORDED["edr"],
            "tx-auth:refreshEndpoint": "https://edc.example/token",
            "tx-auth:expiresIn": "300",
            "tx-auth:refreshToken": "another",
        }
    )
    assert (address.expires_in_seconds, address.refresh_token) == (300, "another")


def test_an_address_without_endpoint_is_refused():
    with pytest.raises(FaultyInput):
        edc.parse_edr({"@type": "DataAddress"})


def test_only_states_that_we_act_on_have_a_meaning():
    assert edc.negotiation_state("FINALIZED") is NegotiationState.FINALIZED
    assert edc.negotiation_state("VERIFIED") is None
    assert edc.transfer_state("STARTED") is TransferState.STARTED
    assert edc.transfer_state("STARTUP_REQUESTED") is None
    assert edc.transfer_state("DEPROVISIONED") is TransferState.TERMINATED


def test_why_something_ended_is_taken_out_of_edcs_answer():
    assert edc.detail_of(RECORDED["ended_transfer"]) == (
        "Cannot process TransferTerminationMessage because transfer cannot be terminated"
    )
    assert edc.detail_of({"errorDetail": "plain words"}) == "plain words"
    assert edc.detail_of({"errorDetail": '{"broken'}) == '{"broken'
    assert edc.detail_of({}) == ""


def test_what_edc_says_of_a_refusal_is_read():
    (said,) = edc.reasons(canonical_bytes(RECORDED["conflict"]))
    assert said.startswith("Asset urn:uuid:ds1")
    assert edc.reasons(b"<html>") == ()


def test_a_policy_of_ours_comes_back_with_its_meaning_and_under_the_official_schemas():
    back = parse_policy(render_policy(OFFER))
    assert same_terms(back, OFFER)
    assert faults({**OFFER, **back}) == []


def test_a_policy_is_written_without_any_context():
    def names(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from names(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from names(inner)

    written = set(names(render_policy(OFFER)))
    assert {name for name in written if not name.startswith(("@", ODRL))} == set()


def test_a_changed_term_is_another_meaning():
    other = usage_offer("urn:uuid:offer", "cx.circular.dpp:1")
    assert not same_terms(OFFER, other)
    assert not same_terms(OFFER, {**OFFER, "prohibition": []})


def test_the_address_and_key_of_an_asset_are_no_property_of_it():
    dataset = {
        "id": "urn:uuid:1",
        "title": "Cathode",
        "kind": "pcf",
        "offer": OFFER,
        "releases": {"BPNL1": {"digest": "sha256:aa"}},
    }
    asset = render_asset("urn:uuid:1~BPNL1", dataset, "http://node/x", "secret")
    assert "secret" not in json.dumps(asset["properties"])
    assert "http://node/x" not in json.dumps(asset["properties"])
    assert asset["properties"][DIGEST] == "sha256:aa"
