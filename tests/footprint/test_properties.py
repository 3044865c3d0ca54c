"""What holds for every inventory."""

from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from saltbridge.footprint.allocation import allocate
from saltbridge.footprint.inventory import solve
from saltbridge.footprint.linking import link
from saltbridge.footprint.methodology import PHYSICAL_THEN_ECONOMIC
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    CoProductRole,
    Direction,
    Exchange,
    Inventory,
    Process,
    Stage,
)
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


@settings(deadline=None, max_examples=examples(60))
@given(inventories())
def test_stages_sum_to_the_total(what: Inventory) -> None:
    result = footprint(what, *PRICES, methodology=DRAFT)
    stages = fsum(result.stage_kg_co2e(s) for s in Stage)
    assert stages == pytest.approx(result.total_kg_co2e, rel=1e-12, abs=1e-12)


@settings(deadline=None, max_examples=examples(60))
@given(inventories())
def test_every_row_from_outside_is_a_contribution_or_a_hole(what: Inventory) -> None:
    result = footprint(what, *PRICES, methodology=DRAFT)
    made = {p.id for p in what.processes}
    leaves = [(r.process, r.flow) for r in what.exchanges if r.flow not in made]
    told = [(x.process, x.flow) for x in (*result.contributions, *result.holes)]
    assert sorted(leaves) == sorted(told)


@settings(deadline=None, max_examples=examples(60))
@given(inventories(), st.floats(0.01, 1000.0))
def test_more_demand_gives_more_of_everything(what: Inventory, times: float) -> None:
    system, _ = link(what)
    one, many = solve(system, 1.0), solve(system, times)
    for name, runs in one.runs.items():
        assert many.runs[name] == pytest.approx(times * runs, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=examples(60))
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


@settings(deadline=None, max_examples=examples(60))
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


KINDS = (
    # Rows of every kind: priced, without factor, without effect, outside, unusable.
    lambda p, a: row(p, "input", "nickel", a),
    lambda p, a: row(p, "input", "unheard of", a),
    lambda p, a: row(p, "input", "sensor", a, "piece"),
    lambda p, a: row(p, "input", "nickel", 0.0),
    lambda p, a: row(p, "input", "zero-priced", a),
    lambda p, a: row(p, "input", "operational", a),
    lambda p, a: row(p, "input", "box", a, carrier=Carrier.PACKAGING),
    lambda p, a: row(p, "input", "robot", a, "piece", carrier=Carrier.CAPITAL_GOODS),
    lambda p, a: row(p, "input", "electricity", a, "kWh", carrier=Carrier.ELECTRICITY),
    lambda p, a: row(p, "input", "power", a, "kWh", carrier=Carrier.ELECTRICITY, location="CN"),
    lambda p, a: row(p, "input", "lorry", a, carrier=Carrier.TRANSPORT, distance_km=100.0),
    lambda p, a: row(p, "input", "ship", a, carrier=Carrier.TRANSPORT),
    lambda p, a: row(p, "input", "haul", a, stage=Stage.DISTRIBUTION),
    lambda p, a: row(p, "waste", "sludge", a, stage=Stage.END_OF_LIFE),
    lambda p, a: row(p, "waste", "slag", a),
    lambda p, a: row(p, "output", "credit", a, role=CoProductRole.SUBSTITUTE),
    lambda p, a: row(p, "output", "by-product", a, price=1.0, price_currency="EUR"),
    lambda p, a: row(p, "emission", "CO2", a, origin="fossil"),
    lambda p, a: row(p, "emission", "CO2", a, origin="biogenic"),
    lambda p, a: row(p, "emission", "unknown gas", a),
    lambda p, a: row(p, "emission", "SO2", a),
    lambda p, a: row(p, "resource", "river water", a),
    lambda p, a: row(p, "resource", "SF6", a),
    lambda p, a: row(p, "input", "steel", a, circular="known"),
    lambda p, a: row(p, "input", "foil", a, circular="unknown"),
)
ALL_PRICES = (
    *PRICES,
    factor("zero-priced", 0.0),
    factor("operational", 3.0, gas_basis="co2", scope="operational"),
    factor("electricity", 0.6, "kWh", location="CN", gas_basis="co2", scope="operational"),
    factor("lorry", 0.1, "tkm"),
    factor("steel", 2.0),
    factor("credit", 1.0),
)
TERMS = (
    CircularTerms(id="known", material="steel", A=0.2, R1=0.0, R2=0.9, R3=0.0),
    CircularTerms(id="unknown", material="foil", A=0.2),
)


@st.composite
def mixed_inventories(draw: st.DrawFn) -> Inventory:
    """Up to four processes, one of them unused, with rows of every kind."""
    size = draw(st.integers(1, 4))
    rows: list[Process | Exchange] = [
        process(f"p{i}", reference_price=2.0, price_currency="EUR") for i in range(size)
    ]
    rows += [row(f"p{i}", "input", f"p{i + 1}", 1.0) for i in range(size - 1)]
    rows.append(process("unused", allocation="none"))
    for i in range(size):
        kinds = draw(st.lists(st.sampled_from(KINDS), max_size=6, unique=True))
        rows += [kind(f"p{i}", draw(st.floats(1e-3, 10.0))) for kind in kinds]
    if draw(st.booleans()):
        rows.append(row("unused", "input", "nickel", 1.0))
    return inventory(*rows, circular=TERMS)


@settings(deadline=None, max_examples=examples(150))
@given(mixed_inventories(), st.sampled_from([DRAFT, "catena-x-pcf@v4", "cn-miit-551@2025-551"]))
def test_nothing_without_a_factor_counts_as_zero_in_silence(
    what: Inventory, methodology: str
) -> None:
    """A row is linked, priced, a hole, or named in a finding that says why it is nothing."""
    result = footprint(what, *ALL_PRICES, methodology=methodology)
    made = {p.reference_flow for p in what.processes}
    told = {
        (x.process.partition(":")[0], x.flow) for x in (*result.contributions, *result.holes)
    }
    said = " | ".join(str(v) for f in result.findings for v in f.arguments.values())
    runs = result.detail["runs"]
    products = {flow for shares in result.detail["allocation"].values() for flow in shares}
    for line in result.contributions:
        if line.kg_co2e == 0 and line.factor.kg_co2e_per_unit == 0:
            biogenic = line.factor.id == "gwp:biogenic-co2"
            assert biogenic or line.flow in said, line
    for exchange in what.exchanges:
        if exchange.flow in made or exchange.flow in products:
            continue
        if runs.get(exchange.process, 0.0) == 0:
            assert exchange.process in said, exchange  # a process that does not run is named
            continue
        assert (exchange.process, exchange.flow) in told or exchange.flow in said, exchange
    for hole in result.holes:
        if hole.low_kg_co2e is not None and hole.high_kg_co2e is not None:
            assert hole.low_kg_co2e <= hole.high_kg_co2e and hole.range_source
