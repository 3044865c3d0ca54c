"""Offers nobody asked for, counter-offers, pausing and going on: between two nodes."""

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.exchange import messages as m
from saltbridge.exchange.policy import PURPOSE_PASSPORT, usage_offer
from saltbridge.formats.dsp import parse_offer, render_message
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.transfer import resume, suspend
from saltbridge.services.unasked_offers import (
    accept_offer,
    begin_offered,
    counter,
    decline_offer,
    offer_dataset,
    waiting_offers,
)


def test_an_offer_of_the_provider_waits_for_a_person_and_becomes_an_agreement(a_pair):
    pair = a_pair()
    offered = offer_dataset(pair.provider, pair.to_consumer, pair.dataset_id)
    pair.pump()
    (waiting,) = waiting_offers(pair.consumer)
    assert waiting.offer.target == pair.dataset_id
    assert pair.the(pair.provider, "negotiation")["state"] == "OFFERED"
    assert pair.the(pair.provider, "negotiation")["consumer_pid"] == waiting.pid
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    accept_offer(pair.consumer, waiting.pid, dataset_kind=dataset.kind, transfer_wanted=True)
    pair.pump()
    for world in (pair.provider, pair.consumer):
        assert pair.the(world, "negotiation")["state"] == "FINALIZED"
    assert waiting_offers(pair.consumer) == []
    agreement = pair.the(pair.consumer, "agreement")
    assert agreement["id"] == pair.the(pair.provider, "agreement")["id"]
    assert pair.the(pair.consumer, "delivery")["verified"] is True
    assert offered.pid == pair.the(pair.provider, "negotiation")["provider_pid"]


def test_a_declined_offer_ends_on_both_sides_with_the_reason(a_pair):
    pair = a_pair()
    offer_dataset(pair.provider, pair.to_consumer, pair.dataset_id)
    pair.pump()
    decline_offer(pair.consumer, waiting_offers(pair.consumer)[0].pid)
    pair.pump()
    for world in (pair.provider, pair.consumer):
        ended = pair.the(world, "negotiation")
        assert (ended["state"], ended["refusal"]["code"]) == (
            "TERMINATED",
            "exchange.offer-declined",
        )


def test_an_offer_for_a_purpose_we_do_not_have_is_declined_without_a_person(a_pair):
    pair = a_pair()
    strange = parse_offer(usage_offer("urn:uuid:strange", "cx.foreign.purpose:1"))
    begun = begin_offered(
        pair.consumer,
        pair.to_provider,
        m.ContractOffer(
            "urn:uuid:theirs", strange, callback_address=pair.provider.node.base_url + "/2025-1"
        ),
    )
    assert str(begun.outgoing) == "TERMINATED"
    assert begun.refusal_code == "exchange.purpose-not-ours"
    assert waiting_offers(pair.consumer) == []


def test_nothing_is_offered_to_whom_it_is_not_for(a_pair):
    pair = a_pair()
    with pytest.raises(FaultyInput, match=r"exchange\.dataset-not-for"):
        offer_dataset(pair.provider, pair.to_consumer, "urn:uuid:none")


def test_the_same_offer_again_begins_nothing_new_and_another_with_its_pid_is_refused(a_pair):
    pair = a_pair()
    offer_dataset(pair.provider, pair.to_consumer, pair.dataset_id)
    pair.pump()
    (_, first), *_ = [
        (path, body) for path, body in pair.http.said if path.endswith("/negotiations/offers")
    ]
    again = pair.call(
        "POST",
        "/2025-1/negotiations/offers",
        first,
        world=pair.provider,
        callee=pair.consumer,
    )
    assert again.status == 201
    assert len(waiting_offers(pair.consumer)) == 1
    altered = {**first, "offer": {**first["offer"], "@id": "urn:uuid:other"}}
    refused = pair.call(
        "POST",
        "/2025-1/negotiations/offers",
        altered,
        world=pair.provider,
        callee=pair.consumer,
    )
    assert (refused.status, read_json(refused.content)["code"]) == (400, "exchange.pid-in-use")


