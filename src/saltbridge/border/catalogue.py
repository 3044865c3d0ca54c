"""The export catalogue: which class every field of an outgoing document has.

A pattern is a JSON pointer in which ``[]`` stands for any element of an array, ``*`` for any
key or element and ``**`` for any number of segments. Where several patterns match, the
strictest class holds. A pattern whose class may leave names its keys one by one, so that a
field nobody thought of is matched by nothing, and what is matched by nothing stays.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from saltbridge.core.canonical import canonical_bytes, digest


class FieldClass(StrEnum):
    """Classes of fields, from the mildest to the strictest."""

    PUBLIC = "public"
    CONTRACT = "contract"  # partners only, under terms
    INTERNAL = "internal"
    PERSONAL = "personal"
    TRADE_SECRET = "trade_secret"  # noqa: S105
    IMPORTANT_CANDIDATE = "important_candidate"  # might be important data (CN)
    CORE = "core"

    @property
    def strictness(self) -> int:
        """Rank among the classes; 0 is the mildest."""
        return _RANK[self]


_RANK = {field_class: rank for rank, field_class in enumerate(FieldClass)}
MAY_LEAVE_AS_IT_IS = frozenset({FieldClass.PUBLIC, FieldClass.CONTRACT})


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldEntry:
    """One row of the catalogue. ``annex_xiii`` is a point of Annex XIII, or ``none``."""

    path: str
    field_class: FieldClass
    group: str
    basis: str = ""
    annex_xiii: str = ""
    transform: str = ""
    sensitive: bool = False  # sensitive personal data: counted apart


@dataclass(frozen=True, kw_only=True, slots=True)
class Derivation:
    """A field that takes the place of withheld ones: ``into`` is made from ``source``."""

    source: str
    into: str
    transform: str
    field_class: FieldClass
    group: str
    basis: str = ""


class _Node:
    """A state of the matcher; patterns share their beginnings."""

    __slots__ = ("any_element", "any_segment", "below", "entry", "keys", "rest")

    def __init__(self) -> None:
        self.keys: dict[str, _Node] = {}
        self.any_element: _Node | None = None
        self.any_segment: _Node | None = None
        self.rest: _Node | None = None
        self.entry: FieldEntry | None = None
        self.below: FieldEntry | None = None  # strictest entry beneath: for empty containers


State = tuple[_Node, ...]


@dataclass(frozen=True)
class Catalogue:
    """The rows for one kind of document, as a matcher that walks along with the document.

    ``under`` holds the digests of the official lists and of the company's own rows that
    changed a class of the packaged rows.
    """

    kind: str
    edition: str
    applies_from: date
    citation: str
    entries: tuple[FieldEntry, ...]
    derivations: tuple[Derivation, ...] = ()
    under: tuple[str, ...] = ()
    _steps: dict[tuple[State, str | None], State] = field(
        default_factory=dict, repr=False, compare=False
    )
    _roots: list[State] = field(default_factory=list, repr=False, compare=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the rows, so that a decision names the very catalogue it used."""
        rows = [[e.path, e.field_class.value, e.annex_xiii, e.transform] for e in self.entries]
        derived = [
            [d.source, d.into, d.transform, d.field_class.value] for d in self.derivations
        ]
        return digest(canonical_bytes([self.kind, self.edition, rows, derived]))

    def start(self) -> State:
        """The matcher at the root of a document."""
        if not self._roots:
            self._roots.append(_closure((_compiled(self.entries),)))
        return self._roots[0]

    def step(self, state: State, key: str | None) -> State:
        """The matcher one level deeper: into the member ``key``, or an array element (None)."""
        found = self._steps.get((state, key))
        if found is None:
            unknown = key is not None and not any(key in node.keys for node in state)
            known = (state, "\0" if unknown else key)  # all unknown keys lead to one state
            found = self._steps.get(known)
            if found is None:
                found = self._steps[known] = _closure(tuple(_next(state, key)))
        return found

    @staticmethod
    def entry(state: State) -> FieldEntry | None:
        """The strictest row that matches here; None: nobody catalogued this field."""
        if len(state) == 1:
            return state[0].entry
        rows = [node.entry for node in state if node.entry is not None]
        return max(rows, key=_strictness, default=None)

    @staticmethod
    def entry_of_empty(state: State) -> FieldEntry | None:
        """The row for null and for an empty object or array: the strictest here and beneath."""
        rows = [row for node in state for row in (node.entry, node.below) if row is not None]
        return max(rows, key=_strictness, default=None)


def _strictness(entry: FieldEntry) -> int:
    return entry.field_class.strictness


def _compiled(entries: tuple[FieldEntry, ...]) -> _Node:
    root = _Node()
    for entry in entries:
        node = root
        trail = [root]
        for segment in segments(entry.path):
            node = _child(node, segment)
            trail.append(node)
        if node.entry is None or _strictness(node.entry) < _strictness(entry):
            node.entry = entry
        for above in trail[:-1]:
            if above.below is None or _strictness(above.below) < _strictness(entry):
                above.below = entry
    return root


def _child(node: _Node, segment: str) -> _Node:
    if segment == "[]":
        node.any_element = node.any_element or _Node()
        return node.any_element
    if segment == "*":
        node.any_segment = node.any_segment or _Node()
        return node.any_segment
    if segment == "**":
        node.rest = node.rest or _Node()
        node.rest.rest = node.rest
        return node.rest
    return node.keys.setdefault(segment, _Node())


