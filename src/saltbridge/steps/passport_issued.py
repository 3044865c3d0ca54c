"""What is stored beside the first version of a passport: record, address, registration.

Registration: the EU registry accepts no batteries yet (``passport/acts.csv``). The entry is
queued with that reason and is not due before the passport duty applies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any, Final

from saltbridge.core.finding import Finding
from saltbridge.core.piece import Piece, piece, whole
from saltbridge.passport.attributes import applies_from, attribute_table
from saltbridge.passport.model import ItemPassport
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps.passport_counted import counters_member
from saltbridge.steps.passport_plausible import made_member
from saltbridge.steps.passport_versions import WrittenVersion

REGISTRY_CLOSED: Final = "registry-accepts-batteries: pending"
ISSUED_LEAF: Final = "passport.issued"
_ALWAYS: Final = {"status": piece("active"), "registration": piece(REGISTRY_CLOSED)}


@dataclass(frozen=True, slots=True)
class RecordsOfIssue:
    """The bodies of the records of one issued passport, and its entry for the registry."""

    passport: bytes
    address: str  # id of the address record: GTIN/serial number
    at_address: bytes
    registration: OutboxEntry


def records_of_issue(
    world: World,
    passport: ItemPassport,
    claim_digest: str,
    public: Piece,
    origin: Mapping[str, Any],
    now: datetime,
    row: str = "",
) -> RecordsOfIssue:
    """What is stored for a passport whose first version was written.

    ``claim_digest`` and ``public`` are those of the version's record. ``origin`` names what it
    was composed from. ``row`` is the digest of everything that was asked for, where a run over
    a list may have to find out that it has done this one already.
    """
    digest = piece(claim_digest)
    body = {
        **_ALWAYS,
        "id": piece(passport.id),
        "product_id": piece(passport.product_id),
        "gtin": piece(passport.gtin),
        "serial": piece(passport.serial),
        "category": piece(passport.category),
        "model": piece(origin["supplier_record"]),
        "placed_on_market": piece(passport.placed_on_market.isoformat()),
        "issued_at": piece(passport.issued_at),
        "version": piece(passport.version),
        "claim_digest": digest,
        "public": public,
    }
    told = {**counters_member(passport.values, {}), **made_member(passport.values)}
    body |= {name: piece(value) for name, value in told.items()}
    asked = {
        "passport_id": body["id"],
        "product_id": body["product_id"],
        "operator": piece(passport.issuer.bpn or passport.issuer.did),
        "claim_digest": digest,
    }
    entry = OutboxEntry(
        id=world.identifiers.urn_uuid(),
        kind="registry",
        body=whole(asked).content,
        ordering_key=passport.id,
        due_at=_registration_due(passport.category, now),
        last_error=REGISTRY_CLOSED,
    )
    here = {"passport_id": body["id"], **({"row": piece(row)} if row else {})}
    address = f"{passport.gtin}/{passport.serial}"
    return RecordsOfIssue(whole(body).content, address, whole(here).content, entry)


def put_passport(
    world: World,
    work: UnitOfWork,
    passport: ItemPassport,
    written: WrittenVersion,
    origin: Mapping[str, Any],
    now: datetime,
) -> None:
    """Store a passport whose first version was written; its registration waits.

    Raises:
        StaleWrite: there is a passport with this id, or at this address.
    """
    public = piece(written.record["public"])
    records = records_of_issue(world, passport, written.claim.digest, public, origin, now)
    work.put("passport", passport.id, records.passport, expected_version=0)
    work.put("passport-address", records.address, records.at_address, expected_version=0)
    work.append_leaf(ISSUED_LEAF, passport.id, records.passport)
    work.enqueue(records.registration)


def placed(found: Finding, serial: str) -> Finding:
    """A finding about an item attribute names its battery; one about the model does not."""
    id = found.place.pointer.rpartition("/")[2]
    attribute = attribute_table().get(id)
    if attribute is not None and attribute.granularity == "item":
        return replace(found, place=replace(found.place, file=serial))
    return found


@lru_cache(maxsize=64)  # whatever a batch issues is due at the same time
def _registration_due(category: str, now: datetime) -> datetime:
    """Not before the passport duty itself applies."""
    start = applies_from("passport", category)
    return now if start is None else max(now, datetime.combine(start, time(), UTC))
