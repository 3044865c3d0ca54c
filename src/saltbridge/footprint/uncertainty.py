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
from saltbridge.footprint.engine.draws import draw
from saltbridge.footprint.linear_model import LinearModel
from saltbridge.footprint.model import Stage

# Beyond this difference of the two standard deviations the first order is called poor.
POOR_FIRST_ORDER = 0.15
_NOISE = 1e-12  # of the mean: a smaller standard deviation is rounding
_BATCH = 256  # samples solved together


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


def uncertainty(model: LinearModel, *, draws: int, seed: int) -> Uncertainty:
    """Monte Carlo and first-order spread of a footprint.

    The same seed, parameters and number of draws give the same result.

    Raises:
        FaultyInput: a distribution is none, or no draw has a solution.
        ValueError: fewer than two draws.
    """
    if draws < 2:
        raise ValueError("a spread needs at least two draws")
    uncertain, findings = uncertain_parameters(model)
    samples, lost = _stage_samples(model, uncertain, draws, seed)
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
    totals = samples.sum(axis=1)
    numbers = [model.number(u.parameter.id) for u in uncertain]
    sds = np.array([moments(u.distribution)[1] for u in uncertain])
    parts = (model.gradient_array()[numbers] * sds) ** 2 if uncertain else np.zeros(0)
    by_stage = model.by_stage()
    stages = {
        stage: _spread(
            samples[:, column],
            by_stage[stage],
            _root_sum((model.gradient_array(stage)[numbers] * sds) ** 2),
        )
        for column, stage in enumerate(model.stages)
    }
    total = _spread(totals, model.score(), _root_sum(parts))
    if uncertain and not total.p2_5 <= total.value <= total.p97_5:
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
        variance_shares=_shares(uncertain, parts),
        without_solution=lost,
        findings=tuple(remarks),
    )


def _shares(uncertain: Sequence[Uncertain], parts: Any) -> tuple[tuple[str, float], ...]:
    whole = fsum(parts.tolist())
    if whole == 0:
        return ()
    pairs = [(u.parameter.id, float(p) / whole) for u, p in zip(uncertain, parts, strict=True)]
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _root_sum(variances: Any) -> float:
    return sqrt(fsum(variances.tolist()))


def _spread(samples: Any, value: float, first_order_sd: float) -> Spread:
    low, median, high = np.percentile(samples, [2.5, 50.0, 97.5]).tolist()
    values = samples.tolist()
    mean = fsum(values) / len(values)
    variance = fsum((v - mean) ** 2 for v in values) / (len(values) - 1)
    return Spread(value, mean, sqrt(variance), low, median, high, first_order_sd)


def _stage_samples(
    model: LinearModel, uncertain: Sequence[Uncertain], draws: int, seed: int
) -> tuple[Any, int]:
    """Samples × stages [kg CO2e], and how many draws had no solution and were left out."""
    numbers = np.array([model.number(u.parameter.id) for u in uncertain], dtype=int)
    evaluate = _Evaluator(model)
    kept: list[Any] = []
    for first in range(0, draws, _BATCH):
        count = min(_BATCH, draws - first)
        values = np.tile(np.array(model.values), (count, 1))
        for number, u in zip(numbers, uncertain, strict=True):
            values[:, number] = draw(u.distribution, seed, u.parameter.id, first, count)
        stages, solved = evaluate(values)
        kept.append(stages[solved])
    samples = np.concatenate(kept)
    return samples, draws - len(samples)


class _Evaluator:
    """Stage totals of a batch of parameter values (samples × parameters)."""

    def __init__(self, model: LinearModel) -> None:
        reached = np.flatnonzero(model.reached)
        self.size = len(reached)
        # Processes that run, and the products they make: the rest of A does not matter.
        columns = {int(p): i for i, p in enumerate(reached)}
        products = {number: i for i, number in enumerate(_used_products(model, columns))}
        terms = [t for t in model.terms if t.process in columns]
        self.term_parameters = np.array([t.parameter for t in terms], dtype=int)
        self.coefficients = np.array([t.coefficient for t in terms])
        self.cells = np.array(
            [products[t.product] * self.size + columns[t.process] for t in terms], dtype=int
        )
        self.wanted = np.zeros(self.size)
        self.wanted[products[model.reference_product]] = model.demand
        lines = [n for n in model.lines if n.process in columns]
        self.amounts = np.array([n.amount for n in lines], dtype=int)
        self.factors = np.array([n.factor for n in lines], dtype=int)
        self.line_coefficients = np.array([n.coefficient for n in lines])
        self.line_processes = np.array([columns[n.process] for n in lines], dtype=int)
        self.stage_of_line = np.zeros((len(lines), len(model.stages)))
        for i, line in enumerate(lines):
            self.stage_of_line[i, model.stages.index(line.contribution.stage)] = 1.0
        runs = model.runs()
        self.signs = np.sign([runs[model.processes[int(p)].id] for p in reached])

    def __call__(self, values: Any) -> tuple[Any, Any]:
        """Stage totals, and the mask of the samples that a supply satisfies."""
        count = len(values)
        matrices = np.zeros((count, self.size * self.size))
        entries = values[:, self.term_parameters] * self.coefficients
        where: Any = (slice(None), self.cells)
        np.add.at(matrices, where, entries)
        cubes = matrices.reshape(count, self.size, self.size)
        try:
            wanted = np.broadcast_to(self.wanted[:, None], (count, self.size, 1))
            runs = np.linalg.solve(cubes, wanted)[:, :, 0]
        except np.linalg.LinAlgError:  # one of them is exactly singular: go one by one
            runs = np.stack([self._alone(m) for m in cubes])
        # A supply that turns its direction is none: a loop took more than it gave.
        solved = np.all(runs * self.signs > 0, axis=1)
        lines = (
            values[:, self.amounts]
            * values[:, self.factors]
            * self.line_coefficients
            * runs[:, self.line_processes]
        )
        return lines @ self.stage_of_line, solved

    def _alone(self, matrix: Any) -> Any:
        try:
            return np.linalg.solve(matrix, self.wanted)
        except np.linalg.LinAlgError:
            return np.full(self.size, np.nan)


def _used_products(model: LinearModel, columns: Mapping[int, int]) -> list[int]:
    """Products that the running processes make or take, in order; as many as processes."""
    found = {t.product for t in model.terms if t.process in columns}
    return sorted(found)
