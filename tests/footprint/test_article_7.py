"""The seven items of Article 7 and the Chinese filing: complete, or every obstacle at once."""

from dataclasses import replace
from datetime import date

import pytest

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.article_7 import DeclarationFacts, article_7, signed_as
from saltbridge.footprint.declare.filing_cn import filing_cn
from saltbridge.footprint.model import Inventory, Operator, Plant, Stage
from saltbridge.footprint.result import AppliedRule, CarbonFootprint
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

FACTS = DeclarationFacts(
    declaration_of_conformity="DoC-2027-001",
    study_link="https://maker.example/study",
    placed_on_market=date(2027, 3, 1),
)


def battery() -> Inventory:
    what = inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 300.0, stage=Stage.RAW_MATERIAL),
        row("pack", "input", "glue", 1.0),
        row("pack", "input", "truck", 150.0, stage=Stage.DISTRIBUTION),
        row("pack", "waste", "old pack", 400.0, stage=Stage.END_OF_LIFE),
    )
    return replace(
        what,
        operator=Operator(name="Maker", address="1 Road", country="CN"),
        plant=Plant(id="p1", name="Plant 1", country="CN", address="2 Road"),
        product=replace(what.product, chemistry="NMC", manufacturer_part_id="M-1"),
    )


def under_a_law(methodology: str = "eu-cfb") -> CarbonFootprint:
    """A footprint without holes under an edition that is in force and was read: no such
    edition exists today, so its marks are set here."""
    prices = [
        factor("cell", 10.0),
        factor("glue", 5.0),
        factor("truck", 0.1),
        factor("old pack", 0.5),
    ]
    made = footprint(battery(), *prices, methodology="eu-cfb@draft-2024-04")
    read = tuple(
        AppliedRule(id=r.id, value=r.value, citation="OJ", confidence=Confidence.READ)
        for r in made.rules
    )
    edition = Edition("act", EditionStatus.IN_FORCE, date(2026, 1, 1), "an act")
    return replace(
        made,
        methodology=methodology,
        edition=edition,
        rules=read,
        findings=tuple(f for f in made.findings if "company" not in f.code),
    )


def test_seven_items() -> None:
    """Hand: (3000 + 5 + 15 + 200) / 28,800 kWh."""
    made = article_7(under_a_law(), battery(), FACTS)
    assert [f.code for f in made.obstacles] == []
    said = made.content
    assert said["type"] == "article-7-declaration"
    assert said["a_manufacturer"]["name"] == "Maker"
    assert said["b_battery_model"]["id"] == "M-1"
    assert said["c_plant"]["address"] == "2 Road"
    assert said["d_carbon_footprint"] == {"value": 0.112, "unit": "kg CO2e/kWh"}
    assert said["e_stages"]["values"] == {
        "raw_material_acquisition": 0.104,
        "main_production": pytest.approx(5 / 28800, rel=5e-3),
        "distribution": pytest.approx(15 / 28800, rel=5e-3),
        "end_of_life": pytest.approx(200 / 28800, rel=5e-3),
    }
    assert said["f_declaration_of_conformity"] == "DoC-2027-001"
    assert said["g_study"] == "https://maker.example/study"
    assert said["unread"], "what was not read is part of the declaration"


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (DeclarationFacts(), ["declare.no-market-day"] + ["declare.item-missing"] * 2),
        (replace(FACTS, placed_on_market=None), ["declare.no-market-day"]),
        (replace(FACTS, study_link="http://maker.example"), ["declare.study-link"]),
    ],
)
def test_what_is_missing_is_said_at_once(facts: DeclarationFacts, codes: list[str]) -> None:
    made = article_7(under_a_law(), battery(), facts)
    assert [f.code for f in made.obstacles] == codes
    assert made.content["type"] == "article-7-draft"


def test_missing_places_another_rule_set_and_another_category() -> None:
    what = battery()
    bare = replace(
        what,
        operator=Operator(name=""),
        plant=replace(what.plant, address=""),
        product=replace(what.product, category="sli"),
    )
    made = article_7(under_a_law("cn-miit-551"), bare, FACTS)
    codes = [f.code for f in made.obstacles]
    assert codes.count("declare.item-missing") == 2
    assert {"declare.other-methodology", "declare.category"} <= set(codes)


def test_a_draft_edition_or_a_hole_is_never_a_declaration() -> None:
    law = under_a_law()
    draft = replace(law, edition=replace(law.edition, status=EditionStatus.DRAFT))
    assert article_7(draft, battery(), FACTS).content["type"] == "article-7-draft"
    holed = footprint(battery(), factor("cell", 10.0), methodology="eu-cfb@draft-2024-04")
    made = article_7(holed, battery(), FACTS)
    assert not made.complete and any("hole" in f.code for f in made.obstacles)


def test_a_complete_document_nobody_signed_says_so_in_its_type() -> None:
    complete = article_7(under_a_law(), battery(), FACTS)
    unsigned = signed_as(complete, "").content
    assert unsigned["type"] == "article-7-unsigned"
    assert "no declaration" in unsigned["unsigned"] and unsigned["signed_as"] is None
    signed = signed_as(complete, "urn:uuid:1").content
    assert (signed["type"], signed["signed_as"]) == ("article-7-declaration", "urn:uuid:1")
    assert "unsigned" not in signed
    product = replace(battery().product, rated_capacity_ah=150.0, nominal_voltage_v=400.0)
    filing = filing_cn(
        under_a_law("cn-miit-551"),
        replace(battery(), product=product),
        replace(FACTS, verified_by="a third party"),
    )
    assert signed_as(filing, "").content["type"] == "cn-filing-unsigned"
    draft = article_7(under_a_law(), battery(), DeclarationFacts())
    assert signed_as(draft, "") is draft


def test_chinese_filing() -> None:
    law = under_a_law("cn-miit-551")
    product = replace(battery().product, rated_capacity_ah=150.0, nominal_voltage_v=400.0)
    whole = replace(battery(), product=product)
    made = filing_cn(law, whole, replace(FACTS, verified_by="a third party"))
    assert [f.code for f in made.obstacles] == []
    assert made.content["type"] == "cn-filing"
    assert made.content["total_energy_kwh"] == 28800.0
    assert made.content["stages"]["distribution"]["kg_co2e"] == 15.0
    assert "not read" in made.content["form"]
    bare = replace(whole, operator=Operator(name=""), plant=replace(whole.plant, address=""))
    refused = filing_cn(law, bare, DeclarationFacts(verified_by="a third party"))
    assert [f.arguments.get("where") for f in refused.obstacles] == [
        None,  # the day
        "/operator/name",
        "/operator/address",
        "/plant/address",
    ]
    small = replace(battery(), product=replace(battery().product, usable_energy_kwh=1.5))
    refused = filing_cn(law, small, FACTS)
    assert {f.code for f in refused.obstacles} == {
        "declare.below-filing",
        "declare.item-missing",
    }
