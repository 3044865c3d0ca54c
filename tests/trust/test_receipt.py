"""A receipt holds the digests of a calculation, and loses none on the way."""

from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.testing.builders import NOON
from saltbridge.trust.receipt import parse_receipt, receipt_for, render_receipt, value_digest

FOOTPRINT: dict[str, Any] = {
    "type": "estimate",
    "methodology": {"id": "eu-cfb", "edition": "draft-2024-04"},
    "period": {"start": "2026-01-01", "end": "2026-12-31"},
    "declared": {"value": 76.3, "unit": "kg CO2e/kWh"},
    "total_kg_co2e": 5021.5,
}


def receipt(footprint: dict[str, Any] | None = None) -> Any:
    return receipt_for(
        footprint or FOOTPRINT,
        inputs_digest="sha256:01",
        factor_sets={"open-2026": "sha256:02"},
        supplier_records=["sha256:03"],
        made_at=NOON,
    )


def test_what_is_rendered_is_what_is_read() -> None:
    assert parse_receipt(render_receipt(receipt())) == receipt()
    without = receipt(FOOTPRINT | {"declared": None})
    assert parse_receipt(render_receipt(without)) == without


def test_the_digests_are_those_of_the_canonical_bytes() -> None:
    made = receipt()
    assert made.declared_digest == value_digest({"unit": "kg CO2e/kWh", "value": 76.3})
    assert made.footprint_digest == value_digest(FOOTPRINT)
    assert receipt(FOOTPRINT | {"total_kg_co2e": 1.0}).footprint_digest != made.footprint_digest


def test_every_missing_member_is_named_at_once() -> None:
    with pytest.raises(FaultyInput) as fault:
        parse_receipt({"methodology": 7}, "receipt.json")
    assert len(fault.value.findings) == len(render_receipt(receipt()))
    with pytest.raises(FaultyInput):
        parse_receipt(render_receipt(receipt()) | {"made_at": "yesterday"})
