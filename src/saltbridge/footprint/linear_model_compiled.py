"""A linear model as the engine's arrays: one path for draws, derivatives and unit footprints.

The engine wants process j to make product j. Where several processes make one product, or a
product is made beside another, the pairing of the solver is used: every product with one
process, so that the diagonal is never empty; all else is something taken, with either sign.

A line is an exchange with the outside: runs · amount · coefficient of an interface, whose unit
footprint is the factor. Lines of one factor and one stage share an interface, so a stage is the
same foreground with the footprints of all other stages' interfaces at zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from saltbridge.footprint.engine.foreground import Foreground, compile_foreground

if TYPE_CHECKING:
    from saltbridge.footprint.linear_model import LinearModel


@dataclass(frozen=True)
class CompiledModel:
    """The processes that a demand reaches, compiled; numbers follow from parameter values.

    Exchange e takes ``coefficient[e]`` × parameter ``parameter[e]``; process j makes the sum of
    ``output_coefficient`` × ``output_parameter`` over its outputs; interface n costs the factor
    ``factor[n]`` in the stage ``stage[n]``.
    """

    foreground: Foreground
    processes: Any  # number in the model of every process here
    parameter: Any
    coefficient: Any
    output_process: Any
    output_parameter: Any
    output_coefficient: Any
    factor: Any
    stage: Any  # its place among the stages of the model
    demand: Any  # of every product

    def amounts(self, values: Any) -> Any:
        """What every exchange takes at these parameter values."""
        return self.coefficient * values[self.parameter]

    def outputs(self, values: Any) -> Any:
        """What one run of every process makes of its product."""
        made = self.output_coefficient * values[self.output_parameter]
        return np.bincount(self.output_process, made, minlength=self.foreground.size)

    def units(self, values: Any, stage: int | None = None) -> Any:
        """kg CO2e per unit of every interface; 0 where it belongs to another stage."""
        return values[self.factor] * self.within(stage)

    def within(self, stage: int | None) -> Any:
        """1 for the interfaces of a stage (of all stages: None), else 0."""
        if stage is None:
            return np.ones(len(self.stage))
        return (self.stage == stage).astype(float)

    @property
    def inner(self) -> Any:
        """Mask of the exchanges between processes."""
        return self.foreground.source < self.foreground.size


def compile_model(model: "LinearModel") -> CompiledModel:
    """The foreground of a model: processes that its reference product reaches."""
    maker = paired(model)
    kept = _reached(model, maker)
    place = {process: n for n, process in enumerate(kept)}
    exchanges: list[tuple[int, int, int, float]] = []  # process, source, parameter, coefficient
    outputs: list[tuple[int, int, float]] = []
    for term in model.terms:
        if term.process not in place:
            continue
        source, process = place[maker[term.product]], place[term.process]
        if source == process and term.parameter in model.outputs:
            outputs.append((process, term.parameter, term.coefficient))
        else:
            exchanges.append((process, source, term.parameter, -term.coefficient))
    interfaces: dict[tuple[int, int], int] = {}
    for line in model.lines:
        if line.process not in place:
            continue
        key = (line.factor, model.stages.index(line.contribution.stage))
        number = interfaces.setdefault(key, len(interfaces))
        source = len(kept) + number
        exchanges.append((place[line.process], source, line.amount, line.coefficient))
    demand = np.zeros(len(kept))
    demand[place[maker[model.reference_product]]] = model.demand
    process, source, parameter, coefficient = _columns(exchanges, 4)
    made_by, output, scale = _columns(outputs, 3)
    factors = np.array(list(interfaces), dtype=np.int64).reshape(-1, 2)
    return CompiledModel(
        foreground=compile_foreground(len(kept), process, source, len(interfaces)),
        processes=np.array(kept, dtype=np.int64),
        parameter=parameter.astype(np.int64),
        coefficient=coefficient,
        output_process=made_by.astype(np.int64),
        output_parameter=output.astype(np.int64),
        output_coefficient=scale,
        factor=factors[:, 0],
        stage=factors[:, 1],
        demand=demand,
    )


def paired(model: "LinearModel") -> list[int]:
    """The process that stands for every product: its maker where each has one of its own."""
    size = len(model.processes)
    if len(set(model.product_of)) == size:
        maker = [0] * size
        for process, product in enumerate(model.product_of):
            maker[product] = process
        return maker
    at = ([t.product for t in model.terms], [t.process for t in model.terms])
    pattern = csr_matrix((np.ones(len(model.terms)), at), shape=(size, size))
    found: list[int] = maximum_bipartite_matching(pattern, perm_type="column").tolist()
    return found


def _reached(model: "LinearModel", maker: Sequence[int]) -> list[int]:
    """Processes that the reference product sets running, in the order of the model."""
    takes: dict[int, set[int]] = {}
    for term in model.terms:
        takes.setdefault(term.process, set()).add(maker[term.product])
    waiting = [maker[model.reference_product]]
    seen = set(waiting)
    while waiting:
        fresh = takes.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return sorted(seen)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Any:
    return np.array(rows, dtype=float).reshape(-1, width).T
