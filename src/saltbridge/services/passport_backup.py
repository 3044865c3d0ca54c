"""The operator's side of the back-up copy: arrange it, send what changed, say how it stands.

(EU) 2024/1781, Art. 10(4) asks for a back-up copy of a passport with a service provider, and
(EU) 2023/1542, Art. 78(e) that passports stay available when their operator is gone
(secondary, read 2026-11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file
from saltbridge.formats.passport_copies import (
    RECEIPT_KIND,
    Batch,
    Entry,
    batch_of,
    render_batch,
)
from saltbridge.ports import OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.log import logged_claim_file
from saltbridge.steps.passport_backup import (
    ARRANGEMENT,
    CURRENT,
    MOST,
    SEND,
    SENT,
    Due,
    batch_content,
    due,
    entry_of,
    list_tokens,
)
from saltbridge.steps.passport_fetch import partner_named, stays_at_home
from saltbridge.steps.records import document
from saltbridge.steps.release import sign_claim
from saltbridge.steps.speak import address_of, ask
from saltbridge.trust.claims import PassportCopy, PassportReceipt, verify
from saltbridge.trust.did import iso
from saltbridge.trust.sealed import public_half
from saltbridge.trust.suites import NotVerified

PATH: Final = "/passport-copies"
EVERY: Final = timedelta(hours=1)  # so much may be missing from the copy at most (RPO)
_SECONDS: Final = 60.0
_NOTHING: Final[Mapping[str, Any]] = {
    "number": 0, "claim": "", "log_to": 0, "skip": 0, "at": "", "receipt": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SentCopies:
    """What one run sent."""

    provider: str
    batches: int
    passports: int
    number: int  # of the newest batch that was receipted


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """How the back-up copy stands. ``waiting``: passports that changed since; more: a floor."""

    provider: str
    keys: tuple[str, ...]
    number: int
    sent_at: str
    waiting: int
    more: bool


def arrange(
    world: World, provider: str, keys: Sequence[Mapping[str, Any]], person: str
) -> Partner:
    """Have a partner keep the back-up copy from now on; its parts are sealed for the keys.

    Raises:
        Refused: nobody of that DID is a partner, or it is in another jurisdiction.
        FaultyInput: a key is none.
    """
    partner, now = partner_named(world, provider), world.clock.now()
    stays_at_home(world, partner)
    record = {
        "provider": partner.did,
        "keys": [public_half(key) for key in keys],
        "person": person,
        "since": iso(now),
    }
    with world.store.unit_of_work() as work:
        body = canonical_bytes(record)
        work.put(ARRANGEMENT, CURRENT, body)
        work.append_leaf("passport.backup-arranged", partner.did, body)
        if not work.waits(SEND):
            _send_later(world, work, now)
    return partner


def send(world: World, *, anew: bool = False, most: int = MOST) -> SentCopies:
    """Send every passport that changed since the last batch; goes on where one broke off.

    ``anew`` sends everything from the beginning, for a provider who lost the copy.

    Raises:
        Refused: nothing is arranged, or the provider does not take it.
        Unavailable: the provider cannot be reached now; what was receipted stays sent.
        NotVerified: the receipt is not the provider's, or about something else.
    """
    with world.store.reading() as view:
        arranged = _arranged(view)
    partner = partner_named(world, str(arranged["provider"]))
    before = _NOTHING if anew else _caught_up(world, partner)
    batches, passports = 0, 0
    while True:
        made = _next(world, partner, arranged["keys"], before, most)
        if made is None:
            return SentCopies(partner.name, batches, passports, int(before["number"]))
        batch, file, content = made
        before = _deliver(world, partner, batch, file, content)
        batches, passports = batches + 1, passports + len(batch.passports)


def send_waiting(world: World, entry: OutboxEntry) -> None:
    """Send what changed, and look again in an hour. Raises as ``send``."""
    send(world)
    with world.store.unit_of_work() as work:
        _send_later(world, work, world.clock.now() + EVERY)


def backup_status(world: World) -> BackupStatus:
    """With whom the copy is, how far it is, and what waits.

    Raises:
        Refused: nothing is arranged.
    """
    with world.store.reading() as view:
        arranged = _arranged(view)
        sent = document(view, SENT, str(arranged["provider"])) or _NOTHING
        found = due(view, int(sent["log_to"]), int(sent["skip"]), 1000)
        more = len(found.passports) >= 1000
    return BackupStatus(
        partner_named(world, str(arranged["provider"])).name,
        tuple(str(key["kid"]) for key in arranged["keys"]),
        int(sent["number"]),
        str(sent["at"]),
        len(found.passports),
        more,
    )


def _arranged(view: UnitOfWork) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = document(view, ARRANGEMENT, CURRENT)
    if found is None:
        raise Refused.of("copy.not-arranged")
    return found


def _send_later(world: World, work: UnitOfWork, at: datetime) -> None:
    work.enqueue(
        OutboxEntry(
            id=world.identifiers.urn_uuid(),
            kind=SEND,
            body=canonical_bytes({}),
            ordering_key=SEND,
            due_at=at,
        )
    )


def _caught_up(world: World, partner: Partner) -> Mapping[str, Any]:
    """The record of the last batch; a receipt that was lost on its way is taken in now.

    Raises:
        Refused: the provider has less than it receipted, or something this node did not send.
    """
    with world.store.reading() as view:
        ours: Mapping[str, Any] = document(view, SENT, partner.did) or _NOTHING
    answer = ask(
        world, partner, "GET", f"{address_of(world, partner)}{PATH}/state", limit_bytes=500_000
    )
    if answer.status != 200:
        raise _unwilling(partner, answer.status)
    told = read_json(answer.content, partner.did)
    theirs = int(told.get("number", 0)) if isinstance(told, dict) else 0
    if theirs == ours["number"]:
        return ours
    if theirs != int(ours["number"]) + 1:
        raise Refused.of("copy.behind", theirs=theirs, ours=int(ours["number"]))
    file = parse_claim_file(canonical_bytes(told["claim"]), partner.did)
    if not isinstance(file.claim, PassportCopy):
        raise NotVerified.of("trust.malformed", reason="claim")
    batch = batch_of(verify(file.claim, world.keyring.did_document()).content)
    if (batch.to, batch.previous) != (partner.did, ours["claim"]):
        raise Refused.of("copy.behind", theirs=theirs, ours=int(ours["number"]))
    return _receipted(world, partner, batch, file, canonical_bytes(told["receipt"]))


def _next(
    world: World,
    partner: Partner,
    keys: Sequence[Mapping[str, Any]],
    before: Mapping[str, Any],
    most: int,
) -> tuple[Batch, ClaimFile, bytes] | None:
    """The next batch, signed and logged; None where nothing changed."""
    now = world.clock.now()
    with world.store.reading() as view:
        found: Due = due(view, int(before["log_to"]), int(before["skip"]), most)
    if found.nothing:
        return None
    with world.store.unit_of_work() as work:
        made = [entry_of(work, world, id, keys) for id in found.passports]
        entries: list[Entry] = [one[0] for one in made if one is not None]
        tokens = dict.fromkeys(list_tokens(work, found.lists))
        tokens |= dict.fromkeys(t for one in made if one is not None for t in one[1])
        batch = batch_content(partner.did, before, found, entries, [*tokens])
        id = world.identifiers.urn_uuid()
        claim = sign_claim(world, PassportCopy, batch.content, now, id=id)
        file = logged_claim_file(world, work, claim, id)
    return batch, parse_claim_file(file), render_batch(file, entries, [*tokens])


def _deliver(
    world: World, partner: Partner, batch: Batch, file: ClaimFile, content: bytes
) -> Mapping[str, Any]:
    """Send a batch and keep its receipt; the record of it."""
    answer = ask(
        world,
        partner,
        "POST",
        f"{address_of(world, partner)}{PATH}/batches",
        content,
        limit_bytes=500_000,
        timeout_seconds=_SECONDS,
    )
    if answer.status != 200:
        raise _unwilling(partner, answer.status)
    return _receipted(world, partner, batch, file, answer.content)


def _receipted(
    world: World, partner: Partner, batch: Batch, file: ClaimFile, receipt: bytes
) -> Mapping[str, Any]:
    """Keep the receipt of a batch, once it is known to be the provider's and about it."""
    told = parse_claim_file(receipt, partner.did)
    if not isinstance(told.claim, PassportReceipt):
        raise NotVerified.of("trust.malformed", reason="receipt")
    said = verify(told.claim, world.did_resolver.resolve(partner.did)).content
    wanted = {"kind": RECEIPT_KIND, "of": file.claim.digest, "number": batch.number}
    if dict(said) != wanted:
        raise NotVerified.of("copy.other-receipt", partner=partner.name)
    record = {
        "number": batch.number,
        "claim": file.claim.digest,
        "log_to": batch.log_to,
        "skip": batch.skip,
        "at": iso(world.clock.now()),
        "receipt": read_json(receipt),
    }
    body = canonical_bytes(record)
    with world.store.unit_of_work() as work:
        work.put(SENT, partner.did, body)
        work.append_leaf("passport.backup-sent", partner.did, body)
    return record


def _unwilling(partner: Partner, status: int) -> Refused | Unavailable:
    told = Refused.of("copy.not-taken", partner=partner.name, status=status).findings
    return Unavailable(told) if status >= 500 else Refused(told)
