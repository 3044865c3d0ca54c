"""Pedigree scores as a lognormal spread: five scores from 1 (best) to 5, and a basic spread.

ln-sd² = basic variance + Σ variance of each score. The variances are those of ecoinvent's data
quality guideline for version 3 (Weidema et al. 2013), as open LCA software prints them
(secondary, read 2026-11-28); they are (ln U / 2)² of the older factors U, rounded. The basic
variances are those of U = 1.05 for energy, materials, waste and CO2, 2 for transport and 1.5
for other emissions (the guideline, as open software prints it; secondary). Reliability,
completeness, temporal, geographical and technological correlation, in this order; a sixth
score (sample size, of older data) is not counted.
"""

import re
from math import sqrt

from saltbridge.footprint.characterisation import gas
from saltbridge.footprint.model import Carrier, Direction, Exchange

VARIANCES = (
    (0.0, 0.0006, 0.002, 0.008, 0.04),  # reliability
    (0.0, 0.0001, 0.0006, 0.002, 0.008),  # completeness
    (0.0, 0.0002, 0.002, 0.008, 0.04),  # temporal correlation
    (0.0, 0.000025, 0.0001, 0.0006, 0.002),  # geographical correlation
    (0.0, 0.0006, 0.008, 0.04, 0.12),  # further technological correlation
)
_BASIC = 0.0006
_BASIC_TRANSPORT = 0.12
_BASIC_EMISSION = 0.04


class UnreadablePedigree(ValueError):
    """The text is not five (or six) scores from 1 to 5."""


def pedigree_ln_sd(row: Exchange) -> float:
    """Standard deviation of the logarithm of the amount, from the pedigree of a row [1].

    Raises:
        UnreadablePedigree: the scores cannot be read.
    """
    scores = parse_pedigree(row.pedigree)
    parts = [VARIANCES[i][score - 1] for i, score in enumerate(scores)]
    return sqrt(_basic_variance(row) + sum(parts))


def parse_pedigree(text: str) -> tuple[int, ...]:
    """The five scores of a text such as ``(1,2,1,3,1)``.

    Raises:
        UnreadablePedigree: these are not five (or six) scores from 1 to 5.

    >>> parse_pedigree("(1, 2, 1, 3, 1)")
    (1, 2, 1, 3, 1)
    """
    if not re.fullmatch(r"\(?\s*[1-5](\s*[,;]\s*[1-5]){4,5}\s*\)?", text.strip()):
        raise UnreadablePedigree(text)
    return tuple(int(score) for score in re.findall(r"[1-5]", text))[:5]


def _basic_variance(row: Exchange) -> float:
    if row.carrier is Carrier.TRANSPORT:
        return _BASIC_TRANSPORT
    if row.direction is Direction.EMISSION:
        known = gas(row.flow)
        return _BASIC if known is not None and known.species == "CO2" else _BASIC_EMISSION
    return _BASIC
