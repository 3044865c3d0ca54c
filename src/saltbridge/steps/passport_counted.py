"""What the counters of a battery show: nothing that is stated later may show less.

What was measured counts as it stands after corrections; where nothing was measured, what the
newest version says counts.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.passport.counters import COUNTERS, fallen, readings_in
from saltbridge.passport.measurements import as_value, condition
from saltbridge.passport.model import AttributeValue, Values
from saltbridge.ports import UnitOfWork
from saltbridge.steps.passport_measured import measurements_of

MEMBER: Final = "counters"  # of a passport's record: what was stated and not measured


def measured_counters(view: UnitOfWork, passport_id: str) -> dict[str, tuple[float, str]]:
    """What was measured of a battery's counters, as it stands now."""
    held = condition(m for m in measurements_of(view, passport_id) if m.attribute in COUNTERS)
    return readings_in({id: as_value(m) for id, m in held.items()})


def refuse_fallen(
    view: UnitOfWork,
    passport: Mapping[str, Any],
    changed: Values,
    before: Values,
    corrected: Collection[str] = (),
) -> dict[str, tuple[float, str]]:
    """What was measured of the counters, if nothing that changes shows less.

    What a signed correction states of ``corrected`` may lie below what was stated before,
    never below what was measured: a measurement is corrected by a measurement.

    Raises:
        FaultyInput: a counter would fall; every one at once.
    """
    stated = readings_in(changed)
    counted = stated.keys() | readings_in(before).keys()
    measured = measured_counters(view, str(passport["id"])) if counted else {}
    held = {id: r for id, r in readings_in(before).items() if id not in corrected} | measured
    for id, reading in stated_counters(passport).items():
        if id in corrected:
            continue
        held[id] = max(reading, held.get(id, reading), key=lambda r: r[0])
    if found := fallen(stated, held):
        raise FaultyInput(found)
    return measured


def not_overtaken(
    measured: Mapping[str, AttributeValue], passport: Mapping[str, Any]
) -> dict[str, AttributeValue]:
    """What was measured, without counters of which the passport states more by now."""
    stated = stated_counters(passport)
    shown = readings_in(measured)
    overtaken = {id for id in stated if id in shown and shown[id][0] < stated[id][0]}
    return {id: value for id, value in measured.items() if id not in overtaken}


def refuse_fallen_of_any(stated: Values, predecessors: Iterable[Values]) -> None:
    """
    Raises:
        FaultyInput: a counter is stated to show less than that of a battery it comes from.
    """
    shown = readings_in(stated)
    if found := [f for old in predecessors for f in fallen(shown, readings_in(old))]:
        raise FaultyInput(found)


def counters_member(
    values: Values, measured: Mapping[str, tuple[float, str]]
) -> dict[str, Any]:
    """The member of a passport's record for what its version states and nobody measured."""
    stated = {
        id: list(reading)
        for id, reading in readings_in(values).items()
        if reading[0] > 0 and reading[0] != measured.get(id, (None, ""))[0]
    }
    return {MEMBER: stated} if stated else {}


def stated_counters(record: Mapping[str, Any]) -> dict[str, tuple[float, str]]:
    """What the newest version of a passport states of its counters and nobody measured."""
    return {id: (float(n), str(day)) for id, (n, day) in record.get(MEMBER, {}).items()}
