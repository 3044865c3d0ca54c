"""The passports of this node: a list, the public part of one, its versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.border.release import Release
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_reading import (
    newest_number,
    stored_version,
    version_in_force,
    versions,
)
from saltbridge.steps.passport_status import not_valid, status_of
from saltbridge.steps.records import every


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version as it is listed. ``reason`` may tell what is not public."""

    number: int
    issued_at: str
    reason: str
    person: str
    digest: str
    replaces: str  # digest of the version before, or empty
    status: str  # valid, superseded, suspended, or invalid: revoked for good


def issued_passports(world: World) -> list[Mapping[str, Any]]:
    """Records of all passports, the oldest first."""
    with world.store.reading() as work:
        records = [read_json(record.body) for record in every(work, "passport")]
    return sorted(records, key=lambda r: (str(r["issued_at"]), str(r["serial"])))


def labelled_passports(world: World, wanted: Sequence[str] = ()) -> list[Mapping[str, Any]]:
    """Records of the passports to make labels for: those named, or all that are active.

    Raises:
        FaultyInput: one is unknown or has ended, or there is none.
        Refused: several batteries have one of the serial numbers.
    """
    if not wanted:
        found = [r for r in issued_passports(world) if r["status"] == "active"]
        if not found:
            raise FaultyInput.of("passport.no-labels")
        return found
    with world.store.reading() as work:
        found = [passport_named(work, name) for name in wanted]
    ended = [str(r["serial"]) for r in found if r["status"] != "active"]
    if ended:
        raise FaultyInput(finding("passport.label-ended", serial=s[:40]) for s in ended)
    return found


def public_passport(
    world: World, wanted: str, *, number: int | None = None, at: datetime | None = None
) -> tuple[Release, Release]:
    """The releases of a passport by its id or serial: signed claim file and public view.

    Of its newest version, of that ``number``, or of the one in force ``at`` a time.

    Raises:
        FaultyInput: no such passport, or no such version.
        Refused: several batteries have this serial, or what is stored was altered.
    """
    with world.store.reading() as work:
        record = passport_named(work, wanted)
        public = _public(work, record, number, at)
        claim_file = work.get_release(public["claim"], public["decision_id"])
        view = work.get_release(public["view"], public["decision_id"])
        if claim_file is not None and view is not None:
            return claim_file, view
    raise FaultyInput.of("passport.unknown-passport", passport=wanted[:80])


def standing(world: World, wanted: str) -> list[Finding]:
    """What a reader of a passport has to know of it: ended, revoked or suspended.

    Raises:
        FaultyInput: no such passport.
        Refused: several batteries have this serial.
    """
    with world.store.reading() as work:
        record = passport_named(work, wanted)
        if ended := str(record.get("ceased_on") or ""):
            serial, warning = str(record["serial"])[:40], Severity.WARNING
            return [finding("passport.has-ended", severity=warning, serial=serial, day=ended)]
        return not_valid(record, status_of(work, str(record["id"]), newest_number(record)))


def _public(
    work: UnitOfWork, record: Mapping[str, Any], number: int | None, at: datetime | None
) -> Mapping[str, str]:
    if number is None and at is None:
        public: Mapping[str, str] = record["public"]
        return public
    if number is not None:
        known = 1 <= number <= newest_number(record)
        version = stored_version(work, record["id"], number) if known else None
    else:
        version = version_in_force(work, record, at) if at else None
    if version is None:
        raise FaultyInput.of(
            "passport.unknown-version",
            passport=str(record["serial"]),
            newest=newest_number(record),
            since=str(record["issued_at"])[:10],
        )
    found: Mapping[str, str] = version["public"]
    return found


def history(world: World, wanted: str) -> list[ListedVersion]:
    """The versions of a passport by its id or serial, the newest first.

    Raises:
        As ``public_passport``.
    """
    with world.store.reading() as work:
        record = passport_named(work, wanted)
        return [
            ListedVersion(
                number=int(v["version"]),
                issued_at=str(v["issued_at"]),
                reason=str(v["reason"]),
                person=str(v["person"]),
                digest=str(v["claim_digest"]),
                replaces=str(v["replaces"] or ""),
                status=status_of(work, record["id"], int(v["version"])).name.lower(),
            )
            for v in versions(work, record)
        ]
