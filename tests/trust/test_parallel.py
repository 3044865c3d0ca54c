"""SM2 signs beside ES256, over the same statement, and never alone."""

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from saltbridge.adapters.keys_files import raw_of_der
from saltbridge.border.carried import claimed
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.services.verify import Outcome, VerifyRequest, verify
from saltbridge.testing.builders import NOON, BuiltKeyring
from saltbridge.trust import claims, self_issued, suites
from saltbridge.trust.claims import Receipt
from saltbridge.trust.did import DidDocument, KeyUse, VerificationKey, build_did_document
from saltbridge.trust.parallel import sign_beside
from saltbridge.trust.suites import NotVerified, public_jwk, signature_fits

DID = "did:web:cells.example"
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
OID_SM2_KEY = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")


@dataclass
class Sm2Key:
    """An SM2 key made by the library."""

    key_id: str = f"{DID}#sm2-1"
    suite: str = "SM2"

    def __post_init__(self) -> None:
        self.public, self.private = gmssl_pyx.sm2_key_generate()

    def sign(self, content: bytes) -> bytes:
        return raw_of_der(gmssl_pyx.sm2_sign(self.private, self.public, content))

    def public_jwk(self) -> dict[str, str]:
        return public_jwk("SM2", self.public)


SM2 = Sm2Key()
ES256 = BuiltKeyring(DID).signer()


def document(**life: Any) -> dict[str, Any]:
    keys = (
        VerificationKey(ES256.key_id, ES256.public_jwk()),
        VerificationKey(SM2.key_id, SM2.public_jwk(), frozenset({KeyUse.ASSERTION}), **life),
    )
    return build_did_document(DidDocument(DID, keys))


def signed(signer: Any = ES256, content: dict[str, Any] | None = None) -> Receipt:
    return claims.sign(
        Receipt, content or {"a": 1}, id=ID, issued_at=NOON, issuer=DID, signer=signer
    )


def file_of(claim: Receipt, *beside: str, **life: Any) -> bytes:
    return render_claim_file(claim, document(**life), also_signed=beside)


def outcomes(content: bytes) -> dict[str, tuple[Outcome, str]]:
    told = verify(VerifyRequest(content, "f", NOON, {DID: read_json(content)["did_document"]}))
    return {check.name: (check.outcome, check.code) for check in told.checks}


def test_it_is_checked_and_said_and_its_absence_is_fine() -> None:
    claim = signed()
    with_it = outcomes(file_of(claim, sign_beside(claim, SM2)))
    assert with_it["parallel"] == (Outcome.PASSED, "verify.signed-beside")
    without = outcomes(file_of(claim))
    assert "parallel" not in without
    assert without["signature"][0] is with_it["signature"][0] is Outcome.PASSED


def test_sm2_alone_is_refused() -> None:
    alone = signed(SM2)
    with pytest.raises(NotVerified) as refused:
        claims.verify(alone, document())
    assert refused.value.findings[0].code == "trust.never-alone"
    assert outcomes(file_of(alone))["signature"] == (Outcome.FAILED, "trust.never-alone")


def test_nobody_signs_in_with_sm2() -> None:
    keys = (VerificationKey(SM2.key_id, SM2.public_jwk(), frozenset(KeyUse)),)
    token = self_issued.self_issued_token(
        caller=DID, called="did:web:b", jti="1", now=NOON, signer=SM2
    )
    with pytest.raises(NotVerified) as refused:
        self_issued.check(
            token, called="did:web:b", did_document=DidDocument(DID, keys), now=NOON
        )
    assert refused.value.findings[0].code == "trust.never-alone"


def test_a_parallel_signature_of_something_else_is_refused_by_every_reader() -> None:
    claim = signed()
    other_content = sign_beside(signed(content={"a": 2}), SM2)
    other_type = sign_beside(
        claims.sign(claims.Estimate, {"a": 1}, id=ID, issued_at=NOON, issuer=DID, signer=ES256),
        SM2,
    )
    for beside in (other_content, other_type):
        content = file_of(claim, beside)
        with pytest.raises(FaultyInput) as fault:
            parse_claim_file(content)
        assert fault.value.findings[0].code == "trust.parallel-other-payload"
        assert claimed(content) is None


