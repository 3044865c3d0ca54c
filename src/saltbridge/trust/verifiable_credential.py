"""A W3C verifiable credential as a signed JWT: its envelope is checked, nothing else believed.

VC Data Model 1.1 in a JWT [1], as the dataspace issues them: registered claims beside ``vc``,
or the credential itself as the payload [2]. The caller says whose document is trusted and when
it is; what the credential is good for is the caller's business too.

[1] W3C Verifiable Credentials Data Model v1.1, 6.3.1 (JWT encoding). Recalled.
[2] W3C Securing Verifiable Credentials using JOSE and COSE, 2025. Recalled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.trust import signature
from saltbridge.trust.did import DidDocument, KeyUse, parse_did_document
from saltbridge.trust.suites import NotVerified, suite_of

JWT_TYPES: Final = ("JWT", "vc+jwt", "vc-ld+jwt")
MAX_CHARACTERS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential whose signature and time were checked."""

    id: str
    types: tuple[str, ...]
    issuer: str
    subject: Mapping[str, Any]
    expires: datetime
    status: Mapping[str, Any]


def stated_issuer(jwt: str) -> str:
    """The DID the credential names as its issuer: only good for finding its document.

    Raises:
        NotVerified: not a credential in a JWT.
    """
    return _issuer(_members(jwt))


def check_credential(
    jwt: str, *, did_document: Mapping[str, Any] | DidDocument, now: datetime
) -> Credential:
    """The credential, once the trusted issuer is known to have signed it and it holds now.

    Raises:
        NotVerified: see the finding; the checks are numbered below.
    """
    members = _members(jwt)
    opened = signature.open_jws(jwt)
    try:
        document = (
            did_document
            if isinstance(did_document, DidDocument)
            else parse_did_document(did_document)
        )
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault
    # 1. A key of the issuer that may sign claims signed it, as a credential.
    key = document.key(opened.header["kid"], KeyUse.ASSERTION, at=now)
    suite = suite_of(key.jwk)
    if not suite.stands_alone:
        raise NotVerified.of("trust.never-alone", suite=suite.name, key=key.id)
    typ = opened.header["typ"]
    signature.verify(jwt, jwk=key.jwk, key_id=key.id, typ=typ if typ in JWT_TYPES else "JWT")
    # 2. It says the same issuer inside and outside, and that is whose document it is.
    body = _body(members)
    if not _issuer(members) == _issuer(body) == document.id:
        raise NotVerified.of(
            "trust.token-issuer", found=_issuer(members)[:200], due=document.id
        )
    # 3. Now: valid already, and not over. Where it says so twice, both count.
    begins = [_moment(v) for v in (members.get("nbf"), body.get("issuanceDate")) if v]
    begins += [_moment(v) for v in (body.get("validFrom"),) if v]
    ends = [_moment(v) for v in (members.get("exp"), body.get("expirationDate")) if v]
    ends += [_moment(v) for v in (body.get("validUntil"),) if v]
    if not ends or any(at > now for at in begins):
        raise NotVerified.of("access.credential-time")
    if min(ends) <= now:
        raise NotVerified.of("trust.token-expired", expired=min(ends).isoformat())
    # 4. One subject, named by itself.
    subject = body.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    if not isinstance(subject, dict) or not isinstance(subject.get("id"), str):
        raise NotVerified.of("trust.malformed", reason="credentialSubject")
    if "sub" in members and members["sub"] != subject["id"]:
        raise NotVerified.of("trust.malformed", reason="sub")
    types, status = body.get("type"), body.get("credentialStatus") or {}
    named = [t for t in types if isinstance(t, str)] if isinstance(types, list) else []
    if "VerifiableCredential" not in named or not isinstance(status, dict):
        raise NotVerified.of("trust.malformed", reason="credential")
    id = members.get("jti") or body.get("id") or ""
    return Credential(str(id)[:300], tuple(named), document.id, subject, min(ends), status)


def _members(jwt: str) -> dict[str, Any]:
    if len(jwt) > MAX_CHARACTERS:
        raise NotVerified.of("trust.malformed", reason="credential")
    try:
        members = read_json(signature.open_jws(jwt).payload)
    except FaultyJson as fault:
        raise NotVerified(fault.findings) from fault
    if not isinstance(members, dict):
        raise NotVerified.of("trust.malformed", reason="credential")
    return members


def _body(members: Mapping[str, Any]) -> Mapping[str, Any]:
    body = members.get("vc", members)
    if not isinstance(body, dict):
        raise NotVerified.of("trust.malformed", reason="vc")
    # Beside ``vc`` the issuer may stand outside alone.
    return {"issuer": members.get("iss"), **body} if "vc" in members else body


def _issuer(members: Mapping[str, Any]) -> str:
    issuer = members.get("iss") or members.get("issuer") or ""
    if isinstance(issuer, dict):
        issuer = issuer.get("id", "")
    return issuer if isinstance(issuer, str) else ""


def _moment(value: Any) -> datetime:
    """A moment as seconds or as ISO 8601 text with its zone."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            if at.tzinfo is None:
                raise ValueError(value)
            return at
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(value)
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as fault:
        raise NotVerified.of("trust.malformed", reason="time") from fault
