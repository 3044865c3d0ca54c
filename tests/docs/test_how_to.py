"""The how-to pages: every command runs, in order, and prints what the page says.

A fence's first word is its language, the rest says what to do with it: ``sh`` runs,
``sh exit 2`` must end so, ``sh serve`` keeps running until the end of the page;
``sh tools`` and ``text tools`` need the tools of requirements/background-tools.txt and are
followed in a full run only; ``sh passports`` shows a command that needs a partner's delivery:
the same passports are issued here, from a delivery put into the node; ``csv append FILE`` and
``csv remove FILE`` are what a person edits; ``text`` holds lines that the commands before it
print (``…`` stands for anything, and blanks do not count); ``toml``, ``ini`` and ``nginx`` show
files that are not used here.
"""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from tests.fake_edc_served import served_edcs

from saltbridge.bootstrap import opened_world
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.deliveries import (
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "battery-life.md",
    "bring-your-own-background.md",
    "border-officer.md",
    "compare-rule-sets.md",
    "bring-your-own-background.md",
    "check-a-passport.md",
    "compare-rule-sets.md",
    "declare-and-explain.md",
    "first-footprint.md",
    "identity.md",
    "issue-a-fleet.md",
    "keep-your-edc.md",
    "keys.md",
    "operate.md",
    "pact.md",
    "live-answers.md",
    "passport-access.md",
    "passport-api.md",
    "passport-backup.md",
    "passport-formats.md",
    "people.md",
    "plausibility.md",
    "replace-a-pass.md",
    "supplier-figures.md",
    "terms-and-doctor.md",
    "transparency-log.md",
    "twins.md",
    "two-nodes.md",
    "uncertainty-and-hot-spots.md",
    "verify-a-footprint.md",
    "what-if.md",
)
_LONG = {
    "pact.md",
    "battery-life.md",
    "border-officer.md",
    "identity.md",
    "keep-your-edc.md",
    "keys.md",
    "live-answers.md",
    "operate.md",
    "passport-backup.md",
    "passport-formats.md",
    "people.md",
    "supplier-figures.md",
    "terms-and-doctor.md",
    "transparency-log.md",
    "twins.md",
    "two-nodes.md",
    "verify-a-footprint.md",
    "what-if.md",
}
_SHELLS_OWN = set("|<>&;$`")
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    orders: tuple[str, ...]
    content: str


def blocks(page: str) -> list[Block]:
    text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    return [
        Block(language, tuple(rest.split()), content)
        for language, rest, content in _FENCE.findall(text)
    ]


def printed(expected: str, output: str) -> bool:
    """Whether a line of the output reads as the page says."""
    pieces = [re.escape(" ".join(piece.split())) for piece in expected.split("…")]
    return re.search(r"\s*.*?\s*".join(pieces), " ".join(output.split())) is not None


def one_by_one(commands: str) -> list[str]:
    """The commands of a block; a block that needs one shell for all of it stays whole."""
    if {"$", "<"} & set(commands):
        return [commands]
    return commands.replace("\\\n", " ").splitlines()


