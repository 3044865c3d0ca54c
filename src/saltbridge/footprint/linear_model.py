"""A footprint as a linear model with named parameters.

score = Σ runs · amount · coefficient · factor, over the priced lines; the runs solve A · runs =
demand, and the amounts of linked rows and the outputs of processes are the entries of A.
Every row amount, every process output and every factor value is one parameter. A factor used
by twenty rows is one parameter, so that a change or a draw moves all twenty together; an
allocated row is one parameter in all its copies.

What the model takes as fixed, since it is not linear or not a number of one row: shares of
allocation, shares of electricity contracts, unit conversions, GWP choice, and the terms of the
circular footprint formula (Ev, Erecycled, R1, …): the value the formula gives is one derived
factor of its own, which does not follow the factor of the virgin material. Rows of amount 0
have no line. Holes are no part of the model: it explains the known part, and nothing else.

The numbers come from the engine (``linear_model_compiled``): one solve of A gives the runs, one
of the transpose the footprint of one unit of every product; the derivative by every parameter
follows from these two without another solve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import fsum
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from saltbridge.core.finding import NOWHERE, Place
from saltbridge.footprint.engine.gradients import ForegroundGradients, foreground_gradients
from saltbridge.footprint.engine.unit_footprints import unit_footprints
from saltbridge.footprint.linear_model_compiled import CompiledModel, compile_model, paired
from saltbridge.footprint.model import (
    EmissionFactor,
    Exchange,
    Process,
    Stage,
)
from saltbridge.footprint.result import CarbonFootprint, Contribution


class ParameterKind(StrEnum):
    """What a parameter is the value of."""

    AMOUNT = "amount"  # of a row, per run of its process
    OUTPUT = "output"  # of a process: what one run makes of its reference flow
    FACTOR = "factor"  # kg CO2e per unit


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One named number of a footprint. ``id`` is the key of draws and of what-ifs.

    ``amount:<process>:<direction>:<flow>`` (with ``@<location>`` and, for repetitions, ``#2``),
    ``output:<process>`` or ``factor:<factor id>``. Of two values under one factor id (a derived
    factor that depends on its row) the second is ``factor:<id>~2``.
    """

    id: str
    kind: ParameterKind
    value: float
    unit: str  # of the value; kg CO2e per this unit for a factor
    flow: str
    process: str = ""  # empty for a factor
    place: Place = NOWHERE
    exchange: Exchange | None = None
    factor: EmissionFactor | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """``coefficient`` × parameter is a part of the entry (product, process) of A."""

    parameter: int
    product: int
    process: int
    coefficient: float


@dataclass(frozen=True, slots=True)
class Line:
    """One contribution: runs × amount × coefficient × factor = kg CO2e."""

    amount: int  # number of the parameter
    factor: int
    process: int
    coefficient: float
    contribution: Contribution


