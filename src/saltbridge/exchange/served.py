"""Datasets that answer request by request: registry of twins, their aspects, PCF exchange.

What they agree on is access to an interface behind the data plane, not one document. Types and
versions: CX-0002, CX-0160 and CX-0136 as transcribed in careful secondary notes. Read: 2026-11;
confidence: secondary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from saltbridge.exchange.model import Dataset
from saltbridge.exchange.policy import PURPOSE_PASSPORT, PURPOSE_PCF, PURPOSE_TWINS

TWIN_REGISTRY: Final = "twin-registry"
TWIN_ASPECT: Final = "twin-aspect"
PCF_EXCHANGE: Final = "pcf-exchange"
NOTIFICATIONS: Final = "notifications"
LIVE: Final = "live-documents"  # made by a system of the provider's while the partner waits
ASPECTS_PATH: Final = "/data/aspects"  # below it lies the content of aspects of our twins
SEMANTIC_ID: Final = "https://admin-shell.io/aas/3/0/HasSemantics/semanticId"
SEMANTIC_ID_NAMES: Final = (SEMANTIC_ID, "aas-semantics:semanticId")
_TAXONOMY: Final = "https://w3id.org/catenax/taxonomy#"


@dataclass(frozen=True, slots=True)
class Served:
    """One kind of interface, as a catalogue names it."""

    kind: str
    dct_types: tuple[str, ...]  # the first is what we write, all of them are read
    versions: tuple[str, ...]
    purpose: str


SERVED: Final[Mapping[str, Served]] = {
    s.kind: s
    for s in (
        Served(TWIN_REGISTRY, (f"{_TAXONOMY}DigitalTwinRegistry",), ("3.0",), PURPOSE_TWINS),
        Served(
            TWIN_ASPECT,
            (f"{_TAXONOMY}BatteryPass", f"{_TAXONOMY}Submodel"),
            ("1.0", "3.0"),
            PURPOSE_PASSPORT,
        ),
        Served(PCF_EXCHANGE, (f"{_TAXONOMY}PcfExchange",), ("1.2.0", "1.3.0"), PURPOSE_PCF),
        Served(LIVE, ("urn:saltbridge:live-documents",), ("1.0",), PURPOSE_PCF),
        Served(
            NOTIFICATIONS, (f"{_TAXONOMY}DigitalTwinEventAPI",), ("3.0", "3.0.0"), PURPOSE_TWINS
        ),
    )
}


# A footprint is an aspect like any other, agreed on for the use of footprints (CX-0136).
_PCF: Final = "urn:samm:io.catenax.pcf:"
_PCF_ASPECT: Final = Served(TWIN_ASPECT, (f"{_TAXONOMY}Submodel",), ("3.0",), PURPOSE_PCF)


def served_as(kind: str, semantic_id: str = "") -> Served:
    """How we offer an interface of a kind, and an aspect of a twin of a meaning."""
    footprint = kind == TWIN_ASPECT and semantic_id.startswith(_PCF)
    return _PCF_ASPECT if footprint else SERVED[kind]


def served_kind(dataset: Dataset) -> str:
    """The kind of interface that a dataset of a catalogue opens; empty for a document.

    Whoever is no Saltbridge node says it by type and version alone, an aspect of a twin by its
    semantic id too.
    """
    if dataset.kind:
        return dataset.kind if dataset.kind in SERVED else ""
    name = dataset.dct_type.replace("cx-taxo:", _TAXONOMY)
    for served in SERVED.values():
        if name in served.dct_types and dataset.version in served.versions:
            return (
                "" if served.kind == TWIN_ASPECT and not semantic_id(dataset) else served.kind
            )
    return ""


def semantic_id(dataset: Dataset) -> str:
    """The semantic id a dataset names; empty where it names none."""
    for name in SEMANTIC_ID_NAMES:
        stated = dataset.unknown.get(name)
        value = stated.get("@id") if isinstance(stated, Mapping) else stated
        if isinstance(value, str) and value:
            return value
    return ""
