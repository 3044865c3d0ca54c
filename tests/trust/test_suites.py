"""Each suite verifies what it signed and nothing else, in its one key form."""

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa

from saltbridge.testing.builders import BuiltArchiveSigner, BuiltLogSigner, BuiltSigner
from saltbridge.trust.suites import SUITES, NotVerified, public_jwk, signature_fits, suite_of

SIGNERS = [BuiltSigner("a#key"), BuiltLogSigner("a#log"), BuiltArchiveSigner("a#archive")]


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda s: str(s.suite))
def test_what_was_signed_fits_and_nothing_else(signer: BuiltSigner) -> None:
    jwk, signature = signer.public_jwk(), signer.sign(b"content")
    assert suite_of(jwk).name == signer.suite
    assert len(signature) == SUITES[signer.suite].signature_bytes
    assert signature_fits(jwk, b"content", signature)
    assert not signature_fits(jwk, b"Content", signature)
    assert not signature_fits(jwk, b"content", signature[:-1])
    other = type(signer)("b#other").public_jwk()
    assert not signature_fits(other, b"content", signature)


def test_ml_dsa_44_is_read_too() -> None:
    """C2SP recommends it for the checkpoints of new logs."""
    key = mldsa.MLDSA44PrivateKey.generate()
    jwk = public_jwk("ML-DSA-44", key.public_key().public_bytes_raw())
    assert signature_fits(jwk, b"content", key.sign(b"content"))


@pytest.mark.parametrize("alg", ["ML-DSA-44", "ML-DSA-87", "ES256", None, 7])
def test_an_akp_key_is_of_the_algorithm_it_names(alg: object) -> None:
    signer = BuiltArchiveSigner("a#archive")
    jwk = {**signer.public_jwk(), "alg": alg}
    if alg is None:
        del jwk["alg"]
    with pytest.raises(NotVerified):
        if not signature_fits(jwk, b"content", signer.sign(b"content")):
            raise NotVerified.of("trust.signature-wrong", key="")


@pytest.mark.parametrize("member", ["priv", "seed", "d", "k"])
def test_a_private_half_is_no_public_key(member: str) -> None:
    jwk = {**BuiltArchiveSigner("a#archive").public_jwk(), member: "AA"}
    with pytest.raises(NotVerified) as refused:
        suite_of(jwk)
    assert refused.value.findings[0].code == "trust.key-private"


def test_a_public_half_of_another_length_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="none of"):
        public_jwk("ML-DSA-65", b"short")
    with pytest.raises(ValueError, match="unknown suite"):
        public_jwk("HS256", b"short")
