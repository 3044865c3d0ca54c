"""PACT 3: the cases of its conformance service, and what they do not ask."""

import json
from datetime import UTC, datetime

import pytest
from tests.conformance.pact_cases import CARS, OTHER, Host, a_host, body, cases

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.pact_api import BadRequest, parse_event, parse_filter, validity
from saltbridge.services import pact, pact_callback
from saltbridge.services.log_audit import audit

CASES = dict(cases())


@pytest.fixture
def host(examples) -> Host:
    return a_host(examples)


def test_all_forty_cases_are_here():
    numbers = {str(n) for n in range(1, 41)} - {"14"}
    assert CASES.keys() == numbers | {"14A", "14B"}


@pytest.mark.parametrize("id", CASES)
def test_pact_case(id, host):
    CASES[id](host)


def test_a_client_reads_what_was_released_to_it_and_nothing_else(host):
    other = host.world.node.partners[1]
    host.id, host.secret = pact.new_client(host.world, other, "contract-2")
    assert host.listed() == []
    assert host.get(f"/3/footprints/{host.footprints[0]['id']}").status == 404
    third = {**host.footprints[0], "id": "5d1f2e3c-0000-4000-8000-000000000001"}
    pact.offer(host.world, third, [OTHER.bpn], "PCF desk")
    assert [f["id"] for f in host.listed()] == [third["id"]]


def test_what_is_read_are_released_bytes(host):
    content = host.get(f"/3/footprints/{host.footprints[0]['id']}").content
    with host.world.store.reading() as view:
        decisions = [json.loads(r.body) for r in view.find("decision")]
        released = [
            view.get_release(d["digest"], d["id"]).content
            for d in decisions
            if d["document_kind"] == "pcf" and d["recipient"]["bpn"] == CARS.bpn
        ]
    assert content.removeprefix(b'{"data":').removesuffix(b"}") in released


def test_a_token_dies_after_an_hour_and_is_kept_as_a_digest_only(host):
    token = host.token
    assert host.get("/3/footprints", token).status == 200
    with host.world.store.reading() as view:
        for kind in ("pact-token", "pact-client"):
            assert all(token.encode() not in r.body for r in view.find(kind))
            assert all(host.secret.encode() not in r.body for r in view.find(kind))
    host.world.clock.advance(seconds=3600)
    assert host.get("/3/footprints", token).status == 401


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({}, b"grant_type=client_credentials", 401),
        ({"authorization": "Basic x"}, b"grant_type=client_credentials", 401),
        ({"authorization": "Basic eA=="}, b"grant_type=client_credentials", 401),
        ({"authorization": "Bearer x"}, b"grant_type=client_credentials", 401),
    ],
)
def test_who_does_not_show_a_client_gets_no_token(host, headers, content, status):
    headers = {**headers, "content_type": "application/x-www-form-urlencoded"}
    answer = host.send("POST", f"{host.base}/auth/token", content, **headers)
    assert (answer.status, body(answer)["error"]) == (status, "invalid_client")


def test_an_audit_finds_a_leaf_for_clients_and_events(host):
    host.event("PublishedEvent", {"pfIds": [host.footprints[0]["id"]]})
    assert audit(host.world).clean


def test_an_event_is_kept_once_and_answered_once(host):
    data = {"productId": host.footprints[0]["productIds"]}
    for _ in range(2):
        assert host.event("RequestCreatedEvent", data) == 200
    assert len(host.called_back()) == 1
    assert len(list(pact.events(host.world))) == 1


def test_the_secret_of_our_client_goes_to_its_own_host_only(host):
    real = host.http.send
    asked = []

    def elsewhere(method, url, **rest):
        asked.append(url)
        answer = real(method, url, **rest)
        if url.endswith("/.well-known/openid-configuration"):
            told = {"token_endpoint": "https://evil.example/token"}
            return type(answer)(200, {}, json.dumps(told).encode())
        return answer

    host.http.send = elsewhere
    host.event("RequestCreatedEvent", {"productId": ["urn:pact:null"]})
    host.called_back()
    assert not any("evil" in url for url in asked)


def test_an_answer_to_a_question_we_never_asked_is_not_taken(host):
    data = {"requestEventId": "unknown", "pfs": host.footprints}
    assert host.event("RequestFulfilledEvent", data) == 400
    assert list(pact.events(host.world)) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        {"specversion": "0.3"}, {"id": ""}, {"source": 1}, {"data": []},
        {"type": "org.wbcsd.pathfinder.ProductFootprint.Published.v1"},
        {"data": {"pfIds": []}}, {"data": {"pfIds": "x"}}, {"data": {}},
    ],
)  # fmt: skip
def test_a_malformed_event_is_refused(spoiled):
    event = {
        "type": "org.wbcsd.pact.ProductFootprint.PublishedEvent.3",
        "specversion": "1.0",
        "id": "1",
        "source": "https://x.example",
        "data": {"pfIds": ["3a6c14a7-4deb-498a-b5ea-16ce2535b576"]},
    }
    assert parse_event(json.dumps(event).encode()).id == "1"
    with pytest.raises(BadRequest):
        parse_event(json.dumps({**event, **spoiled}).encode())
    for content in (b"", b"[]", b"\xff", b'{"a":1,"a":2}'):
        with pytest.raises(BadRequest):
            parse_event(content)


@pytest.mark.parametrize(
    "query",
    [("limit", "-1"), ("limit", "x"), ("offset", "1.5"), ("validOn", "now"), ("order", "id")],
)
def test_a_question_nobody_knows_is_refused(query):
    with pytest.raises(BadRequest):
        parse_filter([query])


def test_the_largest_page_is_bounded_and_the_filter_goes_along():
    assert parse_filter([("limit", "999999999999")]).limit == 1000
    asked = parse_filter([("geography", "CN"), ("limit", "5"), ("offset", "5")])
    assert asked.given == (("geography", "CN"),)


def test_without_a_period_a_footprint_is_valid_three_years():
    told = {"pcf": {"referencePeriodEnd": "2024-02-29T00:00:00Z"}}
    assert validity(told) == (
        datetime(2024, 2, 29, tzinfo=UTC),
        datetime(2027, 2, 28, tzinfo=UTC),
    )


def test_who_has_no_client_or_no_contract_is_offered_nothing(host):
    with pytest.raises(FaultyInput) as fault:
        pact.offer(host.world, host.footprints[0], [OTHER.bpn], "PCF desk")
    assert fault.value.findings[0].code == "pact.no-client"
    with pytest.raises(FaultyInput):
        pact.new_client(host.world, host.world.node.partners[1], " ")
    with pytest.raises((FaultyInput, Refused)):
        pact.offer(host.world, {"id": "x"}, [CARS.bpn], "PCF desk")


def test_events_go_over_tls_only(host):
    with pytest.raises(FaultyInput) as fault:
        pact_callback.enter_peer(
            host.world, host.world.node.partners[0], "http://x.example", "us", "secret"
        )
    assert fault.value.findings[0].code == "pact.peer-without-tls"
