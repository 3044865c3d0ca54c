"""What the pages say exists: links, make targets, commands and their options."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from saltbridge.cli import main as command

ROOT = Path(__file__).resolve().parents[2]


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


PAGES = _pages()
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"```sh\n(.*?)```", re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [t for t in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in t]
    assert [t for t in targets if not (page.parent / t).exists()] == []


def _shell_lines() -> list[str]:
    blocks = [block for page in PAGES for block in FENCE.findall(page.read_text("utf-8"))]
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line.split("  #")[0].strip() for line in joined.splitlines() if line.strip()]


def test_the_pages_hold_commands() -> None:
    lines = _shell_lines()
    assert any(line.startswith("make demo") for line in lines)
    assert any(line.startswith("saltbridge ") for line in lines)


def test_make_targets_exist() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.M))
    named = {m.group(1) for line in _shell_lines() if (m := re.match(r"make ([a-z-]+)", line))}
    assert named and named <= targets


def test_make_runs_files_that_exist() -> None:
    named = re.findall(r"\b(?:scripts|bench)/[\w.]+", (ROOT / "Makefile").read_text("utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def _help_of(words: list[str]) -> str:
    """The help of the command a line calls, followed into its groups."""
    module, attribute, _ = command.COMMANDS[words[0]]
    app = command._as_app(  # what the command line itself does
        getattr(__import__(f"saltbridge.cli.{module}", fromlist=[attribute]), attribute)
    )
    asked = [w for w in words[1:3] if re.fullmatch(r"[a-z-]+", w)]
    runner = CliRunner(env={"COLUMNS": "300"})
    answer = runner.invoke(app, [*asked, "--help"])  # type: ignore[arg-type]
    while answer.exit_code != 0 and asked:
        asked.pop()
        answer = runner.invoke(app, [*asked, "--help"])  # type: ignore[arg-type]
    return answer.output


def test_commands_and_their_options_exist() -> None:
    checked = 0
    for line in _shell_lines():
        if not line.startswith("saltbridge "):
            continue
        words = [w for w in line.split()[1:] if not w.startswith(("en|", "#"))]
        while words and words[0].startswith("--"):
            words = words[2:] if words[0] in ("--language",) else words[1:]
        if not words:
            continue
        assert words[0] in command.COMMANDS, line
        shown = _help_of(words)
        missing = [w for w in words if w.startswith("--") and w.split("=")[0] not in shown]
        assert missing == [], line
        checked += 1
    assert checked >= 4
