"""Where to cut the loops of a foreground: as few products as a search finds.

Each product that is cut is one more unknown carried through the whole sequence, so fewer are
faster. The fewest are hard to find (feedback vertex set); a depth-first search from what takes
to what is taken gives few: where it meets its own path again, the product there is cut. It is
begun at many products, the smallest set is kept, and what proves unneeded is put back.
"""

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

_WORK = 2_000_000  # links that all searches of a knot may follow together


def tears(size: int, process: Any, source: Any) -> tuple[int, ...]:
    """Products without which no loop is left, in ascending order.

    ``process[k]`` takes the product of process ``source[k]``; none takes its own.
    """
    graph = csr_matrix((np.ones(len(process)), (process, source)), shape=(size, size))
    count, labels = connected_components(graph, directed=True, connection="strong")
    members = np.bincount(labels, minlength=count)
    inside = labels[graph.indices] == np.repeat(labels, np.diff(graph.indptr))
    takes = [
        [int(i) for i in graph.indices[a:b][inside[a:b]]]
        for a, b in zip(graph.indptr[:-1], graph.indptr[1:], strict=True)
    ]
    found: list[int] = []
    for label in np.flatnonzero(members > 1).tolist():
        found += _cuts(takes, np.flatnonzero(labels == label).tolist())
    return tuple(sorted(found))


def _cuts(takes: list[list[int]], knot: list[int]) -> list[int]:
    """The cuts of one knot: processes that all supply each other."""
    links = sum(len(takes[j]) for j in knot)
    step = max(1, len(knot) * links // _WORK)
    fewest = min((_met_again(takes, first) for first in knot[::step]), key=len)
    cut = set(fewest)
    for product in fewest:
        cut.discard(product)
        if not _ends(takes, knot, cut):
            cut.add(product)
    return sorted(cut)


def _met_again(takes: list[list[int]], first: int) -> list[int]:
    """Products at which a search from ``first`` meets its own path, in the order found."""
    met: dict[int, None] = {}
    on_path, seen = {first}, {first}
    path = [(first, iter(takes[first]))]
    while path:
        j, rest = path[-1]
        for i in rest:
            if i not in seen:
                seen.add(i)
                on_path.add(i)
                path.append((i, iter(takes[i])))
                break
            if i in on_path:
                met[i] = None
        else:
            on_path.discard(j)
            path.pop()
    return list(met)


def _ends(takes: list[list[int]], knot: list[int], cut: set[int]) -> bool:
    """Whether every walk through the knot ends where the products of ``cut`` are known."""
    users: dict[int, list[int]] = {j: [] for j in knot}
    waiting = dict.fromkeys(knot, 0)
    for j in knot:
        for i in takes[j]:
            if i not in cut:
                users[i].append(j)
                waiting[j] += 1
    ready = [j for j in knot if waiting[j] == 0]
    done = 0
    while ready:
        i = ready.pop()
        done += 1
        for j in users[i]:
            waiting[j] -= 1
            if waiting[j] == 0:
                ready.append(j)
    return done == len(knot)
