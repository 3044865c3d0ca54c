"""Publish: decide per recipient, sign the minimised view, release or propose it, offer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saltbridge.accounts.model import Act, Person
from saltbridge.border.calendar import counter_year
from saltbridge.border.context import Context, Secrets, Terms
from saltbridge.border.decide import Decision
from saltbridge.border.manifest import counters_after, manifest_of
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import finding
from saltbridge.exchange.offering import USUAL, OfferTerms
from saltbridge.formats.claim_file import MEDIA_TYPE
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.border_key import border_key, kept_border_key
from saltbridge.steps.connector_offering import offer_later
from saltbridge.steps.dataset_kinds import CLAIMS, DATASETS
from saltbridge.steps.deciding import (
    Proposer,
    circumstances,
    counters_of,
    decided,
    keep_counters,
)
from saltbridge.steps.offer_policies import check_terms, policies
from saltbridge.steps.people import require_act
from saltbridge.steps.proposals import keep_proposal
from saltbridge.steps.recipients import partners_named
from saltbridge.steps.release import keep_decision, released_claim, signed_view
from saltbridge.steps.scenario_mark import refuse_scenario
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.claims import SupplierRecord
from saltbridge.trust.did import iso


@dataclass(frozen=True, kw_only=True)
class PublishRequest:
    """A document to be offered to partners (BPN, DID or name) for one purpose.

    ``person`` names who answers for it; ``proposer`` is the account behind the name, if there
    is one, and then gives the name. ``terms`` are those of the offer.
    """

    document: Mapping[str, Any]
    kind: str
    recipients: Sequence[str]
    purpose: str = ""
    title: str = ""
    person: str = ""
    proposer: Person | None = None
    terms: OfferTerms = USUAL


@dataclass(frozen=True, kw_only=True)
class Published:
    """The dataset that is on offer now, with one decision and one manifest per recipient.

    ``proposals`` are those of them that wait for two persons; nothing of them was released.
    """

    dataset_id: str
    decisions: tuple[Mapping[str, Any], ...]
    manifests: tuple[Mapping[str, Any], ...]
    proposals: tuple[Mapping[str, Any], ...] = ()


def publish(world: World, request: PublishRequest) -> Published:
    """Decide, sign, release and offer a document; everything commits together.

    Where trade secrets would leave, nothing is released yet: the signed bytes wait for two
    persons, and partners who ask meanwhile wait with them.

    Raises:
        FaultyInput: unknown kind or recipient, or no recipient at all.
        Refused: the proposer may not publish; or for one recipient nothing but public fields
            may leave: then the decision is recorded, nothing is offered to anybody.
    """
    if request.proposer is not None:
        require_act(request.proposer, Act.PUBLISH)
    refuse_scenario(request.document, request.kind, request.title)
    partners = _partners(world, request)
    now = world.clock.now()
    dataset_id, offer_id = world.identifiers.urn_uuid(), world.identifiers.urn_uuid()
    purpose = _purpose(request)
    check_terms(request.terms, [p.name for p in partners], now)
    terms = Terms(offer_id, "offer", tuple(p.bpn for p in partners), (purpose,), now)
    with world.store.unit_of_work() as work:
        decisions = [_decide_for(world, work, request, p, purpose, terms) for p in partners]
        refused = [decision for decision in decisions if decision.withholds_all_but_public]
        if refused:
            for decision in decisions:
                keep_decision(work, decision, None)
        else:
            published = _offer(world, work, request, decisions, dataset_id)
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
    return published


def _offer(
    world: World,
    work: UnitOfWork,
    request: PublishRequest,
    decisions: Sequence[Decision],
    dataset_id: str,
) -> Published:
    """Release what may leave at once, propose what two persons have to approve; offer it."""
    dataset_kind, dct_type, _ = DATASETS[request.kind]
    claim_class = CLAIMS.get(request.kind, SupplierRecord)
    title = request.title or request.kind
    records: list[Mapping[str, Any]] = []
    manifests: list[Mapping[str, Any]] = []
    proposals: list[Mapping[str, Any]] = []
    releases: dict[str, Any] = {}
    for decision in decisions:
        context = decision.context
        if decision.awaits_approval:
            _, content = signed_view(world, work, decision, claim_class, context.at)
            proposal = keep_proposal(
                world,
                work,
                decision,
                content,
                request.document,
                media_type=MEDIA_TYPE,
                dataset_id=dataset_id,
                title=title,
            )
            proposals.append(proposal)
            records.append(proposal["decision"])
            manifests.append(proposal["manifest"])
            continue
        _, released = released_claim(world, work, decision, claim_class, context.at)
        record, manifest = keep_decision(work, decision, released)
        keep_statement(world, work, decision, record, [released], context.at)
        records.append(record)
        manifests.append(manifest)
        releases[released.audience] = {
            "digest": work.put_release(released),
            "decision_id": released.decision_id,
            "media_type": released.media_type,
        }
    context = decisions[0].context
    audience = [d.context.recipient.bpn for d in decisions]
    dataset = {
        "id": dataset_id,
        "title": title,
        "kind": dataset_kind,
        "dct_type": dct_type,
        **policies(_terms_of(context).id, context.purpose, request.terms, audience),
        "releases": releases,
        "awaiting": {p["recipient"]["bpn"]: p["id"] for p in proposals},
        "created_at": iso(context.at),
    }
    body = canonical_bytes(dataset)
    work.put("dataset", dataset_id, body, expected_version=0)
    work.append_leaf("dataset.offered", dataset_id, body)
    offer_later(world, work, dataset)
    return Published(
        dataset_id=dataset_id,
        decisions=tuple(records),
        manifests=tuple(manifests),
        proposals=tuple(proposals),
    )


def preview(world: World, request: PublishRequest) -> tuple[Mapping[str, Any], ...]:
    """The manifests a publication would have, one per recipient. Nothing is stored."""
    partners = _partners(world, request)
    purpose = _purpose(request)
    now = world.clock.now()
    terms = Terms("preview", "offer", tuple(p.bpn for p in partners), (purpose,), now)
    with world.store.reading() as work:
        secrets = kept_border_key(world.keyring, work) or Secrets(
            world.identifiers.token().encode()
        )
        counters = counters_of(work, counter_year(now))
        contexts = (
            _context(world, "preview", partner, purpose, terms, counters, request)
            for partner in partners
        )
        return tuple(
            manifest_of(
                decided(work, request.document, request.kind, c, secrets, proposal=True)
            )
            for c in contexts
        )


def _purpose(request: PublishRequest) -> str:
    return request.purpose or request.terms.purpose or DATASETS[request.kind][2]


def _partners(world: World, request: PublishRequest) -> tuple[Partner, ...]:
    """The partners named in the request, each once."""
    findings = []
    if request.kind not in DATASETS:
        findings.append(finding("publish.unknown-kind", kind=request.kind))
    elif request.document.get("kind") != request.kind:
        found = str(request.document.get("kind"))[:80]
        findings.append(finding("border.other-kind", found=found, due=request.kind))
    partners, unknown = partners_named(world, request.recipients)
    if findings or unknown:
        raise FaultyInput([*findings, *unknown])
    return partners


def _decide_for(
    world: World,
    work: UnitOfWork,
    request: PublishRequest,
    partner: Partner,
    purpose: str,
    terms: Terms,
) -> Decision:
    now = terms.starts
    context = _context(
        world,
        world.identifiers.urn_uuid(),
        partner,
        purpose,
        terms,
        counters_of(work, counter_year(now)),
        request,
    )
    secrets = border_key(world, work)
    decision = decided(work, request.document, request.kind, context, secrets, proposal=True)
    if not decision.withholds_all_but_public and not decision.awaits_approval:
        keep_counters(work, counters_after(decision))
    return decision


def _context(
    world: World,
    decision_id: str,
    partner: Partner,
    purpose: str,
    terms: Terms,
    counters: Mapping[str, int] | None,
    request: PublishRequest,
) -> Context:
    by = request.proposer
    return circumstances(
        world,
        decision_id=decision_id,
        partner=partner,
        terms=terms,
        purpose=purpose,
        now=terms.starts,
        counters=counters,
        proposer=Proposer(name=by.name, person_id=by.id)
        if by
        else Proposer(name=request.person),
    )


def _terms_of(context: Context) -> Terms:
    if context.agreement is None:
        raise RuntimeError("a publication is decided under its own offer")
    return context.agreement