@pytest.mark.parametrize(
    "beside",
    [
        [],
        ["a.b"],
        [7],
        {"jws": "a"},
        "text",
        [signed().jws],  # a second ES256
        [sign_beside(signed(), SM2)] * 2,  # one key twice
        [sign_beside(signed(), SM2), "CANARY"],  # anything that is no signature
    ],
)
def test_what_is_no_parallel_signature_neither_enters_nor_leaves(beside: object) -> None:
    claim = signed()
    members = read_json(file_of(claim)) | {"also_signed": beside}
    content = canonical_bytes(members)
    with pytest.raises(FaultyInput):
        parse_claim_file(content)
    assert claimed(content) is None
    assert claimed(file_of(claim)) is not None


def test_what_signs_the_same_may_leave() -> None:
    claim = signed()
    content = file_of(claim, sign_beside(claim, SM2))
    assert claimed(content) == canonical_bytes({"a": 1})
    assert parse_claim_file(content).also_signed == (sign_beside_of(content),)


def sign_beside_of(content: bytes) -> str:
    (jws,) = read_json(content)["also_signed"]
    return str(jws)


def test_a_header_cannot_smuggle_anything_out() -> None:
    claim = signed()
    head, payload, signature = sign_beside(claim, SM2).split(".")
    header = read_json(suites.from_base64url(head)) | {"note": "CANARY"}
    forged = f"{suites.base64url(canonical_bytes(header))}.{payload}.{signature}"
    assert claimed(file_of(claim, forged)) is None


def test_every_byte_of_it_counts() -> None:
    claim = signed()
    head, payload, _ = sign_beside(claim, SM2).split(".")
    sound = SM2.sign(f"{head}.{payload}".encode())
    for index in (0, 1, 31, 32, 33, 63):
        forged = sound[:index] + bytes([sound[index] ^ 1]) + sound[index + 1 :]
        jws = f"{head}.{payload}.{suites.base64url(forged)}"
        assert outcomes(file_of(claim, jws))["parallel"][0] is Outcome.FAILED
    jws = f"{head}.{payload}.{suites.base64url(sound[:-1])}"
    assert outcomes(file_of(claim, jws))["parallel"][0] is Outcome.FAILED


def test_a_revoked_sm2_key_counts_no_more() -> None:
    claim = signed()
    content = file_of(claim, sign_beside(claim, SM2), revoked=NOON + timedelta(days=1))
    assert outcomes(content)["parallel"] == (Outcome.FAILED, "trust.key-revoked")
    assert outcomes(content)["signature"][0] is Outcome.PASSED


def test_without_the_library_it_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = signed()
    content = file_of(claim, sign_beside(claim, SM2))

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(suites, "import_module", absent)
    assert outcomes(content)["parallel"] == (Outcome.OPEN, "trust.sm2-not-installed")
    with pytest.raises(Unavailable):
        signature_fits(SM2.public_jwk(), b"content", bytes(64))


# Interoperation with another implementation


def openssl(*arguments: object) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


IDENTITY = ("-pkeyopt", "distid:1234567812345678")


def test_openssl_verifies_what_we_sign(tmp_path: Path) -> None:
    raw = SM2.sign(b"content")
    r, s = (int.from_bytes(raw[i : i + 32], "big") for i in (0, 32))
    (tmp_path / "sig").write_bytes(encode_dss_signature(r, s))
    (tmp_path / "key").write_bytes(OID_SM2_KEY + SM2.public)
    (tmp_path / "content").write_bytes(b"content")
    said = openssl(
        *("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "key"),
        *("-in", tmp_path / "content", "-rawin", "-digest", "sm3"),
        *("-sigfile", tmp_path / "sig", *IDENTITY),
    )
    assert "Signature Verified Successfully" in said


def test_we_verify_what_openssl_signs(tmp_path: Path) -> None:
    key, public = tmp_path / "key.pem", tmp_path / "public.der"
    openssl("genpkey", "-algorithm", "SM2", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-outform", "DER", "-out", public)
    (tmp_path / "content").write_bytes(b"content")
    openssl(
        *("pkeyutl", "-sign", "-inkey", key, "-in", tmp_path / "content", "-rawin"),
        *("-digest", "sm3", "-out", tmp_path / "sig", *IDENTITY),
    )
    point = public.read_bytes()[-64:]
    assert public.read_bytes() == OID_SM2_KEY + point
    raw = raw_of_der((tmp_path / "sig").read_bytes())
    assert decode_dss_signature((tmp_path / "sig").read_bytes())
    jwk = public_jwk("SM2", point)
    assert signature_fits(jwk, b"content", raw)
    assert not signature_fits(jwk, b"Content", raw)
