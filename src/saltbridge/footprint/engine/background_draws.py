"""Unit footprints under drawn exchanges of the background: correlated over all products.

Every input and every emission of the background is drawn by key; for each sample the transposed
system is swept until it settles. A block of samples is swept at once, in single precision, with
every unknown scaled by its gross footprint at the nominal amounts, so that all are near 1. What
does not settle is solved in double precision, with the bound of ``unit_footprints``.

One run gives every product: the samples of the products that foregrounds take are stored once
and reused by any of them, sample n with sample n.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.draws import sample_words
from saltbridge.footprint.engine.normal_table import quantile_table
from saltbridge.footprint.engine.parameters import Parameters, filled, indexed_lognormals
from saltbridge.footprint.engine.unit_footprints import content_digest, unit_footprints

# Sweeps end when the way left for the unknowns of a block (they are near 1), judged by the rate
# at which their moves shrink, is below this.
_SETTLED = 1e-6
_MOST_SWEEPS = 60
_AT_ONCE = 4_000_000  # amounts that are drawn together for samples solved one by one


@dataclass(frozen=True)
class BackgroundDraws:
    """Samples of the unit footprints of some products, to be stored and reused."""

    products: Any  # which products of the background, one a row
    values: Any  # kg CO2e per unit, one column a sample, float32
    seed: int
    parameter_id: str
    first: int  # the number of the first sample
    digest: str  # content digest of technosphere and burdens
    sweeps: int  # the most that a block needed
    resolved: int  # samples that were solved in double precision


@dataclass(frozen=True)
class DrawnBackground:
    """A background with the spread of its exchanges, prepared for many draws."""

    technosphere: Any  # CSC, nominal
    burdens: Any  # nominal, kg CO2e per run
    emissions: Any  # CSC: characterised flows by process, kg CO2e per run; sums are burdens
    inputs_drawn: Parameters  # one for each stored entry of A; the diagonal is certain
    emissions_drawn: Parameters  # one for each stored entry of the emissions
    gross: Any  # gross unit footprints at nominal amounts, all above 0; None: not swept
    seed: int
    parameter_id: str
    digest: str


def drawn_background(
    technosphere: Any,
    emissions: Any,
    technosphere_ln_sds: Any,
    emission_ln_sds: Any,
    seed: int,
    parameter_id: str,
) -> DrawnBackground:
    """A background whose entries are lognormal around their stored values.

    ``emissions`` has a row for each characterised flow and a column for each process, in kg
    CO2e per run. The spreads follow the stored entries of the CSC matrices; that of an output
    (the diagonal) is not drawn. Entries are keyed by ``parameter_id`` and their place.

    Raises:
        FaultyInput: the nominal system has no single solution, or a spread is negative.
    """
    matrix = csc_matrix(technosphere, dtype=float)
    flows = csc_matrix(emissions, dtype=float)
    if not (matrix.has_canonical_format and flows.has_canonical_format):
        raise ValueError("sum the duplicates and sort the indices first: spreads follow them")
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    spreads = np.where(matrix.indices == column, 0.0, np.asarray(technosphere_ln_sds))
    return prepared_background(
        matrix,
        flows,
        indexed_lognormals(seed, f"{parameter_id}/inputs", matrix.data, spreads),
        indexed_lognormals(seed, f"{parameter_id}/emissions", flows.data, emission_ln_sds),
        seed,
        parameter_id,
    )


def prepared_background(
    matrix: Any,
    flows: Any,
    inputs_drawn: Parameters,
    emissions_drawn: Parameters,
    seed: int,
    parameter_id: str,
) -> DrawnBackground:
    """A background whose entries have distributions of any kind, prepared for draws.

    Matrices are CSC, and the parameters follow their stored entries. Several entries may stand
    in one place: each is drawn by itself. That on the diagonal stands alone and is certain.

    Raises:
        FaultyInput: the nominal system has no single solution.
    """
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    burdens = np.asarray(flows.sum(axis=0), dtype=float).ravel()
    if not np.all(matrix.diagonal()):
        raise FaultyInput([finding("engine.no-solution")])
    comparison = matrix.copy()
    comparison.data = np.where(matrix.indices == column, 1.0, -1.0) * np.abs(matrix.data)
    sizes = np.asarray(abs(flows).sum(axis=0), dtype=float).ravel()
    gross = _gross(comparison, sizes)
    if gross is None:  # credits outweigh: no scale to sweep by, but there may be a solution
        unit_footprints(matrix, burdens)
    return DrawnBackground(
        matrix,
        burdens,
        flows,
        inputs_drawn,
        emissions_drawn,
        gross,
        seed,
        parameter_id,
        content_digest(matrix, burdens),
    )


def _gross(comparison: Any, sizes: Any) -> Any:
    """Gross unit footprints, all above 0; None where inputs without signs have no sum."""
    try:
        gross = unit_footprints(comparison, sizes).values
    except FaultyInput:
        return None
    if np.any(gross < 0.0):
        return None
    return np.maximum(gross, float(gross.max(initial=0.0)) * 1e-30 or 1.0)


def draw_background(
    background: DrawnBackground, products: Any, first: int, count: int
) -> BackgroundDraws:
    """Samples of the unit footprints of ``products`` [kg CO2e per unit], one row each.

    Raises:
        FaultyInput: a sample has no single solution.
    """
    wanted = np.asarray(products, dtype=np.int64)
    values = np.empty((len(wanted), count), dtype=np.float32)
    if compiled.AVAILABLE and background.gross is not None:
        sweeps, unsettled = _by_blocks(background, wanted, first, values)
    else:
        sweeps, unsettled = 0, np.arange(count)
    for run in _runs_of(unsettled, max(1, _AT_ONCE // len(background.inputs_drawn.keys))):
        systems = _systems(background, first + int(run[0]), len(run))
        for place, (matrix, burdens) in zip(run.tolist(), systems, strict=True):
            values[:, place] = unit_footprints(matrix, burdens).values[wanted]
    return BackgroundDraws(
        wanted,
        values,
        background.seed,
        background.parameter_id,
        first,
        background.digest,
        sweeps,
        len(unsettled),
    )


def drawn_system(background: DrawnBackground, sample: int) -> tuple[Any, Any]:
    """Technosphere and burdens [kg CO2e per run] of one sample, in double precision."""
    ((matrix, burdens),) = _systems(background, sample, 1)
    return matrix, burdens


def _systems(background: DrawnBackground, first: int, count: int) -> Iterator[tuple[Any, Any]]:
    """Technosphere and burdens of these samples, drawn together."""
    inputs = filled(background.inputs_drawn, first, count)
    emitted = filled(background.emissions_drawn, first, count)
    for sample in range(count):
        matrix, flows = background.technosphere.copy(), background.emissions.copy()
        matrix.data, flows.data = inputs[:, sample].copy(), emitted[:, sample].copy()
        yield matrix, np.asarray(flows.sum(axis=0), dtype=float).ravel()


def _runs_of(places: Any, most: int) -> list[Any]:
    """Places that follow each other, ``most`` of them together."""
    cuts = np.flatnonzero(np.diff(places) != 1) + 1
    return [
        run[low : low + most]
        for run in np.split(places, cuts)
        for low in range(0, len(run), most)
    ]


def _by_blocks(
    background: DrawnBackground, wanted: Any, first: int, values: Any
) -> tuple[int, Any]:
    """Fills ``values``; the most sweeps, and the samples that did not settle."""
    from saltbridge.footprint.engine import kernels

    matrix, flows, gross = background.technosphere, background.emissions, background.gross
    size = matrix.shape[0]
    column = np.repeat(np.arange(size), np.diff(matrix.indptr))
    off = np.flatnonzero(matrix.indices != column)
    starts = np.zeros(size + 1, dtype=np.uint32)
    np.cumsum(np.bincount(column[off], minlength=size), out=starts[1:])
    scale = matrix.diagonal() * gross
    # A drawn amount times its share is what it adds to the scaled unknown of its process.
    shares = -gross[matrix.indices[off]] / scale[column[off]]
    flow_column = np.repeat(np.arange(size), np.diff(flows.indptr))
    inputs, emissions = background.inputs_drawn, background.emissions_drawn
    count = values.shape[1]
    sweeps = np.zeros((count + kernels.LANES - 1) // kernels.LANES, dtype=np.int64)
    run: Any = kernels.background_blocks
    run(
        starts,
        matrix.indices[off].astype(np.uint32),
        shares,
        inputs.keys[off],
        inputs.kinds[off],
        inputs.coefficients[off],
        flows.indptr.astype(np.int64),
        1.0 / scale[flow_column],
        emissions.keys,
        emissions.kinds,
        emissions.coefficients,
        quantile_table(),
        sample_words(first, count),
        wanted,
        gross[wanted],
        _SETTLED,
        _MOST_SWEEPS,
        sweeps,
        values,
    )
    lost = np.repeat(sweeps > _MOST_SWEEPS, kernels.LANES)[:count]
    return int(sweeps.max(initial=0)), np.flatnonzero(lost)
