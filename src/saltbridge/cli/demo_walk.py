"""What the demo needs to walk the path: three companies, their processes, timed steps.

Every step runs the commands a person would type, each in a process of its own; the three nodes
are served by three more. Nothing here reaches into a node (docs/decisions/0004).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from rich.console import Console
from rich.text import Text

from saltbridge.adapters.processes import ends_with_parent
from saltbridge.cli.demo_layout import INDENT, command_lines, fold
from saltbridge.cli.present import language
from saltbridge.core.errors import Unavailable
from saltbridge.locales import number, text

READY_WITHIN_SECONDS = 30.0


@dataclass(frozen=True)
class Company:
    """One of the three companies. All of them are fictitious."""

    key: str
    name: str
    legal_name: str
    bpn: str
    jurisdiction: str
    country: str
    address: str
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def did(self) -> str:
        return f"did:web:127.0.0.1%3A{self.port}"


class StepFailed(Exception):
    """A command did not do what the step needs; its output says why."""


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    exit_code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class Step:
    name: str
    title: str
    ok: bool = False
    seconds: float = 0.0


@dataclass
class Walk:
    """The state of one run of the demo."""

    folder: Path
    examples: Path
    companies: dict[str, Company]
    console: Console
    quiet: bool = False
    tongue: str = field(default_factory=language)
    steps: list[Step] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    held: "HeldPorts | None" = None
    issuer_url: str = ""

    def word(self, message: str, **arguments: object) -> str:
        """A text of the demo in the language of its reader."""
        return text(f"demo.{message}", arguments, self.tongue)

    def say(self, line: str | Text = "", style: str = "") -> None:
        """One line as it is: what is meant to be copied is never broken."""
        if not self.quiet:
            shown = Text(line, style) if isinstance(line, str) else line
            self.console.print(shown, soft_wrap=True)

    def tell(self, words: str, style: str = "", lead: str | Text = "") -> None:
        """A sentence folded to the terminal; its further lines hang behind ``lead``."""
        first = Text(" " * INDENT).append(lead)
        hang = " " * first.cell_len
        head, *more = fold(words, max(20, self.console.width - len(hang)))
        self.say(first.append(head, style))
        for piece in more:
            self.say(hang + piece, style)

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Step]:
        """One named, timed step; a failure is shown and ends the walk."""
        step = Step(name, self.word(f"step.{name}"))
        self.steps.append(step)
        self.say()
        lead = Text(f"{len(self.steps):>2}/{total}  ")
        head, *more = fold(step.title, max(20, self.console.width - INDENT))
        self.say(Text.assemble(lead, head, style="bold"))
        for piece in more:
            self.say(" " * INDENT + piece, "bold")
        started = time.monotonic()
        try:
            yield step
            step.ok = True
        finally:
            step.seconds = round(time.monotonic() - started, 2)
            mark = Text("✓ ", "green") if step.ok else Text("✗ ", "red")
            took = number(round(step.seconds, 1), self.tongue)
            self.tell(self.word("seconds", seconds=took), lead=mark)

    def run(self, *arguments: str, expect: int = 0, show: bool = True) -> Ran:
        """Run one ``saltbridge`` command as a person of a company would.

        Raises:
            StepFailed: the exit code is not the expected one.
        """
        if show:
            typed = ["$", "saltbridge", *(self._short(argument) for argument in arguments)]
            for line in command_lines(typed, max(40, self.console.width - INDENT)):
                self.say(" " * INDENT + line, "dim")
        self.results["commands"] = self.results.get("commands", 0) + 1
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            [sys.executable, "-m", "saltbridge", *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        if done.returncode != expect:
            command = f"saltbridge {' '.join(arguments)}"
            said = self.word(
                "failed.command", command=command, code=done.returncode, expected=expect
            )
            raise StepFailed(f"{said}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return Ran(done.returncode, done.stdout, done.stderr)

    def _short(self, argument: str) -> str:
        """Paths as a reader of the terminal knows them."""
        for base, word in ((self.folder, ""), (self.examples.parent, "")):
            if argument.startswith(f"{base}{os.sep}"):
                return word + argument[len(str(base)) + 1 :]
        return f"'{argument}'" if " " in argument else argument

    def serve(self, company: Company) -> None:
        """Start the serving process of a company and wait until it answers.

        Raises:
            StepFailed: it ended, or did not answer in time.
        """
        self.start(
            company.key, company.name, company.url, "/health",
            "node", "serve", str(company.folder),
        )  # fmt: skip

    def start(self, key: str, name: str, url: str, path: str, *arguments: str) -> None:
        """Start a command that serves at a URL, and wait until it answers at the path.

        Raises:
            StepFailed: it ended, or did not answer in time.
        """
        log = (self.folder / f"{key}.log").open("wb")
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "saltbridge", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM),  # also where the demo is killed
        )
        log.close()
        self.servers[key] = process
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            # Its own word first: another program may answer on the port.
            if url.encode() in (self.folder / f"{key}.log").read_bytes():
                try:
                    if self.get(f"{url}{path}")[0] == 200:
                        return
                except OSError:  # not up yet: refused, reset or a URLError, which is one too
                    pass
            time.sleep(0.05)
        said = (self.folder / f"{key}.log").read_bytes().decode("utf-8", "replace")
        fault = self.word("failed.node-not-started", name=name)
        raise StepFailed(f"{fault}\n{said[-3000:]}")

    def get(self, url: str, **headers: str) -> tuple[int, bytes, str]:
        """Status, body and content type of a page of one of our own nodes on loopback."""
        if not url.startswith("http://127.0.0.1:"):
            raise StepFailed(self.word("failed.not-our-node", url=url))
        request = Request(url, headers=headers)  # noqa: S310 - checked above
        try:
            with urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read(), answer.headers.get("Content-Type", "")
        except HTTPError as answer:
            return answer.code, answer.read(), answer.headers.get("Content-Type", "")

    def stop(self) -> None:
        """Stop the serving processes: asked first, then ended."""
        for process in self.servers.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.servers.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)
        if self.held is not None:
            self.held.let_go()


class HeldPorts:
    """Free loopback ports, kept from other demos of this machine until they are let go.

    Between finding a port free and serving on it, a second demo would find it free too; a
    locked file for each port keeps the two apart. The locks end with the process.
    """

    def __init__(self, first: int, count: int) -> None:
        """Hold the first ``count`` free ports from ``first`` on.

        Raises:
            Unavailable: too few are free among the next two hundred.
        """
        self.ports: list[int] = []
        self._locks: list[tuple[Path, int]] = []
        for port in range(first, min(first + 200, 65536)):
            if len(self.ports) < count and self._lock(port):
                self.ports.append(port)
        if len(self.ports) < count:
            self.let_go()
            raise Unavailable.of("demo.no-free-port", first=first)

    def _lock(self, port: int) -> bool:
        import fcntl

        path = Path(tempfile.gettempdir()) / f"saltbridge-demo-port-{port}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:  # another person's demo
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            return False
        self._locks.append((path, descriptor))
        return True

    def let_go(self) -> None:
        for path, descriptor in self._locks:
            path.unlink(missing_ok=True)
            os.close(descriptor)
        self._locks.clear()


def examples_folder() -> Path:
    """The example inventories: beside the package in a checkout, inside it in a wheel.

    Raises:
        Unavailable: neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package.parent.parent / "examples", package / "examples"):
        if (candidate / "nmc111-pack" / "inventory.toml").is_file():
            return candidate
    raise Unavailable.of("demo.no-examples", folder=str(package.parent.parent / "examples"))
