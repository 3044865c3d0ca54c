"""What the IDTA submodels say in lists and groups of their own: the small tables beside.

Each function gives the entries of one such group; the places are the parts of
``passport_idta.py``.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_mapping import Entry, held
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.formats.passport_spelling import (
    LANGUAGE_MAPS,
    day_as_moment,
    moment_as_day,
    tagged,
    untagged,
)
from saltbridge.passport.model import AttributeValue, Values

Found = Mapping[str, AttributeValue]


def rows_at(document: Any, path: str) -> list[Mapping[str, Any]]:
    listed = get(document, path)
    return [e for e in listed if isinstance(e, Mapping)] if isinstance(listed, list) else []


def first_text(maps: Any) -> str:
    """The text of a language map in any spelling; empty where there is none."""
    if maps is MISSING or not maps:
        return ""
    texts: dict[str, str] = LANGUAGE_MAPS.read(maps)
    return texts.get("en") or next(iter(texts.values()))


# --- address --------------------------------------------------------------------------------

_ADDRESS: Final = "P1/AddressInformation"
_LINES: Final = {
    "country": "NationalCode",
    "city": "CityTown",
    "street": "Street",
    "postal_code": "ZipCode",
    "province": "StateCounty",
}
_CONTACT: Final = {"email": "Email/EmailAddress", "web": "AddressOfAdditionalLink"}


def address() -> Entry:
    """Address and contact of the manufacturer (A024, A025)."""

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        lines = {
            ours: said
            for ours, theirs in _LINES.items()
            if (said := first_text(get(document, f"{_ADDRESS}/{theirs}")))
        }
        contact = {
            ours: said
            for ours, theirs in _CONTACT.items()
            if isinstance(said := get(document, f"{_ADDRESS}/{theirs}"), str)
        }
        if lines:
            found["A024"] = held(lines)
        if contact:
            found["A025"] = held(contact)
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made: dict[str, Any] = {}
        if "A024" in values:
            for ours, theirs in _LINES.items():
                if values["A024"].value.get(ours):
                    made[f"{_ADDRESS}/{theirs}"] = [{"en": values["A024"].value[ours]}]
        if "A025" in values:
            for ours, theirs in _CONTACT.items():
                if values["A025"].value.get(ours):
                    made[f"{_ADDRESS}/{theirs}"] = values["A025"].value[ours]
        return made

    return Entry(("A024", "A025"), _ADDRESS, read, write)


# --- markings -------------------------------------------------------------------------------

_MARKINGS: Final = "P1/Markings"
_COLLECTION: Final = "Separate collection symbol"
_METALS: Final = "Heavy metal symbols"
_MEANING: Final = "Meaning of the labels"
_CARBON: Final = "Carbon footprint label"


def markings() -> tuple[Entry, ...]:
    """Symbols, marks and what they mean (A039, A040, A041, A043, A048): one list."""

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        names = []
        for one in rows_at(document, _MARKINGS):
            name, more = one.get("MarkingName"), one.get("MarkingAdditionalText")
            if name == _COLLECTION:
                found["A039"] = held(True)
            elif name == _METALS and isinstance(more, str):
                found["A040"] = held(more)
            elif name == _MEANING and isinstance(more, str):
                found["A043"] = held(untagged(re.split(r"\n(?=\[[a-z]{2}\] )", more)))
            elif name == _CARBON:
                found["A041"] = held({"title": _CARBON, "url": get(one, "MarkingFile/value")})
            elif isinstance(name, str):
                names.append(name)
        return {**found, "A048": held(names)} if names else found

    def write(values: Values) -> Mapping[str, Any]:
        made: list[dict[str, Any]] = []
        if "A048" in values:
            made += [{"MarkingName": name} for name in values["A048"].value]
        if "A039" in values and values["A039"].value is True:
            made.append({"MarkingName": _COLLECTION})
        if "A040" in values:
            made.append({"MarkingName": _METALS, "MarkingAdditionalText": values["A040"].value})
        if "A041" in values and values["A041"].value.get("url"):
            link = {"value": values["A041"].value["url"], "contentType": "image/svg+xml"}
            made.append({"MarkingName": _CARBON, "MarkingFile": link})
        if "A043" in values:
            text = "\n".join(tagged(values["A043"].value))
            made.append({"MarkingName": _MEANING, "MarkingAdditionalText": text})
        return {_MARKINGS: made} if made else {}

    ids = ("A039", "A040", "A041", "A043", "A048")
    return (Entry(ids, _MARKINGS, read, write, frozenset({"A041"})),)


# --- carbon footprint -----------------------------------------------------------------------

_FOOTPRINTS: Final = "P3/ProductCarbonFootprints"
_RAW = "A1 - raw material supply (and upstream production)"
_PHASES: Final[Mapping[str, tuple[str, ...]]] = {
    "A050": (_RAW,),
    "A051": ("A3 - production",),
    "A052": ("A4 - transport to final destination",),
    "A053": ("C1-C4",),
}
_ALL: Final = tuple(p for phases in _PHASES.values() for p in phases)


def footprints() -> Entry:
    """The declared footprint: per kWh in all and by stage, and in absolute terms.

    The model has modules of EN 15804 and no stages of the Regulation: raw material acquisition
    and pre-processing is A1, production A3, distribution A4, end of life C1-C4.
    """
    ids = ("A049", *_PHASES, "A054", "A055", "A057", "A058")

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, _FOOTPRINTS):
            phases = one.get("LifeCyclePhases")
            phases = (phases,) if isinstance(phases, str) else tuple(phases or ())
            per_kwh = str(one.get("ReferenceImpactUnitForCalculation")).lower() == "kwh"
            amount, quantity = one.get("PcfCo2eq"), one.get("QuantityOfMeasureForCalculation")
            id = next((i for i, p in _PHASES.items() if p == phases), "")
            if set(phases) == set(_ALL):
                id = "A049" if per_kwh else "A057"
            if not id or quantity != 1 or not is_number(amount):
                continue
            if per_kwh != (id != "A057"):
                continue
            found[id] = held(amount, "kgCO2e" if id == "A057" else "kgCO2e/kWh")
            if id == "A049":
                found |= _beside(one)
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made = []
        for id, phases in (("A049", _ALL), *_PHASES.items(), ("A057", _ALL)):
            if id in values:
                made.append(_footprint(values, id, list(phases)))
        return {_FOOTPRINTS: made} if made else {}

    return Entry(ids, _FOOTPRINTS, read, write)


def _beside(one: Mapping[str, Any]) -> dict[str, AttributeValue]:
    found = {}
    methods, links = (
        one.get("PcfCalculationMethods"),
        one.get("WebLinkToPublicCarbonFootprintStudy"),
    )
    if isinstance(methods, list) and len(methods) == 1:
        found["A058"] = held(methods[0])
    if isinstance(links, list) and len(links) == 1:
        found["A055"] = held(links[0])
    if isinstance(one.get("PerformanceClass"), str):
        found["A054"] = held(one["PerformanceClass"])
    return found


def _footprint(values: Values, id: str, phases: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "PcfCo2eq": values[id].value,
        "ReferenceImpactUnitForCalculation": "piece" if id == "A057" else "kwH",
        "QuantityOfMeasureForCalculation": 1,
        "LifeCyclePhases": phases,
    }
    if "A058" in values:
        made["PcfCalculationMethods"] = [values["A058"].value]
    if "A055" in values:
        made["WebLinkToPublicCarbonFootprintStudy"] = [values["A055"].value]
    if "A054" in values:
        made["PerformanceClass"] = values["A054"].value
    return made


# --- power ----------------------------------------------------------------------------------

_POWERS: Final = "P4/TechnicalPropertyAreas/PowerCapability/OriginalPowerCapability"
_PRESENT: Final = "P5/RemainingPowerCapability"


def powers(path: str = _POWERS) -> Entry:
    """The original power capability by state of charge (A100) [W].

    Battery Pass 1.2, from which the model grew, says it in the same members at another path.
    """

    def read(document: Any) -> Found:
        listed = [
            {"state_of_charge_percent": e["atSoC"], "value": e["powerCapabilityAt"]}
            for e in rows_at(document, path)
            if is_number(e.get("atSoC")) and is_number(e.get("powerCapabilityAt"))
        ]
        return {"A100": held(listed, "W")} if listed else {}

    def write(values: Values) -> Mapping[str, Any]:
        if "A100" not in values:
            return {}
        return {
            path: [
                {"atSoC": e["state_of_charge_percent"], "powerCapabilityAt": e["value"]}
                for e in values["A100"].value
            ]
        }

    return Entry(("A100",), path, read, write)


def _original(values: Values, state_of_charge: float) -> float | None:
    if "A100" not in values:
        return None
    for entry in values["A100"].value:
        if entry["state_of_charge_percent"] == state_of_charge:
            return float(entry["value"])
    return None


def present_power() -> Entry:
    """The present power capability (A102): one state of charge, in per cent of the original."""

    def read(document: Any) -> Found:
        one = get(document, f"{_PRESENT}/RemainingPowerCapabilityValue")
        if not isinstance(one, Mapping):
            return {}
        charge, percent = one.get("AtSoC"), one.get("PowerCapabilityAt")
        if not is_number(charge) or not is_number(percent):
            return {}
        original = _original(powers().read(document), charge)
        if original is None:
            return {}
        day = moment_as_day(one.get("RPCLastUpdated"))
        entry = {"state_of_charge_percent": charge, "value": tidy(original * percent / 100)}
        return {"A102": held([entry], "W", day)}

    def write(values: Values) -> Mapping[str, Any]:
        if "A102" not in values or not values["A102"].value:
            return {}
        entry = values["A102"].value[0]
        original = _original(values, entry["state_of_charge_percent"])
        if not original:
            return {}
        moment = day_as_moment(values["A102"].measured_on)
        value = {
            "RPCLastUpdated": moment,
            "AtSoC": entry["state_of_charge_percent"],
            "PowerCapabilityAt": tidy(100 * entry["value"] / original),
        }
        return {
            f"{_PRESENT}/RemainingPowerCapabilityValue": value,
            f"{_PRESENT}/LastUpdate": moment,
        }

    return Entry(("A102",), _PRESENT, read, write, frozenset({"A102"}))


def tidy(value: float) -> float:
    return float(f"{value:.12g}")


def events(path: str, name: str, moment: str) -> Entry:
    """Negative events (A140): a type and a time, and nothing more."""

    def read(document: Any) -> Found:
        listed = [
            {"type": one[name], "time": one[moment]}
            for one in rows_at(document, path)
            if isinstance(one.get(name), str) and isinstance(one.get(moment), str)
        ]
        return {"A140": held(listed)} if listed else {}

    def write(values: Values) -> Mapping[str, Any]:
        if "A140" not in values:
            return {}
        return {
            path: [
                {name: e["type"], moment: day_as_moment(e["time"])}
                for e in values["A140"].value
            ]
        }

    return Entry(("A140",), path, read, write, frozenset({"A140"}))
