"""Messages of the Decentralized Claims Protocol 1.0.1, presentation and issuance.

Read as plain JSON, as the specification allows. Two points are stricter than its schemas and
as its official test kit wants them: a CredentialMessage names the request it answers
(``holderPid``), and an empty ``presentationDefinition`` is a faulty message, not an unsupported
one. Read: 2026-11-28.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.trust.verifiable_credential import PROFILE_1_1, PROFILE_2_0

CONTEXT: Final = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"
ISSUER_SERVICE: Final = "IssuerService"
PROFILES: Final = (PROFILE_1_1, PROFILE_2_0)
ISSUED, REJECTED, RECEIVED = "ISSUED", "REJECTED", "RECEIVED"
MOST: Final = 50  # scopes, presentations, credentials of one message
_LONGEST: Final = 100_000


class Unsupported(FaultyInput):
    """A presentation definition: the specification lets us say that we read none (501)."""


@dataclass(frozen=True, slots=True)
class CredentialContainer:
    """One credential as an issuer delivers it."""

    type: str
    jwt: str
    profile: str


@dataclass(frozen=True, slots=True)
class CredentialMessage:
    """What an issuer delivers, or why it does not."""

    issuer_pid: str
    holder_pid: str
    status: str
    credentials: tuple[CredentialContainer, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CredentialObject:
    """A credential that an issuer offers; of a sparse one only the id is known."""

    id: str
    type: str = ""
    profile: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """What a holder asks an issuer for, by ids of its metadata."""

    holder_pid: str
    ids: tuple[str, ...]


def render(message: Mapping[str, Any]) -> bytes:
    """The bytes of a message, as sent."""
    return canonical_bytes(dict(message))


def _message(type: str, **members: Any) -> dict[str, Any]:
    return {"@context": [CONTEXT], "type": type, **members}


# ── presentation ─────────────────────────────────────────────────────────────────────────


def render_query(scopes: Sequence[str]) -> dict[str, Any]:
    """A PresentationQueryMessage."""
    return _message("PresentationQueryMessage", scope=list(scopes))


def parse_query(content: bytes) -> tuple[str, ...]:
    """The scopes of a PresentationQueryMessage.

    Raises:
        FaultyInput: no such message, without scopes, or with scopes and a definition.
        Unsupported: a presentation definition.
    """
    document = _read(content, "PresentationQueryMessage")
    definition = document.get("presentationDefinition")
    scopes = document.get("scope")
    if "scope" in document and "presentationDefinition" in document:
        raise _faulty("scope, presentationDefinition")
    if isinstance(definition, dict) and definition:
        raise Unsupported.of("identity.definition-unsupported")
    return tuple(_texts(scopes, "scope"))


def render_response(presentations: Sequence[str]) -> dict[str, Any]:
    """A PresentationResponseMessage."""
    return _message("PresentationResponseMessage", presentation=list(presentations))


def parse_response(content: bytes) -> tuple[str, ...]:
    """The presentations of a PresentationResponseMessage, each a JWT; there may be none.

    Raises:
        FaultyInput: no such message, or one in another form.
    """
    document = _read(content, "PresentationResponseMessage")
    if document.get("presentation") == []:
        return ()
    return tuple(_texts(document.get("presentation"), "presentation"))


# ── issuance ─────────────────────────────────────────────────────────────────────────────


def render_credentials(message: CredentialMessage) -> dict[str, Any]:
    """A CredentialMessage."""
    told = _message(
        "CredentialMessage",
        issuerPid=message.issuer_pid,
        holderPid=message.holder_pid,
        status=message.status,
    )
    if message.credentials:
        told["credentials"] = [
            {"credentialType": c.type, "payload": c.jwt, "format": c.profile}
            for c in message.credentials
        ]
    return {**told, "rejectionReason": message.reason} if message.reason else told


def parse_credentials(content: bytes) -> CredentialMessage:
    """What a CredentialMessage delivers.

    Raises:
        FaultyInput: no such message, another status, no request, or another form than a JWT.
    """
    document = _read(content, "CredentialMessage")
    issuer_pid, holder_pid = (_text(document, name) for name in ("issuerPid", "holderPid"))
    status = document.get("status")
    if status not in (ISSUED, REJECTED):
        raise _faulty("status")
    listed = document.get("credentials", [])
    if not isinstance(listed, list) or len(listed) > MOST or (status == ISSUED and not listed):
        raise _faulty("credentials")
    containers = []
    for entry in listed:
        if not isinstance(entry, dict) or entry.get("format") not in PROFILES:
            raise _faulty("credentials")
        named = _text(entry, "credentialType"), _text(entry, "payload", _LONGEST)
        containers.append(CredentialContainer(*named, str(entry["format"])))
    reason = document.get("rejectionReason") or ""
    return CredentialMessage(
        issuer_pid, holder_pid, status, tuple(containers), str(reason)[:500]
    )


def render_request(request: CredentialRequest) -> dict[str, Any]:
    """A CredentialRequestMessage."""
    asked = [{"id": id} for id in request.ids]
    return _message("CredentialRequestMessage", holderPid=request.holder_pid, credentials=asked)


def parse_request(content: bytes) -> CredentialRequest:
    """What a CredentialRequestMessage asks for.

    Raises:
        FaultyInput: no such message, or nothing asked for.
    """
    document = _read(content, "CredentialRequestMessage")
    ids = [o.id for o in _objects(document.get("credentials"), "credentials")]
    return CredentialRequest(_text(document, "holderPid"), tuple(ids))


def render_offer(issuer: str, offered: Sequence[CredentialObject]) -> dict[str, Any]:
    """A CredentialOfferMessage."""
    return _message(
        "CredentialOfferMessage", issuer=issuer, credentials=[_object(o) for o in offered]
    )


def parse_offer(content: bytes) -> tuple[str, tuple[CredentialObject, ...]]:
    """Issuer and credentials of a CredentialOfferMessage.

    Raises:
        FaultyInput: no such message, or nothing offered.
    """
    document = _read(content, "CredentialOfferMessage")
    return _text(document, "issuer"), _objects(document.get("credentials"), "credentials")


def render_metadata(issuer: str, supported: Sequence[CredentialObject]) -> dict[str, Any]:
    """An IssuerMetadata document."""
    return _message(
        "IssuerMetadata", issuer=issuer, credentialsSupported=[_object(o) for o in supported]
    )


def parse_metadata(content: bytes) -> tuple[str, tuple[CredentialObject, ...]]:
    """Issuer and credentials of an IssuerMetadata document.

    Raises:
        FaultyInput: no such document, or nothing on offer.
    """
    document = _read(content, "IssuerMetadata")
    listed = document.get("credentialsSupported")
    return _text(document, "issuer"), _objects(listed, "credentialsSupported")


def render_status(issuer_pid: str, holder_pid: str, status: str) -> dict[str, Any]:
    """A CredentialStatus."""
    return _message(
        "CredentialStatus", issuerPid=issuer_pid, holderPid=holder_pid, status=status
    )


def _object(offered: CredentialObject) -> dict[str, Any]:
    told: dict[str, Any] = {"id": offered.id, "type": "CredentialObject"}
    if offered.type:
        told |= {
            "credentialType": offered.type,
            "offerReason": offered.reason or "issuance",
            "bindingMethods": ["did:web"],
            "profile": offered.profile,
        }
    return told


def _objects(listed: Any, name: str) -> tuple[CredentialObject, ...]:
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST:
        raise _faulty(name)
    found = []
    for entry in listed:
        if not isinstance(entry, dict):
            raise _faulty(name)
        told = [entry.get(n) for n in ("credentialType", "profile", "offerReason")]
        words = [t[:200] if isinstance(t, str) else "" for t in told]
        found.append(CredentialObject(_text(entry, "id"), *words))
    return tuple(found)


def _read(content: bytes, type: str) -> dict[str, Any]:
    document = read_json(content)
    if not isinstance(document, dict) or "@context" not in document:
        raise _faulty("@context")
    if document.get("type", document.get("@type")) != type:
        raise _faulty("type")
    return document


def _text(document: Mapping[str, Any], name: str, longest: int = 1000) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise _faulty(name)
    return value


def _texts(listed: Any, name: str) -> list[str]:
    if isinstance(listed, str):
        listed = [listed]
    sound = isinstance(listed, list) and 0 < len(listed) <= MOST
    if not sound or not all(isinstance(text, str) and text for text in listed):
        raise _faulty(name)
    return list(listed)


def _faulty(member: str) -> Exception:
    return FaultyInput.of("identity.message-faulty", member=member)
