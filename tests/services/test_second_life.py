"""A second life: a new passport, linked to all it comes from, across two operators too."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.neighbours import REMADE, Neighbours, eu_node, neighbours

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.passport.access import Audience
from saltbridge.passport.lifecycle_rules import Status
from saltbridge.ports import HttpAnswer, World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.measure import measure
from saltbridge.services.passport_dossiers import take_over
from saltbridge.services.passport_events import past_events, record
from saltbridge.services.passport_handover import accept, complete, propose
from saltbridge.services.second_life import SecondLife, SecondLifeRequest, second_life
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import facts_of, seen, stored_version
from saltbridge.testing.builders import (
    BuiltKeyring,
    FixedClock,
    KnownDids,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.peers import InProcessHttp
from saltbridge.trust.suites import NotVerified

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
DAY = date(2029, 5, 1)
NEW = "REUSE-0001"
NO_DATA = {"not_applicable": "not recorded"}
USED = dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), NO_DATA)
FACTS: dict[str, Any] = {"attributes": USED}


def know(world: World, other: Any) -> World:
    keys = BuiltKeyring(other.did).did_document()
    node = replace(world.node, partners=(partner_of(other),))
    return replace(world, node=node, did_resolver=KnownDids({other.did: keys}))


class Scene:
    def __init__(self, examples: Path) -> None:
        self.clock = FixedClock()
        renewer = node_profile("renewer", jurisdiction="EU", port=8106)
        oem = replace(carmaker_world(), clock=self.clock)
        self.oem = know(oem, renewer)
        self.renewer = know(memory_world(renewer, clock=self.clock), oem.node)
        put_delivery(self.oem, maker_profile(), example_record(examples))
        issue(self.oem, IssueRequest(**example_request(examples, SERIALS)))
        self.clock.moment = datetime(2029, 6, 1, tzinfo=UTC)

    def passport(self, name: str, world: World | None = None) -> dict[str, Any]:
        with (world or self.oem).store.reading() as work:
            return passport_named(work, name)


@pytest.fixture
def scene(examples: Path) -> Scene:
    return Scene(examples)


def request(**more: Any) -> SecondLifeRequest:
    told: dict[str, Any] = {
        "operation": "remanufacturing",
        "predecessors": [SERIALS[0]],
        "serial": NEW,
        "gtin": "09521234567899",
        "category": "ev",
        "facts": FACTS,
        "on": DAY,
    }
    if (
        told["operation"] == more.get("operation", "remanufacturing") and "facts" not in more
    ):  # remanufacturing
        told["facts"] = {"attributes": {**REMADE, **USED}}
    return SecondLifeRequest(**{**told, **more})


def view(world: World, made: SecondLife, audience: Audience) -> dict[str, Any]:
    with world.store.reading() as work:
        version = stored_version(work, made.id, 1)
    assert version is not None
    return seen(version, audience)


def codes(fault: pytest.ExceptionInfo[Any]) -> set[str]:
    return {f.code for f in fault.value.findings}


def test_a_remanufactured_battery_has_a_passport_of_its_own(scene: Scene) -> None:
    row = f"{SERIALS[0]},A117,0.13,ohm,2029-04-01T08:00:00Z,lab\n"
    head = "battery,attribute,value,unit,measured_at,source\n"
    measure(scene.oem, (head + row).encode(), "lab.csv")
    old = scene.passport(SERIALS[0])
    made = second_life(scene.oem, request())
    assert made.id != old["id"]
    public = view(scene.oem, made, Audience.PUBLIC)["attributes"]
    assert public["A012"]["value"] == [{"passport_id": old["id"]}]
    inside = view(scene.oem, made, Audience.LEGITIMATE_INTEREST)["attributes"]
    assert inside["A035"]["value"] == "remanufactured"
    assert inside["A035"]["measured_on"] == DAY.isoformat()
    assert inside["A117"]["value"] == 0.13
    assert "A035" not in public
    whole = canonical_bytes(view(scene.oem, made, Audience.PUBLIC)).decode()
    # The status is point 4, and no public word gives it away.
    stems = ("remanufactur", "repurpos", "re-use", "re-used", "preparation")
    assert [stem for stem in stems if stem in whole] == []
    assert made.predecessors[0].digest == old["claim_digest"]
    life, (begun,) = past_events(scene.oem, made.id)
    assert (life.status, life.predecessors) == (Status.REMANUFACTURED, made.predecessors)
    assert begun.predecessors == (old["id"],)
    before, (passed,) = past_events(scene.oem, SERIALS[0])
    assert (before.status, before.successors) == (Status.ORIGINAL, (made.id,))
    assert passed.successor == made.id


def test_several_predecessors_and_several_successors(scene: Scene) -> None:
    with scene.oem.store.reading() as work:
        version = stored_version(work, scene.passport(SERIALS[0])["id"], 1)
        assert version is not None
        given = facts_of(work, version).values
    kept = {
        id: v
        for id, v in given.items()
        if not v.not_applicable and id >= "A016" and id not in {"A019", "A032", "A035", "A037"}
    }
    stated = {
        id: {
            member: told
            for member in ("value", "unit", "measured_on", "unknown")
            if (told := getattr(v, member)) not in (None, "")
        }
        for id, v in kept.items()
    }
    facts = {"attributes": {**stated, **FACTS["attributes"]}}
    both = second_life(scene.oem, request(predecessors=SERIALS, facts=facts))
    assert len(both.predecessors) == 2
    more = second_life(
        scene.oem, request(predecessors=[SERIALS[0]], serial="REUSE-0002", operation="re-use")
    )
    life, _ = past_events(scene.oem, SERIALS[0])
    assert life.successors == (both.id, more.id)
    # A third life comes from the second one; no passport comes back to itself.
    third = second_life(
        scene.oem, request(predecessors=[more.id], serial="REUSE-0003", operation="re-use")
    )
    assert third.predecessors[0].passport == more.id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"operation": "preparation-for-repurposing"}, "lifecycle.impossible"),
        ({"operation": "repair"}, "lifecycle.unknown-event"),
        ({"predecessors": []}, "lifecycle.no-predecessor"),
        ({"predecessors": ["nobody"]}, "passport.unknown-passport"),
        (
            {"predecessors": ["urn:uuid:00000000-0000-4000-8000-00000000dead"]},
            "lifecycle.not-handed-over",
        ),
        ({"serial": SERIALS[0]}, "passport.already-issued"),
        ({"serial": "a b"}, "passport.bad-serial"),
        ({"gtin": "1"}, "passport.bad-gtin"),
        ({"facts": {"attributes": {}}}, "passport.condition-open"),
        ({"on": date(2031, 1, 1)}, "lifecycle.future"),
    ],
)
def test_what_makes_no_passport(scene: Scene, changes: dict[str, Any], code: str) -> None:
    with scene.oem.store.reading() as work:
        before = work.log_size()
    with pytest.raises((FaultyInput, Refused)) as fault:
        second_life(scene.oem, request(**changes))
    assert code in codes(fault)
    with scene.oem.store.reading() as work:
        assert work.log_size() == before
        assert not work.find("passport-event")


def test_nothing_comes_from_a_recycled_battery(scene: Scene) -> None:
    waste = EventRequest(
        passport=SERIALS[0],
        kind="becomes-waste",
        on=DAY,
        capacity="producer",
        facts={"attributes": USED},
    )
    record(scene.oem, waste)
    record(scene.oem, EventRequest(passport=SERIALS[0], kind="recycled", on=DAY))
    with pytest.raises(Refused) as fault:
        second_life(scene.oem, request())
    assert "lifecycle.ceased" in codes(fault)


def test_waste_is_repurposed_by_its_preparation_alone(scene: Scene) -> None:
    waste = EventRequest(
        passport=SERIALS[0],
        kind="becomes-waste",
        on=DAY,
        capacity="producer",
        facts={"attributes": USED},
    )
    record(scene.oem, waste)
    with pytest.raises(Refused) as fault:
        second_life(scene.oem, request(operation="repurposing"))
    assert codes(fault) == {"lifecycle.impossible"}
    made = second_life(scene.oem, request(operation="preparation-for-repurposing"))
    assert past_events(scene.oem, made.id)[0].status is Status.REPURPOSED


def test_another_operator_issues_the_new_passport(scene: Scene) -> None:
    old = scene.passport(SERIALS[0])
    with scene.oem.store.reading() as work:
        version = stored_version(work, old["id"], 1)
        assert version is not None
        values = seen(version, Audience.LEGITIMATE_INTEREST)["attributes"]
        values |= seen(version, Audience.AUTHORITY)["attributes"]
    known = {
        id: {k: told[k] for k in ("value", "unit", "measured_on") if k in told}
        for id, told in values.items()
        if "value" in told and id >= "A016" and id not in {"A019", "A032", "A035", "A037"}
    }
    facts = {"attributes": {**known, **FACTS["attributes"]}}
    told = request(predecessors=[old["id"]], operation="re-use", facts=facts)
    with pytest.raises(FaultyInput):  # nobody handed it over yet
        second_life(scene.renewer, told)
    handing = EventRequest(
        passport=SERIALS[0], kind="re-use", on=DAY, to=scene.renewer.node.did
    )
    accepted = accept(scene.renewer, propose(scene.oem, handing), "proposal.json")
    done = complete(scene.oem, accepted, "accepted.json", {})
    made = second_life(scene.renewer, told)
    life, (passed,) = past_events(scene.oem, SERIALS[0])
    assert life.successors == (made.id,)  # the very id that both of them signed
    assert set(passed.signed_by) == {scene.oem.node.did, scene.renewer.node.did}
    assert done.version == 0  # what the old passport says has not changed
    with scene.renewer.store.reading() as work:
        begun = read_json(work.find("passport-event", after=made.id)[0].body)
    assert begun["content"]["predecessors"] == [
        {
            "passport_id": old["id"],
            "operation": "re-use",
            "digest": old["claim_digest"],
        }
    ]


HEAD = "battery,attribute,value,unit,measured_at,source\n"


class TestAForeignPredecessor:
    """Another operator's battery: its passport is fetched and checked; what holds is kept."""

    @pytest.fixture
    def town(self, examples: Path) -> Neighbours:
        town = neighbours(examples, eu_node("renewer", 8106))
        row = f"{SERIALS[0]},A117,0.13,ohm,2029-04-01T08:00:00Z,lab\n"
        measure(town["carmaker"], (HEAD + row).encode(), "lab.csv")
        handing = EventRequest(
            passport=SERIALS[0],
            kind="repurposing",
            on=DAY,
            to=town["renewer"].node.did,
        )
        accepted = accept(town["renewer"], propose(town["carmaker"], handing), "p.json")
        complete(town["carmaker"], accepted, "accepted.json", {})
        return town

    @staticmethod
    def told(town: Neighbours) -> SecondLifeRequest:
        with town["carmaker"].store.reading() as work:
            id = passport_named(work, SERIALS[0])["id"]
        return request(operation="repurposing", predecessors=[id])

    def test_its_values_are_inherited_with_their_origin(self, town: Neighbours) -> None:
        with town["carmaker"].store.reading() as work:
            old = passport_named(work, SERIALS[0])
            before = facts_of(work, stored_version(work, old["id"], 1) or {}).values
        made = second_life(town["renewer"], self.told(town))
        assert made.predecessors[0].digest == old["claim_digest"]
        with town["renewer"].store.reading() as work:
            after = facts_of(work, stored_version(work, made.id, 1) or {}).values
        same = {id for id in before.keys() & after.keys() if before[id] == after[id]}
        assert len(same) > 60 and {"A033", "A087", "A022"} <= same
        assert after["A022"].origin.party == before["A022"].origin.party
        assert (after["A117"].value, after["A117"].measured_on) == (0.13, "2029-04-01")
        assert after["A117"].origin.party == town["carmaker"].node.legal_name
        assert after["A026"] != before["A026"]  # who answers now is not inherited
        assert after["A035"].value == "repurposed"

    def test_what_was_touched_on_the_way_is_not_built_on(self, town: Neighbours) -> None:
        class Touching(InProcessHttp):
            def send(self, method: str, url: str, **more: Any) -> HttpAnswer:
                answer = super().send(method, url, **more)
                touched = answer.content.replace(b'"gtin":"0', b'"gtin":"1')
                return replace(answer, content=touched)

        renewer = replace(town["renewer"], http=Touching(town.http.applications))
        with pytest.raises(NotVerified):
            second_life(renewer, self.told(town))
        with renewer.store.reading() as work:
            assert not work.find("passport")

    def test_a_node_that_is_away_leaves_nothing_to_inherit(self, town: Neighbours) -> None:
        town.http.applications.clear()
        with pytest.raises(FaultyInput) as fault:  # what is due is not stated by anybody
            second_life(town["renewer"], self.told(town))
        assert "passport.missing" in codes(fault)
        with town["renewer"].store.reading() as work:
            assert not work.find("passport")


