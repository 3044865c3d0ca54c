"""``saltbridge log`` towards the outside: what it prints, in three languages, and its codes."""

import json
from pathlib import Path

import pytest

from saltbridge.bootstrap import open_world
from saltbridge.cli.main import run
from saltbridge.trust.checkpoint import parse_checkpoint
from saltbridge.trust.note import parse_note


@pytest.fixture
def node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    folder = tmp_path / "maker"
    done = run(
        ["node", "init", str(folder), "--name", "Maker", "--legal-name", "Maker", "--bpn",
         "BPNL0000000MAKER", "--jurisdiction", "CN", "--port", "8911", "--allow-loopback-http"]
    )  # fmt: skip
    assert done == 0
    world = open_world(folder)
    with world.store.unit_of_work() as work:
        while work.log_size() < 4:  # setting up a node has left entries of its own
            work.append_leaf("test.done", "1", b"{}")
    world.store.close()
    capsys.readouterr()
    return str(folder)


def test_from_a_checkpoint_to_a_seal(node: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "checkpoint", node]) == 0
    printed = capsys.readouterr().out
    assert parse_checkpoint(parse_note(printed).text).size == 4
    assert run(["log", "show", node, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["size"], told["checkpoint"], told["witnesses"]) == (4, printed, [])
    assert run(["log", "reseal", node, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["suite"] == "ML-DSA-65"
    world = open_world(Path(node))
    with world.store.reading() as view:  # the key that was made for it is told of at once
        last = view.log_leaf(view.log_size() - 1)
        assert last is not None and last.event == "key.recorded"
        assert b"ML-DSA-65" in view.get("key-history", world.node.did).body
    world.store.close()
    assert run(["log", "show", node, "--seals", "--json"]) == 0
    (seal,) = json.loads(capsys.readouterr().out)["seals"]
    assert (seal["number"], seal["size"], seal["code"]) == (1, 4, "")
    assert run(["log", "witness", node, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("language", "words", "missing"),
    [
        ("en", "Log: 4 entries", "No time-stamp authority"),
        ("de", "Protokoll: 4 Einträge", "keine Zeitstempelstelle"),
        ("zh", "日志：4 条记录", "未配置时间戳机构"),
    ],
)
def test_it_speaks_the_readers_language(
    node: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    words: str,
    missing: str,
) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    assert run(["log", "show", node]) == 0
    assert words in capsys.readouterr().out
    assert run(["log", "stamp", node]) == 3
    assert missing in capsys.readouterr().err


def test_a_file_of_another_node_is_not_proven(node: str, tmp_path: Path) -> None:
    absent = tmp_path / "absent.json"
    assert run(["log", "proof", str(absent), "--node", node, "--out", str(tmp_path / "o")]) == 2
    absent.write_text("{}")
    assert run(["log", "proof", str(absent), "--node", node, "--out", str(tmp_path / "o")]) == 2
    assert not (tmp_path / "o").exists()
