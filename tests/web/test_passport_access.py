"""Restricted points over HTTP: for whom there is a grant, recorded, and for nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import NodeProfile, World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.measure import measure
from saltbridge.services.passport_grants import (
    GrantRequest,
    accesses,
    end_everything,
    grant,
    revoke,
)
from saltbridge.steps.passport_signed import signed_passport
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import BuiltKeyring, FixedClock, memory_world, partner_of
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.people import SYSTEM, people_of
from saltbridge.trust.self_issued import self_issued_token
from saltbridge.web.app import create_app

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
PATHS = [f"/01/09521234567899/21/{s}/access" for s in SERIALS]
EVIDENCE = {
    "repairer": ({"kind": "business-registration", "seen": "HRB 4711"},),
    "purchaser": ({"kind": "proof-of-purchase", "seen": "invoice 12"},),
    "market-surveillance": ({"kind": "designation", "seen": "letter"},),
}


@pytest.fixture(scope="module")
def world() -> World:
    examples = Path(__file__).resolve().parents[2] / "examples"
    made = carmaker_world()
    maker = maker_profile()
    near = replace(partner_of(maker), jurisdiction="EU")
    node = replace(made.node, partners=(near,))
    documents = {maker.did: BuiltKeyring(maker.did).did_document()}
    made = memory_world(node, did_documents=documents)
    put_delivery(made, maker, example_record(examples))
    issue(made, IssueRequest(**example_request(examples, list(SERIALS))))
    people_of(made)
    return made


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(create_app(world), base_url=world.node.base_url) as client:
        yield client


def granted(world: World, interest: str = "repairer", **to: Any) -> Any:
    to = to or {"code_for": "Garage Nord"}
    return grant(
        world, SYSTEM, GrantRequest(interest=interest, evidence=EVIDENCE[interest], **to)
    )


def bearer(code: str, accept: str = "application/json") -> dict[str, str]:
    return {"Authorization": f"Bearer {code}", "Accept": accept}


@pytest.mark.parametrize(
    ("interest", "points", "sees", "not_seen"),
    [
        ("repairer", [1, 2], "A080", "A088"),
        ("purchaser", [1, 4], "A088", "A080"),
        ("market-surveillance", [1, 2, 3], "A046", "A088"),
    ],
)
def test_a_grant_opens_its_points_and_no_other(
    world: World, client: TestClient, interest: str, points: list[int], sees: str, not_seen: str
) -> None:
    code = granted(world, interest).code
    answer = client.get(PATHS[0], headers=bearer(code))
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.json()["points"] == points
    assert sees in answer.json()["attributes"] and not_seen not in answer.json()["attributes"]
    text = client.get(PATHS[0], headers=bearer(code, "application/sd-jwt")).text
    assert text.count("~") == len(points) + 1
    file = client.get(f"{PATHS[0]}?format=file", headers=bearer(code)).content
    assert len(parse_claim_file(file).disclosures) == len(points)
    signed = signed_passport(file, world.keyring.did_document())
    assert sorted(signed.view["attributes"]) == sorted(answer.json()["attributes"])
    page = client.get(PATHS[0], headers=bearer(code, "text/html")).text
    assert [f'id="point-{p}"' in page for p in (2, 3, 4)] == [p in points for p in (2, 3, 4)]


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_page_says_that_it_was_recorded(
    world: World, client: TestClient, language: str
) -> None:
    page = client.get(
        f"{PATHS[0]}?lang={language}", headers=bearer(granted(world).code, "text/html")
    ).text
    words = {"en": "was recorded", "de": "wurde festgehalten", "zh": "已被记录"}
    assert words[language] in page
    assert "<script" not in page and "MJC24-7K2MQ9" in page


def test_a_person_and_a_partner_read_as_themselves(world: World, client: TestClient) -> None:
    granted(world, person="viewer")
    browser = Browser(create_app(world), world).sign_in("viewer")
    assert browser.get(PATHS[0], accept="application/json").json()["points"] == [1, 2]
    assert Browser(create_app(world), world).sign_in("auditor").get(PATHS[0]).status_code == 404

    maker = maker_profile()
    granted(world, "purchaser", partner=maker.did)
    token = self_issued_token(
        caller=maker.did,
        called=world.node.did,
        jti="once",
        now=world.clock.now(),
        signer=BuiltKeyring(maker.did).signer(),
    )
    assert client.get(PATHS[0], headers=bearer(token)).json()["points"] == [1, 4]
    assert client.get(PATHS[0], headers=bearer(token)).status_code == 404  # used up
    told = accesses(world, SYSTEM, SERIALS[0])
    assert {"viewer", maker.name} <= {a["reader"]["name"] for a in told}


def test_what_is_forbidden_looks_like_what_is_not_there(
    world: World, client: TestClient
) -> None:
    """Status, headers and body are the same bytes, whoever asks for whatever reason."""
    code = granted(world, passport=SERIALS[0], code_for="one battery").code
    over = granted(world)
    revoke(world, SYSTEM, over.grant.id, "over")
    tried = {
        "nobody asks for what is there": (PATHS[0], {}),
        "a wrong code": (PATHS[0], bearer("x" * 43)),
        "a code that was taken back": (PATHS[0], bearer(over.code)),
        "another battery than granted": (PATHS[1], bearer(code)),
        "no such serial": (PATHS[0].replace(SERIALS[0], "MJC24-NOBODY"), bearer(code)),
        "no such model": ("/01/04012345000009/21/MJC24-7K2MQ9/access", {}),
        "no GTIN at all": ("/01/x/21/y/access", {}),
        "basic": (PATHS[0], {"Authorization": "Basic eDp5"}),
        "a JWT of nobody": (PATHS[0], bearer("a.b.c")),
        "the other audience": (f"{PATHS[0]}?audience=authority", bearer(code)),
        "a version nobody offers": (f"{PATHS[0]}?audience=public", bearer(code)),
    }
    answers = {
        why: client.get(path, headers={"Accept": "application/json", **headers})
        for why, (path, headers) in tried.items()
    }
    seen = {
        why: (a.status_code, a.content, sorted(a.headers.items())) for why, a in answers.items()
    }
    first = seen["nobody asks for what is there"]
    assert first[0] == 404
    assert [why for why, answer in seen.items() if answer != first] == []


def test_the_same_records_are_looked_up_for_absent_and_forbidden(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as a test can tell, the time taken says nothing: the same reads, in order."""
    import saltbridge.services.passport_opening as opening
    from saltbridge.passport.grants import Grantee, GranteeKind
    from saltbridge.steps.passport_access_log import AccessRecorder

    asked: list[str] = []
    real = opening.document

    def counted(view: Any, kind: str, id: str) -> Any:
        asked.append(kind)
        return real(view, kind, id)

    monkeypatch.setattr(opening, "document", counted)
    kinds = []
    for serial in (SERIALS[0], "MJC24-NOBODY", "not a serial \x00"):
        asked.clear()
        request = opening.OpeningRequest(
            readers=[Grantee(GranteeKind.CODE, "sha256:none", "")],
            gtin="09521234567899",
            serial=serial,
            endpoint="json",
        )
        assert opening.open_passport(world, AccessRecorder(world), request) is None
        kinds.append(list(asked))
    assert kinds[0] == kinds[1] == kinds[2] == ["passport-address", "passport"]


