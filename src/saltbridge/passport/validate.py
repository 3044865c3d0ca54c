"""Is the passport complete? By battery category and by day.

Four states, which others confuse: an attribute is *present*, *missing*, *not applicable* to
this battery, or *not yet required* by a duty that has no date or a later one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.passport.attributes import (
    CATEGORIES,
    Act,
    Attribute,
    Obligation,
    applies_from,
    attribute_table,
)
from saltbridge.passport.check_identifiers import check_granularity
from saltbridge.passport.check_values import check_value
from saltbridge.passport.chemistry import chemistry_findings
from saltbridge.passport.model import AttributeValue, Values, number_of

EU_COUNTRIES: Final = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)


READINESS_LIST: Final = ("due", "present", "missing", "pending", "not_applicable")


class State(StrEnum):
    """How an attribute stands for one category on one day."""

    PRESENT = "present"
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
        return {
            "category": self.category,
            "date": self.on.isoformat(),
            "due": len(self.due),
            "present": len(present),
            "missing": list(self.with_state(State.MISSING)),
            "pending": list(self.with_state(State.NOT_YET_REQUIRED)),
            "not_applicable": list(self.with_state(State.NOT_APPLICABLE)),
            "complete": len(present) == len(self.due),
        }

    def as_list(self) -> dict[str, Any]:
        """The readiness list alone: what ``passport check --json`` prints."""
        told = self.as_document()
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
) -> Readiness:
    """The state of every attribute, and everything wrong with the values given."""
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
        states[attribute.id] = state
        found += says
        if is_due:
            due.append(attribute.id)
        if value is not None:
            found += check_value(attribute, value)
    for unknown_id in values.keys() - known.keys():
        found.append(
            finding(
                "passport.unknown-attribute",
                Place(pointer=f"/attributes/{unknown_id[:40]}"),
                severity=Severity.WARNING,
                attribute=unknown_id[:40],
            )
        )
    found += across_findings(values)
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
    given = value is not None and (value.value is not None or bool(value.unknown))
    refused = value is not None and bool(value.not_applicable)
    if obligation is Obligation.NOT_TO_BE_FILLED:
        return State.NOT_APPLICABLE, False, []
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


def _is_second_life(values: Values) -> bool | None:
    """Of a waste battery its passport tells it: one that names predecessors."""
    status = values.get("A035")
    if status is not None and status.value == "waste":
        named = values.get("A012")
        return named is not None and bool(named.value)
    return None if status is None else status.value != "original"


def _after_use(values: Values) -> bool | None:
    """A battery that is placed on the market as original has no use to report yet."""
    status = values.get("A035")
    return False if status is not None and status.value == "original" else None


def _is_imported(values: Values) -> bool | None:
    place = values.get("A028")
    if place is None or not isinstance(place.value, Mapping):
        return None
    return place.value.get("country") not in EU_COUNTRIES


def _heavy_metals_due(values: Values) -> tuple[str, ...] | None:
    """Symbols due: cadmium above 0.002 %, lead above 0.004 % by weight (Art. 13(5))."""
    content = values.get("A067")
    if content is None or not isinstance(content.value, Mapping):
        return None
    limits_ppm = {"Cd": ("cadmium", 20.0), "Pb": ("lead", 40.0)}
    try:
        return tuple(
            symbol
            for symbol, (metal, limit) in limits_ppm.items()
            if float(content.value[metal]) > limit
        )
    except (KeyError, TypeError, ValueError):
        return None


def _heavy_metal(values: Values) -> bool | None:
    due = _heavy_metals_due(values)
    return None if due is None else bool(due)


# condition -> holds, does not hold, or has to be stated (None)
CONDITIONS: Final[Mapping[str, Callable[[Values], bool | None]]] = {
    "after-use": _after_use,
    "second-life": _is_second_life,
    "imported": _is_imported,
    "heavy-metal": _heavy_metal,
    "declared": lambda values: None,
    "": lambda values: None,
}


def across_findings(values: Values) -> list[Finding]:
    """What only several values together can show."""
    found = []
    for low, high in (("A096", "A098"), ("A098", "A097"), ("A132", "A133")):
        lower, upper = number_of(values, low), number_of(values, high)
        if lower is not None and upper is not None and lower > upper:
            found.append(
                finding(
                    "passport.order", Place(pointer=f"/attributes/{low}"), low=low, high=high
                )
            )
    for metal, before in (("nickel", 69), ("cobalt", 71), ("lithium", 73), ("lead", 75)):
        shares = [number_of(values, f"A{before:03d}"), number_of(values, f"A{before + 1:03d}")]
        total = sum(s for s in shares if s is not None)
        if total > 100.0:
            place = Place(pointer=f"/attributes/A{before:03d}")
            found.append(finding("passport.shares", place, material=metal, total=total))
    found += chemistry_findings(values)
    found += check_granularity(values)
    symbols = values.get("A040")
    due = _heavy_metals_due(values)
    if symbols is not None and symbols.value is not None and due is not None:
        shown = () if symbols.value == "none" else tuple(str(symbols.value).split("+"))
        if set(shown) != set(due):
            found.append(
                finding(
                    "passport.heavy-metal-symbols",
                    Place(pointer="/attributes/A040"),
                    found=str(symbols.value)[:20],
                    due="+".join(due) or "none",
                )
            )
    made, placed = values.get("A029"), values.get("A037")
    if made is not None and placed is not None and str(made.value)[:7] > str(placed.value)[:7]:
        found.append(
            finding(
                "passport.made-later",
                Place(pointer="/attributes/A029"),
                made=str(made.value)[:10],
                placed=str(placed.value)[:10],
            )
        )
    return found
