"""Random draws keyed by run seed, parameter id and sample number: no generator, no order.

Sample number n of a parameter is always the same number, whoever draws it, in whatever order
and beside whatever else. So a shared parameter stays shared, a run repeats bit for bit, and
two companies draw the same grid factor without exchanging arrays.

The uniform number is a hash: SHA-256 of seed and id gives the key of the parameter, and the
finaliser of SplitMix64 (Steele, Lea, Flood 2014, in the constants of Stafford's variant 13;
recalled) mixes it with the mixed sample number. It lies at the centre of one of 2^52 equal
cells, never on 0 or 1 (the outermost half cells are 2^-53 wide).

Every other distribution is the quantile of that uniform number. The normal quantile is read
from a table (``normal_table``): within 1e-12 of the quantile everywhere, the tail ends at
±8.21 standard deviations, and nothing before is cut. Table and exponential use additions and
multiplications only, so the same bits come out with numpy and with numba.
"""

from dataclasses import dataclass
from hashlib import sha256
from math import factorial, isfinite
from typing import Any

import numpy as np

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, finding
from saltbridge.footprint.engine.normal_table import PIECES_BITS, SMALLEST, quantile_table

# What the finaliser and the table need; ``kernels`` uses the same.
GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
CELL = 2.0**-52
SHIFT = np.int64(52 - PIECES_BITS)
MASK = np.int64((1 << (52 - PIECES_BITS)) - 1)
ONE_BITS = np.int64(0x3FF0000000000000)
FIRST_PIECE = np.int64((1023 - 53) << PIECES_BITS)

LARGEST_EXPONENT = 700.0  # exp is cut there: 1e304
ROUNDER = 6755399441055744.0  # 1.5 · 2^52: adding and subtracting it rounds to an integer
LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
INVERSE_FACTORIALS = tuple(1.0 / factorial(n) for n in range(13, -1, -1))


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Median in the unit of the parameter, and the standard deviation of its logarithm.

    A negative median gives negative values.
    """

    median: float
    ln_sd: float


@dataclass(frozen=True, slots=True)
class Normal:
    """Mean and standard deviation, both in the unit of the parameter."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Triangular:
    """Smallest, most likely and largest value, in the unit of the parameter."""

    minimum: float
    mode: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Uniform:
    """Smallest and largest value, in the unit of the parameter."""

    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Fixed:
    """A parameter that is certain."""

    value: float


Distribution = Lognormal | Normal | Triangular | Uniform | Fixed


def faults(parameter_id: str, distribution: Distribution) -> tuple[Finding, ...]:
    """Findings where a distribution is none: negative spread, bounds out of order."""
    values: tuple[float, ...]
    match distribution:
        case Lognormal(value, spread) | Normal(value, spread):
            values = (value, spread)
            code = "engine.negative-spread" if spread < 0.0 else ""
        case Triangular(low, mode, high):
            values = (low, mode, high)
            code = "" if low <= mode <= high else "engine.bounds-order"
        case Uniform(low, high):
            values = (low, high)
            code = "" if low <= high else "engine.bounds-order"
        case Fixed(value):
            values, code = (value,), ""
    if not all(isfinite(v) for v in values):
        code = "engine.parameter-not-a-number"
    return (finding(code, parameter=parameter_id),) if code else ()


def parameter_key(seed: int, parameter_id: str) -> int:
    """The 64 bits that stand for a parameter in a run."""
    text = f"saltbridge draw 1\n{seed}\n{parameter_id}".encode()
    return int.from_bytes(sha256(text).digest()[:8], "little")


def uniforms(seed: int, parameter_id: str, first: int, count: int) -> Any:
    """Samples ``first`` to ``first + count − 1`` of a uniform number in (0, 1), float64."""
    return uniforms_of_key(parameter_key(seed, parameter_id), sample_words(first, count))


def draw(
    distribution: Distribution, seed: int, parameter_id: str, first: int, count: int
) -> Any:
    """Samples ``first`` to ``first + count − 1`` of a parameter, in its own unit, float64.

    Raises:
        FaultyInput: the distribution is none.
    """
    if found := faults(parameter_id, distribution):
        raise FaultyInput(found)
    return quantile(distribution, uniforms(seed, parameter_id, first, count))


def quantile(distribution: Distribution, u: Any) -> Any:
    """The value below which the share ``u`` of a distribution lies, in its own unit."""
    match distribution:
        case Lognormal(median, ln_sd):
            return median * exponential(ln_sd * normal_quantile(u))
        case Normal(mean, sd):
            return mean + sd * normal_quantile(u)
        case Triangular(low, mode, high):
            rising, falling, split = triangle(low, mode, high)
            return np.where(
                u < split, low + np.sqrt(u * rising), high - np.sqrt((1.0 - u) * falling)
            )
        case Uniform(low, high):
            return low + u * (high - low)
        case Fixed(value):
            return np.full(np.shape(u), value)


def triangle(low: float, mode: float, high: float) -> tuple[float, float, float]:
    """What is under the roots of the two branches, and the share at which they meet."""
    width = high - low
    split = (mode - low) / width if width > 0.0 else 0.0
    return width * (mode - low), width * (high - mode), split


def normal_quantile(u: Any) -> Any:
    """Standard normal deviate below which the share ``u`` lies; |error| below 1e-12.

    Raises:
        ValueError: a share lies outside 2^-53 … 1 − 2^-53.
    """
    u = np.asarray(u, dtype=float)
    upper = 1.0 - u
    p = np.minimum(u, upper)
    if np.any(~(p >= SMALLEST)):
        raise ValueError("a share outside 2^-53 … 1 − 2^-53 has no deviate here")
    bits = p.view(np.int64)
    piece = (bits >> SHIFT) - FIRST_PIECE
    t = (((bits & MASK) << np.int64(PIECES_BITS)) | ONE_BITS).view(float) - 1.0
    table = quantile_table()
    z = np.take(table[:, 5], piece)
    for power in (4, 3, 2, 1, 0):
        z *= t
        z += np.take(table[:, power], piece)
    return np.where(u > upper, -z, z)


def exponential(x: Any) -> Any:
    """e to the power x, within 2 units of the last place; cut at e^±700."""
    x = np.minimum(np.maximum(x, -LARGEST_EXPONENT), LARGEST_EXPONENT)
    shifted = x * LOG2_E + ROUNDER
    whole = shifted - ROUNDER
    rest = (x - whole * LN2_HIGH) - whole * LN2_LOW
    series = np.full(np.shape(rest), INVERSE_FACTORIALS[0])
    for coefficient in INVERSE_FACTORIALS[1:]:
        series = series * rest + coefficient
    power = (shifted.view(np.int64) + np.int64(1023)) << np.int64(52)
    return series * power.view(float)


def sample_words(first: int, count: int) -> Any:
    """The mixed sample numbers that every parameter shares, uint64."""
    return mixed_words((np.arange(first + 1, first + count + 1, dtype=np.uint64)) * GAMMA)


def mixed_words(z: Any) -> Any:
    """The finaliser of SplitMix64 over an array of uint64."""
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    return z ^ (z >> np.uint64(31))


def uniforms_of_key(key: Any, words: Any) -> Any:
    """The uniform numbers of a parameter for the samples behind ``words``.

    Of a column of keys: one row a parameter.
    """
    mixed = mixed_words(words + np.uint64(key))
    return ((mixed >> np.uint64(12)).astype(float) + 0.5) * CELL