def test_nothing_is_shown_that_was_not_recorded(world: World, client: TestClient) -> None:
    made = granted(world)
    code = made.code
    for accept in ("text/html", "application/json", "application/sd-jwt"):
        assert client.get(PATHS[0], headers=bearer(code, accept)).status_code == 200
    client.get(PATHS[0], headers=bearer("wrong"))
    client.get(PATHS[0].removesuffix("/access"))  # public reading is nobody's business
    told = [a for a in accesses(world, SYSTEM) if made.grant.id in a["grants"]]
    assert sorted((a["endpoint"], a["use"]) for a in told) == [
        ("json", "download"),
        ("page", "read"),
        ("sd-jwt", "download"),
    ]
    assert {tuple(a["points"]) for a in told} == {(2,)}
    assert all(a["purposes"] == ["dismantling"] and a["grants"] and a["at"] for a in told)


def test_without_download_there_is_the_page_and_no_file(world: World) -> None:
    table = {"interests": {"repairer": {"uses": []}}}
    narrow = replace(world, settings={"passport_access": table})
    code = granted(narrow).code
    with TestClient(create_app(narrow), base_url=world.node.base_url) as client:
        page = client.get(PATHS[0], headers=bearer(code, "text/html"))
        assert page.status_code == 200 and "format=file" not in page.text
        for path, accept in (
            (PATHS[0], "application/json"),
            (PATHS[0], "application/sd-jwt"),
            (f"{PATHS[0]}?format=file", "*/*"),
            (f"{PATHS[0]}?format=json", "*/*"),
        ):
            assert client.get(path, headers=bearer(code, accept)).status_code == 404


