"""Twins of batteries from a supplier record, found and read by a partner over its own node."""

import json
from dataclasses import replace

import pytest

from saltbridge.bootstrap import exchange_ways
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.exchange.served import SEMANTIC_ID, TWIN_ASPECT, served_kind
from saltbridge.exchange.twins import AssetLink
from saltbridge.formats.passport_idta import SEMANTIC_IDS
from saltbridge.formats.passport_submodels import parse_submodel_values
from saltbridge.passport.model import Origin, OriginKind
from saltbridge.services import twin_find
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.log_audit import audit
from saltbridge.services.twin_publish import TwinRequest, publish_twins
from saltbridge.services.twin_registry import own_twins, remove
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import example_record

WAYS = exchange_ways()
OTHER = "BPNL0000STRANGER"
BATTERY = AssetLink("partInstanceId", "MJC24-7K2MQ9")
MODEL = [AssetLink("manufacturerPartId", "NMC111-24"), AssetLink("digitalTwinType", "PartType")]


@pytest.fixture
def record(examples):
    return {**example_record(examples), "suppliers": [{"name": "CANARY-SUPPLIER"}]}


@pytest.fixture
def pair(a_pair):
    return a_pair(consumer_in="EU")  # the Regulation is why a maker hands these on


def published(pair, record, *recipients):
    to = recipients or (pair.consumer.node.bpn,)
    return publish_twins(
        pair.provider, TwinRequest(record=record, recipients=to, person="Export control")
    )


def opened(pair, step):
    """What a command does: one step after the other, while both outboxes work."""
    for _ in range(12):
        edr = step()
        if edr is not None:
            return edr
        pair.pump()
    raise AssertionError("the interface never opens")


def registry(pair):
    return opened(pair, lambda: twin_find.registry_of(pair.consumer, WAYS, pair.to_provider))


def read_all(pair, *links):
    """Twins with these identifiers and the values of all their aspects, by name."""
    edr = registry(pair)
    found = {}
    for id in twin_find.find(pair.consumer, pair.to_provider, edr, links):
        twin = twin_find.read(pair.consumer, pair.to_provider, edr, id)
        for aspect in twin.aspects:
            way = opened(
                pair,
                lambda a=aspect: twin_find.value_of(pair.consumer, WAYS, pair.to_provider, a),
            )
            value = twin_find.read_value(pair.consumer, pair.to_provider, way, twin, aspect)
            found[aspect.document["idShort"]] = value
    return found


@pytest.mark.full("two nodes for every test")
def test_a_model_has_four_aspects_and_a_battery_those_of_the_instance(pair, record):
    twins = published(pair, record).twins
    assert {t.names.level: sorted(t.aspects) for t in twins} == {
        "PartType": ["Circularity", "HandoverDocumentation", "MaterialComposition",
                     "TechnicalData"],
        "PartInstance": ["BatteryNameplate", "ProductCondition"],
    }  # fmt: skip
    assert [t.names.serial for t in twins[1:]] == [i["serial"] for i in record["items"]]
    (model,) = [t for t in own_twins(pair.provider) if t.id == twins[0].id]
    assert {a.name: a.value for a in model.asset_ids} == {
        "manufacturerId": pair.provider.node.bpn,
        "manufacturerPartId": "NMC111-24",
        "digitalTwinType": "PartType",
    }


class PassingClock(FixedClock):
    """A clock that has moved on whenever somebody looks."""

    def now(self):
        return self.advance(seconds=1)


@pytest.mark.full("two nodes for every test")
def test_time_passes_while_twins_are_published(pair, record):
    """The terms of a dataset that is made on the way hold at the moment of the decision."""
    world = replace(pair.provider, clock=PassingClock(pair.clock.now()))
    to = (pair.consumer.node.bpn,)
    published = publish_twins(world, TwinRequest(record=record, recipients=to, person="Desk"))
    assert {t.names.level: len(t.aspects) for t in published.twins} == {
        "PartType": 4,
        "PartInstance": 2,
    }
    assert not [f for f in published.findings if f.code == "twins.withheld"]


@pytest.mark.full("two nodes for every test")
def test_what_the_border_withholds_is_said(a_pair, record):
    at_home = a_pair()  # inside China nothing asks for the points of Annex XIII
    found = published(at_home, record).findings
    withheld = {dict(f.arguments)["aspect"] for f in found if f.code == "twins.withheld"}
    assert "MaterialComposition" in withheld


def test_a_partner_reads_every_aspect_of_a_battery_and_its_model(pair, record):
    published(pair, record)
    values = {**read_all(pair, BATTERY), **read_all(pair, *MODEL)}
    assert values.keys() == {
        "BatteryNameplate", "ProductCondition", "Circularity", "HandoverDocumentation",
        "MaterialComposition", "TechnicalData",
    }  # fmt: skip
    plate = values["BatteryNameplate"].document
    assert plate["SerialNumber"] == "MJC24-7K2MQ9"
    origin = Origin(OriginKind.SUPPLIER_RECORD, "")
    technical = values["TechnicalData"].document
    read = parse_submodel_values(technical, SEMANTIC_IDS["P4"], origin).values
    assert (read["A087"].value, read["A087"].unit) == (75.0, "Ah")
    kept = pair.all(pair.consumer, "twin-value")
    assert {k["semantic_id"] for k in kept} == {
        id for part, id in SEMANTIC_IDS.items() if part != "P3"
    }
    assert {k["digest"] for k in kept} == {v.digest for v in values.values()}


