"""A dossier from another company, checked before anything of it is believed.

Every signature under a document that this node trusts by itself, every proof of the issuer's
log, every link from version to version and from event to event, and every status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import finding
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file
from saltbridge.formats.passport_dossier import Dossier
from saltbridge.passport.access import Audience
from saltbridge.passport.event_words import EventWords, parse_event
from saltbridge.passport.lifecycle import Life, step
from saltbridge.passport.lifecycle_rules import Status
from saltbridge.passport.views import part_name
from saltbridge.steps.passport_events import succeeded
from saltbridge.steps.passport_measured import measurements_in
from saltbridge.steps.passport_public_check import (
    Documents,
    check_status,
    verified_lists,
    verified_public,
)
from saltbridge.trust import sd_jwt
from saltbridge.trust.claims import (
    Passport,
    PassportEvent,
    VerifiedClaim,
    stated_issuer,
    verify,
)
from saltbridge.trust.suites import NotVerified


@dataclass(frozen=True, slots=True)
class CheckedDossier:
    """A dossier in which everything signed was verified; made by ``checked_dossier``."""

    dossier: Dossier
    life: Life
    views: tuple[Mapping[str, Any], ...]  # public view of every version, from 1 on


def checked_dossier(dossier: Dossier, documents: Documents, now: datetime) -> CheckedDossier:
    """The dossier, once it is known to be what its operators signed.

    Raises:
        NotVerified: a signature, proof, disclosure or status does not hold.
        Refused: the versions or events do not follow from one another, or an operator is
            unknown here.
        FaultyInput: something in it cannot be read.
        Unavailable: an operator's keys cannot be fetched now.
    """
    try:
        life, operators = _life(dossier, documents)
        lists = {
            found.address: found for found in verified_lists(dossier.lists, documents, now)
        }
        views, before = [], ""
        for number, told in enumerate(dossier.versions, 1):
            views.append(_version(dossier, told, number, before, operators, documents))
            check_status(told["record"].get("status"), told["status"], number, lists)
            before = str(told["record"]["claim_digest"])
        _measurements(dossier)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise FaultyInput.of("handover.member", member=str(fault)[:40]) from fault
    if (life.ceased_on is not None) != (dossier.status == "ceased"):
        raise _broken(dossier, "status")
    return CheckedDossier(dossier, life, tuple(views))


def _broken(dossier: Dossier, what: str) -> Refused:
    return Refused([finding("handover.broken", passport=dossier.passport_id, what=what)])


def _life(dossier: Dossier, documents: Documents) -> tuple[Life, frozenset[str]]:
    """Where the passport stands by its events, and everybody who ever answered for it."""
    begun = date.fromisoformat(dossier.placed_on_market)
    life = Life(dossier.passport_id, Status.ORIGINAL, dossier.first_operator, begun)
    operators, previous = {dossier.first_operator}, ""
    for number, kept in enumerate(dossier.events, 1):
        life = succeeded(life, dossier.succession)
        words = _event(kept, documents)
        first, *_ = kept["digests"]
        if (words.event.passport, words.number) != (dossier.passport_id, number):
            raise _broken(dossier, f"event {number}")
        if words.previous != previous or kept["number"] != number:
            raise _broken(dossier, f"event {number}")
        after, found = step(None if words.event.predecessors else life, words.event, date.max)
        if after is None:
            raise Refused(found)
        life, previous = after, str(first)
        operators.add(life.operator)
    life = succeeded(life, dossier.succession)
    return life, frozenset({*operators, life.operator})


def _event(kept: Mapping[str, Any], documents: Documents) -> EventWords:
    """The words of an event, with every signature over them verified."""
    words, signers = canonical_bytes(kept["content"]), []
    for stated, due in zip(kept["claims"], kept["digests"], strict=True):
        claim = PassportEvent(stated["jws"])
        verified = verify(claim, documents(stated_issuer(claim)))
        if claim.digest != due or canonical_bytes(dict(verified.content)) != words:
            raise NotVerified.of("trust.malformed", reason="event")
        signers.append(verified.issuer)
    if sorted(signers) != sorted(kept["signed_by"]):
        raise NotVerified.of("trust.malformed", reason="signed_by")
    return parse_event(kept["content"], frozenset(signers))


def _version(
    dossier: Dossier,
    told: Mapping[str, Any],
    number: int,
    before: str,
    operators: frozenset[str],
    documents: Documents,
) -> Mapping[str, Any]:
    """The public view of a version; its signed text, parts, proof and link were checked."""
    record, file = told["record"], parse_claim_file(canonical_bytes(told["file"]))
    if (record["passport_id"], record["version"]) != (dossier.passport_id, number):
        raise _broken(dossier, f"version {number}")
    verified, public = verified_public(file, documents)
    whole = _opened(record, file, verified, documents)
    same = {
        "passport_id": dossier.passport_id,
        "product_id": dossier.product_id,
        "gtin": dossier.gtin,
        "serial": dossier.serial,
        "issued_at": record["issued_at"],
    }
    link = whole.get("replaces")
    chained = ((link or {}).get("digest", ""), record["replaces"] or "") == (before, before)
    ours = file.claim.digest == record["claim_digest"] and verified.issuer in operators
    if not chained or not ours or any(whole.get(k) != v for k, v in same.items()):
        raise _broken(dossier, f"version {number}")
    if "version" in whole and whole["version"] != str(number):
        raise _broken(dossier, f"version {number}")
    return public


def _opened(
    record: Mapping[str, Any],
    file: ClaimFile,
    verified: VerifiedClaim[Any],
    documents: Documents,
) -> Mapping[str, Any]:
    """What was signed, whole; every part is one that was signed, under its own name."""
    if "views" in record:
        for audience in Audience:
            verify(Passport(record["views"][audience.value]), documents(verified.issuer))
        if record["views"][Audience.PUBLIC.value] != file.claim.jws:
            raise NotVerified.of("trust.malformed", reason="views")
        return verified.content
    if file.claim.jws != record["jwt"]:
        raise NotVerified.of("trust.malformed", reason="jwt")
    parts = record["disclosures"]
    named = {part_name(int(p)): sd_jwt.name_of(text) for p, text in parts.items()}
    if any(name != said for name, said in named.items()):
        raise NotVerified.of("trust.malformed", reason="disclosures")
    payload = read_json(verified.payload)
    whole: Mapping[str, Any] = sd_jwt.revealed(payload, tuple(parts.values()))["content"]
    return whole


def _measurements(dossier: Dossier) -> None:
    """The batches are of this battery, follow one another and can be read."""
    for number, batch in enumerate(dossier.measurements, 1):
        if (batch["passport_id"], batch["number"]) != (dossier.passport_id, number):
            raise _broken(dossier, f"measurements {number}")
        measurements_in(batch)
