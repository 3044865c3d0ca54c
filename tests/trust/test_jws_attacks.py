"""Confusion attacks on signatures, the same for every suite: none is believed."""

import hashlib
import hmac
from typing import Any

import gmssl_pyx
import pytest

from saltbridge.adapters.keys_files import raw_of_der
from saltbridge.core.canonical import canonical_bytes
from saltbridge.testing.builders import BuiltArchiveSigner, BuiltLogSigner, BuiltSigner
from saltbridge.trust import signature
from saltbridge.trust.spelling import base64url, from_base64url
from saltbridge.trust.suites import SUITES, NotVerified, public_jwk, suite_of

TYP = "saltbridge-receipt+jws"
KEY_ID = "did:web:a#key-1"


class Sm2Signer:
    suite = "SM2"

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self.public, self.private = gmssl_pyx.sm2_key_generate()

    def sign(self, content: bytes) -> bytes:
        return raw_of_der(gmssl_pyx.sm2_sign(self.private, self.public, content))

    def public_jwk(self) -> dict[str, str]:
        return public_jwk("SM2", self.public)


SIGNERS: list[Any] = [
    made(KEY_ID) for made in (BuiltSigner, BuiltLogSigner, BuiltArchiveSigner, Sm2Signer)
]
EVERY_SUITE = pytest.mark.parametrize("signer", SIGNERS, ids=[s.suite for s in SIGNERS])


def compact(signer: Any, header: dict[str, Any], payload: bytes = b"{}") -> str:
    """A JWS with any header at all, honestly signed."""
    unsigned = f"{base64url(canonical_bytes(header))}.{base64url(payload)}"
    return f"{unsigned}.{base64url(signer.sign(unsigned.encode()))}"


def header_of(signer: Any, **changes: Any) -> dict[str, Any]:
    return {"alg": signer.suite, "kid": KEY_ID, "typ": TYP} | changes


def refused(signer: Any, jws: str, **how: Any) -> str:
    with pytest.raises(NotVerified) as fault:
        signature.verify(
            jws, **({"jwk": signer.public_jwk(), "key_id": KEY_ID, "typ": TYP} | how)
        )
    return fault.value.findings[0].code


@EVERY_SUITE
def test_what_is_honest_verifies(signer: Any) -> None:
    """So that each refusal below is for its own reason."""
    jws = compact(signer, header_of(signer))
    assert signature.verify(jws, jwk=signer.public_jwk(), key_id=KEY_ID, typ=TYP) == b"{}"


@EVERY_SUITE
@pytest.mark.parametrize("alg", ["none", "None", "", "HS256", "EdDSA", "RS256", *SUITES])
def test_the_header_chooses_no_algorithm(signer: Any, alg: str) -> None:
    if alg != signer.suite:
        assert refused(signer, compact(signer, header_of(signer, alg=alg))) == "trust.algorithm"


@EVERY_SUITE
def test_an_empty_signature_is_none(signer: Any) -> None:
    for alg in ("none", signer.suite):
        jws = compact(signer, header_of(signer, alg=alg)).rpartition(".")[0] + "."
        assert refused(signer, jws) in ("trust.algorithm", "trust.signature-wrong")


@EVERY_SUITE
def test_the_public_key_is_no_secret_of_hs256(signer: Any) -> None:
    for alg in ("HS256", signer.suite):
        unsigned = (
            f"{base64url(canonical_bytes(header_of(signer, alg=alg)))}.{base64url(b'{}')}"
        )
        for secret in (
            canonical_bytes(signer.public_jwk()),
            *map(str.encode, signer.public_jwk().values()),
        ):
            mac = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
            for tag in (mac, mac * 2):
                code = refused(signer, f"{unsigned}.{base64url(tag)}")
                assert code in ("trust.algorithm", "trust.signature-wrong")


@EVERY_SUITE
@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "crit", "b64"])
def test_a_header_brings_no_key_along(signer: Any, member: str) -> None:
    thief = type(signer)("did:web:thief#key-1")
    value: Any = thief.public_jwk() if member == "jwk" else [member]
    jws = compact(thief, header_of(signer, **{member: value}))
    assert refused(signer, jws) == "trust.header-members"


@EVERY_SUITE
def test_another_key_under_this_id_is_none(signer: Any) -> None:
    thief = type(signer)("did:web:thief#key-1")
    assert refused(signer, compact(thief, header_of(signer))) == "trust.signature-wrong"
    jws = compact(thief, header_of(signer, kid="did:web:thief#key-1"))
    assert refused(signer, jws) == "trust.key-unknown"


@EVERY_SUITE
@pytest.mark.parametrize("other", SIGNERS, ids=[s.suite for s in SIGNERS])
def test_a_signature_of_another_suite_is_none(signer: Any, other: Any) -> None:
    if other.suite == signer.suite:
        return
    jws = compact(other, header_of(other))
    assert refused(signer, jws) == "trust.algorithm"
    relabelled = compact(other, header_of(signer))
    assert refused(signer, relabelled) == "trust.signature-wrong"


@EVERY_SUITE
def test_another_type_is_none(signer: Any) -> None:
    jws = compact(signer, header_of(signer, typ="saltbridge-passport+jws"))
    assert refused(signer, jws) == "trust.unexpected-type"


@EVERY_SUITE
def test_every_byte_of_a_signature_counts(signer: Any) -> None:
    unsigned, _, text = compact(signer, header_of(signer)).rpartition(".")
    sound = from_base64url(text)
    step = max(1, len(sound) // 64)  # each byte of the short ones, 64 spread over ML-DSA's
    for index in range(0, len(sound), step):
        forged = sound[:index] + bytes([sound[index] ^ 0x80]) + sound[index + 1 :]
        assert refused(signer, f"{unsigned}.{base64url(forged)}") == "trust.signature-wrong"
    for forged in (sound[:-1], sound + b"\x00", sound[1:], bytes(len(sound))):
        assert refused(signer, f"{unsigned}.{base64url(forged)}") == "trust.signature-wrong"


@EVERY_SUITE
def test_a_changed_payload_is_found(signer: Any) -> None:
    head, _, tail = compact(signer, header_of(signer)).split(".")
    jws = f"{head}.{base64url(b'[]')}.{tail}"
    assert refused(signer, jws) == "trust.signature-wrong"


@EVERY_SUITE
@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "ML-DSA-87"])
def test_a_key_names_its_own_algorithm_or_none(signer: Any, alg: str) -> None:
    with pytest.raises(NotVerified):
        suite_of({**signer.public_jwk(), "alg": alg})


@EVERY_SUITE
def test_a_key_off_its_curve_or_of_another_length_verifies_nothing(signer: Any) -> None:
    jws = compact(signer, header_of(signer))
    jwk = signer.public_jwk()
    member = "pub" if "pub" in jwk else "x"
    for text in ("AA", "", "=", jwk[member][:-4], jwk[member] + "AAAA"):
        code = refused(signer, jws, jwk={**jwk, member: text})
        assert code in ("trust.key-unsupported", "trust.signature-wrong")


def test_an_sm2_point_off_its_curve_is_no_key() -> None:
    signer = SIGNERS[-1]
    jwk = {**signer.public_jwk(), "y": signer.public_jwk()["x"]}
    jws = compact(signer, header_of(signer))
    assert refused(signer, jws, jwk=jwk) == "trust.key-unsupported"
