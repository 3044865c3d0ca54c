"""Footprint, performance, events and spare parts in the Catena-X battery pass."""

import re
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import conversion_factor, is_number
from saltbridge.formats.passport_catena_x_lists import document_of, rendered
from saltbridge.formats.passport_idta_lists import rows_at
from saltbridge.formats.passport_mapping import Entry, held
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.formats.passport_spelling import day_as_moment, moment_as_day
from saltbridge.passport.model import AttributeValue, Values
from saltbridge.passport.stage_shares import STAGES

Found = Mapping[str, AttributeValue]
_PLAIN: Final = "text/plain"


# --- carbon footprint -----------------------------------------------------------------------

_FOOTPRINTS: Final = "/sustainability/carbonFootprint"
_STAGES: Final[Mapping[str, str]] = {
    "A049": "total",
    "A050": "raw material acquisition and pre-processing",
    "A051": "main product production",
    "A052": "distribution",
    "A053": "end of life and recycling",
}
_TYPE: Final = "Climate Change Total"
_UNIT: Final = "kg CO2e / kWh"
_PER_KWH: Final = "kgCO2e/kWh"
_PER_CENT: Final = frozenset({"%", "percent", "unit:percent"})
_CO2: Final = re.compile(r"(kg|g|t)co2(?:e|eq|-e|-eq)?/(kwh|mwh)")
_ENERGIES: Final = {"kwh": "kWh", "mwh": "MWh"}


def _amount(value: float, unit: str, id: str) -> AttributeValue | None:
    """The footprint in kg CO2e/kWh, or a stage's share in per cent; None for another unit.

    The unit is free text there: its blanks and its spelling of equivalents make no difference.
    """
    said = "".join(unit.split()).lower()
    if said in _PER_CENT and id in STAGES:
        return held(value, "%")
    if (parts := _CO2.fullmatch(said)) is None:
        return None
    read = f"{parts[1]}CO2e/{_ENERGIES[parts[2]]}"
    if read == _PER_KWH:
        return held(value, _PER_KWH)
    return held(value * conversion_factor(read, _PER_KWH), _PER_KWH)


def footprints() -> Entry:
    """The declared footprint: one entry for the total and one for each stage."""

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, _FOOTPRINTS):
            id = next((i for i, said in _STAGES.items() if said == one.get("lifecycle")), "")
            if not id or one.get("type") != _TYPE:
                continue
            number = one["value"] if is_number(one.get("value")) else 0.0
            amount = _amount(number, str(one.get("unit")), id)
            if amount is None:
                continue
            if is_number(one.get("value")):
                found.setdefault(id, amount)
            if isinstance(one.get("performanceClass"), str):
                found.setdefault("A054", held(one["performanceClass"]))
            for id, member in (("A055", "declaration"), ("A058", "rulebook")):
                if isinstance(text := get(one, f"{member}/0/content"), str):
                    found.setdefault(id, held(text))
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made = []
        for id, stage in _STAGES.items():
            if id not in values:
                continue
            one: dict[str, Any] = {"lifecycle": stage, "type": _TYPE, "unit": _UNIT}
            one["value"] = values[id].value
            if "A054" in values:
                one["performanceClass"] = values["A054"].value
            if "A055" in values:
                link = {"content": values["A055"].value, "contentType": "URL"}
                one["declaration"] = [{**link, "header": "Carbon footprint study"}]
            if "A058" in values:
                rule = {"content": values["A058"].value, "contentType": _PLAIN}
                one["rulebook"] = [{**rule, "header": "Method"}]
            made.append(one)
        return {_FOOTPRINTS: made} if made else {}

    return Entry((*_STAGES, "A054", "A055", "A058"), _FOOTPRINTS, read, write)


# --- performance ----------------------------------------------------------------------------

_POWER: Final = "/performance/rated/power"


def powers() -> Entry:
    """The original power capability at 80 % and 20 % state of charge (A100) [W]."""

    def read(document: Any) -> Found:
        listed = [
            {"state_of_charge_percent": charge, "value": value}
            for charge in (80, 20)
            if is_number(value := get(document, f"{_POWER}/at{charge}SoC"))
        ]
        return {"A100": held(listed, "W")} if listed else {}

    def write(values: Values) -> Mapping[str, Any]:
        if "A100" not in values:
            return {}
        return {
            f"{_POWER}/at{entry['state_of_charge_percent']}SoC": entry["value"]
            for entry in values["A100"].value
            if entry["state_of_charge_percent"] in (20, 80)
        }

    return Entry(("A100",), _POWER, read, write, frozenset({"A100"}))


