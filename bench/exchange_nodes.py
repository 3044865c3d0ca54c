"""Two companies and an issuer of credentials on this machine, for the bench of the exchange.

They are set up and served by the commands that a person runs, sign in with credentials
(DCP), and keep everything in SQLite files whose commits reach the disk.
"""

import contextlib
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from saltbridge.cli.main import run
from saltbridge.core.identifiers import did_web

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
DOCUMENT = EXAMPLES / "partners" / "material-supplier" / "pcf.json"
PROVIDER, CONSUMER = "BPNL00000000MATS", "BPNL00000000CELL"
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Node:
    """A node's folder and the port it is served at."""

    folder: Path
    bpn: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Served:
    """A process that serves; ``log`` is where it writes, ``seconds`` how long it took to."""

    process: "subprocess.Popen[bytes]"
    log: Path
    seconds: float

    @property
    def cpu_seconds(self) -> float:
        """Processor time since its start, of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self, peak: bool = False) -> float:
        """Memory it holds now, or held at most."""
        name = "VmHWM:" if peak else "VmRSS:"
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1000
        raise LookupError(name)

    def forget_peak(self) -> None:
        """Count the most memory anew from now on."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


def command(*words: str) -> str:
    """Run a ``saltbridge`` command in this process; what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(words))
    if code:
        raise RuntimeError(f"saltbridge {' '.join(words)}: {code}\n{err.getvalue()}")
    return out.getvalue()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at now."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextlib.contextmanager
def process(words: list[str], port: int, log: Path) -> Iterator[Served]:
    """A process that listens at the port; it is ended afterwards."""
    started = time.perf_counter()
    with (
        log.open("ab") as told,
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=told) as child,
    ):
        try:
            _wait_for(port, child, log)
            yield Served(child, log, time.perf_counter() - started)
        finally:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(20)
            child.kill()


def _wait_for(port: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once an HTTP request is answered there."""
    question = b"GET /.well-known/dspace-version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 5) as c,
        ):
            c.sendall(question)
            if c.recv(12).startswith(b"HTTP/1.1"):
                return
        time.sleep(0.01)
    raise RuntimeError(f"nothing answers at port {port}:\n{log.read_text()[-2000:]}")


def serve(node: Node) -> "contextlib.AbstractContextManager[Served]":
    """The node, served by the command."""
    words = [sys.executable, "-m", "saltbridge", "node", "serve", str(node.folder)]
    return process(words, node.port, node.folder.parent / f"{node.bpn}.log")


@contextlib.contextmanager
def dataspace(folder: Path) -> Iterator[tuple[Node, Node]]:
    """Provider and consumer, known to each other, holding what the other asks to be shown.

    The provider offers the footprints of a material supplier. The issuer stays served, since
    its status list is asked for.
    """
    ports = free_ports(3)
    provider = Node(folder / "provider", PROVIDER, ports[0])
    consumer = Node(folder / "consumer", CONSUMER, ports[1])
    issuer = folder / "issuer"
    for node in (provider, consumer):
        command(
            *("node", "init", str(node.folder), "--name", node.bpn, "--legal-name", node.bpn),
            *("--bpn", node.bpn, "--jurisdiction", "CN", "--country", "CN"),
            *("--address", "of the bench", "--port", str(node.port), "--allow-loopback-http"),
        )
    members = (f"--member={did_web(n.url)}={n.bpn}" for n in (provider, consumer))
    command("test-issuer", "init", str(issuer), "--port", str(ports[2]), *members)
    at = f"http://127.0.0.1:{ports[2]}"
    for node, other in ((provider, consumer), (consumer, provider)):
        command(
            *("node", "partner", str(node.folder), "--name", other.bpn, "--bpn", other.bpn),
            *("--did", did_web(other.url), "--jurisdiction", "CN"),
            *("--dsp-url", f"{other.url}/2025-1"),
        )
        command(
            *("identity", "trust", did_web(at), "--mode", "dcp", "--node", str(node.folder))
        )
    words = [sys.executable, "-m", "saltbridge", "test-issuer", "serve", str(issuer)]
    with process(words, ports[2], folder / "issuer.log"):
        with serve(provider), serve(consumer):
            for node in (provider, consumer):
                wait = ("--wait", "30", "--node", str(node.folder))
                command("identity", "request", did_web(at), *wait)
        command(
            *("publish", str(DOCUMENT), "--kind", "pcf", "--to", consumer.bpn),
            *("--title", "PCF records", "--node", str(provider.folder)),
        )
        yield provider, consumer
