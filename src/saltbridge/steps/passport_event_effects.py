"""What an event does to a passport of this node, in the unit of work that records the event."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding
from saltbridge.formats.claim_file import ClaimFile
from saltbridge.passport.counters import COUNTERS
from saltbridge.passport.event_words import EventWords
from saltbridge.passport.lifecycle_rules import RULES, Effect, EventKind, Status
from saltbridge.passport.measurements import as_value, condition
from saltbridge.passport.model import AttributeValue, Origin, OriginKind, Values
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_change import change_passport
from saltbridge.steps.passport_counted import not_overtaken
from saltbridge.steps.passport_events import check_event, keep_event
from saltbridge.steps.passport_measured import measurements_of
from saltbridge.steps.passport_reading import facts_of, newest_number, stored_version
from saltbridge.steps.passport_status import set_status, status_of
from saltbridge.trust.did import iso
from saltbridge.trust.status_list import Status as ListStatus

CEASED = "ceased"  # the status of a passport's record: it answers 410 and nothing follows


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that was recorded: its number, the version it made (0: none), remarks."""

    passport_id: str
    serial: str
    event: str
    number: int
    version: int
    digest: str
    findings: tuple[Finding, ...] = ()
    signed_by: tuple[str, ...] = ()  # DIDs of the operators


def record_event(
    world: World,
    work: UnitOfWork,
    passport: dict[str, Any],
    words: EventWords,
    files: Sequence[ClaimFile],
    given: Values,
    now: datetime,
    person: str = "",
) -> Recorded:
    """Check an event, let it take effect and keep it; ``given``: values stated with it.

    A version that comes of it holds what was measured until then: the values of Annex XIII
    point 4(a) are those at the change of status.

    Raises:
        Refused: the rules of the life cycle stand against it, or the border room does.
        FaultyInput: the version it would make is incomplete or faulty by law.
    """
    check_event(work, world, passport, words, now.date())
    effect, version = RULES[words.event.kind].effect, 0
    findings: tuple[Finding, ...] = ()
    if effect is Effect.NEW_VERSION:
        told = not_overtaken(_measured(work, world, passport["id"]), passport)
        made = change_passport(
            world,
            work,
            passport["id"],
            {**told, **given, **_changed(work, world, passport, words)},
            reason=words.event.kind.value,
            now=now,
            person=person,
            noted={"responsible": words.event.to} if words.event.to else {},
            corrected=_corrected(words, given),
        )
        version, findings = int(made.version.record["version"]), made.findings
    elif effect is Effect.CEASES:
        _cease(world, work, passport, words, now, person)
    kept = keep_event(
        work, words, files, sorted(words.event.signed_by), now, version=version, person=person
    )
    return Recorded(
        passport["id"],
        passport["serial"],
        words.event.kind.value,
        words.number,
        version,
        kept["digests"][0],
        findings,
        tuple(kept["signed_by"]),
    )


def _corrected(words: EventWords, given: Values) -> Collection[str]:
    """The counters that a correction states anew.

    Raises:
        FaultyInput: it gives no reason, no value, or a value that is no counter.
    """
    if words.event.kind is not EventKind.CORRECTION:
        return ()
    others = sorted(given.keys() - set(COUNTERS))
    if others or not given:
        told = {"found": ", ".join(others) or "–", "known": ", ".join(COUNTERS)}
        raise FaultyInput([Finding("lifecycle.corrects-counters", told)])
    if not words.details.get("reason", "").strip():
        raise FaultyInput.of("lifecycle.no-reason")
    return tuple(given)


def _measured(work: UnitOfWork, world: World, passport_id: str) -> dict[str, AttributeValue]:
    held = condition(measurements_of(work, passport_id))
    return {id: as_value(m, world.node.legal_name) for id, m in held.items()}


def _changed(
    work: UnitOfWork, world: World, passport: dict[str, Any], words: EventWords
) -> dict[str, AttributeValue]:
    """The values of the passport that the event itself changes."""
    event, day = words.event, words.event.on.isoformat()
    own = Origin(OriginKind.OPERATOR, world.node.legal_name, f"event {words.number}")
    changed: dict[str, AttributeValue] = {}
    if event.kind is EventKind.REPAIR:
        before = stored_version(work, passport["id"], newest_number(passport))
        held = facts_of(work, before).values.get("A036") if before else None
        entry = {
            "date": day,
            "component": words.details.get("component", ""),
            "operator": words.details.get("by", "") or world.node.legal_name,
        }
        repairs = list(held.value or []) if held else []
        changed["A036"] = AttributeValue([*repairs, entry], "", own)
    if event.kind is EventKind.BECOMES_WASTE:
        changed["A035"] = AttributeValue(Status.WASTE.value, "", own, measured_on=day)
    if event.to:
        partner = world.node.partner(event.to)
        answers = partner.bpn if partner and partner.bpn else event.to
        changed["A007"] = AttributeValue(answers, "", own)
        name, address = (words.details.get(m, "") for m in ("to_name", "to_address"))
        if name and address:  # both operators signed them
            changed["A026"] = AttributeValue({"name": name, "address": address}, "", own)
    return changed


def _cease(
    world: World,
    work: UnitOfWork,
    passport: dict[str, Any],
    words: EventWords,
    now: datetime,
    person: str,
) -> None:
    """The passport ends: 410 for everybody, its versions invalid, its history kept inside."""
    for number in range(1, newest_number(passport) + 1):
        version = stored_version(work, passport["id"], number)
        if version is None or "status" not in version:
            continue  # issued before there were lists
        if status_of(work, passport["id"], number) is not ListStatus.INVALID:
            set_status(
                world,
                work,
                version,
                ListStatus.INVALID,
                reason=words.event.kind.value,
                person=person,
                now=now,
            )
    ended = {**passport, "status": CEASED, "ceased_on": words.event.on.isoformat()}
    body = canonical_bytes({**ended, "changed_at": iso(now)})
    work.put("passport", passport["id"], body)
    work.append_leaf("passport.ceased", passport["id"], body)
