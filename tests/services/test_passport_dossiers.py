"""A passport moves to the operator who answers for it: whole, checked, and led on to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.neighbours import GTIN, SERIALS, USED, Neighbours, eu_node, neighbours

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError
from saltbridge.formats.passport_dossier import parse_dossier, render_dossier
from saltbridge.passport.access import Audience
from saltbridge.ports import World
from saltbridge.services.log_audit import audit
from saltbridge.services.measure import measure
from saltbridge.services.passport_dossiers import give, take_over, waiting
from saltbridge.services.passport_events import past_events, record
from saltbridge.services.passport_handover import accept, complete, propose
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.passports import history, public_passport
from saltbridge.services.verify import Outcome, VerifyRequest, verify
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_dossier import dossier_of
from saltbridge.steps.passport_dossier_check import checked_dossier
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import seen, stored_version
from saltbridge.web.app import create_app

SERIAL = SERIALS[0]
DAY = date(2029, 5, 1)
HEAD = "battery,attribute,value,unit,measured_at,source\n"
WEIGHED = {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}


def event(kind: str, **more: Any) -> EventRequest:
    told: dict[str, Any] = {"passport": SERIAL, "kind": kind, "on": DAY, **more}
    if kind == "repair":  # a battery that is repaired has been in use
        told.setdefault("facts", USED)
    return EventRequest(**told)


def codes(fault: pytest.ExceptionInfo[Any]) -> set[str]:
    return {f.code for f in fault.value.findings}


def measured(world: World, value: float, at: str = "2029-04-01T08:00:00Z") -> None:
    row = f"{SERIAL},A117,{value},ohm,{at},workshop\n"
    measure(world, (HEAD + row).encode(), "m.csv")


class Scene:
    """A carmaker, and a fleet operator to whom one battery's passport is transferred."""

    def __init__(self, examples: Path) -> None:
        self.town: Neighbours = neighbours(examples, eu_node("fleet", 8107))
        self.cars, self.fleet = self.town["carmaker"], self.town["fleet"]
        self.id = str(self.passport(self.cars)["id"])

    def passport(self, world: World) -> dict[str, Any]:
        with world.store.reading() as work:
            return passport_named(work, SERIAL)

    def transfer(self) -> None:
        record(self.cars, event("repair", details={"component": "fan"}))
        measured(self.cars, 0.09)
        proposal = propose(self.cars, event("responsibility-transfer", to=self.fleet.node.did))
        accepted = accept(self.fleet, proposal, "proposal.json")
        complete(self.cars, accepted, "accepted.json", {})

    def seen(self, world: World, number: int) -> dict[str, Any]:
        with world.store.reading() as work:
            version = stored_version(work, self.id, number)
        assert version is not None
        return seen(version, Audience.LEGITIMATE_INTEREST)


@pytest.fixture
def scene(examples: Path) -> Scene:
    return Scene(examples)


def faults(world: World) -> list[str]:
    """What an audit finds; the delivery was put here by the test, without a leaf."""
    return [f.code for f in audit(world).findings if f.arguments.get("kind") != "delivery"]


def test_the_new_operator_has_the_whole_passport_and_goes_on_with_it(scene: Scene) -> None:
    scene.transfer()
    taken = take_over(scene.fleet, scene.id, person="os:tester")
    assert (taken.versions, taken.events, taken.measurements) == (3, 2, 1)
    for number in (1, 2, 3):
        assert scene.seen(scene.fleet, number) == scene.seen(scene.cars, number)
    done = new_version(
        scene.fleet, VersionRequest(passport=SERIAL, facts=WEIGHED, reason="weighed")
    )
    assert done.number == 4
    content = scene.seen(scene.fleet, 4)
    assert content["issuer"]["did"] == scene.fleet.node.did
    assert content["replaces"] == {
        "version": "3",
        "digest": scene.passport(scene.cars)["claim_digest"],
        "issuer": scene.cars.node.did,
        "link": "responsibility-transfer",
    }
    assert content["product_id"].startswith(scene.cars.node.base_url)  # as on the battery
    assert content["attributes"]["A117"]["value"] == 0.09
    measured(scene.fleet, 0.1, "2029-05-20T08:00:00Z")
    record(scene.fleet, event("repair", on=date(2029, 5, 21), details={"component": "fuse"}))
    assert [e.number for e in past_events(scene.fleet, SERIAL)[1]] == [1, 2, 3]
    assert [v.number for v in history(scene.fleet, SERIAL)] == [5, 4, 3, 2, 1]
    assert "issuer" not in scene.seen(scene.fleet, 5)["replaces"]  # one's own again
    assert faults(scene.cars) == [] == faults(scene.fleet)
    file, _ = public_passport(scene.fleet, SERIAL)
    anchors = {scene.fleet.node.did: scene.fleet.keyring.did_document()}
    checked = verify(VerifyRequest(file.content, "p.json", scene.town.clock.now(), anchors))
    assert Outcome.FAILED not in {c.outcome for c in checked.checks}, checked.checks


