"""Outgoing documents with a canary in every field that must not leave."""

import base64
from typing import Any

from saltbridge.core.canonical import canonical_bytes

STAGES = ("raw_material_acquisition", "main_production", "distribution", "end_of_life")


def canary(name: str) -> str:
    """A text no document contains by chance."""
    return f"CANARY-{name}-7f3c9a"


def line(stage: str, number: int, kg_co2e: float) -> dict[str, Any]:
    return {
        "stage": stage,
        "process": canary(f"process-{stage}-{number}"),
        "flow": canary(f"flow-{stage}-{number}"),
        "amount": 9876.54321 + number,
        "unit": canary("unit"),
        "term": "factor",
        "rule": canary("rule"),
        "kg_co2e": kg_co2e,
        "primary": True,
        "supplier": canary("line-supplier"),
        "file": canary("file"),
        "row": 424242,
        "factor": {
            "id": canary("factor-id"),
            "flow": canary("factor-flow"),
            "location": "CN",
            "value": 31.4159265,
            "unit": "kg",
            "source": canary("factor-source"),
            "licence": "CC BY 4.0",
            "confidence": "read",
        },
    }


def jws(payload: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    parts = (
        canonical_bytes(
            header
            or {"alg": "ES256", "kid": "did:web:cells.example#key-1", "typ": "saltbridge-x+jws"}
        ),
        canonical_bytes(payload),
        b"s" * 64,
    )
    return ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts)


def receipt(**more: Any) -> str:
    return jws(
        {
            "type": "receipt",
            "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
            "issuer": "did:web:cells.example",
            "issued_at": "2026-11-23T10:00:00Z",
            "content": {
                "inputs_digest": "sha256:" + "1" * 64,
                "factor_sets": {"saltbridge-open": "sha256:" + "2" * 64},
                "supplier_records": ["sha256:" + "3" * 64],
                "methodology": "eu-cfb",
                "edition": "draft-2024-04",
                "declared": {"value": 0.174, "unit": "kg CO2e/kWh"},
                "declared_digest": "sha256:" + "4" * 64,
                "footprint_digest": "sha256:" + "5" * 64,
                "period": {"start": "2025-01-01", "end": "2025-12-31"},
                "made_at": "2026-11-23T10:00:00Z",
                **more,
            },
        }
    )


def footprint() -> dict[str, Any]:
    lines = [line("raw_material_acquisition", n, 700.123456789 + n) for n in range(5)]
    lines += [line("main_production", n, 400.987654321 + n) for n in range(3)]
    lines += [line("end_of_life", n, 20.25) for n in range(2)]
    lines += [line("distribution", 0, 7.75)]
    totals = {s: sum(x["kg_co2e"] for x in lines if x["stage"] == s) for s in STAGES}
    return {
        "type": "estimate",
        "product": {"id": "SB-1", "name": "Pack", "category": "ev", "mass_kg": 253.0},
        "plant": {
            "id": "P1",
            "name": "Plant",
            "country": "CN",
            "province": "CN-JS",
            "address": canary("plant-address"),
        },
        "period": {"start": "2025-01-01", "end": "2025-12-31"},
        "methodology": {
            "id": "eu-cfb",
            "edition": "draft-2024-04",
            "title": "t",
            "status": "draft",
        },
        "unit": {"kind": "functional", "amount": 28800.0, "unit": "kWh"},
        "unit_of_product": "1 piece",
        "total_kg_co2e": sum(totals.values()),
        "declared": {"value": 0.174, "unit": "kg CO2e/kWh"},
        "stages": totals,
        "stages_declared": {s: v / 28800.0 for s, v in totals.items()},
        "coverage": {"mass_share": 0.98, "mass_without_factor_kg": 5.123456789},
        "primary_data_share": 40.0,
        "data_quality": {"TeR": 1.5, "GeR": 2.0, "TiR": 1.0, "DQR": 1.5},
        "range_kg_co2e": {"low": 5000.123456789, "high": 6000.987654321},
        "holes": [{"flow": canary("hole-flow"), "amount": 1.25, "file": canary("hole-file")}],
        "lines": lines,
        "rules": [{"id": "r", "value": "v", "citation": "c", "confidence": "read"}],
        "rules_not_loaded": [],
        "assumptions": {"yield": canary("assumption")},
        "findings": [{"code": "x", "arguments": {"flow": canary("finding")}, "place": "p"}],
    }


def attributes() -> dict[str, Any]:
    return {
        "A018": {"value": "SB-1", "unit": ""},
        "A028": {"value": {"city": "Liyang", "country": "CN"}},
        "A033": {"value": 253.0, "unit": "kg"},
        "A063": {"value": {"code": "NMC111", "name": "lithium nickel manganese cobalt oxide"}},
        "A065": {"value": [{"name": "cobalt", "component": "cathode", "mass_percent": 6.0}]},
        "A036": {"value": [{"date": "2026-01-01", "operator": canary("repair-operator")}]},
        "A094": {"value": canary("state-of-charge"), "unit": "%"},
        "A141": {"value": [{"url": canary("accident")}]},
        "X999": {"value": canary("unknown-attribute")},
    }


def battery_record() -> dict[str, Any]:
    return {
        "kind": "battery-supplier-record",
        "product": {
            "id": "SB-1",
            "name": "Pack",
            "category": "ev",
            "mass_kg": 253.0,
            "reference_process": canary("reference-process"),
        },
        "manufacturer": {
            "name": "Cells Ltd",
            "bpn": "BPNL00000000CELL",
            "address": "1 Cell Road",
            "country": "CN",
            "email": canary("email"),
        },
        "plant": {
            "id": "P1",
            "name": "Plant",
            "country": "CN",
            "province": "CN-JS",
            "address": canary("plant-address"),
            "coordinates": {"latitude": 31.123456, "longitude": 119.654321},
        },
        "footprint": footprint(),
        "receipt": receipt(),
        "attributes": attributes(),
        "items": [
            {
                "serial": f"SN{n}",
                "manufactured_on": "2026-10-01",
                "attributes": {
                    "A019": {"value": f"SN{n}"},
                    "A140": {"value": [{"type": canary("event"), "time": "t", "detail": "d"}]},
                },
                "line_operator": canary("line-operator"),
            }
            for n in range(2)
        ],
        "suppliers": [
            {
                "name": canary("supplier-name"),
                "bpn": canary("supplier-bpn"),
                "share": 0.4242,
                "contact": canary("contact"),
            }
        ],
        "evidence": [{"id": canary("evidence"), "file": canary("invoice")}],
    }


def pcf() -> dict[str, Any]:
    return {
        "kind": "pcf",
        "illustrative": True,
        "product_family": "cathode material",
        "records": [
            {
                "id": "pcf-1",
                "flow": "cathode active material",
                "unit": "kg",
                "location": "CN",
                "kg_co2e_per_unit": 21.5,
                "low": 18.0,
                "high": 26.0,
                "methodology": "catena-x-pcf@v4",
                "period": {"start": "2025-01-01", "end": "2025-12-31"},
                "primary_data_share": 60.0,
                "TeR": 1.0,
                "GeR": 1.0,
                "TiR": 2.0,
                "mass_kg_per_unit": 1.0,
                "source": "illustrative",
                "licence": "CC0-1.0",
                "confidence": "illustrative",
                "production_stages": {"calcination": {"yield": canary("yield")}},
                "electricity_kwh_per_unit": canary("electricity"),
                "sub_suppliers": [{"name": canary("sub-supplier")}],
            }
        ],
    }
