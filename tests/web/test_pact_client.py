"""PACT as a client: a partner's footprints are read, requested by event, kept, and taken in."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.conformance.pact_cases import CARS, Host, a_host

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.formats.pact_api import EVENT_TYPE, BadRequest, criteria, fits, in_events
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.ports import HttpAnswer, World
from saltbridge.services import pact, pact_ask, pact_callback
from saltbridge.services.log_audit import audit
from saltbridge.services.suppliers import ImportRequest, import_figure
from saltbridge.steps.pact_requests import State
from saltbridge.testing.builders import memory_world, partner_of
from saltbridge.web.app import create_app


class Two:
    """The host that owns footprints, and the cars that read them, each the other's client."""

    def __init__(self, host: Host) -> None:
        self.host = host
        cars = replace(
            CARS,
            base_url="https://cars.example",
            allow_loopback_http=False,
            partners=(partner_of(host.world.node),),
        )
        world = memory_world(cars, clock=host.world.clock)
        self.cars: World = replace(world, http=host.http)
        host.http.applications["https://cars.example"] = create_app(self.cars)
        self.supplier = cars.partners[0]
        pact_callback.enter_peer(self.cars, self.supplier, host.base, host.id, host.secret)
        id, secret = pact.new_client(self.cars, self.supplier, "contract-back")
        partner = host.world.node.partners[0]
        pact_callback.enter_peer(host.world, partner, "https://cars.example", id, secret)

    def read(self, *asked: tuple[str, str], id: str = "") -> pact_ask.Read:
        return pact_ask.read(self.cars, self.supplier, asked, id=id)

    def ask(self, *products: str) -> str:
        asked = pact_ask.request(
            self.cars, self.supplier, products, comment="For 2026, please", person="Buyer"
        )
        return asked.id

    def settle(self) -> None:
        for _ in range(4):
            for world in (self.cars, self.host.world):
                OutboxWorker(world, outbox_handlers()).run_once()

    def the_request(self) -> Any:
        (request,) = pact_ask.requests(self.cars)
        return request

    def answers(self, path: str, answer: HttpAnswer) -> None:
        self.host.http.before = lambda _, url: (
            answer if url.startswith(f"{self.host.base}{path}") else None
        )


@pytest.fixture
def two(examples) -> Two:
    return Two(a_host(examples))


def codes(findings: Any) -> list[str]:
    for found in findings:
        for language in LANGUAGES:
            assert has_text(found.code, language) and has_text(f"{found.code}.remedy", language)
    return [found.code for found in findings]


def test_all_pages_are_read_and_kept_with_where_they_came_from(two: Two) -> None:
    read = two.read(("limit", "1"))
    offered = sorted(two.host.footprints, key=lambda f: str(f["id"]))
    assert [k.document for k in read.kept] == offered
    assert {(k.partner, k.host, k.way) for k in read.kept} == {
        (two.supplier.bpn, two.host.base, "read")
    }
    assert read.findings == ()
    two.read()  # what is the same is not kept again
    with two.cars.store.reading() as view:
        kept = [view.get("pact-footprint", k.id) for k in read.kept]
    assert [record.version for record in kept if record] == [1, 1]
    assert audit(two.cars).clean


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("geography", "DE"), [1]),
        (("status", "Active"), [0]),
        (("productId", "urn:gtin:4712345060507"), [1]),
        (("productId", "urn:null"), []),
    ],
)
def test_a_filter_goes_along(two: Two, asked: tuple[str, str], found: list[int]) -> None:
    read = two.read(asked)
    assert [k.document for k in read.kept] == [two.host.footprints[n] for n in found]


def test_one_is_read_by_its_id_and_what_is_not_there_is_said(two: Two) -> None:
    id = two.host.footprints[1]["id"]
    assert [k.document["id"] for k in two.read(id=id).kept] == [id]
    with pytest.raises(FaultyInput) as fault:
        two.read(id="00000000-0000-4000-8000-000000000000")
    assert codes(fault.value.findings) == ["pact.not-there"]


def test_what_breaks_the_schema_or_was_not_asked_for_is_left_out(two: Two) -> None:
    one, two_ = two.host.footprints
    broken = {**one, "pcf": {}}
    body = json.dumps({"data": [broken, two_, "x"]}).encode()
    two.answers("/3/footprints", HttpAnswer(200, {}, body))
    read = two.read(("status", "Active"))
    assert read.kept == ()
    assert codes(read.findings) == ["pact.faulty", "pact.not-asked-for", "pact.faulty"]


def test_another_host_is_not_followed_and_endless_pages_end(two: Two) -> None:
    body = json.dumps({"data": [two.host.footprints[0]]}).encode()
    away = {"link": '<https://evil.example/3/footprints?offset=1>; rel="next"'}
    two.answers("/3/footprints", HttpAnswer(200, away, body))
    read = two.read()
    assert len(read.kept) == 1 and codes(read.findings) == ["pact.not-followed"]
    assert not any("evil" in str(said) for said in two.host.http.said)
    again = {"link": f'<{two.host.base}/3/footprints?offset=1>; rel="next"'}
    two.answers("/3/footprints", HttpAnswer(200, again, body))
    assert codes(two.read().findings) == ["pact.more-there"]


