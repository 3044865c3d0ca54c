"""JSON Web Signatures (RFC 7515, compact) over exact bytes: prepare → sign → assemble.

The signer may be a file, a process or a piece of hardware: it sees ``signing_input`` and
gives back raw signature bytes. Checking is strict: three header members and no more, the
algorithm of the key, the expected type, one spelling per base64url text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.trust import spelling
from saltbridge.trust.spelling import base64url as base64url
from saltbridge.trust.suites import SUITES, NotVerified, signature_fits, suite_of

MAX_JWS_CHARACTERS = 30_000_000
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})


@dataclass(frozen=True, slots=True)
class UnsignedJws:
    """A JWS that waits for its signature."""

    header: Mapping[str, str]
    payload: bytes
    signing_input: bytes


@dataclass(frozen=True, slots=True)
class OpenedJws:
    """The parts of a JWS as sent. Nothing in it is verified."""

    header: Mapping[str, str]
    payload: bytes
    signature: bytes


def from_base64url(text: str) -> bytes:
    """The bytes of an unpadded base64url text that is spelt in the one right way.

    Raises:
        NotVerified: foreign characters, padding, or stray bits at the end.
    """
    try:
        return spelling.from_base64url(text)
    except spelling.MalformedText as fault:
        raise NotVerified.of("trust.malformed", reason="base64url") from fault


def prepare(payload: bytes, *, key_id: str, suite: str, typ: str) -> UnsignedJws:
    """What has to be signed, for a payload taken as it is.

    Raises:
        ValueError: we know no suite of that name.
    """
    if suite not in SUITES:
        raise ValueError(f"unknown suite {suite!r}; known: {', '.join(SUITES)}")
    header, written = _header(suite, key_id, typ)
    signing_input = f"{written}.{base64url(payload)}"
    return UnsignedJws(header, payload, signing_input.encode("ascii"))


@lru_cache(maxsize=64)
def _header(suite: str, key_id: str, typ: str) -> tuple[Mapping[str, str], str]:
    """The header of what one key signs as one type, and how it is written."""
    header = {"alg": suite, "kid": key_id, "typ": typ}
    return MappingProxyType(header), base64url(canonical_bytes(header))


def assemble(unsigned: UnsignedJws, signature: bytes) -> str:
    """The compact JWS.

    Raises:
        ValueError: the signature has the wrong length for its suite (a DER signature,
            for instance, where r‖s is due).
    """
    due = SUITES[unsigned.header["alg"]].signature_bytes
    if len(signature) != due:
        raise ValueError(f"signature of {len(signature)} bytes, due are {due}")
    return f"{unsigned.signing_input.decode('ascii')}.{base64url(signature)}"


def open_jws(jws: str) -> OpenedJws:
    """The parts of a compact JWS, strictly read; the signature is not checked.

    Raises:
        NotVerified: not three base64url parts, or a header with anything but the text
            members alg, kid and typ (so no crit, no jwk, no x5u).
    """
    parts = jws.split(".") if len(jws) <= MAX_JWS_CHARACTERS else []
    if len(parts) != 3:
        raise NotVerified.of("trust.malformed", reason="compact JWS")
    header_bytes, payload, signature = (from_base64url(part) for part in parts)
    try:
        header = read_json(header_bytes)
    except FaultyJson as fault:
        raise NotVerified(fault.findings) from fault
    if not isinstance(header, dict):
        raise NotVerified.of("trust.malformed", reason="header")
    if header.keys() != _HEADER_MEMBERS:
        names = ", ".join(sorted(header.keys() ^ _HEADER_MEMBERS))
        raise NotVerified.of("trust.header-members", names=names[:200])
    if not all(isinstance(value, str) for value in header.values()):
        raise NotVerified.of("trust.malformed", reason="header")
    return OpenedJws(header, payload, signature)


def verify(jws: str, *, jwk: Mapping[str, Any], key_id: str, typ: str) -> bytes:
    """The payload bytes, once the key with this id is known to have signed them as ``typ``.

    Raises:
        NotVerified: malformed, another type, another key, another algorithm than the key's,
            or a signature that does not fit.
        Unavailable: an SM2 signature, and its library is not installed.
    """
    opened = open_jws(jws)
    # 1. It was signed as what it is presented as.
    if opened.header["typ"] != typ:
        raise NotVerified.of("trust.unexpected-type", found=opened.header["typ"][:80], due=typ)
    # 2. The key is the one that was looked up.
    if opened.header["kid"] != key_id:
        raise NotVerified.of("trust.key-unknown", key=opened.header["kid"][:200])
    # 3. The algorithm is the key's.
    suite = suite_of(jwk)
    if opened.header["alg"] != suite.name:
        raise NotVerified.of("trust.algorithm", found=opened.header["alg"][:40], due=suite.name)
    # 4. The signature fits.
    signing_input, _, _ = jws.rpartition(".")
    if not signature_fits(jwk, signing_input.encode("ascii"), opened.signature):
        raise NotVerified.of("trust.signature-wrong", key=key_id)
    return opened.payload