def test_an_offer_that_answers_elsewhere_is_refused(a_pair):
    pair = a_pair()
    offer = parse_offer(usage_offer("urn:uuid:o", PURPOSE_PASSPORT))
    for address in ("http://127.0.0.1:9/2025-1", "http://169.254.169.254/", ""):
        said = m.ContractOffer("urn:uuid:p", offer, callback_address=address)
        refusal = begin_offered(pair.consumer, pair.to_provider, said)
        assert refusal.code == "exchange.callback-foreign"


def test_a_counter_offer_of_the_provider_is_taken_if_its_terms_will_do(a_pair, monkeypatch):
    """The consumer asked, so it takes an offer of a known shape without a person."""
    pair = a_pair()
    monkeypatch.setattr(
        "saltbridge.steps.negotiation_rules._RULES", {}
    )  # the provider waits for its person
    begun = pair.ask()
    pair.pump()
    monkeypatch.undo()
    held = pair.the(pair.provider, "negotiation")
    assert held["state"] == "REQUESTED"
    own = held["offer"]["policy"]
    counter(pair.provider, held["provider_pid"], own, held["offer"]["id"])
    pair.pump()
    assert pair.the(pair.consumer, "negotiation")["state"] == "FINALIZED"
    assert begun.pid == pair.the(pair.provider, "negotiation")["consumer_pid"]


def test_a_counter_request_with_other_terms_is_ended_by_the_provider(a_pair):
    pair = a_pair()
    offer_dataset(pair.provider, pair.to_consumer, pair.dataset_id)
    pair.pump()
    (waiting,) = waiting_offers(pair.consumer)
    other = usage_offer(waiting.offer.id, PURPOSE_PASSPORT)
    counter(pair.consumer, waiting.pid, other, waiting.offer.id)
    pair.pump()
    for world in (pair.provider, pair.consumer):
        ended = pair.the(world, "negotiation")
        assert ended["state"] == "TERMINATED"
        assert ended["refusal"]["code"] == "exchange.offer-altered"


def _started(pair):
    """A transfer that is started and not yet pulled."""
    pair.http.before = lambda method, url: _not_now(url)
    pair.ask()
    pair.pump()
    return pair.the(pair.provider, "transfer")["provider_pid"]


def _not_now(url: str):
    from saltbridge.ports import HttpAnswer

    return HttpAnswer(503, {}, b"") if "/data/" in url else None


def test_a_pause_of_the_provider_shuts_the_door_at_once_and_only_it_goes_on(a_pair):
    pair = a_pair()
    pid = _started(pair)
    assert pair.the(pair.provider, "transfer")["token_digest"]
    suspend(pair.provider, pid, "maintenance")
    assert pair.the(pair.provider, "transfer")["token_digest"] == "", "before it was even sent"
    pair.pump()
    theirs = pair.the(pair.consumer, "transfer")
    assert (theirs["state"], theirs["paused_by"]) == ("SUSPENDED", ["provider"])
    with pytest.raises(Refused, match=r"exchange\.suspended-by-other"):
        resume(pair.consumer, theirs["consumer_pid"])
    start = pair.call(
        "POST",
        f"/2025-1/transfers/{pid}/start",
        render_message(m.TransferStart(pid, theirs["consumer_pid"])),
    )
    assert start.status == 400
    assert pair.the(pair.provider, "transfer")["state"] == "SUSPENDED"
    pair.http.before = None
    resume(pair.provider, pid)
    pair.clock.advance(minutes=1)
    pair.pump()
    assert pair.the(pair.consumer, "transfer")["state"] == "COMPLETED"
    assert pair.the(pair.consumer, "delivery")["verified"] is True


def test_a_pause_of_the_consumer_ends_when_it_asks_and_brings_a_new_token(a_pair):
    pair = a_pair()
    _started(pair)
    before = pair.the(pair.provider, "transfer")["token_digest"]
    pid = pair.the(pair.consumer, "transfer")["consumer_pid"]
    suspend(pair.consumer, pid, "later")
    pair.clock.advance(minutes=1)  # it stands behind the pull, which is tried again first
    pair.pump()
    assert pair.the(pair.provider, "transfer")["state"] == "SUSPENDED"
    resume(pair.consumer, pid)
    pair.http.before = None
    pair.clock.advance(minutes=1)
    pair.pump()
    assert pair.the(pair.consumer, "transfer")["state"] == "COMPLETED"
    with pair.provider.store.reading() as view:
        assert len(view.find("token")) >= 2
    assert before
