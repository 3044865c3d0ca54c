"""Counters only rise: cycles, throughput, deep discharges, minutes in the heat.

They count what happened to a battery, so a later reading below an earlier one is a fault of
one of the two, unless a correction names what it replaces.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.model import Values, number_of

# Counters of the attribute table: Annex XIII point 4(d), Annex VII part B of Regulation (EU)
# 2023/1542, read 2026-11-28; overcharges (A139) are counted though no text asks for them.
COUNTERS: Final = ("A126", "A127", "A128", "A134", "A135", "A136", "A137", "A138", "A139")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a counter showed, and when."""

    at: datetime
    count: float


@dataclass(frozen=True, slots=True)
class Fall:
    """A counter that fell: the earlier reading is the higher one."""

    earlier: Reading
    later: Reading


def falls(readings: Iterable[Reading]) -> tuple[Fall, ...]:
    """Where later readings lie below the highest one before them, in order of time.

    Readings of one moment may differ: two instruments may have been read.

    >>> from datetime import UTC, datetime
    >>> day = lambda d: datetime(2029, 1, d, tzinfo=UTC)
    >>> [f.later.count for f in falls([Reading(day(2), 9), Reading(day(1), 10)])]
    [9]
    """
    found: list[Fall] = []
    highest: Reading | None = None  # of the moments before
    ordered = sorted(readings, key=lambda r: (r.at, r.count))
    for _, moment in groupby(ordered, key=lambda r: r.at):
        here = list(moment)
        if highest is not None:
            found += [Fall(highest, r) for r in here if r.count < highest.count]
        if highest is None or here[-1].count >= highest.count:
            highest = here[-1]
    return tuple(found)


def readings_in(values: Values) -> dict[str, tuple[float, str]]:
    """What the counters among the values show, and the day each was read ('': not told)."""
    found = {id: number_of(values, id) for id in COUNTERS}
    return {id: (n, values[id].measured_on) for id, n in found.items() if n is not None}


def fallen(
    stated: Mapping[str, tuple[float, str]],
    held: Mapping[str, tuple[float, str]],
    place: Place | None = None,
) -> list[Finding]:
    """A finding for each counter that is stated to show less than what is held of it.

    ``place`` None: each at its own attribute.
    """
    found = []
    for id, (later, on) in stated.items():
        earlier, before = held.get(id, (later, ""))
        if later < earlier:
            found.append(
                finding(
                    "measurement.falls",
                    place or Place(pointer=f"/attributes/{id}"),
                    attribute=id,
                    name=attribute_table()[id].name,
                    later=f"{later:.15g}",
                    on=on or "–",
                    earlier=f"{earlier:.15g}",
                    before=before or "–",
                )
            )
    return found
