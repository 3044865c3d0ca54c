"""Account: activity data → footprint → receipt → signed claim. One commit.

Without a node the footprint is worked out and shown. With a node the supplier records it has
verified take part, the result is signed as what it is (an estimate or a declaration), a
receipt binds it to its inputs, and everything is stored together with its log leaf.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding
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
from saltbridge.footprint.supplier_records import supplier_factors
from saltbridge.formats.claim_file import render_claim_file
from saltbridge.ports import FactorLibrary, UnitOfWork, World
from saltbridge.steps.records import every
from saltbridge.steps.release import sign_claim
from saltbridge.trust.claims import Declaration, Estimate, Receipt, SignedClaim
from saltbridge.trust.did import iso
from saltbridge.trust.receipt import receipt_for, render_receipt


@dataclass(frozen=True, kw_only=True)
class FootprintRequest:
    """What to account for. ``methodology`` is ``ID`` or ``ID@EDITION``.

    ``factor_sets`` replaces the sets the inventory names. ``placed_on_market`` chooses the
    edition where none is named; the day of the request otherwise.
    """

    inventory: Inventory
    inventory_digest: str
    methodology: str
    factor_sets: Sequence[str] | None = None
    assumptions: Mapping[str, str] = field(default_factory=dict)
    declare: bool = False
    placed_on_market: date | None = None


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


def work_out(
    library: FactorLibrary,
    today: date,
    request: FootprintRequest,
    supplied: Sequence[EmissionFactor] = (),
) -> Accounted:
    """The footprint of a request; nothing is signed or stored.

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
    footprint = calculate(
        request.inventory,
        methodology,
        edition,
        sets,
        supplier_factors=supplied,
        assumptions=request.assumptions,
    )
    possible, obstacles = declaration_or_findings(footprint)
    if request.declare and possible != DECLARATION:
        raise Refused(obstacles)
    kind = DECLARATION if request.declare else ESTIMATE
    used = sorted({c.factor.record for c in footprint.contributions if c.factor.record})
    return Accounted(
        footprint,
        footprint_record(footprint, request.inventory, kind),
        kind,
        obstacles,
        {s.id: s.digest for s in sets},
        tuple(used),
    )


def account(world: World, request: FootprintRequest) -> Accounted:
    """The footprint of a request, signed, receipted, stored and logged.

    Raises:
        As ``work_out``; nothing is stored then.
    """
    now = world.clock.now()
    with world.store.reading() as view:
        supplied, remarks = verified_supplier_factors(view)
    result = work_out(world.factor_library, now.date(), request, supplied)
    if remarks:
        footprint = replace(result.footprint, findings=(*result.footprint.findings, *remarks))
        result = replace(
            result,
            footprint=footprint,
            record=footprint_record(footprint, request.inventory, result.kind),
        )
    signed = _signed(world, request, result, now)
    with world.store.unit_of_work() as work:
        _commit(work, world, request, signed, now)
    return signed


def verified_supplier_factors(
    view: UnitOfWork,
) -> tuple[tuple[EmissionFactor, ...], tuple[Finding, ...]]:
    """Factors of all verified PCF deliveries; of two for one flow the newer one counts."""
    newest: dict[tuple[str, str, str], EmissionFactor] = {}
    remarks: list[Finding] = []
    for record in sorted(every(view, "pcf"), key=lambda r: (r.written_at, r.id)):
        document = read_json(record.body, record.id)
        delivery = document.get("delivery") or {}
        supplier = str((delivery.get("provider") or {}).get("bpn") or "")
        found, faults = supplier_factors(
            document, supplier=supplier, digest=str(delivery.get("digest") or record.id)
        )
        remarks += faults
        for factor in found:
            newest[factor.supplier, factor.flow, factor.location] = factor
    return tuple(newest.values()), tuple(remarks)


def _signed(
    world: World, request: FootprintRequest, result: Accounted, now: datetime
) -> Accounted:
    receipt_content = render_receipt(
        receipt_for(
            result.record,
            inputs_digest=request.inventory_digest,
            factor_sets=result.factor_sets,
            supplier_records=result.supplier_records,
            made_at=now,
        )
    )
    claim_class: type[Declaration] | type[Estimate]
    claim_class = Declaration if result.kind == DECLARATION else Estimate
    claim_id = world.identifiers.urn_uuid()
    claim: SignedClaim = sign_claim(world, claim_class, result.record, now, id=claim_id)
    receipt = sign_claim(world, Receipt, receipt_content, now)
    return replace(result, id=claim_id, claim=claim, receipt=receipt)


def _commit(
    work: UnitOfWork, world: World, request: FootprintRequest, result: Accounted, now: datetime
) -> None:
    if result.claim is None or result.receipt is None:
        raise TypeError("a footprint is signed before it is stored")
    document = world.keyring.did_document()
    body = canonical_bytes(
        {
            "id": result.id,
            "kind": result.kind,
            "record": dict(result.record),
            "claim": result.claim.jws,
            "receipt": result.receipt.jws,
            "inputs_digest": request.inventory_digest,
            "factor_sets": dict(result.factor_sets),
            "supplier_records": list(result.supplier_records),
            "suppliers": [
                {"id": s.id, "name": s.name, "bpn": s.bpn, "country": s.country}
                for s in request.inventory.suppliers
            ],
            "evidence": [
                {"id": e.id, "kind": e.kind, "title": e.title, "digest": e.digest}
                for e in request.inventory.evidence
            ],
            "made_at": iso(now),
        }
    )
    work.put("footprint", result.id, body, expected_version=0)
    for claim in (result.claim, result.receipt):
        work.put("claim", claim.digest, render_claim_file(claim, document), expected_version=0)
    work.append_leaf(f"footprint.{result.kind}", result.id, body)
