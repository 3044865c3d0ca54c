"""Fixtures every test may use, and the list of skips at the end of a run.

``@pytest.mark.full`` marks tests that need more than Python (PostgreSQL, Chromium, the shared
standards) or much time (the whole demo, long runs of kills). They run with ``--full``, which is
what ``make test-all`` passes. With ``CI=true`` a skip in a full run fails it: what was
not run was not shown. Only what Maven's registry does not have is let go, as in
``make conformance``: nothing in the repository can install it.
"""

import os
from pathlib import Path

import pytest
from tests.effort import this_run_is

ROOT = Path(__file__).resolve().parent.parent
NOT_SERVED = "Maven cannot resolve "


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the tests that need real parts")


def pytest_configure(config: pytest.Config) -> None:
    this_run_is(full=config.getoption("--full"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    for item in items:
        if mark := item.get_closest_marker("full"):
            needs = mark.args[0] if mark.args else "real parts besides Python"
            item.add_marker(pytest.mark.skip(reason=f"needs {needs}: make test-all runs it"))


def _skip_reasons(reporter: pytest.TerminalReporter) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []):
        where = report.longrepr
        reason = where[2] if isinstance(where, tuple) else str(where)
        reason = reason.removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    return reasons


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = _skip_reasons(terminalreporter)
    if reasons:
        terminalreporter.section("Skipped, and why")
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{count:4d}  {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    full_in_ci = session.config.getoption("--full") and os.environ.get("CI") == "true"
    if not full_in_ci or exitstatus != 0 or reporter is None:
        return
    if any(not reason.startswith(NOT_SERVED) for reason in _skip_reasons(reporter)):
        reporter.write_line("CI=true: a skip in a full run fails it", red=True)
        session.exitstatus = 1


def shared_folder() -> Path | None:
    """The folder with the official standards and the golden cases; None if it is not here."""
    named = os.environ.get("SALTBRIDGE_SHARED")
    candidates = [Path(named)] if named else [ROOT.parent / "shared"]
    return next((c for c in candidates if (c / "standards").is_dir()), None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the official standards and the golden cases, if it lies beside us."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("the shared standards and golden cases are not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """The real inventories and partner set-ups shipped with the project."""
    return ROOT / "examples"


@pytest.fixture(autouse=True)
def _english_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts with an English terminal, whatever the machine or the last test set."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", "")
    monkeypatch.delenv("SALTBRIDGE_LANGUAGE")
