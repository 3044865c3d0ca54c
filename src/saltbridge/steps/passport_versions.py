"""A version of a passport: decided, signed once, released, stored.

One SD-JWT per version. Each point of Annex XIII that holds something is one disclosure; what an
audience gets is the same signed JWT with the disclosures of the points it may see. Only the
presentation with point 1 crosses the border room; the others are put together on reading
(``passport_reading``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.border.context import Context
from saltbridge.border.decide import Decision, decide, release
from saltbridge.border.passport_credential import MEDIA_TYPE as CREDENTIAL
from saltbridge.border.passport_credential import TYPE as CREDENTIAL_TYPE
from saltbridge.border.passport_credential import credential_of
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Place, finding
from saltbridge.formats.claim_file import MEDIA_TYPE
from saltbridge.passport.access import Audience
from saltbridge.passport.model import ItemPassport
from saltbridge.passport.validate import Readiness
from saltbridge.passport.views import (
    POINTS,
    VERSION_KIND,
    header,
    part_name,
    parts,
    unshown,
    view,
)
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.deciding import public_circumstances
from saltbridge.steps.log import logged_claim_file
from saltbridge.steps.passport_reading import RECORD, issuer_of, version_id
from saltbridge.steps.passport_status import set_status, status_of, status_place
from saltbridge.steps.records import document
from saltbridge.steps.release import keep_decision
from saltbridge.steps.rules import rule_book
from saltbridge.steps.statement import keep_statement
from saltbridge.trust import sd_jwt, signature
from saltbridge.trust.claims import PassportVersion, sign
from saltbridge.trust.status_list import Status

PURPOSE: Final = "battery passport, public part (Annex XIII point 1)"
VIEW_MEDIA_TYPE: Final = "application/json"
ISSUED: Final = "issued"  # the reason of the first version
SUPERSEDED: Final = "superseded"  # the reason of the status of a version before
TRANSFER: Final = "responsibility-transfer"  # the link to a version of the operator before
SUCCESSION: Final = "succession"  # of an operator that was gone and signed nothing over


@dataclass(frozen=True, slots=True)
class WrittenVersion:
    """What was written: the record, and the JWT that was signed."""

    record: Mapping[str, Any]
    claim: PassportVersion


def write_version(
    world: World,
    work: UnitOfWork,
    passport: ItemPassport,
    status: Readiness,
    *,
    now: datetime,
    person: str = "",
    reason: str = ISSUED,
    replaces: Mapping[str, Any] | None = None,
    sources: Mapping[str, Any] | None = None,
) -> WrittenVersion:
    """Sign a version, release its public presentation and store it, with its log leaves.

    ``reason`` says why there is a new version; it is kept and not signed, for it may tell what
    is not public. ``replaces`` is the record of the version before. ``sources`` names what the
    passport was composed from, where it has changed: delivery, supplier record, model facts.

    Raises:
        Refused: the border room withholds a public value; a passport is whole or not at all.
        StaleWrite: this version was written before.
    """
    told = header(passport, status)
    if replaces is not None:
        told["replaces"] = _link_to(work, replaces, world.node.did)
    held = parts(passport, status)
    decision = _decide(world, work, view(told, held, Audience.PUBLIC), person, now)
    disclosures = {
        point: sd_jwt.disclosure(world.identifiers.token(), part_name(point), part)
        for point, part in held.items()
    }
    place = status_place(world, work, now)
    decoys = [world.identifiers.token() for point in POINTS if point not in disclosures]
    content = {
        "kind": VERSION_KIND,
        **sd_jwt.concealed(told, disclosures.values(), decoys),
    }
    id = world.identifiers.urn_uuid()
    claim = sign(
        PassportVersion,
        content,
        id=id,
        issued_at=now,
        issuer=world.node.did,
        signer=world.keyring.signer(),
        beside={"_sd_alg": sd_jwt.ALGORITHM, "status": {"status_list": place}},
    )
    file = logged_claim_file(world, work, claim, id, disclosures=[disclosures[1]])
    record = {
        "passport_id": passport.id,
        "version": passport.version,
        "issued_at": passport.issued_at,
        "reason": reason,
        "person": person,
        "claim_id": id,
        "claim_digest": claim.digest,
        "jwt": claim.jws,
        "disclosures": {str(point): text for point, text in disclosures.items()},
        "status": place,
        "sources": dict(sources or (replaces or {}).get("sources", {})),
        "unshown": unshown(passport),
        "replaces": None if replaces is None else replaces["claim_digest"],
        "public": _released(
            world, work, decision, file, now, public_credential(world, decision.view, place)
        ),
    }
    work.put(
        RECORD,
        version_id(passport.id, passport.version),
        canonical_bytes(record),
        expected_version=0,
    )
    if replaces is not None and issuer_of(replaces) == world.node.did:
        _supersede(world, work, replaces, now)
    return WrittenVersion(record, claim)


def _supersede(
    world: World, work: UnitOfWork, before: Mapping[str, Any], now: datetime
) -> None:
    """Say in the status list that a later version took the place of this one, if it held."""
    held = status_of(work, before["passport_id"], int(before["version"])) is Status.VALID
    if held and "status" in before:  # passports from before have no place in a list
        set_status(
            world, work, before, Status.SUPERSEDED, reason=SUPERSEDED, person="", now=now
        )


def _link_to(work: UnitOfWork, before: Mapping[str, Any], own: str) -> dict[str, str]:
    """The link to the version before; of another operator's it says whose, and why."""
    link = {"version": str(before["version"]), "digest": str(before["claim_digest"])}
    issuer = issuer_of(before)
    if issuer == own:
        return link
    passport = document(work, "passport", str(before["passport_id"])) or {}
    stepped_in = (passport.get("succession") or {}).get("operator") == own
    return {**link, "issuer": issuer, "link": SUCCESSION if stepped_in else TRANSFER}


