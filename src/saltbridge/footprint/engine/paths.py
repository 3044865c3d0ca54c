"""Supply-chain paths above a cut-off: the nodes and bands of a Sankey diagram.

The unit footprint of every product is known, so what a branch carries is known before it is
opened: branches below the cut-off are never walked, and nothing is solved. The largest branch
is opened first, so a walk that stops at its limit has shown the largest ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

TOP = -1  # the parent of what is demanded


@dataclass(frozen=True, slots=True)
class PathNode:
    """One branch of the supply chain: an amount of a product on its way to the demand."""

    parent: int  # position in the list, or ``TOP``
    product: int
    amount: float  # in the unit of the product; negative for a credit or a waste
    kg_co2e: float  # the whole branch
    direct_kg_co2e: float  # emitted by the process of the product itself
    depth: int


@dataclass(frozen=True)
class Paths:
    """The branches found, largest first to be opened; ``complete`` says whether all were."""

    nodes: tuple[PathNode, ...]
    total_kg_co2e: float
    complete: bool


class SupplyChain:
    """Inputs of every process, ready to be walked: made once for a background.

    Process j makes product j. ``footprints`` in kg CO2e per unit, ``burdens`` per run.
    """

    def __init__(self, technosphere: Any, burdens: Any, footprints: Any) -> None:
        matrix = csc_matrix(technosphere, dtype=float)
        outputs = matrix.diagonal()
        if not np.all(outputs):
            raise ValueError("a process does not make its product: order the columns first")
        self._starts = matrix.indptr.tolist()
        self._products = matrix.indices
        per_unit = np.repeat(1.0 / outputs, np.diff(matrix.indptr))
        self._amounts = -matrix.data * per_unit
        self._amounts[
            self._products == np.repeat(np.arange(len(outputs)), np.diff(matrix.indptr))
        ] = 0.0
        self._footprints = np.asarray(footprints, dtype=float)
        self._carried = self._amounts * self._footprints[self._products]
        self._sizes = np.abs(self._carried)
        self._direct = np.asarray(burdens, dtype=float) / outputs

    def paths(
        self, demand: Mapping[int, float], cutoff: float = 0.001, most: int = 10_000
    ) -> Paths:
        """Branches that carry at least ``cutoff`` of the total (in size), with their parents.

        Raises:
            ValueError: the cut-off is not between 0 and 1: a walk of a loop would not end.
        """
        if not 0.0 < cutoff <= 1.0:
            raise ValueError(f"a cut-off of {cutoff}: it lies between 0 and 1")
        total = sum(a * float(self._footprints[p]) for p, a in demand.items())
        return self.paths_from(demand, cutoff * abs(total), most)

    def paths_from(self, demand: Mapping[int, float], least: float, most: int) -> Paths:
        """Branches that carry at least ``least`` kg CO2e (in size), ``most`` of them at most.

        Where that is 0, what is demanded is a branch even if it carries nothing.
        """
        kg = {p: a * float(self._footprints[p]) for p, a in demand.items()}
        total = sum(kg.values())
        # The number breaks ties in the order of discovery, so a walk is always the same.
        heap: list[tuple[float, int, int, int, float, float, int]] = []
        number = 0
        for product, amount in demand.items():
            if abs(kg[product]) >= least and (kg[product] != 0.0 or least == 0.0):
                heappush(
                    heap, (-abs(kg[product]), number, TOP, product, amount, kg[product], 0)
                )
                number += 1
        nodes: list[PathNode] = []
        while heap and len(nodes) < most:
            _, _, parent, product, amount, carried, depth = heappop(heap)
            place = len(nodes)
            direct = amount * float(self._direct[product])
            nodes.append(PathNode(parent, product, amount, carried, direct, depth))
            first, end = self._starts[product], self._starts[product + 1]
            if amount == 0.0:
                continue
            enough = np.flatnonzero(self._sizes[first:end] * abs(amount) >= least)
            for k in (enough + first).tolist():
                branch = amount * float(self._carried[k])
                if branch == 0.0:
                    continue
                taken = amount * float(self._amounts[k])
                input_product = int(self._products[k])
                heappush(
                    heap, (-abs(branch), number, place, input_product, taken, branch, depth + 1)
                )
                number += 1
        return Paths(tuple(nodes), total, not heap)
