"""Supply-chain paths: every branch above the cut-off, none below, loops unrolled."""

import numpy as np
import pytest

from saltbridge.footprint.engine.paths import TOP, SupplyChain
from saltbridge.footprint.engine.unit_footprints import unit_footprints


def chain(technosphere, burdens):
    return SupplyChain(technosphere, burdens, unit_footprints(technosphere, burdens).values)


def test_the_textbook_pair_has_two_branches():
    found = chain(np.array([[10.0, 0.0], [-2.0, 100.0]]), [1.0, 10.0]).paths({0: 1000.0})
    assert found.complete
    assert found.total_kg_co2e == pytest.approx(120.0)
    first, second = found.nodes
    assert (first.parent, first.product, first.direct_kg_co2e) == (TOP, 0, pytest.approx(100.0))
    assert (second.parent, second.product, second.depth) == (0, 1, 1)
    assert second.amount == pytest.approx(200.0)
    assert (second.kg_co2e, second.direct_kg_co2e) == pytest.approx((20.0, 20.0))


def test_a_loop_is_unrolled_until_it_falls_below_the_cut_off():
    """Half of itself: branches of 1, 1/2, 1/4 … of the total; six are above 2 %."""
    found = chain(np.array([[1.0, -1.0], [-0.5, 1.0]]), [1.0, 0.0]).paths({0: 1.0}, 0.02)
    shares = [n.kg_co2e / found.total_kg_co2e for n in found.nodes if n.product == 0]
    assert shares == pytest.approx([2.0**-n for n in range(6)])


def brute(technosphere, burdens, y, product, amount, least):
    if abs(amount * y[product]) < least:
        return []
    found = [amount * y[product]]
    for i in np.flatnonzero(technosphere[:, product]):
        if i != product:
            taken = -technosphere[i, product] / technosphere[product, product] * amount
            found += brute(technosphere, burdens, y, i, taken, least)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_branches_are_those_of_a_walk_without_pruning_by_heap(seed):
    rng = np.random.default_rng(seed)
    inputs = np.where(rng.random((9, 9)) < 0.3, rng.uniform(0.02, 0.2, (9, 9)), 0.0)
    np.fill_diagonal(inputs, 0.0)
    technosphere = np.diag(rng.uniform(0.8, 1.2, 9)) - inputs
    burdens = rng.uniform(0.1, 1.0, 9)
    walk = chain(technosphere, burdens)
    y = unit_footprints(technosphere, burdens).values
    found = walk.paths({3: 2.0}, 0.01)
    expected = sorted(brute(technosphere, burdens, y, 3, 2.0, 0.01 * 2.0 * y[3]))
    assert sorted(n.kg_co2e for n in found.nodes) == pytest.approx(expected)
    for place, node in enumerate(found.nodes):
        below = sum(n.kg_co2e for n in found.nodes if n.parent == place)
        assert node.direct_kg_co2e + below <= node.kg_co2e * (1 + 1e-12)


def test_a_limit_keeps_the_largest_branches_and_says_so():
    walk = chain(np.array([[1.0, -1.0], [-0.5, 1.0]]), [1.0, 0.0])
    found = walk.paths({0: 1.0}, 1e-6, most=5)
    assert len(found.nodes) == 5
    assert not found.complete
    for cutoff in (0.0, -0.1, 1.5):
        with pytest.raises(ValueError, match="cut-off"):
            walk.paths({0: 1.0}, cutoff)


def test_credits_are_branches_of_their_own():
    """A credit of −3 kg against 4 kg: both branches are larger than the total of 1 kg."""
    technosphere = np.array([[1.0, 0.0, 0.0], [-1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    found = chain(technosphere, [0.0, 4.0, 3.0]).paths({0: 1.0})
    assert sorted(n.kg_co2e for n in found.nodes) == pytest.approx([-3.0, 1.0, 4.0])
