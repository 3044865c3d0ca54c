"""Who makes what in a background: links that are certain, and a finding for every other one.

A link is certain where the source names the provider, or where exactly one activity makes a
product of this name in this unit (in this location, where the flow names one). Nothing else
is guessed: an input without producer, with another unit or with several producers stays a
hole, and so does an activity with co-products that nobody allocated.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csc_matrix

from saltbridge.core.finding import Argument, Finding, Place, Severity, finding
from saltbridge.core.quantity import UnitMismatch, UnknownUnit, conversion_factor
from saltbridge.footprint.background.emissions import (
    Uncharacterised,
    reaches_air,
    weight_kg_co2e,
)
from saltbridge.footprint.background.linked import LinkedBackground
from saltbridge.footprint.background.model import Activity, BackgroundSystem, Flow, FlowKind
from saltbridge.footprint.background.spreads import Entry, scaled, uncertain_system
from saltbridge.footprint.engine.draws import Distribution
from saltbridge.footprint.model import EmissionFactor

_OUTPUTS = (FlowKind.PRODUCT, FlowKind.CO_PRODUCT)


@dataclass(frozen=True, slots=True)
class Offer:
    """One product of one activity."""

    activity: int
    flow: Flow


def link(
    system: BackgroundSystem,
    gwp_sets: Sequence[str],
    *,
    fill: Sequence[EmissionFactor] = (),
    convert_units: bool = False,
) -> LinkedBackground:
    """The system with every certain link made, and findings for all that is not certain.

    ``fill`` prices inputs that nobody in the system makes, by exact name, unit and location,
    and emissions that no GWP set holds.
    ``convert_units`` also links where one producer exists and its unit measures the same.
    """
    return _Linker(system, tuple(gwp_sets), fill, convert_units).run()


@dataclass
class _Linker:
    system: BackgroundSystem
    gwp_sets: tuple[str, ...]
    fill: Sequence[EmissionFactor]
    convert_units: bool
    findings: list[Finding] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    weights: list[Entry] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    fills_used: list[tuple[int, EmissionFactor]] = field(default_factory=list)

    def run(self) -> LinkedBackground:
        activities = self.system.activities
        size = len(activities)
        self.position = {activity.id: i for i, activity in enumerate(activities)}
        if len(self.position) != size:
            raise ValueError("ids of activities must be unique")
        self.offers = self._offers(activities)
        self.fills = _fills(self.fill)
        self.holes = np.zeros(size, dtype=np.int64)
        self.filled = np.zeros(size, dtype=np.int64)
        not_in_gwp = np.zeros(size, dtype=np.int64)
        burdens = np.zeros(size)
        products: list[Flow | None] = []
        self._say_several_producers()
        self.products = [self._product(j, a) for j, a in enumerate(activities)]
        products = self.products
        usable = np.array([product is not None for product in products], dtype=bool)
        for j, activity in enumerate(activities):
            if not usable[j]:
                self.holes[j] += 1
                self._entry(j, j, 1.0)  # stands alone: whoever takes from it has a hole
            for flow in activity.flows:
                if flow.kind in _OUTPUTS:
                    if usable[j] and flow.kind is FlowKind.PRODUCT:
                        self._entry(j, j, flow.amount)
                elif flow.kind in (FlowKind.INPUT, FlowKind.WASTE):
                    burdens[j] += self._weighed(j, flow, self._input(j, flow, bool(usable[j])))
                else:
                    try:
                        weight = weight_kg_co2e(flow, self.gwp_sets)
                    except Uncharacterised:
                        brought = self._emission_filled_or_hole(j, flow)
                        burdens[j] += self._weighed(j, flow, brought) if usable[j] else 0.0
                        continue
                    if weight is None:
                        not_in_gwp[j] += flow.kind is FlowKind.EMISSION and reaches_air(flow)
                    elif usable[j]:
                        burdens[j] += self._weighed(j, flow, weight)
        at = ([row for row, *_ in self.entries], [column for _, column, *_ in self.entries])
        amounts = [amount for _, _, amount, _ in self.entries]
        matrix = csc_matrix((amounts, at), shape=(size, size))
        matrix.sum_duplicates()
        return LinkedBackground(
            activities, tuple(products), matrix, burdens, usable, self.holes, not_in_gwp,
            self.filled, np.array(self.edges, dtype=np.int64).reshape(-1, 2),
            tuple(self.fills_used), (*self.system.findings, *self.findings), self.gwp_sets,
            uncertain_system(size, self.entries, self.weights),
        )  # fmt: skip

    def _offers(self, activities: Sequence[Activity]) -> Mapping[str, list[Offer]]:
        offers: dict[str, list[Offer]] = defaultdict(list)
        for j, activity in enumerate(activities):
            for flow in activity.flows:
                if flow.kind in _OUTPUTS and flow.amount != 0.0:
                    offers[flow.product_key].append(Offer(j, flow))
        return offers

    def _say_several_producers(self) -> None:
        for offers in self.offers.values():
            makers = {offer.activity for offer in offers}
            if len(makers) > 1:
                first = offers[0].flow
                self._say(
                    "background.several-producers", Severity.WARNING, first.place,
                    flow=first.name, count=len(makers),
                )  # fmt: skip

    def _product(self, j: int, activity: Activity) -> Flow | None:
        """The flow one divides by, or None: the activity then has no unit footprint."""
        references = [f for f in activity.flows if f.kind is FlowKind.PRODUCT]
        others = [f for f in activity.flows if f.kind is FlowKind.CO_PRODUCT and f.amount]
        who = {"activity": activity.name}
        if not references:
            self._say("background.no-product", Severity.WARNING, activity.place, **who)
            return None
        if len(references) + len(others) > 1:
            named = ", ".join(f.name for f in (*references, *others)[:3])
            count = len(references) + len(others)
            self._say(
                "background.co-products", Severity.WARNING, activity.place,
                count=count, flows=named, **who,
            )  # fmt: skip
        reference = references[0]
        own = self._own_share(j, activity, reference)
        if reference.amount == 0.0 or own == 0.0:
            self._say("background.zero-output", Severity.WARNING, reference.place, **who)
            return None
        if reference.amount < 0.0:
            self._say(
                "background.negative-reference", Severity.NOTE, reference.place,
                amount=reference.amount, unit=reference.unit, **who,
            )  # fmt: skip
        elif reference.amount != 1.0:
            self._say(
                "background.production-amount", Severity.NOTE, reference.place,
                amount=reference.amount, unit=reference.unit, **who,
            )  # fmt: skip
        return None if len(references) + len(others) > 1 else reference

    def _own_share(self, j: int, activity: Activity, reference: Flow) -> float:
        """What is left of the product after the activity's own use that names itself."""
        return reference.amount - sum(
            flow.amount
            for flow in activity.flows
            if flow.kind is FlowKind.INPUT
            and flow.provider == activity.id
            and flow.unit == reference.unit
        )

    def _input(self, j: int, flow: Flow, usable: bool) -> float:
        """Make the link of an input; returns the burden of a factor brought for it [kg CO2e].

        Waste that leaves adds to the product of its treatment; an input takes from it.
        """
        sign = 1.0 if flow.kind is FlowKind.WASTE else -1.0
        offer, factor = self._supplier(j, flow)
        if offer is None:
            return factor if usable else 0.0
        self.edges.append((offer.activity, j))
        if usable and self.products[offer.activity] is not None:
            how = scaled(flow.distribution, sign * factor)
            self._entry(offer.activity, j, sign * flow.amount * factor, how)
        elif usable:  # made by an activity without a single product: the hole is inherited
            self._entry(offer.activity, j, sign * abs(flow.amount))
        return 0.0

    def _supplier(self, j: int, flow: Flow) -> tuple[Offer | None, float]:
        """(who supplies, factor of its unit), or (None, kg CO2e of a factor or 0)."""
        if flow.provider:
            offer = self._named(flow)
            if offer is None:
                return None, self._filled_or_hole(j, flow, "background.no-producer")
            return self._by_unit(j, flow, [offer])
        offers = self.offers.get(flow.product_key, ())
        if not offers:
            waste = flow.kind is FlowKind.WASTE
            code = "background.no-treatment" if waste else "background.no-producer"
            return None, self._filled_or_hole(j, flow, code)
        return self._by_unit(j, flow, offers)

    def _named(self, flow: Flow) -> Offer | None:
        at = self.position.get(flow.provider)
        if at is None:
            return None
        made = [f for f in self.system.activities[at].flows if f.kind in _OUTPUTS]
        fitting = [f for f in made if f.product_key == flow.product_key] or made[:1]
        return Offer(at, fitting[0]) if fitting else None

    def _by_unit(
        self, j: int, flow: Flow, offers: Sequence[Offer]
    ) -> tuple[Offer | None, float]:
        same = [offer for offer in offers if offer.flow.unit == flow.unit]
        if not same:
            units = sorted({offer.flow.unit for offer in offers})
            known = [unit for unit in units if _ratio(flow.unit, unit) is not None]
            if self.convert_units and known:
                same = [offer for offer in offers if offer.flow.unit in known]
            else:
                remedy = "background.unit-converts.remedy" if known else ""
                return None, self._filled_or_hole(
                    j, flow, "background.unit-mismatch", remedy, offered=", ".join(units)
                )
        if len(same) > 1:
            here = [o for o in same if flow.location and self._place_of(o) == flow.location]
            if len(here) != 1:
                return None, self._filled_or_hole(
                    j, flow, "background.ambiguous-input", count=len(same)
                )
            same = here
        return same[0], _ratio(flow.unit, same[0].flow.unit) or 1.0

    def _place_of(self, offer: Offer) -> str:
        return self.system.activities[offer.activity].location

    def _filled_or_hole(
        self, j: int, flow: Flow, code: str, remedy: str = "", **extra: Argument
    ) -> float:
        """Burden of a factor brought for this flow [kg CO2e], or 0 and a hole."""
        for location in dict.fromkeys((flow.location, "")):
            factor = self.fills.get((flow.name, flow.unit, location))
            if factor is not None:
                self.filled[j] += 1
                self.fills_used.append((j, factor))
                return flow.amount * factor.kg_co2e_per_unit
        self._hole(code, j, flow, remedy, **extra)
        return 0.0

    def _emission_filled_or_hole(self, j: int, flow: Flow) -> float:
        """Burden of an emission by a GWP brought for its name [kg CO2e], or 0 and a hole."""
        if flow.kind is FlowKind.EMISSION:
            return self._filled_or_hole(j, flow, "background.uncharacterised")
        self._hole("background.uncharacterised", j, flow)  # uptake: its sign is not told
        return 0.0

    def _hole(self, code: str, j: int, flow: Flow, remedy: str = "", **extra: Argument) -> None:
        if flow.amount != 0.0:  # nothing of a flow is missing nothing; it is told all the same
            self.holes[j] += 1
        name = self.system.activities[j].name
        self.findings.append(
            finding(
                code,
                flow.place,
                severity=Severity.WARNING,
                remedy=remedy,
                flow=flow.name,
                unit=flow.unit,
                activity=name,
                **extra,
            )
        )

    def _entry(
        self, row: int, column: int, amount: float, how: Distribution | None = None
    ) -> None:
        if amount != 0.0:
            self.entries.append((row, column, amount, how))

    def _weighed(self, j: int, flow: Flow, kg_co2e: float) -> float:
        """The burden of a flow [kg CO2e], noted with the distribution of its amount."""
        if kg_co2e != 0.0:
            how = scaled(flow.distribution, kg_co2e / flow.amount)
            self.weights.append((0, j, kg_co2e, how))
        return kg_co2e

    def _say(self, code: str, severity: Severity, place: Place, **arguments: Argument) -> None:
        self.findings.append(Finding(code, arguments, place, severity=severity))


def _ratio(unit: str, into: str) -> float | None:
    if unit == into:
        return 1.0
    try:
        return conversion_factor(unit, into)
    except (UnitMismatch, UnknownUnit):
        return None


def _fills(
    factors: Sequence[EmissionFactor],
) -> Mapping[tuple[str, str, str], EmissionFactor]:
    return {(f.flow, f.unit, f.location): f for f in factors}
