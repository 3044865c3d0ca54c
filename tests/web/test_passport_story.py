"""Who stands behind a passport, where the battery came from and went, and its versions."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.neighbours import GTIN, eu_node, neighbours
from tests.neighbours import SERIALS as NEIGHBOURS
from tests.passport_lives import SERIALS, Lives, lives_of

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.locales import text
from saltbridge.services.passport_dossiers import take_over
from saltbridge.services.passport_handover import accept, complete, propose
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_signed import signed_passport
from saltbridge.web.app import create_app
from saltbridge.web.passport_assurance import assurance
from saltbridge.web.passport_public import PublicPassports

LANGUAGES = ("en", "de", "zh")
HANDED = NEIGHBOURS[0]


@pytest.fixture(scope="module")
def lives() -> Lives:
    return lives_of(Path(__file__).resolve().parents[2] / "examples")


@pytest.fixture(scope="module")
def client(lives: Lives) -> Iterator[TestClient]:
    with TestClient(create_app(lives.world), base_url=lives.world.node.base_url) as client:
        yield client


def page(client: TestClient, lives: Lives, state: str, **query: str) -> str:
    answer = client.get(lives.path(state), params=query, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


def read(client: TestClient, lives: Lives, state: str, reader: str, lang: str = "en") -> str:
    """The access page, as words."""
    headers = {"Authorization": f"Bearer {lives.codes[reader]}", "Accept": "text/html"}
    answer = client.get(f"{lives.path(state)}/access", params={"lang": lang}, headers=headers)
    assert answer.status_code == 200
    return words(answer.text)


def words(html: str) -> str:
    body = html.partition("</style>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def checks(lives: Lives, state: str) -> dict[str, str]:
    """The checks of a passport by their English names, each with its mark."""
    found = PublicPassports(lives.world).by_id(lives.ids[state])
    assert found is not None
    return {c.name: c.mark for c in assurance(lives.world, found, "en").checks}


def test_an_ordinary_passport_holds_in_every_check(lives: Lives) -> None:
    names = ["Signature", "In force", "Log", "Responsible", "Address"]
    assert checks(lives, "original") == dict.fromkeys(names, "good")


@pytest.mark.parametrize(
    ("state", "check", "mark"),
    [
        ("suspended", "In force", "bad"),
        ("revoked", "In force", "bad"),
        ("waste", "Responsible", "open"),  # another operator answers for it by now
    ],
)
def test_what_does_not_hold_is_marked(lives: Lives, state: str, check: str, mark: str) -> None:
    found = checks(lives, state)
    assert found.pop(check) == mark
    assert set(found.values()) == {"good"}


def test_a_page_kept_for_another_issuer_says_so(lives: Lives) -> None:
    """The address of the passport and the name in the issuer's key are not the same."""
    found = PublicPassports(lives.world).by_id(lives.ids["original"])
    assert found is not None
    signed = replace(found.signed, issuer="did:web:isarwerk.example")
    other = assurance(lives.world, replace(found, signed=signed), "en").checks
    (address,) = [c for c in other if c.name == "Address"]
    assert address.mark == "open" and "did:web:isarwerk.example" in address.says


def test_a_proof_of_another_entry_does_not_hold(lives: Lives) -> None:
    found = PublicPassports(lives.world).by_id(lives.ids["original"])
    assert found is not None and found.signed.log is not None
    wrong = replace(found.signed.log, salt="0" * 32)
    bare = replace(found, signed=replace(found.signed, log=wrong))
    marks = {c.name: c.mark for c in assurance(lives.world, bare, "en").checks}
    assert marks["Log"] == "bad"


def test_no_proof_of_the_log_is_said_to_be_open(lives: Lives) -> None:
    found = PublicPassports(lives.world).by_id(lives.ids["original"])
    assert found is not None
    bare = replace(found, signed=replace(found.signed, log=None))
    marks = {c.name: c.mark for c in assurance(lives.world, bare, "en").checks}
    assert marks["Log"] == "open"


@pytest.mark.parametrize("language", LANGUAGES)
def test_predecessors_and_successors_are_linked_and_the_status_is_not_told(
    client: TestClient, lives: Lives, language: str
) -> None:
    done = {"en": "remanufacturing", "de": "Wiederaufarbeitung", "zh": "再制造"}[language]
    new = page(client, lives, "second life", lang=language)
    for half in ("first half", "second half"):
        assert f'<a href="{lives.path(half)}">' in new
        old = page(client, lives, half, lang=language)
        assert f'<a href="{lives.path("second life")}">' in old and done not in words(old)
    assert done not in words(new)
    assert lives.path("second life") not in page(client, lives, "original", lang=language)


