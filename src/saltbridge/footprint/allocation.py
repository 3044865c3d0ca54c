"""Second pass: a process with co-products becomes one process per product.

The copies together carry exactly the burden of the process. Outputs that are used again
inside, or that avoid other production, are no co-products in this sense: they are shared
among the copies like any other row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from saltbridge.core.finding import Finding, finding
from saltbridge.core.quantity import UnknownUnit, conversion_factor, same_dimension
from saltbridge.footprint.methodology import AllocationRule
from saltbridge.footprint.model import (
    CoProductRole,
    Direction,
    Exchange,
    Inventory,
    Process,
)
from saltbridge.footprint.units import mass_kg


@dataclass(frozen=True, slots=True)
class Shares:
    """How one process was allocated: the basis and the share of each of its products.

    ``by_rule`` is the basis that the rule set would have taken (empty: none is possible).
    """

    process: str
    basis: str
    shares: tuple[tuple[str, float], ...]  # flow, share; the reference flow first
    by_rule: str = ""


@dataclass(frozen=True)
class Allocated:
    """The inventory with single-product processes, and how it came about."""

    inventory: Inventory
    shares: tuple[Shares, ...] = ()
    findings: tuple[Finding, ...] = ()


def copy_id(process: str, flow: str) -> str:
    """Id of the copy of a process that makes one of its co-products."""
    return f"{process}:{flow}"


def allocate(inventory: Inventory, rule: AllocationRule) -> Allocated:
    """The inventory with single-product processes, and the shares used.

    A process says its own basis in ``allocation`` (none: the reference flow bears all);
    otherwise the first basis of the rule is taken for which every output has its value.
    """
    outputs: dict[str, list[Exchange]] = {}
    rows: dict[str, list[Exchange]] = {}
    for row in inventory.exchanges:
        is_co_product = row.direction is Direction.OUTPUT and row.role is CoProductRole.ALLOCATE
        (outputs if is_co_product else rows).setdefault(row.process, []).append(row)
    if not outputs:
        return Allocated(inventory)
    findings: list[Finding] = []
    shares: list[Shares] = []
    processes: list[Process] = []
    exchanges: list[Exchange] = []
    for process in inventory.processes:
        own = rows.get(process.id, [])
        co_products = outputs.get(process.id, [])
        split = _split(process, co_products, rule, findings) if co_products else None
        if split is None:
            processes.append(process)
            exchanges.extend(own)
            continue
        shares.append(split)
        (_, first), *others = split.shares
        processes.append(process)
        exchanges.extend(replace(row, amount=row.amount * first) for row in own)
        for row, (flow, share) in zip(co_products, others, strict=True):
            copy = replace(
                process,
                id=copy_id(process.id, flow),
                reference_flow=flow,
                unit=row.unit,
                production_amount=row.amount,
                location=row.location or process.location,
                reference_mass_kg=row.mass_kg_per_unit,
                reference_price=row.price,
            )
            processes.append(copy)
            exchanges.extend(replace(r, process=copy.id, amount=r.amount * share) for r in own)
    made = {(s.process, flow) for s in shares for flow, _ in s.shares[1:]}
    exchanges = [
        replace(row, provider=copy_id(row.provider, row.flow))
        if (row.provider, row.flow) in made
        else row
        for row in exchanges
    ]
    return Allocated(
        replace(inventory, processes=tuple(processes), exchanges=tuple(exchanges)),
        tuple(shares),
        tuple(findings),
    )


def _split(
    process: Process,
    co_products: list[Exchange],
    rule: AllocationRule,
    findings: list[Finding],
) -> Shares | None:
    flows = [process.reference_flow, *(row.flow for row in co_products)]
    by_rule, ruled = _first_basis(process, co_products, rule.order)
    order = (process.allocation,) if process.allocation else rule.order
    basis, shares = _first_basis(process, co_products, order)
    if process.allocation == "none":
        basis, shares = "none", [1.0] + [0.0] * len(co_products)
    if shares is not None:
        if shares == ruled:  # mass and quantity of things counted in kg: one basis, two names
            by_rule = basis
        return Shares(process.id, basis, tuple(zip(flows, shares, strict=True)), by_rule)
    findings.append(
        finding(
            "footprint.allocation-impossible",
            process.place,
            process=process.id,
            flows=", ".join(flows),
            basis=", ".join(order),
        )
    )
    return None


def _first_basis(
    process: Process, rows: list[Exchange], order: Sequence[str]
) -> tuple[str, list[float] | None]:
    """The first basis for which every product has its value, and their shares."""
    for basis in order:
        values = _values(process, rows, basis)
        if values is not None and sum(values) > 0 and min(values) >= 0:
            total = sum(values)
            return basis, [value / total for value in values]
    return "", None


def _values(process: Process, rows: list[Exchange], basis: str) -> list[float] | None:
    amounts = [(process.production_amount, process.unit), *((r.amount, r.unit) for r in rows)]
    found: list[float | None]
    if basis == "mass":
        masses = [process.reference_mass_kg, *(r.mass_kg_per_unit for r in rows)]
        found = [mass_kg(a, u, m) for (a, u), m in zip(amounts, masses, strict=True)]
    elif basis == "economic":
        currencies = {process.price_currency, *(r.price_currency for r in rows)}
        if len(currencies) > 1:
            return None
        prices = [process.reference_price, *(r.price for r in rows)]
        found = [
            None if price is None else amount * price
            for (amount, _), price in zip(amounts, prices, strict=True)
        ]
    else:  # physical: a quantity all outputs share, such as energy
        try:
            if not all(same_dimension(unit, process.unit) for _, unit in amounts):
                return None
        except UnknownUnit:
            return None
        found = [amount * conversion_factor(unit, process.unit) for amount, unit in amounts]
    values = [v for v in found if v is not None]
    return values if len(values) == len(found) else None
