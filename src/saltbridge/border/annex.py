"""Official lists a compliance officer has loaded, and a company's own stricter classes.

An *annex* is the official list that a rule pack names and that Saltbridge does not ship. Its
items say which fields are important or core data, and which expressly are not. A *house row*
classifies a field of the catalogue more strictly than the packaged row does. The strictest
class wins, always: a field becomes milder only where every pack that has a list says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final

from saltbridge.border.catalogue import (
    MAY_LEAVE_AS_IT_IS,
    Catalogue,
    FieldClass,
    FieldEntry,
    catalogue_for,
    segments,
)
from saltbridge.core.canonical import canonical_bytes, digest

GENERAL: Final = "general"  # expressly not on the list of important data
LISTED: Final = frozenset({FieldClass.IMPORTANT_CANDIDATE, FieldClass.CORE})
BECOMES: Final = frozenset({FieldClass.CONTRACT, FieldClass.INTERNAL, FieldClass.TRADE_SECRET})


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnexItem:
    """One item of an official list, and the fields of our documents it speaks about.

    ``becomes`` is set for what is expressly not important data. ``nothing`` says why no field
    of ours is meant; an item that is neither matched nor explained is not understood.
    """

    number: str
    category: str
    text: str
    field_class: FieldClass | None  # None: general data
    groups: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()  # empty: every kind of document
    becomes: FieldClass | None = None
    nothing: str = ""

    def names(self, kind: str, entry: FieldEntry) -> bool:
        """Whether the item speaks about that row of the catalogue of that kind."""
        if self.kinds and kind not in self.kinds:
            return False
        return entry.group in self.groups or entry.path in self.paths


@dataclass(frozen=True, kw_only=True, slots=True)
class Annex:
    """An official list as loaded. ``confirmed``: a second person stands behind its mildness."""

    pack: str
    edition: str
    citation: str
    read_on: date
    items: tuple[AnnexItem, ...]
    confirmed: bool = True

    @property
    def digest(self) -> str:
        """SHA-256 of what the list says, so that a decision names the very list it used."""
        rows = [
            [
                i.number,
                i.category,
                i.text,
                i.field_class.value if i.field_class else GENERAL,
                sorted(i.groups),
                sorted(i.paths),
                sorted(i.kinds),
                i.becomes.value if i.becomes else "",
                i.nothing,
            ]
            for i in self.items
        ]
        head = [self.pack, self.edition, self.citation, self.read_on.isoformat()]
        return digest(canonical_bytes([head, rows]))

    def milder(self, kind: str, entry: FieldEntry) -> FieldClass | None:
        """The class of a row the list expressly frees; None where it does not, or names it."""
        met = [i for i in self.items if i.names(kind, entry)]
        if not self.confirmed or not met or any(i.becomes is None for i in met):
            return None
        return max((i.becomes for i in met if i.becomes), key=lambda c: c.strictness)


@dataclass(frozen=True, kw_only=True, slots=True)
class HouseRow:
    """A field, or a pattern of fields, that the company keeps more strictly."""

    path: str
    field_class: FieldClass
    reason: str
    kinds: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """SHA-256 of the row."""
        row = [self.path, self.field_class.value, self.reason, sorted(self.kinds)]
        return digest(canonical_bytes(row))


@dataclass(frozen=True, slots=True)
class ClassChange:
    """A row of a catalogue whose class changes: from, to."""

    kind: str
    path: str
    group: str
    before: FieldClass
    after: FieldClass

    @property
    def milder(self) -> bool:
        """Whether the field is kept less strictly afterwards."""
        return self.after.strictness < self.before.strictness


@lru_cache(maxsize=128)
def classified(
    kind: str,
    listed_by: tuple[str, ...],
    annexes: tuple[Annex, ...],
    house_rows: tuple[HouseRow, ...],
) -> Catalogue:
    """The packaged catalogue of a kind under the loaded lists and the company's own rows.

    ``listed_by`` names the packs that have an official list and speak here, loaded or not.

    Raises:
        UnknownDocumentKind: nobody has catalogued such documents.
    """
    return reclassified(catalogue_for(kind), listed_by, annexes, house_rows)


def reclassified(
    packaged: Catalogue,
    listed_by: Iterable[str],
    annexes: Iterable[Annex],
    house_rows: Iterable[HouseRow],
) -> Catalogue:
    """The catalogue with the classes the lists and the company give; unchanged without any."""
    kind = packaged.kind
    speaking = frozenset(listed_by)
    loaded = {a.pack: a for a in annexes if a.pack in speaking}
    own = [row for row in house_rows if not row.kinds or kind in row.kinds]
    if not loaded and not own:
        return packaged
    entries = [_under_lists(kind, e, speaking, loaded) for e in packaged.entries]
    for annex in loaded.values():
        for item in annex.items:
            if item.field_class is not None and (not item.kinds or kind in item.kinds):
                entries += [
                    FieldEntry(
                        path=path,
                        field_class=item.field_class,
                        group="annex",
                        basis=f"{annex.citation}: {item.number}",
                    )
                    for path in sorted(item.paths)
                ]
    entries += [
        FieldEntry(path=r.path, field_class=r.field_class, group="house-row", basis=r.reason)
        for r in own
    ]
    under = sorted({a.digest for a in loaded.values()} | {r.digest for r in own})
    return replace(packaged, entries=tuple(entries), under=tuple(under), _steps={}, _roots=[])


def _under_lists(
    kind: str, entry: FieldEntry, speaking: frozenset[str], loaded: dict[str, Annex]
) -> FieldEntry:
    listed = [
        item.field_class
        for annex in loaded.values()
        for item in annex.items
        if item.field_class is not None and item.names(kind, entry)
    ]
    if listed:
        strictest = max((entry.field_class, *listed), key=lambda c: c.strictness)
        return replace(entry, field_class=strictest)
    if entry.field_class is not FieldClass.IMPORTANT_CANDIDATE or not speaking:
        return entry
    opinions = [loaded[p].milder(kind, entry) if p in loaded else None for p in speaking]
    freed = [o for o in opinions if o is not None]
    if len(freed) < len(opinions):
        return entry
    becomes = max(freed, key=lambda c: c.strictness)
    if opens_a_door(entry, becomes):
        return entry
    return replace(entry, field_class=becomes)


def opens_a_door(entry: FieldEntry, becomes: FieldClass) -> bool:
    """Whether a row with a wildcard would let fields leave that nobody thought of."""
    return bool({"*", "**"} & set(segments(entry.path))) and becomes in MAY_LEAVE_AS_IT_IS


def changes(before: Catalogue, after: Catalogue) -> tuple[ClassChange, ...]:
    """What becomes of the fields the rows of two catalogues name, where their class differs.

    A field that one of them does not know at all stays under it, whatever the other says of
    it; it is no change.
    """
    groups = {e.path: e.group for e in (*after.entries, *before.entries)}
    found = []
    for path, group in groups.items():
        was, becomes = _class_at(before, path), _class_at(after, path)
        if was is not None and becomes is not None and was is not becomes:
            found.append(ClassChange(before.kind, path, group, was, becomes))
    return tuple(found)


def _class_at(catalogue: Catalogue, path: str) -> FieldClass | None:
    state = catalogue.start()
    for segment in segments(path):
        state = catalogue.step(state, None if segment == "[]" else segment)
    entry = catalogue.entry(state)
    return None if entry is None else entry.field_class
