"""DID documents: what is built is what is read, and faulty ones are refused."""

from datetime import timedelta
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.testing.builders import NOON, BuiltKeyring, BuiltSigner
from saltbridge.trust.did import (
    DATA_SERVICE,
    DidDocument,
    KeyUse,
    ServiceEndpoint,
    VerificationKey,
    build_did_document,
    from_iso,
    iso,
    parse_did_document,
)
from saltbridge.trust.suites import NotVerified, public_key, suite_of

DID = "did:web:127.0.0.1%3A8102"


def document() -> DidDocument:
    keys = (
        VerificationKey(
            f"{DID}#key-1",
            BuiltSigner("one").public_jwk(),
            expires=NOON,
        ),
        VerificationKey(
            f"{DID}#key-2",
            BuiltSigner("two").public_jwk(),
            uses=frozenset({KeyUse.AUTHENTICATION}),
            revoked=NOON + timedelta(days=1),
        ),
    )
    url = "http://127.0.0.1:8102/.well-known/dspace-version"
    return DidDocument(DID, keys, (ServiceEndpoint(f"{DID}#dsp", DATA_SERVICE, url),))


def test_what_is_built_is_what_is_read() -> None:
    assert parse_did_document(build_did_document(document()), did=DID) == document()


def test_it_says_who_where_and_with_which_keys() -> None:
    built = build_did_document(document())
    assert built["id"] == DID
    assert built["verificationMethod"][0]["type"] == "JsonWebKey2020"
    assert built["assertionMethod"] == [f"{DID}#key-1"]
    assert built["authentication"] == [f"{DID}#key-1", f"{DID}#key-2"]
    assert built["service"][0]["type"] == "DataService"
    assert document().service_url() == "http://127.0.0.1:8102/.well-known/dspace-version"
    assert document().service_url("Mailbox") is None


def test_relative_ids_and_embedded_methods_are_read() -> None:
    built = build_did_document(document())
    for method in built["verificationMethod"]:
        method["id"] = method["id"].removeprefix(DID)
    built["assertionMethod"] = [{"id": "#key-1"}]
    built["service"][0]["id"] = "#dsp"
    read = parse_did_document(built)
    assert [k.id for k in read.keys] == [f"{DID}#key-1", f"{DID}#key-2"]
    assert KeyUse.ASSERTION in read.keys[0].uses
    assert read.services == document().services


def test_a_private_key_is_never_published() -> None:
    key = VerificationKey(f"{DID}#key-1", BuiltSigner("x").public_jwk() | {"d": "AA"})
    with pytest.raises(NotVerified) as refused:
        build_did_document(DidDocument(DID, (key,)))
    assert refused.value.findings[0].code == "trust.key-private"


def test_another_companys_document_is_refused() -> None:
    with pytest.raises(FaultyInput) as fault:
        parse_did_document(build_did_document(document()), did="did:web:cells.example")
    assert fault.value.findings[0].code == "trust.did-differs"


def without(member: str) -> dict[str, Any]:
    built = build_did_document(document())
    del built[member]
    return built


@pytest.mark.parametrize(
    "faulty",
    [
        None,
        [],
        {},
        without("id"),
        {"id": 7},
        {"id": "https://cells.example"},
        {"id": DID, "verificationMethod": {}},
        {"id": DID, "verificationMethod": ["key"]},
        build_did_document(document())
        | {"verificationMethod": build_did_document(document())["verificationMethod"] * 2},
        build_did_document(document())
        | {
            "verificationMethod": [
                build_did_document(document())["verificationMethod"][0] | {"revoked": "soon"}
            ]
        },
        build_did_document(document())
        | {
            "verificationMethod": [
                build_did_document(document())["verificationMethod"][0] | {"expires": 7}
            ]
        },
    ],
)
def test_a_faulty_document_is_refused(faulty: object) -> None:
    with pytest.raises(FaultyInput) as fault:
        parse_did_document(faulty)
    assert {f.code for f in fault.value.findings} == {"trust.did-document"}


@pytest.mark.parametrize(
    "method",
    [
        {"id": "did:web:evil.example#key-1", "publicKeyJwk": BuiltSigner("x").public_jwk()},
        {"id": f"{DID}#key-3", "publicKeyMultibase": "z6Mk"},
        {"id": f"{DID}#key-3", "publicKeyJwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
        {"id": f"{DID}#key-3", "publicKeyJwk": {"kty": "oct", "k": "AAAA"}},
        {
            "id": f"{DID}#key-3",
            "publicKeyJwk": BuiltSigner("x").public_jwk() | {"alg": "HS256"},
        },
    ],
)
def test_keys_we_cannot_use_are_left_out(method: dict[str, Any]) -> None:
    built = build_did_document(document())
    built["verificationMethod"].append(method)
    built["assertionMethod"].append(method["id"])
    assert parse_did_document(built).keys == document().keys


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": 5, "y": 6},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {},
    ],
)
def test_a_key_off_its_curve_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(NotVerified):
        public_key(jwk)


def test_the_algorithm_follows_from_the_key() -> None:
    assert suite_of(BuiltKeyring(DID).signer().public_jwk()).name == "ES256"


def test_times_have_a_zone() -> None:
    assert from_iso(iso(NOON)) == NOON
    assert from_iso("2026-11-23T13:00:00+01:00") == NOON
    for faulty in ("2026-11-23T12:00:00", "noon"):
        with pytest.raises(ValueError):
            from_iso(faulty)
    with pytest.raises(ValueError):
        iso(NOON.replace(tzinfo=None))
