"""Looking for serial numbers: after so many misses a caller waits, whatever it asks for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.neighbours import GTIN, SERIALS, Neighbours, neighbours

from saltbridge.web.app import create_app

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


def test_who_finds_what_it_asks_for_is_never_slowed_down(client: TestClient) -> None:
    assert {client.get(PATH).status_code for _ in range(40)} == {200}


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
