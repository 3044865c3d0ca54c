"""Which electricity counts, by the rule of the methodology, and on which basis.

The resolver answers with factors that keep their basis: which gases (CO2 or CO2e), which
scope (operational or life cycle), which market view, which year. A life-cycle footprint in
CO2e must not take a factor of operational CO2: that is refused, and the row becomes a hole,
unless a person passes the assumption ``electricity_basis=mixed``.

What no accepted contract covers takes the residual mix where the rule knows one, else the
consumption mix. A residual mix that exists on another basis only (China's official 0.6096 is
operational CO2) is refused like any other factor and not skipped: the consumption mix holds
the green electricity that others have bought, and would understate what is left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.quantity import is_unit, same_dimension
from saltbridge.footprint.factor_choice import (
    FactorChoice,
    basis_finding,
    on_life_cycle_basis,
    unit_finding,
)
from saltbridge.footprint.methodology import (
    CONSUMPTION_MIX,
    DIRECT_LINE,
    RESIDUAL_MIX,
    Assumptions,
    ElectricityRule,
)
from saltbridge.footprint.model import ElectricityContract, EmissionFactor, Exchange, Process
from saltbridge.footprint.result import HoleReason

FLOW = "electricity"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a factor of electricity counts; factors of two bases are not added up."""

    gases: str  # co2 | co2e
    scope: str  # operational | life_cycle
    market: str  # location | market | residual
    year: int | None


def basis_of(factor: EmissionFactor) -> Basis:
    """The basis of a factor."""
    return Basis(factor.gas_basis, factor.scope, factor.market, factor.year)


@dataclass(frozen=True, slots=True)
class Supply:
    """A share of the consumption of one row and the factor behind it, or why there is none."""

    share: float
    factor: EmissionFactor | None
    rule: str
    reason: HoleReason | None = None
    refused: EmissionFactor | None = None  # the factor of another basis, for the range

    @property
    def basis(self) -> Basis | None:
        """What the factor counts; None where there is none."""
        return None if self.factor is None else basis_of(self.factor)