@dataclass(frozen=True)
class LinearModel:
    """The known part of one footprint as a function of its parameters [kg CO2e per unit]."""

    footprint: CarbonFootprint
    processes: tuple[Process, ...]
    parameters: tuple[Parameter, ...]
    terms: tuple[Term, ...]
    lines: tuple[Line, ...]
    stages: tuple[Stage, ...]
    product_of: tuple[int, ...]  # product that each process makes
    reference_product: int
    demand: float
    outside: tuple[Exchange, ...] = ()  # rows that are no parameter: holes, amounts of 0, …
    _memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the parameters, in their order."""
        return tuple(p.id for p in self.parameters)

    @property
    def values(self) -> tuple[float, ...]:
        """Values of the parameters, in their order."""
        return tuple(p.value for p in self.parameters)

    def number(self, id: str) -> int:
        """Position of a parameter.

        Raises:
            KeyError: there is none of this id.
        """
        if "numbers" not in self._memo:
            self._memo["numbers"] = {p.id: i for i, p in enumerate(self.parameters)}
        return int(self._memo["numbers"][id])

    def score(self) -> float:
        """Total of the known lines [kg CO2e per unit of product]."""
        return fsum(self.line_values())

    def by_stage(self) -> dict[Stage, float]:
        """Total of the known lines by stage [kg CO2e per unit of product]."""
        values = self.line_values()
        return {
            stage: fsum(
                v
                for line, v in zip(self.lines, values, strict=True)
                if line.contribution.stage is stage
            )
            for stage in self.stages
        }

    def line_values(self) -> list[float]:
        """kg CO2e per unit of product of every line, in the order of ``lines``."""
        runs, values = self._runs(), self.values
        return [
            float(runs[n.process]) * values[n.amount] * n.coefficient * values[n.factor]
            for n in self.lines
        ]

    def runs(self) -> dict[str, float]:
        """Runs of every process for one unit of product."""
        runs = self._runs()
        return {p.id: float(r) for p, r in zip(self.processes, runs, strict=True)}

    def unit_footprints(self, stage: Stage | None = None) -> dict[str, float]:
        """What one unit of the product of every process carries [kg CO2e per unit].

        Cradle to the gate of that process; one transposed solve gives all of them. Of one
        stage where it is named.
        """
        values = self.values
        direct = np.zeros(len(self.processes))
        for line in self.lines:
            if stage is None or line.contribution.stage is stage:
                burden = values[line.amount] * line.coefficient * values[line.factor]
                direct[line.process] += burden
        column = unit_footprints(self.paired_matrix(), direct).values
        standing = self._maker()
        return {
            p.id: float(column[standing[product]])
            for p, product in zip(self.processes, self.product_of, strict=True)
        }

    def gradient(self, stage: Stage | None = None) -> dict[str, float]:
        """Derivative of the score by every parameter [kg CO2e per unit of the parameter].

        d score / d A(i,j) = − unit footprint(i) · runs(j); the rest is the product rule.
        """
        return dict(zip(self.ids, self.gradient_array(stage).tolist(), strict=True))

    def gradient_array(self, stage: Stage | None = None) -> Any:
        """As ``gradient``, in the order of the parameters."""
        compiled, found = self.compiled(), self._gradients(stage)
        slopes = np.zeros(len(self.parameters))
        np.add.at(slopes, compiled.parameter, compiled.coefficient * found.by_amount)
        made = compiled.output_coefficient * found.by_output[compiled.output_process]
        np.add.at(slopes, compiled.output_parameter, made)
        within = compiled.within(self._number_of(stage))
        np.add.at(slopes, compiled.factor, within * found.by_unit)
        return slopes

    def with_value(self, id: str, value: float) -> "LinearModel":
        """The model with one parameter changed.

        Raises:
            KeyError: there is no parameter of this id.
        """
        return self.with_values({id: value})

    def with_factor(self, id: str, value: float) -> "LinearModel":
        """The model with the value of one factor changed, by the id of the factor.

        The runs do not depend on factors, so nothing is solved again for the score.

        Raises:
            KeyError: no line uses this factor.
        """
        return self.with_values({f"factor:{id}": value})

    def with_values(self, changes: Mapping[str, float]) -> "LinearModel":
        """The model with several parameters changed, by id.

        ``footprint`` stays that of the inventory, so that the change can be told.

        Raises:
            KeyError: there is no parameter of such an id.
        """
        changed = list(self.parameters)
        for id, value in changes.items():
            i = self.number(id)
            changed[i] = replace(changed[i], value=value)
        memo = {k: self._memo[k] for k in ("numbers", "compiled", "maker") if k in self._memo}
        if all(changed[self.number(id)].kind is ParameterKind.FACTOR for id in changes):
            memo |= {"runs": self._runs()}  # they do not depend on factors
        return replace(self, parameters=tuple(changed), _memo=memo)

    def compiled(self) -> CompiledModel:
        """The foreground of the engine behind this model; values are put in afterwards."""
        if "compiled" not in self._memo:
            self._memo["compiled"] = compile_model(self)
        found: CompiledModel = self._memo["compiled"]
        return found

    @property
    def outputs(self) -> frozenset[int]:
        """Numbers of the parameters that are outputs of processes."""
        if "outputs" not in self._memo:
            kinds = enumerate(self.parameters)
            made = frozenset(i for i, p in kinds if p.kind is ParameterKind.OUTPUT)
            self._memo["outputs"] = made
        found: frozenset[int] = self._memo["outputs"]
        return found

    def paired_matrix(self) -> Any:
        """A as the engine wants it (sparse): row j is the product that process j stands for."""
        size, values, standing = len(self.processes), self.values, self._maker()
        return csc_matrix(
            (
                [t.coefficient * values[t.parameter] for t in self.terms],
                ([standing[t.product] for t in self.terms], [t.process for t in self.terms]),
            ),
            shape=(size, size),
        )

    def _maker(self) -> list[int]:
        if "maker" not in self._memo:
            self._memo["maker"] = paired(self)
        found: list[int] = self._memo["maker"]
        return found

    def _number_of(self, stage: Stage | None) -> int | None:
        return None if stage is None else self.stages.index(stage)

    def _runs(self) -> Any:
        """Runs of every process; exactly 0 where the demand does not reach it."""
        if "runs" not in self._memo:
            runs = np.zeros(len(self.processes))
            runs[self.compiled().processes] = self._gradients(None).runs
            self._memo["runs"] = runs
        return self._memo["runs"]

    def _gradients(self, stage: Stage | None) -> ForegroundGradients:
        key = ("gradients", stage)
        if key not in self._memo:
            compiled, values = self.compiled(), np.array(self.values)
            self._memo[key] = foreground_gradients(
                compiled.foreground,
                compiled.amounts(values),
                compiled.outputs(values),
                compiled.units(values, self._number_of(stage)),
                compiled.demand,
            )
        found: ForegroundGradients = self._memo[key]
        return found
