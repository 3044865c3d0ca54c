"""The carbon footprint of one inventory under one edition of a methodology.

This file is the table of contents: check → transport → allocate → inventory →
characterise → credit → rate → declare. Each pass has its own file. A rule nobody has read has
several candidates; the passes then run once for each reading, and lines the rule touches
become holes with the range of the readings (``readings.py``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from saltbridge.core.edition import Edition
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity, errors_in, finding
from saltbridge.core.quantity import conversion_factor
from saltbridge.footprint.allocation import allocate, substitution_findings
from saltbridge.footprint.balance import balance_findings, balances
from saltbridge.footprint.biogenic import biogenic_findings, carbon_origins
from saltbridge.footprint.check import check_rows
from saltbridge.footprint.company_specific import company_specific_findings
from saltbridge.footprint.completeness import coverage
from saltbridge.footprint.data_quality import (
    data_quality,
    primary_data_share,
    rating_findings,
)
from saltbridge.footprint.electricity import ElectricityResolver
from saltbridge.footprint.factor_choice import FactorChoice
from saltbridge.footprint.inventory import Solution, solve
from saltbridge.footprint.linking import link
from saltbridge.footprint.methodology import Assumptions, Methodology, RuleSet
from saltbridge.footprint.model import (
    Carrier,
    Direction,
    EmissionFactor,
    FactorSet,
    Inventory,
)
from saltbridge.footprint.pricing import Outcome, Pricer
from saltbridge.footprint.readings import Reading, assumed_rules, merge, readings
from saltbridge.footprint.result import CarbonFootprint, Hole
from saltbridge.footprint.transport import transport_legs
from saltbridge.footprint.uncounted import (
    allocation_findings,
    licence_findings,
    uncounted,
)

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class _Account:
    """One reading, worked out: what became of every leaf."""

    outcomes: tuple[Outcome, ...]
    solution: Solution
    shares: Mapping[str, object]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Calculation:
    """A footprint with what it was made of: the outcome of every leaf and the runs.

    Where several readings were taken, ``solution`` is that of the first: lines that differ
    between the readings are holes and no contributions.
    """

    footprint: CarbonFootprint
    outcomes: tuple[Outcome, ...]
    solution: Solution
    demand: float  # of the reference product, in its unit


def calculate(
    inventory: Inventory,
    methodology: Methodology,
    edition: Edition,
    factor_sets: Sequence[FactorSet],
    *,
    supplier_factors: Sequence[EmissionFactor] = (),
    assumptions: Assumptions = _NONE,
) -> CarbonFootprint:
    """The carbon footprint [kg CO2e per unit of product], with its holes and findings.

    ``assumptions`` settle rules that are not loaded (``electricity``, ``recycling``,
    ``allocation``, ``cycles``) or allow what is refused (``electricity_basis=mixed``); they
    are recorded in the result.

    Raises:
        FaultyInput: the inventory cannot be accounted; all findings at once.
        KeyError: the methodology has no such edition.
    """
    return calculate_under(
        methodology.rule_set(edition),
        methodology.id,
        inventory,
        factor_sets,
        supplier_factors=supplier_factors,
        assumptions=assumptions,
    )


def calculate_under(
    rules: RuleSet,
    methodology: str,
    inventory: Inventory,
    factor_sets: Sequence[FactorSet],
    *,
    supplier_factors: Sequence[EmissionFactor] = (),
    assumptions: Assumptions = _NONE,
) -> CarbonFootprint:
    """As ``calculate``, under a rule set of one's own making (the method bridge mixes two).

    Raises:
        FaultyInput: the inventory cannot be accounted; all findings at once.
    """
    return work_through(
        rules,
        methodology,
        inventory,
        factor_sets,
        supplier_factors=supplier_factors,
        assumptions=assumptions,
    ).footprint


def work_through(
    rules: RuleSet,
    methodology: str,
    inventory: Inventory,
    factor_sets: Sequence[FactorSet],
    *,
    supplier_factors: Sequence[EmissionFactor] = (),
    assumptions: Assumptions = _NONE,
) -> Calculation:
    """As ``calculate_under``, with the outcomes and the solution behind the footprint.

    Raises:
        FaultyInput: the inventory cannot be accounted; all findings at once.
    """
    # 1. check
    findings = [*check_rows(inventory), *_check_assumptions(rules, assumptions)]
    _stop_at_errors(findings)
    balanced = tuple(balances(inventory))
    findings += balance_findings(balanced)
    inventory, legs = transport_legs(inventory)
    findings += legs
    # 2.–5. allocate, inventory, characterise, credit: once for each reading of the rules
    accounts: list[_Account] = []
    taken = readings(inventory, rules, assumptions)
    for reading in taken:
        account = _account(
            inventory, rules, reading, factor_sets, supplier_factors, assumptions
        )
        accounts.append(account)
        findings += [f for f in account.findings if f not in findings]
    _stop_at_errors(findings)
    outcomes = merge([a.outcomes for a in accounts], taken)
    # 6. rate
    detail = {**_rate(outcomes, accounts[0], rules), "balances": balanced}
    findings += uncounted(outcomes, rules)
    findings += biogenic_findings(detail["carbon_origins"])
    findings += company_specific_findings(
        rules.company_specific, inventory, outcomes, accounts[0].solution.runs
    )
    findings += licence_findings(outcomes)
    findings += rating_findings(detail["data_quality"], rules.rating_from, inventory.period.end)
    # 7. declare
    unit, unit_findings = rules.declared_unit(inventory, assumptions)
    findings += unit_findings
    footprint = CarbonFootprint(
        methodology=methodology,
        edition=rules.edition,
        product_id=inventory.product.id,
        unit_of_product=f"1 {inventory.product.unit}",
        declared_unit=unit,
        contributions=tuple(c for o in outcomes for c in o.contributions),
        holes=tuple(h for o in outcomes for h in o.holes),
        rules=(*rules.rules, *assumed_rules(assumptions)),
        rules_not_loaded=rules.rules_not_loaded,
        assumptions=dict(assumptions),
        findings=tuple(findings),
        rounding_digits=rules.significant_digits,
        detail=detail,
    )
    return Calculation(footprint, outcomes, accounts[0].solution, _demand(inventory))


def _account(
    inventory: Inventory,
    rules: RuleSet,
    reading: Reading,
    factor_sets: Sequence[FactorSet],
    supplier_factors: Sequence[EmissionFactor],
    assumptions: Assumptions,
) -> _Account:
    allocated = allocate(inventory, reading.allocation)
    _stop_at_errors(allocated.findings)
    system, linked = link(allocated.inventory, rules.boundary, rules.outside_carriers)
    _stop_at_errors(linked)
    factors = FactorChoice(inventory, factor_sets, supplier_factors)
    contracts = {c.id: c for c in inventory.electricity}
    pricer = Pricer(
        factors,
        ElectricityResolver(
            reading.electricity, factors, contracts, assumptions, inventory.period.end.year
        ),
        reading.recycling,
        {c.id: c for c in inventory.circular},
        rules.gwp_sets,
        rules.waste,
    )
    solution = solve(system, _demand(inventory))
    outcomes = tuple(
        pricer.price(leaf, solution.runs[leaf.process.id]) for leaf in system.leaves
    )
    findings = [*allocated.findings, *linked, *factors.findings, *pricer.findings]
    findings += substitution_findings(inventory, reading.allocation)
    findings += allocation_findings(allocated.shares, inventory, solution.runs)
    unused = [p for p, runs in solution.runs.items() if runs == 0]
    if unused:
        findings.append(
            finding(
                "footprint.processes-unused",
                severity=Severity.NOTE,
                count=len(unused),
                processes=", ".join(unused[:12]),
            )
        )
    if system.outside:
        findings.append(
            finding(
                "footprint.outside-boundary",
                severity=Severity.NOTE,
                count=len(system.outside),
                flows=", ".join(list(dict.fromkeys(r.flow for r in system.outside))[:12]),
            )
        )
    shares = {s.process: {"basis": s.basis, **dict(s.shares)} for s in allocated.shares}
    return _Account(outcomes, solution, shares, tuple(findings))


def _demand(inventory: Inventory) -> float:
    """One unit of the product in the unit of its reference process."""
    reference = next(
        p for p in inventory.processes if p.id == inventory.product.reference_process
    )
    return conversion_factor(inventory.product.unit, reference.unit)


def _rate(outcomes: Sequence[Outcome], account: _Account, rules: RuleSet) -> dict[str, Any]:
    by_stage = [
        (o.leaf.stage, (o.mass_kg, any(_without_factor(h) for h in o.holes)))
        for o in outcomes
        if o.leaf.exchange.direction is Direction.INPUT
        and o.leaf.exchange.carrier in (Carrier.NONE, Carrier.PACKAGING)
    ]
    lines = [rated for o in outcomes for rated in o.rated()]
    return {
        "runs": dict(account.solution.runs),
        "forward_error": account.solution.forward_error,
        "allocation": dict(account.shares),
        "coverage": coverage(row for _, row in by_stage),
        "coverage_by_stage": {
            stage: coverage(row for s, row in by_stage if s is stage)
            for stage in dict.fromkeys(s for s, _ in by_stage)
        },
        "data_quality": data_quality(lines, rules.data_quality),
        "primary_data_share": primary_data_share(lines),
        "carbon_origins": carbon_origins(outcomes),
        "without_climate_effect": sorted(
            {o.leaf.exchange.flow for o in outcomes if o.without_effect}
        ),
    }


def _without_factor(hole: Hole) -> bool:
    return hole.reason.value != "rule_not_loaded"


def _check_assumptions(rules: RuleSet, assumptions: Assumptions) -> list[Finding]:
    allowed = {**rules.assumptions, "electricity_basis": ("mixed",)}
    findings = []
    for key, value in assumptions.items():
        if key not in allowed:
            findings.append(
                finding("footprint.unknown-assumption", key=key, known=", ".join(allowed))
            )
        elif allowed[key] and value not in allowed[key]:
            findings.append(
                finding(
                    "footprint.assumption-value",
                    key=key,
                    value=value,
                    known=", ".join(allowed[key]),
                )
            )
        elif not allowed[key] and not _is_positive_number(value):
            findings.append(
                finding("footprint.assumption-value", key=key, value=value, known="> 0")
            )
    return findings


def _is_positive_number(text: str) -> bool:
    try:
        return 0 < float(text) < 1e9
    except ValueError:
        return False


def _stop_at_errors(findings: Sequence[Finding]) -> None:
    errors = errors_in(findings)
    if errors:
        raise FaultyInput(errors)
