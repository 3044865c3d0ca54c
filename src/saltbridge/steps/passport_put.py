"""Everything of one new passport beside its first version: record, address, registration."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.passport.attributes import applies_from
from saltbridge.passport.model import ItemPassport
from saltbridge.ports import OutboxEntry, UnitOfWork, World

REGISTRY_CLOSED: Final = "registry-accepts-batteries: pending"


def put_passport(
    world: World,
    work: UnitOfWork,
    passport: ItemPassport,
    version: Mapping[str, Any],
    now: datetime,
    *,
    model: str = "",
) -> None:
    """Store a passport whose first version was written; its registration waits.

    Raises:
        StaleWrite: there is a passport with this id, or at this address.
    """
    digest = version["claim_digest"]
    record = {
        "id": passport.id,
        "product_id": passport.product_id,
        "gtin": passport.gtin,
        "serial": passport.serial,
        "category": passport.category,
        "model": model,
        "placed_on_market": passport.placed_on_market.isoformat(),
        "issued_at": passport.issued_at,
        "status": "active",
        "registration": REGISTRY_CLOSED,
        "version": passport.version,
        "claim_digest": digest,
        "public": version["public"],
    }
    body = canonical_bytes(record)
    work.put("passport", passport.id, body, expected_version=0)
    address = canonical_bytes({"passport_id": passport.id})
    here = f"{passport.gtin}/{passport.serial}"
    work.put("passport-address", here, address, expected_version=0)
    work.append_leaf("passport.issued", passport.id, body)
    registration = {
        "passport_id": passport.id,
        "product_id": passport.product_id,
        "operator": passport.issuer.bpn or passport.issuer.did,
        "claim_digest": digest,
    }
    start = applies_from("passport", passport.category)
    work.enqueue(
        OutboxEntry(
            id=world.identifiers.urn_uuid(),
            kind="registry",
            body=canonical_bytes(registration),
            ordering_key=passport.id,
            due_at=now if start is None else max(now, datetime.combine(start, time(), UTC)),
            last_error=REGISTRY_CLOSED,
        )
    )
