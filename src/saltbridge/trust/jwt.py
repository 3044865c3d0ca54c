"""JSON Web Tokens as other companies' software writes them (RFC 7519, RFC 7515 compact).

Looser than ``signature`` in three points that the standards leave open: ``typ`` may be absent,
``kid`` may be relative or absent where the document has one key, and Ed25519 may be called
EdDSA, as before RFC 9864. The algorithm is still the key's, never the header's choice,
and a header that brings a key or an extension along is refused.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, read_json
from saltbridge.trust.did import DidDocument, KeyUse, VerificationKey
from saltbridge.trust.signature import OpenedJws, from_base64url
from saltbridge.trust.suites import NotVerified, signature_fits, suite_of

MAX_CHARACTERS: Final = 100_000
_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ", "cty"})
_OTHER_NAMES: Final = {"EdDSA": "Ed25519"}


def open_jwt(text: str, *, longest: int = MAX_CHARACTERS) -> tuple[OpenedJws, dict[str, Any]]:
    """The parts of a JWT and its claims, strictly read; nothing is verified.

    Raises:
        NotVerified: not a JWT, too long, or a header with anything but alg, kid, typ and cty.
    """
    parts = text.split(".") if len(text) <= longest and text.isascii() else []
    if len(parts) != 3:
        raise NotVerified.of("trust.malformed", reason="JWT")
    head, payload, signature = (from_base64url(part) for part in parts)
    try:
        header, claims = read_json(head), read_json(payload)
    except FaultyJson as fault:
        raise NotVerified(fault.findings) from fault
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotVerified.of("trust.malformed", reason="JWT")
    strange = header.keys() - _HEADER_MEMBERS
    if strange or "alg" not in header:
        names = ", ".join(sorted(strange or {"alg"}))
        raise NotVerified.of("trust.header-members", names=names[:200])
    if not all(isinstance(value, str) for value in header.values()):
        raise NotVerified.of("trust.malformed", reason="header")
    return OpenedJws(header, payload, signature), claims


def key_of(
    opened: OpenedJws, document: DidDocument, use: KeyUse, *, at: datetime
) -> VerificationKey:
    """The key of the document that the header names, good for that use at that time.

    Without ``kid`` it is the only key of the document (DCP 1.0.1, validating self-issued ID
    tokens, step 3); the document of another DID never counts.

    Raises:
        NotVerified: no such key, not for that use, or it was not good then.
    """
    named = opened.header.get("kid", "")
    if not named:
        if len(document.keys) != 1:
            raise NotVerified.of("trust.key-unknown", key="—")
        named = document.keys[0].id
    key_id = f"{document.id}{named}" if named.startswith("#") else named
    key = document.key(key_id, use, at=at)
    suite = suite_of(key.jwk)
    if not suite.stands_alone:
        raise NotVerified.of("trust.never-alone", suite=suite.name, key=key.id)
    return key


def verify_jwt(
    text: str, opened: OpenedJws, key: VerificationKey, types: Collection[str]
) -> None:
    """Return if the key signed the token, with the key's algorithm, as one of these types.

    Raises:
        NotVerified: another type, another algorithm than the key's, or a wrong signature.
    """
    typ = opened.header.get("typ", "")
    if typ and typ.lower() not in types:
        raise NotVerified.of("trust.unexpected-type", found=typ[:80], due=", ".join(types))
    suite, alg = suite_of(key.jwk), opened.header["alg"]
    if _OTHER_NAMES.get(alg, alg) != suite.name:
        raise NotVerified.of("trust.algorithm", found=alg[:40], due=suite.name)
    signing_input, _, _ = text.rpartition(".")
    if not signature_fits(key.jwk, signing_input.encode("ascii"), opened.signature):
        raise NotVerified.of("trust.signature-wrong", key=key.id)


def texts_in(claims: Mapping[str, Any], *names: str, longest: int = 1000) -> list[str]:
    """These claims, each a text that is neither empty nor too long.

    Raises:
        NotVerified: one is missing or is not a text.
    """
    found = [claims.get(name) for name in names]
    if not all(isinstance(text, str) and 0 < len(text) <= longest for text in found):
        raise NotVerified.of("trust.malformed", reason=", ".join(names))
    return [str(text) for text in found]


def audience_of(claims: Mapping[str, Any]) -> str:
    """The one audience of a token: a text, or a list that holds one.

    Raises:
        NotVerified: none, several, or no text.
    """
    stated = claims.get("aud")
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if not isinstance(stated, str) or not stated:
        raise NotVerified.of("trust.malformed", reason="aud")
    return stated


def moment_in(claims: Mapping[str, Any], name: str) -> datetime | None:
    """The time of a claim (NumericDate), or None where it is absent.

    Raises:
        NotVerified: not a number of seconds.
    """
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotVerified.of("trust.malformed", reason=name)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as fault:
        raise NotVerified.of("trust.malformed", reason=name) from fault
