"""The shape every imported background takes, whatever file or database it came from.

An activity has flows. What a source says is kept as it stands: nothing here is allocated,
linked or converted. ``linking`` looks for who makes what, ``reduction`` works out what one
unit of every product carries.
"""

from dataclasses import dataclass
from enum import StrEnum

from saltbridge.core.finding import NOWHERE, Finding, Place
from saltbridge.footprint.engine.draws import Distribution


class FlowKind(StrEnum):
    """What a flow is to its activity."""

    PRODUCT = "product"  # the reference flow; negative for a treatment of waste
    CO_PRODUCT = "co-product"  # another output that has a use
    INPUT = "input"  # a product or service taken; negative: waste handed to its treatment
    WASTE = "waste"  # an output that goes to a treatment, as a positive amount
    EMISSION = "emission"  # to the environment
    RESOURCE = "resource"  # from the environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One flow of an activity, in the amount of the source's own run of it."""

    kind: FlowKind
    name: str
    unit: str
    amount: float
    key: str = ""  # what the source matches products by; empty: the name
    provider: str = ""  # id of the activity that supplies it, where the source says so
    location: str = ""
    compartment: str = ""  # of an emission: air, water, soil, or empty where not told
    kg_co2e_per_unit: float | None = None  # where the source characterises by itself
    distribution: Distribution | None = None  # of the amount, with its sign
    spread_unread: bool = False  # the source gives a distribution that is not drawn here
    place: Place = NOWHERE

    @property
    def product_key(self) -> str:
        """What this product is matched by."""
        return self.key or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A process of a background. Ids are unique within a system."""

    id: str
    name: str
    location: str = ""
    flows: tuple[Flow, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, kw_only=True)
class BackgroundSystem:
    """All activities of one source, with what its reader found in it."""

    activities: tuple[Activity, ...]
    source: str  # citation: name, version, file
    findings: tuple[Finding, ...] = ()
    year: int | None = None
