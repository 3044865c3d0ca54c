"""Derivatives against closed forms and against small moves of every exchange."""

import numpy as np
import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.engine.foreground import compile_foreground
from saltbridge.footprint.engine.gradients import background_gradients, foreground_gradients
from saltbridge.footprint.engine.unit_footprints import runs, unit_footprints


def heijungs_suh(fuel=2.0, electricity=10.0):
    """The two-process system: electricity takes fuel; both emit CO2 directly."""
    foreground = compile_foreground(2, [0, 0, 1], [1, 2, 2], 1)
    return foreground, [fuel, 1.0, 10.0], [electricity, 100.0], [1.0], [1000.0, 0.0]


def test_the_textbook_derivatives():
    """Golden ``gradient-heijungs-suh`` (hand: score = 1000/q (1 + f·10/100))."""
    found = foreground_gradients(*heijungs_suh())
    assert found.score == pytest.approx(120.0, rel=1e-14)
    assert found.runs == pytest.approx([100.0, 2.0], rel=1e-14)
    assert found.by_amount[0] == pytest.approx(10.0, rel=1e-12)
    assert found.by_output[0] == pytest.approx(-12.0, rel=1e-12)
    assert found.by_amount[0] * 2.0 / found.score == pytest.approx(1 / 6, rel=1e-12)
    assert found.by_output[0] * 10.0 / found.score == pytest.approx(-1.0, rel=1e-12)
    assert found.by_unit == pytest.approx([120.0], rel=1e-14)


def test_the_background_has_the_same_derivatives():
    technosphere, burdens = np.array([[10.0, 0.0], [-2.0, 100.0]]), [1.0, 10.0]
    y = unit_footprints(technosphere, burdens).values
    x = runs(technosphere, [1000.0, 0.0]).values
    by_entry = background_gradients(technosphere, y, x)  # entries (0,0), (1,0), (1,1)
    assert x == pytest.approx([100.0, 2.0], rel=1e-14)
    assert by_entry == pytest.approx([-12.0, -10.0, -0.2], rel=1e-12)


def test_every_derivative_is_what_a_small_move_does():
    rng = np.random.default_rng(8)
    size, interfaces = 8, 3
    process, source = np.nonzero(rng.random((size, size + interfaces)) < 0.4)
    amounts = rng.uniform(0.02, 0.08, len(process))
    outputs, units = rng.uniform(1.0, 1.5, size), rng.uniform(1.0, 2.0, interfaces)
    demand = rng.uniform(0.0, 1.0, size)
    foreground = compile_foreground(size, process, source, interfaces)
    found = foreground_gradients(foreground, amounts, outputs, units, demand)

    def score(a, o, u):
        return float(demand @ foreground.footprints(a, o, u))

    assert found.score == pytest.approx(score(amounts, outputs, units), rel=1e-13)
    step = 1e-6
    for vector, gradient in (
        (amounts, found.by_amount),
        (outputs, found.by_output),
        (units, found.by_unit),
    ):
        for place in range(len(vector)):
            kept = vector[place]
            ends = []
            for move in (step, -step):
                vector[place] = kept + move
                ends.append(score(amounts, outputs, units))
            vector[place] = kept
            assert gradient[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_the_variance_that_the_derivatives_predict():
    found = foreground_gradients(*heijungs_suh())
    # Fuel ±0.1 moves 1 kg, direct emissions ±0.03 move 100 · 0.03, and ±0.5 moves 2 · 0.5.
    assert found.first_order_sd([0.1, 0.03, 0.5]) == pytest.approx(np.sqrt(1 + 9 + 1))


def test_runs_fall_back_to_the_factors_of_the_transpose():
    technosphere = np.array([[1.0, -2.0], [2.0, 1.0]])
    found = runs(technosphere, [1.0, 3.0])
    assert found.method == "lu-of-transpose"
    assert found.values == pytest.approx(np.linalg.solve(technosphere, [1.0, 3.0]), rel=1e-12)


def test_a_singular_foreground_is_a_finding():
    foreground = compile_foreground(2, [0, 1, 1], [1, 0, 2], 1)
    with pytest.raises(FaultyInput):
        foreground_gradients(foreground, [1.0, 1.0, 1.0], [1.0, 1.0], [1.0], [1.0, 0.0])
