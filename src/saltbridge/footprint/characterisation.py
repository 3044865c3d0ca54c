"""Characterisation: kilograms of a gas become kg CO2e with a versioned set of GWP100 values.

The values are a packaged table (``gwp100.csv``), each with its source; none is a constant in
the code. Names are matched exactly against the species of the table and a short table of the
names that databases use. A gas without a value is a hole. Substances that no GWP table holds
because they are no greenhouse gases are listed by name; anything else is unknown, never 0.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import StringIO

from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import EmissionFactor, Exchange

SETS = ("AR4", "AR5", "AR6", "EF31")
_LICENCE = "CC0-1.0"


@dataclass(frozen=True, slots=True)
class Gas:
    """A species of the table and the origin its name tells."""

    species: str
    origin: str


@dataclass(frozen=True, slots=True)
class _Value:
    value: float
    source: str
    confidence: Confidence


def read_table(name: str) -> list[dict[str, str]]:
    """Rows of a table packaged with this room."""
    text = (files("saltbridge.footprint") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


@lru_cache(maxsize=1)
def _values() -> Mapping[tuple[str, str], _Value]:
    found: dict[tuple[str, str], _Value] = {}
    for row in read_table("gwp100.csv"):
        for gwp_set in SETS:
            text = row[f"{gwp_set}_GWP100"]
            if not text:
                continue
            found[row["species"], gwp_set] = _Value(
                float(text), row["source"], _confidence(row["species"], gwp_set)
            )
    return found


def _confidence(species: str, gwp_set: str) -> Confidence:
    """How sure we are of one value, as the status column of the table tells it in words."""
    if species == "CO2":
        return Confidence.READ  # the unit itself
    if gwp_set == "EF31" or (species == "CH4-fossil" and gwp_set == "AR5"):
        return Confidence.RECALLED
    if species.startswith("CH4-"):
        return Confidence.SECONDARY
    return Confidence.READ


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Gas]:
    names = {species.lower(): Gas(species, "") for species, _ in _values()}
    for row in read_table("greenhouse_names.csv"):
        names[row["name"].lower()] = Gas(row["species"], row["origin"])
    return names


@lru_cache(maxsize=1)
def _without_effect() -> frozenset[str]:
    return frozenset(row["name"].lower() for row in read_table("no_climate_effect.csv"))


def gas(flow: str) -> Gas | None:
    """The greenhouse gas of this name, or None. Exact names, letter case aside."""
    return _names().get(flow.strip().lower())


def has_no_climate_effect(flow: str) -> bool:
    """Whether the substance is on the list of those that no GWP table holds."""
    return flow.strip().lower() in _without_effect()


def characterise(exchange: Exchange, gwp_sets: Sequence[str]) -> EmissionFactor | None:
    """Factor of an emission [kg CO2e / kg], or None where no set knows the gas.

    Biogenic CO2 counts 0 both ways (EF method, and the totals of Catena-X without uptake).
    Methane without an origin is taken as fossil, the higher of its two values. The sets are
    asked in their order; the second one fills the gaps of the first.
    """
    known = gas(exchange.flow)
    if known is None:
        return None
    origin = exchange.origin or known.origin
    species = known.species
    if species == "CO2" and origin == "biogenic":
        return EmissionFactor(
            id="gwp:biogenic-co2",
            flow="CO2, biogenic",
            unit="kg",
            kg_co2e_per_unit=0.0,
            source="0/0 rule for biogenic CO2 (EF method; PCF totals excluding uptake)",
            licence=_LICENCE,
            confidence=Confidence.RECALLED,
            gwp_set=gwp_sets[0],
        )
    if species == "CH4":
        species = "CH4-biogenic" if origin == "biogenic" else "CH4-fossil"
    for gwp_set in gwp_sets:
        value = _values().get((species, gwp_set))
        if value is not None:
            return EmissionFactor(
                id=f"gwp:{gwp_set}:{species}",
                flow=species,
                unit="kg",
                kg_co2e_per_unit=value.value,
                source=f"GWP100 {gwp_set}: {value.source}",
                licence=_LICENCE,
                confidence=value.confidence,
                gwp_set=gwp_set,
            )
    return None
