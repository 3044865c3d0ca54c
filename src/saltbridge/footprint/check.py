"""First pass: every fault of the rows themselves, all at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from math import isfinite
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, errors_in, finding
from saltbridge.core.quantity import is_unit, same_dimension
from saltbridge.footprint.allocation import allocate
from saltbridge.footprint.check_row import (
    at,
    check_declared_rating,
    check_exchange,
    check_mass_per_unit,
    check_process,
    check_quality,
)
from saltbridge.footprint.inventory import solve
from saltbridge.footprint.linking import link
from saltbridge.footprint.methodology import PHYSICAL_THEN_ECONOMIC
from saltbridge.footprint.model import (
    ElectricityContract,
    Evidence,
    Exchange,
    Inventory,
    LocalFactor,
    Row,
)
from saltbridge.footprint.transport import transport_legs

_SHARES = ("A", "B", "R1", "R2", "R3")


def check_inventory(inventory: Inventory) -> tuple[Finding, ...]:
    """Everything that is wrong with an inventory, before any rule set or factor is chosen.

    Rows first; where they are sound, the equations too (providers, units, a single solution).
    """
    findings = check_content(inventory) + check_rows(inventory)
    if errors_in(findings):
        return findings
    inventory, legs = transport_legs(inventory)
    findings += legs
    allocated = allocate(inventory, PHYSICAL_THEN_ECONOMIC)
    findings += allocated.findings
    if errors_in(findings):
        return findings
    system, linked = link(allocated.inventory)
    findings += linked
    if errors_in(findings):
        return findings
    try:
        solve(system)
    except FaultyInput as fault:
        return findings + fault.findings
    return findings


def check_content(inventory: Inventory) -> tuple[Finding, ...]:
    """An inventory without a single exchange would be accounted as zero, and must not be."""
    return () if inventory.exchanges else (finding("footprint.no-exchanges"),)


def check_rows(inventory: Inventory) -> tuple[Finding, ...]:
    """Faults of the rows of an inventory and of their references to each other."""
    return tuple(_all_checks(inventory))


def _all_checks(inventory: Inventory) -> Iterator[Finding]:
    yield from _product(inventory)
    yield from _numbers(inventory)
    yield from _ids(inventory)
    for process in inventory.processes:
        yield from check_process(process)
    processes = {p.id for p in inventory.processes}
    contracts = {c.id for c in inventory.electricity}
    circular = {c.id for c in inventory.circular}
    for row in inventory.exchanges:
        yield from check_exchange(row)
        yield from _known(row, "process", row.process, processes)
        yield from _known(row, "provider", row.provider, processes)
        yield from _known(row, "contract", row.contract, contracts)
        yield from _known(row, "circular", row.circular, circular)
        if row.provider and row.factor:
            yield finding("footprint.provider-and-factor", at(row, "factor"), flow=row.flow)
        for column in ("contract", "circular"):
            if row.provider and getattr(row, column):
                yield finding(
                    "footprint.provider-and-other",
                    at(row, column),
                    flow=row.flow,
                    column=column,
                )
    yield from _references(inventory)
    yield from _factors(inventory.factors)
    for contract in inventory.electricity:
        if not 0 <= contract.share <= 1:
            yield _share(contract, "share", contract.share)
    for terms in inventory.circular:
        for name in _SHARES:
            value = getattr(terms, name)
            if value is not None and not 0 <= value <= 1:
                yield _share(terms, name, value)
        if terms.R2 is not None and terms.R3 is not None and terms.R2 + terms.R3 > 1 + 1e-12:
            yield finding(
                "footprint.shares-above-one", at(terms, "R3"), circular=terms.id,
                sum=terms.R2 + terms.R3,
            )  # fmt: skip
        if not is_unit(terms.unit):
            yield finding("footprint.unknown-unit", at(terms, "unit"), unit=terms.unit)


def _product(inventory: Inventory) -> Iterator[Finding]:
    product, life, warranty = inventory.product, inventory.service_life, inventory.warranty
    places = {
        "product.mass_kg": product.mass_kg,
        "product.usable_energy_kwh": product.usable_energy_kwh,
        "service_life.full_equivalent_cycles_per_year": life.full_equivalent_cycles_per_year,
        "service_life.total_energy_kwh": life.total_energy_kwh,
        "warranty.years": warranty.years,
        "warranty.distance_km": warranty.distance_km,
    }
    for name, value in places.items():
        if value is None:
            continue
        place = Place(pointer=f"/{name.replace('.', '/')}")
        if not isfinite(value):
            yield finding("footprint.not-a-number", place, field=name, value=str(value))
        elif value <= 0:
            code = "negative-mass" if name.endswith("mass_kg") else "negative-service-life"
            yield finding(f"footprint.{code}", place, field=name, value=value)
    if not is_unit(product.unit):
        yield finding(
            "footprint.unknown-unit", Place(pointer="/product/unit"), unit=product.unit
        )
    if inventory.period.end < inventory.period.start:
        yield finding(
            "footprint.period-reversed",
            Place(pointer="/period/end"),
            start=inventory.period.start.isoformat(),
            end=inventory.period.end.isoformat(),
        )
    reference = next(
        (p for p in inventory.processes if p.id == product.reference_process), None
    )
    if reference is None:
        yield finding(
            "footprint.reference-process-missing",
            Place(pointer="/product/reference_process"),
            process=product.reference_process,
        )
    elif reference.production_amount < 0:
        yield finding(
            "footprint.reference-is-treatment",
            at(reference, "production_amount"),
            process=reference.id,
        )
    elif (
        is_unit(reference.unit)
        and is_unit(product.unit)
        and not same_dimension(reference.unit, product.unit)
    ):
        yield finding(
            "footprint.unit-mismatch",
            Place(pointer="/product/unit"),
            flow=reference.reference_flow,
            unit=product.unit,
            expected=reference.unit,
        )


def _numbers(inventory: Inventory) -> Iterator[Finding]:
    tables: Sequence[Sequence[Row]] = (
        inventory.processes,
        inventory.exchanges,
        inventory.factors,
        inventory.electricity,
        inventory.circular,
    )
    for table in tables:
        for row in table:
            kind: Any = type(row)
            for column in _number_columns(kind):
                value = getattr(row, column)
                if isinstance(value, float) and not isfinite(value):
                    yield finding(
                        "footprint.not-a-number",
                        at(row, column),
                        field=column,
                        value=str(value),
                    )


@cache
def _number_columns(table: Any) -> tuple[str, ...]:
    """The columns of a table that may hold a number."""
    return tuple(column.name for column in fields(table) if "float" in str(column.type))


def _ids(inventory: Inventory) -> Iterator[Finding]:
    tables: dict[str, Sequence[Row]] = {
        "processes": inventory.processes,
        "factors": inventory.factors,
        "electricity": inventory.electricity,
        "circular": inventory.circular,
        "suppliers": inventory.suppliers,
        "evidence": inventory.evidence,
    }
    for table, rows in tables.items():
        seen: Counter[str] = Counter()
        for row in rows:
            identifier = str(getattr(row, "id", ""))
            seen[identifier] += 1
            if seen[identifier] == 2:
                yield finding("footprint.id-twice", at(row, "id"), table=table, id=identifier)


def _references(inventory: Inventory) -> Iterator[Finding]:
    suppliers = {s.id for s in inventory.suppliers}
    documents = {e.id for e in inventory.evidence}
    named: tuple[Exchange | LocalFactor | Evidence, ...] = (
        *inventory.exchanges,
        *inventory.factors,
        *inventory.evidence,
    )
    for row in named:
        yield from _known(row, "supplier", row.supplier, suppliers)
    holders: tuple[Exchange | LocalFactor | ElectricityContract, ...] = (
        *inventory.exchanges,
        *inventory.factors,
        *inventory.electricity,
    )
    for holder in holders:
        for identifier in holder.evidence:
            yield from _known(holder, "evidence", identifier, documents)


def _factors(factors: Sequence[LocalFactor]) -> Iterator[Finding]:
    seen: dict[tuple[str, str], LocalFactor] = {}
    for row in factors:
        if not is_unit(row.unit):
            yield finding("footprint.unknown-unit", at(row, "unit"), unit=row.unit)
        if (row.kg_co2e_per_unit is None) == (not row.same_as):
            yield finding("footprint.factor-value", at(row, "kg_co2e_per_unit"), id=row.id)
        if row.low is not None and row.high is not None and row.low > row.high:
            yield finding(
                "footprint.range-reversed", at(row, "low"), id=row.id, low=row.low,
                high=row.high,
            )  # fmt: skip
        yield from check_mass_per_unit(row)
        yield from check_quality(row)
        yield from check_declared_rating(row)
        # Several years or bases of electricity are told apart by its own rule.
        first = seen.setdefault((row.flow, row.location), row)
        if first is not row and (first.year, first.gas_basis, first.scope, first.market) == (
            row.year,
            row.gas_basis,
            row.scope,
            row.market,
        ):
            yield finding(
                "footprint.factor-twice",
                at(row, "flow"),
                flow=row.flow,
                location=row.location or "–",
                factors=f"{first.id}, {row.id}",
            )


def _known(row: Row, column: str, value: str, known: set[str]) -> Iterator[Finding]:
    if value and value not in known:
        yield finding("footprint.reference-not-found", at(row, column), column=column, id=value)
    elif not value and column == "process":
        yield finding("footprint.reference-not-found", at(row, column), column=column, id="")


def _share(row: Row, column: str, value: float) -> Finding:
    return finding("footprint.share-outside", at(row, column), field=column, value=value)
