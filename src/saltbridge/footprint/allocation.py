"""Second pass: a process with co-products becomes one process per product.

The copies together carry exactly the burden of the process. Outputs that are used again
inside, or that avoid other production, are no co-products in this sense: they are shared
among the copies like any other row. Rows that name the one product they are ``only_for``
belong to its copy whole (subdivision); what is left is shared by the first basis of the rule
that every product has a value for. A rule with a ``price_ratio`` takes a physical basis only
while prices per unit of that basis lie close together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from saltbridge.core.finding import Finding, Severity, finding
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

SUBDIVISION, SUBSTITUTION = "subdivision", "substitution"


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
    otherwise the first basis of the rule is taken for which every output has its value. By
    substitution the outputs avoid what they replace, and the reference flow bears the rest.
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
        _only_for_known(process, own, co_products, findings)
        split = _split(process, co_products, rule, findings) if co_products else None
        if split is not None and split.basis == SUBSTITUTION:
            own += [replace(row, role=CoProductRole.SUBSTITUTE) for row in co_products]
            shares.append(split)
            split = None
        if split is None:
            processes.append(process)
            exchanges.extend(own)
            continue
        shares.append(split)
        subdivided = SUBDIVISION in rule.order
        (reference, first), *others = split.shares
        processes.append(process)
        exchanges.extend(_part(own, reference, first, subdivided))
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
            exchanges.extend(
                replace(r, process=copy.id) for r in _part(own, flow, share, subdivided)
            )
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


def substitution_findings(inventory: Inventory, rule: AllocationRule) -> Iterator[Finding]:
    """Outputs that a row lets avoid other production although the rule set does not."""
    for row in inventory.exchanges:
        avoids = row.direction is Direction.OUTPUT and row.role is CoProductRole.SUBSTITUTE
        if avoids and SUBSTITUTION not in rule.order:
            yield finding(
                "pass.substitution-by-row",
                replace(row.place, column="role"),
                severity=Severity.WARNING,
                flow=row.flow,
                process=row.process,
            )


def _part(
    rows: Sequence[Exchange], flow: str, share: float, subdivided: bool
) -> Iterator[Exchange]:
    """What one product of a process bears: its own rows whole, of the others its share."""
    for row in rows:
        if row.only_for and subdivided:
            yield replace(row, amount=row.amount if row.only_for == flow else 0.0)
        else:
            yield replace(row, amount=row.amount * share)


def _only_for_known(
    process: Process,
    rows: Sequence[Exchange],
    co_products: Sequence[Exchange],
    findings: list[Finding],
) -> None:
    products = {process.reference_flow, *(row.flow for row in co_products)}
    for row in rows:
        if row.only_for and row.only_for not in products:
            findings.append(
                finding(
                    "pass.only-for-unknown",
                    replace(row.place, column="only_for"),
                    flow=row.flow,
                    product=row.only_for,
                    products=", ".join(sorted(products)),
                )
            )


def _split(
    process: Process,
    co_products: list[Exchange],
    rule: AllocationRule,
    findings: list[Finding],
) -> Shares | None:
    flows = [process.reference_flow, *(row.flow for row in co_products)]
    if any(row.amount == 0 for row in co_products):
        empty = ", ".join(row.flow for row in co_products if row.amount == 0)
        findings.append(
            finding("pass.zero-output", process.place, process=process.id, flows=empty)
        )
        return None
    by_rule, ruled = _first_basis(process, co_products, rule, [])
    order = (process.allocation,) if process.allocation else rule.order
    taken = replace(
        rule, order=order, price_ratio=None if process.allocation else rule.price_ratio
    )
    said: list[Finding] = []
    basis, shares = _first_basis(process, co_products, taken, said)
    findings += said
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
            basis=", ".join(b for b in order if b != SUBDIVISION),
        )
    )
    return None


def _first_basis(
    process: Process, rows: list[Exchange], rule: AllocationRule, said: list[Finding]
) -> tuple[str, list[float] | None]:
    """The first basis for which every product has its value, and their shares."""
    for basis in rule.order:
        if basis == SUBDIVISION:
            continue
        if basis == SUBSTITUTION:
            return basis, [1.0] + [0.0] * len(rows)
        values = _values(process, rows, basis)
        if values is None or sum(values) <= 0 or min(values) < 0:
            continue
        if basis != "economic" and rule.price_ratio is not None:
            ratio = price_ratio(process, rows, values)
            if ratio is None:
                said.append(
                    finding(
                        "pass.price-missing",
                        process.place,
                        severity=Severity.WARNING,
                        process=process.id,
                        basis=basis,
                        ratio=rule.price_ratio,
                    )
                )
            elif ratio > rule.price_ratio:
                dearer = finding(
                    "pass.price-ratio",
                    process.place,
                    severity=Severity.NOTE,
                    process=process.id,
                    ratio=ratio,
                    allowed=rule.price_ratio,
                )
                said += [dearer] if dearer not in said else []
                continue
        total = sum(values)
        return basis, [value / total for value in values]
    return "", None


def price_ratio(
    process: Process, rows: Sequence[Exchange], quantities: Sequence[float]
) -> float | None:
    """Price of the dearest product over that of the cheapest, per unit of a physical basis.

    None where a price is missing or the currencies differ; infinite where one is worth
    nothing or less (a price below 0 is paid for being rid of it).
    """
    worth = _values(process, list(rows), "economic")
    if worth is None or any(quantity == 0 for quantity in quantities):
        return None
    prices = [value / quantity for value, quantity in zip(worth, quantities, strict=True)]
    return max(prices) / min(prices) if min(prices) > 0 else inf


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
