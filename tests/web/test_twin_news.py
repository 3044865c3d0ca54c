"""Notifications about twins: told once to whom may see them and listens, taken in once."""

import json

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.formats.cx_notification import parse_notification
from saltbridge.formats.passport_idta import SEMANTIC_IDS
from saltbridge.services import twin_events
from saltbridge.services.twin_publish import TwinRequest, publish_twins
from saltbridge.testing.deliveries import example_record


@pytest.fixture
def record(examples):
    record = example_record(examples)
    return {**record, "items": record["items"][:1]}


def published(pair, record):
    publish_twins(
        pair.provider,
        TwinRequest(
            record=record, recipients=[pair.consumer.node.bpn], person="Export control"
        ),
    )
    for _ in range(8):  # agreed on, opened, told: each waits a moment for the one before
        pair.pump()
        pair.clock.advance(seconds=2)


def news(pair):
    return [
        {(e["kind"], e["semantic_id"]) for e in told["events"]}
        for told in sorted(twin_events.received(pair.consumer), key=lambda t: t["received_at"])
    ]


def parts(kind, *names):
    return {(kind, SEMANTIC_IDS[name]) for name in names}


def test_who_listens_is_told_of_new_and_of_changed_aspects_once(a_pair, record):
    pair = a_pair(consumer_in="EU")
    twin_events.listen(pair.consumer, pair.to_provider)
    published(pair, record)
    told = set().union(*news(pair))
    assert told == parts("CreateSubmodel", "P1", "P2", "P4", "P5", "P6", "P7")
    before = len(news(pair))
    assert before == 2  # of the model, and of its batteries
    published(pair, record)
    assert len(news(pair)) == before
    attributes = {**record["attributes"], "A087": {"value": 76.5, "unit": "Ah"}}
    published(pair, {**record, "attributes": attributes})
    assert news(pair)[before:] == [parts("UpdateSubmodel", "P4")]


def test_who_does_not_listen_is_not_told_and_nothing_stays_in_the_outbox(a_pair, record):
    pair = a_pair(consumer_in="EU")
    published(pair, record)
    assert news(pair) == []
    pair.clock.advance(days=1)
    with pair.provider.store.reading() as view:
        assert "twin.announce" not in {e.kind for e in view.due(pair.clock.now())}


def test_what_is_told_was_released(a_pair, record):
    pair = a_pair(consumer_in="EU")
    twin_events.listen(pair.consumer, pair.to_provider)
    heard = []
    real = pair.http.send

    def hearing(method, url, **rest):
        if url.endswith("/submodel-update"):
            heard.append(rest["content"])
        return real(method, url, **rest)

    pair.http.send = hearing
    published(pair, record)
    digests = {
        d["digest"]: d["id"]
        for d in pair.all(pair.provider, "decision")
        if d["document_kind"] == "twin-event"
    }
    with pair.provider.store.reading() as view:
        released = {view.get_release(digest, id).content for digest, id in digests.items()}
    assert set(heard) == released
    assert len(heard) == len(released)


def test_a_notification_is_kept_once_and_only_from_its_sender_to_us(a_pair, record):
    pair = a_pair(consumer_in="EU")
    sender, receiver = pair.provider.node.bpn, pair.consumer.node.bpn
    document = {
        "header": {
            "messageId": "urn:uuid:51bbbf0d-3784-1fbb-67cf-fd3e5aefa06b",
            "context": "IndustryCore-DigitalTwinEventAPI-SubmodelUpdate:3.0.0",
            "sentDateTime": "2026-03-26T10:00:00+00:00",
            "senderBpn": sender,
            "receiverBpn": receiver,
            "version": "3.0.0",
            "expectedResponseBy": "2026-03-27T10:00:00+00:00",
        },
        "content": {
            "listOfEvents": [
                {
                    "eventType": "CreateSubmodel",
                    "catenaXId": "urn:uuid:d32d3b55-d222-41e9-8d19-554af53124dd",
                    "submodelSemanticId": SEMANTIC_IDS["P1"],
                }
            ]
        },
    }
    content = json.dumps(document).encode()
    for _ in range(2):
        twin_events.receive(pair.consumer, sender, content)
    assert news(pair) == [parts("CreateSubmodel", "P1")]
    with pytest.raises(FaultyInput):
        twin_events.receive(pair.consumer, receiver, content)
    with pytest.raises(FaultyInput):
        twin_events.receive(pair.provider, sender, content)
    for spoiled in (
        b"", b"[]", b"{}", content.replace(b"CreateSubmodel", b"Explode"),
        content.replace(b"3.0.0", b"2.0.0"), content.replace(b"urn:uuid:51", b"51x"),
        content.replace(b'"listOfEvents": [', b'"listOfEvents": [1, '),
    ):  # fmt: skip
        with pytest.raises(FaultyInput):
            parse_notification(spoiled)


def test_the_example_of_the_standard_is_read(shared):
    example = shared / "standards/cx-0160/notification-create-submodel.json"
    (event,) = parse_notification(example.read_bytes()).events
    assert event.kind == "CreateSubmodel"
    assert event.semantic_id == SEMANTIC_IDS["P1"]
