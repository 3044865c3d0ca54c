"""Retention: never before the term, never what still serves; what proves it stays."""

from dataclasses import replace

import pytest
from tests.services.test_annex import CARS, LI, OPERATOR, request

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import StaleWrite
from saltbridge.services import approval, retention
from saltbridge.services.border_records import decisions, manifests
from saltbridge.services.publish import publish
from saltbridge.steps.release import keep_decision
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.builders import FixedClock, memory_world, node_profile
from saltbridge.trust.log import tree_root


def a_world(**settings):
    clock = FixedClock()
    w = memory_world(node_profile("cellmaker", partners=(CARS,)), clock=clock)
    return replace(w, settings=settings), clock


def released(w):
    """The decision record of a publication that two persons approved."""
    (proposed,) = publish(w, request()).decisions
    approve_all(w, approval)
    return next(d for d in decisions(w) if d["id"] == proposed["id"])


def later(clock, years, days=0):
    clock.moment = clock.moment.replace(year=clock.moment.year + years)
    clock.advance(days=days)


def states(w):
    return [one.state for one in retention.aged(w)]


def test_nothing_is_erased_before_the_term():
    w, clock = a_world()
    released(w)
    later(clock, 3, -1)
    assert states(w) == ["kept", "kept"]  # the release and its statement
    assert retention.erase(w, LI) == ()


def test_after_the_term_bytes_and_manifest_go_and_the_proof_stays():
    w, clock = a_world()
    record = released(w)
    with w.store.reading() as view:
        before = view.leaf_hashes()
    later(clock, 3)
    assert states(w) == ["due", "due"]
    assert {a.decision_id for a in retention.erase(w, LI)} >= {record["id"]}
    assert states(w) == ["erased", "erased"]
    with w.store.reading() as view:
        assert view.get_release(record["digest"], record["id"]) is None
        after = view.leaf_hashes()
        assert after[: len(before)] == before and view.log_root() == tree_root(after)
        assert view.log_leaf(len(before)).event == "border.erased"
    assert decisions(w) == (record,)
    with pytest.raises(FaultyInput):
        manifests(w, record["id"])
    assert retention.erase(w, LI) == ()  # once


def test_only_who_may_load_rules_erases():
    w, clock = a_world()
    released(w)
    later(clock, 4)
    with pytest.raises(Refused):
        retention.erase(w, OPERATOR)
    assert states(w) == ["due", "due"]


@pytest.mark.parametrize(
    ("setting", "term"), [(5, 5), (3, 3), (1, 3), (True, 3), ("9", 3), (None, 3)]
)
def test_the_setting_lengthens_the_term_and_never_shortens_it(setting, term):
    w, _ = a_world(retention_years=setting)
    assert retention.years(w) == term


def test_a_leap_day_ends_on_the_first_of_march():
    w, clock = a_world()
    clock.moment = clock.moment.replace(year=2028, month=2, day=29)
    released(w)
    assert {one.ends_on for one in retention.aged(w)} == {"2031-03-01"}


def test_no_decision_is_ever_written_twice():
    """The only way to keep a decision refuses an id that was kept before."""
    w, _ = a_world()
    released(w)
    with w.store.reading() as view:
        stored = view.find("decision")
    assert {r.version for r in stored} == {1}
    from tests.steps.test_release import decision

    from saltbridge.testing.builders import NOON

    decided = decision(w)
    with w.store.unit_of_work() as work:
        keep_decision(work, decided, None)
    with pytest.raises(StaleWrite), w.store.unit_of_work() as work:
        keep_decision(work, decided, None)
    assert w.clock.now() == NOON
