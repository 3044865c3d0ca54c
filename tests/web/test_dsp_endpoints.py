"""Two nodes in one process speak the protocol: happy path, refusals, repetitions, tokens."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import NegotiationState, Offer, Role
from saltbridge.exchange.policy import PURPOSE_PASSPORT, usage_offer
from saltbridge.formats.dsp import SCHEMA_OF, render_bytes, render_message
from saltbridge.formats.dsp_schema import check
from saltbridge.ports import HttpAnswer
from saltbridge.services import negotiate, transfer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import deliveries, delivery, partner_named, progress
from saltbridge.services.negotiate import start_negotiation
from saltbridge.testing.builders import BuiltKeyring, memory_world, node_profile
from saltbridge.trust.self_issued import self_issued_token

CALLBACK = "http://127.0.0.1:8202/2025-1/callback"


def ask(pair, *, wanted=True):
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    return start_negotiation(
        pair.consumer,
        pair.to_provider,
        dataset.id,
        dataset.offers[0],
        transfer_wanted=wanted,
        dataset_kind=dataset.kind,
    )


def call(pair, method, path, document=None, *, world=None, callee=None, **token):
    """One request of the consumer (or of ``world``) to the provider (or to ``callee``)."""
    caller, called = world or pair.consumer, callee or pair.provider
    bearer = self_issued_token(
        **{
            "caller": caller.node.did,
            "called": called.node.did,
            "jti": caller.identifiers.urn_uuid(),
            "now": pair.clock.now(),
            "signer": caller.keyring.signer(),
            **token,
        }
    )
    return pair.http.send(
        method,
        f"{called.node.base_url}{path}",
        headers={"authorization": f"Bearer {bearer}"},
        content=None if document is None else canonical_bytes(document),
    )


def a_request(pair, **changes):
    with pair.provider.store.reading() as view:
        offer = read_json(view.get("dataset", pair.dataset_id).body)["offer"]
    request = m.ContractRequest(
        consumer_pid="urn:uuid:11111111-1111-4111-8111-111111111111",
        offer=Offer(offer["@id"], offer, pair.dataset_id),
        callback_address=CALLBACK,
    )
    return render_message(replace(request, **changes))


# ── the happy path ──────────────────────────────────────────────────────────────────────


def test_from_catalogue_to_a_verified_delivery(a_pair):
    pair = a_pair()
    begun = ask(pair)
    pair.pump()
    for world in (pair.consumer, pair.provider):
        assert pair.the(world, "negotiation")["state"] == "FINALIZED"
        assert pair.the(world, "transfer")["state"] == "COMPLETED"
    delivered = pair.the(pair.consumer, "delivery")
    assert [c["number"] for c in delivered["checks"] if c["ok"]] == [1, 2, 3, 4, 5, 6, 7]
    assert delivered["verified"] is True
    assert delivered["provider"]["did"] == pair.provider.node.did
    reached = progress(pair.consumer, begun.pid)
    assert (reached.ended, reached.verified) == (True, True)
    assert delivery(pair.consumer, reached.delivery_id) == delivered
    assert deliveries(pair.consumer) == [delivered]


def test_both_sides_hold_the_same_agreement_and_a_leaf_of_it(a_pair):
    pair = a_pair()
    ask(pair)
    pair.pump()
    one, other = (pair.the(w, "agreement") for w in (pair.consumer, pair.provider))
    for side in (one, other):
        for own in ("role", "counterparty", "negotiation_id", "dataset_kind"):
            side.pop(own)
    assert one == other
    for world, leaves in ((pair.consumer, 2), (pair.provider, 4)):
        with world.store.reading() as view:
            # agreement, delivery; and decision, dataset, agreement, transfer
            assert len(view.leaf_hashes()) == leaves


def test_a_verified_pcf_is_there_for_the_accounting_with_its_origin(a_pair):
    pair = a_pair()
    ask(pair)
    pair.pump()
    document, delivered = (pair.the(pair.consumer, kind) for kind in ("pcf", "delivery"))
    assert document["records"][0]["kg_co2e_per_unit"] == 19.5
    assert document["delivery"]["id"] == delivered["id"]
    assert document["delivery"]["digest"] == delivered["digest"]


def test_every_message_said_validates_against_the_official_schemas(a_pair):
    pair = a_pair()
    ask(pair)
    pair.pump()
    seen = set()
    for _, document in pair.http.said:
        if "@type" in document:
            check(document, SCHEMA_OF[document["@type"]])
            seen.add(document["@type"])
    assert seen == {
        "CatalogRequestMessage",
        "Catalog",
        "ContractRequestMessage",
        "ContractNegotiation",
        "ContractAgreementMessage",
        "ContractAgreementVerificationMessage",
        "ContractNegotiationEventMessage",
        "TransferRequestMessage",
        "TransferProcess",
        "TransferStartMessage",
        "TransferCompletionMessage",
    }


def test_what_stayed_is_nowhere_in_what_was_said(a_pair):
    pair = a_pair()
    ask(pair)
    pair.pump()
    assert "CANARY" not in str(pair.http.said)
    with pair.consumer.store.reading() as view:
        for kind in ("delivery", "pcf"):
            assert b"CANARY" not in view.find(kind)[0].body


def test_states_can_be_read_on_both_sides_by_the_peer_only(a_pair):
    pair = a_pair()
    begun = ask(pair)
    pair.pump()
    ours = pair.the(pair.provider, "negotiation")["provider_pid"]
    for path, caller, callee in (
        (f"/2025-1/negotiations/{ours}", pair.consumer, pair.provider),
        (f"/2025-1/callback/negotiations/{begun.pid}", pair.provider, pair.consumer),
    ):
        answer = call(pair, "GET", path, world=caller, callee=callee)
        assert (answer.status, read_json(answer.content)["state"]) == (200, "FINALIZED")
    # the consumer's pid is no provider process, and the provider's no consumer process
    wrong = call(pair, "GET", f"/2025-1/callback/negotiations/{ours}")
    assert wrong.status == 404
    moved = pair.the(pair.provider, "transfer")["provider_pid"]
    state = call(pair, "GET", f"/2025-1/transfers/{moved}")
    assert read_json(state.content)["state"] == "COMPLETED"


def test_the_version_document_the_identity_and_health_need_no_token(a_pair):
    pair = a_pair()
    base = pair.provider.node.base_url
    versions = pair.http.send("GET", f"{base}/.well-known/dspace-version")
    assert versions.status == 200
    check(read_json(versions.content), "common/protocol-version")
    identity = pair.http.send("GET", f"{base}/.well-known/did.json")
    assert read_json(identity.content)["id"] == pair.provider.node.did
    assert pair.http.send("GET", f"{base}/health").status == 200


# ── refusals ────────────────────────────────────────────────────────────────────────────


def test_who_is_not_in_the_access_list_sees_nothing_and_gets_404(a_pair):
    pair = a_pair(access=False)
    assert request_catalogue(pair.consumer, pair.to_provider).datasets == ()
    assert call(pair, "GET", f"/2025-1/catalog/datasets/{pair.dataset_id}").status == 404
    answer = call(pair, "POST", "/2025-1/negotiations/request", a_request(pair))
    assert answer.status == 404
    assert pair.all(pair.provider, "negotiation") == []
    unknown = call(pair, "GET", "/2025-1/catalog/datasets/urn:uuid:none")
    hidden = call(pair, "GET", f"/2025-1/catalog/datasets/{pair.dataset_id}")
    assert unknown.content == hidden.content  # nobody can tell one from the other


def test_a_request_for_what_is_hidden_ends_the_consumers_process(a_pair):
    pair = a_pair(access=False)
    with pair.provider.store.reading() as view:
        offer = read_json(view.get("dataset", pair.dataset_id).body)["offer"]
    begun = start_negotiation(
        pair.consumer, pair.to_provider, pair.dataset_id, Offer(offer["@id"], offer)
    )
    pair.pump()
    reached = progress(pair.consumer, begun.pid)
    assert (reached.negotiation, reached.refusal_code) == ("TERMINATED", "dsp.not-found")


def test_an_altered_offer_is_terminated_with_a_reason(a_pair):
    pair = a_pair()
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    altered = deepcopy(dict(dataset.offers[0].policy))
    del altered["prohibition"]
    begun = start_negotiation(
        pair.consumer, pair.to_provider, dataset.id, Offer(altered["@id"], altered)
    )
    pair.pump()
    reached = progress(pair.consumer, begun.pid)
    assert (reached.negotiation, reached.refusal_code) == (
        "TERMINATED",
        "exchange.offer-altered",
    )
    assert "not those we offered" in reached.refusal_reason[0]
    assert pair.the(pair.provider, "negotiation")["state"] == "TERMINATED"
    assert pair.all(pair.provider, "agreement") == []


def test_without_a_release_for_the_caller_nothing_is_agreed(a_pair):
    pair = a_pair()
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        work.put("dataset", pair.dataset_id, canonical_bytes({**record, "releases": {}}))
    begun = ask(pair)
    pair.pump()
    assert progress(pair.consumer, begun.pid).refusal_code == "exchange.nothing-released"


def test_a_release_for_another_company_is_not_served(a_pair):
    """The dataset record names it for the caller, the release itself does not."""
    pair = a_pair(access=False)
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        (other,) = record["releases"].values()
        bpn = pair.consumer.node.bpn
        changed = {**record, "access": [bpn], "releases": {bpn: other}}
        work.put("dataset", pair.dataset_id, canonical_bytes(changed))
    begun = ask(pair)
    pair.pump()
    assert progress(pair.consumer, begun.pid).refusal_code == "exchange.nothing-released"
    assert pair.all(pair.provider, "agreement") == []


def test_a_release_swapped_after_the_agreement_is_not_served(a_pair):
    pair, other = a_pair(), a_pair(access=False)
    endpoint, token = started(pair)
    with other.provider.store.reading() as view:
        ((foreign,),) = [read_json(r.body)["releases"].values() for r in view.find("dataset")]
        release = view.get_release(foreign["digest"], foreign["decision_id"])
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        work.put_release(replace(release, decision_id="urn:uuid:foreign"))
        named = {**foreign, "decision_id": "urn:uuid:foreign"}
        changed = {**record, "releases": {pair.consumer.node.bpn: named}}
        work.put("dataset", pair.dataset_id, canonical_bytes(changed))
    assert pull(pair, endpoint, token).status == 403


def test_an_offer_we_have_no_use_for_is_not_asked_for(a_pair):
    pair = a_pair()
    policy = usage_offer("urn:uuid:o", "cx.quality.base:1")
    with pytest.raises(Refused) as refused:
        start_negotiation(pair.consumer, pair.to_provider, "d", Offer("urn:uuid:o", policy))
    assert refused.value.findings[0].code == "exchange.purpose-not-ours"
    assert pair.all(pair.consumer, "negotiation") == []


def test_an_agreement_that_was_not_asked_for_is_not_verified(a_pair):
    pair = a_pair()
    begun = ask(pair)
    pair.workers["cellmaker"].run_once()  # the request is with the provider
    with pair.provider.store.unit_of_work() as work:
        (entry,) = work.due(pair.clock.now())
        body = read_json(entry.body)
        body["message"]["agreement"]["permission"] = usage_offer("x", PURPOSE_PASSPORT)[
            "permission"
        ]
        work.done(entry.id)
        work.enqueue(replace(entry, body=canonical_bytes(body)))
    pair.pump()
    reached = progress(pair.consumer, begun.pid)
    assert reached.negotiation == "TERMINATED"
    assert pair.the(pair.provider, "negotiation")["refusal"]["code"] == (
        "exchange.agreement-altered"
    )
    assert pair.all(pair.consumer, "agreement") == []


def test_a_callback_to_somewhere_else_is_refused(a_pair):
    pair = a_pair()
    for address in ("http://127.0.0.1:9/x", "http://127.0.0.1:8202@evil/x", "no url"):
        request = a_request(pair, callback_address=address)
        answer = call(pair, "POST", "/2025-1/negotiations/request", request)
        assert answer.status == 400
        error = read_json(answer.content)
        check(error, SCHEMA_OF["ContractNegotiationError"])
        assert error["code"] == "exchange.callback-foreign"


def test_an_illegal_message_is_400_with_an_error_body_and_changes_nothing(a_pair):
    pair = a_pair()
    request = a_request(pair)
    begun = read_json(call(pair, "POST", "/2025-1/negotiations/request", request).content)
    pid = begun["providerPid"]
    before = pair.the(pair.provider, "negotiation")
    accepted = render_message(m.NegotiationAccepted(pid, begun["consumerPid"]))
    answer = call(pair, "POST", f"/2025-1/negotiations/{pid}/events", accepted)
    error = read_json(answer.content)
    check(error, SCHEMA_OF["ContractNegotiationError"])
    assert (answer.status, error["code"]) == (400, "exchange.illegal-transition")
    assert error["providerPid"] == pid
    assert pair.the(pair.provider, "negotiation") == before


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "json.syntax"),
        (b'{"@type":"ContractRequestMessage"}', 400, "dsp.schema"),
        (b'{"@type":"TransferRequestMessage"}', 400, "dsp.unexpected-type"),
        (b" " * 1_000_001, 413, "http.413"),
    ],
)
def test_faulty_bodies(a_pair, content, status, code):
    pair = a_pair()
    token = self_issued_token(
        caller=pair.consumer.node.did,
        called=pair.provider.node.did,
        jti="j",
        now=pair.clock.now(),
        signer=pair.consumer.keyring.signer(),
    )
    answer = pair.http.send(
        "POST",
        f"{pair.provider.node.base_url}/2025-1/negotiations/request",
        headers={"authorization": token},
        content=content,
    )
    assert (answer.status, read_json(answer.content)["code"]) == (status, code)


def test_a_filter_is_not_supported(a_pair):
    pair = a_pair()
    document = {
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "CatalogRequestMessage",
        "filter": [{"x": 1}],
    }
    answer = call(pair, "POST", "/2025-1/catalog/request", document)
    check(read_json(answer.content), SCHEMA_OF["CatalogError"])
    assert answer.status == 400


# ── who calls ───────────────────────────────────────────────────────────────────────────


def test_a_token_is_good_once(a_pair):
    pair = a_pair()
    path = f"/2025-1/catalog/datasets/{pair.dataset_id}"
    assert call(pair, "GET", path, jti="once").status == 200
    assert call(pair, "GET", path, jti="once").status == 404
    assert call(pair, "GET", path, jti="twice").status == 200


@pytest.mark.parametrize(
    "token",
    [
        {"called": "did:web:somebody.example"},
        {"signer": BuiltKeyring("did:web:127.0.0.1%3A9999").signer()},
        {"caller": "did:web:127.0.0.1%3A8203"},
    ],
)
def test_a_token_that_is_not_theirs_or_not_for_us_opens_nothing(a_pair, token):
    pair = a_pair()
    path = f"/2025-1/catalog/datasets/{pair.dataset_id}"
    answer = call(pair, "GET", path, **token)
    assert answer.status == 404
    assert pair.dataset_id.encode() not in answer.content


def test_a_partner_whose_identity_cannot_be_read_now_is_asked_to_try_again(a_pair):
    pair = a_pair()
    pair.provider.did_resolver.documents.clear()
    answer = call(pair, "GET", f"/2025-1/catalog/datasets/{pair.dataset_id}")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_another_partner_cannot_see_or_move_a_process(a_pair):
    pair = a_pair()
    started(pair)
    stranger = memory_world(node_profile("stranger", port=8203), clock=pair.clock)
    moved = pair.the(pair.provider, "transfer")
    agreed = pair.the(pair.provider, "negotiation")
    for kind, process in (("negotiations", agreed), ("transfers", moved)):
        path = f"/2025-1/{kind}/{process['provider_pid']}"
        assert call(pair, "GET", path).status == 200
        assert call(pair, "GET", path, world=stranger).status == 404
    end = m.TransferTermination(moved["provider_pid"], moved["consumer_pid"])
    path = f"/2025-1/transfers/{moved['provider_pid']}/termination"
    answer = call(pair, "POST", path, render_message(end), world=stranger)
    assert answer.status == 404
    assert pair.the(pair.provider, "transfer") == moved


def test_an_old_token_opens_nothing(a_pair):
    pair = a_pair()
    old = pair.clock.now() - timedelta(minutes=10)
    answer = call(pair, "GET", f"/2025-1/catalog/datasets/{pair.dataset_id}", now=old)
    assert answer.status == 404


def test_nothing_is_fetched_for_a_did_that_is_no_partner(a_pair):
    pair = a_pair()
    asked = []
    resolver = pair.provider.did_resolver
    object.__setattr__(
        pair.provider, "did_resolver", type("R", (), {"resolve": staticmethod(asked.append)})
    )
    did = "did:web:attacker.example"
    answer = call(pair, "GET", "/2025-1/catalog/datasets/x", caller=did)
    object.__setattr__(pair.provider, "did_resolver", resolver)
    assert (answer.status, asked) == (404, [])


def test_without_a_token_everything_is_404(a_pair):
    pair = a_pair()
    base = pair.provider.node.base_url
    for method, path in (
        ("POST", "/2025-1/catalog/request"),
        ("GET", f"/2025-1/catalog/datasets/{pair.dataset_id}"),
        ("POST", "/2025-1/negotiations/request"),
        ("GET", "/2025-1/negotiations/x"),
        ("POST", "/2025-1/callback/transfers/x/start"),
    ):
        assert pair.http.send(method, f"{base}{path}", content=b"{}").status == 404


# ── repetitions and lost answers ────────────────────────────────────────────────────────


def test_the_same_request_again_begins_nothing_new(a_pair):
    pair = a_pair()
    request = a_request(pair)
    answers = [
        read_json(call(pair, "POST", "/2025-1/negotiations/request", request).content)
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(pair.all(pair.provider, "negotiation")) == 1
    other = a_request(pair, unknown={"x:other": 1})
    assert call(pair, "POST", "/2025-1/negotiations/request", other).status == 400


@pytest.mark.parametrize("lost", range(8))
def test_whichever_answer_is_lost_the_exchange_ends_the_same(a_pair, lost):
    """The peer took the message, its answer never arrived: the outbox sends it again."""
    pair = a_pair()
    begun = ask(pair)
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
    ask(pair)
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


def test_a_suspension_between_delivery_and_completion_delivers_once(a_pair):
    pair = a_pair()
    started(pair)
    with pair.consumer.store.reading() as view:
        (fetch,) = view.due(pair.clock.now())
    pair.workers["cellmaker"].run_once()  # pulled and checked; the completion waits
    moved = pair.the(pair.consumer, "transfer")
    pids = (moved["provider_pid"], moved["consumer_pid"])
    start = {
        **render_message(m.TransferStart(*pids)),
        "dataAddress": read_json(fetch.body)["address"],
        "x:again": 1,
    }
    path = f"/2025-1/callback/transfers/{moved['consumer_pid']}"
    sides = {"world": pair.provider, "callee": pair.consumer}
    suspension = render_message(m.TransferSuspension(*pids))
    assert call(pair, "POST", f"{path}/suspension", suspension, **sides).status == 200
    assert pair.the(pair.consumer, "transfer")["outgoing"] == ""
    assert call(pair, "POST", f"{path}/start", start, **sides).status == 200
    pair.pump()
    assert pair.the(pair.consumer, "transfer")["state"] == "COMPLETED"
    assert pair.the(pair.provider, "transfer")["state"] == "COMPLETED"
    assert len(pair.all(pair.consumer, "delivery")) == 1


def test_a_start_that_comes_again_after_the_delivery_changes_nothing(a_pair):
    pair = a_pair()
    started(pair)
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
    answer = call(
        pair,
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
    begun = ask(pair)
    pair.http.before = lambda method, url: HttpAnswer(503, {}, b"")
    pair.workers["cellmaker"].run_once()
    assert "peer-troubled" in progress(pair.consumer, begun.pid).trouble
    assert pair.workers["cellmaker"].run_once() == 0  # it waits
    pair.http.before = None
    pair.clock.advance(seconds=1)
    pair.pump()
    assert progress(pair.consumer, begun.pid).verified


def test_terminating_a_negotiation_tells_the_peer(a_pair):
    pair = a_pair()
    begun = ask(pair)
    pair.workers["cellmaker"].run_once()
    negotiate.terminate(pair.consumer, begun.pid, "exchange.purpose-not-ours")
    pair.pump(only="cellmaker")
    assert pair.the(pair.provider, "negotiation")["state"] == "TERMINATED"
    pair.pump()
    assert progress(pair.consumer, begun.pid).negotiation == "TERMINATED"


# ── the data plane ──────────────────────────────────────────────────────────────────────


def started(pair):
    """The exchange up to a token in the consumer's hands; nothing pulled yet."""
    ask(pair)
    for _ in range(20):
        pair.workers["supplier"].run_once()
        if any(t["state"] == "STARTED" for t in pair.all(pair.consumer, "transfer")):
            break
        pair.workers["cellmaker"].run_once()
    with pair.consumer.store.reading() as view:
        (fetch,) = [e for e in view.due(pair.clock.now()) if e.kind == "exchange.fetch"]
    address = read_json(fetch.body)["address"]
    stated = {p["name"]: p["value"] for p in address["endpointProperties"]}
    return address["endpoint"], stated["authorization"]


