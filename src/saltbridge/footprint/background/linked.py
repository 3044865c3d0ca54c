"""A background whose certain links are made: what ``linking`` gives and ``reduction`` takes."""

from dataclasses import dataclass
from typing import Any

from saltbridge.core.finding import Finding
from saltbridge.footprint.background.model import Activity, Flow
from saltbridge.footprint.background.spreads import UncertainSystem
from saltbridge.footprint.model import EmissionFactor


@dataclass(frozen=True)
class LinkedBackground:
    """A square system: position j is an activity and its product.

    ``technosphere[i, j]`` is what one run of j adds to product i; ``burdens[j]`` kg CO2e per
    run. ``usable[j]`` is False where the activity has no single product to divide by.
    ``holes[j]`` counts what activity j itself is missing.
    """

    activities: tuple[Activity, ...]
    products: tuple[Flow | None, ...]
    technosphere: Any  # scipy CSC
    burdens: Any  # float64
    usable: Any  # bool
    holes: Any  # int64
    not_in_gwp: Any  # int64: air emissions of substances that no GWP100 table holds
    filled: Any  # int64: inputs priced by a factor that was brought for them
    edges: Any  # int64, n × 2: who supplies, who takes; also where a product is not usable
    fills_used: tuple[tuple[int, EmissionFactor], ...]  # activity that used it, the factor
    findings: tuple[Finding, ...]
    gwp_sets: tuple[str, ...]
    exchanges: UncertainSystem  # the same system, exchange by exchange
