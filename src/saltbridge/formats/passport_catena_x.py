"""Catena-X battery pass: ``io.catenax.battery.battery_pass`` 6.1.0 and 5.0.0.

The model of the releases up to Jupiter and Saturn; CX-0160 replaces it on 24 November 2026. It
asks for everything of every battery, has documents where the Regulation has texts, one number
where we hold two, and one predecessor. Texts stand in its documents as ``text/plain`` with the
language as header, so that nothing need be put on a server first.

5.0.0 differs in few places: no ``specVersion`` and no ``commercial``, material names apart from
their numbers, ``handling.spareParts``, a closed list of code keys, and the number of the
declaration of conformity as a document. Source: SAMM models and schemas, read 2026-11.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from saltbridge.formats.passport_catena_x_lists import (
    DOCUMENT,
    DOCUMENTS,
    TEXTS_BY_LANGUAGE,
    chemistry,
    codes,
    keyed,
    mass_and_size,
    predecessor,
    record,
    text_document,
    warranty,
)
from saltbridge.formats.passport_catena_x_materials import materials
from saltbridge.formats.passport_catena_x_performance import (
    agents,
    events,
    footprints,
    powers,
    present,
    spare_parts,
)
from saltbridge.formats.passport_mapping import Entry, Inexpressible
from saltbridge.formats.passport_spelling import (
    MOMENT_AS_DAY,
    TEXT,
    Spelling,
    words,
)
from saltbridge.formats.passport_table import from_table
from saltbridge.passport.attributes import attribute_table

FORMAT_6: Final = "catena_x_6_1_0"
FORMAT_5: Final = "catena_x_5_0_0"
_COLUMN: Final = "catenax_battery_pass_6_1_0"
SPEC_VERSION: Final = "urn:io.catenax.battery.battery_pass:6.1.0"

NOT_HERE: Final[Mapping[str, str]] = {
    "A004": "constant",  # specVersion names the data model, not our schema
    "A022": "part-name",  # nameAtManufacturer is the name of the part
    "A028": "facility-id",
    "A056": "facility-id",
    "A077": "by-material",  # renewable content of one material, not of the battery
    "A081": "bpn-only",
    "A099": "one-number",
    "A130": "documents-only",
}
_NOT_IN_5: Final = ("A006", "A037", "A038")


def only(pattern: str) -> Spelling:
    """Texts of one pattern; another one of ours cannot be said."""

    def write(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Inexpressible
        return value

    return Spelling(TEXT.read, write)


_SPELLINGS: Final[Mapping[str, Spelling]] = {
    "A005": words(
        {"active": "approved", "inactive": "draft", "archived": "expired", "invalid": "invalid"}
    ),
    "A006": MOMENT_AS_DAY,
    "A007": only("BPNL[a-zA-Z0-9]{12}"),
    "A023": only("BPNL[a-zA-Z0-9]{12}"),
    "A032": words(
        {"ev": "EV", "lmt": "LMT", "industrial": "industrial", "stationary": "industrial"}
    ),
    **{
        a.id: {"document": DOCUMENT, "documents": DOCUMENTS, "localised": TEXTS_BY_LANGUAGE}[
            a.type
        ]
        for a in attribute_table().values()
        if a.type in ("document", "documents", "localised")
    },
}
_IN_PART: Final = {"document", "documents"}  # the language of a document has no place


def _place(column: str) -> str:
    return "/" + column.replace(".", "/")


def _dated(path: str) -> str:
    return f"{path.removesuffix('/value')}/time" if path.endswith("/value") else ""


def _constant(path: str, value: Any) -> Entry:
    """What every document of the model says of itself."""
    return Entry((), path, lambda document: {}, lambda values: {path: value})


def entries(version: str) -> tuple[Entry, ...]:
    """Every attribute that the model of this version (``5``, ``6``) can hold."""
    apart: tuple[Entry, ...] = (
        predecessor(),
        codes(closed=version == "5"),
        keyed("A019", "/identification/identification/serial", "partInstanceId"),
        keyed("A020", "/identification/identification/batch", "batchId"),
        record("A016", "/identification/identification/dataCarrier",
               {"type": "carrierType", "position": "carrierLayout"}),
        record("A122", "/performance/rated/lifetime/cycleLifeTesting",
               {"charge": "appliedChargeRate", "discharge": "appliedDischargeRate"}),
        warranty(),
        *mass_and_size(),
        chemistry(),
        footprints(),
        powers(),
        present("/performance/dynamic/power/remaining", "A101", None),
        present("/performance/dynamic/roundTripEfficiency/remaining", "A108", "A109"),
        present("/performance/dynamic/resistance/remaining/pack", "A117", "A119"),
        events(),
        agents(),
        text_document("A121", "/performance/rated/lifetime/report"),
        *materials(version),
        spare_parts("/handling/content" if version == "6" else "/handling/spareParts"),
    )  # fmt: skip
    not_here = dict(NOT_HERE) | {"A102": "one-number"}
    if version == "5":
        apart = (*apart, text_document("A045", "/conformity/declarationOfConformityId"))
        not_here |= dict.fromkeys(_NOT_IN_5, "no-place")
    else:
        apart = (_constant("/specVersion", SPEC_VERSION), *apart)
    made = from_table(
        _COLUMN,
        _place,
        apart=apart,
        not_here=not_here,
        spellings=_SPELLINGS,
        units={},
        dated=_dated,
    )
    return tuple(_marked(entry) for entry in made)


def _marked(entry: Entry) -> Entry:
    kinds = {attribute_table()[id].type for id in entry.ids}
    stationary = "A032" in entry.ids or "A006" in entry.ids
    if kinds & _IN_PART or stationary:
        return replace(entry, partly=frozenset(entry.ids))
    return entry


def unpack_6(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The document of model 6 as our one part, or None."""
    return ({"": document}, {"": ""}) if _version(document) == "6" else None


def unpack_5(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The document of model 5 as our one part, or None."""
    return ({"": document}, {"": ""}) if _version(document) == "5" else None


def pack(parts: Mapping[str, Any], shape: Mapping[str, str]) -> Any:
    """The document of our one part."""
    return parts.get("", {})


def _version(document: Any) -> str:
    """The model of a document: 6 says so, 5 has no word for it."""
    if not isinstance(document, Mapping):
        return ""
    said = str(document.get("specVersion", ""))
    if "battery.battery_pass:6" in said or "battery.battery_pass/6" in said:
        return "6"
    if sum(name in document for name in ("metadata", "identification", "materials")) < 2:
        return ""
    return "6" if "commercial" in document else "5"
