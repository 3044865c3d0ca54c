"""The peers' side of the accounting bench: bw2calc and bw_graph_tools, in a process of its own.

Run by ``accounting.py`` as ``accounting_peers.py FOLDER REPETITIONS-AS-JSON``: writes the
datapackages of the case in the folder, calculates them, and leaves figures and results there.
"""

import json
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")  # bw2calc recommends PARDISO on import

import accounting_packages  # noqa: E402
import bw2calc  # noqa: E402
import bw2calc.fast_scores as fast_scores  # noqa: E402
import bw_processing as bwp  # noqa: E402
import numpy as np  # noqa: E402
from accounting_case import load  # noqa: E402
from accounting_timing import peak_mib, timed  # noqa: E402
from bw_graph_tools import GraphTraversalSettings, NewNodeEachVisitGraphTraversal  # noqa: E402
from fsspec.implementations.zip import ZipFileSystem  # noqa: E402
from scipy.sparse import csc_matrix  # noqa: E402
from scipy.sparse.linalg import splu  # noqa: E402

from saltbridge.footprint.engine.unit_footprints import content_digest  # noqa: E402

CUTOFF = 0.001
SEED = 11
PARDISO = find_spec("pypardiso") is not None


class AdjointBySuperLU(fast_scores.FastScoresOnlyMultiLCA):
    """bw2calc's adjoint with SciPy's SuperLU of Aᵀ as its solver.

    bw2calc allows PARDISO or UMFPACK only, which are not installed here; all that it does
    around the solve, the check of the residual too, stays as it is.
    """

    def solve_adjoint(self, rhs: Any) -> Any:
        """Solution of Aᵀ Y = rhs."""
        found = splu(csc_matrix(self.technosphere_matrix.T)).solve(np.ascontiguousarray(rhs))
        return np.asarray(found).reshape(rhs.shape)


class Side:
    """What the measurements share: packages of the case, repetitions, figures, results."""

    def __init__(self, folder: Path, repetitions: dict[str, int]) -> None:
        self.folder, self.repetitions = folder, repetitions
        self.case = load(folder / "case.npz")
        self.figures: dict[str, Any] = {}
        self.results: dict[str, Any] = {}

    def packages(self, *names: str) -> list[Any]:
        """Those of these packages that the case has, and the method."""
        paths = [self.folder / f"{name}.zip" for name in (*names, "method")]
        return [
            bwp.load_datapackage(ZipFileSystem(str(p), mode="r")) for p in paths if p.exists()
        ]

    def whole(self) -> list[Any]:
        """All packages."""
        return self.packages(*accounting_packages.PARTS)

    @property
    def demand(self) -> dict[int, float]:
        """One unit of the demanded product."""
        return {self.case.demanded: 1.0}


def unit_footprints(side: Side) -> None:
    """Scores of all products by bw2calc's adjoint, from matrices that are built."""
    closed = len(side.case.priced) == side.case.size
    if not PARDISO:
        fast_scores.PYPARDISO = True  # its check for a solver: ours takes the place of it
    chosen = fast_scores.FastScoresOnlyMultiLCA if PARDISO else AdjointBySuperLU
    lca = chosen(
        demands={"one": {int(side.case.priced[-1]): 1.0}},
        method_config={"impact_categories": [("gwp",)]},
        data_objs=side.whole() if closed else side.packages("background"),
        direction="adjoint",
    )
    next(lca)
    seconds, _ = timed(lca.calculate, side.repetitions["adjoint"])
    fast_scores.PYPARDISO = PARDISO
    side.figures["unit_footprints"] = seconds
    side.figures["solver"] = "PARDISO" if PARDISO else "SuperLU"
    side.results["unit_footprints"] = np.asarray(lca.product_scores).ravel()


