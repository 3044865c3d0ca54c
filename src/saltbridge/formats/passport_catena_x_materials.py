"""Materials in the Catena-X battery pass: active, hazardous, and the whole composition."""

import re
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_catena_x_lists import TEXTS_BY_LANGUAGE
from saltbridge.formats.passport_idta_lists import rows_at, tidy
from saltbridge.formats.passport_idta_materials import METALS
from saltbridge.formats.passport_mapping import Entry, held
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.passport.model import AttributeValue, Values

Found = Mapping[str, AttributeValue]
_PLAIN: Final = "text/plain"
_SHARES: Final = ("Pre-consumer share [%]", "Post-consumer share [%]")
_HAZARD: Final = "Hazard statements"
_PPM: Final = "unit:partPerMillion"
_PER_CENT: Final = {"unit:percent": 1.0, _PPM: 1e-4, "unit:partPerThousand": 0.1}
_COMPOSITION: Final = "/materials/composition"
_OTHER: Final = "/materials/hazardous/other"


def materials(version: str) -> tuple[Entry, ...]:
    """Recycled content, heavy metals, hazardous substances and the composition."""
    return (_recycled(), _heavy_metals(), _substances(version), _composition(version))


def _recycled() -> Entry:
    """The model has one share a metal: the sum. The two that make it stand as texts beside."""
    ids = tuple(id for pair in METALS.values() for id in pair)

    def read(document: Any) -> Found:
        found = {}
        for metal, pair in METALS.items():
            for one in rows_at(document, f"/materials/active/{metal.lower()}/documentation"):
                if one.get("header") in _SHARES and one.get("contentType") == _PLAIN:
                    share = _number(one.get("content"))
                    if share is not None:
                        found[pair[_SHARES.index(one["header"])]] = held(share, "%")
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made: dict[str, Any] = {}
        for metal, pair in METALS.items():
            stated = {
                header: values[id].value
                for header, id in zip(_SHARES, pair, strict=True)
                if id in values and is_number(values[id].value)
            }
            path = f"/materials/active/{metal.lower()}"
            if stated:
                made[f"{path}/documentation"] = [
                    {"content": repr(share), "contentType": _PLAIN, "header": header}
                    for header, share in stated.items()
                ]
                if "A064" in values:
                    made[f"{path}/critical"] = metal in values["A064"].value
            if len(stated) == 2:
                made[f"{path}/recycled"] = tidy(sum(stated.values()))
        return made

    return Entry(ids, "/materials/active", read, write)


def _number(text: Any) -> float | None:
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,3}(\.\d{1,17})?", text):
        return None
    return float(text) if "." in text else int(text)


def _heavy_metals() -> Entry:
    """Mercury, cadmium and lead (A067) [ppm]."""
    metals = ("mercury", "cadmium", "lead")

    def read(document: Any) -> Found:
        found = {}
        for metal in metals:
            one = get(document, f"/materials/hazardous/{metal}")
            share = one.get("concentration") if isinstance(one, Mapping) else None
            times = _PER_CENT.get(str(one.get("materialUnit"))) if share is not None else None
            if is_number(share) and times is not None:
                found[metal] = share if times == 1e-4 else tidy(share * times * 1e4)
        return {"A067": held(found, "ppm")} if found else {}

    def write(values: Values) -> Mapping[str, Any]:
        if "A067" not in values:
            return {}
        made: dict[str, Any] = {}
        for metal in metals:
            if is_number(values["A067"].value.get(metal)):
                made[f"/materials/hazardous/{metal}/concentration"] = values["A067"].value[
                    metal
                ]
                made[f"/materials/hazardous/{metal}/materialUnit"] = _PPM
        return made

    return Entry(("A067",), "/materials/hazardous", read, write)


def _identified(name: str, cas: str, version: str, at: str) -> dict[str, Any]:
    """A material by name and number; model 5 keeps the name apart."""
    if version == "6":
        number = {"id": cas or name, "type": "CAS" if cas else "IUPAC", "name": name}
        return {at: [number]}
    name_at = "name" if at == "id" else "materialName"
    made: dict[str, Any] = {name_at: {"name": name, "type": "IUPAC"}}
    if cas:
        made[at] = [{"id": cas, "type": "CAS"}]
    return made


