"""``saltbridge what-if`` and ``saltbridge plausibility``: what a person and a program see."""

import json
from pathlib import Path

import pytest

from saltbridge.cli.main import run
from saltbridge.reports.rule_words import unit_name


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Under every rule set", "yield of cell", "shadow figure")),
        ("de", ("Unter allen Regelwerken", "Ausbeute von cell", "Schattenwert")),
        ("zh", ("各规则集下的结果", "cell 的良率", "影子数值")),
    ],
)
def test_what_if_in_three_languages(
    language: str,
    words: tuple[str, ...],
    examples: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    profile = tmp_path / "profile.csv"
    profile.write_text("load_kwh,generation_kwh,grid_kg_co2e_per_kwh\n1,2,0.5\n1,0,0.7\n")
    pack = str(examples / "nmc111-pack")
    command = ["what-if", pack, "--yield", "cell=0.95", "--hourly", str(profile)]
    assert run(command) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in words)


@pytest.mark.parametrize(
    "language",
    [
        *(
            pytest.param(x, marks=pytest.mark.full("the same in other words"))
            for x in ("en", "de")
        ),
        "zh",
    ],
)
def test_no_number_of_the_table_is_cut_at_80_columns(
    language: str,
    examples: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    monkeypatch.setenv("COLUMNS", "80")
    pack = str(examples / "nmc111-pack")
    nowhere = ["what-if", pack, "--electricity", "plant=XX"]  # opens holes
    assert run([*nowhere, "--json"]) == 0
    rule_sets = json.loads(capsys.readouterr().out)["rule_sets"]
    assert run(nowhere) == 0
    lines = capsys.readouterr().out.splitlines()
    for one in rule_sets:
        name = f"{one['methodology']}@{one['edition']} "
        (line,) = [found for found in lines if found.startswith(name)]
        assert f"{one['before_holes']} → {one['after_holes']} " in line
        assert line.split()[-1] == unit_name(one["unit"].removeprefix("kg CO2e/"), language)


def test_what_if_as_json(examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = str(examples / "nmc111-pack")
    assert run(["what-if", pack, "--electricity", "plant=FR", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["scenario"]["changes"][0]["target"] == "plant"
    stages = answer["stages"].values()
    draft = next(r for r in answer["rule_sets"] if r["edition"] == "draft-2024-04")
    assert sum(s["after_kg_co2e"] for s in stages) == pytest.approx(draft["after_kg_co2e"])
    assert draft["after_kg_co2e"] < draft["before_kg_co2e"]
    assert run(["what-if", pack, "--electricity", "moon=FR"]) == 2
    assert "moon" in capsys.readouterr().err


def test_plausibility_says_what_and_that_silence_is_no_proof(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plausibility", str(examples / "nmc811-pack")]) == 0
    shown = capsys.readouterr().out
    assert "95.97 % of the Ni" in shown
    assert "no proof" in shown
    assert run(["plausibility", str(examples / "nmc811-pack"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {f["code"] for f in answer["findings"]} == {"plausibility.element-short"}
    assert all(f["text"] and f["remedy"] for f in answer["findings"])


def test_a_file_for_the_partner_needs_a_node_that_signs(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "estimate.json"
    assert run(["what-if", str(examples / "nmc111-pack"), "--out", str(file)]) == 2
    assert "--node" in capsys.readouterr().err and not file.exists()
