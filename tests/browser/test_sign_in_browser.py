"""Signing in, setting up and managing people in real Chromium, on phone and desk."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from saltbridge.ports import World
from saltbridge.services.people_codes import make_setup_code
from saltbridge.testing.builders import memory_world, node_profile
from saltbridge.testing.people import PASSWORD, people_of
from saltbridge.web.app import create_app

SHOTS = os.environ.get("SALTBRIDGE_SCREENSHOTS", "")  # a folder, to look at what was tested

pytestmark = pytest.mark.full("Chromium")


@pytest.fixture
def node(free_port: Any, serving: Any) -> Iterator[World]:
    port = free_port()
    world = memory_world(node_profile("cellmaker", port=port))
    people_of(world)
    with serving(create_app(world), port):
        yield world


@pytest.fixture
def empty_node(free_port: Any, serving: Any) -> Iterator[World]:
    port = free_port()
    world = memory_world(node_profile("cellmaker", port=port))
    with serving(create_app(world), port):
        yield world


def fits(page: Any, name: str) -> None:
    """The page is no wider than its window, on a phone and on a desk."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_a_person_signs_in_and_out_through_the_form(
    node: World, chromium: Any, language: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    base = node.node.base_url
    page.goto(f"{base}/operator/people?lang={language}")
    assert "/sign-in" in page.url
    page.goto(f"{base}/sign-in?next=/operator/people&lang={language}")
    fits(page, f"sign-in-{language}")
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong password")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    fits(page, f"refused-{language}")
    faults.clear()  # the browser notes the 403
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/operator/people")
    assert page.locator("html").get_attribute("lang").startswith(language)
    fits(page, f"people-{language}")
    page.locator("details summary").first.click()
    fits(page, f"people-open-{language}")
    page.locator("#new-name").fill("wang.fang")
    page.locator("#new-approver").check()
    page.locator("button[value=add]").click()
    link = page.locator("#link").input_value()
    fits(page, f"invited-{language}")
    other = chromium.new_context(locale=language).new_page()
    other.goto(f"{link}&lang={language}")
    other.locator("#password").fill(PASSWORD)
    other.locator("#again").fill(PASSWORD)
    fits(other, f"invitation-{language}")
    other.keyboard.press("Enter")
    other.wait_for_url(f"{base}/account")
    fits(other, f"account-{language}")
    (cookie,) = [c for c in context.cookies() if "session" in c["name"]]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["expires"] == -1
    assert page.evaluate("document.cookie") == ""
    assert faults == []
    page.locator("nav.own button").click()
    page.wait_for_url(f"{base}/sign-in")
    page.goto(f"{base}/account")
    assert "/sign-in" in page.url


def test_a_link_on_another_site_reaches_a_page_of_somebody_signed_in(
    node: World, chromium: Any
) -> None:
    """The strict cookie stays behind at first; the step inside brings it along."""
    page = chromium.new_context().new_page()
    base = node.node.base_url
    page.goto(f"{base}/sign-in")
    page.locator("#name").fill("viewer")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/operator")
    page.route(
        "http://other.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a id="go" href="{base}/account">go</a>'
        ),
    )
    page.goto("http://other.example/")
    page.locator("#go").click()
    page.locator("nav.own").wait_for()  # the page after the step inside
    assert page.url == f"{base}/account"


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_first_operator_sets_the_node_up(
    empty_node: World, chromium: Any, language: str
) -> None:
    code = make_setup_code(empty_node).code
    page = chromium.new_context().new_page()
    base = empty_node.node.base_url
    page.goto(f"{base}/setup?code={code}&lang={language}")
    page.locator("#name").fill("li.wei")
    page.locator("#display_name").fill("李伟")
    page.locator("#password").fill("li.wei li.wei li.wei")
    page.locator("#again").fill("li.wei li.wei li.wei")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    fits(page, f"setup-{language}")
    page.locator("#password").fill(PASSWORD)
    page.locator("#again").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/account")
    page.goto(f"{base}/setup?code={code}")
    page.locator("nav.own").wait_for()  # set up already: on to the overview
    assert page.url == f"{base}/operator"
