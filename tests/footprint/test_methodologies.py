"""The registry of rule sets, and rules that nobody has read."""

from datetime import date

import pytest

from saltbridge.core.edition import EditionStatus, NoEditionInForce
from saltbridge.core.errors import FaultyInput
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.declare.declaration import ESTIMATE, declaration_or_findings
from saltbridge.footprint.methodologies import choose, known, methodologies
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    ElectricityContract,
    Inventory,
    Stage,
)
from saltbridge.footprint.result import HoleReason
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

DAY = date(2026, 11, 23)
MIIT = "cn-miit-551@2025-551"


def test_the_folder_is_the_registry() -> None:
    assert known() == (
        "catena-x-pcf@v3",
        "catena-x-pcf@v4",
        "catena-x-pcf@v4.1",
        "cn-miit-551@2025-551",
        "eu-cfb@annex-ii",
        "eu-cfb@draft-2024-04",
        "gba@v2",
        "iso-14067@2018",
        "pact@v3",
    )


def test_only_editions_in_force_are_chosen_by_date() -> None:
    assert choose("catena-x-pcf", DAY)[1].name == "v4"
    for pending in ("eu-cfb", "cn-miit-551"):
        with pytest.raises(NoEditionInForce):
            choose(pending, date(2030, 1, 1))


@pytest.mark.parametrize(
    ("name", "day", "edition"),
    [
        ("catena-x-pcf", date(2024, 8, 1), "v3"),
        ("catena-x-pcf", date(2025, 8, 31), "v3"),
        ("catena-x-pcf", date(2025, 9, 1), "v4"),
        ("catena-x-pcf", date(2030, 1, 1), "v4"),  # v4.1 has no day yet
        ("pact", date(2025, 4, 30), "v3"),
        ("iso-14067", DAY, "2018"),
        ("gba", DAY, "v2"),
    ],
)
def test_the_day_of_the_battery_chooses_the_edition(name: str, day: date, edition: str) -> None:
    chosen = choose(name, day)[1]
    assert (chosen.name, chosen.status) == (edition, EditionStatus.IN_FORCE)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("catena-x-pcf", date(2024, 7, 31)),
        ("pact", date(2025, 4, 29)),
        ("gba", date(2023, 6, 1)),  # its month is not known: it governs nothing too early
    ],
)
def test_before_its_first_edition_a_methodology_governs_nothing(name: str, day: date) -> None:
    with pytest.raises(NoEditionInForce):
        choose(name, day)


def test_an_edition_that_was_replaced_is_in_force_for_its_own_time_only() -> None:
    in_its_time = choose("catena-x-pcf@v3", date(2025, 3, 1))[1]
    assert in_its_time.status is EditionStatus.IN_FORCE
    assert choose("catena-x-pcf@v3", DAY)[1].status is EditionStatus.WITHDRAWN
    assert choose("catena-x-pcf@v4", date(2025, 3, 1))[1].status is EditionStatus.PENDING


@pytest.mark.parametrize("name", ["catena-x-pcf@v3", "catena-x-pcf@v4.1", MIIT])
def test_withdrawn_and_pending_editions_give_estimates(name: str) -> None:
    what = inventory(process("pack"), row("pack", "input", "cell", 2.0))
    result = footprint(what, factor("cell", 10.0), methodology=name)
    kind, obstacles = declaration_or_findings(result)
    assert kind == ESTIMATE
    assert "footprint.not-in-force" in {f.code for f in obstacles}
    assert result.total_kg_co2e == 20.0  # calculated all the same


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("catena-x-pcf@v3", 0.10),
        ("catena-x-pcf@v4", 0.10),
        ("catena-x-pcf@v4.1", 0.10),
        ("pact@v3", 0.10),
        ("eu-cfb@annex-ii", None),
        ("eu-cfb@draft-2024-04", None),
        (MIIT, None),
        ("iso-14067@2018", None),
        ("gba@v2", None),
    ],
)
def test_the_change_that_asks_for_a_new_value(name: str, share: float | None) -> None:
    methodology, edition = choose(name, DAY)
    rules = methodology.rule_set(edition)
    assert rules.redeclare_above == share
    cited = [r.value for r in rules.rules if r.id == "redeclaration"]
    if share is None:
        assert not any("%" in value for value in cited)
    else:
        assert len(cited) == 1 and f"{share:.0%}".replace("%", " %") in cited[0]


