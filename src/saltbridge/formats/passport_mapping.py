"""Passport documents ↔ attribute values: the mapping that every wire format shares.

A format is a table of entries. An entry names the attributes it is about, where they stand, and
how they are read and written. Most entries are made from the path columns of
``passport/attributes.csv`` by the type of the attribute (``from_table``); what a format says in
its own way stands in a small table beside (``passport_idta.py``, ``passport_catena_x.py`` …).

Nothing read is lost. What our writing would not say again in the same words is *carried*: it
is written back as long as the value it stood for has not changed. So a document that was parsed
and rendered is the document again, whatever a format holds that we know nothing about.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.formats.passport_paths import (
    MISSING,
    Path,
    get,
    leaves,
    pointer,
    printable,
    put,
    same,
    swept,
)
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_values import check_value
from saltbridge.passport.model import AttributeValue, Origin, OriginKind, Values
from saltbridge.passport.stage_shares import in_absolute_terms

PLACEHOLDERS: Final = "saltbridgePlaceholders"  # pointers of values that stand for nothing
NOBODY: Final = Origin(OriginKind.DOCUMENT, "")
_MOST_TOLD: Final = 40
# What reading or writing a value of another shape than the entry's runs into.
_SHAPE_FAULTS: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    ArithmeticError,
)
_BY_ID: Final = "elements/"
_LANGUAGE: Final = re.compile(r"[a-z]{2}")


class Unreadable(ValueError):
    """What stands there is not what the format says; the text says what it should be."""


class Inexpressible(ValueError):
    """The format has no way to say this value."""


@dataclass(frozen=True)
class Entry:
    """Some attributes, where they stand, and how they are read and written.

    ``partly``: of these attributes the format keeps only a part, even if all goes well.
    """

    ids: tuple[str, ...]
    path: str
    read: Callable[[Any], Mapping[str, AttributeValue]]
    write: Callable[[Values], Mapping[str, Any]]
    partly: frozenset[str] = frozenset()
    answers: bool = False  # "not applicable" and "unknown" with a reason can be said too


@dataclass(frozen=True)
class Carried:
    """What a document says at a place, and what our own writing would say there instead.

    ``understood``: the place was read; it is only spelled otherwise than we would.
    """

    path: Path
    value: Any
    instead_of: Any
    understood: bool = False


@dataclass(frozen=True)
class PassportDocument:
    """A passport read from, or to be written in, one wire format."""

    format: str
    values: Values
    carried: tuple[Carried, ...] = ()
    findings: tuple[Finding, ...] = ()
    shape: Mapping[str, str] = field(default_factory=dict)  # part → its member in the document
    completed: bool = False  # it listed placeholders: written again, it has them again

    @property
    def not_understood(self) -> tuple[str, ...]:
        """Pointers of what no entry reads."""
        return tuple(
            outward(pointer(c.path), self.shape) for c in self.carried if not c.understood
        )


def outward(way: str, shape: Mapping[str, str]) -> str:
    """The pointer into the document of a pointer into our parts.

    >>> outward("/P1/SerialNumber", {"P1": "urn:x"}), outward("/P1/SerialNumber", {"P1": ""})
    ('/urn:x/SerialNumber', '/SerialNumber')
    """
    part, _, rest = way.removeprefix("/").partition("/")
    member = shape.get(part, "")
    if rest.startswith(_BY_ID):  # a list whose entries we hold by their ids
        id, _, inside = rest.removeprefix(_BY_ID).partition("/")
        at = next((k.removeprefix("#") for k, v in shape.items() if v == id and k), id)
        rest = f"{_BY_ID}{at}/{inside}"
    return (f"{pointer((member,))}/{rest}" if member else f"/{rest}").rstrip("/")


def held(value: Any, unit: str = "", measured_on: str = "") -> AttributeValue:
    """A value as it was read; whose it is, the reader adds."""
    return AttributeValue(value, unit, NOBODY, measured_on=measured_on)


def parse(
    format: str,
    document: Any,
    entries: Sequence[Entry],
    origin: Origin = NOBODY,
    name: str = "",
) -> PassportDocument:
    """The values of a document, with everything in it that they do not say."""
    values: dict[str, AttributeValue] = {}
    findings: list[Finding] = []
    places: dict[str, str] = {}
    for entry in entries:
        try:
            found = entry.read(document)
        except _SHAPE_FAULTS as fault:
            due = str(fault) if isinstance(fault, Unreadable) else "…"
            findings.append(_unreadable(entry, document, due, name))
            continue
        for id, value in found.items():
            values.setdefault(id, replace(value, origin=origin))
            places.setdefault(id, entry.path)
    absolute = in_absolute_terms(values)
    ordered = {id: absolute[id] for id in attribute_table() if id in absolute}
    for id, value in ordered.items():
        findings += [
            replace(f, place=Place(name, pointer=f"/{places[id]}"), severity=Severity.WARNING)
            for f in check_value(attribute_table()[id], value)
        ]
    carried = _carried(document, render(ordered, entries))
    findings += _told(carried, name)
    return PassportDocument(format, ordered, carried, tuple(findings))


def render(
    values: Values, entries: Sequence[Entry], carried: Iterable[Carried] = ()
) -> dict[str, Any]:
    """The document of these values, with what was carried."""
    stated = {id: v for id, v in values.items() if v.value is not None}
    document: dict[str, Any] = {}
    for entry in entries:
        try:
            written = entry.write(values if entry.answers else stated)
        except _SHAPE_FAULTS:
            continue  # nothing of this entry can be said: ``unsaid`` names it
        for path, value in written.items():
            put(document, path, deepcopy(value))
    kept = _still_standing(document, tuple(carried))
    for one in kept:  # places are emptied before anything is filled: indices must not move
        if one.value is MISSING:
            put(document, one.path, MISSING)
    for one in kept:
        if one.value is not MISSING:
            put(document, one.path, deepcopy(one.value))
    left = swept(document)
    return {} if left is MISSING else left


def _still_standing(document: Any, carried: Sequence[Carried]) -> list[Carried]:
    """What is written back: not where a value has changed, nor its other spellings."""
    changed = {
        place
        for one in carried
        if one.value is MISSING and not _stands(get(document, one.path), one)
        for place in _spelled_at(one.path)
    }
    return [
        one
        for one in carried
        if _stands(get(document, one.path), one)
        and not (one.understood and changed.intersection(_spelled_at(one.path)))
    ]


def _stands(present: Any, one: Carried) -> bool:
    """Whether we still say what we said when it was carried; else the value has changed since,
    and what we say now stands. A container may have come in between."""
    if one.instead_of is MISSING:
        return present is MISSING or isinstance(present, dict | list)
    return same(present, one.instead_of)


def unsaid(values: Values, entries: Sequence[Entry]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Attributes that a document of these entries loses, and those it keeps only in part.

    Found out by writing the values and reading them again, so that the answer is what a
    partner will see and not what a table promises.
    """
    again = parse("", render(values, entries), entries).values
    lost = tuple(id for id in values if id not in again)
    partly = tuple(id for id in values if id in again and not _equal(id, values[id], again[id]))
    return lost, partly


