"""What a border decision about a partner needs of the store: key, counters, circumstances."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.border.context import PUBLIC, Approval, Context, Recipient, Secrets, Terms
from saltbridge.border.decide import Decision, decide
from saltbridge.border.rules import COUNTERS
from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.rules import rule_book


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposer:
    """Who wants something to leave: a name, and the id of the account behind it, if any."""

    name: str
    person_id: str = ""


def circumstances(
    world: World,
    *,
    decision_id: str,
    partner: Partner,
    terms: Terms,
    purpose: str,
    now: datetime,
    counters: Mapping[str, int] | None,
    proposer: Proposer,
    approvals: tuple[Approval, ...] = (),
) -> Context:
    """The context of a decision about this partner, as both companies are entered today."""
    return Context(
        decision_id=decision_id,
        origin=world.node.jurisdiction,
        destination=partner.jurisdiction,
        recipient=Recipient(partner.bpn, partner.name, partner.jurisdiction),
        purpose=purpose,
        agreement=terms,
        at=now,
        counters=counters,
        person=proposer.name,
        person_id=proposer.person_id,
        approvals=approvals,
        zone=zone_of(world),
    )


def public_circumstances(world: World, purpose: str, person: str, now: datetime) -> Context:
    """The context of a decision about what everybody may read."""
    return Context(
        decision_id=world.identifiers.urn_uuid(),
        origin=world.node.jurisdiction,
        destination=PUBLIC.jurisdiction,
        recipient=PUBLIC,
        purpose=purpose,
        agreement=None,
        at=now,
        counters=None,  # nothing personal is public, so no counter can change
        person=person,
        zone=zone_of(world),
    )


def decided(
    view: UnitOfWork,
    given: Mapping[str, Any],
    kind: str,
    context: Context,
    secrets: Secrets,
    *,
    proposal: bool = False,
) -> Decision:
    """The decision about a document under the rules at this node now.

    Raises:
        FaultyInput: the document's kind is not ``kind``.
        Refused: a stored list is not understood, so that nothing can be decided.
    """
    book = rule_book(view)
    catalogue = book.catalogue(kind, context)
    return decide(given, context, catalogue, book.packs, secrets, proposal=proposal)


def zone_of(world: World) -> str:
    """The free-trade zone of this node: setting ``free_trade_zone``; empty without it."""
    zone = world.settings.get("free_trade_zone", "none")
    return zone if isinstance(zone, str) and zone != "none" else ""


def counters_of(view: UnitOfWork, year: int) -> Mapping[str, int] | None:
    """The counters of the year; None if what is stored cannot be read: then nothing leaves."""
    stored = view.get("counter", str(year))
    if stored is None:
        return {"year": year, **dict.fromkeys(COUNTERS, 0)}
    try:
        counters = read_json(stored.body)
    except FaultyJson:
        return None
    return counters if isinstance(counters, dict) else None


def keep_counters(work: UnitOfWork, counters: Mapping[str, int] | None) -> None:
    """Store the counters as they are once something has left; None changes nothing."""
    if counters is not None:
        work.put("counter", str(counters["year"]), canonical_bytes(dict(counters)))
