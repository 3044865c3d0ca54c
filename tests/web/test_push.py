"""A provider that pushes what it released, and the door through which it comes."""

from dataclasses import replace

import pytest

from saltbridge.core.canonical import digest, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import DataAddress
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats.content_digest import render_content_digest
from saltbridge.formats.dsp import render_message
from saltbridge.ports import HttpAnswer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import progress
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.transfer import request_transfer, resume, suspend, terminate

PUSH = DSP_2025_1.push_format
NODES = {"provider": "supplier", "consumer": "cellmaker"}


def ask(pair, **more):
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    return start_negotiation(
        pair.consumer,
        pair.to_provider,
        dataset.id,
        dataset.offers[0],
        **{"transfer_wanted": True, "dataset_kind": dataset.kind, **more},
    )


class Pushes:
    """What is pushed over the wire of a pair, and what becomes of it."""

    def __init__(self, pair):
        self.pair, self.sent, self.real = pair, [], pair.http.send
        self.instead = None  # what happens to a push: nothing, or another answer
        pair.http.send = self.send

    def send(self, method, url, *, headers=None, content=None, **rest):
        if "/pushed/" not in url:
            return self.real(method, url, headers=headers, content=content, **rest)
        self.sent.append((url, dict(headers), content))
        if self.instead is not None:
            return self.instead(method, url, headers, content)
        return self.real(method, url, headers=headers, content=content, **rest)

    def again(self, *, token=None, content=None, **headers):
        """The last push once more, changed."""
        url, said, bytes_ = self.sent[-1]
        given = {**said, **headers}
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        return self.real(
            "POST", url, headers=given, content=bytes_ if content is None else content
        )


def held_back(pair):
    """A transfer that has started, whose bytes the wire loses."""
    pushes = Pushes(pair)

    def lost(method, url, *_):
        raise Unavailable.of("http.unreachable", url=url, reason="lost")

    pushes.instead = lost
    ask(pair, transfer_format=PUSH)
    pair.pump()
    assert pushes.sent
    return pushes


def states(pair):
    return [pair.the(w, "transfer")["state"] for w in (pair.provider, pair.consumer)]


def code_of(answer):
    return answer.status, read_json(answer.content)["code"]


def test_the_catalogue_offers_both_ways(a_pair):
    pair = a_pair()
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    assert dataset.formats == ("HttpData-PULL", "HttpData-PUSH")


def test_what_is_pushed_is_checked_kept_and_the_provider_says_it_is_done(a_pair):
    pair = a_pair()
    pushes = Pushes(pair)
    begun = ask(pair, transfer_format=PUSH)
    pair.pump()
    assert states(pair) == ["COMPLETED", "COMPLETED"]
    delivered = pair.the(pair.consumer, "delivery")
    assert delivered["verified"] is True
    assert [c["number"] for c in delivered["checks"]] == list(range(1, 10))
    assert delivered["statement"]["state"] == "verified"
    assert pair.the(pair.consumer, "pcf")["delivery"]["id"] == delivered["id"]
    assert progress(pair.consumer, begun.pid).verified is True
    said = [what for what, _ in pair.http.said]
    assert [s for s in said if s.endswith("/completion")] == [
        s for s in said if "/callback/" in s and s.endswith("/completion")
    ]
    ((_, headers, content),) = pushes.sent
    assert digest(content) == delivered["digest"]
    assert headers["content-digest"].startswith("sha-256=:")


def test_the_token_is_kept_by_neither_side_once_it_is_over(a_pair):
    pair = a_pair()
    pushes = Pushes(pair)
    ask(pair, transfer_format=PUSH)
    pair.pump()
    token = pushes.sent[0][1]["authorization"].removeprefix("Bearer ").encode()
    for world in (pair.provider, pair.consumer):
        assert pair.the(world, "transfer")["push_to"] is None
        with world.store.reading() as view:
            assert all(token not in r.body for k in ("transfer", "token") for r in view.find(k))
    requests = [d for what, d in pair.http.said if what.endswith("/transfers/request")]
    assert [r["format"] for r in requests] == [PUSH]


def test_the_log_says_so_before_the_bytes_leave(a_pair):
    pair = a_pair()
    pushes = Pushes(pair)
    seen = []

    def look(method, url, headers, content):
        with pair.provider.store.reading() as view:
            leaves = [view.log_leaf(i).event for i in range(view.log_size())]
        seen.append(leaves.count("transfer.opened"))
        return pushes.real(method, url, headers=headers, content=content)

    pushes.instead = look
    ask(pair, transfer_format=PUSH)
    pair.pump()
    assert seen == [1]


