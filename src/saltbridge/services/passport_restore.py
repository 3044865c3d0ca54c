"""Passports come back from the back-up copy: to their operator, or to who steps in for it.

The provider hands out what it keeps to the operator, to the successor a person named, and, to
be opened with a key of its own, to an authority. Whoever restores opens the sealed part with
the key the operator kept elsewhere, and checks everything once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.formats.passport_copies import batch_of, parse_entry
from saltbridge.formats.passport_dossier import parse_dossier
from saltbridge.passport.grants import Grantee, GranteeKind
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps import passport_copies as kept
from saltbridge.steps.passport_access_log import Access, keep_accesses
from saltbridge.steps.passport_dossier_check import checked_dossier
from saltbridge.steps.passport_fetch import keys_of, partner_named, unwilling
from saltbridge.steps.passport_public_check import Documents
from saltbridge.steps.passport_taken_in import take_in
from saltbridge.steps.records import document, every
from saltbridge.steps.speak import address_of, ask
from saltbridge.trust.claims import PassportCopy, stated_issuer, verify
from saltbridge.trust.did import iso
from saltbridge.trust.sealed import opened
from saltbridge.trust.suites import NotVerified

PATH: Final = "/passport-copies"
PAGE: Final = 200
_MOST: Final = 60_000_000
_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and what was here already."""

    restored: tuple[str, ...]  # serial numbers
    here: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoreRequest:
    """From whom, whose passports, with which key; ``reason`` where this is not the operator."""

    provider: str  # DID
    operator: str  # DID
    key: Mapping[str, Any]
    person: str = ""
    reason: str = ""


# --- at the provider ------------------------------------------------------------------------


def listed_for(world: World, partner: Partner, operator: str, after: str) -> bytes:
    """Ids of the copies of an operator, a page of them, for who may have them back.

    Raises:
        Refused: nothing is kept, or not for this partner.
    """
    with world.store.reading() as view:
        record = _entitled(view, partner, operator)
        found: list[str] = []
        for stored in every(view, kept.COPY):
            copy = read_json(stored.body)
            if stored.id > after and copy["operator"] == operator:
                found.append(stored.id)
            if len(found) == PAGE:
                break
    return canonical_bytes({"ids": found, "did_document": record["did_document"]})


def hand_back(world: World, partner: Partner, operator: str, passport_id: str) -> bytes:
    """One copy with its sealed part, for who may have it back; recorded as an access.

    Raises:
        Refused: nothing is kept, or not for this partner.
    """
    with world.store.unit_of_work() as work:
        _entitled(work, partner, operator)
        copy, sent = _copy(work, operator, passport_id)
        reader = Grantee(GranteeKind.PARTNER, partner.did, partner.name)
        keep_accesses(world, work, [_access(copy, reader, "restore")])
    return sent


def hand_out(world: World, operator: str, passport_id: str, to: str, person: str) -> bytes:
    """The sealed part of a copy for an authority, which opens it with a key of its own.

    Raises:
        Refused: nothing is kept, or nobody is named as the one who asks.
    """
    if not to.strip() or not person.strip():
        raise Refused.of("copy.no-reason")
    with world.store.unit_of_work() as work:
        copy, sent = _copy(work, operator, passport_id)
        reader = Grantee(GranteeKind.PERSON, person, to)
        keep_accesses(world, work, [_access(copy, reader, "sealed")])
    return sent


def _entitled(view: UnitOfWork, partner: Partner, operator: str) -> Mapping[str, Any]:
    record = kept.kept_operator(view, operator)
    if record is None or partner.did not in (record["did"], record["successor"]):
        raise Refused.of("copy.not-kept", operator=operator[:200])
    return record


def _copy(view: UnitOfWork, operator: str, id: str) -> tuple[Mapping[str, Any], bytes]:
    copy = document(view, kept.COPY, id)
    sent = None if copy is None else kept.copy_as_sent(view, copy)
    if copy is None or sent is None or copy["operator"] != operator:
        raise Refused.of("copy.not-kept", operator=operator[:200])
    return copy, sent


def _access(copy: Mapping[str, Any], reader: Grantee, endpoint: str) -> Access:
    return Access(
        reader=reader,
        audience="operator",
        purposes=("operator",),
        grants=(),
        passport=str(copy["passport_id"]),
        version=len(copy["versions"]),
        points=(2, 3, 4),
        endpoint=endpoint,
        use="download",
    )


