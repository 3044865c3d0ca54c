"""The 38 recorded cases of the Tractus-X registry, at ours."""

import json

import pytest
from tests.conformance.registry_cases import Case, recorded, run
from tests.conftest import shared_folder

from saltbridge.testing.builders import memory_world
from saltbridge.testing.peers import InProcessHttp
from saltbridge.web.app import create_app

TOKEN = "t" * 43
CASES = recorded(shared_folder() / "standards") if shared_folder() else []


def test_all_of_the_cases_are_here(shared):
    assert len(CASES) == 38
    assert sum(len(case.steps) for case in CASES) == 100


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_recorded_case(case: Case, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    settings = {"folder": str(tmp_path), "twins": {"token_file": "token"}}
    world = memory_world(settings=settings)
    http = InProcessHttp()
    http.applications[world.node.base_url] = create_app(world)

    def ask(method, path, body):
        answer = http.send(
            method,
            f"{world.node.base_url}/twins/api/v3{path}",
            headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
            content=None if body is None else json.dumps(body).encode(),
        )
        return answer.status, answer.content

    assert run(case, ask) == []
