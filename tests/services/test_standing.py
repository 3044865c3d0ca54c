"""How a partner stands before a policy: by what it showed, or by those who entered it."""

from pathlib import Path

import pytest
from tests.dataspace import Dataspace, become_member, dataspace

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.errors import Refused
from saltbridge.exchange.evaluation import judge_usage
from saltbridge.exchange.explanation import Verdict
from saltbridge.exchange.policy import PURPOSE_PCF, usage_offer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.steps.standing import own_standing, standing_of
from saltbridge.testing.peers import PCF_DOCUMENT

POLICY = usage_offer("o", PURPOSE_PCF)


@pytest.fixture
def space(tmp_path: Path) -> Dataspace:
    return dataspace(tmp_path / "issuer")


def _judged(space: Dataspace, standing):
    judged = judge_usage(POLICY, standing, space.clock.now(), [PURPOSE_PCF])
    return {p.arguments["operand"]: p.verdict for p in judged.points}


def test_what_a_partner_showed_meets_the_policy(space: Dataspace):
    assert space.catalogue().status == 200
    with space.provider.store.reading() as view:
        theirs = standing_of(space.provider, view, space.to_consumer)
    assert (theirs.member, theirs.frameworks) == (True, {"DataExchangeGovernance:1.0"})
    assert _judged(space, theirs)["Membership"] is Verdict.MET
    assert _judged(space, theirs)["FrameworkAgreement"] is Verdict.MET


def test_this_node_judges_itself_by_what_it_holds(space: Dataspace, tmp_path: Path):
    with space.consumer.store.reading() as view:
        own = own_standing(space.consumer, view)
    assert (own.member, own.groups) == (True, None)
    bare = dataspace(tmp_path / "other", members=False)
    with bare.consumer.store.reading() as view:
        own = own_standing(bare.consumer, view)
    assert (own.member, own.frameworks) == (False, frozenset())
    verdicts = _judged(bare, own)
    assert verdicts["Membership"] is verdicts["FrameworkAgreement"] is Verdict.FAILED
    become_member(bare, bare.consumer)
    bare.clock.advance(days=400)  # they have ended
    with bare.consumer.store.reading() as view:
        assert own_standing(bare.consumer, view).member is False


def test_where_nobody_asks_for_credentials_people_vouch(space: Dataspace):
    object.__setattr__(
        space.provider, "settings", {"policies": {"groups": {"cars": [space.to_consumer.bpn]}}}
    )
    with space.provider.store.reading() as view:
        theirs = standing_of(space.provider, view, space.to_consumer)
    assert (theirs.member, theirs.groups) == (None, {"cars"})
    assert _judged(space, theirs)["Membership"] is Verdict.VOUCHED


def test_an_exchange_between_members_is_agreed_by_what_they_show(space: Dataspace):
    """Both judge by credentials; take one away, and the offer is refused before it is asked."""
    offered = publish(
        space.provider,
        PublishRequest(
            document=PCF_DOCUMENT,
            kind="pcf",
            recipients=[space.to_consumer.bpn],
            person="Export control",
        ),
    ).dataset_id
    (dataset,) = request_catalogue(space.consumer, space.to_provider).datasets
    assert dataset.id == offered
    start_negotiation(space.consumer, space.to_provider, dataset.id, dataset.offers[0])
    workers = [OutboxWorker(w, outbox_handlers()) for w in (space.consumer, space.provider)]
    for _ in range(20):
        if not sum(worker.run_once() for worker in workers):
            break
    (negotiation,) = space.all(space.consumer, "negotiation")
    assert negotiation["state"] == "FINALIZED"
    space.clock.advance(days=400)
    with pytest.raises(Refused) as refused:
        start_negotiation(space.consumer, space.to_provider, dataset.id, dataset.offers[0])
    assert [f.code for f in refused.value.findings] == [
        "policy.membership-missing",
        "policy.framework-missing",
    ]
