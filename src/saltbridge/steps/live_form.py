"""Whether a document a system answered has the form of its kind, beyond naming it."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes
from saltbridge.core.quantity import is_number
from saltbridge.formats.pcf import recognise

_OBJECTS: Final = ("product", "manufacturer", "plant", "footprint", "scenario", "estimate")


def has_form(document: Any, kind: str) -> bool:
    """Whether it is of the kind: what is there of entries and parts is what it is called.

    A part that is missing is no fault of form; the decision about the rest says whether
    anything leaves.
    """
    if not isinstance(document, Mapping) or document.get("kind") != kind:
        return False
    try:
        canonical_bytes(document)  # numbers that no claim could carry
    except FaultyJson:
        return False
    if not all(isinstance(document[name], Mapping) for name in _OBJECTS if name in document):
        return False
    return kind != "pcf" or _usable(document)


def _usable(document: Mapping[str, Any]) -> bool:
    for name in ("records", "documents"):
        entries = document.get(name, ())
        if name in document and not (isinstance(entries, list) and entries):
            return False
        if not all(isinstance(entry, Mapping) for entry in entries):
            return False
    if not all(recognise(entry.get("content")) for entry in document.get("documents", ())):
        return False
    return all(
        is_number(record.get("kg_co2e_per_unit"))
        and all(isinstance(record.get(name), str) for name in ("flow", "unit"))
        for record in document.get("records", ())
    )
