"""Checks one credential that somebody shows: issuer, signature, time, holder, kind, status.

Addresses inside a credential (its status list, its schema) are fetched only after the
signature of a trusted issuer was checked, by the guarded client.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import finding
from saltbridge.formats.credential_schema import (
    MAX_SCHEMA_BYTES,
    check_kind,
    check_named,
    named_schemas,
)
from saltbridge.ports import World
from saltbridge.steps.identity import is_trusted, kept_for
from saltbridge.trust.credential_status import is_set, place_of
from saltbridge.trust.did import DidDocument, parse_did_document
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import (
    Credential,
    check_credential,
    stated_issuer,
)

_LIST_BYTES: Final = 2_000_000
_SECONDS: Final = 5.0
_REVOKING: Final = frozenset({"revocation", "suspension"})


class UntrustedIssuer(NotVerified):
    """Nobody here believes its issuer, about this type or at all."""


@dataclass(frozen=True, slots=True)
class CheckedCredential:
    """A credential that holds, and until when that may be relied on without a new look."""

    credential: Credential
    until: datetime


def checked_credential(world: World, jwt: str, holder: str) -> CheckedCredential:
    """The credential, once it is known to hold for this holder now.

    Raises:
        NotVerified: see the finding; the checks are numbered below.
        Unavailable: the issuer's DID document cannot be fetched now.
    """
    credential, document = genuine_credential(world, jwt, holder)
    # 5. Its status lists say that it still holds; what cannot be told, does not.
    until = min(credential.expires, world.clock.now() + kept_for(world))
    for status in credential.statuses:
        if str(status.get("statusPurpose", "revocation")) in _REVOKING:
            until = min(until, _status_holds_until(world, document, credential, status))
    return CheckedCredential(credential, until)


def genuine_credential(world: World, jwt: str, holder: str) -> tuple[Credential, DidDocument]:
    """The credential and its issuer's document, all checked but its status.

    Raises:
        As ``checked_credential``.
    """
    # 1. Its issuer is believed, before anything is fetched for it.
    issuer = stated_issuer(jwt)
    if not is_trusted(world, issuer):
        raise UntrustedIssuer.of("identity.issuer-untrusted", issuer=issuer[:200], type="?")
    document = issuer_document(world, issuer)
    # 2. The issuer signed it, and it holds now.
    try:
        credential = check_credential(jwt, did_document=document, now=world.clock.now())
    except NotVerified as fault:
        raise _named_for_reader(fault, issuer) from fault
    for type in credential.types:
        if type != "VerifiableCredential" and not is_trusted(world, issuer, type):
            raise UntrustedIssuer.of(
                "identity.issuer-untrusted", issuer=issuer[:200], type=type[:80]
            )
    # 3. It is the holder's own.
    if credential.subject["id"] != holder:
        raise NotVerified.of(
            "identity.credential-holder",
            type=credential.type[:80],
            found=str(credential.subject["id"])[:200],
            due=holder,
        )
    # 4. It says what its kind has to say, and keeps to the schemas it names.
    if world.credential_profile.fixes_kinds:
        check_kind(credential)
    for address, type in named_schemas(credential):
        check_named(credential, _schema(world, address), address=address, type=type)
    return credential, document


def issuer_document(world: World, did: str) -> DidDocument:
    """The DID document of an issuer.

    Raises:
        NotVerified: what lies there is no such document.
        Unavailable: it cannot be fetched now.
    """
    try:
        return parse_did_document(world.did_resolver.resolve(did), did=did, name=did)
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault


def _named_for_reader(fault: NotVerified, issuer: str) -> NotVerified:
    """Time faults in the words of credentials; every other one as it is."""
    code = fault.findings[0].code
    if code in ("trust.token-expired", "access.credential-time"):
        when = str(fault.findings[0].arguments.get("expired", ""))
        told = "identity.credential-expired" if when else "identity.credential-time"
        return NotVerified([finding(told, issuer=issuer[:200], expired=when)])
    return fault


def _schema(world: World, address: str) -> bytes:
    name = f"schema {address}"
    now = world.clock.now()
    known = world.kept.get(name, now)
    if known is None:
        try:
            answer = world.http.send(
                "GET", address, limit_bytes=MAX_SCHEMA_BYTES, timeout_seconds=_SECONDS
            )
        except Unavailable as fault:
            raise NotVerified.of("identity.schema-unusable", schema=address[:200]) from fault
        if answer.status != 200:
            raise NotVerified.of("identity.schema-unusable", schema=address[:200])
        known = answer.content
        world.kept.keep(name, known, now + kept_for(world))
    return bytes(known)


def _status_holds_until(
    world: World, document: DidDocument, credential: Credential, status: Mapping[str, Any]
) -> datetime:
    """Until when the list's word stands that the credential is neither revoked nor suspended.

    Raises:
        NotVerified: it is, or it cannot be told.
    """
    try:
        address, index, purpose = place_of(status)
        subject, until = _status_list(world, document, address)
        revoked = is_set(subject, index, purpose)
    except NotVerified as fault:
        found = fault.findings[0]
        reason = str(found.arguments.get("reason") or found.code)
        raise _status_unknown(credential, reason) from fault
    if revoked:
        raise NotVerified.of(
            "identity.credential-revoked", type=credential.type[:80], issuer=credential.issuer
        )
    return until


def _status_unknown(credential: Credential, reason: str) -> Exception:
    return NotVerified.of(
        "identity.status-unknown",
        type=credential.type[:80],
        issuer=credential.issuer,
        reason=reason[:200],
    )


def _status_list(
    world: World, document: DidDocument, address: str
) -> tuple[Mapping[str, Any], datetime]:
    """What a list of this issuer says, and until when: never longer than it says itself."""
    name = f"status list {document.id} {address}"
    now = world.clock.now()
    known = world.kept.get(name, now)
    if known is not None:
        return known  # type: ignore[no-any-return]
    try:
        answer = world.http.send(
            "GET",
            address,
            headers={"accept": "application/vc+jwt, application/jwt, */*"},
            limit_bytes=_LIST_BYTES,
            timeout_seconds=_SECONDS,
        )
    except Unavailable as fault:
        raise NotVerified.of(
            "access.credential-status", reason=fault.findings[0].code
        ) from fault
    if answer.status != 200:
        raise NotVerified.of("access.credential-status", reason=f"HTTP {answer.status}")
    text = answer.content.decode("ascii", "replace").strip()
    listed = check_credential(
        text, did_document=document, now=now, must_end=False, longest=_LIST_BYTES
    )
    until = min(listed.expires, now + kept_for(world))
    world.kept.keep(name, (listed.subject, until), until)
    return listed.subject, until