@pytest.mark.full("two nodes for every test")
def test_what_is_served_was_released_to_this_very_partner(pair, record):
    published(pair, record)
    values = read_all(pair, BATTERY)
    with pair.provider.store.reading() as view:
        for aspect in pair.all(pair.provider, "twin-aspect"):
            for bpn, named in aspect["releases"].items():
                release = view.get_release(named["digest"], named["decision_id"])
                assert (release.audience, release.digest) == (bpn, named["digest"])
                assert view.get("export-statement", named["decision_id"]) is not None
    served = {a["releases"][pair.consumer.node.bpn]["digest"]
              for a in pair.all(pair.provider, "twin-aspect")}  # fmt: skip
    assert {v.digest for v in values.values()} <= served


def test_nothing_beside_the_aspects_leaves(pair, record):
    secret = {**record, "evidence": [{"id": "CANARY-EVIDENCE"}]}
    secret["plant"] = {**record["plant"], "address": "CANARY-ADDRESS", "coordinates": [1, 2]}
    secret["attributes"] = {**record["attributes"], "A999": {"value": "CANARY-UNKNOWN"}}
    published(pair, secret)
    heard = json.dumps([v.document for v in read_all(pair, *MODEL).values()])
    assert "CANARY" not in heard


def test_a_stranger_finds_nothing_and_its_token_opens_nothing(pair, record):
    published(pair, record, OTHER)
    with pytest.raises(FaultyInput) as fault:
        registry(pair)
    assert fault.value.findings[0].code == "exchange.interface-not-offered"
    shown = request_catalogue(pair.consumer, pair.to_provider).datasets
    assert all(served_kind(d) == "" for d in shown)


@pytest.mark.full("two nodes for every test")
def test_a_token_for_one_meaning_opens_no_other_and_no_foreign_aspect(pair, record):
    published(pair, record)
    published(pair, {**record, "product": {**record["product"], "id": "SECRET-PART"}}, OTHER)
    edr = registry(pair)
    (id,) = twin_find.find(pair.consumer, pair.to_provider, edr, MODEL)
    twin = twin_find.read(pair.consumer, pair.to_provider, edr, id)
    one, other = twin.aspects[:2]
    way = opened(pair, lambda: twin_find.value_of(pair.consumer, WAYS, pair.to_provider, one))
    base = f"{pair.provider.node.base_url}/data/aspects"
    get = f"{base}/{{}}/submodel/$value"
    assert pair.pull(get.format(one.id), way.token).status == 200
    assert pair.pull(get.format(other.id), way.token).status == 403
    foreign = [
        a["id"] for a in pair.all(pair.provider, "twin-aspect") if OTHER in a["releases"]
    ]
    assert {pair.pull(get.format(a), way.token).status for a in foreign} == {403}
    assert pair.pull(f"{base}/{one.id}/submodel", way.token).status == 501
    assert pair.pull(f"{base}/{one.id}/submodel/$metadata", way.token).status == 501
    assert pair.pull(f"{base}/{one.id}/elsewhere", way.token).status == 404
    assert pair.pull(get.format(one.id), edr.token).status == 403  # that of the registry
    assert pair.pull(get.format("x"), way.token).status == 403


@pytest.mark.full("two nodes for every test")
def test_what_was_taken_out_of_the_registry_is_handed_out_no_more(pair, record):
    published(pair, record)
    edr = registry(pair)
    (id,) = twin_find.find(pair.consumer, pair.to_provider, edr, MODEL)
    aspect = twin_find.read(pair.consumer, pair.to_provider, edr, id).aspects[0]
    way = opened(
        pair, lambda: twin_find.value_of(pair.consumer, WAYS, pair.to_provider, aspect)
    )
    url = f"{pair.provider.node.base_url}/data/aspects/{aspect.id}/submodel/$value"
    assert pair.pull(url, way.token).status == 200
    assert remove(pair.provider, id)
    assert pair.pull(url, way.token).status == 403


@pytest.mark.full("two nodes for every test")
def test_an_audit_finds_a_leaf_for_every_twin_and_value_and_a_twin_without_one(pair, record):
    twins = published(pair, record).twins
    read_all(pair, BATTERY)
    assert remove(pair.provider, twins[-1].id)
    for world in (pair.provider, pair.consumer):
        assert audit(world).clean
    with pair.provider.store.unit_of_work() as work:
        work.put("twin", "urn:uuid:planted", b'{"id":"urn:uuid:planted"}')
    assert "audit.document-unlogged" in audit(pair.provider).found


