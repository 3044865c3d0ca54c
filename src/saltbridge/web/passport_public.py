"""The public part of a passport, found by address, id or date: releases and what they hold.

Everything here was released; nothing restricted is read. Page and API answer from it, so
that they agree about what there is, what has ended and what is not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.border.context import PUBLIC
from saltbridge.border.release import Release
from saltbridge.core.canonical import is_json_of, read_json
from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.identifiers import is_gtin14, is_urn_uuid
from saltbridge.formats.passport_copies import ACTIVE
from saltbridge.passport.data_carrier import is_serial
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_copies import ADDRESS as COPIED_AT
from saltbridge.steps.passport_copies import CopyOf, copied_at, served_copy
from saltbridge.steps.passport_event_effects import CEASED
from saltbridge.steps.passport_events import HANDED_OVER
from saltbridge.steps.passport_keepers_word import released_word
from saltbridge.steps.passport_reading import newest_number, stored_version, version_in_force
from saltbridge.steps.passport_signed import SignedPassport, signed_passport
from saltbridge.steps.passport_status import status_of
from saltbridge.steps.records import document
from saltbridge.steps.release import kept_releases
from saltbridge.steps.statement import kept_statement
from saltbridge.trust.did import from_iso
from saltbridge.trust.sd_jwt import MEDIA_TYPE as SD_JWT
from saltbridge.trust.status_list import Status

_LOOKED_AT: Final = 20
KEPT: Final = 128  # passports in memory, some 200 kB each
JWS: Final = "application/jose"  # passports issued before there were versions


@dataclass(frozen=True, slots=True)
class PublicPassport:
    """What everybody may have of a passport: two releases and what is signed in them."""

    claim_file: Release
    view: Release
    signed: SignedPassport
    decision_id: str  # the export decision about both
    status: Status
    copy: CopyOf | None = None  # the back-up copy of another operator's passport
    credential: Release | None = None  # the view as a Verifiable Credential, if it was made
    newest: int = 0  # number of the newest version there is; 0 of a copy

    @property
    def content(self) -> Mapping[str, Any]:
        return self.signed.view

    @property
    def product_id(self) -> str:
        return str(self.content["product_id"])

    @property
    def signed_media_type(self) -> str:
        return SD_JWT if self.signed.disclosures else JWS


class PublicPassports:
    """Looks up the public part of this node's passports. Reads the store: not for the event
    loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[tuple[str, str], tuple[object, PublicPassport]] = {}

    def kept(self, gtin: str, serial: str, mark: object) -> PublicPassport | None:
        """What ``by_address`` found, if the store's mark was the same then; else None.

        Fit for the event loop: nothing is read. Without a mark nothing is kept.
        """
        known = self._kept.get((gtin, serial))
        return known[1] if known and mark is not None and known[0] == mark else None

    def by_address(self, gtin: str, serial: str, mark: object = None) -> PublicPassport | None:
        """The newest version of the passport at ``/01/{gtin}/21/{serial}``.

        ``mark`` is the store's, asked for before: what is written amid the look is seen. With
        it the passport is kept in memory.
        """
        with self._world.store.reading() as work:
            id = _id_at(work, gtin, serial)
            found = _public(self._world, work, id) if id else None
        if found is None or (found.content["gtin"], found.content["serial"]) != (gtin, serial):
            return None
        if mark is not None:
            while len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept), (gtin, serial)), None)
            self._kept[gtin, serial] = (mark, found)
        return found

    def by_id(self, id: str, at: datetime | None = None) -> PublicPassport | None:
        """The newest version of a passport, or the one that was the newest at a time."""
        if not is_urn_uuid(id):
            return None
        with self._world.store.reading() as work:
            return _public(self._world, work, id, at)

    def of_model(self, gtin: str) -> PublicPassport | None:
        """The newest version of an active passport of the model; None if there is none.

        The first ones by serial number are looked at: a model whose first batteries have all
        been recycled is not found.
        """
        if not is_gtin14(gtin):
            return None
        with self._world.store.reading() as work:
            for kind in ("passport-address", COPIED_AT):
                for record in work.find(kind, after=f"{gtin}/", limit=_LOOKED_AT):
                    if not record.id.startswith(f"{gtin}/"):
                        break
                    id = str(read_json(record.body)["passport_id"])
                    found = _public(self._world, work, id)
                    if found is not None and found.content["gtin"] == gtin:
                        return found
        return None

    def by_version(self, id: str, number: int) -> PublicPassport | None:
        """A version of a passport by its number."""
        if not is_urn_uuid(id) or not 0 < number < 2**31:
            return None
        with self._world.store.reading() as work:
            return _public(self._world, work, id, number=number)

    def keepers_word(self, id: str) -> Release | None:
        """What this node says, as a keeper, of the operator whose copy it serves."""
        if not is_urn_uuid(id):
            return None
        try:
            with self._world.store.reading() as work:
                return released_word(work, id)
        except SaltbridgeError:
            return None

    def statement(self, id: str) -> Release | None:
        """The signed export statement about what is public of a passport."""
        passport = self.by_id(id)
        if passport is None:
            return None
        try:
            with self._world.store.reading() as work:
                return kept_statement(work, passport.decision_id, PUBLIC.bpn)
        except SaltbridgeError:
            return None

    def ended_at(self, gtin: str, serial: str) -> bool:
        """Whether the passport at this address has ceased to exist (Art. 77(8))."""
        with self._world.store.reading() as work:
            return _has_ended(work, _id_at(work, gtin, serial))

    def moved_at(self, gtin: str, serial: str) -> str:
        """The base URL of the node that has the passport at this address now; else empty."""
        with self._world.store.reading() as work:
            return _moved(work, _id_at(work, gtin, serial))

    def moved(self, id: str) -> str:
        """The base URL of the node that has this passport now; empty where it did not move."""
        if not is_urn_uuid(id):
            return ""
        with self._world.store.reading() as work:
            return _moved(work, id)

    def ended(self, id: str) -> bool:
        """Whether the passport with this id has ceased to exist (Art. 77(8))."""
        if not is_urn_uuid(id):
            return False
        with self._world.store.reading() as work:
            return _has_ended(work, id)


