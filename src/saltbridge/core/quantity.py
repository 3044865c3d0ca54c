"""Quantities and units. A number never travels alone, and kWh never adds to kg.

pint does the algebra over a small registry of our own: the units of battery inventories,
with CO2 equivalents, pieces and currencies as dimensions of their own. Unit texts are
matched against a narrow pattern first, since pint evaluates powers of any size.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, TypeGuard

_DEFINITIONS = """
kilogram = [mass] = kg
gram = 1e-3 * kilogram = g
milligram = 1e-6 * kilogram = mg
microgram = 1e-9 * kilogram = ug
tonne = 1000 * kilogram = t = metric_ton
pound = 0.45359237 * kilogram = lb
meter = [length] = m = metre
millimeter = 1e-3 * meter = mm
kilometer = 1000 * meter = km
second = [time] = s
minute = 60 * second = min
hour = 3600 * second = h
day = 86400 * second = d
year = 31557600 * second = a
month = year / 12
ampere = [current] = A
joule = kilogram * meter ** 2 / second ** 2 = J
kilojoule = 1e3 * joule = kJ
megajoule = 1e6 * joule = MJ
gigajoule = 1e9 * joule = GJ
terajoule = 1e12 * joule = TJ
watt = joule / second = W
kilowatt = 1e3 * watt = kW
watt_hour = 3600 * joule = Wh
kilowatt_hour = 3.6e6 * joule = kWh
megawatt_hour = 3.6e9 * joule = MWh
gigawatt_hour = 3.6e12 * joule = GWh
volt = watt / ampere = V
ampere_hour = 3600 * ampere * second = Ah
ohm = volt / ampere
square_meter = meter ** 2 = m2
cubic_meter = meter ** 3 = m3
liter = 1e-3 * meter ** 3 = l = L = litre
hectare = 1e4 * meter ** 2 = ha
tonne_kilometer = tonne * kilometer = tkm
square_meter_year = meter ** 2 * year = m2a
kilogram_CO2e = [climate_change] = kgCO2e = kg_CO2e
gram_CO2e = 1e-3 * kilogram_CO2e = gCO2e = g_CO2e
tonne_CO2e = 1e3 * kilogram_CO2e = tCO2e = t_CO2e
item = [item] = piece = pcs = unit = p
vehicle_kilometer = [vehicle_distance] = vkm
person_kilometer = [person_distance] = pkm
cycle = [cycle]
kilobecquerel = [radioactivity] = kBq
EUR = [currency_EUR]
CNY = [currency_CNY]
USD = [currency_USD]
percent = 0.01 = %
"""

# Words that people, spreadsheets and LCA databases write, and the symbol we read them as.
_ALIASES = {
    "ton kilometer": "tkm",
    "tonne kilometre": "tkm",
    "metric ton*km": "tkm",
    "t*km": "tkm",
    "kilowatt hour": "kWh",
    "kilowatt-hour": "kWh",
    "square meter": "m2",
    "square meter-year": "m2a",
    "m2*a": "m2a",
    "cubic meter": "m3",
    "cubic metre": "m3",
    "litre": "l",
    "person kilometer": "pkm",
    "vehicle-kilometer": "vkm",
    "kilometer vehicle": "vkm",
    "kg co2e": "kgCO2e",
    "kg co2-eq": "kgCO2e",
    "kg co2eq": "kgCO2e",
    "g co2e": "gCO2e",
    "g co2-eq": "gCO2e",
    "g co2eq": "gCO2e",
    "t co2e": "tCO2e",
    "t co2-eq": "tCO2e",
    "t co2eq": "tCO2e",
    "kilo becquerel": "kBq",
    "piece(s)": "piece",
    "item(s)": "item",
    "%": "percent",
}
_WORD = r"[A-Za-z][A-Za-z0-9_]{0,31}"
_UNIT_TEXT = re.compile(rf"{_WORD}(?:[*/]{_WORD}){{0,4}}")


class UnknownUnit(ValueError):
    """The text names no unit we know."""


class UnitMismatch(ValueError):
    """Two units measure different things (kWh and kg)."""


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # a quarter of a second, which a command that converts nothing is spared

    registry: Any = pint.UnitRegistry(None)
    for line in _DEFINITIONS.strip().splitlines():
        registry.define(line)
    return registry


@lru_cache(maxsize=4096)
def _unit(text: str) -> Any:
    name = " ".join(text.split())
    parts = (
        [name]
        if name.lower() in _ALIASES
        else [part.strip() for part in re.split(r"([*/])", name)]
    )
    symbol = "".join(_ALIASES.get(part.lower(), part) for part in parts)
    if not _UNIT_TEXT.fullmatch(symbol):
        raise UnknownUnit(text)
    import pint

    try:
        return _registry().parse_units(symbol)
    except pint.errors.PintError as fault:
        raise UnknownUnit(text) from fault


@lru_cache(maxsize=4096)
def conversion_factor(unit: str, into: str) -> float:
    """How many ``into`` one ``unit`` is.

    Raises:
        UnknownUnit: one of them is not a unit.
        UnitMismatch: they measure different things.

    >>> conversion_factor("kWh", "MJ"), conversion_factor("ton kilometer", "tkm")
    (3.6, 1.0)
    >>> conversion_factor("kWh", "kg")
    Traceback (most recent call last):
        ...
    saltbridge.core.quantity.UnitMismatch: kWh cannot be turned into kg
    """
    here, there = _unit(unit), _unit(into)
    if here.dimensionality != there.dimensionality:
        raise UnitMismatch(f"{unit} cannot be turned into {into}")
    if here == there:
        return 1.0
    # A conversion is a ratio of decimal definitions; 15 digits undo the binary noise.
    return float(f"{_registry().convert(1.0, here, there):.15g}")


def is_unit(text: str) -> bool:
    """Whether the text names a unit we know."""
    try:
        _unit(text)
    except UnknownUnit:
        return False
    return True


def same_dimension(unit: str, other: str) -> bool:
    """Whether two units measure the same thing, so that one can be turned into the other.

    Raises:
        UnknownUnit: one of them is not a unit.

    >>> same_dimension("kg", "t"), same_dimension("kg", "kWh")
    (True, False)
    """
    return bool(_unit(unit).dimensionality == _unit(other).dimensionality)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value out of a document can be calculated with: no flag, no NaN, no infinity.

    >>> is_number(3), is_number(0.5), is_number(True), is_number(float("nan")), is_number("3")
    (True, True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def round_significant(value: float, digits: int) -> float:
    """The value with so many significant digits, as a decimal reader would write it.

    >>> round_significant(0.0419059166, 3), round_significant(-1234.5, 3)
    (0.0419, -1230.0)
    """
    return float(f"{value:.{digits - 1}e}")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value and its unit."""

    value: float
    unit: str

    def to(self, unit: str) -> "Quantity":
        """The same quantity in another unit of its dimension."""
        return Quantity(self.value * conversion_factor(self.unit, unit), unit)

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.value + other.to(self.unit).value, self.unit)

    def __mul__(self, number: float) -> "Quantity":
        return Quantity(self.value * number, self.unit)
