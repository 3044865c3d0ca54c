"""The verifier's pages: for who holds a grant, readings recorded, files only to be saved."""

import re
from typing import Any

import pytest

from saltbridge.accounts.model import Role
from saltbridge.services.account import account
from saltbridge.services.verification_access import (
    GrantRequest,
    accesses,
    grant,
    trust_verifier,
)
from saltbridge.services.verification_model import footprints
from saltbridge.services.verification_questions import questions
from saltbridge.services.verification_statements import sign_draft, statements
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.people import people_of
from saltbridge.testing.verification import (
    INVOICE,
    OPERATOR,
    UNTIL,
    battery,
    footprint_request,
    maker_world,
    verifier_profile,
    verifier_world,
)
from saltbridge.web.app import create_app

DRAFT = {
    "verifier": "Prover <b>Ltd</b>",
    "did": verifier_profile().did,
    "person_role": "lead verifier",
    "level": "limited",
    "opinion": "qualified",
    "conditions": "but for the steam\n\nand the glue",
    "scope": "cradle to gate",
    "expires": "2027-11-22",
}


class House:
    """The maker's node with its people, and a verifier who may see one of two footprints."""

    def __init__(self) -> None:
        clock = FixedClock()
        self.maker, self.prover = maker_world(clock), verifier_world(clock)
        known = {role.value: frozenset({role}) for role in Role}
        self.people = people_of(self.maker, known | {"stranger": frozenset({Role.VERIFIER})})
        self.shown = account(self.maker, footprint_request()).id
        self.other = account(self.maker, footprint_request(battery(200.0))).id
        grant(
            self.maker,
            OPERATOR,
            GrantRequest(
                person=self.people["verifier"],
                footprints=[self.shown],
                until=UNTIL,
                reads_from="CN",
            ),
        )
        trust_verifier(self.maker, OPERATOR, verifier_profile().did)
        self.application = create_app(self.maker)
        self.page = f"/verifier/footprints/{self.shown}"

    def browser(self, name: str) -> Browser:
        return Browser(self.application, self.maker).sign_in(name)

    def files(self, digest: str = INVOICE.digest) -> str:
        return f"/verifier/files/{self.shown}?digest={digest}"


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def test_nobody_comes_in_without_a_session_or_a_role(house: House) -> None:
    paths = ("/verifier", house.page, house.files(), f"/verifier/replays/{house.shown}")
    for path in paths:
        answer = Browser(house.application, house.maker).get(path)
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
        for name in ("viewer", "auditor", "approver", "compliance-officer"):
            assert house.browser(name).get(path).status_code == 403
    assert accesses(house.maker, OPERATOR) == []


def test_a_verifier_sees_what_was_granted_and_a_stranger_nothing(house: House) -> None:
    one, stranger = house.browser("verifier"), house.browser("stranger")
    assert re.findall(r"/verifier/footprints/([^\"]+)", one.get("/verifier").text) == [
        house.shown.replace(":", "%3A")
    ]
    assert "/verifier/footprints/" not in stranger.get("/verifier").text
    for browser, id in ((one, house.other), (stranger, house.shown), (one, "x"), (one, "%00")):
        for what in ("footprints", "replays", "files"):
            path = f"/verifier/{what}/{id}?digest={INVOICE.digest}"
            answer = browser.get(path)
            assert (path, answer.status_code) == (path, 404)
            assert INVOICE.name not in answer.text


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_page_shows_the_whole_model(house: House, language: str) -> None:
    answer = house.browser("verifier").get(f"{house.page}?lang={language}")
    assert answer.status_code == 200
    for told in (INVOICE.name, INVOICE.digest, "exchanges.csv", "catena-x-pcf@v4", "cell"):
        assert told in answer.text
    assert "script" not in answer.headers["content-security-policy"]
    for missing in re.findall(r"\b(?:verification|footprint)\.[a-z-]+[a-z.]*", answer.text):
        raise AssertionError(f"a message without its text: {missing}")
    replayed = house.browser("verifier").get(f"/verifier/replays/{house.shown}?lang={language}")
    assert replayed.status_code == 200
    assert "✗" not in replayed.text.partition("</style>")[2]


def test_a_file_is_saved_and_never_shown(house: House) -> None:
    answer = house.browser("verifier").get(house.files())
    assert answer.content == INVOICE.content
    told = answer.headers
    assert told["content-type"] == "application/pdf"
    assert told["content-disposition"] == "attachment; filename*=UTF-8''cells-2025.pdf"
    assert told["x-content-type-options"] == "nosniff"
    assert "sandbox" in told["content-security-policy"]
    assert told["cache-control"] == "no-store"
    seen = accesses(house.maker, OPERATOR, house.shown)
    assert ("evidence-opened", INVOICE.digest) in [(a["what"], a["detail"]) for a in seen]
    assert house.browser("verifier").get(house.files("sha256:0")).status_code == 404


def test_question_answer_close_on_the_page(house: House) -> None:
    verifier, operator = house.browser("verifier"), house.browser("operator")
    known = {"footprint": house.shown}

    def send(browser: Browser, **fields: str) -> Any:
        return browser.submit("/verifier/findings", known | fields, page=house.page)

    asked = {"do": "asked", "kind": "question", "text": "Why <i>300</i> kg?", "line": "1"}
    assert send(verifier, **asked).status_code == 303
    (found,) = questions(house.maker, house.people["verifier"], house.shown)
    assert "Why &lt;i&gt;300&lt;/i&gt; kg?" in operator.get(house.page).text
    assert send(operator, **asked).status_code == 422  # the maker asks itself nothing
    done = {"question": found["id"]}
    assert send(operator, do="answered", text="By invoice.", **done).status_code == 303
    assert send(operator, do="closed", **done).status_code == 422
    assert send(verifier, do="closed", text="", **done).status_code == 303
    (found,) = questions(house.maker, house.people["verifier"], house.shown)
    assert found["state"] == "closed"
    assert send(verifier, do="other").status_code == 422
    forged = verifier.post("/verifier/findings", known | asked)
    assert forged.status_code == 403  # a form without the word of the session
    assert len(questions(house.maker, house.people["verifier"], house.shown)) == 1


def test_from_draft_to_statement_on_the_page(house: House) -> None:
    verifier, operator = house.browser("verifier"), house.browser("operator")
    fields = DRAFT | {"footprint": house.shown}
    wrong = verifier.submit("/verifier/drafts", fields | {"expires": "soon"}, page=house.page)
    assert wrong.status_code == 422
    refused = operator.submit("/verifier/drafts", fields, page=house.page)
    assert refused.status_code == 403
    draft = verifier.submit("/verifier/drafts", fields, page=house.page)
    assert draft.headers["content-disposition"].startswith("attachment")
    signed = sign_draft(house.prover, draft.content, "draft.json")
    handed = {"footprint": house.shown, "statement": signed.decode()}
    assert operator.submit("/verifier/statements", handed, page=house.page).status_code == 403
    taken = verifier.submit("/verifier/statements", handed, page=house.page)
    assert taken.status_code == 303
    again = verifier.submit("/verifier/statements", handed, page=house.page)
    assert again.status_code == 422
    (kept,) = statements(house.maker, house.people["verifier"], house.shown)
    assert kept["content"]["conditions"] == ["but for the steam", "and the glue"]
    shown = operator.get(house.page).text
    assert "Prover &lt;b&gt;Ltd&lt;/b&gt;" in shown
    assert len(footprints(house.maker, house.people["verifier"])) == 1
