"""Base64url has one spelling, and a JWS is prepared before it is signed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.testing.builders import BuiltSigner
from saltbridge.trust import signature
from saltbridge.trust.suites import NotVerified


@given(st.binary(max_size=100))
def test_base64url_comes_back(content: bytes) -> None:
    assert signature.from_base64url(signature.base64url(content)) == content


@pytest.mark.parametrize("text", ["_-9", "_-8=", "+/8", "_-8 ", "_-8\n", "A", "ä", "_-8."])
def test_other_spellings_are_refused(text: str) -> None:
    """``_-8`` is the one right way to write its two bytes."""
    assert signature.from_base64url("_-8") == b"\xff\xef"
    with pytest.raises(NotVerified):
        signature.from_base64url(text)


def test_an_unknown_suite_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="unknown suite"):
        signature.prepare(b"", key_id="k", suite="HS256", typ="JWT")


def test_the_key_looked_up_is_the_key_that_signed() -> None:
    signer = BuiltSigner("did:web:a#key-1")
    unsigned = signature.prepare(b"{}", key_id=signer.key_id, suite="ES256", typ="JWT")
    made = signature.assemble(unsigned, signer.sign(unsigned.signing_input))
    jwk = signer.public_jwk()
    assert signature.verify(made, jwk=jwk, key_id=signer.key_id, typ="JWT") == b"{}"
    with pytest.raises(NotVerified):
        signature.verify(made, jwk=jwk, key_id="did:web:a#key-2", typ="JWT")
    with pytest.raises(NotVerified):
        signature.verify(made, jwk=jwk, key_id=signer.key_id, typ="at+jwt")


def test_an_endless_text_is_not_even_split() -> None:
    with pytest.raises(NotVerified):
        signature.open_jws("a" * (signature.MAX_JWS_CHARACTERS + 1))
