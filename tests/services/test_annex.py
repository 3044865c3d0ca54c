"""Loading official lists: stricter at once, milder only with a second person, all recorded."""

from dataclasses import replace

import pytest

from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.services import annex, approval
from saltbridge.services.border_records import decisions
from saltbridge.services.publish import PublishRequest, preview, publish
from saltbridge.testing.annexes import (
    FREES_COORDINATES,
    LISTS_CHEMISTRY,
    MEANS_NOTHING,
    annex_toml,
)
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
LI = Person("p-1", "Li Wei", frozenset({Role.COMPLIANCE_OFFICER}))
WU = Person("p-2", "Wu Fang", frozenset({Role.COMPLIANCE_OFFICER}))
OPERATOR = Person("p-3", "Chen", frozenset({Role.OPERATOR}))
STRICTER = annex_toml(LISTS_CHEMISTRY, MEANS_NOTHING)
MILDER = annex_toml(FREES_COORDINATES, LISTS_CHEMISTRY)
PACK = "cn-automotive-2026"


def world():
    return memory_world(node_profile("cellmaker", partners=(CARS,)))


def request(**changes):
    document = battery_record()
    document["product"]["chemistry"] = "NMC111"
    return replace(
        PublishRequest(
            document=document,
            kind="battery-supplier-record",
            recipients=(CARS.bpn,),
            person="Li Wei",
        ),
        **changes,
    )


def state_of(path: str, a_world) -> tuple[str, str]:
    """Where the manifest has a path, and in which class."""
    (manifest,) = preview(a_world, request())
    for part in ("left", "minimised", "stayed"):
        for row in manifest[part]:
            if row["path"] == path and not row.get("into"):
                return part, row["class"]
    raise LookupError(path)


def released(a_world, a_request):
    """The decisions of a publication that two persons have approved."""
    published = publish(a_world, a_request)
    approve_all(a_world, approval)
    known = {d["id"]: d for d in decisions(a_world)}
    return tuple(known[d["id"]] for d in published.decisions)


def leaves(a_world):
    with a_world.store.reading() as view:
        return [view.log_leaf(i).event for i in range(view.log_size())]


def test_stricter_holds_at_once_and_is_in_every_decision():
    w = world()
    assert state_of("/product/chemistry", w) == ("left", "contract")
    outcome = annex.load(w, LI, STRICTER, "list.toml")
    assert outcome.state == "in-force" and not any(c.milder for c in outcome.changes)
    assert state_of("/product/chemistry", w) == ("stayed", "important_candidate")
    (record,) = publish(w, request()).decisions
    (pack,) = [p for p in record["packs"] if p["id"] == PACK]
    assert pack["state"] == "annex-loaded" and pack["annex"] == outcome.digest
    assert record["catalogue"]["under"] == [outcome.digest]


def test_the_record_and_its_leaf_name_the_person():
    w = world()
    annex.load(w, LI, STRICTER, "list.toml")
    assert leaves(w) == ["rules.annex-loaded"]
    with w.store.reading() as view:
        stored, leaf = view.get("annex", PACK), view.log_leaf(0)
    assert leaf.body_digest == digest(stored.body)
    assert read_json(stored.body)["loaded_by"] == {"id": "p-1", "name": "Li Wei"}


def test_milder_waits_for_a_second_person_and_the_stricter_part_does_not():
    w = world()
    outcome = annex.load(w, LI, MILDER, "list.toml")
    assert outcome.state == "stricter-only"
    assert state_of("/product/chemistry", w) == ("stayed", "important_candidate")
    coordinate = "/plant/coordinates/latitude"
    assert state_of(coordinate, w) == ("stayed", "important_candidate")
    assert annex.load(w, LI, MILDER, "list.toml").state == "stricter-only"  # the same person
    assert state_of(coordinate, w) == ("stayed", "important_candidate")
    assert annex.load(w, WU, MILDER, "list.toml").state == "in-force"
    assert state_of(coordinate, w) == ("stayed", "internal")
    (record,) = annex.loaded(w)
    assert record["loaded_by"]["id"] == "p-1" and record["confirmed_by"]["id"] == "p-2"


def test_a_second_person_with_another_list_confirms_nothing():
    w = world()
    annex.load(w, LI, MILDER, "list.toml")
    other = annex_toml({**FREES_COORDINATES, "text": "another text"})
    assert annex.load(w, WU, other, "list.toml").state == "stricter-only"
    assert annex.load(w, LI, other, "list.toml").state == "in-force"


