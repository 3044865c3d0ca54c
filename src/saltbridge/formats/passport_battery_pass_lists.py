"""What Battery Pass 1.2 says in groups and lists of its own: small tables beside."""

import re
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_idta_lists import rows_at
from saltbridge.formats.passport_mapping import Entry, held
from saltbridge.formats.passport_paths import get
from saltbridge.formats.passport_spelling import (
    LANGUAGE_MAPS,
    localised,
)
from saltbridge.passport.model import AttributeValue, Values

Found = Mapping[str, AttributeValue]
_GENERAL: Final = "GeneralProductInformation"
# The model's own pattern for an e-mail address: a backslash was lost, so few pass.
_EMAIL: Final = re.compile(r"[w.-]+@[w.-]+.[A-Za-z]{2,}")


# --- parties and places ---------------------------------------------------------------------


def _lines(address: Any) -> str:
    """An address in one line."""
    if not isinstance(address, Mapping):
        return str(address or "")
    order = ("street", "city", "province")
    return ", ".join(str(address[part]) for part in order if address.get(part))


def _postal(path: str, address: Any) -> dict[str, Any]:
    made = {f"{path}/streetAddress": _lines(address)} if _lines(address) else {}
    if isinstance(address, Mapping):
        for ours, theirs in (("country", "addressCountry"), ("postal_code", "postalCode")):
            if address.get(ours):
                made[f"{path}/{theirs}"] = address[ours]
    return made


def _read_postal(document: Any, path: str, street: str) -> dict[str, str]:
    members = {
        "country": "addressCountry",
        "postal_code": "postalCode",
        street: "streetAddress",
    }
    found = {ours: get(document, f"{path}/{theirs}") for ours, theirs in members.items()}
    return {k: v for k, v in found.items() if isinstance(v, str)}


def addresses() -> tuple[Entry, ...]:
    """Manufacturer (A024, A025), operator (A026) and plant (A028).

    The model has one line for street and city: they are written into it and read as the street
    (of a plant: as the city).
    """
    maker, operator = f"{_GENERAL}/manufacturerInformation", f"{_GENERAL}/operatorInformation"
    plant = f"{_GENERAL}/manufacturingPlace"

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        if lines := _read_postal(document, f"{maker}/postalAddress", "street"):
            found["A024"] = held(lines)
        if contact := _contact(document, maker):
            found["A025"] = held(contact)
        name = get(document, f"{operator}/contactName")
        if isinstance(name, str):
            lines = _read_postal(document, f"{operator}/postalAddress", "street")
            order = ("street", "postal_code", "country")
            address = ", ".join(lines[part] for part in order if part in lines)
            found["A026"] = held(
                {"name": name, "address": address, **_contact(document, operator)}
            )
        if lines := _read_postal(document, plant, "city"):
            found["A028"] = held(lines)
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made: dict[str, Any] = {}
        if "A024" in values:
            made |= _postal(f"{maker}/postalAddress", values["A024"].value)
        if "A025" in values:
            made |= _written_contact(maker, values["A025"].value)
        if "A026" in values:
            stated = values["A026"].value
            made[f"{operator}/contactName"] = stated["name"]
            made |= _postal(f"{operator}/postalAddress", stated.get("address"))
            made |= _written_contact(operator, stated)
        if "A028" in values:
            made |= _postal(plant, values["A028"].value)
        return made

    ids = ("A024", "A025", "A026", "A028")
    return (Entry(ids, maker, read, write, frozenset(ids)),)


def _contact(document: Any, path: str) -> dict[str, str]:
    members = {"email": "emailAddress", "web": "webAddress"}
    found = {ours: get(document, f"{path}/{theirs}") for ours, theirs in members.items()}
    return {k: v for k, v in found.items() if isinstance(v, str)}


def _written_contact(path: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    made = {}
    if stated.get("web"):
        made[f"{path}/webAddress"] = stated["web"]
    if stated.get("email") and _EMAIL.fullmatch(stated["email"]):
        made[f"{path}/emailAddress"] = stated["email"]
    return made


# --- labels ---------------------------------------------------------------------------------

_LABELS: Final = "Labels/labels"


def labels() -> Entry:
    """Collection symbol (A039), metals (A040), footprint label (A041), meanings (A043)."""

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, _LABELS):
            subject, meaning = one.get("labelingSubject"), one.get("labelingMeaning")
            if subject == "SeparateCollection":
                found["A039"] = held(True)
                if meaning:
                    found["A043"] = held(LANGUAGE_MAPS.read(meaning))
            elif subject == "HazardousMaterial" and meaning:
                said = LANGUAGE_MAPS.read(meaning)
                found["A040"] = held(said.get("en") or next(iter(said.values())))
            elif subject == "CarbonFootPrint" and isinstance(one.get("labelingSymbol"), str):
                link = one["labelingSymbol"]
                found["A041"] = held({"title": link, "url": link})
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made: list[dict[str, Any]] = []
        if "A039" in values and values["A039"].value is True:
            one: dict[str, Any] = {"labelingSubject": "SeparateCollection"}
            if "A043" in values:
                one["labelingMeaning"] = localised(values["A043"].value)
            made.append(one)
        if "A040" in values and values["A040"].value != "none":
            meaning = {"en": values["A040"].value}
            made.append({"labelingSubject": "HazardousMaterial", "labelingMeaning": meaning})
        if "A041" in values and values["A041"].value.get("url"):
            link = values["A041"].value["url"]
            made.append({"labelingSubject": "CarbonFootPrint", "labelingSymbol": link})
        return {_LABELS: made} if made else {}

    ids = ("A039", "A040", "A041", "A043")
    return Entry(ids, _LABELS, read, write, frozenset(ids))