# --- at who restores ------------------------------------------------------------------------


def restore(world: World, request: RestoreRequest) -> Restored:
    """Bring back every passport of the copy that is not here yet; goes on where it broke off.

    Each passport is whole or not at all. Where this node is not the operator, it steps in for
    one that is gone: from then on it answers for the passports, and says so in their history.

    Raises:
        Refused: the provider does not hand them out, the key is another one, or a passport
            does not hold together.
        NotVerified: a signature does not hold.
        Unavailable: the provider cannot be reached now; what came back stays.
    """
    partner = partner_named(world, request.provider)
    if request.operator != world.node.did and not request.reason.strip():
        raise Refused.of("copy.no-reason")
    done: list[str] = []
    here, after = 0, ""
    while True:
        told = _asked(world, partner, request.operator, f"?after={quote(after, safe='')}")
        if not told["ids"]:
            return Restored(tuple(done), here)
        for id in told["ids"]:
            with world.store.reading() as view:
                known = view.get("passport", id) is not None
            if known:
                here += 1
            else:
                done.append(_restored(world, partner, request, str(id), told["did_document"]))
        after = str(told["ids"][-1])


def open_sealed(
    content: bytes, key: Mapping[str, Any], documents: Documents | None = None
) -> bytes:
    """The dossier in a copy as it was handed out, for the holder of the key.

    That the operator sent exactly this is checked under ``documents``, or, without them,
    under the document that came with it.

    Raises:
        FaultyInput: not a copy, or not a key.
        NotVerified: the operator's claim is about something else.
        Refused: sealed for others, or changed since.
    """
    told = read_json(content)
    if not isinstance(told, dict) or told.keys() != {"claim", "entry"}:
        raise FaultyInput.of("copy.member", member="/")
    entry, file = parse_entry(told["entry"]), parse_claim_file(canonical_bytes(told["claim"]))
    if not isinstance(file.claim, PassportCopy):
        raise NotVerified.of("copy.other-parts")
    issuer = stated_issuer(file.claim)
    keys = file.did_document if documents is None else documents(issuer)
    batch = batch_of(verify(file.claim, keys).content)
    if batch.passports.get(entry.passport_id) != entry.digest:
        raise NotVerified.of("copy.other-parts")
    return opened(entry.sealed, key)


def _asked(world: World, partner: Partner, operator: str, rest: str) -> Any:
    url = f"{address_of(world, partner)}{PATH}/of/{quote(operator, safe='')}{rest}"
    answer = ask(world, partner, "GET", url, limit_bytes=_MOST, timeout_seconds=_SECONDS)
    if answer.status != 200:
        raise unwilling(partner, answer.status)
    return read_json(answer.content, partner.did)


def _restored(
    world: World,
    partner: Partner,
    request: RestoreRequest,
    id: str,
    kept_document: Mapping[str, Any] | None,
) -> str:
    """Take in one passport; its serial number."""
    told, now = _asked(world, partner, request.operator, f"/{id}"), world.clock.now()

    def documents(did: str) -> Mapping[str, Any]:
        """Keys of an operator; of the one that is gone, those the provider saw."""
        if did == request.operator != world.node.did:
            return _of_the_gone(world, did, kept_document)
        return keys_of(world, did)

    content = open_sealed(canonical_bytes(told), request.key, documents)
    dossier = parse_dossier(content, partner.did)
    if dossier.passport_id != id:
        raise NotVerified.of("copy.other-parts")
    checked = checked_dossier(dossier, documents, now)
    if request.operator != world.node.did and checked.life.operator == request.operator:
        stepped_in = _succession(world, request, checked.life.events, now)
        checked = replace(
            checked,
            dossier=replace(dossier, succession=stepped_in),
            life=replace(checked.life, operator=world.node.did),
        )
    with world.store.unit_of_work() as work:
        record = take_in(
            world, work, checked, source=partner.did, person=request.person, now=now
        )
    return str(record["serial"])


def _succession(
    world: World, request: RestoreRequest, events: int, now: datetime
) -> dict[str, Any]:
    return {
        "operator": world.node.did,
        "after_events": events,
        "for": request.operator,
        "by_copy_of": request.provider,
        "at": iso(now),
        "person": request.person,
        "reason": request.reason,
    }


def _of_the_gone(
    world: World, did: str, kept_document: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    try:
        return keys_of(world, did)
    except SaltbridgeError:
        if kept_document is None or kept_document.get("id") != did:
            raise
        return kept_document