def pull(pair, endpoint, token):
    return pair.http.send("GET", endpoint, headers={"authorization": f"Bearer {token}"})


def test_the_token_opens_the_released_bytes_and_is_kept_as_a_digest_only(a_pair):
    pair = a_pair()
    endpoint, token = started(pair)
    answer = pull(pair, endpoint, token)
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
    endpoint, _ = started(pair)
    assert pull(pair, endpoint, token).status == 403


def test_a_token_dies_after_300_seconds(a_pair):
    pair = a_pair()
    endpoint, token = started(pair)
    pair.clock.advance(seconds=299)
    assert pull(pair, endpoint, token).status == 200
    pair.clock.advance(seconds=1)
    assert pull(pair, endpoint, token).status == 403


def test_a_token_opens_its_own_transfer_only(a_pair):
    pair = a_pair()
    endpoint, token = started(pair)
    assert pull(pair, endpoint[:-1] + "f", token).status == 403


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
    endpoint, token = started(pair)
    process = pair.the(pair.provider, "transfer")
    pid = process["provider_pid"]
    message = render_message(kind(pid, process["consumer_pid"]))
    assert call(pair, "POST", f"/2025-1/transfers/{pid}/{name}", message).status == 200
    assert pull(pair, endpoint, token).status == 403


def test_a_token_dies_with_the_agreement(a_pair):
    pair = a_pair()
    endpoint, token = started(pair)
    with pair.provider.store.unit_of_work() as work:
        (agreement,) = work.find("agreement")
        body = {**read_json(agreement.body), "timestamp": "2020-01-01T00:00:00Z"}
        work.put("agreement", agreement.id, canonical_bytes(body))
    assert pull(pair, endpoint, token).status == 403


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
    endpoint, token = started(pair)
    with pair.provider.store.unit_of_work() as work:
        (record,) = work.find(kind)
        body = {**read_json(record.body), **changes}
        if kind == "transfer":
            body["outgoing"] = ""
        work.put(kind, record.id, canonical_bytes(body))
    assert pull(pair, endpoint, token).status == 403


