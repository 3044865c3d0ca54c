"""Materials and circularity in the IDTA submodels (parts 6 and 7): small tables beside."""

import re
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_idta_lists import first_text, rows_at, tidy
from saltbridge.formats.passport_mapping import Entry, held
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.formats.passport_spelling import tagged, untagged
from saltbridge.passport.model import AttributeValue, Values, number_of

Found = Mapping[str, AttributeValue]

# --- materials ------------------------------------------------------------------------------

_MATERIALS: Final = "P6/BatteryMaterials"
_SUBSTANCES: Final = "P6/HazardousSubstances"
_HAZARDS: Final = (  # the three classes the model knows, by H statement (CLP, Annex I)
    ("AcuteToxicity", r"H3[013][012]\b"),
    ("SkinCorrosionOrIrritation", r"H31[45]\b"),
    ("EyeDamageOrIrritation", r"H31[89]\b"),
)


def materials() -> tuple[Entry, ...]:
    """Chemistry, composition, critical raw materials and hazardous substances (part 6)."""
    return (_chemistry(), _composition(), _substances())


def _chemistry() -> Entry:
    path = "P6/BatteryChemistry"

    def read(document: Any) -> Found:
        code, name = get(document, f"{path}/ShortName"), get(document, f"{path}/ClearName")
        if not isinstance(code, str) or not isinstance(name, str):
            return {}
        return {"A063": held({"code": code, "name": name})}

    def write(values: Values) -> Mapping[str, Any]:
        if "A063" not in values:
            return {}
        said = values["A063"].value
        return {f"{path}/ShortName": said["code"], f"{path}/ClearName": said["name"]}

    return Entry(("A063",), path, read, write)


def _composition() -> Entry:
    """The model gives kilograms where we hold per cent of the battery's mass (A033).

    A critical raw material that is no row of the composition gets a row of its own, so that the
    public list can be read without the restricted masses.
    """

    def read(document: Any) -> Found:
        mass = get(document, "P4/GeneralInformation/BatteryMass")
        rows, critical = [], []
        for one in rows_at(document, _MATERIALS):
            name = one.get("BatteryMaterialName")
            if isinstance(name, str) and one.get("IsCriticalRawMaterial") is True:
                critical.append(name)
            share = one.get("BatteryMaterialMass")
            if isinstance(name, str) and is_number(share) and is_number(mass) and mass:
                row = {
                    "name": name,
                    "component": get(one, "BatteryMaterialLocation/ComponentName"),
                    "mass_percent": tidy(100 * share / mass),
                    "cas": one.get("BatteryMaterialIdentifier"),
                }
                rows.append({k: v for k, v in row.items() if v not in (None, MISSING)})
        found = {"A064": held(critical)} if critical else {}
        return {**found, "A065": held(rows)} if rows else found

    def write(values: Values) -> Mapping[str, Any]:
        mass = number_of(values, "A033")
        critical = list(values["A064"].value) if "A064" in values else []
        made = []
        for row in values["A065"].value if "A065" in values and mass else []:
            one = {
                "BatteryMaterialName": row["name"],
                "BatteryMaterialLocation": {"ComponentName": row["component"]},
                "BatteryMaterialMass": tidy(row["mass_percent"] * mass / 100),
                "IsCriticalRawMaterial": row["name"] in critical,
            }
            if row.get("cas"):
                one["BatteryMaterialIdentifier"] = row["cas"]
            made.append(one)
        named = {one["BatteryMaterialName"] for one in made}
        made += [
            {"BatteryMaterialName": name, "IsCriticalRawMaterial": True}
            for name in critical
            if name not in named
        ]
        return {_MATERIALS: made} if made else {}

    return Entry(("A064", "A065"), _MATERIALS, read, write)


def _substances() -> Entry:
    """Hazardous substances (A066) and their impacts (A068), which stand with each of them."""

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        rows = []
        for one in rows_at(document, _SUBSTANCES):
            row = {
                "name": one.get("HazardousSubstanceName"),
                "hazard": one.get("HazardousSubstanceClass"),
                "cas": one.get("HazardousSubstanceIdentifier"),
                "mass_percent": one.get("HazardousSubstanceConcentration"),
                "location": get(one, "HazardousSubstanceLocation/ComponentName"),
            }
            rows.append({k: v for k, v in row.items() if v not in (None, MISSING)})
            impacts = one.get("HazardousSubstanceImpact")
            if impacts:
                found.setdefault("A068", held(untagged(impacts)))
        return {"A066": held(rows), **found} if rows else found

    def write(values: Values) -> Mapping[str, Any]:
        made = []
        for row in values["A066"].value if "A066" in values else []:
            one: dict[str, Any] = {"HazardousSubstanceName": row["name"]}
            if hazard := _hazard_class(row["hazard"]):
                one["HazardousSubstanceClass"] = hazard
            if row.get("cas"):
                one["HazardousSubstanceIdentifier"] = row["cas"]
            if row.get("mass_percent") is not None:
                one["HazardousSubstanceConcentration"] = row["mass_percent"]
            if row.get("location"):
                one["HazardousSubstanceLocation"] = {"ComponentName": row["location"]}
            if "A068" in values:
                one["HazardousSubstanceImpact"] = tagged(values["A068"].value)
            made.append(one)
        return {_SUBSTANCES: made} if made else {}

    return Entry(("A066", "A068"), _SUBSTANCES, read, write, frozenset({"A066"}))


