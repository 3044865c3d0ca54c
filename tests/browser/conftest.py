"""What the browser tests share: Chromium, an application on loopback, axe, pictures to look at.

With ``SALTBRIDGE_SCREENSHOTS=<folder>`` every page that is tested is photographed into it.
"""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
WCAG_2_2_AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs Chromium, and a full run."""
    if CHROMIUM.exists():
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser. Playwright's loop lives in the thread of the test as long as it does."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A port on loopback that nobody listens at."""

    def found() -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])

    return found


@pytest.fixture(scope="session")
def serving() -> Callable[[Any, int], AbstractContextManager[None]]:
    """Serves an application at a port of 127.0.0.1 as long as the context lasts."""

    @contextmanager
    def served(application: Any, port: int) -> Iterator[None]:
        import uvicorn

        config = uvicorn.Config(
            application, host="127.0.0.1", port=port, log_level="error", lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.started
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(timeout=15)

    return served


@pytest.fixture(scope="session")
def faults_by_axe() -> Callable[[Any], list[str]]:
    """What axe finds against WCAG 2.2 AA on a page, a line for every element."""
    from axe_playwright_python.base import AXE_SCRIPT

    rules = {
        "runOnly": {"type": "tag", "values": list(WCAG_2_2_AA)},
        "rules": {"target-size": {"enabled": True}},  # WCAG 2.2, off by default
        "resultTypes": ["violations"],
    }

    def found(page: Any) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        violations = page.evaluate("rules => axe.run(rules)", rules)["violations"]
        return [
            f"{v['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for v in violations
            for node in v["nodes"]
        ]

    return found


@pytest.fixture(scope="session")
def photograph() -> Callable[[Any, str], None]:
    """Keeps a picture of a page, where a folder for them was named."""
    folder = os.environ.get("SALTBRIDGE_SCREENSHOTS", "")

    def taken(page: Any, name: str) -> None:
        if folder:
            safe = re.sub(r"[^a-z0-9-]+", "-", name.lower())
            page.screenshot(path=f"{folder}/{safe}.png", full_page=True)

    return taken
