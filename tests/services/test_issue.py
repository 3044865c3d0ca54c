"""Issue: complete passports or none, one signed version, one unit of work."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.passport.access import Audience
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.views import presented_view
from saltbridge.ports import World
from saltbridge.services.issue import Issued, issue
from saltbridge.services.issue_sources import IssueRequest, delivered_methodology
from saltbridge.steps.passport_reading import presented, seen, stored_version
from saltbridge.steps.passport_signed import signed_passport
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.trust.claims import PassportVersion, SupplierRecord, verify
from saltbridge.trust.sd_jwt import disclosure, revealed
from saltbridge.trust.signature import open_jws

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
KINDS = ("passport", "passport-address", "passport-version", "passport-model", "decision")


@pytest.fixture
def world() -> World:
    return carmaker_world()


def run(world: World, examples: Path, **changes: Any) -> Issued:
    return issue(world, IssueRequest(**{**example_request(examples, SERIALS), **changes}))


def deliver(world: World, examples: Path, **record: Any) -> str:
    return put_delivery(world, maker_profile(), {**example_record(examples), **record})


def stored(world: World, kind: str) -> list[Any]:
    with world.store.reading() as work:
        return [read_json(r.body) for r in work.find(kind)]


def codes(fault: pytest.ExceptionInfo[Any]) -> set[str]:
    return {f.code for f in fault.value.findings}


def nothing_stored(world: World) -> bool:
    with world.store.reading() as work:
        return not any(work.find(k) for k in KINDS) and not work.leaf_hashes()


def test_two_batteries_get_complete_passports(world: World, examples: Path) -> None:
    deliver(world, examples)
    issued = run(world, examples)
    assert [p.serial for p in issued.passports] == list(SERIALS)
    assert issued.readiness["complete"] is True
    assert issued.readiness["missing"] == []
    for passport in issued.passports:
        assert passport.product_id == (
            f"http://127.0.0.1:8103/01/09521234567899/21/{passport.serial}"
        )


def test_the_company_s_own_estimate_is_stated_unless_the_node_says_no(
    world: World, examples: Path
) -> None:
    deliver(world, examples)
    for stated, serial in zip((True, False), SERIALS, strict=True):
        node = replace(world, settings={"passport_footprint_estimate": stated})
        made = issue(node, IssueRequest(**example_request(examples, [serial]))).passports[0]
        with world.store.reading() as work:
            version = stored_version(work, made.id, 1)
            assert version is not None
            assert ("company_information" in seen(version, Audience.PUBLIC)) is stated


def test_every_passport_brings_its_leaves_and_a_waiting_registry_entry(
    world: World, examples: Path
) -> None:
    deliver(world, examples)
    run(world, examples)
    with world.store.reading() as work:
        # two signings, the decisions on passport and statement, and an issue each; and once
        # the status list: its decision, its statement's signing and decision, the list
        assert len(work.leaf_hashes()) == 10 + 4
        assert list(work.due(world.clock.now())) == []
        due = work.due(datetime(2027, 2, 18, tzinfo=UTC))
        waiting = [e for e in due if e.kind == "registry"]
        assert len(waiting) == 2
        assert all("pending" in e.last_error for e in waiting)
        assert [e.kind for e in due if e not in waiting] == ["passport-status-list"]


def test_one_signed_version_holds_what_each_audience_may_see(
    world: World, examples: Path
) -> None:
    deliver(world, examples)
    first = run(world, examples).passports[0]
    document = world.keyring.did_document()
    with world.store.reading() as work:
        record = read_json(work.get("passport", first.id).body)  # type: ignore[union-attr]
        public = work.get_release(record["public"]["claim"], first.decision_id)
        version = stored_version(work, first.id, 1)
    assert public is not None and version is not None
    assert public.audience == "public"
    views = {"public": signed_passport(public.content, document).view}
    jwt = version["jwt"]
    for audience in Audience:
        shown = presented(version, audience)
        assert shown.jwt == jwt  # signed once, never again
        verified = verify(PassportVersion(shown.jwt), document)
        opened = revealed(read_json(verified.payload), shown.disclosures)["content"]
        assert presented_view(opened) == seen(version, audience)
        views.setdefault(audience.value, seen(version, audience))
    points = {
        name: {attribute_table()[id].point for id in content["attributes"]}
        for name, content in views.items()
    }
    assert points == {
        "public": {1},
        "legitimate_interest": {1, 2, 4},
        "authority": {1, 2, 3},
    }
    assert "A035" not in views["public"]["attributes"]  # the battery status is point 4
    content = read_json(open_jws(jwt).payload)["content"]
    assert len(content["_sd"]) == 4
    assert not [k for k in content if k.startswith("point_")]


def test_a_part_changed_in_the_store_is_caught(world: World, examples: Path) -> None:
    deliver(world, examples)
    first = run(world, examples).passports[0]
    id = f"{first.id}#1"
    with world.store.unit_of_work() as work:
        record = read_json(work.get("passport-version", id).body)  # type: ignore[union-attr]
        forged = disclosure("A" * 43, "point_4", {"attributes": {}})
        record["disclosures"]["4"] = forged
        work.put("passport-version", id, canonical_bytes(record))
    with world.store.reading() as work:
        altered = stored_version(work, first.id, 1)
        assert altered is not None
        with pytest.raises(Refused) as fault:
            seen(altered, Audience.LEGITIMATE_INTEREST)
        assert codes(fault) == {"trust.sd-foreign"}
        assert seen(altered, Audience.AUTHORITY)["points"] == [1, 2, 3]
    with world.store.unit_of_work() as work:
        work.put("passport-version", id, canonical_bytes({**record, "jwt": "a.b.c"}))
    with world.store.reading() as work, pytest.raises(Refused) as fault:
        stored_version(work, first.id, 1)
    assert codes(fault) == {"passport.version-altered"}


def test_every_value_keeps_its_origin(world: World, examples: Path) -> None:
    deliver(world, examples)
    first = run(world, examples).passports[0]
    with world.store.reading() as work:
        record = read_json(work.get("passport", first.id).body)  # type: ignore[union-attr]
        released = work.get_release(record["public"]["view"], first.decision_id)
    assert released is not None
    shown = read_json(released.content)["attributes"]
    assert shown["A033"]["origin"]["kind"] == "supplier-record"
    assert shown["A033"]["origin"]["reference"].startswith("urn:uuid:")
    assert shown["A017"]["origin"]["kind"] == "operator"
    assert shown["A001"]["origin"]["kind"] == "computed"


def test_the_footprint_stays_out_of_the_attributes(world: World, examples: Path) -> None:
    record = example_record(examples)
    record["attributes"]["A049"] = {"value": 0.147, "unit": "kgCO2e/kWh"}
    put_delivery(world, maker_profile(), record)
    issued = run(world, examples)
    assert "passport.suppressed" in {f.code for f in issued.findings}
    first = issued.passports[0]
    with world.store.reading() as work:
        kept = read_json(work.get("passport", first.id).body)  # type: ignore[union-attr]
        released = work.get_release(kept["public"]["view"], first.decision_id)
    assert released is not None
    content = read_json(released.content)
    assert "A049" not in content["attributes"]
    assert content["company_information"]["kind"] == "estimate"
    assert content["company_information"]["total_kg_co2e"] == pytest.approx(1732.5)


def test_a_serial_gets_one_passport(world: World, examples: Path) -> None:
    deliver(world, examples)
    run(world, examples, serials=SERIALS[:1])
    with pytest.raises(FaultyInput) as fault:
        run(world, examples)
    assert codes(fault) == {"passport.already-issued"}
    assert len(stored(world, "passport")) == 1  # the other one did not slip in


def test_all_or_nothing_with_every_finding_at_once(world: World, examples: Path) -> None:
    record = example_record(examples)
    del record["attributes"]["A087"]
    del record["attributes"]["A100"]
    record["items"][1]["attributes"]["A117"] = {"value": "low", "unit": "ohm"}
    put_delivery(world, maker_profile(), record)
    with pytest.raises(FaultyInput) as fault:
        run(world, examples, serials=(*SERIALS, "UNKNOWN"))
    found = [(f.code, f.place.file, f.place.pointer) for f in fault.value.findings]
    assert ("passport.missing", "", "/attributes/A087") in found
    assert found.count(("passport.missing", "", "/attributes/A100")) == 1  # told once
    assert ("passport.wrong-type", SERIALS[1], "/attributes/A117") in found
    assert "passport.serial-not-in-record" in codes(fault)
    assert nothing_stored(world)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"serials": ()}, "passport.no-serials"),
        ({"serials": (SERIALS[0], SERIALS[0])}, "passport.serial-twice"),
        ({"serials": ("../../etc",)}, "passport.serial-not-in-record"),
        ({"serials": ("<script>x",)}, "passport.serial-not-in-record"),
        ({"delivery_id": "urn:uuid:none"}, "passport.unknown-delivery"),
        ({"facts": {"gtin": "123"}}, "passport.bad-gtin"),
        ({"facts": {"colour": "blue"}}, "passport.unknown-fact"),
        ({"facts": {"colour": "blue"}}, "passport.condition-open"),
        ({"facts": {"attributes": 7}}, "passport.not-a-table"),
        ({"distribution": {"stages": {}}}, "passport.footprint-incomplete"),
    ],
)
def test_faulty_requests_store_nothing(
    world: World, examples: Path, changes: dict[str, Any], code: str
) -> None:
    deliver(world, examples)
    with pytest.raises(FaultyInput) as fault:
        run(world, examples, **changes)
    assert code in codes(fault)
    assert nothing_stored(world)


def test_a_delivery_that_failed_a_check_feeds_no_passport(world: World, examples: Path) -> None:
    put_delivery(world, maker_profile(), example_record(examples), checks_ok=False)
    with pytest.raises(Refused) as fault:
        run(world, examples)
    assert codes(fault) == {"passport.delivery-not-verified"}


def test_a_delivery_changed_in_the_store_is_caught(world: World, examples: Path) -> None:
    id = deliver(world, examples)
    with world.store.unit_of_work() as work:
        delivery = read_json(work.get("delivery", id).body)  # type: ignore[union-attr]
        head, payload, mark = delivery["claim"]["jws"].split(".")
        delivery["claim"]["jws"] = f"{head}.{payload[:-4]}AAAA.{mark}"
        work.put("delivery", id, canonical_bytes(delivery))
    with pytest.raises(Refused):
        run(world, examples)
    assert nothing_stored(world)


def test_another_kind_of_record_is_not_a_battery(world: World, examples: Path) -> None:
    id = put_delivery(world, maker_profile(), {"kind": "pcf", "records": []})
    with pytest.raises(FaultyInput) as fault:
        run(world, examples, delivery_id=id)
    assert codes(fault) == {"passport.not-a-supplier-record"}


def test_a_passport_is_no_supplier_record(world: World, examples: Path) -> None:
    """The public claim of a passport cannot be fed back as somebody's supplier record."""
    deliver(world, examples)
    first = run(world, examples).passports[0]
    with world.store.reading() as work:
        record = read_json(work.get("passport", first.id).body)  # type: ignore[union-attr]
        released = work.get_release(record["public"]["claim"], first.decision_id)
    assert released is not None
    jws = read_json(released.content)["sd_jwt"].split("~")[0]
    with pytest.raises(Refused):
        verify(SupplierRecord(jws), BuiltKeyring(world.node.did).did_document())


