"""Distributions of exchanges as LCA tools write them.

Brightway numbers the kinds (stats_arrays; recalled): 0 undefined, 1 none, 2 lognormal, 3
normal, 4 uniform, 5 triangular; others exist and are not read. bw2io gives ecoSpold 2 and
SimaPro the same members. Draws are centred on the amount that is counted, so a location of its
own is not used; for a lognormal the scale is the standard deviation of the logarithm.
"""

import math
from collections.abc import Mapping
from typing import Any

from saltbridge.footprint.engine.draws import (
    Distribution,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
)

_NONE, _LOGNORMAL, _NORMAL, _UNIFORM, _TRIANGULAR = (0, 1), 2, 3, 4, 5
_OPENLCA = {
    "LOG_NORMAL_DISTRIBUTION": _LOGNORMAL,
    "NORMAL_DISTRIBUTION": _NORMAL,
    "UNIFORM_DISTRIBUTION": _UNIFORM,
    "TRIANGLE_DISTRIBUTION": _TRIANGULAR,
}


class UnreadSpread(ValueError):
    """A distribution is given that is not of a kind we draw, or that is none."""


def brightway_distribution(said: Mapping[str, Any], amount: float) -> Distribution | None:
    """The distribution of an exchange of Brightway or bw2io; None where it is certain.

    Raises:
        UnreadSpread: its kind is not drawn here, or its numbers make no distribution.
    """
    try:
        kind = int(said.get("uncertainty type") or 0)
    except (TypeError, ValueError) as fault:
        raise UnreadSpread(str(said.get("uncertainty type"))) from fault
    return _distribution(
        kind, amount, said.get("scale"), said.get("minimum"), said.get("maximum")
    )


def openlca_distribution(said: Mapping[str, Any], amount: float) -> Distribution | None:
    """The distribution of an exchange of openLCA; None where it is certain.

    Raises:
        UnreadSpread: its kind is not drawn here, or its numbers make no distribution.
    """
    name = str(said.get("distributionType") or "")
    if not name:
        return None
    kind = _OPENLCA.get(name, -1)
    spread = said.get("sd")
    if kind == _LOGNORMAL:
        factor = _number(said.get("geomSd"))
        spread = math.log(factor) if factor > 0.0 else math.nan
    return _distribution(kind, amount, spread, said.get("minimum"), said.get("maximum"))


def _distribution(
    kind: int, amount: float, scale: object, minimum: object, maximum: object
) -> Distribution | None:
    if kind in _NONE:
        return None
    if kind in (_LOGNORMAL, _NORMAL):
        spread = _number(scale)
        if not spread >= 0.0:
            raise UnreadSpread(f"spread {scale}")
        if spread == 0.0 or amount == 0.0:
            return None
        return Lognormal(amount, spread) if kind == _LOGNORMAL else Normal(amount, spread)
    if kind not in (_UNIFORM, _TRIANGULAR):
        raise UnreadSpread(f"kind {kind}")
    low, high = _number(minimum), _number(maximum)
    if not low <= high or not low <= amount <= high:
        raise UnreadSpread(f"{low} to {high} around {amount}")
    if low == high:
        return None
    return Uniform(low, high) if kind == _UNIFORM else Triangular(low, amount, high)


def _number(said: object) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        return math.nan
    return float(said)
