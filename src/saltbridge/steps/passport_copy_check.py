"""A batch of copies from an operator, checked before any of it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import finding
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.formats.passport_copies import Batch, Entry
from saltbridge.steps.passport_public_check import (
    Documents,
    check_status,
    place_of,
    verified_lists,
    verified_public,
)
from saltbridge.trust.sealed import recipients
from saltbridge.trust.status_list import StatusList
from saltbridge.trust.suites import NotVerified

Known = Mapping[str, Mapping[str, Any]]  # id → the copy that is kept already


@dataclass(frozen=True, slots=True)
class CheckedVersion:
    """A version in a copy. ``view`` None: it is kept already, as it was."""

    told: Mapping[str, Any]  # number, day, digest, status, place
    file: bytes
    view: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """The copy of one passport, in which everything signed was verified."""

    entry: Entry
    versions: tuple[CheckedVersion, ...]


def check_named(batch: Batch, entries: Sequence[Entry], lists: Sequence[str]) -> None:
    """Whether exactly what was sent is what the claim names.

    Raises:
        NotVerified: something else, something more, or something less.
    """
    sent = {entry.passport_id: entry.digest for entry in entries}
    tokens = [digest(token.encode("utf-8")) for token in lists]
    if sent != batch.passports or len(sent) != len(entries) or tokens != list(batch.lists):
        raise NotVerified.of("copy.other-parts")


def checked_entries(
    entries: Sequence[Entry],
    tokens: Mapping[str, str],
    known: Known,
    documents: Documents,
    now: datetime,
) -> list[CheckedEntry]:
    """The copies, once every signature, proof, link and status in them holds.

    ``tokens`` are the newest ones of the status lists, by address.

    Raises:
        NotVerified, Refused, FaultyInput: what does not hold, cannot be read, or is by nobody
            known here.
        Unavailable: an issuer's keys cannot be fetched now.
    """
    try:
        lists = {one.address: one for one in verified_lists(tokens.values(), documents, now)}
        return [_checked(one, lists, known.get(one.passport_id), documents) for one in entries]
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise FaultyInput.of("copy.member", member=str(fault)[:40]) from fault


def _checked(
    entry: Entry,
    lists: Mapping[str, StatusList],
    known: Mapping[str, Any] | None,
    documents: Documents,
) -> CheckedEntry:
    recipients(entry.sealed)
    kept = [] if known is None else list(known["versions"])
    versions: list[CheckedVersion] = []
    before = ""
    for number, sent in enumerate(entry.versions, 1):
        file = canonical_bytes(sent["file"])
        old = kept[number - 1] if number <= len(kept) else None
        claim_digest = parse_claim_file(file).claim.digest
        if old is not None and old["claim_digest"] != claim_digest:
            raise _broken(entry, f"version {number}")  # what was sent once stays
        if old is None:
            one = _version(entry, number, file, before, str(sent["status"]), documents)
        else:
            told = {**old, "status": str(sent["status"])}
            one = CheckedVersion(told, file, None)
        check_status(one.told["place"], str(sent["status"]), number, lists)
        versions.append(one)
        before = claim_digest
    if len(versions) < len(kept):
        raise _broken(entry, "versions")
    return CheckedEntry(entry, tuple(versions))


def _version(
    entry: Entry, number: int, file: bytes, before: str, status: str, documents: Documents
) -> CheckedVersion:
    """A version that is new here, of this very passport, linked to the one before."""
    verified, view = verified_public(parse_claim_file(file), documents)
    same = {
        "passport_id": entry.passport_id,
        "product_id": entry.product_id,
        "gtin": entry.gtin,
        "serial": entry.serial,
    }
    linked = (view.get("replaces") or {}).get("digest", "") == before
    numbered = str(view.get("version", number)) == str(number)
    if not linked or not numbered or any(view.get(k) != v for k, v in same.items()):
        raise _broken(entry, f"version {number}")
    told = {
        "version": number,
        "issued_at": str(view["issued_at"]),
        "claim_digest": verified.claim.digest,
        "status": status,
        "place": place_of(verified),
    }
    return CheckedVersion(told, file, view)


def _broken(entry: Entry, what: str) -> Refused:
    return Refused([finding("handover.broken", passport=entry.passport_id, what=what)])
