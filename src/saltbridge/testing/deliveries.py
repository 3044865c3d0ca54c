"""A battery supplier record as it lies, verified, in a carmaker's store: for tests."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.identifiers import did_web
from saltbridge.formats.item_list import parse_item_list
from saltbridge.ports import NodeProfile, World
from saltbridge.testing.builders import NOON, BuiltKeyring, memory_world, node_profile
from saltbridge.trust.claims import SupplierRecord, sign
from saltbridge.trust.did import iso

FOOTPRINT: Mapping[str, Any] = {
    "type": "estimate",
    "total_kg_co2e": 1700.0,
    "unit": {"kind": "functional", "amount": 11520.0, "unit": "kWh"},
    "unit_of_product": "1 piece",
    "methodology": {
        "id": "eu-cfb",
        "edition": "draft-2024-04",
        "title": "Carbon footprint of EV batteries, draft delegated act",
        "status": "draft",
    },
    "period": {"start": "2025-01-01", "end": "2025-12-31"},
    "stages": {
        "raw_material_acquisition": 1300.0,
        "main_production": 420.0,
        "distribution": 30.0,
        "end_of_life": -50.0,
    },
    "coverage": {"mass_share": 0.996, "mass_without_factor_kg": 0.6},
    "primary_data_share": 34.0,
    "data_quality": {"TeR": 2.0, "GeR": 2.0, "TiR": 2.0, "DQR": 2.0},
    "range_kg_co2e": {"low": 1690.0, "high": 1760.0},
}

DISTRIBUTION: Mapping[str, Any] = {
    "type": "estimate",
    "total_kg_co2e": 62.5,
    "methodology": FOOTPRINT["methodology"],
    "stages": {
        "raw_material_acquisition": 0.0,
        "main_production": 0.0,
        "distribution": 62.5,
        "end_of_life": 0.0,
    },
    "lines": [
        {"stage": "distribution", "kg_co2e": 62.5, "factor": {"confidence": "secondary"}},
    ],
}


def battery_record(
    attributes: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    footprint: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A battery supplier record of the NMC111 example, with these attributes and items."""
    return {
        "kind": "battery-supplier-record",
        "product": {
            "id": "NMC111-24",
            "name": "NMC111 EV battery pack 24 kWh",
            "category": "ev",
            "chemistry": "NMC111",
            "mass_kg": 165.02,
            "gtin": "09521234567899",
        },
        "manufacturer": {
            "name": "Minjiang Cell Co., Ltd. (fictitious)",
            "bpn": "BPNL00000000CELL",
            "country": "CN",
        },
        "plant": {"id": "MJC-FZ1", "name": "Fuzhou plant 1", "country": "CN"},
        "footprint": dict(FOOTPRINT if footprint is None else footprint),
        "attributes": dict(attributes),
        "items": [dict(item) for item in items],
    }


def put_delivery(
    world: World,
    maker: NodeProfile,
    record: Mapping[str, Any],
    *,
    id: str = "urn:uuid:00000000-0000-4000-8000-0000000d3117",
    checks_ok: bool = True,
) -> str:
    """Put the record into the store as a delivery received from the maker; returns its id."""
    keyring = BuiltKeyring(maker.did)
    claim = sign(
        SupplierRecord,
        record,
        id="urn:uuid:00000000-0000-4000-8000-0000000c1a13",
        issued_at=NOON,
        issuer=maker.did,
        signer=keyring.signer(),
    )
    delivery = {
        "id": id,
        "transfer_id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "dataset_id": "urn:uuid:00000000-0000-4000-8000-000000000002",
        "provider": {"bpn": maker.bpn, "did": maker.did},
        "agreement_id": "urn:uuid:00000000-0000-4000-8000-000000000003",
        "digest": digest(claim.jws.encode()),
        "received_at": iso(NOON),
        "claim_type": "supplier-record",
        "checks": [{"number": 1, "name": "signature", "ok": checks_ok}],
        "claim": {
            "saltbridge": "supplier-record",
            "jws": claim.jws,
            "did_document": dict(keyring.did_document()),
        },
    }
    with world.store.unit_of_work() as work:
        work.put("delivery", id, canonical_bytes(delivery), expected_version=0)
    return id


def maker_profile() -> NodeProfile:
    """The cell maker whose records the tests receive."""
    return node_profile("cellmaker")


def carmaker_world(base_url: str = "http://127.0.0.1:8103") -> World:
    """A carmaker in the EU that has received nothing yet."""
    node = replace(
        node_profile("carmaker", jurisdiction="EU", port=8103),
        legal_name="Isarwerk Automobile AG (fictitious)",
        bpn="BPNL00000000OEM1",
        base_url=base_url,
        did=did_web(base_url),
    )
    return memory_world(node)


def example_record(examples: Path) -> dict[str, Any]:
    """The supplier record of the NMC111 example, with a footprint made for tests."""
    pack = examples / "nmc111-pack"
    facts = tomllib.loads((pack / "battery-facts.toml").read_text(encoding="utf-8"))
    items, _ = parse_item_list((pack / "items.csv").read_bytes(), "items.csv")
    return battery_record(facts["attributes"], items)


def example_request(examples: Path, serials: Sequence[str]) -> dict[str, Any]:
    """Members of the carmaker's ``IssueRequest``, on the first day of the passport duty."""
    path = examples / "partners" / "carmaker" / "passport" / "operator.toml"
    return {
        "delivery_id": "latest",
        "serials": serials,
        "facts": tomllib.loads(path.read_text(encoding="utf-8")),
        "placed_on_market": date(2027, 2, 18),
        "distribution": DISTRIBUTION,
    }
