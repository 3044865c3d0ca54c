"""What an issue of passports starts from: the verified record and the operator's facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.across import AHEAD
from saltbridge.passport.assemble import (
    model_values,
    parse_values,
    render_value,
)
from saltbridge.passport.attributes import CATEGORIES
from saltbridge.passport.company_information import footprint_estimate
from saltbridge.passport.data_carrier import check_identifiers
from saltbridge.passport.model import AttributeValue, Origin, OriginKind
from saltbridge.passport.unknown import unknown_attributes
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_stated import stated_by_operator
from saltbridge.steps.records import document, every
from saltbridge.trust.claims import SupplierRecord, VerifiedClaim, claim_of, verify
from saltbridge.trust.did import from_iso

LATEST = "latest"


@dataclass(frozen=True, kw_only=True)
class IssueRequest:
    """Passports for ``serials`` out of one verified delivery.

    ``facts`` is the operator's file: ``gtin`` and ``attributes`` by id. ``distribution`` is
    the footprint record of the operator's own distribution, or None to keep the supplier's.
    """

    delivery_id: str
    serials: Sequence[str]
    facts: Mapping[str, Any]
    placed_on_market: date
    distribution: Mapping[str, Any] | None = None
    person: str = ""


@dataclass(frozen=True)
class IssueSources:
    """What the gathering found: the record, who signed it, and the operator's statements."""

    delivery_id: str
    record: Mapping[str, Any]
    supplied_by: Origin
    own_by: Origin
    operator: Mapping[str, AttributeValue]
    gtin: str
    category: str
    estimate: Mapping[str, Any]

    def stated_estimate(self, world: World) -> Mapping[str, Any] | None:
        """The footprint estimate as passports state it; None where the settings say no."""
        stated = world.settings.get("passport_footprint_estimate", True)
        return self.estimate if stated else None


def delivered_methodology(world: World, delivery_id: str) -> str:
    """``ID@EDITION`` of the rule set the delivered footprint follows.

    The operator's own distribution has to follow it too.

    Raises:
        FaultyInput: no such delivery, or its record holds no footprint.
        Refused: the delivery was not verified.
    """
    with world.store.reading() as work:
        delivery = _delivery(work, delivery_id)
    method = (_content(delivery).content.get("footprint") or {}).get("methodology") or {}
    if not method.get("id"):
        raise FaultyInput.of(
            "passport.footprint-incomplete", Place(pointer="/footprint"), member="methodology"
        )
    return f"{method['id']}@{method['edition']}"


def gather(
    world: World, work: UnitOfWork, request: IssueRequest
) -> tuple[IssueSources, list[Finding]]:
    """The verified record and the operator's facts, with everything wrong in them."""
    delivery = _delivery(work, request.delivery_id)
    verified = _content(delivery)
    record = verified.content
    if record.get("kind") != "battery-supplier-record":
        raise FaultyInput.of(
            "passport.not-a-supplier-record", found=str(record.get("kind", "?"))[:80]
        )
    maker = record.get("manufacturer") or {}
    supplied_by = Origin(
        OriginKind.SUPPLIER_RECORD,
        str(maker.get("name") or delivery["provider"]["bpn"]),
        verified.id,
    )
    own_by = Origin(OriginKind.OPERATOR, world.node.legal_name, world.node.did)
    notes = [
        finding("passport.unknown-fact", Place(pointer=f"/{str(m)[:40]}"), member=str(m)[:40])
        for m in request.facts.keys() - {"gtin", "attributes"}
    ]
    operator, found = stated_by_operator(
        world, request.facts.get("attributes", {}), "/facts/attributes"
    )
    notes += found
    operator.setdefault(
        "A026",
        AttributeValue(
            {
                "name": world.node.legal_name,
                "address": world.node.address or world.node.country,
            },
            "",
            own_by,
        ),
    )
    product = record.get("product") or {}
    gtin = str(request.facts.get("gtin") or product.get("gtin") or "")
    category = str(product.get("category") or "")
    if category not in CATEGORIES:
        notes.append(
            finding(
                "passport.unknown-category", found=category[:40], known=", ".join(CATEGORIES)
            )
        )
    last = world.clock.now().date() + AHEAD
    if request.placed_on_market > last:
        day = request.placed_on_market.isoformat()
        notes.append(finding("passport.placed-later", found=day, last=last.isoformat()))
    notes += check_identifiers(gtin, list(request.serials), world.node.base_url)
    estimate: Mapping[str, Any] = {}
    try:
        estimate = footprint_estimate(
            record.get("footprint") or {}, supplied_by, request.distribution, own_by
        )
    except FaultyInput as fault:
        notes += fault.findings
    if category not in CATEGORIES:  # without it nobody can say what else is missing
        raise FaultyInput(notes)
    return (
        IssueSources(
            str(delivery["id"]), record, supplied_by, own_by, operator, gtin, category, estimate
        ),
        notes,
    )


def put_model(work: UnitOfWork, sources: IssueSources, request: IssueRequest) -> dict[str, Any]:
    """The facts of the model, held once for all its batteries.

    Returns what every passport of this issue was composed from, with the very version of the
    model's record: it holds the operator's own data and the record of its own distribution.
    """
    stated, _ = parse_values(sources.record.get("attributes") or {}, sources.supplied_by, "")
    values = {**model_values(sources.record, sources.supplied_by), **stated}
    body = canonical_bytes(
        {
            **unknown_attributes(sources.record, request.facts),
            "id": sources.supplied_by.reference,
            "delivery_id": sources.delivery_id,
            "gtin": sources.gtin,
            "category": sources.category,
            "supplied": {id: render_value(id, v) for id, v in values.items()},
            "operator": {id: render_value(id, v) for id, v in sources.operator.items()},
            "footprint": dict(sources.record.get("footprint") or {}),
            "distribution": dict(request.distribution or {}),
        }
    )
    known = work.get("passport-model", sources.supplied_by.reference)
    if known is None or known.body != body:
        known = work.put("passport-model", sources.supplied_by.reference, body)
    return {
        "delivery_id": sources.delivery_id,
        "supplier_record": sources.supplied_by.reference,
        "model_version": known.version,
        "model_digest": digest(body),
    }


def _delivery(work: UnitOfWork, wanted: str) -> Mapping[str, Any]:
    """A stored delivery whose every check passed; ``latest`` is the newest battery record."""
    if wanted == LATEST:
        known = [read_json(r.body) for r in every(work, "delivery")]
        records = [d for d in known if d.get("claim_type") == SupplierRecord.type.value]
        batteries = [d for d in records if _is_battery_record(d)]
        delivery = max(batteries, key=lambda d: str(d["received_at"]), default=None)
    else:
        delivery = document(work, "delivery", wanted)
    if delivery is None:
        raise FaultyInput.of("passport.unknown-delivery", delivery=wanted[:80])
    checks = delivery.get("checks") or []
    if not checks or not all(check.get("ok") is True for check in checks):
        raise Refused.of("passport.delivery-not-verified", delivery=str(delivery["id"])[:80])
    return dict(delivery)


def _content(delivery: Mapping[str, Any]) -> VerifiedClaim[Any]:
    """The delivered claim, its signature checked once more against the kept DID document."""
    claim_file = delivery["claim"]
    claim = claim_of(SupplierRecord.type.value, str(claim_file["jws"]))
    received = from_iso(delivery["received_at"])
    return verify(claim, claim_file["did_document"], witnessed_at=received)


def _is_battery_record(delivery: Mapping[str, Any]) -> bool:
    return bool(_content(delivery).content.get("kind") == "battery-supplier-record")
