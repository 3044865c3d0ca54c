"""Fixtures every test may use."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _shared() -> Path | None:
    named = os.environ.get("SALTBRIDGE_SHARED")
    candidates = [Path(named)] if named else [ROOT.parent / "shared"]
    return next((c for c in candidates if (c / "standards").is_dir()), None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the official standards and the golden cases, if it lies beside us."""
    folder = _shared()
    if folder is None:
        pytest.skip("the shared standards and golden cases are not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """The real inventories and partner set-ups shipped with the project."""
    return ROOT / "examples"
