"""``saltbridge inventory``: what a person sees and the exit codes."""

import json
from pathlib import Path

import pytest

from saltbridge.adapters.inventory_files import load
from saltbridge.cli.main import run
from saltbridge.core.finding import finding
from saltbridge.footprint.balance import untold_balances


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", "en")


@pytest.mark.parametrize("name", ["battery", "battery.xlsx"])
def test_template_check_and_convert(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / name)
    assert run(["inventory", "template", path]) == 0
    assert run(["inventory", "check", path]) == 0
    assert "2 processes, 14 exchanges" in capsys.readouterr().out
    other = str(tmp_path / ("turned" if name.endswith(".xlsx") else "turned.xlsx"))
    assert run(["inventory", "convert", path, other]) == 0
    assert run(["inventory", "check", other]) == 0
    assert run(["inventory", "template", path]) == 2
    assert "exists already" in capsys.readouterr().err


def test_check_prints_every_finding_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "battery"
    run(["inventory", "template", str(path)])
    table = path / "exchanges.csv"
    table.write_text(table.read_text().replace("70,kg", "1.5,kgg").replace("25,kg", '"2,5",kg'))
    capsys.readouterr()
    assert run(["--language", "de", "inventory", "check", str(path), "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert [(f["code"], f["place"]["row"]) for f in answer["findings"]] == [
        ("inventory.unknown-unit", 2),
        ("inventory.decimal-comma", 3),
    ]
    assert "Einheit" in answer["findings"][0]["text"]


def test_check_also_looks_at_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "battery"
    run(["inventory", "template", str(path)])
    table = path / "exchanges.csv"
    table.write_text(table.read_text().replace("70,kg,cell", "70,kg,cello"))
    capsys.readouterr()
    assert run(["inventory", "check", str(path)]) == 2
    assert "exchanges.csv:2" in capsys.readouterr().err


def test_schema_prints_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inventory", "schema"]) == 0
    printed = capsys.readouterr().out
    for column in ("reference_process", "mass_kg_per_unit", "ErecyclingEoL", "issued_on"):
        assert column in printed


def test_check_tells_what_does_not_balance_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the footprint does: a warning, and no fault; not where the row at fault is named."""
    path = tmp_path / "battery"
    run(["inventory", "template", str(path)])
    table = path / "exchanges.csv"
    written = table.read_text()
    table.write_text(written.replace("70,kg,cell", "84,kg,cell"))
    capsys.readouterr()
    assert run(["inventory", "check", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["findings"]
    (balance,) = [f for f in told if f["code"] == "footprint.mass-balance"]
    assert balance["severity"] == "warning" and balance["arguments"]["ratio"] > 1.05
    inventory = load(path).inventory
    named = finding("plausibility.balance-slip", process=balance["arguments"]["process"])
    assert [f.code for f in untold_balances(inventory, ())] == ["footprint.mass-balance"]
    assert list(untold_balances(inventory, [named])) == []
