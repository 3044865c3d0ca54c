"""Materials in Battery Pass 1.2: the IDTA part 6 grew out of it, with a capital and in kg.

The entries are those of part 6 (``passport_idta_materials``), told in this model's names:
members begin with a small letter, and a material's mass is in grams.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_idta_lists import tidy
from saltbridge.formats.passport_idta_materials import materials as idta_materials
from saltbridge.formats.passport_mapping import Entry
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.passport.model import AttributeValue, Values

_PART: Final = "MaterialComposition"
_MASS: Final = "GeneralProductInformation/batteryMass"


def materials() -> tuple[Entry, ...]:
    """Chemistry, composition, critical raw materials and hazardous substances."""
    return tuple(_told_here(entry) for entry in idta_materials())


def _told_here(entry: Entry) -> Entry:
    def read(document: Any) -> Mapping[str, AttributeValue]:
        part, mass = get(document, _PART), get(document, _MASS)
        if part is MISSING:
            return {}
        theirs = {"P6": _renamed(part, str.upper, 1e-3)}
        if mass is not MISSING:
            theirs["P4"] = {"GeneralInformation": {"BatteryMass": mass}}
        return entry.read(theirs)

    def write(values: Values) -> Mapping[str, Any]:
        return {
            "/".join((_PART, *(_first(s, str.lower) for s in path.split("/")[1:]))): _renamed(
                value, str.lower, 1e3
            )
            for path, value in entry.write(values).items()
        }

    steps = entry.path.split("/")[1:]
    path = "/".join((_PART, *(_first(s, str.lower) for s in steps)))
    return replace(entry, path=path, read=read, write=write)


def _renamed(node: Any, case: Any, times: float) -> Any:
    if isinstance(node, Mapping):
        return {
            _first(k, case): tidy(v * times)
            if k.lower() == "batterymaterialmass" and is_number(v)
            else _renamed(v, case, times)
            for k, v in node.items()
        }
    return [_renamed(v, case, times) for v in node] if isinstance(node, list) else node


def _first(name: str, case: Any) -> str:
    return f"{case(name[:1])}{name[1:]}"
