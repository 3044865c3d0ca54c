"""Whether both sides of the accounting bench found the same.

Certain results must agree to 1e-9 of each value; a value below 1e-12 kg CO2e counts as the
zero that it is, since the peer's factorisation leaves rounding there. Drawn results agree
where means and standard deviations lie within four standard errors of each other.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

STATIC = 1e-9
ZERO = 1e-12  # kg CO2e per unit
DERIVATIVE = 1e-6  # a central difference with a step of 1e-4 is no closer
STANDARD_ERRORS = 4.0


@dataclass(frozen=True)
class Agreement:
    """How far apart two results lie, in words, and whether that is near enough."""

    holds: bool
    words: str


def agreements(ours: dict[str, Any], peers: dict[str, Any]) -> dict[str, Agreement]:
    """By name of the measurement."""
    found = {
        "matrices": _same(ours["technosphere_digest"], peers["technosphere_digest"]),
        "unit_footprints": _near(ours["unit_footprints"], peers["unit_footprints"]),
        "score": _near(
            np.append(ours["scores"], ours["score"]), np.append(peers["scores"], peers["score"])
        ),
        "paths": _paths(ours["paths"], peers["paths"]),
        "gradients": _derivatives(ours, peers),
    }
    for name in ("foreground_draws", "background_draws"):
        found[name] = drawn_alike(ours[name], peers[name])
    return found


def drawn_alike(a: Any, b: Any) -> Agreement:
    """Whether two samples may come from one distribution, by mean and standard deviation."""
    sd_a, sd_b = float(a.std(ddof=1)), float(b.std(ddof=1))
    mean = (a.mean() - b.mean()) / sqrt(sd_a**2 / len(a) + sd_b**2 / len(b))
    kurtosis = float(np.mean(((a - a.mean()) / sd_a) ** 4))
    of_sd = [
        s * sqrt((kurtosis - 1.0) / (4.0 * n)) for s, n in ((sd_a, len(a)), (sd_b, len(b)))
    ]
    sd = (sd_a - sd_b) / sqrt(of_sd[0] ** 2 + of_sd[1] ** 2)
    words = (
        f"mean {a.mean():.4f} | {b.mean():.4f} ({mean:+.1f} s.e.), "
        f"sd {sd_a:.4f} | {sd_b:.4f} ({sd:+.1f} s.e.)"
    )
    return Agreement(max(abs(mean), abs(sd)) <= STANDARD_ERRORS, words)


def _same(a: Any, b: Any) -> Agreement:
    return Agreement(str(a) == str(b), f"sha256 {str(a)[:12]} | {str(b)[:12]}")


def _near(a: Any, b: Any) -> Agreement:
    if a.shape != b.shape:
        return Agreement(False, f"{a.shape} | {b.shape} values")
    size = np.maximum(np.abs(a), np.abs(b))
    apart = np.where(size > ZERO, np.abs(a - b) / np.where(size > ZERO, size, 1.0), 0.0)
    return Agreement(bool(apart.max() <= STATIC), f"{len(a):,} values to {apart.max():.0e}")


def _paths(a: Any, b: Any) -> Agreement:
    if len(a) != len(b):
        return Agreement(False, f"{len(a)} | {len(b)} branches")
    near = _near(a, b)
    return Agreement(near.holds, f"{len(a)} branches to {near.words.rsplit(' ', 1)[1]}")


def _derivatives(ours: dict[str, Any], peers: dict[str, Any]) -> Agreement:
    """By amounts of the demanded process, against differences that bw2calc gives."""
    product = peers["changed_products"]
    found = ours["top_by_amount"][np.searchsorted(ours["top_products"], product)]
    amount = ours["top_amounts"][np.searchsorted(ours["top_products"], product)]
    up, down = peers["changed_scores"].reshape(-1, 2).T
    expected = (up - down) / (2e-4 * amount)
    apart = float((np.abs(found - expected) / np.abs(expected)).max())
    return Agreement(apart <= DERIVATIVE, f"{len(product)} by differences to {apart:.0e}")
