"""A release that waits for two persons: what is kept of it, and who waits for its outcome.

A proposal is one record (``pending-release``, under the id of its decision): the exact bytes
that would leave, their digest, the decision and its manifest as proposed, who proposed it and
who approved. The document behind it lies beside it (``proposal-document``) until the proposal
would have expired, since the decision is made anew before anything leaves.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.border.decide import Decision
from saltbridge.border.manifest import decision_record, manifest_of
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.steps.speak import enqueue
from saltbridge.trust.did import from_iso, iso

KIND: Final = "pending-release"
DOCUMENT: Final = "proposal-document"
HELD: Final = "held-requests"
ANSWER_HELD: Final = "exchange.answer-held"  # outbox: a partner's request can be answered now
EXPIRY: Final = "approval.expiry"  # outbox: a proposal's time is up
PENDING, RELEASED, REFUSED, LAPSED = "pending", "released", "refused", "lapsed"
DEFAULT_DAYS: Final = 14
NEEDED: Final = 2  # approvals


def days_to_approve(world: World) -> float:
    """How long a proposal waits [days]; setting ``approval_days``, 14 without it."""
    days = world.settings.get("approval_days", DEFAULT_DAYS)
    sane = isinstance(days, int | float) and not isinstance(days, bool) and 0 < days <= 366
    return float(days) if sane else DEFAULT_DAYS


def keep_proposal(
    world: World,
    work: UnitOfWork,
    decision: Decision,
    content: bytes,
    given: Mapping[str, Any],
    *,
    media_type: str,
    dataset_id: str,
    title: str,
) -> dict[str, Any]:
    """Store what would leave, with its leaf and its expiry; returns the proposal's record.

    ``content`` is what would be released, ``given`` the document the decision was about.
    """
    context, terms = decision.context, decision.context.agreement
    if terms is None:
        raise ValueError("a proposal is made under terms")
    lifetime = timedelta(days=days_to_approve(world))
    expires = context.at + lifetime
    whole = json.dumps(given, ensure_ascii=False, allow_nan=False).encode()  # order kept
    proposal = {
        "id": context.decision_id,
        "state": PENDING,
        "dataset_id": dataset_id,
        "title": title,
        "document_kind": decision.document_kind,
        "document_digest": digest(whole),
        "recipient": {"bpn": context.recipient.bpn, "name": context.recipient.name},
        "origin": context.origin,
        "destination": context.destination,
        "purpose": context.purpose,
        "terms": {
            "id": terms.id,
            "kind": terms.kind,
            "recipients": list(terms.recipients),
            "purposes": list(terms.purposes),
            "starts": iso(terms.starts),
        },
        "content": content.decode("utf-8"),
        "media_type": media_type,
        "digest": digest(content),
        "size": len(content),
        "decision": {**decision_record(decision, None), "verdict": "proposed"},
        "manifest": manifest_of(decision),
        "proposed_by": {"person_id": context.person_id, "name": context.person},
        "proposed_at": iso(context.at),
        "expires_at": iso(expires),
        "approvals": [],
        "refusal": None,
        "lapse": "",
        "decided_at": "",
    }
    work.forget(DOCUMENT, context.at - lifetime)
    work.put(DOCUMENT, context.decision_id, whole, expected_version=0)
    body = canonical_bytes(proposal)
    work.put(KIND, context.decision_id, body, expected_version=0)
    work.append_leaf("release.proposed", context.decision_id, body)
    work.enqueue(
        OutboxEntry(
            id=world.identifiers.urn_uuid(),
            kind=EXPIRY,
            body=canonical_bytes({"id": context.decision_id}),
            ordering_key=context.decision_id,
            due_at=expires,
        )
    )
    return proposal


def proposal_of(view: UnitOfWork, id: str) -> dict[str, Any]:
    """The proposal of that id, its bytes checked against their digest.

    Raises:
        FaultyInput: there is none.
        Refused: its bytes are not those that were proposed.
    """
    found: dict[str, Any] | None = document(view, KIND, id)
    if found is None:
        raise FaultyInput.of("approval.unknown", id=id[:80])
    if digest(found["content"].encode("utf-8")) != found["digest"]:
        raise Refused.of("release.altered", digest=found["digest"])
    return found


def expired(proposal: Mapping[str, Any], now: datetime) -> bool:
    """Whether its time is up."""
    return now >= from_iso(proposal["expires_at"])


def proposed_document(view: UnitOfWork, proposal: Mapping[str, Any]) -> Any:
    """The document behind a proposal, or None where it is gone or not the same any more."""
    kept = view.get(DOCUMENT, proposal["id"])
    if kept is None or digest(kept.body) != proposal["document_digest"]:
        return None
    return read_json(kept.body)


def awaited(dataset: Mapping[str, Any], bpn: str) -> str:
    """Id of the proposal that this partner's release waits for; empty if there is none."""
    return str(dataset.get("awaiting", {}).get(bpn, ""))


def refused_with(dataset: Mapping[str, Any], bpn: str) -> str:
    """The reason an approver wrote for this partner; empty if nobody refused."""
    return str(dataset.get("refused", {}).get(bpn, ""))


def hold(work: UnitOfWork, proposal_id: str, pid: str) -> None:
    """Remember that a partner's negotiation waits for the outcome of a proposal."""
    waiting = document(work, HELD, proposal_id) or {"pids": []}
    if pid not in waiting["pids"]:
        body = canonical_bytes({"pids": [*waiting["pids"], pid]})
        work.put(HELD, proposal_id, body)


def release_held(world: World, work: UnitOfWork, proposal_id: str) -> None:
    """Have every negotiation that waited for this proposal answered, from the outbox."""
    for pid in (document(work, HELD, proposal_id) or {"pids": []})["pids"]:
        enqueue(world, work, ANSWER_HELD, canonical_bytes({"pid": pid}), pid)
