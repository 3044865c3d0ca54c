"""Signed claims: what is signed as one type is nothing else, and nothing survives a change."""

import json
import string
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from saltbridge.core.canonical import FaultyJson, canonical_bytes
from saltbridge.testing.builders import NOON, BuiltKeyring, BuiltSigner
from saltbridge.trust import claims, signature
from saltbridge.trust.claims import (
    CLAIM_CLASSES,
    Passport,
    PassportVersion,
    Receipt,
    SignedClaim,
)
from saltbridge.trust.did import DidDocument, KeyUse, VerificationKey, build_did_document
from saltbridge.trust.suites import NotVerified

DID = "did:web:cells.example"
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
KEYRING = BuiltKeyring(DID)
BESIDE: dict[type[Any], dict[str, Any]] = {
    PassportVersion: {"_sd_alg": "sha-256", "status": {"status_list": {"idx": 0, "uri": "x"}}}
}
CONTENT = {"total_kg_co2e": 5021.5, "name": "电池", "n": 1}


def signed(claim_class: type[Any] = Receipt, **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "id": ID,
        "issued_at": NOON,
        "issuer": DID,
        "signer": KEYRING.signer(),
        "beside": BESIDE.get(claim_class),
    }
    content = changes.pop("content", CONTENT)
    return claims.sign(claim_class, content, **(arguments | changes))


def jws_of(
    payload: bytes,
    header: dict[str, Any] | bytes | None = None,
    signer: BuiltSigner | None = None,
) -> str:
    """A JWS with any header and payload, properly signed: an attacker may have a key."""
    head = {"alg": "ES256", "kid": f"{DID}#key-1", "typ": "saltbridge-receipt+jws"}
    if not isinstance(header, bytes):
        header = canonical_bytes(head | (header or {}))
    signing_input = f"{signature.base64url(header)}.{signature.base64url(payload)}"
    made = (signer or KEYRING.signer()).sign(signing_input.encode())
    return f"{signing_input}.{signature.base64url(made)}"


def statement(**changes: Any) -> dict[str, Any]:
    whole = {
        "type": "receipt",
        "id": ID,
        "issuer": DID,
        "issued_at": "2026-11-23T12:00:00Z",
        "content": CONTENT,
    }
    return whole | changes


def refusal(claim: SignedClaim, document: Any = None, **more: Any) -> str:
    with pytest.raises(NotVerified) as refused:
        claims.verify(claim, document or KEYRING.did_document(), **more)
    return refused.value.findings[0].code


@pytest.mark.parametrize("claim_class", list(CLAIM_CLASSES.values()))
def test_what_was_signed_is_what_is_verified(claim_class: type[SignedClaim]) -> None:
    claim = signed(claim_class)
    verified = claims.verify(claim, KEYRING.did_document())
    assert type(verified.claim) is claim_class
    assert verified.content == CONTENT
    assert (verified.id, verified.issuer, verified.issued_at) == (ID, DID, NOON)
    form = "sd-jwt" if claim_class is PassportVersion else "jws"
    assert verified.header["typ"] == f"saltbridge-{claim_class.type}+{form}"
    said = statement(type=claim_class.type.value, **BESIDE.get(claim_class, {}))
    assert verified.payload == canonical_bytes(said)


def test_the_hand_made_jws_of_these_tests_is_a_good_one() -> None:
    """Else the attacks below could be refused for another reason than theirs."""
    assert (
        claims.verify(
            Receipt(jws_of(canonical_bytes(statement()))), KEYRING.did_document()
        ).content
        == CONTENT
    )


@pytest.mark.parametrize(("was", "presented"), list(product(CLAIM_CLASSES.values(), repeat=2)))
def test_no_type_passes_for_another(
    was: type[SignedClaim], presented: type[SignedClaim]
) -> None:
    claim = presented(signed(was).jws)
    if was is presented:
        claims.verify(claim, KEYRING.did_document())
    else:
        assert refusal(claim) == "trust.unexpected-type"


@pytest.mark.parametrize(
    ("inside", "outside"), [("passport", "receipt"), ("receipt", "passport")]
)
def test_the_type_inside_and_outside_are_the_same(inside: str, outside: str) -> None:
    jws = jws_of(canonical_bytes(statement(type=inside)), {"typ": f"saltbridge-{outside}+jws"})
    assert refusal(claims.claim_of(outside, jws)) == "trust.unexpected-type"


def test_a_claim_is_of_one_of_the_five_types() -> None:
    with pytest.raises(TypeError):
        SignedClaim("a.b.c")
    with pytest.raises(NotVerified):
        claims.claim_of("certificate", "a.b.c")


def test_a_verified_claim_is_made_by_verifying_only() -> None:
    verified = claims.verify(signed(), KEYRING.did_document())
    with pytest.raises(TypeError):
        claims.VerifiedClaim(signed(), ID, DID, NOON, {}, {}, b"")
    assert "_seal" not in repr(verified)


