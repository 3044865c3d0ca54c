"""Every public page about passports, in every state, language and on every screen: WCAG 2.2 AA.

axe finds what a machine can find. Beside it: the keyboard alone, 400 % zoom, wider spacing of
the text, 7 to 1 contrast, no script, nothing from elsewhere.
"""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from tests.neighbours import SERIALS
from tests.passport_lives import GTIN, Lives, lives_of
from tests.services.test_passport_backup import Scene as BackUp

from saltbridge.ports import World
from saltbridge.services.passport_backup import send
from saltbridge.services.passport_keeping import serve
from saltbridge.web.app import create_app
from saltbridge.web.passport_readers import cookie_of

BACKED_UP = SERIALS[0]
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
    "older version": Page(path=f"/01/{GTIN}/21/MJC24-02?version=1"),
    "no version then": Page(path=f"/01/{GTIN}/21/MJC24-02?on=2020-01-01"),
    "model": Page(path=f"/01/{GTIN}"),
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
# WCAG 2.2, 1.4.12: a reader may space the text as widely as this.
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
word-spacing: .16em !important } p { margin-bottom: 2em !important }"""
# Texts that are cut off by their own box, other than those that are meant for the ear alone.
CLIPPED = """() => [...document.querySelectorAll("main *")].filter(e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const free = e.matches("input,select,textarea,.unseen,svg");
  const hides = style.overflowX !== "visible" && !free;
  const beyond = box.right > innerWidth + 1 && !e.closest(".wide,.unseen,thead,svg");
  return box.width > 1 && ((hides && e.scrollWidth > e.clientWidth + 1) || beyond);
}).map(e => e.outerHTML.slice(0, 120))"""
# Every text with its two colours, as sRGB; what is not painted is left out.
CONTRAST = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const weight = [.2126, .7152, .0722];
  const bright = c => weight.reduce((sum, w, i) => sum + w * channel(c[i]), 0);
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const low = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement, style = getComputedStyle(e);
    const unseen = e.closest("style,title,desc") || !e.getClientRects().length;
    if (unseen || !node.data.trim()) continue;
    const ink = colour(e.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const [a, b] = [bright(ink), bright(ground(e))].sort((x, y) => y - x);
    const small = parseFloat(style.fontSize) < 14 && !e.closest("svg");
    const ratio = (a + .05) / (b + .05);
    const told = `${ratio.toFixed(2)} ${style.fontSize} ${node.data.trim()}`;
    if (ratio < 7 || small) low.push(told);
  }
  return low;
}"""


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
        assert tab.evaluate(CLIPPED) == []
    assert tab.evaluate(CONTRAST) == []
    tab.context.close()


@pytest.fixture(scope="module")
def copied(examples: Any, free_port: Any, serving: Any) -> Iterator[str]:
    """The address of a back-up copy, served by its keeper since the operator is gone."""

    def kept() -> World:
        scene = BackUp(examples)
        scene.live()
        send(scene.cars)
        scene.gone()
        serve(scene.keeper, scene.act("insolvency"))
        return scene.keeper

    with ThreadPoolExecutor(1) as apart:  # this thread belongs to Playwright's event loop
        keeper = apart.submit(kept).result()
    port = free_port()
    with serving(create_app(keeper), port):
        yield f"http://127.0.0.1:{port}/01/{GTIN}/21/{BACKED_UP}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_back_up_copy_says_that_it_is_one(
    chromium: Any, copied: str, faults_by_axe: Any, photograph: Any, language: str
) -> None:
    tab = chromium.new_context().new_page()
    tab.goto(in_language(copied, language))
    box = tab.locator("section[aria-labelledby=trust] details")
    assert box.get_attribute("open") is not None  # the address of the code is another one
    assert tab.locator(".issuer .host").inner_text() == "127.0.0.1:8108"
    assert "127.0.0.1:8103" in box.locator("li").last.inner_text()
    for size in (PHONE, DESK):
        tab.set_viewport_size(size)
        photograph(tab, f"copy-{language}-{size['width']}")
        assert faults_by_axe(tab) == []
        assert tab.evaluate(WIDER) <= 0 and tab.evaluate(CLIPPED) == []
    assert tab.evaluate(CONTRAST) == []
    tab.context.close()


LONGEST = ("original", "second life", "older version", "owner waste", "dismantler", "ask")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LONGEST)
def test_it_can_be_enlarged_and_spaced(
    chromium: Any, lives: Lives, photograph: Any, name: str, language: str
) -> None:
    """WCAG 2.2, 1.4.10 and 1.4.12: 400 % on 1280 pixels are 320; nothing is lost by spacing."""
    scripted = {"java_script_enabled": True, "bypass_csp": True}  # for the styles of a reader
    tab = opened(chromium, lives, name, language, **scripted)
    tab.set_viewport_size({"width": 320, "height": 256})
    tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert tab.evaluate(WIDER) <= 0
    assert tab.evaluate(CLIPPED) == []
    photograph(tab, f"zoomed-{name}-{language}")
    for size in (PHONE, DESK):
        tab.set_viewport_size(size)
        tab.add_style_tag(content=SPACED)
        assert tab.evaluate(WIDER) <= 0
        assert tab.evaluate(CLIPPED) == []
        photograph(tab, f"spaced-{name}-{language}-{size['width']}")
    tab.context.close()


FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  return { is: e.tagName + (e.id && "#" + e.id), text: e.textContent.trim().slice(0, 60),
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.height >= 18 };
}"""


@pytest.mark.parametrize("name", ["second life", "owner", "ask"])
def test_everything_is_reached_by_keyboard_in_order_and_seen(
    chromium: Any, lives: Lives, name: str
) -> None:
    """WCAG 2.2, 2.1.1, 2.4.3, 2.4.7 and 2.4.11: with the Tab key alone."""
    tab = opened(chromium, lives, name, "en", java_script_enabled=True, viewport=PHONE)
    tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    wanted = tab.locator("a[href], button, input:not([type=hidden]), select, textarea, summary")
    reached: list[dict[str, Any]] = []
    for _ in range(2 * wanted.count() + 10):
        tab.keyboard.press("Tab")
        found = tab.evaluate(FOCUSED)
        if found["is"] == "BODY":
            break
        reached.append(found)
    assert [one for one in reached if not (one["seen"] and one["inside"])] == []
    assert len({(one["is"], one["text"]) for one in reached}) >= wanted.count() * 0.9
    assert reached[0]["text"] == "Skip to content"
    tab.reload()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#content")
    tab.context.close()


def test_a_details_box_opens_without_a_script(chromium: Any, lives: Lives) -> None:
    tab = opened(chromium, lives, "original", "de", viewport=PHONE)
    box = tab.locator("section[aria-labelledby=trust] details")
    assert not box.locator("li").first.is_visible()
    box.locator("summary").press("Enter")
    assert box.locator("li").first.is_visible()
    tab.context.close()


@pytest.mark.parametrize("name", ["original", "second life", "owner", "ask", "recycled"])
def test_no_script_no_outside_resource_no_cookie(
    chromium: Any, lives: Lives, name: str
) -> None:
    base = lives.world.node.base_url
    context = chromium.new_context()
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    told: list[str] = []
    tab.on("console", lambda message: told.append(message.text))
    page = PAGES[name]
    headers = {"Authorization": f"Bearer {lives.codes[page.reader]}"} if page.reader else {}
    tab.set_extra_http_headers(headers)
    answer = tab.goto(address(lives, page))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert "unsafe" not in policy
    assert [u for u in asked if not u.startswith((f"{base}/", "data:"))] == []
    assert tab.locator("script, iframe, object, embed, link[rel=stylesheet]").count() == 0
    assert context.cookies() == []
    assert [t for t in told if "Failed to load resource" not in t] == []  # the 410 itself
    context.close()


def test_a_reader_finds_the_version_of_a_day(chromium: Any, lives: Lives) -> None:
    """The form sends the day as it is; the links to other languages keep the version."""
    tab = opened(chromium, lives, "changed", "de", viewport=PHONE)
    tab.fill("#on", "2027-03-01")
    tab.click("form.day button")
    told = tab.inner_text("main")
    assert "165,02\u00a0kg" in told and "nicht die neueste" in told
    tab.click("nav.languages a[lang=zh]")
    assert "并非最新版本" in tab.inner_text("main") and "version=1" in tab.url
    tab.click("[role=status] a")
    assert "164.5\u00a0kg" in tab.inner_text("main")
    tab.context.close()


def test_from_the_old_battery_to_the_new_one_and_back(chromium: Any, lives: Lives) -> None:
    tab = opened(chromium, lives, "first half", "en", viewport=PHONE)
    tab.click("ul.relatives a")
    assert tab.url.endswith(lives.path("second life"))
    assert tab.locator("ul.relatives a").count() == 2
    tab.click("ul.relatives a >> nth=1")
    assert tab.url.endswith(lives.path("second half"))
    tab.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_wrongly_is_told_and_what_is_asked_is_numbered(
    chromium: Any, lives: Lives, faults_by_axe: Any, photograph: Any, language: str
) -> None:
    """The other faces of the page for asking: with faults, and with a request's number."""
    tab = opened(chromium, lives, "ask", language, java_script_enabled=True, viewport=PHONE)
    tab.evaluate("document.querySelectorAll('form').forEach(f => { f.noValidate = true })")
    tab.click("form[action$='/requests'] button")
    assert tab.locator("[role=alert] li").count() >= 1
    photograph(tab, f"asked-wrongly-{language}")
    assert faults_by_axe(tab) == []
    for field, told in (
        ("name", "李伟"),
        ("email", "li@garage.example"),
        ("reason", "Modul 3"),
    ):
        tab.fill(f"#{field}", told)
    tab.click("form[action$='/requests'] button")
    assert "urn:uuid:" in tab.inner_text("[role=status]")
    photograph(tab, f"asked-{language}")
    assert faults_by_axe(tab) == [] and tab.evaluate(WIDER) <= 0
    tab.context.close()


@pytest.mark.parametrize("language", ["en", "de", "zh"])
@pytest.mark.parametrize("state", ["original", "second life"])
def test_it_prints_as_a_data_sheet_with_everything_open(
    chromium: Any, lives: Lives, state: str, language: str
) -> None:
    """On paper the checks and the address stand in full, neither form nor contents, and the
    whole fits on four sheets."""
    tab = opened(chromium, lives, state, language, java_script_enabled=True)
    tab.emulate_media(media="print")
    for absent in ("form.day", "nav.contents", ".downloads >> nth=0", "section .qr-large"):
        assert not tab.locator(absent).is_visible()
    assert tab.locator("ul.checks li").first.is_visible()
    assert tab.locator(".hero p.print-only").is_visible()
    printed = tab.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    assert printed.startswith(b"%PDF") and 2 <= sheets <= 4
    tab.context.close()
