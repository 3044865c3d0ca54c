"""What a token opens, what is pulled with it, and what is made of the bytes."""

import pytest

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.exchange import messages as m
from saltbridge.formats.dsp import render_message
from saltbridge.ports import HttpAnswer
from saltbridge.services.exchange_state import progress
from saltbridge.steps.receiving import LIMIT_BYTES
from saltbridge.web import answers, data_again

# ── the data plane ──────────────────────────────────────────────────────────────────────


def test_the_token_opens_the_released_bytes_and_is_kept_as_a_digest_only(a_pair):
    pair = a_pair()
    endpoint, token = pair.started()
    answer = pair.pull(endpoint, token)
    with pair.provider.store.reading() as view:
        record = read_json(view.get("dataset", pair.dataset_id).body)
        assert view.get("token", digest(token.encode())) is not None
        for kind in ("token", "transfer", "negotiation"):
            assert all(token.encode() not in r.body for r in view.find(kind))
    (named,) = record["releases"].values()
    assert (answer.status, digest(answer.content)) == (200, named["digest"])


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
def test_an_unknown_token_opens_nothing(a_pair, token):
    pair = a_pair()
    endpoint, _ = pair.started()
    assert pair.pull(endpoint, token).status == 403


def test_a_token_dies_after_300_seconds(a_pair):
    pair = a_pair()
    endpoint, token = pair.started()
    pair.clock.advance(seconds=299)
    assert pair.pull(endpoint, token).status == 200
    pair.clock.advance(seconds=1)
    assert pair.pull(endpoint, token).status == 403


def test_a_token_opens_its_own_transfer_only(a_pair):
    pair = a_pair()
    endpoint, token = pair.started()
    assert pair.pull(endpoint[:-1] + "f", token).status == 403


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("completion", m.TransferCompletion),
        ("termination", m.TransferTermination),
        ("suspension", m.TransferSuspension),
    ],
)
def test_a_token_dies_with_the_transfer(a_pair, name, kind):
    pair = a_pair()
    endpoint, token = pair.started()
    process = pair.the(pair.provider, "transfer")
    pid = process["provider_pid"]
    message = render_message(kind(pid, process["consumer_pid"]))
    assert pair.call("POST", f"/2025-1/transfers/{pid}/{name}", message).status == 200
    assert pair.pull(endpoint, token).status == 403


def test_a_token_dies_with_the_agreement(a_pair):
    pair = a_pair()
    endpoint, token = pair.started()
    with pair.provider.store.unit_of_work() as work:
        (agreement,) = work.find("agreement")
        body = {**read_json(agreement.body), "timestamp": "2020-01-01T00:00:00Z"}
        work.put("agreement", agreement.id, canonical_bytes(body))
    assert pair.pull(endpoint, token).status == 403


# ── opened again from memory ────────────────────────────────────────────────────────────


@pytest.fixture
def a_telling_pair(a_pair):
    """Makes a pair whose provider's store tells whether anybody wrote, as SQLite does."""

    def make():
        pair = a_pair()
        store = pair.provider.store
        store.state = lambda: store._contents  # replaced as a whole by every write
        return pair

    return make


def readings(pair):
    """How often the provider's store is read from now on."""
    real, counted = pair.provider.store.reading, []

    def reading():
        counted.append(1)
        return real()

    pair.provider.store.reading = reading
    return counted


def test_what_was_opened_a_moment_ago_is_opened_again_without_the_store(a_telling_pair):
    pair = a_telling_pair()
    endpoint, token = pair.started()
    first = pair.pull(endpoint, token)
    counted = readings(pair)
    again = pair.pull(endpoint, token)
    assert (again.status, again.content) == (200, first.content)
    assert again.headers["content-digest"] == first.headers["content-digest"]
    assert not counted
    assert pair.pull(endpoint, token[:-1]).status == 403
    assert pair.pull(endpoint[:-1] + "f", token).status == 403
    assert counted


def test_memory_and_route_give_the_same_answer(a_telling_pair):
    pair = a_telling_pair()
    endpoint, token = pair.started()
    pair.pull(endpoint, token)
    counted = readings(pair)
    kept = pair.pull(endpoint, token)
    assert not counted
    routed = pair.pull(f"{endpoint}?read=anew", token)  # a question goes by the door
    assert counted
    assert (kept.status, kept.content) == (routed.status, routed.content)
    assert list(kept.headers.items()) == list(routed.headers.items())
    statement = pair.pull(f"{endpoint}/statement", token)
    assert statement.content != kept.content
    headers = {"authorization": token}
    assert pair.http.send("POST", endpoint, headers=headers, content=b"").status == 405


