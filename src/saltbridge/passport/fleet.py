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
from saltbridge.passport.attributes import Attribute, attribute_table
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

_Signature = tuple[Any, ...]


class FleetReadiness:
    """``validate.readiness`` for one category and day, battery after battery."""

    def __init__(self, category: str, on: date) -> None:
        self._category, self._on = category, on
        self._known: tuple[_Signature, Readiness] | None = None
        self._checked: dict[str, tuple[AttributeValue, list[Finding]]] = {}

    def of(self, values: Values) -> Readiness:
        """The state of every attribute, and everything wrong with the values given."""
        signature = _signature(values)
        if self._known is None or self._known[0] != signature:
            self._known = (signature, readiness(values, self._category, self._on))
            return self._known[1]
        alike = self._known[1]
        if (
            State.MISSING in alike.states.values()
            or not values.keys() <= attribute_table().keys()
        ):
            return readiness(values, self._category, self._on)  # told per battery
        found = [f for id, value in values.items() for f in self._check(id, value)]
        return replace(alike, findings=(*found, *across_findings(values)))

    def _check(self, id: str, value: AttributeValue) -> list[Finding]:
        """What is wrong with a value; the same object is checked once."""
        known = self._checked.get(id)
        if known is None or known[0] is not value:
            known = self._checked[id] = (value, check_value(attribute_table()[id], value))
        return known[1]


def _signature(values: Values) -> _Signature:
    """What the states depend on: what is given, what is said not to apply, and conditions."""
    answers = tuple(condition(values) for condition in CONDITIONS.values())
    given = tuple(
        (id, v.value is not None or bool(v.unknown), bool(v.not_applicable))
        for id, v in values.items()
    )
    return (answers, given)


class FleetParts:
    """``views.parts`` as pieces, battery after battery."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[AttributeValue, Piece]] = {}
        self._wholes: dict[int, tuple[dict[str, Piece], Piece]] = {}
        self._absent: tuple[Mapping[str, Any], dict[int, dict[str, Piece]]] | None = None
        self._estimate: tuple[Mapping[str, Any], Piece] | None = None
        self._here: Mapping[int, tuple[Attribute, ...]] = {
            point: tuple(a for a in attribute_table().values() if a.point == point)
            for point in POINTS
        }

    def of(self, passport: ItemPassport, status: Readiness) -> dict[int, dict[str, Piece]]:
        """The members of each point; points that hold nothing are left out."""
        absent = self._absent_in(status)
        made: dict[int, dict[str, Piece]] = {}
        for point in POINTS:
            part = self._part(passport.values, point) | absent[point]
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

    def _part(self, values: Values, point: int) -> dict[str, Piece]:
        shown: dict[str, Piece] = {}
        reasons: dict[str, str] = {}
        for attribute in self._here[point]:
            value = values.get(attribute.id)
            if value is None:
                continue
            if value.not_applicable:
                reasons[attribute.id] = value.not_applicable
            else:
                shown[attribute.id] = self._written(attribute.id, value)
        part = {"attributes": self._together(point, shown)} if shown else {}
        return part | ({"not_applicable_because": piece(reasons)} if reasons else {})

    def _together(self, point: int, shown: dict[str, Piece]) -> Piece:
        known = self._wholes.get(point)
        if known is None or not _same_objects(known[0], shown):
            known = self._wholes[point] = (shown, whole(shown))
        return known[1]

    def _written(self, id: str, value: AttributeValue) -> Piece:
        known = self._values.get(id)
        if known is None or known[0] is not value:
            known = self._values[id] = (value, piece(render_value(id, value)))
        return known[1]

    def _absent_in(self, status: Readiness) -> dict[int, dict[str, Piece]]:
        if self._absent is None or self._absent[0] is not status.states:
            made: dict[int, dict[str, Piece]] = {}
            for point, here in self._here.items():
                listed = {
                    member: [a.id for a in here if status.states.get(a.id) is state]
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