def test_the_same_bytes_again_change_nothing_and_others_are_refused(a_pair):
    pair = a_pair()
    pushes = Pushes(pair)
    ask(pair, transfer_format=PUSH)
    pair.pump()
    before = pair.the(pair.consumer, "delivery")
    assert code_of(pushes.again()) == (200, "push.taken")
    other = {"content-digest": ""}
    assert code_of(pushes.again(content=b"{}", **other)) == (409, "push.taken-before")
    assert pair.the(pair.consumer, "delivery") == before


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
def test_another_token_opens_no_door_and_no_byte_is_read(a_pair, token):
    pair = a_pair()
    pushes = held_back(pair)
    assert code_of(pushes.again(token=token)) == (403, "http.token-refused")
    assert pair.all(pair.consumer, "delivery") == []


def test_the_token_of_one_transfer_opens_no_other(a_pair):
    pair = a_pair()
    pushes = held_back(pair)
    url, headers, content = pushes.sent[0]
    answer = pushes.real("POST", url[:-1] + "f", headers=headers, content=content)
    assert answer.status == 403


@pytest.mark.parametrize(
    ("changes", "answered"),
    [
        ({"content": b"{}"}, (400, "push.digest-differs")),
        ({"content-digest": "sha-256=:AAAA:"}, (400, "push.digest-differs")),
        ({"content-encoding": "gzip"}, (415, "push.encoded")),
        ({"content-length": "50000001"}, (413, "push.too-large")),
    ],
    ids=["damaged", "no digest", "packed", "too large"],
)
def test_what_does_not_arrive_whole_leaves_nothing(a_pair, changes, answered):
    pair = a_pair()
    pushes = held_back(pair)
    assert code_of(pushes.again(**changes)) == answered
    assert pair.all(pair.consumer, "delivery") == []
    assert states(pair) == ["STARTED", "STARTED"]


def test_a_body_beyond_the_bound_is_not_read_on(a_pair, monkeypatch):
    monkeypatch.setattr("saltbridge.web.pushed.LIMIT_BYTES", 100)
    pair = a_pair()
    pushes = held_back(pair)
    assert code_of(pushes.again()) == (413, "push.too-large")


def test_altered_bytes_are_kept_as_refused_and_both_end(a_pair):
    pair = a_pair()
    pushes = held_back(pair)
    _, _, content = pushes.sent[0]
    altered = content.replace(b'"jws":"', b'"jws":"x')
    announced = render_content_digest(digest(altered))
    answer = pushes.again(content=altered, **{"content-digest": announced})
    assert code_of(answer) == (422, "push.checks-failed")
    pair.pump()
    delivered = pair.the(pair.consumer, "delivery")
    assert delivered["verified"] is False
    assert {c["name"] for c in delivered["checks"] if not c["ok"]} >= {"signature"}
    assert pair.all(pair.consumer, "pcf") == []
    assert states(pair) == ["TERMINATED", "TERMINATED"]


def test_a_push_that_announces_no_digest_stands_by_its_signature_and_says_so(a_pair):
    pair = a_pair()
    pushes = held_back(pair)
    assert code_of(pushes.again(**{"content-digest": ""})) == (200, "push.taken")
    delivered = pair.the(pair.consumer, "delivery")
    said = {c["name"]: c["detail_code"] for c in delivered["checks"]}
    assert said["digest"] == "delivery.digest-not-announced"


def test_a_lost_answer_makes_it_come_again_and_be_kept_once(a_pair):
    pair = a_pair()
    pushes = Pushes(pair)

    def answer_lost(method, url, headers, content):
        answer = pushes.real(method, url, headers=headers, content=content)
        if len(pushes.sent) < 3:
            raise Unavailable.of("http.unreachable", url=url, reason="lost")
        return answer

    pushes.instead = answer_lost
    ask(pair, transfer_format=PUSH)
    for _ in range(5):
        pair.pump()
        pair.clock.advance(seconds=20)
    assert len(pushes.sent) == 3
    assert pair.the(pair.consumer, "delivery")["verified"] is True
    assert states(pair) == ["COMPLETED", "COMPLETED"]


@pytest.mark.parametrize("who", ["provider", "consumer"])
def test_a_pause_stops_it_and_going_on_brings_it(a_pair, who):
    pair = a_pair()
    pushes = held_back(pair)
    world = getattr(pair, who)
    role = "provider_pid" if who == "provider" else "consumer_pid"
    pid = pair.the(world, "transfer")[role]
    suspend(world, pid, "exchange.paused")
    pushes.instead = None
    sent = len(pushes.sent)
    pair.pump(only=NODES[who])
    pair.clock.advance(seconds=20)
    pair.pump()
    assert states(pair) == ["SUSPENDED", "SUSPENDED"]
    assert len(pushes.sent) == sent
    assert code_of(pushes.again()) == (503, "push.not-now")
    resume(world, pid)
    pair.pump()
    assert states(pair) == ["COMPLETED", "COMPLETED"]
    assert pair.the(pair.consumer, "delivery")["verified"] is True


