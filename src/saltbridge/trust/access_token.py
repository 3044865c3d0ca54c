"""The access token of our own credential service: who may ask it, for what, until when.

Its form is nobody else's business (DCP 1.0.1, "Verifiable Presentation Access Token"): here a
JWT of this node about a partner, carried in the ``token`` claim of our sign-in token and
brought back in the partner's. Nothing is stored, and nobody is asked before it is known to be
ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.trust import signature
from saltbridge.trust.claims import CanSign
from saltbridge.trust.did import KeyUse, parse_did_document
from saltbridge.trust.jwt import key_of, moment_in, open_jwt, texts_in, verify_jwt
from saltbridge.trust.suites import NotVerified

LIFE: Final = timedelta(minutes=5)
TYPE: Final = "at+jwt"


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token of ours opens, and to whom."""

    bearer: str
    scopes: tuple[str, ...]


def access_token(
    *, owner: str, bearer: str, scopes: Sequence[str], jti: str, now: datetime, signer: CanSign
) -> str:
    """A token with which ``bearer`` may ask for what the scopes name, for minutes."""
    members = {
        "iss": owner,
        "aud": owner,
        "sub": bearer,
        "scope": " ".join(scopes),
        "jti": jti,
        "exp": int((now + LIFE).timestamp()),
    }
    unsigned = signature.prepare(
        canonical_bytes(members), key_id=signer.key_id, suite=signer.suite, typ=TYPE
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


def check_access(
    token: str, *, own_document: Mapping[str, Any], bearer: str, now: datetime
) -> Grant:
    """What the token opens to the bearer, once it is known to be ours and its own.

    Raises:
        NotVerified: not ours, another's, or over.
    """
    try:
        opened, claims = open_jwt(token)
        if opened.header.get("typ") != TYPE:
            raise NotVerified.of("trust.unexpected-type", found="", due=TYPE)
        document = parse_did_document(own_document)
        key = key_of(opened, document, KeyUse.AUTHENTICATION, at=now)
        verify_jwt(token, opened, key, (TYPE,))
        owner, audience, holder, scope = texts_in(claims, "iss", "aud", "sub", "scope")
        expires = moment_in(claims, "exp")
    except NotVerified as fault:
        raise NotVerified.of("identity.access-token-foreign") from fault
    if not owner == audience == document.id:
        raise NotVerified.of("identity.access-token-foreign")
    if holder != bearer:
        raise NotVerified.of("identity.access-token-bearer", found=bearer[:200], due=holder)
    if expires is None or expires <= now:
        raise NotVerified.of("identity.access-token-expired")
    return Grant(holder, tuple(scope.split(" ")))