@pytest.mark.full("two nodes for every test")
def test_publishing_again_changes_what_changed_and_keeps_every_id(pair, record):
    first = published(pair, record)
    decisions = len(pair.all(pair.provider, "decision"))
    again = published(pair, record)
    assert [t.id for t in again.twins] == [t.id for t in first.twins]
    assert len(pair.all(pair.provider, "decision")) == decisions
    read_all(pair, BATTERY)
    attributes = {**record["attributes"], "A087": {"value": 76.5, "unit": "Ah"}}
    published(pair, {**record, "attributes": attributes})
    changed = read_all(pair, *MODEL)["TechnicalData"].document
    capacity = changed["TechnicalPropertyAreas"]["CapacityEnergyVoltage"]["RatedCapacity"]
    assert capacity == 76.5


@pytest.mark.full("two nodes for every test")
def test_a_second_partner_is_added_beside_the_first(pair, record):
    published(pair, record)
    published(pair, record, OTHER)
    assert {a.readers for t in own_twins(pair.provider) for a in t.asset_ids} == {
        tuple(sorted((pair.consumer.node.bpn, OTHER)))
    }
    assert read_all(pair, BATTERY).keys() == {"BatteryNameplate", "ProductCondition"}


@pytest.mark.full("two nodes for every test")
def test_a_fleet_shares_one_decision_for_each_aspect(pair, record, monkeypatch):
    monkeypatch.setattr("saltbridge.services.twin_publish.AT_ONCE", 8)
    items = [{**record["items"][0], "serial": f"S-{n:04}"} for n in range(20)]
    published(pair, {**record, "items": items})
    shared = [d for d in pair.all(pair.provider, "decision") if "documents" in d]
    of_twins = [d["documents"] for d in shared if d["document_kind"] == "digital-twin"]
    assert sorted(of_twins) == [1, 4, 8, 8]
    of_aspects = [d["documents"] for d in shared if d["document_kind"] != "digital-twin"]
    assert sorted(of_aspects) == [1, 1, 1, 1, 4, 4, 8, 8, 8, 8]
    assert len(list(own_twins(pair.provider))) == 21


@pytest.mark.full("two nodes for every test")
def test_datasets_name_type_version_and_meaning(pair, record):
    published(pair, record)
    shown = request_catalogue(pair.consumer, pair.to_provider).datasets
    aspects = [d for d in shown if served_kind(d) == TWIN_ASPECT]
    assert {d.unknown[SEMANTIC_ID]["@id"] for d in aspects} == {
        id for part, id in SEMANTIC_IDS.items() if part != "P3"
    }
    assert {(d.dct_type, d.version) for d in aspects} == {
        ("https://w3id.org/catenax/taxonomy#BatteryPass", "1.0")
    }


@pytest.mark.full("two nodes for every test")
def test_a_refusal_is_told_once_and_the_next_call_begins_anew(pair, record):
    published(pair, record)
    real = pair.provider.node.partners
    registry_once = twin_find.registry_of(pair.consumer, WAYS, pair.to_provider)
    assert registry_once is None
    with pair.provider.store.unit_of_work() as work:
        for stored in work.find("dataset"):
            body = {**read_json(stored.body), "access": []}
            work.put("dataset", stored.id, json.dumps(body).encode())
    pair.pump()
    with pytest.raises((Refused, FaultyInput, Unavailable)):
        for _ in range(3):
            twin_find.registry_of(pair.consumer, WAYS, pair.to_provider)
            pair.pump()
    assert real == pair.provider.node.partners


@pytest.mark.full("two nodes for every test")
def test_an_expired_token_is_replaced_under_the_same_agreement(pair, record):
    published(pair, record)
    first = registry(pair)
    pair.clock.advance(seconds=301)
    second = registry(pair)
    assert second.token != first.token
    assert len(pair.all(pair.consumer, "agreement")) == 1
    assert twin_find.find(pair.consumer, pair.to_provider, second, [BATTERY])


@pytest.mark.full("two nodes for every test")
def test_what_is_no_answer_of_a_registry_is_refused_in_words(pair, record):
    published(pair, record)
    edr, real = registry(pair), pair.http.send

    def answering(content):
        def odd(method, url, **rest):
            got = real(method, url, **rest)
            return replace(got, content=content) if "lookup" in url else got

        return odd

    odd = (b"", b"[]", b"{}", b'{"result":{}}', b'{"result":[1]}', b"\xff", b"[" * 99)
    for content in odd:
        pair.http.send = answering(content)
        with pytest.raises(SaltbridgeError) as fault:
            twin_find.find(pair.consumer, pair.to_provider, edr, [BATTERY])
        assert fault.value.findings[0].code == "twins.no-answer"


@pytest.mark.full("two nodes for every test")
@pytest.mark.parametrize("broken", [{"kind": "pcf"}, {"product": {}}])
def test_what_is_no_record_of_a_battery_makes_no_twins(pair, record, broken):
    with pytest.raises(FaultyInput):
        published(pair, {**record, **broken})
    with pytest.raises(FaultyInput):
        published(pair, record, "nobody")
    assert list(own_twins(pair.provider)) == []
