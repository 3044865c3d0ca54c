"""How far a footprint may lie from its value: Monte Carlo beside first-order variance.

Both take the same distributions (``distributions.py``). Bounds given beside a lognormal or a
normal do not truncate it.

A parameter is drawn once per sample, whatever number of rows it feeds. What has no
distribution is held fixed, and so are holes: the spread is that of the known part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any

import numpy as np

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.footprint.distributions import Uncertain, moments, uncertain_parameters
from saltbridge.footprint.linear_model import LinearModel
from saltbridge.footprint.model import Stage
from saltbridge.footprint.model_samples import DrawnFactors, stage_samples

# Beyond this difference of the two standard deviations the first order is called poor.
POOR_FIRST_ORDER = 0.15
_NOISE = 1e-12  # of the mean: a smaller standard deviation is rounding


@dataclass(frozen=True, slots=True)
class Spread:
    """What the draws say about one total [kg CO2e per unit of product]."""

    value: float  # as accounted, without any draw
    mean: float
    sd: float
    p2_5: float
    median: float
    p97_5: float
    first_order_sd: float  # predicted by the derivatives

    @property
    def first_order_ratio(self) -> float | None:
        """Predicted standard deviation by drawn one; None where nothing spreads."""
        return None if self.sd <= _NOISE * abs(self.mean) else self.first_order_sd / self.sd

    @property
    def first_order_is_poor(self) -> bool:
        """Whether skew or large steps make the first order a poor guide."""
        ratio = self.first_order_ratio
        return ratio is not None and abs(ratio - 1) > POOR_FIRST_ORDER


@dataclass(frozen=True)
class Uncertainty:
    """The spread of the known part of a footprint, in total and by stage."""

    draws: int
    seed: int
    uncertain: tuple[Uncertain, ...]
    total: Spread
    stages: Mapping[Stage, Spread]
    variance_shares: tuple[tuple[str, float], ...]  # parameter id, share; largest first
    without_solution: int  # draws that no supply satisfies; they are left out and counted
    findings: tuple[Finding, ...]
    background: tuple[DrawnFactors, ...] = ()  # factors whose samples were drawn beforehand


def uncertainty(
    model: LinearModel, *, draws: int, seed: int, background: Sequence[DrawnFactors] = ()
) -> Uncertainty:
    """Monte Carlo and first-order spread of a footprint.

    The same seed, parameters, background and number of draws give the same result.

    Raises:
        FaultyInput: a distribution is none, or no draw has a solution.
        ValueError: fewer than two draws.
    """
    if draws < 2:
        raise ValueError("a spread needs at least two draws")
    uncertain, findings = uncertain_parameters(model, nothing_else=not background)
    stored = {number for factors in background for number in factors.numbers}
    # Samples say more than a range would.
    uncertain = tuple(u for u in uncertain if model.number(u.parameter.id) not in stored)
    samples, lost = stage_samples(model, uncertain, draws, seed, background)
    remarks = list(findings)
    if lost == draws:
        raise FaultyInput.of("analysis.no-draw-solved", draws=draws)
    if lost:
        remarks.append(
            finding(
                "analysis.draws-without-solution",
                severity=Severity.WARNING,
                count=lost,
                draws=draws,
            )
        )
    parts = _first_order(model, uncertain, background, None)
    by_stage = model.by_stage()
    stages = {
        stage: _spread(
            samples[:, column],
            by_stage[stage],
            _root_sum(_first_order(model, uncertain, background, stage)),
        )
        for column, stage in enumerate(model.stages)
    }
    total = _spread(samples.sum(axis=1), model.score(), _root_sum(parts))
    drawn = bool(uncertain or background)
    if drawn and not total.p2_5 <= total.value <= total.p97_5:
        remarks.append(
            finding(
                "analysis.value-outside-interval",
                severity=Severity.WARNING,
                value=total.value,
                low=total.p2_5,
                high=total.p97_5,
            )
        )
    return Uncertainty(
        draws=draws,
        seed=seed,
        uncertain=uncertain,
        total=total,
        stages=stages,
        variance_shares=_shares(model, uncertain, background, parts),
        without_solution=lost,
        findings=tuple(remarks),
        background=tuple(background),
    )


def _first_order(
    model: LinearModel,
    uncertain: Sequence[Uncertain],
    background: Sequence[DrawnFactors],
    stage: Stage | None,
) -> Any:
    """What every drawn parameter adds to the variance, by the derivatives [kg² CO2e].

    Factors of one background are correlated, so each has its covariance with all of them
    together; that may be negative. The sum is the variance either way.
    """
    slopes = model.gradient_array(stage)
    numbers = [model.number(u.parameter.id) for u in uncertain]
    sds = np.array([moments(u.distribution)[1] for u in uncertain])
    own = (slopes[numbers] * sds) ** 2 if uncertain else np.zeros(0)
    parts = [own]
    for factors in background:
        apart = factors.values - factors.values.mean(axis=1, keepdims=True)
        moved = slopes[list(factors.numbers)][:, np.newaxis] * apart
        parts.append(moved @ moved.sum(axis=0) / max(1, factors.samples - 1))
    return np.concatenate(parts)


def _shares(
    model: LinearModel,
    uncertain: Sequence[Uncertain],
    background: Sequence[DrawnFactors],
    parts: Any,
) -> tuple[tuple[str, float], ...]:
    whole = fsum(parts.tolist())
    if whole <= 0:
        return ()
    ids = [u.parameter.id for u in uncertain]
    ids += [model.ids[n] for factors in background for n in factors.numbers]
    pairs = [(id, float(p) / whole) for id, p in zip(ids, parts, strict=True)]
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _root_sum(variances: Any) -> float:
    return sqrt(max(0.0, fsum(variances.tolist())))


def _spread(samples: Any, value: float, first_order_sd: float) -> Spread:
    low, median, high = np.percentile(samples, [2.5, 50.0, 97.5]).tolist()
    values = samples.tolist()
    mean = fsum(values) / len(values)
    variance = fsum((v - mean) ** 2 for v in values) / (len(values) - 1)
    return Spread(value, mean, sqrt(variance), low, median, high, first_order_sd)