def _hazard_class(stated: str) -> str:
    """The class of the model for a list of H statements; empty where none of the three fits."""
    if stated in (name for name, _ in _HAZARDS):
        return stated
    return next((name for name, pattern in _HAZARDS if re.search(pattern, stated)), "")


# --- circularity ----------------------------------------------------------------------------

_RECYCLED: Final = "P7/RecycledContentInformation"
METALS: Final[Mapping[str, tuple[str, str]]] = {
    "Nickel": ("A069", "A070"),
    "Cobalt": ("A071", "A072"),
    "Lithium": ("A073", "A074"),
    "Lead": ("A075", "A076"),
}
_SOURCES: Final = "P7/SparePartSources"


def recycled(path: str = _RECYCLED, names: tuple[str, str, str] | None = None) -> Entry:
    """Recycled content by metal, before and after the consumer [%]."""
    metal_at, pre_at, post_at = names or (
        "RecycledMaterial",
        "PreConsumerShare",
        "PostConsumerShare",
    )

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, path):
            for id, at in zip(
                METALS.get(one.get(metal_at, ""), ()), (pre_at, post_at), strict=False
            ):
                if is_number(one.get(at)):
                    found.setdefault(id, held(one[at], "%"))
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made = []
        for metal, ids in METALS.items():
            stated = {
                at: values[id].value
                for id, at in zip(ids, (pre_at, post_at), strict=True)
                if id in values and is_number(values[id].value)
            }
            if stated:
                made.append({metal_at: metal, **stated})
        return {path: made} if made else {}

    return Entry(tuple(id for ids in METALS.values() for id in ids), path, read, write)


def spare_parts() -> tuple[Entry, ...]:
    """Component part numbers (A080) and sources of spare parts (A081): one list.

    The components stand with the first source; an address of one line is its street.
    """

    def read(document: Any) -> Found:
        components, sources = [], []
        for one in rows_at(document, _SOURCES):
            components += [
                {"component": c["PartName"], "part_number": c["PartNumber"]}
                for c in rows_at(one, "Components")
                if isinstance(c.get("PartName"), str) and isinstance(c.get("PartNumber"), str)
            ]
            if name := first_text(one.get("NameOfSupplier")):
                row = {
                    "name": name,
                    "address": _lines_of(one.get("AddressOfSupplier")),
                    "email": get(one, "EmailAddressOfSupplier/EmailAddress"),
                    "web": one.get("SupplierWebAddress"),
                }
                sources.append({k: v for k, v in row.items() if v not in (None, MISSING, "")})
        found = {"A080": held(components)} if components else {}
        return {**found, "A081": held(sources)} if sources else found

    def write(values: Values) -> Mapping[str, Any]:
        made = [_source(row) for row in (values["A081"].value if "A081" in values else [])]
        if "A080" in values:
            made = made or [{}]
            made[0]["Components"] = [
                {"PartName": c["component"], "PartNumber": c["part_number"]}
                for c in values["A080"].value
            ]
        return {_SOURCES: made} if made else {}

    return (Entry(("A080", "A081"), _SOURCES, read, write),)


_ADDRESS_LINES: Final = {
    "country": "NationalCode",
    "postal_code": "PostalCode",
    "street": "Street",
}


def _lines_of(stated: Any) -> Any:
    """An address by its lines; one line alone is a text."""
    if not isinstance(stated, Mapping):
        return None
    lines = {
        ours: said
        for ours, theirs in _ADDRESS_LINES.items()
        if (said := first_text(stated.get(theirs)))
    }
    return lines["street"] if lines.keys() == {"street"} else lines or None


def _source(row: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"NameOfSupplier": [{"en": row["name"]}]}
    place = row.get("address")
    lines = place if isinstance(place, Mapping) else {"street": place}
    made["AddressOfSupplier"] = {
        theirs: [{"en": lines[ours]}]
        for ours, theirs in _ADDRESS_LINES.items()
        if lines.get(ours)
    }
    if row.get("email"):
        made["EmailAddressOfSupplier"] = {"EmailAddress": row["email"]}
    if row.get("web"):
        made["SupplierWebAddress"] = row["web"]
    return made
