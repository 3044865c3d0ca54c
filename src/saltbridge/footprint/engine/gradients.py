"""Derivatives of a footprint by every exchange, from one forward and one adjoint solve.

With the runs x of A x = f and the unit footprints y of Aᵀ y = b, the score is fᵀ y = bᵀ x, and
its derivative by entry A[i, j] is −yᵢ xⱼ: no further solve, however many entries there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.footprint.engine.foreground import Foreground


@dataclass(frozen=True)
class ForegroundGradients:
    """The score of a demand [kg CO2e] and its derivatives."""

    score: float
    footprints: Any  # of one unit of every product, kg CO2e per unit
    runs: Any  # of every process for the demand
    by_amount: Any  # kg CO2e per unit of what exchange e takes
    by_output: Any  # kg CO2e per unit that one run of process j makes more
    by_unit: Any  # the amount of every interface that the demand takes in all

    def first_order_sd(self, sds: Sequence[float] | Any) -> float:
        """Standard deviation of the score [kg CO2e] that independent amounts predict.

        ``sds`` are the standard deviations of the amounts. Skew makes it too low by some
        percent: right for ranking, not for an interval that is reported.
        """
        return float(np.sqrt(np.sum((self.by_amount * np.asarray(sds)) ** 2)))


def foreground_gradients(
    foreground: Foreground, amounts: Any, outputs: Any, units: Any, demand: Any
) -> ForegroundGradients:
    """All derivatives of the footprint of a demand [kg CO2e], vectors in and out.

    Raises:
        FaultyInput: the foreground has no single solution.
    """
    amounts, units = np.asarray(amounts, dtype=float), np.asarray(units, dtype=float)
    outputs, wanted = np.asarray(outputs, dtype=float), np.asarray(demand, dtype=float)
    size, process, source = foreground.size, foreground.process, foreground.source
    inner = source < size
    outer = ~inner
    every = np.arange(size)
    # Rows are processes, columns the products they take: this is Aᵀ.
    transposed = csc_matrix(
        (
            np.concatenate([outputs, -amounts[inner]]),
            (
                np.concatenate([every, process[inner]]),
                np.concatenate([every, source[inner]]),
            ),
        ),
        shape=(size, size),
    )
    outside = source[outer] - size
    direct = np.bincount(process[outer], amounts[outer] * units[outside], minlength=size)
    try:
        factored: Any = splu(transposed)
    except RuntimeError as fault:  # exactly singular
        raise FaultyInput([finding("engine.no-solution")]) from fault
    y = factored.solve(direct)
    x = factored.solve(wanted, trans="T")
    y += factored.solve(direct - transposed @ y)  # one step of refinement each
    x += factored.solve(wanted - transposed.T @ x, trans="T")
    if not (np.all(np.isfinite(y)) and np.all(np.isfinite(x))):
        raise FaultyInput([finding("engine.no-solution")])
    known = np.concatenate([y, units])
    taken = x[process[outer]] * amounts[outer]
    return ForegroundGradients(
        score=float(wanted @ y),
        footprints=y,
        runs=x,
        by_amount=x[process] * known[source],
        by_output=-x * y,
        by_unit=np.bincount(outside, taken, minlength=foreground.interfaces),
    )


def background_gradients(technosphere: Any, footprints: Any, runs: Any) -> Any:
    """Derivative of the score by every stored entry of A, in the order of its CSC data.

    ``footprints`` as from ``unit_footprints`` and ``runs`` as from ``runs``. In kg CO2e per
    unit of the entry; an input is a negative entry, so more input has the opposite sign.
    """
    matrix = csc_matrix(technosphere)
    columns = np.repeat(np.asarray(runs, dtype=float), np.diff(matrix.indptr))
    return -np.asarray(footprints, dtype=float)[matrix.indices] * columns
