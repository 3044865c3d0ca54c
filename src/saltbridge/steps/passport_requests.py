"""Requests for access as they are stored: asked by anybody, answered once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import UnitOfWork
from saltbridge.steps.records import document, every

REQUEST: Final = "passport-request"
OPEN, GRANTED, REFUSED = "open", "granted", "refused"


def all_requests(view: UnitOfWork) -> Iterator[dict[str, Any]]:
    """Every request, answered ones too, in no order."""
    return (read_json(record.body) for record in every(view, REQUEST))


def keep_request(work: UnitOfWork, request: Mapping[str, Any], event: str) -> None:
    """Store a request, new or answered, with its log leaf."""
    body = canonical_bytes(dict(request))
    work.put(REQUEST, str(request["id"]), body)
    work.append_leaf(event, str(request["id"]), body)


def answer_request(
    work: UnitOfWork, id: str, state: str, told: Mapping[str, str]
) -> dict[str, Any]:
    """The request, answered; ``told`` says by whom, when, and what.

    Raises:
        FaultyInput: no such request.
        Refused: it was answered before.
    """
    found = document(work, REQUEST, id)
    if found is None:
        raise FaultyInput.of("access.no-request", id=id[:80])
    if found["state"] != OPEN:
        raise Refused.of("access.answered", id=id)
    answered = {**found, **told, "state": state}
    keep_request(work, answered, "passport.access-answered")
    return answered
