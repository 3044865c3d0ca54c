"""The export statement: beside the bytes, with the same token, checked by who receives it."""

import json

import pytest

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import HttpAnswer
from saltbridge.steps.statement_received import statement_record
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.trust.claims import ExportStatement, SupplierRecord, sign, verify


def test_the_token_of_the_data_opens_its_statement_and_no_other_does(a_pair):
    pair = a_pair()
    endpoint, token = pair.started()
    data, answer = pair.pull(endpoint, token), pair.pull(f"{endpoint}/statement", token)
    assert answer.status == 200
    claim = parse_claim_file(answer.content).claim
    assert isinstance(claim, ExportStatement)
    content = verify(claim, pair.provider.keyring.did_document()).content
    assert content["released"][0] == {
        "digest": digest(data.content),
        "size": len(data.content),
        "media_type": "application/json",
    }
    assert content["recipient"] == pair.consumer.node.bpn
    assert pair.pull(f"{endpoint}/statement", "x" * 43).status == 403
    pair.clock.advance(seconds=300)
    assert pair.pull(f"{endpoint}/statement", token).status == 403


def test_the_receiver_keeps_a_verified_statement_with_the_delivery(a_pair):
    pair = a_pair()
    pair.ask()
    pair.pump()
    delivery = pair.the(pair.consumer, "delivery")
    statement = delivery["statement"]
    assert statement["state"] == "verified"
    assert {c["name"] for c in statement["checks"] if c["ok"]} == {
        "signature",
        "content",
        "payload",
        "recipient",
        "terms",
    }
    assert statement["claim"]["saltbridge"] == "export-statement"
    assert delivery["verified"]


class _Answers:
    """A network in which the statement is answered with something else."""

    def __init__(self, http, answer):
        self._http, self._answer = http, answer

    def send(self, method, url, **more):
        if url.endswith("/statement"):
            return self._answer
        return self._http.send(method, url, **more)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (HttpAnswer(404, {}, b""), "absent"),
        (HttpAnswer(500, {}, b"{}"), "absent"),
        (HttpAnswer(200, {}, b"<html>"), "faulty"),
        (HttpAnswer(200, {}, b"{}"), "faulty"),
    ],
)
def test_a_provider_without_a_sound_statement_still_delivers(a_pair, answer, state):
    pair = a_pair()
    object.__setattr__(pair.consumer, "http", _Answers(pair.consumer.http, answer))
    pair.ask()
    pair.pump()
    delivery = pair.the(pair.consumer, "delivery")
    assert delivery["verified"] and delivery["statement"]["state"] == state


def _of(pair):
    """A delivery's statement file, its bytes, and what the receiver compares it with."""
    endpoint, token = pair.started()
    payload = pair.pull(endpoint, token).content
    file = pair.pull(f"{endpoint}/statement", token).content
    known = {
        "payload": payload,
        "partner": pair.to_provider,
        "did_document": pair.provider.keyring.did_document(),
        "consumer_bpn": pair.consumer.node.bpn,
        "terms": (pair.the(pair.provider, "dataset")["offer"]["@id"],),
    }
    return file, known


def test_one_thing_wrong_is_found(a_pair):
    file, known = _of(a_pair())
    assert statement_record(file, **known)["state"] == "verified"
    stranger = BuiltKeyring("did:web:stranger.example")
    held = json.loads(file)
    flipped = held["jws"][:-6] + ("A" if held["jws"][-6] != "A" else "B") + held["jws"][-5:]
    content = verify(ExportStatement(held["jws"]), known["did_document"]).content
    for changed, file_now in (
        ({"payload": known["payload"] + b" "}, file),
        ({"payload": b""}, file),
        ({"consumer_bpn": "BPNL0000000OTHER"}, file),
        ({"terms": ("urn:uuid:other",)}, file),
        ({"did_document": stranger.did_document()}, file),
        ({}, json.dumps({**held, "jws": flipped}).encode()),
        ({}, json.dumps({**held, "saltbridge": "supplier-record"}).encode()),
    ):
        record = statement_record(file_now, **{**known, **changed})
        assert record["state"] == "faulty", changed
    signed = {"id": "urn:uuid:00000000-0000-4000-8000-0000000000aa", "issuer": stranger.did}
    from saltbridge.testing.builders import NOON

    forged = sign(ExportStatement, content, issued_at=NOON, signer=stranger.signer(), **signed)
    swapped = canonical_bytes({**held, "jws": forged.jws})
    assert statement_record(swapped, **known)["state"] == "faulty"


def test_another_claim_is_no_statement(a_pair):
    pair = a_pair()
    _, known = _of(pair)
    claim = parse_claim_file(known["payload"]).claim
    assert isinstance(claim, SupplierRecord)
    other = {**known, "payload": known["payload"] + b" "}
    assert statement_record(known["payload"], **other)["state"] == "faulty"


def test_a_data_plane_that_answers_every_path_alike_has_no_statement(a_pair):
    _, known = _of(a_pair())
    assert statement_record(known["payload"], **known)["state"] == "absent"
