"""Messages that are lost, repeated, late or asked for again: the exchange ends the same."""

from dataclasses import replace

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import NegotiationState, Role
from saltbridge.formats.dsp import SCHEMA_OF, render_bytes, render_message
from saltbridge.formats.dsp_schema import check
from saltbridge.ports import MAX_ATTEMPTS, HttpAnswer
from saltbridge.services import negotiate, transfer
from saltbridge.services.exchange_state import partner_named, progress
from saltbridge.services.outbox import failed_entries, try_anew

CALLBACK = "http://127.0.0.1:8202/2025-1/callback"


# ── repetitions and lost answers ────────────────────────────────────────────────────────


def test_the_same_request_again_begins_nothing_new(a_pair):
    pair = a_pair()
    request = pair.a_request()
    answers = [
        read_json(pair.call("POST", "/2025-1/negotiations/request", request).content)
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(pair.all(pair.provider, "negotiation")) == 1
    other = pair.a_request(unknown={"x:other": 1})
    assert pair.call("POST", "/2025-1/negotiations/request", other).status == 400


@pytest.mark.parametrize("lost", range(8))
def test_whichever_answer_is_lost_the_exchange_ends_the_same(a_pair, lost):
    """The peer took the message, its answer never arrived: the outbox sends it again."""
    pair = a_pair()
    begun = pair.ask()
    count = 0
    real = pair.http.send

    def lossy(method, url, **rest):
        nonlocal count
        answer = real(method, url, **rest)
        count += 1
        if count == lost + 1:
            raise Unavailable.of("http.unreachable", url=url, reason="answer lost")
        return answer

    pair.http.send = lossy
    for _ in range(12):
        pair.pump()
        pair.clock.advance(seconds=20)
    assert count > lost
    reached = progress(pair.consumer, begun.pid)
    assert (reached.negotiation, reached.transfer) == ("FINALIZED", "COMPLETED")
    assert pair.the(pair.provider, "negotiation")["state"] == "FINALIZED"
    assert pair.the(pair.provider, "transfer")["state"] == "COMPLETED"
    for kind in ("agreement", "transfer", "delivery", "pcf"):
        assert len(pair.all(pair.consumer, kind)) == 1, kind
    assert len(pair.all(pair.provider, "agreement")) == 1


def test_what_the_peers_next_message_acknowledged_is_not_sent_again(a_pair):
    pair = a_pair()
    pair.ask()
    sent = []
    real = pair.http.send

    def lossy(method, url, **rest):
        answer = real(method, url, **rest)
        sent.append(url)
        if url.endswith("/negotiations/request"):
            raise Unavailable.of("http.unreachable", url=url, reason="answer lost")
        return answer

    pair.http.send = lossy
    pair.workers["cellmaker"].run_once()
    pair.pump(only="supplier")  # its agreement overtakes the lost answer
    pair.clock.advance(seconds=20)
    pair.pump()
    requests = [url for url in sent if "/negotiations/" in url and url.endswith("/request")]
    assert len(requests) == 1
    assert pair.the(pair.consumer, "delivery")["verified"]


def test_a_suspension_that_crosses_the_completion_is_refused_and_both_complete(a_pair):
    """Else the provider, who may have heard the completion already, would be left alone."""
    pair = a_pair()
    pair.started()
    pair.workers["cellmaker"].run_once()  # pulled and checked; the completion waits
    moved = pair.the(pair.consumer, "transfer")
    pids = (moved["provider_pid"], moved["consumer_pid"])
    path = f"/2025-1/callback/transfers/{moved['consumer_pid']}"
    sides = {"world": pair.provider, "callee": pair.consumer}
    suspension = render_message(m.TransferSuspension(*pids))
    assert pair.call("POST", f"{path}/suspension", suspension, **sides).status == 400
    assert pair.the(pair.consumer, "transfer")["outgoing"] == "COMPLETED"
    pair.pump()
    assert pair.the(pair.consumer, "transfer")["state"] == "COMPLETED"
    assert pair.the(pair.provider, "transfer")["state"] == "COMPLETED"
    assert len(pair.all(pair.consumer, "delivery")) == 1


def test_a_start_that_comes_again_after_the_delivery_changes_nothing(a_pair):
    pair = a_pair()
    pair.started()
    with pair.consumer.store.reading() as view:
        (fetch,) = view.due(pair.clock.now())
    pair.workers["cellmaker"].run_once()  # pulled and checked; the completion waits
    moved = pair.the(pair.consumer, "transfer")
    assert (moved["state"], moved["outgoing"]) == ("STARTED", "COMPLETED")
    again = {
        **render_message(m.TransferStart(moved["provider_pid"], moved["consumer_pid"])),
        "dataAddress": read_json(fetch.body)["address"],
        "x:again": 1,
    }
    answer = pair.call(
        "POST",
        f"/2025-1/callback/transfers/{moved['consumer_pid']}/start",
        again,
        world=pair.provider,
        callee=pair.consumer,
    )
    assert answer.status == 200
    pair.pump()
    assert pair.the(pair.consumer, "transfer")["state"] == "COMPLETED"
    assert len(pair.all(pair.consumer, "delivery")) == 1


def test_a_peer_in_trouble_is_asked_again_and_says_so_meanwhile(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.http.before = lambda method, url: HttpAnswer(503, {}, b"")
    pair.workers["cellmaker"].run_once()
    assert "peer-troubled" in progress(pair.consumer, begun.pid).trouble
    assert pair.workers["cellmaker"].run_once() == 0  # it waits
    pair.http.before = None
    pair.clock.advance(seconds=1)
    pair.pump()
    assert progress(pair.consumer, begun.pid).verified


def test_a_peer_that_never_answers_is_given_up_visibly_and_asked_anew_on_request(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.http.before = lambda *_: HttpAnswer(503, {}, b"")
    with pair.consumer.store.unit_of_work() as work:
        (entry,) = work.due(pair.clock.now())
        work.done(entry.id)
        work.enqueue(replace(entry, attempts=MAX_ATTEMPTS - 1))
    assert failed_entries(pair.consumer) == ()
    pair.workers["cellmaker"].run_once()
    pair.clock.advance(days=30)
    assert pair.workers["cellmaker"].run_once() == 0
    (failed,) = failed_entries(pair.consumer)
    now = progress(pair.consumer, begun.pid)
    assert (now.ended, now.refusal_code) == (True, "exchange.given-up")
    assert now.refusal_reason == (failed.last_error,)
    pair.http.before = None
    assert try_anew(pair.consumer) == (failed,)
    pair.pump()
    assert progress(pair.consumer, begun.pid).verified


def test_terminating_a_negotiation_tells_the_peer(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.workers["cellmaker"].run_once()
    negotiate.terminate(pair.consumer, begun.pid, "exchange.purpose-not-ours")
    pair.pump(only="cellmaker")
    assert pair.the(pair.provider, "negotiation")["state"] == "TERMINATED"
    pair.pump()
    assert progress(pair.consumer, begun.pid).negotiation == "TERMINATED"


# ── asking ──────────────────────────────────────────────────────────────────────────────


def test_a_transfer_can_be_asked_for_later_and_again(a_pair):
    pair = a_pair()
    begun = pair.ask(wanted=False)
    pair.pump()
    assert progress(pair.consumer, begun.pid).ended
    agreement = pair.the(pair.consumer, "agreement")
    for _ in range(2):
        transfer.request_transfer(pair.consumer, agreement["id"])
        pair.pump()
    assert [d["verified"] for d in pair.all(pair.consumer, "delivery")] == [True, True]


def test_an_agreement_that_is_over_gives_no_transfer(a_pair):
    pair = a_pair()
    pair.ask(wanted=False)
    pair.pump()
    agreement = pair.the(pair.consumer, "agreement")
    pair.clock.advance(days=366)
    with pytest.raises(Refused):
        transfer.request_transfer(pair.consumer, agreement["id"])
    with pytest.raises(FaultyInput):
        transfer.request_transfer(pair.consumer, "urn:uuid:none")


def test_a_transfer_under_another_companys_agreement_is_404(a_pair):
    pair = a_pair()
    pair.ask(wanted=False)
    pair.pump()
    with pair.provider.store.unit_of_work() as work:
        (agreement,) = work.find("agreement")
        body = {**read_json(agreement.body), "counterparty": "BPNL0000STRANGER"}
        work.put("agreement", agreement.id, canonical_bytes(body))
    request = m.TransferRequest("urn:uuid:t", agreement.id, "HttpData-PULL", CALLBACK)
    answer = pair.call("POST", "/2025-1/transfers/request", render_message(request))
    assert answer.status == 404
    check(read_json(answer.content), SCHEMA_OF["TransferError"])


def test_partners_are_found_by_name_number_and_did(a_pair):
    pair = a_pair()
    partner = pair.to_provider
    for name in ("Supplier", partner.bpn, partner.did):
        assert partner_named(pair.consumer, name) == partner
    with pytest.raises(FaultyInput):
        partner_named(pair.consumer, "nobody")


def test_an_offer_of_the_provider_is_accepted_if_it_fits(a_pair):
    """The consumer's side of a counter-offer, played by hand in the provider's name."""
    pair = a_pair()
    begun = pair.ask(wanted=False)
    pair.workers["cellmaker"].run_once()
    provider_pid = pair.the(pair.provider, "negotiation")["provider_pid"]
    offer = m.ContractOffer(provider_pid, begun.offer, begun.pid)
    path = f"/2025-1/callback/negotiations/{begun.pid}"
    answer = pair.call(
        "POST",
        f"{path}/offers",
        render_message(offer),
        world=pair.provider,
        callee=pair.consumer,
    )
    assert answer.status == 200
    found = negotiate.find_negotiation(
        pair.consumer, pair.to_provider, Role.CONSUMER, begun.pid
    )
    assert (found.state, found.outgoing) == (
        NegotiationState.OFFERED,
        NegotiationState.ACCEPTED,
    )


def test_bytes_are_sent_in_canonical_form():
    assert render_bytes({"b": 1, "a": 2}) == b'{"a":2,"b":1}'
