"""Draws keyed by parameter and sample: order-free, repeatable, distributed as stated."""

from hashlib import sha256
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.engine.draws import (
    Fixed,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    draw,
    exponential,
    normal_quantile,
    uniforms,
)
from saltbridge.footprint.engine.normal_table import SMALLEST, TABLE_DIGEST, quantile_table

COUNT = 100_000


def within_sampling_error(sample, mean, sd):
    """Mean and standard deviation within five standard errors (of fourth moment 9 at most)."""
    assert abs(sample.mean() - mean) < 5 * sd / sqrt(len(sample))
    assert abs(sample.std() / sd - 1) < 5 * sqrt(2.0 / len(sample))


def test_the_first_numbers_are_these_on_every_machine():
    """Regression: the numbers that partners share; a change of them is a new edition."""
    assert [x.hex() for x in uniforms(2027, "grid/DE/2024", 0, 3)] == [
        "0x1.4bbbbd81e89fep-2",
        "0x1.b9a4fb1d2362cp-3",
        "0x1.83f0938a2db96p-2",
    ]
    assert [x.hex() for x in draw(Lognormal(0.4, 0.1), 2027, "grid/DE/2024", 0, 2)] == [
        "0x1.8750e11916697p-2",
        "0x1.7a99df43f01b7p-2",
    ]


def test_the_table_is_the_pinned_one():
    assert sha256(quantile_table().astype("<f8").tobytes()).hexdigest() == TABLE_DIGEST


@settings(max_examples=30, deadline=None)
@given(st.integers(-5, 2**70), st.text(max_size=20), st.integers(0, 10**12), st.integers(1, 50))
def test_a_sample_is_the_same_whatever_is_drawn_beside_it(seed, parameter, first, count):
    together = uniforms(seed, parameter, first, count)
    alone = [float(uniforms(seed, parameter, first + n, 1)[0]) for n in range(count)]
    assert together.tolist() == alone
    assert together.min() > 0.0 and together.max() < 1.0


def test_seed_and_parameter_make_independent_streams():
    first = uniforms(1, "a", 0, COUNT)
    others = [uniforms(1, "b", 0, COUNT), uniforms(2, "a", 0, COUNT), np.roll(first, 1)]
    for other in others:
        assert abs(np.corrcoef(first, other)[0, 1]) < 5 / sqrt(COUNT)


def test_uniform_numbers_fill_their_cells_evenly():
    """Chi-square over 1,000 cells, within five standard deviations of its mean."""
    counts = np.histogram(uniforms(3, "x", 0, COUNT), bins=1000, range=(0, 1))[0]
    chi_square = float(((counts - COUNT / 1000) ** 2 / (COUNT / 1000)).sum())
    assert abs(chi_square - 999) < 5 * sqrt(2 * 999)


def test_the_normal_quantile_is_exact_into_the_tail():
    tail = 2.0 ** -np.linspace(1.0, 53.0, 20_001)
    shares = np.concatenate(
        [tail, 1.0 - tail[tail > 2.0**-50], np.linspace(0.001, 0.999, 9999)]
    )
    assert np.abs(normal_quantile(shares) - ndtri(shares)).max() < 1e-12
    assert normal_quantile(np.array([0.5]))[0] == 0.0
    for outside in (0.0, 1.0, SMALLEST / 2, float("nan")):
        with pytest.raises(ValueError, match="no deviate"):
            normal_quantile(np.array([outside]))


def test_the_exponential_holds_to_the_last_places():
    x = np.linspace(-300.0, 300.0, 40_001)
    assert np.abs(exponential(x) / np.exp(x) - 1.0).max() < 5e-16
    assert np.isfinite(exponential(np.array([1e9, -1e9]))).all()


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Normal(5.0, 2.0), 5.0, 2.0),
        (Uniform(-1.0, 3.0), 1.0, 4.0 / sqrt(12.0)),
        (Triangular(26.0, 26.6, 27.2), 26.6, sqrt(0.06)),
        (Triangular(0.0, 0.0, 3.0), 1.0, sqrt(0.5)),
        (Triangular(0.0, 3.0, 3.0), 2.0, sqrt(0.5)),
    ],
)
def test_samples_have_the_moments_of_their_distribution(distribution, mean, sd):
    within_sampling_error(draw(distribution, 11, "p", 0, COUNT), mean, sd)


def test_lognormal_keeps_median_spread_and_sign():
    sample = draw(Lognormal(3.0, 0.3), 11, "p", 0, COUNT)
    within_sampling_error(np.log(sample), np.log(3.0), 0.3)
    assert np.array_equal(draw(Lognormal(-3.0, 0.3), 11, "p", 0, COUNT), -sample)


def test_certain_parameters_stay_where_they_are():
    for certain in (Fixed(7.5), Uniform(7.5, 7.5), Triangular(7.5, 7.5, 7.5), Normal(7.5, 0.0)):
        assert set(draw(certain, 1, "p", 0, 5).tolist()) == {7.5}


def test_a_product_of_two_lognormals_has_the_closed_form_moments():
    """Golden ``mc-lognormal-product`` (hand: logarithmic variances add)."""
    product = draw(Lognormal(3, 0.3), 4, "x", 0, COUNT) * draw(
        Lognormal(2, 0.4), 4, "y", 0, COUNT
    )
    assert np.median(product) == pytest.approx(6.0, rel=0.01)
    assert product.mean() == pytest.approx(6.798890718400958, rel=0.01)
    assert product.std() == pytest.approx(3.623403199265287, rel=0.03)
    assert np.quantile(product, [0.025, 0.975]) == pytest.approx(
        [2.251907144479059, 15.986449569317386], rel=0.02
    )


def test_a_triangular_times_a_uniform_has_the_closed_form_moments():
    """Golden ``mc-triangular-uniform`` (hand)."""
    score = 2.5 * draw(Triangular(26, 26.6, 27.2), 4, "a", 0, COUNT)
    score *= draw(Uniform(0.8, 1.2), 4, "u", 0, COUNT)
    within_sampling_error(score, 66.5, sqrt(59.3433333333337))


@pytest.mark.parametrize(
    ("distribution", "code"),
    [
        (Normal(1.0, -0.1), "engine.negative-spread"),
        (Lognormal(1.0, -0.1), "engine.negative-spread"),
        (Triangular(1.0, 0.5, 2.0), "engine.bounds-order"),
        (Uniform(2.0, 1.0), "engine.bounds-order"),
        (Normal(float("nan"), 1.0), "engine.parameter-not-a-number"),
        (Fixed(float("inf")), "engine.parameter-not-a-number"),
    ],
)
def test_a_distribution_that_is_none_is_a_finding(distribution, code):
    with pytest.raises(FaultyInput) as refused:
        draw(distribution, 1, "p", 0, 1)
    assert [f.code for f in refused.value.findings] == [code]
