"""Unit footprints from one transposed solve: right, bounded, and the same by every path."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_matrix

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.unit_footprints import content_digest, unit_footprints

PATHS = [pytest.param(False, id="numpy")]
PATHS.append(
    pytest.param(
        True,
        id="numba",
        marks=pytest.mark.skipif(not compiled.AVAILABLE, reason="numba is not installed"),
    )
)


@pytest.fixture(params=PATHS)
def path(request, monkeypatch):
    monkeypatch.setattr(compiled, "AVAILABLE", request.param)
    return request.param


def dense(technosphere, burdens):
    return np.linalg.solve(np.asarray(technosphere, dtype=float).T, burdens)


def economy(seed, size=40):
    """A system whose supply chains take back less than they give, in wildly unlike units."""
    rng = np.random.default_rng(seed)
    inputs = np.where(rng.random((size, size)) < 0.2, rng.lognormal(size=(size, size)), 0.0)
    np.fill_diagonal(inputs, 0.0)
    inputs *= rng.uniform(0.1, 0.9, size) / np.maximum(inputs.sum(axis=0), 1e-9)
    units = rng.lognormal(0.0, 4.0, size)
    matrix = (np.eye(size) - inputs) * units[:, np.newaxis] * rng.lognormal(0.0, 2.0, size)
    return matrix, rng.lognormal(size=size)


def test_the_textbook_pair_of_electricity_and_fuel(path):
    """Heijungs & Suh 2002, chapter 2: 1,000 kWh carry 120 kg CO2 (published)."""
    found = unit_footprints([[10.0, 0.0], [-2.0, 100.0]], [1.0, 10.0])
    assert 1000 * found.values[0] == pytest.approx(120.0, rel=1e-12)
    assert found.values[1] == pytest.approx(0.1, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_loops_agree_with_a_dense_solve_within_the_stated_bound(path, seed):
    technosphere, burdens = economy(seed)
    found = unit_footprints(csc_matrix(technosphere), burdens)
    exact = dense(technosphere, burdens)
    assert found.method == ("gauss-seidel" if path else "neumann")
    assert np.allclose(found.values, exact, rtol=1e-11, atol=0.0)
    assert np.all(np.abs(found.values - exact) <= found.bounds + 1e-13 * np.abs(exact))
    assert 0.0 < found.forward_error < 1e-11


def test_a_treatment_of_waste_and_a_credit_keep_their_signs(path):
    """Waste 0.3 kg goes to a treatment of reference −1; the treatment saves electricity."""
    technosphere = [[1.0, 0.0, 0.0], [-0.3, -1.0, 0.0], [-5.0, 0.4, 1.0]]
    burdens = np.array([1.0, 2.0, 0.5])
    found = unit_footprints(technosphere, burdens)
    assert found.values == pytest.approx(dense(technosphere, burdens), rel=1e-12)


def test_where_sweeps_prove_nothing_the_factorisation_answers(path):
    """Signs cancel: a solution exists, while the comparison matrix has none."""
    technosphere = np.array([[1.0, -2.0], [2.0, 1.0]])
    found = unit_footprints(technosphere, [1.0, 1.0])
    assert found.method == "lu-of-transpose"
    assert found.values == pytest.approx(dense(technosphere, [1.0, 1.0]), rel=1e-12)


def test_a_product_that_its_process_does_not_pair_with_is_solved_too(path):
    technosphere = np.array([[0.0, 2.0], [4.0, -1.0]])
    found = unit_footprints(technosphere, [1.0, 3.0])
    assert found.values == pytest.approx(dense(technosphere, [1.0, 3.0]), rel=1e-12)


@pytest.mark.parametrize(
    ("technosphere", "burdens", "code"),
    [
        ([[1.0, -1.0], [-1.0, 1.0]], [1.0, 1.0], "engine.no-solution"),
        ([[1.0, -1.0], [-1.0, 1.0 + 1e-13]], [1.0, 1.0], "engine.no-solution"),
        ([[0.0, 0.0], [-1.0, 1.0]], [1.0, 1.0], "engine.no-solution"),
        ([[1.0, float("nan")], [0.0, 1.0]], [1.0, 1.0], "engine.not-a-number"),
        ([[1.0, 0.0], [0.0, 1.0]], [1.0, float("inf")], "engine.not-a-number"),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [1.0, 1.0, 1.0], "engine.shape"),
    ],
)
def test_a_system_without_a_trustworthy_solution_is_a_finding(
    path, technosphere, burdens, code
):
    with pytest.raises(FaultyInput) as refused:
        unit_footprints(technosphere, burdens)
    assert [f.code for f in refused.value.findings] == [code]


def test_the_digest_knows_content_and_not_storage():
    technosphere, burdens = economy(7, 12)
    stored = csc_matrix(technosphere)
    shuffled = stored.tocoo()
    order = np.random.default_rng(1).permutation(shuffled.nnz)
    other = csc_matrix(
        (shuffled.data[order], (shuffled.row[order], shuffled.col[order])), shape=stored.shape
    )
    assert content_digest(stored, burdens) == content_digest(other, burdens)
    assert content_digest(stored, burdens) == unit_footprints(technosphere, burdens).digest
    assert content_digest(stored, burdens) != content_digest(stored, burdens * (1 + 1e-15))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_change_of_units_changes_a_footprint(seed):
    """Scaling products and runs by powers of two moves no digit beyond the bound."""
    technosphere, burdens = economy(seed, 12)
    rng = np.random.default_rng(seed)
    product, run = 2.0 ** rng.integers(-8, 8, 12), 2.0 ** rng.integers(-8, 8, 12)
    plain = unit_footprints(technosphere, burdens)
    scaled = unit_footprints(technosphere * product[:, np.newaxis] * run, burdens * run)
    assert scaled.values * product == pytest.approx(plain.values, rel=1e-11)


def test_a_background_that_emits_nothing_is_zero_without_a_factorisation(path):
    found = unit_footprints(np.array([[1.0, 0.0], [-0.5, 1.0]]), [0.0, 0.0])
    assert found.values.tolist() == [0.0, 0.0]
    assert found.method != "lu-of-transpose"
    assert found.forward_error == 0.0
