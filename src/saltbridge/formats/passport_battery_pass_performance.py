"""Power and resistance in Battery Pass 1.2, as far as it says them in lists of its own."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_idta_lists import powers, rows_at
from saltbridge.formats.passport_mapping import Entry, held
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.formats.passport_spelling import day_as_moment, moment_as_day
from saltbridge.passport.model import AttributeValue, Values

Found = Mapping[str, AttributeValue]
_TECHNICAL: Final = "Performance/batteryTechicalProperties"
_CONDITION: Final = "Performance/batteryCondition"
_COMPONENTS: Final = {"A115": "pack", "A116": "module", "A114": "cell"}


def power_by_charge() -> Entry:
    """The original power capability by state of charge (A100) [W]."""
    return powers(f"{_TECHNICAL}/originalPowerCapability")


def present_power() -> Entry:
    """The present power capability (A102) [W]: the model has one state of charge."""
    path = f"{_CONDITION}/remainingPowerCapability"

    def read(document: Any) -> Found:
        one = get(document, f"{path}/remainingPowerCapabilityValue")
        if not isinstance(one, Mapping):
            return {}
        charge, value = one.get("atSoC"), one.get("powerCapabilityAt")
        if not is_number(charge) or not is_number(value):
            return {}
        day = moment_as_day(one.get("rPCLastUpdated"))
        return {"A102": held([{"state_of_charge_percent": charge, "value": value}], "W", day)}

    def write(values: Values) -> Mapping[str, Any]:
        if "A102" not in values or not values["A102"].value:
            return {}
        entry, moment = values["A102"].value[0], day_as_moment(values["A102"].measured_on)
        value = {
            "atSoC": entry["state_of_charge_percent"],
            "powerCapabilityAt": entry["value"],
            "rPCLastUpdated": moment,
        }
        return {f"{path}/remainingPowerCapabilityValue": value, f"{path}/lastUpdate": moment}

    return Entry(("A102",), path, read, write, frozenset({"A102"}))


def resistances() -> tuple[Entry, ...]:
    """Initial resistance of pack, module and cell; the increase of the pack (A118)."""
    initial = f"{_TECHNICAL}/initialInternalResistance"
    grown = f"{_CONDITION}/internalResistanceIncrease"

    def read_initial(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, initial):
            for id, component in _COMPONENTS.items():
                ohm = one.get("ohmicResistance")
                if one.get("batteryComponent") == component and is_number(ohm):
                    found.setdefault(id, held(ohm, "ohm"))
        return found

    def write_initial(values: Values) -> Mapping[str, Any]:
        made = [
            {"ohmicResistance": values[id].value, "batteryComponent": component}
            for id, component in _COMPONENTS.items()
            if id in values
        ]
        return {initial: made} if made else {}

    def read_grown(document: Any) -> Found:
        for one in rows_at(document, grown):
            value, moment = (
                one.get("internalResistanceIncreaseValue"),
                one.get("lastUpdate", MISSING),
            )
            if one.get("batteryComponent") == "pack" and is_number(value):
                day = "" if moment is MISSING else moment_as_day(moment)
                return {"A118": held(value, "%", day)}
        return {}

    def write_grown(values: Values) -> Mapping[str, Any]:
        if "A118" not in values:
            return {}
        one = {
            "internalResistanceIncreaseValue": values["A118"].value,
            "batteryComponent": "pack",
        }
        if values["A118"].measured_on:
            one["lastUpdate"] = day_as_moment(values["A118"].measured_on)
        return {grown: [one]}

    return (
        Entry(tuple(_COMPONENTS), initial, read_initial, write_initial),
        Entry(("A118",), grown, read_grown, write_grown),
    )
