"""DID documents (did:web): who a company is, which keys it signs with, where it answers.

A document carries the whole key history. ``expires`` marks a key that was rotated: what it
signed before stays good. ``revoked`` marks a key that may be in other hands: its signatures
count only where something else (a log, a time stamp) shows that they are older. Both names
are those of W3C Controlled Identifiers v1.0, section 2.2 (recalled, to be read again).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import orjson

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.trust.suites import NotVerified, suite_of

_CONTEXTS = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/suites/jws-2020/v1",
    "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld",
    "https://w3id.org/dspace/2025/1/context.jsonld",
)
DATA_SERVICE = "DataService"
CREDENTIAL_SERVICE = "CredentialService"
LOG_SERVICE = "TransparencyLog"  # our own name: where checkpoints and proofs are had

_KEPT_BYTES: Final = 64 * 1024  # documents up to this size are kept, 64 of them


class KeyUse(StrEnum):
    """What a key may do, by the names of the DID core vocabulary."""

    ASSERTION = "assertionMethod"  # sign claims
    AUTHENTICATION = "authentication"  # sign in
    CAPABILITY = "capabilityInvocation"


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key of a company, with its life."""

    id: str
    jwk: Mapping[str, Any]
    uses: frozenset[KeyUse] = frozenset(KeyUse)
    expires: datetime | None = None
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceEndpoint:
    """Where a company answers, and to what."""

    id: str
    type: str
    url: str


@dataclass(frozen=True, slots=True)
class DidDocument:
    """What a DID document says, as far as we use it."""

    id: str
    keys: tuple[VerificationKey, ...]
    services: tuple[ServiceEndpoint, ...] = ()

    def key(
        self,
        key_id: str,
        use: KeyUse,
        *,
        at: datetime,
        witnessed_at: datetime | None = None,
    ) -> VerificationKey:
        """The key of this id, if it could sign for that use at that time.

        ``at`` is the time the signer states; ``witnessed_at`` is a time that somebody else
        vouches for, the only one that counts once a key is revoked.

        Raises:
            NotVerified: no such key, not for that use, rotated before, or revoked.
        """
        key = next((k for k in self.keys if k.id == key_id), None)
        if key is None:
            raise NotVerified.of("trust.key-unknown", key=key_id[:200])
        if use not in key.uses:
            raise NotVerified.of("trust.key-use", key=key_id, use=use.value)
        if key.revoked is not None and (witnessed_at is None or witnessed_at >= key.revoked):
            raise NotVerified.of("trust.key-revoked", key=key_id, since=iso(key.revoked))
        if key.expires is not None and at > key.expires:
            raise NotVerified.of("trust.key-expired", key=key_id, since=iso(key.expires))
        return key

    def service_url(self, type: str = DATA_SERVICE) -> str | None:
        """The endpoint of the first service of this type."""
        return next((s.url for s in self.services if s.type == type), None)


