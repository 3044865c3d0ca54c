"""Reading what a kit said, the table, the JSON, and what makes the run fail."""

import json
import re
from pathlib import Path

import pytest
from tests.conformance import __main__ as command
from tests.conformance import maven, registry
from tests.conformance.dsp.cases import IDS
from tests.conformance.kits import dsp_tck
from tests.conformance.registry import Kit
from tests.conformance.result import Case, KitResult, Outcome, not_run, table

SAID = """\
[2026-11-28T09:48:03.50] Started: TP:03-01: Verify
[2026-11-28T09:48:03.50] SUCCESSFUL: TP:03-01

[2026-11-28T09:48:04.16] FAILED: CN:02-01
[2026-11-28T09:37:12.70]
   ■ org.example.cn_02_01

[2026-11-28T09:37:12.70]      [CN:02-01: Verify contract request, provider terminated]
[2026-11-28T09:37:12.70]      Timeout waiting for state to transition to TERMINATED
"""


def test_what_the_kit_said_is_read_case_by_case():
    result = dsp_tck.read(SAID, "1.0.1 (from Maven)")
    by_id = {case.id: case for case in result.cases}
    assert by_id["TP:03-01"].outcome is Outcome.PASSED
    assert by_id["CN:02-01"] == Case(
        "CN:02-01", Outcome.FAILED, "Timeout waiting for state to transition to TERMINATED"
    )
    assert by_id["TP:02-04"].outcome is Outcome.NOT_RUN
    assert by_id["TP_C:01-01"].outcome is Outcome.FAILED, "a case of which nothing was said"
    assert len(result.cases) == 67


def _kit(*cases: Case) -> Kit:
    return Kit("A kit", "1", lambda folder: KitResult("A kit", "1", cases))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def run(*kits: Kit, arguments: tuple[str, ...] = ()) -> tuple[int, dict]:
        monkeypatch.setattr(command, "every_kit", lambda: kits)
        monkeypatch.setattr(command, "BUILD", tmp_path / "build" / "conformance")
        code = command.main(list(arguments))
        return code, json.loads((command.BUILD / "results.json").read_text(encoding="utf-8"))

    return run


PASSED, FAILED = Case("A:1", Outcome.PASSED), Case("A:2", Outcome.FAILED, "it hung")
ABSENT = not_run("Another", "2", ("B:1", "B:2"), "not in the registry")


def test_a_failed_case_fails_the_run_and_stands_in_both_outputs(ran, capsys):
    code, written = ran(_kit(PASSED, FAILED))
    assert code == 1
    (kit,) = written["kits"]
    kit.pop("notes"), kit.pop("seconds")
    assert kit == {
        "kit": "A kit",
        "version": "1",
        "passed": 1,
        "failed": 1,
        "not_run": 0,
        "reasons": {"A:2": "it hung"},
    }
    said = capsys.readouterr().out
    assert "failed: A:2: it hung" in said
    assert said.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_a_kit_that_cannot_be_had_is_told_and_fails_only_when_asked(ran):
    absent = Kit("Another", "2", lambda folder: ABSENT)
    assert ran(_kit(PASSED), absent)[0] == 0
    assert ran(_kit(PASSED), absent, arguments=("--all",))[0] == 2


def test_a_kit_that_breaks_is_a_failure_and_not_the_end(ran, capsys):
    def breaks(folder: Path) -> KitResult:
        raise OSError("no Java")

    code, written = ran(Kit("Broken", "3", breaks), _kit(PASSED))
    assert code == 1
    assert [kit["kit"] for kit in written["kits"]] == ["Broken", "A kit"]
    assert "the kit broke: OSError: no Java" in capsys.readouterr().out


def test_the_table_names_few_cases_and_counts_many():
    many = not_run("Many", "1", [f"C:{n}" for n in range(20)], "not here")
    assert "C:0 … C:19 (20 cases): not here" in table([many])
    assert re.search(r"Another\s+2\s+0\s+0\s+2", table([ABSENT]))


def test_every_module_of_the_folder_is_a_kit():
    assert {"DSP TCK", "DSP cases, our own peer"} <= {k.name for k in registry.every_kit()}


def test_without_java_the_kit_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(maven.shutil, "which", lambda name: None)
    result = dsp_tck.run(tmp_path)
    assert [case.id for case in result.cases] == list(IDS)
    assert {case.outcome for case in result.cases} == {Outcome.NOT_RUN}
    assert "JDK 17" in result.cases[0].reason


MISSING = (
    "\x1b[0m\x1b[0m[ERROR] Failed to execute goal: Could not resolve dependencies: {said}\n"
    "[ERROR] \n"
    "[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.\n"
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Could not find artifact a.b:c:jar:1 in central (https://registry.example/x)",
            "Could not find artifact a.b:c:jar:1",
        ),
        (
            "Could not transfer artifact a.b:c:pom:1 from/to central (https://registry.example/x)",
            "Could not transfer artifact a.b:c:pom:1",
        ),
        (
            "a.b:c:jar:1 was not found in https://registry.example/x during a previous attempt",
            "Could not find artifact a.b:c:jar:1",
        ),
    ],
)
def test_why_maven_failed_is_said_without_the_address_of_a_registry(said: str, told: str):
    assert maven.why(MISSING.format(said=said), 1) == told


def test_a_maven_that_said_nothing_is_known_by_its_exit_code():
    assert maven.why("[ERROR] \n", 137) == "exit code 137"
