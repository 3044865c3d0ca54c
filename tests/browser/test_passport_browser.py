"""The passport page in real Chromium: three languages, phone and desktop, no network."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.web.passport_page import routes

SERIAL = "MJC24-7K2MQ9"
WORDS = {
    "en": ("Battery passport", "Raw materials", "Company information", "QR code"),
    "de": ("Batteriepass", "Rohstoffe", "Unternehmensangabe", "QR-Code"),
    "zh": ("电池护照", "原材料", "企业信息", "二维码"),
}

pytestmark = pytest.mark.full("Chromium")


@pytest.fixture(scope="module")
def address(examples: Path, free_port: Any, serving: Any) -> Iterator[str]:
    """The page of one battery, served on loopback by a server of its own."""
    port = free_port()
    world = carmaker_world(f"http://127.0.0.1:{port}")
    put_delivery(world, maker_profile(), example_record(examples))
    link = issue(world, IssueRequest(**example_request(examples, [SERIAL]))).passports[0]
    with serving(Starlette(routes=routes(world)), port):
        yield link.product_id


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_battery_stages_and_code_are_shown(
    chromium: Any, address: str, language: str, width: int
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(f"{address}?lang={language}")
    assert answer is not None
    assert answer.status == 200
    assert page.get_attribute("html", "lang") == {"zh": "zh-Hans"}.get(language, language)
    text = page.inner_text("body")
    for word in (*WORDS[language], SERIAL, "Minjiang Cell"):
        assert word in text
    picture = page.locator("svg.stages")
    assert picture.is_visible()
    assert picture.locator("text").count() == 8
    # On a phone, which came by the code, it stands at the end alone.
    shown = [code for code in page.locator("img").all() if code.is_visible()]
    assert len(shown) == (1 if width < 640 else 2)
    for code in shown:
        box = code.bounding_box()
        assert box is not None
        assert box["width"] >= 100
    assert problems == []
    assert {url.split("/01/")[0] for url in asked if not url.startswith("data:")} == {
        address.split("/01/")[0]
    }
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_nothing_sticks_out_sideways(
    chromium: Any, address: str, language: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 844})
    page.goto(f"{address}?lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_code_on_the_screen_leads_back_to_this_page(chromium: Any, address: str) -> None:
    import zxingcpp
    from PIL import Image

    page = chromium.new_page(viewport={"width": 390, "height": 844}, device_scale_factor=2)
    page.goto(address)
    shot = page.locator("img.qr-large").screenshot()
    found = zxingcpp.read_barcode(Image.open(BytesIO(shot)))
    assert found is not None
    assert found.text == address
    page.close()


def test_the_language_links_work(chromium: Any, address: str) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    page.click("nav.languages a[lang=de]")
    assert page.get_attribute("html", "lang") == "de"
    page.click("nav.languages a[lang=zh]")
    assert page.get_attribute("html", "lang") == "zh-Hans"
    page.close()


def test_the_signed_file_can_be_saved(chromium: Any, address: str, tmp_path: Path) -> None:
    from saltbridge.core.canonical import read_json

    page = chromium.new_page(accept_downloads=True)
    page.goto(address)
    with page.expect_download() as waiting:
        page.click(".downloads a[download]")
    saved = tmp_path / "passport.json"
    waiting.value.save_as(saved)
    assert read_json(saved.read_bytes())["saltbridge"] == "passport-version"
    page.close()
