"""Counters only rise, at every door: version, event, second life and measurement."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.services.condition import condition_of
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.measure import measure
from saltbridge.services.passport_events import past_events, record
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.passports import history
from saltbridge.services.second_life import SecondLifeRequest, second_life
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL, OTHER, GTIN = "MJC24-7K2MQ9", "MJC24-H4TX0B", "09521234567899"
DAY = date(2029, 5, 1)
HEAD = "battery,attribute,value,unit,measured_at,source,replaces\n"
REASON = {"not_applicable": "not recorded"}


def facts(cycles: int | None = None, **more: Any) -> dict[str, Any]:
    used: dict[str, Any] = dict.fromkeys(("A094", "A130", "A140", "A141"), REASON)
    if cycles is not None:
        used["A126"] = {"value": cycles, "unit": "cycle", "measured_on": "2029-04-30"}
    return {"attributes": {**used, **more}}


def bms(world: World, cycles: int, day: str, serial: str = SERIAL, replaces: str = "") -> None:
    row = f"{serial},A126,{cycles},cycle,{day}T08:00:00Z,BMS,{replaces}\n"
    measure(world, (HEAD + row).encode(), "bms.csv")


@pytest.fixture
def world(examples: Path) -> World:
    """A carmaker with two batteries, one of which was measured at 1200 cycles."""
    clock = FixedClock()
    world = replace(carmaker_world(), clock=clock)
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [SERIAL, OTHER])))
    clock.moment = datetime(2029, 6, 1, tzinfo=UTC)
    bms(world, 1200, "2029-04-01")
    return world


def change(world: World, stated: dict[str, Any], serial: str = SERIAL) -> None:
    new_version(world, VersionRequest(passport=serial, facts=stated, reason="r"))


def event(world: World, stated: dict[str, Any], kind: str = "repair") -> None:
    told = {"details": {"component": "fan"}} if kind == "repair" else {"capacity": "producer"}
    asked = {"passport": SERIAL, "kind": kind, "on": DAY, "facts": stated, **told}
    record(world, EventRequest(**asked))  # type: ignore[arg-type]


def renewed(
    world: World, stated: dict[str, Any], operation: str = "re-use", serial: str = "NEW-1"
) -> None:
    second_life(
        world,
        SecondLifeRequest(
            operation=operation,
            predecessors=[SERIAL],
            serial=serial,
            gtin=GTIN,
            category="ev",
            facts=stated,
            on=DAY,
        ),
    )


def told(fault: pytest.ExceptionInfo[FaultyInput]) -> list[tuple[str, Any, Any]]:
    found = [f for f in fault.value.findings if f.code == "measurement.falls"]
    return [(f.place.pointer, f.arguments["later"], f.arguments["earlier"]) for f in found]


@pytest.mark.parametrize(
    "door",
    [
        lambda world: change(world, facts(1199)),
        lambda world: event(world, facts(1199)),
        lambda world: event(world, facts(1199), "becomes-waste"),
        lambda world: renewed(world, facts(1199)),
        lambda world: renewed(world, facts(1199), "remanufacturing"),
    ],
)
def test_no_door_takes_less_than_was_measured(world: World, door: Any) -> None:
    with pytest.raises(FaultyInput) as fault:
        door(world)
    assert told(fault) == [("/attributes/A126", "1199", "1200")]


def test_more_is_taken_and_then_holds(world: World) -> None:
    change(world, facts(1300))
    with pytest.raises(FaultyInput) as fault:
        change(world, facts(1250))
    assert told(fault) == [("/attributes/A126", "1250", "1300")]
    event(world, facts())  # what was measured before is overtaken
    assert condition_of(world, SERIAL).version == 3
    renewed(world, facts(1300))
    assert condition_of(world, "NEW-1").values["A126"].value == 1300


def test_a_measurement_below_what_a_passport_states_is_refused(world: World) -> None:
    change(world, facts(500), OTHER)
    with pytest.raises(FaultyInput) as fault:
        bms(world, 499, "2029-05-02", OTHER)
    assert told(fault) == [("", "499", "500")]
    bms(world, 501, "2029-05-02", OTHER)


def test_the_second_life_begins_where_the_first_one_ended(world: World) -> None:
    renewed(world, facts())
    with pytest.raises(FaultyInput) as fault:
        bms(world, 3, "2029-05-20", "NEW-1")
    assert told(fault) == [("", "3", "1200")]


def test_a_correction_counts_and_the_life_goes_on(world: World) -> None:
    bms(world, 99999, "2029-04-20")
    wrong = condition_of(world, SERIAL).measured["A126"].id
    event(world, facts())  # a version holds the wrong reading
    bms(world, 1201, "2029-04-20", replaces=wrong)
    bms(world, 1202, "2029-05-02")
    event(world, facts(), "becomes-waste")
    assert condition_of(world, SERIAL).values["A126"].value == 1202


@pytest.mark.parametrize("whole", ["re-use"])
def test_a_battery_used_again_as_a_whole_has_one_successor(world: World, whole: str) -> None:
    renewed(world, facts(), whole)
    with pytest.raises(Refused) as second:
        renewed(world, facts(), whole, "NEW-2")
    assert "lifecycle.passed-on" in {f.code for f in second.value.findings}
    with pytest.raises(FaultyInput) as measured:
        bms(world, 1300, "2029-05-20")
    assert [f.code for f in measured.value.findings] == ["measurement.passed-on"]
    for kind in ("repair", "becomes-waste"):
        with pytest.raises(Refused) as refused:
            event(world, facts(), kind)
        assert "lifecycle.passed-on" in {f.code for f in refused.value.findings}
    bms(world, 1300, "2029-05-20", "NEW-1")


def test_of_a_battery_used_again_as_a_whole_no_version_is_written(world: World) -> None:
    renewed(world, facts(), "re-use")
    with pytest.raises(Refused) as refused:
        change(world, {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}})
    assert {f.code for f in refused.value.findings} == {"lifecycle.passed-on"}
    change(world, {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}, "NEW-1")


def correct(world: World, stated: dict[str, Any], reason: str = "typed a digit twice") -> int:
    told = EventRequest(
        passport=SERIAL, kind="correction", on=DAY, details={"reason": reason}, facts=stated
    )
    return record(world, told)[0].version


def test_what_was_entered_too_high_by_hand_is_lowered_by_a_signed_correction(
    world: World,
) -> None:
    change(world, facts(13000))
    cycles = {"attributes": {"A126": facts(1300)["attributes"]["A126"]}}
    assert correct(world, cycles) == 3
    now = condition_of(world, SERIAL)
    assert now.values["A126"].value == 1300
    (past,) = past_events(world, SERIAL)[1]
    assert (past.event, past.details["reason"]) == ("correction", "typed a digit twice")
    assert [v.number for v in history(world, SERIAL)] == [3, 2, 1]  # the old value stays there
    with pytest.raises(FaultyInput) as fault:  # otherwise they only rise, as before
        change(world, facts(1299))
    assert told(fault) == [("/attributes/A126", "1299", "1300")]
    bms(world, 1301, "2029-05-02")


def test_no_correction_goes_below_what_was_measured_or_changes_something_else(
    world: World,
) -> None:
    change(world, facts(13000))
    low = {"attributes": {"A126": facts(1199)["attributes"]["A126"]}}
    with pytest.raises(FaultyInput) as fault:
        correct(world, low)
    assert told(fault) == [("/attributes/A126", "1199", "1200")]
    for stated, reason, code in (
        ({"attributes": {"A033": {"value": 1, "unit": "kg"}}}, "r", "corrects-counters"),
        ({}, "r", "corrects-counters"),
        ({"attributes": {"A126": facts(1300)["attributes"]["A126"]}}, " ", "no-reason"),
    ):
        with pytest.raises(FaultyInput) as fault:
            correct(world, stated, reason)
        assert {f.code for f in fault.value.findings} == {f"lifecycle.{code}"}
    assert condition_of(world, SERIAL).values["A126"].value == 13000


def test_parts_go_several_ways(world: World) -> None:
    renewed(world, facts(), "repurposing")
    renewed(world, facts(), "repurposing", "NEW-2")


def test_a_value_of_a_later_day_in_the_passport_holds(world: World) -> None:
    change(world, facts(1300))
    now = condition_of(world, SERIAL)
    assert now.values["A126"].value == 1300
    assert "A126" not in now.measured
