"""First versions of many passports at once: the same records as one by one, in less time.

Three things are done once for a batch: the border decision about passports of one shape (with
its record, manifest and statement), the growth of the log with its checkpoint, and the writing.
Each battery still has its own SD-JWT, its own leaves, and its own claim file with a proof.

What needs no look at the store is prepared before the unit of work begins, so that several
processes prepare while one of them writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.border.decide import (
    Alike,
    Decision,
    alike,
    decide,
    release_alike,
    release_credential_alike,
)
from saltbridge.border.release import Release
from saltbridge.border.version_file import (
    UnsignedVersion,
    VersionContent,
    VersionFiles,
    public_part,
    unsigned_version,
    version_content,
)
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Place, finding
from saltbridge.core.piece import Piece, piece, whole
from saltbridge.passport.fleet import FleetParts
from saltbridge.passport.model import ItemPassport
from saltbridge.passport.validate import Readiness
from saltbridge.passport.views import POINTS, part_name
from saltbridge.ports import LogEvent, UnitOfWork, World
from saltbridge.steps.log import CLAIM_LEAF, ask_witnesses, current_checkpoint
from saltbridge.steps.passport_reading import RECORD, version_id
from saltbridge.steps.passport_status import status_places
from saltbridge.steps.passport_versions import ISSUED, public_context, public_credential
from saltbridge.steps.release import keep_decision_alike
from saltbridge.steps.rules import rule_book
from saltbridge.steps.statement import keep_statement
from saltbridge.trust import sd_jwt
from saltbridge.trust.checkpoint import parse_checkpoint
from saltbridge.trust.claims import PassportVersion
from saltbridge.trust.log_proof import CLAIM_SIGNED, LogProof


@dataclass(frozen=True, slots=True)
class PreparedVersion:
    """A version up to what the log and the border room have to say about it."""

    passport: ItemPassport
    claim_id: str
    content: VersionContent
    disclosures: Piece  # of all points, by the numbers of the points
    unshown: Piece


@dataclass(frozen=True, slots=True)
class FirstVersion:
    """What the records of a passport name of its first version."""

    digest: str  # of the signed JWT
    public: Piece  # where its public part lies


@dataclass(frozen=True, slots=True)
class _Made:
    """A signed version, with what was released of it."""

    prepared: PreparedVersion
    place: Mapping[str, Any]
    claim: PassportVersion
    digest: str  # of the claim
    releases: Mapping[str, Release]  # claim, view, credential: by what they are
    decision_id: str
    index: int


def prepare_version(
    world: World, passport: ItemPassport, status: Readiness, parts: FleetParts
) -> PreparedVersion:
    """Everything of a first version that can be made without the store."""
    held, token = parts.of(passport, status), world.identifiers.token
    public = public_part(parts.header(passport, status), held.get(1, {}), token())
    disclosures = {1: public.disclosure}
    for point, part in held.items():
        if point != 1:
            content = whole(part).content
            disclosures[point] = sd_jwt.disclosure_of(token(), part_name(point), content)
    others = (disclosures.get(p) or token() for p in POINTS if p != 1)
    return PreparedVersion(
        passport,
        world.identifiers.urn_uuid(),
        version_content(public, [sd_jwt.digest_of(text) for text in others]),
        whole({str(point): piece(text) for point, text in disclosures.items()}),
        parts.unshown(passport),
    )


def write_first_versions(
    world: World,
    work: UnitOfWork,
    prepared: Sequence[PreparedVersion],
    *,
    now: datetime,
    person: str,
    sources: Mapping[str, Any],
) -> list[FirstVersion]:
    """Sign, decide, release and store versions, with their log leaves.

    Raises:
        Refused: the border room withholds a public value, or decides by a value, so that each
            passport has to be decided by itself; nothing is kept then.
        StaleWrite: one of the versions was written before.
    """
    decisions = _decisions(world, work, prepared, person, now)
    places = status_places(world, work, now, len(prepared))
    signed = _signed(world, prepared, places, now)
    made = _released(world, work, prepared, signed, decisions, places)
    _kept_decisions(world, work, made, decisions, now)
    work.put_releases(release for one in made for release in one.releases.values())
    written = [FirstVersion(one.digest, _public(one)) for one in made]
    shared = _shared(person, sources)
    bodies = {
        version_id(one.prepared.passport.id, 1): _body(one, version, shared)
        for one, version in zip(made, written, strict=True)
    }
    work.put_new(RECORD, bodies)
    leaves = {
        one.prepared.claim_id: whole(
            {"index": piece(one.index), "digest": piece(one.digest)}
        ).content
        for one in made
    }
    work.put_new(CLAIM_LEAF, leaves)
    ask_witnesses(world, work)
    return written


def _decisions(
    world: World,
    work: UnitOfWork,
    prepared: Sequence[PreparedVersion],
    person: str,
    now: datetime,
) -> list[Alike]:
    """What was decided about each; passports whose public views have one shape share it."""
    book, made, about = rule_book(work), list[Alike](), list[Alike]()
    for one in prepared:
        view = one.content.public.view
        # Shapes are large and mostly the same object: comparing finds that sooner than a hash.
        decided = next((d for d in made if d.shape == view.shape), None)
        if decided is None:
            document, context = read_json(view.content), public_context(world, person, now)
            catalogue = book.catalogue(document["kind"], context)
            decision = decide(document, context, catalogue, book.packs)
            _refuse_withheld(decision)
            decided = alike(decision, view)
            made.append(decided)
        about.append(decided)
    return about


def _refuse_withheld(decision: Decision) -> None:
    if decision.stays or decision.minimised:
        raise Refused(
            finding("passport.border-withheld", Place(pointer=f.path), path=f.path)
            for f in (*decision.stays, *decision.minimised)
        )


def _signed(
    world: World,
    prepared: Sequence[PreparedVersion],
    places: Sequence[Mapping[str, Any]],
    now: datetime,
) -> list[tuple[UnsignedVersion, PassportVersion]]:
    signer = world.keyring.signer()
    signed = []
    for one, place in zip(prepared, places, strict=True):
        unsigned = unsigned_version(
            one.content,
            id=one.claim_id,
            issuer=world.node.did,
            issued_at=now,
            key_id=signer.key_id,
            suite=signer.suite,
            place=place,
        )
        signed.append((unsigned, unsigned.signed(signer.sign(unsigned.signing_input))))
    return signed


def _released(
    world: World,
    work: UnitOfWork,
    prepared: Sequence[PreparedVersion],
    signed: Sequence[tuple[UnsignedVersion, PassportVersion]],
    decisions: Sequence[Alike],
    places: Sequence[Mapping[str, Any]],
) -> list[_Made]:
    """Log the signings, prove them under one checkpoint, and release the claim files."""
    indexes = work.append_leaves(
        LogEvent(CLAIM_SIGNED, version.id, claim.jws.encode("ascii"))
        for version, claim in signed
    )
    note = current_checkpoint(world, work)
    size = parse_checkpoint(note.text).size
    files = VersionFiles(world.keyring.did_document(), world.node.did, note)
    proofs = zip(work.log_leaves(indexes), work.inclusion_proofs(indexes, size), strict=True)
    made = []
    for one, (version, claim), place, decided, (leaf, path) in zip(
        prepared, signed, places, decisions, proofs, strict=True
    ):
        proof = LogProof(
            event=leaf.event,
            subject=leaf.subject,
            body_digest=leaf.body_digest,
            salt=leaf.salt,
            index=leaf.index,
            size=size,
            path=path,
            note=note,
        )
        file, view = release_alike(decided, files.finished(version, claim, proof))
        releases = {"claim": file, "view": view, **_credential(world, one, decided, place)}
        id = decided.decision.context.decision_id
        made.append(_Made(one, place, claim, leaf.body_digest, releases, id, leaf.index))
    return made


def _kept_decisions(
    world: World,
    work: UnitOfWork,
    made: Sequence[_Made],
    decisions: Sequence[Alike],
    now: datetime,
) -> None:
    """Keep every decision with what it let go, and the statement about that."""
    for decision in {d.decision.context.decision_id: d.decision for d in decisions}.values():
        id = decision.context.decision_id
        released = {
            m.prepared.passport.id: [*m.releases.values()] for m in made if m.decision_id == id
        }
        record = keep_decision_alike(work, decision, released)
        releases = [release for several in released.values() for release in several]
        keep_statement(world, work, decision, record, releases, now)


def _credential(
    world: World, one: PreparedVersion, decided: Alike, place: Mapping[str, Any]
) -> dict[str, Release]:
    """The public view signed as a Verifiable Credential too, where the node does that."""
    if world.settings.get("passport_credential") is not True:
        return {}
    view = one.content.public.view
    token = public_credential(world, read_json(view.content), place)
    return {"credential": release_credential_alike(decided, view, token)}


def _public(one: _Made) -> Piece:
    named = {name: piece(release.digest) for name, release in one.releases.items()}
    return whole({"decision_id": piece(one.decision_id), **named})


def _shared(person: str, sources: Mapping[str, Any]) -> dict[str, Piece]:
    """What the records of all versions of a batch have in common."""
    members = {"reason": ISSUED, "person": person, "sources": dict(sources), "replaces": None}
    return {name: piece(value) for name, value in members.items()}


def _body(one: _Made, version: FirstVersion, shared: Mapping[str, Piece]) -> bytes:
    """The record of a version as it is stored (``passport_versions.write_version``)."""
    prepared, passport = one.prepared, one.prepared.passport
    members = {
        **shared,
        "passport_id": piece(passport.id),
        "version": piece(passport.version),
        "issued_at": piece(passport.issued_at),
        "claim_id": piece(prepared.claim_id),
        "claim_digest": piece(version.digest),
        "jwt": piece(one.claim.jws),
        "disclosures": prepared.disclosures,
        "status": piece(one.place),
        "unshown": prepared.unshown,
        "public": version.public,
    }
    return whole(members).content
