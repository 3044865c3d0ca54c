"""What one emission of a background weighs: a value, nothing by rule, or unknown.

An emission to air counts by the GWP sets of ``characterisation``; the names that databases
use stand in ``emission_names.csv``. Emissions to water and soil have no GWP100. A name that
may be a greenhouse gas (a halogenated compound, an oxide of carbon or nitrogen, a hydrocarbon
that the IPCC lists) and has no value is unknown: it is never taken as nothing. Metals, dust
and organic matter besides are what no GWP100 table holds; they are counted, so that a reader
can see how many there are.
"""

import csv
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from io import StringIO

from saltbridge.core.quantity import UnitMismatch, UnknownUnit, conversion_factor
from saltbridge.footprint.background.model import Flow, FlowKind
from saltbridge.footprint.characterisation import characterise, gas, has_no_climate_effect
from saltbridge.footprint.model import Direction, Exchange

_MAY_WARM = re.compile(
    r"fluor|chlor|brom|iodo|halo(?:n|gen)|freon|\b[chp]*[hp]?fcs?\b|\bhfe\b"
    r"|carbon (?:di|mono)xide|methane|nitrous|dinitrogen|greenhouse|\bco2\b|\bch4\b|\bn2o\b",
    re.IGNORECASE,
)
# A code such as HFC-134a or Halon 1301 is a species of the table, its hyphen or blank aside.
_CODE = re.compile(r"(CFC|HCFC|HFC|HFE|Halon)[- ]?(\w+)", re.IGNORECASE)


class Uncharacterised(LookupError):
    """May be a greenhouse gas, and no GWP set asked has a value for it."""


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Name in a database -> species of the table, or empty: no GWP100 in the sets."""
    text = (files(__package__) / "emission_names.csv").read_text(encoding="utf-8")
    return {row["name"].lower(): row["species"] for row in csv.DictReader(StringIO(text))}


def reaches_air(flow: Flow) -> bool:
    """Whether an emission goes to air, or the source does not say where it goes."""
    return flow.compartment in ("", "air")


def weight_kg_co2e(flow: Flow, gwp_sets: tuple[str, ...]) -> float | None:
    """Weight of a flow [kg CO2e], signed; None where no GWP100 table holds the substance.

    Raises:
        Uncharacterised: it may be a greenhouse gas, and has no value or no mass.
    """
    if flow.kg_co2e_per_unit is not None:
        return flow.amount * flow.kg_co2e_per_unit
    if not reaches_air(flow):
        return None
    per_kg = _per_kg(flow.name, flow.kind is FlowKind.RESOURCE, gwp_sets)
    if per_kg is None:
        return None
    try:
        kilograms = flow.amount * conversion_factor(flow.unit, "kg")
    except (UnitMismatch, UnknownUnit) as fault:
        raise Uncharacterised(flow.name) from fault
    return kilograms * per_kg


@lru_cache(maxsize=8192)
def _per_kg(name: str, resource: bool, gwp_sets: Sequence[str]) -> float | None:
    known = _known_as(name)
    if known == "":
        return None
    if known is None:
        if not resource and _MAY_WARM.search(name):
            raise Uncharacterised(name)
        return None
    direction = Direction.RESOURCE if resource else Direction.EMISSION
    row = Exchange(process="", direction=direction, flow=known, amount=1.0, unit="kg")
    factor = characterise(row, gwp_sets)
    if factor is None:
        if has_no_climate_effect(name):
            return None
        raise Uncharacterised(name)
    return -factor.kg_co2e_per_unit if resource else factor.kg_co2e_per_unit


def _known_as(name: str) -> str | None:
    """The name our GWP table knows it by; empty: no GWP100; None: unknown."""
    if gas(name) is not None:
        return name
    if has_no_climate_effect(name):
        return ""
    if code := _CODE.fullmatch(name.strip()):
        species = f"{code[1]}{code[2]}"
        if gas(species) is not None:
            return species
    return _names().get(name.strip().lower())
