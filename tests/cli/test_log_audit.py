"""``saltbridge log audit``: what a person reads, what a program reads, and the exit code."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.test_annex import CARS, LI, request

from saltbridge.adapters.stores import open_store
from saltbridge.bootstrap import open_world
from saltbridge.cli.main import run
from saltbridge.services import approval, retention
from saltbridge.services.publish import publish
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.builders import FixedClock


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    code = run([
        "node", "init", str(folder), "--name", "cells", "--legal-name", "Cells Ltd",
        "--bpn", "BPNL00000000CELL", "--jurisdiction", "CN", "--port", "8998",
        "--allow-loopback-http",
    ])  # fmt: skip
    assert code == 0
    store = open_store(f"sqlite:///{folder}/node.sqlite", FixedClock())
    with store.unit_of_work() as work:
        work.put("decision", "d1", b"{}", expected_version=0)
        work.append_leaf("border.decided", "d1", b"{}")
        work.append_leaf("border.decided", "d2", b"[]")
    store.close()
    return folder


def damage(node: Path) -> None:
    with closing(sqlite3.connect(node / "node.sqlite")) as raw:
        raw.execute("DROP TRIGGER records_no_update")
        raw.execute("UPDATE records SET body = x'5b' WHERE kind = 'decision'")
        raw.commit()


def test_a_whole_store_passes_with_a_note(
    node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["log", "audit", str(node)]) == 0
    said = capsys.readouterr().out
    assert "Log entries: 3" in said
    assert "! The document that log entry 2 was made for is no longer stored." in said
    assert said.rstrip().endswith("The store is as it was written; notes: 1.")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("A row of the table records", "decision d1 1", "tables, views or guards")),
        ("de", ("Eine Zeile der Tabelle records", "decision d1 1", "Schutzregeln")),
        ("zh", ("表 records 中有一行与写入时不符", "decision d1 1", "防改写规则")),
    ],
)
def test_a_damaged_store_fails_and_says_where(
    node: Path, language: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(node)
    capsys.readouterr()
    assert run(["--language", language, "log", "audit", str(node)]) == 1
    said = capsys.readouterr().out
    for word in words:
        assert word in said


def test_a_program_reads_the_same(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage(node)
    capsys.readouterr()
    assert run(["log", "audit", str(node), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["clean"] is False
    assert told["counts"]["leaves"] == 3
    assert told["found"]["audit.row-altered"] == 1
    assert {f["code"] for f in told["findings"]} == set(told["found"])
    assert all(f["text"] and f["remedy"] for f in told["findings"])


def test_stored_subtrees_are_worked_out_anew_by_a_command(
    node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(node / "node.sqlite")) as raw:
        (guard,) = raw.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'log_leaves_no_update'"
        ).fetchone()
        raw.execute("DROP TRIGGER log_leaves_no_update")
        raw.execute("UPDATE log_leaves SET nodes = x'' WHERE leaf_index = 1")
        raw.execute(guard)
        raw.commit()
    assert run(["log", "audit", str(node)]) == 1
    assert run(["log", "rebuild", str(node)]) == 0
    assert run(["log", "audit", str(node)]) == 0


def test_what_retention_erased_is_no_note_and_what_somebody_else_removed_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "node"
    command = [
        "node", "init", str(folder), "--name", "cells", "--legal-name", "Cells Ltd",
        "--bpn", "BPNL00000000CELL", "--jurisdiction", "CN", "--port", "8998",
        "--allow-loopback-http",
    ]  # fmt: skip
    assert run(command) == 0
    clock = FixedClock(datetime.now(UTC))  # the node's keys are as old as that
    opened = open_world(folder)
    opened.store.close()
    store = open_store(f"sqlite:///{folder}/node.sqlite", clock)
    node = replace(opened.node, partners=(CARS,))
    world = replace(opened, node=node, clock=clock, store=store)
    publish(world, request())
    approve_all(world, approval)
    other = publish(world, request()).decisions[0]["id"]
    approve_all(world, approval)
    clock.moment = clock.moment.replace(year=clock.moment.year + 3)
    assert len(retention.erase(world, LI)) == 4  # two releases and their statements
    store.close()
    capsys.readouterr()
    assert run(["log", "audit", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "no longer stored" not in said
    assert said.rstrip().endswith("The store is as it was written.")
    with closing(sqlite3.connect(folder / "node.sqlite")) as raw:
        for (name,) in raw.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'records'"
        ).fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("DELETE FROM records WHERE kind = 'decision' AND id = ?", (other,))
        raw.commit()
    run(["log", "audit", str(folder)])
    assert "no longer stored" in capsys.readouterr().out  # a tombstone excuses no decision
