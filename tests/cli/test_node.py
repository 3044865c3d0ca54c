"""``saltbridge node``: set-up is safe to repeat, and says what is wrong."""

import json
from pathlib import Path

import pytest

from saltbridge.bootstrap import open_world
from saltbridge.cli.main import run
from saltbridge.ports import MAX_ATTEMPTS, OutboxEntry

INIT = [
    "--name", "cellmaker", "--legal-name", "Cell Ltd", "--bpn", "BPNL00000000CELL",
    "--jurisdiction", "CN", "--country", "CN", "--address", "Ningde", "--port", "8102",
    "--allow-loopback-http",
]  # fmt: skip
PARTNER = [
    "--name", "carmaker", "--bpn", "BPNL00000000OEM1", "--did", "did:web:127.0.0.1%3A8103",
    "--jurisdiction", "EU", "--dsp-url", "http://127.0.0.1:8103/2025-1/",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> str:
    assert run(["node", "init", str(tmp_path / "cell"), *INIT]) == 0
    return str(tmp_path / "cell")


def test_a_second_set_up_is_refused_and_says_how_to_go_on(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {p: p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}
    assert run(["node", "init", folder, *INIT]) == 1
    said = capsys.readouterr().err
    assert "already set up" in said
    assert "saltbridge node serve" in said
    assert {p: p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "business partner number"),
        ("de", "Geschäftspartnernummer"),
        ("zh", "业务伙伴编号"),
    ],
)
def test_faults_come_in_the_readers_language(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    faulty = ["BPN-1" if a == "BPNL00000000CELL" else a for a in INIT]
    assert run(["node", "init", str(tmp_path / "x"), *faulty]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_partner_is_entered_once_and_shown(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["node", "partner", folder, *PARTNER]) == 0
    assert run(["node", "partner", folder, *PARTNER]) == 0
    capsys.readouterr()
    assert run(["node", "show", folder, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [p["bpn"] for p in told["partners"]] == ["BPNL00000000OEM1"]
    assert told["partners"][0]["dsp_url"] == "http://127.0.0.1:8103/2025-1"
    assert told["did"] == told["did_document"]["id"] == "did:web:127.0.0.1%3A8102"
    assert told["port"] == 8102
    assert "d" not in told["did_document"]["verificationMethod"][0]["publicKeyJwk"]
    assert run(["node", "show", folder]) == 0
    said = capsys.readouterr().out
    for word in ("cellmaker", "BPNL00000000CELL", "key-1", "carmaker"):
        assert word in said


def test_no_node_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["node", "show", str(tmp_path)]) == 2
    assert "There is no node" in capsys.readouterr().err


def test_what_was_given_up_is_shown_and_tried_anew(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["node", "outbox", folder]) == 0
    assert "Nothing has been given up" in capsys.readouterr().out
    world = open_world(Path(folder))
    entry = OutboxEntry("e1", "dsp.send", b"{}", attempts=MAX_ATTEMPTS, last_error="away")
    with world.store.unit_of_work() as work:
        work.enqueue(entry)
    world.store.close()
    assert run(["node", "outbox", folder, "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["id"], shown["error"]) == ("e1", "away")
    assert run(["node", "outbox", folder, "--retry"]) == 0
    assert "1 entries are tried anew" in capsys.readouterr().out
    assert run(["node", "outbox", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
