"""Two signed-in people in two browsers let trade secrets go; a refusal reaches the partner."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.ports import World
from saltbridge.services.approval import pending
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import progress
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record
from saltbridge.testing.peers import InProcessHttp
from saltbridge.testing.people import PASSWORD, people_of
from saltbridge.web.app import create_app

T = TypeVar("T")
REASON = "The totals are not final before 1 December."
APPROVE = {"en": "Approve these bytes", "de": "Diese Bytes freigeben", "zh": "批准外发这些字节"}

pytestmark = pytest.mark.full("Chromium")


def apart(do: Callable[[], T]) -> T:
    """What comes of it in a thread of its own: this one belongs to Playwright's event loop."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(do).result()


class Companies:
    """A cell maker whose pages are served on loopback, and a carmaker that asks it."""

    def __init__(self, port: int) -> None:
        clock, http = FixedClock(), InProcessHttp()
        cells = node_profile("cellmaker", jurisdiction="CN", port=port)
        cars = node_profile("carmaker", jurisdiction="EU", port=8103)
        nodes = (
            replace(cells, partners=(partner_of(cars),)),
            replace(cars, partners=(partner_of(cells),)),
        )
        documents = {n.did: memory_world(n).keyring.did_document() for n in nodes}
        self.cells, self.cars = (
            replace(memory_world(n, clock=clock, did_documents=documents), http=http)
            for n in nodes
        )
        for world in (self.cells, self.cars):
            http.applications[world.node.base_url] = create_app(world)
        people_of(self.cells)
        self.base, self.port = cells.base_url, port

    def ask(self, title: str) -> tuple[str, str]:
        """Published and asked for: the proposal's id and the asker's negotiation."""
        return apart(lambda: self._ask(title))

    def pump(self) -> None:
        """Let both outboxes work until nothing is due."""
        apart(self._pump)

    def _ask(self, title: str) -> tuple[str, str]:
        published = publish(
            self.cells,
            PublishRequest(
                document=battery_record(),
                kind="battery-supplier-record",
                recipients=(self.cars.node.bpn,),
                title=title,
                person="Li Wei",
            ),
        )
        partner = self.cars.node.partners[0]
        shown = request_catalogue(self.cars, partner).datasets
        (offered,) = [d for d in shown if d.id == published.dataset_id]
        begun = start_negotiation(
            self.cars,
            partner,
            offered.id,
            offered.offers[0],
            transfer_wanted=True,
            dataset_kind=offered.kind,
        )
        self._pump()
        return str(published.proposals[0]["id"]), begun.pid

    def _pump(self) -> None:
        workers = [OutboxWorker(w, outbox_handlers()) for w in (self.cells, self.cars)]
        for _ in range(60):
            if not sum(worker.run_once() for worker in workers):
                return
        raise AssertionError("the outboxes never come to rest")

    def all(self, world: World, kind: str) -> list[Any]:
        with world.store.reading() as view:
            return [read_json(record.body) for record in view.find(kind)]


@pytest.fixture(scope="module")
def companies(free_port: Any, serving: Any) -> Iterator[Companies]:
    both = Companies(free_port())
    with serving(create_app(both.cells), both.port):
        yield both


def signed_in(chromium: Any, companies: Companies, name: str, **context: Any) -> Any:
    """A page of a browser of one's own, signed in through the form."""
    page = chromium.new_context(**context).new_page()
    page.goto(f"{companies.base}/operator/approvals")
    assert "/sign-in" in page.url
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{companies.base}/operator/approvals*")
    return page


def test_two_people_approve_and_the_partner_gets_it(
    chromium: Any, companies: Companies
) -> None:
    id, pid = companies.ask("Pack SB-1")
    assert progress(companies.cars, pid).negotiation == "REQUESTED"
    first = signed_in(chromium, companies, "approver")
    second = signed_in(chromium, companies, "compliance-officer")

    first.click("text=Pack SB-1")
    assert first.locator("text=supplier-").first.is_visible()
    digest = pending(companies.cells)[0]["digest"]
    assert first.locator(f"text={digest}").count() == 1
    first.get_by_role("button", name=APPROVE["en"]).focus()  # by keyboard, as by mouse
    first.keyboard.press("Enter")
    first.wait_for_selector("[role=status]")
    assert "One more person" in first.inner_text("[role=status]")
    assert first.get_by_role("button", name=APPROVE["en"]).count() == 0
    first.reload()
    assert first.get_by_role("button", name=APPROVE["en"]).count() == 0
    assert companies.all(companies.cars, "delivery") == []

    second.click("text=Pack SB-1")
    assert "second person" in second.inner_text("main")
    second.get_by_role("button", name=APPROVE["en"]).click()
    second.wait_for_selector("[role=status]")
    assert "released" in second.inner_text("[role=status]")
    companies.pump()
    reached = progress(companies.cars, pid)
    assert (reached.negotiation, reached.transfer) == ("FINALIZED", "COMPLETED")
    (delivery,) = companies.all(companies.cars, "delivery")
    assert delivery["verified"] and delivery["digest"] == digest
    assert id not in str(delivery)
    first.goto(f"{companies.base}/operator/approvals")
    assert "Nothing waits" in first.inner_text("main")


def test_a_refusal_with_its_reason_reaches_the_partner(
    chromium: Any, companies: Companies
) -> None:
    _, pid = companies.ask("Pack SB-2")
    page = signed_in(chromium, companies, "second-approver")
    page.click("text=Pack SB-2")
    refuse = page.get_by_role("button", name="Refuse")
    refuse.click()  # the browser itself asks for the reason
    assert "said=" not in page.url
    page.get_by_label("Reason").fill(REASON)
    refuse.click()
    page.wait_for_selector("[role=status]")
    assert REASON in page.inner_text("main")
    companies.pump()
    reached = progress(companies.cars, pid)
    assert (reached.refusal_code, reached.refusal_reason) == (
        "exchange.refused-by-approver",
        (REASON,),
    )


def test_nobody_signed_in_sees_nothing(chromium: Any, companies: Companies) -> None:
    id, _ = companies.ask("Pack SB-3")
    page = chromium.new_context().new_page()
    for path in ("", f"/{id}"):
        page.goto(f"{companies.base}/operator/approvals{path}")
        assert "/sign-in" in page.url and "SB-3" not in page.content()


@pytest.mark.parametrize("language", ["en", "de", "zh"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_every_screen_in_every_language(
    chromium: Any, companies: Companies, language: str, width: int, tmp_path: Path
) -> None:
    if not pending(companies.cells):
        companies.ask("Pack SB-4")
    size = {"width": width, "height": 900}
    page = signed_in(chromium, companies, "approver", viewport=size)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{companies.base}/operator/approvals?lang={language}")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    page.screenshot(path=str(tmp_path / f"list-{language}-{width}.png"), full_page=True)
    page.click("main a[href*=approvals]")
    assert page.get_by_role("button", name=APPROVE[language]).is_visible()
    page.locator("details:not([open]) > summary").first.click()
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate(wide) <= 0
    assert "CANARY" not in page.content() and errors == []
    page.screenshot(path=str(tmp_path / f"one-{language}-{width}.png"), full_page=True)
    small = page.locator("main button, main summary, main textarea").all()
    assert all(box["height"] >= 20 for control in small if (box := control.bounding_box()))
