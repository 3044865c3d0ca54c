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

One solve of A gives the runs, one of the transpose gives the footprint of one unit of every
product; the derivative by every parameter follows from these two without another solve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import fsum
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from saltbridge.core.finding import NOWHERE, Place
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
class _Solved:
    """A with its factorisation, the runs, and the unit footprints per stage and in total."""

    runs: Any
    units: Any  # products × (stages + 1); the last column is the total


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
    reached: tuple[bool, ...]  # processes that the demand can set running
    outside: tuple[Exchange, ...] = ()  # rows that are no parameter: holes, amounts of 0, …
    _memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

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
        runs, values = self._solved().runs, self.values
        return [
            float(runs[n.process]) * values[n.amount] * n.coefficient * values[n.factor]
            for n in self.lines
        ]

    def runs(self) -> dict[str, float]:
        """Runs of every process for one unit of product."""
        runs = self._solved().runs
        return {p.id: float(r) for p, r in zip(self.processes, runs, strict=True)}

    def unit_footprints(self, stage: Stage | None = None) -> dict[str, float]:
        """What one unit of the product of every process carries [kg CO2e per unit].

        Cradle to the gate of that process; one transposed solve gives all of them. Of one
        stage where it is named.
        """
        column = self._solved().units[:, self._column(stage)]
        return {
            p.id: float(column[product])
            for p, product in zip(self.processes, self.product_of, strict=True)
        }

    def gradient(self, stage: Stage | None = None) -> dict[str, float]:
        """Derivative of the score by every parameter [kg CO2e per unit of the parameter].

        d score / d A(i,j) = − unit footprint(i) · runs(j); the rest is the product rule.
        """
        return dict(zip(self.ids, self.gradient_array(stage).tolist(), strict=True))

    def gradient_array(self, stage: Stage | None = None) -> Any:
        """As ``gradient``, in the order of the parameters."""
        solved, values = self._solved(), self.values
        units = solved.units[:, self._column(stage)]
        slopes = np.zeros(len(self.parameters))
        for term in self.terms:
            moved = float(units[term.product] * solved.runs[term.process])
            slopes[term.parameter] -= term.coefficient * moved
        for line in self.lines:
            if stage is not None and line.contribution.stage is not stage:
                continue
            per = float(solved.runs[line.process]) * line.coefficient
            slopes[line.amount] += per * values[line.factor]
            slopes[line.factor] += per * values[line.amount]
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
        only_factors = all(
            changed[self.number(id)].kind is ParameterKind.FACTOR for id in changes
        )
        memo: dict[str, Any] = {"numbers": self._memo["numbers"]} if changes else {}
        if only_factors and "factored" in self._memo:
            memo |= {k: self._memo[k] for k in ("factored", "runs")}
        return replace(self, parameters=tuple(changed), _memo=memo)

    def matrix(self) -> Any:
        """A with products as rows and processes as columns (sparse)."""
        size, values = len(self.processes), self.values
        return csc_matrix(
            (
                [t.coefficient * values[t.parameter] for t in self.terms],
                ([t.product for t in self.terms], [t.process for t in self.terms]),
            ),
            shape=(size, size),
        )

    def _column(self, stage: Stage | None) -> int:
        return len(self.stages) if stage is None else self.stages.index(stage)

    def _solved(self) -> _Solved:
        if "solved" in self._memo:
            found: _Solved = self._memo["solved"]
            return found
        if "factored" not in self._memo:
            # Of the transpose: its fill is far smaller than that of A.
            self._memo["factored"] = splu(csc_matrix(self.matrix().T))
            wanted = np.zeros(len(self.processes))
            wanted[self.reference_product] = self.demand
            runs = self._refined(wanted, transposed=False)
            runs[~np.asarray(self.reached)] = 0.0
            self._memo["runs"] = runs
        direct = np.zeros((len(self.processes), len(self.stages) + 1))
        values = self.values
        for line in self.lines:
            burden = values[line.amount] * line.coefficient * values[line.factor]
            direct[line.process, self.stages.index(line.contribution.stage)] += burden
        direct[:, -1] = direct[:, :-1].sum(axis=1)
        units = np.column_stack([self._refined(b, transposed=True) for b in direct.T])
        self._memo["solved"] = _Solved(self._memo["runs"], units)
        return self._solved()

    def _refined(self, right: Any, *, transposed: bool) -> Any:
        """The solution with one step of refinement."""
        matrix = self.matrix()
        matrix = matrix.T if transposed else matrix
        way = "N" if transposed else "T"  # what is factored is the transpose
        factored = self._memo["factored"]
        found = factored.solve(right, trans=way)
        return found + factored.solve(right - matrix @ found, trans=way)
