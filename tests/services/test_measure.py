"""Taking in measurements: all of a file or nothing; the condition they give; who may see it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.neighbours import neighbours

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.measurements import COLUMNS
from saltbridge.passport.access import Audience
from saltbridge.ports import World
from saltbridge.services.condition import condition_of
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.log_audit import audit
from saltbridge.services.measure import FILE, measure
from saltbridge.steps.passport_measured import RECORD, measurements_of
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
HEAD = ",".join(COLUMNS) + "\n"
NOW = datetime(2029, 6, 1, tzinfo=UTC)


@pytest.fixture
def world(examples: Path) -> World:
    """Two batteries with passports, two years on."""
    made = carmaker_world()
    put_delivery(made, maker_profile(), example_record(examples))
    issue(made, IssueRequest(**example_request(examples, SERIALS)))
    assert isinstance(made.clock, FixedClock)
    made.clock.moment = NOW
    return made


def rows(*told: Sequence[Any]) -> bytes:
    """Battery, attribute, value, unit, day, and what else a row says."""
    lines = []
    for battery, attribute, value, unit, day, *more in told:
        source, method, replaces = (*more, *("BMS", "", "")[len(more) :])
        at = f"{day}T08:00:00Z"
        lines.append(
            f"{battery},{attribute},{value},{unit},{at},{source},{method},{replaces}\n"
        )
    return (HEAD + "".join(lines)).encode()


def stored(world: World, kind: str) -> list[Any]:
    with world.store.reading() as work:
        return [read_json(r.body) for r in work.find(kind)]


def codes(fault: pytest.ExceptionInfo[Any]) -> list[str]:
    return [f.code for f in fault.value.findings]


def test_one_record_per_battery_and_one_leaf_per_file(world: World) -> None:
    with world.store.reading() as work:
        before = work.log_size()
    taken = measure(
        world,
        rows(
            (SERIALS[0], "A093", 97.5, "%", "2029-05-01"),
            (SERIALS[1], "A126", 300, "cycle", "2029-05-01"),
            (SERIALS[0], "A126", 310, "cycle", "2029-05-01"),
        ),
        "bms.csv",
    )
    assert (taken.measurements, taken.batteries) == (3, 2)
    assert len(stored(world, RECORD)) == 2
    (file,) = stored(world, FILE)
    assert len(file["batches"]) == 2
    with world.store.reading() as work:
        assert work.log_size() == before + 1
        leaf = work.log_leaf(before)
    assert leaf is not None
    assert (leaf.event, leaf.subject) == ("passport.measured", taken.file)


def test_nothing_is_stored_when_one_row_is_wrong(world: World) -> None:
    with pytest.raises(FaultyInput) as fault:
        measure(
            world,
            rows(
                (SERIALS[0], "A093", 97.5, "%", "2029-05-01"),
                (SERIALS[1], "A126", 300, "kWh", "2029-05-01"),
                ("nobody", "A126", 300, "cycle", "2029-05-01"),
                (SERIALS[1], "A126", 300, "cycle", "2029-07-01"),
            ),
            "bms.csv",
        )
    assert sorted(codes(fault)) == [
        "measurement.future",
        "measurement.unknown-battery",
        "passport.wrong-unit",
    ]
    assert stored(world, RECORD) == stored(world, FILE) == []


def test_the_same_file_is_taken_in_once(world: World) -> None:
    content = rows((SERIALS[0], "A093", 97.5, "%", "2029-05-01"))
    measure(world, content, "bms.csv")
    with pytest.raises(Refused) as fault:
        measure(world, content, "again.csv")
    assert codes(fault) == ["measurement.known-already"]
    assert len(stored(world, RECORD)) == 1


def test_counters_do_not_fall_between_files(world: World) -> None:
    measure(world, rows((SERIALS[0], "A126", 300, "cycle", "2029-05-01")), "1.csv")
    measure(world, rows((SERIALS[0], "A093", 97, "%", "2029-05-02")), "2.csv")
    for count, day in ((299, "2029-05-03"), (301, "2029-04-30")):
        with pytest.raises(FaultyInput) as fault:
            measure(world, rows((SERIALS[0], "A126", count, "cycle", day)), "3.csv")
        assert codes(fault) == ["measurement.falls"]
    # An earlier reading that comes late is held against the whole history, not the last file.
    measure(world, rows((SERIALS[0], "A126", 299, "cycle", "2029-04-30")), "4.csv")
    with pytest.raises(FaultyInput):
        measure(world, rows((SERIALS[0], "A126", 298, "cycle", "2029-05-01")), "5.csv")
    with pytest.raises(FaultyInput):
        measure(world, rows((SERIALS[0], "A126", 300, "cycle", "2029-04-29")), "6.csv")
    # Another battery's counter is its own.
    measure(world, rows((SERIALS[1], "A126", 5, "cycle", "2029-05-03")), "7.csv")


def test_a_correction_names_what_was_wrong(world: World) -> None:
    measure(world, rows((SERIALS[0], "A126", 9000, "cycle", "2029-05-01")), "1.csv")
    (wrong,) = condition_of(world, SERIALS[0]).history
    right = (SERIALS[0], "A126", 900, "cycle", "2029-05-01", "workshop", "", wrong.id)
    measure(world, rows(right), "2.csv")
    measure(world, rows((SERIALS[0], "A126", 901, "cycle", "2029-05-02")), "3.csv")
    assert condition_of(world, SERIALS[0]).values["A126"].value == 901
    with world.store.reading() as work:
        kept = measurements_of(work, condition_of(world, SERIALS[0]).passport_id)
    assert len(kept) == 3  # what was wrong stays readable
    with pytest.raises(FaultyInput) as fault:
        measure(world, rows((*right[:-1], "0" * 32)), "4.csv")
    assert codes(fault) == ["measurement.replaces-none"]


def test_the_condition_at_a_date(world: World) -> None:
    new = condition_of(world, SERIALS[0])
    assert (new.status, new.version, new.measured) == ("original", 1, {})
    measure(
        world,
        rows(
            (SERIALS[0], "A092", 21.6, "kWh", "2028-05-01"),
            (SERIALS[0], "A092", 20.4, "kWh", "2029-05-01"),
        ),
        "bms.csv",
    )
    then = condition_of(world, SERIALS[0], datetime(2028, 6, 1, tzinfo=UTC))
    assert then.values["A092"].value == 21.6
    now = condition_of(world, SERIALS[0])
    assert now.values["A092"].value == 20.4
    assert now.values["A092"].measured_on == "2029-05-01"
    assert now.version == 1  # a measurement makes no version
    with pytest.raises(FaultyInput):
        condition_of(world, "nobody")


def test_a_share_is_worked_out_anew_from_what_was_measured(world: World) -> None:
    before = condition_of(world, SERIALS[0]).values
    measure(world, rows((SERIALS[0], "A117", 0.09, "ohm", "2029-05-01")), "lab.csv")
    after = condition_of(world, SERIALS[0]).values
    assert before["A118"].value != after["A118"].value
    assert after["A118"].measured_on == "2029-05-01"


@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.AUTHORITY])
def test_the_public_and_authorities_see_nothing_of_it(world: World, audience: Audience) -> None:
    measure(world, rows((SERIALS[0], "A093", 97.5, "%", "2029-05-01")), "bms.csv")
    seen = condition_of(world, SERIALS[0], audience=audience)
    assert (seen.status, seen.values, seen.measured, seen.history) == ("", {}, {}, [])
    assert list(seen.health) == []


def test_state_of_health_over_time(world: World) -> None:
    measure(
        world,
        rows(
            (SERIALS[0], "A093", 99.5, "%", "2028-05-01"),
            (SERIALS[0], "A093", 96.25, "%", "2029-05-01"),
        ),
        "bms.csv",
    )
    (line,) = condition_of(world, SERIALS[0]).health
    assert line.attribute == "A093"
    assert [p.percent for p in line.points] == [99.5, 96.25]


def test_many_batches_are_read_in_pages(world: World) -> None:
    clock = world.clock
    assert isinstance(clock, FixedClock)
    for count in range(203):
        clock.advance(days=1)
        told = (SERIALS[0], "A126", count, "cycle", (NOW + timedelta(days=count)).date())
        measure(world, rows(told), f"{count}.csv")
    found = condition_of(world, SERIALS[0])
    assert found.values["A126"].value == 202
    assert len(found.history) == 203
    assert replace(found).history[0].value == 0


def test_the_audit_looks_at_every_batch(examples: Path) -> None:
    """A batch that was put in, or taken out, beside the files is found; the rest is whole."""
    town = neighbours(examples)
    cars = town["carmaker"]
    head = "battery,attribute,value,unit,measured_at,source\n"
    for value, day in ((0.09, "01"), (0.1, "02")):
        row = f"{SERIALS[0]},A117,{value},ohm,2029-04-{day}T08:00:00Z,workshop\n"
        measure(cars, (head + row).encode(), "m.csv")

    def codes() -> set[str]:
        return {f.code for f in audit(cars).findings if f.arguments.get("kind") != "delivery"}

    assert codes() == set()
    with cars.store.unit_of_work() as work:
        stored = work.find(RECORD)[0]
        work.put(RECORD, stored.id, stored.body.replace(b"0.1", b"0.2"))
    assert codes() == {"audit.batch-unlisted"}
    with cars.store.unit_of_work() as work:
        body = canonical_bytes({"batches": {stored.id: digest(b"another batch")}})
        work.put(FILE, "another file", body)
        work.append_leaf("passport.measured", "another file", body)
    assert codes() == {"audit.batch-unlisted", "audit.batch-gone"}


@pytest.mark.parametrize(
    ("attribute", "wrong", "unit", "day", "code"),
    [
        ("A092", "99999", "kWh", "2029-05-01", "measurement.implausible"),
        ("A092", "1e20", "kWh", "2029-05-01", "passport.out-of-range"),
        ("A089", "1e308", "Ah", "2029-05-01", "passport.out-of-range"),
        ("A088", "0", "Ah", "1900-01-01", "measurement.before-made"),
        ("A131", '"{""bins"":[1,0],""hours"":[-5]}"', "h", "2029-05-01", "passport.wrong-type"),
    ],
)
def test_what_cannot_be_is_not_taken_in(
    world: World, attribute: str, wrong: str, unit: str, day: str, code: str
) -> None:
    """It would stay for good, and stand against every later version of the passport."""
    with pytest.raises(FaultyInput) as fault:
        measure(world, rows((SERIALS[0], attribute, wrong, unit, day)), "bms.csv")
    assert code in {f.code for f in fault.value.findings}
    assert all(f.place.row == 2 for f in fault.value.findings)
    assert stored(world, RECORD) == []
