"""A compiled foreground against a dense solve: loops, self-use, samples, stored draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.foreground import compile_foreground

NUMBA = pytest.mark.skipif(not compiled.AVAILABLE, reason="numba is not installed")


@pytest.fixture(
    params=[pytest.param(False, id="numpy"), pytest.param(True, marks=NUMBA, id="numba")]
)
def path(request, monkeypatch):
    monkeypatch.setattr(compiled, "AVAILABLE", request.param)
    return request.param


def loops(seed, size=12, interfaces=4):
    """Processes with loops over several products, self-use, and inputs from outside."""
    rng = np.random.default_rng(seed)
    taken = rng.random((size, size + interfaces)) < 0.25
    process, source = np.nonzero(taken)
    amounts = rng.lognormal(0.0, 1.0, len(process))
    inner = source < size
    gain = np.bincount(process[inner], amounts[inner], size)
    amounts[inner] *= 0.8 / np.maximum(gain, 0.8)[process[inner]]
    return process, source, amounts, rng.uniform(1.0, 1.5, size), rng.lognormal(size=interfaces)


def dense(process, source, amounts, outputs, units):
    size = len(outputs)
    technosphere, direct = np.diag(outputs).astype(float), np.zeros(size)
    for j, i, amount in zip(process, source, amounts, strict=True):
        if i < size:
            technosphere[i, j] -= amount
        else:
            direct[j] += amount * units[i - size]
    return np.linalg.solve(technosphere.T, direct)


@pytest.mark.parametrize("seed", range(4))
def test_loops_are_closed_exactly(path, seed):
    process, source, amounts, outputs, units = loops(seed)
    foreground = compile_foreground(12, process, source, 4)
    found = foreground.footprints(amounts, outputs, units)
    assert len(foreground.tears) > 0
    assert np.allclose(found, dense(process, source, amounts, outputs, units), rtol=1e-12)


def test_every_sample_is_solved_on_its_own(path):
    process, source, amounts, outputs, units = loops(5)
    foreground = compile_foreground(12, process, source, 4)
    rng = np.random.default_rng(2)
    samples = amounts[:, None] * rng.uniform(0.7, 1.1, (len(amounts), 150))
    made = outputs[:, None] * rng.uniform(1.0, 1.2, (12, 150))
    stored = units[:, None] * rng.uniform(0.5, 1.5, (4, 150))
    found = foreground.footprints(samples, made, stored)
    for n in (0, 63, 64, 149):
        exact = dense(process, source, samples[:, n], made[:, n], stored[:, n])
        assert np.allclose(found[:, n], exact, rtol=1e-12)


def test_a_plant_that_uses_its_own_electricity(path):
    """Hand: 6 % own use, and a coal mine that takes power."""
    # electricity: 1 kWh made, 0.06 of its own, 0.4 kg coal, 0.9 kg direct; coal: 0.05 kWh, 0.1
    foreground = compile_foreground(2, [0, 0, 0, 1, 1], [0, 1, 2, 0, 2], 1)
    found = foreground.footprints([0.06, 0.4, 0.9, 0.05, 0.1], [1.0, 1.0], [1.0])
    electricity = (0.9 + 0.4 * 0.1) / (1 - 0.06 - 0.4 * 0.05)
    assert found == pytest.approx([electricity, 0.05 * electricity + 0.1], rel=1e-14)


def test_a_loop_that_takes_back_all_it_makes_is_a_finding(path):
    foreground = compile_foreground(2, [0, 1, 1], [1, 0, 2], 1)
    with pytest.raises(FaultyInput) as refused:
        foreground.footprints([1.0, 1.0, 1.0], [1.0, 1.0], [1.0])
    assert [f.code for f in refused.value.findings] == ["engine.no-solution"]


def test_an_output_of_zero_is_a_finding(path):
    foreground = compile_foreground(1, [0], [1], 1)
    with pytest.raises(FaultyInput):
        foreground.footprints([1.0], [0.0], [1.0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_no_structure_is_lost_by_the_sequence(seed, size):
    process, source, amounts, outputs, units = loops(seed, size, 2)
    found = compile_foreground(size, process, source, 2).footprints(amounts, outputs, units)
    assert np.allclose(found, dense(process, source, amounts, outputs, units), rtol=1e-11)
