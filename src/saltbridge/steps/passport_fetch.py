"""Fetching a whole passport from the partner who has it, and checking it before it is used."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.core.finding import finding
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file, render_claim_file
from saltbridge.formats.passport_dossier import MOST_BYTES, parse_dossier
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.passport_dossier_check import CheckedDossier, checked_dossier
from saltbridge.steps.speak import address_of, ask
from saltbridge.trust.claims import PassportCopy, verify
from saltbridge.trust.suites import NotVerified

RECEIVED: Final = "passport-dossier-received"  # record: who gave it, and the claim
TRANSFER: Final = "responsibility-transfer"  # what a dossier is given for
SECOND: Final = "second-life"
PATH: Final = "/passport-dossiers"
_SECONDS: Final = 30.0


def partner_named(world: World, did: str) -> Partner:
    """The partner with this DID.

    Raises:
        Refused: nobody of that name is entered as a partner.
    """
    partner = world.node.partner(did)
    if partner is None:
        raise Refused.of("lifecycle.no-partner", did=did[:200])
    return partner


def stays_at_home(world: World, partner: Partner) -> None:
    """Whole passports hold restricted parts: they go to partners in our jurisdiction only.

    Raises:
        Refused: the partner is in another one.
    """
    if partner.jurisdiction != world.node.jurisdiction:
        raise Refused.of(
            "handover.abroad",
            partner=partner.name,
            theirs=partner.jurisdiction,
            ours=world.node.jurisdiction,
        )


def fetched(
    world: World, partner: Partner, passport_id: str, purpose: str
) -> tuple[ClaimFile, CheckedDossier]:
    """The signed claim about a dossier, and the dossier, checked.

    Raises:
        Refused: the partner does not give it, or it does not hold together.
        NotVerified: it is not what the partner signed, or a signature in it does not hold.
        FaultyInput: it cannot be read.
        Unavailable: the partner, or an operator's keys, cannot be reached now.
    """
    url = f"{address_of(world, partner)}{PATH}/{passport_id}"
    answer = ask(
        world, partner, "GET", url, limit_bytes=2 * MOST_BYTES, timeout_seconds=_SECONDS
    )
    if answer.status != 200:
        raise unwilling(partner, answer.status)
    told = read_json(answer.content, partner.did)
    if not isinstance(told, dict) or told.keys() != {"claim", "dossier"}:
        raise Unavailable.of("handover.refused", partner=partner.name, status=answer.status)
    content = canonical_bytes(told["dossier"])
    file = parse_claim_file(canonical_bytes(told["claim"]), partner.did)
    if not isinstance(file.claim, PassportCopy):
        raise NotVerified.of(
            "trust.unexpected-type", found=file.claim.type.value, due=PassportCopy.type.value
        )
    stated = verify(file.claim, world.did_resolver.resolve(partner.did)).content
    due = {
        "kind": "passport-dossier",
        "passport_id": passport_id,
        "to": world.node.did,
        "for": purpose,
        "digest": digest(content),
    }
    if dict(stated) != due:
        raise NotVerified.of("handover.other-dossier", partner=partner.name)
    dossier = parse_dossier(content, partner.did)
    if dossier.passport_id != passport_id:
        raise NotVerified.of("handover.other-dossier", partner=partner.name)
    checked = checked_dossier(dossier, lambda did: keys_of(world, did), world.clock.now())
    return file, checked


def keys_of(world: World, did: str) -> Mapping[str, Any]:
    """The keys of an operator: this node's own, or those of a partner as it publishes them."""
    if did == world.node.did:
        return world.keyring.did_document()
    return world.did_resolver.resolve(partner_named(world, did).did)


def keep_received(
    work: UnitOfWork, passport_id: str, partner: Partner, file: ClaimFile
) -> None:
    """Keep the partner's signed claim about a dossier that was taken in, with a leaf."""
    claim = read_json(render_claim_file(file.claim, file.did_document, log=file.log))
    body = canonical_bytes({"source": partner.did, "claim": claim})
    work.put(RECEIVED, passport_id, body)
    work.append_leaf("passport.dossier-received", passport_id, body)


def unwilling(partner: Partner, status: int) -> Refused | Unavailable:
    """What another status than the one hoped for means: a node that cannot answer now is
    asked again, any other does not want to."""
    told = finding("handover.refused", partner=partner.name, status=status)
    return Unavailable([told]) if status >= 500 else Refused([told])
