"""News of aspects for a partner: decided and released when they are made, sent afterwards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from saltbridge.border.calendar import counter_year
from saltbridge.border.decide import decide, release_rendered
from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.served import SERVED, TWIN_REGISTRY
from saltbridge.exchange.twins import TwinEvent
from saltbridge.formats.cx_notification import render_notification
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.deciding import Proposer, circumstances, counters_of
from saltbridge.steps.release import keep_decision
from saltbridge.steps.rules import rule_book
from saltbridge.steps.served_datasets import open_dataset, terms_of
from saltbridge.steps.speak import enqueue
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.did import iso

ANNOUNCE: Final = "twin.announce"
MEDIA_TYPE: Final = "application/json"


def announce(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    events: Sequence[TwinEvent],
    person: str,
    now: datetime,
) -> None:
    """Release a notification about these aspects for a partner, and leave it in the outbox."""
    title = "Digital twins"
    dataset = open_dataset(world, work, TWIN_REGISTRY, [partner.bpn], title=title, now=now)
    given: dict[str, Any] = {
        "kind": "twin-event",
        "notification": render_notification(
            id=world.identifiers.urn_uuid(),
            sender=world.node.bpn,
            receiver=partner.bpn,
            sent_at=iso(now),
            events=events,
        ),
    }
    context = circumstances(
        world,
        decision_id=world.identifiers.urn_uuid(),
        partner=partner,
        terms=terms_of(dataset),
        purpose=SERVED[TWIN_REGISTRY].purpose,
        now=now,
        counters=counters_of(work, counter_year(now)),
        proposer=Proposer(name=person),
    )
    book = rule_book(work)
    decision = decide(given, context, book.catalogue(given["kind"], context), book.packs)
    if decision.stays or decision.withholds_all_but_public:
        keep_decision(work, decision, None)  # half of a notification says nothing
        return
    release = release_rendered(decision, _rendered, MEDIA_TYPE)
    record, _ = keep_decision(work, decision, release)
    keep_statement(world, work, decision, record, [release], now)
    work.put_release(release)
    body = {"bpn": partner.bpn, "digest": release.digest, "decision_id": release.decision_id}
    enqueue(world, work, ANNOUNCE, canonical_bytes(body), f"announce {partner.bpn}")


def _rendered(view: Mapping[str, Any]) -> bytes:
    return canonical_bytes(view["notification"])
