"""The three walks of docs/map.md, over three nodes that were separate processes.

The fixture runs the demo as a person would; these tests look at what the nodes kept.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import pytest

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.passport.attributes import attribute_table
from saltbridge.trust.claims import Estimate, Receipt, verify

if TYPE_CHECKING:
    from tests.flows.conftest import Walked

pytestmark = pytest.mark.full("a minute for the whole demo")

SUPPLIER, CELLS, CARS = "material-supplier", "cell-maker", "carmaker"
EU_DRAFT = {"id": "eu-cfb", "edition": "draft-2024-04"}


def _eu_footprint(walked: Walked) -> dict[str, Any]:
    for stored in walked.all(CELLS, "footprint"):
        methodology = stored["record"]["methodology"]
        if {k: methodology[k] for k in EU_DRAFT} == EU_DRAFT:
            return stored
    raise AssertionError("the cell maker kept no footprint under the EU draft")


def test_the_demo_says_what_it_promises(walked: Walked) -> None:
    said = walked.said
    assert said["ok"] is True
    assert all(step["ok"] and step["seconds"] >= 0 for step in said["steps"])
    assert [step["name"] for step in said["steps"]][:3] == [
        "nodes",
        "credentials",
        "holes",
    ]
    assert set(said["credentials"]) == {
        "MembershipCredential",
        "BpnCredential",
        "DataExchangeGovernanceCredential",
    }
    footprint = said["footprint"]
    assert (footprint["methodology"], footprint["edition"]) == tuple(EU_DRAFT.values())
    assert footprint["kind"] == "estimate"
    assert footprint["total_kg_co2e"] > 100
    assert footprint["declared"]["value"] > 0 and footprint["declared"]["unit"] == "kg CO2e/kWh"
    assert set(footprint["stages"]) == {
        "raw_material_acquisition",
        "main_production",
        "distribution",
        "end_of_life",
    }
    assert said["holes"] and all(hole["flow"] and hole["amount"] for hole in said["holes"])
    assert said["passports_issued"] == 3
    assert said["manifest"]["left"] and said["manifest"]["stayed"]
    assert said["delivery"]["verified"] is True
    assert len(said["delivery"]["checks"]) >= 6
    proof = said["proof"]
    assert proof["statement"] == "verified"
    assert 0 <= proof["entry"] < proof["size"]
    assert said["urls"]["cars"].rpartition(":")[2] in proof["witnesses"]
    assert said["urls"]["passport"].startswith("http://127.0.0.1:")


def test_walk_one_activity_data_to_footprint(walked: Walked) -> None:
    stored = _eu_footprint(walked)
    record = stored["record"]
    assert record["holes"] == []
    lines = math.fsum(line["kg_co2e"] for line in record["lines"])
    assert record["total_kg_co2e"] == pytest.approx(lines, rel=1e-12)
    assert math.fsum(record["stages"].values()) == pytest.approx(lines, rel=1e-12)
    for line in record["lines"]:
        kg = line["amount"] * line["factor"]["value"]
        assert line["kg_co2e"] == pytest.approx(kg, rel=1e-12, abs=1e-12)
        assert line["factor"]["source"] and line["factor"]["licence"]
    per_kwh = record["total_kg_co2e"] / record["unit"]["amount"]
    assert record["declared"]["value"] == float(f"{per_kwh:.3g}")  # the rule's three digits
    with walked.world(CELLS) as world:
        document = world.keyring.did_document()
        estimate = verify(Estimate(stored["claim"]), document)
        receipt = verify(Receipt(stored["receipt"]), document)
        with world.store.reading() as work:
            assert len(work.leaf_hashes()) >= 3
    assert estimate.content == record
    assert receipt.content["footprint_digest"] == digest(canonical_bytes(record))
    assert receipt.content["methodology"] == "eu-cfb"
    assert receipt.content["supplier_records"], "the supplier's records are not in the receipt"


def test_walk_two_footprint_to_passport_page(walked: Walked) -> None:
    passports = walked.all(CARS, "passport")
    assert len(passports) == 3
    public = {a.id for a in attribute_table().values() if a.point == 1}
    for url in walked.said["urls"]["passports"].values():
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/01/\d{14}/21/[\w.-]+", url)
    for release in walked.all(CARS, "decision"):
        if release["document_kind"] != "passport-public-view":
            continue
        left = " ".join(f["path"] for f in release["fields"] if f["decision"] != "stay")
        assert set(re.findall(r"A\d{3}", left)) <= public
    # The declaration may not be filled in yet: no carbon-footprint attribute among the values.
    assert b"A049" not in b" ".join(canonical_bytes(p.get("values", {})) for p in passports)


def test_walk_three_carmaker_asks_border_decides_delivery_is_verified(walked: Walked) -> None:
    for company in (CELLS, CARS):
        states = {n["state"] for n in walked.all(company, "negotiation")}
        assert states == {"FINALIZED"}, (company, states)
    (delivery,) = walked.all(CARS, "delivery")
    assert [check["ok"] for check in delivery["checks"]] == [True] * len(delivery["checks"])
    (decision,) = [
        d
        for d in walked.all(CELLS, "decision")
        if d["document_kind"] == "battery-supplier-record"
    ]
    assert decision["digest"] == delivery["digest"]
    assert decision["verdict"] == "released"
    assert (decision["origin"], decision["destination"]) == ("CN", "EU")
    agreements = [{a["id"] for a in walked.all(c, "agreement")} for c in (CELLS, CARS)]
    assert agreements[1] <= agreements[0] and delivery["agreement_id"] in agreements[1]


def test_nothing_restricted_reached_the_next_company(walked: Walked) -> None:
    """The supplier's canaries stay with it; the cell maker's recipe stays in China."""
    assert b"KANARI" in walked.stored_bytes(SUPPLIER)
    assert b"KANARI" not in walked.stored_bytes(CELLS)
    assert b"KANARI" not in walked.stored_bytes(CARS)
    lines = _eu_footprint(walked)["record"]["lines"]
    held = walked.stored_bytes(CARS)
    recipe = {repr(line["amount"]) for line in lines if len(repr(line["amount"])) > 12}
    assert len(recipe) > 20
    assert [amount for amount in recipe if amount.encode() in held] == []
    processes = {line["process"] for line in lines}
    assert "boiler-components" in processes and b"boiler-components" not in held


def test_nodes_share_no_key(walked: Walked) -> None:
    keys = [
        (walked.folder / c / "keys" / name).read_bytes()
        for c in (SUPPLIER, CELLS, CARS)
        for name in ("key-1.sealed", "vault.toml")
    ]
    assert len(set(keys)) == 6
    assert not list(walked.folder.rglob("*.pem"))
