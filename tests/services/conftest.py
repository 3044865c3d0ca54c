"""What several tests of services begin with."""

from pathlib import Path

import pytest
from tests.services.connectors import Companies, two_companies


@pytest.fixture
def companies(tmp_path: Path) -> Companies:
    """A supplier and a carmaker, each with an EDC of its own."""
    return two_companies(tmp_path)
