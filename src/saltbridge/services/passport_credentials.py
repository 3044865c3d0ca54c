"""A dismantler's credential opens passports by itself: checked, kept as evidence, bounded.

CX-0050 (v2.2.1) has the credential: who holds it (``holderIdentifier``, a BPN), for which
activity and vehicle brands. It counts where this node trusts its issuer, where the partner who
presents it is its holder, where its status list says it still holds, and where it allows a
brand the node says its batteries go into. What it opens is what the policy opens for a
recycler, until the credential or the policy ends it.

Nothing else in a credential is believed, and an issuer is trusted only until the next emergency
revocation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.passport.interest import Evidence, interests
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps import passport_grants as kept
from saltbridge.steps.passport_granting import Granted, GrantRequest, give_grant
from saltbridge.steps.people import require_act
from saltbridge.steps.records import document, every
from saltbridge.trust.credential_status import is_set, place_of
from saltbridge.trust.did import iso, parse_did_document
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import (
    MAX_CHARACTERS,
    Credential,
    check_credential,
    stated_issuer,
)

ISSUER: Final = "passport-issuer"
TYPE: Final = "DismantlerCredential"
ACTIVITY: Final = "vehicleDismantle"  # the value its issuers use; secondary: CX-0050 lists none
INTEREST: Final = "recycler"


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Whose dismantler credentials this node believes, with the keys it knew then."""

    did: str
    trusted_by: str
    trusted_at: str
    holds: bool


def trust_issuer(
    world: World, by: Person, did: str, did_document: Mapping[str, Any] | None = None
) -> None:
    """Believe the dismantler credentials of an issuer, until an emergency ends it.

    Raises:
        FaultyInput: the document is not that DID's, or has no key.
        Refused: ``by`` may not.
        Unavailable: the document cannot be fetched.
    """
    require_act(by, Act.GRANT_PASSPORTS)
    given = world.did_resolver.resolve(did) if did_document is None else did_document
    if not parse_did_document(given, did=did, name=did).keys:
        raise FaultyInput([finding("verification.no-key", Place(did), did=did[:200])])
    with world.store.unit_of_work() as work:
        _keep(work, did, given, by, iso(world.clock.now()), kept.epoch(work))


def distrust_issuer(world: World, by: Person, did: str) -> int:
    """Believe an issuer no longer; what its credentials opened ends. Returns how many grants.

    Raises:
        FaultyInput: no such issuer.
        Refused: ``by`` may not.
    """
    require_act(by, Act.GRANT_PASSPORTS)
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        record = document(work, ISSUER, did)
        if record is None or not record["epoch"]:
            raise FaultyInput.of("access.issuer-unknown", issuer=did[:200])
        _keep(work, did, record["did_document"], by, iso(now), 0)
        current, ended = kept.epoch(work), 0
        for grant in list(kept.all_grants(work)):
            rests_on_it = any(e.get("issuer") == did for e in grant.evidence)
            if rests_on_it and grant.holds(now.date(), current):
                taken = grant.revoked(by.name, iso(now), f"issuer no longer trusted: {did}")
                kept.keep_grant(work, taken, "passport.access-revoked")
                ended += 1
    return ended


def trusted_issuers(world: World, by: Person) -> list[TrustedIssuer]:
    """Every issuer that was ever trusted, and whether it is now.

    Raises:
        Refused: ``by`` may not.
    """
    require_act(by, Act.READ_OVERVIEW)
    with world.store.reading() as view:
        current = kept.epoch(view)
        records = [read_json(r.body) for r in every(view, ISSUER)]
    return [
        TrustedIssuer(r["did"], r["trusted_by"], r["trusted_at"], r["epoch"] == current)
        for r in records
    ]


def _keep(
    work: UnitOfWork, did: str, given: Mapping[str, Any], by: Person, at: str, epoch: int
) -> None:
    """Store whose credentials are believed; epoch 0 means: nobody's."""
    body = canonical_bytes(
        {
            "did": did,
            "did_document": dict(given),
            "trusted_by": by.name,
            "trusted_at": at,
            "epoch": epoch,
        }
    )
    work.put(ISSUER, did, body)
    work.append_leaf("passport.issuer-trusted" if epoch else "passport.issuer-ended", did, body)


