"""Approve or refuse what waits: two different persons let trade secrets go, byte for byte.

Everything is checked again inside the one unit of work that counts an approval: the accounts
of everybody who approved, the bytes, the time, and the decision itself, made anew from the
document. Either nothing happens, or an approval is stored, or the release exists with its
decision record, counters, log leaves and the answers to everybody who waited for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.accounts.model import Person
from saltbridge.border.calendar import counter_year
from saltbridge.border.context import Approval, Context, Terms
from saltbridge.border.court import proposed_by
from saltbridge.border.decide import Decision, release
from saltbridge.border.manifest import approval_rows, counters_after
from saltbridge.border.minimise import open_jws_payload
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, finding
from saltbridge.ports import OutboxEntry, StaleWrite, UnitOfWork, World
from saltbridge.steps import proposals as p
from saltbridge.steps.approvers import approving_role, are_independent, set_up_by
from saltbridge.steps.border_key import border_key
from saltbridge.steps.connector_offering import offer_later
from saltbridge.steps.deciding import (
    Proposer,
    circumstances,
    counters_of,
    decided,
    keep_counters,
)
from saltbridge.steps.records import document, every
from saltbridge.steps.release import keep_decision
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.did import from_iso, iso

MAX_REASON: Final = 300  # characters; the partner reads it
_ATTEMPTS: Final = 3  # at a record that somebody else wrote in between


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The proposal as it is now. ``released``: this very approval let it go."""

    proposal: Mapping[str, Any]
    released: bool = False

    @property
    def missing(self) -> int:
        """How many approvals it still needs."""
        return max(0, p.NEEDED - len(self.proposal["approvals"]))


def pending(world: World) -> tuple[Mapping[str, Any], ...]:
    """What waits for approval, the oldest first; without the bytes themselves."""
    now = world.clock.now()
    with world.store.reading() as view:
        found = [read_json(record.body) for record in every(view, p.KIND)]
    waiting = [f for f in found if f["state"] == p.PENDING and not p.expired(f, now)]
    return tuple(
        {k: v for k, v in one.items() if k not in ("content", "decision")}
        for one in sorted(waiting, key=lambda one: (one["proposed_at"], one["id"]))
    )


def proposal(world: World, id: str) -> Mapping[str, Any]:
    """One proposal, whatever became of it, with the view that leaves (``view``).

    Raises:
        FaultyInput: there is none of that id.
        Refused: its bytes were altered in the store.
    """
    with world.store.reading() as view:
        found = p.proposal_of(view, id)
    if found["state"] == p.PENDING and p.expired(found, world.clock.now()):
        found = {**found, "state": p.LAPSED, "lapse": "approval.expired"}
    return {**found, "view": _view_of(found)}


def approve(world: World, person: Person, id: str, shown_digest: str) -> Outcome:
    """Count this person's approval of the very bytes it was shown; the second one releases.

    Raises:
        FaultyInput: there is no such proposal.
        Refused: the person may not approve it, has done so, or was shown other bytes; their
            account was set up by the proposer or the other approver, or set up the other's;
            the proposal is decided, its time is up, or the rules changed since.
    """

    def attempt(work: UnitOfWork) -> Outcome | tuple[Finding, ...]:
        now = world.clock.now()
        found = _waiting(work, id)
        role = _role_of(work, person)
        if shown_digest != found["digest"]:
            raise Refused.of("approval.other-bytes", shown=shown_digest[:80])
        if _is_proposer(world, work, found, person):
            raise Refused.of("approval.own-proposal", person=person.name)
        if any(a["person_id"] == person.id for a in found["approvals"]):
            raise Refused.of("approval.twice", person=person.name)
        if _is_set_up_by_another(work, found, person):
            raise Refused.of("approval.not-independent", person=person.name)
        if p.expired(found, now):
            return _lapse(world, work, found, "approval.expired")
        given = Approval(person.id, role, found["digest"], now, person.name)
        counted = (*_still_good(work, found), given)
        why = _changed_since(world, work, found, counted, now)
        if why:
            return _lapse(world, work, found, why)
        approved = {**found, "approvals": approval_rows(counted)}
        if len(counted) < p.NEEDED:
            _keep(work, approved, "release.approved")
            return Outcome(proposal=approved)
        return Outcome(proposal=_let_go(world, work, approved, counted, now), released=True)

    return _settled(_in_one_piece(world, attempt))


