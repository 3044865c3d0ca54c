"""Which emission factor prices a leaf: exact matches in a fixed order, never a guess.

1. the factor the row names; 2. the company's own factors by flow and location, then by flow
for any location; 3. supplier records by flow, of the supplier the row names; 4. the factor
sets in their order, by flow and location, then by flow for any location. Two factors that
match equally well are a finding: a person chooses.
"""

from collections.abc import Sequence
from dataclasses import replace

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.provenance import weakest
from saltbridge.core.quantity import UnitMismatch, UnknownUnit
from saltbridge.footprint.model import (
    EmissionFactor,
    Exchange,
    FactorSet,
    Inventory,
    LocalFactor,
)
from saltbridge.footprint.units import turn


class FactorChoice:
    """The factors one calculation may draw on, indexed for exact matches."""

    def __init__(
        self,
        inventory: Inventory,
        factor_sets: Sequence[FactorSet],
        supplier_factors: Sequence[EmissionFactor],
    ) -> None:
        self.findings: list[Finding] = []
        self.factor_sets = tuple(factor_sets)
        self.by_id: dict[str, EmissionFactor] = {}
        for factor_set in reversed(factor_sets):
            self.by_id.update({f.id: f for f in factor_set.factors})
        self._sets = [_by_flow(s.factors) for s in factor_sets]
        self._suppliers = _by_flow(supplier_factors)
        self.by_id.update({f.id: f for f in supplier_factors})
        self._bpn = {s.id: s.bpn for s in inventory.suppliers}
        own = [self._own(row) for row in inventory.factors]
        self._local = _by_flow([f for f in own if f is not None])
        self.by_id.update({f.id: f for f in own if f is not None})

    def named(self, row_id: str, exchange: Exchange, column: str) -> EmissionFactor | None:
        """The factor with this id; a finding where there is none."""
        found = self.by_id.get(row_id)
        if found is None:
            place = replace(exchange.place, column=column)
            self._say(
                finding("footprint.factor-not-found", place, id=row_id, flow=exchange.flow)
            )
        return found

    def choose(self, exchange: Exchange) -> EmissionFactor | None:
        """The factor for this row, or None where nobody offers one."""
        if exchange.factor:
            factor = self.named(exchange.factor, exchange, "factor")
            if factor is not None and not _fits(factor, exchange):
                self._say(unit_finding(factor, exchange, Severity.ERROR))
                return None
            if factor is not None and not on_life_cycle_basis(factor):
                self._say(basis_finding(factor, exchange))
                return None
            return factor
        for location in dict.fromkeys((exchange.location, "")):
            found = self._one_of(self._local.get((exchange.flow, location), ()), exchange)
            if found is not None:
                return found
        found = self._of_supplier(exchange)
        if found is not None:
            return found
        for by_flow in self._sets:
            for location in dict.fromkeys((exchange.location, "")):
                found = self._one_of(by_flow.get((exchange.flow, location), ()), exchange)
                if found is not None:
                    return found
        return None

    def candidates(self, flow: str, location: str, market: str) -> tuple[EmissionFactor, ...]:
        """Factors of a flow at exactly this location and on this view of the market.

        Those of the company itself, else of the first set that has one.
        """
        for table in (self._local, *self._sets):
            found = [f for f in table.get((flow, location), ()) if f.market == market]
            if found:
                return tuple(found)
        return ()

    def everything(self) -> tuple[EmissionFactor, ...]:
        """Every factor of the factor sets."""
        return tuple(f for s in self.factor_sets for f in s.factors)

    def _of_supplier(self, exchange: Exchange) -> EmissionFactor | None:
        bpn = self._bpn.get(exchange.supplier, "")
        named = {exchange.supplier, bpn} - {""}
        of_flow = [
            f
            for (flow, _), group in self._suppliers.items()
            if flow == exchange.flow
            for f in group
            if not named or f.supplier in named
        ]
        at_place = [f for f in of_flow if f.location == exchange.location]
        if not at_place and exchange.location and not named:
            # Bought from somebody there: what a supplier makes elsewhere is another product.
            of_flow = [f for f in of_flow if _may_be_at(f.location, exchange.location)]
        return self._one_of(at_place or of_flow, exchange)

    def _one_of(
        self, factors: Sequence[EmissionFactor], exchange: Exchange
    ) -> EmissionFactor | None:
        if not factors:
            return None
        fitting = [f for f in factors if _fits(f, exchange)]
        if not fitting:
            self._say(unit_finding(factors[0], exchange, Severity.WARNING))
            return None
        usable = [f for f in fitting if on_life_cycle_basis(f)]
        if not usable:
            self._say(basis_finding(fitting[0], exchange))
            return None
        fitting = usable
        if len({_weight(f) for f in fitting}) > 1:
            self._say(
                finding(
                    "footprint.factors-equal",
                    replace(exchange.place, column="factor"),
                    flow=exchange.flow,
                    location=exchange.location or "–",
                    factors=", ".join(f.id for f in fitting),
                )
            )
            return None
        return fitting[0]

    def _own(self, row: LocalFactor) -> EmissionFactor | None:
        if row.same_as:
            target = self.by_id.get(row.same_as)
            if target is None:
                place = replace(row.place, column="same_as")
                self._say(
                    finding("footprint.factor-not-found", place, id=row.same_as, flow=row.flow)
                )
                return None
            # The pointer renames the flow and the place; the number and its source stay. That
            # the one stands for the other is as sure as the weaker of the two rows.
            note = "; ".join(n for n in (f"same as {target.flow}", row.comment) if n)
            mass = row.mass_kg_per_unit or target.mass_kg_per_unit
            pointer = replace(
                target, flow=row.flow, location=row.location, comment=note,
                mass_kg_per_unit=mass,
                confidence=weakest((target.confidence, row.confidence)) or row.confidence,
            )  # fmt: skip
            self.by_id.setdefault(row.id, pointer)
            return pointer
        if row.kg_co2e_per_unit is None:
            return None
        return EmissionFactor(
            id=row.id,
            flow=row.flow,
            unit=row.unit,
            kg_co2e_per_unit=row.kg_co2e_per_unit,
            source=row.source,
            licence=row.licence,
            confidence=row.confidence,
            location=row.location,
            low=row.low,
            high=row.high,
            gas_basis=row.gas_basis,
            scope=row.scope,
            market=row.market,
            year=row.year,
            gwp_set=row.gwp_set,
            mass_kg_per_unit=row.mass_kg_per_unit,
            primary_data_share=row.primary_data_share,
            TeR=row.TeR,
            GeR=row.GeR,
            TiR=row.TiR,
            dqi=row.dqi,
            biogenic_carbon_kg=row.biogenic_carbon_kg,
            supplier=row.supplier,
            comment=row.comment,
        )

    def _say(self, found: Finding) -> None:
        if found not in self.findings:
            self.findings.append(found)


