"""``saltbridge analyse`` on shipped packs: terminal in three languages, JSON, flow diagram."""

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from saltbridge.cli.main import run

DRAFT = "eu-cfb@draft-2024-04"


@pytest.fixture
def pack(examples: Path) -> str:
    return str(examples / "nmc111-pack")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["Known part", "58 holes", "This range is no part", "1 of 82 numbers", "By flow"],
        ),
        ("de", ["Bekannter Teil", "58 Lücken", "1 von 82 Zahlen", "Die Lieferkette hinauf"]),
        ("zh", ["已知部分", "58 个缺口", "82 个数值中有 1 个", "按流"]),
    ],
)
def test_the_terminal_says_what_is_drawn_and_what_is_not(
    pack: str, language: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    orders = ["analyse", pack, "-m", DRAFT, "--draws", "200", "--language", language]
    assert run(orders) == 0
    told = capsys.readouterr().out
    for word in words:
        assert word in told
    assert max(map(len, told.splitlines())) <= 100


def test_json_sums_to_the_footprint_and_repeats(
    pack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = ["analyse", pack, "-m", DRAFT, "--draws", "200", "--seed", "5", "--json"]
    assert run(orders) == 0
    first = capsys.readouterr().out
    assert run(orders) == 0
    assert capsys.readouterr().out == first
    document = json.loads(first)
    assert run(["footprint", pack, "-m", DRAFT, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    total = record["total_kg_co2e"]
    assert document["known_kg_co2e"] == pytest.approx(total, rel=1e-12)
    for kind, shares in document["contributions"].items():
        assert sum(s["kg_co2e"] for s in shares) == pytest.approx(total, rel=1e-9), kind
    assert document["holes"]["count"] == len(record["holes"])
    assert document["uncertainty"]["bases"] == {"range": 1}
    spread = document["uncertainty"]["total"]
    assert spread["value"] == pytest.approx(total, rel=1e-12)
    assert spread["p2_5"] < spread["median"] < spread["p97_5"]
    assert document["paths"]["paths"][0]["kg_co2e"] == pytest.approx(total, rel=1e-9)


def test_the_flow_diagram_is_written(
    pack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "flows.svg"
    orders = ["analyse", pack, "-m", DRAFT, "--draws", "10", "--sankey", str(file)]
    assert run(orders) == 0
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314
    assert root.tag.endswith("svg")
    assert str(file) in capsys.readouterr().out.replace("\n", "").replace("    ", "")


def test_a_place_that_cannot_be_written_is_told(
    pack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere" / "flows.svg"
    assert run(["analyse", pack, "-m", DRAFT, "--draws", "10", "--sankey", str(file)]) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_a_spread_that_nobody_gave_is_unknown_and_not_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "battery"
    assert run(["inventory", "template", str(folder)]) == 0
    table = folder / "factors.csv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = [{**row, "low": "", "high": ""} for row in csv.DictReader(file)]
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    capsys.readouterr()
    assert run(["analyse", str(folder), "-m", "catena-x-pcf@v4", "--draws", "10"]) == 0
    told = capsys.readouterr().out
    assert "Unknown: no number of this footprint has a distribution." in told
    assert "1st order" not in told


def test_faults_of_distributions_end_with_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "battery"
    assert run(["inventory", "template", str(folder)]) == 0
    table = folder / "exchanges.csv"
    head, first, *rest = table.read_text(encoding="utf-8").splitlines()
    head += ",distribution,minimum,maximum"
    lines = [head, f"{first},uniform,9,3", *(f"{line},,," for line in rest)]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert run(["analyse", str(folder), "-m", "catena-x-pcf@v4", "--draws", "10"]) == 2
    told = capsys.readouterr().err
    assert "exchanges.csv:2" in told
    assert "9" in told and "3" in told
