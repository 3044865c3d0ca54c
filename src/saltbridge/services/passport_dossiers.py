"""A whole passport goes to the operator who answers for it now, or who makes the next battery.

The giving side looks at the events that both signed: whoever answers for the passport by now
may have all of it and serves it from then on; whoever it was handed to for a second life may
have it to build on. Restricted parts stay in this node's jurisdiction, as with grants: abroad
they go through the exchange, where the border room decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file
from saltbridge.formats.passport_dossier import render_dossier
from saltbridge.passport.grants import Grantee, GranteeKind
from saltbridge.passport.lifecycle_rules import SECOND_LIFE
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.log import logged_claim_file
from saltbridge.steps.passport_access_log import Access, keep_accesses
from saltbridge.steps.passport_dossier import dossier_of
from saltbridge.steps.passport_events import HANDED_OVER, kept_events, life_of, taken_over
from saltbridge.steps.passport_events import RECORD as EVENT
from saltbridge.steps.passport_fetch import (
    PATH,
    SECOND,
    TRANSFER,
    fetched,
    keep_received,
    partner_named,
    stays_at_home,
    unwilling,
)
from saltbridge.steps.passport_reading import newest_number
from saltbridge.steps.passport_taken_in import take_in
from saltbridge.steps.records import document, every
from saltbridge.steps.release import sign_claim
from saltbridge.steps.speak import address_of, ask
from saltbridge.trust.claims import PassportCopy, PassportReceipt, SignedClaim, verify
from saltbridge.trust.did import iso
from saltbridge.trust.suites import NotVerified

GIVEN: Final = "passport-dossier"  # record: the newest claim that this node gave about it
RECEIPT: Final = "passport-receipt"  # record: that the new operator's node has it


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A passport that this node has now."""

    passport_id: str
    serial: str
    versions: int
    events: int
    measurements: int  # batches
    source: str  # DID of who had it before


def give(world: World, partner: Partner, passport_id: str) -> bytes:
    """The passport with a signed claim about it, for a partner who is entitled to it.

    Raises:
        Refused: there is no such passport, the partner is not entitled to it, or is abroad.
    """
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        passport = document(work, "passport", passport_id)
        purpose = "" if passport is None else _entitled(work, world, passport, partner)
        if passport is None or not purpose:
            raise Refused.of("handover.not-yours", passport=passport_id[:80])
        stays_at_home(world, partner)
        content = render_dossier(dossier_of(work, world, passport))
        claim_id = world.identifiers.urn_uuid()
        told = {
            "kind": "passport-dossier",
            "passport_id": passport_id,
            "to": partner.did,
            "for": purpose,
            "digest": digest(content),
        }
        claim = sign_claim(world, PassportCopy, told, now, id=claim_id)
        file = logged_claim_file(world, work, claim, claim_id)
        keep_accesses(world, work, [_access(passport, partner)])
        if passport["status"] != HANDED_OVER:
            work.put(GIVEN, passport_id, canonical_bytes(_given(claim, passport, told, work)))
    return canonical_bytes({"claim": read_json(file), "dossier": read_json(content)})


def _entitled(
    view: UnitOfWork, world: World, passport: Mapping[str, Any], partner: Partner
) -> str:
    """What the partner may have the passport for by the events both signed; empty: nothing."""
    if life_of(view, world, passport).operator == partner.did != world.node.did:
        return TRANSFER
    for kept in kept_events(view, str(passport["id"])):
        content = kept["content"]
        if content["to"] == partner.did and content["event"] in SECOND_LIFE:
            return SECOND
    return ""


def _access(passport: Mapping[str, Any], partner: Partner) -> Access:
    return Access(
        reader=Grantee(GranteeKind.PARTNER, partner.did, partner.name),
        audience="operator",
        purposes=("operator",),
        grants=(),
        passport=str(passport["id"]),
        version=newest_number(passport),
        points=(2, 3, 4),
        endpoint="dossier",
        use="download",
    )


def _given(
    claim: SignedClaim, passport: Mapping[str, Any], told: Mapping[str, str], work: UnitOfWork
) -> dict[str, Any]:
    """What was given, so that a receipt is known to be about the passport as it stands."""
    events = sum(1 for _ in kept_events(work, str(passport["id"])))
    state = {"version": newest_number(passport), "events": events}
    return {"claim": claim.digest, "to": told["to"], "for": told["for"], **state}