def present(path: str, at_market: str, in_use: str | None) -> Entry:
    """One place for the value at placing on the market and for the one in use.

    The later one stands. Read, a value measured after the day of placing on the market is one
    in use; without that day it is the one at placing on the market.
    """
    ids = (at_market,) if in_use is None else (at_market, in_use)
    unit = {"A101": "W", "A108": "%", "A117": "ohm"}[at_market]

    def read(document: Any) -> Found:
        value, moment = get(document, f"{path}/value"), get(document, f"{path}/time")
        if not is_number(value):
            return {}
        day = "" if moment is MISSING else moment_as_day(moment)
        market = get(document, "/commercial/placedOnMarket")
        used = in_use is not None and isinstance(market, str) and day[:10] > market
        return {in_use if used and in_use else at_market: held(value, unit, day)}

    def write(values: Values) -> Mapping[str, Any]:
        stated = [values[id] for id in ids if id in values]
        if not stated:
            return {}
        made = {f"{path}/value": stated[-1].value}
        if stated[-1].measured_on:
            made[f"{path}/time"] = day_as_moment(stated[-1].measured_on)
        return made

    return Entry(ids, path, read, write, frozenset(ids) if in_use else frozenset())


_EVENTS: Final = "/performance/dynamic/negativeEvents"


def events() -> Entry:
    """Negative events (A140) as texts and accidents (A141) as documents: one list."""
    told = re.compile(r"(\S+)(?: (.+))?", re.DOTALL)

    def read(document: Any) -> Found:
        listed, documents = [], []
        for one in rows_at(document, _EVENTS):
            if one.get("contentType") != _PLAIN:
                documents.append(document_of(one))
            elif match := told.fullmatch(str(one.get("content"))):
                event = {"type": one.get("header"), "time": match.group(1)}
                listed.append(event | ({"detail": match.group(2)} if match.group(2) else {}))
        found = {"A140": held(listed)} if listed else {}
        return {**found, "A141": held(documents)} if documents else found

    def write(values: Values) -> Mapping[str, Any]:
        made = []
        for e in values["A140"].value if "A140" in values else []:
            content = f"{e['time']} {e['detail']}" if e.get("detail") else e["time"]
            made.append({"content": content, "contentType": _PLAIN, "header": e["type"][:100]})
        made += [rendered(one) for one in (values["A141"].value if "A141" in values else [])]
        return {_EVENTS: made} if made else {}

    return Entry(("A140", "A141"), _EVENTS, read, write, frozenset({"A140", "A141"}))


def agents() -> Entry:
    """Extinguishing agents (A042), one entry each."""
    path = "/safety/usableExtinguishAgent"

    def read(document: Any) -> Found:
        listed = [
            o["media"] for o in rows_at(document, path) if isinstance(o.get("media"), str)
        ]
        return {"A042": held(listed)} if listed else {}

    def write(values: Values) -> Mapping[str, Any]:
        if "A042" not in values:
            return {}
        return {path: [{"media": agent} for agent in values["A042"].value]}

    return Entry(("A042",), path, read, write)


def spare_parts(path: str) -> Entry:
    """Part numbers of components (A080); sources are BPNLs only and have no place."""

    def read(document: Any) -> Found:
        listed = [
            {"component": o["nameAtManufacturer"], "part_number": o["manufacturerPartId"]}
            for o in rows_at(document, f"{path}/sparePart")
            if isinstance(o.get("nameAtManufacturer"), str)
            and isinstance(o.get("manufacturerPartId"), str)
        ]
        return {"A080": held(listed)} if listed else {}

    def write(values: Values) -> Mapping[str, Any]:
        if "A080" not in values:
            return {}
        made = [
            {"manufacturerPartId": c["part_number"], "nameAtManufacturer": c["component"]}
            for c in values["A080"].value
        ]
        return {f"{path}/sparePart": made, "/handling/applicable": True}

    return Entry(("A080",), f"{path}/sparePart", read, write)
