"""``compare`` on the shipped examples: the reports say what the bridge says."""

import json
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from saltbridge.adapters.factors.library import Library
from saltbridge.adapters.inventory_files import load
from saltbridge.cli.main import run
from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.bridge_record import bridge_record
from saltbridge.locales import LANGUAGES, number
from saltbridge.reports.bridge_report import bridge_report
from saltbridge.reports.bridge_svg import bridge_svg
from saltbridge.reports.bridge_words import meaning, signed, span_words
from saltbridge.reports.pdf import report_pdf
from saltbridge.services.compare import CompareRequest, compare

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EU, CATENA, CHINA = "eu-cfb@draft-2024-04", "catena-x-pcf@v4", "cn-miit-551@2025-551"


@lru_cache(maxsize=4)
def example(name: str) -> Any:
    return load(EXAMPLES / f"{name}-pack").inventory


def bridged(name: str, start: str, end: str, **more: Any) -> Any:
    request = CompareRequest(inventory=example(name), start=start, end=end, **more)
    return compare(Library(), date(2026, 11, 23), request)


@lru_cache(maxsize=2)
def record(end: str) -> Any:
    return bridge_record(bridged("nmc111", EU, end), example("nmc111"))


def test_an_inventory_without_rows_is_a_finding() -> None:
    from dataclasses import replace

    empty = replace(example("nmc111"), exchanges=())
    with pytest.raises(FaultyInput):
        compare(
            Library(), date(2026, 11, 23), CompareRequest(inventory=empty, start=EU, end=CATENA)
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_carries_every_step_with_its_number(language: str) -> None:
    for end in (CATENA, CHINA):
        picture = ElementTree.fromstring(bridge_svg(record(end), language))  # noqa: S314
        words = {t.text for t in picture.iter("{http://www.w3.org/2000/svg}text")}
        for step in record(end)["steps"]:
            assert signed(step["delta_kg_co2e"], language) in words
        assert record(end)["to"]["methodology"] in words
        for bar in picture.iter("{http://www.w3.org/2000/svg}rect"):
            left, width = float(bar.get("x", 0)), float(bar.get("width", 0))
            assert left >= 0 and left + width <= 640.01


@pytest.mark.parametrize("language", LANGUAGES)
def test_lost_knowledge_is_not_called_a_saving(language: str) -> None:
    """Between the draft and the notice lines become holes: the words say which and how many."""
    steps = [s for s in record(CHINA)["steps"] if s["holes"]]
    assert {s["rule"] for s in steps} == {"recycling", "electricity"}
    told = " ".join(meaning(record(CHINA), language))
    for step in steps:
        lost = [line for line in step["lines"] if line["change"] == "became_hole"]
        assert f"{len(lost)} " in told
    low = record(CHINA)["from"]["range_kg_co2e"]["low"]
    assert number(low, language) in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_has_two_pages(language: str) -> None:
    pytest.importorskip("typst")
    made = bridge_report(record(CHINA), language)
    content = report_pdf(made, datetime(2026, 11, 28, tzinfo=UTC))
    assert content.startswith(b"%PDF") and b"/Count 2" in content
    texts = [t for s in made.sections if s.table for r in s.table.rows for t in r]
    assert not [t for t in texts if t.startswith("bridge.")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("steps", [1, 3, 6])
def test_long_names_and_many_lines_stay_on_two_pages(language: str, steps: int) -> None:
    """Every step still shows a line, and what the others sum to."""
    pytest.importorskip("typst")
    first = record(CHINA)["steps"][0]
    long = {
        **first["lines"][0],
        "flow": "market group for electricity, medium voltage",
        "process": "cobalt-sulfate-production-from-copper-mining-economic-allocation-cn",
    }
    step = {**first, "lines": [long] * 60}
    counted = {**first, "lines": [{**long, "change": "left"}] * 60}  # keeps its knowledge
    crowded = {**record(CHINA), "steps": [*[step] * min(steps, 3), *[counted] * (steps - 3)]}
    made = bridge_report(crowded, language)
    assert b"/Count 2" in report_pdf(made, datetime(2026, 11, 28, tzinfo=UTC))
    (table,) = [s.table for s in made.sections if s.table and len(s.table.headings) == 4]
    for row in table.rows:
        shown = [line for line in row[3].split("\n") if long["process"] in line]
        assert 1 <= len(shown) < 60
        assert str(60 - len(shown)) in row[3].split("\n")[len(shown)]


def test_a_range_that_nobody_can_tell_apart_is_one_number() -> None:
    """hand: 6,518.9 and 6,519.1 are both 6,519 with four digits."""
    assert span_words({"low": 6518.9, "high": 6519.1}, "en") == "6,519"
    assert span_words({"low": 6518.9, "high": 6530.0}, "de") == "6.519 – 6.530"


def test_the_command_writes_json_and_picture(tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "bridge.svg"
    folder = str(EXAMPLES / "nmc111-pack")
    arguments = [
        "compare",
        folder,
        "--from",
        EU,
        "--to",
        CATENA,
        "--json",
        "--svg",
        str(target),
    ]
    assert run(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["from"]["methodology"] == EU and told["to"]["methodology"] == CATENA
    assert told["from"]["total_kg_co2e"] == pytest.approx(482.7601587339834, rel=1e-9)
    for step in told["steps"]:
        assert {"rule", "clause", "delta_kg_co2e", "lines"} <= set(step)
    assert target.read_text("utf-8").startswith("<svg")
    arguments[-1] = str(tmp_path / "nowhere" / "bridge.svg")
    assert run(arguments) == 2
