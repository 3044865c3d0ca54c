"""Processes of tests that never outlive them: whatever ends a test ends what it started."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from saltbridge.adapters.processes import ends_with_parent

_STOP_SECONDS = 15.0


def end_group(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    """Kill a process that leads a session of its own, with everything it started in it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


def run_whole(
    command: Sequence[str],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    patience: float = _STOP_SECONDS,
) -> "subprocess.CompletedProcess[str]":
    """What a command wrote and how it ended; nothing that it started runs on.

    ``timeout`` is in seconds. A parent that is killed asks it to stop by SIGTERM, so that it
    can end its own; one that took too long has ``patience`` seconds for that.

    Raises:
        TimeoutExpired: it did not end in time; it was killed with all it started.
    """
    process = subprocess.Popen(
        list(command),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        preexec_fn=ends_with_parent(signal.SIGTERM),
    )
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        if process.poll() is None:  # what it started may lead sessions of their own
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=patience)
        end_group(process)
    return subprocess.CompletedProcess(command, process.returncode, out, err)
