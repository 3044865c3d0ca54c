"""Account: activity data → footprint → receipt → signed claim. One commit.

Without a node the footprint is worked out and shown. With a node the supplier records it has
verified take part, the result is signed as what it is (an estimate or a declaration), a
receipt binds it to its inputs, and everything is stored together with its log leaf: the
inputs and the evidence too, so that a verifier finds them beside the result.
"""

from dataclasses import replace
from datetime import datetime

from saltbridge.core.canonical import canonical_bytes
from saltbridge.footprint.declare.declaration import DECLARATION
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.accounting import (
    Accounted,
    FootprintRequest,
    late_figures,
    supplied_metals,
    verified_supplier_factors,
    with_remarks,
    work_out,
)
from saltbridge.steps.log import logged_claim_file
from saltbridge.steps.models import keep_model
from saltbridge.steps.records import every
from saltbridge.steps.release import sign_claim
from saltbridge.trust.claims import Declaration, Estimate, Receipt, SignedClaim
from saltbridge.trust.did import iso
from saltbridge.trust.receipt import receipt_for, render_receipt

__all__ = [
    "Accounted",
    "FootprintRequest",
    "account",
    "preview",
    "verified_supplier_factors",
    "work_out",
]


def preview(world: World, request: FootprintRequest) -> Accounted:
    """The footprint of a request with the supplier records of the node; nothing is stored.

    Raises:
        As ``work_out``.
    """
    return _worked_out(world, request, world.clock.now())[0]


def account(world: World, request: FootprintRequest) -> Accounted:
    """The footprint of a request, signed, receipted, stored and logged.

    Raises:
        As ``work_out``; nothing is stored then.
    """
    now = world.clock.now()
    result, deliveries = _worked_out(world, request, now)
    signed = _signed(world, request, result, now)
    with world.store.unit_of_work() as work:
        model = keep_model(work, signed.id, request, signed, deliveries)
        _commit(work, world, request, signed, model, now)
    return signed


def _worked_out(
    world: World, request: FootprintRequest, now: datetime
) -> tuple[Accounted, tuple[str, ...]]:
    """The result, and the deliveries that were there when it was worked out."""
    with world.store.reading() as view:
        supplied, remarks = verified_supplier_factors(view)
        metals = supplied_metals(view)
        deliveries = tuple(record.id for record in every(view, "pcf"))
    result = work_out(world.factor_library, now.date(), request, supplied, metals)
    with world.store.reading() as view:
        late = late_figures(view, result, now.date(), frozenset(deliveries))
    return with_remarks(result, request.inventory, (*remarks, *late)), deliveries


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
    receipt_id = world.identifiers.urn_uuid()
    receipt = sign_claim(world, Receipt, receipt_content, now, id=receipt_id)
    return replace(result, id=claim_id, claim=claim, receipt=receipt, receipt_id=receipt_id)


def _commit(
    work: UnitOfWork,
    world: World,
    request: FootprintRequest,
    result: Accounted,
    model: str,
    now: datetime,
) -> None:
    if result.claim is None or result.receipt is None:
        raise TypeError("a footprint is signed before it is stored")
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
            "model": model,
        }
    )
    work.put("footprint", result.id, body, expected_version=0)
    for claim, id in ((result.claim, result.id), (result.receipt, result.receipt_id)):
        file = logged_claim_file(world, work, claim, id)
        work.put("claim", claim.digest, file, expected_version=0)
    work.append_leaf(f"footprint.{result.kind}", result.id, body)
