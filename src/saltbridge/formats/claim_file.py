"""The signed claim as a file: type, JWS, and a snapshot of the issuer's DID document.

A version of a passport stands there as an SD-JWT with the disclosures of one audience.
``log``, where it is there, proves that the signing stands in the issuer's log.
``also_signed`` may carry parallel signatures (SM2) over exactly the same statement.

The enclosed document shows that the bytes are unchanged since somebody signed them with that
key. Whose key it is, only a document from elsewhere can show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.trust import sd_jwt
from saltbridge.trust.claims import ClaimType, SignedClaim, claim_of, stated_issuer
from saltbridge.trust.log_proof import LogProof, log_proof_document, parse_log_proof
from saltbridge.trust.parallel import MEMBER, read_beside
from saltbridge.trust.suites import NotVerified

SD_JWT: Final = "sd_jwt"
_MEMBERS = frozenset({"saltbridge", "jws", SD_JWT, "did_document", "log", MEMBER})
MEDIA_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A claim with the enclosed DID document; nothing in it is verified."""

    claim: SignedClaim
    did_document: Mapping[str, Any]
    unknown: Mapping[str, Any] = field(default_factory=dict)
    log: LogProof | None = None
    also_signed: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()


def render_claim_file(
    claim: SignedClaim,
    did_document: Mapping[str, Any],
    unknown: Mapping[str, Any] | None = None,
    *,
    log: LogProof | None = None,
    also_signed: Sequence[str] = (),
    disclosures: Sequence[str] = (),
) -> bytes:
    """The file's bytes (RFC 8785)."""
    if claim.type is ClaimType.PASSPORT_VERSION:
        signed = {SD_JWT: str(sd_jwt.SdJwt(claim.jws, tuple(disclosures)))}
    else:
        signed = {"jws": claim.jws}
    proof = {} if log is None else {"log": log_proof_document(log)}
    return canonical_bytes(
        {
            **(unknown or {}),
            **proof,
            "saltbridge": claim.type.value,
            **signed,
            "did_document": dict(did_document),
            **({MEMBER: list(also_signed)} if also_signed else {}),
        }
    )


def parse_claim_file(content: bytes, name: str = "") -> ClaimFile:
    """The claim in a file; members we do not know are carried along.

    Raises:
        FaultyInput: not strict JSON, a member is missing or of the wrong type, there is no
            such claim type, ``log`` is no proof, or ``also_signed`` is over something else.
    """
    document = read_json(content, name)
    if not isinstance(document, dict):
        raise FaultyInput([finding("verify.not-a-claim-file", Place(file=name))])
    versioned = document.get("saltbridge") == ClaimType.PASSPORT_VERSION.value
    signed = SD_JWT if versioned else "jws"
    kinds = {"saltbridge": str, signed: str, "did_document": dict}
    faults = [
        finding("verify.claim-file-member", Place(name, pointer=f"/{member}"), member=member)
        for member, kind in kinds.items()
        if not isinstance(document.get(member), kind)
    ]
    if len(faults) == len(kinds):
        raise FaultyInput([finding("verify.not-a-claim-file", Place(file=name))])
    if faults:
        raise FaultyInput(faults)
    try:
        told = sd_jwt.parse(document[SD_JWT]) if versioned else sd_jwt.SdJwt(document["jws"])
        if told.key_binding:  # nobody asked for one, and nothing here would check it
            raise NotVerified.of("trust.malformed", reason="key binding")
        claim = claim_of(document["saltbridge"], told.jwt)
        beside = read_beside(claim.jws, document[MEMBER]) if MEMBER in document else ()
    except NotVerified as fault:
        raise FaultyInput(fault.findings) from fault
    unknown = {member: document[member] for member in document.keys() - _MEMBERS}
    log = parse_log_proof(document["log"], name) if "log" in document else None
    return ClaimFile(claim, document["did_document"], unknown, log, beside, told.disclosures)


def parse_sd_jwt_text(
    content: bytes, keys: Mapping[str, Mapping[str, Any]], name: str = ""
) -> ClaimFile | None:
    """A version of a passport as the bare text of an SD-JWT; None if it is not such a text.

    It brings no keys: the DID document of its issuer is taken from ``keys``, by DID.

    Raises:
        FaultyInput: nobody brought the issuer's keys.
    """
    try:
        told = sd_jwt.parse(content.decode("ascii").strip())
        claim = claim_of(ClaimType.PASSPORT_VERSION.value, told.jwt)
        issuer = stated_issuer(claim)
    except (NotVerified, UnicodeDecodeError):
        return None
    if told.key_binding:
        return None
    if issuer not in keys:
        place = Place(file=name)
        raise FaultyInput([finding("verify.no-keys", place, issuer=issuer[:200])])
    return ClaimFile(claim, keys[issuer], disclosures=told.disclosures)
