"""kill -9 and a full disk amid writes: nothing acknowledged is lost, nothing stays half-done.

A launcher imports once and forks the writers, so that hundreds of kills take a minute. Every
writer is a process with a store of its own, and says what it wrote once the commit returned.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.processes import end_group

from saltbridge.adapters.processes import ends_with_parent
from saltbridge.adapters.stores import open_store
from saltbridge.core.canonical import digest
from saltbridge.ports import Store
from saltbridge.services.log_audit import audit_store
from saltbridge.testing.builders import FixedClock

LAUNCHER = """
import json, os, resource, signal, sys, time
from saltbridge.adapters.processes import ends_with_parent
from saltbridge.adapters.stores import open_store
from saltbridge.border.release import reopen
from saltbridge.core.canonical import digest
from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import LogEvent, OutboxEntry
from saltbridge.testing.builders import FixedClock

url = sys.argv[1]


def write(name, say):
    # As publishing does: a decision, its release, leaves one by one and in batches, messages.
    store, number = open_store(url, FixedClock()), 0
    while True:
        number += 1
        id = f"{name}-{number}"
        body = json.dumps({"id": id, "filling": "x" * (number * 997 % 9000)}).encode()
        done = f"{name}-{number - 3}" if number > 3 and number % 2 else ""
        with store.unit_of_work() as work:
            work.put("decision", id, body, expected_version=0)
            work.append_leaf("border.decided", id, body)
            work.put_release(reopen(body, expected_digest=digest(body),
                media_type="application/json", decision_id=id, audience="public", purpose="p"))
            if number % 3 == 0:
                work.append_leaves(LogEvent("batch", id, body) for _ in range(number * 7 % 90))
            counter = work.get("counter", "c")
            total = int(counter.body) + 1 if counter else 1
            work.put("counter", "c", str(total).encode(), expected_version=total - 1)
            work.enqueue(OutboxEntry(id, "send", body))
            if done:
                work.done(done)
            size, root = work.log_size(), work.log_root().hex()
        say(dict(id=id, digest=digest(body), done=done, size=size, root=root, total=total))
        time.sleep(0.02)  # SQLite does not queue: others find their turn in the pauses


for line in sys.stdin:
    name, acknowledged, limit = line.split()
    launcher = os.getpid()
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        continue
    ends_with_parent(parent=launcher)()
    out = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    say = lambda told: os.write(out, json.dumps(told).encode() + b"\\n")
    if int(limit):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    try:
        write(name, say)
    except SaltbridgeError as fault:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        say({"refused": [f.code for f in fault.findings]})
        os._exit(7)
    finally:
        os._exit(8)
"""


@dataclass
class Launcher:
    """Forks writers on one store."""

    process: "subprocess.Popen[str]"
    folder: Path
    started: int = 0

    def start(self, limit_bytes: int = 0) -> tuple[int, str, Path]:
        """A writer: its process, its name, and where it says what it has written."""
        self.started += 1
        name = f"w{self.started:04}"
        said = self.folder / f"{name}.jsonl"
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{name} {said} {limit_bytes}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline()), name, said


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A new store."""
    url = f"sqlite:///{tmp_path}/node.sqlite"
    open_store(url, FixedClock()).close()
    return url


@pytest.fixture
def launcher(url: str, tmp_path: Path) -> Iterator[Launcher]:
    folder = tmp_path / "said"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=ends_with_parent(),
    )
    made = Launcher(process, folder)
    try:
        yield made
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:  # the writers are in its session, and write on until somebody ends them
        end_group(process)


