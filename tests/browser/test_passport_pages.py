"""Every public page about passports, in every state, language and on every screen: WCAG 2.2 AA.

axe finds what a machine can find. Beside it: the keyboard alone, 400 % zoom, wider spacing of
the text, 7 to 1 contrast, no script, nothing from elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from tests.passport_lives import GTIN, Lives, lives_of

from saltbridge.web.app import create_app
from saltbridge.web.passport_readers import cookie_of

LANGUAGES = ("en", "de", "zh")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


class Page(NamedTuple):
    """Where a page is, who looks at it, and the status it is answered with."""

    state: str = ""
    reader: str = ""
    status: int = 200
    path: str = ""


PAGES: Mapping[str, Page] = {
    **{
        state: Page(state)
        for state in ("original", "changed", "waste", "first half", "handed over",
                      "second life", "suspended", "revoked")
    },
    "recycled": Page("recycled", status=410),
    "missing": Page(path=f"/01/{GTIN}/21/NOBODY", status=404),
    "wrong number": Page(path="/01/09521234567898/21/NOBODY", status=400),
    "closed": Page(path=f"/01/{GTIN}/21/MJC24-01/access", status=404),
    "dismantler": Page("original", "dismantler"),
    "owner": Page("original", "owner"),
    "owner repaired": Page("repaired", "owner"),
    "owner waste": Page("waste", "owner"),
    "owner first half": Page("first half", "owner"),
    "owner handed over": Page("handed over", "owner"),
    "owner second life": Page("second life", "owner"),
    "authority": Page("original", "authority"),
    "ask": Page(path="/passport-access?" + urlencode({"battery": f"/01/{GTIN}/21/MJC24-01"})),
    "code kept": Page(path="/passport-access?kept=yes"),
}  # fmt: skip

pytestmark = pytest.mark.full("Chromium")


@pytest.fixture(scope="module")
def lives(examples: Any, free_port: Any, serving: Any) -> Iterator[Lives]:
    """A node with a passport in every state, served on loopback."""
    port = free_port()
    made = lives_of(examples, f"http://127.0.0.1:{port}")
    with serving(create_app(made.world), port):
        yield made


def address(lives: Lives, page: Page) -> str:
    path = page.path or lives.path(page.state) + ("/access" if page.reader else "")
    return lives.world.node.base_url + path


def in_language(url: str, language: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}lang={language}"


def opened(chromium: Any, lives: Lives, name: str, language: str, **context: Any) -> Any:
    """The page in a browser of its own, without scripts unless told."""
    page = PAGES[name]
    made = chromium.new_context(**{"java_script_enabled": False, **context})
    if page.reader:
        told = cookie_of(lives.world)
        base = lives.world.node.base_url
        made.add_cookies(
            [{"name": told["key"], "value": lives.codes[page.reader], "url": base}]
        )
    tab = made.new_page()
    answer = tab.goto(in_language(address(lives, page), language))
    assert answer is not None and answer.status == page.status, name
    return tab


WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    chromium: Any, lives: Lives, faults_by_axe: Any, photograph: Any, name: str, language: str
) -> None:
    tab = opened(chromium, lives, name, language, java_script_enabled=True)
    for size in (PHONE, DESK):
        tab.set_viewport_size(size)
        photograph(tab, f"{name}-{language}-{size['width']}")
        assert faults_by_axe(tab) == []
        assert tab.evaluate(WIDER) <= 0
    tab.context.close()