def refuse(world: World, person: Person, id: str, reason: str) -> Outcome:
    """Refuse a proposal; whoever waits for it is told the reason, and nothing else.

    Raises:
        FaultyInput: no such proposal; no reason, or one that is too long.
        Refused: the person may not decide about it, or it is decided.
    """
    words = _reason(reason)

    def attempt(work: UnitOfWork) -> Outcome | tuple[Finding, ...]:
        now = world.clock.now()
        found = _waiting(work, id)
        role = _role_of(work, person)
        if p.expired(found, now):
            return _lapse(world, work, found, "approval.expired")
        who = {"person_id": person.id, "name": person.name, "role": str(role), "at": iso(now)}
        refused = {
            **found,
            "state": p.REFUSED,
            "refusal": {**who, "reason": words},
            "decided_at": iso(now),
        }
        record = {**found["decision"], "verdict": "refused", "refused_by": who}
        body = canonical_bytes(record)
        work.put("decision", id, body, expected_version=0)
        work.put("manifest", id, canonical_bytes(found["manifest"]), expected_version=0)
        work.append_leaf("border.decided", id, body)
        bpn = found["recipient"]["bpn"]
        _change_dataset(
            work, found, lambda d: {**d, "refused": {**d.get("refused", {}), bpn: words}}
        )
        _keep(work, refused, "release.refused")
        p.release_held(world, work, id)
        return Outcome(proposal=refused)

    return _settled(_in_one_piece(world, attempt))


def lapse_expired(world: World, entry: OutboxEntry) -> None:
    """End a proposal whose time is up; who waited for it is told that nothing is released."""
    id = str(read_json(entry.body)["id"])
    with world.store.unit_of_work() as work:
        found = document(work, p.KIND, id)
        if found and found["state"] == p.PENDING and p.expired(found, world.clock.now()):
            _lapse(world, work, found, "approval.expired")


# ── inside the unit of work ──────────────────────────────────────────────────────────────


