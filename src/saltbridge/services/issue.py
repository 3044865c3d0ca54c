"""Issue: a verified supplier record + the operator's facts → passports for serial numbers.

All or nothing for a list: every finding comes at once, and either all passports, their public
releases, log leaves and registry entries are written in one unit of work, or none.

Registration: the EU registry accepts no batteries yet (``passport/acts.csv``). The entry is
queued with that reason and is not due before the passport duty applies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import PUBLIC, Context
from saltbridge.border.decide import Decision, decide, release
from saltbridge.border.manifest import decision_record, manifest_of
from saltbridge.border.rules import packaged_packs
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, Severity, errors_in, finding
from saltbridge.passport.access import Audience
from saltbridge.passport.assemble import (
    assemble,
    item_values,
    model_values,
    parse_values,
    render_value,
    replaced_by_operator,
    view,
)
from saltbridge.passport.attributes import CATEGORIES, applies_from, attribute_table
from saltbridge.passport.company_information import footprint_estimate
from saltbridge.passport.data_carrier import check_identifiers, product_link
from saltbridge.passport.model import (
    AttributeValue,
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    OriginKind,
)
from saltbridge.passport.validate import Readiness, readiness
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.trust.claims import Passport, SupplierRecord, claim_of, sign, verify
from saltbridge.trust.did import from_iso, iso

PURPOSE = "battery passport, public part (Annex XIII point 1)"
VIEW_MEDIA_TYPE = "application/json"
CLAIM_MEDIA_TYPE = "application/json"
LATEST = "latest"
REGISTRY_CLOSED = "registry-accepts-batteries: pending"


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


@dataclass(frozen=True, slots=True)
class IssuedPassport:
    """One passport: where it is read, and what stands behind its public part."""

    id: str
    serial: str
    product_id: str
    digest: str
    decision_id: str


@dataclass(frozen=True)
class Issued:
    """The passports of one run. ``findings`` holds warnings and notes only."""

    passports: tuple[IssuedPassport, ...]
    findings: tuple[Finding, ...]
    readiness: Mapping[str, Any]
    company_information: Mapping[str, Any]


@dataclass(frozen=True)
class _Sources:
    """What the gathering found: the record, who signed it, and the operator's statements."""

    delivery_id: str
    record: Mapping[str, Any]
    supplied_by: Origin
    own_by: Origin
    operator: Mapping[str, AttributeValue]
    gtin: str
    category: str
    estimate: Mapping[str, Any]


def issue(world: World, request: IssueRequest) -> Issued:
    """Issue passports for all serial numbers, or for none.

    Raises:
        FaultyInput: unknown delivery or serial, faulty facts, or incomplete by law for the
            category on the day: all findings at once, nothing stored.
        Refused: the delivery was not verified, or the border room withholds a public value.
    """
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        sources, notes = _gather(world, work, request)
        drafts, found = _decide(world, work, request, sources, now)
        notes = _once([*notes, *found])
        if errors_in(notes):
            raise FaultyInput(notes)
        model_id = _put_model(work, sources, request)
        issued = tuple(
            _commit(world, work, passport, status, model_id, request, now)
            for passport, status in drafts
        )
    return Issued(issued, tuple(notes), drafts[0][1].as_document(), sources.estimate)