@pytest.mark.parametrize("who", ["provider", "consumer"])
def test_nothing_is_pushed_and_nothing_taken_after_the_end(a_pair, who):
    pair = a_pair()
    pushes = held_back(pair)
    world = getattr(pair, who)
    role = "provider_pid" if who == "provider" else "consumer_pid"
    terminate(world, pair.the(world, "transfer")[role], "exchange.offer-declined")
    pushes.instead = None
    sent = len(pushes.sent)
    pair.pump(only=NODES[who])
    pair.clock.advance(seconds=20)
    pair.pump()
    assert states(pair) == ["TERMINATED", "TERMINATED"]
    assert len(pushes.sent) == sent
    assert pushes.again().status == 403
    assert pair.all(pair.consumer, "delivery") == []
    assert all(
        pair.the(w, "transfer")["push_to"] is None for w in (pair.provider, pair.consumer)
    )


def test_a_door_that_stays_shut_ends_the_transfer_with_the_reason(a_pair):
    pair = a_pair()
    pushes = Pushes(pair)
    pushes.instead = lambda *_: HttpAnswer(403, {}, b"{}")
    begun = ask(pair, transfer_format=PUSH)
    for _ in range(7):
        pair.pump()
        pair.clock.advance(seconds=20)
    assert states(pair) == ["TERMINATED", "TERMINATED"]
    assert progress(pair.consumer, begun.pid).refusal_code == "exchange.push-refused"


# ── what a consumer may ask ─────────────────────────────────────────────────────────────


def a_push_request(pair, **changes):
    ask(pair, transfer_wanted=False)
    pair.pump()
    agreement = pair.the(pair.consumer, "agreement")
    address = DataAddress(f"{pair.consumer.node.base_url}/pushed/urn:uuid:t", "T" * 43)
    address = replace(address, **{k: v for k, v in changes.items() if k != "data_address"})
    request = m.TransferRequest(
        "urn:uuid:t",
        agreement["id"],
        PUSH,
        f"{pair.consumer.node.base_url}/2025-1/callback",
        changes.get("data_address", address),
    )
    return pair.call("POST", "/2025-1/transfers/request", render_message(request))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"data_address": None}, "exchange.push-without-address"),
        ({"token": ""}, "exchange.push-without-address"),
        ({"auth_type": "basic"}, "exchange.push-sign-in"),
        ({"token": "clé"}, "exchange.push-token"),
        ({"token": "a\nb"}, "exchange.push-token"),
        ({"endpoint": "http://127.0.0.1:9/x"}, "exchange.push-foreign"),
        ({"endpoint": "https://169.254.169.254/x"}, "exchange.push-foreign"),
        ({"endpoint": "https://elsewhere.example/x"}, "exchange.push-foreign"),
        ({"endpoint": "http://127.0.0.1:8202@evil.example/x"}, "exchange.push-foreign"),
        ({"endpoint": "file:///etc/passwd"}, "exchange.push-foreign"),
    ],
)
def test_an_address_that_will_not_do_begins_nothing(a_pair, changes, code):
    pair = a_pair()
    answer = a_push_request(pair, **changes)
    assert code_of(answer) == (400, code)
    assert pair.all(pair.provider, "transfer") == []


def test_an_origin_the_operator_named_will_do(a_pair):
    pair = a_pair()
    named = {"push": {"targets": {pair.consumer.node.bpn: ["https://data.example"]}}}
    pair.provider.settings.update(named)
    answer = a_push_request(pair, endpoint="https://data.example/in/1")
    assert answer.status == 201


def test_the_same_request_again_is_the_same_transfer(a_pair):
    pair = a_pair()
    ask(pair, transfer_wanted=False)
    pair.pump()
    agreement = pair.the(pair.consumer, "agreement")["id"]
    begun = request_transfer(pair.consumer, agreement, pid="urn:uuid:t", format=PUSH)
    assert request_transfer(pair.consumer, agreement, pid="urn:uuid:t", format=PUSH) == begun
    real, lost = pair.http.send, []

    def once(method, url, **rest):
        answer = real(method, url, **rest)
        if url.endswith("/transfers/request") and not lost:
            lost.append(url)
            raise Unavailable.of("http.unreachable", url=url, reason="lost")
        return answer

    pair.http.send = once
    for _ in range(3):
        pair.pump()
        pair.clock.advance(seconds=20)
    assert lost
    assert states(pair) == ["COMPLETED", "COMPLETED"]
