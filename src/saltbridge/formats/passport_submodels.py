"""CX-0160: each of the seven IDTA 02035 submodels by itself, value-only, from attributes.

Use case 1 (a maker supplies what a passport is composed of): handover, technical data, material
composition and circularity describe the type; nameplate, carbon footprint and product condition
the instance. Levels and semantic ids: CX-0160 1.1.0 as transcribed in careful secondary notes.
Read: 2026-11; confidence: secondary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.formats.passport_formats import parse_document
from saltbridge.formats.passport_idta import (
    FORMAT,
    SCHEMAS,
    SEMANTIC_IDS,
    entries,
    part_of,
    unpack,
)
from saltbridge.formats.passport_mapping import PLACEHOLDERS, Entry, PassportDocument, render
from saltbridge.formats.passport_schema import complete
from saltbridge.passport.model import Origin, Values

TYPE_PARTS: Final = ("P2", "P4", "P6", "P7")
ITEM_PARTS: Final = ("P1", "P3", "P5")
PARTS: Final = (*ITEM_PARTS, *TYPE_PARTS)
NAMES: Final[Mapping[str, str]] = {
    part: semantic.rpartition("#")[2] for part, semantic in SEMANTIC_IDS.items()
}
# What other models of the same meaning are called (CX-0160, supplemental semantic ids).
SUPPLEMENTAL: Final[Mapping[str, tuple[str, ...]]] = {
    "P1": (
        "https://admin-shell.io/idta/digitalbatterypassport/nameplate/1/0/Nameplate",
        "https://admin-shell.io/idta/nameplate/3/0/Nameplate",
        "urn:samm:io.admin-shell.idta.digital_nameplate:3.0.0",
    ),
    "P2": ("0173-1#01-AHF578#003",),
    "P3": ("https://admin-shell.io/idta/CarbonFootprint/CarbonFootprint/1/0",),
    "P4": (
        "https://admin-shell.io/idta/digitalbatterypassport/TechnicalData/1/0",
        "0173-1#01-AHX837#002",
    ),
}


@dataclass(frozen=True, slots=True)
class SubmodelText:
    """One submodel: its bytes, and where the schema wants what nobody has stated."""

    part: str
    content: bytes
    placeholders: tuple[str, ...]


@lru_cache(maxsize=1)
def _entries() -> tuple[Entry, ...]:
    return entries()


@lru_cache(maxsize=16)
def ids_in(part: str) -> frozenset[str]:
    """The attributes that have a place in a part."""
    return frozenset(id for e in _entries() if e.path.split("/")[0] == part for id in e.ids)


def submodel(values: Values, part: str) -> SubmodelText | None:
    """A part of these values; None where they say nothing that has a place in it.

    What the official schema wants beyond that stands as a placeholder, listed in the document,
    where nobody can take it for a fact; else it is left out.
    """
    document = render({id: v for id, v in values.items() if id in ids_in(part)}, _entries())
    held: dict[str, Any] = document.get(part, {})
    if not held:
        return None
    placed = complete(held, SCHEMAS[part]).placed
    told = {**held, PLACEHOLDERS: placed} if placed else held
    return SubmodelText(part, canonical_bytes(told), tuple(placed))


def parse_submodel_values(document: Any, semantic_id: str, origin: Origin) -> PassportDocument:
    """The attribute values of a submodel that somebody sent, and what could not be read.

    Raises:
        FaultyInput: it is no submodel of a battery passport.
    """
    part, alone = part_of(semantic_id), unpack(document)
    if part and alone is None:  # its members alone do not tell what it is
        document = {SEMANTIC_IDS[part]: document}
    return parse_document(document, FORMAT, "", origin)