def scores(side: Side) -> Any:
    """The score of a new demand, matrices built and factorised before; the calculation."""
    lca = bw2calc.LCA(side.demand, data_objs=side.whole())
    lca.lci(factorize=True)
    lca.lcia()
    side.results["score"] = lca.score
    side.results["technosphere_digest"] = content_digest(
        lca.technosphere_matrix, np.zeros(side.case.size)
    )
    products = iter(side.case.foreground.tolist() * 1000)

    def again() -> float:
        lca.lci(demand={next(products): 2.0})
        lca.lcia()
        return float(lca.score)

    side.figures["score"], _ = timed(again, side.repetitions["score"])
    others = []
    for product in side.case.foreground.tolist()[:10]:
        lca.lci(demand={product: 2.0})
        lca.lcia()
        others.append(lca.score)
    side.results["scores"] = np.array(others)
    lca.lci(demand=side.demand)
    lca.lcia()
    return lca


def paths(side: Side, lca: Any) -> None:
    """Branches of the supply chain by bw_graph_tools, nothing kept from before."""

    def walked() -> Any:
        settings = GraphTraversalSettings(
            cutoff=CUTOFF, max_calc=1_000_000, separate_biosphere_flows=False
        )
        found = NewNodeEachVisitGraphTraversal(lca, settings)
        found.traverse()
        return found

    side.figures["paths"], found = timed(walked, side.repetitions["paths"])
    nodes = [n for n in found.nodes.values() if n.unique_id != -1]
    side.results["paths"] = np.sort(np.array([n.cumulative_score for n in nodes]))


def changed_scores(side: Side, lca: Any) -> None:
    """Scores of the demand with single exchanges of the foreground changed, to 2 · 10⁻⁴."""
    matrix = csc_matrix(lca.technosphere_matrix)
    column = int(side.case.demanded)
    where = range(matrix.indptr[column], matrix.indptr[column + 1])
    entries = [k for k in where if matrix.indices[k] != column][:2]
    found = []
    for entry in entries:
        for step in (1.0001, 0.9999):
            matrix.data[entry] *= step
            lca.technosphere_matrix = matrix.tocsr()
            lca.decompose_technosphere()
            lca.lci_calculation()
            lca.lcia_calculation()
            found.append(lca.score)
            matrix.data[entry] /= step
    side.results["changed_products"] = matrix.indices[entries]
    side.results["changed_scores"] = np.array(found)


def foreground_draws(side: Side) -> None:
    """Draws of the foreground over a certain background."""
    lca = bw2calc.PartitionedMonteCarloLCA(
        side.demand,
        static_databases=["background"],
        data_objs=side.packages("background", "foreground"),
        seed_override=SEED,
    )
    _drawn(side, lca, "foreground_draws")


def background_draws(side: Side) -> None:
    """Draws of everything."""
    lca = bw2calc.IterativeLCA(
        side.demand, data_objs=side.whole(), use_distributions=True, seed_override=SEED
    )
    _drawn(side, lca, "background_draws")


def _drawn(side: Side, lca: Any, name: str) -> None:
    found = []

    def prepared() -> None:
        lca.lci()
        lca.lcia()

    def one() -> None:
        next(lca)
        found.append(lca.score)

    side.figures[f"{name}_prepared"], _ = timed(prepared, 1)
    side.figures[name], _ = timed(one, side.repetitions[name])
    side.results[name] = np.array(found)


def main() -> int:
    """Measure; figures go to ``peers.json``, results to ``peers.npz``."""
    side = Side(Path(sys.argv[1]), json.loads(sys.argv[2]))
    side.figures["write"], _ = timed(
        lambda: accounting_packages.write(side.case, side.folder), 1
    )
    unit_footprints(side)
    lca = scores(side)
    paths(side, lca)
    changed_scores(side, lca)
    del lca
    measurements: tuple[Callable[[Side], None], ...] = (foreground_draws, background_draws)
    for measure in measurements:
        measure(side)
    side.figures["peak_mib"] = peak_mib()
    side.figures["versions"] = {n: version(n) for n in ("bw2calc", "bw_graph_tools", "scipy")}
    np.savez(side.folder / "peers.npz", **side.results)
    (side.folder / "peers.json").write_text(json.dumps(side.figures), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
