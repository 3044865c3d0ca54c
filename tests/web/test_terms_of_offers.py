"""Terms from publication to their end: who sees an offer, what was agreed, what is over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.offer_terms import parse_terms
from saltbridge.services.agreements import agreements
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.offers import offers
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.services.transfer import request_transfer
from saltbridge.testing.peers import PCF_DOCUMENT

CELLMAKER = "BPNL000CELLMAKER"


def _offer(pair, terms, **changes):
    wanted = PublishRequest(
        document=PCF_DOCUMENT,
        kind="pcf",
        recipients=[pair.to_consumer.bpn],
        title="With terms",
        person="Export control",
        terms=parse_terms(terms.encode()),
    )
    return publish(pair.provider, replace(wanted, **changes)).dataset_id


def _grouped(pair, groups):
    settings = {**pair.provider.settings, "policies": {"groups": groups}}
    object.__setattr__(pair.provider, "settings", settings)


def _agreed(pair, dataset_id):
    shown = request_catalogue(pair.consumer, pair.to_provider).datasets
    (dataset,) = [d for d in shown if d.id == dataset_id]
    start_negotiation(
        pair.consumer,
        pair.to_provider,
        dataset.id,
        dataset.offers[0],
        transfer_wanted=True,
        dataset_kind=dataset.kind,
    )
    pair.pump()
    return pair.all(pair.consumer, "agreement")[-1]["id"]


def test_a_group_decides_now_who_sees_an_offer(a_pair):
    pair = a_pair()
    bpn = pair.to_consumer.bpn
    offered = _offer(pair, 'groups = ["carmakers"]')

    def seen():
        shown = request_catalogue(pair.consumer, pair.to_provider).datasets
        return offered in {d.id for d in shown}

    assert not seen()
    path = f"/2025-1/catalog/datasets/{offered}"
    assert pair.call("GET", path).status == 404
    _grouped(pair, {"carmakers": [bpn]})
    assert seen()
    assert pair.call("GET", path).status == 200
    _grouped(pair, {"others": [bpn]})
    assert not seen()


def test_the_end_of_provision_refuses_a_transfer_and_is_listed(a_pair):
    pair = a_pair()
    id = _agreed(pair, _offer(pair, "provided_days = 10\nuse_days = 20"))
    ((ours,), (theirs,)) = (agreements(w) for w in (pair.consumer, pair.provider))
    assert (str(ours.role), str(theirs.role)) == ("consumer", "provider")
    assert ours.ends.provided_until - ours.ends.concluded == timedelta(days=10)
    assert ours.ends.used_until - ours.ends.concluded == timedelta(days=20)
    assert len(ours.deliveries) == 1
    assert not agreements(pair.consumer, within=timedelta(days=9))
    pair.clock.advance(days=2)
    assert agreements(pair.consumer, within=timedelta(days=9))
    pair.clock.advance(days=9)
    with pytest.raises(Refused) as refused:
        request_transfer(pair.consumer, id)
    assert refused.value.findings[0].code == "exchange.agreement-over"
    (due,) = agreements(pair.consumer)
    assert (due.provision_over, due.use_over) == (True, False)
    pair.clock.advance(days=10)
    (due,) = agreements(pair.consumer, within=timedelta())
    assert (due.provision_over, due.use_over) == (True, True)


def test_an_offer_that_is_over_is_not_made(a_pair):
    with pytest.raises(FaultyInput) as refused:
        _offer(a_pair(), "use_until = 2026-11-01T00:00:00Z")
    assert [f.code for f in refused.value.findings] == ["offer.over-already"]


def test_a_contract_is_shown_to_its_partner_alone(a_pair):
    pair = a_pair()
    stranger = pair.provider.node.partners[1]
    both = [pair.to_consumer.bpn, stranger.bpn]
    with pytest.raises(FaultyInput) as refused:
        _offer(pair, 'contracts = ["C-1"]', recipients=both)
    assert [f.code for f in refused.value.findings] == ["offer.contract-needs-one-partner"]
    assert len(pair.all(pair.provider, "dataset")) == 1  # the one of the set-up


def test_offers_are_listed_with_whom_they_go_to(a_pair):
    pair = a_pair()
    _offer(pair, 'restrictions = ["derivations"]')
    first, second = offers(pair.provider)
    assert first.partners == second.partners
    assert first.partners[0].endswith(f"({pair.to_consumer.bpn})")
    assert "derivations" in str(second.offer["prohibition"])