def _gather(
    world: World, work: UnitOfWork, request: IssueRequest
) -> tuple[_Sources, list[Finding]]:
    """The verified record and the operator's facts; raises with everything wrong in them."""
    delivery = _delivery(work, request.delivery_id)
    claim_file = delivery["claim"]
    claim = claim_of(SupplierRecord.type.value, str(claim_file["jws"]))
    verified = verify(
        claim, claim_file["did_document"], witnessed_at=from_iso(delivery["received_at"])
    )
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
    operator, found = parse_values(
        request.facts.get("attributes", {}), own_by, "/facts/attributes"
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
    ours = operator.get("A032")
    if ours is not None and ours.value != category:
        notes.append(
            finding("passport.category-differs", ours=str(ours.value)[:40], theirs=category)
        )
    notes += check_identifiers(gtin, list(request.serials), world.node.base_url)
    if not request.serials:
        notes.append(finding("passport.no-serials"))
    estimate: Mapping[str, Any] = {}
    try:
        estimate = footprint_estimate(
            record.get("footprint") or {}, supplied_by, request.distribution, own_by
        )
    except FaultyInput as fault:
        notes += fault.findings
    if errors_in(notes):
        raise FaultyInput(notes)
    return (
        _Sources(
            str(delivery["id"]), record, supplied_by, own_by, operator, gtin, category, estimate
        ),
        notes,
    )


def _delivery(work: UnitOfWork, wanted: str) -> Mapping[str, Any]:
    """A stored delivery whose every check passed; ``latest`` is the newest battery record."""
    if wanted == LATEST:
        known = [read_json(r.body) for r in _every(work, "delivery")]
        records = [d for d in known if d.get("claim_type") == SupplierRecord.type.value]
        batteries = [d for d in records if _is_battery_record(d)]
        delivery = max(batteries, key=lambda d: str(d["received_at"]), default=None)
    else:
        stored = work.get("delivery", wanted)
        delivery = None if stored is None else read_json(stored.body)
    if delivery is None:
        raise FaultyInput.of("passport.unknown-delivery", delivery=wanted[:80])
    checks = delivery.get("checks") or []
    if not checks or not all(check.get("ok") is True for check in checks):
        raise Refused.of("passport.delivery-not-verified", delivery=str(delivery["id"])[:80])
    return dict(delivery)


def _is_battery_record(delivery: Mapping[str, Any]) -> bool:
    claim_file = delivery["claim"]
    claim = claim_of(SupplierRecord.type.value, str(claim_file["jws"]))
    content = verify(
        claim, claim_file["did_document"], witnessed_at=from_iso(delivery["received_at"])
    ).content
    return bool(content.get("kind") == "battery-supplier-record")


def _every(work: UnitOfWork, kind: str) -> Iterable[Any]:
    after = ""
    while page := work.find(kind, after=after):
        yield from page
        after = page[-1].id


def _decide(
    world: World, work: UnitOfWork, request: IssueRequest, sources: _Sources, now: datetime
) -> tuple[list[tuple[ItemPassport, Readiness]], list[Finding]]:
    """One assembled passport per serial with its readiness, and everything found."""
    record = sources.record
    stated, notes = parse_values(
        record.get("attributes") or {}, sources.supplied_by, "/attributes"
    )
    model = ModelFacts({**model_values(record, sources.supplied_by), **stated})
    notes += replaced_by_operator(model.values, sources.operator)
    items = {
        str(item.get("serial")): item
        for item in record.get("items") or []
        if isinstance(item, Mapping)
    }
    start = applies_from("passport", sources.category)
    # A passport issued before the duty begins is held to the duty's first day.
    on = max(request.placed_on_market, start) if start else request.placed_on_market
    issuer = Issuer(world.node.legal_name, world.node.did, world.node.bpn)
    drafts: list[tuple[ItemPassport, Readiness]] = []
    for position, serial in enumerate(request.serials, start=1):
        place = Place("serials", position)
        if serial not in items:
            notes.append(finding("passport.serial-not-in-record", place, serial=serial))
            continue
        if work.get("passport-address", f"{sources.gtin}/{serial}") is not None:
            notes.append(finding("passport.already-issued", place, serial=serial))
            continue
        item = items[serial]
        own, found = parse_values(
            item.get("attributes") or {}, sources.supplied_by, f"/items/{serial}/attributes"
        )
        passport = assemble(
            id=world.identifiers.urn_uuid(),
            product_id=product_link(world.node.base_url, sources.gtin, serial),
            gtin=sources.gtin,
            category=sources.category,
            placed_on_market=request.placed_on_market,
            issued_at=iso(now),
            issuer=issuer,
            model=model,
            item=ItemFacts(serial, {**item_values(item, sources.supplied_by), **own}),
            operator=sources.operator,
            company_information=sources.estimate,
            on=on,
        )
        status = readiness(passport.values, sources.category, on)
        drafts.append((passport, status))
        notes += [_placed(f, serial) for f in (*found, *status.findings)]
        notes += [_kept_out(id) for id in passport.suppressed]
    return drafts, notes


def _placed(found: Finding, serial: str) -> Finding:
    """A finding about an item attribute names its battery; one about the model does not."""
    id = found.place.pointer.rpartition("/")[2]
    attribute = attribute_table().get(id)
    if attribute is not None and attribute.granularity == "item":
        return replace(found, place=replace(found.place, file=serial))
    return found


def _kept_out(id: str) -> Finding:
    return finding(
        "passport.suppressed",
        Place(pointer=f"/attributes/{id}"),
        severity=Severity.NOTE,
        attribute=id,
        name=attribute_table()[id].name,
    )


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in their order, each once: a model's fault is not told per battery."""
    told = {(f.code, f.place, tuple(sorted(f.arguments.items(), key=str))): f for f in findings}
    return list(told.values())


def _put_model(work: UnitOfWork, sources: _Sources, request: IssueRequest) -> str:
    """The facts of the model, held once for all its batteries; returns the record's id."""
    stated, _ = parse_values(sources.record.get("attributes") or {}, sources.supplied_by, "")
    values = {**model_values(sources.record, sources.supplied_by), **stated}
    body = canonical_bytes(
        {
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
        work.put("passport-model", sources.supplied_by.reference, body)
    return sources.supplied_by.reference


def _commit(
    world: World,
    work: UnitOfWork,
    passport: ItemPassport,
    status: Readiness,
    model_id: str,
    request: IssueRequest,
    now: datetime,
) -> IssuedPassport:
    """Sign the views, release the public one, and write everything of one passport."""
    public = _release_public(
        world, view(passport, Audience.PUBLIC, status), request.person, now
    )
    decision, claim, claim_bytes = public
    claim_release = release(decision, claim_bytes, CLAIM_MEDIA_TYPE, decision.view_bytes)
    view_release = release(decision, decision.view_bytes, VIEW_MEDIA_TYPE, decision.view_bytes)
    record = decision_record(decision, claim_release)
    work.put("decision", record["id"], canonical_bytes(record), expected_version=0)
    work.put(
        "manifest", record["id"], canonical_bytes(manifest_of(decision)), expected_version=0
    )
    work.append_leaf("border.decided", record["id"], canonical_bytes(record))
    for audience in (Audience.LEGITIMATE_INTEREST, Audience.AUTHORITY):
        restricted = _signed(world, view(passport, audience, status), now)
        # Kept apart from the public record, so that no public route ever loads it.
        work.put(
            "passport-view",
            f"{passport.id}#{audience.value}",
            canonical_bytes({"audience": audience.value, "jws": restricted.jws}),
            expected_version=0,
        )
    body = canonical_bytes(
        {
            "id": passport.id,
            "product_id": passport.product_id,
            "gtin": passport.gtin,
            "serial": passport.serial,
            "model": model_id,
            "placed_on_market": passport.placed_on_market.isoformat(),
            "issued_at": passport.issued_at,
            "status": "active",
            "registration": REGISTRY_CLOSED,
            "claim_digest": claim.digest,
            "public": {
                "decision_id": record["id"],
                "claim": work.put_release(claim_release),
                "view": work.put_release(view_release),
            },
        }
    )
    work.put("passport", passport.id, body, expected_version=0)
    work.put(
        "passport-address",
        f"{passport.gtin}/{passport.serial}",
        canonical_bytes({"passport_id": passport.id}),
        expected_version=0,
    )
    work.append_leaf("passport.issued", passport.id, body)
    work.enqueue(
        OutboxEntry(
            id=world.identifiers.urn_uuid(),
            kind="registry",
            body=canonical_bytes(
                {
                    "passport_id": passport.id,
                    "product_id": passport.product_id,
                    "operator": passport.issuer.bpn or passport.issuer.did,
                    "claim_digest": claim.digest,
                }
            ),
            ordering_key=passport.id,
            due_at=_registration_due(passport.category, now),
            last_error=REGISTRY_CLOSED,
        )
    )
    return IssuedPassport(
        passport.id, passport.serial, passport.product_id, claim.digest, str(record["id"])
    )


def _registration_due(category: str, now: datetime) -> datetime:
    """Not before the passport duty itself applies."""
    start = applies_from("passport", category)
    return now if start is None else max(now, datetime.combine(start, time(), UTC))


def _signed(world: World, content: Mapping[str, Any], now: datetime) -> Passport:
    return sign(
        Passport,
        content,
        id=world.identifiers.urn_uuid(),
        issued_at=now,
        issuer=world.node.did,
        signer=world.keyring.signer(),
    )


def _release_public(
    world: World, document: Mapping[str, Any], person: str, now: datetime
) -> tuple[Decision, Passport, bytes]:
    """The border decision on the public view, and the claim file made of what may leave.

    Raises:
        Refused: the border room withholds a part; a passport is whole or not at all.
    """
    context = Context(
        decision_id=world.identifiers.urn_uuid(),
        origin=world.node.jurisdiction,
        destination=PUBLIC.jurisdiction,
        recipient=PUBLIC,
        purpose=PURPOSE,
        agreement=None,
        at=now,
        counters=None,  # nothing personal is public, so no counter can change
        person=person,
    )
    decision = decide(document, context, catalogue_for(document["kind"]), packaged_packs())
    if decision.stays or decision.minimised:
        raise Refused(
            finding("passport.border-withheld", Place(pointer=f.path), path=f.path)
            for f in (*decision.stays, *decision.minimised)
        )
    claim = _signed(world, decision.view, now)
    content = canonical_bytes(
        {
            "saltbridge": claim.type.value,
            "jws": claim.jws,
            "did_document": dict(world.keyring.did_document()),
        }
    )
    return decision, claim, content
