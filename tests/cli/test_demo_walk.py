"""What keeps two demos apart, and what one leaves behind when it is stopped."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from saltbridge.adapters.processes import ends_with_parent
from saltbridge.cli.demo_walk import HeldPorts
from saltbridge.core.errors import Unavailable


def test_two_demos_never_hold_the_same_port() -> None:
    one = HeldPorts(23_400, 3)
    two = HeldPorts(23_400, 3)
    try:
        assert len(set(one.ports) | set(two.ports)) == 6
    finally:
        one.let_go()
        two.let_go()
    again = HeldPorts(23_400, 3)
    assert again.ports == one.ports
    again.let_go()


def test_a_port_that_is_served_is_passed_over() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        held = HeldPorts(other.getsockname()[1], 1)
        assert held.ports != [other.getsockname()[1]]
        held.let_go()
        lock = f"saltbridge-demo-port-{other.getsockname()[1]}.lock"
        assert not (Path(tempfile.gettempdir()) / lock).exists()


def test_no_ports_are_left_at_the_end_of_the_range() -> None:
    with pytest.raises(Unavailable):
        HeldPorts(65_535, 3)


@pytest.mark.full("half a minute of demo")
def test_a_demo_stopped_in_the_middle_leaves_no_node_and_no_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUTF8": "1"}
    demo = subprocess.Popen(
        [sys.executable, "-m", "saltbridge", "demo", "--once", "--port", "23500"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        preexec_fn=ends_with_parent(signal.SIGTERM),
    )
    try:
        until = time.monotonic() + 300
        while not (logs := list(tmp_path.glob("*/supplier.log"))) or not logs[0].stat().st_size:
            assert demo.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        first_node = next(
            line.partition('"')[2].rstrip('"')
            for line in (logs[0].parent / "material-supplier" / "node.toml")
            .read_text("utf-8")
            .splitlines()
            if line.startswith("base_url")
        )
        demo.send_signal(signal.SIGINT)
        demo.wait(timeout=60)
    finally:
        demo.kill()
    assert demo.returncode == 130
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(first_node.rpartition(":")[2]))) != 0
    assert not list(tmp_path.glob("saltbridge-demo-*"))
