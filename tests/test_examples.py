"""The shipped examples: every one parses, names its sources, and gives what its notes say."""

import csv
import json
import tomllib
from datetime import date
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters.factors.library import Library
from saltbridge.core.finding import errors_in
from saltbridge.core.identifiers import is_bpn, is_gtin14, is_urn_uuid
from saltbridge.core.provenance import Confidence
from saltbridge.core.quantity import is_unit
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.check import check_inventory
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import Direction, EmissionFactor, Inventory, Stage
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.footprint.supplier_records import supplier_factors
from saltbridge.formats.inventory_folder import parse_folder

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NMC111 = EXAMPLES / "nmc111-pack"
INVENTORIES = sorted(p.parent for p in EXAMPLES.rglob("inventory.toml"))


def read(folder: Path) -> Inventory:
    names = [p for p in folder.iterdir() if p.name == "inventory.toml" or p.suffix == ".csv"]
    inventory, findings = parse_folder({p.name: p.read_bytes() for p in names})
    assert not errors_in(findings), findings
    assert inventory is not None
    return inventory


def test_all_five_inventories_are_there() -> None:
    names = {str(folder.relative_to(EXAMPLES)) for folder in INVENTORIES}
    assert names == {
        "nmc111-pack",
        "nmc622-pack",
        "nmc811-pack",
        "lfp-pack",
        "partners/carmaker/distribution",
    }


@pytest.mark.parametrize("folder", INVENTORIES, ids=lambda f: f.name)
def test_an_example_is_sound_and_says_where_it_comes_from(folder: Path) -> None:
    inventory = read(folder)
    assert not errors_in(check_inventory(inventory))
    assert inventory.licence and inventory.sources and inventory.factor_sets
    for row in (*inventory.processes, *inventory.exchanges, *inventory.factors):
        assert row.source and row.licence, row.place
        assert "NC" not in row.licence and "ODbL" not in row.licence, row.place
        assert row.confidence is not Confidence.MEASURED, row.place  # nobody measured these
        assert is_unit(row.unit), row.place
    if folder.parent == EXAMPLES:
        assert "licen" in (folder / "SOURCES.md").read_text("utf-8").lower() or (
            "**CC BY" in (folder / "SOURCES.md").read_text("utf-8")
            or "**BSD" in (folder / "SOURCES.md").read_text("utf-8")
        )


def test_companies_are_marked_fictitious_and_carry_valid_numbers() -> None:
    for folder in INVENTORIES:
        inventory = read(folder)
        assert "fictitious" in inventory.operator.name
        assert is_bpn(inventory.operator.bpn)
        assert all("fictitious" in s.name and is_bpn(s.bpn) for s in inventory.suppliers)
    assert is_gtin14(read(NMC111).product.gtin)


def test_lci_01_mass_balance_of_the_pack() -> None:
    # LCI-01 (computed from the source table): inputs of 1 kg of pack sum to 1.001212 kg.
    rows = [x for x in read(NMC111).exchanges if x.process == "pack" and x.unit == "kg"]
    assert all(x.direction is Direction.INPUT for x in rows)
    assert fsum(x.amount for x in rows) == pytest.approx(1.001212, abs=5e-7)


def test_nmc111_keeps_every_amount_of_its_source(shared: Path) -> None:
    with (shared / "data/lci_nmc111_cfbev.csv").open(encoding="utf-8", newline="") as text:
        source = [float(row["amount"]) for row in csv.DictReader(text)]
    taken = [x.amount for x in read(NMC111).exchanges if "Crenna" in x.source]
    assert taken == source and len(source) == 90


def test_aluminium_and_copper_that_go_in_come_out_as_scrap() -> None:
    inventory = read(NMC111)
    result = footprint(inventory, ())
    runs = result.detail["runs"]
    for material in ("aluminium", "copper", "steel"):
        rows = [x for x in inventory.exchanges if x.circular == material]
        taken = fsum(x.amount * runs[x.process] for x in rows if x.direction is Direction.INPUT)
        given = fsum(x.amount * runs[x.process] for x in rows if x.direction is Direction.WASTE)
        assert taken == pytest.approx(given, rel=1e-4) and taken > 0