def test_a_passport_before_the_duty_is_held_to_its_first_day(
    world: World, examples: Path
) -> None:
    deliver(world, examples)
    day = example_request(examples, SERIALS)["placed_on_market"].replace(year=2026, month=12)
    issued = run(world, examples, placed_on_market=day)
    assert issued.readiness["date"] == "2027-02-18"
    assert issued.readiness["due"] > 70


def test_the_rule_set_of_the_delivery_is_told(world: World, examples: Path) -> None:
    deliver(world, examples)
    assert delivered_methodology(world, "latest") == "eu-cfb@draft-2024-04"


def test_the_issuer_is_this_node(world: World, examples: Path) -> None:
    deliver(world, examples)
    renamed = replace(world, node=replace(world.node, legal_name="Other AG"))
    first = run(renamed, examples).passports[0]
    with world.store.reading() as work:
        record = read_json(work.get("passport", first.id).body)  # type: ignore[union-attr]
        released = work.get_release(record["public"]["view"], first.decision_id)
    assert released is not None
    assert read_json(released.content)["issuer"]["name"] == "Other AG"


def test_an_attribute_nobody_knows_is_reported_and_kept_and_shown_to_nobody(
    examples: Path,
) -> None:
    world = carmaker_world()
    put_delivery(world, maker_profile(), example_record(examples))
    request = example_request(examples, ["MJC24-7K2MQ9"])
    request["facts"]["attributes"]["X900"] = {
        "value": "CANARY-unknown",
        "on": datetime(2026, 1, 1, tzinfo=UTC),
        "n": float("nan"),
    }
    issued = issue(world, IssueRequest(**request))
    assert "passport.unknown-attribute" in [f.code for f in issued.findings]
    with world.store.reading() as view:
        models = [r.body for r in view.find("passport-model")]
        served = [r.body for kind in ("passport", "passport-version") for r in view.find(kind)]
    assert "CANARY-unknown" in read_json(models[0])["unknown"]["operator"]["X900"]
    assert not [body for body in served if b"CANARY-unknown" in body]


def test_a_day_of_placing_on_the_market_has_to_be_near(world: World, examples: Path) -> None:
    deliver(world, examples)
    with pytest.raises(FaultyInput) as fault:
        run(world, examples, placed_on_market=date(2099, 1, 1))
    assert "passport.placed-later" in codes(fault)
    assert nothing_stored(world)
