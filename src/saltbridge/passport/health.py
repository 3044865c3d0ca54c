"""State of health over time: shares of what a battery could do when it was new.

Regulation (EU) 2023/1542, Annex VII part A (read 2026-11-28) names the state of certified
energy for EV batteries and the remaining capacity for the others. A share is never guessed:
without the value of the new battery there is none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from saltbridge.core.quantity import is_number
from saltbridge.passport.condition import state_of_certified_energy_percent
from saltbridge.passport.measurements import Measurement, effective
from saltbridge.passport.model import Values, number_of

# What is measured, and the value of the model it is a share of (empty: a share already).
SHARES: Final = (("A093", ""), ("A092", "A091"), ("A089", "A087"))


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """A share [%] and when it was measured."""

    at: datetime
    percent: float


@dataclass(frozen=True, slots=True)
class HealthLine:
    """How one attribute went; ``of`` is the value of the model it is a share of."""

    attribute: str
    of: str
    points: tuple[HealthPoint, ...]


def health_lines(measurements: Iterable[Measurement], values: Values) -> tuple[HealthLine, ...]:
    """A line for every attribute of health that was measured, at least once."""
    held = effective(measurements)
    lines = [_line(held, attribute, of, values) for attribute, of in SHARES]
    return tuple(line for line in lines if line.points)


def _line(held: Sequence[Measurement], attribute: str, of: str, values: Values) -> HealthLine:
    whole = number_of(values, of) if of else 100.0
    points = [
        HealthPoint(m.measured_at, state_of_certified_energy_percent(m.value, whole))
        for m in held
        if m.attribute == attribute and whole and is_number(m.value)
    ]
    return HealthLine(attribute, of, tuple(points))
