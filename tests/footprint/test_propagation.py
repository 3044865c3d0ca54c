"""A changed supplier value: the difference is that of working it out again."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import EmissionFactor, FactorSet, Inventory
from saltbridge.footprint.propagation import SingularChange, moved, score_after
from saltbridge.footprint.record import footprint_record
from saltbridge.testing.builders import NOON
from saltbridge.testing.inventories import factor, inventory, process, row

SET = FactorSet("set-1", "test", (factor("cell", 10.0),), "sha256:5e7")


def battery() -> Inventory:
    """A pack that takes glue itself and through a module; a part of the module goes back."""
    return inventory(
        process("pack", unit="piece"),
        process("module", unit="kg"),
        row("pack", "input", "cell", 30.0),
        row("pack", "input", "glue", 0.7),
        row("pack", "input", "module", 3.0),
        row("module", "input", "glue", 0.11),
        row("module", "input", "module", 0.05),
        factor_sets=("set-1",),
    )


def glue(value: float, unit: str = "kg") -> EmissionFactor:
    return factor(
        "glue", value, id="supplier:B:glue", unit=unit, supplier="B", record="sha256:1"
    )


def record(value: float) -> dict[str, Any]:
    methodology, edition = choose("catena-x-pcf", NOON.date())
    what = battery()
    footprint = calculate(what, methodology, edition, [SET], supplier_factors=[glue(value)])
    return footprint_record(footprint, what, "estimate")


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 500), st.floats(0, 500))
def test_the_difference_is_that_of_working_it_out_again(before: float, after: float) -> None:
    old, new = record(before), record(after)
    (movement,) = moved([("f", "estimate", old)], glue(after))
    due = new["total_kg_co2e"]
    assert movement.after_kg_co2e == pytest.approx(due, rel=1e-12)
    assert movement.lines == 2 and movement.open_lines == ()
    assert movement.delta_kg_co2e == pytest.approx(
        movement.amount * (after - before), rel=1e-9, abs=1e-9
    )


def test_it_moves_by_amount_times_change() -> None:
    """Hand: module 3 / (1 - 0.05) kg; glue 0.7 + 0.11 * 3 / 0.95; 4 kg CO2e/kg more of it."""
    (movement,) = moved([("f", "estimate", record(2.0))], glue(6.0))
    assert movement.amount == pytest.approx(0.7 + 0.33 / 0.95, rel=1e-12)
    assert movement.delta_kg_co2e == pytest.approx(4 * (0.7 + 0.33 / 0.95), rel=1e-12)
    assert movement.beyond(0.01) is True
    assert movement.beyond(0.10) is False
    assert movement.beyond(None) is None


def test_a_figure_in_another_unit_of_mass_moves_the_same() -> None:
    per_kg = moved([("f", "estimate", record(2.0))], glue(6.0))[0]
    per_t = moved([("f", "estimate", record(2.0))], glue(6000.0, "t"))[0]
    assert per_t.delta_kg_co2e == pytest.approx(per_kg.delta_kg_co2e, rel=1e-12)


def test_what_cannot_be_told_from_the_record_stays_open() -> None:
    (movement,) = moved([("f", "estimate", record(2.0))], glue(6.0, "kWh"))
    assert (movement.lines, movement.open_lines) == (0, ("glue",))
    circular = record(2.0)
    line = circular["lines"][1]
    line["term"], line["factor"] = "circular_acquisition", {**line["factor"], "id": "c:glue"}
    (movement,) = moved([("f", "estimate", circular)], glue(6.0))
    assert (movement.lines, len(movement.open_lines)) == (1, 1)


def test_footprints_without_the_provider_are_not_listed() -> None:
    other = factor("glue", 3.0, id="supplier:OTHER:glue")
    assert moved([("f", "estimate", record(2.0))], other) == ()


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 4), st.integers(0, 4), st.floats(-0.05, 0.3))
def test_a_changed_coefficient_gives_the_score_of_the_new_system(
    seed: int, product: int, taker: int, delta: float
) -> None:
    """Property: one division against a second dense solution, on loops of five processes."""
    draw = np.random.default_rng(seed)
    matrix = np.eye(5) - draw.uniform(0, 0.12, (5, 5))
    burdens, demand = draw.uniform(0, 9, 5), np.eye(5)[0]
    inverse = np.linalg.inv(matrix)
    runs = inverse @ demand
    changed = matrix.copy()
    changed[product, taker] -= delta
    found = score_after(
        float(burdens @ runs), runs.tolist(), burdens.tolist(), inverse[:, product].tolist(),
        taker=taker, delta=delta,
    )  # fmt: skip
    assert found == pytest.approx(float(burdens @ np.linalg.solve(changed, demand)), rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 500), st.floats(-2.9, 50))
def test_a_changed_coefficient_is_the_footprint_of_the_changed_inventory(
    price: float, delta: float
) -> None:
    """Property: one division against the whole calculation of the battery, to 1e-12."""
    matrix = np.array([[1.0, 0.0], [-3.0, 1.0 - 0.05]])  # pack, module and its own use
    burdens = np.array([30.0 * 10.0 + 0.7 * price, 0.11 * price])
    inverse = np.linalg.inv(matrix)
    runs = inverse[:, 0]
    found = score_after(
        float(burdens @ runs), runs.tolist(), burdens.tolist(), inverse[:, 1].tolist(),
        taker=0, delta=delta,
    )  # fmt: skip
    rows = tuple(
        replace(r, amount=r.amount + delta) if (r.process, r.flow) == ("pack", "module") else r
        for r in battery().exchanges
    )
    due = calculate(
        replace(battery(), exchanges=rows), *choose("catena-x-pcf", NOON.date()), [SET],
        supplier_factors=[glue(price)],
    )  # fmt: skip
    assert found == pytest.approx(due.total_kg_co2e, rel=1e-12)


def test_a_changed_coefficient_of_a_loop_by_hand() -> None:
    """Hand: power takes a kg of coal per kWh, coal takes 0.2 kWh per kg; 1 kg CO2e per kWh.

    One kWh needs 1 / (1 - 0.2 a) runs: 1 / 0.98 with a = 0.1 and 1 / 0.96 with a = 0.2.
    """
    runs = [1 / 0.98, 0.1 / 0.98]
    one_more_coal = [0.2 / 0.98, 1 / 0.98]  # what makes one kg of coal
    found = score_after(1 / 0.98, runs, [1.0, 0.0], one_more_coal, taker=0, delta=0.1)
    assert found == pytest.approx(1 / 0.96, rel=1e-12)


def test_a_loop_that_uses_up_all_it_makes_has_no_score() -> None:
    with pytest.raises(SingularChange):
        score_after(1.0, [1.0], [1.0], [1.0], taker=0, delta=1.0)