def public_credential(world: World, view: Mapping[str, Any], place: Mapping[str, Any]) -> bytes:
    """The public view signed as a Verifiable Credential too, where the node does that."""
    if world.settings.get("passport_credential") is not True:
        return b""
    signer = world.keyring.signer()
    unsigned = signature.prepare(
        canonical_bytes(credential_of(view, place)),
        key_id=signer.key_id,
        suite=signer.suite,
        typ=CREDENTIAL_TYPE,
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input)).encode("ascii")


def release_public(
    world: World,
    work: UnitOfWork,
    view: Mapping[str, Any],
    file: bytes,
    person: str,
    now: datetime,
) -> dict[str, str]:
    """Have a public view with its signed file decided, released and kept; where they are.

    For versions that were signed elsewhere, or before.

    Raises:
        Refused: the border room withholds a value, or the file carries something else.
    """
    return _released(world, work, _decide(world, work, view, person, now), file, now)


def public_context(world: World, person: str, now: datetime) -> Context:
    """The context of a decision about the public part of a passport."""
    return public_circumstances(world, PURPOSE, person, now)


def _decide(
    world: World, work: UnitOfWork, public: Mapping[str, Any], person: str, now: datetime
) -> Decision:
    context = public_context(world, person, now)
    book = rule_book(work)
    decision = decide(public, context, book.catalogue(public["kind"], context), book.packs)
    if decision.stays or decision.minimised:
        raise Refused(
            finding("passport.border-withheld", Place(pointer=f.path), path=f.path)
            for f in (*decision.stays, *decision.minimised)
        )
    return decision


def _released(
    world: World,
    work: UnitOfWork,
    decision: Decision,
    file: bytes,
    now: datetime,
    credential: bytes = b"",
) -> dict[str, str]:
    """Release and keep the claim file, the view and the credential; where they are."""
    claim = release(decision, file, MEDIA_TYPE, decision.view_bytes)
    shown = release(decision, decision.view_bytes, VIEW_MEDIA_TYPE, decision.view_bytes)
    releases = {"claim": claim, "view": shown}
    if credential:
        releases["credential"] = release(decision, credential, CREDENTIAL, decision.view_bytes)
    record, _ = keep_decision(work, decision, claim)
    keep_statement(world, work, decision, record, [*releases.values()], now)
    kept = {name: work.put_release(released) for name, released in releases.items()}
    return {"decision_id": str(record["id"]), **kept}
