"""A verifiable presentation as a JWT: a holder shows its credentials to one verifier.

In both profiles of DCP 1.0.1: beside ``vp`` (VC Data Model 1.1 [1]), or the presentation as
the payload with each credential in an envelope (2.0 with JOSE [2]). A presentation holds
credentials of one model only (DCP, "Homogeneity requirement"). DCP read 2026-11-28; [1] and
[2] recalled.

[1] W3C Verifiable Credentials Data Model v1.1, 6.3.1.
[2] W3C Securing Verifiable Credentials using JOSE and COSE, 2025, 3.2.1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.trust import signature
from saltbridge.trust.claims import CanSign
from saltbridge.trust.did import DidDocument, KeyUse
from saltbridge.trust.jwt import audience_of, key_of, moment_in, open_jwt, verify_jwt
from saltbridge.trust.self_issued import MAX_SKEW
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import CONTEXT_1_1, CONTEXT_2_0, PROFILE_2_0

LIFE: Final = timedelta(minutes=5)
MOST_CREDENTIALS: Final = 50
ENVELOPE: Final = "data:application/vc+jwt,"
_TYPES: Final = ("jwt", "vp+jwt", "vp+ld+jwt")


@dataclass(frozen=True, slots=True)
class Presentation:
    """A presentation whose envelope was checked; its credentials, as sent, were not."""

    holder: str
    credentials: tuple[str, ...]
    expires: datetime | None = None


def sign_presentation(
    credentials: Sequence[str],
    *,
    profile: str,
    holder: str,
    verifier: str,
    jti: str,
    now: datetime,
    signer: CanSign,
) -> str:
    """A presentation of credentials of one profile, for one verifier, good for minutes."""
    issued = int(now.timestamp())
    members: dict[str, Any] = {
        "iss": holder,
        "sub": holder,
        "aud": verifier,
        "jti": jti,
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(LIFE.total_seconds()),
    }
    shape: dict[str, Any] = {
        "@context": [CONTEXT_1_1],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": list(credentials),
    }
    if profile == PROFILE_2_0:
        shape["@context"] = [CONTEXT_2_0]
        shape["verifiableCredential"] = [
            {
                "@context": [CONTEXT_2_0],
                "type": ["EnvelopedVerifiableCredential"],
                "id": f"{ENVELOPE}{jwt}",
            }
            for jwt in credentials
        ]
        members |= shape
    else:
        members["vp"] = shape
    unsigned = signature.prepare(
        canonical_bytes(members),
        key_id=signer.key_id,
        suite=signer.suite,
        typ="vp+jwt" if profile == PROFILE_2_0 else "JWT",
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


def open_presentation(
    jwt: str, *, document: DidDocument, verifier: str, now: datetime
) -> Presentation:
    """What the owner of the document presents to us now.

    Raises:
        NotVerified: see the finding; the checks are numbered below.
    """
    opened, claims = open_jwt(jwt)
    # 1. A key for signing in signed it (DCP, presentation validation, 2 and 3).
    verify_jwt(jwt, opened, key_of(opened, document, KeyUse.AUTHENTICATION, at=now), _TYPES)
    shape = claims.get("vp", claims)
    if not isinstance(shape, dict) or "VerifiablePresentation" not in _listed(
        shape.get("type")
    ):
        raise NotVerified.of("trust.malformed", reason="vp")
    # 2. Its holder is the owner of the document, wherever it says so.
    for stated in (claims.get("iss"), claims.get("sub"), shape.get("holder")):
        if stated is not None and stated != document.id:
            raise NotVerified.of(
                "identity.presentation-holder", found=str(stated)[:200], due=document.id
            )
    # 3. It is made for us.
    audience = audience_of(claims)
    if audience != verifier:
        raise NotVerified.of("trust.token-audience", found=audience[:200], due=verifier)
    # 4. It holds now.
    begins = moment_in(claims, "nbf") or moment_in(claims, "iat")
    ends = moment_in(claims, "exp")
    if begins is not None and begins > now + MAX_SKEW:
        raise NotVerified.of("trust.token-early", issued=begins.isoformat())
    if ends is not None and ends <= now - MAX_SKEW:
        raise NotVerified.of("trust.token-expired", expired=ends.isoformat())
    return Presentation(document.id, _credentials(shape), ends)


def _credentials(shape: Mapping[str, Any]) -> tuple[str, ...]:
    listed = _listed(shape.get("verifiableCredential", []))
    if len(listed) > MOST_CREDENTIALS:
        raise NotVerified.of("trust.malformed", reason="verifiableCredential")
    found = []
    for entry in listed:
        text = entry
        if isinstance(entry, dict):
            text = str(entry.get("id", ""))
            head, comma, text = text.partition(",")
            if not comma or not head.startswith("data:application/vc") or "jwt" not in head:
                raise NotVerified.of("trust.malformed", reason="verifiableCredential")
        if not isinstance(text, str):
            raise NotVerified.of("trust.malformed", reason="verifiableCredential")
        found.append(text)
    return tuple(found)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
