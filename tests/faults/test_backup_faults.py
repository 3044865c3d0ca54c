"""Backups under attack and in trouble: flipped bits, crafted archives, full disks, kill -9."""

import io
import random
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.effort import examples

from saltbridge.adapters import backup, backup_file, node_folder
from saltbridge.adapters.processes import ends_with_parent
from saltbridge.adapters.stores import copying, open_store
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.cli.backup import judge
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.testing.builders import NOON, FixedClock, node_profile

FLIPS, KILLS = 1000, examples(20)
CLOCK = FixedClock()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("node") / "cell"
    node_folder.create(made, node_profile(), {"port": 8102}, NOON)
    store = open_store(f"sqlite:///{made / node_folder.STORE_FILE}", CLOCK)
    noise = random.Random(20261128)  # what does not pack
    with store.unit_of_work() as work:
        for number in range(200):
            work.put("draft", f"p{number:03}", noise.randbytes(20_000))
            work.append_leaf("issued", f"p{number:03}", b"")
    store.close()
    return made


@pytest.fixture(scope="module")
def sound(node: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("sound") / "b"
    backup.backup(node, file, NOON)
    return file.read_bytes()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    made = tmp_path_factory.mktemp("small")
    node_folder.create(made / "cell", node_profile(), {}, NOON)
    open_store(f"sqlite:///{made / 'cell' / node_folder.STORE_FILE}", CLOCK).close()
    backup.backup(made / "cell", made / "b", NOON)
    return (made / "b").read_bytes()


def members(sound: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(sound)) as archive:
        return [(m, archive.extractfile(m).read()) for m in archive]  # type: ignore[union-attr]


def crafted(entries: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A file whose outer digest is right: what somebody who knows the format would write."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        for header, content in entries:
            archive.addfile(header, io.BytesIO(content) if header.isreg() else None)
    hashing = backup_file._Hashing(io.BytesIO())
    hashing.write(written.getvalue())
    return written.getvalue() + backup_file._trailer(hashing.hashed.hexdigest())


def refused(content: bytes, folder: Path) -> str:
    """The code of the refusal; nothing but the file itself is there afterwards."""
    file = folder / "crafted"
    file.write_bytes(content)
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises((FaultyInput, Refused)) as fault:
        backup.restore(file, folder / "to", CLOCK, judge)
    assert sorted(folder.parent.rglob("*")) == before
    with pytest.raises(FaultyInput):
        backup.check(file)
    return fault.value.findings[0].code


def test_what_is_crafted_by_the_test_would_be_taken_if_it_were_sound(
    sound: bytes, tmp_path: Path
) -> None:
    assert crafted(members(sound)) == sound


def test_every_flipped_bit_is_found(small: bytes, tmp_path: Path) -> None:
    chance = random.Random(7)
    file = tmp_path / "b"
    content = bytearray(small)
    # The first kilobytes hold headers and the manifest, the last ones the ends and the digest.
    spots = [*range(0, 2048, 8), *range(len(content) - 1024, len(content), 8)]
    spots += [chance.randrange(len(content)) for _ in range(FLIPS - len(spots))]
    found = 0
    for spot in spots:
        bit = 1 << chance.randrange(8)
        content[spot] ^= bit
        file.write_bytes(content)
        with pytest.raises(FaultyInput):
            backup.check(file)
        content[spot] ^= bit
        found += 1
    assert found == FLIPS
    file.write_bytes(content)
    backup.check(file)


@pytest.mark.parametrize("kept", [0, 1, 511, 512, 5000, -513, -512, -1])
def test_a_truncated_backup_is_refused(sound: bytes, tmp_path: Path, kept: int) -> None:
    refused(sound[:kept], tmp_path)


def test_more_behind_its_end_is_refused(sound: bytes, tmp_path: Path) -> None:
    refused(sound + b"\0", tmp_path)
    refused(sound + sound, tmp_path)


def _header(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, "../../outside"
    return made


Attack = Callable[[list[tuple[tarfile.TarInfo, bytes]]], list[tuple[tarfile.TarInfo, bytes]]]


def _listed(
    entries: list[tuple[tarfile.TarInfo, bytes]], name: str, header: tarfile.TarInfo
) -> list[tuple[tarfile.TarInfo, bytes]]:
    """The archive with one more member that its manifest lists."""
    document = read_json(entries[0][1])
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    document["members"][name] = {"size": 0, "sha256": empty}
    content = canonical_bytes(document)
    rest = sorted([*entries[1:], (header, b"")], key=lambda e: e[0].name)
    return [(_header("manifest.json", size=len(content)), content), *rest]


ATTACKS: dict[str, Attack] = {
    "two members swapped": lambda e: [e[0], e[2], e[1], *e[3:]],
    "a member missing": lambda e: [*e[:2], *e[3:]],
    "a member twice": lambda e: [*e, e[-1]],
    "contents exchanged": lambda e: [e[0], (e[1][0], e[1][1][::-1]), *e[2:]],
    "no manifest": lambda e: e[1:],
    "manifest alone": lambda e: e[:1],
    "above the folder": lambda e: _listed(e, "../outside", _header("../outside")),
    "deep above": lambda e: _listed(e, "node/../../outside", _header("node/../../outside")),
    "from the root": lambda e: _listed(e, "/tmp/outside", _header("/tmp/outside")),  # noqa: S108
    "backslashes": lambda e: _listed(e, "node\\..\\outside", _header("node\\..\\outside")),
    "a symlink": lambda e: _listed(e, "node/x", _header("node/x", tarfile.SYMTYPE)),
    "a hard link": lambda e: _listed(e, "node/x", _header("node/x", tarfile.LNKTYPE)),
    "a device": lambda e: _listed(e, "node/x", _header("node/x", tarfile.CHRTYPE)),
    "a folder": lambda e: _listed(e, "node/x", _header("node/x", tarfile.DIRTYPE)),
    "a sparse file": lambda e: _listed(e, "node/x", _header("node/x", tarfile.GNUTYPE_SPARSE)),
    "a store of its own": lambda e: _listed(e, "node/node.sqlite", _header("node/node.sqlite")),
    "an unlisted member": lambda e: [*e, (_header("node/x"), b"")],
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_crafted_archive_is_refused_and_writes_nothing(
    sound: bytes, tmp_path: Path, attack: str
) -> None:
    (tmp_path / "inner").mkdir()
    entries = ATTACKS[attack](members(sound))
    if attack == "a store of its own":
        file = tmp_path / "crafted"
        file.write_bytes(crafted(entries))
        with pytest.raises(FaultyInput):
            backup.restore(file, tmp_path / "to", CLOCK, judge)
        assert not (tmp_path / "to").exists()
        return
    assert refused(crafted(entries), tmp_path / "inner") in {
        "backup.damaged",
        "backup.no-backup",
    }


def test_a_member_that_claims_to_be_huge_is_refused(sound: bytes, tmp_path: Path) -> None:
    huge = _header("manifest.json", size=1 << 50).tobuf(tarfile.GNU_FORMAT)
    body = huge + bytes(2048)
    hashing = backup_file._Hashing(io.BytesIO())
    hashing.write(body)
    refused(body + backup_file._trailer(hashing.hashed.hexdigest()), tmp_path)


def test_a_newer_format_and_a_newer_store_are_said(
    sound: bytes, tmp_path: Path, node: Path
) -> None:
    entries = members(sound)
    document = read_json(entries[0][1])
    document["version"] = 99
    content = canonical_bytes(document)
    entries[0] = (_header("manifest.json", size=len(content)), content)
    assert refused(crafted(entries), tmp_path) == "backup.newer-format"


def test_another_log_than_the_manifest_says_is_refused(sound: bytes, tmp_path: Path) -> None:
    entries = members(sound)
    document = read_json(entries[0][1])
    document["log"]["size"] += 1
    content = canonical_bytes(document)
    entries[0] = (_header("manifest.json", size=len(content)), content)
    file = tmp_path / "b"
    file.write_bytes(crafted(entries))
    with pytest.raises(Refused) as fault:
        backup.restore(file, tmp_path / "to", CLOCK, judge)
    assert fault.value.findings[0].code == "backup.log-differs"
    assert not (tmp_path / "to").exists()


def test_another_companys_backup_does_not_enter_a_node(
    sound: bytes, node: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    node_folder.create(other, node_profile("carmaker", port=8103), {}, NOON)
    (tmp_path / "b").write_bytes(sound)
    before = {p: p.read_bytes() for p in other.rglob("*") if p.is_file()}
    with pytest.raises(Refused):
        backup.restore(tmp_path / "b", other, CLOCK, judge)
    assert {p: p.read_bytes() for p in other.rglob("*") if p.is_file()} == before


# Full disks and kill -9: children of one process, so that Python starts once

WORKER = """
import os, resource, signal, sys, time
from pathlib import Path
from saltbridge.adapters import backup
from saltbridge.cli.backup import judge, upgrade
from saltbridge.core.errors import Unavailable
from saltbridge.testing.builders import NOON, FixedClock
import saltbridge.adapters.stores.sqlite, alembic.command

def work(what, one, other, limit):
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        if what == "backup":
            backup.backup(Path(one), Path(other), NOON)
        elif what == "upgrade":
            sys.stdout = open(os.devnull, "w")
            upgrade(Path(one), out=Path(other))
        else:
            backup.restore(Path(one), Path(other), FixedClock(), judge)
    except Unavailable as error:
        return error.findings[0].code
    return "done"

for line in sys.stdin:
    what, one, other, limit, seconds = line.rstrip("\\n").split("\\t")
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writer, work(what, one, other, limit).encode())
        finally:
            os._exit(0)
    os.close(writer)
    began = time.monotonic()
    if float(seconds):
        time.sleep(float(seconds))
        os.kill(child, signal.SIGKILL)
    said = os.read(reader, 100).decode() or "killed"
    os.waitpid(child, 0)
    os.close(reader)
    print(f"{said}\\t{time.monotonic() - began}", flush=True)
"""


class Worker:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=ends_with_parent(),
        )

    def do(
        self, what: str, one: Path, other: Path, *, limit: int = 0, kill_after: float = 0
    ) -> tuple[str, float]:
        """What it said, and how many seconds it took."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{what}\t{one}\t{other}\t{limit}\t{kill_after}\n")
        self.process.stdin.flush()
        said, seconds = self.process.stdout.readline().rstrip().split("\t")
        return said, float(seconds)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.mark.parametrize("limit", [1_000, 100_000, 3_000_000])
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_full_disk_leaves_the_old_state(
    node: Path, sound: bytes, tmp_path: Path, worker: Worker, what: str, limit: int
) -> None:
    assert len(sound) > 4_000_000
    (tmp_path / "b").write_bytes(sound)
    source = node if what == "backup" else tmp_path / "b"
    said, _ = worker.do(what, source, tmp_path / "target", limit=limit)
    assert said in {"backup.cannot-write", "store.cannot-open"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b"]


@pytest.mark.parametrize(
    "what",
    ["backup", pytest.param("restore", marks=pytest.mark.full("half a minute of kills"))],
)
def test_kill_9_at_any_moment_leaves_the_old_state_or_the_new_one(
    node: Path, sound: bytes, tmp_path: Path, worker: Worker, what: str
) -> None:
    (tmp_path / "b").write_bytes(sound)
    before = {p: p.read_bytes() for p in node.rglob("*") if p.suffix in (".toml", ".pem")}
    source = node if what == "backup" else tmp_path / "b"
    said, whole_seconds = worker.do(what, source, tmp_path / "whole")
    assert said == "done"
    outcomes = []
    for number in range(KILLS):
        target = tmp_path / f"target-{number}"
        after = 0.001 + 1.2 * whole_seconds * number / KILLS
        worker.do(what, source, target, kill_after=after)
        if not target.exists():
            outcomes.append("old")
            continue
        outcomes.append("new")
        if what == "backup":
            assert backup.check(target).log_size == 200
            continue
        store = open_store(f"sqlite:///{target / node_folder.STORE_FILE}", CLOCK)
        judge(store)
        with store.reading() as view:
            assert view.log_size() == 200
        store.close()
    assert "old" in outcomes
    for number, outcome in enumerate(outcomes):
        if outcome == "old":  # the next one works, and sweeps what the dead left
            assert worker.do(what, source, tmp_path / f"target-{number}")[0] == "done"
    assert worker.do(what, source, tmp_path / "last")[0] == "done"
    # At most an empty folder, of one killed before its first file.
    assert [p for left in tmp_path.glob(".*partial*") for p in left.iterdir()] == []
    assert {p: p.read_bytes() for p in before} == before


@pytest.fixture(scope="module")
def old_node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node whose store was written by the first Saltbridge: schema 0001."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, text

    made = tmp_path_factory.mktemp("old") / "cell"
    phrase = made.with_name("phrase")  # named, so that copies of the node find it
    phrase.write_text("correct horse battery staple")
    phrase.chmod(0o600)
    node_folder.create(made, node_profile(), {"passphrase_file": str(phrase)}, NOON)
    engine = create_engine(f"sqlite:///{made / node_folder.STORE_FILE}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "saltbridge.adapters.stores:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number in range(300):
            row = {"i": number, "b": bytes(10_000)}
            connection.execute(
                text("INSERT INTO records VALUES ('draft', 'p' || :i, 1, :b, :d, :t)"),
                {**row, "d": digest(row["b"]), "t": "2026-11-23T12:00:00.000000Z"},
            )
    engine.dispose()
    return made


@pytest.mark.full("half a minute of kills")
def test_kill_9_amid_an_upgrade_leaves_the_old_store_or_the_new_one(
    old_node: Path, tmp_path: Path, worker: Worker
) -> None:
    versions = []
    shutil.copytree(old_node, tmp_path / "whole")
    said, whole_seconds = worker.do("upgrade", tmp_path / "whole", tmp_path / "whole.backup")
    assert said == "done"
    for number in range(KILLS // 2):
        folder = tmp_path / f"n{number}"
        shutil.copytree(old_node, folder)
        after = 0.001 + 1.1 * whole_seconds * number / (KILLS // 2)
        worker.do("upgrade", folder, tmp_path / f"b{number}", kill_after=after)
        versions.append(copying.version_of(f"sqlite:///{folder / node_folder.STORE_FILE}"))
        if versions[-1] != "0001":  # never without the copy of what was
            assert backup.check(tmp_path / f"b{number}").schema == "0001"
        worker.do("upgrade", folder, tmp_path / f"again-{number}")
        store = open_store(f"sqlite:///{folder / node_folder.STORE_FILE}", CLOCK)
        judge(store)
        with store.reading() as view:
            assert len(view.find("draft")) == 300
        store.close()
    assert set(versions) <= {"0001", HEAD} and "0001" in versions


def test_a_store_that_vanishes_is_said(tmp_path: Path) -> None:
    with pytest.raises(SaltbridgeError):
        backup.check(tmp_path / "absent")
    with pytest.raises(Unavailable):
        backup.restore(tmp_path / "absent", tmp_path / "to", CLOCK, judge)
    assert list(tmp_path.iterdir()) == []
