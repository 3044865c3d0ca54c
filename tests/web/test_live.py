"""Answers that a system makes while a partner waits: what lets them out, what not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.web.conftest import Pair

from saltbridge.adapters.upstream import NamedUpstreams
from saltbridge.bootstrap import exchange_ways
from saltbridge.border.context import Context, Recipient
from saltbridge.border.court import live_ruling
from saltbridge.border.rules import packaged_packs, parse_pack
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.exchange.upstream import Upstream
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.formats.content_digest import render_content_digest
from saltbridge.ports import HttpAnswer
from saltbridge.services import live_ask
from saltbridge.services.live_offer import LiveRequest, offer_live
from saltbridge.services.transfer import suspend
from saltbridge.steps.rules import RuleBook
from saltbridge.testing.builders import NOON, FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record
from saltbridge.testing.peers import PCF_DOCUMENT, InProcessHttp
from saltbridge.trust.claims import verify
from saltbridge.web.app import create_app

URL = "http://10.0.0.5:8080/pcf"
SECRET = "CANARY-SUB-SUPPLIER"  # in the document; stays at home


@dataclass
class System:
    """A system of the provider's, which is asked and answers what a test says."""

    document: Any = field(default_factory=lambda: dict(PCF_DOCUMENT))
    asked: list[str] = field(default_factory=list)
    status: int = 200
    typed: str = "application/json"
    content: bytes | None = None
    meanwhile: Callable[[], object] = bool  # what happens while it thinks

    def knows(self, url: str) -> bool:
        return url.startswith("http://10.0.0.5:8080")

    def ask(self, url: str, *, limit_bytes: int, timeout_seconds: float) -> HttpAnswer:
        self.asked.append(url)
        self.meanwhile()
        headers = {"content-type": self.typed, "x-inside": "CANARY-HEADER", "set-cookie": "a=b"}
        content = self.content
        return HttpAnswer(
            self.status, headers, canonical_bytes(self.document) if content is None else content
        )


def a_house(ours="EU", theirs="EU", **offer):
    """A provider with a system, and a consumer that may ask it."""
    clock, http, system = FixedClock(), InProcessHttp(), System()
    supplier = node_profile("supplier", jurisdiction=ours, port=8201)
    cars = node_profile("cellmaker", jurisdiction=theirs, port=8202)
    supplier = replace(supplier, partners=(partner_of(cars),))
    cars = replace(cars, partners=(partner_of(supplier),))
    documents = {}
    for node in (supplier, cars):
        documents[node.did] = memory_world(node).keyring.did_document()
    provider, consumer = (
        replace(memory_world(node, clock=clock, did_documents=documents), http=http)
        for node in (supplier, cars)
    )
    provider = replace(provider, upstream=system)
    for world in (provider, consumer):
        http.applications[world.node.base_url] = create_app(world)
    pair = Pair(clock, http, provider, consumer)
    request = LiveRequest(
        **{
            "kind": "pcf",
            "upstream": Upstream(URL, ("", "by-part"), ("part", "year")),
            "recipients": [cars.bpn],
            "person": "Export control",
            **offer,
        }
    )
    pair.dataset_id = offer_live(provider, request)["id"]
    return pair, system


def opened(pair):
    """The interface, open."""
    for _ in range(12):
        edr = live_ask.open_interface(pair.consumer, exchange_ways(), pair.to_provider, "")
        if edr is not None:
            return edr
        pair.pump()
    raise AssertionError("it never opened")


def asked(pair, edr, path="by-part", query=(("part", "A 1"),)):
    return live_ask.ask_live(pair.consumer, pair.to_provider, edr, path, query).content


def refused(pair, edr, *args):
    with pytest.raises(Refused) as found:
        asked(pair, edr, *args)
    told = found.value.findings[0].arguments
    return told["status"], told["refusal"]


def everything_stored(pair):
    with pair.provider.store.reading() as view:
        return view.log_size(), [
            [r.id for r in view.find(k)] for k in ("decision", "live-answer", "live-release")
        ]


