"""Every page for people, every role: generated from the routes of the application itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Route

from saltbridge.accounts.model import MAY, Act, Role
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import memory_world
from saltbridge.testing.people import people_of
from saltbridge.web.app import create_app

# Pages that are there before anybody is signed in; everything else for people has a door.
OPEN = {
    ("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/setup"), ("POST", "/setup"),
    ("GET", "/invitation"), ("POST", "/invitation"),
}  # fmt: skip
WORLD = memory_world()
people_of(WORLD)
APP = create_app(WORLD)


def doors() -> Iterator[tuple[str, str, Act | None]]:
    """Method, path and act of every page for people."""
    for route in APP.router.routes:
        if isinstance(route, Route) and getattr(route.endpoint, "for_people", False):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path, route.endpoint.act


DOORS = sorted(set(doors()), key=str)


def asked(browser: Browser, method: str, path: str) -> Any:
    address = path.replace("{id:path}", "x").replace("{id}", "x")
    if method == "GET":
        return browser.get(address)
    return browser.post(address, {"form_word": browser.form_word("/account")})


@pytest.fixture(scope="module")
def browsers() -> dict[str, Browser]:
    return {role.value: Browser(APP, WORLD).sign_in(role.value) for role in Role}


def test_no_page_below_operator_or_account_is_without_a_door() -> None:
    own = ("/operator", "/account", "/sign", "/setup", "/invitation")
    found = {
        (method, route.path)
        for route in APP.router.routes
        if isinstance(route, Route) and route.path.startswith(own)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert found - OPEN == {(m, p) for m, p, _ in DOORS if p.startswith(own)}
    assert len(DOORS) >= 7


@pytest.mark.parametrize(("method", "path", "act"), DOORS)
@pytest.mark.parametrize("role", list(Role))
def test_a_page_opens_to_roles_with_its_act_and_to_no_other(
    browsers: dict[str, Browser], role: Role, method: str, path: str, act: Act | None
) -> None:
    if path == "/sign-out":
        return  # it would end the session of the tests that follow; see test_sign_in
    answer = asked(browsers[role.value], method, path)
    if act is None or act in MAY[role]:
        assert answer.status_code not in (401, 403) or method == "POST", answer.text
    else:
        assert answer.status_code in (403, 404)
        assert answer.status_code == 404 or 'role="alert"' in answer.text


@pytest.mark.parametrize(("method", "path", "act"), DOORS)
def test_a_stranger_is_sent_to_the_sign_in_page(
    method: str, path: str, act: Act | None
) -> None:
    answer = asked(Browser(APP, WORLD), method, path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(("method", "path", "act"), [d for d in DOORS if d[0] == "POST"])
def test_a_form_without_its_word_changes_nothing(
    browsers: dict[str, Browser], method: str, path: str, act: Act | None
) -> None:
    for role in Role:
        if act is None or act in MAY[role]:
            address = path.replace("{id:path}", "x").replace("{id}", "x")
            answer = browsers[role.value].post(address, {"form_word": "x"})
            assert answer.status_code == 403
