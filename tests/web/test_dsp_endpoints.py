"""Two nodes in one process speak the protocol: happy path, refusals, who calls."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Offer
from saltbridge.exchange.policy import PURPOSE_PASSPORT, usage_offer
from saltbridge.formats.dsp import SCHEMA_OF, render_message
from saltbridge.formats.dsp_schema import check
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import deliveries, delivery, progress
from saltbridge.services.negotiate import start_negotiation
from saltbridge.testing.builders import BuiltKeyring, memory_world, node_profile
from saltbridge.trust.self_issued import self_issued_token

# ── the happy path ──────────────────────────────────────────────────────────────────────


def test_from_catalogue_to_a_verified_delivery(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.pump()
    for world in (pair.consumer, pair.provider):
        assert pair.the(world, "negotiation")["state"] == "FINALIZED"
        assert pair.the(world, "transfer")["state"] == "COMPLETED"
    delivered = pair.the(pair.consumer, "delivery")
    assert [c["number"] for c in delivered["checks"] if c["ok"]] == list(range(1, 10))
    assert delivered["verified"] is True
    assert delivered["provider"]["did"] == pair.provider.node.did
    reached = progress(pair.consumer, begun.pid)
    assert (reached.ended, reached.verified) == (True, True)
    assert delivery(pair.consumer, reached.delivery_id) == delivered
    assert deliveries(pair.consumer) == [delivered]


def test_both_sides_hold_the_same_agreement_and_a_leaf_of_it(a_pair):
    pair = a_pair()
    pair.ask()
    pair.pump()
    one, other = (pair.the(w, "agreement") for w in (pair.consumer, pair.provider))
    for side in (one, other):
        for own in ("role", "counterparty", "negotiation_id", "dataset_kind"):
            side.pop(own)
    assert one == other
    # An agreement and a delivery, five states of the negotiation, four of the transfer; a
    # decision, its statement, a dataset and an agreement, four states, three states, the
    # door opened, and two signings. What each witnessed of the other's log comes on top.
    for world, leaves in ((pair.consumer, 11), (pair.provider, 14)):
        with world.store.reading() as view:
            events = [view.log_leaf(i).event for i in range(view.log_size())]
        assert len([e for e in events if e != "log.witnessed"]) == leaves


def test_a_verified_pcf_is_there_for_the_accounting_with_its_origin(a_pair):
    pair = a_pair()
    pair.ask()
    pair.pump()
    document, delivered = (pair.the(pair.consumer, kind) for kind in ("pcf", "delivery"))
    assert document["records"][0]["kg_co2e_per_unit"] == 19.5
    assert document["delivery"]["id"] == delivered["id"]
    assert document["delivery"]["digest"] == delivered["digest"]


def test_every_message_said_validates_against_the_official_schemas(a_pair):
    pair = a_pair()
    pair.ask()
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
    pair.ask()
    pair.pump()
    assert "CANARY" not in str(pair.http.said)
    with pair.consumer.store.reading() as view:
        for kind in ("delivery", "pcf"):
            assert b"CANARY" not in view.find(kind)[0].body


def test_states_can_be_read_on_both_sides_by_the_peer_only(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.pump()
    ours = pair.the(pair.provider, "negotiation")["provider_pid"]
    for path, caller, callee in (
        (f"/2025-1/negotiations/{ours}", pair.consumer, pair.provider),
        (f"/2025-1/callback/negotiations/{begun.pid}", pair.provider, pair.consumer),
    ):
        answer = pair.call("GET", path, world=caller, callee=callee)
        assert (answer.status, read_json(answer.content)["state"]) == (200, "FINALIZED")
    # the consumer's pid is no provider process, and the provider's no consumer process
    wrong = pair.call("GET", f"/2025-1/callback/negotiations/{ours}")
    assert wrong.status == 404
    moved = pair.the(pair.provider, "transfer")["provider_pid"]
    state = pair.call("GET", f"/2025-1/transfers/{moved}")
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
    assert pair.call("GET", f"/2025-1/catalog/datasets/{pair.dataset_id}").status == 404
    answer = pair.call("POST", "/2025-1/negotiations/request", pair.a_request())
    assert answer.status == 404
    assert pair.all(pair.provider, "negotiation") == []
    unknown = pair.call("GET", "/2025-1/catalog/datasets/urn:uuid:none")
    hidden = pair.call("GET", f"/2025-1/catalog/datasets/{pair.dataset_id}")
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
    begun = pair.ask()
    pair.pump()
    assert progress(pair.consumer, begun.pid).refusal_code == "exchange.nothing-released"


def test_a_release_for_another_company_is_not_served(a_pair):
    """The dataset record names it for the caller, the release itself does not."""
    pair = a_pair(access=False)
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        (other,) = record["releases"].values()
        bpn = pair.consumer.node.bpn
        changed = {**record, "access": [bpn], "access_policy": None, "releases": {bpn: other}}
        work.put("dataset", pair.dataset_id, canonical_bytes(changed))
    begun = pair.ask()
    pair.pump()
    assert progress(pair.consumer, begun.pid).refusal_code == "exchange.nothing-released"
    assert pair.all(pair.provider, "agreement") == []


def test_a_release_swapped_after_the_agreement_is_not_served(a_pair):
    pair, other = a_pair(), a_pair(access=False)
    endpoint, token = pair.started()
    with other.provider.store.reading() as view:
        ((foreign,),) = [read_json(r.body)["releases"].values() for r in view.find("dataset")]
        release = view.get_release(foreign["digest"], foreign["decision_id"])
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        work.put_release(replace(release, decision_id="urn:uuid:foreign"))
        named = {**foreign, "decision_id": "urn:uuid:foreign"}
        changed = {**record, "releases": {pair.consumer.node.bpn: named}}
        work.put("dataset", pair.dataset_id, canonical_bytes(changed))
    assert pair.pull(endpoint, token).status == 403


def test_an_offer_we_have_no_use_for_is_not_asked_for(a_pair):
    pair = a_pair()
    policy = usage_offer("urn:uuid:o", "cx.quality.base:1")
    with pytest.raises(Refused) as refused:
        start_negotiation(pair.consumer, pair.to_provider, "d", Offer("urn:uuid:o", policy))
    assert refused.value.findings[0].code == "exchange.purpose-not-ours"
    assert pair.all(pair.consumer, "negotiation") == []


def test_an_agreement_that_was_not_asked_for_is_not_verified(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.workers["cellmaker"].run_once()  # the request is with the provider
    with pair.provider.store.unit_of_work() as work:
        (entry,) = [e for e in work.due(pair.clock.now()) if e.kind != "witness"]
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
        request = pair.a_request(callback_address=address)
        answer = pair.call("POST", "/2025-1/negotiations/request", request)
        assert answer.status == 400
        error = read_json(answer.content)
        check(error, SCHEMA_OF["ContractNegotiationError"])
        assert error["code"] == "exchange.callback-foreign"


def test_an_illegal_message_is_400_with_an_error_body_and_changes_nothing(a_pair):
    pair = a_pair()
    request = pair.a_request()
    begun = read_json(pair.call("POST", "/2025-1/negotiations/request", request).content)
    pid = begun["providerPid"]
    before = pair.the(pair.provider, "negotiation")
    accepted = render_message(m.NegotiationAccepted(pid, begun["consumerPid"]))
    answer = pair.call("POST", f"/2025-1/negotiations/{pid}/events", accepted)
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
    answer = pair.call("POST", "/2025-1/catalog/request", document)
    check(read_json(answer.content), SCHEMA_OF["CatalogError"])
    assert answer.status == 400


# ── who calls ───────────────────────────────────────────────────────────────────────────


def test_a_token_is_good_once(a_pair):
    pair = a_pair()
    path = f"/2025-1/catalog/datasets/{pair.dataset_id}"
    assert pair.call("GET", path, jti="once").status == 200
    assert pair.call("GET", path, jti="once").status == 404
    assert pair.call("GET", path, jti="twice").status == 200


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
    answer = pair.call("GET", path, **token)
    assert answer.status == 404
    assert pair.dataset_id.encode() not in answer.content


def test_a_partner_whose_identity_cannot_be_read_now_is_asked_to_try_again(a_pair):
    pair = a_pair()
    pair.provider.did_resolver.documents.clear()
    answer = pair.call("GET", f"/2025-1/catalog/datasets/{pair.dataset_id}")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_another_partner_cannot_see_or_move_a_process(a_pair):
    pair = a_pair()
    pair.started()
    stranger = memory_world(node_profile("stranger", port=8203), clock=pair.clock)
    moved = pair.the(pair.provider, "transfer")
    agreed = pair.the(pair.provider, "negotiation")
    for kind, process in (("negotiations", agreed), ("transfers", moved)):
        path = f"/2025-1/{kind}/{process['provider_pid']}"
        assert pair.call("GET", path).status == 200
        assert pair.call("GET", path, world=stranger).status == 404
    end = m.TransferTermination(moved["provider_pid"], moved["consumer_pid"])
    path = f"/2025-1/transfers/{moved['provider_pid']}/termination"
    answer = pair.call("POST", path, render_message(end), world=stranger)
    assert answer.status == 404
    assert pair.the(pair.provider, "transfer") == moved


def test_an_old_token_opens_nothing(a_pair):
    pair = a_pair()
    old = pair.clock.now() - timedelta(minutes=10)
    answer = pair.call("GET", f"/2025-1/catalog/datasets/{pair.dataset_id}", now=old)
    assert answer.status == 404


def test_nothing_is_fetched_for_a_did_that_is_no_partner(a_pair):
    pair = a_pair()
    asked = []
    resolver = pair.provider.did_resolver
    object.__setattr__(
        pair.provider, "did_resolver", type("R", (), {"resolve": staticmethod(asked.append)})
    )
    did = "did:web:attacker.example"
    answer = pair.call("GET", "/2025-1/catalog/datasets/x", caller=did)
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