def _equal(id: str, one: AttributeValue, other: AttributeValue) -> bool:
    """Whether two values say the same; a bare text is the text in English."""
    here, there = one.value, other.value
    if attribute_table()[id].type == "localised":
        here, there = ({"en": v} if isinstance(v, str) else v for v in (here, there))
    beside = [(v.unit, v.measured_on, v.not_applicable, v.unknown) for v in (one, other)]
    return bool(here == there) and beside[0] == beside[1]


def without_placeholders(document: Any) -> Any:
    """The document without what it says stands for nothing."""
    listed = get(document, (PLACEHOLDERS,))
    if not isinstance(listed, list):
        return document
    stated = deepcopy(document)
    del stated[PLACEHOLDERS]
    nothing = {str(p) for p in listed}
    for path in leaves(stated):
        if pointer(path) in nothing:
            put(stated, path, MISSING)
    left = swept(stated)
    return {} if left is MISSING else left


def _carried(document: Any, again: Any) -> tuple[Carried, ...]:
    """The leaves of a document that our own writing says otherwise, or not at all."""
    theirs, ours = leaves(document), leaves(again)
    added = [path for path in ours if path not in theirs]
    places = {place for path in added for place in _spelled_at(path)}
    differing = [
        Carried(
            path,
            value,
            ours.get(path, MISSING),
            path in ours or any(place in places for place in _spelled_at(path)),
        )
        for path, value in theirs.items()
        if path not in ours or not same(value, ours[path])
    ]
    return (*differing, *(Carried(path, MISSING, ours[path], True) for path in added))


def _spelled_at(path: Path) -> list[Path]:
    """The place a leaf speaks of, whether it stands there bare, in a list or by language."""
    place = list(path)
    while place and (isinstance(place[-1], int) or _LANGUAGE.fullmatch(str(place[-1]))):
        place.pop()
    return [tuple(place)] if place else []


def _unreadable(entry: Entry, document: Any, due: str, name: str) -> Finding:
    path = entry.path.split(" ")[0]
    shown = get(document, path)
    return finding(
        "format.unreadable",
        Place(name, pointer=f"/{path}"),
        severity=Severity.WARNING,
        attributes=", ".join(entry.ids),
        due=due,
        found="–" if shown is MISSING else repr(shown)[:80],
    )


def _told(carried: Sequence[Carried], name: str) -> list[Finding]:
    """One warning for each place nobody here understands, up to forty; the rest is counted."""
    unknown = [c for c in carried if not c.understood]
    told = [
        finding(
            "format.not-understood",
            Place(name, pointer=printable(pointer(c.path))[:300]),
            severity=Severity.WARNING,
            found=repr(c.value)[:80],
        )
        for c in unknown[:_MOST_TOLD]
    ]
    if len(unknown) > _MOST_TOLD:
        more = len(unknown) - _MOST_TOLD
        told.append(
            finding(
                "format.more-not-understood", Place(name), severity=Severity.WARNING, count=more
            )
        )
    return told
