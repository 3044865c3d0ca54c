"""The normal quantile as a table of quintic pieces that is the same on every machine.

Values by AS 241 (M. J. Wichura, The percentage points of the normal distribution, Applied
Statistics 37, 1988, coefficients of PPND16; read in CPython's ``statistics``), which holds 16
digits. Logarithm and exponential come correctly rounded from ``decimal``, so no mathematical
library of a platform moves a bit. ``TABLE_DIGEST`` is
SHA-256 over its little-endian float64 and says which table it must be.
"""

from decimal import Context, Decimal
from functools import cache
from math import sqrt
from typing import Any

import numpy as np

PIECES_BITS = 6  # 64 pieces to each power of two
OCTAVES = 52  # from 2^-53 up to 1/2
SMALLEST = 2.0**-53
TABLE_DIGEST = "a39ebd29c155f895023435fccebbbe26298f1d661c6c5c11f4fcb2ed7ec04e80"

_DIGITS = Context(prec=30)
_SQRT_2_PI = 2.5066282746310002
_Coefficients = tuple[float, ...]
_CENTRE: tuple[_Coefficients, _Coefficients] = (
    (
        2.50908092873012267270e3,
        3.34305755835881281050e4,
        6.72657709270087008530e4,
        4.59219539315498714570e4,
        1.37316937655094611250e4,
        1.97159095030655144270e3,
        1.33141667891784377450e2,
        3.38713287279636660800e0,
    ),
    (
        5.22649527885285456100e3,
        2.87290857357219426740e4,
        3.93078958000927106100e4,
        2.12137943015865958670e4,
        5.39419602142475110770e3,
        6.87187007492057908300e2,
        4.23133307016009112520e1,
        1.0,
    ),
)
_TAIL: tuple[_Coefficients, _Coefficients] = (
    (
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    ),
    (
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    ),
)
_FAR_TAIL: tuple[_Coefficients, _Coefficients] = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e0,
        5.46378491116411436990e0,
        6.65790464350110377720e0,
    ),
    (
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ),
)


@cache
def quantile_table() -> Any:
    """Coefficients of t^0 … t^5 for each piece, one piece a row of eight (two are 0).

    Piece k of octave e covers p = 2^(e−53) (1 + (k + t)/64) for t from 0 to 1, and meets its
    neighbours in value, slope and curvature. The last row is p = 1/2 alone.
    """
    pieces = 1 << PIECES_BITS
    rows = np.zeros((OCTAVES * pieces + 1, 8))
    for octave in range(OCTAVES):
        width = 2.0 ** (octave - 53) / pieces
        right = _jet(width * pieces, width)
        for k in range(pieces):
            left, right = right, _jet(width * (pieces + k + 1), width)
            rows[octave * pieces + k, :6] = _quintic(*left, *right)
    return rows


def _quintic(
    z0: float, slope0: float, bend0: float, z1: float, slope1: float, bend1: float
) -> tuple[float, ...]:
    """The polynomial over 0 … 1 with these values and first two derivatives at its ends."""
    half = bend0 / 2.0
    d, e, g = z1 - z0 - slope0 - half, slope1 - slope0 - bend0, bend1 - bend0
    a3, a4, a5 = 10.0 * d - 4.0 * e + g / 2.0, -15.0 * d + 7.0 * e - g, 6.0 * d - 3.0 * e
    return z0, slope0, half, a3, a4, a5 + g / 2.0


def _jet(p: float, width: float) -> tuple[float, float, float]:
    """Normal quantile at p ≤ 1/2 and its first two derivatives by t, p moving by width·t."""
    z = _quantile(p)
    slope = _SQRT_2_PI * float(Decimal(z * z / 2.0).exp(_DIGITS)) * width
    return z, slope, z * slope * slope


def _quantile(p: float) -> float:
    q = p - 0.5
    if q >= -0.425:
        return q * _ratio(_CENTRE, 0.180625 - q * q)
    r = sqrt(-float(Decimal(p).ln(_DIGITS)))
    return -(_ratio(_TAIL, r - 1.6) if r <= 5.0 else _ratio(_FAR_TAIL, r - 5.0))


def _ratio(pair: tuple[_Coefficients, _Coefficients], r: float) -> float:
    above = below = 0.0
    for upper, lower in zip(*pair, strict=True):
        above, below = above * r + upper, below * r + lower
    return above / below