class TestSeveralForeignPredecessors:
    """Batteries of two other operators become one, under the id that all of them sign."""

    SUCCESSOR = "urn:uuid:00000000-0000-4000-8000-00000000beef"

    @pytest.fixture
    def town(self, examples: Path) -> Neighbours:
        town = neighbours(examples, eu_node("fleet", 8107), eu_node("renewer", 8106))
        moved = EventRequest(
            passport=SERIALS[1],
            kind="responsibility-transfer",
            on=DAY,
            to=town["fleet"].node.did,
        )
        self.agreed(town, "carmaker", "fleet", moved)
        take_over(town["fleet"], self.id(town, SERIALS[1]))
        for owner, serial in (("carmaker", SERIALS[0]), ("fleet", SERIALS[1])):
            handing = EventRequest(
                passport=serial,
                kind="repurposing",
                on=DAY,
                to=town["renewer"].node.did,
                successor=self.SUCCESSOR,
            )
            self.agreed(town, owner, "renewer", handing)
        return town

    @staticmethod
    def id(town: Neighbours, serial: str) -> str:
        with town["carmaker"].store.reading() as work:
            return str(passport_named(work, serial)["id"])

    @staticmethod
    def agreed(town: Neighbours, owner: str, new: str, told: EventRequest) -> None:
        accepted = accept(town[new], propose(town[owner], told), "p.json")
        complete(town[owner], accepted, "accepted.json", {})

    def test_they_make_one_passport_with_what_is_alike_in_all(self, town: Neighbours) -> None:
        ids = [self.id(town, serial) for serial in SERIALS]
        with town["carmaker"].store.reading() as work:
            old = facts_of(work, stored_version(work, ids[0], 1) or {}).values
        own = {"A012", "A019", "A026", "A032", "A035", "A037"}
        stated = {
            id: {
                k: getattr(v, k)
                for k in ("value", "unit", "measured_on")
                if getattr(v, k) not in (None, "")
            }
            for id, v in old.items()
            if id >= "A016" and id not in own and id not in ("A063", "A066") and v.value
        }
        facts = {"attributes": {**stated, **USED}}
        made = second_life(
            town["renewer"], request(operation="repurposing", predecessors=ids, facts=facts)
        )
        assert made.id == self.SUCCESSOR
        assert [link.passport for link in made.predecessors] == ids
        with town["renewer"].store.reading() as work:
            values = facts_of(work, stored_version(work, made.id, 1) or {}).values
        assert values["A063"] == old["A063"]  # the chemistry of both, with its origin
        assert [e["passport_id"] for e in values["A012"].value] == ids
        for owner, serial in (("carmaker", SERIALS[0]), ("fleet", SERIALS[1])):
            assert past_events(town[owner], serial)[0].successors == (made.id,)

    def test_a_mass_of_one_is_not_the_mass_of_the_whole(self, town: Neighbours) -> None:
        with pytest.raises(FaultyInput) as fault:
            second_life(
                town["renewer"],
                request(
                    operation="repurposing",
                    predecessors=[self.id(town, serial) for serial in SERIALS],
                ),
            )
        missing = {f.arguments.get("attribute") for f in fault.value.findings}
        assert {"A033", "A083"} & missing and "A063" not in missing

    def test_each_of_them_has_to_be_handed_over(self, town: Neighbours) -> None:
        with pytest.raises(FaultyInput) as fault:  # nobody handed that one over
            told = [self.id(town, SERIALS[0]), "urn:uuid:00000000-0000-4000-8000-00000000dead"]
            second_life(town["renewer"], request(operation="repurposing", predecessors=told))
        assert codes(fault) == {"lifecycle.not-handed-over"}


def test_who_remanufactures_does_not_inherit_what_the_old_maker_declared(scene: Scene) -> None:
    with pytest.raises(FaultyInput) as fault:
        second_life(scene.oem, request(facts=FACTS))
    due = {f.arguments["attribute"] for f in fault.value.findings if "missing" in f.code}
    assert {"A022", "A023", "A024", "A028", "A029", "A044", "A046"} <= due
    again = second_life(scene.oem, request(operation="re-use"))  # the same battery still
    shown = view(scene.oem, again, Audience.PUBLIC)["attributes"]
    assert shown["A044"]["origin"]["kind"] == "supplier-record"
