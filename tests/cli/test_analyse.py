"""``saltbridge analyse`` on shipped packs: terminal in three languages, JSON, flow diagram."""

import csv
import json
from math import exp, expm1, sqrt
from pathlib import Path
from xml.etree import ElementTree

import pytest

from saltbridge.adapters.inventory_files import load, save_workbook
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


ROWS = """\
process,direction,flow,amount,unit,provider,distribution,scale,minimum,maximum,pedigree
battery,input,LFP cell,1,kg,cell,,,,,
cell,emission,CO2,10,kg,,lognormal,0.1,,,
cell,emission,CO2,10,kg,,normal,0.5,,,
cell,emission,CO2,10,kg,,triangular,,8,12,
cell,emission,CO2,10,kg,,uniform,,9,11,
cell,emission,CO2,10,kg,,,,,,"(2,2,3,5,5)"
"""


@pytest.mark.parametrize("form", ["battery", "battery.xlsx"])
def test_every_distribution_is_read_from_the_columns_of_csv_and_excel(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """hand: five rows of 10 kg CO2, alone in a sum, so that their variances add exactly.

    lognormal 100·e^0.01·(e^0.01 − 1), normal 0.5², triangular 4²/24, uniform 2²/12, pedigree
    (2,2,3,5,5) as a lognormal of variance 0.1253: 100·e^0.1253·(e^0.1253 − 1).
    """
    folder = tmp_path / "battery"
    assert run(["inventory", "template", str(folder)]) == 0
    (folder / "exchanges.csv").write_text(ROWS, encoding="utf-8")
    if form.endswith(".xlsx"):
        save_workbook(load(folder).inventory, tmp_path / form)
    capsys.readouterr()
    orders = ["analyse", str(tmp_path / form), "-m", "catena-x-pcf@v4", "--draws", "4000"]
    assert run([*orders, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["uncertainty"]
    assert told["drawn"] == 5 and told["bases"] == {"row": 4, "pedigree": 1}
    variances = [
        100 * exp(0.01) * expm1(0.01),
        0.5**2,
        4**2 / 24,
        2**2 / 12,
        100 * exp(0.1253) * expm1(0.1253),
    ]
    predicted = sqrt(sum(variances))
    total = told["total"]
    assert total["value"] == pytest.approx(50.0, rel=1e-12)
    assert total["first_order_sd"] == pytest.approx(predicted, rel=1e-9)
    assert total["sd"] == pytest.approx(predicted, rel=0.05)  # the sum is linear
    shares = [s["share"] for s in told["variance_shares"]]
    expected = sorted((v / sum(variances) for v in variances), reverse=True)
    assert shares == pytest.approx(expected, rel=1e-9)
    assert run(orders) == 0
    drawn = f"5 of {told['parameters']} numbers are drawn"
    assert drawn in capsys.readouterr().out
