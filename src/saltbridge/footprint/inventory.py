"""The life-cycle inventory: how many runs of every process one unit of product takes.

Cyclic systems (scrap that returns, a plant that uses its own electricity) are solved exactly,
not by cutting the loop. The answer is checked by its forward error: one step of refinement
must not move it, and the condition of the system must leave enough digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.csgraph import (
    breadth_first_order,
    connected_components,
    maximum_bipartite_matching,
)
from scipy.sparse.linalg import LinearOperator, onenormest, splu

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, finding
from saltbridge.footprint.linking import System
from saltbridge.footprint.model import Direction

# Relative forward error that a solution may have: a thousandth of the declared digits.
FORWARD_ERROR = 1e-9
# Beyond this condition the refinement itself can no longer be believed.
WORST_CONDITION = 1e12


@dataclass(frozen=True)
class Solution:
    """Runs of every process for the demand, and the estimate of their relative error."""

    system: System
    runs: Mapping[str, float]  # process id -> number of runs
    forward_error: float

    def elementary_flows(self) -> dict[str, float]:
        """Emissions (positive) and resources (negative) over the whole system, by flow.

        In the units of the rows; rows of one flow are expected to share a unit.
        """
        terms: dict[str, list[float]] = {}
        for leaf in self.system.leaves:
            if leaf.exchange.direction is Direction.EMISSION:
                sign = 1.0
            elif leaf.exchange.direction is Direction.RESOURCE:
                sign = -1.0
            else:
                continue
            amount = sign * leaf.per_run * self.runs[leaf.process.id]
            terms.setdefault(leaf.exchange.flow, []).append(amount)
        return {flow: fsum(values) for flow, values in terms.items()}


def solve(system: System, demand: float = 1.0) -> Solution:
    """Runs of every process that give ``demand`` units of the reference product.

    The demand is in the unit of the reference product.

    Raises:
        FaultyInput: the system has no solution or no single one, or it is so close to that
            that its digits mean nothing; the finding names the processes concerned.
    """
    findings = structural_faults(system)
    if findings:
        raise FaultyInput(findings)
    matrix = _matrix(system)
    wanted = np.zeros(len(system.products))
    wanted[system.reference_product] = demand
    # Units differ by orders of magnitude (kg, kWh, pieces): scale columns, then rows, to 1,
    # so that the condition says something about the system and not about its units.
    columns = 1.0 / np.abs(matrix).max(axis=0).toarray().ravel()
    scaled = csc_matrix(matrix.multiply(columns[np.newaxis, :]))
    rows = 1.0 / np.abs(scaled).max(axis=1).toarray().ravel()
    scaled = csc_matrix(scaled.multiply(rows[:, np.newaxis]))
    right = wanted * rows
    try:
        factored: Any = splu(csc_matrix(scaled.T))
    except RuntimeError as fault:  # exactly singular
        raise FaultyInput([_singular(system, matrix)]) from fault

    def solved(b: Any) -> Any:
        return factored.solve(b, trans="T")

    raw = solved(right)
    correction = solved(_residual(scaled, raw, right))
    refined = raw + correction
    size = float(np.abs(refined).max())
    if not np.isfinite(size) or size == 0.0:
        raise FaultyInput([_singular(system, matrix)])
    error = float(np.abs(solved(_residual(scaled, refined, right))).max()) / size
    condition = _condition(scaled, solved, factored)
    if not (error <= FORWARD_ERROR and condition <= WORST_CONDITION):
        raise FaultyInput([_singular(system, matrix)])
    runs = refined * columns
    # Only what the demand cannot reach is 0. A small number of runs may be that of a process
    # with large emissions, so no run is rounded away for being small.
    runs[~_reached(system, matrix)] = 0.0
    if demand > 0 and not system.has_credits:
        noise = FORWARD_ERROR * 1e-6 * float(np.abs(runs).max())
        negative = [p.id for p, r in zip(system.processes, runs, strict=True) if r < -noise]
        if negative:
            raise FaultyInput(
                [finding("footprint.negative-supply", processes=_names(negative))]
            )
        runs = np.maximum(runs, 0.0)
    by_id = {p.id: float(r) for p, r in zip(system.processes, runs, strict=True)}
    return Solution(system, by_id, error)


def structural_faults(system: System) -> tuple[Finding, ...]:
    """Findings where balances and processes cannot be paired: no single solution exists."""
    if not system.processes:
        return (finding("footprint.no-process"),)
    matrix = _matrix(system)
    match = maximum_bipartite_matching(csc_matrix(matrix).tocsr(), perm_type="column")
    matched_processes = set(match[match >= 0].tolist())
    findings = []
    for number, process in enumerate(match.tolist()):
        if process < 0:
            product = system.products[number]
            code, concerned = _unbalanced(system, number)
            findings.append(finding(code, flow=product.flow, processes=_names(concerned)))
    unpaired = [p for i, p in enumerate(system.processes) if i not in matched_processes]
    if unpaired and not findings:
        flows = {p.reference_flow for p in unpaired}
        rivals = [p.id for p in system.processes if p.reference_flow in flows]
        findings.append(
            finding(
                "footprint.too-many-makers",
                unpaired[0].place,
                flow=_names(sorted(flows)),
                processes=_names(rivals),
            )
        )
    return tuple(findings)


def _unbalanced(system: System, product: int) -> tuple[str, list[str]]:
    """Why the balance of a product cannot close: made and not used, or used and not made."""
    net: dict[str, float] = {}
    for entry in system.entries:
        if entry.product == product:
            process = system.processes[entry.process].id
            net[process] = net.get(process, 0.0) + entry.amount
    users = [process for process, amount in net.items() if amount < 0]
    makers = [process for process, amount in net.items() if amount > 0]
    if users and not makers:
        return "footprint.nobody-makes", users
    return "footprint.no-maker", makers or list(net)


def _matrix(system: System) -> Any:
    entries = [e for e in system.entries if e.amount != 0.0]
    return csc_matrix(
        (
            [e.amount for e in entries],
            ([e.product for e in entries], [e.process for e in entries]),
        ),
        shape=(len(system.products), len(system.processes)),
    )


def _reached(system: System, matrix: Any) -> Any:
    """Mask of the processes that the demand can set running, by structure alone.

    With every product paired with one process, the solution for a demand of one product can
    be other than 0 only where a path leads from its process along what processes take.
    """
    match = maximum_bipartite_matching(matrix.tocsr(), perm_type="column")
    ordered = matrix.tocsc()[:, match]  # product i is now paired with process match[i]
    order = breadth_first_order(
        csc_matrix(abs(ordered).T).tocsr(), system.reference_product, return_predecessors=False
    )
    mask = np.zeros(len(system.processes), dtype=bool)
    mask[match[order]] = True
    return mask


def _residual(matrix: Any, x: Any, b: Any) -> Any:
    """b − A x in extended precision, so that the refinement sees what the solve lost."""
    coo = matrix.tocoo()
    left = np.asarray(b, dtype=np.longdouble).copy()
    np.subtract.at(left, coo.row, coo.data.astype(np.longdouble) * x[coo.col])
    return left.astype(float)


def _condition(matrix: Any, solved: Any, factored: Any) -> float:
    size = matrix.shape[0]
    inverse = LinearOperator(
        (size, size),
        matvec=lambda v: solved(np.asarray(v, dtype=float).ravel()),
        rmatvec=lambda v: factored.solve(np.asarray(v, dtype=float).ravel()),
        dtype=float,
    )
    if size <= 4:  # the estimator needs a few columns to work with
        columns = [np.abs(solved(e)).sum() for e in np.eye(size)]
        norm_of_inverse = max(columns)
    else:
        norm_of_inverse = onenormest(inverse)
    return float(np.abs(matrix).sum(axis=0).max()) * float(norm_of_inverse)


def _singular(system: System, matrix: Any) -> Finding:
    """The processes of the singular block: a loop whose balances depend on each other."""
    match = maximum_bipartite_matching(matrix.tocsr(), perm_type="column")
    ordered = matrix.tocsc()[:, match]  # now product i is paired with process match[i]
    count, labels = connected_components(ordered, directed=True, connection="strong")
    worst: tuple[float, list[str]] = (np.inf, [p.id for p in system.processes])
    for block in range(count):
        members = np.flatnonzero(labels == block)
        dense = ordered[members][:, members].toarray()
        scale = np.abs(dense).max(axis=0)
        singular_values = np.linalg.svd(dense / np.where(scale > 0, scale, 1.0))[1]
        smallest = (
            float(singular_values[-1] / singular_values[0]) if singular_values[0] else 0.0
        )
        if smallest < worst[0]:
            worst = (smallest, [system.processes[match[m]].id for m in members])
    place = next(p.place for p in system.processes if p.id == worst[1][0])
    return finding("footprint.no-solution", place, processes=_names(worst[1]))


def _names(ids: list[str]) -> str:
    unique = list(dict.fromkeys(ids))
    shown = ", ".join(unique[:12])
    return shown if len(unique) <= 12 else f"{shown}, … ({len(unique)})"
