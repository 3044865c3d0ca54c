"""Many parameters at once, as arrays: their keys, kinds and coefficients.

``filled`` draws a block of samples of all of them, by numba where it is installed and else
by numpy, with the same bits either way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.draws import (
    Distribution,
    Fixed,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    exponential,
    faults,
    mixed_words,
    normal_quantile,
    parameter_key,
    sample_words,
    triangle,
    uniforms_of_key,
)
from saltbridge.footprint.engine.normal_table import quantile_table

LOGNORMAL, NORMAL, TRIANGULAR, UNIFORM, FIXED = range(5)
_AT_ONCE = 250_000  # numbers that numpy draws at once


@dataclass(frozen=True)
class Parameters:
    """Parameters of a run as arrays: one row each."""

    keys: Any  # uint64
    kinds: Any  # int64
    coefficients: Any  # float64, six a row; what they mean depends on the kind

    @property
    def count(self) -> int:
        """How many parameters there are."""
        return len(self.keys)


def parameters(seed: int, distributions: Mapping[str, Distribution]) -> Parameters:
    """The parameters of a run, in the order of the mapping.

    Raises:
        FaultyInput: some distribution is none; all of them are named.
    """
    found = [f for name, d in distributions.items() for f in faults(name, d)]
    if found:
        raise FaultyInput(found)
    keys = np.array([parameter_key(seed, name) for name in distributions], dtype=np.uint64)
    kinds = np.zeros(len(keys), dtype=np.int64)
    coefficients = np.zeros((len(keys), 6))
    for n, distribution in enumerate(distributions.values()):
        kinds[n], row = _row(distribution)
        coefficients[n, : len(row)] = row
    return Parameters(keys, kinds, coefficients)


def indexed_lognormals(seed: int, parameter_id: str, medians: Any, ln_sds: Any) -> Parameters:
    """Lognormal parameters of one array, keyed by its id and the place in it.

    Raises:
        FaultyInput: a logarithmic standard deviation is negative, or a value is no number.
    """
    medians, ln_sds = np.asarray(medians, dtype=float), np.asarray(ln_sds, dtype=float)
    sound = np.isfinite(medians) & np.isfinite(ln_sds) & (ln_sds >= 0.0)
    if not sound.all():
        place = int(np.flatnonzero(~sound)[0])
        wrong = Lognormal(float(medians[place]), float(ln_sds[place]))
        raise FaultyInput(faults(f"{parameter_id}/{place}", wrong))
    places = sample_words(0, len(medians))
    keys = mixed_words(places + np.uint64(parameter_key(seed, parameter_id)))
    kinds = np.where(ln_sds > 0.0, LOGNORMAL, FIXED)
    coefficients = np.zeros((len(medians), 6))
    coefficients[:, 0], coefficients[:, 1] = medians, ln_sds
    return Parameters(keys, kinds.astype(np.int64), coefficients)


def indexed_parameters(seed: int, parameter_id: str, kinds: Any, values: Any) -> Parameters:
    """Parameters of one array of any kinds, keyed by its id and the place in it.

    ``values`` has three numbers a row: those of the distribution in their order.

    Raises:
        FaultyInput: a spread is negative, bounds are out of order, or a value is no number.
    """
    kinds, values = np.asarray(kinds, dtype=np.int64), np.asarray(values, dtype=float)
    first, second, third = values.T
    spread = (kinds == LOGNORMAL) | (kinds == NORMAL)
    sound = np.isfinite(values).all(axis=1) & ~(spread & (second < 0.0))
    sound &= ~((kinds == TRIANGULAR) & ~((first <= second) & (second <= third)))
    sound &= ~((kinds == UNIFORM) & (first > second))
    if not sound.all():
        place = int(np.flatnonzero(~sound)[0])
        raise FaultyInput(
            [finding("engine.no-distribution", parameter=f"{parameter_id}/{place}")]
        )
    keys = mixed_words(
        sample_words(0, len(kinds)) + np.uint64(parameter_key(seed, parameter_id))
    )
    coefficients = np.zeros((len(kinds), 6))
    coefficients[:, :2] = values[:, :2]
    coefficients[kinds == UNIFORM, 1] = (second - first)[kinds == UNIFORM]
    for place in np.flatnonzero(kinds == TRIANGULAR).tolist():
        low, mode, high = values[place]
        coefficients[place, :5] = (low, high, *triangle(low, mode, high))
    return Parameters(keys, kinds, coefficients)


def filled(drawn: Parameters, first: int, count: int) -> Any:
    """Samples of every parameter: one row a parameter, one column a sample, float64."""
    words = sample_words(first, count)
    out = np.empty((drawn.count, count))
    if compiled.AVAILABLE:
        from saltbridge.footprint.engine import kernels

        arrays = drawn.keys, drawn.kinds, drawn.coefficients
        kernels.fill(words, *arrays, quantile_table(), out)
        return out
    step = max(1, _AT_ONCE // max(1, count))
    for kind in np.unique(drawn.kinds).tolist():
        alike = np.flatnonzero(drawn.kinds == kind)
        for low in range(0, len(alike), step):
            rows = alike[low : low + step]
            out[rows] = _drawn(kind, drawn.coefficients[rows], drawn.keys[rows], words)
    return out


def _row(distribution: Distribution) -> tuple[int, tuple[float, ...]]:
    match distribution:
        case Lognormal(median, ln_sd):
            return LOGNORMAL, (median, ln_sd)
        case Normal(mean, sd):
            return NORMAL, (mean, sd)
        case Triangular(low, mode, high):
            return TRIANGULAR, (low, high, *triangle(low, mode, high))
        case Uniform(low, high):
            return UNIFORM, (low, high - low)
        case Fixed(value):
            return FIXED, (value,)


def _drawn(kind: int, rows: Any, keys: Any, words: Any) -> Any:
    """Samples of parameters of one kind: one row a parameter."""
    row = rows.T[:, :, np.newaxis]
    if kind == FIXED:
        return np.broadcast_to(row[0], (len(rows), len(words)))
    u = uniforms_of_key(keys[:, np.newaxis], words)
    if kind == LOGNORMAL:
        return row[0] * exponential(row[1] * normal_quantile(u))
    if kind == NORMAL:
        return row[0] + row[1] * normal_quantile(u)
    if kind == UNIFORM:
        return row[0] + u * row[1]
    rising = row[0] + np.sqrt(u * row[2])
    return np.where(u < row[4], rising, row[1] - np.sqrt((1.0 - u) * row[3]))