def test_a_successor_that_is_not_public_here_leaves_no_trace(
    client: TestClient, lives: Lives
) -> None:
    """It was handed to another operator: that belongs to those who may see point 4."""
    public = page(client, lives, "handed over")
    plain = page(client, lives, "original")
    for made, state in ((public, "handed over"), (plain, "original")):
        assert SERIALS[state] in made
    headings = re.compile(r"<h[23][^>]*>(.*?)</h[23]>")
    assert headings.findall(public) == headings.findall(plain)
    assert "remanufactur" not in words(public).lower()
    assert "Lives on under another passport" in read(client, lives, "handed over", "owner")


@pytest.mark.parametrize(
    ("state", "sentences"),
    [
        ("original", ("18 February 2027 : Placed on the market by Isarwerk",)),
        ("repaired", ("1 May 2029 : Repaired: module 3, by Garage Nord",)),
        ("waste", ("Became waste. renewer answers for the passport", "as waste operator")),
        ("second life", ("Begins here: remanufacturing", "Status now : remanufactured")),
        ("first half", ("Lives on under another passport (remanufacturing)",)),
    ],
)
def test_the_life_of_a_battery_is_told_to_those_who_may_see_point_4(
    client: TestClient, lives: Lives, state: str, sentences: tuple[str, ...]
) -> None:
    told = read(client, lives, state, "owner").replace(": ", " : ", 0)
    plain = re.sub(r"\s*:\s*", ": ", told)
    for sentence in sentences:
        assert re.sub(r"\s*:\s*", ": ", sentence) in plain


@pytest.mark.parametrize("reader", ["dismantler", "authority"])
def test_others_are_told_nothing_of_its_life(
    client: TestClient, lives: Lives, reader: str
) -> None:
    for state in ("repaired", "waste", "first half"):
        told = read(client, lives, state, reader)
        assert "Life of this battery" not in told
        for word in ("Became waste", "Garage Nord", "Lives on", "Status now"):
            assert word not in told


def test_dismantling_documents_are_for_those_allowed(client: TestClient, lives: Lives) -> None:
    assert "Dismantling manual" in read(client, lives, "original", "dismantler")
    assert "Dismantling manual" in read(client, lives, "original", "authority")
    for told in (
        read(client, lives, "original", "owner"),
        page(client, lives, "original"),
    ):
        assert "Dismantling manual" not in told and "exploded" not in told.lower()


def test_versions_are_listed_with_what_changed(client: TestClient, lives: Lives) -> None:
    told = words(page(client, lives, "changed"))
    assert "Version 2 shown here 1 June 2029: Changed: Battery mass" in told
    assert "Version 1 23 November 2026: Issued" in told
    waste = words(page(client, lives, "waste"))  # what is not public changed as well
    assert "Changed: Identifier of the responsible economic operator" in waste
    repaired = words(page(client, lives, "repaired"))
    assert "Nothing changed in the public part" in repaired


@pytest.mark.parametrize("query", [{"version": "1"}, {"on": "2027-03-01"}])
def test_a_version_is_read_again_by_number_or_day(
    client: TestClient, lives: Lives, query: dict[str, str]
) -> None:
    old = words(page(client, lives, "changed", **query))
    assert "165.02 kg" in old and "164.5 kg" not in old
    assert "This is version 1 of 23 November 2026" in old
    assert "has issued a newer one" not in old  # said once
    new = words(page(client, lives, "changed"))
    assert "164.5 kg" in new and "This is version" not in new
    html = page(client, lives, "changed", **query)
    assert "?version=1&amp;lang=de" in html  # the other languages show the same version
    (file,) = re.findall(r'href="(/passports/[^"]+/claim.json[^"]*)"', html)
    view = signed_passport(client.get(unescape(file)).content).view
    assert view["version"] == "1"
    as_json = client.get(lives.path("changed"), params={**query, "format": "json"})
    assert as_json.json()["attributes"]["A033"]["value"] == 165.02


def test_a_day_before_the_first_version_shows_the_newest_and_says_so(
    client: TestClient, lives: Lives
) -> None:
    told = words(page(client, lives, "changed", on="2020-01-01"))
    assert "There was no version on that day yet" in told and "164.5 kg" in told


@pytest.mark.parametrize("day", ["", "tomorrow", "2099-01-01", "2029-06-01"])
def test_other_days_show_the_newest(client: TestClient, lives: Lives, day: str) -> None:
    told = page(client, lives, "changed", on=day)
    assert "164.5" in told and 'role="status"' not in told


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "1.0", "９", "99999999999"])
def test_a_version_that_is_not_there_is_missing(
    client: TestClient, lives: Lives, number: str
) -> None:
    answer = client.get(lives.path("changed"), params={"version": number})
    assert answer.status_code == 404
    assert answer.content == client.get("/passports/nobody").content


