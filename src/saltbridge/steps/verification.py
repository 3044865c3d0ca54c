"""A verifier at the maker's node: who may see which model, the trace of it, and what is kept.

A grant names the person, the footprints, the last day, and the country the person reads from.
A model is shown to nobody from abroad: its pages are no release, and remote access from abroad
is an export under Chinese law; what is to cross the border goes the way of the border.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document, every
from saltbridge.trust.did import iso, parse_did_document

GRANT: Final = "verifier-grant"
ACCESS: Final = "model-access"
QUESTION: Final = "verifier-question"
TRUSTED: Final = "trusted-verifier"
STATEMENT: Final = "verification-statement"
WITHDRAWAL: Final = "verification-withdrawal"

# Member states of the European Union (27, since 2020).
_EU: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"


def same_territory(jurisdiction: str, country: str) -> bool:
    """Whether a country lies where the node's law holds.

    >>> same_territory("EU", "FR"), same_territory("CN", "FR")
    (True, False)
    """
    return country == jurisdiction or (jurisdiction == "EU" and country in set(_EU.split()))


def require(person: Person, act: Act) -> None:
    """Nothing, if one of the person's roles lets them do this.

    Raises:
        Refused: none of them does.
    """
    if not person.may(act):
        raise Refused.of("verification.may-not", person=person.name, act=act.value)


def is_own(person: Person) -> bool:
    """Whether this is one of the maker's own people, who needs no grant to see its model."""
    return person.may(Act.READ_MODEL) and person.may(Act.PUBLISH)


def require_independent(person: Person) -> None:
    """Nothing, if the person is a verifier and not one of the maker's own people.

    Raises:
        Refused: the person may not sign, or would vouch for work of its own house.
    """
    require(person, Act.SIGN_VERIFICATION)
    if person.may(Act.PUBLISH):
        raise Refused.of("verification.not-independent", person=person.name)


def require_sight(view: UnitOfWork, person: Person, footprint: str, today: date) -> None:
    """Nothing, if the person may see the model behind this footprint today.

    Raises:
        Refused: no role lets them, or no grant in force covers it.
        FaultyInput: there is no such footprint that they may know of.
    """
    require(person, Act.READ_MODEL)
    if not may_see(view, person, footprint, today):
        raise FaultyInput.of("verification.no-footprint", id=footprint[:80])
    if document(view, "footprint", footprint) is None:
        raise FaultyInput.of("verification.no-footprint", id=footprint[:80])


def may_see(view: UnitOfWork, person: Person, footprint: str, today: date) -> bool:
    """Whether a grant in force covers the footprint; the maker's own people see every one."""
    if not person.may(Act.READ_MODEL):
        return False
    if is_own(person):
        return True
    return any(
        grant["footprints"] is None or footprint in grant["footprints"]
        for grant in grants(view)
        if grant["person"]["id"] == person.id and in_force(grant, today)
    )


def in_force(grant: Mapping[str, Any], today: date) -> bool:
    """Whether a grant still holds: its last day included, unless it was revoked."""
    return not grant["revoked_at"] and today <= date.fromisoformat(grant["until"])


def grants(view: UnitOfWork) -> Iterator[dict[str, Any]]:
    """Every grant, revoked ones too."""
    for record in every(view, GRANT):
        yield read_json(record.body)


def note_access(
    world: World, work: UnitOfWork, person: Person, what: str, footprint: str, detail: str = ""
) -> None:
    """Record and log that somebody read of a model: who, what, when."""
    record: dict[str, Any] = {
        "id": world.identifiers.urn_uuid(),
        "person": {"id": person.id, "name": person.name},
        "what": what,
        "footprint": footprint,
        "detail": detail,
        "at": iso(world.clock.now()),
    }
    body = canonical_bytes(record)
    work.put(ACCESS, record["id"], body, expected_version=0)
    work.append_leaf(f"model.{what}", footprint, body)


def trusted_verifiers(view: UnitOfWork) -> dict[str, Mapping[str, Any]]:
    """DID documents of the verifiers this node was told to trust, by DID."""
    found: dict[str, Mapping[str, Any]] = {}
    for record in every(view, TRUSTED):
        kept = read_json(record.body)
        if not kept["removed_at"]:
            parse_did_document(kept["did_document"], did=kept["did"], name=kept["did"])
            found[kept["did"]] = kept["did_document"]
    return found


def known_verifiers(world: World, view: UnitOfWork) -> dict[str, Mapping[str, Any]]:
    """DID documents a statement may be checked with: of trusted verifiers and of partners."""
    found: dict[str, Mapping[str, Any]] = {}
    for partner in world.node.partners:
        kept = document(view, "did-document", partner.did)
        if kept is not None:
            found[partner.did] = kept
    return found | trusted_verifiers(view)


def withdrawals(view: UnitOfWork) -> dict[str, list[str]]:
    """The claims by which statements were taken back, by the statement's id.

    Somebody else may have signed one too: only the statement's own issuer counts.
    """
    found: dict[str, list[str]] = {}
    for record in every(view, WITHDRAWAL):
        entry = read_json(record.body)
        found.setdefault(entry["statement"], []).append(entry["claim"]["jws"])
    return found


def withdrawal_id(issuer: str, statement: str) -> str:
    """Where the withdrawal of a statement by this issuer is kept."""
    return digest(f"{issuer} {statement}".encode())


def statements_of(view: UnitOfWork, footprint: str) -> list[dict[str, Any]]:
    """The accepted statements about a footprint, the oldest first."""
    kept = (read_json(record.body) for record in every(view, STATEMENT))
    found = [entry for entry in kept if entry["content"]["footprint"] == footprint]
    return sorted(found, key=lambda entry: (entry["accepted_at"], entry["id"]))


def standing_statements(world: World, view: UnitOfWork, footprint: str) -> list[dict[str, Any]]:
    """The accepted statements that hold today, as they travel with the record.

    One that was taken back, or has run out, does not travel.
    """
    today = world.clock.now().date()
    found = []
    for kept in statements_of(view, footprint):
        file, issued_by = kept["claim"], kept["issuer"]
        over = date.fromisoformat(kept["content"]["expires"]) < today
        back = view.get(WITHDRAWAL, withdrawal_id(issued_by, kept["id"])) is not None
        if not over and not back:
            found.append({"statement": file["jws"], "did_document": file["did_document"]})
    return found
