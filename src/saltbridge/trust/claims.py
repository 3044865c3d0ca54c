"""Signed claims: made, signed and verified as what they are (``claim_types``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.core.piece import Piece, piece, whole
from saltbridge.trust import signature
from saltbridge.trust.claim_types import (
    CLAIM_CLASSES,
    ClaimType,
    Declaration,
    Estimate,
    ExportStatement,
    Passport,
    PassportCopy,
    PassportEvent,
    PassportKeeping,
    PassportReceipt,
    PassportVersion,
    Receipt,
    SignedClaim,
    SupplierRecord,
    VerificationStatement,
)
from saltbridge.trust.did import DidDocument, KeyUse, from_iso, iso, known_did_document
from saltbridge.trust.suites import NotVerified, suite_of

_MEMBERS = frozenset({"type", "id", "issuer", "issued_at", "content"})
# What a statement of this type says beside its content, and has to say.
_BESIDE: Final[Mapping[str, frozenset[str]]] = {
    "passport-version": frozenset({"_sd_alg", "status"})
}


__all__ = [  # offered here too, beside what makes and checks them
    "CLAIM_CLASSES",
    "ClaimType",
    "Declaration",
    "Estimate",
    "ExportStatement",
    "Passport",
    "PassportCopy",
    "PassportEvent",
    "PassportKeeping",
    "PassportReceipt",
    "PassportVersion",
    "Receipt",
    "SignedClaim",
    "SupplierRecord",
    "VerificationStatement",
]

C = TypeVar("C", bound=SignedClaim)
_SEAL: Final = object()


class CanSign(Protocol):
    """A key, as far as signing goes (``ports.Signer`` fits)."""

    @property
    def key_id(self) -> str: ...

    @property
    def suite(self) -> str: ...

    def sign(self, signing_input: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Unsigned(Generic[C]):
    """A claim that waits for its signature over ``signing_input``."""

    claim_class: type[C]
    jws: signature.UnsignedJws

    @property
    def signing_input(self) -> bytes:
        """The bytes the signer has to sign."""
        return self.jws.signing_input


@dataclass(frozen=True, slots=True)
class VerifiedClaim(Generic[C]):
    """A claim whose signature, type and issuer were checked; made by ``verify`` alone."""

    claim: C
    id: str
    issuer: str
    issued_at: datetime
    content: Mapping[str, Any]
    header: Mapping[str, str]
    payload: bytes
    _seal: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a VerifiedClaim is made by claims.verify and by nothing else")


def prepare(
    claim_class: type[C],
    content: Mapping[str, Any] | Piece,
    *,
    id: str,
    issuer: str,
    key_id: str,
    suite: str,
    issued_at: datetime,
    beside: Mapping[str, Any] | None = None,
) -> Unsigned[C]:
    """The claim up to its signature. ``beside``: what its type says beside the content.

    Raises:
        ValueError: the id is no urn:uuid, the time has no zone, the key is not one of the
            issuer's, or ``beside`` is not what the type has there.
        FaultyJson: the content is not JSON (NaN, infinities, integers beyond 2^53).
    """
    if not is_urn_uuid(id):
        raise ValueError(f"{id!r} is not a urn:uuid")
    if not key_id.startswith(f"{issuer}#"):
        raise ValueError(f"key {key_id!r} is not one of {issuer!r}")
    told = dict(beside or {})
    if told.keys() != _BESIDE.get(claim_class.type.value, frozenset()):
        raise ValueError(f"{sorted(told)} is not what a {claim_class.type.value} says beside")
    statement = {
        **told,
        "type": claim_class.type.value,
        "id": id,
        "issuer": issuer,
        "issued_at": iso(issued_at),
    }
    if isinstance(content, Piece):
        beside_it = {
            name: value if isinstance(value, Piece) else piece(value)
            for name, value in statement.items()
        }
        payload = whole({**beside_it, "content": content}).content
    else:
        payload = canonical_bytes({**statement, "content": dict(content)})
    return Unsigned(
        claim_class,
        signature.prepare(
            payload,
            key_id=key_id,
            suite=suite,
            typ=claim_class.type.jws_type,
        ),
    )


def assemble(unsigned: Unsigned[C], signature_bytes: bytes) -> C:
    """The signed claim."""
    return unsigned.claim_class(signature.assemble(unsigned.jws, signature_bytes))


def sign(
    claim_class: type[C],
    content: Mapping[str, Any],
    *,
    id: str,
    issued_at: datetime,
    issuer: str,
    signer: CanSign,
    beside: Mapping[str, Any] | None = None,
) -> C:
    """A claim signed here and now: prepare, sign, assemble."""
    unsigned = prepare(
        claim_class,
        content,
        id=id,
        issuer=issuer,
        key_id=signer.key_id,
        suite=signer.suite,
        issued_at=issued_at,
        beside=beside,
    )
    return assemble(unsigned, signer.sign(unsigned.signing_input))


def claim_of(type_name: str, jws: str) -> SignedClaim:
    """The claim of the named type.

    Raises:
        NotVerified: no such type.
    """
    try:
        return CLAIM_CLASSES[ClaimType(type_name)](jws)
    except ValueError as fault:
        raise NotVerified.of("trust.unknown-claim-type", found=type_name[:80]) from fault


def stated_issuer(claim: SignedClaim) -> str:
    """The DID the claim names as its issuer: only good for finding the key to check it with.

    Raises:
        NotVerified: not a claim at all.
    """
    return str(_statement(signature.open_jws(claim.jws).payload)["issuer"])


def verify(
    claim: C,
    did_document: Mapping[str, Any] | DidDocument,
    *,
    witnessed_at: datetime | None = None,
) -> VerifiedClaim[C]:
    """The claim's content, once its issuer is known to have signed it as what it is.

    ``did_document`` is the trusted document of the issuer. ``witnessed_at`` is a time at
    which a log or a time stamp saw the claim; without it a revoked key verifies nothing.

    Raises:
        NotVerified: see the finding; the checks are numbered below.
    """
    document = _trusted(did_document)
    opened = signature.open_jws(claim.jws)
    # 1. A statement with the members it must have and no others, in canonical bytes.
    statement = _statement(opened.payload)
    # 2. The issuer is the owner of the trusted document.
    if statement["issuer"] != document.id:
        raise NotVerified.of(
            "trust.issuer-differs", found=statement["issuer"][:200], due=document.id
        )
    # 3. One of its keys for claims, good at the time of issue, signed exactly these bytes
    #    as the type they are presented as.
    issued_at = _issued_at(statement)
    key = document.key(
        opened.header["kid"], KeyUse.ASSERTION, at=issued_at, witnessed_at=witnessed_at
    )
    suite = suite_of(key.jwk)
    if not suite.stands_alone:
        raise NotVerified.of("trust.never-alone", suite=suite.name, key=key.id)
    payload = signature.verify(claim.jws, jwk=key.jwk, key_id=key.id, typ=claim.type.jws_type)
    # 4. The statement inside says the same type.
    if payload != opened.payload or statement["type"] != claim.type.value:
        raise NotVerified.of(
            "trust.unexpected-type", found=statement["type"][:80], due=claim.type.value
        )
    return VerifiedClaim(
        claim,
        statement["id"],
        statement["issuer"],
        issued_at,
        statement["content"],
        opened.header,
        payload,
        _SEAL,
    )


def _trusted(did_document: Mapping[str, Any] | DidDocument) -> DidDocument:
    if isinstance(did_document, DidDocument):
        return did_document
    try:
        return known_did_document(did_document)
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault


def _statement(payload: bytes) -> dict[str, Any]:
    try:
        statement = read_json(payload)
        canonical = canonical_bytes(statement)
    except FaultyJson as fault:
        raise NotVerified(fault.findings) from fault
    if canonical != payload:  # 1.0 beside 1 is one number to us and two to a careless reader
        raise NotVerified.of("trust.not-canonical")
    if not isinstance(statement, dict) or statement.keys() != _members(statement):
        raise NotVerified.of("trust.malformed", reason="statement")
    texts = (statement["type"], statement["id"], statement["issuer"], statement["issued_at"])
    if not all(isinstance(t, str) for t in texts) or not is_urn_uuid(statement["id"]):
        raise NotVerified.of("trust.malformed", reason="statement")
    if not isinstance(statement["content"], dict):
        raise NotVerified.of("trust.malformed", reason="content")
    return statement


def _members(statement: Mapping[str, Any]) -> frozenset[str]:
    kind = statement.get("type")
    return _MEMBERS | (_BESIDE.get(kind, frozenset()) if isinstance(kind, str) else frozenset())


def _issued_at(statement: Mapping[str, Any]) -> datetime:
    try:
        return from_iso(statement["issued_at"])
    except ValueError as fault:
        raise NotVerified.of("trust.malformed", reason="issued_at") from fault
