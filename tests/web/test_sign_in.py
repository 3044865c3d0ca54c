"""Signing in, staying in, going out: cookies, forms, and what must not open a door."""

import re
from dataclasses import replace
from typing import Any

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.ports import World
from saltbridge.services import people as service
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import memory_world, node_profile
from saltbridge.testing.people import PASSWORD, SYSTEM, people_of
from saltbridge.web.app import create_app
from saltbridge.web.session import cookie_name, local_path

OTHER = "Seven quiet lamps by the quay"


@pytest.fixture
def world() -> World:
    world = memory_world()
    people_of(world)
    return world


@pytest.fixture
def app(world: World) -> Any:
    return create_app(world)


@pytest.fixture
def browser(app: Any, world: World) -> Browser:
    return Browser(app, world)


def is_in(browser: Browser, path: str = "/account") -> bool:
    return bool(browser.get(path).status_code == 200)


def sessions(world: World) -> list[dict[str, Any]]:
    with world.store.reading() as view:
        return [read_json(record.body) for record in view.find("session")]


def test_signing_in_opens_the_pages_and_signing_out_closes_them(browser: Browser) -> None:
    assert browser.get("/operator").headers["location"] == "/sign-in?next=/operator"
    browser.sign_in("operator")
    assert browser.answer.status_code == 303
    assert browser.answer.headers["location"] == "/operator"
    assert is_in(browser) and is_in(browser, "/operator")
    stolen = browser.cookies
    out = browser.submit("/sign-out", {}, page="/account")
    assert out.status_code == 303 and not is_in(browser)
    browser.plant(stolen)  # somebody kept the cookie
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("base_url", "name", "secure"),
    [
        ("http://127.0.0.1:8102", "saltbridge_session_BPNL", False),
        ("https://node.example", "__Host-saltbridge_session_BPNL", True),
    ],
)
def test_the_cookie_is_bound_as_tightly_as_the_scheme_allows(
    base_url: str, name: str, secure: bool
) -> None:
    world = memory_world(replace(node_profile(), base_url=base_url))
    people_of(world)
    cookie = Browser(create_app(world), world).sign_in("viewer").answer.headers["set-cookie"]
    assert cookie.startswith(name)
    words = {part.strip() for part in cookie.split(";")}
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= words
    assert ("Secure" in words) is secure
    assert not any(word.startswith(("Domain", "Max-Age", "expires")) for word in words)


def test_the_store_holds_no_token_and_pages_hold_none_either(
    browser: Browser, world: World
) -> None:
    browser.sign_in("operator")
    (token,) = browser.cookies.values()
    with world.store.reading() as view:
        kinds = ("session", "people-event", "account", "sign-in-attempts")
        stored = b"".join(r.body + r.id.encode() for kind in kinds for r in view.find(kind))
    assert token.encode() not in stored and PASSWORD.encode() not in stored
    shown = browser.get("/account").text + browser.get("/operator/people").text
    assert token not in shown and "argon2" not in shown and "sha256:" not in shown


def test_a_session_planted_before_signing_in_is_worth_nothing(
    browser: Browser, app: Any, world: World
) -> None:
    """Fixation: neither a made-up token nor somebody else's session survives a sign-in."""
    mallory = Browser(app, world).sign_in("viewer")
    planted = mallory.cookies
    browser.plant(planted)
    browser.sign_in("operator")
    assert browser.cookies != planted and is_in(browser, "/operator/people")
    assert not is_in(mallory)
    mallory.plant({cookie_name(world): "x" * 43})
    assert not is_in(mallory)


def test_an_idle_session_ends_and_a_used_one_lasts_until_its_day_is_over(
    browser: Browser, world: World
) -> None:
    browser.sign_in("operator")
    world.clock.advance(minutes=29)
    assert is_in(browser)
    world.clock.advance(minutes=31)
    assert not is_in(browser)
    browser.sign_in("operator")
    for _ in range(35):
        assert is_in(browser)
        world.clock.advance(minutes=20)
    world.clock.advance(minutes=20)  # twelve hours
    assert not is_in(browser)


def test_limits_follow_the_settings() -> None:
    world = memory_world(settings={"sessions": {"idle_minutes": 5, "absolute_hours": 1}})
    people_of(world)
    browser = Browser(create_app(world), world).sign_in("viewer")
    world.clock.advance(minutes=5)
    assert not is_in(browser)


def test_a_session_of_another_node_opens_nothing(browser: Browser, world: World) -> None:
    other = memory_world(node_profile("carmaker", jurisdiction="EU", port=8103))
    people_of(other)
    foreign = Browser(create_app(other), other).sign_in("operator")
    (token,) = foreign.cookies.values()
    assert cookie_name(other) != cookie_name(world)
    browser.plant({cookie_name(world): token})
    assert not is_in(browser)


