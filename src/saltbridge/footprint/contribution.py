"""Where a footprint comes from: by process, stage, supplier and flow; paths; a flow diagram.

A path leads from the product up its supply chain. Its weight is what comes with it: the unit
footprint of what is bought times the amount bought along this path, everything further up
included. A product with several makers is taken from each by its share of the supply. Loops
are followed as long as they weigh something; every turn weighs less.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from scipy.sparse import csc_matrix

from saltbridge.footprint.engine.paths import TOP, SupplyChain
from saltbridge.footprint.linear_model import Line, LinearModel

# A path search ends here whatever the cut-off, and says so.
MOST_PATHS = 2_000


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the known total [kg CO2e per unit of product]."""

    name: str
    kg_co2e: float
    lines: int


@dataclass(frozen=True, slots=True)
class Path:
    """One way up the supply chain, from the product to a process.

    ``kg_co2e`` is all that comes along this way; ``direct_kg_co2e`` what the last process
    emits or buys in itself.
    """

    processes: tuple[str, ...]
    flow: str
    amount: float  # of the flow, along this way, in its unit
    unit: str
    kg_co2e: float
    direct_kg_co2e: float


@dataclass(frozen=True)
class Paths:
    """Ways up the supply chain that weigh at least the cut-off, the heaviest first."""

    paths: tuple[Path, ...]
    cut_off_kg_co2e: float
    complete: bool  # False: there are more than were followed


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A node of the flow diagram: a process, something bought in, or all the small ones."""

    id: str
    label: str
    kind: str  # product | process | input | others


@dataclass(frozen=True, slots=True)
class FlowEdge:
    """What flows from one node to the next [kg CO2e per unit of product]; a credit is < 0."""

    source: str
    target: str
    kg_co2e: float
    flow: str


@dataclass(frozen=True)
class FlowDiagram:
    """The supply chain as nodes and edges; what is below the cut-off is in ``others``."""

    nodes: tuple[FlowNode, ...]
    edges: tuple[FlowEdge, ...]
    total_kg_co2e: float
    cut_off_kg_co2e: float
    merged: int  # edges that went into others


def by_process(model: LinearModel) -> tuple[Share, ...]:
    """Direct contributions by process, the largest first."""
    names = {p.id: p.name for p in model.processes}
    return _grouped(model, lambda n: names[n.contribution.process])


def by_stage(model: LinearModel) -> tuple[Share, ...]:
    """Contributions by life-cycle stage, the largest first; named by the stage's id."""
    return _grouped(model, lambda n: n.contribution.stage.value)


def by_supplier(model: LinearModel) -> tuple[Share, ...]:
    """Contributions by supplier, the largest first; empty name: no supplier is named."""
    return _grouped(model, lambda n: n.contribution.supplier)


def by_flow(model: LinearModel) -> tuple[Share, ...]:
    """Contributions by flow, wherever it is used, the largest first."""
    return _grouped(model, lambda n: n.contribution.flow)


def hot_spots(model: LinearModel) -> tuple[Share, ...]:
    """Single lines (flow at a process), the largest first."""
    return _grouped(model, lambda n: f"{n.contribution.flow} → {n.contribution.process}")


def _grouped(model: LinearModel, key: Callable[[Line], str]) -> tuple[Share, ...]:
    groups: dict[str, list[float]] = {}
    for line, value in zip(model.lines, model.line_values(), strict=True):
        groups.setdefault(key(line), []).append(value)
    shares = [Share(name, fsum(values), len(values)) for name, values in groups.items()]
    return tuple(sorted(shares, key=lambda s: (-abs(s.kg_co2e), s.name)))


@dataclass(frozen=True, slots=True)
class _Purchase:
    """What one run of a process takes of a product (negative: it gives it)."""

    product: int
    amount: float


class _Chain:
    """The supply chain by process: purchases, makers and weights."""

    def __init__(self, model: LinearModel) -> None:
        self.model = model
        values = model.values
        names = [p.id for p in model.processes]
        runs = model.runs()
        self.runs = [runs[name] for name in names]
        units = model.unit_footprints()
        self.unit: dict[int, float] = {
            product: units[name] for name, product in zip(names, model.product_of, strict=True)
        }
        self.output = [0.0] * len(names)
        net: dict[tuple[int, int], float] = {}
        for term in model.terms:
            key = (term.process, term.product)
            net[key] = net.get(key, 0.0) + term.coefficient * values[term.parameter]
        self.purchases: list[list[_Purchase]] = [[] for _ in names]
        for (process, product), amount in net.items():
            if product == model.product_of[process]:
                self.output[process] = amount
            elif product in self.unit and amount != 0:
                self.purchases[process].append(_Purchase(product, -amount))
        self.makers: dict[int, list[tuple[int, float]]] = {}
        for process, product in enumerate(model.product_of):
            made = self.output[process] * self.runs[process]
            if made != 0:
                self.makers.setdefault(product, []).append((process, made))
        self.direct = [0.0] * len(names)
        for line in model.lines:
            burden = values[line.amount] * line.coefficient * values[line.factor]
            self.direct[line.process] += burden

    def suppliers(self, product: int) -> list[tuple[int, float]]:
        """Makers of a product with their shares of its supply."""
        makers = self.makers.get(product, [])
        whole = fsum(made for _, made in makers)
        return [(process, made / whole) for process, made in makers] if whole else []

    def demand(self) -> dict[int, float]:
        """What the reference product takes from each of its makers."""
        shares = self.suppliers(self.model.reference_product)
        return {process: self.model.demand * share for process, share in shares}

    def walkable(self) -> SupplyChain:
        """The chain for the engine: what each maker makes is a product of its own."""
        rows: list[tuple[int, int, float]] = []
        for process, purchases in enumerate(self.purchases):
            rows.append((process, process, self.output[process] or 1.0))
            for purchase in purchases if self.output[process] else ():
                for maker, share in self.suppliers(purchase.product):
                    rows.append((maker, process, -purchase.amount * share))
        at = ([r[0] for r in rows], [r[1] for r in rows])
        size = len(self.purchases)
        technosphere = csc_matrix(([r[2] for r in rows], at), shape=(size, size))
        footprints = [self.unit[product] for product in self.model.product_of]
        return SupplyChain(technosphere, self.direct, footprints)


