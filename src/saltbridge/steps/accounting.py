"""Working a footprint out from an inventory, factor sets and verified supplier records.

Accounting does it once and signs the result; a replay does it again, years later, from what was
kept. Both go this way and no other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, finding
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.check import check_content
from saltbridge.footprint.declare.declaration import (
    DECLARATION,
    ESTIMATE,
    declaration_or_findings,
)
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import EmissionFactor, FactorSet, Inventory
from saltbridge.footprint.record import footprint_record
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.footprint.supplier_providers import SuppliedMetal, supplement
from saltbridge.formats.inventory_sources import EvidenceFile, InventorySources
from saltbridge.ports import FactorLibrary, UnitOfWork
from saltbridge.steps.supplier_documents import kept_documents, out_of_validity
from saltbridge.trust.claims import Receipt, SignedClaim


@dataclass(frozen=True, kw_only=True)
class FootprintRequest:
    """What to account for. ``methodology`` is ``ID`` or ``ID@EDITION``.

    ``factor_sets`` replaces the sets the inventory names. ``placed_on_market`` chooses the
    edition where none is named; the day of the request otherwise. ``sources`` are the files the
    inventory was read from and ``evidence`` the documents behind it: both are kept with the
    footprint on the node, for whoever verifies it. ``scenario`` says that the inventory is a
    what-if and what was changed in it: the record carries it, and nothing is declared.
    """

    inventory: Inventory
    inventory_digest: str
    methodology: str
    factor_sets: Sequence[str] | None = None
    assumptions: Mapping[str, str] = field(default_factory=dict)
    declare: bool = False
    placed_on_market: date | None = None
    sources: InventorySources | None = None
    evidence: Sequence[EvidenceFile] = ()
    scenario: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Accounted:
    """A footprint with its record.

    ``obstacles`` says why it is an estimate and no declaration. The ids and the signed claims
    are there when a node stands behind it.
    """

    footprint: CarbonFootprint
    record: Mapping[str, Any]
    kind: str
    obstacles: tuple[Finding, ...]
    factor_sets: Mapping[str, str]  # id → digest
    supplier_records: tuple[str, ...]  # digests of the records that priced a line
    id: str = ""
    claim: SignedClaim | None = None
    receipt: Receipt | None = None
    receipt_id: str = ""


def work_out(
    library: FactorLibrary,
    today: date,
    request: FootprintRequest,
    supplied: Sequence[EmissionFactor] = (),
    metals: Sequence[SuppliedMetal] = (),
) -> Accounted:
    """The footprint of a request; nothing is signed or stored.

    ``metals`` fill empty terms of the circular footprint formula.

    Raises:
        FaultyInput: the inventory, the methodology or an assumption is faulty.
        Refused: no edition is in force, or a declaration was asked for and may not be made;
            the findings name the holes and their range.
        Unavailable: a factor set cannot be had.
    """
    empty = check_content(request.inventory)
    if empty:
        raise FaultyInput(empty)
    methodology, edition = choose(request.methodology, request.placed_on_market or today)
    names = request.factor_sets
    if names is None:
        names = request.inventory.factor_sets
    sets: list[FactorSet] = [library.factor_set(name) for name in names]
    inventory, notes, records = supplement(request.inventory, metals)
    footprint = calculate(
        inventory,
        methodology,
        edition,
        sets,
        supplier_factors=supplied,
        assumptions=request.assumptions,
    )
    if notes:
        footprint = replace(footprint, findings=(*footprint.findings, *notes))
    possible, obstacles = declaration_or_findings(footprint, request.placed_on_market or today)
    if methodology.by_market_day and request.placed_on_market is None:
        possible, obstacles = ESTIMATE, (*obstacles, finding("declare.no-market-day"))
    if request.scenario is not None:
        possible, obstacles = ESTIMATE, (finding("whatif.no-declaration"), *obstacles)
    if request.declare and possible != DECLARATION:
        raise Refused(obstacles)
    kind = DECLARATION if request.declare else ESTIMATE
    used = sorted(
        {c.factor.record for c in footprint.contributions if c.factor.record} | {*records}
    )
    record = footprint_record(footprint, request.inventory, kind, request.placed_on_market)
    return Accounted(
        footprint,
        _with_scenario(record, request.scenario),
        kind,
        obstacles,
        {s.id: s.digest for s in sets},
        tuple(used),
    )


def with_remarks(
    result: Accounted, inventory: Inventory, remarks: Sequence[Finding]
) -> Accounted:
    """The result with what was found in the supplier records."""
    if not remarks:
        return result
    footprint = replace(result.footprint, findings=(*result.footprint.findings, *remarks))
    stated = result.record.get("placed_on_market")
    day = None if stated is None else date.fromisoformat(stated)
    record = footprint_record(footprint, inventory, result.kind, day)
    record = _with_scenario(record, result.record.get("scenario"))
    return replace(result, footprint=footprint, record=record)


def _with_scenario(
    record: dict[str, Any], scenario: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The record of a what-if says that it is one; that of a footprint has no such member."""
    return record if scenario is None else {**record, "scenario": dict(scenario)}


def verified_supplier_factors(
    view: UnitOfWork, only: Collection[str] | None = None
) -> tuple[tuple[EmissionFactor, ...], tuple[Finding, ...]]:
    """Factors of all supplier documents; of two for one flow and place the newer one counts.

    ``only`` leaves out every document it does not name: those that came later.
    """
    newest: dict[tuple[str, str, str], EmissionFactor] = {}
    remarks: list[Finding] = []
    for kept in kept_documents(view, only):
        found, faults = kept.factors()
        remarks += faults
        for factor in found:
            newest[factor.supplier, factor.flow, factor.location] = factor
    return tuple(newest.values()), tuple(remarks)


def supplied_metals(
    view: UnitOfWork, only: Collection[str] | None = None
) -> tuple[SuppliedMetal, ...]:
    """Terms of metals in all supplier documents, oldest first: a newer one replaces them."""
    return tuple(m for kept in kept_documents(view, only) for m in kept.metals())


def with_supplied_metals(view: UnitOfWork, inventory: Inventory) -> Inventory:
    """The inventory with the terms that its suppliers state, as ``work_out`` fills them."""
    filled, _, _ = supplement(inventory, supplied_metals(view))
    return filled


def late_figures(
    view: UnitOfWork, result: Accounted, on: date, only: Collection[str] | None = None
) -> tuple[Finding, ...]:
    """Warnings for suppliers' figures behind a result that were not valid on that day."""
    priced = frozenset(c.factor.id for c in result.footprint.contributions)
    return out_of_validity(view, result.supplier_records, priced, on, only)
