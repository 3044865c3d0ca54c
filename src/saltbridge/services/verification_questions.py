"""Findings of a verifier: a question or a request, the maker's answer, the verifier's close.

Nothing is ever rewritten: every step is a new version of the record with a log leaf of its own.
"""

from typing import Any, Final

from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.steps.records import every
from saltbridge.steps.verification import (
    QUESTION,
    require,
    require_independent,
    require_sight,
)
from saltbridge.trust.did import iso

MAX_TEXT: Final = 4000
KINDS: Final = ("comment", "question", "evidence-request")
_ASKED, _ANSWERED, _CLOSED = "asked", "answered", "closed"


def ask(
    world: World, person: Person, footprint: str, kind: str, text: str, line: str = ""
) -> dict[str, Any]:
    """A verifier's finding about a footprint. ``line`` says what it is about, if anything.

    Raises:
        FaultyInput: no such footprint for them, no such kind, no text, or too much of it.
        Refused: the person is no independent verifier.
    """
    require_independent(person)
    if kind not in KINDS:
        raise FaultyInput.of("verification.kind", kind=kind[:40], known=", ".join(KINDS))
    question: dict[str, Any] = {
        "id": world.identifiers.urn_uuid(),
        "footprint": footprint,
        "kind": kind,
        "line": _told(line, may_be_empty=True)[:200],
        "state": _ASKED,
        "steps": [_step(world, person, _ASKED, _told(text))],
    }
    with world.store.unit_of_work() as work:
        require_sight(work, person, footprint, world.clock.now().date())
        body = canonical_bytes(question)
        work.put(QUESTION, question["id"], body, expected_version=0)
        work.append_leaf("verification.asked", question["id"], body)
    return question


def answer(world: World, person: Person, question_id: str, text: str) -> dict[str, Any]:
    """The question with the maker's answer added.

    Raises:
        FaultyInput: no such question, no text, or too much of it.
        Refused: the person does not speak for the maker, or the question is closed.
    """
    require(person, Act.PUBLISH)
    return _go_on(world, person, question_id, _ANSWERED, _told(text))


def close(world: World, person: Person, question_id: str, text: str = "") -> dict[str, Any]:
    """The question, closed by a verifier, with a last remark if there is one.

    Raises:
        FaultyInput: no such question for them, or too much text.
        Refused: the person is no independent verifier, or it is closed.
    """
    require_independent(person)
    return _go_on(world, person, question_id, _CLOSED, _told(text, may_be_empty=True))


def questions(world: World, person: Person, footprint: str) -> list[dict[str, Any]]:
    """The findings about a footprint, the oldest first.

    Raises:
        FaultyInput: no such footprint for them.
        Refused: no role lets them read it.
    """
    with world.store.reading() as view:
        require_sight(view, person, footprint, world.clock.now().date())
        kept = (read_json(record.body) for record in every(view, QUESTION))
        found = [q for q in kept if q["footprint"] == footprint]
    return sorted(found, key=lambda q: (q["steps"][0]["at"], q["id"]))


def _go_on(
    world: World, person: Person, question_id: str, state: str, text: str
) -> dict[str, Any]:
    with world.store.unit_of_work() as work:
        stored = work.get(QUESTION, question_id) if question_id else None
        if stored is None:
            raise FaultyInput.of("verification.no-question", id=question_id[:80])
        question: dict[str, Any] = read_json(stored.body)
        require_sight(work, person, question["footprint"], world.clock.now().date())
        if question["state"] == _CLOSED:
            raise Refused.of("verification.question-closed", id=question_id)
        question["state"] = state
        question["steps"].append(_step(world, person, state, text))
        body = canonical_bytes(question)
        work.put(QUESTION, question_id, body, expected_version=stored.version)
        work.append_leaf(f"verification.{state}", question_id, body)
    return question


def _step(world: World, person: Person, what: str, text: str) -> dict[str, Any]:
    return {
        "what": what,
        "person": {"id": person.id, "name": person.name},
        "text": text,
        "at": iso(world.clock.now()),
    }


def _told(text: str, *, may_be_empty: bool = False) -> str:
    told = text.strip()
    if len(told) > MAX_TEXT or (not told and not may_be_empty):
        raise FaultyInput.of("verification.text", most=MAX_TEXT)
    return told
