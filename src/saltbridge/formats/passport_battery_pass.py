"""Battery Pass data model 1.2 (Battery Pass consortium): seven aspects.

The official files are UTF-16 with a byte order mark; ``passport_text`` reads them. One document
holds the aspects under their names; an aspect on its own is read too. Names that the model
misspells (``warrentyPeriod``, ``batteryTechicalProperties``, ``supplyChainIndicies``) are
frozen in its URNs and stand so here.

Units are those of the SAMM models (read 2026-11), with two exceptions: the power ratio stands
as W/Wh and power capability by state of charge in W, where the models say per cent of nothing.
Remaining capacity is kWh in the model and Ah with us: it has no place. Texts where the model
wants an address stand as ``data:`` URIs (RFC 2397).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, unquote

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.passport_battery_pass_lists import (
    addresses,
    carbon_footprint,
    dismantling,
    labels,
    spare_parts,
)
from saltbridge.formats.passport_battery_pass_materials import materials
from saltbridge.formats.passport_battery_pass_performance import (
    power_by_charge,
    present_power,
    resistances,
)
from saltbridge.formats.passport_idta_lists import events
from saltbridge.formats.passport_idta_materials import recycled
from saltbridge.formats.passport_mapping import Entry, Inexpressible, Unreadable
from saltbridge.formats.passport_spelling import (
    MONTH_AS_MOMENT,
    TEXT,
    Spelling,
    localised,
    number,
    plain,
    words,
)
from saltbridge.formats.passport_table import from_table

FORMAT: Final = "battery_pass_1_2"
_COLUMN: Final = "batterypass_1_2"
ASPECTS: Final = (
    "GeneralProductInformation",
    "Labels",
    "CarbonFootprint",
    "SupplyChainDueDiligence",
    "MaterialComposition",
    "Circularity",
    "Performance",
)
SHAPE: Final = {aspect: aspect for aspect in ASPECTS}
SCHEMAS: Final = {aspect: f"battery-pass-{aspect}" for aspect in ASPECTS}
_KNOWN_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "GeneralProductInformation": ("batteryPassportIdentifier", "productIdentifier"),
    "Labels": ("labels",),
    "CarbonFootprint": ("batteryCarbonFootprint", "carbonFootprintPerLifecycleStage"),
    "SupplyChainDueDiligence": ("supplyChainDueDiligenceReport",),
    "MaterialComposition": ("batteryMaterials", "batteryChemistry"),
    "Circularity": ("recycledContent", "endOfLifeInformation"),
    "Performance": ("batteryTechicalProperties", "batteryCondition"),
}
NOT_HERE: Final[Mapping[str, str]] = {
    "A019": "product-id",  # the column names the product identifier (A002)
    "A031": "month-of-year",  # a duration as a month of the year
    "A061": "one-number",
    "A089": "unit",
}


def _document_link(value: Any) -> str:
    """The address of a document, or of the first of several."""
    one = value[0] if isinstance(value, list) and value else value
    if not isinstance(one, Mapping) or not one.get("url"):
        raise Inexpressible
    return str(one["url"])


_LINK: Final = Spelling(lambda v: {"title": TEXT.read(v), "url": v}, _document_link)
_LINKS: Final = Spelling(lambda v: [{"title": TEXT.read(v), "url": v}], _document_link)


def _only_address(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"https?://", value):
        raise Inexpressible
    return value


_JSON_TEXT: Final = "data:application/json;charset=utf-8,"
_PLAIN_TEXT: Final = "data:text/plain;charset=utf-8,"


def _as_data(value: Any) -> str:
    if isinstance(value, str):
        return value if re.match(r"https?://", value) else _PLAIN_TEXT + quote(value)
    return _JSON_TEXT + quote(json.dumps(localised(value), ensure_ascii=False))


def _of_data(value: Any) -> Any:
    text = TEXT.read(value)
    if text.startswith(_PLAIN_TEXT):
        return unquote(text.removeprefix(_PLAIN_TEXT))
    if not text.startswith(_JSON_TEXT):
        return text
    try:
        return localised(read_json(unquote(text.removeprefix(_JSON_TEXT))))
    except FaultyInput as fault:
        raise Unreadable(_JSON_TEXT) from fault


_DATA: Final = Spelling(_of_data, _as_data)


def _short_urn(value: Any) -> str:
    """The model's pattern has no hyphens: ``urn:uuid:`` and 32 hexadecimal digits."""
    if not isinstance(value, str) or not re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", value):
        raise Inexpressible
    return value.replace("-", "")


