"""Drawn backgrounds against a dense solve of the same sample; correlation kept."""

import numpy as np
import pytest
from scipy.sparse import csc_matrix

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.background_draws import (
    draw_background,
    drawn_background,
    drawn_system,
    prepared_background,
)
from saltbridge.footprint.engine.parameters import (
    FIXED,
    LOGNORMAL,
    NORMAL,
    TRIANGULAR,
    UNIFORM,
    filled,
    indexed_parameters,
)

NUMBA = pytest.mark.skipif(not compiled.AVAILABLE, reason="numba is not installed")


@pytest.fixture(
    params=[pytest.param(False, id="numpy"), pytest.param(True, marks=NUMBA, id="numba")]
)
def path(request, monkeypatch):
    monkeypatch.setattr(compiled, "AVAILABLE", request.param)
    return request.param


def background(gain=0.6, spread=0.2, size=30, unlike=3.0):
    rng = np.random.default_rng(6)
    inputs = np.where(rng.random((size, size)) < 0.2, rng.lognormal(size=(size, size)), 0.0)
    np.fill_diagonal(inputs, 0.0)
    inputs *= gain / np.maximum(inputs.sum(axis=0), 1e-9)
    units = rng.lognormal(0.0, unlike, size)
    technosphere = csc_matrix((np.eye(size) - inputs) * units[:, None] / units)
    emissions = csc_matrix(
        np.where(rng.random((4, size)) < 0.5, rng.uniform(0, 1, (4, size)), 0)
    )
    spreads = np.full(technosphere.nnz, spread), np.full(emissions.nnz, spread)
    return drawn_background(technosphere, emissions, *spreads, seed=3, parameter_id="test")


def test_every_sample_is_the_solution_of_its_own_system(path):
    drawn = background()
    found = draw_background(drawn, [0, 7, 29], first=5, count=19)
    assert found.values.shape == (3, 19)
    assert found.resolved == (0 if path else 19)
    for place in (0, 15, 16, 18):
        matrix, burdens = drawn_system(drawn, 5 + place)
        exact = np.linalg.solve(matrix.toarray().T, burdens)[[0, 7, 29]]
        assert found.values[:, place] == pytest.approx(exact, rel=5e-6)


def test_samples_do_not_depend_on_where_a_run_begins(path):
    drawn = background()
    whole = draw_background(drawn, [1, 2], 0, 26)
    later = draw_background(drawn, [2], 16, 10)
    assert later.values[0] == pytest.approx(whole.values[1, 16:26], rel=2e-6)


def test_outputs_are_certain_and_no_spread_means_no_spread(path):
    drawn = background(spread=0.0)
    matrix, _ = drawn_system(drawn, 0)
    assert np.array_equal(matrix.data, drawn.technosphere.data)
    found = draw_background(drawn, [0, 1], 0, 20)
    assert np.ptp(found.values, axis=1) == pytest.approx([0.0, 0.0])
    matrix, _ = drawn_system(background(), 0)
    assert np.array_equal(matrix.diagonal(), background().technosphere.diagonal())


@NUMBA
def test_a_block_that_does_not_settle_is_solved_in_double_precision():
    """Loops that keep 0.97 of what they take settle too slowly for sixty sweeps."""
    drawn = background(gain=0.97, spread=0.001, size=6, unlike=0.0)
    found = draw_background(drawn, [0, 5], 0, 3)
    matrix, burdens = drawn_system(drawn, 2)
    assert found.values[:, 2] == pytest.approx(
        np.linalg.solve(matrix.toarray().T, burdens)[[0, 5]], rel=1e-4
    )


def test_faulty_spreads_and_matrices_are_refused():
    matrix, flows = csc_matrix(np.eye(2)), csc_matrix(np.ones((1, 2)))
    with pytest.raises(FaultyInput):
        drawn_background(matrix, flows, [0.1, 0.1], [0.1, -0.1], 1, "x")
    with pytest.raises(FaultyInput):
        drawn_background(csc_matrix([[0.0, 1], [1, 0.0]]), flows, [0, 0], [0, 0], 1, "x")
    loose = csc_matrix((np.ones(3), np.array([1, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    with pytest.raises(ValueError, match="sort the indices"):
        drawn_background(loose, flows, [0.1] * 3, [0.1] * 2, 1, "x")


def any_kinds():
    """Two inputs of one product, each drawn by itself, and one of every kind."""
    kinds = np.array([FIXED, LOGNORMAL, NORMAL, FIXED, UNIFORM, FIXED])
    values = np.array(
        [
            [1.0, 0, 0], [-0.2, 0.3, 0], [-0.1, 0.02, 0],
            [2.0, 0, 0], [-0.4, -0.2, 0], [1.0, 0, 0],
        ]
    )  # fmt: skip
    starts = np.array([0, 3, 5, 6])
    rows = np.array([0, 1, 1, 1, 2, 2])
    matrix = csc_matrix((np.array([1, -0.2, -0.1, 2, -0.3, 1]), rows, starts), shape=(3, 3))
    flows = csc_matrix(np.diag([1.0, 2.0, 3.0]))
    burdens = np.array([[0.5, 1.0, 2.0], [2.0, 0.1, 0], [3.0, 0, 0]])
    return prepared_background(
        matrix,
        flows,
        indexed_parameters(8, "x/inputs", kinds, values),
        indexed_parameters(8, "x/emissions", [TRIANGULAR, LOGNORMAL, FIXED], burdens),
        8,
        "x",
    )


def test_entries_of_any_kind_that_share_a_place_are_drawn_each_by_itself(path):
    drawn = any_kinds()
    found = draw_background(drawn, [0, 1, 2], 0, 400).values
    inputs = filled(drawn.inputs_drawn, 0, 400)
    emitted = filled(drawn.emissions_drawn, 0, 400)
    second = (emitted[1] - inputs[4] * 3.0) / 2.0
    assert found[2] == pytest.approx(np.full(400, 3.0), rel=5e-6)
    assert found[1] == pytest.approx(second, rel=5e-6)
    assert found[0] == pytest.approx(emitted[0] - (inputs[1] + inputs[2]) * second, rel=5e-6)
    assert abs(np.corrcoef(inputs[1], inputs[2])[0, 1]) < 0.2
    assert inputs[4].min() >= -0.4
    assert inputs[4].max() <= -0.2
    assert emitted[0].min() > 0.5
    assert emitted[0].max() < 2.0


def test_a_system_without_a_gross_sum_is_solved_all_the_same(path):
    """Each of two processes avoids 1.5 times what the other makes: signs do the summing."""
    matrix = csc_matrix(np.array([[1.0, 1.5], [1.5, 1.0]]))
    flows = csc_matrix(np.eye(2))
    spreads = np.full(4, 0.1), np.full(2, 0.1)
    drawn = drawn_background(matrix, flows, *spreads, seed=1, parameter_id="credit")
    assert drawn.gross is None
    found = draw_background(drawn, [0, 1], 0, 5)
    nominal, burdens = drawn_system(drawn, 4)
    exact = np.linalg.solve(nominal.toarray().T, burdens)
    assert found.values[:, 4] == pytest.approx(exact, rel=1e-6)


def test_numbers_that_make_no_distribution_are_refused():
    wrong = ([LOGNORMAL], [[1.0, -0.1, 0]]), ([TRIANGULAR], [[2.0, 1.0, 3.0]])
    for kinds, values in (*wrong, ([UNIFORM], [[2.0, 1.0, 0]]), ([FIXED], [[np.nan, 0, 0]])):
        with pytest.raises(FaultyInput):
            indexed_parameters(1, "x", kinds, values)
