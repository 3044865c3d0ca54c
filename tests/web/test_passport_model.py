"""The page of a battery model: what is public of the model, and nothing of any battery."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.neighbours import GTIN, SERIALS, Neighbours, neighbours

from saltbridge.locales import LANGUAGES
from saltbridge.passport.attributes import attribute_table
from saltbridge.services.passport_status import StatusRequest, change_status
from saltbridge.trust.status_list import Status
from saltbridge.web.app import create_app

PATH = f"/01/{GTIN}"


@pytest.fixture(scope="module")
def town(examples: Path) -> Neighbours:
    return neighbours(examples)


@pytest.fixture(scope="module")
def client(town: Neighbours) -> Iterator[TestClient]:
    world = town["carmaker"]
    with TestClient(create_app(world), base_url=world.node.base_url) as made:
        yield made


def test_the_model_is_told_and_no_battery(client: TestClient) -> None:
    told: dict[str, Any] = client.get(PATH, headers={"Accept": "application/json"}).json()
    table = attribute_table()
    rows = [table[id] for id in told["attributes"]]
    assert {(row.granularity, row.point) for row in rows} == {("model", 1)}
    assert len(rows) > 30 and told["attributes"]["A018"]["value"] == "MJC-NMC111-24"
    whole = client.get(f"{PATH}?format=json").text + client.get(PATH).text
    battery = client.get(f"{PATH}/21/{SERIALS[0]}?format=json").json()
    for own in (*SERIALS, battery["passport_id"], battery["product_id"], "/21/"):
        assert own not in whole
    of_items = {id for id in battery["attributes"] if table[id].granularity != "model"}
    assert of_items and not of_items & told["attributes"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_read_in_three_languages(client: TestClient, language: str) -> None:
    page = client.get(f"{PATH}?lang={language}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-language"] == language
    assert "NMC111-24" in page.text and "<script" not in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/01/09521234567890", 400), ("/01/04006381333931", 404), ("/01/x", 404), ("/01/", 404)],
)
def test_what_is_no_model_here(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code in (status, 404)
    assert client.get(path).status_code == status


def test_a_revoked_passport_still_tells_its_model(town: Neighbours, client: TestClient) -> None:
    change_status(
        town["carmaker"],
        StatusRequest(passport=SERIALS[1], status=Status.INVALID, reason="tried"),
    )
    assert client.get(PATH).status_code == 200