def test_what_is_in_memory_is_read_anew_once_anybody_wrote(a_telling_pair):
    pair = a_telling_pair()
    endpoint, token = pair.started()
    assert pair.pull(endpoint, token).status == 200
    with pair.provider.store.unit_of_work() as work:
        work.put("note", "n", b"{}")
    counted = readings(pair)
    assert pair.pull(endpoint, token).status == 200
    assert counted


def test_what_is_in_memory_ends_with_token_transfer_and_agreement(a_telling_pair):
    pair = a_telling_pair()
    endpoint, token = pair.started()
    for _ in range(2):
        assert pair.pull(endpoint, token).status == 200
    pair.clock.advance(seconds=300)
    assert pair.pull(endpoint, token).status == 403

    pair = a_telling_pair()
    endpoint, token = pair.started()
    assert pair.pull(endpoint, token).status == 200
    process = pair.the(pair.provider, "transfer")
    pid = process["provider_pid"]
    message = render_message(m.TransferSuspension(pid, process["consumer_pid"]))
    assert pair.call("POST", f"/2025-1/transfers/{pid}/suspension", message).status == 200
    assert pair.pull(endpoint, token).status == 403

    pair = a_telling_pair()
    endpoint, token = pair.started()
    assert pair.pull(endpoint, token).status == 200
    with pair.provider.store.unit_of_work() as work:
        (agreement,) = work.find("agreement")
        body = {**read_json(agreement.body), "timestamp": "2020-01-01T00:00:00Z"}
        work.put("agreement", agreement.id, canonical_bytes(body))
    assert pair.pull(endpoint, token).status == 403


def test_few_bytes_are_kept_in_memory(a_telling_pair, monkeypatch):
    pair = a_telling_pair()
    endpoint, token = pair.started()
    size = len(pair.pull(endpoint, token).content)
    monkeypatch.setattr(data_again, "KEPT_BYTES", size - 1)
    with pair.provider.store.unit_of_work() as work:
        work.put("note", "n", b"{}")
    for _ in range(2):
        counted = readings(pair)
        assert pair.pull(endpoint, token).status == 200
        assert counted


# ── what a token is bound to ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("token", {"transfer_id": "urn:uuid:other"}),
        ("token", {"agreement_id": "urn:uuid:other"}),
        ("token", {"bpn": "BPNL0000STRANGER"}),
        ("transfer", {"state": "COMPLETED"}),
        ("transfer", {"role": "consumer"}),
    ],
)
def test_every_binding_of_a_token_is_checked(a_pair, kind, changes):
    pair = a_pair()
    endpoint, token = pair.started()
    with pair.provider.store.unit_of_work() as work:
        (record,) = work.find(kind)
        body = {**read_json(record.body), **changes}
        if kind == "transfer":
            body["outgoing"] = ""
        work.put(kind, record.id, canonical_bytes(body))
    assert pair.pull(endpoint, token).status == 403


def test_only_get_is_answered(a_pair):
    pair = a_pair()
    endpoint, token = pair.started()
    for method in ("POST", "PUT", "DELETE"):
        answer = pair.http.send(
            method, endpoint, headers={"authorization": token}, content=b"{}"
        )
        assert answer.status == 405


def test_a_resumed_transfer_gets_a_new_token(a_pair):
    pair = a_pair()
    endpoint, old = pair.started()
    process = pair.the(pair.provider, "transfer")
    pid, consumer_pid = process["provider_pid"], process["consumer_pid"]
    for name, message in (
        ("suspension", m.TransferSuspension(pid, consumer_pid)),
        ("start", m.TransferStart(pid, consumer_pid)),
    ):
        document = render_message(message)
        answer = pair.call("POST", f"/2025-1/transfers/{pid}/{name}", document)
        assert answer.status == 200
    pair.workers["supplier"].run_once()
    assert pair.pull(endpoint, old).status == 403
    assert pair.the(pair.provider, "transfer")["token_digest"] != digest(old.encode())


# ── what is delivered ───────────────────────────────────────────────────────────────────


