"""Samples of the factors of a background, and how a model takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from saltbridge.footprint.linear_model import LinearModel, ParameterKind
from saltbridge.footprint.model import FactorSet
from saltbridge.footprint.model_samples import DrawnFactors


@dataclass(frozen=True)
class SampledBackground:
    """Unit footprints under drawn exchanges [kg CO2e per unit], correlated over products.

    Sample n is the same background for every factor, and for every foreground.
    """

    id: str
    factors: tuple[str, ...]  # ids, one a row
    values: Any  # one column a sample, float32
    seed: int
    digest: str  # of the exchanges and spreads they were drawn from

    @property
    def samples(self) -> int:
        """How many there are."""
        return int(self.values.shape[1])

    def of(self, numbers: Mapping[str, int]) -> DrawnFactors | None:
        """The rows that a model takes, by factor id → number of the parameter."""
        rows = [(n, numbers[id]) for n, id in enumerate(self.factors) if id in numbers]
        if not rows:
            return None
        values = np.asarray(self.values, dtype=float)[[n for n, _ in rows]]
        return DrawnFactors(tuple(number for _, number in rows), values)


@dataclass(frozen=True)
class BackgroundSpread:
    """What is known of how sure a background is."""

    known: bool  # its source gave distributions that were kept
    draws: SampledBackground | None


def factors_in(model: LinearModel, factors: FactorSet) -> dict[str, int]:
    """Factor id → number of its parameter, where the model takes a factor of this set as it is.

    A factor that a formula derived from another one has a value of its own and is none of them.
    """
    known = {factor.id: factor.kg_co2e_per_unit for factor in factors.factors}
    return {
        p.factor.id: number
        for number, p in enumerate(model.parameters)
        if p.kind is ParameterKind.FACTOR
        and p.factor is not None
        and known.get(p.factor.id) == p.value
    }
