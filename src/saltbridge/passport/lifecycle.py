"""The life of a battery's passport: ``step(state, event, today)``, pure.

A second life is two events: the old passport names its successor, and the new passport begins
with the same operation and names its predecessors, any number of them. Lineage is set when a
passport begins and never changes, so it has no cycles (``lineage_faults`` looks at graphs that
others state). Rules with their clauses stand in ``lifecycle_rules``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from graphlib import CycleError, TopologicalSorter

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.lifecycle_rules import (
    CAPACITIES,
    RULES,
    SECOND_LIFE,
    WHOLE,
    Effect,
    EventKind,
    Rule,
    Status,
)

_MOVES_NOTHING = (EventKind.REPAIR, EventKind.CORRECTION, EventKind.RECYCLED)
Outcome = tuple["Life | None", tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Link:
    """A predecessor, by what was done to it and by the version that was looked at."""

    operation: EventKind
    passport: str
    digest: str  # of the signed version the operator relied on: sha256:…


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a battery, as the operators state it.

    ``operator`` answers for the passport until now; ``to`` is who answers from now on.
    ``signed_by`` holds the DIDs whose signature over these very words was verified.
    """

    kind: EventKind
    passport: str
    on: date
    operator: str
    signed_by: frozenset[str] = frozenset()
    to: str = ""
    capacity: str = ""  # of who answers for a waste battery
    successor: str = ""  # the passport this one passes into
    predecessors: tuple[Link, ...] = ()  # of a passport that begins


@dataclass(frozen=True, slots=True)
class Life:
    """Where a battery's passport stands."""

    passport: str
    status: Status
    operator: str
    since: date  # the day of the newest event
    events: int = 0  # so many since it began
    predecessors: tuple[Link, ...] = ()
    successors: tuple[str, ...] = ()
    ceased_on: date | None = None
    passed_whole: bool = False  # nothing of the battery is left under this passport


Lives = Mapping[str, Life]


@dataclass(frozen=True, slots=True)
class _Case:
    """An event with its rule and its place; findings are made here."""

    event: Event
    rule: Rule
    place: Place = field(default_factory=Place)

    def fault(self, code: str, **arguments: str) -> Finding:
        told = {"event": self.event.kind.value, "passport": self.event.passport, **arguments}
        return Finding(code, told, self.place)


def step(life: Life | None, event: Event, today: date) -> Outcome:
    """The passport after the event, or None with everything that stands against it.

    ``life`` None: there is no such passport yet. What the other passports of a second life
    have to say, ``advance`` checks.
    """
    case = _Case(event, RULES[event.kind], Place(pointer=f"/{event.kind.value}"))
    found = list(_dates(case, life, today))
    if life is None:
        found += _beginning(case)
        return (None, tuple(found)) if found else (_begun(event, case.rule), ())
    found += _continuing(case, life)
    return (None, tuple(found)) if found else (_after(life, event, case.rule), ())


def advance(lives: Lives, event: Event, today: date) -> tuple[Lives, tuple[Finding, ...]]:
    """All passports after the event; unchanged where something stands against it."""
    after, found = step(lives.get(event.passport), event, today)
    case = _Case(event, RULES[event.kind], Place(pointer=f"/{event.kind.value}"))
    told = [*found, *_kinship(case, lives)]
    if told or after is None:
        return lives, tuple(told)
    return {**lives, after.passport: after}, ()


def replay(events: Iterable[Event], today: date) -> tuple[Lives, tuple[Finding, ...]]:
    """The passports after all events in their order; impossible events change nothing."""
    lives: Lives = {}
    told: list[Finding] = []
    for event in events:
        lives, found = advance(lives, event, today)
        told += found
    return lives, tuple(told)


def lineage_faults(predecessors: Mapping[str, Sequence[str]]) -> tuple[Finding, ...]:
    """A finding for lineage that runs in a circle, as somebody states it.

    >>> [f.code for f in lineage_faults({"b": ["a"], "a": ["b"]})]
    ['lifecycle.circle']
    """
    try:
        TopologicalSorter(predecessors).prepare()
    except CycleError as fault:
        circle = " ← ".join(fault.args[1])
        return (finding("lifecycle.circle", circle=circle[:400]),)
    return ()


def signatures_due(event: Event) -> frozenset[str]:
    """Whose signatures the event needs: the operator's, and who takes over signs too."""
    return frozenset({event.operator, event.to} - {""})


def _dates(case: _Case, life: Life | None, today: date) -> Iterable[Finding]:
    on = case.event.on
    if on > today:
        yield case.fault("lifecycle.future", on=on.isoformat(), today=today.isoformat())
    if life is not None and on < life.since:
        yield case.fault(
            "lifecycle.before-previous", on=on.isoformat(), since=life.since.isoformat()
        )
    missing = signatures_due(case.event) - case.event.signed_by
    if missing:
        yield case.fault("lifecycle.unsigned", missing=", ".join(sorted(missing)))


