"""The policy who has a legitimate interest: within the lattice, checked, configurable."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from saltbridge.core.finding import Place
from saltbridge.passport.access import MAY_SEE, Audience
from saltbridge.passport.grants import (
    Grant,
    Grantee,
    GranteeKind,
    grant_of,
    grant_record,
    reading,
)
from saltbridge.passport.interest import (
    Use,
    interest_findings,
    interests,
    packaged_interests,
)

PASSPORT = {"id": "urn:uuid:1", "gtin": "09521234567899"}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRANT = Grant(
    id="g1",
    grantee=Grantee(GranteeKind.PERSON, "p1", "Li Wei"),
    audience=Audience.LEGITIMATE_INTEREST,
    interest="repairer",
    purpose="dismantling",
    points=(2,),
    uses=("download",),
    evidence=({"kind": "business-registration", "seen": "HRB 1"},),
    until="2026-11-23",
    epoch=1,
)


def settings(**interest: Any) -> dict[str, Any]:
    return {"passport_access": {"interests": {"recycler": interest}}}


def codes(**interest: Any) -> list[str]:
    table = settings(**interest)["passport_access"]["interests"]
    return [f.code for f in interest_findings(table, Place("node.toml"))]


def test_no_row_opens_a_point_its_audience_may_not_see() -> None:
    for interest in packaged_interests().values():
        assert interest.points and interest.points <= MAY_SEE[interest.audience] - {1}
        assert interest.evidence and interest.days >= 1 and interest.legal_basis


def test_the_purposes_are_those_of_the_law() -> None:
    """published: Art. 77(2): dismantling and composition (2); the individual battery (4)."""
    opened = {i.id: (i.purpose.value, i.points) for i in packaged_interests().values()}
    for id in ("repairer", "remanufacturer", "second-life-operator", "recycler"):
        assert opened[id] == ("dismantling", {2})
    for id in ("purchaser", "aggregator"):
        assert opened[id] == ("individual-battery", {4})
    for id in ("notified-body", "market-surveillance", "commission"):
        assert opened[id] == ("conformity", {2, 3})


def test_a_node_changes_a_row_and_no_other() -> None:
    changed = interests(settings(points=[2, 4], uses=["share"], days=30))
    assert changed["recycler"].points == {2, 4}
    assert changed["recycler"].uses == {Use.SHARE}
    assert changed["recycler"].days == 30
    assert changed["repairer"] == packaged_interests()["repairer"]
    assert not interests(settings(admitted=False))["recycler"].admitted
    assert interests({}) == packaged_interests()


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": [3]},  # beyond the lattice
        {"points": []},
        {"points": ["2"]},
        {"points": [True]},
        {"uses": ["sell"]},
        {"evidence": []},
        {"evidence": ["word of mouth"]},
        {"days": 0},
        {"days": 99_999},
        {"days": True},
        {"admitted": "no"},
    ],
)
def test_a_setting_that_is_not_as_it_must_be_keeps_the_node_from_starting(wrong: Any) -> None:
    assert codes(**wrong) == ["node.wrong-value"]


def test_names_nobody_knows_are_said() -> None:
    assert codes(point=[2]) == ["node.unknown-member"]
    told = list(interest_findings({"neighbour": {"points": [2]}}, Place("node.toml")))
    assert [f.code for f in told] == ["node.unknown-member"]


def test_a_grant_holds_through_its_last_day_and_in_its_epoch() -> None:
    seen = reading([GRANT], PASSPORT, NOON, 1)
    assert seen is not None
    assert (seen.audience, seen.points) == (Audience.LEGITIMATE_INTEREST, {1, 2})
    assert seen.purposes == ("dismantling",)
    assert reading([GRANT], PASSPORT, NOON.replace(day=24), 1) is None
    assert reading([GRANT], PASSPORT, NOON, 2) is None
    revoked = GRANT.revoked("chen.hao", "2026-11-23T11:00:00Z", "left")
    assert reading([revoked], PASSPORT, NOON, 1) is None
    assert reading([], PASSPORT, NOON, 1) is None


def test_a_grant_opens_its_model_or_its_passport_and_nothing_else() -> None:
    one, model = replace(GRANT, passport="urn:uuid:1"), replace(GRANT, model=PASSPORT["gtin"])
    other = {"id": "urn:uuid:2", "gtin": "04012345000009"}
    assert reading([one], PASSPORT, NOON, 1) and reading([model], PASSPORT, NOON, 1)
    assert reading([one], other, NOON, 1) is None
    assert reading([model], other, NOON, 1) is None


def test_two_audiences_are_never_put_together() -> None:
    authority = replace(GRANT, id="g2", audience=Audience.AUTHORITY, points=(2, 3))
    individual = replace(GRANT, id="g3", points=(4,), purpose="individual-battery", uses=())
    held = [authority, GRANT, individual]
    seen = reading(held, PASSPORT, NOON, 1)
    assert seen is not None and seen.points == {1, 2, 4} and seen.grants == ("g1", "g3")
    assert seen.uses == frozenset()  # one of the two allows nothing
    seen = reading(held, PASSPORT, NOON, 1, Audience.AUTHORITY)
    assert seen is not None and seen.points == {1, 2, 3} and seen.grants == ("g2",)


def test_a_grant_that_was_tampered_with_stays_within_the_lattice() -> None:
    seen = reading([replace(GRANT, points=(1, 2, 3, 4, 5))], PASSPORT, NOON, 1)
    assert seen is not None and seen.points == {1, 2, 4}


def test_a_grant_comes_back_as_it_was_stored() -> None:
    assert grant_of(grant_record(GRANT)) == GRANT
