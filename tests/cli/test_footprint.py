"""``saltbridge footprint`` on the shipped NMC111 pack: terminal, JSON, one line, refusals."""

import json
from pathlib import Path

import pytest

from saltbridge.cli.main import run

DRAFT = "eu-cfb@draft-2024-04"


@pytest.fixture
def pack(examples: Path) -> str:
    return str(examples / "nmc111-pack")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "130")


def test_json_is_the_record_and_its_numbers_agree(
    pack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["footprint", pack, "-m", DRAFT, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["type"] == "estimate"
    assert record["unit"]["amount"] == 24.0 * 60 * 8
    assert sum(record["stages"].values()) == pytest.approx(record["total_kg_co2e"], rel=1e-12)
    lines = [line["amount"] * line["factor"]["value"] for line in record["lines"]]
    assert sum(lines) == pytest.approx(record["total_kg_co2e"], rel=1e-12)
    assert all(line["factor"]["source"] for line in record["lines"])
    assert all(line["factor"]["licence"] for line in record["lines"])
    assert record["holes"] and record["range_kg_co2e"]["low"] > record["total_kg_co2e"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Estimate", "Life-cycle stages", "Holes", "no factor", "NMC111 hydroxide"]),
        ("de", ["Schätzung", "Lebenszyklusphasen", "Lücken", "kein Faktor"]),
        ("zh", ["估算", "生命周期阶段", "缺口", "无因子"]),
    ],
)
def test_the_terminal_shows_total_stages_and_holes(
    pack: str, language: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["footprint", pack, "-m", DRAFT, "--language", language]) == 0
    shown = capsys.readouterr().out
    for word in words:
        assert word in shown


def test_a_line_opens(pack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["footprint", pack, "-m", DRAFT, "--line", "2"]) == 0
    shown = capsys.readouterr().out
    assert "× 0.5777 kg CO2e/kWh" in shown
    assert "exchanges.csv:" in shown
    assert run(["footprint", pack, "-m", DRAFT, "--line", "999"]) == 2


def test_rules_not_loaded_are_shown_and_assumptions_recorded(
    pack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["footprint", pack, "-m", "cn-miit-551@2025-551"]) == 0
    assert "Rules not loaded" in capsys.readouterr().out
    given = ["--assume", "cycles=1500", "--assume", "electricity=location_mix"]
    assert run(["footprint", pack, "-m", "cn-miit-551@2025-551", "--json", *given]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["assumptions"] == {"cycles": "1500", "electricity": "location_mix"}
    assert record["unit"]["amount"] == 24.0 * 1500


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["-m", "catena-x-pcf", "--declare"], 1, "the rule set allows 3 %"),
        (["-m", DRAFT, "--declare"], 1, "is not in force"),
        (["-m", "cn-miit-551"], 1, "No edition is in force"),
        (["-m", "eu-cfb@2031"], 2, "eu-cfb@draft-2024-04"),
        (["-m", DRAFT, "--assume", "cycles"], 2, "key=value"),
        (["-m", DRAFT, "--assume", "recycling=cut_off"], 2, "knows no assumption"),
    ],
)
def test_refusals_and_faults_have_their_exit_codes(
    pack: str, arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["footprint", pack, *arguments]) == code
    assert says in capsys.readouterr().err


def test_an_empty_inventory_is_refused_not_counted_as_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inventory", "template", str(tmp_path / "b")]) == 0
    (tmp_path / "b" / "exchanges.csv").unlink()
    for command in (
        ["footprint", str(tmp_path / "b"), "-m", DRAFT],
        ["inventory", "check", str(tmp_path / "b")],
    ):
        assert run(command) == 2
        assert "no exchanges" in capsys.readouterr().err


def test_many_findings_of_a_kind_are_counted_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["inventory", "template", str(tmp_path / "b")]) == 0
    processes = tmp_path / "b" / "processes.csv"
    exchanges = tmp_path / "b" / "exchanges.csv"
    for number in range(12):
        with processes.open("a") as file:
            file.write(f"p{number},part,main_production,part {number},kg,1,CN,true,,\n")
        with exchanges.open("a") as file:
            file.write(
                f"battery,input,part {number},1,kg,p{number},,,,,,true,,,illustrative,\n"
            )
            file.write(f"p{number},input,scrap,3,kg,,,,,copper,,true,,,illustrative,\n")
    capsys.readouterr()
    assert run(["footprint", str(tmp_path / "b"), "-m", DRAFT]) == 0
    shown = capsys.readouterr().out
    assert shown.count("” takes in ") == 4  # of thirteen
    assert "more of this kind" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("tongue", "words"),
    [
        ("en", ("Recycling, circular, end of life [recycling.cff]", "life cycle, by location")),
        ("de", ("Recycling, Kreislauf, Lebensende [recycling.cff]", "Lebenszyklus, nach Ort")),
        ("zh", ("回收、循环：寿命终止 [recycling.cff]", "全生命周期、按所在地")),
    ],
)
def test_one_line_tells_its_rule_and_basis_in_words(
    tongue: str,
    words: tuple[str, ...],
    examples: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    given = ["footprint", str(examples / "nmc111-pack"), "-m", "eu-cfb@draft-2024-04"]
    assert run([*given, "--line", "12", "--language", tongue]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in words) and "-325" not in shown
