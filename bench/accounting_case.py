"""The systems that the accounting bench calculates, as arrays; each from a seed or a wheel.

``synthetic`` makes a background with the structure of a large process database: a band of
neighbouring processes, a few hundred services that nearly everyone takes and that take from
everywhere (which closes the loops), units that differ by orders of magnitude, and a biosphere
of which a few flows count for the climate. Before it stands a foreground with three loops.
Every exchange but the outputs is lognormal.

``carculator`` takes the real matrix of the carculator-utils wheel as it is, with the supply
chain of a battery pack down to purchased inputs as foreground. The wheel says nothing about
spread, so spreads are drawn from the seed.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

SEED = 4
PACK = "market for battery, Li-ion, NMC622"
FLOWS, COUNTED, PER_PROCESS = 2_200, 60, 21  # of the biosphere; those with a GWP; of a process


@dataclass(frozen=True)
class Case:
    """A whole system: ``A[i, j]`` is what one run of process j adds to product i."""

    technosphere: Any  # CSC, inputs negative, outputs on the diagonal
    technosphere_ln_sds: Any  # of each stored entry; 0 on the diagonal
    biosphere: Any  # CSC, kg of a flow per run
    biosphere_ln_sds: Any
    gwp: Any  # kg CO2e per kg of each flow; 0 where a flow does not count
    foreground: Any  # processes that are looked at, the demanded one first
    background: Any  # processes that the foreground draws on, and all they take
    priced: Any  # the system whose products are all priced: closed, first to last

    @property
    def size(self) -> int:
        """How many processes, and as many products."""
        return int(self.technosphere.shape[0])

    @property
    def demanded(self) -> int:
        """The product that is asked for."""
        return int(self.foreground[0])


@dataclass(frozen=True)
class Linked:
    """The foreground of a case as the engine takes it: exchanges, and what is bought in."""

    process: Any
    source: Any  # below ``size`` a product of the foreground, else an interface
    amount: Any
    ln_sd: Any
    outputs: Any
    interfaces: Any  # products of the case; the last interface is kg CO2e emitted


def synthetic(size: int, processes: int, seed: int = SEED) -> Case:
    """A background of ``size`` processes under a foreground of ``processes``.

    Needs at least 200 processes behind 20 in front; the size of the bench is 20,000 and 200.
    """
    rng = np.random.default_rng(seed)
    price = np.exp(rng.normal(0.0, 1.5, size))  # of one unit of each product, in any currency
    taken, taker = _background_links(rng, size)
    share = rng.lognormal(0.0, 1.0, len(taken))
    share *= rng.uniform(0.2, 0.8, size)[taker] / np.bincount(taker, share, size)[taker]
    amount = share * price[taker] / price[taken]
    front = _foreground_links(rng, size, processes, price)
    rows = np.concatenate([taken, front[0]])
    columns = np.concatenate([taker, front[1]])
    whole = size + processes
    inputs = csc_matrix(
        (np.concatenate([amount, front[2]]), (rows, columns)), shape=(whole, whole)
    )
    inputs.sum_duplicates()
    biosphere, gwp = _biosphere(rng, size, whole, price)
    technosphere = _with_outputs(inputs)
    return Case(
        technosphere,
        _spreads(rng, technosphere, (0.05, 0.1, 0.15, 0.2, 0.3)),
        biosphere,
        rng.choice((0.05, 0.1, 0.2, 0.4), biosphere.nnz),
        gwp,
        np.arange(size, whole),
        np.arange(size),
        np.arange(size),
    )


def carculator(seed: int = SEED) -> Case:
    """The system of the carculator-utils wheel with the chain of a battery pack in front.

    Raises:
        Unavailable: the wheel was not fetched; the message names the command.
    """
    from saltbridge.adapters.background.carculator import arrays

    read = arrays()
    rng = np.random.default_rng(seed)
    technosphere = csc_matrix(read.technosphere, dtype=float)
    technosphere.sum_duplicates()
    technosphere.eliminate_zeros()
    technosphere.sort_indices()
    pack = next(j for j, activity in enumerate(read.index) if activity.name == PACK)
    chain, bought = _chain(technosphere, pack)
    burdens = csc_matrix(np.asarray(read.gwp100, dtype=float)[np.newaxis])
    return Case(
        technosphere,
        _spreads(rng, technosphere, (0.05, 0.1, 0.15, 0.2, 0.3)),
        burdens,
        rng.choice((0.05, 0.1, 0.2), burdens.nnz),
        np.ones(1),
        np.array(chain),
        np.array(bought),
        np.arange(technosphere.shape[0]),
    )


def linked(case: Case) -> Linked:
    """The exchanges of the foreground, its own emissions last, as the engine numbers them."""
    place = np.full(case.size, -1)
    place[case.foreground] = np.arange(len(case.foreground))
    matrix, size = case.technosphere, len(case.foreground)
    column = np.repeat(np.arange(case.size), np.diff(matrix.indptr))
    mine = np.flatnonzero((place[column] >= 0) & (matrix.indices != column))
    product = matrix.indices[mine]
    interfaces = np.unique(product[place[product] < 0])
    source = np.where(
        place[product] >= 0, place[product], size + np.searchsorted(interfaces, product)
    )
    flows = case.biosphere
    flow_column = np.repeat(np.arange(case.size), np.diff(flows.indptr))
    own = np.flatnonzero((place[flow_column] >= 0) & (case.gwp[flows.indices] != 0.0))
    return Linked(
        np.concatenate([place[column[mine]], place[flow_column[own]]]),
        np.concatenate([source, np.full(len(own), size + len(interfaces))]),
        np.concatenate([-matrix.data[mine], flows.data[own] * case.gwp[flows.indices[own]]]),
        np.concatenate([case.technosphere_ln_sds[mine], case.biosphere_ln_sds[own]]),
        matrix.diagonal()[case.foreground],
        interfaces,
    )


def counted(case: Case) -> tuple[Any, Any]:
    """Emissions in kg CO2e per run (CSC, flows with a GWP only) and the spreads of entries."""
    kept = np.flatnonzero(case.gwp)
    place = np.full(len(case.gwp), -1)
    place[kept] = np.arange(len(kept))
    flows = case.biosphere
    column = np.repeat(np.arange(case.size), np.diff(flows.indptr))
    entry = np.flatnonzero(place[flows.indices] >= 0)
    row = flows.indices[entry]
    starts = np.concatenate([[0], np.cumsum(np.bincount(column[entry], minlength=case.size))])
    found = csc_matrix(
        (flows.data[entry] * case.gwp[row], place[row], starts), shape=(len(kept), case.size)
    )
    return found, case.biosphere_ln_sds[entry]


def save(case: Case, path: Path) -> None:
    """The case as one file of plain arrays."""
    plain: dict[str, Any] = {}
    for name, value in asdict(case).items():
        if hasattr(value, "indptr"):
            plain |= {f"{name}.{part}": getattr(value, part) for part in _PARTS}
        else:
            plain[name] = value
    np.savez(path, **plain)


def load(path: Path) -> Case:
    """What ``save`` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        found = {name: kept[name] for name in kept.files}
    for name in ("technosphere", "biosphere"):
        data, indices, indptr, shape = (found.pop(f"{name}.{part}") for part in _PARTS)
        found[name] = csc_matrix((data, indices, indptr), shape=tuple(shape))
    return Case(**found)


