"""Looking for serial numbers: after so many misses a caller waits, whatever it asks for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from tests.neighbours import GTIN, SERIALS, Neighbours, neighbours

from saltbridge.web.app import create_app
from saltbridge.web.pace import Finds

PATH = f"/01/{GTIN}/21/{SERIALS[0]}"
NOBODY = f"/01/{GTIN}/21/NOBODY"


@pytest.fixture
def town(examples: Path) -> Neighbours:
    return neighbours(examples)


@pytest.fixture
def client(town: Neighbours) -> Iterator[TestClient]:
    bounded = {"limits": {"passport_misses_per_minute": 3}}
    world = replace(town["carmaker"], settings=bounded)
    with TestClient(create_app(world), base_url=world.node.base_url) as made:
        yield made


def test_who_reads_one_battery_again_and_again_is_never_slowed_down(
    client: TestClient,
) -> None:
    assert {client.get(PATH).status_code for _ in range(40)} == {200}


def reader(town: Neighbours, most: int) -> TestClient:
    bounded = {"limits": {"passport_reads_per_minute": most}}
    world = replace(town["carmaker"], settings=bounded)
    return TestClient(create_app(world), base_url=world.node.base_url)


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {"Accept": "text/html"}])
def test_who_reads_one_battery_after_the_other_goes_on_at_a_pace(
    town: Neighbours, headers: dict[str, str]
) -> None:
    first, second = (f"/01/{GTIN}/21/{serial}" for serial in SERIALS[:2])
    with reader(town, 1) as client:
        below = [first, f"{first}/qr.svg", first]
        assert {client.get(p, headers=headers).status_code for p in below} == {200}
        # There and not there are alike, until some time has passed.
        answers = [client.get(path) for path in (second, f"{second}/access", NOBODY)]
        assert [a.status_code for a in answers] == [429] * 3
        assert len({a.content for a in answers}) == 1
        assert client.get(first).status_code == 200  # which tells nothing new
        town.clock.advance(seconds=31)
        assert client.get(second, headers=headers).status_code == 429
        town.clock.advance(seconds=30)
        assert client.get(second, headers=headers).status_code == 200
        assert client.get(NOBODY).status_code == 429


def test_the_api_is_counted_too(town: Neighbours) -> None:
    base = town["carmaker"].node.base_url
    with reader(town, 1) as client:
        ids = [quote(f"{base}/01/{GTIN}/21/{serial}", safe="") for serial in SERIALS[:2]]
        first, second = (f"/v1/dppsByProductId/{id}" for id in ids)
        told = [client.get(path).status_code for path in (first, first, second, f"{second}1")]
        assert told == [200, 200, 429, 429]


def test_no_more_is_kept_of_readers_than_is_said() -> None:
    finds, now = Finds(10_000), datetime(2027, 1, 1, tzinfo=UTC)
    for n in range(3000):
        finds.count(f"198.51.100.{n}", b"one", now)
        finds.count("reader", b"%d" % n, now)
    assert len(finds._callers) == 1024
    assert len(finds._callers["reader"].recent) == 128
    assert not finds.are_spent("reader", b"2999", now)
    assert not finds.are_spent("reader", b"new", now)
    for n in range(3000, 10_000):
        finds.count("reader", b"%d" % n, now)
    assert finds.are_spent("reader", b"new", now)
    assert not finds.are_spent("reader", b"new", now + timedelta(seconds=1))
    assert not finds.are_spent("198.51.100.2999", b"new", now)


def test_no_limit_counts_nothing(town: Neighbours) -> None:
    with reader(town, 0) as client:
        paths = [f"/01/{GTIN}/21/{serial}" for serial in SERIALS[:2]]
        assert {client.get(path).status_code for path in paths * 3} == {200}


def test_after_many_misses_there_and_not_there_look_alike(
    client: TestClient, town: Neighbours
) -> None:
    missed = [client.get(f"{NOBODY}{n}").status_code for n in range(3)]
    assert missed == [404] * 3
    answers = [client.get(path) for path in (PATH, NOBODY, f"{PATH}/access")]
    assert {a.status_code for a in answers} == {429}
    assert len({a.content for a in answers}) == 1
    assert answers[0].headers["retry-after"] == "60"
    assert "wait a minute" in answers[0].text
    town.clock.advance(seconds=61)
    assert client.get(PATH).status_code == 200


def test_the_api_is_bounded_too(client: TestClient) -> None:
    unknown = "/v1/dpps/urn%3Auuid%3A00000000-0000-4000-8000-0000000000ff"
    assert [client.get(unknown).status_code for _ in range(4)] == [404, 404, 404, 429]
    told = client.get(unknown).json()
    assert told["message"][0]["code"] == "pass-api.too-often"
    assert client.get(PATH).status_code == 200  # the page has its own count


def test_codes_that_are_guessed_count_as_misses(client: TestClient) -> None:
    guess = {"Authorization": "Bearer guess"}
    told = [client.get(f"{PATH}/access", headers=guess).status_code for _ in range(4)]
    assert told == [404, 404, 404, 429]
