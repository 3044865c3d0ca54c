"""The registry of rule sets, and rules that nobody has read."""

from datetime import date

import pytest

from saltbridge.core.edition import EditionStatus, NoEditionInForce
from saltbridge.core.errors import FaultyInput
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.methodologies import choose, known, methodologies
from saltbridge.footprint.model import CircularTerms, Inventory
from saltbridge.footprint.result import HoleReason
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

DAY = date(2026, 11, 23)
MIIT = "cn-miit-551@2025-551"


def test_the_folder_is_the_registry() -> None:
    assert known() == (
        "catena-x-pcf@v4",
        "cn-miit-551@2025-551",
        "eu-cfb@annex-ii",
        "eu-cfb@draft-2024-04",
    )


def test_only_editions_in_force_are_chosen_by_date() -> None:
    assert choose("catena-x-pcf", DAY)[1].name == "v4"
    with pytest.raises(NoEditionInForce):
        choose("catena-x-pcf", date(2025, 8, 31))
    for pending in ("eu-cfb", "cn-miit-551"):
        with pytest.raises(NoEditionInForce):
            choose(pending, date(2030, 1, 1))


def test_drafts_are_chosen_by_name() -> None:
    methodology, edition = choose("eu-cfb@draft-2024-04", DAY)
    assert (methodology.id, edition.status) == ("eu-cfb", EditionStatus.DRAFT)
    assert edition.applies_from is None


@pytest.mark.parametrize("name", ["eu-cfb@2030", "pact", "", "@", "eu-cfb@"])
def test_an_unknown_name_lists_what_exists(name: str) -> None:
    with pytest.raises(FaultyInput) as caught:
        choose(name, DAY)
    (found,) = caught.value.findings
    assert found.code == "methodology.unknown"
    assert "eu-cfb@draft-2024-04" in str(found.arguments["known"])


def test_every_rule_names_its_text_and_what_is_open_is_listed() -> None:
    for methodology in methodologies().values():
        for rules in methodology.rule_sets:
            where = f"{methodology.id}@{rules.edition.name}"
            assert rules.rules and all(r.citation and r.value for r in rules.rules), where
            assert all(isinstance(r.confidence, Confidence) for r in rules.rules)
            not_loaded = {r.id for r in rules.rules_not_loaded}
            loaded = {r.id for r in rules.rules}
            assert not loaded & not_loaded, where
            for rule in ("electricity", "recycling", "allocation"):
                assert (len(getattr(rules, rule)) > 1) == (rule in not_loaded), (where, rule)
            assert (rules.cut_off is None) == ("cut_off" in not_loaded), where
            for open_rule in rules.rules_not_loaded:
                assert all(has_text(open_rule.effect, tongue) for tongue in LANGUAGES)


def test_an_unread_recycling_rule_gives_the_range_of_formula_and_cut_off() -> None:
    """Hand: 15.1 by the formula and 11.5 by cut-off for 1 kg of aluminium."""
    what = inventory(
        process("pack"),
        row("pack", "input", "aluminium", 1.0, circular="al"),
        circular=(
            CircularTerms(
                id="al",
                material="aluminium",
                A=0.2,
                R1=0.3,
                Ev=16.0,
                Erecycled=1.0,
                Qsin_Qp=1.0,
            ),
        ),
    )
    (hole,) = footprint(what, methodology=MIIT).holes
    assert hole.reason is HoleReason.RULE_NOT_LOADED
    assert (hole.low_kg_co2e, hole.high_kg_co2e) == (
        pytest.approx(11.5),
        pytest.approx(15.1),
    )
    settled = footprint(what, methodology=MIIT, assumptions={"recycling": "cut_off"})
    assert settled.total_kg_co2e == pytest.approx(11.5)


def mine(**more: str) -> Inventory:
    return inventory(
        process("pack"),
        row("pack", "input", "co", 1.0),
        process("mine", "cu", reference_price=8.5, price_currency="USD", **more),
        row("mine", "output", "co", 0.02, price=30.0, price_currency="USD"),
        row("mine", "input", "explosives", 2.0),
    )


def test_an_unread_allocation_rule_gives_the_range_of_its_candidates() -> None:
    """Hand: 2 kg at 10 shared by mass (1/51) and by value (0.6/9.1)."""
    result = footprint(mine(), factor("explosives", 10.0), methodology=MIIT)
    (hole,) = [h for h in result.holes if h.process == "mine:co"]
    assert hole.low_kg_co2e == pytest.approx(50 * 20 * 0.02 / 1.02)
    assert hole.high_kg_co2e == pytest.approx(50 * 20 * 0.6 / 9.1)


def test_a_basis_of_the_process_itself_is_no_open_rule() -> None:
    result = footprint(mine(allocation="mass"), factor("explosives", 10.0), methodology=MIIT)
    assert not result.holes
    assert result.total_kg_co2e == pytest.approx(50 * 20 * 0.02 / 1.02)


def test_what_no_open_rule_touches_stays_a_contribution() -> None:
    what = inventory(process("pack"), row("pack", "input", "cell", 2.0))
    result = footprint(what, factor("cell", 10.0), methodology=MIIT)
    assert result.total_kg_co2e == 20.0
    assert not result.holes
