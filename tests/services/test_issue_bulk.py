"""A fleet: the same passports as one by one, in batches; every row issued or told why not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from saltbridge.border.carried import claimed
from saltbridge.border.passport_credential import credential_in
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.formats.item_list import FleetRow
from saltbridge.passport.access import Audience
from saltbridge.ports import World
from saltbridge.services.border_explain import explanation
from saltbridge.services.issue import issue
from saltbridge.services.issue_bulk import FleetIssuer
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.log_audit import audit
from saltbridge.services.passports import public_passport
from saltbridge.services.retention import aged
from saltbridge.steps import passport_status
from saltbridge.steps.passport_reading import facts_of, seen, stored_version, version_id
from saltbridge.steps.passport_signed import signed_passport
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

OWN = {"A001", "A002", "A006", "A013", "A019"}  # what every passport has of its own


@pytest.fixture
def world() -> World:
    return carmaker_world()


def fleet(world: World, examples: Path, *, items: Any = (), **changes: Any) -> FleetIssuer:
    """An issuer over a delivery about the model; ``items`` are those the record names."""
    record = {**example_record(examples), "items": list(items)}
    with world.store.reading() as view:
        there = view.find("delivery")
    if not there:
        put_delivery(world, maker_profile(), record)
    return FleetIssuer(world, IssueRequest(**{**example_request(examples, []), **changes}))


def rows(examples: Path, count: int, start: int = 0) -> list[FleetRow]:
    base = example_record(examples)["items"][0]
    return [
        FleetRow(n + 2, {**base, "serial": f"SN{n:06}"}) for n in range(start, start + count)
    ]


def stored(world: World, kind: str) -> dict[str, Any]:
    with world.store.reading() as view:
        return {r.id: read_json(r.body) for r in view.find(kind)}


def codes(faults: tuple[Finding, ...]) -> set[str]:
    return {fault.code for fault in faults}


def test_a_batch_gives_the_passports_of_issuing_one_by_one(world, examples):
    items = example_record(examples)["items"][:2]
    issuer = fleet(world, examples, items=items)
    done = issuer.issue([FleetRow(n, {"serial": i["serial"]}) for n, i in enumerate(items)])
    assert (done.issued, done.known, done.faulty) == (2, 0, ())
    single = carmaker_world()
    put_delivery(single, maker_profile(), {**example_record(examples), "items": items})
    serials = [i["serial"] for i in items]
    issue(single, IssueRequest(**example_request(examples, serials)))
    for kind in ("passport", "passport-version", "passport-model", "passport-address"):
        one, other = stored(world, kind), stored(single, kind)
        assert len(one) == len(other) > 0
        members = {frozenset(body) for body in other.values()}
        assert {frozenset(b) - {"row"} for b in one.values()} == members
    for serial in serials:
        views = [_whole(w, serial) for w in (world, single)]
        for audience in Audience:
            mine, theirs = (view[audience] for view in views)
            # The row repeats the serial, as the operator's word; the rest is the supplier's.
            assert _without(mine) == _without(theirs)


def _whole(world: World, serial: str) -> dict[Audience, Any]:
    passport = next(p for p in stored(world, "passport").values() if p["serial"] == serial)
    with world.store.reading() as view:
        version = stored_version(view, passport["id"], 1)
        assert version is not None
        assert facts_of(view, version).serial == serial
    return {audience: seen(version, audience) for audience in Audience}


def _without(view: dict[str, Any]) -> dict[str, Any]:
    own = {"passport_id", "issued_at", "attributes"}
    kept = {k: v for k, v in view.items() if k not in own}
    return {**kept, "attributes": {k: v for k, v in view["attributes"].items() if k not in OWN}}


def test_every_file_of_a_batch_passes_the_strict_reading(world, examples):
    issuer = fleet(world, examples)
    some = [*rows(examples, 4), *_fewer(rows(examples, 3, start=4))]
    assert issuer.issue(some).issued == 7
    decisions = set()
    for passport in stored(world, "passport").values():
        file, view = public_passport(world, passport["id"])
        assert claimed(file.content) == view.content
        assert canonical_bytes(read_json(file.content)) == file.content
        signed = signed_passport(file.content)
        assert canonical_bytes(dict(signed.view)) == view.content
        decisions.add(file.decision_id)
    assert len(decisions) == 2  # one for each kind of fields there is
    assert audit(world).found.keys() <= {"audit.document-unlogged"}  # the delivery of the test


def _fewer(given: list[FleetRow]) -> list[FleetRow]:
    """The same rows without a public value that may be absent."""
    return [
        replace(row, item={k: v for k, v in row.item.items() if k != "batch"}) for row in given
    ]


def test_the_decision_of_a_batch_explains_each_passport(world, examples):
    issuer = fleet(world, examples)
    issuer.issue(rows(examples, 3))
    passports = stored(world, "passport")
    id = next(iter(passports.values()))["public"]["decision_id"]
    record = stored(world, "decision")[id]
    listed = stored(world, "decision-documents")[id]
    assert record["documents"] == 3
    assert record["digest"] == digest(canonical_bytes(listed))
    assert listed["released"].keys() == passports.keys()
    for passport in passports.values():
        released = listed["released"][passport["id"]]
        assert released == [passport["public"]["claim"], passport["public"]["view"]]
    told = explanation(world, id, "/attributes/A033/value")
    assert [(t.decision, t.field_class, t.count) for t in told] == [("leave", "public", 1)]
    size = sum(len(r.content) for p in passports for r in public_passport(world, p))
    assert [a.size for a in aged(world) if a.decision_id == id] == [size]


def test_going_over_a_list_again_neither_loses_nor_doubles(world, examples):
    issuer, some = fleet(world, examples), rows(examples, 5)
    assert issuer.issue(some[:3]).issued == 3
    before = stored(world, "passport")
    again = fleet(world, examples).issue(some)
    assert (again.issued, again.known, again.faulty) == (2, 3, ())
    after = stored(world, "passport")
    assert before.items() <= after.items()
    assert sorted(p["serial"] for p in after.values()) == [r.serial for r in some]


def test_a_battery_with_a_passport_from_other_facts_is_told(world, examples):
    some = rows(examples, 2)
    fleet(world, examples).issue(some)
    changed = replace(some[0], item={**some[0].item, "batch": "another"})
    done = fleet(world, examples).issue([changed, some[1]])
    assert (done.issued, done.known) == (0, 1)
    assert [(f.number, codes(f.faults)) for f in done.faulty] == [
        (some[0].number, {"passport.already-issued"})
    ]


def test_a_faulty_row_holds_nobody_up(world, examples):
    good = rows(examples, 6)
    attributes = dict(good[1].item["attributes"])
    capacity = next(id for id, v in attributes.items() if isinstance(v["value"], float))
    attributes[capacity] = {**attributes[capacity], "value": -1.0}
    some = [
        good[0],
        replace(good[1], item={**good[1].item, "attributes": attributes}),
        replace(good[2], item={**good[2].item, "serial": "a b/c"}),
        replace(good[3], item={**good[3].item, "serial": good[0].serial}),
        replace(good[4], faults=(finding("item.not-a-number", Place("f", 6), text="x"),)),
        good[5],
    ]
    done = fleet(world, examples).issue(some)
    assert (done.issued, done.known) == (2, 0)
    assert [(f.number, codes(f.faults)) for f in done.faulty] == [
        (some[1].number, {"passport.out-of-range"}),
        (some[2].number, {"passport.bad-serial"}),
        (some[3].number, {"passport.serial-twice"}),
        (some[4].number, {"item.not-a-number"}),
    ]
    serials = {p["serial"] for p in stored(world, "passport").values()}
    assert serials == {good[0].serial, good[5].serial}


def test_a_row_the_record_does_not_name_is_told(world, examples):
    issuer = fleet(world, examples, items=example_record(examples)["items"][:1])
    done = issuer.issue(rows(examples, 1))
    assert [codes(f.faults) for f in done.faulty] == [{"passport.serial-not-in-record"}]
    assert not stored(world, "passport")


def test_what_is_wrong_with_the_model_stops_the_run(world, examples):
    record = example_record(examples)
    del record["attributes"]["A064"]
    put_delivery(world, maker_profile(), record)
    issuer = fleet(world, examples)
    with pytest.raises(FaultyInput) as raised:
        issuer.refuse_faulty_model(rows(examples, 1)[0])
    assert {f.arguments["attribute"] for f in raised.value.findings} == {"A064"}


def test_a_batch_is_whole_or_nothing(world, examples, monkeypatch):
    issuer = fleet(world, examples)

    def broken(*_: Any) -> None:
        raise Refused.of("border.nothing-leaves", kind="x")

    monkeypatch.setattr("saltbridge.steps.passport_batch.keep_statement", broken)
    with pytest.raises(Refused):
        issuer.issue(rows(examples, 3))
    for kind in ("passport", "passport-version", "passport-address", "decision", "claim-leaf"):
        assert not stored(world, kind)
    with world.store.reading() as view:
        assert view.log_size() == 0


def test_places_in_status_lists_go_on_in_the_next_list(world, examples, monkeypatch):
    monkeypatch.setattr(passport_status, "LIST_SIZE", 8)
    issuer = fleet(world, examples)
    issuer.issue(rows(examples, 9))
    versions = stored(world, "passport-version")
    places = [(v["status"]["uri"], v["status"]["idx"]) for v in versions.values()]
    assert len(set(places)) == 9
    lists = {record["address"] for record in stored(world, "passport-status-list").values()}
    assert {uri for uri, _ in places} <= lists
    with world.store.reading() as view:
        for version in versions.values():
            at = stored(world, "claim-leaf")[version["claim_id"]]["index"]
            number, index = divmod(at, 8)
            assert version["status"]["uri"].endswith(f"/{number}")
            assert version["status"]["idx"] == index
            leaf = view.log_leaf(at)
            assert leaf is not None
            assert leaf.subject == version["claim_id"]


def test_the_record_of_a_version_is_canonical(world, examples):
    fleet(world, examples).issue(rows(examples, 1))
    with world.store.reading() as view:
        passport = next(iter(stored(world, "passport")))
        record = view.get("passport-version", version_id(passport, 1))
    assert record is not None
    assert canonical_bytes(read_json(record.body)) == record.body


def test_a_fleet_is_signed_as_credentials_too_where_the_node_does_that(world, examples):
    signs = replace(world, settings={**world.settings, "passport_credential": True})
    assert fleet(signs, examples).issue(rows(examples, 3)).issued == 3
    with world.store.reading() as view:
        for record in stored(world, "passport").values():
            public = record["public"]
            kept = {
                name: view.get_release(public[name], public["decision_id"])
                for name in ("claim", "view", "credential")
            }
            assert kept["credential"].media_type == "application/vc+jwt"
            assert credential_in(kept["credential"].content) == kept["view"].content
        (decided,) = stored(world, "decision-documents").values()
        assert {len(digests) for digests in decided["released"].values()} == {3}
    assert audit(world).found.keys() <= {"audit.document-unlogged"}
