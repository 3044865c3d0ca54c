"""Draws by the engine's foreground against a dense solve of every single sample."""

from typing import Any

import numpy as np
import pytest

from saltbridge.footprint.contribution import supply_chain_paths
from saltbridge.footprint.distributions import uncertain_parameters
from saltbridge.footprint.engine.draws import draw
from saltbridge.footprint.linear_model import LinearModel
from saltbridge.footprint.model import CoProductRole, Inventory, Stage
from saltbridge.footprint.model_samples import DrawnFactors, stage_samples
from saltbridge.footprint.uncertainty import uncertainty
from saltbridge.testing.inventories import factor, inventory, model, process, row

SEED = 5
SPREAD: dict[str, Any] = {"distribution": "lognormal", "scale": 0.2}


def two_mines() -> Inventory:
    """Two makers of one ore; the scrap of the first is what the second one takes."""
    return inventory(
        process("cell", stage=Stage.MAIN_PRODUCTION),
        row("cell", "input", "ore", 2.0, **SPREAD),
        row("cell", "input", "power", 3.0, "kWh"),
        process("mine", "ore", stage=Stage.RAW_MATERIAL),
        row("mine", "output", "scrap", 0.2, role=CoProductRole.RECIRCULATE, **SPREAD),
        row("mine", "input", "power", 1.0, "kWh", **SPREAD),
        process("smelter", "ore", stage=Stage.RAW_MATERIAL),
        row("smelter", "input", "scrap", 0.5),
        row("smelter", "emission", "CO2", 4.0, origin="fossil"),
    )


def loop() -> Inventory:
    """A knot of three processes, one of which also takes its own product."""
    return inventory(
        process("a", stage=Stage.MAIN_PRODUCTION),
        row("a", "input", "b", 0.5, **SPREAD),
        row("a", "input", "a", 0.1, **SPREAD),
        row("a", "input", "power", 1.0, "kWh"),
        process("b", stage=Stage.RAW_MATERIAL),
        row("b", "input", "a", 0.6, **SPREAD),
        row("b", "input", "c", 0.3),
        process("c", stage=Stage.RAW_MATERIAL),
        row("c", "input", "b", 0.2, distribution="normal", scale=0.15),
        row("c", "input", "power", 5.0, "kWh", **SPREAD),
        process("idle"),
        row("idle", "input", "idle", 0.5, distribution="uniform", minimum=0.0, maximum=2.0),
    )


POWER = factor("power", 0.5, "kWh", low=0.3, high=0.7)


def solved_one_by_one(found: LinearModel, draws: int) -> tuple[Any, Any]:
    """Stage totals by the definition: a dense A for every sample, and whether runs turn."""
    uncertain, _ = uncertain_parameters(found)
    values = np.tile(np.array(found.values)[:, np.newaxis], (1, draws))
    for u in uncertain:
        number = found.number(u.parameter.id)
        values[number] = draw(u.distribution, SEED, u.parameter.id, 0, draws)
    size, nominal = len(found.processes), np.array(list(found.runs().values()))
    totals, kept = np.zeros((draws, len(found.stages))), np.zeros(draws, dtype=bool)
    for sample in range(draws):
        matrix = np.zeros((size, size))
        for term in found.terms:
            matrix[term.product, term.process] += (
                term.coefficient * values[term.parameter, sample]
            )
        wanted = np.zeros(size)
        wanted[found.reference_product] = found.demand
        runs = np.linalg.solve(matrix, wanted)
        kept[sample] = np.all(runs[nominal != 0] * nominal[nominal != 0] > 0)
        for line in found.lines:
            kg = runs[line.process] * line.coefficient
            kg *= values[line.amount, sample] * values[line.factor, sample]
            totals[sample, found.stages.index(line.contribution.stage)] += kg
    return totals, kept


