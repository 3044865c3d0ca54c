"""CX-0160: the seven IDTA 02035 submodels and the DPP metadata of IDTA 02099-1, value-only.

One document holds the passport as IDTA 02099-1 puts it together: the metadata, and one member
for each submodel under its semantic id. A submodel on its own is read too. Inside, the parts
are called P1 … P7 and DPP, as in the path column of the attribute table.

Units are those of the SAMM models (read 2026-11): remaining capacity is in Ah as product
condition 1.0.2 has it (1.0.1 says kWh); the power ratio stands as W/Wh though the model says
per cent; the present power capability is per cent of the original one at the same state of
charge.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from saltbridge.formats.passport_idta_documents import documents
from saltbridge.formats.passport_idta_lists import (
    address,
    events,
    footprints,
    markings,
    powers,
    present_power,
)
from saltbridge.formats.passport_idta_materials import materials, recycled, spare_parts
from saltbridge.formats.passport_mapping import Entry
from saltbridge.formats.passport_spelling import (
    IN_LANGUAGES,
    ONE_OF_TEXTS,
    TAGGED,
    TEXT,
    TEXTS,
    Spelling,
    number,
    plain,
    words,
)
from saltbridge.formats.passport_table import from_table

FORMAT: Final = "idta_02035"
_SAMM: Final = "urn:samm:io.admin-shell.idta."
SEMANTIC_IDS: Final[Mapping[str, str]] = {
    "P1": f"{_SAMM}batterypass.digital_nameplate:1.0.0#BatteryNameplate",
    "P2": f"{_SAMM}batterypass.handover_documentation:1.0.0#HandoverDocumentation",
    "P3": f"{_SAMM}batterypass.carbon_footprint:1.0.0#CarbonFootprintBattery",
    "P4": f"{_SAMM}batterypass.technical_data:1.0.1#TechnicalData",
    "P5": f"{_SAMM}batterypass.product_condition:1.0.1#ProductCondition",
    "P6": f"{_SAMM}batterypass.material_composition:1.0.1#MaterialComposition",
    "P7": f"{_SAMM}batterypass.circularity:1.0.0#Circularity",
}
METADATA: Final = f"{_SAMM}dpp.dpp_metadata:1.0.0#DppMetadata"
SCHEMAS: Final[Mapping[str, str]] = {
    **{part: f"idta-{part[1]}" for part in SEMANTIC_IDS},
    "DPP": "idta-dpp",
}
# A member that only this part has: how a submodel on its own is known.
_KNOWN_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "P1": ("URIOfTheProduct", "LifeCycleStage", "ManufacturerName"),
    "P2": ("Documents",),
    "P3": ("ProductCarbonFootprints",),
    "P4": ("TechnicalPropertyAreas",),
    "P5": ("NumberOfFullCycles", "TemperatureInformation", "StateOfCharge"),
    "P6": ("BatteryChemistry", "BatteryMaterials"),
    "P7": ("RecycledContentInformation", "SafetyMeasures", "EndOfLifeInformation"),
}
_METADATA_MEMBERS: Final = frozenset(
    {
        "digitalProductPassportId",
        "uniqueProductIdentifier",
        "granularity",
        "dppSchemaVersion",
        "dppStatus",
        "lastUpdate",
        "economicOperatorId",
        "facilityId",
        "contentSpecificationIds",
    }
)
# Semantic ids are matched without their version: 1.0.0, 1.0.1 and 1.0.2 differ in little.
_PART_OF: Final = {s.split(":1.")[0]: p for p, s in SEMANTIC_IDS.items()}

NOT_HERE: Final[Mapping[str, str]] = {
    "A028": "facility-id",  # the column names the identifier of the facility (A008)
    "A101": "no-place",
}
_SPELLINGS: Final[Mapping[str, Spelling]] = {
    "A022": IN_LANGUAGES,
    "A003": words({"item": "Item", "batch": "Batch", "model": "Model"}),
    "A005": words(
        {
            "active": "Active",
            "inactive": "Inactive",
            "archived": "Archived",
            "invalid": "Invalid",
        }
    ),
    "A121": ONE_OF_TEXTS,
    "A084": TAGGED,
    "A085": TAGGED,
    "A086": TAGGED,
}


def _place(column: str) -> str:
    return column.replace(":", "/").replace(".", "/")


def _dated(path: str) -> str:
    part, _, rest = path.partition("/")
    return f"{part}/{rest.rpartition('/')[0]}/LastUpdate" if part == "P5" else ""


def _c_rate() -> Entry:
    """The model has one rate, that of discharging."""
    path = "P4/TechnicalPropertyAreas/Lifetime/CrateOfRelevantCycleLifeTest"
    spelling = Spelling(
        lambda v: {"discharge": number("").read(v)}, lambda v: number("").write(v["discharge"])
    )
    return replace(plain("A122", path, spelling), partly=frozenset({"A122"}))


def entries() -> tuple[Entry, ...]:
    """Every attribute that the submodels can hold."""
    apart = (
        *documents(),
        address(),
        *markings(),
        footprints(),
        powers(),
        present_power(),
        events("P5/NegativeEvents", "NegativeEventValue", "LastUpdate"),
        _c_rate(),
        *materials(),
        recycled(),
        *spare_parts(),
        plain("A113", "P5/EvolutionOfSelfDischarge/EvolutionOfSelfDischargeValue",
              number("%"), dated="P5/EvolutionOfSelfDischarge/LastUpdate"),
        plain("A112", "P5/CurrentSelfDischargingRate/CurrentSelfDischargingRateValue",
              number(""), dated="P5/CurrentSelfDischargingRate/LastUpdate"),
        plain("A111", "P4/TechnicalPropertyAreas/RoundTripEnergyEfficiency/"
              "InitialSelfDischargingRate", number("")),
        plain("A009", "DPP/contentSpecificationIds", TEXTS),
    )  # fmt: skip
    first = from_table(
        FORMAT,
        _place,
        apart=apart,
        not_here=NOT_HERE,
        spellings=_SPELLINGS,
        units={},
        dated=_dated,
    )
    copies = (
        plain("A002", "DPP/uniqueProductIdentifier", TEXT),
        plain("A007", "DPP/economicOperatorId", TEXT),
        plain("A008", "DPP/facilityId", TEXT),
        plain("A022", "P4/GeneralInformation/ManufacturerName", TEXT),
        plain("A023", "P4/GeneralInformation/ManufacturerIdentifier", TEXT),
    )
    return (*first, *copies)


def finish(parts: dict[str, Any]) -> None:
    """Name the submodels that are there in the metadata."""
    if "DPP" in parts:
        there = [id for part, id in SEMANTIC_IDS.items() if part in parts]
        parts["DPP"].setdefault("contentSpecificationIds", there)


def unpack(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The parts of a document and the members they stood in; None where it is no such document.

    A submodel on its own has no member. What stands beside the submodels is the metadata.
    """
    if not isinstance(document, Mapping):
        return None
    shape = {part: str(key) for key in document if (part := part_of(str(key)))}
    if shape:
        parts = {part: document[key] for part, key in shape.items()}
        rest = {k: v for k, v in document.items() if k not in shape.values()}
        return ({**parts, "DPP": rest} if rest else parts), shape
    for part, members in _KNOWN_BY.items():
        if any(m in document for m in members):
            return {part: document}, {part: ""}
    # Metadata and nothing else; with other members it is a passport by EN 18223.
    if document and document.keys() <= _METADATA_MEMBERS:
        return {"DPP": document}, {"DPP": ""}
    return None


def pack(parts: Mapping[str, Any], shape: Mapping[str, str]) -> Any:
    """The document of the parts; what ``unpack`` took apart, put together again."""
    if list(shape.values()) == [""]:
        return parts.get(next(iter(shape)), {})
    under = {shape.get(p) or SEMANTIC_IDS[p]: d for p, d in parts.items() if p != "DPP"}
    return {**parts.get("DPP", {}), **under}


def part_of(key: str) -> str:
    """The part that a semantic id names, whatever its version; empty for none."""
    return _PART_OF.get(re.split(r":\d", key)[0], "")