def test_a_grant_ends_with_its_last_day_and_an_emergency_at_once(
    world: World, client: TestClient
) -> None:
    clock = world.clock
    assert isinstance(clock, FixedClock)
    code = granted(world, until=world.clock.now().date(), code_for="today").code
    assert client.get(PATHS[0], headers=bearer(code)).status_code == 200
    moment = clock.moment
    try:
        clock.advance(days=1)
        assert client.get(PATHS[0], headers=bearer(code)).status_code == 404
    finally:
        clock.moment = moment
    granted(world, person="approver")
    browser = Browser(create_app(world), world).sign_in("approver")
    assert browser.get(PATHS[0]).status_code == 200
    end_everything(world, SYSTEM, "codes were published")
    assert client.get(PATHS[0], headers=bearer(code)).status_code == 404
    assert browser.get(PATHS[0]).status_code == 404
    assert browser.get("/account").status_code == 303  # signed out as well


def test_what_is_revoked_while_a_request_is_under_way_is_not_answered(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    import saltbridge.services.passport_opening as opening

    made = granted(world)
    real = opening.presentation_file

    def meanwhile(*given: Any) -> bytes | None:
        revoke(world, SYSTEM, made.grant.id, "in between")
        return real(*given)

    monkeypatch.setattr(opening, "presentation_file", meanwhile)
    count = len(accesses(world, SYSTEM))
    assert client.get(PATHS[0], headers=bearer(made.code)).status_code == 404
    assert len(accesses(world, SYSTEM)) == count


def test_the_public_page_leads_to_both_and_shows_nothing_more_to_those_with_a_grant(
    world: World, client: TestClient
) -> None:
    public = PATHS[0].removesuffix("/access")
    code = granted(world, "purchaser").code
    alone, with_code = client.get(public), client.get(public, headers=bearer(code, "*/*"))
    assert alone.content == with_code.content
    assert f'href="{PATHS[0]}"' in alone.text and 'href="/passport-access?' in alone.text


def test_a_record_that_ceased_or_was_bent_opens_nothing(
    world: World, client: TestClient
) -> None:
    code = granted(world).code
    with world.store.reading() as view:
        (one, *_) = [r for r in view.find("passport") if SERIALS[1].encode() in r.body]
    whole = read_json(one.body)
    for change in ({"status": "ceased"}, {"serial": SERIALS[0]}, {"version": 7}):
        with world.store.unit_of_work() as work:
            work.put("passport", one.id, canonical_bytes({**whole, **change}))
        assert client.get(PATHS[1], headers=bearer(code)).status_code == 404
    with world.store.unit_of_work() as work:
        work.put("passport", one.id, one.body)
    assert client.get(PATHS[1], headers=bearer(code)).status_code == 200


def test_the_maker_is_no_reader_by_being_a_partner(world: World, client: TestClient) -> None:
    maker: NodeProfile = maker_profile()
    end_everything(world, SYSTEM, "a fresh start")
    token = self_issued_token(
        caller=maker.did,
        called=world.node.did,
        jti="again",
        now=world.clock.now(),
        signer=BuiltKeyring(maker.did).signer(),
    )
    assert client.get(PATHS[0], headers=bearer(token)).status_code == 404


def test_what_was_measured_is_shown_to_those_who_may_see_point_4(
    world: World, client: TestClient
) -> None:
    clock = world.clock
    assert isinstance(clock, FixedClock)
    at = (clock.now() - timedelta(hours=1)).isoformat()
    row = f"{SERIALS[0]},A093,97.25,%,{at},BMS\n{SERIALS[0]},A126,7,cycle,{at},BMS\n"
    measure(world, f"battery,attribute,value,unit,measured_at,source\n{row}".encode(), "m.csv")
    html = "text/html"
    page = client.get(PATHS[0], headers=bearer(granted(world, "purchaser").code, html)).text
    assert "Measured since this version" in page
    assert '<svg class="health"' in page and "<caption>State of health" in page
    assert "97.25" in page and "7 cycles" in " ".join(page.split())
    for interest in ("repairer", "market-surveillance"):
        other = client.get(PATHS[0], headers=bearer(granted(world, interest).code, html)).text
        assert "Measured since" not in other and "97.25" not in other
    public = client.get(PATHS[0].removesuffix("/access"), headers={"Accept": html}).text
    assert "97.25" not in public
