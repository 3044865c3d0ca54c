"""Offer what a system of the company answers while a partner waits, if the border lets it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saltbridge.border.context import Terms
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import finding
from saltbridge.exchange.offering import USUAL, OfferTerms
from saltbridge.exchange.served import LIVE, SERVED
from saltbridge.exchange.upstream import Upstream, upstream_record
from saltbridge.ports import World
from saltbridge.steps.dataset_kinds import DATASETS
from saltbridge.steps.live_border import live_context, ruled
from saltbridge.steps.offer_policies import check_terms, policies
from saltbridge.steps.recipients import partners_named
from saltbridge.trust.did import iso


@dataclass(frozen=True, kw_only=True)
class LiveRequest:
    """Documents of one kind: from where, to whom; ``person`` answers for them."""

    kind: str
    upstream: Upstream
    recipients: Sequence[str]
    title: str = ""
    person: str = ""
    terms: OfferTerms = USUAL


def offer_live(world: World, request: LiveRequest) -> Mapping[str, Any]:
    """The dataset that is on offer now. Nothing is released by it.

    Raises:
        FaultyInput: unknown kind or recipient, a path or parameter that is none, or the node's
            settings do not name the system.
        Refused: for one of the recipients no rule pack allows such answers.
    """
    partners, unknown = partners_named(world, request.recipients)
    faults = list(unknown)
    if request.kind not in DATASETS:
        faults.append(finding("publish.unknown-kind", kind=request.kind))
    faults += [finding("live.faulty-name", name=n[:80]) for n in request.upstream.faults()]
    if world.upstream is None or not world.upstream.knows(request.upstream.url):
        faults.append(finding("live.upstream-not-named", url=request.upstream.url[:200]))
    if not request.upstream.paths:
        faults.append(finding("live.no-path"))
    if faults:
        raise FaultyInput(faults)
    now = world.clock.now()
    check_terms(request.terms, [p.name for p in partners], now)
    purpose = request.terms.purpose or DATASETS[request.kind][2]
    offer_id, dataset_id = world.identifiers.urn_uuid(), world.identifiers.urn_uuid()
    terms = Terms(offer_id, "offer", tuple(p.bpn for p in partners), (purpose,), now)
    with world.store.unit_of_work() as work:
        refused = [
            finding("live.not-allowed", recipient=partner.name, rule=ruling.rule)
            for partner in partners
            for ruling in [ruled(work, live_context(world, partner, terms, request.person))]
            if not ruling.allowed
        ]
        if refused:
            raise Refused(refused)
        dataset = {
            "id": dataset_id,
            "title": request.title or request.kind,
            "kind": LIVE,
            "dct_type": SERVED[LIVE].dct_types[0],
            "version": SERVED[LIVE].versions[0],
            **policies(offer_id, purpose, request.terms, [p.bpn for p in partners]),
            "releases": {},
            "live": {
                **upstream_record(request.upstream),
                "kind": request.kind,
                "purpose": purpose,
                "person": request.person,
            },
            "created_at": iso(now),
        }
        body = canonical_bytes(dataset)
        work.put("dataset", dataset_id, body, expected_version=0)
        work.append_leaf("dataset.offered", dataset_id, body)
    return dataset