class Commands:
    """A process that runs ``saltbridge`` commands (``command_forks``)."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("command_forks.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(
        self, arguments: list[str], folder: Path, environment: dict[str, str]
    ) -> tuple[int, str]:
        """Exit code and output of one command."""
        assert self.process.stdin and self.process.stdout
        with tempfile.NamedTemporaryFile() as output:
            order = {
                "arguments": arguments,
                "folder": str(folder),
                "environment": environment,
                "output": output.name,
            }
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            code = int(self.process.stdout.readline())
            return code, Path(output.name).read_text(encoding="utf-8")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class Reader:
    """Somebody who follows a page in an empty folder beside the checkout."""

    with_tools = False

    def __init__(self, folder: Path, ports: dict[str, int], commands: Commands) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        (folder / "saltbridge").symlink_to(ROOT)
        self.ports = ports
        self.commands = commands
        self.served: list[subprocess.Popen[bytes]] = []
        self.output = ""
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SALTBRIDGE_LANGUAGE": "en",
            "SALTBRIDGE_CACHE": str(folder / "cache"),
            "PYTHONUTF8": "1",
            "COLUMNS": "100",
        }

    def follow(self, block: Block) -> None:
        content = block.content
        for written, free in self.ports.items():
            content = content.replace(written, str(free))
        if "tools" in block.orders and not self.with_tools:
            return
        orders = tuple(order for order in block.orders if order != "tools")
        match block.language, orders:
            case "sh", ():
                self.run(content, 0)
            case "sh", ("exit", code):
                self.run(content, int(code))
            case "sh", ("serve",):
                self.serve(content)
            case "sh", ("passports",):
                self.issue(content)
            case "csv", ("append", file):
                with (self.folder / file).open("a", encoding="utf-8") as table:
                    table.write(content)
            case "csv", ("remove", file):
                path = self.folder / file
                kept = path.read_text(encoding="utf-8")
                assert content in kept
                path.write_text(kept.replace(content, ""), encoding="utf-8")
            case "text", ():
                for line in filter(None, content.splitlines()):
                    assert printed(line, self.output), f"{line!r} not in:\n{self.output}"
                self.output = ""
            case (("toml" | "ini" | "nginx"), ()):
                pass  # a file of the machine's, to be read
            case _:
                raise AssertionError(f"no such fence: {block.language} {block.orders}")

    def run(self, commands: str, code: int) -> None:
        parts = one_by_one(commands)
        for part in parts:
            plain = part.startswith("saltbridge ") and not set(part) & _SHELLS_OWN
            if plain:
                order = shlex.split(part)[1:]
                found, said = self.commands.run(order, self.folder, self.environment)
            else:
                found, said = self.shell(part)
            self.output += said
            due = code if part is parts[-1] else 0
            assert found == due, f"{part}\n{said}"

    def shell(self, commands: str) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", commands],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    def issue(self, command: str) -> None:
        words = shlex.split(command)
        told = {k: words[words.index(k) + 1] for k in words if k.startswith("--")}
        with opened_world(self.folder / told["--node"]) as world:
            put_delivery(world, maker_profile(), example_record(ROOT / "examples"))
            request = example_request(ROOT / "examples", told["--serials"].split(","))
            day = date.fromisoformat(told["--placed-on-market"])
            issue(world, IssueRequest(**{**request, "placed_on_market": day}))

    def serve(self, command: str) -> None:
        log = self.folder / f"serve-{len(self.served)}.log"
        with log.open("wb") as file:
            self.served.append(
                subprocess.Popen(
                    ["/bin/sh", "-c", f"exec {command}"],
                    cwd=self.folder,
                    env=self.environment,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                )
            )
        until = time.monotonic() + 30
        while b"is ready" not in log.read_bytes():
            assert self.served[-1].poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until
            time.sleep(0.05)

    def leave(self) -> None:
        for process in self.served:
            process.terminate()
        for process in self.served:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    started = Commands()
    yield started
    started.end()


@pytest.fixture
def reader(tmp_path: Path, commands: Commands) -> Iterator[Reader]:
    with socket.socket() as one, socket.socket() as other, socket.socket() as third:
        ports = {}
        for written, free in {"8111": one, "8112": other, "8113": third}.items():
            free.bind(("127.0.0.1", 0))
            ports[written] = free.getsockname()[1]
    person = Reader(tmp_path, ports, commands)
    yield person
    person.leave()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.full("a minute of nodes at work"))
        if page in _LONG
        else page
        for page in PAGES
    ],
)
def test_the_page_works_as_written(page: str, reader: Reader) -> None:
    with beside(page, reader.ports):
        for block in blocks(page):
            reader.follow(block)


@contextmanager
def beside(page: str, ports: dict[str, int]) -> Iterator[None]:
    """What runs at a reader's already: EDCs, where the page is about them."""
    if page != "keep-your-edc.md":
        yield
        return
    names = (("maker", ports["8111"]), ("cars", ports["8112"]))
    known = [(name, f"did:web:127.0.0.1%3A{port}") for name, port in names]
    with served_edcs(ports["8113"], known):
        yield


@pytest.mark.full("Brightway and olca-schema (requirements/background-tools.txt)")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any("tools" in b.orders for b in blocks(page))]
)
def test_the_page_works_with_its_tools(page: str, reader: Reader) -> None:
    reader.with_tools = True
    for block in blocks(page):
        reader.follow(block)


def test_every_how_to_page_is_followed() -> None:
    pages = {path.name for path in (ROOT / "docs" / "how-to").glob("*.md")}
    assert pages == set(PAGES)


def test_what_is_not_printed_is_noticed() -> None:
    assert printed("a … c", "x a b\n c d")
    assert not printed("a … e", "x a b\n c d")
    assert not printed("12 kg", "112 g")
