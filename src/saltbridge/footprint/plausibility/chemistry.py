"""What is in a material: formulas, molar masses, and the formula behind a name of the trade.

A name may leave the water of crystallisation open ("nickel sulfate"). A bound then takes the
reading that is kinder to the inventory: an input in its richest form, a product in its poorest.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from saltbridge.footprint.characterisation import read_table

FARADAY_AH_PER_MOL = 26.801  # CODATA 96485.33 C/mol over 3600 s/h
# Mean voltages [V] against graphite, an order of magnitude (recalled): they bound, no more.
_VOLTAGE = {"LFP": 3.3, "LMO": 3.9, "NMC": 3.8, "NCA": 3.8, "LCO": 3.9}
_TOKEN = re.compile(r"([A-Z][a-z]?|\(|\))(\d+(?:\.\d+)?)?")
_WATER = re.compile(r"[·*.]?\s*(\d+(?:\.\d+)?)?\s*H2O$")
_IN_NAME = re.compile(
    r"(?<![A-Za-z])(Li(?:[A-Z][a-z]?[\d.]*|\([A-Za-z\d.]+\)[\d.]*)+)(?![a-z])"
)
_NICKEL_GRADE = re.compile(r"(?<![a-z])(nmc|ncm)[ -]?(\d{3})(?!\d)")
_WHOLE = re.compile(
    r"battery(?! grade)|cell(?!ulose)|pack(?!aging)|cathode(?! active)|anode|paste|collector|"
    r"electrolyte|separator|scrap|recycl|used|waste|electrode|mass\b|precipitation|washing"
)
_KIND = re.compile(r"oxide|active material|powder|\bcam\b|material\b|phosphate|活性材料|粉")


@dataclass(frozen=True, slots=True)
class Composition:
    """Mass fractions of the elements [kg/kg], at their least and at their most."""

    name: str  # the formula, as it is told to a person
    least: Mapping[str, float]
    most: Mapping[str, float]
    family: str = ""  # NMC, NCA, LFP …: an active material; precursor; empty: a salt


@lru_cache(maxsize=1)
def atomic_masses() -> Mapping[str, float]:
    """Standard atomic weights [g/mol] of the elements of lithium-ion batteries."""
    return {
        row["element"]: float(row["g_per_mol"]) for row in read_table("plausible_masses.csv")
    }


def atoms(formula: str) -> dict[str, float]:
    """Atoms of every element in one formula unit.

    Raises:
        ValueError: the text is no formula of elements known here.

    >>> atoms("Ni0.8Co0.1Mn0.1(OH)2")["O"], atoms("NiSO4·6H2O")["O"]
    (2.0, 10.0)
    """
    water = _WATER.search(formula) if "H2O" in formula else None
    found: dict[str, float] = {}
    if water and water.start() > 0:
        count = float(water.group(1) or 1)
        found = {"H": 2 * count, "O": count}
        formula = formula[: water.start()]
    stack: list[dict[str, float]] = [{}]
    end = 0
    for match in _TOKEN.finditer(formula):
        if match.start() != end:
            raise ValueError(formula)
        end = match.end()
        symbol, number = match.group(1), float(match.group(2) or 1)
        if symbol == "(":
            stack.append({})
            continue
        if symbol == ")":
            if len(stack) == 1:
                raise ValueError(formula)
            group = stack.pop()
        elif symbol in atomic_masses():
            group = {symbol: 1.0}
        else:
            raise ValueError(formula)
        for element, count in group.items():
            stack[-1][element] = stack[-1].get(element, 0.0) + number * count
    if end != len(formula) or len(stack) > 1 or not formula:
        raise ValueError(formula)
    for element, count in stack[0].items():
        found[element] = found.get(element, 0.0) + count
    return found


def molar_mass(formula: str) -> float:
    """Mass of one mole [g/mol].

    >>> round(molar_mass("NiSO4·6H2O"), 1)
    262.8
    """
    return sum(count * atomic_masses()[element] for element, count in atoms(formula).items())


@lru_cache(maxsize=1024)
def fractions(formula: str) -> Mapping[str, float]:
    """Mass fraction of every element [kg/kg]."""
    whole = molar_mass(formula)
    return {e: count * atomic_masses()[e] / whole for e, count in atoms(formula).items()}


def salt_needed(formula: str, salt: str, element: str) -> float:
    """Least mass of a salt in one kilogram of a material [kg/kg]: its metal comes from there.

    >>> round(salt_needed("LiNi0.8Mn0.1Co0.1O2", "NiSO4·6H2O", "Ni"), 3)
    2.162
    """
    return fractions(formula)[element] / fractions(salt)[element]


def energy_bound_kwh_per_kg(material: Composition) -> float | None:
    """Most electric energy that the lithium of an active material can hold [kWh/kg].

    All lithium leaves (Faraday's law), at the mean voltage of its family; real materials give
    60 to 95 percent of it.
    """
    volts = _VOLTAGE.get(material.family)
    lithium = material.most.get("Li")
    if volts is None or lithium is None:
        return None
    return lithium / atomic_masses()["Li"] * FARADAY_AH_PER_MOL * volts


@lru_cache(maxsize=4096)
def composition(name: str) -> Composition | None:
    """What a flow of this name is made of, or None where its name does not tell."""
    lower = name.lower()
    material = _active_material(name, lower)
    if material is not None:
        return material
    if _WHOLE.search(lower):
        return None
    for pattern, richest, poorest in _compounds():
        if not re.search(pattern, lower):
            continue
        hydrate = re.search(
            r"[·*.]\s*(\d?)\s*h2o|((mono|tetra|penta|hexa|hepta)?hydrate)", lower
        )
        if hydrate:
            exact = f"{richest}·{_water(hydrate)}H2O"
            return Composition(exact, fractions(exact), fractions(exact))
        if "anhydrous" in lower:
            poorest = richest
        least = {
            e: min(fractions(richest)[e], fractions(poorest)[e]) for e in fractions(richest)
        }
        return Composition(richest, least, fractions(richest))
    return None


def _water(match: re.Match[str]) -> int:
    words = {"mono": 1, "tetra": 4, "penta": 5, "hexa": 6, "hepta": 7}
    if match.group(2):
        return words.get(match.group(3) or "mono", 1)
    return int(match.group(1) or 1)


@lru_cache(maxsize=1)
def _compounds() -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (row["pattern"], row["richest"], row["poorest"])
        for row in read_table("plausible_compounds.csv")
    )


def _active_material(name: str, lower: str) -> Composition | None:
    written = _IN_NAME.search(name)
    if written and not re.search(r"PF6|CO3|OH\b", written.group(1)):
        try:
            return _exact(written.group(1), _family_of(written.group(1)))
        except ValueError:
            pass
    if _WHOLE.search(lower):
        return None
    grade = _NICKEL_GRADE.search(lower)
    precursor = bool(re.search(r"hydroxide|precursor|前驱体|vorl(ä|ae)ufer", lower))
    if grade:
        if not precursor and not _KIND.search(lower):
            return None
        return _graded(grade.group(2), precursor)
    for words, formula, family in _NAMED:
        if re.search(words, lower):
            if family == "NCA" and precursor:
                return _exact("Ni0.8Co0.15Al0.05(OH)2", "precursor")
            if family == "NCA" and not _KIND.search(lower):
                return None
            return _exact(formula, family)
    return None


_NAMED = (
    (r"lithium iron phosphate|lithiumeisenphosphat|磷酸铁锂|(?<![a-z])lfp ", "LiFePO4", "LFP"),
    (r"lithium cobalt oxide|lithiumcobaltoxid|钴酸锂", "LiCoO2", "LCO"),
    (r"lithium manganese oxide|lithiummanganoxid|锰酸锂", "LiMn2O4", "LMO"),
    (r"(?<![a-z])nca(?![a-z])", "LiNi0.8Co0.15Al0.05O2", "NCA"),
)


def _family_of(formula: str) -> str:
    metals = set(atoms(formula)) - {"Li", "O"}
    for family, wanted in (
        ("NMC", {"Ni", "Mn", "Co"}), ("NCA", {"Ni", "Co", "Al"}), ("LCO", {"Co"}),
        ("LMO", {"Mn"}), ("LFP", {"Fe", "P"}),
    ):  # fmt: skip
        if metals == wanted:
            return family
    return "oxide"


def _exact(formula: str, family: str) -> Composition:
    return Composition(formula, fractions(formula), fractions(formula), family)


def _graded(digits: str, precursor: bool) -> Composition | None:
    """NMC811 is 8:1:1; 955 is 90:5:5. NMC523 and NCM523 order the two small ones unlike."""
    numbers = [int(d) for d in digits]
    shares = [0.9, 0.05, 0.05] if digits == "955" else [n / sum(numbers) for n in numbers]
    if digits != "955" and sum(numbers) not in (3, 9, 10):
        return None
    nickel, small, large = shares[0], min(shares[1:]), max(shares[1:])
    tail = "(OH)2" if precursor else "O2"
    head = "" if precursor else "Li"
    readings = [
        fractions(f"{head}Ni{nickel:.4f}Mn{m:.4f}Co{1 - nickel - m:.4f}{tail}")
        for m in dict.fromkeys((small, large))
    ]
    elements = readings[0].keys()
    label = f"{head}Ni{nickel:.3g}Mn{shares[1]:.3g}Co{shares[2]:.3g}{tail}"
    return Composition(
        label,
        {e: min(r[e] for r in readings) for e in elements},
        {e: max(r[e] for r in readings) for e in elements},
        "precursor" if precursor else "NMC",
    )