def _in_one_piece(
    world: World, attempt: Callable[[UnitOfWork], Outcome | tuple[Finding, ...]]
) -> Outcome | tuple[Finding, ...]:
    """What came of it in one unit of work; begun again where somebody else was faster."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            with world.store.unit_of_work() as work:
                return attempt(work)
        except StaleWrite:
            if not left:
                raise
    raise AssertionError("unreachable")


def _settled(outcome: Outcome | tuple[Finding, ...]) -> Outcome:
    """The outcome; a proposal that lapsed is stored as such and then refused."""
    if isinstance(outcome, Outcome):
        return outcome
    raise Refused(outcome)


def _waiting(work: UnitOfWork, id: str) -> dict[str, Any]:
    found = p.proposal_of(work, id)
    if found["state"] != p.PENDING:
        raise Refused.of(f"approval.already-{found['state']}", id=id)
    return found


def _role_of(work: UnitOfWork, person: Person) -> str:
    """The role in which the person may approve today, whatever its session remembers."""
    role = approving_role(work, person.id)
    if role is None:
        raise Refused.of("approval.not-allowed", person=person.name)
    return str(role)


def _is_proposer(
    world: World, work: UnitOfWork, found: Mapping[str, Any], person: Person
) -> bool:
    context = _context(world, work, found, (), world.clock.now())
    if context is None:
        return bool(found["proposed_by"]["person_id"] == person.id)
    return proposed_by(context, person.id, person.name)


def _is_set_up_by_another(work: UnitOfWork, found: Mapping[str, Any], person: Person) -> bool:
    """Whether two who act on this proposal may be one: one of them set up the other's account.

    Who has both roles could otherwise add an account, and propose or approve with each.
    """
    if found["proposed_by"]["person_id"] in set_up_by(work, person.id):
        return True
    approved = (str(a["person_id"]) for a in found["approvals"])
    return not all(are_independent(work, id, person.id) for id in approved)


def _still_good(work: UnitOfWork, found: Mapping[str, Any]) -> tuple[Approval, ...]:
    """Earlier approvals for these bytes, by persons who may still approve."""
    kept = []
    for row in found["approvals"]:
        role = approving_role(work, row["person_id"])
        if role is not None and row["digest"] == found["digest"]:
            at = from_iso(row["at"])
            kept.append(Approval(row["person_id"], str(role), row["digest"], at, row["name"]))
    return tuple(kept)


def _context(
    world: World,
    work: UnitOfWork,
    found: Mapping[str, Any],
    approvals: tuple[Approval, ...],
    now: datetime,
) -> Context | None:
    """The circumstances as they are today; None if the partner is known no more."""
    partner = world.node.partner(found["recipient"]["bpn"])
    if partner is None:
        return None
    terms = found["terms"]
    return circumstances(
        world,
        decision_id=found["id"],
        partner=partner,
        terms=Terms(
            terms["id"],
            terms["kind"],
            tuple(terms["recipients"]),
            tuple(terms["purposes"]),
            from_iso(terms["starts"]),
        ),
        purpose=found["purpose"],
        now=now,
        counters=counters_of(work, counter_year(now)),
        proposer=Proposer(**found["proposed_by"]),
        approvals=approvals,
    )


def _decision(
    world: World,
    work: UnitOfWork,
    found: Mapping[str, Any],
    approvals: tuple[Approval, ...],
    now: datetime,
    *,
    as_proposal: bool,
) -> Decision | str:
    """The decision made anew from the document; or why it cannot be made any more."""
    context = _context(world, work, found, approvals, now)
    if context is None:
        return "approval.partner-gone"
    given = p.proposed_document(work, found)
    if given is None:
        return "approval.document-gone"
    secrets = border_key(world, work)
    return decided(work, given, found["document_kind"], context, secrets, proposal=as_proposal)


def _changed_since(
    world: World,
    work: UnitOfWork,
    found: Mapping[str, Any],
    approvals: tuple[Approval, ...],
    now: datetime,
) -> str:
    """Why what was proposed would not be decided so today; empty if it still would."""
    decision = _decision(world, work, found, approvals, now, as_proposal=True)
    if isinstance(decision, str):
        return decision
    same = decision.view_bytes == canonical_bytes(_view_of(found))
    return "" if same and decision.awaits_approval else "approval.rules-changed"


def _let_go(
    world: World,
    work: UnitOfWork,
    found: Mapping[str, Any],
    approvals: tuple[Approval, ...],
    now: datetime,
) -> dict[str, Any]:
    """The release, its decision record, counters and leaves; the proposal as decided."""
    decision = _decision(world, work, found, approvals, now, as_proposal=False)
    if isinstance(decision, str):
        raise RuntimeError(f"{decision}: looked at a moment ago")
    content = found["content"].encode("utf-8")
    released = release(decision, content, found["media_type"], decision.view_bytes)
    keep_counters(work, counters_after(decision))
    record, _ = keep_decision(work, decision, released)
    keep_statement(world, work, decision, record, [released], now)
    kept = {
        "digest": work.put_release(released),
        "decision_id": released.decision_id,
        "media_type": released.media_type,
    }
    _change_dataset(
        work,
        found,
        lambda d: {**d, "releases": {**d["releases"], released.audience: kept}},
    )
    offer_later(world, work, document(work, "dataset", found["dataset_id"]))
    done = {**found, "state": p.RELEASED, "decided_at": iso(now)}
    _keep(work, done, "release.approved")
    p.release_held(world, work, found["id"])
    return done


def _lapse(
    world: World, work: UnitOfWork, found: Mapping[str, Any], why: str
) -> tuple[Finding, ...]:
    """The proposal ends undecided; the finding says why."""
    now = world.clock.now()
    _change_dataset(work, found, dict)
    lapsed = {**found, "state": p.LAPSED, "lapse": why, "decided_at": iso(now)}
    _keep(work, lapsed, "release.lapsed")
    p.release_held(world, work, found["id"])
    return (finding(why, until=str(found["expires_at"]), id=str(found["id"])),)


def _change_dataset(
    work: UnitOfWork,
    found: Mapping[str, Any],
    change: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """The dataset waits no more for this partner; its leaf says that it changed."""
    dataset = document(work, "dataset", found["dataset_id"])
    if dataset is None:
        raise FaultyInput.of("approval.dataset-gone", dataset=found["dataset_id"])
    bpn = found["recipient"]["bpn"]
    waiting = {k: v for k, v in dataset.get("awaiting", {}).items() if k != bpn}
    body = canonical_bytes(change({**dataset, "awaiting": waiting}))
    work.put("dataset", found["dataset_id"], body)
    work.append_leaf("dataset.changed", found["dataset_id"], body)


def _keep(work: UnitOfWork, proposal: Mapping[str, Any], event: str) -> None:
    body = canonical_bytes(dict(proposal))
    work.put(p.KIND, proposal["id"], body)
    work.append_leaf(event, proposal["id"], body)


def _view_of(found: Mapping[str, Any]) -> Any:
    """What the proposed bytes state: the minimised view."""
    claim = read_json(found["content"])
    return open_jws_payload(claim["jws"])["content"]


def _reason(written: str) -> str:
    """The reason as the partner reads it: one line of printable text, not too long."""
    words = " ".join(written.split())
    if not words or not words.isprintable():
        raise FaultyInput.of("approval.reason-missing")
    if len(words) > MAX_REASON:
        raise FaultyInput.of("approval.reason-too-long", length=len(words), most=MAX_REASON)
    return words