def test_only_get_is_answered(a_pair):
    pair = a_pair()
    endpoint, token = started(pair)
    for method in ("POST", "PUT", "DELETE"):
        answer = pair.http.send(
            method, endpoint, headers={"authorization": token}, content=b"{}"
        )
        assert answer.status == 405


def test_a_resumed_transfer_gets_a_new_token(a_pair):
    pair = a_pair()
    endpoint, old = started(pair)
    process = pair.the(pair.provider, "transfer")
    pid, consumer_pid = process["provider_pid"], process["consumer_pid"]
    for name, message in (
        ("suspension", m.TransferSuspension(pid, consumer_pid)),
        ("start", m.TransferStart(pid, consumer_pid)),
    ):
        document = render_message(message)
        answer = call(pair, "POST", f"/2025-1/transfers/{pid}/{name}", document)
        assert answer.status == 200
    pair.workers["supplier"].run_once()
    assert pull(pair, endpoint, old).status == 403
    assert pair.the(pair.provider, "transfer")["token_digest"] != digest(old.encode())


# ── what is delivered ───────────────────────────────────────────────────────────────────


def test_altered_bytes_are_refused_kept_as_refused_and_never_used(a_pair):
    pair = a_pair()
    begun = ask(pair)
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
    begun = ask(pair)
    pair.http.before = lambda method, url: (
        HttpAnswer(200, {}, content) if "/data/" in url else None
    )
    pair.pump()
    reached = progress(pair.consumer, begun.pid)
    assert (reached.transfer, reached.verified) == ("TERMINATED", False)
    assert reached.refusal_reason[0] != reached.refusal_code  # a text, not the bare code
    assert pair.the(pair.consumer, "delivery")["claim"] is None


