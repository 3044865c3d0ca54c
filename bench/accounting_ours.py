"""Our side of the accounting bench, through the engine's public functions, in its own process.

Run by ``accounting.py`` as ``accounting_ours.py FOLDER REPETITIONS-AS-JSON``. Everything is
called once on a small case first, so that what numba compiles is compiled (or read from its
cache); the time of that is a figure of its own.
"""

import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from accounting_case import Case, Linked, counted, linked, load, synthetic
from accounting_timing import peak_mib, timed

from saltbridge.adapters.background.store import solved
from saltbridge.footprint.contribution import FlowDiagram, FlowEdge, FlowNode
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.background_draws import draw_background, drawn_background
from saltbridge.footprint.engine.draws import Lognormal
from saltbridge.footprint.engine.foreground import Foreground, compile_foreground
from saltbridge.footprint.engine.gradients import foreground_gradients
from saltbridge.footprint.engine.monte_carlo import DrawnAmounts, sampled_scores
from saltbridge.footprint.engine.parameters import parameters
from saltbridge.footprint.engine.paths import TOP, SupplyChain
from saltbridge.footprint.engine.unit_footprints import content_digest, unit_footprints
from saltbridge.reports.sankey_svg import sankey_svg

CUTOFF = 0.001
SEED = 11


@dataclass
class Side:
    """What the measurements share: the case, repetitions, figures, results."""

    case: Case
    repetitions: dict[str, int]
    figures: dict[str, Any]
    results: dict[str, Any]

    @cached_property
    def linked(self) -> Linked:
        """The foreground as exchanges."""
        return linked(self.case)

    @cached_property
    def foreground(self) -> Foreground:
        """The foreground as a sequence."""
        return compile_foreground(
            len(self.case.foreground),
            self.linked.process,
            self.linked.source,
            len(self.linked.interfaces) + 1,
        )

    @cached_property
    def emissions(self) -> tuple[Any, Any]:
        """Characterised emissions of the whole case, and their spreads."""
        return counted(self.case)

    @cached_property
    def burdens(self) -> Any:
        """kg CO2e per run of every process."""
        return np.asarray(self.emissions[0].sum(axis=0), dtype=float).ravel()

    @cached_property
    def priced(self) -> tuple[Any, Any]:
        """Technosphere and burdens of the system whose products are priced."""
        inside = self.case.priced
        return self.case.technosphere[:, inside][inside].tocsc(), self.burdens[inside]

    @cached_property
    def units(self) -> Any:
        """Unit footprints of the interfaces; the last is kg CO2e itself."""
        return np.append(unit_footprints(*self.priced).values[self.linked.interfaces], 1.0)

    def demand(self, product: int, amount: float) -> Any:
        """The demand of one product of the foreground."""
        wanted = np.zeros(len(self.case.foreground))
        wanted[product] = amount
        return wanted

    def measure(self, name: str, do: Callable[[], Any]) -> Any:
        """Keep the median time of a measurement; its last result."""
        self.figures[name], found = timed(do, self.repetitions[name])
        return found


