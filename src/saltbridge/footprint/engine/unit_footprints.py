"""Unit footprints of all products of a background from one transposed solve.

The footprints y solve Aᵀ y = b: what a process emits per run, plus what its inputs carry, is
what its product carries. Gauss-Seidel sweeps converge because a process makes more of its
product than its supply chain takes back; a factorisation of Aᵀ is kept as the fallback (never
of A: its fill is a hundred times larger).

A small residual is no proof of a small error. The bound given here is one (A. Ostrowski, Über
die Determinanten mit überwiegender Hauptdiagonale, 1937; recalled): with the comparison
matrix M = |diagonal| − |rest| of Aᵀ and any v > 0 with w = M v > 0, every component obeys
|error| ≤ max(|residual| / w) · v. Where no such v is found the factorisation answers, and the
bound is the estimate of ‖ |A⁻ᵀ| |residual| ‖ by Hager's method (W. Hager, Condition
estimates, 1984, as LAPACK's ``ferr``; recalled).
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.footprint.engine import compiled

# Relative error that a unit footprint may have (the inventory of a foreground asks the same).
WORST_FORWARD_ERROR = 1e-9
# Sweeps end when no footprint moves by more than this share of its gross flow.
_SETTLED = 2e-14
_MOST_SWEEPS = 400
# A footprint below this share of its gross flow is a difference of credits and burdens: its
# error is judged against the gross flow.
_CANCELLED = 1e-4
_ROUNDING = float(np.finfo(float).eps)


@dataclass(frozen=True)
class UnitFootprints:
    """Footprint of one unit of every product, and how far it can be wrong."""

    values: Any  # kg CO2e per unit of each product, float64
    bounds: Any  # largest absolute error of each, kg CO2e per unit
    method: str  # "gauss-seidel" | "neumann" | "lu-of-transpose"
    sweeps: int  # 0 for the factorisation
    forward_error: float  # largest relative error over the products
    digest: str  # content digest of technosphere and burdens: the key for a cache


@dataclass(frozen=True)
class _Rows:
    """Aᵀ by rows: process j with the positions and amounts of its inputs, and its output."""

    starts: Any
    products: Any
    amounts: Any  # off the diagonal only
    outputs: Any  # the diagonal
    shares: Any  # amounts by the output of their process

    @property
    def size(self) -> int:
        return len(self.outputs)


def unit_footprints(technosphere: Any, burdens: Any) -> UnitFootprints:
    """Footprint of one unit of every product [kg CO2e per unit], with a bound of its error.

    Raises:
        FaultyInput: the matrix is not square, an entry is not a number, or the system has no
            single solution, or one whose digits mean nothing.
    """
    matrix, direct = _checked(technosphere, burdens)
    key = _digest(matrix, direct)
    rows = _rows(matrix)
    if np.all(rows.outputs != 0.0):
        found = _by_sweeps(rows, direct)
        if found is not None:
            return UnitFootprints(*found, key)
    return UnitFootprints(*_by_factorisation(matrix, direct), key)


def runs(technosphere: Any, demand: Any) -> UnitFootprints:
    """Runs of every process for a demand of products: the forward solve A x = f.

    The counterpart of ``unit_footprints``: ``values`` are runs, ``bounds`` their errors.

    Raises:
        FaultyInput: as ``unit_footprints``.
    """
    matrix, wanted = _checked(technosphere, demand)
    key = _digest(matrix, wanted)
    rows = _rows(csc_matrix(matrix.T))
    if np.all(rows.outputs != 0.0):
        found = _by_sweeps(rows, wanted)
        if found is not None:
            return UnitFootprints(*found, key)
    return UnitFootprints(*_by_factorisation(matrix, wanted, forward=True), key)


def content_digest(technosphere: Any, burdens: Any) -> str:
    """SHA-256 over the entries of both, independent of how the sparse matrix is stored."""
    return _digest(_canonical(technosphere), burdens)


def _digest(matrix: Any, burdens: Any) -> str:
    digest = sha256(b"saltbridge unit footprints 1\n")
    digest.update(np.asarray(matrix.shape, dtype="<i8").tobytes())
    digest.update(np.asarray(matrix.indptr, dtype="<i8").tobytes())
    digest.update(np.asarray(matrix.indices, dtype="<i8").tobytes())
    digest.update(np.asarray(matrix.data, dtype="<f8").tobytes())
    digest.update(np.asarray(burdens, dtype="<f8").tobytes())
    return digest.hexdigest()


def _canonical(technosphere: Any) -> Any:
    matrix = csc_matrix(technosphere, dtype=float)
    if not matrix.has_canonical_format or np.any(matrix.data == 0.0):
        matrix = matrix.copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
    return matrix


def _checked(technosphere: Any, burdens: Any) -> tuple[Any, Any]:
    matrix = _canonical(technosphere)
    direct = np.asarray(burdens, dtype=float).ravel()
    rows, columns = matrix.shape
    if rows != columns or len(direct) != columns or columns == 0:
        raise FaultyInput(
            [finding("engine.shape", products=rows, processes=columns, burdens=len(direct))]
        )
    wrong = np.flatnonzero(~np.isfinite(direct))
    if len(wrong) == 0 and not np.all(np.isfinite(matrix.data)):
        entry = int(np.flatnonzero(~np.isfinite(matrix.data))[0])
        wrong = np.searchsorted(matrix.indptr, [entry], side="right") - 1
    if len(wrong):
        raise FaultyInput([finding("engine.not-a-number", position=int(wrong[0]))])
    return matrix, direct


def _rows(matrix: Any) -> _Rows:
    size = matrix.shape[0]
    stored = np.diff(matrix.indptr)
    column = np.repeat(np.arange(size, dtype=np.int32), stored)
    off = matrix.indices != column
    made = np.flatnonzero(~off)  # at most one in a column: the matrix is canonical
    outputs = np.zeros(size)
    outputs[column[made]] = matrix.data[made]
    # Without a sign: numba then need not ask whether a place is counted from the end.
    starts = np.zeros(size + 1, dtype=np.uint32)
    np.cumsum(stored - np.bincount(column[made], minlength=size), out=starts[1:])
    products = matrix.indices[off].astype(np.uint32)
    amounts = matrix.data[off]
    with np.errstate(divide="ignore", invalid="ignore"):  # no output: it is not swept
        shares = amounts / np.repeat(outputs, np.diff(starts))
    return _Rows(starts, products, amounts, outputs, shares)


# --- sweeps ---------------------------------------------------------------------------------

_Found = tuple[Any, Any, str, int, float]


def _by_sweeps(rows: _Rows, direct: Any) -> _Found | None:
    """Solution and certified bound by sweeps; None where they settle on no certified one."""
    sweep = _sweeper(rows)
    values = np.zeros(rows.size)
    own = direct / rows.outputs
    sweeps = 0
    while sweeps < _MOST_SWEEPS:
        moved = sweep(rows.shares, own, values)
        sweeps += 1
        if not np.isfinite(moved) or (sweeps >= 40 and moved > 0.5):
            return None
        if moved <= _SETTLED:
            break
    else:
        return None
    bounds = _certified(rows, direct, values, sweep)
    if bounds is None:
        return None
    error = _relative(values, *bounds)
    if not error <= WORST_FORWARD_ERROR:
        return None
    method = "gauss-seidel" if compiled.AVAILABLE else "neumann"
    return values, bounds[0], method, sweeps, error


def _certified(rows: _Rows, direct: Any, values: Any, sweep: "_Sweep") -> Any:
    """Bound of every error and the gross flow it is judged by; None without a proof."""
    outputs = np.abs(rows.outputs)
    taken, taken_size = _row_sums(rows, rows.amounts, values)
    gross = np.abs(direct) + outputs * np.abs(values) + taken_size
    smallest = max(float(gross.max()) * 1e-200, 1e-300)  # a system without burdens has 0 / 0
    wanted = gross + smallest
    residual = np.abs(direct - rows.outputs * values - taken)
    residual += (np.diff(rows.starts) + 3.0) * _ROUNDING * gross
    v = np.abs(values) + smallest / outputs
    # The comparison matrix: its sweep adds what inputs carry.
    negative, shares, own = -np.abs(rows.amounts), -np.abs(rows.shares), wanted / outputs
    for _ in range(_MOST_SWEEPS):
        for _ in range(2):
            moved = sweep(shares, own, v)
        if not np.isfinite(moved):
            return None
        w = outputs * v + _row_sums(rows, negative, v)[0]
        if float((w / wanted).min()) >= 0.5:
            return float((residual / w).max()) * v, v
        if moved > 0.5:
            return None
    return None


def _relative(values: Any, bounds: Any, gross: Any) -> float:
    scale = np.where(np.abs(values) > _CANCELLED * gross, np.abs(values), gross)
    return float((bounds / scale).max())


def _row_sums(rows: _Rows, amounts: Any, y: Any) -> tuple[Any, Any]:
    """For each process the sum over its inputs of amount times value, and of its size."""
    plain, sizes = np.zeros(rows.size), np.zeros(rows.size)
    if compiled.AVAILABLE:
        from saltbridge.footprint.engine import kernels

        kernels.row_sums(rows.starts, rows.products, amounts, y, plain, sizes)
        return plain, sizes
    terms = amounts * y[rows.products]
    filled = np.flatnonzero(np.diff(rows.starts))
    if len(filled):
        plain[filled] = np.add.reduceat(terms, rows.starts[filled])
        sizes[filled] = np.add.reduceat(np.abs(terms), rows.starts[filled])
    return plain, sizes


# One sweep over (shares, what processes emit per unit made, values): values are changed in
# place, the largest move relative to the gross flow of a product is returned.
_Sweep = Callable[[Any, Any, Any], float]


def _sweeper(rows: _Rows) -> _Sweep:
    if compiled.AVAILABLE:
        from saltbridge.footprint.engine import kernels

        def gauss_seidel(shares: Any, own: Any, values: Any) -> float:
            return float(kernels.sweep(rows.starts, rows.products, shares, own, values))

        return gauss_seidel

    def neumann(shares: Any, own: Any, values: Any) -> float:
        taken, _ = _row_sums(rows, shares, values)
        new = own - taken
        gross = np.abs(new) + np.abs(values) + np.abs(own)
        moved = np.abs(new - values) / np.where(gross > 0.0, gross, 1.0)
        values[:] = new
        return float(moved.max()) if np.all(np.isfinite(new)) else float("inf")

    return neumann


# --- factorisation --------------------------------------------------------------------------


def _by_factorisation(matrix: Any, direct: Any, forward: bool = False) -> _Found:
    """Solution by LU of Aᵀ, refined once, with an estimate of its forward error.

    The forward system A x = f is solved with the same factors, transposed.
    """
    transposed = csc_matrix(matrix.T)
    # Units differ by orders of magnitude: scale rows, then columns, to 1.
    row = 1.0 / _largest(transposed, axis=1)
    scaled = csc_matrix(transposed.multiply(row[:, np.newaxis]))
    column = 1.0 / _largest(scaled, axis=0)
    scaled = csc_matrix(scaled.multiply(column[np.newaxis, :]))
    try:
        factored: Any = splu(scaled)
    except RuntimeError as fault:  # exactly singular
        raise FaultyInput([finding("engine.no-solution")]) from fault

    def solved(b: Any, trans: str) -> Any:
        return factored.solve(b, trans={"N": "T", "T": "N"}[trans] if forward else trans)

    system = csc_matrix(scaled.T) if forward else scaled
    before, after = (column, row) if forward else (row, column)
    right = direct * before
    solution = solved(right, "N")
    solution += solved(right - system @ solution, "N")
    if not np.all(np.isfinite(solution)):
        raise FaultyInput([finding("engine.no-solution")])
    gross = abs(system) @ np.abs(solution) + np.abs(right)
    terms = np.diff(system.tocsr().indptr) + 3.0
    residual = np.abs(right - system @ solution) + terms * _ROUNDING * gross
    judged = np.maximum(np.abs(solution), _CANCELLED * np.abs(solution).max(initial=0.0))
    judged = np.where(judged > 0.0, judged, 1.0)
    error = _estimated_norm(solved, residual, judged)
    if not error <= WORST_FORWARD_ERROR:
        raise FaultyInput([finding("engine.no-solution")])
    return solution * after, error * judged * after, "lu-of-transpose", 0, error


def _largest(matrix: Any, axis: int) -> Any:
    found = np.asarray(abs(matrix).max(axis=axis).todense(), dtype=float).ravel()
    if np.any(found == 0.0):
        raise FaultyInput([finding("engine.no-solution")])
    return found


def _estimated_norm(solved: Callable[[Any, str], Any], residual: Any, scale: Any) -> float:
    """Largest component of |S A⁻ᵀ| r, S = 1/scale: the 1-norm of its transpose (Hager)."""

    def transpose_times(x: Any) -> Any:
        return residual * solved(x / scale, "T")

    def times(x: Any) -> Any:
        return solved(residual * x, "N") / scale

    size = len(residual)
    x = np.full(size, 1.0 / size)
    best = 0.0
    for _ in range(6):
        y = transpose_times(x)
        best = max(best, float(np.abs(y).sum()))
        z = times(np.where(y >= 0.0, 1.0, -1.0))
        at = int(np.abs(z).argmax())
        if not np.isfinite(z[at]) or abs(z[at]) <= float(z @ x):
            break
        x = np.zeros(size)
        x[at] = 1.0
    alternate = np.where(np.arange(size) % 2 == 0, 1.0, -1.0)
    alternate *= 1.0 + np.arange(size) / max(size - 1, 1)
    guard = 2.0 * float(np.abs(transpose_times(alternate)).sum()) / (3.0 * size)
    return max(best, guard)
