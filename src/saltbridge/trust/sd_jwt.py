"""Selective disclosure: a signed document whose parts are shown or left out (SD-JWT).

RFC 9901 (November 2025), read in the text of its draft 22 and its examples on 2026-11-28. The
issuer signs digests of salted disclosures; whoever shows the document adds the disclosures the
reader may have. Conceal → (someone signs) → present; a reader opens what it was given.

Small code of our own: the packages for SD-JWT lean on a library under the LGPL
(``docs/decisions/0030``). SHA-256 only, no key binding.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from saltbridge.core.canonical import (
    MAX_DEPTH,
    FaultyJson,
    canonical_bytes,
    is_deeper,
    read_json,
)
from saltbridge.trust.signature import MAX_JWS_CHARACTERS, from_base64url
from saltbridge.trust.spelling import base64url
from saltbridge.trust.suites import NotVerified

MEDIA_TYPE: Final = "application/sd-jwt"
ALGORITHM: Final = "sha-256"
DIGESTS: Final = "_sd"
ELEMENT: Final = "..."
HASH: Final = "_sd_alg"
MAX_DISCLOSURES: Final = 1000
SALT_CHARACTERS: Final = 22  # 128 bits as base64url (RFC 9901, section 9.3)
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# Bytes without these hold no digest and no member that only digests may have; a backslash may
# spell any of them.
_MAY_HIDE: Final = (b'"_sd', b'"..."', b"\\")


@dataclass(frozen=True, slots=True)
class SdJwt:
    """A signed JWT and the disclosures that go with it. Nothing in it is verified."""

    jwt: str
    disclosures: tuple[str, ...] = ()
    key_binding: str = ""

    def __str__(self) -> str:
        """The compact form: ``<JWT>~<disclosure>~…~``."""
        return "~".join((self.jwt, *self.disclosures, self.key_binding))


def parse(text: str) -> SdJwt:
    """The parts of the compact form.

    Raises:
        NotVerified: not that form, an empty disclosure, or too many of them.
    """
    parts = text.split("~") if len(text) <= MAX_JWS_CHARACTERS else []
    if len(parts) < 2 or not all(parts[:-1]) or len(parts) > MAX_DISCLOSURES + 2:
        raise NotVerified.of("trust.malformed", reason="SD-JWT")
    return SdJwt(parts[0], tuple(parts[1:-1]), parts[-1])


def disclosure(salt: str, name: str, value: Any) -> str:
    """The disclosure of one member.

    Raises:
        ValueError: the salt is too short to hide anything, or the name may not be used.
        FaultyJson: the value is not JSON.
    """
    return disclosure_of(salt, name, canonical_bytes(value))


def disclosure_of(salt: str, name: str, content: bytes) -> str:
    """The disclosure of a member whose canonical bytes are there already.

    Raises:
        ValueError: as ``disclosure``.
    """
    if len(salt) < SALT_CHARACTERS:
        raise ValueError("a salt of at least 128 random bits")
    if name in (DIGESTS, ELEMENT, HASH):
        raise ValueError(f"a disclosed member cannot be named {name!r}")
    return base64url(canonical_bytes([salt, name])[:-1] + b"," + content + b"]")


def digest_of(text: str) -> str:
    """What stands in the signed document for a disclosure.

    The example of RFC 9901, section 4.2.3:

    >>> digest_of("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0")
    'X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0'
    """
    return base64url(hashlib.sha256(text.encode("ascii")).digest())


def concealed(
    content: Mapping[str, Any], disclosures: Iterable[str], decoys: Iterable[str] = ()
) -> dict[str, Any]:
    """The content with the digests of its hidden members, in an order that tells nothing.

    Each decoy is a random text: its digest stands among the others and belongs to nothing, so
    that the number of digests does not tell how many members are hidden.

    Raises:
        ValueError: the content holds a member that only digests may have.
    """
    if {DIGESTS, ELEMENT, HASH} & content.keys():
        raise ValueError("the content has members that are kept for digests")
    digests = sorted(digest_of(text) for text in (*disclosures, *decoys))
    return {**content, DIGESTS: digests}


def opened(text: str) -> list[Any]:
    """What a disclosure holds: salt, name and value, or salt and value of an element.

    Raises:
        NotVerified: not a disclosure.
    """
    try:
        parts = read_json(from_base64url(text))
    except FaultyJson as fault:
        raise NotVerified.of("trust.malformed", reason="disclosure") from fault
    if not isinstance(parts, list) or len(parts) not in (2, 3) or type(parts[0]) is not str:
        raise NotVerified.of("trust.malformed", reason="disclosure")
    return parts


def name_of(text: str) -> str:
    """The name of the member a disclosure is about; empty for an element of an array.

    Raises:
        NotVerified: not a disclosure.
    """
    parts = opened(text)
    return str(parts[1]) if len(parts) == 3 else ""


def presentation(whole: SdJwt, names: Collection[str]) -> SdJwt:
    """The same signed document with the disclosures of these members only."""
    shown = tuple(text for text in whole.disclosures if name_of(text) in names)
    return replace(whole, disclosures=shown)


def revealed(payload: Mapping[str, Any], disclosures: Sequence[str]) -> dict[str, Any]:
    """The signed payload with what the disclosures add, and without digests.

    The steps are those of RFC 9901, section 7.1. The signature is the caller's affair.

    Raises:
        NotVerified: another hash, a disclosure that no digest in the document stands for, one
            digest or disclosure twice, or a member that must not or cannot be added.
    """
    if payload.get(HASH, ALGORITHM) != ALGORITHM:
        raise NotVerified.of("trust.sd-hash", found=str(payload[HASH])[:40], due=ALGORITHM)
    reading = _Reading(disclosures)
    document: dict[str, Any] = reading.along(dict(payload), 0)
    document.pop(HASH, None)
    reading.finish()
    return document


class _Reading:
    """One pass over a payload: digests give way to what was disclosed for them."""

    def __init__(self, disclosures: Sequence[str]) -> None:
        self._given: dict[str, list[Any]] = {}
        self._met: set[str] = set()
        self._whole: set[str] = set()  # disclosures that hide nothing further
        for text in disclosures:
            parts, mark = opened(text), digest_of(text)
            if mark in self._given:
                raise NotVerified.of("trust.sd-twice", digest=mark)
            self._given[mark] = parts
            content = from_base64url(text)
            if not any(sign in content for sign in _MAY_HIDE):
                self._whole.add(mark)

    def along(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise NotVerified.of("trust.malformed", reason="SD-JWT")
        if isinstance(value, Mapping):
            return self._object(value, depth)
        if isinstance(value, list):
            return [e for element in value for e in self._element(element, depth)]
        return value

    def finish(self) -> None:
        """No disclosure may be left that nothing in the document stands for."""
        for mark in self._given.keys() - self._met:
            name = self._given[mark][1] if len(self._given[mark]) == 3 else ELEMENT
            raise NotVerified.of("trust.sd-foreign", part=json.dumps(name)[:80])

    def _object(self, value: Mapping[str, Any], depth: int) -> dict[str, Any]:
        if ELEMENT in value or (depth and HASH in value):
            raise NotVerified.of("trust.sd-member", part=ELEMENT if ELEMENT in value else HASH)
        shown = {k: self.along(v, depth + 1) for k, v in value.items() if k != DIGESTS}
        digests = value.get(DIGESTS, [])
        if not isinstance(digests, list):
            raise NotVerified.of("trust.malformed", reason=DIGESTS)
        for mark in digests:
            parts = self._disclosed(mark, 3)
            if parts is None:
                continue
            name = parts[1]
            if type(name) is not str or name in (DIGESTS, ELEMENT, HASH) or name in shown:
                raise NotVerified.of("trust.sd-member", part=json.dumps(name)[:80])
            shown[name] = self._value(mark, parts[2], depth + 1)
        return shown

    def _value(self, mark: str, value: Any, depth: int) -> Any:
        """What was disclosed; without a pass through what holds no digest by its bytes."""
        if mark in self._whole and not is_deeper(value, MAX_DEPTH - depth):
            return value
        return self.along(value, depth)

    def _element(self, element: Any, depth: int) -> list[Any]:
        if not isinstance(element, Mapping) or ELEMENT not in element:
            return [self.along(element, depth + 1)]
        if element.keys() != {ELEMENT}:
            raise NotVerified.of("trust.sd-member", part=ELEMENT)
        parts = self._disclosed(element[ELEMENT], 2)
        return [] if parts is None else [self._value(element[ELEMENT], parts[1], depth + 1)]

    def _disclosed(self, mark: Any, length: int) -> list[Any] | None:
        if type(mark) is not str or not _DIGEST.fullmatch(mark):
            raise NotVerified.of("trust.malformed", reason=DIGESTS)
        if mark in self._met:
            raise NotVerified.of("trust.sd-twice", digest=mark)
        self._met.add(mark)
        parts = self._given.get(mark)
        if parts is not None and len(parts) != length:
            raise NotVerified.of("trust.malformed", reason="disclosure")
        return parts
