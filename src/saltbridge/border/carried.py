"""What a signed claim file carries, read before it leaves: the statement's content, or nothing.

A file that holds anything more than the claim, its issuer's public document, a proof of its own
and signatures beside it carries nothing, as far as a release is concerned.
"""

from collections.abc import Mapping
from typing import Any

from saltbridge.border.minimise import open_jws_payload
from saltbridge.border.passport_version import TYPE, beside_fits, public_view_in
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.trust.checkpoint import log_keys
from saltbridge.trust.did import build_did_document, from_iso, iso, parse_did_document
from saltbridge.trust.log_proof import check_log_proof, parse_log_proof
from saltbridge.trust.parallel import MEMBER, read_beside
from saltbridge.trust.sd_jwt import SdJwt
from saltbridge.trust.sd_jwt import parse as parse_sd_jwt
from saltbridge.trust.suites import PRIVATE_MEMBERS, NotVerified

_CLAIM_FILE = frozenset({"saltbridge", "jws", "did_document"})
_VERSION_FILE = frozenset({"saltbridge", "sd_jwt", "did_document"})
_STATEMENT = frozenset({"type", "id", "issuer", "issued_at", "content"})


def claimed(content: bytes) -> bytes | None:
    """Canonical bytes of what a signed claim file states; None if it holds anything more.

    Its own bytes are canonical too: blanks and escapes would be room for a message.
    """
    try:
        claim = read_json(content)
        exact = canonical_bytes(claim) == content
    except FaultyInput:
        return None
    if not exact or not isinstance(claim, dict):
        return None
    members = _VERSION_FILE if "sd_jwt" in claim else _CLAIM_FILE
    if claim.keys() - {"log", MEMBER} != members:
        return None
    signed = _signed_part(claim)
    if MEMBER in claim and not _signs_the_same(signed.jwt, claim[MEMBER]):
        return None
    statement = open_jws_payload(signed.jwt)
    versioned = members is _VERSION_FILE
    if not isinstance(statement, dict) or not _has_members(statement, versioned):
        return None
    if not is_urn_uuid(str(statement["id"])) or not _is_moment(statement["issued_at"]):
        return None
    if statement["type"] != claim["saltbridge"] or not is_public_document(
        claim["did_document"], statement["issuer"]
    ):
        return None
    if "log" in claim and not _proves_only(claim, signed.jwt, statement):
        return None
    if versioned:
        return public_view_in(statement, signed.disclosures)
    return canonical_bytes(statement["content"])


def _signed_part(claim: Mapping[str, Any]) -> SdJwt:
    """The JWS of a claim file with its disclosures; an empty one where there is none."""
    text = claim.get("sd_jwt", claim.get("jws"))
    if not isinstance(text, str):
        return SdJwt("")
    if "sd_jwt" not in claim:
        return SdJwt(text)
    try:
        parts = parse_sd_jwt(text)
    except NotVerified:
        return SdJwt("")
    return SdJwt("") if parts.key_binding else parts


def _has_members(statement: Mapping[str, Any], versioned: bool) -> bool:
    if not versioned:
        return statement.keys() == _STATEMENT
    return beside_fits(statement, _STATEMENT) and statement["type"] == TYPE


def _is_moment(written: Any) -> bool:
    """Whether this is a time as we write it, to the letter."""
    try:
        return isinstance(written, str) and iso(from_iso(written)) == written
    except ValueError:
        return False


def _proves_only(claim: Mapping[str, Any], jws: str, statement: Mapping[str, Any]) -> bool:
    """Whether ``log`` is a proof for this very claim by its own issuer, and nothing beside."""
    try:
        document = parse_did_document(claim["did_document"])
        check_log_proof(
            parse_log_proof(claim["log"]),
            claim_id=statement["id"],
            claim_digest=digest(jws.encode("utf-8")),
            origin=statement["issuer"],
            keys=log_keys(document),
        )
    except (FaultyInput, NotVerified):
        return False
    return True


def _signs_the_same(jws: Any, also_signed: Any) -> bool:
    """Whether the parallel signatures are over the claim's own payload and carry no more."""
    try:
        return isinstance(jws, str) and bool(read_beside(jws, also_signed))
    except (FaultyInput, Refused):
        return False


def is_public_document(did_document: Any, issuer: Any) -> bool:
    """Whether this is the issuer's DID document as we write it: no private key, no more."""
    if not isinstance(did_document, dict):
        return False
    try:
        document = parse_did_document(did_document)
        exact = canonical_bytes(build_did_document(document)) == canonical_bytes(did_document)
    except FaultyInput:
        return False
    private = any(PRIVATE_MEMBERS & key.jwk.keys() for key in document.keys)
    return exact and document.id == issuer and not private
