"""Measured values: the fold, corrections, counters that only rise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saltbridge.core.finding import Place
from saltbridge.passport.access import Audience, may_see
from saltbridge.passport.counters import COUNTERS, Reading, falls
from saltbridge.passport.measurements import (
    Measurement,
    Source,
    as_value,
    check_measurement,
    condition,
    consistent,
    effective,
    measurable,
    series,
)

NOON = datetime(2029, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=400)


def measured(id: str, value: Any, day: int = 0, unit: str = "", **more: Any) -> Measurement:
    told: dict[str, Any] = {"recorded_at": LATER, "source": Source.BMS, **more}
    return Measurement(id, value, unit, NOON + timedelta(days=day), **told)


def at(*new: Measurement) -> list[tuple[Measurement, Place]]:
    return [(m, Place("m.csv", n)) for n, m in enumerate(new, start=2)]


def codes(held: list[Measurement], *new: Measurement) -> list[str]:
    return [f.code for f in consistent(held, at(*new))]


def test_only_point_4_is_measured() -> None:
    for attribute in measurable().values():
        assert [a for a in Audience if may_see(a, attribute)] == [Audience.LEGITIMATE_INTEREST]
    assert "A035" not in measurable()  # the status follows from events
    assert set(COUNTERS) <= set(measurable())


def test_the_newest_value_holds_until_a_time() -> None:
    values = [measured("A093", 97.5, 0, "%"), measured("A093", 95.0, 30, "%")]
    assert condition(values)["A093"].value == 95.0
    assert condition(values, NOON + timedelta(days=29))["A093"].value == 97.5
    assert condition(values, NOON - timedelta(days=1)) == {}


def test_a_correction_takes_the_place_of_what_it_names() -> None:
    wrong = measured("A126", 9000, 10, "cycle")
    right = measured("A126", 900, 10, "cycle", replaces=wrong.id, source=Source.WORKSHOP)
    assert condition([wrong, right])["A126"].value == 900
    assert series([right, wrong], "A126") == (right,)
    third = measured("A126", 901, 10, "cycle", replaces=right.id)
    assert effective([third, wrong, right]) == (third,)


def test_the_same_measurement_brought_twice_is_one() -> None:
    once = measured("A126", 900, 10, "cycle")
    again = replace(once, recorded_at=LATER + timedelta(days=1))
    assert again.id == once.id
    assert effective([again, once]) == (once,)
    assert measured("A126", 900.0, 10, "cycle").id == once.id


def test_negative_events_are_gathered() -> None:
    crash = {"type": "crash", "time": "2029-05-01"}
    flood = {"type": "flood", "time": "2029-06-01"}
    told = [measured("A140", [crash]), measured("A140", [flood, crash], 31)]
    assert condition(told)["A140"].value == [crash, flood]
    assert condition(told, NOON)["A140"].value == [crash]


def test_counters_do_not_fall() -> None:
    held = [measured("A126", 100, 10, "cycle")]
    assert codes(held, measured("A126", 100, 20, "cycle")) == []
    assert codes(held, measured("A126", 99, 20, "cycle")) == ["measurement.falls"]
    assert codes(held, measured("A126", 101, 5, "cycle")) == ["measurement.falls"]
    assert codes(held, measured("A093", 1.0, 20, "%")) == []


def test_a_counter_may_fall_where_the_earlier_reading_is_corrected() -> None:
    wrong = measured("A138", 70, 10)
    right = measured("A138", 7, 10, replaces=wrong.id)
    assert codes([wrong], right, measured("A138", 8, 20)) == []


def test_a_correction_names_a_measurement_of_the_same_attribute() -> None:
    held = [measured("A126", 100, 10, "cycle")]
    nobody = measured("A126", 5, 10, "cycle", replaces="0" * 32)
    other = measured("A138", 5, 10, replaces=held[0].id)
    assert codes(held, nobody)[0] == "measurement.replaces-none"
    assert codes(held, other) == ["measurement.replaces-other"]


def test_what_is_wrong_with_one_measurement() -> None:
    table = measurable()

    def faults(m: Measurement) -> list[str]:
        return [f.code for f in check_measurement(table[m.attribute], m, Place("m.csv", 2))]

    assert faults(measured("A126", 5, unit="cycle")) == []
    assert faults(measured("A126", 5, unit="kWh")) == ["passport.wrong-unit"]
    assert faults(measured("A126", 5)) == ["passport.wrong-unit"]
    assert faults(measured("A138", 5, unit="kWh")) == ["measurement.no-unit"]
    assert faults(measured("A126", -5, unit="cycle")) == ["passport.out-of-range"]
    assert faults(measured("A126", 5.5, unit="cycle")) == ["passport.wrong-type"]
    assert faults(measured("A126", "=1+1", unit="cycle")) == ["passport.wrong-type"]
    assert faults(measured("A126", float("1e3"), 401, "cycle")) == ["measurement.future"]
    hours = {"bins": [0, 10, 20], "hours": [5]}
    assert faults(measured("A131", hours, unit="h")) == ["passport.wrong-type"]
    assert faults(measured("A131", {"bins": [0, 10, 20], "hours": [5, 6]}, unit="h")) == []


def test_a_measurement_is_a_dated_value_of_the_passport() -> None:
    value = as_value(measured("A093", 97.5, 0, "%"), "Isarwerk")
    assert (value.value, value.unit, value.measured_on) == (97.5, "%", "2029-05-01")
    assert value.origin.reference.startswith("BMS ")


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def histories(draw: st.DrawFn) -> list[Measurement]:
    made: list[Measurement] = []
    for _ in range(draw(st.integers(0, 12))):
        id = draw(st.sampled_from(["A093", "A126", "A140"]))
        number = draw(st.integers(0, 3))
        value: Any = [{"type": f"e{number}", "time": "x"}] if id == "A140" else number
        same = [m.id for m in made if m.attribute == id]
        made.append(
            measured(
                id,
                value,
                draw(st.integers(0, 4)),
                source=draw(st.sampled_from(list(Source))),
                recorded_at=LATER + timedelta(days=draw(st.integers(0, 3))),
                replaces=draw(st.sampled_from(["", *same])),
            )
        )
    return made


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 5))
@PATIENT
def test_the_fold_does_not_depend_on_the_order_of_arrival(
    history: list[Measurement], chance: Any, day: int
) -> None:
    shuffled = [*history, *history[:2]]  # and some arrive twice
    chance.shuffle(shuffled)
    for moment in (None, NOON + timedelta(days=day)):
        assert condition(shuffled, moment) == condition(history, moment)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=8))
@PATIENT
def test_falls_are_all_pairs_that_fall(told: list[tuple[int, int]]) -> None:
    readings = [Reading(NOON + timedelta(days=d), float(n)) for d, n in told]
    pairs = [(a, b) for a in readings for b in readings if a.at < b.at and a.count > b.count]
    found = falls(readings)
    assert bool(found) is bool(pairs)
    assert {f.later for f in found} == {b for _, b in pairs}
    assert all((f.earlier, f.later) in pairs for f in found)


@given(histories())
@PATIENT
def test_counters_taken_in_one_by_one_never_decrease(history: list[Measurement]) -> None:
    held: list[Measurement] = []
    for new in history:
        if not consistent(held, at(new)):
            held.append(new)
    counts = [(m.measured_at, m.value) for m in series(held, "A126")]
    assert all(b[1] >= a[1] for a in counts for b in counts if b[0] > a[0])
