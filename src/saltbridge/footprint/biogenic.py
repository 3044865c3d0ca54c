"""Biogenic carbon both ways, and emissions told apart by their origin.

The letters are positions of the Catena-X data model 9.0.0 (descriptions of the public model,
secondary, read 2026-11): T2 = A + C + E + F + G + H leaves biogenic CO2 out (0/0), T1 = T2 + D
counts what plants have taken up and not given back (−1/+1), so D is never above 0.

Taken up: the biogenic carbon of what is bought in, times 44/12 (rulebook 5.2.6, as an
independent engine quotes it; secondary), and CO2 booked as a resource. Given back: biogenic CO2
emitted, and the carbon of waste that is handed on. Removals by land management are counted
where a factor holds them; a resource row of that kind is told and not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.quantity import UnitMismatch
from saltbridge.footprint.characterisation import gas
from saltbridge.footprint.model import Direction, Exchange
from saltbridge.footprint.pricing import Outcome
from saltbridge.footprint.result import Contribution
from saltbridge.footprint.units import turn

CO2_PER_CARBON = 44 / 12  # kg CO2 per kg carbon
_TOLERANCE = 1e-9

# Origin of a row -> block. Land management is F, and G where it removes.
_BLOCKS = {
    "fossil": "fossil",
    "biogenic": "biogenic_non_co2",
    "land_use_change": "land_use_change",
    "land_management": "land_management",
    "aircraft": "aircraft",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CarbonOrigins:
    """Emissions by origin [kg CO2e], and biogenic CO2 both ways [kg CO2], per unit of product.

    ``not_told_apart`` are lines whose factor is one sum of all origins.
    """

    fossil: float  # A
    biogenic_non_co2: float  # C
    land_use_change: float  # E
    land_management: float  # F
    land_removals: float  # G, at most 0
    aircraft: float  # H
    not_told_apart: float
    taken_up_kg_co2: float
    given_back_kg_co2: float
    stated: bool  # whether any row or factor says what biogenic carbon it holds

    @property
    def uptake(self) -> float:
        """D: what was taken up and not given back, as a negative number [kg CO2]."""
        return self.given_back_kg_co2 - self.taken_up_kg_co2

    @property
    def excluding_uptake(self) -> float:
        """T2: biogenic CO2 counts 0 both ways [kg CO2e]; the total of the footprint."""
        return fsum(getattr(self, name) for name in BLOCKS)

    @property
    def including_uptake(self) -> float | None:
        """T1 = T2 + D [kg CO2e].

        None where more is given back than was taken up, and where nobody says anything of
        biogenic carbon: that it is none would be a zero nobody measured.
        """
        if not self.stated or not self.closed:
            return None
        return self.excluding_uptake + self.uptake

    @property
    def closed(self) -> bool:
        """Whether no more biogenic CO2 is given back than was taken up."""
        return self.uptake <= self._noise

    @property
    def _noise(self) -> float:
        return _TOLERANCE * max(self.taken_up_kg_co2, self.given_back_kg_co2)


BLOCKS = (
    "fossil",
    "biogenic_non_co2",
    "land_use_change",
    "land_management",
    "land_removals",
    "aircraft",
    "not_told_apart",
)


def carbon_origins(outcomes: Sequence[Outcome]) -> CarbonOrigins:
    """Every line by its origin, and biogenic CO2 taken up and given back."""
    blocks: dict[str, list[float]] = {name: [] for name in BLOCKS}
    up: list[float] = []
    back: list[float] = []
    for outcome in outcomes:
        row = outcome.leaf.exchange
        for line in outcome.contributions:
            blocks[_block(line, row)].append(line.kg_co2e)
        if row.direction is Direction.RESOURCE:
            up.append(_biogenic_co2(row, outcome.amount))
        elif row.direction is Direction.EMISSION:
            back.append(_biogenic_co2(row, outcome.amount))
        elif row.direction is Direction.WASTE:
            back.append(_contained(outcome))
        else:
            up.append(_contained(outcome))
    return CarbonOrigins(
        **{name: fsum(values) for name, values in blocks.items()},
        taken_up_kg_co2=fsum(up),
        given_back_kg_co2=fsum(back),
        stated=any(_says(o) for o in outcomes),
    )


def biogenic_findings(origins: CarbonOrigins) -> tuple[Finding, ...]:
    """A warning where more biogenic CO2 is given back than any row has taken up."""
    if origins.closed:
        return ()
    return (
        finding(
            "pass.biogenic-not-closed",
            severity=Severity.WARNING,
            up=origins.taken_up_kg_co2,
            back=origins.given_back_kg_co2,
        ),
    )


def is_uptake(row: Exchange) -> bool:
    """Whether a resource row is CO2 that plants take up."""
    known = gas(row.flow)
    origin = row.origin or (known.origin if known is not None else "")
    return known is not None and known.species == "CO2" and origin in ("", "biogenic")


def _block(line: Contribution, row: Exchange) -> str:
    known = gas(row.flow) if row.direction is Direction.EMISSION else None
    origin = row.origin or (known.origin if known is not None else "")
    if origin == "land_management" and line.kg_co2e < 0:
        return "land_removals"
    if origin in _BLOCKS:
        return _BLOCKS[origin]
    return "fossil" if line.term == "direct_emission" else "not_told_apart"


def _biogenic_co2(row: Exchange, amount: float) -> float:
    """kg of biogenic CO2 that a row takes from the air or gives to it."""
    known = gas(row.flow)
    if known is None or known.species != "CO2":
        return 0.0
    if row.direction is Direction.RESOURCE:
        counts = is_uptake(row)
    else:
        counts = (row.origin or known.origin) == "biogenic"
    if not counts:
        return 0.0
    try:
        return turn(amount, row.unit, "kg", mass_kg_per_unit=row.mass_kg_per_unit)
    except UnitMismatch:
        return 0.0  # the row is a hole, and a finding says so


def _says(outcome: Outcome) -> bool:
    row = outcome.leaf.exchange
    if row.direction in (Direction.RESOURCE, Direction.EMISSION):
        return _biogenic_co2(row, outcome.amount) != 0
    factors = (line.factor.biogenic_carbon_kg for line in outcome.contributions)
    return row.biogenic_carbon_kg is not None or any(f is not None for f in factors)


def _contained(outcome: Outcome) -> float:
    """CO2 that the biogenic carbon of a row stands for [kg]; its own figure comes first."""
    row = outcome.leaf.exchange
    if row.biogenic_carbon_kg is not None:
        return outcome.amount * row.biogenic_carbon_kg * CO2_PER_CARBON
    return CO2_PER_CARBON * fsum(
        line.amount * (line.factor.biogenic_carbon_kg or 0.0) for line in outcome.contributions
    )
