"""The footprint record, and factors out of a supplier's document."""

from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.record import footprint_record
from saltbridge.footprint.supplier_records import supplier_factors
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

MEMBERS = {
    "type", "product", "plant", "period", "methodology", "unit", "unit_of_product",
    "total_kg_co2e", "declared", "stages", "stages_declared", "coverage",
    "primary_data_share", "data_quality", "range_kg_co2e", "holes", "lines", "rules",
    "rules_not_loaded", "assumptions", "findings", "significant_digits", "stage_confidence",
    "cut_off", "biogenic",
}  # fmt: skip


def test_the_record_holds_what_other_rooms_read() -> None:
    what = inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 288.0),
        row("pack", "input", "steel", 12.0),
    )
    result = footprint(what, factor("cell", 10.0), methodology="eu-cfb@draft-2024-04")
    record = footprint_record(result, what, "estimate")
    assert set(record) == MEMBERS
    assert record["type"] == "estimate"
    assert record["methodology"]["status"] == "draft"
    assert record["unit"] == {"kind": "functional", "amount": 28800.0, "unit": "kWh"}
    assert record["declared"] == {"value": 0.1, "unit": "kg CO2e/kWh"}
    assert record["stages"]["main_production"] == record["total_kg_co2e"] == 2880.0
    assert record["stages_declared"]["main_production"] == 0.1
    assert set(record["stages"]) == {
        "raw_material_acquisition", "main_production", "distribution", "end_of_life",
    }  # fmt: skip
    assert record["coverage"] == {
        "mass_share": pytest.approx(0.96),
        "mass_without_factor_kg": 12.0,
    }
    (line,), (hole,) = record["lines"], record["holes"]
    assert line["kg_co2e"] == line["amount"] * line["factor"]["value"]
    assert (hole["flow"], hole["reason"], hole["mass_kg"]) == ("steel", "no_factor", 12.0)
    bounds = record["range_kg_co2e"]
    assert bounds["low"] == pytest.approx(2880.0 + hole["low_kg_co2e"])
    canonical_bytes(record)


def test_a_gate_record_has_only_the_stages_of_its_boundary() -> None:
    what = inventory(process("pack"), row("pack", "input", "cell", 1.0))
    record = footprint_record(footprint(what, factor("cell", 10.0)), what, "declaration")
    assert set(record["stages"]) == {"raw_material_acquisition", "main_production"}


def test_a_stage_is_as_sure_as_its_weakest_factor() -> None:
    what = inventory(
        process("pack"), row("pack", "input", "cell", 1.0), row("pack", "input", "steel", 1.0)
    )
    factors = (
        factor("cell", 10.0),
        factor("steel", 2.0, confidence=Confidence.ILLUSTRATIVE),
    )
    record = footprint_record(footprint(what, *factors), what, "estimate")
    assert record["stage_confidence"] == {"main_production": "illustrative"}


def pcf(**change: Any) -> dict[str, Any]:
    record = {
        "id": "r1", "flow": "LiPF6", "unit": "kg", "location": "CN", "kg_co2e_per_unit": 12.0,
        "period": {"start": "2025-01-01", "end": "2025-12-31"}, "primary_data_share": 80,
        "TeR": 2, "confidence": "measured",
    }  # fmt: skip
    return {"kind": "pcf", "illustrative": False, "records": [{**record, **change}]}


def test_a_supplier_record_becomes_a_factor_with_its_origin() -> None:
    (found,), findings = supplier_factors(pcf(), supplier="BPNL1", digest="sha256:ab")
    assert not findings
    assert (found.supplier, found.record, found.year) == ("BPNL1", "sha256:ab", 2025)
    assert found.confidence is Confidence.MEASURED


def test_an_illustrative_document_stays_illustrative() -> None:
    document = {**pcf(), "illustrative": True}
    (found,), _ = supplier_factors(document, supplier="B", digest="d")
    assert found.confidence is Confidence.ILLUSTRATIVE


@pytest.mark.parametrize(
    "change",
    [
        {"kg_co2e_per_unit": -1},
        {"kg_co2e_per_unit": "12"},
        {"kg_co2e_per_unit": True},
        {"unit": "barrels"},
        {"flow": ""},
        {"primary_data_share": 120},
        {"TeR": 0},
    ],
)
def test_a_record_of_no_use_is_named_and_left_out(change: dict[str, Any]) -> None:
    found, findings = supplier_factors(pcf(**change), supplier="B", digest="d")
    assert found == ()
    assert [f.code for f in findings] == ["footprint.supplier-record"]
    assert findings[0].arguments["field"] == next(iter(change))