def _id_at(work: UnitOfWork, gtin: str, serial: str) -> str:
    """The id of the passport at an address; empty if there is none."""
    if not is_gtin14(gtin) or not is_serial(serial):
        return ""
    try:
        address = document(work, "passport-address", f"{gtin}/{serial}")
        copied = copied_at(work, gtin, serial) if address is None else ""
    except SaltbridgeError:
        return ""
    return copied if address is None else str(address["passport_id"])


def _has_ended(work: UnitOfWork, id: str) -> bool:
    try:
        record = document(work, "passport", id) if id else None
        served = served_copy(work, id) if id and record is None else None
    except SaltbridgeError:
        return False
    if served is not None:
        return bool(served[0]["state"] == CEASED)
    return record is not None and record["status"] == CEASED


def _moved(work: UnitOfWork, id: str) -> str:
    try:
        record = document(work, "passport", id) if id else None
        served = served_copy(work, id) if id and record is None else None
    except SaltbridgeError:
        return ""
    if served is not None:
        return str(served[0]["moved_to"])
    if record is None or record["status"] != HANDED_OVER:
        return ""
    return str(record["served_at"])


def _public(
    world: World, work: UnitOfWork, id: str, at: datetime | None = None, number: int = 0
) -> PublicPassport | None:
    """The releases of a version, if its passport is active and they are what was decided."""
    try:
        record = document(work, "passport", id)
        if record is None:
            return _copied(world, work, id, at, number)
        if record["status"] != "active":
            return None
        version = record if at is None else version_in_force(work, record, at)
        if number and number != newest_number(record):
            version = stored_version(work, id, number)
        if version is None:
            return None
        status = status_of(work, id, newest_number(version))
        newest = newest_number(record)
        return _opened(work, id, version["public"], status, None, newest)
    except SaltbridgeError:
        return None  # an altered record, release or signature is no passport, and says no more


def _copied(
    world: World, work: UnitOfWork, id: str, at: datetime | None, number: int
) -> PublicPassport | None:
    """The same of the back-up copy of another operator's passport, once it is served.

    Raises:
        SaltbridgeError: something of it was altered.
    """
    found = served_copy(work, id)
    if found is None or found[0]["state"] != ACTIVE:
        return None
    record, operator = found
    versions = [v for v in record["versions"] if at is None or from_iso(v["issued_at"]) <= at]
    if number:
        versions = [v for v in versions if int(v["version"]) == number]
    if not versions:
        return None
    newest, since = versions[-1], str(operator["serving"]["at"])
    told = CopyOf(
        str(operator["name"]),
        str(operator["did"]),
        str(record["as_of"]),
        since,
        world.node.legal_name,
        str(operator["serving"]["ordered_by"]),
    )
    status = Status[str(newest["status"]).upper()]
    return _opened(work, id, newest["public"], status, told)


def _opened(
    work: UnitOfWork,
    id: str,
    released: Mapping[str, str],
    status: Status,
    copy: CopyOf | None,
    newest: int = 0,
) -> PublicPassport | None:
    """What was released, if it holds together and is about this passport.

    Raises:
        SaltbridgeError: something of it was altered.
    """
    digests = [released[part] for part in ("claim", "view", "credential") if part in released]
    decision_id = str(released["decision_id"])
    claim_file, view, *more = kept_releases(work, digests, decision_id, PUBLIC.bpn)
    if claim_file is None or view is None:
        return None
    signed = signed_passport(claim_file.content)
    told = signed.view
    if told.get("passport_id") != id or not is_json_of(view.content, told):
        return None  # somebody pointed the record at another battery
    credential = more[0] if more else None
    return PublicPassport(
        claim_file, view, signed, decision_id, status, copy, credential, newest
    )