def test_an_older_version_is_not_kept_as_the_page(client: TestClient, lives: Lives) -> None:
    before = page(client, lives, "changed")
    page(client, lives, "changed", version="1")
    assert page(client, lives, "changed") == before


def test_what_ended_is_named_without_its_number(examples: Path) -> None:
    """A predecessor whose passport ceased: its serial number is nobody's business any more."""
    lives = lives_of(examples)
    lives.world.clock.moment = datetime(2029, 6, 2, tzinfo=UTC)
    with lives.world.store.unit_of_work() as work:
        stored = work.get("passport", lives.ids["first half"])
        assert stored is not None
        ended = {**read_json(stored.body), "status": "ceased", "ceased_on": "2029-06-02"}
        work.put("passport", lives.ids["first half"], canonical_bytes(ended))
    with TestClient(create_app(lives.world), base_url=lives.world.node.base_url) as client:
        told = page(client, lives, "second life")
    assert SERIALS["first half"] not in told and SERIALS["second half"] in told
    assert "its passport has ceased to exist" in told


def test_a_passport_that_was_taken_over_says_where_it_came_from(examples: Path) -> None:
    """The code on the battery names the old node; the page tells to scan it and see."""
    town = neighbours(examples, eu_node("fleet", 8107))
    cars, fleet = town["carmaker"], town["fleet"]
    with cars.store.reading() as work:
        id = str(passport_named(work, HANDED)["id"])
    transfer = EventRequest(
        passport=id, kind="responsibility-transfer", on=date(2029, 5, 1), to=fleet.node.did
    )
    complete(cars, accept(fleet, propose(cars, transfer), "p.json"), "a.json", {})
    take_over(fleet, id)
    found = PublicPassports(fleet).by_id(id)
    assert found is not None
    told = assurance(fleet, found, "en")
    assert told.host == "127.0.0.1:8107"
    marks = {c.name: c.mark for c in told.checks}
    assert marks == {
        "Signature": "good",
        "In force": "good",
        "Log": "good",  # the former operator's log
        "Responsible": "open",
        "Address": "open",
    }
    assert "127.0.0.1:8103" in told.checks[-1].says and "Scan the code" in told.checks[-1].says
    with TestClient(create_app(fleet), base_url=fleet.node.base_url) as client:
        assert client.get(f"/passports/{id}?lang=de").status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_transfer_the_page_names_who_answers_now(examples: Path, language: str) -> None:
    """Name and address are in the words both operators signed; without them, the identifier."""
    town = neighbours(examples, eu_node("fleet", 8107))
    cars, fleet = town["carmaker"], town["fleet"]
    for serial, told in (
        (
            NEIGHBOURS[0],
            {"to_name": "Fleet SE (fictitious)", "to_address": "2 Kaistraße, Kiel"},
        ),
        (NEIGHBOURS[1], {}),
    ):
        moves = EventRequest(
            passport=serial,
            kind="responsibility-transfer",
            on=date(2029, 5, 1),
            to=fleet.node.did,
            details=told,
        )
        complete(cars, accept(fleet, propose(cars, moves), "p.json"), "a.json", {})
    client = TestClient(create_app(cars), base_url=cars.node.base_url)
    named, plain = (
        client.get(f"/01/{GTIN}/21/{serial}?lang={language}").text for serial in NEIGHBOURS
    )
    now = f"Fleet SE (fictitious), 2 Kaistraße, Kiel ({fleet.node.bpn})"
    assert text("assurance.operator.other", {"operator": now}, language) in unescape(named)
    plainly = text("assurance.operator.other", {"operator": fleet.node.bpn}, language)
    assert plainly in unescape(plain)
    told = text("attribute.A026", None, language)
    line = re.search(rf"<dt>{re.escape(told)}</dt><dd>(.*?)</dd>", unescape(named))
    assert line is not None and line[1].startswith("Fleet SE (fictitious), 2 Kaistraße, Kiel")


def test_who_took_over_is_named_in_its_own_first_version(examples: Path) -> None:
    town = neighbours(examples, eu_node("fleet", 8107))
    cars, fleet = town["carmaker"], town["fleet"]
    with cars.store.reading() as work:
        id = str(passport_named(work, HANDED)["id"])
    moves = EventRequest(
        passport=id, kind="responsibility-transfer", on=date(2029, 5, 1), to=fleet.node.did
    )
    complete(cars, accept(fleet, propose(cars, moves), "p.json"), "a.json", {})
    take_over(fleet, id)
    weighed = {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}
    new_version(fleet, VersionRequest(passport=id, facts=weighed, reason="weighed"))
    found = PublicPassports(fleet).by_id(id)
    assert found is not None
    assert found.content["attributes"]["A026"]["value"]["name"] == fleet.node.legal_name
