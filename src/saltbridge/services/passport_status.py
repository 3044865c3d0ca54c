"""Revoke, suspend and reinstate versions of passports; hand out and renew the lists."""

from collections.abc import Iterator
from dataclasses import dataclass

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_reading import newest_number, stored_version
from saltbridge.steps.passport_status import (
    LIST,
    is_fresh,
    publish_list,
    renew_later,
    set_status,
    status_of,
    stored_lists,
)
from saltbridge.steps.records import document
from saltbridge.trust.did import from_iso
from saltbridge.trust.status_list import Status

MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True)
class StatusRequest:
    """What becomes of a passport: of one version, or of all (``number`` None), and why."""

    passport: str
    status: Status
    reason: str
    number: int | None = None
    person: str = ""


def change_status(world: World, request: StatusRequest) -> tuple[str, tuple[int, ...]]:
    """Set the status of versions; the list is signed and released in the same unit of work.

    Returns the serial number and the versions whose status changed.

    Raises:
        FaultyInput: no such passport or version, or no reason.
        Refused: a version is revoked for good, has that status already, or was issued before
            there were lists.
    """
    reason = " ".join(request.reason.split())
    if not reason or len(reason) > MAX_REASON_CHARACTERS:
        raise FaultyInput.of("passport.no-reason", limit=MAX_REASON_CHARACTERS)
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        record = passport_named(work, request.passport)
        numbers = tuple(_numbers(work, record["id"], newest_number(record), request))
        if not numbers:
            raise Refused.of("passport.status-same", passport=record["serial"])
        for number in numbers:
            version = stored_version(work, record["id"], number)
            if version is None or "status" not in version:
                raise Refused.of("passport.no-status-list", passport=record["serial"])
            set_status(
                world,
                work,
                version,
                _status(request, number, newest_number(record)),
                reason=reason,
                person=request.person,
                now=now,
            )
    return str(record["serial"]), numbers


def _numbers(
    work: UnitOfWork, passport_id: str, newest: int, request: StatusRequest
) -> Iterator[int]:
    """The versions whose status changes."""
    if request.number is not None and not 1 <= request.number <= newest:
        raise FaultyInput.of("passport.no-such-number", number=request.number, newest=newest)
    wanted = range(1, newest + 1) if request.number is None else (request.number,)
    for number in wanted:
        present = status_of(work, passport_id, number)
        if present is Status.INVALID and request.status is not Status.INVALID:
            if request.number is not None:
                raise Refused.of("passport.revoked-for-good", number=number)
            continue
        if present is not _status(request, number, newest):
            yield number


def _status(request: StatusRequest, number: int, newest: int) -> Status:
    """What a version becomes: an older one that is reinstated is superseded still."""
    if request.status is Status.VALID and number < newest:
        return Status.SUPERSEDED
    return request.status


def renew_lists(world: World) -> int:
    """Sign every list anew, whatever its age; returns how many there are."""
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        kept = stored_lists(work)
        for record in kept:
            publish_list(world, work, int(record["number"]), record["statuses"], now)
    return len(kept)


def renew_waiting(world: World, entry: OutboxEntry) -> None:
    """Sign one list anew, if more than half its life is over, and wait for the next time.

    After a key was revoked it is signed anew whatever its age, and the next time waits already.
    """
    asked, now = read_json(entry.body), world.clock.now()
    number = int(asked["number"])
    with world.store.unit_of_work() as work:
        record = document(work, LIST, str(number))
        if record is None:
            return
        if asked.get("because") == "key.revoked":
            publish_list(world, work, number, record["statuses"], now)
            return
        signed_at = from_iso(record["signed_at"])
        if not is_fresh(record, now):
            publish_list(world, work, number, record["statuses"], now)
            signed_at = now
        renew_later(world, work, number, signed_at)
