"""The statement of a verifier: drafted here, signed with the verifier's own key, accepted here.

The maker's node prepares the content and never signs it; the verifier's node signs what it is
shown; the maker's node takes it in when the signature is the verifier's and the digests are
those of the footprint it holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Place, finding
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.log import logged_claim_file
from saltbridge.steps.models import kept_model
from saltbridge.steps.records import document, every
from saltbridge.steps.release import sign_claim
from saltbridge.steps.verification import (
    ACCESS,
    STATEMENT,
    WITHDRAWAL,
    known_verifiers,
    note_access,
    require,
    require_independent,
    require_sight,
    statements_of,
    withdrawal_id,
)
from saltbridge.trust.claims import Receipt, VerificationStatement, VerifiedClaim, verify
from saltbridge.trust.did import iso
from saltbridge.trust.receipt import parse_receipt
from saltbridge.trust.verification import (
    WITHDRAWAL as TAKEN_BACK,
)
from saltbridge.trust.verification import (
    Assurance,
    Opinion,
    Statement,
    Verifier,
    Withdrawal,
    differences,
    parse_statement,
    parse_withdrawal,
    render_statement,
    render_withdrawal,
    subject_of,
)

DRAFT: Final = "verification-draft"


@dataclass(frozen=True, kw_only=True)
class DraftRequest:
    """What the verifier states about a footprint. ``evidence`` None: what the person opened."""

    footprint: str
    verifier: Verifier
    person_role: str
    level: str
    opinion: str
    scope: str
    expires: date
    conditions: Sequence[str] = ()
    evidence: Sequence[str] | None = None


def draft(world: World, person: Person, request: DraftRequest) -> bytes:
    """The unsigned statement as a file for the verifier's own node.

    Raises:
        FaultyInput: no such footprint for them, or a statement nobody could sign.
        Refused: the person is no independent verifier, or names the maker's own key.
    """
    require_independent(person)
    today = world.clock.now().date()
    if request.verifier.did == world.node.did:
        raise Refused.of("verification.own-did", did=world.node.did)
    with world.store.unit_of_work() as work:
        require_sight(work, person, request.footprint, today)
        stored = document(work, "footprint", request.footprint)
        receipt = _own_receipt(world, stored)
        inspected = request.evidence
        if inspected is None:
            inspected = _opened_by(work, person, request.footprint)
        unknown = set(inspected) - _evidence(work, request.footprint)
        faults = [finding("verification.no-file", digest=d[:80]) for d in sorted(unknown)]
        for member, value, names in (
            ("level", request.level, Assurance),
            ("opinion", request.opinion, Opinion),
        ):
            if value not in frozenset(names):
                known = ", ".join(names)
                faults.append(
                    finding("verification.choice", member=member, value=value[:40], known=known)
                )
        if faults:
            raise FaultyInput(faults)
        content = render_statement(
            Statement(
                subject=subject_of(
                    receipt,
                    stored["receipt"],
                    footprint=request.footprint,
                    maker=world.node.did,
                ),
                verifier=request.verifier,
                person_role=request.person_role,
                level=Assurance(request.level),
                opinion=Opinion(request.opinion),
                scope=request.scope,
                conditions=tuple(request.conditions),
                evidence=tuple(sorted(inspected)),
                dated=today,
                expires=request.expires,
            )
        )
        parse_statement(content)  # the rules a signed one has to keep
        note_access(world, work, person, "drafted", request.footprint, request.opinion)
    return canonical_bytes({"saltbridge": DRAFT, "content": content})


def read_draft(content: bytes, name: str) -> Statement:
    """The statement in a draft file.

    Raises:
        FaultyInput: not a draft, or a member is not what it must be.
    """
    file = read_json(content, name)
    members = {"saltbridge", "content"}
    whole = isinstance(file, dict) and file.keys() == members and file["saltbridge"] == DRAFT
    if not whole or not isinstance(file["content"], Mapping):
        raise FaultyInput([finding("verification.no-draft", Place(name))])
    return parse_statement(file["content"], name)


def sign_draft(world: World, content: bytes, name: str) -> bytes:
    """The statement, signed with the key of this node, the verifier's; a claim file.

    Raises:
        FaultyInput: not a draft.
        Refused: the draft names another verifier, or this node made the footprint itself.
    """
    statement = read_draft(content, name)
    if statement.subject.maker == world.node.did:
        raise Refused.of("verification.own-footprint", did=world.node.did)
    if statement.verifier.did != world.node.did:
        raise Refused.of(
            "verification.other-verifier",
            stated=statement.verifier.did[:200],
            own=world.node.did,
        )
    now = world.clock.now()
    if statement.expires < now.date():
        raise Refused.of("verification.expired", expires=statement.expires.isoformat())
    return _signed(world, render_statement(statement), "verification.signed")


def withdraw(world: World, content: bytes, name: str, reason: str) -> bytes:
    """The withdrawal of a statement this node signed; a claim file for everybody who has it.

    Raises:
        FaultyInput: not a statement, or no reason.
        NotVerified: this node did not sign it.
    """
    if not reason.strip():
        raise FaultyInput.of("verification.no-reason")
    file = _statement_file(content, name)
    verified = verify(file.claim, world.keyring.did_document())
    parse_statement(verified.content, name)
    withdrawal = Withdrawal(
        statement=verified.id,
        statement_digest=file.claim.digest,
        reason=reason.strip(),
        dated=world.clock.now().date(),
    )
    return _signed(world, render_withdrawal(withdrawal), "verification.taken-back")


@dataclass(frozen=True)
class Accepted:
    """What was taken in: a statement, or the withdrawal of one."""

    kind: str
    id: str
    issuer: str
    content: Mapping[str, Any]


def accept(world: World, person: Person, content: bytes, name: str) -> Accepted:
    """Take in a signed statement, or the withdrawal of one; stored with a log leaf.

    A withdrawal may be brought by anybody who publishes here, a statement only by a verifier.

    Raises:
        FaultyInput: not such a file, or no such footprint for this person.
        NotVerified: the trusted document of the verifier did not sign it.
        Refused: the person may not; the verifier is not trusted, or is the maker; the digests
            are not those of the footprint; it has expired, or was taken in before.
    """
    file = _statement_file(content, name)
    with world.store.reading() as view:
        verifiers = known_verifiers(world, view)
    verified = _verified(world, file, verifiers)
    if verified.content.get("kind") == TAKEN_BACK:
        return _take_back(world, person, file, verified)
    require_independent(person)
    statement = parse_statement(verified.content, name)
    subject, now = statement.subject, world.clock.now()
    if statement.verifier.did != verified.issuer:
        raise Refused.of(
            "verification.other-verifier",
            stated=statement.verifier.did[:200],
            own=verified.issuer,
        )
    if statement.expires < now.date():
        raise Refused.of("verification.expired", expires=statement.expires.isoformat())
    with world.store.unit_of_work() as work:
        require_sight(work, person, subject.footprint, now.date())
        stored = document(work, "footprint", subject.footprint)
        receipt = _own_receipt(world, stored)
        members = [*differences(subject, receipt, stored["receipt"])]
        members += [] if subject.maker == world.node.did else ["maker"]
        unknown = set(statement.evidence) - _evidence(work, subject.footprint)
        members += ["evidence"] if unknown else []
        if members:
            raise Refused.of("verification.differs", members=", ".join(members))
        if work.get(STATEMENT, verified.id) is not None:
            raise Refused.of("verification.twice", id=verified.id)
        if work.get(WITHDRAWAL, withdrawal_id(verified.issuer, verified.id)) is not None:
            raise Refused.of("verification.withdrawn", id=verified.id)
        body = canonical_bytes(
            {
                "id": verified.id,
                "digest": file.claim.digest,
                "issuer": verified.issuer,
                "content": dict(verified.content),
                "claim": {
                    "saltbridge": file.claim.type.value,
                    "jws": file.claim.jws,
                    "did_document": dict(verifiers[verified.issuer]),
                },
                "accepted_by": {"id": person.id, "name": person.name},
                "accepted_at": iso(now),
            }
        )
        work.put(STATEMENT, verified.id, body, expected_version=0)
        work.append_leaf("verification.accepted", verified.id, body)
    return Accepted("statement", verified.id, verified.issuer, verified.content)


def statements(world: World, person: Person, footprint: str) -> list[dict[str, Any]]:
    """The statements about a footprint with, for each, the withdrawal if there is one.

    Raises:
        FaultyInput: no such footprint for this person.
        Refused: no role lets them read it.
    """
    with world.store.reading() as view:
        require_sight(view, person, footprint, world.clock.now().date())
        taken = {
            (entry["issuer"], entry["statement"]): entry["content"]
            for entry in (read_json(record.body) for record in every(view, WITHDRAWAL))
        }
        return [
            s | {"withdrawal": taken.get((s["issuer"], s["id"]))}
            for s in statements_of(view, footprint)
        ]


def _take_back(
    world: World,
    person: Person,
    file: ClaimFile,
    verified: VerifiedClaim[Any],
) -> Accepted:
    if not person.may(Act.SIGN_VERIFICATION):
        require(person, Act.PUBLISH)
    withdrawal = parse_withdrawal(verified.content)
    with world.store.unit_of_work() as work:
        kept = document(work, STATEMENT, withdrawal.statement)
        if kept is not None and (kept["digest"], kept["issuer"]) != (
            withdrawal.statement_digest,
            verified.issuer,
        ):
            raise Refused.of("verification.differs", members="statement")
        kept_as = withdrawal_id(verified.issuer, withdrawal.statement)
        if work.get(WITHDRAWAL, kept_as) is not None:
            raise Refused.of("verification.twice", id=withdrawal.statement)
        body = canonical_bytes(
            {
                "statement": withdrawal.statement,
                "issuer": verified.issuer,
                "content": dict(verified.content),
                "claim": {
                    "saltbridge": file.claim.type.value,
                    "jws": file.claim.jws,
                    "did_document": dict(file.did_document),
                },
                "accepted_by": {"id": person.id, "name": person.name},
                "accepted_at": iso(world.clock.now()),
            }
        )
        work.put(WITHDRAWAL, kept_as, body, expected_version=0)
        work.append_leaf("verification.withdrawn", withdrawal.statement, body)
    return Accepted("withdrawal", verified.id, verified.issuer, verified.content)


def _statement_file(content: bytes, name: str) -> ClaimFile:
    file = parse_claim_file(content, name)
    if not isinstance(file.claim, VerificationStatement):
        raise FaultyInput(
            [finding("verification.no-statement", Place(name), found=file.claim.type.value)]
        )
    return file


def _verified(
    world: World, file: ClaimFile, verifiers: Mapping[str, Mapping[str, Any]]
) -> VerifiedClaim[Any]:
    """The claim, verified with a document this node trusts; never with the enclosed one."""
    issuer = str(file.did_document.get("id", ""))
    if issuer == world.node.did:
        raise Refused.of("verification.own-did", did=issuer)
    anchor = verifiers.get(issuer)
    if anchor is None:
        raise Refused.of("verification.not-trusted", did=issuer[:200])
    return verify(file.claim, anchor)


def _own_receipt(world: World, stored: Mapping[str, Any]) -> Any:
    verified = verify(Receipt(stored["receipt"]), world.keyring.did_document())
    return parse_receipt(verified.content)


def _evidence(view: UnitOfWork, footprint: str) -> set[str]:
    """Digests of all files of the model: an input file is evidence that was inspected, too."""
    model = kept_model(view, footprint)
    return {f.digest for f in (*model.evidence, *model.files)} if model else set()


def _opened_by(view: UnitOfWork, person: Person, footprint: str) -> list[str]:
    kept = (read_json(record.body) for record in every(view, ACCESS))
    return sorted(
        {
            a["detail"]
            for a in kept
            if a["person"]["id"] == person.id
            and a["footprint"] == footprint
            and a["what"] in ("evidence-opened", "input-opened")
        }
    )


def _signed(world: World, content: Mapping[str, Any], event: str) -> bytes:
    """Sign in this node's name and keep what was signed, with a log leaf."""
    id = world.identifiers.urn_uuid()
    claim = sign_claim(world, VerificationStatement, content, world.clock.now(), id=id)
    with world.store.unit_of_work() as work:
        file = logged_claim_file(world, work, claim, id)
        work.put("claim", claim.digest, file, expected_version=0)
        work.append_leaf(event, claim.digest, file)
    return file
