"""From a linked background to unit footprints, and which of them are whole.

One transposed solve prices every product (``footprint.engine.unit_footprints``). A product is
whole where neither its own activity nor any activity upstream of it has a hole; only whole
ones become factors. What the others are missing would otherwise count as nothing.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.provenance import Confidence, weakest
from saltbridge.footprint.background.linked import LinkedBackground
from saltbridge.footprint.engine.unit_footprints import UnitFootprints
from saltbridge.footprint.model import EmissionFactor


@dataclass(frozen=True)
class ProductRow:
    """One product of a reduced background, whole or not. kg CO2e per unit."""

    id: str
    flow: str
    location: str
    unit: str
    kg_co2e_per_unit: float | None  # None where there is nothing to divide by
    whole: bool
    own_holes: int
    upstream_holes: int  # activities with holes that its supply chain reaches
    comment: str = ""
    confidence: Confidence = Confidence.COMPUTED  # the weakest of the factors brought for it
    brought_licences: tuple[str, ...] = ()  # of those factors; "" where one has none
    prospective: bool = False  # one of those factors looks ahead


def _touched(linked: LinkedBackground) -> Any:
    """Products whose activity, or any activity upstream, has a hole."""
    return _downstream(linked, linked.holes > 0)


def _downstream(linked: LinkedBackground, seeds: Any) -> Any:
    """The seeds, and every product whose supply chain reaches one of them."""
    consumers = linked.technosphere.tocsr()  # row i: the activities that take product i
    touched = seeds.copy()
    waiting = deque(int(j) for j in np.flatnonzero(touched))
    while waiting:
        i = waiting.popleft()
        for j in consumers.indices[consumers.indptr[i] : consumers.indptr[i + 1]]:
            if not touched[j]:
                touched[j] = True
                waiting.append(int(j))
    return touched


def _brought(linked: LinkedBackground) -> list[list[EmissionFactor]]:
    """For each product, one of every kind of factor brought for it or for its supply chain.

    Two factors are of a kind where licence, confidence and outlook are the same.
    """
    size = len(linked.activities)
    kinds: dict[tuple[str, Confidence, bool], tuple[EmissionFactor, Any]] = {}
    for j, factor in linked.fills_used:
        key = (factor.licence, factor.confidence, factor.prospective)
        _, seeds = kinds.setdefault(key, (factor, np.zeros(size, dtype=bool)))
        seeds[j] = True
    brought: list[list[EmissionFactor]] = [[] for _ in range(size)]
    for factor, seeds in kinds.values():
        for position in np.flatnonzero(_downstream(linked, seeds)):
            brought[int(position)].append(factor)
    return brought


def loops(linked: LinkedBackground) -> tuple[Finding, ...]:
    """A note for every set of activities that need each other."""
    size = len(linked.activities)
    suppliers, takers = linked.edges[:, 0], linked.edges[:, 1]
    graph = coo_matrix((np.ones(len(suppliers)), (suppliers, takers)), shape=(size, size))
    count, label = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(label, minlength=count)
    found = []
    for group in np.flatnonzero(sizes > 1):
        members = np.flatnonzero(label == group)
        first = linked.activities[int(members[0])]
        found.append(
            finding(
                "background.loop",
                first.place,
                severity=Severity.NOTE,
                count=len(members),
                activity=first.name,
            )
        )
    return tuple(sorted(found, key=lambda f: -int(f.arguments["count"])))


def product_rows(linked: LinkedBackground, solved: UnitFootprints) -> tuple[ProductRow, ...]:
    """Every product with its value and whether it is whole, in the order of the system."""
    touched = _touched(linked)
    reached = _upstream_counts(linked, touched)
    only_handed_over = _only_handed_over(linked)
    brought = _brought(linked)
    rows = []
    for j, (activity, product) in enumerate(
        zip(linked.activities, linked.products, strict=True)
    ):
        shown = product or next(
            (f for f in activity.flows if f.kind.value in ("product", "co-product")), None
        )
        value, treatment = None, False
        if product is not None:
            # A treatment is priced per unit handed over to it, so that a waste row is priced
            # by it: where its reference is negative, or nobody ever takes its product.
            signed = float(solved.values[j])
            treatment = product.amount < 0.0 or (bool(only_handed_over[j]) and signed < 0.0)
            value = -signed if treatment else signed
        rows.append(
            ProductRow(
                id=activity.id,
                flow=shown.name if shown else activity.name,
                location=activity.location,
                unit=shown.unit if shown else "",
                kg_co2e_per_unit=value,
                whole=product is not None and not bool(touched[j]),
                own_holes=int(linked.holes[j]),
                upstream_holes=int(reached[j]),
                comment=_comment(linked, j, treatment),
                confidence=_as_sure_as(brought[j]),
                brought_licences=tuple(dict.fromkeys(f.licence for f in brought[j])),
                prospective=any(f.prospective for f in brought[j]),
            )
        )
    return tuple(rows)


def signs(rows: tuple[ProductRow, ...], solved: UnitFootprints) -> tuple[int, ...]:
    """What turns a unit footprint into the factor of each product; 0 where it is none."""
    return tuple(
        0
        if not row.whole or row.kg_co2e_per_unit is None
        else int(np.copysign(1.0, row.kg_co2e_per_unit) * np.copysign(1.0, value))
        for row, value in zip(rows, solved.values.tolist(), strict=True)
    )


def _as_sure_as(brought: list[EmissionFactor]) -> Confidence:
    """What is worked out here is as sure as the weakest factor that was brought for it."""
    marks = (Confidence.COMPUTED, *(factor.confidence for factor in brought))
    return weakest(marks) or Confidence.COMPUTED


def _only_handed_over(linked: LinkedBackground) -> Any:
    """Products that activities hand over and none takes: an array of bools."""
    rows = linked.technosphere.tocoo()
    others = rows.row != rows.col
    size = len(linked.activities)
    handed = np.bincount(rows.row[others & (rows.data > 0.0)], minlength=size) > 0
    taken = np.bincount(rows.row[others & (rows.data < 0.0)], minlength=size) > 0
    return handed & ~taken


def _upstream_counts(linked: LinkedBackground, touched: Any) -> Any:
    """How many activities with holes each product's supply chain reaches."""
    matrix = linked.technosphere.tocsc()  # column j: what j takes
    size = matrix.shape[0]
    counts = np.zeros(size, dtype=np.int64)
    if size > 2_000:  # one search per product is too much: only whole or not is told
        return np.where(touched, np.maximum(linked.holes > 0, 1), 0)
    for j in np.flatnonzero(touched):
        seen = {int(j)}
        waiting = [int(j)]
        while waiting:
            at = waiting.pop()
            for i in matrix.indices[matrix.indptr[at] : matrix.indptr[at + 1]].tolist():
                if i not in seen and touched[i]:
                    seen.add(i)
                    waiting.append(i)
        counts[j] = int(np.count_nonzero(linked.holes[list(seen)]))
    return counts


