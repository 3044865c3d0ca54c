"""Revoked, suspended, reinstated, renewed: what the list says, and what a reader is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.log_audit import audit
from saltbridge.services.passport_status import StatusRequest, change_status, renew_lists
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.passports import public_passport
from saltbridge.services.verify import (
    Check,
    Outcome,
    VerifyRequest,
    anchors_of,
    status_lists_of,
    verify,
)
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.trust import status_list
from saltbridge.trust.status_list import Status
from saltbridge.web.passport_page import routes

ONE, OTHER = "MJC24-7K2MQ9", "MJC24-H4TX0B"
PATH = f"/01/09521234567899/21/{ONE}"


class MovingClock:
    def __init__(self) -> None:
        self.moment = datetime(2027, 2, 18, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def world(examples: Path) -> World:
    world = replace(carmaker_world(), clock=MovingClock())
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [ONE, OTHER])))
    return world


def later(world: World, **time: float) -> None:
    world.clock.moment += timedelta(**time)  # type: ignore[attr-defined]


def set_to(world: World, status: Status, number: int | None = None, who: str = ONE) -> Any:
    later(world, minutes=1)
    request = StatusRequest(passport=who, status=status, reason="recall", number=number)
    return change_status(world, request)


def told(world: World, serial: str = ONE, lists: Any = None, number: int = 1) -> Check:
    file, _ = public_passport(world, serial, number=number)
    given = status_lists_of(world) if lists is None else lists
    now = world.clock.now()
    request = VerifyRequest(file.content, "x", now, anchors_of(world), status_lists=given)
    (found,) = [c for c in verify(request).checks if c.name == "status"]
    return found


def outcome(check: Check) -> tuple[Outcome, str]:
    return check.outcome, check.code.removeprefix("verify.status-")


def test_without_a_list_nothing_is_said_and_with_it_it_holds(world: World) -> None:
    assert outcome(told(world, lists=[])) == (Outcome.OPEN, "unchecked")
    assert outcome(told(world)) == (Outcome.PASSED, "valid")
    assert len(status_lists_of(world)) == 1


def test_a_revoked_passport_is_told_and_no_other(world: World) -> None:
    assert set_to(world, Status.INVALID) == (ONE, (1,))
    assert outcome(told(world)) == (Outcome.FAILED, "revoked")
    assert outcome(told(world, OTHER)) == (Outcome.PASSED, "valid")
    for again in (Status.INVALID, Status.VALID, Status.SUSPENDED):  # for good
        with pytest.raises(Refused):
            set_to(world, again)
    assert {f.arguments["kind"] for f in audit(world).findings} == {"delivery"}


def test_a_suspension_can_be_lifted(world: World) -> None:
    set_to(world, Status.SUSPENDED)
    before = status_lists_of(world)
    assert outcome(told(world)) == (Outcome.FAILED, "suspended")
    set_to(world, Status.VALID)
    assert outcome(told(world)) == (Outcome.PASSED, "valid")
    # The newest of the lists that were brought counts, in whatever order.
    assert outcome(told(world, lists=[*status_lists_of(world), *before])) == (
        Outcome.PASSED,
        "valid",
    )
    with pytest.raises(Refused):
        set_to(world, Status.VALID)


def test_each_version_has_a_status_of_its_own(world: World) -> None:
    later(world, days=1)
    facts = {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}
    new_version(world, VersionRequest(passport=ONE, facts=facts, reason="weighed"))
    set_to(world, Status.INVALID, number=1)
    assert outcome(told(world, number=1)) == (Outcome.FAILED, "revoked")
    assert outcome(told(world, number=2)) == (Outcome.PASSED, "valid")
    assert set_to(world, Status.SUSPENDED) == (ONE, (2,))
    with pytest.raises(FaultyInput):
        set_to(world, Status.INVALID, number=3)


def test_an_expired_list_proves_a_revocation_and_nothing_else(world: World) -> None:
    good = status_lists_of(world)
    set_to(world, Status.INVALID)
    bad = status_lists_of(world)
    later(world, days=30)
    assert outcome(told(world, lists=good)) == (Outcome.OPEN, "list-expired")
    assert outcome(told(world, lists=bad)) == (Outcome.FAILED, "revoked")


@pytest.mark.parametrize("content", [b"", b"a.b.c", b"\xff", b"{}"])
def test_what_is_no_list_is_said(world: World, content: bytes) -> None:
    assert told(world, lists=[content]).outcome is Outcome.FAILED


def test_the_list_of_somebody_else_is_refused(world: World) -> None:
    address = status_list.address_of(status_lists_of(world)[0].decode())
    other = replace(carmaker_world(), clock=world.clock)
    token = status_list.signed_list(
        status_list.encoded({}, 64),
        address=address,
        issuer="did:web:other.example",
        issued_at=world.clock.now(),
        expires=world.clock.now() + timedelta(days=1),
        ttl_seconds=60,
        signer=other.keyring.signer(),
    )
    check = told(world, lists=[token.encode()])
    assert (check.outcome, check.code) == (Outcome.FAILED, "trust.issuer-differs")


def test_the_list_is_signed_anew_before_it_expires_and_once_only(world: World) -> None:
    worker = OutboxWorker(world, outbox_handlers())
    first = status_lists_of(world)
    for _ in range(4):  # four weeks, looked at every day
        for _ in range(7):
            later(world, days=1)
            worker.run_once()
            assert outcome(told(world)) == (Outcome.PASSED, "valid")
    assert status_lists_of(world) != first
    with world.store.reading() as work:
        events = [work.log_leaf(i).event for i in range(work.log_size())]  # type: ignore[union-attr]
    assert events.count("passport.status-list") == 1 + 7  # every four days
    assert renew_lists(world) == 1


def test_the_node_serves_the_list_and_the_page_says_it(world: World) -> None:
    with TestClient(Starlette(routes=routes(world))) as client:
        served = client.get("/passports/status/0")
        assert served.headers["content-type"] == "application/statuslist+jwt"
        assert served.content == status_lists_of(world)[0]
        assert "max-age" in served.headers["cache-control"]
        missing = client.get("/passports/status/1")
        assert missing.status_code == 404
        assert missing.content == client.get("/01/09521234567899/21/UNKNOWN").content
        assert client.get("/passports/status/99999999999999999999").status_code == 404
        address = "http://127.0.0.1:8103/passports/status/0"
        assert address in client.get(PATH).text
        for status, words in (
            (Status.SUSPENDED, ("has suspended", "vorläufig ausgesetzt", "暂时中止")),
            (Status.INVALID, ("has revoked", "diesen Pass widerrufen", "已撤销本护照")),
        ):
            assert not [w for w in words if w in client.get(PATH).text]
            set_to(world, status)
            for language, word in zip(("en", "de", "zh"), words, strict=True):
                assert word in client.get(PATH, params={"lang": language}).text


def test_a_reason_is_asked_for_and_nobody_else_hears_it(world: World) -> None:
    with pytest.raises(FaultyInput):
        change_status(world, StatusRequest(passport=ONE, status=Status.INVALID, reason=" "))
    set_to(world, Status.INVALID)
    assert b"recall" not in b"".join(status_lists_of(world))


def test_no_two_versions_share_a_place_and_lists_follow_one_another(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saltbridge.steps.passport_status.LIST_SIZE", 12)
    world = replace(carmaker_world(), clock=MovingClock())
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [ONE, OTHER])))
    for mass in (164.5, 163.5):
        later(world, days=1)
        facts = {"attributes": {"A033": {"value": mass, "unit": "kg"}}}
        new_version(world, VersionRequest(passport=ONE, facts=facts, reason="weighed"))
    with world.store.reading() as work:
        places = [read_json(r.body)["status"] for r in work.find("passport-version")]
    assert len({(p["uri"], p["idx"]) for p in places}) == 4
    assert len({p["uri"] for p in places}) > 1
    assert all(0 <= p["idx"] < 12 for p in places)
    set_to(world, Status.INVALID, number=3)
    said = [outcome(told(world, number=n)) for n in (1, 2, 3)]
    assert said == [*[(Outcome.FAILED, "superseded")] * 2, (Outcome.FAILED, "revoked")]
