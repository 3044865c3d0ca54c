"""A process that is to end with its parent does, however the parent went."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.processes import run_whole

PARENT = """
import subprocess, sys, time
from saltbridge.adapters.processes import ends_with_parent
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
    start_new_session=True, preexec_fn=ends_with_parent())
print(child.pid, flush=True)
time.sleep(60)
"""


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def soon(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return true()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert runs(child)
        os.kill(parent.pid, signal.SIGKILL)
    assert soon(lambda: not runs(child))


def test_a_command_that_takes_too_long_leaves_nothing_behind(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    command = f"sleep 60 & echo $! > {told}; wait"
    with pytest.raises(subprocess.TimeoutExpired):
        run_whole(["/bin/sh", "-c", command], timeout=1, patience=0.5)
    assert soon(lambda: not runs(int(told.read_text())))
