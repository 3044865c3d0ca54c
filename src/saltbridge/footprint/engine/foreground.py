"""A foreground compiled once to a sequence of multiply-adds, with loops closed exactly.

A process is a sum: what it takes, times the footprint of what is taken, divided by what it
makes. In topological order one pass gives every product. A loop is cut at a few tear
products: their footprints τ stay unknown while the pass runs, so each footprint is carried as
c + C τ; then the small system (1 − C) τ = c is solved, once per sample. Nothing is iterated
and nothing is left out.

Sources are numbered: the ``size`` products of the foreground first, then the interfaces, whose
unit footprints are known (products of a background, supplier figures; for a direct emission
an interface whose footprint is its GWP, or 1 for kg CO2e).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.footprint.engine import compiled
from saltbridge.footprint.engine.loops import tears


@dataclass(frozen=True)
class Foreground:
    """The sequence. A slot holds one number per sample: first 1, then interfaces, then c, C."""

    size: int  # processes, and as many products
    interfaces: int
    process: Any  # of every exchange: who takes
    source: Any  # of every exchange: what is taken
    tears: tuple[int, ...]  # products at which loops are cut
    # One instruction adds amount[exchange] × slot[origin] to slot[target]. They are grouped
    # by process in the order of evaluation.
    exchange: Any
    origin: Any
    target: Any
    # For each step: the process, its instructions, its own slots.
    steps: Any  # int64, five columns: process, first and end instruction, first and end slot
    own: Any  # exchanges by which a process takes its own product
    components: Any  # for each slot of a step: 0 for c, t + 1 for tear t
    slots: int

    @cached_property
    def plan(self) -> tuple[Any, ...]:
        """What the loops need, as plain arrays."""
        first = {int(step[0]): int(step[3]) for step in self.steps}
        where = np.array([first[t] for t in self.tears], dtype=np.int64)
        ends = np.array(
            [int(s[4]) for t in self.tears for s in self.steps if s[0] == t], dtype=np.int64
        )
        places = (self.exchange, self.origin, self.target)
        return (
            *(place.astype(np.uint32) for place in places),  # numba: never from the end
            self.steps,
            self.components,
            self.own,
            self.process[self.own],
            np.array(self.tears, dtype=np.int64),
            where,
            ends,
        )

    def footprints(self, amounts: Any, outputs: Any, units: Any) -> Any:
        """Footprint of one unit of every product [kg CO2e per unit], one column a sample.

        ``amounts`` has a row for every exchange, ``outputs`` for every process, ``units`` for
        every interface; each a vector, or a matrix with one column a sample. The result is a
        vector where all three are.

        Raises:
            FaultyInput: a loop takes back all it makes, or an output is zero.
        """
        given = [np.asarray(a, dtype=float) for a in (amounts, outputs, units)]
        width = max((a.shape[1] for a in given if a.ndim == 2), default=1)
        taken, made, known = (x if x.ndim == 2 else _repeated(x, width) for x in given)
        found = evaluated(self, taken, made, known, width)
        if not np.all(np.isfinite(found)):
            raise FaultyInput([finding("engine.no-solution")])
        return found if any(a.ndim == 2 for a in given) else found[:, 0]


def compile_foreground(size: int, process: Any, source: Any, interfaces: int) -> Foreground:
    """The sequence for a foreground of ``size`` processes, process j making product j."""
    process = np.asarray(process, dtype=np.int64)
    source = np.asarray(source, dtype=np.int64)
    own = np.flatnonzero(process == source)
    inner = np.flatnonzero((source < size) & (process != source))
    cut = tears(size, process[inner], source[inner])
    order = _order(size, process[inner], source[inner], cut)
    takes: list[list[int]] = [[] for _ in range(size)]
    for number in np.flatnonzero(process != source).tolist():
        takes[int(process[number])].append(number)
    tear_number = {product: n for n, product in enumerate(cut)}
    at: list[dict[int, int]] = [{} for _ in range(size)]  # product -> component -> slot
    slots = 1 + interfaces
    exchange: list[int] = []
    origin: list[int] = []
    target: list[int] = []
    components: list[int] = []
    steps: list[tuple[int, int, int, int, int]] = []
    for j in order:
        terms: list[tuple[int, int, int]] = []  # exchange, slot taken from, component
        for e in takes[j]:
            i = int(source[e])
            if i >= size:
                terms.append((e, 1 + i - size, 0))
            elif i in tear_number:
                terms.append((e, 0, tear_number[i] + 1))
            else:
                terms += [(e, slot, part) for part, slot in at[i].items()]
        for part in sorted({0} | {c for _, _, c in terms}):
            at[j][part] = slots
            components.append(part)
            slots += 1
        first = len(exchange)
        for e, slot, part in terms:
            exchange.append(e)
            origin.append(slot)
            target.append(at[j][part])
        steps.append((j, first, len(exchange), min(at[j].values()), slots))
    leading = [0] * (1 + interfaces)
    return Foreground(
        size=size,
        interfaces=interfaces,
        process=process,
        source=source,
        tears=cut,
        exchange=np.array(exchange, dtype=np.int64),
        origin=np.array(origin, dtype=np.int64),
        target=np.array(target, dtype=np.int64),
        steps=np.array(steps, dtype=np.int64).reshape(-1, 5),
        own=own,
        components=np.array(leading + components, dtype=np.int64),
        slots=slots,
    )


def _repeated(vector: Any, width: int) -> Any:
    column = vector[:, np.newaxis]
    return column if width == 1 else np.broadcast_to(column, (len(vector), width))


def _order(size: int, process: Any, source: Any, cuts: tuple[int, ...]) -> list[int]:
    """Processes so that each comes after what it takes; a tear counts as known."""
    cut = np.zeros(size, dtype=bool)
    cut[list(cuts)] = True
    waiting = np.zeros(size, dtype=np.int64)
    users: list[list[int]] = [[] for _ in range(size)]
    for j, i in zip(process.tolist(), source.tolist(), strict=True):
        if not cut[i]:
            waiting[j] += 1
            users[i].append(j)
    ready = [j for j in range(size) if waiting[j] == 0]
    order: list[int] = []
    while ready:
        i = ready.pop()
        order.append(i)
        for j in users[i]:
            waiting[j] -= 1
            if waiting[j] == 0:
                ready.append(j)
    assert len(order) == size, "a loop is left"  # noqa: S101
    return order


def evaluated(
    foreground: Foreground, amounts: Any, outputs: Any, units: Any, width: int
) -> Any:
    """As ``footprints`` over matrices; where a sample has no solution it holds no number."""
    if compiled.AVAILABLE:
        from saltbridge.footprint.engine import kernels

        found = np.empty((foreground.size, width))
        arrays = tuple(np.ascontiguousarray(a) for a in (amounts, outputs, units))
        numbers = (*foreground.plan, *arrays, foreground.slots, found)
        kernels.evaluate(*numbers)
        return found
    return _evaluated_by_numpy(foreground, amounts, outputs, units, width)


def _evaluated_by_numpy(
    foreground: Foreground, amounts: Any, outputs: Any, units: Any, width: int
) -> Any:
    slot = np.zeros((foreground.slots, width))
    slot[0] = 1.0
    slot[1 : 1 + foreground.interfaces] = units
    net = np.array(np.broadcast_to(outputs, (foreground.size, width)), dtype=float)
    for e in foreground.own.tolist():
        net[foreground.process[e]] -= amounts[e]
    made = np.zeros((foreground.size, width))
    exchange, origin, target = (
        a.tolist() for a in (foreground.exchange, foreground.origin, foreground.target)
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for j, first, end, low, high in foreground.steps.tolist():
            for k in range(first, end):
                slot[target[k]] += amounts[exchange[k]] * slot[origin[k]]
            slot[low:high] /= net[j]
        closing = _closed(foreground, slot, width)
        for j, _, _, low, high in foreground.steps.tolist():
            made[j] = slot[low]
            for s in range(low + 1, high):
                made[j] += slot[s] * closing[foreground.components[s] - 1]
    for number, product in enumerate(foreground.tears):
        made[product] = closing[number]
    return made


def _closed(foreground: Foreground, slot: Any, width: int) -> Any:
    """The tear products of every sample: the small system solved."""
    count = len(foreground.tears)
    if not count:
        return np.zeros((0, width))
    system = np.zeros((width, count, count))
    right = np.zeros((width, count, 1))
    number = {product: n for n, product in enumerate(foreground.tears)}
    for j, _, _, low, high in foreground.steps.tolist():
        if j in number:
            n = number[j]
            system[:, n, n] = 1.0
            right[:, n, 0] = slot[low]
            for s in range(low + 1, high):
                system[:, n, foreground.components[s] - 1] -= slot[s]
    sound = np.isfinite(system).all(axis=(1, 2))
    system[~sound] = np.eye(count)
    right[~sound] = np.nan
    return _each_solved(system, right)[:, :, 0].T


def _each_solved(system: Any, right: Any) -> Any:
    try:
        return np.linalg.solve(system, right)
    except np.linalg.LinAlgError:  # some sample is singular: find out which
        if len(system) == 1:
            return np.full_like(right, np.nan)
        half = len(system) // 2
        return np.concatenate(
            [
                _each_solved(system[:half], right[:half]),
                _each_solved(system[half:], right[half:]),
            ]
        )
