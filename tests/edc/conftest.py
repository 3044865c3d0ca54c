"""Real EDC connectors for the tests of this folder, started when the first one asks for them.

``edc`` is one connector, the same for all tests: what a test puts into it needs ids of its own.
Where EDC cannot be had the tests are skipped, with the reason.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.maven import NotHere
from tests.edc.connector import Edc, Settings, running
from tests.edc.parts import class_path

EDC_DID = "did:web:edc.example"


@pytest.fixture(scope="session")
def edc_parts() -> str:
    """The class path of EDC."""
    try:
        return class_path()
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def edc(edc_parts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edc]:
    """A connector with state machines that sleep 50 ms."""
    folder: Path = tmp_path_factory.mktemp("edc")
    with running(Settings(EDC_DID), folder) as started:
        yield started
