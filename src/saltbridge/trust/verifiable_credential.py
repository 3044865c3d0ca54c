"""A W3C verifiable credential as a signed JWT: its envelope is checked, nothing else believed.

Two profiles of DCP 1.0.1 [3]: ``vc11-sl2021/jwt`` (VC Data Model 1.1 in a JWT [1]: registered
claims beside ``vc``) and ``vc20-bssl/jwt`` (2.0 with JOSE [2]: the payload is the credential).
The caller says whose document is trusted and when it is; what the credential is good for is the
caller's business too.

[1] W3C Verifiable Credentials Data Model v1.1, 6.3.1 (JWT encoding). Recalled.
[2] W3C Securing Verifiable Credentials using JOSE and COSE, 2025. Recalled.
[3] Eclipse DCP 1.0.1, "Profiles". Read: 2026-11-28.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.trust.did import DidDocument, KeyUse, parse_did_document
from saltbridge.trust.jwt import MAX_CHARACTERS as MAX_CHARACTERS
from saltbridge.trust.jwt import key_of, open_jwt, verify_jwt
from saltbridge.trust.suites import NotVerified

JWT_TYPES: Final = ("jwt", "vc+jwt", "vc+ld+jwt", "vc-ld+jwt")
PROFILE_1_1: Final = "vc11-sl2021/jwt"
PROFILE_2_0: Final = "vc20-bssl/jwt"
CONTEXT_1_1: Final = "https://www.w3.org/2018/credentials/v1"
CONTEXT_2_0: Final = "https://www.w3.org/ns/credentials/v2"
MAX_SKEW: Final = timedelta(seconds=60)
# A status list may say nothing about its end; it then holds until it is asked for again.
ENDLESS: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential whose signature and time were checked. ``body`` is all it says."""

    id: str
    types: tuple[str, ...]
    issuer: str
    subject: Mapping[str, Any]
    expires: datetime
    status: Mapping[str, Any]
    statuses: tuple[Mapping[str, Any], ...] = ()
    profile: str = PROFILE_1_1
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The type that tells it from other credentials."""
        return next((t for t in self.types if t != "VerifiableCredential"), "")


def stated_issuer(jwt: str) -> str:
    """The DID the credential names as its issuer: only good for finding its document.

    Raises:
        NotVerified: not a credential in a JWT.
    """
    return _issuer(open_jwt(jwt)[1])


def check_credential(
    jwt: str,
    *,
    did_document: Mapping[str, Any] | DidDocument,
    now: datetime,
    must_end: bool = True,
    longest: int = MAX_CHARACTERS,
) -> Credential:
    """The credential, once the trusted issuer is known to have signed it and it holds now.

    Without ``must_end`` one that never expires is let through: lists of statuses often do not,
    and they may be long (``longest``, in characters).

    Raises:
        NotVerified: see the finding; the checks are numbered below.
    """
    opened, members = open_jwt(jwt, longest=longest)
    try:
        document = (
            did_document
            if isinstance(did_document, DidDocument)
            else parse_did_document(did_document)
        )
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault
    # 1. A key of the issuer that may sign claims signed it, as a credential. A key rotated
    # since leaves what it signed before good (DCP, "Key rotation"); a revoked one nothing.
    body = _body(members)
    begins = _begins(members, body)
    key = key_of(opened, document, KeyUse.ASSERTION, at=min([*begins, now]))
    verify_jwt(jwt, opened, key, JWT_TYPES)
    # 2. It says the same issuer inside and outside, and that is whose document it is.
    for stated in (_issuer(members), _issuer(body)):
        if stated != document.id:
            raise NotVerified.of("trust.token-issuer", found=stated[:200], due=document.id)
    # 3. Now: valid already, and not over. Where it says so twice, both count.
    expires = _check_times(members, body, begins, now, must_end=must_end)
    # 4. One subject, named by itself.
    subject = _subject(members, body)
    types = body.get("type")
    named = [t for t in types if isinstance(t, str)] if isinstance(types, list) else []
    statuses = _statuses(body.get("credentialStatus"))
    if "VerifiableCredential" not in named:
        raise NotVerified.of("trust.malformed", reason="type")
    id = str(members.get("jti") or body.get("id") or "")[:300]
    return Credential(
        id,
        tuple(named),
        document.id,
        subject,
        expires,
        statuses[0] if statuses else {},
        statuses,
        _profile(body),
        body,
    )


def _begins(members: Mapping[str, Any], body: Mapping[str, Any]) -> list[datetime]:
    """Since when it holds, as often as it says so."""
    stated = (members.get("nbf"), body.get("issuanceDate"), body.get("validFrom"))
    return [_moment(value) for value in stated if value]


def _check_times(
    members: Mapping[str, Any],
    body: Mapping[str, Any],
    begins: list[datetime],
    now: datetime,
    *,
    must_end: bool,
) -> datetime:
    stated = (members.get("exp"), body.get("expirationDate"), body.get("validUntil"))
    ends = [_moment(value) for value in stated if value]
    if (must_end and not ends) or any(at > now + MAX_SKEW for at in begins):
        raise NotVerified.of("access.credential-time")
    expires = min(ends, default=ENDLESS)
    if expires <= now:
        raise NotVerified.of("trust.token-expired", expired=expires.isoformat())
    return expires


def _subject(members: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
    subject = body.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    if not isinstance(subject, dict) or not isinstance(subject.get("id"), str):
        raise NotVerified.of("trust.malformed", reason="credentialSubject")
    if members is not body and "sub" in members and members["sub"] != subject["id"]:
        raise NotVerified.of("trust.malformed", reason="sub")
    return subject


def _statuses(stated: Any) -> tuple[Mapping[str, Any], ...]:
    """Every status it names: one, several, or none."""
    listed = stated if isinstance(stated, list) else [stated] if stated else []
    if not all(isinstance(entry, dict) for entry in listed) or len(listed) > 10:
        raise NotVerified.of("trust.malformed", reason="credentialStatus")
    return tuple(listed)


def _profile(body: Mapping[str, Any]) -> str:
    contexts = body.get("@context")
    listed = contexts if isinstance(contexts, list) else [contexts]
    return PROFILE_2_0 if CONTEXT_2_0 in listed else PROFILE_1_1


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