def _next(state: State, key: str | None) -> Iterator[_Node]:
    for node in state:
        if key is None and node.any_element is not None:
            yield node.any_element
        if key is not None and key in node.keys:
            yield node.keys[key]
        if node.any_segment is not None:
            yield node.any_segment
        if node.rest is node:
            yield node


def _closure(state: State) -> State:
    seen = list(state)
    for node in seen:
        if node.rest is not None and node.rest not in seen:
            seen.append(node.rest)
    return tuple(seen)


def segments(pointer: str) -> tuple[str, ...]:
    """The segments of a JSON pointer or pattern (RFC 6901).

    >>> segments("/a~1b/[]/c")
    ('a/b', '[]', 'c')
    """
    if pointer == "":
        return ()
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def pointer(parts: tuple[str, ...]) -> str:
    """The JSON pointer of these segments."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


class UnknownDocumentKind(LookupError):
    """No catalogue covers this kind of document."""


def catalogued_kinds() -> tuple[str, ...]:
    """The kinds of documents for which a catalogue is packaged, sorted."""
    names = (f.name for f in (files("saltbridge.border") / "packs").iterdir())
    found = (n for n in names if n.startswith("catalogue-") and n.endswith(".toml"))
    return tuple(sorted(n.removeprefix("catalogue-").removesuffix(".toml") for n in found))


@lru_cache(maxsize=16)
def catalogue_for(kind: str) -> Catalogue:
    """The packaged catalogue for a kind of outgoing document.

    Raises:
        UnknownDocumentKind: nobody has catalogued such documents; nothing of them may leave.
    """
    resource = files("saltbridge.border") / "packs" / f"catalogue-{kind}.toml"
    if not kind.replace("-", "").isalnum() or not resource.is_file():
        raise UnknownDocumentKind(kind)
    return parse_catalogue(
        tomllib.loads(resource.read_text("utf-8")), tomllib.loads(_attribute_rows())
    )


def _attribute_rows() -> str:
    return (files("saltbridge.border") / "packs" / "attributes.toml").read_text("utf-8")


def parse_catalogue(table: Mapping[str, Any], attributes: Mapping[str, Any]) -> Catalogue:
    """A catalogue from its TOML tables.

    Raises:
        ValueError: a row lets a wildcard leave, which would open the door to unknown fields.
    """
    rows = [row for section in table["field"] for row in _rows(section)]
    for place in table.get("attributes", ()):
        rows += _rows_of_attributes(place, attributes)
    catalogue = Catalogue(
        kind=table["kind"],
        edition=table["edition"],
        applies_from=table["applies_from"],
        citation=table["citation"],
        entries=tuple(rows),
        derivations=tuple(
            Derivation(
                source=row["source"],
                into=row["into"],
                transform=row["transform"],
                field_class=FieldClass(row["class"]),
                group=row["group"],
                basis=row.get("basis", ""),
            )
            for row in table.get("derive", ())
        ),
    )
    if not table.get("filtered_before", False):
        _refuse_open_doors(catalogue)
    return catalogue


def _rows(section: Mapping[str, Any]) -> Iterator[FieldEntry]:
    """A section lists many paths of one class below one root."""
    for path in section["paths"]:
        yield FieldEntry(
            path=section.get("root", "") + path,
            field_class=FieldClass(section["class"]),
            group=section["group"],
            basis=section.get("basis", ""),
            annex_xiii=section.get("annex_xiii", ""),
            transform=section.get("transform", ""),
            sensitive=section.get("sensitive", False),
        )


_ATTRIBUTE_GROUPS = {
    "1": "attributes-1",
    "2": "attributes-2",
    "3": "attributes-3",
    "4": "attributes-4",
    "n": "attributes",  # "none": no point of Annex XIII
}


def _rows_of_attributes(
    place: Mapping[str, Any], attributes: Mapping[str, Any]
) -> Iterator[FieldEntry]:
    """Rows for the passport attributes (A001…) below a root, by point of Annex XIII."""
    classes: Mapping[str, str] = place["classes"]  # access class -> field class
    withheld = place.get("withheld_as_subtree", False)
    for id, row in attributes["attribute"].items():
        field_class = FieldClass(classes[row["access"]])
        if withheld and field_class is FieldClass.PUBLIC:
            continue
        shape = attributes["shape"][row.get("shape", "scalar")]
        for tail in ("/**",) if withheld else shape:
            yield FieldEntry(
                path=f"{place['root']}/{id}{tail}",
                field_class=field_class,
                group=_ATTRIBUTE_GROUPS[row["annex"][0]],
                basis="Regulation (EU) 2023/1542, Annex XIII",
                annex_xiii=row["annex"],
            )


def _refuse_open_doors(catalogue: Catalogue) -> None:
    for entry in catalogue.entries:
        wild = {"*", "**"} & set(segments(entry.path))
        if wild == {"*"} and entry.transform == "digest-value":
            continue  # the transform lets nothing but digests through
        if wild and (entry.field_class in MAY_LEAVE_AS_IT_IS or entry.transform):
            raise ValueError(f"{catalogue.kind}: {entry.path} would let unknown fields leave")
