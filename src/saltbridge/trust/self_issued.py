"""The token a node signs in with: a short JWT (RFC 7519) signed with its own DID key.

``iss`` and ``sub`` are the caller's DID, ``aud`` the called one's; it lives five minutes at
most and is good once. The caller of ``check`` supplies the time and remembers the ``jti``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.trust import signature
from saltbridge.trust.claims import CanSign
from saltbridge.trust.did import DidDocument, KeyUse, parse_did_document
from saltbridge.trust.suites import NotVerified, suite_of

JWT_TYPE = "JWT"
MAX_LIFE = timedelta(minutes=5)
MAX_SKEW = timedelta(seconds=60)  # how far two companies' clocks may lie apart
# From its first use on a token is expired after this at the latest, so that the memory of it
# may go: issued a clock's difference ahead, lived as long as it may, borne a difference more.
REPLAYABLE_FOR = MAX_LIFE + 2 * MAX_SKEW
_MEMBERS = frozenset({"iss", "sub", "aud", "jti", "iat", "exp"})


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A caller whose token was checked. ``jti`` has to be remembered until ``expires``."""

    did: str
    jti: str
    expires: datetime


def self_issued_token(
    *,
    caller: str,
    called: str,
    jti: str,
    now: datetime,
    signer: CanSign,
    life: timedelta = timedelta(minutes=2),
) -> str:
    """A bearer token for one call.

    Raises:
        ValueError: a life longer than five minutes, or none.
    """
    if not timedelta(0) < life <= MAX_LIFE:
        raise ValueError(f"a token lives up to {MAX_LIFE}, not {life}")
    issued = int(now.timestamp())
    members = {
        "iss": caller,
        "sub": caller,
        "aud": called,
        "jti": jti,
        "iat": issued,
        "exp": issued + int(life.total_seconds()),
    }
    unsigned = signature.prepare(
        canonical_bytes(members), key_id=signer.key_id, suite=signer.suite, typ=JWT_TYPE
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


def stated_caller(token: str) -> str:
    """The DID the token names as its issuer: only good for finding the key to check it with.

    Raises:
        NotVerified: not a token at all.
    """
    return str(_members(signature.open_jws(token).payload)["iss"])


def check(
    token: str,
    *,
    called: str,
    did_document: Mapping[str, Any] | DidDocument,
    now: datetime,
) -> SignedIn:
    """Who calls, once the token is known to be theirs, for us and fresh.

    ``did_document`` is the caller's trusted document. Whether the token was used before only
    a store can tell: remember its ``jti``.

    Raises:
        NotVerified: see the finding; the checks are numbered below.
    """
    document = did_document
    if not isinstance(document, DidDocument):
        try:
            document = parse_did_document(document)
        except FaultyInput as fault:
            raise NotVerified(fault.findings) from fault
    opened = signature.open_jws(token)
    # 1. One of the caller's keys for signing in signed it, as a JWT.
    key = document.key(opened.header["kid"], KeyUse.AUTHENTICATION, at=now)
    suite = suite_of(key.jwk)
    if not suite.stands_alone:
        raise NotVerified.of("trust.never-alone", suite=suite.name, key=key.id)
    payload = signature.verify(token, jwk=key.jwk, key_id=key.id, typ=JWT_TYPE)
    members = _members(payload)
    # 2. The caller speaks for itself.
    if not members["iss"] == members["sub"] == document.id:
        raise NotVerified.of("trust.token-issuer", found=members["iss"][:200], due=document.id)
    # 3. To us.
    if members["aud"] != called:
        raise NotVerified.of("trust.token-audience", found=members["aud"][:200], due=called)
    # 4. Now, and not for long.
    issued, expires = _moment(members["iat"]), _moment(members["exp"])
    if issued > now + MAX_SKEW:
        raise NotVerified.of("trust.token-early", issued=issued.isoformat())
    if expires <= now - MAX_SKEW:
        raise NotVerified.of("trust.token-expired", expired=expires.isoformat())
    if not timedelta(0) < expires - issued <= MAX_LIFE:
        raise NotVerified.of("trust.token-life", seconds=members["exp"] - members["iat"])
    return SignedIn(document.id, members["jti"], expires + MAX_SKEW)


def _members(payload: bytes) -> dict[str, Any]:
    try:
        members = read_json(payload)
    except FaultyJson as fault:
        raise NotVerified(fault.findings) from fault
    if not isinstance(members, dict) or members.keys() != _MEMBERS:
        raise NotVerified.of("trust.malformed", reason="JWT")
    texts = all(
        isinstance(members[m], str) and members[m] for m in ("iss", "sub", "aud", "jti")
    )
    times = all(type(members[m]) is int for m in ("iat", "exp"))
    if not texts or not times or len(members["jti"]) > 200:
        raise NotVerified.of("trust.malformed", reason="JWT")
    return members


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as fault:
        raise NotVerified.of("trust.malformed", reason="JWT") from fault