def said_by(file: Path) -> list[dict[str, Any]]:
    """What a writer acknowledged; a line it was killed in the middle of says nothing."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]


def wait_for(file: Path, lines: int) -> None:
    deadline = time.monotonic() + 120
    while len(said := said_by(file)) < lines:
        assert time.monotonic() < deadline, "the writer never wrote"
        assert not any("refused" in line for line in said), said
        time.sleep(0.002)


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def check_all_that_was_said(store: Store, said: dict[str, list[dict[str, Any]]]) -> int:
    """Everything acknowledged is there, on one history; returns how many acknowledgements."""
    acknowledged, roots = 0, {}
    with store.reading() as view:
        waiting = {e.id for e in view.due(FixedClock().now(), limit=1_000_000)}
        for name, acks in said.items():
            gone = {ack["done"] for ack in acks}
            # One more commit may have become durable than could be acknowledged.
            maybe_gone = {f"{name}-{len(acks) + 1 - 3}"}
            for ack in acks:
                acknowledged += 1
                record = view.get("decision", ack["id"])
                assert record is not None
                assert digest(record.body) == ack["digest"]
                assert view.get_release(ack["digest"], ack["id"]) is not None
                assert roots.setdefault(ack["size"], ack["root"]) == ack["root"], "a fork"
                assert view.log_root(ack["size"]).hex() == ack["root"], "another history"
                if ack["id"] not in maybe_gone:
                    assert (ack["id"] in waiting) != (ack["id"] in gone)
        counter = view.get("counter", "c")
        assert counter is not None
        totals = [ack["total"] for acks in said.values() for ack in acks]
        assert len(set(totals)) == len(totals) == acknowledged
        assert int(counter.body) == counter.version >= max(totals)
        # Each commit counted once and decided once, the unacknowledged ones as well.
        assert len(view.find("decision", limit=10_000_000)) == counter.version
        assert counter.version - acknowledged <= len(said)
    return acknowledged


@pytest.mark.parametrize(
    "kills", [20, pytest.param(200, marks=pytest.mark.full("a minute of kill -9"))]
)
def test_nothing_acknowledged_is_lost_when_writers_are_killed(
    kills: int, url: str, launcher: Launcher, capsys: pytest.CaptureFixture[str]
) -> None:
    writers_at_once, killed, said = 2, 0, {}
    running = [launcher.start() for _ in range(writers_at_once)]
    while killed < kills:
        pid, name, file = running.pop(0)
        wait_for(file, 1 + killed % 4)
        time.sleep(0.0007 * (killed * 7 % 29))  # at another moment each time
        os.kill(pid, signal.SIGKILL)
        while is_there(pid):
            time.sleep(0.001)
        killed += 1
        said[name] = said_by(file)
        running.append(launcher.start())  # the others write on meanwhile
    for pid, name, file in running:
        os.kill(pid, signal.SIGKILL)
        while is_there(pid):
            time.sleep(0.001)
        said[name] = said_by(file)
    store = open_store(url, FixedClock())
    acknowledged = check_all_that_was_said(store, said)
    found = audit_store(store)
    store.close()
    with capsys.disabled():
        print(
            f"\n{killed} kills, {acknowledged} acknowledged commits,"
            f" {found.counts['leaves']} leaves: none lost, no fork, audit clean"
        )
    assert found.findings == ()
    assert acknowledged > kills


def test_a_full_disk_is_refused_and_leaves_no_trace(
    url: str, launcher: Launcher, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk ends at another byte each time: in the log of writes, the file, the index."""
    said, refusals, points = {}, 0, 0
    path = Path(url.removeprefix("sqlite:///"))
    for step in range(24):
        store = open_store(url, FixedClock())
        with store.unit_of_work() as work:
            work.put("probe", str(step), b"the disk has room again", expected_version=0)
        store.close()
        # A file may not grow beyond this; the log of writes begins anew at nothing.
        limit = 20_000 + step * 7_001 if step % 3 else path.stat().st_size + step * 1_024
        pid, name, file = launcher.start(limit)
        points += 1
        deadline = time.monotonic() + 60
        while is_there(pid):
            assert time.monotonic() < deadline, "the writer went on without a disk"
            time.sleep(0.005)
        *acks, last = said_by(file)
        assert last == {"refused": ["store.cannot-open"]}, last
        refusals += 1
        said[name] = acks
    store = open_store(url, FixedClock())
    acknowledged = check_all_that_was_said(store, {n: a for n, a in said.items() if a})
    found = audit_store(store)
    with store.reading() as view:
        assert len(view.find("probe")) == points
    store.close()
    with capsys.disabled():
        print(f"\n{points} ends of the disk, {refusals} refused, {acknowledged} commits kept")
    assert found.findings == ()
    assert acknowledged > 0
