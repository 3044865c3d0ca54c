"""The 38 recorded cases of the Tractus-X registry, at ours."""

import pytest
from tests.conformance.registry_cases import Case, recorded, run
from tests.conformance.registry_node import empty_registry
from tests.conftest import shared_folder

FOLDER = shared_folder()
CASES = recorded(FOLDER / "standards") if FOLDER else []


def test_all_of_the_cases_are_here(shared):
    assert len(CASES) == 38
    assert sum(len(case.steps) for case in CASES) == 100


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_recorded_case(case: Case, tmp_path):
    assert run(case, empty_registry(tmp_path)) == []