@dataclass(frozen=True)
class ElectricityResolver:
    """Resolves the electricity rows of one calculation."""

    rule: ElectricityRule
    factors: FactorChoice
    contracts: Mapping[str, ElectricityContract]
    assumptions: Assumptions
    year: int  # of the activity data

    def resolve(
        self, exchange: Exchange, process: Process
    ) -> tuple[tuple[Supply, ...], tuple[Finding, ...]]:
        """The supplies that make up one electricity row; their shares sum to 1."""
        findings: list[Finding] = []
        contract = self.contracts.get(exchange.contract)
        covered = 0.0
        supplies: list[Supply] = []
        if contract is not None:
            if self._accepts(contract):
                covered = contract.share
                findings += _certificates_unknown(contract, exchange)
                supplies.append(self._contracted(contract, exchange, findings))
            else:
                findings.append(
                    finding(
                        "footprint.contract-not-accepted",
                        replace(exchange.place, column="contract"),
                        severity=Severity.NOTE,
                        contract=contract.id,
                        kind=contract.kind,
                        rule=self.rule.name,
                    )
                )
        if covered < 1:
            supplies.append(self._mix(1 - covered, exchange, process, findings))
        return tuple(s for s in supplies if s.share > 0), tuple(findings)

    def _accepts(self, contract: ElectricityContract) -> bool:
        if contract.kind not in self.rule.contracts:
            return False
        # A direct line whose certificates are sold elsewhere would be counted twice.
        return contract.certificates_cancelled is not False

    def _contracted(
        self, contract: ElectricityContract, exchange: Exchange, findings: list[Finding]
    ) -> Supply:
        rule = f"electricity.contract.{contract.kind}"
        if contract.kg_co2e_per_kwh is not None:
            factor: EmissionFactor | None = EmissionFactor(
                id=f"contract:{contract.id}",
                flow=FLOW,
                unit="kWh",
                kg_co2e_per_unit=contract.kg_co2e_per_kwh,
                source=contract.source,
                licence=contract.licence,
                confidence=contract.confidence,
                location=contract.location,
                gas_basis=contract.gas_basis,
                scope=contract.scope,
                market="market",
                year=contract.year,
            )
        elif contract.factor:
            factor = self.factors.named(contract.factor, exchange, "contract")
        else:
            factor = None
        if factor is None or not self._counts_energy(factor, exchange, findings):
            return Supply(contract.share, None, rule, HoleReason.NO_FACTOR)
        return self._on_basis(contract.share, [factor], exchange, rule, findings)

    def _mix(
        self, share: float, exchange: Exchange, process: Process, findings: list[Finding]
    ) -> Supply:
        rule = f"electricity.mix.{self.rule.mix}"
        location = exchange.location or process.location
        if exchange.factor:
            named = self.factors.named(exchange.factor, exchange, "factor")
            if named is None or not self._counts_energy(named, exchange, findings):
                return Supply(share, None, rule, HoleReason.NO_FACTOR)
            finer_than_rule = self.rule.mix == "country" and "-" in named.location
            if not self._market_accepted(named, exchange, findings):
                location = named.location or location
            elif not finer_than_rule:
                return self._on_basis(share, [named], exchange, "electricity.named", findings)
            else:
                location = named.location
        if not location:
            findings.append(
                finding(
                    "footprint.electricity-without-location",
                    replace(exchange.place, column="location"),
                    severity=Severity.WARNING,
                    flow=exchange.flow,
                )
            )
        if RESIDUAL_MIX in self.rule.hierarchy:
            residual = self._residual(share, location, exchange, findings)
            if residual is not None:
                return residual
        if CONSUMPTION_MIX not in self.rule.hierarchy:
            return Supply(share, None, rule, HoleReason.NO_FACTOR)
        country = location.split("-")[0]
        places = [country] if self.rule.mix == "country" else [location, country]
        refused: list[EmissionFactor] = []
        # What a contract gives is no grid mix, however its factor came to stand here.
        for mixes in self._at(dict.fromkeys([*places, ""]), exchange, "location"):
            usable = [f for f in mixes if on_life_cycle_basis(f)]
            if usable:
                return self._on_basis(share, usable, exchange, rule, findings)
            refused.extend(mixes)
        if refused:
            return self._on_basis(share, refused, exchange, rule, findings)
        return Supply(share, None, rule, HoleReason.NO_FACTOR)

    def _residual(
        self, share: float, location: str, exchange: Exchange, findings: list[Finding]
    ) -> Supply | None:
        """The residual mix of the place or its country; None, and a finding, without one."""
        rule = "electricity.mix.residual"
        refused: list[EmissionFactor] = []
        places = dict.fromkeys([location, location.split("-")[0]])
        for left in self._at(places, exchange, "residual"):
            usable = [f for f in left if on_life_cycle_basis(f)]
            if usable:
                return self._on_basis(share, usable, exchange, rule, findings)
            refused.extend(left)
        if refused:
            if self.assumptions.get("electricity_basis") != "mixed":
                findings.append(
                    finding(
                        "pass.residual-refused",
                        replace(exchange.place, column="location"),
                        severity=Severity.WARNING,
                        flow=exchange.flow,
                        factor=refused[0].id,
                        value=refused[0].kg_co2e_per_unit,
                        gas_basis=refused[0].gas_basis,
                        scope=refused[0].scope,
                    )
                )
            return self._on_basis(share, refused, exchange, rule, findings)
        findings.append(
            finding(
                "pass.no-residual-mix",
                replace(exchange.place, column="location"),
                severity=Severity.WARNING,
                flow=exchange.flow,
                location=location or "–",
            )
        )
        return None

    def _at(
        self, places: Iterable[str], exchange: Exchange, market: str
    ) -> Iterator[tuple[EmissionFactor, ...]]:
        for place in places:
            for flow in dict.fromkeys([exchange.flow, FLOW]):
                found = self.factors.candidates(flow, place, market)
                yield tuple(f for f in found if _per_energy(f))

    def _market_accepted(
        self, factor: EmissionFactor, exchange: Exchange, findings: list[Finding]
    ) -> bool:
        """A factor of the market is a contract by another name: the rule must know one."""
        steps = self.rule.contracts - {DIRECT_LINE}
        if factor.market == "residual":
            accepted = RESIDUAL_MIX in self.rule.hierarchy or bool(steps)
        else:
            accepted = factor.market == "location" or bool(steps)
        if not accepted:
            findings.append(
                finding(
                    "pass.market-factor-refused",
                    replace(exchange.place, column="factor"),
                    severity=Severity.WARNING,
                    flow=exchange.flow,
                    factor=factor.id,
                    market=factor.market,
                    rule=self.rule.name,
                )
            )
        return accepted

    def _counts_energy(
        self, factor: EmissionFactor, exchange: Exchange, findings: list[Finding]
    ) -> bool:
        if _per_energy(factor):
            return True
        findings.append(unit_finding(factor, exchange, Severity.ERROR))
        return False

    def _on_basis(
        self,
        share: float,
        candidates: Sequence[EmissionFactor],
        exchange: Exchange,
        rule: str,
        findings: list[Finding],
    ) -> Supply:
        factor = self._newest(candidates, exchange, findings)
        if on_life_cycle_basis(factor) or self.assumptions.get("electricity_basis") == "mixed":
            return Supply(share, factor, rule)
        findings.append(basis_finding(factor, exchange))
        return Supply(share, None, rule, HoleReason.BASIS_REFUSED, factor)

    def _newest(
        self,
        candidates: Sequence[EmissionFactor],
        exchange: Exchange,
        findings: list[Finding],
    ) -> EmissionFactor:
        """The factor of the year of the activity data, or of the year nearest before it."""
        past = [f for f in candidates if (f.year or 0) <= self.year]
        years = [f.year or 0 for f in past or candidates]
        year = max(years) if past else min(years)
        same_year = [f for f in candidates if (f.year or 0) == year]
        if len({f.kg_co2e_per_unit for f in same_year}) > 1:
            findings.append(
                finding(
                    "footprint.factors-equal",
                    replace(exchange.place, column="factor"),
                    flow=exchange.flow,
                    location=same_year[0].location or "–",
                    factors=", ".join(f.id for f in same_year),
                )
            )
        return same_year[0]


def _certificates_unknown(contract: ElectricityContract, exchange: Exchange) -> list[Finding]:
    """Told where nobody says what became of the certificates: sold, they count twice."""
    if contract.certificates_cancelled is not None:
        return []
    return [
        finding(
            "footprint.contract-certificates-unknown",
            replace(exchange.place, column="contract"),
            severity=Severity.WARNING,
            contract=contract.id,
            kind=contract.kind,
        )
    ]


def _per_energy(factor: EmissionFactor) -> bool:
    return is_unit(factor.unit) and same_dimension(factor.unit, "kWh")