def test_an_address_elsewhere_is_not_followed(a_pair):
    pair = a_pair()
    begun = ask(pair)
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
    begun = ask(pair)
    pair.http.before = lambda method, url: (
        HttpAnswer(403, {}, b"{}") if "/data/" in url else None
    )
    for _ in range(8):
        pair.pump()
        pair.clock.advance(seconds=20)
    assert progress(pair.consumer, begun.pid).refusal_code == "delivery.data-plane-refused"
    assert pair.all(pair.consumer, "delivery") == []


# ── asking ──────────────────────────────────────────────────────────────────────────────


def test_a_transfer_can_be_asked_for_later_and_again(a_pair):
    pair = a_pair()
    begun = ask(pair, wanted=False)
    pair.pump()
    assert progress(pair.consumer, begun.pid).ended
    agreement = pair.the(pair.consumer, "agreement")
    for _ in range(2):
        transfer.request_transfer(pair.consumer, agreement["id"])
        pair.pump()
    assert [d["verified"] for d in pair.all(pair.consumer, "delivery")] == [True, True]


def test_an_agreement_that_is_over_gives_no_transfer(a_pair):
    pair = a_pair()
    ask(pair, wanted=False)
    pair.pump()
    agreement = pair.the(pair.consumer, "agreement")
    pair.clock.advance(days=366)
    with pytest.raises(Refused):
        transfer.request_transfer(pair.consumer, agreement["id"])
    with pytest.raises(FaultyInput):
        transfer.request_transfer(pair.consumer, "urn:uuid:none")


def test_a_transfer_under_another_companys_agreement_is_404(a_pair):
    pair = a_pair()
    ask(pair, wanted=False)
    pair.pump()
    with pair.provider.store.unit_of_work() as work:
        (agreement,) = work.find("agreement")
        body = {**read_json(agreement.body), "counterparty": "BPNL0000STRANGER"}
        work.put("agreement", agreement.id, canonical_bytes(body))
    request = m.TransferRequest("urn:uuid:t", agreement.id, "HttpData-PULL", CALLBACK)
    answer = call(pair, "POST", "/2025-1/transfers/request", render_message(request))
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
    begun = ask(pair, wanted=False)
    pair.workers["cellmaker"].run_once()
    provider_pid = pair.the(pair.provider, "negotiation")["provider_pid"]
    offer = m.ContractOffer(provider_pid, begun.offer, begun.pid)
    path = f"/2025-1/callback/negotiations/{begun.pid}"
    answer = call(
        pair,
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
