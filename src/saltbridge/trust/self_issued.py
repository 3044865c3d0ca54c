"""The token a node signs in with: a short JWT signed with its own DID key, good once.

Self-issued ID token of the Decentralized Claims Protocol 1.0.1 [1]: ``iss`` and ``sub`` are
the caller's DID, ``aud`` the called one's; ``token`` may carry the access token with which the
called one asks the caller's credential service. Ours live minutes; a partner's may live
``LONGEST_BORNE``. The caller of ``check`` supplies the time and remembers the ``jti``.

[1] Eclipse DCP 1.0.1, base concepts, "Self-Issued ID Tokens". Read: 2026-11-28.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.trust import signature
from saltbridge.trust.claims import CanSign
from saltbridge.trust.did import DidDocument, KeyUse, parse_did_document
from saltbridge.trust.jwt import (
    audience_of,
    key_of,
    moment_in,
    open_jwt,
    texts_in,
    verify_jwt,
)
from saltbridge.trust.suites import NotVerified

JWT_TYPE = "JWT"
MAX_LIFE = timedelta(minutes=5)  # of our own tokens
LONGEST_BORNE = timedelta(minutes=15)  # of a partner's; the official kit's live ten
MAX_SKEW = timedelta(seconds=60)  # how far two companies' clocks may lie apart
# From its first use on a token is expired after this at the latest, so that the memory of it
# may go: issued a clock's difference ahead, lived as long as it may, borne a difference more.
REPLAYABLE_FOR = LONGEST_BORNE + 2 * MAX_SKEW
_TYPES: Final = ("jwt",)
_LONGEST_TOKEN: Final = 20_000  # characters of the access token, which is the partner's


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A caller whose token was checked. ``jti`` has to be remembered until ``expires``.

    ``access_token`` opens the caller's credential service; empty where the token has none.
    """

    did: str
    jti: str
    expires: datetime
    access_token: str = ""


def self_issued_token(
    *,
    caller: str,
    called: str,
    jti: str,
    now: datetime,
    signer: CanSign,
    life: timedelta = timedelta(minutes=2),
    access_token: str = "",
) -> str:
    """A bearer token for one call.

    Raises:
        ValueError: a life longer than five minutes, or none.
    """
    if not timedelta(0) < life <= MAX_LIFE:
        raise ValueError(f"a token lives up to {MAX_LIFE}, not {life}")
    issued = int(now.timestamp())
    members: dict[str, Any] = {
        "iss": caller,
        "sub": caller,
        "aud": called,
        "jti": jti,
        "iat": issued,
        "exp": issued + int(life.total_seconds()),
    }
    if access_token:
        members["token"] = access_token
    unsigned = signature.prepare(
        canonical_bytes(members), key_id=signer.key_id, suite=signer.suite, typ=JWT_TYPE
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


def stated_caller(token: str) -> str:
    """The DID the token names as its issuer: only good for finding the key to check it with.

    Raises:
        NotVerified: not a token at all.
    """
    return texts_in(open_jwt(token)[1], "iss")[0]


def stated_access_token(token: str) -> str:
    """The access token inside, unverified; empty where there is none.

    Raises:
        NotVerified: not a token at all.
    """
    return _access_token(open_jwt(token)[1])


def check(
    token: str,
    *,
    called: str,
    did_document: Mapping[str, Any] | DidDocument,
    now: datetime,
    use: KeyUse = KeyUse.AUTHENTICATION,
    early: timedelta = MAX_SKEW,
) -> SignedIn:
    """Who calls, once the token is known to be theirs, for us and fresh.

    ``did_document`` is the caller's trusted document. Whether the token was used before only
    a store can tell: remember its ``jti``. ``use`` is the verification relationship the key
    must have; DCP wants ``capabilityInvocation``. ``early``: how far in the future it may have
    been made, since clocks differ.

    Raises:
        NotVerified: see the finding; the checks are numbered below.
    """
    document = did_document
    if not isinstance(document, DidDocument):
        try:
            document = parse_did_document(document)
        except FaultyInput as fault:
            raise NotVerified(fault.findings) from fault
    opened, claims = open_jwt(token)
    # 1. One of the caller's keys for signing in signed it, as a JWT.
    key = key_of(opened, document, use, at=now)
    verify_jwt(token, opened, key, _TYPES)
    # 2. The caller speaks for itself, and it is the owner of the document.
    issuer, subject = texts_in(claims, "iss", "sub")
    if not issuer == subject == document.id:
        found = issuer if issuer != document.id else subject
        raise NotVerified.of("trust.token-issuer", found=found[:200], due=document.id)
    # 3. To us.
    audience = audience_of(claims)
    if audience != called:
        raise NotVerified.of("trust.token-audience", found=audience[:200], due=called)
    # 4. Now, and not for long.
    expires = _check_times(claims, now, early)
    # 5. With a name of its own, by which its second use is seen.
    (jti,) = texts_in(claims, "jti", longest=200)
    return SignedIn(document.id, jti, expires + MAX_SKEW, _access_token(claims))


def _check_times(claims: Mapping[str, Any], now: datetime, early: timedelta) -> datetime:
    issued, expires = moment_in(claims, "iat"), moment_in(claims, "exp")
    begins = moment_in(claims, "nbf") or issued
    if issued is None or expires is None or begins is None:
        raise NotVerified.of("trust.malformed", reason="iat, exp")
    begins = max(begins, issued)
    if begins > now + early:
        raise NotVerified.of("trust.token-early", issued=begins.isoformat())
    if expires <= now - MAX_SKEW:
        raise NotVerified.of("trust.token-expired", expired=expires.isoformat())
    if not timedelta(0) < expires - issued <= LONGEST_BORNE:
        seconds = int((expires - issued).total_seconds())
        raise NotVerified.of("trust.token-life", seconds=seconds)
    return expires


def _access_token(claims: Mapping[str, Any]) -> str:
    token = claims.get("token", "")
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise NotVerified.of("trust.malformed", reason="token")
    return token
