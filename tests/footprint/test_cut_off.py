"""What is left without a factor, by mass and by emissions, against the rule set's limit."""

from typing import Any

import pytest

from saltbridge.footprint.cut_off import LeftOut, left_out
from saltbridge.footprint.declare.declaration import declaration_or_findings
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.record import footprint_record
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

CATENA, DRAFT, MIIT = "catena-x-pcf@v4", "eu-cfb@draft-2024-04", "cn-miit-551@2025-551"
CELL = factor("cell", 10.0)


def worked(*rows: Any, methodology: str = CATENA) -> CarbonFootprint:
    what = inventory(process("pack", unit="piece"), row("pack", "input", "cell", 99.0), *rows)
    return footprint(what, CELL, factor("glue", 1.0), methodology=methodology)


def share(found: CarbonFootprint, methodology: str) -> LeftOut:
    id, _, edition = methodology.partition("@")
    return left_out(found, methodologies()[id].rule_set(edition).cut_off)


@pytest.mark.parametrize(
    ("methodology", "of", "within"), [(CATENA, "emissions", True), (DRAFT, "mass", True)]
)
def test_both_shares_are_given_whatever_the_rule_measures(
    methodology: str, of: str, within: bool
) -> None:
    """Hand: 1 kg of 100 has no factor, exactly the 1 % of the draft; 990 kg CO2e are known."""
    found = worked(row("pack", "input", "steel billet", 1.0), methodology=methodology)
    (hole,) = found.holes
    assert hole.high_kg_co2e is not None
    left = share(found, methodology)
    assert left.mass == pytest.approx(0.01)
    assert left.emissions == pytest.approx(hole.high_kg_co2e / (990 + hole.high_kg_co2e))
    assert left.rule is not None and left.rule.of == of and left.within is within


def test_one_rule_refuses_what_the_other_lets_pass() -> None:
    """3 kg of steel: 2.9 % of the mass, below 1 % of the emissions."""
    rows = row("pack", "input", "steel billet", 3.0)
    assert share(worked(rows), CATENA).within
    assert not share(worked(rows, methodology=DRAFT), DRAFT).within


def test_what_cannot_be_told_is_not_within() -> None:
    no_mass = share(worked(row("pack", "input", "sensor", 1.0, "piece")), CATENA)
    assert no_mass.mass is None and no_mass.emissions is None and not no_mass.within
    unknown_rule = worked(row("pack", "input", "steel billet", 0.001), methodology=MIIT)
    left = share(unknown_rule, MIIT)
    assert left.rule is None and left.by_rule is None and not left.within


def test_nothing_left_out_is_within_any_rule() -> None:
    assert share(worked(methodology=MIIT), MIIT) == LeftOut(0.0, 0.0, None)
    assert share(worked(methodology=MIIT), MIIT).within


def test_a_declaration_above_the_cut_off_is_refused_with_the_holes() -> None:
    """Hand: 40 kg of steel and 30 of copper cannot be below 3 % of the emissions."""
    found = worked(
        row("pack", "input", "steel billet", 40.0), row("pack", "input", "copper", 30.0)
    )
    _, obstacles = declaration_or_findings(found)
    summary, *listed = [f for f in obstacles if "cut-off" in f.code or "hole" in f.code]
    assert summary.code == "footprint.cut-off-emissions"
    assert summary.arguments["share"] > summary.arguments["allowed"] == pytest.approx(3.0)
    assert {f.arguments["flow"] for f in listed} == {"steel billet", "copper"}
    assert all(f.arguments["low"] < f.arguments["high"] for f in listed)


def test_the_record_shows_shares_and_limit() -> None:
    what = inventory(
        process("pack"), row("pack", "input", "cell", 99.0), row("pack", "input", "steel", 1.0)
    )
    told = footprint_record(footprint(what, CELL), what, "estimate")["cut_off"]
    assert told["mass_share"] == pytest.approx(0.01) and told["of"] == "emissions"
    assert (told["allowed"], told["within"]) == (0.03, True)
    assert 0 < told["emission_share"] < 0.01
