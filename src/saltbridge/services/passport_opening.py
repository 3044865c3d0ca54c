"""A reader opens restricted points of a passport: decided, recorded, and only then shown.

No such passport, no grant, a grant that is over, a passport that ceased, a store that was
altered: all are None, and whoever asks cannot tell them apart. The same records are looked up
in every case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.identifiers import is_gtin14
from saltbridge.passport.access import MAY_SEE, Audience
from saltbridge.passport.data_carrier import is_serial
from saltbridge.passport.grants import Grant, Grantee, Reading, reading
from saltbridge.passport.interest import Use
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps import passport_grants as kept
from saltbridge.steps.passport_access_log import Access, AccessRecorder
from saltbridge.steps.passport_reading import (
    newest_number,
    presentation_file,
    presented,
    seen,
    stored_version,
    version_in_force,
)
from saltbridge.steps.passport_status import status_of
from saltbridge.steps.records import document
from saltbridge.trust.status_list import Status

_NOBODY: Final = "–"  # an id that no record has


@dataclass(frozen=True, kw_only=True)
class OpeningRequest:
    """Who asks (in the order they are to be tried), for which battery, by which door.

    ``use`` None: to look at it; else the use the reader makes of it has to be allowed. ``at``:
    not the newest version, but the one that was the newest at that time.
    """

    readers: Sequence[Grantee]
    gtin: str
    serial: str
    endpoint: str
    use: Use | None = None
    wanted: Audience | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Opened:
    """What the reader may see: the view, the signed text, the file, and on what terms."""

    view: Mapping[str, Any]
    text: str
    file: bytes
    reading: Reading
    reader: Grantee
    until: str  # last day of the grant that ends first
    status: Status  # of the version that is read


@dataclass(frozen=True)
class _Draft:
    opened: Opened
    passport_id: str
    version: int


def open_passport(
    world: World, recorder: AccessRecorder, request: OpeningRequest
) -> Opened | None:
    """What the reader sees, once the access is durably recorded; else None."""
    now = world.clock.now()
    try:
        with world.store.reading() as view:
            draft = _draft(view, request, now)
        if draft is None:
            return None
        recorded = recorder.record(
            _access(draft, request), lambda work: _still_stands(work, draft, world.clock.now())
        )
    except SaltbridgeError:
        return None
    return draft.opened if recorded else None


def _draft(view: UnitOfWork, request: OpeningRequest, now: datetime) -> _Draft | None:
    granted = [kept.grants_for(view, who.key) for who in request.readers]
    epoch = kept.epoch(view)
    possible = is_gtin14(request.gtin) and is_serial(request.serial)
    address = f"{request.gtin}/{request.serial}" if possible else _NOBODY
    at = document(view, "passport-address", address) or {}
    record = document(view, "passport", str(at.get("passport_id", _NOBODY)))
    if record is None or record["status"] != "active":
        return None
    if (record["gtin"], record["serial"]) != (request.gtin, request.serial):
        return None  # somebody pointed the address at another battery
    for grants in granted:
        open_now = reading(grants, record, now, epoch, request.wanted)
        if open_now is not None and (request.use is None or request.use in open_now.uses):
            return _prepared(view, record, grants, open_now, request.at)
    return None


def _prepared(
    view: UnitOfWork,
    record: Mapping[str, Any],
    grants: Sequence[Grant],
    open_now: Reading,
    at: datetime | None,
) -> _Draft | None:
    version = (
        stored_version(view, str(record["id"]), newest_number(record))
        if at is None
        else version_in_force(view, record, at)
    )
    if version is None:
        return None
    audience, points = open_now.audience, open_now.points
    file = presentation_file(view, version, audience, points)
    if file is None:
        return None
    resting_on = [g for g in grants if g.id in open_now.grants]
    opened = Opened(
        view=seen(version, audience, points),
        text=str(presented(version, audience, points)),
        file=file,
        reading=open_now,
        reader=resting_on[0].grantee,  # by the name the grant was given to
        until=min(g.until for g in resting_on),
        status=status_of(view, str(record["id"]), int(version["version"])),
    )
    return _Draft(opened, str(record["id"]), int(version["version"]))


def _still_stands(work: UnitOfWork, draft: _Draft, now: datetime) -> bool:
    """Whether every grant it rests on holds in the moment the access is recorded."""
    epoch = kept.epoch(work)
    grants = [kept.grant_by_id(work, id) for id in draft.opened.reading.grants]
    return all(g is not None and g.holds(now.date(), epoch) for g in grants)


def _access(draft: _Draft, request: OpeningRequest) -> Access:
    terms = draft.opened.reading
    return Access(
        reader=draft.opened.reader,
        audience=terms.audience.value,
        purposes=terms.purposes,
        grants=terms.grants,
        passport=draft.passport_id,
        version=draft.version,
        points=sorted(terms.points - MAY_SEE[Audience.PUBLIC]),
        endpoint=request.endpoint,
        use="read" if request.use is None else request.use.value,
    )
