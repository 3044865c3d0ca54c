"""Whom the maker lets see a model, and whose word it trusts. Each change is logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from saltbridge.accounts.account import State
from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Place, finding
from saltbridge.ports import World
from saltbridge.steps.people import account_named
from saltbridge.steps.records import document, every
from saltbridge.steps.verification import (
    ACCESS,
    GRANT,
    TRUSTED,
    grants,
    require,
    same_territory,
)
from saltbridge.trust.did import iso, parse_did_document


@dataclass(frozen=True, kw_only=True)
class GrantRequest:
    """Who may see what. ``footprints`` None: every footprint, later ones too.

    ``until`` is the last day; ``reads_from`` is the country (ISO 3166-1 alpha-2) the person
    sits in when reading.
    """

    person: Person
    footprints: Sequence[str] | None
    until: date
    reads_from: str


def person_named(world: World, name: str) -> Person:
    """The person of this account, whether or not they may do anything.

    Raises:
        Refused: nobody is called so, or the account was removed.
    """
    with world.store.reading() as view:
        account = account_named(view, name)
    if account is None or account.state is State.REMOVED:
        raise Refused.of("people.unknown", name=name[:80])
    return account.person()


def grant(world: World, by: Person, request: GrantRequest) -> dict[str, Any]:
    """A new grant for a verifier.

    Raises:
        FaultyInput: no such footprint, or the last day is over.
        Refused: ``by`` may not; the person is no verifier; or reads from abroad, which would
            be an export without a border decision.
    """
    require(by, Act.MANAGE_PEOPLE)
    now = world.clock.now()
    person, country = request.person, request.reads_from.strip().upper()
    if not person.may(Act.READ_MODEL):
        raise Refused.of("verification.no-verifier", person=person.name)
    if not same_territory(world.node.jurisdiction, country):
        raise Refused.of(
            "verification.reads-from-abroad",
            country=country[:20] or "–",
            jurisdiction=world.node.jurisdiction,
        )
    faults = []
    if request.until < now.date():
        faults.append(finding("verification.until-over", until=request.until.isoformat()))
    record: dict[str, Any] = {
        "id": world.identifiers.urn_uuid(),
        "person": {"id": person.id, "name": person.name},
        "footprints": None if request.footprints is None else sorted(set(request.footprints)),
        "until": request.until.isoformat(),
        "reads_from": country,
        "granted_by": {"id": by.id, "name": by.name},
        "granted_at": iso(now),
        "revoked_by": None,
        "revoked_at": "",
    }
    with world.store.unit_of_work() as work:
        faults += [
            finding("verification.no-footprint", id=id[:80])
            for id in request.footprints or ()
            if document(work, "footprint", id) is None
        ]
        if faults:
            raise FaultyInput(faults)
        body = canonical_bytes(record)
        work.put(GRANT, record["id"], body, expected_version=0)
        work.append_leaf("verification.granted", record["id"], body)
    return record


def revoke(world: World, by: Person, grant_id: str) -> dict[str, Any]:
    """The grant, which holds no longer; one that was revoked before stays as it was.

    Raises:
        FaultyInput: no such grant.
        Refused: ``by`` may not.
    """
    require(by, Act.MANAGE_PEOPLE)
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        stored = work.get(GRANT, grant_id) if grant_id else None
        if stored is None:
            raise FaultyInput.of("verification.no-grant", id=grant_id[:80])
        record: dict[str, Any] = read_json(stored.body)
        if record["revoked_at"]:
            return record
        record |= {"revoked_by": {"id": by.id, "name": by.name}, "revoked_at": iso(now)}
        body = canonical_bytes(record)
        work.put(GRANT, grant_id, body, expected_version=stored.version)
        work.append_leaf("verification.revoked", grant_id, body)
    return record


def all_grants(world: World, by: Person) -> list[dict[str, Any]]:
    """Every grant, the newest last, revoked ones too.

    Raises:
        Refused: ``by`` may not.
    """
    require(by, Act.READ_OVERVIEW)
    with world.store.reading() as view:
        return sorted(grants(view), key=lambda g: (g["granted_at"], g["id"]))


def accesses(world: World, by: Person, footprint: str = "") -> list[dict[str, Any]]:
    """Who read what of the models, the newest last; of one footprint where it is named.

    Raises:
        Refused: ``by`` may not.
    """
    require(by, Act.READ_DECISIONS)
    with world.store.reading() as view:
        found = [read_json(record.body) for record in every(view, ACCESS)]
    wanted = [a for a in found if footprint in ("", a["footprint"])]
    return sorted(wanted, key=lambda a: (a["at"], a["id"]))


def trusted(world: World, by: Person) -> list[dict[str, Any]]:
    """The verifiers this node believes, by DID; those it no longer does are not there.

    Raises:
        Refused: ``by`` may not.
    """
    require(by, Act.READ_OVERVIEW)
    with world.store.reading() as view:
        found = [read_json(record.body) for record in every(view, TRUSTED)]
    return [entry for entry in found if not entry["removed_at"]]


def trust_verifier(
    world: World, by: Person, did: str, did_document: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Enter a verifier whose statements this node believes to be its own.

    Without a document the DID is resolved now. A second entry replaces the document.

    Raises:
        FaultyInput: the document is not that DID's, or names no DID.
        Refused: ``by`` may not, or the DID is this node's own.
        Unavailable: the document cannot be fetched.
    """
    require(by, Act.MANAGE_PEOPLE)
    if did == world.node.did:
        raise Refused.of("verification.own-did", did=did)
    document_ = did_document if did_document is not None else world.did_resolver.resolve(did)
    parsed = parse_did_document(document_, did=did, name=did)
    if not parsed.keys:
        raise FaultyInput([finding("verification.no-key", Place(did), did=did[:200])])
    record = {
        "did": did,
        "did_document": dict(document_),
        "trusted_by": {"id": by.id, "name": by.name},
        "trusted_at": iso(world.clock.now()),
        "removed_at": "",
    }
    body = canonical_bytes(record)
    with world.store.unit_of_work() as work:
        work.put(TRUSTED, did, body)
        work.append_leaf("verification.trusted", did, body)
    return record


def distrust_verifier(world: World, by: Person, did: str) -> None:
    """Take a verifier out of those this node believes; what was accepted stays recorded.

    Raises:
        FaultyInput: no such verifier.
        Refused: ``by`` may not.
    """
    require(by, Act.MANAGE_PEOPLE)
    with world.store.unit_of_work() as work:
        record = document(work, TRUSTED, did)
        if record is None or record["removed_at"]:
            raise FaultyInput.of("verification.no-verifier-entry", did=did[:200])
        body = canonical_bytes(record | {"removed_at": iso(world.clock.now())})
        work.put(TRUSTED, did, body)
        work.append_leaf("verification.distrusted", did, body)