GATE = (Stage.RAW_MATERIAL, Stage.MAIN_PRODUCTION)
ALL = tuple(Stage)


@pytest.mark.parametrize(
    ("name", "boundary", "cut_off"),
    [
        ("eu-cfb@draft-2024-04", ALL, ("mass", 0.01)),
        ("catena-x-pcf@v4", GATE, ("emissions", 0.03)),
        ("pact@v3", GATE, ("emissions", 0.03)),
        ("iso-14067@2018", ALL, None),
        (MIIT, ALL, None),
        ("gba@v2", (*GATE, Stage.END_OF_LIFE), ("emissions", 0.03)),
    ],
)
def test_boundary_and_cut_off_are_those_of_the_table(
    name: str, boundary: tuple[Stage, ...], cut_off: tuple[str, float] | None
) -> None:
    """Published: the comparison of rule sets this project works from (method bridge)."""
    methodology, edition = choose(name, DAY)
    rules = methodology.rule_set(edition)
    assert rules.boundary == boundary
    read = None if rules.cut_off is None else (rules.cut_off.of, rules.cut_off.share)
    assert read == cut_off


def test_rules_from_memory_keep_iso_and_gba_from_being_declared() -> None:
    what = inventory(process("pack"), row("pack", "input", "cell", 2.0))
    for name in ("iso-14067", "gba", "pact"):
        kind, obstacles = declaration_or_findings(
            footprint(what, factor("cell", 10.0), methodology=name)
        )
        assert kind == ESTIMATE
        assert "footprint.recalled-rule" in {f.code for f in obstacles}, name


@pytest.mark.parametrize(
    ("unit", "amount", "declared"),
    [("kg", 1.0, "kg"), ("t", 1000.0, "kg"), ("MWh", 1000.0, "kWh"), ("piece", 1.0, "piece")],
)
def test_a_free_unit_is_that_of_the_product(unit: str, amount: float, declared: str) -> None:
    what = inventory(process("pack", unit=unit), row("pack", "input", "cell", 2.0))
    given = footprint(what, methodology="pact@v3").declared_unit
    assert given is not None
    assert (given.kind, given.amount, given.unit) == ("declared", amount, declared)


def test_residual_mix_comes_before_the_grid_mix() -> None:
    """Hand: 10 kWh, half by a contract at 0.05, the rest at the residual mix of 0.61."""
    what = inventory(
        process("pack", location="CN"),
        row(
            "pack", "input", "electricity", 10.0, "kWh",
            carrier=Carrier.ELECTRICITY, contract="ppa",
        ),
        electricity=(
            ElectricityContract(id="ppa", kind="ppa", share=0.5, kg_co2e_per_kwh=0.05),
        ),
    )  # fmt: skip
    mixes = (
        factor("electricity", 0.58, "kWh", location="CN", year=2024),
        factor("electricity", 0.61, "kWh", location="CN", year=2024, market="residual", id="r"),
    )
    assert footprint(what, *mixes, methodology="pact@v3").total_kg_co2e == pytest.approx(3.3)
    # The residual-mix rule of the v4 rulebook is not loaded: it takes the grid mix.
    assert footprint(what, *mixes).total_kg_co2e == pytest.approx(3.15)


def test_drafts_are_chosen_by_name() -> None:
    methodology, edition = choose("eu-cfb@draft-2024-04", DAY)
    assert (methodology.id, edition.status) == ("eu-cfb", EditionStatus.DRAFT)
    assert edition.applies_from is None


@pytest.mark.parametrize("name", ["eu-cfb@2030", "pef", "", "@", "eu-cfb@"])
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