def test_a_remote_signer_sees_the_signing_input_only() -> None:
    unsigned = claims.prepare(
        Passport,
        CONTENT,
        id=ID,
        issuer=DID,
        key_id=f"{DID}#key-1",
        suite="ES256",
        issued_at=NOON,
    )
    made = KEYRING.signer().sign(unsigned.signing_input)
    assert claims.verify(claims.assemble(unsigned, made), KEYRING.did_document())
    with pytest.raises(ValueError, match="signature of"):
        claims.assemble(unsigned, made + b"\x00")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "42"}, "urn:uuid"),
        ({"issuer": "did:web:other.example"}, "not one of"),
        ({"issued_at": NOON.replace(tzinfo=None)}, "zone"),
        ({"content": {"x": float("nan")}}, "json.not-canonical"),
    ],
)
def test_nothing_faulty_is_signed(change: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, FaultyJson), match=message):
        signed(**change)


# Attacks


def test_alg_none_is_refused() -> None:
    payload = canonical_bytes(statement())
    header = {"alg": "none", "kid": f"{DID}#key-1", "typ": "saltbridge-receipt+jws"}
    head, body = signature.base64url(canonical_bytes(header)), signature.base64url(payload)
    assert refusal(Receipt(f"{head}.{body}.")) == "trust.algorithm"
    assert refusal(Receipt(jws_of(payload, {"alg": "none"}))) == "trust.algorithm"


def test_hs256_with_the_public_key_as_secret_is_refused() -> None:
    import hmac
    from hashlib import sha256

    jwk = canonical_bytes(KEYRING.signer().public_jwk())
    header = {"alg": "HS256", "kid": f"{DID}#key-1", "typ": "saltbridge-receipt+jws"}
    head = signature.base64url(canonical_bytes(header))
    signing_input = f"{head}.{signature.base64url(canonical_bytes(statement()))}"
    mac = hmac.new(jwk, signing_input.encode(), sha256).digest()
    assert refusal(Receipt(f"{signing_input}.{signature.base64url(mac)}")) == "trust.algorithm"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        f"{DID}#../key-1",
        "did:web:evil.example#key-1",
        f"{DID}#key-2",
        f"{DID}",
        "",
        "key-1",
        "#key-1",
    ],
)
def test_a_kid_is_looked_up_and_nothing_else(kid: str) -> None:
    attacker = BuiltSigner("did:web:evil.example#key-1")
    jws = jws_of(canonical_bytes(statement()), {"kid": kid}, attacker)
    assert refusal(Receipt(jws)) == "trust.key-unknown"


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": BuiltSigner("did:web:evil.example#key-1").public_jwk()},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/chain"},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"zip": "DEF"},
        {"cty": "JWT"},
    ],
)
def test_a_header_with_more_than_it_may_hold_is_refused(extra: dict[str, Any]) -> None:
    for signer in (KEYRING.signer(), BuiltSigner("did:web:evil.example#key-1")):
        jws = jws_of(canonical_bytes(statement()), extra, signer)
        assert refusal(Receipt(jws)) == "trust.header-members"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b'{"alg":"ES256","typ":"saltbridge-receipt+jws"}', "trust.header-members"),
        (
            b'{"alg":"none","alg":"ES256","kid":"did:web:cells.example#key-1",'
            b'"typ":"saltbridge-receipt+jws"}',
            "json.duplicate-key",
        ),
        (b'{"alg":"ES256","kid":1,"typ":"saltbridge-receipt+jws"}', "trust.malformed"),
        (b"[]", "trust.malformed"),
        (b"\xff", "json.not-utf8"),
        (b"", "json.syntax"),
    ],
)
def test_a_faulty_header_is_refused(header: bytes, code: str) -> None:
    assert refusal(Receipt(jws_of(canonical_bytes(statement()), header))) == code


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (
            b'{"content":{"a":1,"a":2},"id":"urn:uuid:00000000-0000-4000-8000-000000000001",'
            b'"issued_at":"2026-11-23T12:00:00Z","issuer":"did:web:cells.example",'
            b'"type":"receipt"}',
            "json.duplicate-key",
        ),
        (json.dumps(statement()).encode(), "trust.not-canonical"),
        (canonical_bytes(statement()).replace(b"5021.5", b"5021.50"), "trust.not-canonical"),
        (canonical_bytes(statement()).replace(b"5021.5", b"NaN"), "json.not-a-number"),
        (canonical_bytes(statement()).replace(b"5021.5", b"1e999"), "json.number-out-of-range"),
        (canonical_bytes(statement(extra=1)), "trust.malformed"),
        (canonical_bytes(statement(content=[])), "trust.malformed"),
        (canonical_bytes(statement(id="1")), "trust.malformed"),
        (canonical_bytes(statement(issued_at="2026-11-23T12:00:00")), "trust.malformed"),
        (canonical_bytes(statement(issued_at=7)), "trust.malformed"),
        (canonical_bytes(statement(issuer="did:web:evil.example")), "trust.issuer-differs"),
        (b"[" * 100 + b"]" * 100, "json.too-deep"),
    ],
)
def test_a_well_signed_but_faulty_statement_is_refused(payload: bytes, code: str) -> None:
    assert refusal(Receipt(jws_of(payload))) == code


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_no_changed_character_survives(data: st.DataObject) -> None:
    jws = signed().jws
    position = data.draw(st.integers(0, len(jws) - 1))
    other = data.draw(st.sampled_from(f"{string.ascii_letters}{string.digits}-_.=+/ \n"))
    changed = jws[:position] + other + jws[position + 1 :]
    if changed == jws:
        return
    with pytest.raises(NotVerified):
        claims.verify(Receipt(changed), KEYRING.did_document())


