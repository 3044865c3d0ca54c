"""One inventory under two rule sets, worked out by hand (BR-01, BR-02 and ``BRIDGES.md``).

``BRIDGES.md`` holds every bridge with its arithmetic; it is read here, calculated, and held
against the engine.

hand: 60 kWh usable, 400 kg, 8 years of warranty, M1. 100 kg of aluminium with Ev 16, Erec 1,
R1 0.3, R2 0.9, A 0.2, Ed 0.02; other materials 3,600; 3,000 kWh, half of it covered by
certificates at 0.0545; gas 300; distribution 150; other end of life 100 kg CO2e.

EU draft: aluminium 100·(0.7·16 + 0.3·(0.2·1 + 0.8·16)) = 1,510, all power at the national
0.5777 = 1,733.1, gas, materials, distribution, 100; recycling 100·0.8·0.9·(1−16) = −1,080,
disposal 100·0.1·0.02 = 0.2: 6,313.3 kg, over 28,800 kWh. Catena-X: no distribution, no end of
life; aluminium by cut-off 100·(0.7·16 + 0.3·1) = 1,150; 1,500·0.0545 + 1,500·0.6096.
"""

import ast
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from pathlib import Path

import pytest

from saltbridge.footprint.bridge import bridge
from saltbridge.footprint.bridge_result import Change, Step
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    ElectricityContract,
    Inventory,
    Stage,
)
from saltbridge.testing.inventories import (
    factor,
    factor_set,
    footprint,
    inventory,
    process,
    row,
)


def battery() -> Inventory:
    raw, end = Stage.RAW_MATERIAL, Stage.END_OF_LIFE
    return inventory(
        process("pack", unit="piece", location="CN-XX"),
        row("pack", "input", "aluminium", 100.0, circular="al", stage=raw),
        row("pack", "waste", "aluminium scrap", 100.0, circular="al", stage=end),
        row("pack", "input", "other materials", 1.0, "piece", stage=raw),
        row(
            "pack", "input", "electricity", 3000.0, "kWh",
            carrier=Carrier.ELECTRICITY, contract="green",
        ),
        row("pack", "input", "gas", 1.0, "piece"),
        row("pack", "input", "way", 1.0, "piece", stage=Stage.DISTRIBUTION),
        row("pack", "waste", "rest", 1.0, "piece", stage=end),
        electricity=(
            ElectricityContract(
                id="green", kind="certificate", share=0.5, kg_co2e_per_kwh=0.0545
            ),
        ),
        circular=(
            CircularTerms(
                id="al", material="aluminium", A=0.2, B=0.0, R1=0.3, R2=0.9, R3=0.0,
                Qsin_Qp=1.0, Qsout_Qp=1.0, Ev=16.0, Ev_star=16.0, Erecycled=1.0,
                ErecyclingEoL=1.0, Ed=0.02,
            ),
        ),
    )  # fmt: skip


PRICES = (
    factor("other materials", 3600.0, "piece"),
    factor("gas", 300.0, "piece"),
    factor("way", 150.0, "piece"),
    factor("rest", 100.0, "piece"),
    factor("electricity", 0.5777, "kWh", location="CN"),
    # stands for what is left of the mix; a life-cycle factor here, so that it may be used
    factor("electricity", 0.6096, "kWh", location="CN-XX"),
)


def test_eu_draft() -> None:
    result = footprint(battery(), *PRICES, methodology="eu-cfb@draft-2024-04")
    assert result.total_kg_co2e == pytest.approx(6313.3, rel=1e-12)
    assert result.stage_kg_co2e(Stage.END_OF_LIFE) == pytest.approx(-979.8, rel=1e-12)
    assert result.declared_unit is not None
    per_kwh = result.total_kg_co2e / result.declared_unit.amount
    assert per_kwh == pytest.approx(0.219212, abs=5e-7)


def test_catena_x() -> None:
    result = footprint(battery(), *PRICES, methodology="catena-x-pcf@v4")
    assert result.total_kg_co2e == pytest.approx(6046.15, rel=1e-12)
    assert result.total_kg_co2e / 400 == pytest.approx(15.115, abs=5e-4)
    assert not result.holes


PAGE = (Path(__file__).parent / "BRIDGES.md").read_text(encoding="utf-8")
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
# What the page calls a line → flow and term of the engine.
LINES = {
    "aluminium": ("aluminium", "circular_acquisition"),
    "credit": ("aluminium scrap", "circular_end_of_life"),
    "disposal": ("aluminium scrap", "circular_disposal"),
    "electricity": ("electricity", "factor"),
    "way": ("way", "factor"),
    "rest": ("rest", "factor"),
}
Named = tuple[str, str]  # start and end


