"""What the header says and what events change is stated at no door by a file of facts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding
from saltbridge.formats.item_list import FleetRow
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.fixed import FIXED, OF_EVENTS
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_bulk import FleetIssuer
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_events import record
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.second_life import SecondLifeRequest, second_life
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import facts_of, stored_version
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL, OTHER = "MJC24-7K2MQ9", "MJC24-H4TX0B"
DAY = date(2029, 5, 1)
STATED: dict[str, Any] = {
    "A001": "urn:uuid:4f9c1a52-6f60-4c0a-8d7e-0a7b54f3f1aa",
    "A002": "https://other.example/01/09521234567899/21/OTHER",
    "A003": "item",
    "A004": "x",
    "A005": "inactive",
    "A006": "2029-01-01T00:00:00Z",
    "A007": "BPNL000000000BAD",
    "A012": [{"passport_id": "urn:uuid:4f9c1a52-6f60-4c0a-8d7e-0a7b54f3f1aa",
              "operation": "re-use"}],
    "A013": "2029-01-01",
    "A015": "9",
    "A019": "OTHER",
    "A032": "lmt",
    "A035": "waste",
    "A036": [],
    "A037": "2029-01-01",
}  # fmt: skip


def facts(id: str) -> dict[str, Any]:
    return {"attributes": {id: {"value": STATED[id], "measured_on": "2029-05-01"}}}


@pytest.fixture(scope="module")
def world(examples: Path) -> World:
    """A carmaker that issued one passport, two years later."""
    clock = FixedClock()
    world = replace(carmaker_world(), clock=clock)
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    clock.moment = datetime(2029, 6, 1, tzinfo=UTC)
    return world


def by_issue(world: World, examples: Path, stated: dict[str, Any]) -> None:
    asked = example_request(examples, [OTHER])
    own = {**asked["facts"]["attributes"], **stated["attributes"]}
    issue(world, IssueRequest(**{**asked, "facts": {**asked["facts"], "attributes": own}}))


def by_version(world: World, examples: Path, stated: dict[str, Any]) -> None:
    new_version(world, VersionRequest(passport=SERIAL, facts=stated, reason="r"))


def by_event(world: World, examples: Path, stated: dict[str, Any]) -> None:
    told = {"component": "contactor"}
    asked = EventRequest(passport=SERIAL, kind="repair", on=DAY, details=told, facts=stated)
    record(world, asked)


def by_second_life(world: World, examples: Path, stated: dict[str, Any]) -> None:
    second_life(
        world,
        SecondLifeRequest(
            operation="remanufacturing",
            predecessors=[SERIAL],
            serial="SL-1",
            gtin="09521234567899",
            category="ev",
            facts=stated,
            on=DAY,
        ),
    )


def by_fleet(world: World, examples: Path, stated: dict[str, Any]) -> None:
    issuer = FleetIssuer(world, IssueRequest(**example_request(examples, [])))
    done = issuer.issue([FleetRow(2, {"serial": OTHER, **stated})])
    if done.faulty:
        raise FaultyInput(done.faulty[0].faults)


DOORS = [by_issue, by_fleet, by_version, by_event, by_second_life]


def test_everything_that_is_fixed_is_tried_here() -> None:
    assert STATED.keys() == FIXED


@pytest.mark.parametrize("id", sorted(FIXED))
@pytest.mark.parametrize("door", DOORS)
def test_no_door_takes_it(
    world: World, examples: Path, door: Callable[..., None], id: str
) -> None:
    with world.store.reading() as work:
        before = work.log_size()
    with pytest.raises(FaultyInput) as fault:
        door(world, examples, facts(id))
    code = "passport.of-an-event" if id in OF_EVENTS else "passport.fixed-attribute"
    told: list[Finding] = [f for f in fault.value.findings if f.code == code]
    assert [f.arguments["attribute"] for f in told] == [id]
    assert told[0].place.pointer.endswith(id)
    if id in OF_EVENTS:
        assert str(told[0].arguments["command"]).startswith("saltbridge passport ")
    with world.store.reading() as work:
        assert work.log_size() == before


@pytest.mark.parametrize(
    ("id", "stated"),
    [
        ("A035", {"value": "waste", "measured_on": "2027-01-01"}),
        ("A012", {"value": STATED["A012"]}),
        ("A019", {"value": "OTHER"}),
        ("A032", {"value": "lmt"}),
    ],
)
@pytest.mark.parametrize("where", ["model", "item"])
@pytest.mark.parametrize("fleet", [True, False])
def test_a_record_that_says_otherwise_than_the_passport_would_is_refused(
    examples: Path, id: str, stated: dict[str, Any], where: str, fleet: bool
) -> None:
    record = example_record(examples)
    holder = record if where == "model" else record["items"][0]
    holder["attributes"][id] = stated
    world = carmaker_world()
    put_delivery(world, maker_profile(), record)
    if where == "model" and id == "A019":
        return  # each battery's own number replaces it
    with pytest.raises(FaultyInput) as fault:
        if fleet:
            by_one = FleetIssuer(world, IssueRequest(**example_request(examples, [])))
            done = by_one.issue([FleetRow(2, {"serial": SERIAL})])
            raise FaultyInput(done.faulty[0].faults)
        issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    told = [f for f in fault.value.findings if f.code == "passport.supplied-otherwise"]
    assert [f.arguments["attribute"] for f in told] == [id]


def test_serial_and_category_of_a_passport_are_those_it_is_issued_under(world: World) -> None:
    with world.store.reading() as work:
        (stored,) = work.find("passport")
        version = stored_version(work, stored.id, 1)
        assert version is not None
        held = facts_of(work, version)
    assert (held.values["A019"].value, held.values["A032"].value) == (SERIAL, "ev")
    assert held.values["A019"].origin.kind == "supplier-record"  # who said so first
    assert attribute_table()["A019"].name == "serial_number"
