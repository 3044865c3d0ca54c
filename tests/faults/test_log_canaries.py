"""Secrets planted wherever a caller can put one: none in the log, none in an answer.

Every route of the application, whatever it is, with a secret in its gaps, its query, its
headers, its cookies and its body; and a whole exchange between companies.
"""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from saltbridge.adapters import logs
from saltbridge.testing.aviary import CARS, CELLS, SUPPLIER
from saltbridge.web.app import create_app
from saltbridge.web.watch import Watch, watched

SECRET = "SECRETkq3v8w"
PASSWORD = "PASSWORDz7x1"
PLANTED = (SECRET, PASSWORD)
HEADERS = {
    "authorization": f"Bearer {SECRET}",
    "cookie": f"saltbridge_session={SECRET}; other={SECRET}",
    "x-forwarded-for": SECRET,
    "user-agent": SECRET,
    "referer": f"https://x.example/?token={SECRET}",
    "x-request-id": SECRET,
    "accept-language": SECRET,
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any logger says, at every level, in the form of a served node."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    ours = logging.getLogger("saltbridge")
    level = ours.level
    ours.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)
    ours.setLevel(level)


def paths_of(router: Any) -> Iterator[str]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from paths_of(inner)
        else:
            yield route.path


def found(text: str) -> list[str]:
    return [one for one in PLANTED if one in text]


def test_no_route_logs_or_answers_a_secret_it_was_given(
    companies: Any, log: io.StringIO
) -> None:
    world = companies.worlds[CELLS]
    application, watch = create_app(world), Watch()
    caller = TestClient(
        watched(application, watch), base_url=world.node.base_url, follow_redirects=False,
        raise_server_exceptions=False,
    )  # fmt: skip
    routes = sorted(set(paths_of(application.router)))
    assert len(routes) > 30
    bodies = [
        ("application/json", json.dumps({"token": SECRET, "@type": SECRET}).encode()),
        ("application/json", f'{{"{SECRET}": '.encode()),
        ("application/x-www-form-urlencoded",
         f"username={SECRET}&password={PASSWORD}&token={SECRET}".encode()),
    ]  # fmt: skip
    asked = 0
    for route in routes:
        address = re.sub(r"\{[^}]*\}", SECRET, route)
        for method in ("GET", "POST", "PUT"):
            for kind, body in bodies if method == "POST" else [("", None)]:
                head = {**HEADERS, **({"content-type": kind} if kind else {})}
                answer = caller.request(
                    method, f"{address}?token={SECRET}&lang=de", headers=head, content=body
                )
                asked += 1
                assert answer.status_code != 500, (method, route)
                if answer.status_code >= 400:
                    told = answer.text + repr(answer.headers)
                    # A path is echoed by nobody; what a process is called may be.
                    assert (method, route, found(told.replace(f"/{SECRET}", ""))) == (
                        method,
                        route,
                        [],
                    ) or f'Pid":"{SECRET}"' in told
    written = log.getvalue()
    requests = [json.loads(one) for one in written.splitlines() if '"request"' in one]
    assert len(requests) >= asked
    assert found(written) == []


def test_a_whole_exchange_logs_no_field_and_no_token(
    companies: Any, examples: Path, walk_again: Any, log: io.StringIO
) -> None:
    again = walk_again(examples)
    said = b"\n".join(content for _, _, content in again.heard)
    signed_in = set(re.findall(rb"Bearer (eyJ[A-Za-z0-9_.-]+)", said))
    opened = set(re.findall(rb'"value":"([A-Za-z0-9_-]{43})"', said))
    assert len(signed_in) > 15 and opened
    written = log.getvalue().encode()
    assert again.aviary.heard_by("", written) == []
    assert [token for token in (*signed_in, *opened) if token in written] == []
    partners = {json.loads(one).get("partner") for one in written.splitlines()}
    assert {again.worlds[name].node.bpn for name in (CELLS, CARS)} <= partners
    assert again.worlds[SUPPLIER].node.bpn in partners


def test_the_net_would_see_one(log: io.StringIO) -> None:
    logging.getLogger("saltbridge.x").info(SECRET)
    assert found(log.getvalue()) == [SECRET]
