"""What waits for its duty is kept, shown to nobody, and checked when it is stated."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.formats.item_list import FleetRow
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_bulk import FleetIssuer
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL, OTHER = "MJC24-7K2MQ9", "MJC24-H4TX0B"
GOOD = {"A049": {"value": 61.2, "unit": "kg CO2e/kWh"}}
BAD = {"A049": {"value": "banana", "unit": "apples"}}


@pytest.fixture
def world(examples: Path) -> World:
    world = replace(carmaker_world(), clock=FixedClock())
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    return world


def with_own(examples: Path, serials: list[str], stated: dict[str, Any]) -> IssueRequest:
    asked = example_request(examples, serials)
    own = {**asked["facts"]["attributes"], **stated}
    return IssueRequest(**{**asked, "facts": {**asked["facts"], "attributes": own}})


def by_version(world: World, examples: Path, stated: dict[str, Any]) -> Any:
    asked = VersionRequest(passport=SERIAL, facts={"attributes": stated}, reason="r")
    return new_version(world, asked).findings


def by_issue(world: World, examples: Path, stated: dict[str, Any]) -> Any:
    return issue(world, with_own(examples, [OTHER], stated)).findings


def by_model_of_a_fleet(world: World, examples: Path, stated: dict[str, Any]) -> Any:
    issuer = FleetIssuer(world, with_own(examples, [], stated))
    issuer.refuse_faulty_model(FleetRow(2, {"serial": OTHER}))


def by_row_of_a_fleet(world: World, examples: Path, stated: dict[str, Any]) -> Any:
    issuer = FleetIssuer(world, with_own(examples, [], {}))
    done = issuer.issue([FleetRow(2, {"serial": OTHER, "attributes": stated})])
    if done.faulty:
        raise FaultyInput(done.faulty[0].faults)


@pytest.mark.parametrize("door", [by_version, by_issue, by_model_of_a_fleet, by_row_of_a_fleet])
def test_a_faulty_value_is_refused_before_its_duty_begins(
    world: World, examples: Path, door: Any
) -> None:
    with pytest.raises(FaultyInput) as fault:
        door(world, examples, BAD)
    told = {(f.code, f.place.pointer) for f in fault.value.findings}
    assert ("passport.wrong-type", "/attributes/A049") in told


@pytest.mark.parametrize("door", [by_version, by_issue])
def test_a_good_one_is_kept_and_that_is_said(world: World, examples: Path, door: Any) -> None:
    told = [(f.code, f.arguments.get("attribute")) for f in door(world, examples, GOOD)]
    assert ("passport.suppressed", "A049") in told