def amount_for(factor: EmissionFactor, exchange: Exchange, amount: float) -> float:
    """The amount of a row in the unit of its factor.

    Raises:
        UnitMismatch: the units measure different things.
    """
    return turn(
        amount,
        exchange.unit,
        factor.unit,
        mass_kg_per_unit=exchange.mass_kg_per_unit,
        mass_kg_per_into=factor.mass_kg_per_unit,
    )


def _by_flow(
    factors: Sequence[EmissionFactor],
) -> dict[tuple[str, str], list[EmissionFactor]]:
    index: dict[tuple[str, str], list[EmissionFactor]] = {}
    for factor in factors:
        index.setdefault((factor.flow, factor.location), []).append(factor)
    return index


def _fits(factor: EmissionFactor, exchange: Exchange) -> bool:
    try:
        amount_for(factor, exchange, 1.0)
    except (UnitMismatch, UnknownUnit):
        return False
    return True


def _may_be_at(one: str, other: str) -> bool:
    """Whether two places do not exclude each other: one is open, or holds the other."""
    return not one or one.startswith(f"{other}-") or other.startswith(f"{one}-")


def _weight(factor: EmissionFactor) -> tuple[float, str, str, str]:
    return (factor.kg_co2e_per_unit, factor.unit, factor.gas_basis, factor.scope)


def on_life_cycle_basis(factor: EmissionFactor) -> bool:
    """Whether a factor counts CO2e over the life cycle, as a footprint does."""
    return factor.gas_basis == "co2e" and factor.scope == "life_cycle"


def basis_finding(factor: EmissionFactor, exchange: Exchange) -> Finding:
    """The finding that a factor counts other gases or another scope than a footprint does."""
    return finding(
        "footprint.basis-refused",
        replace(exchange.place, column="factor"),
        severity=Severity.WARNING,
        flow=exchange.flow,
        factor=factor.id,
        gas_basis=factor.gas_basis,
        scope=factor.scope,
    )


def unit_finding(factor: EmissionFactor, exchange: Exchange, severity: Severity) -> Finding:
    """The finding that a factor and a row are counted in units of different kinds."""
    return finding(
        "footprint.factor-unit",
        replace(exchange.place, column="unit"),
        severity=severity,
        flow=exchange.flow,
        unit=exchange.unit,
        factor=factor.id,
        factor_unit=factor.unit,
    )
