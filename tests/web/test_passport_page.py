"""The public passport over HTTP: variants, languages, headers, and nothing restricted."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.formats.passport_formats import read_passport
from saltbridge.passport.access import Audience
from saltbridge.passport.attributes import attribute_table
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_events import record
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import facts_of, seen, stored_version
from saltbridge.steps.passport_signed import signed_passport
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.old_passports import put_old_passports
from saltbridge.web.passport_page import routes

SERIAL = "MJC24-7K2MQ9"
PATH = f"/01/09521234567899/21/{SERIAL}"


def client_of(world: World) -> TestClient:
    return TestClient(Starlette(routes=routes(world)))


@pytest.fixture(scope="module")
def published(request: pytest.FixtureRequest) -> tuple[World, str]:
    examples = Path(__file__).resolve().parents[2] / "examples"
    world = carmaker_world()
    put_delivery(world, maker_profile(), example_record(examples))
    issued = issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    return world, issued.passports[0].id


@pytest.fixture(scope="module")
def client(published: tuple[World, str]) -> Iterator[TestClient]:
    with client_of(published[0]) as client:
        yield client


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Company information", "not a carbon footprint declaration", "Raw materials")),
        ("de", ("Unternehmensangabe", "keine Erklärung zum CO2-Fußabdruck", "Rohstoffe")),
        ("zh", ("企业信息", "并非碳足迹声明", "原材料")),
    ],
)
def test_the_page_speaks_three_languages(
    client: TestClient, language: str, words: tuple[str, ...]
) -> None:
    answer = client.get(PATH, params={"lang": language}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}' in answer.text
    for word in (*words, SERIAL, "Minjiang Cell", "1,732.5" if language != "de" else "1.732,5"):
        assert word in answer.text


@pytest.mark.parametrize(
    ("header", "language"),
    [("de-AT,en;q=0.5", "de"), ("zh-CN", "zh"), ("fr", "en"), ("en;q=0.1,zh;q=0.9", "zh")],
)
def test_the_reader_language_is_negotiated(
    client: TestClient, header: str, language: str
) -> None:
    answer = client.get(PATH, headers={"Accept-Language": header})
    assert answer.headers["content-language"] == language


def test_machines_get_the_released_bytes(
    client: TestClient, published: tuple[World, str]
) -> None:
    world, id = published
    with world.store.reading() as work:
        record = read_json(work.get("passport", id).body)  # type: ignore[union-attr]
    as_json = client.get(PATH, headers={"Accept": "application/json"})
    assert digest(as_json.content) == record["public"]["view"]
    assert canonical_bytes(as_json.json()) == as_json.content
    claim_file = client.get(f"/passports/{id}/claim.json")
    assert digest(claim_file.content) == record["public"]["claim"]
    assert "attachment" in claim_file.headers["content-disposition"]
    signed = client.get(PATH, headers={"Accept": "application/sd-jwt"})
    assert signed.text == claim_file.json()["sd_jwt"]
    content = signed_passport(claim_file.content, world.keyring.did_document()).view
    assert canonical_bytes(dict(content)) == as_json.content


def test_variants_are_negotiated(client: TestClient) -> None:
    def kind(accept: str) -> str:
        return client.get(PATH, headers={"Accept": accept}).headers["content-type"]

    assert kind("*/*").startswith("text/html")
    assert kind("application/*").startswith("application/json")
    assert kind("text/html;q=0.2, application/json;q=0.9").startswith("application/json")
    assert kind("application/sd-jwt") == "application/sd-jwt"
    refused = client.get(PATH, headers={"Accept": "image/webp"})
    assert refused.status_code == 406
    forms = ["application/json", "application/ld+json", "application/linkset+json"]
    assert refused.text.split() == ["text/html", *forms, "application/sd-jwt"]
    for answer in (refused, client.get(PATH)):
        assert "Accept" in answer.headers["vary"]


def test_the_address_resolves_as_a_digital_link(
    client: TestClient, published: tuple[World, str]
) -> None:
    world, _ = published
    links = client.get(PATH, params={"linkType": "linkset"})
    assert links.headers["content-type"] == "application/linkset+json"
    asked = client.get(PATH, headers={"Accept": "application/linkset+json"})
    assert asked.content == links.content == client.get(f"{PATH}?format=linkset").content
    (told,) = links.json()["linkset"]
    product = client.get(f"{PATH}?format=json").json()["product_id"]
    assert told["anchor"] == product
    (page,) = told["https://gs1.org/voc/defaultLink"]
    assert (page["href"], page["hreflang"]) == (product, ["en", "de", "zh"])
    forms = [link["type"] for link in told["https://gs1.org/voc/dpp"]]
    named = ("json", "ld+json", "sd-jwt")
    assert forms == ["text/html", *(f"application/{name}" for name in named)]
    for link in told["https://gs1.org/voc/dpp"]:  # every link leads to what it says
        found = client.get(link["href"].removeprefix(world.node.base_url))
        assert found.headers["content-type"].startswith(link["type"])
        assert 'rel="linkset"' in found.headers["link"]
    for word in ("gs1:dpp", "https://ref.gs1.org/voc/dpp", "gs1:defaultLink"):
        assert client.get(PATH, params={"linkType": word}).text == client.get(PATH).text
    other = client.get(PATH, params={"linkType": "gs1:recipeInfo"})
    assert (other.status_code, other.text) == (404, client.get(f"{PATH}X").text)
    resolver = client.get("/.well-known/gs1resolver").json()
    assert resolver["resolverRoot"] == world.node.base_url
    assert resolver["supportedPrimaryKeys"] == ["01"]


def test_plain_links_and_links_with_a_batch_lead_to_the_address(
    client: TestClient, published: tuple[World, str]
) -> None:
    batch = client.get(f"{PATH}?format=json").json()["attributes"]["A020"]["value"]
    before, _, serial = PATH.rpartition("/21/")
    for path in (f"/passports/{published[1]}", f"{before}/10/{batch}/21/{serial}",
                 f"{before}/22/2A/10/{batch}/21/{serial}"):  # fmt: skip
        led = client.get(f"{path}?lang=de", follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (307, f"{PATH}?lang=de")


def test_json_ld_is_the_released_view_in_other_words(
    client: TestClient, published: tuple[World, str]
) -> None:
    answer = client.get(PATH, headers={"Accept": "application/ld+json"})
    values = read_passport(answer.content).values
    stated = {id for id, value in values.items() if not value.not_applicable}
    assert stated == set(client.get(f"{PATH}?format=json").json()["attributes"])


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_a_wrong_check_digit_is_told(client: TestClient, language: str) -> None:
    wrong = PATH.replace("899/", "898/")
    words = {"en": "last digit", "de": "letzte Ziffer", "zh": "最后一位"}
    for path in (wrong, f"{wrong}/qr.svg", "/01/09521234567898/21/UNKNOWN"):
        refused = client.get(path, params={"lang": language})
        assert refused.status_code == 400
        assert words[language] in refused.text


def test_pages_are_locked_down(client: TestClient) -> None:
    answer = client.get(PATH)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text
    assert not re.search(r"\sstyle=|\son\w+=", answer.text)
    # The policy lets in the style that stands in the page, and that one only.
    import hashlib

    styles = re.findall(r"<style>(.*?)</style>", answer.text, flags=re.DOTALL)
    assert len(styles) == 1
    mark = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert f"'sha256-{mark}'" in policy


def test_nothing_comes_from_elsewhere(client: TestClient) -> None:
    """Links may lead away; images, styles and fonts may not come from there."""
    page = client.get(PATH).text
    loaded = re.findall(r'(?:src|srcset)="([^"]+)"', page)
    loaded += re.findall(r'<link[^>]+href="([^"]+)"', page)
    assert loaded
    assert [u for u in loaded if not u.startswith((f"{PATH}/qr.svg", "data:,"))] == []
    assert "@import" not in page
    assert "url(" not in page


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_an_unknown_battery_gets_one_answer_whatever_the_reason(
    client: TestClient, published: tuple[World, str], language: str
) -> None:
    addresses = [
        "/01/09521234567899/21/UNKNOWN",
        "/01/9521234567899/21/MJC24-7K2MQ9",
        f"/01/09521234567899/10/other/21/{SERIAL}",
        "/passports/urn:uuid:00000000-0000-4000-8000-00000000dead",
        "/passports/nonsense",
        "/01/09521234567899/21/%3Cscript%3E",
        "/01/09521234567899/21/" + "A" * 500,
        "/01/09521234567899/21/..%2F..%2Fetc",
        f"{PATH}/unknown",
        f"{PATH}/",
        "/01/x/22/y",
        "/01/",
        "/passports/urn:uuid:00000000-0000-4000-8000-00000000dead/claim.json",
        "/passports/nonsense/claim.json",
        f"/passports/{published[1]}%23authority/claim.json",
    ]
    answers = [client.get(a, params={"lang": language}) for a in addresses]
    assert {a.status_code for a in answers} == {404}
    assert len({a.content for a in answers}) == 1
    assert len({tuple(sorted(a.headers.items())) for a in answers}) == 1


def test_a_passport_that_is_no_longer_active_gets_the_same_answer(examples: Path) -> None:
    world = carmaker_world()
    put_delivery(world, maker_profile(), example_record(examples))
    id = issue(world, IssueRequest(**example_request(examples, [SERIAL]))).passports[0].id
    with client_of(world) as client:
        unknown = client.get("/01/09521234567899/21/UNKNOWN")
        with world.store.unit_of_work() as work:
            record = read_json(work.get("passport", id).body)  # type: ignore[union-attr]
            work.put("passport", id, canonical_bytes({**record, "status": "invalid"}))
        for address in (PATH, f"/passports/{id}/claim.json", f"{PATH}/qr.svg"):
            assert client.get(address).content == unknown.content


def test_a_serial_with_a_slash_keeps_its_own_address(examples: Path) -> None:
    record = example_record(examples)
    record["items"][0]["serial"] = "A/qr.svg"
    world = carmaker_world()
    put_delivery(world, maker_profile(), record)
    issue(world, IssueRequest(**example_request(examples, ["A/qr.svg"])))
    with client_of(world) as client:
        base = "/01/09521234567899/21/"
        page = client.get(base + quote("A/qr.svg", safe=""))
        assert page.headers["content-type"].startswith("text/html")
        assert client.get(base + "A/qr.svg").status_code == 404


def test_names_are_shown_and_never_run(examples: Path) -> None:
    record = example_record(examples)
    evil = "</title><script>alert(1)</script><img src=x onerror=alert(1)>"
    record["attributes"]["A018"] = {"value": evil}
    record["attributes"]["A022"] = {"value": evil}
    record["attributes"]["A044"]["value"]["title"] = evil
    world = carmaker_world()
    put_delivery(world, maker_profile(), record)
    issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    with client_of(world) as client:
        page = client.get(PATH).text
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def planted(attribute: Any) -> Any:
    """A value of the attribute's type that carries its canary."""
    text = f"CANARY{attribute.id}"
    number = 700000.0 + int(attribute.id[1:]) * 7 + 0.125
    by_type: dict[str, Any] = {
        "number": number,
        "integer": int(number),
        "document": {"title": text, "url": f"https://{text}.example"},
        "documents": [{"title": text, "url": f"https://{text}.example"}],
        "choice": "original",
        "month": "1999-07",
        "histogram": {"bins": [number, number + 1], "hours": [number]},
        "per_soc": [{"state_of_charge_percent": 80, "value": number}],
    }
    if attribute.type == "list":
        typed = attribute.constraints.part_types
        known = {"percent": 1.0, "date": "2026-01-01", "time": "2026-01-01"}
        return [{p: known.get(typed.get(p, ""), text) for p in attribute.constraints.parts}]
    return by_type.get(attribute.type, text)