def confirm(world: World, partner: Partner, passport_id: str, content: bytes) -> None:
    """The new operator has the passport: from now on this node leads on to it.

    Raises:
        FaultyInput: not a receipt.
        NotVerified: the partner did not sign it.
        Refused: it is about something else, or the passport changed in between.
        Unavailable: the partner's keys cannot be fetched now.
    """
    now = world.clock.now()
    file = parse_claim_file(content)
    told = _receipt(world, partner, file)
    with world.store.unit_of_work() as work:
        passport = document(work, "passport", passport_id)
        given = document(work, GIVEN, passport_id)
        if passport is None or given is None or given["to"] != partner.did:
            raise Refused.of("handover.not-yours", passport=passport_id[:80])
        if passport["status"] == HANDED_OVER:
            return  # told twice: the answer to the first one was lost
        events = sum(1 for _ in kept_events(work, passport_id))
        state = (given["version"], given["events"], given["claim"], given["for"])
        if state != (newest_number(passport), events, told["of"], TRANSFER):
            raise Refused.of("handover.moved-on", passport=passport_id)
        receipt = canonical_bytes(read_json(content))
        work.put(RECEIPT, passport_id, receipt)
        work.append_leaf("passport.receipt", passport_id, receipt)
        body = canonical_bytes(
            {
                **passport,
                "status": HANDED_OVER,
                "served_by": partner.did,
                "served_at": address_of(world, partner),
                "changed_at": iso(now),
            }
        )
        work.put("passport", passport_id, body)
        work.append_leaf("passport.handed-over", passport_id, body)


def _receipt(world: World, partner: Partner, file: ClaimFile) -> Mapping[str, Any]:
    if not isinstance(file.claim, PassportReceipt):
        raise NotVerified.of(
            "trust.unexpected-type",
            found=file.claim.type.value,
            due=PassportReceipt.type.value,
        )
    return verify(file.claim, world.did_resolver.resolve(partner.did)).content


def take_over(world: World, passport_id: str, source: str = "", person: str = "") -> TakenOver:
    """Fetch a passport that this operator answers for by now, check it, and serve it from here.

    The node that had it is told last, before anything is committed: if it does not agree,
    nothing has changed here; if this node fails after that, asking again brings it anew.

    Raises:
        Refused: nothing signed says that this operator answers for it, the other node does not
            give it, or what came does not hold together.
        NotVerified: a signature in it does not hold.
        Unavailable: the other node, or an operator's keys, cannot be reached now.
    """
    with world.store.reading() as view:
        life = taken_over(view, passport_id)
        if life is None or life.operator != world.node.did:
            raise Refused.of("handover.nothing-signed", passport=passport_id[:80])
        first, *_ = kept_events(view, passport_id)
    partner = partner_named(world, source or str(first["content"]["operator"]))
    now = world.clock.now()
    file, checked = fetched(world, partner, passport_id, TRANSFER)
    with world.store.unit_of_work() as work:
        record = take_in(world, work, checked, source=partner.did, person=person, now=now)
        keep_received(work, passport_id, partner, file)
        id = world.identifiers.urn_uuid()
        told = {"kind": "passport-dossier-receipt", "of": file.claim.digest}
        receipt = sign_claim(world, PassportReceipt, told, now, id=id)
        sent = logged_claim_file(world, work, receipt, id)
        _tell(world, partner, passport_id, sent)
    return TakenOver(
        passport_id,
        str(record["serial"]),
        len(checked.dossier.versions),
        len(checked.dossier.events),
        len(checked.dossier.measurements),
        partner.did,
    )


def waiting(world: World) -> list[str]:
    """The passports that this operator answers for by now and that other nodes still have."""
    with world.store.reading() as view:
        ids = dict.fromkeys(str(r.id).rpartition("#")[0] for r in every(view, EVENT))
        here = view.get_many("passport", list(ids))
        found = [(id, taken_over(view, id)) for id in ids if id not in here]
    own = world.node.did
    return [id for id, life in found if life and life.operator == own and not life.ceased_on]


def _tell(world: World, partner: Partner, passport_id: str, receipt: bytes) -> None:
    url = f"{address_of(world, partner)}{PATH}/{passport_id}/receipt"
    answer = ask(world, partner, "POST", url, receipt, limit_bytes=100_000)
    if answer.status != 204:
        raise unwilling(partner, answer.status)
