"""The attribute table: what a battery passport may say, to whom, and from when.

One row of ``attributes.csv`` per attribute. ``duties.csv`` says from which day each duty
applies to each battery category, ``acts.csv`` which acts those days wait for: an act without
a date of entry into force keeps its duty *not yet required*.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType

from saltbridge.core.legal_date import months_later

CATEGORIES = ("ev", "lmt", "industrial", "stationary")


class Obligation(StrEnum):
    """What the law asks of an attribute for one battery category."""

    MANDATORY = "M"
    CONDITIONAL = "C"  # mandatory where its condition holds
    PENDING = "P"  # not to be filled or displayed before its duty has a date
    VOLUNTARY = "V"
    IF_AVAILABLE = "O"
    NOT_TO_BE_FILLED = "N"  # does not exist for this category


class Dynamics(StrEnum):
    """Whether a value may change after the passport was issued."""

    STATIC = "static"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a value must satisfy beyond its type."""

    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()  # members an entry must have
    optional_parts: tuple[str, ...] = ()
    part_types: Mapping[str, str] = field(default_factory=dict)  # of members that are no text
    dated: bool = False  # a measured value says the day it was measured
    unknown_allowed: bool = False  # "unknown" with a reason is an answer


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of the table. ``point`` is the point of Annex XIII; None is shown to nobody."""

    id: str
    name: str
    section: str
    type: str
    constraints: Constraints
    condition: str
    unit: str
    point: int | None
    clause: str  # of Annex XIII, e.g. 1(h); empty: required or allowed by another text
    # model | model per plant | model per plant and year | operator | batch | item
    granularity: str
    dynamics: Dynamics
    update_trigger: str
    obligations: Mapping[str, Obligation]
    duty: str
    legal_basis: str
    ec_guidance: str
    din_clause: str
    paths: Mapping[str, str]

    def obligation(self, category: str) -> Obligation:
        """What the law asks of this attribute for the category, regardless of the day."""
        return self.obligations[category]


@dataclass(frozen=True, slots=True)
class Act:
    """A legal act or a fact a duty waits for. No date of entry into force: pending."""

    id: str
    entry_into_force: date | None
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Duty:
    """From when a duty applies: the latest of its fixed dates and acts plus months."""

    id: str
    category: str
    terms: tuple[str, ...]
    legal_basis: str


_FORMATS = ("catenax_battery_pass_6_1_0", "batterypass_1_2", "idta_02035")


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("saltbridge.passport") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


def _constraints(text: str) -> Constraints:
    given: dict[str, str] = {}
    for clause in filter(None, text.split(";")):
        key, _, value = clause.partition("=")
        given[key] = value
    named = [p.partition(":") for p in given.get("parts", "").split(",") if p]
    parts = [name for name, _, _ in named]
    return Constraints(
        minimum=float(given["min"]) if "min" in given else None,
        maximum=float(given["max"]) if "max" in given else None,
        choices=tuple(given["choices"].split(",")) if "choices" in given else (),
        parts=tuple(p for p in parts if not p.endswith("?")),
        optional_parts=tuple(p.removesuffix("?") for p in parts if p.endswith("?")),
        part_types=MappingProxyType({n.removesuffix("?"): t for n, _, t in named if t}),
        dated="dated" in given,
        unknown_allowed="unknown" in given,
    )


@lru_cache(maxsize=1)
def attribute_table() -> Mapping[str, Attribute]:
    """All attributes by id, in the order of the table."""
    table = {}
    for row in _rows("attributes.csv"):
        table[row["id"]] = Attribute(
            id=row["id"],
            name=row["name"],
            section=row["section"],
            type=row["type"],
            constraints=_constraints(row["constraints"]),
            condition=row["condition"],
            unit=row["unit"],
            point=int(row["point"]) if row["point"] else None,
            clause=row["clause"],
            granularity=row["granularity"],
            dynamics=Dynamics(row["dynamics"]),
            update_trigger=row["update_trigger"],
            obligations=MappingProxyType({c: Obligation(row[c]) for c in CATEGORIES}),
            duty=row["duty"],
            legal_basis=row["legal_basis"],
            ec_guidance=row["ec_guidance"],
            din_clause=row["din_clause"],
            paths=MappingProxyType({f: row[f] for f in _FORMATS}),
        )
    return MappingProxyType(table)


@lru_cache(maxsize=1)
def acts() -> Mapping[str, Act]:
    """The acts and facts that duties wait for, by id."""
    return MappingProxyType(
        {
            row["act"]: Act(
                row["act"],
                date.fromisoformat(row["entry_into_force"])
                if row["entry_into_force"]
                else None,
                row["title"],
                row["source"],
            )
            for row in _rows("acts.csv")
        }
    )


@lru_cache(maxsize=1)
def duties() -> Mapping[tuple[str, str], Duty]:
    """The duties by (duty, category)."""
    return MappingProxyType(
        {
            (row["duty"], row["category"]): Duty(
                row["duty"],
                row["category"],
                tuple(row["applies_from"].split(";")),
                row["legal_basis"],
            )
            for row in _rows("duties.csv")
        }
    )


def applies_from(
    duty: str, category: str, in_force: Mapping[str, Act] | None = None
) -> date | None:
    """The day from which a duty applies to a category; None while an act is still pending.

    ``in_force`` replaces the packaged acts (a later state of the law).
    Source: Regulation (EU) 2023/1542, Art. 7(1)-(2), 77(1), read 2026-11-23; state of the
    acts from secondary sources, named in ``acts.csv``.

    >>> applies_from("passport", "ev")
    datetime.date(2027, 2, 18)
    >>> applies_from("carbon-footprint-declaration", "ev") is None
    True
    """
    known = acts() if in_force is None else in_force
    days = []
    for term in duties()[duty, category].terms:
        if term[:4].isdigit():
            days.append(date.fromisoformat(term))
            continue
        act, _, months = term.partition("+")
        start = known[act].entry_into_force
        if start is None:
            return None
        days.append(months_later(start, int(months.removesuffix("m") or 0)))
    return max(days)
