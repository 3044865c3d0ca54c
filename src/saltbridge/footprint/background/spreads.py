"""A background with the distribution of each of its exchanges: what draws are made from.

Exchanges stay apart here, where the matrix sums them: two inputs of one product are drawn each
on its own. What a process makes of its own product is certain. The place of an exchange is part
of the key of its draws, and the digest of the whole the other part, so two companies that
import the same background draw the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from saltbridge.footprint.engine.background_draws import DrawnBackground, prepared_background
from saltbridge.footprint.engine.draws import (
    Distribution,
    Fixed,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
)
from saltbridge.footprint.engine.parameters import (
    FIXED,
    LOGNORMAL,
    NORMAL,
    TRIANGULAR,
    UNIFORM,
    indexed_parameters,
)

Entry = tuple[int, int, float, Distribution | None]  # product, process, amount


@dataclass(frozen=True)
class Exchanges:
    """Exchanges by process: where, how much, and how sure. Amounts as in the matrix."""

    rows: Any
    columns: Any
    amounts: Any
    kinds: Any  # of the engine's parameters
    values: Any  # three a row; what they mean depends on the kind

    @property
    def uncertain(self) -> int:
        """How many have a spread."""
        return int(np.count_nonzero(self.kinds != FIXED))

    def matrix(self, shape: tuple[int, int]) -> Any:
        """As a CSC matrix that keeps every exchange as an entry of its own."""
        starts = np.zeros(shape[1] + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.columns, minlength=shape[1]), out=starts[1:])
        return csc_matrix((self.amounts, self.rows, starts), shape=shape)


@dataclass(frozen=True)
class UncertainSystem:
    """The system of a background, exchange by exchange; burdens in kg CO2e per run."""

    size: int
    inputs: Exchanges  # the outputs, on the diagonal, are among them
    burdens: Exchanges  # a row of its own for each

    @property
    def uncertain(self) -> int:
        """Exchanges that have a spread."""
        return self.inputs.uncertain + self.burdens.uncertain

    @property
    def digest(self) -> str:
        """SHA-256 over amounts and spreads."""
        found = sha256(b"saltbridge uncertain background 1\n")
        found.update(np.asarray([self.size], dtype="<i8").tobytes())
        for part in (self.inputs, self.burdens):
            for whole in (part.rows, part.columns, part.kinds):
                found.update(np.asarray(whole, dtype="<i8").tobytes())
            for number in (part.amounts, part.values):
                found.update(np.asarray(number, dtype="<f8").tobytes())
        return found.hexdigest()

    def drawn(self, seed: int) -> DrawnBackground:
        """Prepared for draws under a seed.

        Raises:
            FaultyInput: the system has no single solution.
        """
        key = f"background {self.digest}"
        inputs, burdens = self.inputs, self.burdens
        return prepared_background(
            inputs.matrix((self.size, self.size)),
            burdens.matrix((len(burdens.rows), self.size)),
            indexed_parameters(seed, f"{key}/inputs", inputs.kinds, inputs.values),
            indexed_parameters(seed, f"{key}/emissions", burdens.kinds, burdens.values),
            seed,
            key,
        )


def uncertain_system(
    size: int, entries: Sequence[Entry], burdens: Sequence[Entry]
) -> UncertainSystem:
    """The system of these exchanges; a product's own use is part of its certain output."""
    own = np.zeros(size)
    others: list[Entry] = []
    for entry in entries:
        row, column, amount, _ = entry
        if row == column:
            own[row] += amount
        else:
            others.append(entry)
    diagonal: list[Entry] = [(j, j, float(a), None) for j, a in enumerate(own)]
    numbered = sorted(burdens, key=lambda e: e[1])
    emitted = [(n, column, kg, how) for n, (_, column, kg, how) in enumerate(numbered)]
    return UncertainSystem(size, _exchanges([*diagonal, *others]), _exchanges(emitted))


def _exchanges(entries: Sequence[Entry]) -> Exchanges:
    ordered = sorted(entries, key=lambda e: (e[1], e[0]))  # stable: the source's order stays
    coded = [_coded(amount, how) for _, _, amount, how in ordered]
    return Exchanges(
        rows=np.array([e[0] for e in ordered], dtype=np.int64),
        columns=np.array([e[1] for e in ordered], dtype=np.int64),
        amounts=np.array([e[2] for e in ordered], dtype=float),
        kinds=np.array([kind for kind, _ in coded], dtype=np.int64),
        values=np.array([row for _, row in coded], dtype=float).reshape(-1, 3),
    )


def _coded(amount: float, how: Distribution | None) -> tuple[int, tuple[float, float, float]]:
    match how:
        case Lognormal(median, ln_sd):
            return LOGNORMAL, (median, ln_sd, 0.0)
        case Normal(mean, sd):
            return NORMAL, (mean, sd, 0.0)
        case Triangular(low, mode, high):
            return TRIANGULAR, (low, mode, high)
        case Uniform(low, high):
            return UNIFORM, (low, high, 0.0)
        case Fixed() | None:
            return FIXED, (amount, 0.0, 0.0)


def scaled(how: Distribution | None, by: float) -> Distribution | None:
    """The distribution of ``by`` times the number."""
    match how:
        case Lognormal(median, ln_sd):
            return Lognormal(median * by, ln_sd)
        case Normal(mean, sd):
            return Normal(mean * by, sd * abs(by))
        case Triangular(low, mode, high):
            ends = sorted((low * by, high * by))
            return Triangular(ends[0], mode * by, ends[1])
        case Uniform(low, high):
            ends = sorted((low * by, high * by))
            return Uniform(ends[0], ends[1])
        case Fixed(value):
            return Fixed(value * by)
        case None:
            return None
