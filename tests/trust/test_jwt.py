"""JWTs of other companies' software: their keys, their habits, no algorithm of theirs."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trust.wallet import WalletSigner

from saltbridge.core.canonical import canonical_bytes
from saltbridge.testing.builders import NOON, BuiltKeyring, BuiltLogSigner, BuiltSigner
from saltbridge.trust.did import DidDocument, KeyUse, VerificationKey
from saltbridge.trust.jwt import key_of, open_jwt, verify_jwt
from saltbridge.trust.spelling import base64url
from saltbridge.trust.suites import NotVerified

DID = "did:web:wallet.example"
KEY_ID = f"{DID}#key-1"


SIGNERS: list[Any] = [BuiltSigner(KEY_ID), WalletSigner(KEY_ID), BuiltLogSigner(KEY_ID)]
EVERY = pytest.mark.parametrize("signer", SIGNERS, ids=[s.suite for s in SIGNERS])


def document(signer: Any, *more: VerificationKey) -> DidDocument:
    return DidDocument(DID, (VerificationKey(KEY_ID, signer.public_jwk()), *more))


def token(signer: Any, signed_by: Any = None, **header: Any) -> str:
    members = {"alg": signer.suite, "kid": KEY_ID, "typ": "JWT"} | header
    head = {name: value for name, value in members.items() if value is not None}
    text = f"{base64url(canonical_bytes(head))}.{base64url(b'{}')}"
    return f"{text}.{base64url((signed_by or signer).sign(text.encode()))}"


def checked(text: str, known: DidDocument) -> None:
    opened, _ = open_jwt(text)
    key = key_of(opened, known, KeyUse.AUTHENTICATION, at=NOON)
    verify_jwt(text, opened, key, ("jwt",))


def refused(text: str, known: DidDocument) -> str:
    with pytest.raises(NotVerified) as fault:
        checked(text, known)
    return fault.value.findings[0].code


@EVERY
@pytest.mark.parametrize("header", [{}, {"typ": None}, {"typ": "jwt"}, {"kid": "#key-1"}])
def test_what_they_may_leave_open_is_borne(signer: Any, header: dict[str, Any]) -> None:
    checked(token(signer, **header), document(signer))


def test_ed25519_may_be_called_as_before() -> None:
    signer = SIGNERS[2]
    checked(token(signer, alg="EdDSA"), document(signer))


@EVERY
@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", "", "es256"])
def test_the_header_chooses_no_algorithm(signer: Any, alg: str) -> None:
    assert refused(token(signer, alg=alg), document(signer)) == "trust.algorithm"


@EVERY
@pytest.mark.parametrize("other", SIGNERS, ids=[s.suite for s in SIGNERS])
def test_a_key_is_used_with_its_own_algorithm_only(signer: Any, other: Any) -> None:
    if signer.suite == other.suite:
        return
    relabelled = token(other, signed_by=signer)
    assert refused(relabelled, document(signer)) == "trust.algorithm"
    forged = token(signer, signed_by=other)
    assert refused(forged, document(signer)) == "trust.signature-wrong"


def test_a_curve_is_not_taken_for_another() -> None:
    """The point of a P-256 key under the name of secp256k1 lies on no curve of that name."""
    honest = SIGNERS[0].public_jwk()
    known = DidDocument(DID, (VerificationKey(KEY_ID, {**honest, "crv": "secp256k1"}),))
    text = token(SIGNERS[0], alg="ES256K")
    assert refused(text, known) == "trust.key-unsupported"


@EVERY
@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"])
def test_a_header_brings_nothing_along(signer: Any, member: str) -> None:
    text = token(signer, **{member: ["x"]})
    assert refused(text, document(signer)) == "trust.header-members"


@EVERY
def test_without_kid_only_the_one_key_counts(signer: Any) -> None:
    checked(token(signer, kid=None), document(signer))
    second = VerificationKey(f"{DID}#key-2", signer.public_jwk())
    assert refused(token(signer, kid=None), document(signer, second)) == "trust.key-unknown"


@EVERY
def test_a_key_counts_for_its_listed_uses_only(signer: Any) -> None:
    key = VerificationKey(KEY_ID, signer.public_jwk(), frozenset({KeyUse.ASSERTION}))
    assert refused(token(signer), DidDocument(DID, (key,))) == "trust.key-use"


def test_a_key_of_another_document_is_none() -> None:
    other = BuiltKeyring("did:web:evil.example").signer()
    text = token(other, kid=other.key_id)
    assert refused(text, document(SIGNERS[0])) == "trust.key-unknown"


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a.b.c.d", "é.a.b", "x" * 100_001, "e30.e30.", "W10.e30.AA", "e30.W10.AA"],
)
def test_what_is_no_token_is_refused_as_such(text: str) -> None:
    code = refused(text, document(SIGNERS[0]))
    assert code in ("trust.malformed", "trust.header-members")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_no_changed_token_is_taken(place: int, character: str) -> None:
    """One character put in the place of another: refused, and by a finding."""
    honest = token(SIGNERS[0])
    place %= len(honest)
    changed = honest[:place] + character + honest[place + 1 :]
    if changed != honest:
        refused(changed, document(SIGNERS[0]))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.dictionaries(st.text(max_size=8), st.integers(-9, 9)))
def test_no_text_at_all_is_taken(text: str, claims: dict[str, int]) -> None:
    for found in (text, f"{base64url(canonical_bytes(claims))}.{base64url(text.encode())}.AA"):
        refused(found, document(SIGNERS[0]))
