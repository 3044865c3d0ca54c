"""What a node keeps in memory of a public passport ends with the next thing anybody writes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from saltbridge.adapters.stores import open_store
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.web import passport_public
from saltbridge.web.app import create_app
from saltbridge.web.passport_page import routes
from saltbridge.web.passport_public import PublicPassports
from saltbridge.web.watch import Watch, watched

GTIN = "09521234567899"
SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B", "MJC24-R9D5WE")


@pytest.fixture
def world(tmp_path: Path, examples: Path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path}/node.sqlite", FixedClock())
    world = replace(carmaker_world(), store=store)
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, SERIALS)))
    yield world
    store.close()


def change(world: World) -> None:
    facts = {"attributes": {"A031": {"value": "P9Y"}}}
    new_version(world, VersionRequest(passport=SERIALS[0], facts=facts, reason="longer"))


def test_the_same_is_answered_until_something_is_written(world: World) -> None:
    public, mark = PublicPassports(world), world.store.state()
    assert public.kept(GTIN, SERIALS[0], mark) is None
    found = public.by_address(GTIN, SERIALS[0], mark)
    assert found is not None
    assert public.kept(GTIN, SERIALS[0], world.store.state()) is found
    assert public.kept(GTIN, SERIALS[1], mark) is None
    change(world)
    mark = world.store.state()
    assert public.kept(GTIN, SERIALS[0], mark) is None
    newer = public.by_address(GTIN, SERIALS[0], mark)
    assert newer is not None
    assert newer.content["version"] == "2"
    assert public.kept(GTIN, SERIALS[0], world.store.state()) is newer


def test_another_process_that_writes_is_seen_too(world: World, tmp_path: Path) -> None:
    public, mark = PublicPassports(world), world.store.state()
    assert public.by_address(GTIN, SERIALS[0], mark) is public.kept(GTIN, SERIALS[0], mark)
    other = open_store(f"sqlite:///{tmp_path}/node.sqlite", FixedClock())
    with other.unit_of_work() as work:
        work.put("note", "1", b"{}")
    other.close()
    assert public.kept(GTIN, SERIALS[0], world.store.state()) is None


@pytest.mark.parametrize("whole", [False, True], ids=["routes", "node"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_page_and_json_follow_a_new_version(world: World, accept: str, whole: bool) -> None:
    path, headers = f"/01/{GTIN}/21/{SERIALS[0]}", {"Accept": accept}
    app = create_app(world) if whole else Starlette(routes=routes(world))
    with TestClient(app) as client:
        first, again = (client.get(path, headers=headers) for _ in range(2))
        assert (first.status_code, first.content) == (200, again.content)
        assert first.headers == again.headers
        german = client.get(path, headers={**headers, "Accept-Language": "de"})
        assert (german.content == first.content) is (accept == "application/json")
        change(world)
        assert client.get(path, headers=headers).content != first.content
        assert client.get(path, headers={"Accept": "image/gif"}).status_code == 406


def test_the_door_answers_what_the_routes_answer_and_counts_it(world: World) -> None:
    """Asked twice, so that the second answer comes from memory; then with a question the door
    leaves to the routes."""
    watch = Watch()
    path = f"/01/{GTIN}/21/{SERIALS[1]}"
    with TestClient(watched(create_app(world, watch=watch), watch)) as client:
        for headers in (
            {},
            {"Accept": "application/json"},
            {"Accept-Language": "zh, en;q=0.5"},
        ):
            first, again = (client.get(path, headers=headers) for _ in range(2))
            assert (first.status_code, first.headers) == (200, again.headers)
            assert first.content == again.content
        assert client.get(f"{path}?format=json").json()["serial"] == SERIALS[1]
        assert client.head(path).status_code == 200
        assert client.post(path).status_code == 405
        assert client.get(f"{path}x").status_code == 404
    counted = watch.registry.get_sample_value(
        "saltbridge_requests_total",
        {"method": "GET", "route": "/01/{rest:path}", "status": "200"},
    )
    assert counted == 7


def test_who_looks_for_serials_is_not_let_in_by_the_door_either(world: World) -> None:
    few = replace(
        world, settings={**world.settings, "limits": {"passport_misses_per_minute": 3}}
    )
    path = f"/01/{GTIN}/21/{SERIALS[1]}"
    with TestClient(create_app(few)) as client:
        assert [client.get(path).status_code for _ in range(2)] == [200, 200]
        assert [client.get(f"{path}{n}").status_code for n in range(3)] == [404] * 3
        assert client.get(path).status_code == client.get(f"{path}9").status_code == 429


def test_without_a_mark_nothing_is_kept(world: World) -> None:
    assert carmaker_world().store.state() is None
    public = PublicPassports(world)
    assert public.by_address(GTIN, SERIALS[0], None) is not None
    assert public.kept(GTIN, SERIALS[0], None) is None
    assert public.by_address(GTIN, SERIALS[0], "a mark") is not None
    assert public.kept(GTIN, SERIALS[0], None) is None


def test_no_more_is_kept_than_has_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passport_public, "KEPT", 2)
    public = PublicPassports(world)
    for serial in SERIALS:
        assert public.by_address(GTIN, serial, 1)
    gone = [public.kept(GTIN, serial, 1) is None for serial in SERIALS]
    assert gone == [True, False, False]