def test_the_old_node_leads_on_and_writes_nothing_more(scene: Scene) -> None:
    scene.transfer()
    with pytest.raises(Refused) as fault:  # signed by both: the version is the new operator's
        new_version(scene.cars, VersionRequest(passport=SERIAL, facts=WEIGHED, reason="w"))
    assert codes(fault) == {"handover.not-responsible"}
    with pytest.raises(FaultyInput) as faulty:
        measured(scene.cars, 0.2, "2029-05-20T08:00:00Z")
    assert codes(faulty) == {"measurement.elsewhere"}
    with TestClient(create_app(scene.cars), follow_redirects=False) as before:
        assert before.get(f"/01/{GTIN}/21/{SERIAL}").status_code == 200  # until it is fetched
    take_over(scene.fleet, scene.id)
    base = scene.fleet.node.base_url
    with TestClient(create_app(scene.cars), follow_redirects=False) as old:
        for path in (
            f"/01/{GTIN}/21/{SERIAL}",
            f"/01/{GTIN}/21/{SERIAL}?format=json",
            f"/01/{GTIN}/21/{SERIAL}/qr.svg",
            f"/passports/{scene.id}",
            f"/passports/{scene.id}/claim.json",
            f"/v1/dpps/{scene.id.replace(':', '%3A')}",
        ):
            answer = old.get(path)
            assert (answer.status_code, answer.headers["location"]) == (307, base + path)
            assert SERIAL not in answer.text
    with TestClient(create_app(scene.fleet), base_url=base) as new:
        shown = new.get(f"/01/{GTIN}/21/{SERIAL}", headers={"Accept": "application/json"})
        product = shown.json()["product_id"]
        asked = new.get(f"/v1/dppsByProductId/{product.replace('/', '%2F')}")
    assert (shown.status_code, asked.status_code) == (200, 200)
    for refused in (
        lambda: new_version(
            scene.cars, VersionRequest(passport=SERIAL, facts=WEIGHED, reason="w")
        ),
        lambda: record(scene.cars, event("repair", details={"component": "fan"})),
        lambda: propose(scene.cars, event("becomes-waste", to=scene.fleet.node.did)),
    ):
        with pytest.raises(Refused) as fault:
            refused()
        assert codes(fault) == {"handover.elsewhere"}


def test_recycling_ends_it_at_the_new_node_and_by_way_of_the_old_one(scene: Scene) -> None:
    scene.transfer()
    take_over(scene.fleet, scene.id)
    change = event("becomes-waste", on=date(2029, 5, 22), capacity="waste-operator")
    record(scene.fleet, replace(change, facts=USED))
    record(scene.fleet, event("recycled", on=date(2029, 5, 23)))
    with TestClient(create_app(scene.fleet), base_url=scene.fleet.node.base_url) as new:
        assert new.get(f"/01/{GTIN}/21/{SERIAL}").status_code == 410
    assert {v.status for v in history(scene.fleet, SERIAL)} == {"invalid"}
    assert faults(scene.fleet) == []


def test_nobody_gets_it_but_who_both_signed_for(scene: Scene) -> None:
    with pytest.raises(Refused) as fault:
        take_over(scene.fleet, scene.id)
    assert codes(fault) == {"handover.nothing-signed"}
    partner = scene.cars.node.partner(scene.fleet.node.did)
    assert partner is not None
    with pytest.raises(Refused) as fault:
        give(scene.cars, partner, scene.id)
    assert codes(fault) == {"handover.not-yours"}
    scene.transfer()
    with pytest.raises(Refused) as fault:
        give(scene.cars, replace(partner, jurisdiction="CN"), scene.id)
    assert codes(fault) == {"handover.abroad"}
    with TestClient(create_app(scene.cars)) as stranger:
        told = [
            stranger.get(f"/passport-dossiers/{id}", headers={"Authorization": "Bearer x"})
            for id in (scene.id, "urn:uuid:00000000-0000-4000-8000-0000000000ff")
        ]
    assert [t.status_code for t in told] == [404, 404]
    assert told[0].content == told[1].content
    give(scene.cars, partner, scene.id)
    with scene.cars.store.reading() as work:
        (access,) = (
            one
            for r in work.find("passport-access")
            for one in read_json(r.body)["accesses"]
            if one["endpoint"] == "dossier"
        )
    assert (access["reader"]["id"], access["points"]) == (scene.fleet.node.did, [2, 3, 4])