@pytest.mark.parametrize(
    "next_page", ["/3/footprints?offset=1", "?offset=1", "footprints?offset=1"]
)
def test_a_next_page_named_relative_to_this_one_is_read(two: Two, next_page: str) -> None:
    first, second = (json.dumps({"data": [f]}).encode() for f in two.host.footprints)
    start = f"{two.host.base}/3/footprints"
    pages = {
        start: HttpAnswer(200, {"link": f'<{next_page}>; rel="next"'}, first),
        f"{start}?offset=1": HttpAnswer(200, {}, second),
    }
    two.host.http.before = lambda _, url: pages.get(url)
    read = two.read()
    assert [k.document for k in read.kept] == two.host.footprints
    assert read.findings == ()


@pytest.mark.parametrize("named", ["https://[x/3", "//evil.example/3/footprints"])
def test_a_next_page_that_is_no_address_of_the_host_is_told(two: Two, named: str) -> None:
    body = json.dumps({"data": [two.host.footprints[0]]}).encode()
    link = {"link": f'<{named}>; rel="next"'}
    two.answers("/3/footprints", HttpAnswer(200, link, body))
    assert codes(two.read().findings) == ["pact.not-followed"]


@pytest.mark.parametrize(
    ("path", "answer", "code"),
    [
        ("/auth/token", HttpAnswer(401, {}, b""), "pact.client-refused"),
        ("/auth/token", HttpAnswer(500, {}, b""), "exchange.peer-troubled"),
        ("/3/footprints", HttpAnswer(401, {}, b""), "exchange.peer-troubled"),
        ("/3/footprints", HttpAnswer(400, {}, b""), "pact.refused"),
        ("/3/footprints", HttpAnswer(200, {}, b"<html>"), "pact.no-answer"),
        ("/3/footprints", HttpAnswer(200, {}, b'{"data":1}'), "pact.no-answer"),
    ],
)
def test_a_host_in_trouble_is_told_apart(two: Two, path: str, answer: Any, code: str) -> None:
    two.answers(path, answer)
    with pytest.raises((FaultyInput, Unavailable)) as fault:
        two.read()
    assert codes(fault.value.findings) == [code]


def test_tokens_are_had_where_a_person_said_with_what_the_host_wants(two: Two) -> None:
    asked: list[tuple[str, bytes]] = []
    real = two.host.http.send

    def send(method: str, url: str, **rest: Any) -> HttpAnswer:
        if url.startswith("https://login.example"):
            asked.append((url, rest.get("content") or b""))
            token = {"access_token": two.host.token}
            found = url.endswith("/auth/token")
            return HttpAnswer(200 if found else 404, {}, json.dumps(token).encode())
        return real(method, url, **rest)

    two.host.http.send = send  # type: ignore[method-assign]
    pact_callback.enter_peer(
        two.cars, two.supplier, two.host.base, "us", "secret",
        auth="https://login.example/", scope="read:footprints", audience="pact",
    )  # fmt: skip
    assert len(two.read().kept) == 2
    assert asked[-1] == (
        "https://login.example/auth/token",
        b"grant_type=client_credentials&scope=read%3Afootprints&audience=pact",
    )
    with pytest.raises(FaultyInput):
        pact_callback.enter_peer(
            two.cars, two.supplier, two.host.base, "us", "s", auth="http://login.example"
        )


def test_a_request_is_fulfilled_and_what_came_is_taken_in(two: Two) -> None:
    footprint = two.host.footprints[0]
    id = two.ask(footprint["productIds"][0])
    assert two.the_request().state is State.ASKING
    two.settle()
    request = two.the_request()
    assert (request.id, request.state) == (id, State.FULFILLED)
    assert request.footprints == (footprint["id"],)
    kept = pact_ask.footprint_named(two.cars, footprint["id"][:8])
    assert (kept.way, kept.document) == (id, footprint)
    taken = import_figure(
        two.cars,
        ImportRequest(
            content=canonical_bytes(dict(kept.document)),
            name="aluminium.json",
            by="Buyer",
            supplier=kept.partner,
        ),
    )
    assert "supplier.not-signed" in codes(taken.findings)
    assert audit(two.cars).clean and audit(two.host.world).clean


def test_a_request_for_what_is_not_there_is_rejected_with_the_reason(two: Two) -> None:
    two.ask("urn:gtin:1")
    two.settle()
    request = two.the_request()
    assert request.state is State.REJECTED
    assert request.text == "NotFound: The requested footprint could not be found."


def test_a_host_that_does_not_take_a_request_ends_it(two: Two) -> None:
    two.answers("/3/events", HttpAnswer(400, {}, b""))
    two.ask("urn:gtin:1")
    two.settle()
    assert (two.the_request().state, two.the_request().text) == (State.FAILED, "HTTP 400")


