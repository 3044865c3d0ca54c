"""A new version of a passport: the operator changes values and says why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, errors_in, finding
from saltbridge.ports import World
from saltbridge.steps.passport_change import change_passport, passport_named
from saltbridge.steps.passport_event_effects import CEASED
from saltbridge.steps.passport_events import refuse_if_not_responsible, refuse_if_passed_whole
from saltbridge.steps.passport_stated import keep_unknown, stated_by_operator

MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True)
class VersionRequest:
    """Values that change (``attributes`` by id, as in a file of facts), and why."""

    passport: str  # its id or serial number
    facts: Mapping[str, Any]
    reason: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The version that was written."""

    passport_id: str
    serial: str
    number: int
    digest: str
    decision_id: str
    findings: tuple[Finding, ...]


def new_version(world: World, request: VersionRequest) -> NewVersion:
    """Write the next version of a passport, with its release and leaves, or nothing.

    Raises:
        FaultyInput: no such passport, no reason, faulty values, or incomplete by law.
        Refused: the passport is no longer active, another operator answers for it, the battery
            lives on as a whole under another one, nothing changes, or a public value may not
            leave.
    """
    reason = " ".join(request.reason.split())
    if not reason or len(reason) > MAX_REASON_CHARACTERS:
        raise FaultyInput.of("passport.no-reason", limit=MAX_REASON_CHARACTERS)
    changed, found = stated_by_operator(world, request.facts.get("attributes", {}))
    found += [
        finding(
            "passport.unknown-fact",
            Place(pointer=f"/{str(m)[:40]}"),
            severity=Severity.ERROR,
            member=str(m)[:40],
        )
        for m in request.facts.keys() - {"attributes"}
    ]
    if errors_in(found):
        raise FaultyInput(found)
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        record = passport_named(work, request.passport)
        if record["status"] != CEASED:
            refuse_if_not_responsible(work, world, record)
            refuse_if_passed_whole(work, world, record)
        done = change_passport(
            world,
            work,
            record["id"],
            changed,
            reason=reason,
            now=now,
            person=request.person,
        )
        keep_unknown(work, record["id"], int(done.version.record["version"]), request.facts)
    version = done.version.record
    return NewVersion(
        passport_id=record["id"],
        serial=record["serial"],
        number=int(version["version"]),
        digest=done.version.claim.digest,
        decision_id=version["public"]["decision_id"],
        findings=(*found, *done.findings),
    )