def test_a_lost_answer_is_asked_for_again(scene: Scene) -> None:
    """The receipt arrives and its answer is lost: nothing is here, the old node has let go."""
    scene.transfer()
    lost = []

    def lose(method: str, url: str) -> None:
        if method == "POST" and not lost:
            lost.append(url)
            scene.town.http.before = None
            raise SaltbridgeError.of("http.unreachable", url=url, reason="cut")

    scene.town.http.before = lose
    with pytest.raises(SaltbridgeError):
        take_over(scene.fleet, scene.id)
    with scene.fleet.store.reading() as work:
        assert work.get("passport", scene.id) is None
    assert take_over(scene.fleet, scene.id).versions == 3
    assert scene.passport(scene.cars)["status"] == "handed-over"
    with pytest.raises(Refused) as fault:
        take_over(scene.fleet, scene.id)
    assert codes(fault) == {"handover.here-already"}


def altered(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def made(content: bytes) -> bytes:
        told = read_json(content)
        change(told)
        return canonical_bytes(told)

    return made


def swapped(told: dict[str, Any]) -> None:
    told["versions"][0], told["versions"][1] = told["versions"][1], told["versions"][0]


def reworded(told: dict[str, Any]) -> None:
    told["events"][0]["content"]["details"]["component"] = "nothing"


def other_part(told: dict[str, Any]) -> None:
    parts = told["versions"][0]["record"]["disclosures"]
    parts["2"], parts["4"] = parts["4"], parts["2"]


def made_up(told: dict[str, Any]) -> None:
    record = told["versions"][0]["record"]
    record["disclosures"]["2"] = told["versions"][1]["record"]["disclosures"]["2"]


@pytest.fixture(scope="module")
def sent(examples: Path) -> tuple[bytes, Scene]:
    """A dossier as it is sent, and whoever receives it."""
    scene = Scene(examples)
    scene.transfer()
    with scene.cars.store.reading() as work:
        return render_dossier(dossier_of(work, scene.cars, scene.passport(scene.cars))), scene


@pytest.mark.parametrize(
    "change",
    [
        altered(swapped),
        altered(lambda told: told["versions"].pop(1)),
        altered(lambda told: told["events"].pop(0)),
        altered(reworded),
        altered(other_part),
        altered(made_up),
        altered(lambda told: told["events"][0]["claims"].pop()),
        altered(lambda told: told.update(serial="ANOTHER")),
        altered(lambda told: told.update(status="ceased", ceased_on="2029-05-01")),
        altered(lambda told: told["versions"][0].update(status="suspended")),
        altered(lambda told: told["versions"][0]["file"].pop("log")),
        altered(lambda told: told["lists"].clear()),
        altered(lambda told: told["measurements"][0].update(number=2)),
        altered(lambda told: told["measurements"][0].pop("snapshots")),
        altered(lambda told: told.update(extra="")),
        altered(lambda told: told.update(versions=[])),
    ],
)
def test_a_dossier_that_was_touched_is_refused(
    sent: tuple[bytes, Scene], change: Callable[[bytes], bytes]
) -> None:
    whole, scene = sent

    def check(content: bytes) -> None:
        resolve = scene.fleet.did_resolver.resolve
        checked_dossier(parse_dossier(content), resolve, scene.town.clock.now())

    check(whole)
    with pytest.raises(SaltbridgeError):
        check(change(whole))


def test_what_waits_to_be_taken_over_is_found(scene: Scene) -> None:
    assert waiting(scene.fleet) == [] == waiting(scene.cars)
    scene.transfer()
    assert waiting(scene.fleet) == [scene.id]
    take_over(scene.fleet, scene.id)
    assert waiting(scene.fleet) == [] == waiting(scene.cars)
