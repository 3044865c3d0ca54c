"""Parts whose activity data has to be the company's own: what else they are is told."""

from dataclasses import replace
from typing import Any

import pytest

from saltbridge.footprint.company_specific import is_part
from saltbridge.footprint.declare.declaration import declaration_or_findings
from saltbridge.footprint.methodologies import choose, methodologies
from saltbridge.footprint.methodology import RuleSet
from saltbridge.footprint.model import Inventory
from saltbridge.testing.inventories import DAY, factor, footprint, inventory, process, row

LAW, DRAFT, CATENA = "eu-cfb@annex-ii", "eu-cfb@draft-2024-04", "catena-x-pcf@v4"
BY_LAW = ("anode", "cathode", "electrolyte", "separator", "cell_casing")


def battery(*rows: Any, own: bool = True) -> Inventory:
    """A pack whose cell, anode, cathode and casing are made here."""
    made = ("anode", "cathode", "cell casing")
    parts: list[Any] = [
        process("pack", "battery pack", company_specific=own),
        row("pack", "input", "battery cell", 1.0, provider="cell"),
        process("cell", "battery cell", company_specific=own),
    ]
    for name in made:
        parts += [
            process(name, company_specific=own),
            row("cell", "input", name, 0.2, provider=name),
            row(name, "emission", "CO2", 1.0, origin="fossil"),
        ]
    return inventory(*parts, *rows)


def told(what: Inventory, *factors: Any, methodology: str = LAW) -> list[tuple[str, str]]:
    found = footprint(what, *factors, methodology=methodology).findings
    head = "pass.company-part-"
    return [
        (f.code.removeprefix(head), str(f.arguments["part"]))
        for f in found
        if f.code.startswith(head)
    ]


BOUGHT = (
    row("cell", "input", "electrolyte, for Li-ion battery", 0.1),
    row("cell", "input", "battery separator", 0.02),
)
OF_SUPPLIERS = (
    factor("electrolyte, for Li-ion battery", 5.0, supplier="BPNL1"),
    factor("battery separator", 3.0, record="sha256:0"),
)
SECONDARY = (factor("electrolyte, for Li-ion battery", 5.0), factor("battery separator", 3.0))


@pytest.mark.parametrize("methodology", [LAW, DRAFT])
def test_own_processes_and_figures_of_suppliers_are_quiet(methodology: str) -> None:
    assert told(battery(*BOUGHT), *OF_SUPPLIERS, methodology=methodology) == []


def test_secondary_factors_and_holes_are_told_part_by_part() -> None:
    expected = [("secondary-factor", "electrolyte"), ("secondary-factor", "separator")]
    assert told(battery(*BOUGHT), *SECONDARY) == expected
    assert told(battery(*BOUGHT)) == expected  # a part without any factor is no own figure


def test_processes_that_are_not_the_companys_own_are_told() -> None:
    what = battery(*BOUGHT, own=False)
    by_law = [("secondary-process", p) for p in ("anode", "cathode", "cell casing")]
    assert told(what, *OF_SUPPLIERS) == by_law
    more = [("secondary-process", "cell"), ("secondary-process", "pack")]
    assert told(what, *OF_SUPPLIERS, methodology=DRAFT) == [*by_law, *more]


def test_a_part_that_nobody_can_find_is_told() -> None:
    missing = [("not-found", "electrolyte"), ("not-found", "separator")]
    assert told(battery()) == missing


def test_a_rule_set_that_asks_for_none_is_quiet() -> None:
    assert told(battery(own=False), methodology=CATENA) == []


def test_it_stands_in_the_way_of_a_declaration_with_the_list() -> None:
    _, obstacles = declaration_or_findings(
        footprint(battery(*BOUGHT), *SECONDARY, methodology=LAW)
    )
    listed = [f.arguments["flow"] for f in obstacles if "company-part" in f.code]
    assert listed == ["electrolyte, for Li-ion battery", "battery separator"]


def test_what_does_not_run_is_no_part_of_this_battery() -> None:
    unused = process("other line", "anode, of another model")
    assert told(battery(*BOUGHT, unused), *OF_SUPPLIERS) == []


def test_the_parts_are_those_of_the_law() -> None:
    rules: RuleSet = methodologies()["eu-cfb"].rule_set("annex-ii")
    assert rules.company_specific == BY_LAW
    draft, edition = choose(DRAFT, DAY)
    assert draft.rule_set(edition).company_specific == (*BY_LAW, "cell", "pack")
    assert replace(rules, company_specific=()).company_specific == ()


@pytest.mark.parametrize(
    ("flow", "part", "known"),
    [
        ("anode, graphite, for Li-ion battery", "anode", True),
        ("market for copper, anode", "anode", False),
        ("cathode, NMC622, for Li-ion battery", "cathode", True),
        ("cathode active material", "cathode", False),
        ("copper, cathode", "cathode", False),
        ("market for electrolyte, for Li-ion battery", "electrolyte", True),
        ("battery separator", "separator", True),
        ("battery cell container, for Li-ion", "cell_casing", True),
        ("battery cell container, for Li-ion", "cell", False),
        ("battery cell production, Li-ion, NMC955", "cell", True),
        ("battery cells to pyrometallurgy", "cell", False),
        ("Kathode NMC811", "cathode", True),
        ("Zellgehäuse", "cell_casing", True),
        ("负极", "anode", True),
        ("负极材料", "anode", False),
        ("电解液", "electrolyte", True),
        ("电池包壳体", "cell_casing", False),
        ("电芯外壳", "cell_casing", True),
        ("隔膜", "separator", True),
    ],
)
def test_a_part_is_known_by_its_name(flow: str, part: str, known: bool) -> None:
    assert is_part(flow, part) is known
