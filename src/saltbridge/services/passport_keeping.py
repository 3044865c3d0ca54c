"""The provider's side of the back-up copy: take it in, keep it, serve it when nobody else does.

The public part of every version is decided by this node's border room when it arrives, so that
it can be served at once on the day it is needed. Restricted parts are sealed: this node cannot
read them, and hands them to the operator, its successor, or an authority.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused, SaltbridgeError
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file
from saltbridge.formats.passport_copies import (
    HANDED_OVER,
    RECEIPT_KIND,
    Batch,
    batch_of,
    parse_batch,
)
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps import passport_copies as kept
from saltbridge.steps.log import logged_claim_file
from saltbridge.steps.passport_copy_check import CheckedEntry, check_named, checked_entries
from saltbridge.steps.passport_fetch import keys_of, partner_named, stays_at_home
from saltbridge.steps.passport_keepers_word import signed_word
from saltbridge.steps.passport_versions import release_public
from saltbridge.steps.records import document, every
from saltbridge.steps.release import sign_claim
from saltbridge.trust.claims import PassportCopy, PassportReceipt, verify
from saltbridge.trust.did import iso
from saltbridge.trust.status_list import address_of
from saltbridge.trust.suites import NotVerified

PERSON: Final = "back-up copy"  # who decides on releases of copies: the arrangement does


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What a person decides about the copies of an operator, and why.

    ``ordered_by`` and ``reference`` name the authority that ordered it, if one did.
    """

    operator: str  # DID
    person: str
    reason: str
    ordered_by: str = ""
    reference: str = ""

    def record(self, now: datetime) -> dict[str, str]:
        """The act as it is kept."""
        return {
            "at": iso(now),
            "person": self.person,
            "reason": self.reason,
            "ordered_by": self.ordered_by,
            "reference": self.reference,
        }


def keep_for(world: World, act: Act) -> Partner:
    """Agree to keep an operator's copies; without it nothing of them is taken in.

    Raises:
        Refused: no such partner, or in another jurisdiction; no reason.
    """
    partner, now = partner_named(world, act.operator), world.clock.now()
    _reasoned(act)
    stays_at_home(world, partner)
    with world.store.unit_of_work() as work:
        known = kept.kept_operator(work, partner.did) or {}
        record = {
            "serving": None,
            "successor": "",
            "did_document": None,
            **known,
            "did": partner.did,
            "name": partner.name,
            "state": kept.KEEPING,
            "agreed": act.record(now),
        }
        kept.put_operator(work, record, "passport.copies-agreed")
    return partner


def serve(world: World, act: Act) -> None:
    """Serve an operator's copies from now on, because the operator is gone.

    Raises:
        Refused: no copies of it are kept, no reason, or its node still answers and no
            authority has ordered it: two nodes would say they are the original.
    """
    _reasoned(act)
    now = world.clock.now()
    if not act.ordered_by and _answers(world, act.operator):
        raise Refused.of("copy.operator-answers", operator=act.operator)
    with world.store.unit_of_work() as work:
        record = {**_kept(work, act.operator), "serving": act.record(now)}
        record = signed_word(world, work, record, now)
        kept.put_operator(work, record, "passport.copies-served")


def withdraw(world: World, act: Act) -> None:
    """Serve an operator's copies no more: it, or its successor, answers again.

    Raises:
        Refused: no copies of it are kept, or no reason.
    """
    _reasoned(act)
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        record = {**_kept(work, act.operator), "serving": None, "withdrawn": act.record(now)}
        kept.put_operator(work, record, "passport.copies-withdrawn")


def name_successor(world: World, act: Act, successor: str) -> Partner:
    """Say who may fetch an operator's copies besides itself.

    Raises:
        Refused: no copies of it are kept, no reason, or the successor is no partner here.
    """
    _reasoned(act)
    partner, now = partner_named(world, successor), world.clock.now()
    with world.store.unit_of_work() as work:
        record = {
            **_kept(work, act.operator),
            "successor": partner.did,
            "succession": act.record(now),
        }
        kept.put_operator(work, record, "passport.copies-successor")
    return partner


def operators(world: World) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """For whom copies are kept, and the newest batch of each."""
    with world.store.reading() as view:
        found = [read_json(record.body) for record in every(view, kept.OPERATOR)]
        return [(one, document(view, kept.STATE, one["did"])) for one in found]


def state_for(world: World, partner: Partner) -> bytes:
    """How far this node has an operator's copies, for that operator: batch and receipt."""
    with world.store.reading() as view:
        found = document(view, kept.STATE, partner.did)
    if found is None:
        return canonical_bytes({"number": 0})
    return canonical_bytes({member: found[member] for member in ("number", "claim", "receipt")})


