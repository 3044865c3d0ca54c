"""What is known of a battery's condition at a time: measured values over those of its passport.

All of it is point 4 of Annex XIII: who may not see that point gets nothing, not even the
knowledge that something was measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.passport.access import Audience, visible_to
from saltbridge.passport.assemble import derived_values, parse_rendered
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.health import HealthLine, health_lines
from saltbridge.passport.measurements import (
    Measurement,
    as_value,
    condition,
    effective,
    measurable,
)
from saltbridge.passport.model import AttributeValue, OriginKind, Values
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_measured import measurements_of
from saltbridge.steps.passport_reading import seen, version_in_force

STATUS = "A035"


@dataclass(frozen=True)
class BatteryCondition:
    """The dynamic values that hold at a time. ``measured``: those that were measured since."""

    passport_id: str
    serial: str
    at: datetime
    version: int
    status: str
    values: Values
    measured: Mapping[str, Measurement]
    history: Sequence[Measurement]  # every measurement that holds, until then
    health: Sequence[HealthLine]


def condition_of(
    world: World,
    wanted: str,
    at: datetime | None = None,
    audience: Audience = Audience.LEGITIMATE_INTEREST,
) -> BatteryCondition:
    """The condition of the battery that is named, now or at a time.

    ``audience``: who will be shown it; the operator's own people see what persons with a
    legitimate interest see.

    Raises:
        FaultyInput: no such passport, or it had not been issued yet.
        Refused: something stored is not as it was written.
    """
    moment = at or world.clock.now()
    with world.store.reading() as view:
        record = passport_named(view, wanted)
        base, version = _base(view, record, moment)
        everything = measurements_of(view, record["id"])
    shown = visible_to(audience, {id: id for id in measurable() if id in attribute_table()})
    history = [
        m for m in effective(everything) if m.measured_at <= moment and m.attribute in shown
    ]
    measured = condition(history)
    told = {id: as_value(m, world.node.legal_name) for id, m in measured.items()}
    told = {id: v for id, v in told.items() if not _is_newer(base.get(id), v)}
    measured = {id: m for id, m in measured.items() if id in told}
    known = _with_derived(base, told)
    values = visible_to(audience, known)
    return BatteryCondition(
        record["id"],
        record["serial"],
        moment,
        version,
        str(values[STATUS].value) if STATUS in values else "",
        {id: v for id, v in values.items() if id in shown},
        measured,
        history,
        health_lines(history, known),
    )


def _is_newer(stated: AttributeValue | None, measured: AttributeValue) -> bool:
    """Whether the version states a value of a later day than the one that was measured."""
    return stated is not None and stated.measured_on > measured.measured_on


def _base(
    view: UnitOfWork, passport: Mapping[str, Any], moment: datetime
) -> tuple[dict[str, AttributeValue], int]:
    """The values of the version in force, for persons with a legitimate interest."""
    record = version_in_force(view, passport, moment)
    if record is None:  # issued later than the moment
        return {}, 0
    told: Mapping[str, Any] = seen(record, Audience.LEGITIMATE_INTEREST)["attributes"]
    return {id: parse_rendered(v) for id, v in told.items()}, int(record["version"])


def _with_derived(base: Values, told: Values) -> dict[str, AttributeValue]:
    """The values with what is worked out from them, worked out anew."""
    computed = OriginKind.COMPUTED
    given = {
        id: v
        for id, v in base.items()
        if id not in measurable() or v.origin.kind is not computed
    }
    known = {**given, **told}
    return {**known, **derived_values(known)}
