"""Backup and restore: one whole file while the node works, and the same node out of it."""

import os
import shutil
import sqlite3
import stat
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from saltbridge.adapters import backup, node_folder
from saltbridge.adapters.stores import open_store
from saltbridge.bootstrap import open_world
from saltbridge.cli.backup import judge
from saltbridge.cli.main import run
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.ports import OutboxEntry
from saltbridge.testing.builders import NOON, FixedClock, node_profile

CLOCK = FixedClock()


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with keys under a passphrase, forty documents and leaves, and an outbox."""
    home = tmp_path_factory.mktemp("made")
    made = home / "cell"
    (home / "phrase").write_text("correct horse battery staple")
    (home / "phrase").chmod(0o600)
    settings = {"port": 8102, "passphrase_file": str(home / "phrase")}
    node_folder.create(made, node_profile(), settings, NOON)
    (made / "tls").mkdir()
    (made / "tls" / "key.pem").write_text("key")
    (made / "tls" / "elsewhere").symlink_to("/etc/hostname")
    store = open_store(f"sqlite:///{made / node_folder.STORE_FILE}", CLOCK)
    for number in range(40):
        with store.unit_of_work() as work:
            work.put("draft", f"p{number}", b"%d" % number)
            work.append_leaf("issued", f"p{number}", b"%d" % number)
    with store.unit_of_work() as work:
        work.put("draft", "p1", b"changed")
        work.enqueue(OutboxEntry("e1", "send", b"{}", "process"))
    store.close()
    return made


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(made_once.parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    profile = tmp_path / "cell" / "node.toml"
    profile.write_text(profile.read_text().replace(str(made_once.parent), str(tmp_path)))
    return tmp_path / "cell"


def test_the_restored_node_is_the_node(folder: Path, tmp_path: Path) -> None:
    manifest = backup.backup(folder, tmp_path / "b", NOON)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    assert manifest.log_size == 40
    assert backup.check(tmp_path / "b") == manifest
    backup.restore(tmp_path / "b", tmp_path / "again", CLOCK, judge)
    one, other = open_world(folder), open_world(tmp_path / "again")
    assert replace(other.node, partners=()) == replace(one.node, partners=())
    assert other.keyring.did_document() == one.keyring.did_document()
    assert {**other.settings, "folder": ""} == {**one.settings, "folder": ""}
    with one.store.reading() as a, other.store.reading() as b:
        assert (a.log_size(), a.log_root()) == (b.log_size(), b.log_root())
        assert a.find("draft") == b.find("draft")
        assert a.get("draft", "p1") == b.get("draft", "p1")
        assert a.due(NOON) == b.due(NOON) and len(b.due(NOON)) == 1
    with other.store.unit_of_work() as work:  # and it works on
        assert work.append_leaf("issued", "next", b"") == 40
        work.enqueue(OutboxEntry("e2", "send", b"{}"))
    for world in (one, other):
        world.store.close()
    modes = {
        stat.S_IMODE(p.stat().st_mode) & 0o077
        for p in [tmp_path / "again", *(tmp_path / "again").rglob("*")]
    }
    assert modes == {0}
    left = [p.name for p in tmp_path.iterdir() if "partial" in p.name]
    assert left == []


def test_neither_passphrase_nor_links_nor_locks_are_in_it(folder: Path, tmp_path: Path) -> None:
    # Where it should not lie, but somebody put it:
    (folder / "cell.passphrase").write_text("correct horse battery staple")
    (tmp_path / "phrase").rename(folder / "phrase")
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace(f"{tmp_path}/phrase", f"{folder}/phrase"))
    (folder / "serving.lock").write_text("1")
    manifest = backup.backup(folder, tmp_path / "b", NOON)
    assert b"correct horse" not in (tmp_path / "b").read_bytes()
    names = {name.removeprefix("node/") for name in manifest.members}
    assert {"node.toml", "keys/key-1.sealed", "tls/key.pem", "store.sqlite"} <= names
    assert not names & {"phrase", "cell.passphrase", "serving.lock", "tls/elsewhere"}
    assert "node.sqlite" not in names
    with tarfile.open(tmp_path / "b") as archive:  # any tar opens it
        assert len(archive.getnames()) == len(manifest.members) + 1


def test_a_backup_amid_writes_is_of_one_moment(folder: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{folder / node_folder.STORE_FILE}", CLOCK)
    stopping, written = threading.Event(), threading.Event()

    def write() -> None:
        number = 1000
        while not stopping.is_set():
            with store.unit_of_work() as work:
                work.put("both", f"p{number}", bytes(5000))
                work.append_leaf("issued", f"p{number}", b"")
            written.set()
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for round_number in range(5):
            assert written.wait(60)  # a busy machine may not have let the writer begin
            written.clear()
            backup.backup(folder, tmp_path / f"b{round_number}", NOON)
    finally:
        stopping.set()
        writer.join()
        store.close()
    sizes = []
    for round_number in range(5):
        to = tmp_path / f"r{round_number}"
        manifest = backup.restore(tmp_path / f"b{round_number}", to, CLOCK, judge)
        world = open_world(to)
        with world.store.reading() as view:
            assert len(view.find("both", limit=100_000)) == manifest.log_size - 40
        world.store.close()
        sizes.append(manifest.log_size)
    assert sizes == sorted(sizes) and sizes[-1] > 40


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(Refused):
        backup.backup(folder, tmp_path / "b", NOON)
    assert (tmp_path / "b").read_text() == "mine"
    backup.backup(folder, tmp_path / "c", NOON)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    for to in (folder, tmp_path / "full", tmp_path / "b", tmp_path / "link"):
        with pytest.raises(Refused) as refused:
            backup.restore(tmp_path / "c", to, CLOCK, judge)
        assert refused.value.findings[0].code == "backup.folder-not-empty"
    assert (tmp_path / "full" / "thesis.txt").read_text() == "mine"
    backup.restore(tmp_path / "c", tmp_path / "empty", CLOCK, judge)  # an empty one will do


def test_a_store_that_fails_its_audit_is_not_restored(folder: Path, tmp_path: Path) -> None:
    backup.backup(folder, tmp_path / "b", NOON)

    def refuse(store: object) -> None:
        raise Refused.of("backup.log-differs")

    with pytest.raises(Refused):
        backup.restore(tmp_path / "b", tmp_path / "again", CLOCK, refuse)
    assert not (tmp_path / "again").exists()
    with sqlite3.connect(folder / "node.sqlite") as raw:  # a bit flipped before the backup
        raw.execute("DROP TRIGGER records_no_update")
        raw.execute("UPDATE records SET body = x'00' WHERE id = 'p7'")
    backup.backup(folder, tmp_path / "altered", NOON)
    with pytest.raises(Refused) as refused:
        backup.restore(tmp_path / "altered", tmp_path / "again", CLOCK, judge)
    assert any("p7" in str(dict(f.arguments)) for f in refused.value.findings)
    assert not (tmp_path / "again").exists()
    assert [p.name for p in tmp_path.iterdir() if "partial" in p.name] == []


def test_a_workshop_of_a_dead_process_is_swept_and_that_of_a_living_one_is_not(
    folder: Path, tmp_path: Path
) -> None:
    import fcntl

    dead, alive = (tmp_path / f".saltbridge-partial-{n}-x" for n in (1, 2))
    for left in (dead, alive):
        left.mkdir()
        (left / "lock").touch()
    descriptor = os.open(alive / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    backup.backup(folder, tmp_path / "b", NOON)
    assert not dead.exists() and alive.exists()
    os.close(descriptor)


def test_killed_while_it_tidies_up_it_is_still_swept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(self: Path, missing_ok: bool = False) -> None:
        raise Killed

    def then_killed(path: Path, **_: bool) -> None:
        rmtree(path)
        raise Killed

    rmtree = shutil.rmtree
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        patch.setattr(backup.shutil, "rmtree", then_killed)
        with pytest.raises(Killed):
            backup.backup(folder, tmp_path / "b", NOON)
    (left,) = tmp_path.glob(".saltbridge-partial-*")
    assert len(list(left.iterdir())) > 1 and (left / "lock").exists()
    backup.backup(folder, tmp_path / "c", NOON)
    assert list(tmp_path.glob(".saltbridge-partial-*")) == []


def test_a_store_elsewhere_comes_home(folder: Path, tmp_path: Path) -> None:
    (folder / "node.sqlite").rename(tmp_path / "elsewhere.sqlite")
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    node_folder.choose_store(folder, url)
    backup.backup(folder, tmp_path / "b", NOON)
    backup.restore(tmp_path / "b", tmp_path / "again", CLOCK, judge)
    node = node_folder.read(tmp_path / "again")
    assert node.store_url == f"sqlite:///{tmp_path / 'again' / 'node.sqlite'}"
    assert Path(node.store_url.removeprefix("sqlite:///")).stat().st_size > 0


def test_a_node_without_a_store_is_not_given_one(folder: Path, tmp_path: Path) -> None:
    (folder / "node.sqlite").unlink()
    assert run(["backup", str(folder), "--out", str(tmp_path / "b")]) == 2
    assert not (folder / "node.sqlite").exists() and not (tmp_path / "b").exists()
    node_folder.choose_store(folder, "memory://")
    assert run(["backup", str(folder), "--out", str(tmp_path / "b")]) == 2


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_commands_say_what_they_did(
    folder: Path, tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    b, to = str(tmp_path / "b"), str(tmp_path / "again")
    said = ["--language", language]
    assert run([*said, "backup", str(folder), "--out", b]) == 0
    assert run([*said, "backup", "check", b]) == 0
    assert run([*said, "restore", b, "--to", to]) == 0
    assert run([*said, "upgrade", to]) == 0
    out = capsys.readouterr().out
    assert "40" in out and {"en": "fork", "de": "Gabelung", "zh": "分叉"}[language] in out
    assert run([*said, "backup", "check", str(folder / "node.toml")]) == 2
    assert run([*said, "backup", str(folder)]) == 2
    assert run([*said, "restore", b, "--to", to]) == 1


def test_upgrade_copies_first_and_a_dry_run_changes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", "en")
    monkeypatch.setattr(backup, "HEAD", "9999")  # as if this code knew one more migration
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert run(["upgrade", str(folder), "--dry-run"]) == 0
    assert "9999" in capsys.readouterr().out
    after = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if "sqlite-" not in p.name}
    assert {p: t for p, t in before.items() if p in after and p.is_file()} == {
        p: t for p, t in after.items() if p.is_file()
    }
    assert run(["upgrade", str(folder), "--out", str(tmp_path / "before")]) == 0
    assert backup.check(tmp_path / "before").log_size == 40


def test_no_place_for_it_is_said_and_nothing_is_left(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as refused:
        backup.backup(folder, tmp_path / "file" / "b", NOON)
    assert refused.value.findings[0].code == "backup.cannot-write"