def test_an_answer_is_decided_signed_logged_and_released_to_who_asked():
    pair, system = a_house()
    content = asked(pair, opened(pair))
    assert system.asked == [f"{URL}/by-part?part=A%201"]
    claim = parse_claim_file(content).claim
    stated = verify(claim, pair.provider.keyring.did_document())
    assert stated.content["records"][0]["kg_co2e_per_unit"] == 19.5
    assert SECRET.encode() not in content
    answered = pair.the(pair.provider, "live-answer")
    assert answered["digest"] == digest(content)
    assert answered["size"] == len(content)
    assert answered["parameters"] == ["part"]
    assert "A 1" not in str(answered)
    with pair.provider.store.reading() as view:
        leaves = [view.log_leaf(i) for i in range(view.log_size())]
        decision = read_json(view.get("decision", answered["decision_id"]).body)
        assert view.get("manifest", answered["decision_id"]) is not None
        assert view.get("export-statement", answered["decision_id"]) is not None
    assert [leaf.subject for leaf in leaves if leaf.event == "live.answered"] == [
        answered["id"]
    ]
    assert (decision["digest"], decision["verdict"]) == (answered["digest"], "released")
    assert decision["recipient"]["bpn"] == pair.consumer.node.bpn


def test_the_statement_about_an_answer_goes_to_whom_it_was_made_for():
    pair, _ = a_house()
    edr = opened(pair)
    came = live_ask.ask_live(pair.consumer, pair.to_provider, edr, "", ())
    stated = verify(
        parse_claim_file(came.statement).claim, pair.provider.keyring.did_document()
    )
    assert digest(came.content) in str(stated.content)
    decision = pair.the(pair.provider, "live-answer")["decision_id"]
    with pair.provider.store.reading() as view:
        others = [r.id for r in view.find("decision") if r.id != decision]
    assert others  # the statement was decided about, too
    for id, status in ((decision, 200), *((other, 404) for other in others), ("none", 404)):
        url = f"{edr.endpoint}/statements/{id}"
        assert pair.http.send("GET", url, headers={"authorization": edr.token}).status == status
        assert pair.http.send("GET", url).status == 403


@pytest.mark.parametrize("announced", [False, True])
def test_an_answer_the_partner_did_not_announce_or_sign_is_not_taken(announced):
    pair, _ = a_house()
    edr = opened(pair)
    real = pair.http.send

    def altered(method, url, **rest):
        answer = real(method, url, **rest)
        content = answer.content.replace(b'"jws":"', b'"jws":"x')
        headers = {**answer.headers, "content-digest": render_content_digest(digest(content))}
        return HttpAnswer(answer.status, headers if announced else answer.headers, content)

    pair.http.send = altered
    with pytest.raises(SaltbridgeError):
        asked(pair, edr)
    assert pair.all(pair.consumer, "did-document") == []


def test_nothing_of_the_systems_own_answer_goes_on():
    pair, _ = a_house()
    edr = opened(pair)
    answer = pair.http.send(
        "GET", f"{edr.endpoint}/by-part?part=1", headers={"authorization": edr.token}
    )
    assert answer.status == 200
    assert "x-inside" not in answer.headers and "set-cookie" not in answer.headers
    assert b"CANARY" not in answer.content


def test_the_same_document_again_is_the_same_release_and_each_answer_is_logged():
    pair, system = a_house()
    edr = opened(pair)
    one, two = asked(pair, edr), asked(pair, edr, "", ())
    assert one == two
    assert len(pair.all(pair.provider, "live-answer")) == 2
    system.document = {**PCF_DOCUMENT, "product_family": "another"}
    assert asked(pair, edr) != one
    released = {a["decision_id"] for a in pair.all(pair.provider, "live-answer")}
    assert len(released) == 2


@pytest.mark.parametrize(
    ("path", "query", "due"),
    [
        ("by-part/x", (), (404, "live.path-unknown")),
        ("../admin", (), (404, "live.path-unknown")),
        ("by-part", (("part", "1"), ("part", "2")), (400, "live.parameter-unknown")),
        ("by-part", (("debug", "1"),), (400, "live.parameter-unknown")),
        ("by-part", (("part", "x" * 201),), (400, "live.parameter-unknown")),
        ("by-part", (("part", "a\r\nX: y"),), (400, "live.parameter-unknown")),
    ],
)
def test_a_question_that_was_not_offered_never_reaches_the_system(path, query, due):
    pair, system = a_house()
    edr = opened(pair)
    before = everything_stored(pair)
    assert refused(pair, edr, path, query) == due
    assert system.asked == []
    assert everything_stored(pair) == before


