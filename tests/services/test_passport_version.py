"""A passport changes: version by version, all or nothing, readable by date."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.passport.access import Audience
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.log_audit import audit
from saltbridge.services.passport_version import NewVersion, VersionRequest, new_version
from saltbridge.services.passports import history, public_passport
from saltbridge.services.retention import IN_USE, aged
from saltbridge.services.verify import Outcome, VerifyRequest, anchors_of, verify
from saltbridge.steps.passport_reading import (
    facts_of,
    kept_as_version,
    presentation_file,
    presented,
    seen,
    stored_version,
    version_in_force,
)
from saltbridge.steps.passport_signed import signed_passport
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.old_passports import put_old_passports
from saltbridge.trust.sd_jwt import parse

SERIAL = "MJC24-7K2MQ9"
CHANGE = {
    "attributes": {
        "A101": {"value": 90000.0, "unit": "W", "measured_on": "2028-03-02"},
        "A033": {"value": 164.5, "unit": "kg"},
    }
}


class MovingClock:
    def __init__(self) -> None:
        self.moment = datetime(2027, 2, 18, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def world(examples: Path) -> Iterator[World]:
    world = replace(carmaker_world(), clock=MovingClock())
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    return world  # type: ignore[return-value]


def change(world: World, facts: Any = CHANGE, reason: str = "new measurement") -> NewVersion:
    world.clock.moment += timedelta(days=400)  # type: ignore[attr-defined]
    return new_version(world, VersionRequest(passport=SERIAL, facts=facts, reason=reason))


def codes(fault: pytest.ExceptionInfo[Any]) -> set[str]:
    return {f.code for f in fault.value.findings}


def test_a_change_makes_the_next_version_and_the_first_stays_readable(world: World) -> None:
    first, _ = public_passport(world, SERIAL)
    written = change(world)
    assert written.number == 2
    second, view = public_passport(world, SERIAL)
    old, new = (signed_passport(r.content) for r in (first, second))
    assert (old.view["version"], new.view["version"]) == ("1", "2")
    assert new.view["replaces"] == {"version": "1", "digest": old.digest}
    assert new.view["attributes"]["A033"]["value"] == 164.5
    assert new.view["attributes"]["A033"]["origin"]["kind"] == "operator"
    assert new.view["attributes"]["A018"] == old.view["attributes"]["A018"]
    assert new.view["attributes"]["A015"]["value"] == "2"
    assert new.view["company_information"] == old.view["company_information"]
    assert canonical_bytes(dict(new.view)) == view.content
    assert public_passport(world, SERIAL, number=1)[0].content == first.content
    by_day = [
        public_passport(world, SERIAL, at=datetime(*day, tzinfo=UTC))[0].digest
        for day in ((2027, 2, 19), (2028, 1, 1), (2028, 12, 31))
    ]
    assert by_day == [first.digest, first.digest, second.digest]
    assert b"new measurement" not in second.content + view.content
    with world.store.reading() as work:
        (record,) = (read_json(r.body) for r in work.find("passport"))
        (model,) = work.find("passport-model")
        sources = [(stored_version(work, record["id"], n) or {})["sources"] for n in (1, 2)]
    assert sources[0] == sources[1]  # the same delivery, own data and distribution stand behind
    assert sources[0]["model_digest"] == digest(model.body)
    assert read_json(model.body)["distribution"] and read_json(model.body)["operator"]
    assert [(v.number, v.reason) for v in history(world, SERIAL)] == [
        (2, "new measurement"),
        (1, "issued"),
    ]


def test_every_version_is_in_the_log_and_the_audit_is_clean(world: World) -> None:
    change(world)
    for number in (1, 2):
        file, _ = public_passport(world, SERIAL, number=number)
        result = verify(VerifyRequest(file.content, "x", world.clock.now(), anchors_of(world)))
        told = {c.name: (c.outcome, c.code) for c in result.checks}
        assert told["log"] == (Outcome.PASSED, "verify.log-included")
        assert not [c for c in result.checks if c.outcome is Outcome.FAILED]
    # The delivery of these tests is put into the store without its leaf.
    assert {f.arguments["kind"] for f in audit(world).findings} == {"delivery"}
    with world.store.reading() as work:
        events = [work.log_leaf(i).event for i in range(work.log_size())]  # type: ignore[union-attr]
    assert events.count("passport.versioned") == 1


def test_the_restricted_parts_change_with_it_and_are_never_signed_anew(world: World) -> None:
    change(world)
    with world.store.reading() as work:
        (record,) = (read_json(r.body) for r in work.find("passport"))
        version = stored_version(work, record["id"], 2)
        assert version is not None
        files = {a: presentation_file(work, version, a) for a in Audience}
        facts = facts_of(work, version)
    interested = seen(version, Audience.LEGITIMATE_INTEREST)
    assert interested["attributes"]["A101"]["value"] == 90000.0
    assert "A101" not in seen(version, Audience.AUTHORITY)["attributes"]
    jwts = {parse(read_json(f or b"")["sd_jwt"]).jwt for f in files.values()}
    assert jwts == {version["jwt"]}
    assert facts.values["A101"].measured_on == "2028-03-02"
    assert facts.values["A088"].origin.kind == "supplier-record"


@pytest.mark.parametrize(
    ("facts", "reason", "code"),
    [
        (CHANGE, " ", "passport.no-reason"),
        (CHANGE, "x" * 201, "passport.no-reason"),
        ({"attributes": {"A019": {"value": "other"}}}, "r", "passport.fixed-attribute"),
        (
            {"attributes": {"A033": {"value": "heavy", "unit": "kg"}}},
            "r",
            "passport.wrong-type",
        ),
        ({"attributes": 7}, "r", "passport.not-a-table"),
        ({"gtin": "1", **CHANGE}, "r", "passport.unknown-fact"),
    ],
)
def test_a_faulty_change_writes_nothing(
    world: World, facts: Any, reason: str, code: str
) -> None:
    with world.store.reading() as work:
        before = work.log_size()
    with pytest.raises(FaultyInput) as fault:
        change(world, facts, reason)
    assert code in codes(fault)
    with world.store.reading() as work:
        assert work.log_size() == before
    assert len(history(world, SERIAL)) == 1


def test_what_changes_nothing_and_what_is_over_is_refused(world: World) -> None:
    change(world)
    with pytest.raises(Refused) as fault:
        change(world)
    assert codes(fault) == {"passport.nothing-changes"}
    with world.store.unit_of_work() as work:
        (stored,) = work.find("passport")
        body = {**read_json(stored.body), "status": "archived"}
        work.put("passport", stored.id, canonical_bytes(body))
    with pytest.raises(Refused) as fault:
        change(world, {"attributes": {"A033": {"value": 1.0, "unit": "kg"}}})
    assert codes(fault) == {"passport.not-active"}


def test_no_version_of_that_number_or_day(world: World) -> None:
    for wanted in ({"number": 0}, {"number": 2}, {"at": datetime(2026, 1, 1, tzinfo=UTC)}):
        with pytest.raises(FaultyInput) as fault:
            public_passport(world, SERIAL, **wanted)  # type: ignore[arg-type]
        assert codes(fault) == {"passport.unknown-version"}


def test_a_passport_from_before_is_read_and_its_change_is_version_2(
    world: World, examples: Path
) -> None:
    with world.store.reading() as work:
        (record,) = (read_json(r.body) for r in work.find("passport"))
        version = stored_version(work, record["id"], 1)
        assert version is not None
        facts = facts_of(work, version)
    old_world = replace(carmaker_world(), clock=world.clock)
    put_old_passports(old_world, [facts])
    file, _ = public_passport(old_world, SERIAL)
    assert "jws" in read_json(file.content)
    result = verify(VerifyRequest(file.content, "x", world.clock.now(), anchors_of(old_world)))
    assert not [c for c in result.checks if c.outcome is Outcome.FAILED]
    with old_world.store.reading() as work:
        old = kept_as_version(work, facts.id)
        assert old is not None
        assert facts_of(work, old).values.keys() == facts.values.keys()
        assert seen(old, Audience.AUTHORITY)["points"] == [1, 2, 3]
        assert not presented(old, Audience.AUTHORITY).disclosures
    assert change(old_world).number == 2
    assert public_passport(old_world, SERIAL, number=1)[0].content == file.content
    second, _ = public_passport(old_world, SERIAL)
    assert signed_passport(second.content).view["replaces"]["digest"] == old["claim_digest"]
    assert [v.number for v in history(old_world, SERIAL)] == [2, 1]
    with old_world.store.reading() as work:
        now = read_json(work.get("passport", facts.id).body)  # type: ignore[union-attr]
        first = version_in_force(work, now, datetime(2027, 3, 1, tzinfo=UTC))
        assert first is not None
        restricted = seen(first, Audience.LEGITIMATE_INTEREST)
        assert "A101" in restricted["attributes"]
    assert audit(old_world).findings == ()


def test_what_is_read_by_date_outlives_the_term_of_its_release(world: World) -> None:
    first, _ = public_passport(world, SERIAL)
    change(world)
    change(world, {"attributes": {"A033": {"value": 163.0, "unit": "kg"}}})
    world.clock.moment += timedelta(days=366 * 40)  # type: ignore[attr-defined]
    states = {a.decision_id: a.state for a in aged(world)}
    for number in (1, 2, 3):
        file, _ = public_passport(world, SERIAL, number=number)
        assert states[file.decision_id] == IN_USE
    assert public_passport(world, SERIAL, number=1)[0].content == first.content
