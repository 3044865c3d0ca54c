"""An empty registry for every case, asked as its owner's own system asks it."""

import json
from pathlib import Path
from typing import Any

from tests.conformance.registry_cases import Ask

from saltbridge.testing.builders import memory_world
from saltbridge.testing.peers import InProcessHttp
from saltbridge.web.app import create_app

TOKEN = "t" * 43


def empty_registry(folder: Path) -> Ask:
    """What answers a method, a path and a body with a status and the content."""
    (folder / "token").write_text(TOKEN, encoding="ascii")
    settings = {"folder": str(folder), "twins": {"token_file": "token"}}
    world = memory_world(settings=settings)
    http = InProcessHttp()
    http.applications[world.node.base_url] = create_app(world)

    def ask(method: str, path: str, body: Any) -> tuple[int, bytes]:
        answer = http.send(
            method,
            f"{world.node.base_url}/twins/api/v3{path}",
            headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
            content=None if body is None else json.dumps(body).encode(),
        )
        return answer.status, answer.content

    return ask
