"""Is the passport complete? By battery category and by day.

States which others confuse: an attribute is *present*, *missing*, given but *faulty*, *not
applicable* to this battery, or *not yet required* by a duty that has no date or a later one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from saltbridge.core.finding import Finding, Place, Severity, errors_in, finding
from saltbridge.passport.across import across_findings
from saltbridge.passport.attributes import (
    CATEGORIES,
    Act,
    Attribute,
    Obligation,
    applies_from,
    attribute_table,
)
from saltbridge.passport.check_values import check_value
from saltbridge.passport.conditions import CONDITIONS
from saltbridge.passport.model import AttributeValue, ItemPassport, Values

READINESS_LIST: Final = ("due", "present", "missing", "pending", "not_applicable")


class State(StrEnum):
    """How an attribute stands for one category on one day."""

    PRESENT = "present"
    FAULTY = "faulty"  # given, and not as it has to be: neither present nor missing
    MISSING = "missing"
    NOT_APPLICABLE = "not_applicable"
    NOT_YET_REQUIRED = "not_yet_required"
    NOT_PROVIDED = "not_provided"  # nobody has to give it, and nobody did


@dataclass(frozen=True)
class Readiness:
    """How far a passport is for one category on one day."""

    category: str
    on: date
    states: Mapping[str, State]
    due: tuple[str, ...]  # attributes the law asks for on that day
    findings: tuple[Finding, ...]

    def with_state(self, state: State) -> tuple[str, ...]:
        """Ids of the attributes in that state."""
        return tuple(id for id, s in self.states.items() if s is state)

    def as_document(self) -> dict[str, Any]:
        """The readiness list: counts of what is due and present, ids of the rest."""
        present = [id for id in self.due if self.states[id] is State.PRESENT]
        faulty = [id for id in self.due if self.states[id] is State.FAULTY]
        return {
            "category": self.category,
            "date": self.on.isoformat(),
            "due": len(self.due),
            "given": len(present) + len(faulty),
            "present": len(present),
            "missing": list(self.with_state(State.MISSING)),
            "faulty": list(self.with_state(State.FAULTY)),
            "pending": list(self.with_state(State.NOT_YET_REQUIRED)),
            "not_applicable": list(self.with_state(State.NOT_APPLICABLE)),
            "complete": len(present) == len(self.due),
        }

    def as_list(self) -> dict[str, Any]:
        """The readiness list alone: what ``passport check --json`` prints.

        ``missing`` holds all that is due and not validly given: what is due but faulty too.
        """
        told = self.as_document()
        absent = (State.MISSING, State.FAULTY)
        told["missing"] = [id for id in self.due if self.states[id] in absent]
        return {member: told[member] for member in READINESS_LIST}


def is_pending(
    attribute: Attribute, category: str, on: date, acts: Mapping[str, Act] | None = None
) -> bool:
    """Whether the attribute's duty does not apply yet on that day."""
    start = applies_from(attribute.duty, category, acts)
    return start is None or on < start


def may_be_filled(
    attribute: Attribute, category: str, on: date, acts: Mapping[str, Act] | None = None
) -> bool:
    """Whether the law lets a passport of that day carry the attribute at all."""
    obligation = attribute.obligation(category)
    if obligation is Obligation.PENDING:
        return not is_pending(attribute, category, on, acts)
    return obligation is not Obligation.NOT_TO_BE_FILLED


def kept_out(id: str) -> Finding:
    """That a value was given which a passport may not show (yet)."""
    name = attribute_table()[id].name
    place = Place(pointer=f"/attributes/{id}")
    return finding(
        "passport.suppressed", place, severity=Severity.NOTE, attribute=id, name=name
    )


def not_for_category(attribute: Attribute, category: str) -> Finding:
    """That a value was given which batteries of this category never have: kept, not shown."""
    place = Place(pointer=f"/attributes/{attribute.id}")
    named = {"attribute": attribute.id, "name": attribute.name, "category": category}
    code = "passport.not-for-category"
    return finding(code, place, severity=Severity.WARNING, **named)


def kept_back_findings(passport: ItemPassport, of: Collection[str]) -> list[Finding]:
    """What was stated of these attributes and is not shown: a finding on each, and its faults.

    What waits for its duty is checked now, not on the day when it would be shown. What a
    category never has is told, and not looked at.
    """
    found: list[Finding] = []
    for id, value in passport.kept_back.items():
        if id not in of:
            continue
        attribute = attribute_table()[id]
        obligation = attribute.obligation(passport.category)
        if obligation is Obligation.NOT_TO_BE_FILLED:
            found.append(not_for_category(attribute, passport.category))
            continue
        if obligation is Obligation.PENDING:
            found += check_value(attribute, value)
        found.append(kept_out(id))
    return found


