"""Asking for access, answering and reading in real Chromium, without scripts, on a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.people import PASSWORD, people_of
from saltbridge.web.app import create_app

BATTERY = "/01/09521234567899/21/MJC24-7K2MQ9"
WORDS = {"en": "was recorded", "de": "wurde festgehalten", "zh": "已被记录"}

pytestmark = pytest.mark.full("Chromium")


@pytest.fixture(scope="module")
def base(examples: Path, free_port: Any, serving: Any) -> Iterator[str]:
    """A whole node with one passport, served on loopback."""
    port = free_port()
    world = carmaker_world(f"http://127.0.0.1:{port}")
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [BATTERY.rpartition("/")[2]])))
    people_of(world)
    with serving(create_app(world), port):
        yield world.node.base_url


def phone(chromium: Any) -> Any:
    context = chromium.new_context(
        viewport={"width": 320, "height": 800}, java_script_enabled=False
    )
    return context.new_page()


def fits(page: Any) -> bool:
    """Whether nothing sticks out of the narrow screen."""
    boxes = [e.bounding_box() for e in page.locator("main section").all()]
    return all(box is None or box["x"] + box["width"] <= 320 for box in boxes)


def test_from_the_question_to_the_page(base: str, chromium: Any) -> None:
    reader = phone(chromium)
    reader.goto(base + BATTERY)
    reader.click("a[href^='/passport-access?']")
    assert reader.input_value("#battery") == base + BATTERY and fits(reader)
    reader.fill("#name", "Ada Nord")
    reader.fill("#organisation", "Garage Nord")
    reader.fill("#email", "ada@nord.example")
    reader.fill("#reason", "Module 3 has to be exchanged.")
    reader.click("form[action$='/requests'] button")
    assert "urn:uuid:" in reader.inner_text("[role=status]")

    operator = phone(chromium)
    operator.goto(f"{base}/sign-in?next=/operator/passport-access")
    operator.fill("#name", "operator")
    operator.fill("#password", PASSWORD)
    operator.click("main button")
    assert "Garage Nord" in operator.inner_text("main") and fits(operator)
    operator.fill("input[name=because]", "HRB 4711, seen by e-mail")
    operator.click("button[value=grant]")
    code = operator.input_value("#code")

    reader.goto(f"{base}/passport-access?battery={BATTERY}")
    reader.fill("#code", "x" * 43)
    reader.click("form[action$='/code'] button")
    assert reader.locator("dl.attributes").count() == 0  # a wrong code opens nothing
    reader.goto(f"{base}/passport-access?battery={BATTERY}")
    reader.fill("#code", code)
    reader.click("form[action$='/code'] button")
    assert reader.url == f"{base}{BATTERY}/access"
    for language, word in WORDS.items():
        reader.goto(f"{base}{BATTERY}/access?lang={language}")
        assert word in reader.inner_text("[role=status]")
        assert "MJC-M12-07" in reader.inner_text("main")  # a part number: point 2
        assert fits(reader)

    operator.goto(f"{base}/operator/passport-access")
    operator.fill("input[id^=end-]", "done")
    operator.click("button[value=revoke]")
    reader.goto(f"{base}{BATTERY}/access")
    assert "MJC-M12-07" not in reader.inner_text("body")
