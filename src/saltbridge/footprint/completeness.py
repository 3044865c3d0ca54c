"""What is missing, how much it weighs, and what it might cost.

A hole is priced with a low and a high value: by the family of its material (a small packaged
table of published ranges), else by the spread of the factors of its dimension in the factor
sets in use. Families are matched by a word in the name: that is good enough for a
range, and is used for nothing else.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum

from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.model import EmissionFactor

# From this many factors on, the range of a hole leaves the outermost twentieths aside.
LARGE_SET = 20
# Words after which a name is not the material: what is left of it, where it comes from, what is
# done to it. They do not count where the keyword itself holds them.
_NOT_THE_MATERIAL = frozenset(
    {
        "scrap", "waste", "wastewater", "tailing", "tailings", "treatment",
        "used", "recycling", "brine", "ore", "mine", "mining",
        "concentrate", "concentration", "without", "casting", "drawing", "extrusion",
        "rolling", "working", "mill", "factory", "facility",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What a hole may cost [kg CO2e], and where the range comes from."""

    low: float
    high: float
    source: str
    confidence: str = ""  # of the packaged range; empty where factors in use give it


@dataclass(frozen=True, slots=True)
class _Family:
    keyword: str
    other_than: frozenset[str]
    unit: str
    low: float
    high: float
    source: str
    confidence: str

    def holds(self, name: str) -> bool:
        """Whether a flow of this name (in small letters) is a material of the family."""
        if not re.search(rf"(?<![a-z]){re.escape(self.keyword)}(?![a-z])", name):
            return False
        words = _words(name) - _words(self.keyword)
        return not words & (self.other_than | _NOT_THE_MATERIAL)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", text))


@lru_cache(maxsize=1)
def _families() -> tuple[_Family, ...]:
    rows = [
        _Family(
            r["keyword"].lower(),
            _words(r["other_than"]),
            r["unit"],
            float(r["low"]),
            float(r["high"]),
            r["source"],
            r["confidence"],
        )
        for r in read_table("hole_ranges.csv")
    ]
    return tuple(sorted(rows, key=lambda r: (-len(r.keyword), r.keyword)))


def price(
    flow: str,
    amount: float,
    unit: str,
    mass: float | None,
    factors: Sequence[EmissionFactor],
) -> PriceRange | None:
    """The range of a hole [kg CO2e], or None where nothing comparable is known."""
    name = flow.lower()
    for family in _families():
        if not family.holds(name):
            continue
        quantity = _in(amount, unit, mass, family.unit)
        if quantity is not None:
            source = f"[{family.confidence}] {family.source}"
            return _range(quantity, family.low, family.high, source, family.confidence)
    for dimension in (unit, "kg"):
        quantity = _in(amount, unit, mass, dimension)
        if quantity is None or not is_unit(dimension):
            continue
        values = [
            f.kg_co2e_per_unit / conversion_factor(f.unit, dimension)
            for f in factors
            if is_unit(f.unit) and same_dimension(f.unit, dimension)
        ]
        if len(set(values)) > 1:  # one unrelated factor is no range
            low, high, what = _spread(values)
            source = f"{what} of {len(values)} factors per {dimension} in use"
            return _range(quantity, low, high, source)
    return None


def _spread(values: Sequence[float]) -> tuple[float, float, str]:
    """Ends of a set of factors and what they are.

    A large background holds waste credits and fluorinated gases whose factors say nothing
    about an unknown material, so its outermost twentieths are left out.
    """
    ordered = sorted(values)
    if len(ordered) < LARGE_SET:
        return ordered[0], ordered[-1], "lowest and highest"
    aside = len(ordered) // 20
    return ordered[aside], ordered[-1 - aside], "5th to 95th percentile"


def _in(amount: float, unit: str, mass: float | None, into: str) -> float | None:
    if is_unit(unit) and same_dimension(unit, into):
        return amount * conversion_factor(unit, into)
    if mass is not None and same_dimension("kg", into):
        return mass * conversion_factor("kg", into)
    return None


def _range(
    quantity: float, low: float, high: float, source: str, confidence: str = ""
) -> PriceRange:
    ends = sorted((quantity * low, quantity * high))
    return PriceRange(ends[0], ends[1], source, confidence)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Mass of the inputs from outside [kg per unit of product], with and without a factor."""

    mass_kg: float
    mass_without_factor_kg: float

    @property
    def mass_share(self) -> float:
        """Share of the input mass that has a factor; 1 where no input is counted in mass."""
        return 1.0 if self.mass_kg == 0 else 1 - self.mass_without_factor_kg / self.mass_kg


def coverage(inputs: Iterable[tuple[float | None, bool]]) -> Coverage:
    """Coverage of input rows, each given as its mass [kg] and whether it is without factor."""
    known = [(mass, missing) for mass, missing in inputs if mass is not None]
    return Coverage(
        fsum(mass for mass, _ in known), fsum(mass for mass, missing in known if missing)
    )
