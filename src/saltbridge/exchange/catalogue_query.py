"""Which datasets of a catalogue are asked for, and which page of them.

The protocol leaves filters to the implementation; these are the criteria that connectors of
Catena-X send (EDC's QuerySpec: operandLeft, operator, operandRight). Whoever sends another one
is told so. Read: 2026-11, secondary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from saltbridge.exchange.model import Dataset
from saltbridge.exchange.served import SEMANTIC_ID_NAMES, semantic_id

PAGE: Final = 500  # datasets in one answer
# what a criterion may name → the member of a dataset
_EDC: Final = "https://w3id.org/edc/v0.0.1/ns/"
MEMBERS: Final[Mapping[str, str]] = {
    "id": "id",
    "@id": "id",
    f"{_EDC}id": "id",
    "dct:type": "type",
    "http://purl.org/dc/terms/type": "type",
    "dct:title": "title",
    "http://purl.org/dc/terms/title": "title",
    "cx-common:version": "version",
    "https://w3id.org/catenax/ontology/common#version": "version",
    **dict.fromkeys(SEMANTIC_ID_NAMES, "semantic id"),
}
OPERATORS: Final = ("=", "in")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One member of a dataset, and the values it may have."""

    member: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalogueQuery:
    """All criteria must hold. ``offset`` and ``limit`` count datasets that do."""

    criteria: tuple[Criterion, ...] = ()
    offset: int = 0
    limit: int | None = None


def fits(dataset: Dataset, criteria: Sequence[Criterion]) -> bool:
    """Whether every criterion holds of the dataset.

    >>> d = Dataset("urn:1", (), (), dct_type="t", version="3.0")
    >>> fits(d, [Criterion("type", ("t",)), Criterion("version", ("3.0", "2.0"))])
    True
    >>> fits(d, [Criterion("type", ("u",))])
    False
    """
    stated = {
        "id": dataset.id,
        "type": dataset.dct_type,
        "title": dataset.title,
        "version": dataset.version,
        "semantic id": semantic_id(dataset),
    }
    return all(stated[criterion.member] in criterion.values for criterion in criteria)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a catalogue, and where the parts beside it begin (None: there is none)."""

    datasets: tuple[Dataset, ...]
    previous: str | None = None  # the id after which that page begins; empty: at the beginning
    next: str | None = None


def page_of(datasets: Sequence[Dataset], query: CatalogueQuery, after: str, size: int) -> Page:
    """The datasets that fit, those after an id, as many as a page holds; by ascending id."""
    fitting = sorted((d for d in datasets if fits(d, query.criteria)), key=lambda d: d.id)
    end = None if query.limit is None else query.offset + query.limit
    asked = fitting[query.offset : end]
    start = sum(dataset.id <= after for dataset in asked) if after else 0
    shown = tuple(asked[start : start + size])
    before = max(start - size, 0)
    return Page(
        shown,
        previous=None if start == 0 else (asked[before - 1].id if before else ""),
        next=shown[-1].id if shown and start + size < len(asked) else None,
    )
