"""What a file of facts states and the table does not know is kept by every door."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_events import record
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.second_life import SecondLifeRequest, second_life
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_stated import UNKNOWN
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL, DAY = "MJC24-7K2MQ9", date(2029, 5, 1)
REASON = {"not_applicable": "not recorded"}
FACTS: dict[str, Any] = {
    "attributes": {
        **dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), REASON),
        "X777": {"value": "kept"},
    }
}


@pytest.fixture
def world(examples: Path) -> World:
    clock = FixedClock()
    world = replace(carmaker_world(), clock=clock)
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    clock.moment = datetime(2029, 6, 1, tzinfo=UTC)
    return world


def by_version(world: World) -> Any:
    return new_version(world, VersionRequest(passport=SERIAL, facts=FACTS, reason="r")).findings


def by_event(world: World) -> Any:
    asked = EventRequest(
        passport=SERIAL, kind="repair", on=DAY, details={"component": "fan"}, facts=FACTS
    )
    return record(world, asked)[0].findings


def by_second_life(world: World) -> Any:
    asked = SecondLifeRequest(
        operation="re-use",
        predecessors=[SERIAL],
        serial="NEW-1",
        gtin="09521234567899",
        category="ev",
        facts=FACTS,
        on=DAY,
    )
    return second_life(world, asked).findings


@pytest.mark.parametrize("door", [by_version, by_event, by_second_life])
def test_it_is_kept(world: World, door: Any) -> None:
    door(world)
    with world.store.reading() as work:
        (kept,) = (read_json(r.body) for r in work.find(UNKNOWN))
        shown = [r.body for kind in ("passport", "passport-version") for r in work.find(kind)]
    assert kept["unknown"]["operator"]["X777"] == '{"value": "kept"}'
    assert not any(b"X777" in body for body in shown)
