"""Footprints asked for and put back between two companies (CX-0136), both ways of the wire."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.exchange.pcf_exchange import State
from saltbridge.formats.pcf import recognise
from saltbridge.services import pcf_answer, pcf_ask
from saltbridge.services.log_audit import audit
from saltbridge.services.pcf_answer import Answer
from saltbridge.services.pcf_ask import Question, ask_partner, take_answer
from saltbridge.steps.edr import kept_edr

PART = "PREC-622"
BY = Answer(person="PCF desk")


@pytest.fixture
def footprint(examples):
    path = examples / "partners/material-supplier/figures/precursor-2026.json"
    return read_json(path.read_bytes())


class Desk:
    """Two companies: the consumer asks, the provider has opened its door."""

    def __init__(self, pair):
        self.pair = pair
        self.wire = []
        pcf_answer.open_door(pair.provider, pair.to_consumer)
        real = pair.http.send

        def seen(method, url, **rest):
            answer = real(method, url, **rest)
            if "footprintExchange" in url:
                self.wire.append((method, urlsplit(url), answer.status, rest.get("content")))
            return answer

        pair.http.send = seen

    def settle(self):
        for _ in range(10):
            self.pair.pump()
            self.pair.clock.advance(seconds=2)
        return self

    def ask(self, **question):
        asked = ask_partner(
            self.pair.consumer,
            self.pair.to_provider,
            Question(**{"manufacturer_part": PART, "person": "Buyer", **question}),
        )
        self.settle()
        return asked.id

    def answer(self, id, document=None, **more):
        done = pcf_answer.answer(
            self.pair.provider,
            id,
            Answer(document=document, person="PCF desk", message=more.pop("message", "")),
            **more,
        )
        self.settle()
        return done

    def states(self, id):
        """How the asker and the asked see it."""
        return tuple(
            next(r.state for r in pcf_answer.inbox(w, everything=True) if r.id == id)
            for w in (self.pair.consumer, self.pair.provider)
        )

    def came(self, id):
        request = pcf_answer.one_request(self.pair.consumer, id)
        return pcf_ask.answer_of(self.pair.consumer, request)


@pytest.fixture
def desk(a_pair):
    return Desk(a_pair())


def test_a_question_is_accepted_answered_and_the_footprint_put_back(desk, footprint):
    id = desk.ask(message="Please for 2026")
    ((method, url, status, _),) = desk.wire
    assert (method, status) == ("GET", 202)
    assert parse_qs(url.query) == {
        "manufacturerPartId": [PART],
        "message": ["Please for 2026"],
        "dataModelVersion": ["urn:samm:io.catenax.pcf:10.0.0"],
    }
    assert desk.states(id) == (State.OPEN, State.OPEN)
    (waiting,) = pcf_answer.inbox(desk.pair.provider)
    assert (waiting.message, waiting.model, waiting.api) == (
        "Please for 2026",
        "10.0.0",
        "1.3.0",
    )
    done = desk.answer(id, footprint, message="Here it is")
    assert desk.states(id) == (State.ANSWERED, State.ANSWERED)
    assert recognise(desk.came(id)) == "catena-x-pcf-10"
    method, url, status, content = desk.wire[-1]
    assert (method, status) == ("PUT", 200)
    assert parse_qs(url.query) == {"message": ["Here it is"], "update": ["false"]}
    with desk.pair.provider.store.reading() as view:
        release = view.get_release(done.request.digest, done.request.decision_id)
    assert (release.content, release.audience) == (content, desk.pair.consumer.node.bpn)
    assert done.lost  # said, never silently dropped


def test_model_9_is_answered_in_model_9(desk, footprint):
    id = desk.ask(model="9.0.0")
    desk.answer(id, footprint)
    assert recognise(desk.came(id)) == "catena-x-pcf-9"


def test_a_question_without_a_model_is_one_of_before(desk):
    asked = pcf_answer.receive(
        desk.pair.provider, "BPNL000CELLMAKER", "r-1", {"customerPartId": "C-1"}, "1.3.0"
    )
    assert asked.status == 202
    (request,) = pcf_answer.inbox(desk.pair.provider)
    assert (request.model, request.customer_part) == ("9.0.0", "C-1")


@pytest.mark.parametrize(
    ("query", "api", "status"),
    [
        ({}, "1.3.0", 400),
        ({"message": "x"}, "1.3.0", 400),
        ({"manufacturerPartId": "P" * 251}, "1.3.0", 400),
        ({"manufacturerPartId": "P", "message": "m" * 251}, "1.3.0", 400),
        ({"manufacturerPartId": "P", "message": "m" * 250}, "1.3.0", 202),
        ({"manufacturerPartId": "P", "dataModelVersion": "urn:samm:io.catenax.pcf:7.0.0"},
         "1.3.0", 422),
        ({"manufacturerPartId": "P", "dataModelVersion": "10.0.0"}, "1.3.0", 422),
        ({"manufacturerPartId": "P", "dataModelVersion": "urn:samm:io.catenax.pcf:10.x.x"},
         "1.3.0", 202),
        ({"manufacturerPartId": "P", "dataModelVersion": "urn:samm:io.catenax.pcf:7.0.0"},
         "1.2.0", 202),  # that interface knows no such parameter
    ],
)  # fmt: skip
def test_what_a_question_is_answered_with_at_once(desk, query, api, status):
    asked = pcf_answer.receive(desk.pair.provider, "BPNL000CELLMAKER", "r-1", query, api)
    assert asked.status == status
    assert bool(pcf_answer.inbox(desk.pair.provider)) is (status == 202)


@pytest.mark.parametrize("id", ["", "a/b", "a b", "x" * 201, "ä"])
def test_an_id_that_is_none_is_refused(desk, id):
    query = {"manufacturerPartId": "P"}
    assert pcf_answer.receive(desk.pair.provider, "B", id, query, "1.3.0").status == 400


def test_the_same_question_again_changes_nothing(desk, footprint):
    id = desk.ask()
    desk.answer(id, footprint)
    query = {"manufacturerPartId": "ANOTHER"}
    bpn = desk.pair.consumer.node.bpn
    assert pcf_answer.receive(desk.pair.provider, bpn, id, query, "1.3.0").status == 202
    assert pcf_answer.inbox(desk.pair.provider) == []
    (kept,) = pcf_answer.inbox(desk.pair.provider, everything=True)
    assert kept.manufacturer_part == PART


def test_an_update_follows_the_answer(desk, footprint):
    id = desk.ask()
    with pytest.raises(Refused):
        desk.answer(id, footprint, update=True)
    desk.answer(id, footprint)
    changed = json.loads(json.dumps(footprint))
    changed["general"][0]["comment"] = "corrected"
    desk.answer(id, changed, update=True, message="corrected")
    assert desk.wire[-1][2] == 200
    assert parse_qs(desk.wire[-1][1].query)["update"] == ["true"]
    assert desk.came(id)["general"][0]["comment"] == "corrected"
    seen = pcf_answer.one_request(desk.pair.consumer, id)
    assert (seen.updates, seen.text) == (1, "corrected")
    with desk.pair.consumer.store.reading() as view:
        assert view.get("pcf-answer", f"{desk.pair.provider.node.bpn}|{id}").version == 2


def test_an_audit_finds_nothing_after_an_exchange(desk, footprint):
    pcf_answer.keep_sheet(desk.pair.provider, PART, footprint)
    desk.answer(desk.ask())
    for world in (desk.pair.provider, desk.pair.consumer):
        assert audit(world).clean


def test_a_refusal_tells_its_reason_and_ends_the_request(desk, footprint):
    id = desk.ask()
    for reason in ("", "  ", "x" * 251):
        with pytest.raises(FaultyInput):
            pcf_answer.refuse(desk.pair.provider, id, reason, BY)
    pcf_answer.refuse(desk.pair.provider, id, "The part is not ours.", BY)
    desk.settle()
    assert desk.states(id) == (State.REFUSED, State.REFUSED)
    assert pcf_answer.one_request(desk.pair.consumer, id).text == "The part is not ours."
    with pytest.raises(Refused):
        desk.answer(id, footprint)
    assert desk.came(id) is None


def test_a_kept_sheet_answers_without_a_file(desk, footprint):
    id = desk.ask()
    with pytest.raises(FaultyInput) as fault:
        desk.answer(id)
    assert fault.value.findings[0].code == "pcf.no-sheet"
    pcf_answer.keep_sheet(desk.pair.provider, PART, footprint)
    desk.answer(id)
    assert desk.states(id) == (State.ANSWERED, State.ANSWERED)


def test_what_is_no_sound_footprint_is_not_released(desk, footprint):
    id = desk.ask()
    decisions = len(desk.pair.all(desk.pair.provider, "decision"))
    for spoiled in ({}, {**footprint, "scopeOfPcfForm": []}, [], {"kind": "pcf"}):
        with pytest.raises((FaultyInput, Refused)):
            desk.answer(id, spoiled)
    assert len(desk.pair.all(desk.pair.provider, "decision")) == decisions
    assert desk.states(id) == (State.OPEN, State.OPEN)


def test_a_member_nobody_catalogued_stays_at_home(desk, footprint):
    id = desk.ask(model="9.0.0")
    document = json.loads(json.dumps(footprint))
    document["general"][0]["internalNote"] = "CANARY"
    desk.answer(id, document)
    assert "CANARY" not in json.dumps(desk.came(id))


def put(desk, partner, id, document, *, update=False, message=""):
    content = document if isinstance(document, bytes) else canonical_bytes(document)
    return take_answer(
        desk.pair.consumer, partner, id, content, message=message, update=update
    ).status


def test_a_footprint_is_taken_for_a_question_of_ours_from_whom_we_asked_only(desk, footprint):
    id = desk.ask(model="9.0.0")
    provider = desk.pair.provider.node.bpn
    assert put(desk, provider, "other", footprint) == 404
    assert put(desk, "BPNL0000STRANGER", id, footprint) == 404
    assert put(desk, desk.pair.consumer.node.bpn, id, footprint) == 404
    assert put(desk, provider, id, b"{") == 400
    assert put(desk, provider, id, {}) == 400  # a refusal needs a reason
    assert put(desk, provider, id, {"x": 1}) == 422
    assert put(desk, provider, id, {**footprint, "carbonContent": "x"}) == 422
    assert desk.came(id) is None
    assert put(desk, provider, id, footprint) == 200
    assert put(desk, provider, id, footprint) == 200
    changed = {**footprint, "general": [{"comment": "other", "pcfLegalStatement": "x"}]}
    assert put(desk, provider, id, changed) == 409
    assert put(desk, provider, id, {}, message="no") == 400
    assert put(desk, provider, id, changed, update=True) == 200
    kept = desk.pair.the(desk.pair.consumer, "pcf-answer")
    assert kept["digest"] == digest(canonical_bytes(changed))


def test_an_answer_in_another_model_than_asked_is_not_taken(desk, footprint):
    id = desk.ask()
    assert put(desk, desk.pair.provider.node.bpn, id, footprint) == 422


def test_a_partner_of_before_is_asked_for_model_9(desk, footprint):
    """Its catalogue shows the interface 1.2.0 alone."""
    with desk.pair.provider.store.unit_of_work() as work:
        for record in work.find("dataset"):
            body = read_json(record.body)
            if body.get("version") == "1.3.0":
                work.put("dataset", record.id, canonical_bytes({**body, "access": []}))
    id = desk.ask()
    (_, url, status, _), *_ = desk.wire
    assert status == 202
    assert "dataModelVersion" not in url.query
    desk.answer(id, footprint)
    assert recognise(desk.came(id)) == "catena-x-pcf-9"


def test_a_partner_without_the_interface_is_said(a_pair):
    desk = Desk(a_pair())
    with desk.pair.provider.store.unit_of_work() as work:
        for record in work.find("dataset"):
            body = read_json(record.body)
            work.put("dataset", record.id, canonical_bytes({**body, "access": []}))
    id = desk.ask()
    request = pcf_answer.one_request(desk.pair.consumer, id)
    assert (request.state, request.text) == (State.FAILED, "exchange.interface-not-offered")


@pytest.mark.parametrize(
    "faulty",
    [{"manufacturer_part": ""}, {"message": "x" * 251}, {"model": "8.0.0"}],
)
def test_a_question_that_cannot_be_asked_is_not_kept(desk, faulty):
    with pytest.raises(FaultyInput):
        desk.ask(**faulty)
    assert pcf_answer.inbox(desk.pair.consumer, everything=True) == []


def test_only_get_and_put_of_the_interface_are_answered(desk):
    desk.ask()
    _, base, _, _ = desk.wire[0]
    root = f"{base.scheme}://{base.netloc}{base.path.partition('/footprintExchange')[0]}"
    (edr,) = desk.pair.all(desk.pair.consumer, "edr")
    with desk.pair.consumer.store.reading() as view:
        token = kept_edr(desk.pair.consumer, view, edr["transfer_id"]).token
    send, headers = desk.pair.http.send, {"authorization": token}
    for method, path, status in (
        ("POST", "footprintExchange/r-1", 405),
        ("DELETE", "footprintExchange/r-1", 405),
        ("GET", "footprintExchange", 404),
        ("GET", "footprintExchange/r-1/more", 404),
        ("GET", "productIds/1", 404),
        ("GET", "footprintExchange/r-1", 400),
    ):
        assert send(method, f"{root}/{path}", headers=headers).status == status
    assert send("GET", f"{root}/footprintExchange/r-1", headers={}).status == 403