@pytest.mark.parametrize("act", ["lock", "remove", "set_password"])
def test_what_an_operator_does_ends_sessions_at_once(
    browser: Browser, world: World, act: str
) -> None:
    browser.sign_in("viewer")
    assert is_in(browser)
    more = (OTHER,) if act == "set_password" else ()
    getattr(service, act)(world, SYSTEM, "viewer", *more)
    assert not is_in(browser)
    if act == "lock":
        service.unlock(world, SYSTEM, "viewer")
        assert not is_in(browser)  # what has ended does not come back


def test_a_change_of_roles_holds_for_the_very_next_page(browser: Browser, world: World) -> None:
    browser.sign_in("viewer")
    assert browser.get("/operator/people").status_code == 403
    service.change_roles(world, SYSTEM, "viewer", ["operator"])
    assert browser.get("/operator/people").status_code == 200
    service.change_roles(world, SYSTEM, "viewer", ["verifier"])
    assert browser.get("/operator/people").status_code == 403
    assert browser.get("/operator").status_code == 403


def test_changing_ones_password_ends_every_other_session(
    browser: Browser, app: Any, world: World
) -> None:
    elsewhere = Browser(app, world).sign_in("viewer")
    browser.sign_in("viewer")
    before = browser.cookies
    fields = {"do": "password", "present": PASSWORD, "password": OTHER, "again": OTHER}
    wrong = browser.submit("/account", {**fields, "present": "wrong"})
    assert wrong.status_code == 403 and is_in(elsewhere)
    differs = browser.submit("/account", {**fields, "again": "another"})
    poor = browser.submit("/account", {**fields, "password": "viewer", "again": "viewer"})
    assert differs.status_code == poor.status_code == 422
    done = browser.submit("/account", fields)
    assert done.status_code == 303 and is_in(browser) and not is_in(elsewhere)
    assert browser.cookies != before
    assert Browser(app, world).sign_in("viewer").answer.status_code == 403
    assert is_in(Browser(app, world).sign_in("viewer", OTHER))


def test_sessions_are_listed_and_ended_everywhere(
    browser: Browser, app: Any, world: World
) -> None:
    elsewhere = Browser(app, world).sign_in("viewer")
    Browser(app, world).sign_in("auditor")
    browser.sign_in("viewer")
    page = browser.get("/account?lang=en").text
    assert page.count("this one") == 1 and page.count("testclient") >= 2
    assert len(re.findall(r"<tr><td>\d{4}", page)) == 2  # the auditor's is not shown
    browser.submit("/account", {"do": "everywhere"})
    assert not is_in(browser) and not is_in(elsewhere)


def test_a_wrong_password_and_an_unknown_name_look_the_same(
    browser: Browser, world: World
) -> None:
    service.lock(world, SYSTEM, "auditor")
    answers = [
        browser.sign_in(name, password).answer
        for name, password in (("viewer", "wrong"), ("nobody", "wrong"), ("auditor", PASSWORD))
    ]
    pages = {re.sub(r'value="(viewer|nobody|auditor)"', "", a.text) for a in answers}
    assert {a.status_code for a in answers} == {403} and len(pages) == 1
    assert "wrong" not in re.sub("something is wrong", "", pages.pop().replace("wrong,", ""))


def test_guessing_is_answered_with_the_time_to_wait(browser: Browser, world: World) -> None:
    for _ in range(5):
        assert browser.sign_in("viewer", "wrong").answer.status_code == 403
    answer = browser.sign_in("viewer").answer
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1
    assert "set-cookie" not in answer.headers
    world.clock.advance(seconds=int(answer.headers["retry-after"]))
    assert browser.sign_in("viewer").answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:8102.evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://evil.example:8102", "host": "evil.example:8102"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_no_form_is_taken_from_another_site(
    browser: Browser, headers: dict[str, str], world: World
) -> None:
    fields = {"name": "viewer", "password": PASSWORD}
    assert browser.post("/sign-in", fields, **headers).status_code == 403
    setup = {"code": "x", "name": "x", "password": PASSWORD, "again": PASSWORD}
    assert browser.post("/setup", setup, **headers).status_code == 403
    assert browser.post("/invitation", setup, **headers).status_code == 403
    browser.sign_in("operator")
    word = browser.form_word("/operator/people")
    added = {"do": "add", "name": "mole", "roles": "operator", "form_word": word}
    assert browser.post("/operator/people", added, **headers).status_code == 403
    assert browser.post("/sign-out", {"form_word": word}, **headers).status_code == 403
    assert is_in(browser) and "mole" not in {a.name for a in service.people(world)}


def test_a_form_needs_the_word_of_its_own_session(
    browser: Browser, app: Any, world: World
) -> None:
    mallory = Browser(app, world).sign_in("operator")
    foreign = mallory.form_word("/account")
    browser.sign_in("operator")
    old = browser.form_word("/account")
    browser.submit("/sign-out", {}, page="/account")
    browser.sign_in("operator")
    good = browser.form_word("/operator/people")
    assert len({foreign, old, good}) == 3
    added = {"do": "add", "name": "mole", "roles": "viewer"}
    for word in ({}, {"form_word": ""}, {"form_word": foreign}, {"form_word": old}):
        assert browser.post("/operator/people", {**added, **word}).status_code == 403
    assert "mole" not in {a.name for a in service.people(world)}
    taken = browser.post("/operator/people", {**added, "form_word": good})
    assert taken.status_code == 200


