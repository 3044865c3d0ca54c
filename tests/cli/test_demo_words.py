"""What the demo prints: folded to the terminal, aligned in cells, in three languages."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

import saltbridge.cli
from saltbridge.cli.demo_layout import command_lines, fold, pad
from saltbridge.cli.demo_report import (
    say_checks,
    say_footprint,
    say_holes,
    say_log_proof,
    say_manifest,
    say_statement,
    say_verified,
)
from saltbridge.cli.demo_walk import Walk
from saltbridge.locales import LANGUAGES, message_ids

_HOLE = {
    "process": "active-material",
    "amount": 22.33,
    "unit": "piece",
    "low_kg_co2e": 92.67,
    "high_kg_co2e": 12486.8,
}
_RECORD = {
    "type": "estimate",
    "methodology": {"id": "eu-cfb", "edition": "draft-2024-04"},
    "total_kg_co2e": 1801.2,
    "declared": {"value": 0.218, "unit": "kg CO2e/kWh"},
    "stages": {"raw_material_acquisition+main_production": 2456.1, "end_of_life": -74.97},
    "coverage": {"mass_share": 0.042},
    "range_kg_co2e": {"low": 2455.0, "high": 2975.0},
    "holes": [
        {"flow": "electronic component, passive, unspecified, at plant", **_HOLE},
        {"flow": "六氟磷酸锂（电解质盐，按无水物计），生产厂出厂", **_HOLE},
        {**_HOLE, "flow": "no range", "low_kg_co2e": None, "high_kg_co2e": None},
    ],
    "rules_not_loaded": [{"id": f"rule_number_{n}"} for n in range(9)],
}


def _walk(tongue: str, width: int = 80) -> tuple[Walk, StringIO]:
    out = StringIO()
    console = Console(file=out, width=width)
    return Walk(Path("demo"), Path("demo"), {}, console, tongue=tongue), out


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("tongue", LANGUAGES)
def test_no_line_is_wider_than_the_terminal(tongue: str, width: int) -> None:
    walk, out = _walk(tongue, width)
    say_footprint(walk, _RECORD)
    say_holes(walk, _RECORD)
    check = {"number": 4, "name": "digest", "detail_code": "delivery.digest-differs"}
    check |= {"ok": False, "arguments": {"found": "sha256:0123", "due": "sha256:4567"}}
    say_checks(walk, {"checks": [check]})
    fields = [{"path": f"/f{n}", "class": "trade_secret", "rule": "x"} for n in range(9)]
    manifest = {"left": fields, "minimised": [], "stayed": fields, "purpose": "cx.pcf.base:1"}
    say_manifest(
        walk, manifest, {"recipient": {"name": "Isarwerk", "bpn": ""}, "destination": "EU"}
    )
    failed = {"number": 3, "name": "signature", "outcome": "failed"}
    say_verified(walk, {"checks": [failed], "type": "passport", "issuer": ""})
    lines = out.getvalue().splitlines()
    assert len(lines) > 15
    assert [line for line in lines if cell_len(line) > width] == []


@pytest.mark.parametrize("tongue", LANGUAGES)
def test_the_bars_begin_in_one_column(tongue: str) -> None:
    walk, out = _walk(tongue)
    say_footprint(walk, {**_RECORD, "holes": [], "rules_not_loaded": []})
    bars = [line for line in out.getvalue().splitlines() if "█" in line or "░" in line]
    assert len(bars) == 2, "a burden and a credit, drawn apart"
    starts = {cell_len(line[: line.replace("░", "█").index("█")]) for line in bars}
    assert len(starts) == 1


def test_folding_counts_cells_and_keeps_closing_signs_with_their_word() -> None:
    line = "没有因子的部分最多可占排放量的百分之八十八，规则集只允许百分之三。"
    for width in range(10, 40):
        pieces = fold(line, width)
        assert "".join(pieces) == line
        assert all(cell_len(piece) <= width for piece in pieces)
        assert not any(piece[0] in "，。" for piece in pieces)
    assert fold("one two\u00a0three", 9) == ["one", "two\u00a0three"]
    assert fold("", 10) == [""]


def test_padding_counts_cells() -> None:
    assert [cell_len(pad(word, 8)) for word in ("分销", "Vertrieb", "原材料获取阶段")] == [
        8
    ] * 3
    assert pad("Distribution", 8).endswith("…")


def test_a_long_command_breaks_between_options_and_can_be_pasted() -> None:
    import shlex

    words = ["$", "saltbridge", "publish", "r.json", "--title", "'A title'", "--to", "BPNL1"]
    lines = command_lines(words, 32)
    assert len(lines) > 1 and all(cell_len(line) <= 34 for line in lines)
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == [
        word.strip("'") for word in words
    ]
    assert command_lines(words, 200) == [" ".join(words)]


def test_every_word_the_demo_asks_for_is_in_the_catalogue() -> None:
    asked = set()
    for path in Path(saltbridge.cli.__file__).parent.glob("demo*.py"):
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r'\.word\(\s*"([\w.-]+)"', source))
        asked |= {f"step.{name}" for name in re.findall(r'walk\.step\("([\w-]+)"', source)}
    assert len(asked) > 30
    assert sorted(asked - {i.removeprefix("demo.") for i in message_ids("en")}) == []


def test_the_manifest_counts_fields_as_the_manifest_itself_does() -> None:
    walk, out = _walk("en")
    repeated = [{"path": "/lines/[]", "class": "trade_secret", "rule": "x", "count": 2256}]
    manifest = {"left": [], "minimised": [], "stayed": repeated, "purpose": "cx.pcf.base:1"}
    say_manifest(
        walk, manifest, {"recipient": {"name": "Isarwerk", "bpn": ""}, "destination": "EU"}
    )
    assert "2256" in out.getvalue().replace(",", "")


def test_a_long_manifest_names_three_groups_and_counts_the_rest() -> None:
    walk, out = _walk("en", 120)
    groups = ("product", "plant", "manufacturer", "serials", "footprint")
    row = {"class": "contract", "rule": "x", "count": 7}
    fields = [{**row, "path": f"/{group}", "group": group} for group in groups]
    manifest = {"left": fields, "minimised": [], "stayed": [], "purpose": "cx.pcf.base:1"}
    manifest |= {"document_kind": "battery-supplier-record", "packs": []}
    say_manifest(
        walk, manifest, {"recipient": {"name": "Isarwerk", "bpn": ""}, "destination": "EU"}
    )
    assert "14 others" in out.getvalue() and "35" in out.getvalue()
    assert out.getvalue().count("; ") == 3


@pytest.mark.parametrize(("ok", "mark"), [(True, "✓"), (False, "✗")])
def test_proofs_of_a_delivery_are_told_with_what_failed(ok: bool, mark: str) -> None:
    walk, out = _walk("en")
    checks = [{"ok": True}, {"ok": ok}]
    say_statement(walk, {"statement": {"checks": checks}, "provider": {"name": "Minjiang"}})
    arguments = {"index": 25, "size": 48, "witnesses": "did:web:cars (2026-11-27)"}
    check = {"name": "log", "code": "verify.log-witnessed", "arguments": arguments}
    check |= {"outcome": "passed" if ok else "failed"}
    record = {"log": {"checkpoint": "did:web:cells\n48\nROOT=\n"}}
    say_log_proof(walk, record, {"checks": [check]})
    lines = out.getvalue().splitlines()
    assert [line.strip()[0] for line in lines[:2]] == [mark, mark]
    assert "2 checks" in lines[0] and "25" in out.getvalue() and "ROOT=" in out.getvalue()