# --- carbon footprint -----------------------------------------------------------------------

_STAGES_AT: Final = "CarbonFootprint/carbonFootprintPerLifecycleStage"
_STAGES: Final = {
    "A050": "RawMaterialExtraction",
    "A051": "MainProduction",
    "A052": "Distribution",
    "A053": "Recycling",
}


def carbon_footprint() -> Entry:
    """The footprint by stage (A050 to A053) [kg CO2e/kWh]."""

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, _STAGES_AT):
            for id, stage in _STAGES.items():
                if one.get("lifecycleStage") == stage and is_number(one.get("carbonFootprint")):
                    found.setdefault(id, held(one["carbonFootprint"], "kgCO2e/kWh"))
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made = [
            {"lifecycleStage": stage, "carbonFootprint": values[id].value}
            for id, stage in _STAGES.items()
            if id in values
        ]
        return {_STAGES_AT: made} if made else {}

    return Entry(tuple(_STAGES), _STAGES_AT, read, write)


# --- circularity ----------------------------------------------------------------------------

_MANUALS_AT: Final = "Circularity/dismantlingAndRemovalInformation"
_MANUALS: Final = {"A078": "RemovalManual", "A079": "DismantlingManual"}
_SOURCES: Final = "Circularity/sparePartSources"


def dismantling() -> Entry:
    """Removal (A078) and dismantling (A079) manuals by their address."""

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, _MANUALS_AT):
            for id, kind in _MANUALS.items():
                link = one.get("documentURL")
                if one.get("documentType") == kind and isinstance(link, str):
                    found.setdefault(id, held({"title": link, "url": link}))
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made = [
            {"documentType": kind, "documentURL": values[id].value["url"]}
            for id, kind in _MANUALS.items()
            if id in values and values[id].value.get("url")
        ]
        return {_MANUALS_AT: made} if made else {}

    return Entry(tuple(_MANUALS), _MANUALS_AT, read, write, frozenset(_MANUALS))


def spare_parts() -> Entry:
    """Component part numbers (A080), with the first of the sources of spare parts (A081)."""

    def read(document: Any) -> Found:
        components, sources = [], []
        for one in rows_at(document, _SOURCES):
            components += [
                {"component": c["partName"], "part_number": c["partNumber"]}
                for c in rows_at(one, "components")
                if isinstance(c.get("partName"), str) and isinstance(c.get("partNumber"), str)
            ]
            if isinstance(one.get("nameOfSupplier"), str):
                lines = _read_postal(one, "addressOfSupplier", "street")
                row = {
                    "name": one["nameOfSupplier"],
                    "address": lines["street"] if lines.keys() == {"street"} else lines,
                    "email": one.get("emailAddressOfSupplier"),
                    "web": one.get("supplierWebAddress"),
                }
                sources.append({k: v for k, v in row.items() if v})
        found = {"A080": held(components)} if components else {}
        return {**found, "A081": held(sources)} if sources else found

    def write(values: Values) -> Mapping[str, Any]:
        made = [_source(row) for row in (values["A081"].value if "A081" in values else [])]
        if "A080" in values:
            made = made or [{}]
            made[0]["components"] = [
                {"partName": c["component"], "partNumber": c["part_number"]}
                for c in values["A080"].value
            ]
        return {_SOURCES: made} if made else {}

    return Entry(("A080", "A081"), _SOURCES, read, write, frozenset({"A081"}))


def _source(row: Mapping[str, Any]) -> dict[str, Any]:
    postal = {k.rpartition("/")[2]: v for k, v in _postal("", row.get("address")).items()}
    made: dict[str, Any] = {"nameOfSupplier": row["name"], "addressOfSupplier": postal}
    if row.get("email") and re.fullmatch(r"[\w.-]+@[\w.-]+\.[A-Za-z]{2,}", row["email"]):
        made["emailAddressOfSupplier"] = row["email"]
    if row.get("web"):
        made["supplierWebAddress"] = row["web"]
    return made