@pytest.mark.parametrize("what", [two_mines, loop])
def test_every_sample_is_the_solution_of_its_own_system(what: Any) -> None:
    found = model(what(), POWER)
    uncertain, _ = uncertain_parameters(found)
    totals, kept = solved_one_by_one(found, 120)
    samples, lost = stage_samples(found, uncertain, 120, SEED)
    assert lost == int((~kept).sum())
    assert samples == pytest.approx(totals[kept], rel=1e-11)
    assert np.ptp(samples.sum(axis=1)) > 0


def test_draws_that_turn_a_process_are_found_in_a_knot() -> None:
    """A loop that takes back 0.2 to 1.6 of what it makes; above 1 there is no supply."""
    knot = model(
        inventory(
            process("a"),
            row("a", "input", "b", 0.9, distribution="uniform", minimum=0.2, maximum=1.6),
            row("a", "emission", "CO2", 1.0, origin="fossil"),
            process("b"),
            row("b", "input", "a", 1.0),
        )
    )
    uncertain, _ = uncertain_parameters(knot)
    _, kept = solved_one_by_one(knot, 200)
    _, lost = stage_samples(knot, uncertain, 200, SEED)
    assert lost == int((~kept).sum())
    assert 60 < lost < 110  # 0.6 / 1.4 of the draws take more than they make


def test_two_makers_of_a_product_share_it_in_runs_derivatives_and_paths() -> None:
    """Hand: 2 kg of ore; scrap 0.2 x = 0.5 y with x + y = 2: x = 10/7, y = 4/7."""
    found = model(two_mines(), POWER)
    assert found.runs() == pytest.approx({"cell": 1.0, "mine": 10 / 7, "smelter": 4 / 7})
    assert found.score() == pytest.approx(1.5 + 5 / 7 + 16 / 7, rel=1e-12)
    slopes = found.gradient()
    id = "amount:mine:output:scrap"
    step = 1e-6
    above, below = (found.with_value(id, 0.2 + d).score() for d in (step, -step))
    assert slopes[id] == pytest.approx((above - below) / (2 * step), rel=1e-6)
    paths = supply_chain_paths(found, 0.01).paths
    taken = {p.processes: p.amount for p in paths}
    assert taken[("cell", "mine")] == pytest.approx(10 / 7)
    assert taken[("cell", "smelter")] == pytest.approx(4 / 7)


def test_stored_samples_of_a_factor_enter_by_their_number_and_begin_again() -> None:
    found = model(two_mines(), factor("power", 0.5, "kWh"))
    number = next(n for n, id in enumerate(found.ids) if id.startswith("factor:set/power"))
    stored = np.array([[0.4, 0.5, 0.9]])
    samples, lost = stage_samples(found, (), 7, SEED, [DrawnFactors((number,), stored)])
    expected = [
        found.with_value(found.ids[number], value).score()
        for value in (0.4, 0.5, 0.9, 0.4, 0.5, 0.9, 0.4)
    ]
    assert lost == 0
    assert samples.sum(axis=1) == pytest.approx(expected, rel=1e-12)


def test_correlated_factors_count_with_their_covariance() -> None:
    """Hand: 3 and 1 kg at factors that move together (sd 0.1 each, samples ±0.1) are 0.4."""
    what = inventory(process("a"), row("a", "input", "x", 3.0), row("a", "input", "y", 1.0))
    found = model(what, factor("x", 1.0), factor("y", 1.0))
    numbers = tuple(n for n, id in enumerate(found.ids) if id.startswith("factor:"))
    spread = np.array([-0.1, 0.1] * 500)
    apart = np.array([-0.1, -0.1, 0.1, 0.1] * 250)
    for other, sd in ((spread, 0.4), (-spread, 0.2), (apart, np.sqrt(0.1))):
        stored = [DrawnFactors(numbers, 1.0 + np.stack([spread, other]))]
        drawn = uncertainty(found, draws=1000, seed=1, background=stored)
        assert drawn.total.sd == pytest.approx(sd, rel=1e-3)
        assert drawn.total.first_order_sd == pytest.approx(drawn.total.sd, rel=1e-9)
        assert sum(share for _, share in drawn.variance_shares) == pytest.approx(1.0)
        assert not drawn.findings
