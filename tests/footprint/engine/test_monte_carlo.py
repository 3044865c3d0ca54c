"""Monte Carlo of a foreground: shared parameters, stored draws, equal by every path."""

from math import sqrt

import numpy as np
import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.draws import (
    Fixed,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    draw,
)
from saltbridge.footprint.engine.foreground import compile_foreground
from saltbridge.footprint.engine.monte_carlo import DrawnAmounts, sampled_scores
from saltbridge.footprint.engine.parameters import filled, indexed_lognormals, parameters

NUMBA = pytest.mark.skipif(not compiled.AVAILABLE, reason="numba is not installed")
EVERY = {
    "x": Lognormal(3.0, 0.3),
    "y": Lognormal(-2.0, 0.4),
    "n": Normal(1.0, 0.1),
    "t": Triangular(1.0, 1.5, 3.0),
    "u": Uniform(0.8, 1.2),
    "f": Fixed(0.7),
}


@pytest.fixture(
    params=[pytest.param(False, id="numpy"), pytest.param(True, marks=NUMBA, id="numba")]
)
def path(request, monkeypatch):
    monkeypatch.setattr(compiled, "AVAILABLE", request.param)
    return request.param


def test_a_block_holds_what_each_parameter_draws_alone(path):
    block = filled(parameters(5, EVERY), 7, 200)
    for row, (name, distribution) in zip(block, EVERY.items(), strict=True):
        assert np.array_equal(row, draw(distribution, 5, name, 7, 200))


@NUMBA
def test_numba_draws_the_same_bits_as_numpy(monkeypatch):
    many = indexed_lognormals(9, "array", np.full(300, 2.0), np.linspace(0.0, 1.5, 300))
    fast = filled(many, 0, 130)
    monkeypatch.setattr(compiled, "AVAILABLE", False)
    assert np.array_equal(fast, filled(many, 0, 130))
    assert np.all(fast[0] == 2.0)
    assert len(np.unique(fast[1:])) == fast[1:].size


def model(shared):
    """Product 0 takes x of product 1, which takes y of an interface of 1 kg; both in a loop."""
    foreground = compile_foreground(2, [0, 1, 1], [1, 2, 0], 1)
    drawn = parameters(4, {"x": Lognormal(3.0, 0.3), "y": Lognormal(2.0, 0.4)})
    number = [0, 0 if shared else 1, -1]
    return foreground, DrawnAmounts(drawn, number, [1.0, 1.0, 0.0])


def test_a_product_of_two_lognormals_has_the_closed_form_moments(path):
    """Golden ``mc-lognormal-product`` (hand), through a foreground."""
    foreground, amounts = model(shared=False)
    scores = sampled_scores(foreground, amounts, [1, 1], [1.0], [1.0, 0.0], 0, 40_000)
    assert np.median(scores) == pytest.approx(6.0, rel=0.015)
    assert scores.mean() == pytest.approx(6.798890718400958, abs=5 * 3.6234 / sqrt(40_000))


def test_a_shared_parameter_stays_shared(path):
    foreground, amounts = model(shared=True)
    scores = sampled_scores(foreground, amounts, [1, 1], [1.0], [1.0, 0.0], 0, 1000)
    x = draw(Lognormal(3.0, 0.3), 4, "x", 0, 1000)
    assert np.allclose(scores, x * x, rtol=1e-14)


def test_samples_do_not_depend_on_where_a_run_begins(path):
    foreground, amounts = model(shared=False)
    whole = sampled_scores(foreground, amounts, [1, 1], [1.0], [1.0, 0.5], 0, 200)
    later = sampled_scores(foreground, amounts, [1, 1], [1.0], [1.0, 0.5], 77, 100)
    assert np.array_equal(whole[77:177], later)


def test_stored_draws_of_the_background_go_with_their_sample(path):
    foreground, amounts = model(shared=False)
    stored = np.linspace(1.0, 2.0, 150)[np.newaxis, :]
    certain = sampled_scores(foreground, amounts, [1, 1], [1.0], [1.0, 0.0], 10, 150)
    drawn = sampled_scores(foreground, amounts, [1, 1], stored, [1.0, 0.0], 10, 150)
    assert np.allclose(drawn, certain * stored[0], rtol=1e-14)
    with pytest.raises(ValueError, match="150 stored draws"):
        sampled_scores(foreground, amounts, [1, 1], stored, [1.0, 0.0], 10, 149)


def test_a_sample_without_solution_is_named(path):
    foreground = compile_foreground(2, [0, 1, 1], [1, 0, 2], 1)
    amounts = DrawnAmounts(parameters(1, {"loop": Fixed(1.0)}), [0, 0, -1], [1.0, 1.0, 1.0])
    with pytest.raises(FaultyInput) as refused:
        sampled_scores(foreground, amounts, [1.0, 1.0], [1.0], [1.0, 0.0], 5, 10)
    assert [(f.code, f.arguments["sample"]) for f in refused.value.findings] == [
        ("engine.sample-no-solution", 5)
    ]


def test_faulty_distributions_are_all_named_at_once():
    with pytest.raises(FaultyInput) as refused:
        parameters(1, {"a": Normal(1.0, -1.0), "b": Fixed(1.0), "c": Uniform(2.0, 1.0)})
    assert [f.arguments["parameter"] for f in refused.value.findings] == ["a", "c"]
    with pytest.raises(FaultyInput):
        indexed_lognormals(1, "array", [1.0, 1.0], [0.1, -0.1])