def test_forms_are_bounded_in_size_and_kind(browser: Browser) -> None:
    browser.sign_in("operator")
    word = browser.form_word("/operator/people")
    large = {"form_word": word, "do": "add", "name": "x" * 70_000}
    assert browser.post("/operator/people", large).status_code == 400
    many = {"form_word": word, "roles": ["viewer"] * 1000}
    assert browser.post("/operator/people", many).status_code == 400
    as_json = {"content-type": "application/json"}
    assert browser.post("/operator/people", {"form_word": word}, **as_json).status_code == 400
    broken = browser.http.post(
        "/sign-in",
        content=b"name=%ff%fe&password=x",
        headers={
            "origin": browser.origin,
            "content-type": "application/x-www-form-urlencoded",
        },
    )
    assert broken.status_code == 400


def test_reading_changes_nothing(browser: Browser, world: World) -> None:
    browser.sign_in("operator")
    word = browser.form_word("/account")
    for path in ("/sign-out", "/account?do=everywhere", "/operator/people?do=lock&name=viewer"):
        browser.get(f"{path}{'&' if '?' in path else '?'}form_word={word}")
    assert is_in(browser)
    assert {a.state.value for a in service.people(world)} == {"active"}


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/operator/manifests/urn:uuid:1?lang=de", "/operator/manifests/urn:uuid:1?lang=de"),
        ("", "/operator"),
        ("https://evil.example/", "/operator"),
        ("//evil.example", "/operator"),
        ("/\\evil.example", "/operator"),
        ("\\\\evil.example", "/operator"),
        ("/\t/evil.example", "/operator"),
        ("/\n/evil.example", "/operator"),
        ("javascript:alert(1)", "/operator"),
        ("/x\r\nSet-Cookie: a=b", "/operator"),
        ("/" + "x" * 600, "/operator"),
    ],
)
def test_signing_in_goes_on_to_this_node_only(browser: Browser, wanted: str, path: str) -> None:
    assert local_path(wanted) == path
    fields = {"name": "operator", "password": PASSWORD, "next": wanted}
    assert browser.post("/sign-in", fields).headers["location"] == path
    again = browser.http.get("/sign-in", params={"next": wanted})
    assert again.headers["location"] == path


def test_a_link_from_another_site_takes_one_step_inside_first(browser: Browser) -> None:
    """A strict cookie does not come along such a link; it does along the step after it."""
    browser.sign_in("operator")
    kept = browser.cookies
    browser.http.cookies.clear()
    answer = browser.get("/operator/people?x=1", **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200 and 'content="0; url=/operator/people?x=1"' in answer.text
    browser.plant(kept)
    assert is_in(browser, "/operator/people?x=1")


@pytest.mark.parametrize("role", ["verifier", "viewer", "auditor", "approver"])
def test_everybody_arrives_at_a_page_they_may_read(browser: Browser, role: str) -> None:
    browser.sign_in(role)
    assert is_in(browser, browser.answer.headers["location"])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Sign in", "Password", "Name and password do not belong together")),
        ("de", ("Anmelden", "Kennwort", "Name und Kennwort gehören nicht zusammen")),
        ("zh", ("登录", "密码", "名称与密码不匹配")),
    ],
)
def test_the_form_speaks_three_languages_and_keeps_the_one_chosen(
    browser: Browser, language: str, words: tuple[str, ...]
) -> None:
    browser.get(f"/sign-in?lang={language}")
    page = browser.sign_in("viewer", "wrong").answer.text
    assert all(word in page for word in words) and 'role="alert"' in page


def test_a_form_can_be_filled_in_by_a_password_manager_and_read_aloud(
    browser: Browser,
) -> None:
    browser.sign_in("operator")
    for path in ("/sign-in", "/setup", "/account", "/operator/people"):
        page = browser.get(path).text
        for tag in re.findall(r"<(?:input|textarea)[^>]*>", page):
            if 'type="hidden"' in tag:
                continue
            (field,) = re.findall(r' id="([^"]+)"', tag)
            assert f'for="{field}"' in page, tag
        assert (
            "<script" not in page
            and "style=" not in page
            and " on" not in re.sub(r">[^<]*<", "><", page).replace(" only", "")
        )
    page = Browser(browser.http.app, memory_world()).get("/sign-in").text
    for wanted in ('autocomplete="username"', 'autocomplete="current-password"'):
        assert wanted in page


def test_pages_are_not_kept_and_ask_for_nothing_else(browser: Browser) -> None:
    browser.sign_in("operator")
    for path in ("/sign-in", "/account", "/operator", "/operator/people", "/no-such-page"):
        answer = browser.get(path)
        if answer.status_code == 200:
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "form-action 'self'" in policy
            assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"
