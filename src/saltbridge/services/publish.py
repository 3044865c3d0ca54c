"""Publish: decide per recipient, sign the minimised view, release it, offer it. One commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.border.calendar import counter_year
from saltbridge.border.context import Context, Recipient, Secrets, Terms
from saltbridge.border.decide import Decision, decide
from saltbridge.border.manifest import counters_after, manifest_of
from saltbridge.border.release import Release
from saltbridge.border.rules import COUNTERS
from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import finding
from saltbridge.exchange.policy import PURPOSE_PASSPORT, PURPOSE_PCF, usage_offer
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.border_key import border_key, kept_border_key
from saltbridge.steps.deciding import zone_of
from saltbridge.steps.release import keep_decision, released_claim
from saltbridge.steps.rules import rule_book
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.claims import SupplierRecord
from saltbridge.trust.did import iso

# document kind -> (kind of dataset, type in the Catena-X taxonomy, usual purpose)
_DATASETS: Mapping[str, tuple[str, str, str]] = {
    "pcf": ("pcf", "https://w3id.org/catenax/taxonomy#PcfExchange", PURPOSE_PCF),
    "battery-supplier-record": (
        "supplier-record",
        "https://w3id.org/catenax/taxonomy#BatteryPass",
        PURPOSE_PASSPORT,
    ),
}


@dataclass(frozen=True, kw_only=True)
class PublishRequest:
    """A document to be offered to partners (BPN, DID or name) for one purpose."""

    document: Mapping[str, Any]
    kind: str
    recipients: Sequence[str]
    purpose: str = ""
    title: str = ""
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class Published:
    """The dataset that is on offer now, with one decision and one manifest per recipient."""

    dataset_id: str
    decisions: tuple[Mapping[str, Any], ...]
    manifests: tuple[Mapping[str, Any], ...]


def publish(world: World, request: PublishRequest) -> Published:
    """Decide, sign, release and offer a document; everything commits together.

    Raises:
        FaultyInput: unknown kind or recipient, or no recipient at all.
        Refused: for one recipient nothing but public fields may leave; the decision is
            recorded, nothing is offered to anybody.
    """
    partners = _partners(world, request)
    dataset_kind, dct_type, usual_purpose = _DATASETS[request.kind]
    purpose = request.purpose or usual_purpose
    now = world.clock.now()
    dataset_id, offer_id = world.identifiers.urn_uuid(), world.identifiers.urn_uuid()
    terms = Terms(offer_id, "offer", tuple(p.bpn for p in partners), (purpose,), now)
    with world.store.unit_of_work() as work:
        outcomes = [
            _decide_for(world, work, request, partner, purpose, terms, now)
            for partner in partners
        ]
        refused = [decision for decision, _ in outcomes if decision.withholds_all_but_public]
        records = [
            keep_decision(work, decision, None if refused else released)
            for decision, released in outcomes
        ]
        if not refused:
            for (decision, released), (record, _) in zip(outcomes, records, strict=True):
                if released is not None:
                    keep_statement(world, work, decision, record, [released], now)
            releases = {r.audience: r for _, r in outcomes if r is not None}
            dataset = {
                "id": dataset_id,
                "title": request.title or request.kind,
                "kind": dataset_kind,
                "dct_type": dct_type,
                "offer": usage_offer(offer_id, purpose),
                "access": [p.bpn for p in partners],
                "releases": {
                    bpn: {
                        "digest": work.put_release(r),
                        "decision_id": r.decision_id,
                        "media_type": r.media_type,
                    }
                    for bpn, r in releases.items()
                },
                "created_at": iso(now),
            }
            body = canonical_bytes(dataset)
            work.put("dataset", dataset_id, body, expected_version=0)
            work.append_leaf("dataset.offered", dataset_id, body)
    if refused:
        raise Refused(
            finding(
                "publish.refused",
                recipient=d.context.recipient.name,
                decision=d.context.decision_id,
                rule=next((f.rule for f in d.stays), ""),
            )
            for d in refused
        )
    return Published(
        dataset_id=dataset_id,
        decisions=tuple(record for record, _ in records),
        manifests=tuple(manifest for _, manifest in records),
    )


def preview(world: World, request: PublishRequest) -> tuple[Mapping[str, Any], ...]:
    """The manifests a publication would have, one per recipient. Nothing is stored."""
    partners = _partners(world, request)
    purpose = request.purpose or _DATASETS[request.kind][2]
    now = world.clock.now()
    terms = Terms("preview", "offer", tuple(p.bpn for p in partners), (purpose,), now)
    with world.store.reading() as work:
        secrets = kept_border_key(world.keyring, work) or Secrets(
            world.identifiers.token().encode()
        )
        counters = _counters(work, counter_year(now))
        book = rule_book(work)
    contexts = (
        _context(world, "preview", partner, purpose, terms, now, counters, request)
        for partner in partners
    )
    return tuple(
        manifest_of(
            decide(
                request.document,
                context,
                book.catalogue(request.kind, context),
                book.packs,
                secrets,
            )
        )
        for context in contexts
    )


def _partners(world: World, request: PublishRequest) -> tuple[Partner, ...]:
    """The partners named in the request, each once."""
    findings = []
    if request.kind not in _DATASETS:
        findings.append(finding("publish.unknown-kind", kind=request.kind))
    elif request.document.get("kind") != request.kind:
        found = str(request.document.get("kind"))[:80]
        findings.append(finding("border.other-kind", found=found, due=request.kind))
    if not request.recipients:
        findings.append(finding("publish.no-recipient"))
    partners: dict[str, Partner] = {}
    for named in request.recipients:
        partner = world.node.partner(named) or next(
            (p for p in world.node.partners if p.name.casefold() == named.casefold()), None
        )
        if partner is None:
            known = ", ".join(f"{p.name} ({p.bpn})" for p in world.node.partners)
            findings.append(finding("publish.unknown-partner", partner=named, known=known))
        else:
            partners[partner.bpn] = partner
    if findings:
        raise FaultyInput(findings)
    return tuple(partners.values())


def _decide_for(
    world: World,
    work: UnitOfWork,
    request: PublishRequest,
    partner: Partner,
    purpose: str,
    terms: Terms,
    now: datetime,
) -> tuple[Decision, Release | None]:
    context = _context(
        world,
        world.identifiers.urn_uuid(),
        partner,
        purpose,
        terms,
        now,
        _counters(work, counter_year(now)),
        request,
    )
    book = rule_book(work)
    decision = decide(
        request.document,
        context,
        book.catalogue(request.kind, context),
        book.packs,
        border_key(world, work),
    )
    if decision.withholds_all_but_public:
        return decision, None
    after = counters_after(decision)
    if after is not None:
        work.put("counter", str(after["year"]), canonical_bytes(after))
    _, released = released_claim(world, work, decision, SupplierRecord, now)
    return decision, released


def _context(
    world: World,
    decision_id: str,
    partner: Partner,
    purpose: str,
    terms: Terms,
    now: datetime,
    counters: Mapping[str, int] | None,
    request: PublishRequest,
) -> Context:
    return Context(
        decision_id=decision_id,
        origin=world.node.jurisdiction,
        destination=partner.jurisdiction,
        recipient=Recipient(partner.bpn, partner.name, partner.jurisdiction),
        purpose=purpose,
        agreement=terms,
        at=now,
        counters=counters,
        person=request.person,
        zone=zone_of(world),
    )


def _counters(work: UnitOfWork, year: int) -> Mapping[str, int] | None:
    """The counters of the year; None if what is stored cannot be read: then nothing leaves."""
    stored = work.get("counter", str(year))
    if stored is None:
        return {"year": year, **dict.fromkeys(COUNTERS, 0)}
    try:
        counters = read_json(stored.body)
    except FaultyJson:
        return None
    return counters if isinstance(counters, dict) else None
