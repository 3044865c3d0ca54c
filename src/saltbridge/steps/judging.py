"""Whether an offer and who takes it fit together; the explanation is kept where they do not."""

from collections.abc import Sequence

from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding, Place
from saltbridge.exchange.catalogue import dataset_of
from saltbridge.exchange.evaluation import judge_usage
from saltbridge.exchange.explanation import Judgement
from saltbridge.exchange.model import Json, Negotiation, Offer, Refusal
from saltbridge.exchange.policy import judge_request
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.explaining import explain, explain_refusal, told_to_peer
from saltbridge.steps.standing import own_standing, purposes_of, standing_of


def judged_offer(world: World, view: UnitOfWork, offer: Offer) -> Judgement:
    """How a partner's offer fits this node, which would take the data."""
    own, now = own_standing(world, view), world.clock.now()
    return judge_usage(offer.policy, own, now, purposes_of(world))


def findings_of(judged: Judgement) -> list[Finding]:
    """What stands against an offer, for a person: all of it, with places in the policy."""
    return [Finding(p.code, p.arguments, Place(pointer=p.place)) for p in judged.failed]


def fitting_offer(world: World, offers: Sequence[Offer]) -> Offer:
    """The first of a dataset's offers that this node would take.

    Raises:
        Refused: none of them; what stands against the first.
    """
    with world.store.reading() as view:
        judged = [(offer, judged_offer(world, view, offer)) for offer in offers]
    chosen = next((offer for offer, judgement in judged if not judgement.failed), None)
    if chosen is None:
        raise Refused(findings_of(judged[0][1]))
    return chosen


def refused_offer(work: UnitOfWork, world: World, process: Negotiation) -> Refusal | None:
    """Why we do not take the offer of a negotiation, as the partner is told; None: we do."""
    judged = judged_offer(world, work, process.offer)
    if not judged.failed:
        return None
    explain(work, process, judged.points)
    return told_to_peer(judged.points)


def refused_request(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation, dataset: Json
) -> Refusal | None:
    """Why a request for our dataset is not agreed to, as the partner is told, or None."""
    refusal = judge_request(dataset_of(dataset, DSP_2025_1, "").offers, process.offer)
    if refusal is not None:
        return explain_refusal(work, process, refusal)
    return refused_terms(world, work, partner, process)


def refused_terms(
    world: World, work: UnitOfWork, partner: Partner, process: Negotiation
) -> Refusal | None:
    """Why the partner cannot have what is negotiated under these terms, as it is told."""
    theirs = standing_of(world, work, partner)
    judged = judge_usage(process.offer.policy, theirs, world.clock.now())
    if not judged.failed:
        return None
    explain(work, process, judged.points)
    return told_to_peer(judged.points)