def supply_chain_paths(model: LinearModel, cut_off: float = 0.01) -> Paths:
    """Ways up the supply chain that weigh at least ``cut_off`` of the gross total.

    The gross total adds burdens and credits without their signs, so that a credit does not
    hide what it outweighs.
    """
    chain = _Chain(model)
    least = cut_off * _gross(model)
    names = model.processes
    found: list[Path] = []
    ways: list[tuple[int, ...]] = []
    walked = chain.walkable().paths_from(chain.demand(), least, MOST_PATHS)
    for node in walked.nodes:
        way = (*(ways[node.parent] if node.parent != TOP else ()), node.product)
        ways.append(way)
        last = names[node.product]
        found.append(
            Path(
                tuple(names[p].id for p in way),
                last.reference_flow,
                node.amount,
                last.unit,
                node.kg_co2e,
                node.direct_kg_co2e,
            )
        )
    return Paths(tuple(found), least, walked.complete)


def flow_diagram(model: LinearModel, cut_off: float = 0.02) -> FlowDiagram:
    """Processes and purchases that carry at least ``cut_off`` of the gross total.

    What enters a process leaves it with its product: every node is balanced, ``others``
    included. Purchases of one flow are one node, wherever they go.
    """
    chain = _Chain(model)
    least = cut_off * _gross(model)
    edges: dict[tuple[str, str], list[tuple[float, str]]] = {}
    labels: dict[str, FlowNode] = {}
    for number, process in enumerate(model.processes):
        if chain.runs[number] == 0:
            continue
        labels[f"p{number}"] = FlowNode(f"p{number}", process.name or process.id, "process")
        for purchase in chain.purchases[number]:
            for maker, share in chain.suppliers(purchase.product):
                weight = (
                    chain.unit[purchase.product] * purchase.amount * share * chain.runs[number]
                )
                flow = model.processes[maker].reference_flow
                edges.setdefault((f"p{maker}", f"p{number}"), []).append((weight, flow))
    for line, value in zip(model.lines, model.line_values(), strict=True):
        flow = line.contribution.flow
        labels.setdefault(f"f:{flow}", FlowNode(f"f:{flow}", flow, "input"))
        edges.setdefault((f"f:{flow}", f"p{line.process}"), []).append((value, flow))
    summed = {key: (fsum(w for w, _ in parts), parts[0][1]) for key, parts in edges.items()}
    kept, merged = _pruned(chain, summed, least)
    nodes = dict.fromkeys(n for edge in kept for n in (edge.source, edge.target))
    top = {f"p{process}" for process, _ in chain.suppliers(model.reference_product)}
    for name in sorted(top):
        nodes.setdefault(name)
    others = FlowNode("others", "", "others")
    shown = []
    for name in nodes:
        node = others if name == "others" else labels[name]
        shown.append(FlowNode(name, node.label, "product") if name in top else node)
    return FlowDiagram(tuple(shown), tuple(kept), model.score(), least, merged)


def _pruned(
    chain: _Chain,
    summed: Mapping[tuple[str, str], tuple[float, str]],
    least: float,
) -> tuple[list[FlowEdge], int]:
    """Edges reached from the product that weigh enough; the rest of each node is others."""
    into: dict[str, list[tuple[str, float, str]]] = {}
    for (source, target), (weight, flow) in summed.items():
        into.setdefault(target, []).append((source, weight, flow))
    start = [f"p{p}" for p, _ in chain.suppliers(chain.model.reference_product)]
    seen, queue = set(start), list(start)
    kept: list[FlowEdge] = []
    merged = 0
    while queue:
        target = queue.pop(0)
        small: list[float] = []
        for source, weight, flow in sorted(into.get(target, ()), key=lambda e: -abs(e[1])):
            if abs(weight) < least:
                small.append(weight)
                continue
            kept.append(FlowEdge(source, target, weight, flow))
            if source not in seen:
                seen.add(source)
                queue.append(source)
        merged += len(small)
        rest: Sequence[list[float]] = (
            [w for w in small if w > 0],
            [w for w in small if w < 0],
        )
        for part in rest:
            if fsum(part) != 0:
                kept.append(FlowEdge("others", target, fsum(part), ""))
    return kept, merged


def _gross(model: LinearModel) -> float:
    return fsum(abs(v) for v in model.line_values())
