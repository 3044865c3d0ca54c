"""The bit in a W3C status list that says whether a credential was revoked or suspended.

Bitstring Status List v1.0 [1] and its forerunner StatusList2021: a credential of the issuer
whose subject holds a compressed string of bits, the first being the highest of the first byte.

[1] W3C Bitstring Status List v1.0, 2025. Recalled.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.trust.spelling import MalformedText, from_base64url
from saltbridge.trust.suites import NotVerified

MAX_LIST_BYTES: Final = 4_000_000
_GZIP: Final = 16 + zlib.MAX_WBITS
_TYPES: Final = frozenset({"BitstringStatusListEntry", "StatusList2021Entry"})


def place_of(status: Mapping[str, Any]) -> tuple[str, int, str]:
    """Address of the list, place in it, and what the bit is about.

    Raises:
        NotVerified: the credential names no list we can read.
    """
    address, written = status.get("statusListCredential"), str(status.get("statusListIndex"))
    is_place = written.isascii() and written.isdigit() and len(written) <= 9
    if status.get("type") not in _TYPES or not isinstance(address, str) or not is_place:
        raise NotVerified.of("access.credential-status", reason=str(status.get("type"))[:80])
    return address, int(written), str(status.get("statusPurpose", "revocation"))


def is_set(subject: Mapping[str, Any], index: int, purpose: str) -> bool:
    """Whether the bit is set: the credential is revoked or suspended.

    Raises:
        NotVerified: a list about something else, malformed, too large or too short.
    """
    purposes = subject.get("statusPurpose", "revocation")
    if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise NotVerified.of("access.credential-status", reason=str(purposes)[:80])
    content = _bits(str(subject.get("encodedList", "")))
    if index >= len(content) * 8:
        raise NotVerified.of("trust.status-place", index=index)
    return bool(content[index // 8] >> (7 - index % 8) & 1)


def _bits(encoded: str) -> bytes:
    """The bits of a list; a leading ``u`` (multibase) is that of the newer text.

    StatusList2021 says base64, and its own example is base64url: both are found, both are read.
    """
    encoded = encoded.replace("+", "-").replace("/", "_")
    for text in (encoded.removeprefix("u"), encoded):
        try:
            packed = from_base64url(text.rstrip("="))
            unpacking = zlib.decompressobj(_GZIP)
            content = unpacking.decompress(packed, MAX_LIST_BYTES)
        except (MalformedText, zlib.error):
            continue
        if unpacking.unconsumed_tail:
            raise NotVerified.of("access.credential-status", reason="encodedList")
        return content
    raise NotVerified.of("access.credential-status", reason="encodedList")