def test_no_public_byte_holds_a_restricted_value(examples: Path) -> None:
    """Canaries in every restricted attribute; every public route, language and variant."""
    record = example_record(examples)
    item = record["items"][0]
    canaries: list[str] = []
    limits = {"A090": 9.0625, "A093": 77.0625, "A103": 8.0625, "A108": 66.0625,
              "A110": 7.0625, "A118": 6.0625, "A111": 55.0625, "A094": 44.0625}  # fmt: skip
    for attribute in attribute_table().values():
        if attribute.point == 1 or attribute.id in ("A035",):
            continue
        content = limits.get(attribute.id, planted(attribute))
        canaries += [f"CANARY{attribute.id}", f'"{attribute.id}"', f'"{attribute.name}"']
        if isinstance(content, float | int):
            canaries += [f"{content:g}", f"{content}", f"{content:,}"]
        entry: dict[str, Any] = {"value": content, "measured_on": "2026-11-02"}
        if attribute.unit:
            entry["unit"] = attribute.unit
        target = item["attributes"] if attribute.granularity == "item" else record["attributes"]
        target[attribute.id] = entry
    record["footprint"] = {
        **record["footprint"],
        "lines": [{"stage": "main_production", "flow": "CANARYLINE", "factor": {}}],
        "holes": [{"flow": "CANARYHOLE"}],
    }
    record["suppliers"] = [{"name": "CANARYSUPPLIER"}]
    world = carmaker_world()
    put_delivery(world, maker_profile(), record)
    id = issue(world, IssueRequest(**example_request(examples, [SERIAL]))).passports[0].id
    with world.store.reading() as work:  # the canaries did reach the restricted views
        kept = stored_version(work, id, 1)
        assert kept is not None
        restricted = canonical_bytes(seen(kept, Audience.LEGITIMATE_INTEREST))
        assert b"CANARYA065" in restricted
        assert str(planted(attribute_table()["A101"])).encode() in restricted
    heard = b""
    with client_of(world) as client:
        for language in ("en", "de", "zh"):
            for accept in ("text/html", "application/json", "application/sd-jwt"):
                answer = client.get(PATH, params={"lang": language}, headers={"Accept": accept})
                heard += answer.content + repr(dict(answer.headers)).encode()
        for address in (f"/passports/{id}/claim.json", f"{PATH}/qr.svg", f"{PATH}/qr.png"):
            answer = client.get(address)
            assert answer.status_code == 200
            heard += answer.content + repr(dict(answer.headers)).encode()
        signed = client.get(PATH, headers={"Accept": "application/sd-jwt"}).text
        for part in (signed.split(".")[1], *signed.split("~")[1:-1]):
            heard += base64.urlsafe_b64decode(part + "==")
    assert b"CANARY" not in heard
    assert [c for c in canaries if c.encode() in heard] == []


