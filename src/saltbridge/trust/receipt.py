"""What a receipt says: the digests of what went into a calculation and of what came out.

Whoever holds the inputs can show later that they are the ones; whoever holds only the
declared value can show that it is the one that was worked out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.trust.did import from_iso, iso


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """Digests are ``sha256:<hex>`` of RFC 8785 bytes."""

    inputs_digest: str
    factor_sets: Mapping[str, str]  # id → digest
    supplier_records: tuple[str, ...]  # digests of the records that fed the calculation
    methodology: str
    edition: str
    declared: Mapping[str, Any] | None  # value and unit, as rounded by the rule set
    declared_digest: str
    footprint_digest: str
    period: Mapping[str, str]  # start, end (ISO dates)
    made_at: datetime


def receipt_for(
    footprint: Mapping[str, Any],
    *,
    inputs_digest: str,
    factor_sets: Mapping[str, str],
    supplier_records: Sequence[str],
    made_at: datetime,
) -> ReceiptContent:
    """The receipt of a footprint record, its digests taken here and nowhere else.

    Raises:
        KeyError: the record names no methodology or period.
        FaultyJson: the record is not JSON.
    """
    return ReceiptContent(
        inputs_digest=inputs_digest,
        factor_sets=dict(factor_sets),
        supplier_records=tuple(supplier_records),
        methodology=footprint["methodology"]["id"],
        edition=footprint["methodology"]["edition"],
        declared=footprint.get("declared"),
        declared_digest=value_digest(footprint.get("declared")),
        footprint_digest=value_digest(dict(footprint)),
        period=dict(footprint["period"]),
        made_at=made_at,
    )


def value_digest(value: Any) -> str:
    """Digest of the RFC 8785 bytes of a JSON value."""
    return digest(canonical_bytes(value))


def render_receipt(receipt: ReceiptContent) -> dict[str, Any]:
    """The receipt as JSON."""
    return {
        "inputs_digest": receipt.inputs_digest,
        "factor_sets": dict(receipt.factor_sets),
        "supplier_records": list(receipt.supplier_records),
        "methodology": receipt.methodology,
        "edition": receipt.edition,
        "declared": None if receipt.declared is None else dict(receipt.declared),
        "declared_digest": receipt.declared_digest,
        "footprint_digest": receipt.footprint_digest,
        "period": dict(receipt.period),
        "made_at": iso(receipt.made_at),
    }


def parse_receipt(content: Mapping[str, Any], name: str = "") -> ReceiptContent:
    """The receipt in the content of a signed claim.

    Raises:
        FaultyInput: a member is missing or of the wrong type; all findings at once.
    """
    kinds: dict[str, type | tuple[type, ...]] = {
        "inputs_digest": str,
        "factor_sets": dict,
        "supplier_records": list,
        "methodology": str,
        "edition": str,
        "declared": (dict, type(None)),
        "declared_digest": str,
        "footprint_digest": str,
        "period": dict,
        "made_at": str,
    }
    faults: list[Finding] = [
        finding("trust.receipt-member", Place(name, pointer=f"/{member}"), member=member)
        for member, kind in kinds.items()
        if member not in content or not isinstance(content[member], kind)
    ]
    if faults:
        raise FaultyInput(faults)
    try:
        made_at = from_iso(content["made_at"])
    except ValueError as fault:
        place = Place(name, pointer="/made_at")
        raise FaultyInput([finding("trust.receipt-member", place, member="made_at")]) from fault
    return ReceiptContent(
        **{
            member: content[member] for member in kinds.keys() - {"made_at", "supplier_records"}
        },
        supplier_records=tuple(content["supplier_records"]),
        made_at=made_at,
    )