def footprints(side: Side) -> None:
    """Unit footprints of all products; again, from the cache that digests key."""
    matrix, burdens = side.priced
    found = side.measure("unit_footprints", lambda: unit_footprints(matrix, burdens))
    side.results["unit_footprints"] = found.values
    side.figures |= {
        "method": found.method, "sweeps": found.sweeps, "forward_error": found.forward_error,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SALTBRIDGE_CACHE"] = folder
        solved(matrix, burdens)
        kept = side.measure("cached", lambda: solved(matrix, burdens))
        del os.environ["SALTBRIDGE_CACHE"]
    assert np.array_equal(kept.values, found.values)


def scores(side: Side) -> None:
    """The score of a new demand, by evaluating the foreground anew."""
    taken, made = side.linked.amount, side.linked.outputs

    def score(product: int, amount: float) -> float:
        found = side.foreground.footprints(taken, made, side.units)
        return float(side.demand(product, amount) @ found)

    products = iter(list(range(len(side.case.foreground))) * 10_000)
    side.measure("score", lambda: score(next(products), 2.0))
    side.results["score"] = score(0, 1.0)
    side.results["scores"] = np.array(
        [score(p, 2.0) for p in range(min(10, len(side.case.foreground)))]
    )
    side.results["technosphere_digest"] = content_digest(
        side.case.technosphere, np.zeros(side.case.size)
    )


def paths(side: Side) -> None:
    """Branches of the supply chain; the chain is prepared once and timed by itself."""
    matrix, burdens = side.case.technosphere, side.burdens
    values = unit_footprints(matrix, burdens).values
    chain = side.measure("paths_prepared", lambda: SupplyChain(matrix, burdens, values))
    found = side.measure("paths", lambda: chain.paths({side.case.demanded: 1.0}, CUTOFF))
    side.measure("drawn", lambda: drawn(chain, side.case.demanded))
    side.results["paths"] = np.sort(np.array([node.kg_co2e for node in found.nodes]))


def drawn(chain: SupplyChain, demanded: int) -> str:
    """Walk the chain and draw it: processes as nodes, what goes between two as a band."""
    found = chain.paths({demanded: 1.0}, CUTOFF)
    carried: dict[tuple[int, int], float] = defaultdict(float)
    for node in found.nodes:
        if node.parent != TOP:
            carried[node.product, found.nodes[node.parent].product] += node.kg_co2e
    numbers = sorted({number for pair in carried for number in pair})
    nodes = [
        FlowNode(f"p{n}", f"process {n}", "product" if n == demanded else "process")
        for n in numbers
    ]
    bands = [FlowEdge(f"p{a}", f"p{b}", kg, f"product {a}") for (a, b), kg in carried.items()]
    total = found.total_kg_co2e
    diagram = FlowDiagram(tuple(nodes), tuple(bands), total, CUTOFF * abs(total), 0)
    return sankey_svg(diagram, product="demanded")


def gradients(side: Side) -> None:
    """Derivatives by every exchange of the foreground."""
    wanted = side.demand(0, 1.0)
    given = side.linked.amount, side.linked.outputs, side.units, wanted
    found = side.measure("gradients", lambda: foreground_gradients(side.foreground, *given))
    linked, emitted = side.linked, side.foreground.size + len(side.linked.interfaces)
    top = np.flatnonzero((linked.process == 0) & (linked.source != emitted))
    products = np.concatenate([side.case.foreground, linked.interfaces])
    top = top[np.argsort(products[linked.source[top]])]
    side.results["top_products"] = products[linked.source[top]]
    side.results["top_amounts"] = linked.amount[top]
    side.results["top_by_amount"] = found.by_amount[top]
    side.figures["exchanges"] = len(side.linked.amount)
    side.figures["interfaces"] = len(side.linked.interfaces)
    side.figures["loops_cut"] = len(side.foreground.tears)


def drawn_amounts(side: Side) -> DrawnAmounts:
    """Every exchange lognormal around its amount, each a parameter of its own."""
    amounts, ln_sds = side.linked.amount.tolist(), side.linked.ln_sd.tolist()
    drawn = parameters(
        SEED,
        {
            f"exchange {n}": Lognormal(median, ln_sd)
            for n, (median, ln_sd) in enumerate(zip(amounts, ln_sds, strict=True))
        },
    )
    return DrawnAmounts(drawn, np.arange(len(amounts)), np.ones(len(amounts)))


def foreground_draws(side: Side) -> None:
    """Draws of the foreground over a certain background."""
    amounts, made, wanted = drawn_amounts(side), side.linked.outputs, side.demand(0, 1.0)
    count = side.repetitions["draws"]
    side.results["foreground_draws"] = side.measure(
        "foreground_draws",
        lambda: sampled_scores(side.foreground, amounts, made, side.units, wanted, 0, count),
    )


def background_draws(side: Side) -> None:
    """Draws of everything: the background once for its products, then by any foreground."""
    inside, (flows, flow_spreads) = side.case.priced, side.emissions
    count = side.repetitions["draws_of_all"]
    whole = len(inside) == side.case.size
    matrix, spreads = side.case.technosphere, side.case.technosphere_ln_sds
    if not whole:  # the processes that are priced come first
        end, end_flows = matrix.indptr[len(inside)], flows.indptr[len(inside)]
        matrix, flows = matrix[:, inside][inside].tocsc(), flows[:, inside]
        spreads, flow_spreads = spreads[:end], flow_spreads[:end_flows]
    given = matrix, flows, spreads, flow_spreads, SEED, "bench"
    drawn = side.measure("background_prepared", lambda: drawn_background(*given))
    wanted = side.case.foreground[:1] if whole else side.linked.interfaces
    kept = side.measure("background_draws", lambda: draw_background(drawn, wanted, 0, count))
    side.figures |= {"drawn_products": len(wanted), "resolved": kept.resolved}
    side.figures["stored_mb"] = kept.values.nbytes / 1e6
    if whole:
        side.results["background_draws"] = kept.values[0].astype(float)
        return
    units = np.vstack([kept.values, np.ones(count, dtype=np.float32)])
    amounts, made, demand = drawn_amounts(side), side.linked.outputs, side.demand(0, 1.0)
    side.results["background_draws"] = side.measure(
        "reused",
        lambda: sampled_scores(side.foreground, amounts, made, units, demand, 0, count),
    )


MEASUREMENTS = (footprints, scores, paths, gradients, foreground_draws, background_draws)
ONCE = dict.fromkeys(
    (
        "unit_footprints", "cached", "score", "paths_prepared", "paths", "drawn", "gradients",
        "foreground_draws", "background_prepared", "background_draws", "reused",
    ),
    1,
)  # fmt: skip


def warm() -> None:
    """Every function once, on a small case: numba compiles, or reads what it compiled."""
    side = Side(synthetic(300, 20), ONCE | {"draws": 200, "draws_of_all": 40}, {}, {})
    for measurement in MEASUREMENTS:
        measurement(side)


def main() -> int:
    """Measure; figures go to ``ours.json``, results to ``ours.npz`` in the folder."""
    folder = Path(sys.argv[1])
    warm_seconds, _ = timed(warm, 1)
    side = Side(load(folder / "case.npz"), json.loads(sys.argv[2]), {}, {})
    side.figures |= {"warm": warm_seconds, "numba": compiled.AVAILABLE}
    for measurement in MEASUREMENTS:
        measurement(side)
    side.figures["peak_mib"] = peak_mib()
    np.savez(folder / "ours.npz", **side.results)
    (folder / "ours.json").write_text(json.dumps(side.figures), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