def supplier_records() -> tuple[EmissionFactor, ...]:
    """The records as the account room takes them from a delivery of the named supplier."""
    (supplier,) = read(NMC111).suppliers
    factors, findings = supplier_factors(pcf(), supplier=supplier.bpn, digest="sha256:0")
    assert findings == ()
    return factors


EU_DRAFT, CATENA_X, DAY = "eu-cfb@draft-2024-04", "catena-x-pcf@v4", date(2026, 11, 23)


def pcf() -> dict[str, Any]:
    path = EXAMPLES / "partners/material-supplier/pcf.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def footprint(
    inventory: Inventory, records: tuple[EmissionFactor, ...], methodology: str = EU_DRAFT
) -> CarbonFootprint:
    library = Library()
    return calculate(
        inventory,
        *choose(methodology, DAY),
        [library.factor_set(name) for name in inventory.factor_sets],
        supplier_factors=records,
    )


def test_the_holes_of_nmc111_are_exactly_what_the_supplier_delivers() -> None:
    holes = {hole.flow for hole in footprint(read(NMC111), ()).holes}
    assert holes == {record["flow"] for record in pcf()["records"]}


def test_before_delivery_the_holes_have_a_range_and_after_it_there_is_none() -> None:
    inventory = read(NMC111)
    before = footprint(inventory, ())
    assert len(before.holes) == 58 and before.range_kg_co2e is not None
    low, high = before.range_kg_co2e
    after = footprint(inventory, supplier_records())
    assert after.holes == ()
    assert low < after.total_kg_co2e < high
    assert footprint(inventory, supplier_records(), CATENA_X).holes == ()


def test_the_mass_without_a_factor_is_what_the_notes_say() -> None:
    # hand: 1.546 kg of inputs per kg of pack up to the gate, 1.420 kg of them without factor.
    inventory = read(NMC111)
    assert inventory.product.mass_kg is not None
    coverage = footprint(inventory, (), CATENA_X).detail["coverage"]
    assert coverage.mass_kg / inventory.product.mass_kg == pytest.approx(1.546, abs=5e-4)
    missing = coverage.mass_without_factor_kg / inventory.product.mass_kg
    assert missing == pytest.approx(1.420, abs=5e-4)


def test_the_stages_of_nmc111_lie_in_the_order_of_the_published_case() -> None:
    # published: raw material > main production > distribution > 0 > end of life.
    result = footprint(read(NMC111), supplier_records())
    raw, main, distribution, end = (result.stage_kg_co2e(stage) for stage in Stage)
    assert raw > main > distribution > 0 > end
    assert fsum((raw, main, distribution, end)) == pytest.approx(result.total_kg_co2e)


def test_supplier_records_are_labelled_illustrative_to_the_last_one() -> None:
    document = pcf()
    assert document["kind"] == "pcf" and document["illustrative"] is True
    for record in document["records"]:
        assert is_urn_uuid(record["id"])
        assert record["confidence"] == "illustrative" and "illustrative" in record["source"]
        assert record["low"] < record["kg_co2e_per_unit"] < record["high"]
        assert is_unit(record["unit"])
        # The canaries of the border tests: present here, absent abroad.
        assert any("KANARI" in name for name in record["sub_suppliers"])
        assert record["electricity_kwh_per_unit"] > 0
    assert len({record["id"] for record in document["records"]}) == len(document["records"])


def test_the_carmaker_prices_its_own_distribution() -> None:
    result = footprint(read(EXAMPLES / "partners/carmaker/distribution"), ())
    assert result.holes == ()
    # hand: 108.9132 tkm x (0.079876 + 0.027224 x 0.6) + 3300.4 tkm x (0.01598
    #       + 0.0049263 x 0.45) + CH4 and N2O (0.50 kg) = 71.0 kg
    assert result.stage_kg_co2e(Stage.DISTRIBUTION) == pytest.approx(71.03, abs=0.05)
    assert result.total_kg_co2e == result.stage_kg_co2e(Stage.DISTRIBUTION)


def test_the_operator_of_the_carmaker_is_the_one_of_its_inventory() -> None:
    with (EXAMPLES / "partners/carmaker/operator.toml").open("rb") as text:
        operator = tomllib.load(text)["operator"]
    own = read(EXAMPLES / "partners/carmaker/distribution").operator
    assert (operator["name"], operator["bpn"]) == (own.name, own.bpn)
    assert operator["illustrative"] is True
