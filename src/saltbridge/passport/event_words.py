"""The words of an event as the operators sign them: one document, the same for both of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.passport.lifecycle import Event, Link
from saltbridge.passport.lifecycle_rules import EventKind, Status
from saltbridge.passport.part_types import is_day

KIND: Final = "passport-event"
_TEXTS: Final = (
    "kind", "event", "passport_id", "occurred_on", "operator", "to", "capacity", "successor",
    "status", "version", "previous",
)  # fmt: skip
_MEMBERS: Final = frozenset({*_TEXTS, "number", "predecessors", "details"})
_LONGEST: Final = 500
_MOST: Final = 1000  # predecessors of one battery


@dataclass(frozen=True, slots=True)
class EventWords:
    """An event with what it builds on.

    ``version`` is the digest of the passport version the operators looked at, ``previous`` that
    of the event before (empty for the first); ``status`` is the battery's before the event.
    """

    event: Event
    number: int
    status: str = ""
    version: str = ""
    previous: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


def event_content(words: EventWords) -> dict[str, Any]:
    """The content of the claims: what every operator concerned signs."""
    event = words.event
    return {
        "kind": KIND,
        "event": event.kind.value,
        "passport_id": event.passport,
        "number": words.number,
        "occurred_on": event.on.isoformat(),
        "operator": event.operator,
        "to": event.to,
        "capacity": event.capacity,
        "successor": event.successor,
        "predecessors": [
            {"passport_id": p.passport, "operation": p.operation.value, "digest": p.digest}
            for p in event.predecessors
        ],
        "status": words.status,
        "version": words.version,
        "previous": words.previous,
        "details": dict(words.details),
    }


def parse_event(
    content: Mapping[str, Any], signed_by: frozenset[str], name: str = ""
) -> EventWords:
    """The event in a claim's content; ``signed_by``: who signed it, as far as was verified.

    Raises:
        FaultyInput: a member is missing, unknown or not what it must be; all at once.
    """
    wrong = sorted({*content.keys()} ^ _MEMBERS) or _wrong_members(content)
    if wrong:
        raise FaultyInput(
            finding("lifecycle.member", Place(name, pointer=f"/{m[:40]}"), member=m[:40])
            for m in wrong
        )
    event = Event(
        EventKind(content["event"]),
        content["passport_id"],
        date.fromisoformat(content["occurred_on"]),
        content["operator"],
        signed_by,
        content["to"],
        content["capacity"],
        content["successor"],
        tuple(
            Link(EventKind(p["operation"]), p["passport_id"], p["digest"])
            for p in content["predecessors"]
        ),
    )
    return EventWords(
        event,
        content["number"],
        content["status"],
        content["version"],
        content["previous"],
        dict(content["details"]),
    )


def _wrong_members(content: Mapping[str, Any]) -> list[str]:
    wrong = [m for m in _TEXTS if not _is_text(content[m])]
    if wrong:
        return wrong
    checks = {
        "kind": content["kind"] == KIND,
        "event": content["event"] in frozenset(EventKind),
        "passport_id": is_urn_uuid(content["passport_id"]),
        "occurred_on": is_day(content["occurred_on"]),
        "operator": content["operator"].startswith("did:"),
        "to": content["to"] == "" or content["to"].startswith("did:"),
        "successor": content["successor"] == "" or is_urn_uuid(content["successor"]),
        "status": content["status"] in {"", *Status},
        "number": type(content["number"]) is int and 0 < content["number"] < 1_000_000,
        "predecessors": _are_links(content["predecessors"]),
        "details": isinstance(content["details"], Mapping)
        and all(_is_text(k) and _is_text(v) for k, v in content["details"].items()),
    }
    return [member for member, good in checks.items() if not good]


def _are_links(stated: Any) -> bool:
    return (
        isinstance(stated, list)
        and len(stated) <= _MOST
        and all(
            isinstance(p, Mapping)
            and p.keys() == {"passport_id", "operation", "digest"}
            and all(_is_text(v) for v in p.values())
            and is_urn_uuid(p["passport_id"])
            and p["operation"] in frozenset(EventKind)
            for p in stated
        )
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST
