"""Events recorded here and agreed between two nodes; what they do to the passport."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.passport.access import Audience
from saltbridge.passport.lifecycle_rules import Status
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.log_audit import audit
from saltbridge.services.measure import measure
from saltbridge.services.passport_events import past_events, record
from saltbridge.services.passport_handover import accept, complete, propose
from saltbridge.services.passports import history
from saltbridge.services.verify import Outcome, VerifyRequest, verify
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import newest_number, seen, stored_version
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
from saltbridge.trust import claims
from saltbridge.trust.suites import NotVerified

SERIAL, OTHER = "MJC24-7K2MQ9", "MJC24-H4TX0B"
DAY = date(2029, 5, 1)
NOW = datetime(2029, 6, 1, tzinfo=UTC)
NO_DATA = {"not_applicable": "the battery management system is destroyed"}
USED = {"attributes": dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), NO_DATA)}


def event(kind: str, **more: Any) -> EventRequest:
    told: dict[str, Any] = {"passport": SERIAL, "kind": kind, "on": DAY, **more}
    if kind == "repair":  # a battery that is repaired has been in use
        told.setdefault("facts", USED)
    return EventRequest(**told)


def codes(fault: pytest.ExceptionInfo[Any]) -> set[str]:
    return {f.code for f in fault.value.findings}


def faults(world: World) -> list[str]:
    """What an audit finds; the delivery was put here by the test, without a leaf."""
    found = audit(world).findings
    return [f.code for f in found if f.arguments.get("kind") != "delivery"]


class Scene:
    """A carmaker that issued two passports, and a recycler; they know each other's keys."""

    def __init__(self, examples: Path) -> None:
        self.clock = FixedClock()
        recycler = node_profile("recycler", jurisdiction="EU", port=8105)
        oem = carmaker_world()
        self.oem = self._know(replace(oem, clock=self.clock), recycler)
        other = memory_world(recycler, clock=self.clock)
        self.recycler = self._know(other, oem.node)
        put_delivery(self.oem, maker_profile(), example_record(examples))
        issue(self.oem, IssueRequest(**example_request(examples, (SERIAL, OTHER))))
        self.clock.moment = NOW

    @staticmethod
    def _know(world: World, other: Any) -> World:
        keys = BuiltKeyring(other.did).did_document()
        node = replace(world.node, partners=(partner_of(other),))
        return replace(world, node=node, did_resolver=KnownDids({other.did: keys}))

    def id(self, serial: str = SERIAL) -> str:
        return str(self.passport(serial)["id"])

    def passport(self, serial: str = SERIAL) -> dict[str, Any]:
        with self.oem.store.reading() as work:
            return passport_named(work, serial)

    def seen(self, audience: Audience = Audience.LEGITIMATE_INTEREST) -> dict[str, Any]:
        passport = self.passport()
        with self.oem.store.reading() as work:
            version = stored_version(work, passport["id"], newest_number(passport))
        assert version is not None
        return seen(version, audience)

    def becomes_waste(self) -> None:
        request = event("becomes-waste", to=self.recycler.node.did, capacity="waste-operator")
        accepted = accept(self.recycler, propose(self.oem, request), "proposal.json")
        complete(self.oem, accepted, "accepted.json", USED)


@pytest.fixture
def scene(examples: Path) -> Scene:
    return Scene(examples)


def test_a_repair_makes_a_version_and_is_signed(scene: Scene) -> None:
    done, file = record(scene.oem, event("repair", details={"component": "module 3"}))
    assert (done.number, done.version, done.findings) == (1, 2, ())
    assert scene.seen()["attributes"]["A036"]["value"] == [
        {
            "date": "2029-05-01",
            "component": "module 3",
            "operator": scene.oem.node.legal_name,
        }
    ]
    assert history(scene.oem, SERIAL)[0].reason == "repair"
    checked = verify(
        VerifyRequest(
            file, "event.json", NOW, {scene.oem.node.did: scene.oem.keyring.did_document()}
        )
    )
    assert checked.verdict is Outcome.PASSED, checked.checks
    assert (checked.claim_type, checked.issuer) == ("passport-event", scene.oem.node.did)
    life, events = past_events(scene.oem, SERIAL)
    assert (life.status, life.events) == (Status.ORIGINAL, 1)
    assert events[0].digest == done.digest
    assert faults(scene.oem) == []


def test_events_are_appended_and_name_the_one_before(scene: Scene) -> None:
    first, _ = record(scene.oem, event("repair", details={"component": "fuse"}))
    record(scene.oem, event("repair", details={"component": "fan"}))
    with scene.oem.store.reading() as work:
        kept = [read_json(r.body) for r in work.find("passport-event")]
    assert [k["content"]["previous"] for k in kept] == ["", first.digest]
    assert [k["number"] for k in kept] == [1, 2]
    assert len(scene.seen()["attributes"]["A036"]["value"]) == 2


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (event("repair", on=date(2030, 1, 1)), "lifecycle.future"),
        (event("repair", on=date(2027, 1, 1)), "lifecycle.before-previous"),
        (event("recycled"), "lifecycle.impossible"),
        (event("preparation-for-repurposing", successor=""), "lifecycle.impossible"),
        (event("placed-on-market"), "lifecycle.begun-already"),
        (event("becomes-waste"), "lifecycle.no-capacity"),
        (event("explosion"), "lifecycle.unknown-event"),
        (event("repair", details={"component": "\u202eelif"}), "lifecycle.member"),
        (event("repair", to="nobody"), "lifecycle.member"),
        (event("repair", passport="nobody"), "passport.unknown-passport"),
        (event("repair", facts={"gtin": "1"}), "lifecycle.member"),
    ],
)
def test_what_is_not_recorded(scene: Scene, request_: EventRequest, code: str) -> None:
    with scene.oem.store.reading() as work:
        before = work.log_size()
    with pytest.raises((Refused, FaultyInput)) as fault:
        record(scene.oem, request_)
    assert code in codes(fault)
    with scene.oem.store.reading() as work:
        assert work.log_size() == before
        assert not work.find("passport-event")


def test_responsibility_moves_when_both_have_signed_the_same_words(scene: Scene) -> None:
    request = event("responsibility-transfer", to=scene.recycler.node.did)
    proposal = propose(scene.oem, request)
    assert past_events(scene.oem, SERIAL)[1] == []  # nothing has changed yet
    accepted = accept(scene.recycler, proposal, "proposal.json")
    done = complete(scene.oem, accepted, "accepted.json", {})
    life, (kept,) = past_events(scene.oem, SERIAL)
    assert life.operator == scene.recycler.node.did
    assert set(kept.signed_by) == {scene.oem.node.did, scene.recycler.node.did}
    assert past_events(scene.recycler, scene.id())[0].operator == scene.recycler.node.did
    with scene.oem.store.reading() as work:
        (stored,) = (read_json(r.body) for r in work.find("passport-event"))
    both = [
        claims.verify(claims.PassportEvent(c["jws"]), c["did_document"])
        for c in stored["claims"]
    ]
    assert {v.issuer for v in both} == set(kept.signed_by)
    assert canonical_bytes(dict(both[0].content)) == canonical_bytes(dict(both[1].content))
    # The public part says who answers now; the old operator records nothing any more.
    public = scene.seen(Audience.PUBLIC)["attributes"]
    assert public["A007"]["value"] == scene.recycler.node.bpn
    assert done.version == 2
    with pytest.raises(Refused) as fault:
        record(scene.oem, event("repair", details={"component": "fan"}))
    assert codes(fault) == {"lifecycle.not-responsible"}
    assert faults(scene.oem) == []
    assert faults(scene.recycler) == []


def test_one_signature_moves_nothing(scene: Scene) -> None:
    request = event("responsibility-transfer", to=scene.recycler.node.did)
    with pytest.raises(Refused) as fault:
        record(scene.oem, request)
    assert codes(fault) == {"lifecycle.unsigned"}
    proposal = propose(scene.oem, request)
    with pytest.raises(Refused) as fault:  # its own proposal is no acceptance
        complete(scene.oem, proposal, "proposal.json", {})
    assert codes(fault) == {"lifecycle.no-partner"}


def test_an_acceptance_of_other_words_is_none(scene: Scene) -> None:
    request = event("responsibility-transfer", to=scene.recycler.node.did)
    accepted = accept(scene.recycler, propose(scene.oem, request), "1.json")
    propose(scene.oem, replace(request, on=date(2029, 5, 2)))  # proposed anew, another day
    with pytest.raises(Refused) as fault:
        complete(scene.oem, accepted, "accepted.json", {})
    assert codes(fault) == {"lifecycle.other-words"}
    propose(scene.oem, request)
    record(scene.oem, event("repair", on=DAY, details={"component": "fan"}))
    with pytest.raises(Refused) as fault:
        complete(scene.oem, accepted, "accepted.json", {})
    assert codes(fault) == {"lifecycle.moved-on"}


def test_a_file_that_somebody_else_signed_is_refused(scene: Scene) -> None:
    proposal = propose(scene.oem, event("responsibility-transfer", to=scene.recycler.node.did))
    file = parse_claim_file(proposal)
    head, body, _ = file.claim.jws.split(".")
    forged = claims.PassportEvent(f"{head}.{body}.{'A' * 86}")
    with pytest.raises(NotVerified):
        accept(scene.recycler, render_claim_file(forged, file.did_document), "f.json")
    stranger = {**file.did_document, "id": "did:web:stranger.example"}
    with pytest.raises(Refused) as fault:
        accept(scene.recycler, render_claim_file(file.claim, stranger), "f.json")
    assert codes(fault) == {"lifecycle.no-partner"}
    other = claims.Estimate(file.claim.jws)
    with pytest.raises(FaultyInput) as wrong:
        accept(scene.recycler, render_claim_file(other, file.did_document), "f.json")
    assert codes(wrong) == {"lifecycle.no-event"}


def test_waste_keeps_the_passport_and_recycling_ends_it(scene: Scene) -> None:
    scene.becomes_waste()
    life, _ = past_events(scene.oem, SERIAL)
    assert (life.status, life.operator) == (Status.WASTE, scene.recycler.node.did)
    attributes = scene.seen()["attributes"]
    assert attributes["A035"]["value"] == "waste"
    assert "A035" not in scene.seen(Audience.PUBLIC)["attributes"]
    assert "A035" not in scene.seen(Audience.AUTHORITY)["attributes"]
    # The recycler's event comes to the node that serves the passport as a file.
    ended, file = record(scene.recycler, event("recycled", passport=scene.id()))
    assert ended.number == 2
    complete(scene.oem, file, "recycled.json", {})
    assert scene.passport()["status"] == "ceased"
    life, events = past_events(scene.oem, SERIAL)  # the history stays inside
    assert life.ceased_on == DAY
    assert [e.event for e in events] == ["becomes-waste", "recycled"]
    with pytest.raises(Refused):
        record(scene.recycler, event("repair", passport=scene.id()))
    row = f"{SERIAL},A126,5,cycle,2029-05-01T08:00:00Z,BMS\n"
    with pytest.raises(FaultyInput) as fault:
        measure(
            scene.oem,
            f"battery,attribute,value,unit,measured_at,source\n{row}".encode(),
            "m.csv",
        )
    assert codes(fault) == {"measurement.ceased"}
    assert faults(scene.oem) == []


def test_a_version_of_an_event_holds_what_was_measured(scene: Scene) -> None:
    row = f"{SERIAL},A117,0.09,ohm,2029-04-01T08:00:00Z,workshop\n"
    head = "battery,attribute,value,unit,measured_at,source\n"
    measure(scene.oem, (head + row).encode(), "m.csv")
    record(scene.oem, event("repair", details={"component": "fan"}))
    held = scene.seen()["attributes"]["A117"]
    assert (held["value"], held["measured_on"]) == (0.09, "2029-04-01")
