"""The back-up copy: sent, checked, kept unreadable, served when nobody else does, restored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.neighbours import GTIN, SERIALS, USED, Neighbours, eu_node, neighbours

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.formats.passport_dossier import parse_dossier
from saltbridge.formats.passport_registry_file import registry_entry
from saltbridge.passport.access import Audience
from saltbridge.ports import World
from saltbridge.services.log_audit import audit
from saltbridge.services.measure import measure
from saltbridge.services.passport_backup import arrange, backup_status, send
from saltbridge.services.passport_events import past_events, record
from saltbridge.services.passport_keeping import (
    Act,
    keep_for,
    name_successor,
    receive,
    serve,
    withdraw,
)
from saltbridge.services.passport_registration import batches
from saltbridge.services.passport_restore import (
    RestoreRequest,
    hand_out,
    open_sealed,
    restore,
)
from saltbridge.services.passport_status import StatusRequest, change_status
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.passports import history
from saltbridge.steps import passport_copies as kept
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import seen, stored_version
from saltbridge.testing.builders import memory_world
from saltbridge.trust.sealed import new_key, public_half
from saltbridge.trust.status_list import Status
from saltbridge.web.app import create_app

DAY = date(2029, 5, 1)
HEAD = "battery,attribute,value,unit,measured_at,source\n"
WEIGHED = {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}
KEY, AUTHORITY = new_key("cars#back-up"), new_key("authority")


def codes(fault: pytest.ExceptionInfo[Any]) -> set[str]:
    return {f.code for f in fault.value.findings}


class Scene:
    """A carmaker whose passports a keeper keeps, and somebody who may step in for it."""

    def __init__(self, examples: Path) -> None:
        self.town: Neighbours = neighbours(
            examples, eu_node("keeper", 8108), eu_node("heir", 8109)
        )
        self.cars, self.keeper = self.town["carmaker"], self.town["keeper"]
        self.ids = {s: str(self.passport(self.cars, s)["id"]) for s in SERIALS}
        keep_for(self.keeper, self.act("contract 7"))
        arrange(self.cars, self.keeper.node.did, [KEY, public_half(AUTHORITY)], "os:tester")

    def act(self, reason: str, **more: str) -> Act:
        did = self.cars.node.did
        return Act(operator=did, person="os:keeper", reason=reason, **more)

    @staticmethod
    def passport(world: World, name: str) -> dict[str, Any]:
        with world.store.reading() as work:
            return passport_named(work, name)

    def copies(self, kind: str = kept.COPY) -> dict[str, Any]:
        with self.keeper.store.reading() as work:
            return {r.id: read_json(r.body) for r in work.find(kind)}

    def live(self) -> None:
        """Something of everything happens to the first battery."""
        row = f"{SERIALS[0]},A117,0.09,ohm,2029-04-01T08:00:00Z,workshop\n"
        measure(self.cars, (HEAD + row).encode(), "m.csv")
        record(
            self.cars,
            EventRequest(
                passport=SERIALS[0],
                kind="repair",
                on=DAY,
                details={"component": "cooling plate"},
                facts=USED,
            ),
        )
        suspended = StatusRequest(
            passport=SERIALS[0], status=Status.SUSPENDED, reason="tried", number=1
        )
        change_status(self.cars, suspended)

    def gone(self) -> None:
        self.town.gone("carmaker")

    def request(self, **more: Any) -> RestoreRequest:
        told = {
            "provider": self.keeper.node.did,
            "operator": self.cars.node.did,
            "key": KEY,
            "person": "os:tester",
        }
        return RestoreRequest(**{**told, **more})


@pytest.fixture
def scene(examples: Path) -> Scene:
    return Scene(examples)


def faults(world: World) -> list[str]:
    """What an audit finds; the delivery was put here by the test, without a leaf."""
    return [f.code for f in audit(world).findings if f.arguments.get("kind") != "delivery"]


_apps: dict[int, tuple[World, Any]] = {}


def _app(world: World) -> Any:
    """The application of a node; one for all questions, as of a node that is served."""
    known = _apps.get(id(world.store))
    if known is None or known[0] is not world:
        known = _apps[id(world.store)] = (world, create_app(world))
    return known[1]


def page(world: World, path: str, accept: str = "text/html", host: str = "") -> Any:
    base = host or world.node.base_url
    client = TestClient(_app(world), base_url=base, follow_redirects=False)
    return client.get(path, headers={"Accept": accept})


def test_what_changed_is_sent_once_and_kept_unreadable(scene: Scene) -> None:
    assert backup_status(scene.cars).waiting == 2
    first = send(scene.cars)
    assert (first.batches, first.passports, first.number) == (1, 2, 1)
    assert send(scene.cars).batches == 0 == backup_status(scene.cars).waiting
    scene.live()
    assert backup_status(scene.cars).waiting == 1
    second = send(scene.cars)
    assert (second.passports, second.number) == (1, 2)
    copy = scene.copies()[scene.ids[SERIALS[0]]]
    assert [v["status"] for v in copy["versions"]] == ["suspended", "valid"]
    assert (copy["batch"], copy["operator"]) == (2, scene.cars.node.did)
    with scene.keeper.store.reading() as work:
        held = b"".join(
            r.body
            for kind in (kept.COPY, kept.SEALED, kept.STATE, kept.OPERATOR, kept.CLAIM)
            for r in work.find(kind)
        )
    with scene.cars.store.reading() as work:
        version = stored_version(work, scene.ids[SERIALS[0]], 2)
        assert version is not None
    for secret in ("0.09,", "cooling plate", *list(version["disclosures"].values())[1:]):
        assert secret.encode() not in held
    assert faults(scene.cars) == [] == faults(scene.keeper)


def test_nobody_is_shown_a_copy_until_a_person_switches_it_on(scene: Scene) -> None:
    scene.live()
    send(scene.cars)
    path, id = f"/01/{GTIN}/21/{SERIALS[0]}", scene.ids[SERIALS[0]]
    doors = (path, f"{path}?format=json", f"/passports/{id}/claim.json", f"/passports/{id}")
    assert {page(scene.keeper, door).status_code for door in doors} == {404}
    with pytest.raises(Refused) as fault:  # the operator is there: two originals
        serve(scene.keeper, scene.act("insolvency"))
    assert codes(fault) == {"copy.operator-answers"}
    scene.gone()
    with pytest.raises(Refused) as fault:
        serve(scene.keeper, scene.act(" "))
    assert codes(fault) == {"copy.no-reason"}
    serve(scene.keeper, scene.act("insolvency, file 12 IN 34/29"))
    shown = page(scene.keeper, path)
    assert shown.status_code == 200
    assert "Back-up copy" in shown.text and scene.cars.node.legal_name in shown.text
    assert "1 June 2029" in shown.text and "cannot be asked for here" in shown.text
    assert "/passport-access" not in shown.text
    assert "The original lay at 127.0.0.1:8103" in shown.text
    assert shown.headers["saltbridge-copy-of"] == scene.cars.node.did
    original = page(scene.cars, path, "application/json")
    answer = page(scene.keeper, path, "application/json")
    assert answer.content == original.content  # the very bytes; the head says it is a copy
    assert answer.headers["saltbridge-copy-as-of"] == "2029-06-01T00:00:00Z"
    assert "saltbridge-copy-of" not in original.headers
    for door in (f"/passports/{id}/claim.json", f"/v1/dpps/{id.replace(':', '%3A')}"):
        got = page(scene.keeper, door, "application/json")
        assert got.status_code == 200, door
        assert got.headers["saltbridge-copy-of"] == scene.cars.node.did
    assert page(scene.keeper, f"{path}/access").status_code == 404
    dated = f"/v1/dppsByIdAndDate/{id.replace(':', '%3A')}?date=2026-12-01"
    early = page(scene.keeper, dated, "application/json")
    assert early.status_code == 200  # earlier versions are in the copy too
    # The name of the operator's host may be led here: the same path, the same passport.
    assert page(scene.keeper, path, host=scene.cars.node.base_url).status_code == 200
    withdraw(scene.keeper, scene.act("the operator is back"))
    assert {page(scene.keeper, door).status_code for door in doors} == {404}
    assert faults(scene.keeper) == []


@pytest.mark.full("three companies for every test")
def test_an_authority_has_it_served_beside_the_operator(scene: Scene) -> None:
    send(scene.cars)
    ordered = scene.act("recall", ordered_by="Market surveillance", reference="MS-2029-17")
    serve(scene.keeper, ordered)
    shown = page(scene.keeper, f"/01/{GTIN}/21/{SERIALS[1]}")
    assert shown.status_code == 200
    assert "By order of Market surveillance" in shown.text
    assert "no longer answers" not in shown.text  # it does
    with scene.keeper.store.reading() as work:
        operator = kept.kept_operator(work, scene.cars.node.did)
    assert operator is not None
    assert operator["serving"]["ordered_by"] == "Market surveillance"


@pytest.mark.full("three companies for every test")
def test_a_recycled_battery_stays_gone_in_the_copy(scene: Scene) -> None:
    waste = EventRequest(
        passport=SERIALS[0], kind="becomes-waste", on=DAY, capacity="producer", facts=USED
    )
    record(scene.cars, waste)
    record(scene.cars, EventRequest(passport=SERIALS[0], kind="recycled", on=DAY))
    send(scene.cars)
    path = f"/01/{GTIN}/21/{SERIALS[0]}"
    assert page(scene.keeper, path).status_code == 404
    scene.gone()
    serve(scene.keeper, scene.act("insolvency"))
    assert page(scene.keeper, path).status_code == 410


@pytest.mark.full("three companies for every test")
def test_a_lost_receipt_is_taken_in_later_and_nothing_is_sent_twice(scene: Scene) -> None:
    inner = scene.town.http.send

    class Losing:
        lose = True

        def send(self, method: str, url: str, **more: Any) -> Any:
            answer = inner(method, url, **more)
            if self.lose and url.endswith("/batches"):
                raise Unavailable.of("http.unreachable", url=url, reason="cut")
            return answer

    losing = Losing()
    cars = replace(scene.cars, http=losing)
    with pytest.raises(Unavailable):
        send(cars, most=1)
    assert len(scene.copies()) == 1  # it arrived
    losing.lose = False
    done = send(cars, most=1)
    assert (done.batches, done.number) == (1, 2)  # the other one alone
    assert len(scene.copies()) == 2
    with scene.cars.store.reading() as work:
        assert [r.version for r in work.find("passport-backup-sent")] == [2]


@pytest.mark.full("three companies for every test")
def test_the_same_batch_again_gets_the_same_receipt(scene: Scene) -> None:
    bodies: list[bytes] = []
    inner = scene.town.http.send

    class Noting:
        def send(self, method: str, url: str, content: bytes | None = None, **more: Any) -> Any:
            bodies.append(content or b"")
            return inner(method, url, content=content, **more)

    send(replace(scene.cars, http=Noting()))
    partner = scene.keeper.node.partner(scene.cars.node.did)
    assert partner is not None
    with scene.keeper.store.reading() as work:
        size = work.log_size()
    again = receive(scene.keeper, partner, bodies[-1])
    with scene.keeper.store.reading() as work:
        assert work.log_size() == size
        state = read_json(work.find(kept.STATE)[0].body)
    assert read_json(again) == state["receipt"]


def _sent(scene: Scene) -> tuple[bytes, Any]:
    """A batch on its way, not delivered."""
    caught: list[bytes] = []
    inner = scene.town.http.send

    class Catching:
        def send(self, method: str, url: str, content: bytes | None = None, **more: Any) -> Any:
            if url.endswith("/batches"):
                caught.append(content or b"")
                raise Unavailable.of("http.unreachable", url=url, reason="caught")
            return inner(method, url, content=content, **more)

    with pytest.raises(Unavailable):
        send(replace(scene.cars, http=Catching()))
    return caught[0], scene.keeper.node.partner(scene.cars.node.did)


@pytest.fixture(scope="module")
def caught(examples: Path) -> tuple[Scene, bytes, Any]:
    scene = Scene(examples)
    scene.live()
    return (scene, *_sent(scene))


def swapped(told: dict[str, Any]) -> None:
    one, other = told["passports"]
    one["sealed"], other["sealed"] = other["sealed"], one["sealed"]


def of_another(told: dict[str, Any]) -> None:
    told["passports"][0]["versions"][0] = told["passports"][1]["versions"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["passports"].pop(),
        lambda told: told["lists"].clear(),
        lambda told: told["passports"][0].update(state="ceased", ceased_on="2029-05-01"),
        lambda told: told["passports"][0]["versions"][0].update(status="invalid"),
        lambda told: told["passports"][0].update(sealed={}),
        lambda told: told["passports"][0].update(extra=1),
        lambda told: told["claim"].update(jws="a.b.c"),
        swapped,
        of_another,
    ],
)
@pytest.mark.full("three companies for every test")
def test_a_batch_that_was_touched_is_not_kept(
    caught: tuple[Scene, bytes, Any], change: Callable[[dict[str, Any]], object]
) -> None:
    scene, content, partner = caught
    told = read_json(content)
    change(told)
    with pytest.raises(SaltbridgeError):
        receive(scene.keeper, partner, canonical_bytes(told))
    assert scene.copies() == {}


@pytest.mark.full("three companies for every test")
def test_nobody_keeps_what_was_not_agreed(scene: Scene) -> None:
    content, partner = _sent(scene)
    heir = scene.town["heir"]
    with pytest.raises(Refused) as fault:
        receive(heir, heir.node.partner(partner.did) or partner, content)
    assert "copy.not-kept" in codes(fault) or "copy.other-parts" in codes(fault)
    abroad = replace(scene.cars.node.partners[0], jurisdiction="CN")
    cars = replace(scene.cars, node=replace(scene.cars.node, partners=(abroad,)))
    with pytest.raises(Refused) as fault:
        arrange(cars, abroad.did, [KEY], "os:tester")
    assert codes(fault) == {"handover.abroad"}


def test_the_operator_gets_its_passports_back(scene: Scene) -> None:
    """The store is lost, the keys are there: the same DID, an empty node."""
    scene.live()
    before = {
        (s, v.number): (v.digest, v.status) for s in SERIALS for v in history(scene.cars, s)
    }
    send(scene.cars)
    blank = memory_world(scene.cars.node, clock=scene.town.clock)
    scene.town.meet(blank)
    new = scene.town["carmaker"]
    assert restore(new, scene.request()).restored == tuple(
        sorted(SERIALS, key=lambda s: scene.ids[s])
    )
    assert restore(new, scene.request()).here == 2  # again: nothing is left to do
    after = {(s, v.number): (v.digest, v.status) for s in SERIALS for v in history(new, s)}
    assert after == before
    for audience in Audience:
        with scene.cars.store.reading() as one, new.store.reading() as two:
            old = stored_version(one, scene.ids[SERIALS[0]], 2)
            back = stored_version(two, scene.ids[SERIALS[0]], 2)
        assert old is not None and back is not None
        assert seen(old, audience) == seen(back, audience)
    assert len(past_events(new, SERIALS[0])[1]) == 1
    shown = page(new, f"/01/{GTIN}/21/{SERIALS[0]}", "application/json")
    assert shown.status_code == 200
    done = new_version(new, VersionRequest(passport=SERIALS[0], facts=WEIGHED, reason="w"))
    assert done.number == 3
    # Its status list is there again at its address, and no place is used twice.
    with new.store.reading() as work:
        places = [
            read_json(r.body)["status"]
            for r in work.find("passport-version")
            if "status" in read_json(r.body)
        ]
    assert len({(p["uri"], p["idx"]) for p in places}) == len(places) == 4
    assert page(new, "/passports/status/0").status_code == 200
    change_status(
        new, StatusRequest(passport=SERIALS[1], status=Status.INVALID, reason="tried")
    )
    assert {v.status for v in history(new, SERIALS[1])} == {"invalid"}
    assert {v.status for v in history(new, SERIALS[0])} == {
        "valid",
        "suspended",
        "superseded",
    }
    assert faults(new) == []


@pytest.mark.full("three companies for every test")
def test_a_successor_steps_in_for_an_operator_that_is_gone(scene: Scene) -> None:
    scene.live()
    send(scene.cars)
    scene.gone()
    heir = scene.town["heir"]
    request = scene.request(reason="bought out of the insolvency, 12 IN 34/29")
    with pytest.raises(Refused):  # nobody named it
        restore(heir, request)
    name_successor(scene.keeper, scene.act("contract of sale"), heir.node.did)
    with pytest.raises(Refused) as fault:
        restore(heir, replace(request, reason=""))
    assert codes(fault) == {"copy.no-reason"}
    with pytest.raises(Refused) as fault:
        restore(heir, replace(request, key=new_key("cars#back-up")))
    assert codes(fault) == {"copy.other-key"}
    assert len(restore(heir, request).restored) == 2
    life, _ = past_events(heir, SERIALS[0])
    assert life.operator == heir.node.did
    done = new_version(heir, VersionRequest(passport=SERIALS[0], facts=WEIGHED, reason="w"))
    with heir.store.reading() as work:
        version = stored_version(work, scene.ids[SERIALS[0]], done.number)
    assert version is not None
    content = seen(version, Audience.PUBLIC)
    assert content["replaces"]["issuer"] == scene.cars.node.did
    assert content["replaces"]["link"] == "succession"
    assert content["issuer"]["did"] == heir.node.did
    assert content["attributes"]["A007"]["value"] == heir.node.bpn
    record(
        heir,
        EventRequest(passport=SERIALS[0], kind="repair", on=DAY, details={"component": "x"}),
    )
    assert faults(heir) == []


@pytest.mark.full("three companies for every test")
def test_an_authority_opens_the_sealed_part_with_its_own_key(scene: Scene) -> None:
    scene.live()
    send(scene.cars)
    id = scene.ids[SERIALS[0]]
    file = hand_out(scene.keeper, scene.cars.node.did, id, "Market surveillance", "os:keeper")
    dossier = parse_dossier(open_sealed(file, AUTHORITY))
    assert dossier.passport_id == id
    assert len(dossier.versions) == 2 and len(dossier.measurements) == 1
    assert set(dossier.versions[0]["record"]["disclosures"]) == {"1", "2", "3", "4"}
    with pytest.raises(Refused):
        open_sealed(file, new_key("somebody"))
    other = hand_out(
        scene.keeper, scene.cars.node.did, scene.ids[SERIALS[1]], "Authority", "os:keeper"
    )
    told, wrong = read_json(file), read_json(other)
    told["entry"]["sealed"] = wrong["entry"]["sealed"]
    with pytest.raises(SaltbridgeError):  # not what the operator's claim names
        open_sealed(canonical_bytes(told), AUTHORITY)
    with scene.keeper.store.reading() as work:
        doors = [
            access["endpoint"]
            for r in work.find("passport-access")
            for access in read_json(r.body)["accesses"]
        ]
    assert doors == ["sealed", "sealed"]


def test_a_key_that_is_none_seals_nothing(scene: Scene) -> None:
    for wrong in ({}, {"kty": "EC", "crv": "P-256", "x": "A", "y": "B", "kid": "k"}):
        with pytest.raises(FaultyInput) as fault:
            arrange(scene.cars, scene.keeper.node.did, [wrong], "os:tester")
        assert codes(fault) == {"copy.no-key"}


@pytest.mark.full("three companies for every test")
def test_the_registry_is_told_who_keeps_the_copy(scene: Scene) -> None:
    (batch,) = batches(scene.cars)
    assert {e.backup_operator_id for e, _ in batch} == {scene.keeper.node.bpn}
    entry, _ = batch[0]
    told = registry_entry("p", "i", "o", "e", entry.backup_operator_id)
    assert told["backupUniqueEconomicOperatorIdentifier"] == scene.keeper.node.bpn
    assert "backupUniqueEconomicOperatorIdentifier" not in registry_entry("p", "i", "o", "e")


@pytest.mark.full("three companies for every test")
def test_another_keeper_gets_everything_from_the_beginning(scene: Scene) -> None:
    send(scene.cars)
    heir = scene.town["heir"]
    keep_for(heir, scene.act("contract 8"))
    arrange(scene.cars, heir.node.did, [KEY], "os:tester")
    assert backup_status(scene.cars).waiting == 2
    assert (send(scene.cars).passports, send(scene.cars).passports) == (2, 0)
    arrange(scene.cars, scene.keeper.node.did, [KEY], "os:tester")
    assert send(scene.cars).batches == 0  # the first one goes on where it was