def _long_urn(value: Any) -> str:
    match = re.fullmatch(r"urn:uuid:(.{8})(.{4})(.{4})(.{4})(.{12})", TEXT.read(value))
    return f"urn:uuid:{'-'.join(match.groups())}" if match else TEXT.read(value)


_SPELLINGS: Final[Mapping[str, Spelling]] = {
    "A001": Spelling(_long_urn, _short_urn),
    "A029": MONTH_AS_MOMENT,
    "A030": MONTH_AS_MOMENT,
    "A035": words(
        {
            "original": "Original",
            "repurposed": "Repurposed",
            "re-used": "Reused",
            "remanufactured": "Remanufactured",
            "waste": "Waste",
        }
    ),
    "A044": _LINK,
    "A046": _LINKS,
    "A059": _LINK,
    "A060": _LINKS,
    "A082": _LINK,
    "A084": _DATA,
    "A085": _DATA,
    "A086": _DATA,
    "A121": Spelling(TEXT.read, _only_address),
}
_IN_PART: Final = frozenset({"A044", "A046", "A059", "A060", "A082", "A121"})


def _place(column: str) -> str:
    return column.replace(".", "/")


def _dated(path: str) -> str:
    if "/batteryCondition/" not in path:
        return ""
    return f"{path.rpartition('/')[0]}/lastUpdate"


_TECHNICAL: Final = "Performance/batteryTechicalProperties"


def _c_rate() -> Entry:
    spelling = Spelling(
        lambda v: {"discharge": number("").read(v)}, lambda v: number("").write(v["discharge"])
    )
    entry = plain("A122", f"{_TECHNICAL}/cRateLifeCycleTest", spelling)
    return replace(entry, partly=frozenset({"A122"}))


def entries() -> tuple[Entry, ...]:
    """Every attribute that the aspects can hold."""
    names = ("recycledMaterial", "preConsumerShare", "postConsumerShare")
    apart = (
        *addresses(),
        labels(),
        carbon_footprint(),
        *materials(),
        recycled("Circularity/recycledContent", names),
        dismantling(),
        spare_parts(),
        power_by_charge(),
        present_power(),
        *resistances(),
        events("Performance/batteryCondition/negativeEvents", "negativeEvent", "lastUpdate"),
        _c_rate(),
    )
    made = from_table(
        _COLUMN,
        _place,
        apart=apart,
        not_here=NOT_HERE,
        spellings=_SPELLINGS,
        units={"A104": "kW"},
        dated=_dated,
    )
    return tuple(
        replace(entry, partly=entry.partly | (_IN_PART & set(entry.ids))) for entry in made
    )


def unpack(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The aspects of a document, or one aspect on its own; None for any other document."""
    if not isinstance(document, Mapping):
        return None
    shape = {aspect: aspect for aspect in ASPECTS if aspect in document}
    if shape:
        rest = {key: key for key in document if key not in shape}
        return dict(document), shape | rest
    for aspect, members in _KNOWN_BY.items():
        if any(m in document for m in members):
            return {aspect: document}, {aspect: ""}
    return None


def pack(parts: Mapping[str, Any], shape: Mapping[str, str]) -> Any:
    """The document of the aspects."""
    if list(shape.values()) == [""]:
        return parts.get(next(iter(shape)), {})
    return dict(parts)
