"""What holds for every inventory."""

from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbridge.footprint.allocation import allocate
from saltbridge.footprint.inventory import solve
from saltbridge.footprint.linking import link
from saltbridge.footprint.methodology import PHYSICAL_THEN_ECONOMIC
from saltbridge.footprint.model import Direction, Exchange, Inventory, Process, Stage
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

DRAFT = "eu-cfb@draft-2024-04"
FLOWS = ("nickel", "graphite", "copper foil", "binder", "glue")
PRICES = (factor("nickel", 5.5), factor("graphite", 10.6), factor("copper foil", 3.0))


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Chains with loops back that stay well below one, bought rows, emissions, four stages."""
    size = draw(st.integers(1, 6))
    amount = st.floats(0.001, 5.0)
    rows: list[Process | Exchange] = []
    for i in range(size):
        made = draw(st.floats(0.1, 50.0))
        rows.append(
            process(f"p{i}", production_amount=made, stage=draw(st.sampled_from(list(Stage))))
        )
        if i + 1 < size:
            rows.append(row(f"p{i}", "input", f"p{i + 1}", draw(amount)))
        if i and draw(st.booleans()):
            rows.append(row(f"p{i}", "input", f"p{i}", made * draw(st.floats(0, 0.5))))
        for _ in range(draw(st.integers(0, 3))):
            rows.append(row(f"p{i}", "input", draw(st.sampled_from(FLOWS)), draw(amount)))
        if draw(st.booleans()):
            rows.append(row(f"p{i}", "emission", "CO2", draw(amount), origin="fossil"))
    return inventory(*rows)


@settings(deadline=None, max_examples=60)
@given(inventories())
def test_stages_sum_to_the_total(what: Inventory) -> None:
    result = footprint(what, *PRICES, methodology=DRAFT)
    stages = fsum(result.stage_kg_co2e(s) for s in Stage)
    assert stages == pytest.approx(result.total_kg_co2e, rel=1e-12, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(inventories())
def test_every_row_from_outside_is_a_contribution_or_a_hole(what: Inventory) -> None:
    result = footprint(what, *PRICES, methodology=DRAFT)
    made = {p.id for p in what.processes}
    leaves = [(r.process, r.flow) for r in what.exchanges if r.flow not in made]
    told = [(x.process, x.flow) for x in (*result.contributions, *result.holes)]
    assert sorted(leaves) == sorted(told)


@settings(deadline=None, max_examples=60)
@given(inventories(), st.floats(0.01, 1000.0))
def test_more_demand_gives_more_of_everything(what: Inventory, times: float) -> None:
    system, _ = link(what)
    one, many = solve(system, 1.0), solve(system, times)
    for name, runs in one.runs.items():
        assert many.runs[name] == pytest.approx(times * runs, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(inventories(), st.sampled_from(["t", "g", "mg", "lb"]))
def test_units_do_not_change_the_result(what: Inventory, unit: str) -> None:
    from saltbridge.core.quantity import conversion_factor

    per = conversion_factor("kg", unit)
    turned = replace(
        what,
        exchanges=tuple(replace(r, amount=r.amount * per, unit=unit) for r in what.exchanges),
    )
    before = footprint(what, *PRICES, methodology=DRAFT)
    after = footprint(turned, *PRICES, methodology=DRAFT)
    assert after.total_kg_co2e == pytest.approx(before.total_kg_co2e, rel=1e-9)
    assert after.range_kg_co2e == pytest.approx(before.range_kg_co2e, rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.01, 10), st.floats(0.1, 100)), min_size=1, max_size=4),
    st.floats(0.1, 100),
    st.sampled_from(["mass", "economic"]),
)
def test_co_products_together_carry_the_whole_burden(
    others: list[tuple[float, float]], price: float, basis: str
) -> None:
    rows = [
        row("mine", "output", f"by{i}", amount, price=worth, price_currency="USD")
        for i, (amount, worth) in enumerate(others)
    ]
    what = inventory(
        process("mine", allocation=basis, reference_price=price, price_currency="USD"),
        *rows,
        row("mine", "emission", "CO2", 39.0, origin="fossil"),
    )
    allocated = allocate(what, PHYSICAL_THEN_ECONOMIC).inventory
    burden = [r.amount for r in allocated.exchanges if r.direction is Direction.EMISSION]
    assert len(burden) == 1 + len(others)
    assert fsum(burden) == pytest.approx(39.0, rel=1e-12)


def test_a_large_chain_with_loops_is_solved_well_under_a_second() -> None:
    """1,712 processes, every tenth taking back from far down the chain."""
    from time import process_time  # other work on the machine does not count

    size = 1712
    rows: list[Process | Exchange] = []
    for i in range(size):
        rows.append(process(f"p{i}"))
        if i + 1 < size:
            rows.append(row(f"p{i}", "input", f"p{i + 1}", 0.9))
        if i % 10 == 0:
            rows.append(row(f"p{i}", "input", f"p{(i * 7 + 3) % size}", 0.05))
        rows.append(row(f"p{i}", "emission", "CO2", 0.1, origin="fossil"))
    system, findings = link(inventory(*rows))
    assert not findings
    start = process_time()
    solution = solve(system)
    assert process_time() - start < 1.0
    assert solution.forward_error < 1e-9
