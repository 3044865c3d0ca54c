"""``saltbridge passport measure``, ``condition``, ``event``, ``events`` at the terminal."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from saltbridge import bootstrap
from saltbridge.cli.main import run
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL, OTHER = "MJC24-7K2MQ9", "MJC24-H4TX0B"
NODE = ("--node", "cars")
LIFE = ("partners", "carmaker", "battery-life")


@pytest.fixture
def world(examples: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The node that every command opens."""
    made = carmaker_world()
    put_delivery(made, maker_profile(), example_record(examples))
    issue(made, IssueRequest(**example_request(examples, (SERIAL, OTHER))))
    assert isinstance(made.clock, FixedClock)
    made.clock.moment = datetime(2029, 6, 1, tzinfo=UTC)

    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[World]:
        yield made

    monkeypatch.setattr(bootstrap, "opened_world", opened)
    return made


def said(capsys: pytest.CaptureFixture[str], *command: str, language: str = "en") -> str:
    assert run(["--language", language, "passport", *command]) == 0
    return capsys.readouterr().out


def test_measured_and_told_in_three_languages(
    world: World, capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path
) -> None:
    file = str(examples.joinpath(*LIFE, "bms.csv"))
    assert "8 measurements of 2 batteries" in said(capsys, "measure", file, *NODE)
    for language, status, crash, worked_out in (
        ("en", "Status original", "Negative events: crash", "worked out from: "),
        ("de", "Status ursprünglich", "Negative Ereignisse: crash", "berechnet aus: "),
        ("zh", "状态：原始", "负面事件: crash", "由此计算："),
    ):
        told = said(capsys, "condition", SERIAL, *NODE, language=language)
        assert status in told
        assert crash in told
        assert worked_out in told  # the fade of the capacity: nobody stated or measured it
        assert "155 h" in " ".join(told.split())  # the histogram is readable
    page, table = tmp_path / "health.html", tmp_path / "m.csv"
    drawn = ("--out", str(page), "--export", str(table))
    said(capsys, "condition", SERIAL, *NODE, *drawn)
    assert "<svg" in page.read_text(encoding="utf-8")
    assert len(table.read_text(encoding="utf-8").splitlines()) == 8
    told = json.loads(said(capsys, "condition", SERIAL, *NODE, "--json"))
    assert len(told["measurements"]) == 7
    assert all(len(m["id"]) == 32 for m in told["measurements"])
    nothing = ["--language", "en", "passport", "condition", OTHER, *NODE, "--out", str(page)]
    assert run(nothing) == 2
    assert "Nothing says how healthy" in capsys.readouterr().err


def test_events_from_the_terminal(
    world: World, capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path
) -> None:
    on = ("--on", "2029-05-01", *NODE)
    assert "Nothing has happened" in said(capsys, "events", SERIAL, *NODE)
    facts = ("--facts", str(examples.joinpath(*LIFE, "not-recorded.toml")))
    repair = ("repair", *on, "--component", "fan", *facts)
    told = said(capsys, "event", SERIAL, *repair, language="de")
    assert "neue Fassung: 2" in told
    for language, word in (("en", "recycling is not possible"), ("de", "Status ursprünglich")):
        assert run(["--language", language, "passport", "event", SERIAL, "recycled", *on]) == 1
        refused = capsys.readouterr().err
        assert word in refused
        assert "becomes-waste" in refused
    cycles = tmp_path / "cycles.toml"
    cycles.write_text(
        '[attributes.A126]\nvalue = 4\nunit = "cycle"\nmeasured_on = 2029-04-30\n'
    )
    corrected = ("correction", *on, "--facts", str(cycles), "--reason", "typed twice")
    assert "correction of a counter" in said(capsys, "event", SERIAL, *corrected)
    assert "because: typed twice" in said(capsys, "events", SERIAL, *NODE)
    new = ("--serial", "REUSE-1", "--gtin", "09521234567899", "--category", "ev")
    assert "REUSE-1" in said(capsys, "second-life", "re-use", SERIAL, *on, *new, *facts)
    passed = said(capsys, "events", SERIAL, *NODE, language="zh")
    assert "维修" in passed
    assert "转入 urn:uuid:" in passed
    begun = json.loads(said(capsys, "events", "REUSE-1", *NODE, "--json"))
    assert begun["status"] == "re-used"
    waste = ("becomes-waste", *on, "--capacity", "producer", *facts)
    said(capsys, "event", OTHER, *waste)
    assert "410" in said(capsys, "event", OTHER, "recycled", *on)