def showable(values: Values, on: date) -> tuple[dict[str, AttributeValue], list[Finding]]:
    """The values that a passport of that day may carry, and a note on each of the others.

    Of values that do not tell the battery's category, those that every category may carry.
    """
    told = values.get("A032")
    category = told.value if told is not None else None
    categories = [category] if category in CATEGORIES else list(CATEGORIES)
    table = attribute_table()
    kept = [
        id
        for id in values
        if id in table and not all(may_be_filled(table[id], c, on) for c in categories)
    ]
    shown = {id: value for id, value in values.items() if id not in kept}
    return shown, [kept_out(id) for id in kept]


def readiness(
    values: Values,
    category: str,
    on: date,
    *,
    table: Mapping[str, Attribute] | None = None,
    acts: Mapping[str, Act] | None = None,
    today: date | None = None,
) -> Readiness:
    """The state of every attribute, and everything wrong with the values given.

    ``today``: the day on which it is stated; without it ``on``. A day after it is none.
    """
    known = attribute_table() if table is None else table
    if category not in CATEGORIES:
        unknown = finding(
            "passport.unknown-category", found=category[:40], known=", ".join(CATEGORIES)
        )
        return Readiness(category, on, {}, (), (unknown,))
    states: dict[str, State] = {}
    due: list[str] = []
    found: list[Finding] = []
    for attribute in known.values():
        value = values.get(attribute.id)
        state, is_due, says = _state(attribute, value, values, category, on, acts)
        wrong = [] if value is None else check_value(attribute, value)
        if state is State.PRESENT and errors_in(wrong):
            state = State.FAULTY
        states[attribute.id] = state
        found += [*says, *wrong]
        if is_due:
            due.append(attribute.id)
    for unknown_id in values.keys() - known.keys():
        found.append(
            finding(
                "passport.unknown-attribute",
                Place(pointer=f"/attributes/{unknown_id[:40]}"),
                severity=Severity.WARNING,
                attribute=unknown_id[:40],
            )
        )
    found += across_findings(values, today or on, on)
    return Readiness(category, on, MappingProxyType(states), tuple(due), tuple(found))


def _state(
    attribute: Attribute,
    value: AttributeValue | None,
    values: Values,
    category: str,
    on: date,
    acts: Mapping[str, Act] | None,
) -> tuple[State, bool, list[Finding]]:
    """State of one attribute, whether it is due, and what is wrong with that."""
    place = Place(pointer=f"/attributes/{attribute.id}")
    name: dict[str, Any] = {"attribute": attribute.id, "name": attribute.name}
    obligation = attribute.obligation(category)
    pending = is_pending(attribute, category, on, acts)
    refused = value is not None and bool(value.not_applicable)
    given = value is not None and (value.value is not None or bool(value.unknown))
    given = given and not refused  # what is said not to apply is shown to nobody
    if obligation is Obligation.NOT_TO_BE_FILLED:
        never = [not_for_category(attribute, category)] if given else []
        return State.NOT_APPLICABLE, False, never
    if pending and obligation in (
        Obligation.PENDING,
        Obligation.MANDATORY,
        Obligation.CONDITIONAL,
    ):
        shown = given and obligation is not Obligation.PENDING
        return (State.PRESENT if shown else State.NOT_YET_REQUIRED), False, []
    if given:
        duty = obligation not in (Obligation.VOLUNTARY, Obligation.IF_AVAILABLE)
        return State.PRESENT, duty, []
    if obligation in (Obligation.VOLUNTARY, Obligation.IF_AVAILABLE):
        return State.NOT_PROVIDED, False, []
    if obligation is Obligation.CONDITIONAL:
        holds = CONDITIONS[attribute.condition](values)
        if holds is False or (holds is None and refused):
            return State.NOT_APPLICABLE, False, []
        if holds is None:
            return State.MISSING, True, [finding("passport.condition-open", place, **name)]
    if refused:
        return State.MISSING, True, [finding("passport.applies", place, **name)]
    basis = attribute.legal_basis or attribute.clause
    return State.MISSING, True, [finding("passport.missing", place, basis=basis, **name)]
