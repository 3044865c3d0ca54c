"""The passports of many batteries of one model: the same results, worked out once where equal.

A battery of a fleet differs from the others in a few values. What depends on the others alone
is kept from one battery to the next: the state of attributes, what is wrong with a value, and
the bytes a value is written as. Memory does not grow with the fleet: of each attribute the
last value is kept, and of states the last kind. ``fleet_assembly`` puts the passports together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import compress
from operator import is_not
from typing import Any, Final, TypeAlias

from saltbridge.core.finding import Finding, errors_in
from saltbridge.core.piece import Changing, Framed, Piece, piece, whole
from saltbridge.passport.across import RULES, Rule
from saltbridge.passport.assemble import render_value
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_values import check_value
from saltbridge.passport.conditions import CONDITIONS
from saltbridge.passport.fleet_rules import KeptRules
from saltbridge.passport.model import AttributeValue, ItemPassport, Origin, Values
from saltbridge.passport.validate import Readiness, State, readiness
from saltbridge.passport.views import ABSENT, POINTS, header

_SINGLE: Final = frozenset({str, int, float, bool})  # types of values that have no parts
_Beside: TypeAlias = tuple[tuple[str, str, str, str], Origin]


class FleetReadiness:
    """``validate.readiness`` for one category and day, battery after battery."""

    def __init__(self, category: str, on: date, today: date | None = None) -> None:
        self._category, self._on, self._today = category, on, today or on
        self._last: tuple[Values, list[bool | None], Readiness] | None = None
        self._wrong: dict[str, list[Finding]] = {}  # what is wrong with single values
        self._conditions = KeptRules(list(CONDITIONS.values()))
        self._across = KeptRules([self._bound(rule) for rule in RULES])

    def _bound(self, rule: Rule) -> Callable[[Values], list[Finding]]:
        return lambda values: list(rule(values, self._today, self._on))

    def of(self, values: Values) -> Readiness:
        """The state of every attribute, and everything wrong with the values given."""
        last = self._last
        changed = None if last is None else changed_since(last[0], values)
        if last is None or changed is None:
            return self._anew(values)
        redated = any(last[0][id].measured_on != values[id].measured_on for id in changed)
        answers = self._conditions.of(values, changed, redated)
        if last[1] != answers or not _can_be_kept(values, last[2]):
            return self._anew(values)
        self._check(values, changed)
        if any(errors_in(found) for found in self._wrong.values()):
            self._last = None  # a faulty value is a state of its own
            return readiness(values, self._category, self._on, today=self._today)
        found = [f for id in values for f in self._wrong.get(id, ())] if self._wrong else []
        for told in self._across.of(values, changed, redated):
            found += told
        status = last[2]
        if found or status.findings:
            status = replace(status, findings=tuple(found))
        self._last = (values, answers, status)
        return status

    def _anew(self, values: Values) -> Readiness:
        """For a battery of another kind than the one before."""
        status = readiness(values, self._category, self._on, today=self._today)
        self._last = (values, self._conditions.of(values, None), status)
        self._across.forget()
        self._wrong = {}
        self._check(values, values.keys() & attribute_table().keys())
        return status

    def _check(self, values: Values, ids: Iterable[str]) -> None:
        """Look at these values; what is wrong with the others is known from before."""
        for id in ids:
            found = check_value(attribute_table()[id], values[id])
            if found:
                self._wrong[id] = found
            else:
                self._wrong.pop(id, None)


def _can_be_kept(values: Values, status: Readiness) -> bool:
    """Whether what is missing or unknown does not have to be told for each battery."""
    told = {State.MISSING, State.FAULTY}.intersection(status.states.values())
    return not told and values.keys() <= attribute_table().keys()


def changed_since(before: Values, values: Values) -> list[str] | None:
    """Attributes whose value is another object than the one of the battery before.

    None for a battery of another kind: not the same attributes in the same order, or one of
    them given or said not to apply in one of the two only.
    """
    if list(before) != list(values):
        return None
    others = map(is_not, before.values(), values.values())
    changed = list(compress(values, others))
    return None if any(_how(before[id]) != _how(values[id]) for id in changed) else changed


def _how(value: AttributeValue) -> tuple[bool, bool]:
    """All that the state of an attribute depends on: given, and said not to apply."""
    return value.value is not None or bool(value.unknown), bool(value.not_applicable)


class FleetParts:
    """``views.header`` and ``views.parts`` as pieces, battery after battery."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[AttributeValue, Piece]] = {}
        self._forms: dict[str, tuple[_Beside, Framed]] = {}
        self._last: Values | None = None
        self._shown: dict[int, Changing] = {}  # the attributes of each point
        self._reasons: dict[int, Piece] = {}
        self._absent: tuple[Mapping[str, Any], dict[int, dict[str, Piece]]] | None = None
        self._estimate: tuple[Mapping[str, Any], Piece] | None = None
        self._header: tuple[dict[str, Any], dict[str, Piece]] = ({}, {})
        self._unshown: tuple[dict[str, AttributeValue], Piece] | None = None
        self._point: Mapping[str, int] = {
            a.id: a.point for a in attribute_table().values() if a.point in POINTS
        }

    def header(self, passport: ItemPassport, status: Readiness) -> dict[str, Piece]:
        """The members every view begins with."""
        told = header(passport, status)
        before, pieces = self._header
        for name, value in told.items():
            if name not in before or before[name] != value:
                pieces[name] = piece(value)
        if before.keys() != told.keys():
            pieces = {name: pieces[name] for name in told}
        self._header = (told, pieces)
        return dict(pieces)

    def of(self, passport: ItemPassport, status: Readiness) -> dict[int, dict[str, Piece]]:
        """The members of each point; points that hold nothing are left out."""
        values, changed = passport.values, None
        if self._last is not None:
            changed = changed_since(self._last, values)
        if changed is None or any(values[id].not_applicable for id in changed):
            self._lay_out(values)
        else:
            for id in changed:
                point = self._point.get(id)
                if point is not None:
                    self._shown[point].put(id, self._written(id, values[id]))
        self._last = values
        absent = self._absent_in(status)
        made: dict[int, dict[str, Piece]] = {}
        for point in POINTS:
            part = dict(absent[point])
            if point in self._shown:
                part["attributes"] = self._shown[point].piece()
            if point in self._reasons:
                part["not_applicable_because"] = self._reasons[point]
            if point == 1 and passport.company_information is not None:
                part["company_information"] = self._estimated(passport.company_information)
            if part:
                made[point] = part
        return made

    def _lay_out(self, values: Values) -> None:
        """Which attributes stand in which point, for batteries of another kind."""
        shown: dict[int, dict[str, Piece]] = {}
        reasons: dict[int, dict[str, str]] = {}
        for id, value in values.items():
            point = self._point.get(id)
            if point is None:
                continue
            if value.not_applicable:
                reasons.setdefault(point, {})[id] = value.not_applicable
            else:
                shown.setdefault(point, {})[id] = self._written(id, value)
        self._shown = {point: Changing(members) for point, members in shown.items()}
        self._reasons = {point: piece(told) for point, told in reasons.items()}

    def unshown(self, passport: ItemPassport) -> Piece:
        """``views.unshown`` as a piece: what no part holds whole."""
        absent = {id: v for id, v in passport.values.items() if v.not_applicable}
        hidden = {**passport.kept_back, **absent}
        known = self._unshown
        if known is None or not _same_objects(known[0], hidden):
            made = whole({id: self._written(id, v) for id, v in hidden.items()})
            known = self._unshown = (hidden, made)
        return known[1]

    def _written(self, id: str, value: AttributeValue) -> Piece:
        known = self._values.get(id)
        if known is None or known[0] is not value:
            known = self._values[id] = (value, self._write(id, value))
        return known[1]

    def _write(self, id: str, value: AttributeValue) -> Piece:
        """A value that has no parts is written into what was written beside the last one."""
        single = type(value.value) in _SINGLE
        beside = (value.unit, value.measured_on, value.unknown, value.not_applicable)
        form = self._forms.get(id)
        if not single or form is None or form[0] != (beside, value.origin):
            rendered = render_value(id, value)
            members = {name: piece(part) for name, part in rendered.items()}
            if not single:
                return whole(members)
            form = self._forms[id] = ((beside, value.origin), Framed(members, "value"))
        return form[1].piece(piece(value.value))

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
