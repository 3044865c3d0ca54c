"""A partner who asks for what waits is held, then told: with the data, or with the reason."""

from typing import Any

from saltbridge.accounts.model import Person
from saltbridge.core.canonical import read_json
from saltbridge.exchange.policy import PURPOSE_PASSPORT
from saltbridge.services import approval
from saltbridge.services.approval import approve, pending, refuse
from saltbridge.services.exchange_state import progress
from saltbridge.services.negotiate import REFUSED_BY_APPROVER, answer_held, terminate
from saltbridge.steps.proposals import ANSWER_HELD
from saltbridge.testing.approvals import approve_all, two_approvers
from saltbridge.testing.canaries import battery_record

REASON = "The totals are not final before 1 December."


def waiting_pair(a_pair: Any) -> tuple[Any, tuple[Person, Person], str]:
    pair = a_pair(document=battery_record(), purpose=PURPOSE_PASSPORT)
    (waiting,) = pending(pair.provider)
    return pair, two_approvers(pair.provider), str(waiting["id"])


def state(pair: Any, pid: str) -> str:
    return str(progress(pair.consumer, pid).negotiation)


def said_to_the_consumer(pair: Any) -> list[Any]:
    return [body for what, body in pair.http.said if "/callback/" in what or what == "answer"]


def test_a_request_waits_at_requested_and_gets_the_data_once_two_approved(a_pair: Any) -> None:
    pair, persons, id = waiting_pair(a_pair)
    asked = pair.ask()
    pair.pump()
    assert state(pair, asked.pid) == "REQUESTED"
    assert not progress(pair.consumer, asked.pid).ended
    digest = pending(pair.provider)[0]["digest"]
    approve(pair.provider, persons[0], id, digest)
    pair.pump()
    assert state(pair, asked.pid) == "REQUESTED"
    assert not any("AgreementMessage" in str(b) for b in said_to_the_consumer(pair))
    approve(pair.provider, persons[1], id, digest)
    pair.pump()
    reached = progress(pair.consumer, asked.pid)
    assert (reached.negotiation, reached.transfer) == ("FINALIZED", "COMPLETED")
    delivery = pair.the(pair.consumer, "delivery")
    assert delivery["verified"] and delivery["digest"] == digest


def test_the_catalogue_shows_what_waits_without_saying_that_it_waits(a_pair: Any) -> None:
    pair, _, id = waiting_pair(a_pair)
    asked = pair.ask()
    pair.pump()
    said = str(pair.http.said)
    assert "awaiting" not in said and id not in said and "CANARY" not in said
    assert state(pair, asked.pid) == "REQUESTED"


def test_several_requests_wait_and_all_are_answered(a_pair: Any) -> None:
    pair, _, _ = waiting_pair(a_pair)
    pids = [pair.ask().pid for _ in range(3)]
    pair.pump()
    approve_all(pair.provider, approval)
    pair.pump()
    assert {state(pair, pid) for pid in pids} == {"FINALIZED"}
    assert len(pair.all(pair.consumer, "delivery")) == 3


def test_a_refusal_reaches_the_partner_with_the_reason_and_nothing_else(a_pair: Any) -> None:
    pair, persons, id = waiting_pair(a_pair)
    asked = pair.ask()
    pair.pump()
    before = len(pair.http.said)
    refuse(pair.provider, persons[0], id, REASON)
    pair.pump()
    reached = progress(pair.consumer, asked.pid)
    assert (reached.negotiation, reached.ended) == ("TERMINATED", True)
    assert (reached.refusal_code, reached.refusal_reason) == (REFUSED_BY_APPROVER, (REASON,))
    (told,) = [b for w, b in pair.http.said[before:] if "termination" in w]
    assert told["reason"] == [REASON] and told["code"] == REFUSED_BY_APPROVER
    assert set(told) == {
        "@context",
        "@id",
        "@type",
        "providerPid",
        "consumerPid",
        "code",
        "reason",
    }
    for name in (persons[0].name, persons[0].id, id):
        assert name not in str(pair.http.said)


def test_who_asks_later_is_told_the_same_reason(a_pair: Any) -> None:
    pair, persons, id = waiting_pair(a_pair)
    refuse(pair.provider, persons[1], id, REASON)
    asked = pair.ask()
    pair.pump()
    reached = progress(pair.consumer, asked.pid)
    assert (reached.refusal_code, reached.refusal_reason) == (REFUSED_BY_APPROVER, (REASON,))


def test_who_waited_for_what_lapsed_is_told_that_nothing_is_released(a_pair: Any) -> None:
    pair, _, _ = waiting_pair(a_pair)
    asked = pair.ask()
    pair.pump()
    pair.clock.advance(days=14, seconds=1)
    pair.pump()
    reached = progress(pair.consumer, asked.pid)
    assert (reached.negotiation, reached.refusal_code) == (
        "TERMINATED",
        "exchange.nothing-released",
    )


def test_a_request_ended_by_the_partner_meanwhile_is_not_answered(a_pair: Any) -> None:
    pair, _, _ = waiting_pair(a_pair)
    asked = pair.ask()
    pair.pump()
    terminate(pair.consumer, asked.pid, "exchange.purpose-not-ours")
    pair.pump()
    approve_all(pair.provider, approval)
    pair.pump()
    assert state(pair, asked.pid) == "TERMINATED"
    assert pair.all(pair.provider, "agreement") == []


def test_an_answer_told_twice_is_given_once(a_pair: Any) -> None:
    pair, _, _ = waiting_pair(a_pair)
    pair.ask()
    pair.pump()
    approve_all(pair.provider, approval)
    with pair.provider.store.reading() as view:
        (entry,) = [e for e in view.due(pair.clock.now()) if e.kind == ANSWER_HELD]
    answer_held(pair.provider, entry)
    answer_held(pair.provider, entry)
    pair.pump()
    assert len(pair.all(pair.provider, "agreement")) == 1
    assert (
        read_json(entry.body)["pid"] == pair.the(pair.provider, "negotiation")["provider_pid"]
    )
