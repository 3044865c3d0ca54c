"""Asking for access and answering: anybody asks and learns nothing; the operator decides."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_requests import MOST_OPEN, AccessRequest, ask
from saltbridge.testing.browsers import Browser
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.people import people_of
from saltbridge.web.app import create_app

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
PATHS = [f"/01/09521234567899/21/{s}" for s in SERIALS]
ASKED = {
    "name": "Ada <b>Nord</b>",
    "organisation": "Garage Nord GmbH",
    "email": "ada@garage-nord.example",
    "interest": "repairer",
    "battery": f"http://127.0.0.1:8103{PATHS[0]}",
    "reason": "Module 3 has to be exchanged.",
}
INBOX = "/operator/passport-access"


@pytest.fixture
def world(examples: Path) -> World:
    made = carmaker_world()
    put_delivery(made, maker_profile(), example_record(examples))
    issue(made, IssueRequest(**example_request(examples, list(SERIALS))))
    people_of(made)
    return made


def stored(world: World) -> list[Any]:
    with world.store.reading() as view:
        return [read_json(r.body) for r in view.find("passport-request")]


def sent(world: World, browser: Browser | None = None, **changes: str) -> Any:
    browser = browser or Browser(create_app(world), world)
    return browser.post("/passport-access/requests", {**ASKED, **changes})


def test_who_is_answered_with_a_code_opens_that_battery_and_no_other(world: World) -> None:
    app = create_app(world)
    assert sent(world).status_code == 200
    (request,) = stored(world)
    operator = Browser(app, world).sign_in("operator")
    page = operator.get(INBOX).text
    assert "Ada &lt;b&gt;Nord&lt;/b&gt;" in page and "<b>Nord" not in page
    in_german = operator.get(f"{INBOX}?lang=de").text  # of who asks, not of who reads this
    assert "Wozu es gebraucht wird" in in_german and "Ihr Name" not in in_german
    operator.get(f"{INBOX}?lang=en")
    fields = {"id": request["id"], "do": "grant", "because": "HRB 4711", "scope": "one"}
    answer = operator.submit(INBOX, fields)
    (code,) = re.findall(r'<textarea id="code"[^>]*>([^<]+)</textarea>', answer.text)
    assert code not in operator.get(INBOX).text  # shown once
    assert stored(world)[0]["state"] == "granted" and stored(world)[0]["grant"]

    reader = Browser(app, world)
    entered = reader.post(
        "/passport-access/code", {"code": unescape(code), "battery": PATHS[0]}
    )
    assert entered.headers["location"] == f"{PATHS[0]}/access"
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert reader.get(f"{PATHS[0]}/access").status_code == 200
    assert reader.get(f"{PATHS[1]}/access").status_code == 404
    again = operator.submit(INBOX, fields)
    assert again.status_code == 422 and "answered before" in again.text


def test_an_access_given_is_ended_on_the_page(world: World) -> None:
    app = create_app(world)
    sent(world)
    operator = Browser(app, world).sign_in("operator")
    fields = {"id": stored(world)[0]["id"], "do": "grant", "because": "x", "scope": "model"}
    code = re.findall(r'<textarea id="code"[^>]*>([^<]+)<', operator.submit(INBOX, fields).text)
    reader = {"authorization": f"Bearer {code[0]}"}
    assert operator.get(f"{PATHS[1]}/access", **reader).status_code == 200
    with world.store.reading() as view:
        (grant,) = [read_json(r.body) for r in view.find("passport-grant")]
    ended = {"id": grant["id"], "do": "revoke", "because": "work is done"}
    assert operator.submit(INBOX, ended).status_code == 303
    assert operator.get(f"{PATHS[1]}/access", **reader).status_code == 404


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": " "}, "Name or reason"),
        ({"reason": ""}, "Name or reason"),
        ({"email": "nobody"}, "e-mail"),
        ({"interest": "neighbour"}, "neighbour"),
        ({"reason": "x" * 2001}, "too long"),
    ],
)
def test_a_request_that_cannot_be_answered_is_not_stored(
    world: World, changes: dict[str, str], wrong: str
) -> None:
    answer = sent(world, **changes)
    assert answer.status_code == 422 and wrong in answer.text
    assert stored(world) == []
    assert 'value="ada@garage-nord.example"' in answer.text or "email" in changes


def test_a_request_says_nothing_about_the_battery(world: World) -> None:
    """The same answer but for its number, whether there is such a battery or not."""

    def told(battery: str) -> str:
        text = sent(world, battery=battery).text
        return re.sub(r"urn:uuid:[0-9a-f-]+", "NUMBER", text)

    unknown = PATHS[0].replace(SERIALS[0], "MJC24-NOBODY")
    assert told(PATHS[0]) == told(unknown) == told("hello")


def test_access_is_never_given_to_everything_by_mistake(world: World) -> None:
    sent(world, battery="the blue one")
    operator = Browser(create_app(world), world).sign_in("operator")
    fields = {"id": stored(world)[0]["id"], "do": "grant", "because": "HRB 1", "scope": "model"}
    answer = operator.submit(INBOX, fields)
    assert answer.status_code == 422 and "names no battery" in answer.text
    missing = operator.submit(INBOX, {**fields, "id": "urn:uuid:none"})
    assert missing.status_code == 422
    assert stored(world)[0]["state"] == "open"


def test_evidence_and_reasons_are_asked_for(world: World) -> None:
    sent(world)
    operator = Browser(create_app(world), world).sign_in("operator")
    fields = {"id": stored(world)[0]["id"], "because": " ", "scope": "one"}
    assert operator.submit(INBOX, {**fields, "do": "grant"}).status_code == 422
    assert operator.submit(INBOX, {**fields, "do": "refuse"}).status_code == 422
    refused = {**fields, "do": "refuse", "because": "no registration found"}
    assert operator.submit(INBOX, refused).status_code == 303
    assert stored(world)[0]["state"] == "refused"
    assert "no registration found" in operator.get(INBOX).text


def test_the_page_takes_no_form_from_elsewhere_and_not_too_many(world: World) -> None:
    browser = Browser(create_app(world), world)
    foreign = browser.post("/passport-access/requests", ASKED, origin="https://evil.example")
    assert foreign.status_code == 403 and stored(world) == []
    answers = [sent(world, browser).status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2


def test_the_store_is_not_filled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_OPEN >= 100
    monkeypatch.setattr("saltbridge.services.passport_requests.MOST_OPEN", 2)
    for _ in range(2):
        ask(world, AccessRequest(**ASKED))
    assert sent(world).status_code == 422 and len(stored(world)) == 2


def test_a_wrong_code_looks_like_a_right_one(world: World) -> None:
    browser = Browser(create_app(world), world)
    for code in ("wrong", "x" * 43):
        kept = browser.post("/passport-access/code", {"code": code, "battery": PATHS[0]})
        assert (kept.status_code, kept.headers["location"]) == (303, f"{PATHS[0]}/access")
        assert browser.get(f"{PATHS[0]}/access").status_code == 404
    for battery in (f"//evil.example{PATHS[0]}", "https://evil.example/x", "", "/01"):
        away = browser.post("/passport-access/code", {"code": "c", "battery": battery})
        target = away.headers["location"]
        assert target.startswith("/") and "evil" not in target
    hostile = browser.post("/passport-access/code", {"code": "a\r\nb: c", "battery": ""})
    assert hostile.status_code == 303 and "set-cookie" not in hostile.headers


@pytest.mark.parametrize(
    ("language", "word"),
    [("en", "Ask for access"), ("de", "Zugang erbitten"), ("zh", "申请访问")],
)
def test_the_page_speaks_three_languages(world: World, language: str, word: str) -> None:
    page = Browser(create_app(world), world).get(f"/passport-access?lang={language}").text
    assert word in page and "<script" not in page
