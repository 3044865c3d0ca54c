"""Token Status List, in its JWT form: whether what was signed before still holds.

draft-ietf-oauth-status-list, text of April 2026, read 2026-11-28 (an RFC number was not
seen). A list has two bits per place: valid, invalid (revoked for good), suspended, superseded.
Its token is signed, says until when it may be relied on, and is named by the address it is
found at.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.trust import signature
from saltbridge.trust.claims import CanSign
from saltbridge.trust.did import KeyUse, parse_did_document
from saltbridge.trust.spelling import base64url
from saltbridge.trust.suites import NotVerified, suite_of

TYPE: Final = "statuslist+jwt"
MEDIA_TYPE: Final = "application/statuslist+jwt"
BITS: Final = 2
MAX_LIST_BYTES: Final = 4_000_000
_MEMBERS: Final = frozenset({"iss", "sub", "iat", "exp", "ttl", "status_list"})


class Status(IntEnum):
    """What a list says of a place (section on status types)."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    SUPERSEDED = 3  # application specific in the draft: a later version took its place


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list whose token was checked."""

    address: str
    issued_at: datetime
    expires: datetime
    content: bytes
    bits: int

    def at(self, index: int) -> int:
        """The status at a place.

        Raises:
            NotVerified: the list does not reach that far.
        """
        per_byte = 8 // self.bits
        if not 0 <= index < len(self.content) * per_byte:
            raise NotVerified.of("trust.status-place", index=index)
        byte, place = divmod(index, per_byte)
        return (self.content[byte] >> (place * self.bits)) & ((1 << self.bits) - 1)


def encoded(statuses: Mapping[int, int], size: int) -> str:
    """The compressed list of ``size`` places; those not named are valid.

    The example of the draft for two bits:

    >>> encoded({0: 1, 1: 2, 3: 3, 5: 1, 7: 1, 8: 1, 9: 2, 10: 3, 11: 3}, 12)
    'eNo76fITAAPfAgc'
    """
    content = bytearray((size * BITS + 7) // 8)
    for index, status in statuses.items():
        if not 0 <= index < size or not 0 <= status < 1 << BITS:
            raise ValueError(f"no place {index} for status {status}")
        content[index * BITS // 8] |= status << (index * BITS % 8)
    return base64url(zlib.compress(bytes(content), 9))


def decoded(text: str) -> bytes:
    """The bytes of a compressed list, bounded in size.

    Raises:
        NotVerified: not compressed, cut off, or too large.
    """
    expanding = zlib.decompressobj()
    try:
        content = expanding.decompress(signature.from_base64url(text), MAX_LIST_BYTES)
    except zlib.error as fault:
        raise NotVerified.of("trust.malformed", reason="status list") from fault
    if not expanding.eof or expanding.unused_data:
        raise NotVerified.of("trust.malformed", reason="status list")
    return content


def signed_list(
    content: str,
    *,
    address: str,
    issuer: str,
    issued_at: datetime,
    expires: datetime,
    ttl_seconds: int,
    signer: CanSign,
) -> str:
    """The token of a list, as ``encoded`` gives it."""
    payload = {
        "iss": issuer,
        "sub": address,
        "iat": int(issued_at.timestamp()),
        "exp": int(expires.timestamp()),
        "ttl": ttl_seconds,
        "status_list": {"bits": BITS, "lst": content},
    }
    unsigned = signature.prepare(
        canonical_bytes(payload), key_id=signer.key_id, suite=signer.suite, typ=TYPE
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


def address_of(token: str) -> str:
    """The address a token says it belongs to: only good for finding what to check.

    Raises:
        NotVerified: not a token of a list.
    """
    return str(_payload(signature.open_jws(token).payload)["sub"])


def issuer_of(token: str) -> str:
    """Who a token says signed it: only good for finding the keys to check it with.

    Raises:
        NotVerified: not a token of a list.
    """
    return str(_payload(signature.open_jws(token).payload)["iss"])


def verify(
    token: str, did_document: Mapping[str, Any], *, address: str, now: datetime
) -> StatusList:
    """The list in a token of this address by the owner of the DID document.

    An expired list is given back too: what it says of a revocation still holds.

    Raises:
        NotVerified: another list, another issuer, a signature that does not fit, a key that
            was not good then, or a list from the future.
    """
    # 1. A token of the address that the signed document names.
    opened = signature.open_jws(token)
    payload = _payload(opened.payload)
    if payload["sub"] != address:
        raise NotVerified.of(
            "trust.status-other-list", found=payload["sub"][:200], due=address[:200]
        )
    # 2. Its issuer is the owner of the trusted document.
    try:
        document = parse_did_document(did_document)
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault
    if payload["iss"] != document.id:
        raise NotVerified.of(
            "trust.issuer-differs", found=payload["iss"][:200], due=document.id
        )
    # 3. One of its keys for claims, good at that time, signed it as a list.
    issued_at, expires = (_moment(payload[member]) for member in ("iat", "exp"))
    key = document.key(opened.header["kid"], KeyUse.ASSERTION, at=issued_at)
    if not suite_of(key.jwk).stands_alone:
        raise NotVerified.of("trust.never-alone", suite=suite_of(key.jwk).name, key=key.id)
    signature.verify(token, jwk=key.jwk, key_id=key.id, typ=TYPE)
    # 4. It was issued by now, or within a difference of clocks.
    if (issued_at - now).total_seconds() > 300:
        raise NotVerified.of("trust.status-future", at=issued_at.isoformat())
    told = payload["status_list"]
    return StatusList(address, issued_at, expires, decoded(told["lst"]), told["bits"])


def _payload(payload: bytes) -> dict[str, Any]:
    try:
        told = read_json(payload)
    except FaultyJson as fault:
        raise NotVerified(fault.findings) from fault
    whole = isinstance(told, dict) and told.keys() >= _MEMBERS - {"ttl"}
    if not whole or not all(isinstance(told[m], str) for m in ("iss", "sub")):
        raise NotVerified.of("trust.malformed", reason="status list")
    statuses = told["status_list"]
    if (
        not isinstance(statuses, dict)
        or statuses.get("bits") not in (1, 2, 4, 8)
        or not isinstance(statuses.get("lst"), str)
    ):
        raise NotVerified.of("trust.malformed", reason="status list")
    return dict(told)


def _moment(seconds: Any) -> datetime:
    if type(seconds) is not int or not 0 <= seconds < 2**35:
        raise NotVerified.of("trust.malformed", reason="status list")
    return datetime.fromtimestamp(seconds, UTC)