_PARTS = ("data", "indices", "indptr", "shape")


def _background_links(rng: Any, size: int) -> tuple[Any, Any]:
    """Who takes what: about seven services and four neighbours each; no one takes itself."""
    services = rng.permutation(size * 9 // 10)[: max(20, size // 25)]
    popular = 1.0 / np.arange(1, len(services) + 1) ** 0.8
    per_service = rng.poisson(7.0, size)
    neighbours = rng.poisson(4.0, size)
    everyone = np.arange(size)
    near = np.repeat(everyone, neighbours)
    far = np.repeat(everyone, per_service)
    # Nine in ten processes lie in one cycle of neighbours; the rest are end products.
    ring = everyone[: size * 9 // 10]
    taken = np.concatenate(
        [
            (near + rng.integers(-15, 16, len(near))) % len(ring),
            rng.choice(services, len(far), p=popular / popular.sum()),
            np.roll(ring, 1),
        ]
    )
    taker = np.concatenate([near, far, ring])
    apart = taken != taker
    return taken[apart], taker[apart]


def _foreground_links(rng: Any, size: int, processes: int, price: Any) -> tuple[Any, Any, Any]:
    """Products taken, takers and amounts of the foreground, with three loops."""
    bought = rng.choice(size, min(size, max(6, processes * 3 // 5)), replace=False)
    taken, taker, amount = [], [], []
    for j in range(processes):
        later = np.arange(j + 2, min(processes, j + 20))
        inner = rng.choice(later, min(len(later), 2), replace=False)
        if j + 1 < processes:  # the next one always: everything belongs to what is demanded
            inner = np.append(inner, j + 1)
        outer = rng.choice(bought, min(len(bought), 5), replace=False)
        if j < len(bought):  # each is bought by someone
            outer = np.unique(np.append(outer, bought[j]))
        taken += [*(size + inner), *outer]
        taker += [size + j] * (len(inner) + len(outer))
        amount += [*rng.dirichlet(np.ones(len(inner))) * 0.7] if len(inner) else []
        amount += [*rng.uniform(0.02, 0.1, len(outer)) / price[outer]]
    for start, end, share in (
        (processes // 20, processes // 4, 0.15),
        (processes // 3, processes // 2, 0.1),
        (processes * 3 // 5, processes * 9 // 10, 0.2),
    ):
        taken.append(size + start)
        taker.append(size + end)
        amount.append(share)
    return np.array(taken), np.array(taker), np.array(amount)


def _biosphere(rng: Any, size: int, whole: int, price: Any) -> tuple[Any, Any]:
    """Flows by process, of which two in each process count, and the GWP of all flows."""
    gwp = np.zeros(FLOWS)
    gwp[:COUNTED] = np.concatenate(
        [[1.0, 29.8, 273.0, 27.0], rng.lognormal(5.0, 2.0, COUNTED - 4)]
    )
    rows = np.concatenate(
        [
            np.minimum(rng.geometric(0.25, 2 * size) - 1, COUNTED - 1),
            rng.integers(COUNTED, FLOWS, (PER_PROCESS - 2) * size),
        ]
    )
    columns = np.concatenate(
        [np.tile(np.arange(size), 2), np.tile(np.arange(size), PER_PROCESS - 2)]
    )
    amount = rng.lognormal(-2.0, 1.0, len(rows)) * price[columns] / np.maximum(gwp[rows], 1.0)
    found = csc_matrix((amount, (rows, columns)), shape=(FLOWS, whole))
    found.sum_duplicates()
    return found, gwp


def _with_outputs(inputs: Any) -> Any:
    size = inputs.shape[0]
    every = np.arange(size)
    coo = inputs.tocoo()
    found = csc_matrix(
        (
            np.concatenate([np.ones(size), -coo.data]),
            (np.concatenate([every, coo.row]), np.concatenate([every, coo.col])),
        ),
        shape=inputs.shape,
    )
    found.sum_duplicates()
    found.sort_indices()
    return found


def _spreads(rng: Any, technosphere: Any, choices: tuple[float, ...]) -> Any:
    column = np.repeat(np.arange(technosphere.shape[1]), np.diff(technosphere.indptr))
    drawn = rng.choice(choices, technosphere.nnz)
    return np.where(technosphere.indices == column, 0.0, drawn)


def _chain(technosphere: Any, top: int) -> tuple[list[int], list[int]]:
    """Processes behind a product that take something, and those that take nothing."""
    matrix = csr_matrix(technosphere.T)
    inner: list[int] = []
    bought: list[int] = []
    seen, waiting = {top}, [top]
    while waiting:
        j = waiting.pop(0)
        inputs = [i for i in matrix.indices[matrix.indptr[j] : matrix.indptr[j + 1]] if i != j]
        (inner if inputs else bought).append(j)
        new = [int(i) for i in inputs if int(i) not in seen]
        seen.update(new)
        waiting += new
    return inner, sorted(bought)