def test_only_get_is_answered():
    pair, system = a_house()
    edr = opened(pair)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        headers = {"authorization": edr.token}
        answer = pair.http.send(
            method, f"{edr.endpoint}/by-part", headers=headers, content=b"{}"
        )
        assert answer.status == 405
    assert system.asked == []


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
def test_without_its_token_nothing_is_asked(token):
    pair, system = a_house()
    edr = opened(pair)
    with pytest.raises(Refused):
        asked(pair, replace(edr, token=token))
    assert system.asked == []


def test_a_pause_and_a_token_that_ran_out_shut_it():
    pair, system = a_house()
    edr = opened(pair)
    pair.clock.advance(seconds=301)
    assert refused(pair, edr) == (403, "http.token-refused")
    pair, system = a_house()
    edr = opened(pair)
    pid = pair.the(pair.provider, "transfer")["provider_pid"]
    suspend(pair.provider, pid, "exchange.suspended-by-person")
    assert refused(pair, edr) == (403, "http.token-refused")
    assert system.asked == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": 500},
        {"status": 302},
        {"typed": "text/html"},
        {"content": b"<html>"},
        {"content": b"[]"},
        {"document": {**PCF_DOCUMENT, "kind": "battery-supplier-record"}},
        {"document": {"kind": "pcf", "records": 5}},
        {"document": {"kind": "pcf", "records": ["x"]}},
        {"document": {"kind": "pcf", "records": None}},
        {"document": {"kind": "pcf", "records": [{"flow": "x", "unit": "kg"}]}},
        {"document": {"kind": "pcf", "documents": [{"flow": "x", "content": {}}]}},
        {"content": b'{"kind":"pcf","product_family":1e400}'},
    ],
)
def test_what_cannot_be_decided_about_does_not_leave(wrong):
    pair, system = a_house()
    edr = opened(pair)
    for name, value in wrong.items():
        setattr(system, name, value)
    before = everything_stored(pair)
    with pytest.raises(Unavailable):
        asked(pair, edr)
    assert everything_stored(pair) == before


@pytest.mark.parametrize("kind", ["battery-supplier-record", "pcf"])
def test_a_footprint_marked_as_a_what_if_does_not_leave_without_its_mark(kind, caplog):
    pair, system = a_house(kind=kind)
    edr = opened(pair)
    scenario = {"kind": "what-if"}
    if kind == "pcf":
        (record,) = PCF_DOCUMENT["records"]
        system.document = {**PCF_DOCUMENT, "records": [{**record, "scenario": scenario}]}
    else:
        record = battery_record()
        footprint = {**record["footprint"], "scenario": scenario}
        system.document = {**record, "footprint": footprint}
    before = everything_stored(pair)
    with pytest.raises(Unavailable):
        asked(pair, edr)
    assert everything_stored(pair) == before
    assert "record.scenario" in caplog.text


def test_an_answer_of_a_transfer_that_was_paused_meanwhile_does_not_leave():
    pair, system = a_house()
    edr = opened(pair)
    pid = pair.the(pair.provider, "transfer")["provider_pid"]
    system.meanwhile = lambda: suspend(pair.provider, pid, "exchange.suspended-by-person")
    assert refused(pair, edr) == (403, "http.token-refused")
    assert len(system.asked) == 1
    assert pair.all(pair.provider, "live-answer") == []
    assert pair.all(pair.provider, "decision") == []


def test_a_partner_that_moved_meanwhile_is_not_answered():
    pair, system = a_house()
    edr = opened(pair)
    moved = replace(pair.to_consumer, jurisdiction="CN")
    node = replace(pair.provider.node, partners=(moved,))
    system.meanwhile = lambda: object.__setattr__(pair.provider, "node", node)
    assert refused(pair, edr) == (403, "live.not-allowed")
    assert len(system.asked) == 1
    assert pair.all(pair.provider, "live-answer") == []


def test_a_catalogue_of_another_edition_has_the_same_document_decided_anew(monkeypatch):
    pair, _ = a_house()
    edr = opened(pair)
    asked(pair, edr)
    before = RuleBook.catalogue
    monkeypatch.setattr(
        RuleBook, "catalogue", lambda *a: replace(before(*a), edition="another")
    )
    asked(pair, edr)
    assert len({a["decision_id"] for a in pair.all(pair.provider, "live-answer")}) == 2


def test_what_the_system_does_not_have_is_not_found():
    pair, system = a_house()
    edr = opened(pair)
    system.status = 404
    assert refused(pair, edr) == (404, "live.nothing")


