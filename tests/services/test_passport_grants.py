"""Grants: within the policy, logged, taken back, ended at once; accesses in batches."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from saltbridge.accounts.account import Account
from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.passport.grants import Grantee, GranteeKind
from saltbridge.ports import UnitOfWork, World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.log_audit import audit
from saltbridge.services.passport_grants import (
    GrantRequest,
    accesses,
    end_everything,
    grant,
    listed_grants,
    revoke,
)
from saltbridge.services.passport_requests import AccessRequest, ask
from saltbridge.steps.passport_access_log import ACCESS, Access, AccessRecorder
from saltbridge.steps.passport_grants import code_reader, grants_for
from saltbridge.steps.people import account_by_id
from saltbridge.steps.sessions import begin_session, found_session
from saltbridge.testing.builders import partner_of
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.people import SYSTEM, people_of

SERIAL = "MJC24-7K2MQ9"
GTIN = "09521234567899"
REGISTERED = ({"kind": "business-registration", "seen": "HRB 4711, Munich"},)
VIEWER = Person("v", "viewer", frozenset({Role.VIEWER}))


@pytest.fixture(scope="module")
def issued() -> World:
    examples = Path(__file__).resolve().parents[2] / "examples"
    world = carmaker_world()
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    people_of(world)
    return world


def request(**changes: Any) -> GrantRequest:
    usual = {"interest": "repairer", "code_for": "Garage Nord", "evidence": REGISTERED}
    return GrantRequest(**{**usual, **changes})


def faults(world: World, **changes: Any) -> list[str]:
    with pytest.raises((FaultyInput, Refused)) as told:
        grant(world, SYSTEM, request(**changes))
    return [f.code for f in told.value.findings]


def test_a_grant_is_kept_with_its_leaf_and_its_code_as_a_digest_only(issued: World) -> None:
    made = grant(issued, SYSTEM, request(passport=SERIAL))
    assert made.grant.points == (2,) and made.grant.passport.startswith("urn:uuid:")
    assert made.grant.until == "2027-11-23"  # 365 days from the clock's day
    with issued.store.reading() as view:
        (kept,) = grants_for(view, code_reader(made.code))
        newest = view.log_leaf(view.log_size() - 1)
        stored = b"".join(r.body for k in ("passport-grant",) for r in view.find(k))
    assert kept == made.grant
    assert newest is not None and newest.event == "passport.access-granted"
    assert made.code.encode() not in stored
    assert any(g.id == made.grant.id and holds for g, holds in listed_grants(issued, SYSTEM))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"interest": "neighbour"}, "access.no-interest"),
        ({"until": date(2026, 11, 22)}, "access.until-over"),
        ({"until": date(2027, 11, 24)}, "access.until-late"),
        ({"evidence": ()}, "access.evidence-missing"),
        ({"evidence": ({"kind": "business-registration", "seen": ""},)},
         "access.evidence-missing"),
        ({"evidence": (*REGISTERED, {"kind": "gossip", "seen": "x"})},
         "access.no-evidence-kind"),
        ({"model": "00000000000000"}, "access.no-model"),
        ({"model": GTIN, "passport": SERIAL}, "access.model-or-passport"),
        ({"passport": "NOBODY"}, "passport.unknown-passport"),
        ({"person": "chen.hao"}, "access.to-whom"),
        ({"code_for": " "}, "access.to-whom"),
        ({"code_for": "", "person": "nobody"}, "people.unknown"),
        ({"code_for": "", "partner": "BPNL0000NOBODY00"}, "access.no-partner"),
    ],
)  # fmt: skip
def test_what_the_policy_does_not_allow_is_refused(
    issued: World, changes: dict[str, Any], code: str
) -> None:
    assert code in faults(issued, **changes)


def test_nobody_abroad_gets_a_grant(issued: World) -> None:
    """What leaves the country leaves by the border room, not by a grant."""
    assert faults(issued, reads_from="cn") == ["access.abroad"]
    assert grant(issued, SYSTEM, request(reads_from="fr")).grant.reads_from == "FR"
    assert grant(issued, SYSTEM, request()).grant.reads_from == "EU"
    maker = partner_of(maker_profile())
    world = replace(issued, node=replace(issued.node, partners=(maker,)))
    assert maker.jurisdiction == "CN"
    assert faults(world, code_for="", partner=maker.did, reads_from="DE") == ["access.abroad"]


def test_a_node_admits_whom_its_settings_say(issued: World) -> None:
    table = {"interests": {"repairer": {"admitted": False}}}
    world = replace(issued, settings={"passport_access": table})
    assert faults(world) == ["access.not-admitted"]


def test_only_who_may_grant_grants(issued: World) -> None:
    for call in (
        lambda: grant(issued, VIEWER, request()),
        lambda: revoke(issued, VIEWER, "x", "y"),
        lambda: end_everything(issued, VIEWER, "y"),
        lambda: accesses(issued, VIEWER),
    ):
        with pytest.raises(Refused) as told:
            call()
        assert told.value.findings[0].code == "people.may-not"


def test_a_grant_is_taken_back_with_a_reason(issued: World) -> None:
    made = grant(issued, SYSTEM, request()).grant
    with pytest.raises(FaultyInput):
        revoke(issued, SYSTEM, made.id, "  ")
    with pytest.raises(FaultyInput):
        revoke(issued, SYSTEM, "urn:uuid:none", "why")
    taken = revoke(issued, SYSTEM, made.id, "contract ended")
    assert taken.revoked_because == "contract ended"
    assert revoke(issued, SYSTEM, made.id, "again") == taken
    states = {g.id: holds for g, holds in listed_grants(issued, SYSTEM)}
    assert states[made.id] is False


def test_an_emergency_ends_everything_at_once(issued: World) -> None:
    person = grant(issued, SYSTEM, request(code_for="", person="viewer")).grant
    code = grant(issued, SYSTEM, request())
    with issued.store.unit_of_work() as work:
        account = account_by_id(work, person.grantee.id)
        assert isinstance(account, Account)
        token = begin_session(issued, work, account, "password")
    with issued.store.reading() as view:
        assert found_session(issued, view, token) is not None
    with pytest.raises(FaultyInput):
        end_everything(issued, SYSTEM, "")
    assert end_everything(issued, SYSTEM, "a list of codes was lost") >= 2
    with issued.store.reading() as view:
        assert found_session(issued, view, token) is None
        assert grants_for(view, code_reader(code.code))  # there, and of an ended epoch
    assert [g for g, holds in listed_grants(issued, SYSTEM) if holds] == []
    after = grant(issued, SYSTEM, request()).grant
    assert [g.id for g, holds in listed_grants(issued, SYSTEM) if holds] == [after.id]


def access_by(name: str, passport: str = "urn:uuid:1") -> Access:
    return Access(
        reader=Grantee(GranteeKind.CODE, "sha256:x", name),
        audience="legitimate_interest",
        purposes=("dismantling",),
        grants=("g1",),
        passport=passport,
        version=1,
        points=(2,),
        endpoint="page",
    )


def batches(world: World) -> list[Any]:
    with world.store.reading() as view:
        return [read_json(r.body) for r in view.find(ACCESS)]


def test_many_readers_at_once_are_all_recorded_each_once_with_its_leaf() -> None:
    world = carmaker_world()
    recorder = AccessRecorder(world)
    names = [f"reader-{n}" for n in range(200)]

    def read(name: str) -> bool:
        return recorder.record(access_by(name), lambda work: True)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(read, names))
    kept = batches(world)
    told = [a["reader"]["name"] for batch in kept for a in batch["accesses"]]
    assert sorted(told) == sorted(names)
    with world.store.reading() as view:
        leaves = [view.log_leaf(i) for i in range(view.log_size())]
    assert len([leaf for leaf in leaves if leaf and leaf.event == "passport.accessed"]) == len(
        kept
    )


def test_an_access_that_may_no_longer_be_is_not_recorded_and_not_answered() -> None:
    world = carmaker_world()
    recorder = AccessRecorder(world)
    assert recorder.record(access_by("x"), lambda work: False) is False
    assert batches(world) == []


def test_a_store_that_cannot_write_shows_nothing() -> None:
    world = carmaker_world()
    recorder = AccessRecorder(world)

    def broken(work: UnitOfWork) -> bool:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        recorder.record(access_by("x"), broken)
    assert recorder.record(access_by("y"), lambda work: True)
    assert len(batches(world)) == 1


def test_accesses_are_listed_by_passport_and_found_when_somebody_changed_them(
    issued: World,
) -> None:
    with issued.store.reading() as view:
        (passport,) = [read_json(r.body)["id"] for r in view.find("passport")]
    AccessRecorder(issued).record(access_by("Garage Nord", passport), lambda work: True)
    (found,) = accesses(issued, SYSTEM, SERIAL)
    assert (found["serial"], found["points"], found["endpoint"]) == (SERIAL, [2], "page")
    assert found["reader"]["name"] == "Garage Nord" and found["at"]
    unlogged = b'{"accesses":[],"at":"2026-11-23T12:00:00Z","id":"x"}'
    with issued.store.unit_of_work() as work:
        work.put(ACCESS, "x", unlogged)
    told = audit(issued).findings
    unlogged_ids = [f.arguments["id"] for f in told if f.code == "audit.document-unlogged"]
    assert "x" in unlogged_ids


def test_a_name_that_reads_otherwise_is_refused() -> None:
    asked = AccessRequest(
        name="Nord\u202e egaraG", email="a@b.example", interest="repairer", reason="r"
    )
    with pytest.raises(FaultyInput) as fault:
        ask(carmaker_world(), asked)
    assert "access.hidden-character" in [f.code for f in fault.value.findings]