@pytest.mark.parametrize(
    ("pfs", "says"),
    [
        ([], "list of footprints"),
        ([{"id": "x"}], "no footprint of PACT 3"),
        (None, "no product"),
    ],
)
def test_an_answer_that_is_none_is_refused_and_noted(two: Two, pfs: Any, says: str) -> None:
    id = two.ask("urn:gtin:1")
    given = two.host.footprints[:1] if pfs is None else pfs
    event = {"id": "e-1", "data": {"requestEventId": id, "pfs": given}}
    with pytest.raises(BadRequest):
        _answer(two, event)
    request = two.the_request()
    assert request.state is State.ASKING and says in request.text
    assert pact_ask.received(two.cars) == []


def test_an_answer_of_another_partner_or_told_twice_changes_nothing(two: Two) -> None:
    footprint = two.host.footprints[0]
    id = two.ask(footprint["productIds"][0])
    event = {"id": "e-1", "data": {"requestEventId": id, "pfs": [footprint]}}
    assert not _answer(two, event, bpn="BPNL0000STRANGER")
    assert two.the_request().state is State.ASKING
    assert _answer(two, event) and _answer(two, event)
    assert len(pact_ask.received(two.cars)) == 1
    assert len(list(pact.events(two.cars))) == 1
    rejected = {"id": "e-2", "kind": "Rejected", "data": {"requestEventId": id}}
    assert _answer(two, rejected)  # too late: it has come
    assert two.the_request().state is State.FULFILLED


def test_who_cannot_be_answered_or_asked_is_told_what_is_missing(two: Two) -> None:
    with pytest.raises(FaultyInput) as fault:
        two.ask("aluminium")
    assert codes(fault.value.findings) == ["pact.no-urn"]
    with pytest.raises(FaultyInput) as fault:
        pact_ask.read(two.host.world, two.host.world.node.partners[1], [])
    assert codes(fault.value.findings) == ["pact.no-peer"]
    pact_callback.enter_peer(
        two.host.world, two.host.world.node.partners[1], "https://x.example", "us", "s"
    )
    with pytest.raises(FaultyInput) as fault:
        pact_ask.request(
            two.host.world,
            two.host.world.node.partners[1],
            ["urn:gtin:1"],
            comment="",
            person="Buyer",
        )
    assert codes(fault.value.findings) == ["pact.no-client"]


def test_a_request_event_may_ask_by_anything_a_list_is_filtered_by(two: Two) -> None:
    one, other = two.host.footprints
    asked = criteria({"geography": ["DE"], "validOn": "2025-01-01T00:00:00Z"})
    assert [fits(f, asked) for f in (one, other)] == [False, True]
    for nothing in ({}, {"comment": "all"}, {"geography": "DE"}, {"validOn": 1}):
        with pytest.raises(BadRequest):
            criteria(nothing)


def test_a_large_answer_goes_in_events_that_every_door_takes(two: Two) -> None:
    one = two.host.footprints[0]
    large = [{**one, "comment": f"{n}" + "x" * 400_000} for n in range(3)]
    assert [len(part) for part in in_events(large)] == [2, 1]
    assert in_events([]) == []
    assert [len(part) for part in in_events([{"c": "x" * 2_000_000}] * 2)] == [1, 1]


def test_a_large_event_is_taken_of_a_known_client_alone(two: Two) -> None:
    two.host.http.applications[two.host.base] = create_app(two.host.world)
    token = json.loads(two.host.sign_in().content)["access_token"]
    kind = {"content-type": EVENT_TYPE}
    known = {**kind, "authorization": f"Bearer {token}"}
    send, url = two.host.http.send, f"{two.host.base}/3/events"
    large = b" " * 1_100_000
    assert send("POST", url, headers=known, content=large).status == 400
    assert send("POST", url, headers=kind, content=large).status == 413


def test_an_answer_of_ours_that_is_not_taken_is_kept_with_the_question(two: Two) -> None:
    two.ask("urn:gtin:1")
    OutboxWorker(two.cars, outbox_handlers()).run_once()
    two.host.http.before = lambda _, url: (
        HttpAnswer(413, {}, b"") if url == "https://cars.example/3/events" else None
    )
    two.settle()
    (event,) = pact.events(two.host.world)
    assert event["answer_refused"] == 413
    assert audit(two.host.world).clean


def _answer(two: Two, event: dict[str, Any], bpn: str = "") -> bool:
    from saltbridge.formats.pact_api import parse_event
    from saltbridge.steps.pact_clients import Client

    kind = event.pop("kind", "Fulfilled") if "kind" in event else "Fulfilled"
    told = {
        "type": f"org.wbcsd.pact.ProductFootprint.Request{kind}Event.3",
        "specversion": "1.0",
        "source": "https://supplier.example",
        **event,
    }
    client = Client("c", bpn or two.supplier.bpn, "contract", "2026-01-01T00:00:00Z")
    return pact.take_event(two.cars, client, parse_event(json.dumps(told).encode()))
