"""A partner that dies for good in every state, and clocks that are an hour off."""

from datetime import timedelta

import pytest
from tests.effort import is_full
from tests.faults.dead_peers import OffClock, TwoTimes, dying, what_it_says
from tests.faults.pushes import consumer_wants_a_push
from tests.faults.two_nodes import Weather, consumer_asks
from tests.faults.two_nodes_end import judge
from tests.web.conftest import a_pair_of_nodes

from saltbridge.services import exchange_state
from saltbridge.services.exchange_state import progress
from saltbridge.services.unasked_offers import offer_dataset


def provider_offers(town):
    """The provider offers of itself; nobody at the consumer's answers."""
    world = town.provider.world
    offer_dataset(world, world.node.partners[0], town.dataset_id)


BEGINNINGS = {
    consumer_asks: {
        ("negotiation", "consumer", "START"),
        ("negotiation", "provider", "REQUESTED"),
        ("negotiation", "consumer", "AGREED"),
        ("negotiation", "provider", "VERIFIED"),
        ("negotiation", "consumer", "FINALIZED"),
        ("transfer", "consumer", "START"),
        ("transfer", "provider", "REQUESTED"),
        ("transfer", "consumer", "REQUESTED"),
        ("transfer", "consumer", "STARTED"),
        ("transfer", "provider", "STARTED"),
    },
    consumer_wants_a_push: {("transfer", "provider", "STARTED")},
    provider_offers: {
        ("negotiation", "provider", "START"),
        ("negotiation", "consumer", "OFFERED"),
    },
}


@pytest.fixture(autouse=True)
def few_attempts(monkeypatch):
    """A day of attempts takes long to play: eight are a day here."""
    monkeypatch.setattr("saltbridge.ports.store.MAX_ATTEMPTS", 8)


def every_death(begin, step=1):
    """A town for each commit at which somebody may die, with who is left."""
    number = 1
    while True:
        town = dying(3, number)
        left = town.until_rest(begin)
        if left is None:
            return
        yield town, left
        number += step


@pytest.mark.parametrize("begin", BEGINNINGS, ids=lambda b: b.__name__)
def test_whoever_is_left_ends_or_says_what_it_waits_for(begin):
    seen = set()
    for _, left in every_death(begin):
        seen |= {(one.kind, one.role, one.state) for one in what_it_says(left)}
    assert seen >= BEGINNINGS[begin]


@pytest.mark.parametrize("begin", [consumer_asks, consumer_wants_a_push])
def test_once_it_lives_again_both_come_to_the_end(begin):
    for town, _ in every_death(begin, 1 if is_full() else 7):
        town.revive()
        assert judge(town) == "FINALIZED/COMPLETED", town.dies_at


def test_a_process_that_says_nothing_would_be_found(monkeypatch):
    monkeypatch.setattr(exchange_state, "waits_for", lambda process, **_: "")
    with pytest.raises(AssertionError, match=r"says nothing"):
        for _, left in every_death(consumer_asks):
            what_it_says(left)


# ── clocks ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hours", [1, 0.05, -0.05])
def test_clocks_that_differ_end_nothing(hours):
    """Sign-in, left out here, would refuse an hour; see the tests with ``a_pair_of_nodes``."""
    town = TwoTimes(1, Weather(), hours=hours)
    town.run(consumer_asks)
    assert judge(town) == "FINALIZED/COMPLETED"


def test_an_agreement_of_the_future_is_waited_for_and_status_says_so():
    town = TwoTimes(1, Weather(), hours=-1)
    rest_as_far_as_it_goes(town)
    (asked,) = town.outbox(town.consumer)
    assert asked.last_error.startswith("exchange.agreement-not-begun")
    ((kind, record),) = town.records(town.consumer)
    now = progress(town.consumer.world, record["consumer_pid"])
    assert (kind, now.ended, now.waits_for) == ("negotiation", False, "exchange.waits.own-work")
    assert now.trouble == asked.last_error
    town.clock.advance(hours=1.1)
    town.run(lambda town: None)
    assert judge(town) == "FINALIZED/COMPLETED"


def rest_as_far_as_it_goes(town):
    consumer_asks(town)
    for town.step in range(1, 60):
        for node in town.both:
            town._work(node)
        town.clock.advance(seconds=0.1)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_partner_whose_clock_is_an_hour_off_is_not_let_in_and_says_why(hours):
    pair = a_pair_of_nodes()
    begun = pair.ask()
    with pair.provider.store.reading() as view:
        before = view.log_size()
    object.__setattr__(pair.consumer, "clock", OffClock(pair.clock, timedelta(hours=hours)))
    for _ in range(4):
        pair.pump()
        pair.clock.advance(seconds=20)
    assert pair.all(pair.provider, "negotiation") == []
    with pair.provider.store.reading() as view:
        assert view.log_size() == before
    now = progress(pair.consumer, begun.pid)
    assert now.ended or now.waits_for
    assert (now.negotiation, now.refusal_code) == ("TERMINATED", "dsp.not-found")
    assert now.explanation


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_goes_wrong_on_the_way_leaves_both_saying_what_they_wait_for(hours):
    pair = a_pair_of_nodes()
    begun = pair.ask()
    pair.workers["cellmaker"].run_once()
    pair.workers["supplier"].run_once()
    object.__setattr__(pair.consumer, "clock", OffClock(pair.clock, timedelta(hours=hours)))
    for _ in range(4):
        pair.pump()
        pair.clock.advance(seconds=20)
    ours = progress(pair.consumer, begun.pid)
    theirs = progress(pair.provider, pair.the(pair.provider, "negotiation")["provider_pid"])
    for side in (ours, theirs):
        assert side.ended or side.waits_for, side
    assert (ours.negotiation, theirs.negotiation) != ("FINALIZED", "FINALIZED")