def _identity(one: Any, version: str, at: str) -> tuple[Any, Any]:
    """Name and CAS number of a material; MISSING where there is none."""
    number = get(one, f"{at}/0/id") if get(one, f"{at}/0/type") == "CAS" else MISSING
    if version == "6":
        return get(one, f"{at}/0/name"), number
    return get(one, f"{'name' if at == 'id' else 'materialName'}/name"), number


def _per_cent(one: Mapping[str, Any], unit_at: str) -> float | None:
    share, times = one.get("concentration"), _PER_CENT.get(str(one.get(unit_at)))
    if not is_number(share) or times is None:
        return None
    return share if times == 1.0 else tidy(share * times)


def _substances(version: str) -> Entry:
    """Hazardous substances (A066), with their H statements and impacts (A068) as texts."""

    def read(document: Any) -> Found:
        rows: list[dict[str, Any]] = []
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, _OTHER):
            name, cas = _identity(one, version, "materialIdentification")
            hazards = [
                d.get("content")
                for d in rows_at(one, "documentation")
                if d.get("header") == _HAZARD and isinstance(d.get("content"), str)
            ]
            row = {
                "name": name,
                "hazard": hazards[0] if hazards else MISSING,
                "cas": cas,
                "mass_percent": _per_cent(one, "materialUnit"),
                "location": one.get("location"),
            }
            rows.append({k: v for k, v in row.items() if v not in (None, MISSING)})
            if isinstance(impacts := one.get("impactOfSubstances"), list) and impacts:
                found.setdefault("A068", held(TEXTS_BY_LANGUAGE.read(impacts)))
        return {"A066": held(rows), **found} if rows else found

    def write(values: Values) -> Mapping[str, Any]:
        made = []
        for row in values["A066"].value if "A066" in values else []:
            one = _identified(
                row["name"], row.get("cas", ""), version, "materialIdentification"
            )
            if row.get("hazard"):
                hazard = {"content": row["hazard"], "contentType": _PLAIN, "header": _HAZARD}
                one["documentation"] = [hazard]
            if row.get("mass_percent") is not None:
                one |= {"concentration": row["mass_percent"], "materialUnit": "unit:percent"}
            if row.get("location"):
                one["location"] = row["location"]
            if "A068" in values:
                one["impactOfSubstances"] = TEXTS_BY_LANGUAGE.write(values["A068"].value)
            made.append(one)
        return {_OTHER: made} if made else {}

    return Entry(("A066", "A068"), _OTHER, read, write)


def _composition(version: str) -> Entry:
    """The composition (A065) and the critical raw materials (A064).

    A critical raw material that is no row of the composition gets a row of its own.
    """

    def read(document: Any) -> Found:
        rows, critical = [], []
        for one in rows_at(document, _COMPOSITION):
            name, cas = _identity(one, version, "id")
            if isinstance(name, str) and one.get("critical") is True:
                critical.append(name)
            share = _per_cent(one, "unit")
            if isinstance(name, str) and share is not None:
                row = {"name": name, "component": one.get("location"), "mass_percent": share}
                row["cas"] = cas
                rows.append({k: v for k, v in row.items() if v not in (None, MISSING)})
        found = {"A064": held(critical)} if critical else {}
        return {**found, "A065": held(rows)} if rows else found

    def write(values: Values) -> Mapping[str, Any]:
        critical = list(values["A064"].value) if "A064" in values else []
        made, named = [], set()
        for row in values["A065"].value if "A065" in values else []:
            named.add(row["name"])
            made.append(
                {
                    **_identified(row["name"], row.get("cas", ""), version, "id"),
                    "location": row["component"],
                    "concentration": row["mass_percent"],
                    "unit": "unit:percent",
                    "critical": row["name"] in critical,
                }
            )
        made += [
            {**_identified(name, "", version, "id"), "critical": True}
            for name in critical
            if name not in named
        ]
        return {_COMPOSITION: made} if made else {}

    return Entry(("A064", "A065"), _COMPOSITION, read, write)