def test_a_passport_from_before_there_were_versions_is_served_as_it_was(
    examples: Path, published: tuple[World, str]
) -> None:
    new, id = published
    with new.store.reading() as work:
        version = stored_version(work, id, 1)
        assert version is not None
        facts = facts_of(work, version)
    world = carmaker_world()
    put_old_passports(world, [facts])
    with client_of(world) as client:
        page = client.get(PATH)
        assert page.status_code == 200
        assert SERIAL in page.text
        signed = client.get(PATH, headers={"Accept": "application/jose"})
        assert signed.text == client.get(f"/passports/{id}/claim.json").json()["jws"]
        assert client.get(PATH, headers={"Accept": "application/sd-jwt"}).status_code == 406


def test_a_recycled_battery_leaves_a_tombstone_and_nothing_else() -> None:
    world = carmaker_world()
    examples = Path(__file__).resolve().parents[2] / "examples"
    put_delivery(world, maker_profile(), example_record(examples))
    id = issue(world, IssueRequest(**example_request(examples, [SERIAL]))).passports[0].id
    assert isinstance(world.clock, FixedClock)
    world.clock.moment = datetime(2029, 6, 1, tzinfo=UTC)
    unknown = {"not_applicable": "not recorded"}
    used = dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), unknown)
    told: dict[str, Any] = {"passport": SERIAL, "on": date(2029, 5, 1)}
    waste = {"kind": "becomes-waste", "capacity": "producer"}
    record(world, EventRequest(**told, **waste, facts={"attributes": used}))
    with client_of(world) as client:
        assert client.get(PATH).status_code == 200
        record(world, EventRequest(**told, kind="recycled"))
        files = (f"/passports/{id}/claim.json", f"/passports/{id}/statement.json")
        for path in (PATH, f"{PATH}/qr.svg", *files):
            gone = client.get(path)
            assert gone.status_code == 410
            assert SERIAL not in gone.text
            assert "NMC" not in gone.text
        german = client.get(PATH, headers={"Accept-Language": "de"})
        assert "gibt es nicht mehr" in german.text
        assert client.get(f"{PATH}X").status_code == 404