def _comment(linked: LinkedBackground, j: int, treatment: bool) -> str:
    parts = [linked.activities[j].name]
    if treatment:
        parts.append("handed over for treatment")
    if linked.not_in_gwp[j]:
        parts.append(f"{linked.not_in_gwp[j]} own emissions to air have no GWP100")
    if linked.filled[j]:
        parts.append(f"{linked.filled[j]} inputs priced by a factor brought for them")
    return "; ".join(parts)


def factors(
    rows: tuple[ProductRow, ...],
    *,
    set_id: str,
    source: str,
    licence: str,
    gwp_set: str,
    year: int | None = None,
) -> tuple[EmissionFactor, ...]:
    """The whole products as emission factors [kg CO2e per unit]; the others are left out.

    A factor carries the licences of what was brought for it too; if one of these has none, it
    has none, and serves estimates only.
    """
    return tuple(
        EmissionFactor(
            id=f"{set_id}/{row.id}",
            flow=row.flow,
            unit=row.unit,
            location=row.location,
            kg_co2e_per_unit=row.kg_co2e_per_unit,
            source=source,
            licence=_licence(licence, row.brought_licences),
            confidence=row.confidence,
            prospective=row.prospective,
            gwp_set=gwp_set,
            year=year,
            comment=row.comment,
        )
        for row in rows
        if row.whole and row.kg_co2e_per_unit is not None
    )


def _licence(own: str, brought: tuple[str, ...]) -> str:
    if "" in brought:
        return ""
    return "; ".join(dict.fromkeys((own, *brought)))
