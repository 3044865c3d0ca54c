"""Samples of the stages of a footprint: the engine's Monte Carlo over a compiled model.

Amounts are drawn by key; a factor is the unit footprint of its interfaces, so that drawn
factors are columns of unit footprints, one a sample. Factors of a background come with samples
that were drawn once and stored: sample n takes column n, or, where there are fewer, column n
modulo their number, so that sample n meets the same background in every foreground.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from saltbridge.footprint.distributions import Uncertain
from saltbridge.footprint.engine.foreground import (
    Foreground,
    compile_foreground,
    evaluated,
)
from saltbridge.footprint.engine.monte_carlo import DrawnAmounts, scores_where_solved
from saltbridge.footprint.engine.parameters import Parameters, filled, parameters
from saltbridge.footprint.linear_model import LinearModel, ParameterKind
from saltbridge.footprint.linear_model_compiled import CompiledModel

_BATCH = 4096  # samples whose drawn factors are held at once


@dataclass(frozen=True)
class DrawnFactors:
    """Factors of a model with the samples of their values [kg CO2e per unit]."""

    numbers: tuple[int, ...]  # of the parameters
    values: Any  # a row for each of them, a column for each sample

    @property
    def samples(self) -> int:
        """How many samples were stored."""
        return int(self.values.shape[1])


def stage_samples(
    model: LinearModel,
    uncertain: Sequence[Uncertain],
    draws: int,
    seed: int,
    background: Sequence[DrawnFactors] = (),
) -> tuple[Any, int]:
    """Samples × stages [kg CO2e], and how many draws had no solution and were left out."""
    drawing = _Drawing(model, uncertain, seed, background)
    kept = []
    for first in range(0, draws, _BATCH):
        scores, solved = drawing.batch(first, min(_BATCH, draws - first))
        kept.append(scores[solved])
    samples = np.concatenate(kept)
    return samples, draws - len(samples)


class _Drawing:
    """A compiled model with what is drawn of it."""

    def __init__(
        self,
        model: LinearModel,
        uncertain: Sequence[Uncertain],
        seed: int,
        background: Sequence[DrawnFactors],
    ) -> None:
        self.compiled = model.compiled()
        self.stages = len(model.stages)
        values = np.array(model.values)
        self.outputs = self.compiled.outputs(values)
        self.units = self.compiled.units(values)
        amounts = [u for u in uncertain if u.parameter.kind is ParameterKind.AMOUNT]
        factors = [u for u in uncertain if u.parameter.kind is ParameterKind.FACTOR]
        self.amounts = _drawn_amounts(model, self.compiled, amounts, values, seed)
        self.factors = _keyed(factors, seed)
        rows = {model.number(u.parameter.id): n for n, u in enumerate(factors)}
        self.factor_rows = _matches(self.compiled.factor, rows)
        self.background = [
            (factors, *_matches(self.compiled.factor, _rows_of(factors)))
            for factors in background
        ]
        inner = self.compiled.inner
        # Runs can turn their direction only where what processes take of each other is drawn.
        moves = bool(np.any(self.amounts.parameter[inner] >= 0))
        self.supply = _Supply(model, self.compiled, self.amounts) if moves else None

    def batch(self, first: int, count: int) -> tuple[Any, Any]:
        """Stage totals of these samples, and the mask of those that a supply satisfies."""
        units = self._units(first, count)
        scores = np.empty((count, self.stages))
        for stage in range(self.stages):
            within = self.compiled.within(stage)
            known = units * (within if units.ndim == 1 else within[:, np.newaxis])
            scores[:, stage] = scores_where_solved(
                self.compiled.foreground, self.amounts, self.outputs, known,
                self.compiled.demand, first, count,
            )  # fmt: skip
        solved = np.all(np.isfinite(scores), axis=1)
        if self.supply is not None:
            solved &= self.supply.holds(self.outputs, first, count)
        return scores, solved

    def _units(self, first: int, count: int) -> Any:
        """Unit footprints of the interfaces: one vector, or a column for each sample."""
        drawn = self.factor_rows
        if not len(drawn[0]) and not self.background:
            return self.units
        units = np.repeat(self.units[:, np.newaxis], count, axis=1)
        if len(drawn[0]):
            units[drawn[0]] = filled(self.factors, first, count)[drawn[1]]
        for factors, interfaces, rows in self.background:
            columns = np.arange(first, first + count) % factors.samples
            units[interfaces] = factors.values[rows][:, columns]
        return units


def _rows_of(factors: DrawnFactors) -> Mapping[int, int]:
    return {number: row for row, number in enumerate(factors.numbers)}


def _keyed(uncertain: Sequence[Uncertain], seed: int) -> Parameters:
    return parameters(seed, {u.parameter.id: u.distribution for u in uncertain})


def _matches(factor: Any, rows: Mapping[int, int]) -> tuple[Any, Any]:
    """Interfaces whose factor has a row, and those rows."""
    found = [(n, rows[f]) for n, f in enumerate(factor.tolist()) if f in rows]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _drawn_amounts(
    model: LinearModel,
    compiled: CompiledModel,
    uncertain: Sequence[Uncertain],
    values: Any,
    seed: int,
) -> DrawnAmounts:
    place = {model.number(u.parameter.id): n for n, u in enumerate(uncertain)}
    parameter = np.array(
        [place.get(p, -1) for p in compiled.parameter.tolist()], dtype=np.int64
    )
    scale = np.where(parameter >= 0, compiled.coefficient, compiled.amounts(values))
    return DrawnAmounts(_keyed(uncertain, seed), parameter, scale)


class _Supply:
    """Whether a sample has a supply: every process runs in the direction it is accounted in.

    A loop that takes more than it makes has a solution with negative runs, which is none. The
    runs are the unit footprints of the transposed foreground: what process i makes is what
    others take of it by their runs, plus the demand.
    """

    def __init__(
        self, model: LinearModel, compiled: CompiledModel, amounts: DrawnAmounts
    ) -> None:
        size = compiled.foreground.size
        inner = np.flatnonzero(compiled.inner)
        wanted = np.flatnonzero(compiled.demand)
        self.sequence: Foreground = compile_foreground(
            size,
            np.concatenate([compiled.foreground.source[inner], wanted]),
            np.concatenate([compiled.foreground.process[inner], np.full(len(wanted), size)]),
            1,
        )
        self.amounts = amounts
        self.parameter = np.concatenate(
            [amounts.parameter[inner], np.full(len(wanted), -1, dtype=np.int64)]
        )
        self.scale = np.concatenate([amounts.scale[inner], compiled.demand[wanted]])
        runs = model.runs()
        names = [model.processes[p].id for p in compiled.processes.tolist()]
        self.signs = np.sign([runs[name] for name in names])

    def holds(self, outputs: Any, first: int, count: int) -> Any:
        """Mask of the samples in which no process turns."""
        drawn = filled(self.amounts.drawn, first, count)
        taken = np.repeat(self.scale[:, np.newaxis], count, axis=1)
        moving = self.parameter >= 0
        taken[moving] *= drawn[self.parameter[moving]]
        made = np.broadcast_to(outputs[:, np.newaxis], (len(outputs), count))
        runs = evaluated(self.sequence, taken, made, np.ones((1, count)), count)
        running = self.signs != 0
        return np.all(runs[running] * self.signs[running, np.newaxis] > 0, axis=0)
