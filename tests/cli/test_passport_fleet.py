"""``saltbridge passport issue --from``: each row is issued once or told, by any processes."""

import csv
import json
from pathlib import Path

import pytest

from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.core.canonical import read_json
from saltbridge.services.log_audit import audit
from saltbridge.testing.fleets import put_model_delivery, write_fleet_csv


@pytest.fixture
def node(tmp_path: Path, examples: Path) -> Path:
    folder = tmp_path / "cars"
    assert run(
        ["node", "init", str(folder), "--name", "cars", "--legal-name", "Isarwerk", "--bpn",
         "BPNL00000000OEM1", "--jurisdiction", "EU", "--country", "DE", "--address", "München",
         "--port", "8103", "--allow-loopback-http"]
    ) == 0  # fmt: skip
    with opened_world(folder) as world:
        put_model_delivery(world, examples)
    return folder


@pytest.fixture
def fleet(tmp_path: Path, examples: Path) -> Path:
    path = tmp_path / "fleet.csv"
    write_fleet_csv(path, examples, 6)
    return path


def command(node: Path, fleet: Path, examples: Path, *more: str) -> list[str]:
    facts = examples / "partners" / "carmaker" / "passport" / "operator.toml"
    day = "2027-02-18"
    return [
        "passport", "issue", "--node", str(node), "--from", str(fleet), "--facts", str(facts),
        "--placed-on-market", day, *more,
    ]  # fmt: skip


def serials(node: Path) -> list[str]:
    with opened_world(node) as world:
        assert audit(world).found.keys() <= {"audit.document-unlogged"}
        with world.store.reading() as view:
            return sorted(read_json(r.body)["serial"] for r in view.find("passport"))


def test_every_row_is_issued_once_or_told(
    node: Path, fleet: Path, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = fleet.read_text(encoding="utf-8").splitlines()
    faulty = ["=1 1" + lines[3][lines[3].index(",") :], lines[4].replace("FL", "a b")]
    fleet.write_text("\n".join([*lines, *faulty, lines[1]]), encoding="utf-8")
    assert run(command(node, fleet, examples)) == 1
    told = capsys.readouterr()
    assert "5 passports issued" in told.out
    assert "9 of 9 rows (100 %)" in told.err
    with Path(f"{fleet}.faults.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["row"], r["serial"], r["code"]) for r in rows] == [
        ("2", "FL000000000", "item.duplicate-serial"),
        ("8", "'=1 1", "passport.bad-serial"),
        ("9", "a b000000003", "passport.bad-serial"),
        ("10", "FL000000000", "item.duplicate-serial"),
    ]
    assert all(r["fault"] and r["remedy"] for r in rows)
    assert serials(node) == [f"FL{n:09}" for n in range(1, 6)]
    fleet.write_text("\n".join(lines), encoding="utf-8")
    assert run(command(node, fleet, examples, "--json")) == 0
    assert json.loads(capsys.readouterr().out) == {
        "rows": 6, "issued": 1, "known": 5, "faulty": 0, "faults_file": ""
    }  # fmt: skip
    assert not Path(f"{fleet}.faults.csv").exists()
    assert serials(node) == [f"FL{n:09}" for n in range(6)]


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Pässe ausgestellt"), ("zh", "已签发 6 本护照")]
)
def test_it_speaks_the_reader_s_language(
    language: str,
    words: str,
    node: Path,
    fleet: Path,
    examples: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--language", language, *command(node, fleet, examples)]) == 0
    assert words in capsys.readouterr().out


def test_either_serials_or_a_file(
    node: Path, fleet: Path, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(node, fleet, examples, "--serials", "A,B")) == 2
    assert "--from" in capsys.readouterr().err


def test_a_faulty_list_stores_nothing(
    node: Path, fleet: Path, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.write_text(fleet.read_text(encoding="utf-8").replace("serial,", "number,", 1))
    assert run(command(node, fleet, examples)) == 2
    assert "serial" in capsys.readouterr().err
    assert serials(node) == []


@pytest.mark.full("starts worker processes")
def test_workers_share_the_work(
    node: Path, tmp_path: Path, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet = tmp_path / "more.csv"
    write_fleet_csv(fleet, examples, 1500)
    with fleet.open("a", encoding="utf-8") as file:
        file.write("a b,2027-01-01\n")
    assert run(command(node, fleet, examples, "--workers", "2", "--json")) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["issued"], told["faulty"]) == (1501, 1500, 1)
    assert run(command(node, fleet, examples, "--workers", "3", "--json")) == 1
    assert json.loads(capsys.readouterr().out)["known"] == 1500
    with opened_world(node) as world:
        assert audit(world).found.keys() <= {"audit.document-unlogged"}