def present(world: World, holder: Partner, jwt: str) -> Granted:
    """What the credential of a partner opens: a grant for that partner.

    The partner has signed in by its own key. Presenting the same credential again while its
    grant holds gives that grant.

    Raises:
        NotVerified: not its own, not of a trusted issuer, revoked, over, or of another kind.
        FaultyInput, Refused: the policy of the node does not let it in.
    """
    if len(jwt) > MAX_CHARACTERS:
        raise NotVerified.of("trust.malformed", reason="credential")
    with world.store.reading() as view:
        trusted = document(view, ISSUER, stated_issuer(jwt)[:300])
        if trusted is None or trusted["epoch"] != kept.epoch(view):
            raise NotVerified.of("access.issuer-unknown", issuer=stated_issuer(jwt)[:200])
    now = world.clock.now()
    credential = check_credential(jwt, did_document=trusted["did_document"], now=now)
    _check_content(world, holder, credential)
    _check_status(world, trusted["did_document"], credential)
    longest = now.date() + timedelta(days=interests(world.settings)[INTEREST].days)
    # The last whole day on which it holds.
    until = min((credential.expires - timedelta(days=1)).date(), longest)
    evidence = {
        "kind": Evidence.DISMANTLER_CREDENTIAL.value,
        "seen": credential.id,
        "issuer": credential.issuer,
        "digest": digest(jwt.encode("utf-8")),
    }
    request = GrantRequest(
        interest=INTEREST, partner=holder.did, until=until, evidence=[evidence]
    )
    with world.store.unit_of_work() as work:
        again = document(work, ISSUER, credential.issuer)
        current = kept.epoch(work)
        if again is None or again["epoch"] != current:
            raise NotVerified.of("access.issuer-unknown", issuer=credential.issuer[:200])
        for grant in kept.grants_for(work, f"partner:{holder.did}"):
            same = any(e.get("digest") == evidence["digest"] for e in grant.evidence)
            if same and grant.holds(now.date(), current):
                return Granted(grant)
            if same and grant.revoked_at:  # what a person took back, no credential gives again
                raise NotVerified.of("access.credential-revoked")
        return give_grant(world, work, credential.issuer, request)


def _check_content(world: World, holder: Partner, credential: Credential) -> None:
    """It is a dismantler's, the partner's own, and about brands of this node."""
    if TYPE not in credential.types:
        found = ", ".join(credential.types)[:200]
        raise NotVerified.of("access.credential-type", found=found, due=TYPE)
    subject = credential.subject
    if subject["id"] != holder.did or subject.get("holderIdentifier") != holder.bpn:
        found = f"{subject['id']} ({subject.get('holderIdentifier')})"
        raise NotVerified.of("access.credential-holder", found=found[:200])
    if subject.get("activityType") != ACTIVITY:
        found = str(subject.get("activityType"))[:80]
        raise NotVerified.of("access.credential-activity", found=found)
    allowed = subject.get("allowedVehicleBrands")
    own = (world.settings.get("passport_access") or {}).get("vehicle_brands") or ()
    brands = {str(b).casefold() for b in allowed} if isinstance(allowed, list) else set()
    if not brands & {brand.casefold() for brand in own}:
        raise NotVerified.of("access.credential-brands")


def _check_status(
    world: World, did_document: Mapping[str, Any], credential: Credential
) -> None:
    """The list of the same issuer says that it still holds; what cannot be told, does not."""
    address, index, purpose = place_of(credential.status)
    try:
        answer = world.http.send("GET", address, limit_bytes=2_000_000)
        if answer.status != 200:
            raise NotVerified.of("access.credential-status", reason=f"HTTP {answer.status}")
        text = answer.content.decode("ascii").strip()
        listed = check_credential(
            text, did_document=did_document, now=world.clock.now(), longest=2_000_000
        )
        revoked = is_set(listed.subject, index, purpose)
    except NotVerified:
        raise
    except (Unavailable, UnicodeDecodeError, SaltbridgeError) as fault:
        raise NotVerified.of("access.credential-status", reason=type(fault).__name__) from fault
    if revoked:
        raise NotVerified.of("access.credential-revoked")
