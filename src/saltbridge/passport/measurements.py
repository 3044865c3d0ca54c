"""Measured values of one battery: appended, never changed; what holds now is a fold.

The newest value by the time it was measured holds. A correction is a measurement of its own
that names what it replaces. What arrives in which order makes no difference.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.quantity import is_number
from saltbridge.passport.access import Audience, may_see
from saltbridge.passport.attributes import Attribute, Dynamics, attribute_table
from saltbridge.passport.check_values import check_value, in_table_unit
from saltbridge.passport.counters import COUNTERS, Reading, falls
from saltbridge.passport.model import AttributeValue, Origin, OriginKind
from saltbridge.trust.did import iso

# Told by events of the life cycle, never measured.
_OF_EVENTS: Final = frozenset({"A035", "A036"})
# Lists that only grow: every measurement adds its entries.
GATHERED: Final = frozenset({"A140", "A141"})
ID_LENGTH: Final = 32  # hexadecimal digits
_UNNAMED: Final = Origin(OriginKind.OPERATOR, "")


class Source(StrEnum):
    """Who measured."""

    BMS = "BMS"  # the battery management system
    WORKSHOP = "workshop"
    LAB = "lab"


@dataclass(frozen=True)
class Measurement:
    """One value of one battery, in the unit of the attribute table.

    ``measured_at`` and ``recorded_at`` are in UTC. ``replaces`` is the id of a measurement that
    was wrong.
    """

    attribute: str
    value: Any
    unit: str
    measured_at: datetime
    recorded_at: datetime
    source: Source
    method: str = ""
    replaces: str = ""

    @cached_property
    def id(self) -> str:
        """A name out of what was measured: the same one brought twice is the same one."""
        told = [
            self.attribute,
            self.value,
            self.unit,
            self.measured_at.isoformat(),
            self.source.value,
            self.method,
            self.replaces,
        ]
        return digest(canonical_bytes(told)).removeprefix("sha256:")[:ID_LENGTH]


@lru_cache(maxsize=1)
def measurable() -> Mapping[str, Attribute]:
    """The attributes that are measured: dynamic values of a battery, by id and by name.

    All of them are point 4 of Annex XIII: never public, and not for authorities.
    """
    found = [
        attribute
        for attribute in attribute_table().values()
        if attribute.dynamics is Dynamics.DYNAMIC
        and attribute.granularity == "item"
        and attribute.point == 4
        and attribute.id not in _OF_EVENTS
        and may_see(Audience.LEGITIMATE_INTEREST, attribute)
        and not may_see(Audience.PUBLIC, attribute)
        and not may_see(Audience.AUTHORITY, attribute)
    ]
    return {**{a.id: a for a in found}, **{a.name: a for a in found}}


def as_value(measured: Measurement, party: str = "") -> AttributeValue:
    """The measurement as a value of a passport."""
    reference = f"{measured.source.value} {measured.id}"
    return _value(measured, Origin(OriginKind.OPERATOR, party, reference))


def _value(measured: Measurement, origin: Origin) -> AttributeValue:
    day = measured.measured_at.date().isoformat()
    return AttributeValue(measured.value, measured.unit, origin, measured_on=day)


def check_measurement(
    attribute: Attribute, measured: Measurement, place: Place
) -> tuple[Finding, ...]:
    """Everything wrong with one measurement by itself: type, range, unit, time."""
    found = [
        Finding(f.code, f.arguments, place, f.remedy, f.severity)
        for f in check_value(attribute, _value(measured, _UNNAMED))
    ]
    if measured.unit and not attribute.unit:
        found.append(
            finding(
                "measurement.no-unit",
                place,
                attribute=attribute.id,
                name=attribute.name,
                found=measured.unit[:20],
            )
        )
    if measured.measured_at > measured.recorded_at:
        found.append(
            finding(
                "measurement.future",
                place,
                measured=iso(measured.measured_at),
                now=iso(measured.recorded_at),
            )
        )
    return tuple(found)


def in_unit_of_table(attribute: Attribute, value: Any, unit: str) -> tuple[Any, str]:
    """Value and unit as the attribute table counts it, where that is possible."""
    told = in_table_unit(attribute, AttributeValue(value, unit, _UNNAMED))
    if told.unit != unit and not is_number(told.value):  # too large for the unit of the table
        return value, unit
    return told.value, told.unit


def effective(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """Those that no other one replaces, each once, in order of time."""
    each = {m.id: m for m in sorted(measurements, key=_order, reverse=True)}
    replaced = {m.replaces for m in each.values() if m.replaces}
    return tuple(sorted((m for m in each.values() if m.id not in replaced), key=_order))


def uncorrected(measurements: Sequence[Measurement]) -> Sequence[Measurement]:
    """Those that no other one replaces, in any order, some perhaps twice; cheaper to find."""
    return effective(measurements) if any(m.replaces for m in measurements) else measurements


def condition(
    measurements: Iterable[Measurement], at: datetime | None = None
) -> dict[str, Measurement]:
    """What holds at a time, by attribute: the newest value measured until then.

    Of values of one moment the one recorded last holds. Lists that grow hold every entry; such
    a measurement is made up of all that were folded into it.
    """
    found: dict[str, Measurement] = {}
    for measured in effective(measurements):
        if at is not None and measured.measured_at > at:
            continue
        before = found.get(measured.attribute)
        if before is not None and measured.attribute in GATHERED:
            measured = _gathered(before, measured)
        found[measured.attribute] = measured
    return {id: found[id] for id in sorted(found)}


def _gathered(before: Measurement, measured: Measurement) -> Measurement:
    added = [e for e in measured.value if e not in before.value]
    return replace(measured, value=[*before.value, *added], replaces="")


def series(measurements: Iterable[Measurement], attribute: str) -> tuple[Measurement, ...]:
    """The values of one attribute that hold, in order of time."""
    return tuple(m for m in effective(measurements) if m.attribute == attribute)


def consistent(
    held: Sequence[Measurement], new: Sequence[tuple[Measurement, Place]]
) -> tuple[Finding, ...]:
    """Whether new measurements fit what is held: corrections name one, counters only rise."""
    together = [*held, *(m for m, _ in new)]
    corrections = [(m, place) for m, place in new if m.replaces]
    known = {m.id: m for m in together} if corrections else {}
    found: list[Finding] = []
    for measured, place in corrections:
        wrong = known.get(measured.replaces)
        if wrong is None:
            found.append(finding("measurement.replaces-none", place, id=measured.replaces[:64]))
        elif wrong.attribute != measured.attribute:
            found.append(
                finding(
                    "measurement.replaces-other",
                    place,
                    attribute=measured.attribute,
                    other=wrong.attribute,
                )
            )
    return (*found, *_fallen(together, new))


def _fallen(
    together: Sequence[Measurement], new: Sequence[tuple[Measurement, Place]]
) -> Iterable[Finding]:
    counted = {m.attribute for m, _ in new} & set(COUNTERS)
    if not counted:
        return
    places = {
        (m.attribute, m.measured_at, m.value): place
        for m, place in new
        if m.attribute in counted
    }
    by_counter: dict[str, list[Reading]] = {id: [] for id in sorted(counted)}
    for measured in uncorrected([m for m in together if m.attribute in counted]):
        reading = Reading(measured.measured_at, measured.value)
        by_counter[measured.attribute].append(reading)
    for id, readings in by_counter.items():
        for fall in falls(readings):
            both = [places.get((id, r.at, r.count)) for r in (fall.later, fall.earlier)]
            place = next((p for p in both if p is not None), Place())
            yield finding(
                "measurement.falls",
                place,
                attribute=id,
                name=attribute_table()[id].name,
                later=f"{fall.later.count:.15g}",
                on=iso(fall.later.at),
                earlier=f"{fall.earlier.count:.15g}",
                before=iso(fall.earlier.at),
            )


def _order(measured: Measurement) -> tuple[datetime, datetime, str]:
    return (measured.measured_at, measured.recorded_at, measured.id)
