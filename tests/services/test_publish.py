"""Publish: decision, manifest, release, dataset and log leaf commit together."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.services import approval
from saltbridge.services.border_records import decisions, manifests
from saltbridge.services.publish import PublishRequest, preview, publish
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record, pcf
from saltbridge.trust.claims import SupplierRecord, verify

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
VANS = partner_of(node_profile("vanmaker", jurisdiction="EU", port=8104))
CELLS = partner_of(node_profile("cellmaker", jurisdiction="CN", port=8102))


def cellmaker(**settings: object) -> World:
    return memory_world(node_profile("cellmaker", partners=(CARS, VANS)))


def request(**changes: object) -> PublishRequest:
    return replace(
        PublishRequest(
            document=battery_record(),
            kind="battery-supplier-record",
            recipients=(CARS.bpn,),
            title="Pack SB-1",
            person="Li Wei",
        ),
        **changes,
    )


def publish_approved(world: World, wanted: PublishRequest):
    """Published, and approved by two persons."""
    published = publish(world, wanted)
    assert all(outcome.released for outcome in approve_all(world, approval))
    return published


def everything_stored(world: World) -> bytes:
    kinds = ("dataset", "decision", "manifest", "counter")
    with world.store.reading() as work:
        return b"".join(r.body for kind in kinds for r in work.find(kind))


def test_the_partner_gets_a_signed_record_without_any_canary():
    world = cellmaker()
    published = publish_approved(world, request())
    with world.store.reading() as work:
        dataset = read_json(work.get("dataset", published.dataset_id).body)
        kept = dataset["releases"][CARS.bpn]
        released = work.get_release(kept["digest"], kept["decision_id"])
    assert dataset["access"] == [CARS.bpn] and dataset["kind"] == "supplier-record"
    assert dataset["offer"]["@type"] == "Offer"
    assert released.audience == CARS.bpn and b"CANARY" not in released.content
    file = json.loads(released.content)
    claim = verify(SupplierRecord(file["jws"]), world.keyring.did_document())
    assert claim.content["kind"] == "battery-supplier-record"
    assert claim.content["footprint"]["declared"]["value"] == 0.174
    assert b"CANARY" not in canonical_bytes(dict(claim.content))
    assert b"CANARY" not in everything_stored(world)


def test_the_decision_is_recorded_with_digest_size_and_person():
    world = cellmaker()
    published = publish_approved(world, request())
    (record,) = decisions(world)
    assert record["id"] == published.decisions[0]["id"]
    assert record["fields"] == published.decisions[0]["fields"]
    with world.store.reading() as work:
        released = work.get_release(record["digest"], record["id"])
    assert record["size"] == len(released.content)
    assert record["verdict"] == "released" and record["person"] == "Li Wei"
    assert record["origin"] == "CN" and record["destination"] == "EU"
    assert manifests(world, published.dataset_id) == manifests(world, record["id"])


def test_every_write_has_its_leaf():
    world = cellmaker()
    with world.store.reading() as work:
        before = len(work.leaf_hashes())
    publish(world, request())
    with world.store.reading() as work:
        # a signing, the proposal, the offer
        assert len(work.leaf_hashes()) == before + 3


def test_each_recipient_has_its_own_release_and_its_own_pseudonyms():
    world = cellmaker()
    published = publish_approved(
        world, request(recipients=(CARS.did, VANS.name.upper(), CARS.bpn))
    )
    assert len(published.decisions) == 2
    names = set()
    with world.store.reading() as work:
        dataset = read_json(work.get("dataset", published.dataset_id).body)
        for bpn, kept in dataset["releases"].items():
            released = work.get_release(kept["digest"], kept["decision_id"])
            assert released.audience == bpn
            content = verify(
                SupplierRecord(json.loads(released.content)["jws"]),
                world.keyring.did_document(),
            ).content
            names.add(content["suppliers"][0]["name"])
    assert dataset["access"] == [CARS.bpn, VANS.bpn] and len(names) == 2


def test_pseudonyms_stay_the_same_from_one_publication_to_the_next():
    world = cellmaker()
    names = set()
    for _ in range(2):
        published = publish_approved(world, request())
        with world.store.reading() as work:
            kept = read_json(work.get("dataset", published.dataset_id).body)["releases"]
            released = work.get_release(kept[CARS.bpn]["digest"], kept[CARS.bpn]["decision_id"])
        claim = SupplierRecord(json.loads(released.content)["jws"])
        content = verify(claim, world.keyring.did_document()).content
        names.add(content["suppliers"][0]["name"])
    assert len(names) == 1


def test_a_refusal_is_recorded_and_nothing_is_offered():
    world = cellmaker()
    with pytest.raises(Refused) as refusal:
        publish(world, request(purpose="cx.core.qualityNotifications:1"))
    assert refusal.value.findings[0].code == "publish.refused"
    (record,) = decisions(world)
    assert record["verdict"] == "refused" and record["digest"] is None
    with world.store.reading() as work:
        assert not work.find("dataset")


def test_one_refused_recipient_keeps_the_document_from_all():
    us = replace(VANS, jurisdiction="US")
    world = memory_world(node_profile("cellmaker", partners=(CARS, us)))
    with pytest.raises(Refused):
        publish(world, request(recipients=(CARS.bpn, us.bpn)))
    assert {d["verdict"] for d in decisions(world)} == {"refused"}
    with world.store.reading() as work:
        assert not work.find("dataset")


def test_counters_that_cannot_be_read_keep_everything_here():
    for broken in (b'{"year":2026}', b"not json", b"[]"):
        world = cellmaker()
        with world.store.unit_of_work() as work:
            work.put("counter", "2026", broken)
        with pytest.raises(Refused):
            publish(world, request())


def test_a_failing_write_leaves_nothing_behind():
    world = cellmaker()
    broken = replace(world, store=_FailsAtTheLastLeaf(world.store))
    with pytest.raises(OSError, match="disk full"):
        publish(broken, request())
    assert not decisions(world)
    with world.store.reading() as work:
        assert not work.find("dataset") and not work.find("manifest")


class _FailsAtTheLastLeaf:
    def __init__(self, store):
        self._store = store

    @contextmanager
    def unit_of_work(self):
        with self._store.unit_of_work() as work:
            append = work.append_leaf

            def fail(event, subject, body):
                if event == "dataset.offered":
                    raise OSError("disk full")
                return append(event, subject, body)

            work.append_leaf = fail
            yield work


def test_material_footprints_go_to_the_cell_maker_at_home():
    world = memory_world(
        node_profile("supplier", jurisdiction="CN", port=8101, partners=(CELLS,))
    )
    published = publish(
        world, PublishRequest(document=pcf(), kind="pcf", recipients=(CELLS.bpn,), person="Wu")
    )
    with world.store.reading() as work:
        dataset = read_json(work.get("dataset", published.dataset_id).body)
        kept = dataset["releases"][CELLS.bpn]
        released = work.get_release(kept["digest"], kept["decision_id"])
    assert dataset["kind"] == "pcf" and b"CANARY" not in released.content
    claim = SupplierRecord(json.loads(released.content)["jws"])
    content = verify(claim, world.keyring.did_document()).content
    assert content["records"][0]["kg_co2e_per_unit"] == 21.5


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"kind": "recipe"}, {"publish.unknown-kind"}),
        ({"kind": "pcf"}, {"border.other-kind"}),
        ({"recipients": ()}, {"publish.no-recipient"}),
        ({"recipients": ("BPNL00000000NONE",)}, {"publish.unknown-partner"}),
        (
            {"kind": "recipe", "recipients": ("x", "y")},
            {"publish.unknown-kind", "publish.unknown-partner"},
        ),
    ],
)
def test_faulty_requests_say_everything_at_once(changes, codes):
    world = cellmaker()
    with pytest.raises(FaultyInput) as fault:
        publish(world, request(**changes))
    assert {f.code for f in fault.value.findings} == codes
    assert not decisions(world)


def test_a_preview_stores_nothing_and_says_the_same():
    world = cellmaker()
    (seen,) = preview(world, request())
    assert not decisions(world)
    published = publish(world, request())
    for part in ("left", "minimised", "stayed"):
        assert seen[part] == published.manifests[0][part]


def test_an_unknown_id_has_no_manifest():
    with pytest.raises(FaultyInput):
        manifests(cellmaker(), "urn:uuid:none")


def test_the_catalogue_knows_every_kind_that_can_be_published():
    for kind in ("pcf", "battery-supplier-record"):
        assert catalogue_for(kind).kind == kind