def test_without_the_right_nobody_loads_confirms_or_withdraws():
    w = world()
    row = {"path": "/product/name", "class": "internal", "reason": "r"}
    for act in (
        lambda: annex.load(w, OPERATOR, STRICTER, "l.toml"),
        lambda: annex.withdraw(w, OPERATOR, PACK),
        lambda: annex.add_row(w, OPERATOR, row),
        lambda: annex.remove_row(w, OPERATOR, "x"),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.findings[0].code == "annex.may-not"
    assert leaves(w) == []


def test_withdrawing_what_was_stricter_takes_two():
    w = world()
    annex.load(w, LI, STRICTER, "list.toml")
    assert annex.withdraw(w, LI, PACK).state == "awaits-second-person"
    assert annex.withdraw(w, LI, PACK).state == "awaits-second-person"
    assert state_of("/product/chemistry", w)[0] == "stayed"
    assert annex.withdraw(w, WU, PACK).state == "withdrawn"
    assert state_of("/product/chemistry", w) == ("left", "contract")
    with pytest.raises(FaultyInput):
        annex.withdraw(w, WU, PACK)


def test_withdrawing_what_was_milder_takes_one():
    w = world()
    freeing = annex_toml(FREES_COORDINATES)
    annex.load(w, LI, freeing, "l.toml")
    annex.load(w, WU, freeing, "l.toml")
    assert annex.withdraw(w, LI, PACK).state == "withdrawn"
    assert state_of("/plant/coordinates/latitude", w) == ("stayed", "important_candidate")


def test_a_list_replaced_by_a_milder_one_takes_two():
    w = world()
    annex.load(w, LI, STRICTER, "l.toml")
    outcome = annex.load(w, LI, annex_toml(MEANS_NOTHING), "l.toml")
    assert outcome.state == "stricter-only" and any(c.milder for c in outcome.changes)


def test_faulty_lists_change_nothing():
    w = world()
    for faulty in (
        annex_toml(MEANS_NOTHING, pack="house"),
        annex_toml(MEANS_NOTHING, edition="2031"),
        annex_toml(MEANS_NOTHING, items=51),
        b"not toml [",
    ):
        with pytest.raises(FaultyInput):
            annex.load(w, LI, faulty, "l.toml")
    assert leaves(w) == [] and annex.loaded(w) == ()


def test_checking_stores_nothing_and_says_the_number_a_source_names():
    w = world()
    seen = annex.check(w, STRICTER, "list.toml")
    assert [f.code for f in seen.findings] == ["annex.other-number"]
    assert not seen.milder and {c.path for c in seen.changes} >= {"/product/chemistry"}
    assert leaves(w) == []


def test_a_stored_list_that_is_not_understood_stops_every_decision():
    w = world()
    annex.load(w, LI, STRICTER, "l.toml")
    with w.store.unit_of_work() as work:
        body = read_json(work.get("annex", PACK).body)
        body["annex"]["item"][0]["class"] = "whatever"
        work.put("annex", PACK, canonical_bytes(body))
    with pytest.raises(Refused) as refusal:
        publish(w, request())
    assert refusal.value.findings[0].code == "annex.stored-unreadable"
    assert decisions(w) == ()


def test_a_row_of_ones_own_is_stricter_at_once_and_goes_with_two():
    w = world()
    row = {"path": "/product/name", "class": "trade_secret", "reason": "code name"}
    added = annex.add_row(w, LI, row)
    assert added.state == "in-force" and state_of("/product/name", w)[0] == "stayed"
    assert annex.remove_row(w, LI, added.id).state == "awaits-second-person"
    assert state_of("/product/name", w)[0] == "stayed"
    assert annex.remove_row(w, WU, added.id).state == "withdrawn"
    assert state_of("/product/name", w)[0] == "left"


def test_the_list_of_a_zone_speaks_in_that_zone_only():
    w = world()
    zone = replace(w, settings={"free_trade_zone": "shanghai-lingang"})
    (here,), (there,) = publish(w, request()).decisions, publish(zone, request()).decisions
    packs = [{p["id"] for p in d["packs"]} for d in (here, there)]
    assert sum("cn-ftz-lingang-2024" in p for p in packs) == 1
    freeing = annex_toml(FREES_COORDINATES)
    annex.load(w, LI, freeing, "l.toml")
    annex.load(w, WU, freeing, "l.toml")
    path = "/plant/coordinates/latitude"
    assert state_of(path, w) == ("stayed", "internal")
    assert state_of(path, zone) == ("stayed", "important_candidate")  # its own list is missing