def test_altered_bytes_are_refused_kept_as_refused_and_never_used(a_pair):
    pair = a_pair()
    begun = pair.ask()
    real = pair.http.send

    def altering(method, url, **rest):
        answer = real(method, url, **rest)
        if "/data/" in url:
            content = answer.content.replace(b'"saltbridge"', b'"saltbridge" ')
            return HttpAnswer(answer.status, answer.headers, content)
        return answer

    pair.http.send = altering
    pair.pump()
    delivered = pair.the(pair.consumer, "delivery")
    assert delivered["verified"] is False
    assert [c["name"] for c in delivered["checks"] if not c["ok"]] == ["digest"]
    assert pair.all(pair.consumer, "pcf") == []
    reached = progress(pair.consumer, begun.pid)
    assert (reached.transfer, reached.refusal_code) == (
        "TERMINATED",
        "delivery.digest-differs",
    )
    assert pair.the(pair.provider, "transfer")["refusal"]["code"] == "delivery.digest-differs"


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[" * 99, b'{"a":1,"a":2}', b"x"])
def test_whatever_arrives_instead_of_a_claim_is_refused_in_words(a_pair, content):
    pair = a_pair()
    begun = pair.ask()
    pair.http.before = lambda method, url: (
        HttpAnswer(200, {}, content) if "/data/" in url else None
    )
    pair.pump()
    reached = progress(pair.consumer, begun.pid)
    assert (reached.transfer, reached.verified) == ("TERMINATED", False)
    assert reached.refusal_reason[0] != reached.refusal_code  # a text, not the bare code
    assert pair.the(pair.consumer, "delivery")["claim"] is None


def test_a_pull_goes_on_with_a_new_token_when_the_provider_was_away_too_long(a_pair):
    pair = a_pair()
    begun = pair.ask()
    away = [True]
    pair.http.before = lambda method, url: (
        HttpAnswer(503, {}, b"") if away and "/data/" in url else None
    )
    pair.pump()
    assert progress(pair.consumer, begun.pid).transfer == "STARTED"
    pair.clock.advance(seconds=301)
    away.clear()
    pair.pump()
    reached = progress(pair.consumer, begun.pid)
    assert (reached.transfer, reached.verified) == ("COMPLETED", True)
    (delivered,) = pair.all(pair.consumer, "delivery")
    assert delivered["verified"] is True


def test_a_data_plane_that_insists_on_bearer_is_told_bearer(a_pair):
    pair = a_pair()
    begun = pair.ask()
    real, told = pair.http.send, []

    def insists(method, url, *, headers=None, **rest):
        if method == "GET" and "/data/" in url:
            told.append(headers["authorization"].startswith("Bearer "))
            if not told[-1]:
                return HttpAnswer(401, {}, b"")
        return real(method, url, headers=headers, **rest)

    pair.http.send = insists
    pair.pump()
    assert told == [False, True, False, True]  # the data, then its statement
    assert progress(pair.consumer, begun.pid).verified is True


def test_an_address_elsewhere_is_not_followed(a_pair):
    pair = a_pair()
    begun = pair.ask()
    real = pair.http.send
    asked = []

    def elsewhere(method, url, **rest):
        asked.append(url)
        content = rest.get("content")
        if content and b"TransferStartMessage" in content:
            content = content.replace(b"http://127.0.0.1:8201/data", b"http://127.0.0.1:9/data")
            rest = {**rest, "content": content}
        return real(method, url, **rest)

    pair.http.send = elsewhere
    pair.pump()
    assert progress(pair.consumer, begun.pid).refusal_code == "delivery.endpoint-foreign"
    assert not any(":9/" in url for url in asked)


def test_a_refused_token_is_borne_for_a_while_then_the_transfer_ends(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.http.before = lambda method, url: (
        HttpAnswer(403, {}, b"{}") if "/data/" in url else None
    )
    for _ in range(8):
        pair.pump()
        pair.clock.advance(seconds=20)
    assert progress(pair.consumer, begun.pid).refusal_code == "delivery.data-plane-refused"
    assert pair.all(pair.consumer, "delivery") == []


def test_what_is_too_large_ends_the_transfer_and_is_not_pulled_again_and_again(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pulled = []

    def too_large(method, url):
        if "/data/" in url:
            pulled.append(url)
            raise Unavailable.of("http.too-large", url=url, limit=LIMIT_BYTES)

    pair.http.before = too_large
    for _ in range(4):
        pair.pump()
        pair.clock.advance(seconds=20)
    reached = progress(pair.consumer, begun.pid)
    assert (reached.transfer, reached.refusal_code) == ("TERMINATED", "delivery.too-large")
    assert "50 MB" in reached.refusal_reason[0]
    assert len(pulled) == 1
    assert pair.the(pair.provider, "transfer")["state"] == "TERMINATED"


def test_a_large_answer_is_handed_over_in_pieces_and_is_the_same(a_pair, monkeypatch):
    pair = a_pair()
    endpoint, token = pair.started()
    whole = pair.pull(endpoint, token)
    for size in (1, 7, len(whole.content) - 1, len(whole.content)):
        monkeypatch.setattr(answers, "PIECE_BYTES", size)
        in_pieces = pair.pull(endpoint, token)
        assert (in_pieces.status, in_pieces.content) == (200, whole.content)
        assert in_pieces.headers == whole.headers
