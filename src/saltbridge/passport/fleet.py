"""The passports of many batteries of one model: the same results, worked out once where equal.

A battery of a fleet differs from the others in a few values. What depends on the others alone
is kept from one battery to the next: the state of attributes, what is wrong with a value, and
the bytes a value is written as. Memory does not grow with the fleet: of each attribute the
last value is kept, and of states the last kind.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from saltbridge.core.finding import Finding
from saltbridge.core.piece import Piece, piece, whole
from saltbridge.passport.assemble import parse_values, render_value
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_values import check_value
from saltbridge.passport.model import AttributeValue, ItemPassport, Origin, Values
from saltbridge.passport.validate import (
    CONDITIONS,
    Readiness,
    State,
    across_findings,
    readiness,
)
from saltbridge.passport.views import ABSENT, POINTS

_Answers = tuple[bool | None, ...]


class FleetReadiness:
    """``validate.readiness`` for one category and day, battery after battery."""

    def __init__(self, category: str, on: date) -> None:
        self._category, self._on = category, on
        self._last: tuple[Values, _Answers, Readiness] | None = None
        self._checked: dict[str, tuple[AttributeValue, list[Finding]]] = {}

    def of(self, values: Values) -> Readiness:
        """The state of every attribute, and everything wrong with the values given."""
        answers = tuple(condition(values) for condition in CONDITIONS.values())
        last = self._last
        if last is None or last[1] != answers or not _are_alike(last[0], values):
            status = readiness(values, self._category, self._on)
            self._last = (values, answers, status)
            return status
        alike = last[2]
        if (
            State.MISSING in alike.states.values()
            or not values.keys() <= attribute_table().keys()
        ):
            return readiness(values, self._category, self._on)  # told per battery
        self._last = (values, answers, alike)
        return replace(alike, findings=(*self._faults(values), *across_findings(values)))

    def _faults(self, values: Values) -> list[Finding]:
        """What is wrong with each value by itself; the same object is checked once."""
        found: list[Finding] = []
        checked, table = self._checked, attribute_table()
        for id, value in values.items():
            known = checked.get(id)
            if known is None or known[0] is not value:
                known = checked[id] = (value, check_value(table[id], value))
            if known[1]:
                found += known[1]
        return found


def _are_alike(one: Values, other: Values) -> bool:
    """Whether the same attributes are given, in the same order, and said not to apply."""
    if len(one) != len(other):
        return False
    for (id, before), (other_id, value) in zip(one.items(), other.items(), strict=True):
        if id != other_id:
            return False
        if before is not value and _how(before) != _how(value):
            return False
    return True


def _how(value: AttributeValue) -> tuple[bool, bool]:
    """All that the state of an attribute depends on: given, and said not to apply."""
    return value.value is not None or bool(value.unknown), bool(value.not_applicable)


class FleetParts:
    """``views.parts`` as pieces, battery after battery."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[AttributeValue, Piece]] = {}
        self._wholes: dict[int, tuple[dict[str, Piece], Piece]] = {}
        self._absent: tuple[Mapping[str, Any], dict[int, dict[str, Piece]]] | None = None
        self._estimate: tuple[Mapping[str, Any], Piece] | None = None
        self._members: dict[tuple[str, str], tuple[Any, Piece]] = {}
        self._point: Mapping[str, int] = {
            a.id: a.point for a in attribute_table().values() if a.point in POINTS
        }

    def of(self, passport: ItemPassport, status: Readiness) -> dict[int, dict[str, Piece]]:
        """The members of each point; points that hold nothing are left out."""
        absent = self._absent_in(status)
        shown: dict[int, dict[str, Piece]] = {point: {} for point in POINTS}
        reasons: dict[int, dict[str, str]] = {point: {} for point in POINTS}
        for id, value in passport.values.items():
            point = self._point.get(id)
            if point is None:
                continue
            if value.not_applicable:
                reasons[point][id] = value.not_applicable
            else:
                shown[point][id] = self._written(id, value)
        made: dict[int, dict[str, Piece]] = {}
        for point in POINTS:
            part = dict(absent[point])
            if shown[point]:
                part["attributes"] = self._together(point, shown[point])
            if reasons[point]:
                part["not_applicable_because"] = piece(reasons[point])
            if point == 1 and passport.company_information is not None:
                part["company_information"] = self._estimated(passport.company_information)
            if part:
                made[point] = part
        return made

    def unshown(self, passport: ItemPassport) -> Piece:
        """``views.unshown`` as a piece: what no part holds whole."""
        absent = {id: v for id, v in passport.values.items() if v.not_applicable}
        hidden = {**passport.kept_back, **absent}
        return self._together(0, {id: self._written(id, v) for id, v in hidden.items()})

    def _together(self, point: int, shown: dict[str, Piece]) -> Piece:
        known = self._wholes.get(point)
        if known is None or not _same_objects(known[0], shown):
            known = self._wholes[point] = (shown, whole(shown))
        return known[1]

    def _written(self, id: str, value: AttributeValue) -> Piece:
        known = self._values.get(id)
        if known is None or known[0] is not value:
            rendered = render_value(id, value)
            members = {name: self._member(id, name, part) for name, part in rendered.items()}
            known = self._values[id] = (value, whole(members))
        return known[1]

    def _member(self, id: str, name: str, part: Any) -> Piece:
        """A member of a written value; name, unit and origin are those of the last battery."""
        if name == "value":
            return piece(part)
        known = self._members.get((id, name))
        if known is None or known[0] != part:  # texts, a truth value, or a table of texts
            known = self._members[id, name] = (part, piece(part))
        return known[1]

    def _absent_in(self, status: Readiness) -> dict[int, dict[str, Piece]]:
        if self._absent is None or self._absent[0] is not status.states:
            made: dict[int, dict[str, Piece]] = {}
            for point in POINTS:
                here = [id for id, p in self._point.items() if p == point]
                listed = {
                    member: [id for id in here if status.states.get(id) is state]
                    for member, state in ABSENT.items()
                }
                made[point] = {member: piece(ids) for member, ids in listed.items() if ids}
            self._absent = (status.states, made)
        return self._absent[1]

    def _estimated(self, estimate: Mapping[str, Any]) -> Piece:
        if self._estimate is None or self._estimate[0] is not estimate:
            self._estimate = (estimate, piece(dict(estimate)))
        return self._estimate[1]


def _same_objects(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether both have the very same objects under the same names, in the same order."""
    return len(one) == len(other) and all(
        a == b and one[a] is other[b] for a, b in zip(one, other, strict=True)
    )


class FleetValues:
    """``assemble.parse_values`` for one statement after another: what is the same is kept.

    The same is what is the very same object, as a reader of lists gives for cells that read
    alike.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, dict[str, AttributeValue], list[Finding]]] = {}

    def of(
        self, given: Any, origin: Origin, pointer: str
    ) -> tuple[dict[str, AttributeValue], list[Finding]]:
        """As ``parse_values``."""
        if not isinstance(given, Mapping):
            return parse_values(given, origin, pointer)
        values: dict[str, AttributeValue] = {}
        found: list[Finding] = []
        for id, entry in given.items():
            known = self._known.get(id)
            if known is None or known[0] is not entry or known[2]:
                known = self._known[id] = (entry, *parse_values({id: entry}, origin, pointer))
            values |= known[1]
            found += known[2]
        return values, found