def _beginning(case: _Case) -> Iterable[Finding]:
    event = case.event
    if case.rule.effect not in (Effect.BEGINS, Effect.NEW_PASSPORT):
        yield case.fault("lifecycle.no-passport")
    elif event.kind in SECOND_LIFE and not event.predecessors:
        yield case.fault("lifecycle.no-predecessor", citation=case.rule.citation)
    elif event.kind not in SECOND_LIFE and event.predecessors:
        yield case.fault("lifecycle.original-has-none")
    if event.successor or event.to:
        yield case.fault("lifecycle.begins-alone")
    named = [link.passport for link in event.predecessors]
    if len(set(named)) < len(named) or event.passport in named:
        yield case.fault("lifecycle.named-twice")
    if any(link.operation is not event.kind for link in event.predecessors):
        yield case.fault("lifecycle.other-operation")


def _continuing(case: _Case, life: Life) -> Iterable[Finding]:
    event, rule = case.event, case.rule
    if life.ceased_on is not None:
        yield case.fault("lifecycle.ceased", on=life.ceased_on.isoformat())
        return
    if event.operator != life.operator:
        yield case.fault(
            "lifecycle.not-responsible", stated=event.operator, responsible=life.operator
        )
    if rule.effect is Effect.BEGINS or event.predecessors:
        yield case.fault("lifecycle.begun-already", status=life.status.value)
    elif life.status not in rule.possible:
        meant = rule.instead.get(life.status)
        yield case.fault(
            "lifecycle.impossible",
            status=life.status.value,
            instead="–" if meant is None else meant.value,
            citation=rule.citation,
        )
    transfer = event.kind is EventKind.RESPONSIBILITY_TRANSFER
    if (life.passed_whole and not transfer) or (
        life.successors and event.kind is EventKind.REPAIR
    ):
        yield case.fault("lifecycle.passed-on", successors=", ".join(life.successors))
    yield from _parties(case, life)


def _parties(case: _Case, life: Life) -> Iterable[Finding]:
    """Whether the event names whom it has to name, and nobody else."""
    event = case.event
    if event.kind in SECOND_LIFE:
        if event.successor in ("", life.passport):
            yield case.fault("lifecycle.no-successor")
        elif event.successor in life.successors:
            yield case.fault("lifecycle.named-twice")
    elif event.successor:
        yield case.fault("lifecycle.begins-alone")
    if event.kind is EventKind.RESPONSIBILITY_TRANSFER and event.to in ("", life.operator):
        yield case.fault("lifecycle.no-recipient")
    if event.to and event.kind in _MOVES_NOTHING:
        yield case.fault("lifecycle.moves-nothing")
    waste = event.kind is EventKind.BECOMES_WASTE or (
        event.kind is EventKind.RESPONSIBILITY_TRANSFER and life.status is Status.WASTE
    )
    if waste and event.capacity not in CAPACITIES:
        yield case.fault("lifecycle.no-capacity", known=", ".join(CAPACITIES))


def _kinship(case: _Case, lives: Lives) -> Iterable[Finding]:
    """What the other passports of a second life say, as far as they are known here."""
    event = case.event
    if event.successor and event.successor in lives:
        yield case.fault("lifecycle.lineage-closed", successor=event.successor)
    for link in event.predecessors:
        before = lives.get(link.passport)
        if before is None:  # another operator's: its signed event and its version stand for it
            continue
        if before.ceased_on is not None:
            yield case.fault("lifecycle.ceased", on=before.ceased_on.isoformat())
        elif event.passport not in before.successors:
            yield case.fault("lifecycle.not-named", predecessor=link.passport)


def _begun(event: Event, rule: Rule) -> Life:
    return Life(
        passport=event.passport,
        status=rule.becomes or Status.ORIGINAL,
        operator=event.operator,
        since=event.on,
        predecessors=event.predecessors,
    )


def _after(life: Life, event: Event, rule: Rule) -> Life:
    """The same passport, one event on. A second life happens to the successor, not to it."""
    following = replace(life, since=event.on, events=life.events + 1)
    if rule.effect is Effect.NEW_PASSPORT:
        return replace(
            following,
            successors=(*life.successors, event.successor),
            passed_whole=event.kind in WHOLE,
        )
    if rule.effect is Effect.CEASES:
        return replace(following, ceased_on=event.on)
    return replace(
        following,
        status=rule.becomes or life.status,
        operator=event.to or life.operator,
    )