def receive(world: World, partner: Partner, content: bytes) -> bytes:
    """Take in a batch of copies: checked, decided, stored, receipted.

    The same batch again gets the same receipt.

    Raises:
        Refused: no copies are kept for this partner, or the batch does not follow the last.
        FaultyInput: it cannot be read.
        NotVerified: a signature, proof or status in it does not hold.
        Unavailable: keys cannot be fetched now.
    """
    now = world.clock.now()
    claim, entries, lists = parse_batch(content)
    file, did_document = parse_claim_file(claim), world.did_resolver.resolve(partner.did)
    batch = _batch(world, file, did_document)
    with world.store.reading() as view:
        operator = _kept(view, partner.did)
        before = document(view, kept.STATE, partner.did)
        if before is not None and before["digest"] == file.claim.digest:
            return canonical_bytes(before["receipt"])
        known = {e.passport_id: document(view, kept.COPY, e.passport_id) for e in entries}
        held = {id: copy for id, copy in known.items() if copy is not None}
    tokens = {address_of(token): token for token in lists}
    if operator["state"] != kept.KEEPING:
        raise Refused.of("copy.not-kept", operator=partner.did)
    _follows(batch, before)
    check_named(batch, entries, lists)
    found = checked_entries(entries, tokens, held, lambda did: keys_of(world, did), now)
    with world.store.unit_of_work() as work:
        if document(work, kept.STATE, partner.did) != before:
            raise Refused.of("copy.out-of-order", number=batch.number)
        for one in found:
            old = held.get(one.entry.passport_id)
            _keep(world, work, partner, one, old, batch, file.claim.digest, now)
        work.put(kept.CLAIM, file.claim.digest, claim)
        for token in lists:
            work.put(kept.LIST, address_of(token), canonical_bytes({"token": token}))
        told = {"kind": RECEIPT_KIND, "of": file.claim.digest, "number": batch.number}
        id = world.identifiers.urn_uuid()
        signed = sign_claim(world, PassportReceipt, told, now, id=id)
        receipt = logged_claim_file(world, work, signed, id)
        body = canonical_bytes(
            {
                "operator": partner.did,
                "number": batch.number,
                "digest": file.claim.digest,
                "at": iso(now),
                "claim": read_json(claim),
                "receipt": read_json(receipt),
            }
        )
        work.put(kept.STATE, partner.did, body)
        work.append_leaf("passport.copies-kept", partner.did, body)
        if operator["did_document"] != did_document or operator["serving"]:
            record = {**_kept(work, partner.did), "did_document": dict(did_document)}
            if record["serving"]:
                record = signed_word(world, work, record, now)
            kept.put_operator(work, record, "passport.copies-keys")
    return receipt


def _batch(world: World, file: ClaimFile, did_document: Mapping[str, Any]) -> Batch:
    if not isinstance(file.claim, PassportCopy):
        raise NotVerified.of(
            "trust.unexpected-type", found=file.claim.type.value, due=PassportCopy.type.value
        )
    batch = batch_of(verify(file.claim, did_document).content)
    if batch.to != world.node.did:
        raise NotVerified.of("copy.other-parts")
    return batch


def _follows(batch: Batch, before: Mapping[str, Any] | None) -> None:
    """The batch follows the last one, or begins anew."""
    begins = (batch.number, batch.previous) == (1, "")
    follows = before is not None and (batch.number, batch.previous) == (
        int(before["number"]) + 1,
        before["digest"],
    )
    if not begins and not follows:
        raise Refused.of("copy.out-of-order", number=batch.number)


def _keep(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    checked: CheckedEntry,
    known: Mapping[str, Any] | None,
    batch: Batch,
    claim: str,
    now: datetime,
) -> None:
    """Store the copy of one passport in place of the one before."""
    entry = checked.entry
    others = known is not None and known["operator"] != partner.did
    if others and entry.state == HANDED_OVER:
        return  # the operator who took it over keeps it here by now
    at = document(work, kept.ADDRESS, f"{entry.gtin}/{entry.serial}")
    if at is not None and at["passport_id"] != entry.passport_id:
        raise Refused.of("copy.of-another", passport=entry.passport_id, serial=entry.serial)
    versions = []
    for number, one in enumerate(checked.versions):
        if one.view is not None:
            public = release_public(world, work, one.view, one.file, PERSON, now)
        else:
            public = known["versions"][number]["public"] if known else {}
        versions.append({**one.told, "public": public})
    sealed = canonical_bytes(dict(entry.sealed))
    record = {
        "passport_id": entry.passport_id,
        "product_id": entry.product_id,
        "gtin": entry.gtin,
        "serial": entry.serial,
        "operator": partner.did,
        "state": entry.state,
        "ceased_on": entry.ceased_on,
        "moved_to": entry.moved_to,
        "versions": versions,
        "as_of": iso(now),
        "batch": batch.number,
        "claim": claim,
    }
    work.put(kept.COPY, entry.passport_id, canonical_bytes(record))
    work.put(kept.SEALED, entry.passport_id, sealed)
    if at is None:
        here = canonical_bytes({"passport_id": entry.passport_id})
        work.put(kept.ADDRESS, f"{entry.gtin}/{entry.serial}", here)


def _kept(view: UnitOfWork, did: str) -> Mapping[str, Any]:
    found = kept.kept_operator(view, did)
    if found is None:
        raise Refused.of("copy.not-kept", operator=did[:200])
    return found


def _reasoned(act: Act) -> None:
    if not act.reason.strip() or not act.person.strip():
        raise Refused.of("copy.no-reason")


def _answers(world: World, did: str) -> bool:
    """Whether the operator's node can be reached: it publishes its keys."""
    try:
        world.did_resolver.resolve(did)
    except SaltbridgeError:
        return False
    return True