@lru_cache(maxsize=64)  # whatever a batch writes has the same time
def iso(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second.

    >>> iso(datetime(2026, 11, 23, 10, tzinfo=UTC))
    '2026-11-23T10:00:00Z'
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """A moment in UTC from RFC 3339 text with a zone.

    Raises:
        ValueError: not a time, or one without a zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return moment.astimezone(UTC)


def build_did_document(document: DidDocument) -> dict[str, Any]:
    """The DID document as JSON, with every key the company ever used."""
    methods = []
    for key in document.keys:
        suite_of(key.jwk)  # never publish a private or an unknown key
        method: dict[str, Any] = {
            "id": key.id,
            "type": "JsonWebKey2020",
            "controller": document.id,
            "publicKeyJwk": dict(key.jwk),
        }
        if key.expires is not None:
            method["expires"] = iso(key.expires)
        if key.revoked is not None:
            method["revoked"] = iso(key.revoked)
        methods.append(method)
    built: dict[str, Any] = {
        "@context": list(_CONTEXTS),
        "id": document.id,
        "verificationMethod": methods,
    }
    for use in (KeyUse.AUTHENTICATION, KeyUse.ASSERTION, KeyUse.CAPABILITY):
        built[use.value] = [k.id for k in document.keys if use in k.uses]
    built["service"] = [
        {"id": s.id, "type": s.type, "serviceEndpoint": s.url} for s in document.services
    ]
    return built


def known_did_document(document: object, *, did: str = "") -> DidDocument:
    """The same as ``parse_did_document``; documents met again and again are read once.

    Raises:
        FaultyInput: as there.
    """
    try:
        content = orjson.dumps(document)
    except orjson.JSONEncodeError:
        return parse_did_document(document, did=did)
    if len(content) <= _KEPT_BYTES:
        known = _parsed(content)
        if did in ("", known.id):
            return known
    return parse_did_document(document, did=did)


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> DidDocument:
    return parse_did_document(orjson.loads(content))


def parse_did_document(document: object, *, did: str = "", name: str = "") -> DidDocument:
    """What a DID document says.

    ``did`` is whose document it has to be, where that is known. Keys of kinds we do not
    know and services without a plain URL are left out: they cannot be used here.

    Raises:
        FaultyInput: not a DID document, not that DID's, or two keys with one id.
    """
    if not isinstance(document, Mapping):
        raise FaultyInput([finding("trust.did-document", Place(file=name), member="")])
    faults: list[Finding] = []

    def fault(member: str) -> None:
        faults.append(
            finding("trust.did-document", Place(name, pointer=f"/{member}"), member=member)
        )

    identifier = document.get("id")
    if not isinstance(identifier, str) or not identifier.startswith("did:"):
        fault("id")
        raise FaultyInput(faults)
    if did and identifier != did:
        place = Place(name, pointer="/id")
        raise FaultyInput(
            [finding("trust.did-differs", place, found=identifier[:200], due=did)]
        )
    methods = document.get("verificationMethod", [])
    if not isinstance(methods, list):
        fault("verificationMethod")
        methods = []
    keys: dict[str, VerificationKey] = {}
    for index, method in enumerate(methods):
        where = f"verificationMethod/{index}"
        if not isinstance(method, Mapping) or not isinstance(method.get("id"), str):
            fault(where)
            continue
        key_id = method["id"]
        key_id = f"{identifier}{key_id}" if key_id.startswith("#") else key_id
        jwk = method.get("publicKeyJwk")
        if not isinstance(jwk, Mapping) or not key_id.startswith(f"{identifier}#"):
            continue  # another company's key, or a kind we do not read
        if key_id in keys:
            fault(f"{where}/id")
            continue
        try:
            suite_of(jwk)
        except NotVerified:
            continue
        try:
            keys[key_id] = VerificationKey(
                key_id,
                dict(jwk),
                frozenset(u for u in KeyUse if key_id in _ids(document, u, identifier)),
                _moment(method, "expires"),
                _moment(method, "revoked"),
            )
        except ValueError:
            fault(where)
    if faults:
        raise FaultyInput(faults)
    return DidDocument(identifier, tuple(keys.values()), tuple(_services(document, identifier)))


def _ids(document: Mapping[str, Any], use: KeyUse, did: str) -> frozenset[str]:
    listed = document.get(use.value, [])
    names = (
        entry if isinstance(entry, str) else entry.get("id", "")
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, str | Mapping)
    )
    return frozenset(
        f"{did}{n}" if n.startswith("#") else n for n in names if isinstance(n, str)
    )


def _moment(method: Mapping[str, Any], member: str) -> datetime | None:
    text = method.get(member)
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError(member)
    return from_iso(text)


def _services(document: Mapping[str, Any], did: str) -> Iterable[ServiceEndpoint]:
    listed = document.get("service", [])
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, Mapping):
            continue
        url, kind, name = entry.get("serviceEndpoint"), entry.get("type"), entry.get("id", "")
        if isinstance(url, str) and isinstance(kind, str) and isinstance(name, str):
            yield ServiceEndpoint(f"{did}{name}" if name.startswith("#") else name, kind, url)
