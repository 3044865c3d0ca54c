"""The life of a passport: what may follow what, what never happens."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saltbridge.locales import message_ids
from saltbridge.passport import lifecycle
from saltbridge.passport.access import Audience, may_see
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.lifecycle import (
    Event,
    Life,
    Link,
    advance,
    lineage_faults,
    replay,
    signatures_due,
    step,
)
from saltbridge.passport.lifecycle_rules import (
    CAPACITIES,
    RULES,
    SECOND_LIFE,
    EventKind,
    Status,
)

OEM, RENEWER, RECYCLER = "did:web:oem", "did:web:renewer", "did:web:recycler"
START = date(2027, 3, 1)
TODAY = date(2035, 1, 1)


def event(kind: EventKind, passport: str = "a", **changes: Any) -> Event:
    """The event as its operators sign it."""
    told = Event(kind, passport, START, OEM)
    if kind is EventKind.BECOMES_WASTE:
        told = replace(told, capacity=CAPACITIES[0])
    told = replace(told, **changes)
    return told if "signed_by" in changes else replace(told, signed_by=signatures_due(told))


def life(status: Status = Status.ORIGINAL, **changes: Any) -> Life:
    return replace(Life("a", status, OEM, START), **changes)


def codes(life: Life | None, told: Event, today: date = TODAY) -> set[str]:
    after, found = step(life, told, today)
    assert (after is None) is bool(found)
    return {f.code.removeprefix("lifecycle.") for f in found}


def begun_by(kind: EventKind, *predecessors: str, passport: str = "s") -> Event:
    links = tuple(Link(kind, p, f"sha256:{p}") for p in predecessors)
    return event(kind, passport, predecessors=links, operator=RENEWER)


# Status by event: what is possible at all. Worked out by hand from the clauses.
POSSIBLE = {
    EventKind.REPAIR: {"original", "repurposed", "re-used", "remanufactured"},
    EventKind.CORRECTION: {*Status},
    EventKind.RE_USE: {"original", "repurposed", "re-used", "remanufactured"},
    EventKind.PREPARATION_FOR_RE_USE: {"waste"},
    EventKind.REPURPOSING: {"original", "repurposed", "re-used", "remanufactured"},
    EventKind.PREPARATION_FOR_REPURPOSING: {"waste"},
    EventKind.REMANUFACTURING: {"original", "repurposed", "re-used", "remanufactured", "waste"},
    EventKind.BECOMES_WASTE: {"original", "repurposed", "re-used", "remanufactured"},
    EventKind.RESPONSIBILITY_TRANSFER: {*Status},
    EventKind.RECYCLED: {"waste"},
    EventKind.PLACED_ON_MARKET: set(),
}


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize("status", list(Status))
def test_every_event_at_every_status(kind: EventKind, status: Status) -> None:
    told = event(kind)
    if kind in SECOND_LIFE:
        told = event(kind, successor="s")
    if kind is EventKind.RESPONSIBILITY_TRANSFER:
        told = event(kind, to=RECYCLER, capacity=CAPACITIES[2])
    after, found = step(life(status), told, TODAY)
    assert (after is not None) is (status in POSSIBLE[kind]), found


def test_every_rule_names_its_clause_and_how_it_was_read() -> None:
    for kind in EventKind:
        assert "Art." in RULES[kind].citation
        assert RULES[kind].confidence.value in ("read", "secondary", "recalled")


def test_a_repair_makes_a_version_and_changes_nothing_else() -> None:
    told = event(EventKind.REPAIR, on=START + timedelta(days=5))
    after, _ = step(life(), told, TODAY)
    assert after == life(events=1, since=START + timedelta(days=5))


def test_a_second_life_happens_to_the_successor() -> None:
    told = event(EventKind.REPURPOSING, successor="s", to=RENEWER)
    old, _ = step(life(), told, TODAY)
    assert old is not None
    assert (old.status, old.successors, old.operator) == (Status.ORIGINAL, ("s",), OEM)
    new, _ = step(None, begun_by(EventKind.REPURPOSING, "a", "b"), TODAY)
    assert new is not None
    assert (new.status, new.operator, new.events) == (Status.REPURPOSED, RENEWER, 0)
    assert [link.passport for link in new.predecessors] == ["a", "b"]


def test_a_predecessor_feeds_several_successors_and_is_repaired_no_more() -> None:
    once, _ = step(life(), event(EventKind.REPURPOSING, successor="s"), TODAY)
    twice, _ = step(once, event(EventKind.REMANUFACTURING, successor="t"), TODAY)
    assert twice is not None
    assert twice.successors == ("s", "t")
    assert codes(twice, event(EventKind.REPAIR)) == {"passed-on"}
    assert codes(twice, event(EventKind.REPURPOSING, successor="s")) == {"named-twice"}


def test_waste_keeps_the_passport_and_moves_responsibility() -> None:
    told = event(EventKind.BECOMES_WASTE, to=RECYCLER, capacity="waste-operator")
    after, _ = step(life(), told, TODAY)
    assert after is not None
    assert (after.passport, after.status, after.operator) == ("a", Status.WASTE, RECYCLER)


def test_recycling_ends_it() -> None:
    ended, _ = step(life(Status.WASTE), event(EventKind.RECYCLED), TODAY)
    assert ended is not None
    assert ended.ceased_on == START
    for kind in EventKind:
        assert "ceased" in codes(ended, event(kind))


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (event(EventKind.REPAIR, on=TODAY + timedelta(days=1)), "future"),
        (event(EventKind.REPAIR, on=START - timedelta(days=1)), "before-previous"),
        (event(EventKind.REPAIR, signed_by=frozenset()), "unsigned"),
        (event(EventKind.REPAIR, operator=RENEWER), "not-responsible"),
        (event(EventKind.REPAIR, to=RENEWER), "moves-nothing"),
        (event(EventKind.REPAIR, successor="s"), "begins-alone"),
        (event(EventKind.PLACED_ON_MARKET), "begun-already"),
        (event(EventKind.RESPONSIBILITY_TRANSFER), "no-recipient"),
        (event(EventKind.RESPONSIBILITY_TRANSFER, to=OEM), "no-recipient"),
        (event(EventKind.BECOMES_WASTE, capacity=""), "no-capacity"),
        (event(EventKind.REPURPOSING), "no-successor"),
        (event(EventKind.REPURPOSING, successor="a"), "no-successor"),
        (event(EventKind.PREPARATION_FOR_REPURPOSING, successor="s"), "impossible"),
    ],
)
def test_what_stands_against_an_event(told: Event, code: str) -> None:
    assert codes(life(), told) == {code}


@pytest.mark.parametrize("given", [{OEM}, {RENEWER}, {RECYCLER}])
def test_a_transfer_needs_both_signatures(given: set[str]) -> None:
    told = event(EventKind.RESPONSIBILITY_TRANSFER, to=RENEWER, signed_by=frozenset(given))
    assert codes(life(), told) == {"unsigned"}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (event(EventKind.REPAIR), "no-passport"),
        (event(EventKind.REPURPOSING), "no-predecessor"),
        (begun_by(EventKind.REPURPOSING, "a", "a"), "named-twice"),
        (begun_by(EventKind.REPURPOSING, "s"), "named-twice"),
        (begun_by(EventKind.PLACED_ON_MARKET, "a"), "original-has-none"),
        (event(EventKind.PLACED_ON_MARKET, to=RENEWER), "begins-alone"),
        (
            event(EventKind.RE_USE, predecessors=(Link(EventKind.REPURPOSING, "b", "d"),)),
            "other-operation",
        ),
    ],
)
def test_what_stands_against_a_beginning(told: Event, code: str) -> None:
    assert codes(None, told) == {code}


def test_the_passports_of_a_second_life_are_held_together() -> None:
    lives = {"a": life()}
    feeds = event(EventKind.REPURPOSING, successor="s", to=RENEWER)
    begins = begun_by(EventKind.REPURPOSING, "a", "elsewhere")
    _, found = advance(lives, begins, TODAY)
    assert [f.code for f in found] == ["lifecycle.not-named"]
    fed, _ = advance(lives, feeds, TODAY)
    both, found = advance(fed, begins, TODAY)
    assert found == ()
    assert set(both) == {"a", "s"}
    again = event(EventKind.REMANUFACTURING, successor="s")
    after, found = advance(both, again, TODAY)
    assert {f.code for f in found} == {"lifecycle.named-twice", "lifecycle.lineage-closed"}
    assert after == both


def test_nothing_is_derived_from_a_ceased_passport() -> None:
    ended = life(Status.WASTE, successors=("s",), ceased_on=START)
    _, found = advance({"a": ended}, begun_by(EventKind.REMANUFACTURING, "a"), TODAY)
    assert [f.code for f in found] == ["lifecycle.ceased"]


def test_lineage_that_others_state_is_looked_at_for_circles() -> None:
    assert lineage_faults({"c": ["a", "b"], "d": ["c", "a"]}) == ()
    assert [f.code for f in lineage_faults({"a": ["c"], "b": ["a"], "c": ["b"]})] == [
        "lifecycle.circle"
    ]


NAMES = st.sampled_from("abcd")
EVENTS = st.builds(
    lambda kind, passport, day, to, successor, before, capacity: event(
        kind,
        passport,
        on=START + timedelta(days=day),
        operator=OEM,
        to=to,
        successor=successor,
        predecessors=tuple(Link(kind, p, "sha256:0") for p in before),
        capacity=capacity,
    ),
    st.sampled_from(list(EventKind)),
    NAMES,
    st.integers(0, 3),
    st.sampled_from(["", "", OEM, RENEWER]),
    st.one_of(st.just(""), NAMES),
    st.lists(NAMES, max_size=2),
    st.sampled_from(["", *CAPACITIES]),
)


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(st.lists(EVENTS, max_size=30))
@PATIENT
def test_no_sequence_of_events_reaches_a_forbidden_state(events: list[Event]) -> None:
    lives: lifecycle.Lives = {}
    for told in events:
        before = lives
        lives, found = advance(lives, told, TODAY)
        if found:
            assert lives == before
            continue
        old, new = before.get(told.passport), lives[told.passport]
        if old is not None:
            assert old.ceased_on is None  # nothing follows the end
            assert new.since >= old.since
            assert new.events == old.events + 1
            assert new.predecessors == old.predecessors
            assert new.status in (old.status, Status.WASTE)
            if old.status is Status.WASTE:
                assert new.status is Status.WASTE
            assert new.operator == (told.to or old.operator) or told.kind in SECOND_LIFE
        if new.ceased_on is not None:
            assert new.status is Status.WASTE
        for link in new.predecessors:
            if old is None and link.passport in before:
                assert before[link.passport].ceased_on is None
    known = {id: [link.passport for link in v.predecessors] for id, v in lives.items()}
    assert lineage_faults(known) == ()


@given(st.lists(EVENTS, max_size=15))
@PATIENT
def test_a_replay_is_what_the_steps_were(events: list[Event]) -> None:
    lives: lifecycle.Lives = {}
    for told in events:
        lives, _ = advance(lives, told, TODAY)
    assert replay(events, TODAY)[0] == lives


def test_every_finding_has_its_texts() -> None:
    source = Path(lifecycle.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'"(lifecycle\.[a-z-]+)"', source))
    assert len(codes) > 15
    assert codes | {f"{c}.remedy" for c in codes} <= message_ids("en")
    words = [f"lifecycle.event.{k}" for k in EventKind]
    words += [f"lifecycle.status.{s}" for s in Status]
    assert set(words) <= message_ids("en")


def test_the_five_words_are_those_of_the_table_and_never_public() -> None:
    status = attribute_table()["A035"]
    assert status.constraints.choices == tuple(Status)
    assert [a for a in Audience if may_see(a, status)] == [Audience.LEGITIMATE_INTEREST]