def test_a_document_of_which_nothing_may_leave_is_refused_and_recorded():
    pair, system = a_house()
    edr = opened(pair)
    system.document = {"kind": "pcf", "unheard_of": SECRET}
    assert refused(pair, edr) == (403, "live.not-allowed")
    kept = [d for d in pair.all(pair.provider, "decision") if d["verdict"] == "refused"]
    assert len(kept) == 1
    assert pair.all(pair.provider, "live-answer") == []


# ── what the rule packs say ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ours", "theirs", "rule"),
    [
        ("CN", "EU", "cn-live-abroad"),
        ("CN", "CN", "default-deny-live"),
        ("EU", "CN", "default-deny-live"),
        ("US", "US", "default-deny-live"),
    ],
)
def test_where_no_pack_allows_it_nothing_is_offered(ours, theirs, rule):
    with pytest.raises(Refused) as found:
        a_house(ours, theirs)
    (one,) = found.value.findings
    assert (one.code, one.arguments["rule"]) == ("live.not-allowed", rule)


def test_a_partner_that_moved_is_not_answered_any_more():
    pair, system = a_house()
    edr = opened(pair)
    moved = replace(pair.to_consumer, jurisdiction="CN")
    object.__setattr__(pair.provider, "node", replace(pair.provider.node, partners=(moved,)))
    assert refused(pair, edr) == (403, "live.not-allowed")
    assert system.asked == []


def a_context(ours, theirs):
    return Context(
        decision_id="d",
        origin=ours,
        destination=theirs,
        recipient=Recipient("BPNL00000000CARS", "Cars", theirs),
        purpose="cx.pcf.base:1",
        agreement=None,
        at=NOON,
        counters=None,
        person="x",
    )


def test_one_forbid_outweighs_every_permit():
    forbid = next(p for p in packaged_packs() if p.id == "cn-live")
    everywhere = replace(forbid, id="x", jurisdiction="*", applies="always")
    inside = a_context("EU", "EU")
    assert live_ruling(packaged_packs(), inside).allowed
    assert not live_ruling((*packaged_packs(), everywhere), inside).allowed
    assert live_ruling((), inside).rule == "default-deny-live"


@pytest.mark.parametrize(
    "rule",
    [
        'effect = "forbid"\nquestion = "export"\nclasses = []',
        'effect = "permit"\nquestion = "live"\nclasses = ["public"]',
        'effect = "forbid"\nquestion = "live"\nclasses = []\nunless = "person-named"',
    ],
)
def test_a_live_rule_that_is_not_understood_is_not_used(rule):
    pack = (
        'id = "x"\nedition = "1"\ntitle = "x"\njurisdiction = "*"\napplies = "always"\n'
        'applies_from = 2024-01-01\nstate = "loaded"\ncitation = "x"\nconfidence = "recalled"\n'
    )
    with pytest.raises(ValueError, match=r"^y: "):
        parse_pack(f'{pack}\n[[rule]]\nid = "y"\n{rule}\n')


# ── what an operator may offer ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        ({"kind": "nonsense"}, "publish.unknown-kind"),
        ({"upstream": Upstream("http://10.0.0.9/x", ("",))}, "live.upstream-not-named"),
        ({"upstream": Upstream(URL, ())}, "live.no-path"),
        ({"upstream": Upstream(URL, ("a/../b",))}, "live.faulty-name"),
        ({"upstream": Upstream(URL, ("a?b",))}, "live.faulty-name"),
        ({"upstream": Upstream(URL, ("a",), ("b=c",))}, "live.faulty-name"),
    ],
)
def test_a_faulty_offer_is_said(offer, code):
    with pytest.raises(FaultyInput) as found:
        a_house(**offer)
    assert [f.code for f in found.value.findings] == [code]


def test_the_client_asks_named_systems_only(tmp_path):
    client = NamedUpstreams({"http://127.0.0.1:1": tmp_path / "none"})
    for url in (
        "http://127.0.0.1:2/x",
        "http://127.0.0.1:1@evil.example/",
        "file:///etc/passwd",
    ):
        assert not client.knows(url)
        with pytest.raises(Unavailable, match=r"http\.address-forbidden"):
            client.ask(url, limit_bytes=1000, timeout_seconds=1.0)
    assert client.knows("http://127.0.0.1:1/x")
    with pytest.raises(Unavailable, match=r"live\.secret-unreadable"):
        client.ask("http://127.0.0.1:1/x", limit_bytes=1000, timeout_seconds=1.0)
