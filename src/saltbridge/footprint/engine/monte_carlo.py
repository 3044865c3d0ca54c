"""Monte Carlo of a foreground: parameters drawn by key, the compiled sequence run on blocks.

Amounts are a scale times a parameter; exchanges that share a parameter move together. Unit
footprints of the interfaces are certain numbers or stored draws (``background_draws``), one
column a sample, so that the background of sample n is that of sample n for every foreground.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.draws import sample_words
from saltbridge.footprint.engine.foreground import Foreground, evaluated
from saltbridge.footprint.engine.normal_table import quantile_table
from saltbridge.footprint.engine.parameters import Parameters, filled

_NUMPY_BLOCK = 512


@dataclass(frozen=True)
class DrawnAmounts:
    """How the amounts of a foreground follow from its parameters.

    Exchange e takes ``scale[e]`` times parameter ``parameter[e]``; a parameter of −1 stands
    for certainty: the amount is ``scale[e]``.
    """

    drawn: Parameters
    parameter: Any
    scale: Any


def sampled_scores(
    foreground: Foreground,
    amounts: DrawnAmounts,
    outputs: Any,
    units: Any,
    demand: Any,
    first: int,
    count: int,
) -> Any:
    """Footprint of the demand in samples ``first`` to ``first + count − 1`` [kg CO2e].

    ``demand`` holds the amount of every product of the foreground. ``units`` is a vector, or
    has one column for each of these samples.

    Raises:
        FaultyInput: in some sample a loop takes back all it makes, or an output is zero.
    """
    scores = scores_where_solved(foreground, amounts, outputs, units, demand, first, count)
    wrong = np.flatnonzero(~np.isfinite(scores))
    if len(wrong):
        place = first + int(wrong[0])
        raise FaultyInput([finding("engine.sample-no-solution", sample=place)])
    return scores


def scores_where_solved(
    foreground: Foreground,
    amounts: DrawnAmounts,
    outputs: Any,
    units: Any,
    demand: Any,
    first: int,
    count: int,
) -> Any:
    """As ``sampled_scores``; a sample without solution holds no number."""
    parameter = np.asarray(amounts.parameter, dtype=np.int64)
    scale = np.asarray(amounts.scale, dtype=float)
    made = np.asarray(outputs, dtype=float)
    known = np.asarray(units, dtype=float)
    wanted = np.asarray(demand, dtype=float)
    if known.ndim == 2 and known.shape[1] != count:
        raise ValueError(f"{known.shape[1]} stored draws for {count} samples")
    if compiled.AVAILABLE:
        from saltbridge.footprint.engine import kernels

        drawn = amounts.drawn
        wide = known if known.ndim == 2 else known[:, np.newaxis]
        scores = np.empty(count)
        arrays = drawn.keys, drawn.kinds, drawn.coefficients, quantile_table()
        given = parameter, scale, made, np.ascontiguousarray(wide), wanted
        words = sample_words(first, count)
        run: Any = kernels.sampled
        run(*foreground.plan, *arrays, *given, foreground.slots, words, scores)
    else:
        scores = _by_numpy(foreground, amounts, made, known, wanted, first, count)
    return scores


def _by_numpy(
    foreground: Foreground,
    amounts: DrawnAmounts,
    outputs: Any,
    units: Any,
    demand: Any,
    first: int,
    count: int,
) -> Any:
    scores = np.empty(count)
    certain = np.flatnonzero(np.asarray(amounts.parameter) < 0)
    for low in range(0, count, _NUMPY_BLOCK):
        high = min(count, low + _NUMPY_BLOCK)
        values = filled(amounts.drawn, first + low, high - low)
        taken = np.ones((len(amounts.parameter), high - low))
        if amounts.drawn.count:
            np.take(values, amounts.parameter, axis=0, mode="clip", out=taken)
        taken[certain] = 1.0
        taken *= np.asarray(amounts.scale)[:, np.newaxis]
        known = units[:, low:high] if units.ndim == 2 else units
        if known.ndim == 1:
            known = known[:, np.newaxis]
        found = evaluated(foreground, taken, outputs[:, np.newaxis], known, high - low)
        # Only products in demand count, as in the compiled loop, and in the same order.
        total = np.zeros(high - low)
        for j in np.flatnonzero(demand).tolist():
            total += demand[j] * found[j]
        scores[low:high] = total
    return scores
