"""The DPP API of EN 18222: what each method answers, to whom, and in which words."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema_rs import Draft202012Validator
from starlette.testclient import TestClient

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.formats.passport_formats import read_passport
from saltbridge.passport.access import MAY_SEE, Audience
from saltbridge.passport.attributes import attribute_table
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_events import record
from saltbridge.services.passport_grants import GrantRequest, accesses, grant
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.people import SYSTEM, people_of
from saltbridge.web.app import create_app
from saltbridge.web.passport_api import QUESTIONS_A_MINUTE

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOWHERE = "urn:uuid:00000000-0000-4000-8000-00000000dead"


def issued_world() -> tuple[World, list[Any]]:
    world = carmaker_world()
    put_delivery(world, maker_profile(), example_record(EXAMPLES))
    passports = issue(world, IssueRequest(**example_request(EXAMPLES, list(SERIALS)))).passports
    people_of(world)
    return world, list(passports)


@pytest.fixture(scope="module")
def issued() -> tuple[World, list[Any]]:
    return issued_world()


@pytest.fixture
def world(issued: tuple[World, list[Any]]) -> World:
    return issued[0]


@pytest.fixture
def passports(issued: tuple[World, list[Any]]) -> list[Any]:
    return issued[1]


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(create_app(world), base_url=world.node.base_url) as client:
        yield client


def code_of(world: World, interest: str = "repairer") -> str:
    kind = {"repairer": "business-registration", "market-surveillance": "designation"}
    evidence = ({"kind": kind[interest], "seen": "seen"},)
    request = GrantRequest(interest=interest, evidence=evidence, code_for="Somebody")
    return str(grant(world, SYSTEM, request).code)


def stated(values: Any) -> set[str]:
    """Those that say something; that one does not apply, a view says elsewhere."""
    return {id for id, value in values.items() if not value.not_applicable}


def at(id: str, more: str = "") -> str:
    return f"/v1/dpps/{quote(id, safe='')}{more}"


def said(answer: Any) -> tuple[int, str, str]:
    told = answer.json()
    (message,) = told["message"]
    assert message["messageType"] == "Error"
    return answer.status_code, told["statusCode"], message["code"]


# ── reading ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", ["compressed", "full"])
def test_a_passport_is_read_by_its_id_in_both_forms(
    client: TestClient, passports: list[Any], form: str
) -> None:
    answer = client.get(at(passports[0].id), params={"representation": form})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["saltbridge-status"] == "valid"
    assert answer.json()["digitalProductPassportId"] == passports[0].id
    assert ("elements" in answer.json()) is (form == "full")
    read = read_passport(answer.content)  # in its format, and valid by the schema of it
    assert read.findings == ()
    page = client.get(f"/01/09521234567899/21/{SERIALS[0]}?format=json").json()
    assert stated(read.values) == set(page["attributes"])
    assert {attribute_table()[id].point for id in read.values} == {1}


def test_without_a_word_the_form_is_compressed_and_json_ld_is_offered(
    client: TestClient, passports: list[Any]
) -> None:
    path = at(passports[0].id)
    whole = client.get(path, params={"representation": "compressed"})
    assert client.get(path).content == whole.content
    linked = client.get(path, headers={"Accept": "application/ld+json"})
    assert linked.headers["content-type"] == "application/ld+json"
    assert linked.json()["id"] == passports[0].product_id
    refused = client.get(path, headers={"Accept": "text/csv"})
    assert said(refused) == (406, "ClientErrorBadRequest", "pass-api.no-variant")
    assert "application/ld+json" in refused.text
    assert "Accept" in refused.headers["vary"]


def test_a_passport_is_read_by_its_product(client: TestClient, passports: list[Any]) -> None:
    one = passports[0]
    path = f"/v1/dppsByProductId/{quote(one.product_id, safe='')}"
    assert client.get(path).content == client.get(at(one.id)).content
    elsewhere = quote(f"https://other.example/01/09521234567899/21/{one.serial}", safe="")
    unknown = client.get(f"/v1/dppsByProductId/{elsewhere}")
    assert said(unknown) == (404, "ClientErrorResourceNotFound", "pass-api.not-found")
    wrong = quote(one.product_id.replace("899/", "898/"), safe="")
    refused = client.get(f"/v1/dppsByProductId/{wrong}")
    assert said(refused) == (400, "ClientErrorBadRequest", "pass-api.check-digit")


@pytest.mark.parametrize(
    ("path", "compressed", "kind"),
    [
        ("$.chemistry.code", {"elementId": "code", "value": "NMC111"}, "SingleValued"),
        ("$['markings'][0]", {"elementId": "0", "value": "CE"}, "SingleValued"),
        ("$.markings", {"elementId": "markings", "value": ["CE", "UN 38.3"]}, "MultiValued"),
    ],
)
def test_one_element_is_read_by_its_path(
    client: TestClient, passports: list[Any], path: str, compressed: Any, kind: str
) -> None:
    address = at(passports[0].id, f"/elements/{quote(path, safe='')}")
    assert client.get(address).json() == compressed
    full = client.get(address, params={"representation": "full"}).json()
    assert full["objectType"] == f"{kind}DataElement"
    assert full["value"] == compressed["value"]
    assert (full.get("dictionaryReference") is not None) is (path == "$.markings")


@pytest.mark.parametrize(
    "path", ["$", "markings", "$..code", "$.*", "$[-1]", "$.a[?@.b]", "$.", "%"]
)
def test_a_path_that_can_meet_several_elements_is_refused(
    client: TestClient, passports: list[Any], path: str
) -> None:
    refused = client.get(at(passports[0].id, f"/elements/{quote(path, safe='')}"))
    assert said(refused) == (400, "ClientErrorBadRequest", "pass-api.bad-path")


def test_versions_are_read_by_date_and_an_ended_passport_is_gone() -> None:
    world, (one, _) = issued_world()
    assert isinstance(world.clock, FixedClock)
    world.clock.moment = datetime(2029, 6, 1, tzinfo=UTC)
    unknown = {"not_applicable": "not recorded"}
    used = dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), unknown)
    told: dict[str, Any] = {"passport": one.serial, "on": date(2029, 5, 1)}
    waste = {"kind": "becomes-waste", "capacity": "producer", "facts": {"attributes": used}}
    record(world, EventRequest(**told, **waste))
    path = f"/v1/dppsByIdAndDate/{quote(one.id, safe='')}"
    with TestClient(create_app(world)) as client:

        def version(day: str) -> Any:
            return client.get(path, params={"date": day}).json().get("contentVersion")

        assert version("2028-01-01T00:00:00Z") == "1"
        assert version("2029-06-01") == "2"
        assert version("2029-06-01T01:00:00+02:00") == "1"
        assert client.get(at(one.id)).json()["contentVersion"] == "2"
        early = client.get(path, params={"date": "2020-01-01"})
        assert said(early)[0] == 404
        for day in (
            "",
            "yesterday",
            "2029-06-01T00:00:00",
            "2029-13-01",
            "9999-99-99",
            "0001-01-01T00:00:00+14:00",
        ):
            assert said(client.get(path, params={"date": day}))[2] == "pass-api.bad-date"
        record(world, EventRequest(**told, kind="recycled"))
        product = quote(one.product_id, safe="")
        for address in (at(one.id), f"{path}?date=2028-01-01", f"/v1/dppsByProductId/{product}",
                        at(one.id, "/elements/%24.markings")):  # fmt: skip
            gone = client.get(address)
            assert said(gone) == (410, "ClientErrorResourceNotFound", "pass-api.ended")
            assert SERIALS[0] not in gone.text


# ── looking up ──────────────────────────────────────────────────────────────────────────


def test_ids_are_found_page_by_page(client: TestClient, passports: list[Any]) -> None:
    asked = ["https://x.example/1", *(p.product_id for p in passports), "nonsense"]
    path, body = "/v1/dppsByProductIds", {"productIds": asked}
    assert client.post(path, json=body).json() == {"dppIds": [p.id for p in passports]}
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = client.post(path, params=query, json=body).json()
        found, cursor, pages = found + page["dppIds"], page.get("nextCursor"), pages + 1
    assert (found, pages) == ([p.id for p in passports], 3)
    first = client.post(path, params={"limit": 1}, json=body).json()["nextCursor"]
    for words in ({"cursor": ""}, {"cursor": "x"}, {"limit": 0}, {"limit": "-1"}):
        assert said(client.post(path, params=words, json=body))[0] == 400
    other = client.post(path, params={"cursor": first}, json={"productIds": asked[1:]})
    assert said(other)[2] == "pass-api.bad-cursor"
    for wrong in ({}, [], {"productIds": []}, {"productIds": [1]}, {"productIds": ["x"] * 101}):
        assert said(client.post(path, json=wrong))[2] == "pass-api.bad-question"
    assert said(client.post(path, content=b"{" * 999))[2] == "pass-api.bad-question"
    assert said(client.post(path, content=b" " * 1_000_001))[0] == 413


def test_nobody_looks_up_without_end(client: TestClient) -> None:
    body = {"productIds": ["x"]}
    statuses = [
        client.post("/v1/dppsByProductIds", json=body).status_code
        for _ in range(QUESTIONS_A_MINUTE + 1)
    ]
    assert set(statuses[:-1]) == {200}
    refused = client.post("/v1/dppsByProductIds", json=body)
    assert said(refused) == (429, "ClientErrorBadRequest", "pass-api.too-often")
    assert refused.headers["retry-after"] == "60"


# ── who reads ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("interest", "audience"),
    [
        ("repairer", Audience.LEGITIMATE_INTEREST),
        ("market-surveillance", Audience.AUTHORITY),
    ],
)
def test_a_grant_opens_what_it_opens_on_the_page(
    world: World, client: TestClient, passports: list[Any], interest: str, audience: Audience
) -> None:
    headers = {"Authorization": f"Bearer {code_of(world, interest)}"}
    before = len(list(accesses(world, SYSTEM)))
    answer = client.get(at(passports[0].id), headers=headers)
    page = client.get(
        f"/01/09521234567899/21/{SERIALS[0]}/access?format=json", headers=headers
    ).json()
    read = read_passport(answer.content)
    assert stated(read.values) == set(page["attributes"])
    points = {attribute_table()[id].point for id in read.values}
    assert points - {1} and points <= MAY_SEE[audience]
    assert answer.headers["cache-control"] == "no-store"
    assert len(list(accesses(world, SYSTEM))) == before + 2
    by_day = f"/v1/dppsByIdAndDate/{quote(passports[0].id, safe='')}?date=2099-01-01"
    assert client.get(by_day, headers=headers).content == answer.content


def test_unknown_and_forbidden_are_the_same_bytes(
    world: World, client: TestClient, passports: list[Any]
) -> None:
    restricted = next(a.name for a in attribute_table().values() if a.point == 3)
    refused = [
        client.get(at(NOWHERE)),
        client.get(at("nonsense")),
        client.get(at("..%2f..%2fnode.toml")),
        client.get(at(NOWHERE), headers={"Authorization": f"Bearer {code_of(world)}"}),
        client.get(at(passports[0].id), headers={"Authorization": "Bearer guessed"}),
        client.get(at(passports[0].id), headers={"Authorization": "Basic eDp5"}),
        client.get(at(passports[0].id, f"/elements/%24.{restricted}")),
        client.get(at(passports[0].id, "/elements/%24.neverHeardOf")),
        client.get(at(passports[0].id, "/nothing")),
        client.get("/v1/dpps/"),
        client.get(f"/v1/dppsByIdAndDate/{NOWHERE}?date=2027-01-01"),
        client.get("/v1/dppsByProductId/x"),
    ]
    assert {a.status_code for a in refused} == {404}
    assert len({a.content for a in refused}) == 1
    assert len({tuple(sorted(a.headers.items())) for a in refused}) == 1


def test_a_session_or_a_kept_code_opens_nothing_here(
    world: World, client: TestClient, passports: list[Any]
) -> None:
    public = client.get(at(passports[0].id)).content
    code = code_of(world)
    for name in ("passport_code", "__Host-passport_code"):
        client.cookies.set(name, code)
    assert client.get(at(passports[0].id)).content == public


# ── what is not done here ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_passports_are_not_written_here(
    client: TestClient, passports: list[Any], method: str
) -> None:
    paths = [at(passports[0].id), at(passports[0].id, "/elements/%24.markings"), at(NOWHERE)]
    for path in paths:
        refused = client.request(method, path, json={})
        assert said(refused) == (405, "ClientMethodNotAllowed", "pass-api.not-written")
        assert refused.headers["allow"] == "GET, HEAD"
    refused = client.request(method, "/v1/dpps", json={})
    assert (said(refused)[0], refused.headers["allow"]) == (405, "")
    assert client.get(at(passports[0].id)).status_code == 200


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_a_refusal_speaks_the_readers_language(client: TestClient, language: str) -> None:
    answer = client.get(at(NOWHERE), headers={"Accept-Language": language})
    assert answer.headers["content-language"] == language
    words = {"en": "There is no passport", "de": "keinen Pass", "zh": "护照"}
    assert words[language] in read_json(answer.content)["message"][0]["text"]


# ── the API in its own words ────────────────────────────────────────────────────────────


def described(client: TestClient) -> Any:
    return client.get("/v1/openapi.json").json()


def problems(api: Any, path: str, verb: str, answer: Any) -> list[str]:
    """What is wrong with an answer by the description of the method."""
    told = api["paths"][path][verb]["responses"]
    form = told[str(answer.status_code)]["content"][answer.headers["content-type"]]["schema"]
    schema = {**form, "components": api["components"]}
    return [e.message for e in Draft202012Validator(schema).iter_errors(answer.json())]


def test_the_description_holds_together(world: World, client: TestClient) -> None:
    api = described(client)
    assert api["servers"] == [{"url": world.node.base_url}]
    written = read_json(
        (EXAMPLES.parent / "docs/reference/passport-api.openapi.json").read_bytes()
    )
    assert {**api, "servers": [{"url": "/"}]} == written
    references = set(re.findall(r'"#/([^"]+)"', canonical_bytes(api).decode()))
    for reference in references:
        found = api
        for step in reference.split("/"):
            found = found[step]
        assert found
    for path, verbs in api["paths"].items():
        gaps = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for told in verbs.values():
            names = {p["$ref"].rpartition("/")[2] for p in told.get("parameters", ())}
            assert gaps <= names


def test_every_answer_is_as_it_is_described(client: TestClient, passports: list[Any]) -> None:
    api, one = described(client), passports[0]
    gaps = {
        "{dppId}": quote(one.id, safe=""),
        "{productId}": quote(one.product_id, safe=""),
        "{elementIdPath}": "%24.chemistry",
    }
    asked: dict[str, Any] = {"json": {"productIds": [one.product_id]}}
    seen = set()
    for path, verbs in api["paths"].items():
        address = path
        for gap, value in gaps.items():
            address = address.replace(gap, value)
        for verb, told in verbs.items():
            body = asked if verb in ("post", "patch") else {}
            for query in ("?date=2030-01-01", "?date=2030-01-01&representation=full",
                          "?date=x&representation=x&limit=x"):  # fmt: skip
                answer = client.request(verb, f"{address}{query}", **body)
                assert problems(api, path, verb, answer) == []
                seen.add((told["operationId"], answer.status_code))
    reading = {"readDPPById", "readDPPByProductId", "readDPPVersionByIdAndDate",
               "readDataElement", "readDPPIdsByProductIds"}  # fmt: skip
    assert seen == {(name, status) for name in reading for status in (200, 400)} | {
        (name, 405)
        for name in ("createDPP", "updateDPPById", "deleteDPPById", "updateDataElement")
    }