@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_other_spelling_of_the_same_bytes_is_taken(part: int) -> None:
    """The last character of base64url may hold bits that decode to nothing."""
    parts = signed().jws.split(".")
    for other in f"{string.ascii_letters}{string.digits}-_":
        respelt = [*parts]
        respelt[part] = respelt[part][:-1] + other
        if respelt != parts:
            with pytest.raises(NotVerified):
                claims.verify(Receipt(".".join(respelt)), KEYRING.did_document())


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 2_000))
def test_no_truncated_claim_survives(length: int) -> None:
    jws = signed().jws
    if length >= len(jws):
        return
    with pytest.raises(NotVerified):
        claims.verify(Receipt(jws[:length]), KEYRING.did_document())


@pytest.mark.parametrize("tail", ["=", "==", ".", "\n", " ", "A"])
def test_nothing_may_follow_the_signature(tail: str) -> None:
    with pytest.raises(NotVerified):
        claims.verify(Receipt(signed().jws + tail), KEYRING.did_document())


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=200))
def test_rubbish_is_refused_and_never_a_crash(rubbish: str) -> None:
    with pytest.raises(NotVerified):
        claims.verify(Receipt(rubbish), KEYRING.did_document())


def test_the_empty_signature_of_zeros_is_refused() -> None:
    head, body, _ = signed().jws.split(".")
    zeros = signature.base64url(bytes(64))
    assert refusal(Receipt(f"{head}.{body}.{zeros}")) == "trust.signature-wrong"


def test_another_companys_key_does_not_sign_for_us() -> None:
    other = BuiltKeyring("did:web:evil.example")
    assert refusal(signed(), other.did_document()) == "trust.issuer-differs"


# Keys over time


def history(**life: Any) -> dict[str, Any]:
    signer = KEYRING.signer()
    key = VerificationKey(signer.key_id, signer.public_jwk())
    return build_did_document(DidDocument(DID, (replace(key, **life),)))


def test_a_rotated_key_keeps_what_it_signed_before() -> None:
    assert claims.verify(signed(), history(expires=NOON + timedelta(seconds=1)))
    code = refusal(signed(), history(expires=NOON - timedelta(seconds=1)))
    assert code == "trust.key-expired"


def test_a_revoked_key_needs_a_witness_of_an_earlier_time() -> None:
    document = history(revoked=NOON + timedelta(days=1))
    assert refusal(signed(), document) == "trust.key-revoked"  # dates can be made up
    late = NOON + timedelta(days=2)
    assert refusal(signed(), document, witnessed_at=late) == "trust.key-revoked"
    assert claims.verify(signed(), document, witnessed_at=NOON + timedelta(hours=1))


def test_a_key_for_signing_in_only_signs_no_claims() -> None:
    document = history(uses=frozenset({KeyUse.AUTHENTICATION}))
    assert refusal(signed(), document) == "trust.key-use"


def test_the_issuer_can_be_asked_for_before_verifying() -> None:
    assert claims.stated_issuer(signed()) == DID
    with pytest.raises(NotVerified):
        claims.stated_issuer(Receipt("x"))


def test_ed25519_is_verified_too() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    class Signer:
        key_id = f"{DID}#key-9"
        suite = "Ed25519"

        def sign(self, signing_input: bytes) -> bytes:
            return private.sign(signing_input)

    public = signature.base64url(private.public_key().public_bytes_raw())
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": public}
    document = build_did_document(DidDocument(DID, (VerificationKey(Signer.key_id, jwk),)))
    assert claims.verify(signed(signer=Signer()), document).content == CONTENT
    wrong = claims.claim_of("receipt", signed(signer=Signer()).jws[:-4] + "AAAA")
    with pytest.raises(NotVerified):
        claims.verify(wrong, document)
