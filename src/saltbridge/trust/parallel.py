"""A second signature beside a claim's own: SM2 with SM3, over exactly the same statement.

It is a compact JWS of its own, carried as an entry of ``also_signed`` in the claim file. It
never stands alone: the claim has its ES256 signature, and a reader who knows no SM2 loses
nothing. A reader who asks for SM2 finds the same payload, type and issuer, or refuses.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.trust import signature
from saltbridge.trust.claims import CanSign, SignedClaim, VerifiedClaim
from saltbridge.trust.did import DidDocument, KeyUse, parse_did_document
from saltbridge.trust.suites import SM2, NotVerified, suite_of

MEMBER: Final = "also_signed"
MOST: Final = 3  # signatures beside the claim's own


def sign_beside(claim: SignedClaim, signer: CanSign) -> str:
    """The parallel signature of a claim: a compact JWS over the same payload.

    Raises:
        ValueError: the signer is not of SM2.
        NotVerified: not a claim at all.
    """
    if signer.suite != SM2:
        raise ValueError(f"a parallel signature is of {SM2}, not of {signer.suite}")
    unsigned = signature.prepare(
        signature.open_jws(claim.jws).payload,
        key_id=signer.key_id,
        suite=signer.suite,
        typ=claim.type.jws_type,
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


def read_beside(jws: str, also_signed: object) -> tuple[str, ...]:
    """The parallel signatures of a claim, of the right form; none of them is verified.

    Raises:
        NotVerified: not a list of compact JWS with SM2, each by another key, each over exactly
            the claim's payload and of its type.
    """
    if not isinstance(also_signed, list) or not 1 <= len(also_signed) <= MOST:
        raise NotVerified.of("trust.parallel-form")
    own = signature.open_jws(jws)
    key_ids = set()
    for entry in also_signed:
        if not isinstance(entry, str):
            raise NotVerified.of("trust.parallel-form")
        beside = signature.open_jws(entry)
        if beside.header["alg"] != SM2:
            raise NotVerified.of("trust.parallel-form")
        if beside.payload != own.payload or beside.header["typ"] != own.header["typ"]:
            raise NotVerified.of("trust.parallel-other-payload", key=beside.header["kid"][:200])
        key_ids.add(beside.header["kid"])
    if len(key_ids) != len(also_signed):
        raise NotVerified.of("trust.parallel-form")
    return tuple(also_signed)


def verify_beside(
    verified: VerifiedClaim[SignedClaim],
    also_signed: Sequence[str],
    did_document: Mapping[str, Any] | DidDocument,
    *,
    witnessed_at: datetime | None = None,
) -> tuple[str, ...]:
    """The ids of the keys that signed beside a verified claim.

    Raises:
        NotVerified: one of the signatures is not the issuer's, or does not fit.
        Unavailable: the library for SM2 is not installed.
    """
    document = did_document
    if not isinstance(document, DidDocument):
        try:
            document = parse_did_document(document)
        except FaultyInput as fault:
            raise NotVerified(fault.findings) from fault
    for jws in read_beside(verified.claim.jws, list(also_signed)):
        key_id = signature.open_jws(jws).header["kid"]
        key = document.key(
            key_id, KeyUse.ASSERTION, at=verified.issued_at, witnessed_at=witnessed_at
        )
        typ = verified.claim.type.jws_type
        if suite_of(key.jwk).name != SM2:
            raise NotVerified.of("trust.parallel-form")
        if signature.verify(jws, jwk=key.jwk, key_id=key.id, typ=typ) != verified.payload:
            raise NotVerified.of("trust.parallel-other-payload", key=key_id)
    return tuple(signature.open_jws(jws).header["kid"] for jws in also_signed)
