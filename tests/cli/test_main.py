"""The command table: quick to list, findings worded, exit codes by kind of error."""

import subprocess
import sys
import types
from pathlib import Path

import pytest

from saltbridge.cli import main as command
from saltbridge.cli.present import finding_lines, language, say_findings
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Place, finding


def test_help_lists_every_command_without_loading_any() -> None:
    listed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from saltbridge.cli.main import run; code = run(['--help']);"
            "print(code, sorted(m for m in sys.modules if m.startswith('saltbridge.')));"
            "print([m for m in ('numpy', 'fastapi', 'sqlalchemy') if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    for name in command.COMMANDS:
        assert f"\n  {name} " in listed
    *_, modules, heavy = listed.splitlines()
    assert "saltbridge.locales" not in modules
    assert modules.startswith("0 ")
    assert "saltbridge.cli.demo" not in modules
    assert heavy == "[]"


def test_who_serves_a_node_does_not_load_what_works_out_footprints() -> None:
    """They took half the time of a start and a third of its memory."""
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, saltbridge.web.app; from saltbridge.bootstrap import outbox_handlers;"
            "import saltbridge.adapters.stores.sqlite; outbox_handlers();"
            "print([m for m in ('numpy', 'scipy', 'pint', 'sqlalchemy.orm', 'alembic')"
            " if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert loaded == "[]\n"


@pytest.mark.parametrize("name", list(command.COMMANDS))
def test_every_command_exists_and_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run([name, "--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 4


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FaultyInput([finding("demo.no-examples", folder="x")]), 2),
        (Refused([finding("demo.folder-not-empty", folder="x")]), 1),
        (Unavailable([finding("demo.no-free-port", first=1)]), 3),
    ],
)
def test_errors_are_worded_and_give_their_exit_code(
    error: Exception,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails() -> None:
        """A command that fails."""
        raise error

    module = types.SimpleNamespace(fails=fails)
    monkeypatch.setitem(command.COMMANDS, "fails", ("fails", "fails", "fails"))
    monkeypatch.setitem(sys.modules, "saltbridge.cli.fails", module)  # type: ignore[arg-type]
    assert command.run(["fails"]) == code
    said = capsys.readouterr().err
    assert said.startswith("✗ ") and "→" in said


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(["no-such-command"]) == 2
    assert "no-such-command" in capsys.readouterr().err
    assert command.run(["footprnt"]) == 2
    assert "Did you mean footprint?" in capsys.readouterr().err
    assert command.run(["--language", "fr", "node"]) == 2
    assert command.run(["--shout"]) == 2
    assert command.run(["verify"]) == 2  # a missing argument


def test_findings_follow_the_language_and_keep_their_place() -> None:
    found = finding("demo.no-examples", Place("exchanges.csv", 7, "unit"), folder="x")
    for tongue, word in (("en", "example"), ("de", "Beispiel"), ("zh", "示例")):
        first, remedy = finding_lines(found, tongue)
        assert first.startswith("✗ exchanges.csv:7 [unit]: ") and word in first
        assert remedy.startswith("    → ")


def test_a_code_without_text_is_still_shown() -> None:
    (line,) = finding_lines(finding("nowhere.at-all", amount=3), "en")
    assert line == "✗ nowhere.at-all {'amount': 3}"


@pytest.mark.parametrize(
    ("environment", "tongue"),
    [
        ({"SALTBRIDGE_LANGUAGE": "zh", "LANG": "de_DE.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_terminal(
    environment: dict[str, str], tongue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SALTBRIDGE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert language() == tongue


def test_a_remedy_shared_by_neighbours_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    same = [finding("demo.no-free-port", first=n) for n in (1, 2)]
    say_findings([*same, finding("demo.no-examples", folder="x"), finding("nowhere.at-all")])
    lines = capsys.readouterr().err.splitlines()
    assert [line.strip()[0] for line in lines] == ["✗", "✗", "→", "✗", "→", "✗"]


def test_a_passport_attribute_is_named_by_its_label() -> None:
    found = finding(
        "passport.missing", attribute="A033", name="battery_mass", basis="Annex VI A(5)"
    )
    assert finding_lines(found, "en")[0].startswith("✗ A033 (Battery mass) is missing")
    assert "Masse der Batterie" in finding_lines(found, "de")[0]


@pytest.mark.parametrize("name", ["footprint", "compare", "methodologies", "explain"])
def test_a_language_that_is_none_is_refused_by_every_command(
    name: str, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack, rules = str(examples / "nmc111-pack"), "eu-cfb@draft-2024-04"
    words = {
        "footprint": [pack, "-m", rules],
        "compare": [pack, "--from", rules, "--to", rules],
        "methodologies": [],
        "explain": [pack, "-m", rules],
    }[name]
    assert command.run([name, *words, "--language", "fr"]) == 2
    assert "fr" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--language", "de"], ["--language=de"]])
def test_a_refusal_speaks_the_language_of_the_command(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run(["footprint", "nowhere", "-m", "pact", *option]) == 2
    assert "Pfad" in capsys.readouterr().err
