"""Contributions sum to the total however they are grouped, paths weigh what comes along them,
and every node of the flow diagram gives what it takes (hand cases, and any inventory)."""

from math import fsum

import pytest
from hypothesis import given, settings
from tests.footprint.test_properties import DRAFT, PRICES, inventories

from saltbridge.footprint.contribution import (
    FlowDiagram,
    by_flow,
    by_process,
    by_stage,
    by_supplier,
    flow_diagram,
    hot_spots,
    supply_chain_paths,
)
from saltbridge.footprint.model import Inventory, Supplier
from saltbridge.testing.inventories import factor, inventory, model, process, row


def cell() -> Inventory:
    """Hand: 2·(3·5) = 30 through the anode, 4·5 = 20 bought by the cell, 1 emitted."""
    return inventory(
        process("cell"),
        row("cell", "input", "anode", 2.0, supplier="S1"),
        row("cell", "input", "graphite", 4.0, supplier="S1"),
        row("cell", "emission", "CO2", 1.0, origin="fossil"),
        process("anode"),
        row("anode", "input", "graphite", 3.0),
        suppliers=(Supplier(id="S1", name="Graphite Ltd"),),
    )


def test_groups_sum_to_the_total() -> None:
    found = model(cell(), factor("graphite", 5.0))
    assert found.score() == pytest.approx(51.0)
    for grouped in (by_flow, by_process, by_stage, by_supplier, hot_spots):
        assert fsum(s.kg_co2e for s in grouped(found)) == pytest.approx(51.0), grouped.__name__
    flows = {s.name: s.kg_co2e for s in by_flow(found)}
    assert flows == pytest.approx({"graphite": 50.0, "CO2": 1.0})
    assert [s.name for s in by_process(found)] == ["anode", "cell"]
    assert {s.name: s.kg_co2e for s in by_supplier(found)} == pytest.approx(
        {"S1": 20.0, "": 31.0}
    )
    assert hot_spots(found)[0].name == "graphite → anode"


def test_paths_weigh_all_that_comes_along() -> None:
    found = supply_chain_paths(model(cell(), factor("graphite", 5.0)), cut_off=0.0)
    assert [p.processes for p in found.paths] == [("cell",), ("cell", "anode")]
    assert [p.kg_co2e for p in found.paths] == pytest.approx([51.0, 30.0])
    assert [p.direct_kg_co2e for p in found.paths] == pytest.approx([21.0, 30.0])
    assert found.paths[1].amount == pytest.approx(2.0)
    assert found.complete
    assert len(supply_chain_paths(model(cell(), factor("graphite", 5.0)), 0.9).paths) == 1


def test_a_loop_is_followed_until_it_weighs_nothing_and_adds_up() -> None:
    """Hand: half of what is made comes back: direct parts are 1, 1/2, 1/4 … and sum to 2."""
    what = inventory(
        process("a"),
        row("a", "input", "b", 0.5),
        row("a", "emission", "CO2", 1.0, origin="fossil"),
        process("b"),
        row("b", "input", "a", 1.0),
    )
    found = supply_chain_paths(model(what), cut_off=1e-6)
    assert fsum(p.direct_kg_co2e for p in found.paths) == pytest.approx(2.0, rel=1e-4)
    assert found.complete


def unbalanced(diagram: FlowDiagram) -> dict[str, float]:
    """kg that a node takes and does not give; the product gives the total to the reader."""
    net: dict[str, float] = {}
    for edge in diagram.edges:
        net[edge.target] = net.get(edge.target, 0.0) + edge.kg_co2e
        net[edge.source] = net.get(edge.source, 0.0) - edge.kg_co2e
    kinds = {node.id: node.kind for node in diagram.nodes}
    return {name: kg for name, kg in net.items() if kinds[name] in ("process", "product")}


def test_others_hold_what_is_below_the_cut_off() -> None:
    found = flow_diagram(model(cell(), factor("graphite", 5.0)), cut_off=0.1)
    edges = {(e.source, e.target): e.kg_co2e for e in found.edges}
    assert edges == pytest.approx(
        {
            ("p1", "p0"): 30.0,
            ("f:graphite", "p0"): 20.0,
            ("others", "p0"): 1.0,
            ("f:graphite", "p1"): 30.0,
        }
    )
    assert found.merged == 1
    assert {n.kind for n in found.nodes} == {"product", "process", "input", "others"}


@settings(deadline=None, max_examples=25)
@given(inventories())
def test_every_node_gives_what_it_takes(what: Inventory) -> None:
    found = model(what, *PRICES, methodology=DRAFT)
    diagram = flow_diagram(found, cut_off=0.03)
    near = 1e-9 * max(1.0, abs(found.score()))
    kinds = {node.id: node.kind for node in diagram.nodes}
    for name, kg in unbalanced(diagram).items():
        expected = found.score() if kinds[name] == "product" else 0.0
        assert kg == pytest.approx(expected, rel=1e-9, abs=near), name