def worked_out(text: str) -> float:
    """A sum or product as it stands on the page.

    >>> worked_out("100 · (0.7·16 + 0.3·1)"), worked_out("−1080")
    (1150.0, -1080.0)
    """

    def value(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.BinOp(left=left, op=op, right=right):
                return float(_OPERATORS[type(op)](value(left), value(right)))
            case ast.UnaryOp(op=op, operand=operand):
                return float(_OPERATORS[type(op)](value(operand)))
        raise ValueError(text)

    plain = text.replace("−", "-").replace("·", "*")
    return value(ast.parse(plain.strip(), mode="eval").body)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@dataclass(frozen=True)
class Worked:
    """One step as the page has it: lines by name, each before and after."""

    rule: str
    clauses: tuple[str, str]
    lines: Mapping[str, tuple[str, str]]
    arithmetic: str
    delta: float


@dataclass(frozen=True)
class Bridge:
    """One section of the page."""

    start: float
    sum: float
    end: float
    steps: tuple[Worked, ...]


def on_the_page() -> dict[Named, Bridge]:
    found: dict[Named, Bridge] = {}
    for section in PAGE.split("\n## ")[1:]:
        title, body = section.split("\n", 1)
        start, end = title.split(" → ")
        (told,) = re.findall(r"Total: (.*)", body)
        left, right = told.split(" = ")
        rows = [cells(line) for line in body.splitlines() if line.startswith("| ")][1:]
        steps = []
        for rule, before, after, lines, arithmetic, delta in rows:
            moved = (re.fullmatch(r"(\w+) (.*) → (.*)", part) for part in lines.split("; "))
            named = {m[1]: (m[2], m[3]) for m in moved if m}
            steps.append(Worked(rule, (before, after), named, arithmetic, worked_out(delta)))
        first = re.split(r" [+−] ", left)[0]
        found[start, end] = Bridge(
            worked_out(first), worked_out(left), worked_out(right), tuple(steps)
        )
    return found


BY_HAND = on_the_page()
EXAMPLES_USE = ("eu-cfb@draft-2024-04", "catena-x-pcf@v4", "cn-miit-551@2025-551")
OF_EACH = (*EXAMPLES_USE, "pact@v3", "iso-14067@2018", "gba@v2")


def test_every_pair_has_a_bridge_on_the_page() -> None:
    assert set(permutations(EXAMPLES_USE, 2)) <= set(BY_HAND)
    assert {id.split("@")[0] for id in OF_EACH} == set(methodologies())
    for pair in combinations(OF_EACH, 2):
        assert pair in BY_HAND or pair[::-1] in BY_HAND, pair


def test_the_lines_of_the_battery_are_worked_out_right() -> None:
    table = PAGE.split("\n## ")[0]
    rows = [cells(line) for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 11
    for line, counted, arithmetic, kg in rows:
        assert worked_out(arithmetic) == pytest.approx(worked_out(kg), rel=1e-12), counted
        if line in LINES:  # and the steps use no other number
            used = {v for b in BY_HAND.values() for s in b.steps for v in s.lines.get(line, ())}
            values = {r[3] for r in rows if r[0] == line}
            assert used - {"–", "hole"} <= values
    for sums in re.findall(r"^- .*?: (.*)$", table, re.MULTILINE):
        left, right = sums.split(" = ")
        assert worked_out(left) == pytest.approx(worked_out(right), rel=1e-12)


@pytest.mark.parametrize(("start", "end"), BY_HAND)
def test_bridges_worked_out_by_hand(start: str, end: str) -> None:
    names = (start.split("@"), end.split("@"))
    first, last = ((methodologies()[id], edition) for id, edition in names)
    found = bridge(battery(), first, last, [factor_set(*PRICES)])
    expected = BY_HAND[start, end]
    assert found.start.footprint.total_kg_co2e == pytest.approx(expected.start, abs=1e-9)
    assert found.end.footprint.total_kg_co2e == pytest.approx(expected.end, abs=1e-9)
    assert expected.sum == pytest.approx(expected.end, abs=1e-9)
    assert [s.rule for s in found.steps] == [s.rule for s in expected.steps]
    for step, worked in zip(found.steps, expected.steps, strict=True):
        check_step(step, worked)
    assert abs(found.gap_kg_co2e) <= 1e-9
    if end in ("cn-miit-551@2025-551", "eu-cfb@annex-ii"):
        # Each row has its own range: aluminium 1,150 to 1,510, scrap −1,079.8 to 0.2,
        # electricity 996.15 to 1,733.1.
        low, high = found.end.footprint.range_kg_co2e or (0.0, 0.0)
        assert low == pytest.approx(4150 + 1150 - 1079.8 + 996.15, rel=1e-12)
        assert high == pytest.approx(4150 + 1510 + 0.2 + 1733.1, rel=1e-12)


def check_step(step: Step, worked: Worked) -> None:
    assert worked_out(worked.arithmetic) == pytest.approx(worked.delta, abs=1e-9)
    assert step.delta_kg_co2e == pytest.approx(worked.delta, abs=1e-9)
    for clause, told in zip((step.before, step.after), worked.clauses, strict=True):
        assert told in clause.citation
    moved = {(line.row.flow, line.row.term): line for line in step.lines}
    assert set(moved) == {LINES[name] for name in worked.lines}
    for name, (before, after) in worked.lines.items():
        line = moved[LINES[name]]
        assert line.change is change(before, after), name
        for value, told in ((line.before_kg_co2e, before), (line.after_kg_co2e, after)):
            known = None if told in ("–", "hole") else worked_out(told)
            assert (value is None) == (known is None), name
            assert (value or 0.0) == pytest.approx(known or 0.0, abs=1e-9), name


def change(before: str, after: str) -> Change:
    """What the page says happened to a line."""
    if "hole" in (before, after):
        return Change.BECAME_HOLE if after == "hole" else Change.PRICED
    if "–" in (before, after):
        return Change.LEFT if after == "–" else Change.ENTERED
    return Change.CHANGED


def test_the_last_block_is_the_unit() -> None:
    """6,313.3 kg / 28,800 kWh and 6,046.15 kg per piece of 400 kg: 0.21921 and 15.115 kg/kg."""
    eu, catena = methodologies()["eu-cfb"], methodologies()["catena-x-pcf"]
    found = bridge(battery(), (eu, "draft-2024-04"), (catena, "v4"), [factor_set(*PRICES)])
    assert found.start.per_unit == pytest.approx(0.219212, abs=5e-7)
    assert found.end.per_unit == pytest.approx(6046.15, rel=1e-12)
