"""What others know this node by: its DID document as they see it, and its credentials."""

from collections.abc import Iterable

from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable
from saltbridge.exchange.checkup import (
    US,
    Check,
    State,
    certificate_points,
    checked,
    fault,
    not_made,
)
from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.ports import World
from saltbridge.steps.credential_check import checked_credential
from saltbridge.steps.own_credentials import OwnCredential, in_force, own_credentials
from saltbridge.steps.own_side import points_of
from saltbridge.trust.did import DidDocument, KeyUse, iso, parse_did_document
from saltbridge.trust.suites import NotVerified

_USES = (KeyUse.AUTHENTICATION, KeyUse.CAPABILITY)


def own_identity_check(world: World, *, served: bool) -> Check:
    """Whether others find this node's DID document, with the key it signs in by."""
    if not served:
        return not_made("own-identity", "callback")
    did = world.node.did
    try:
        document = parse_did_document(world.did_resolver.resolve(did), did=did, name=did)
    except Unavailable as error:
        found = error.findings[0]
        if found.code == "http.address-forbidden":
            untold = Point(Verdict.NOTED, "doctor.callback-untold", {"address": did})
            return Check("own-identity", State.UNKNOWN, (untold,))
        if found.code in ("http.unreachable", "http.too-slow"):  # from inside, perhaps
            return not_made("own-identity", "callback")
        told = certificate_points(points_of(error, US), world.clock.now())
        return checked("own-identity", told)
    except FaultyInput as error:
        return checked("own-identity", points_of(error, US))
    return checked("own-identity", _key_points(world, document))


def _key_points(world: World, document: DidDocument) -> Iterable[Point]:
    signer = world.keyring.signer()
    key = next((key for key in document.keys if key.id == signer.key_id), None)
    if key is None or not set(_USES) & set(key.uses):
        yield fault("doctor.own-key-missing", US, did=document.id, key=signer.key_id)


def own_credentials_check(world: World) -> Check:
    """Whether this node holds every credential that callers have to show, none taken back."""
    now = world.clock.now()
    with world.store.reading() as view:
        held = own_credentials(view)
    there = {own.credential.type: own for own in in_force(held, now)}
    ended = {own.credential.type: own for own in held}
    points: list[Point] = []
    for type in world.credential_profile.required:
        if type in there:
            points += _holding(world, there[type])
        elif type in ended:
            at = iso(ended[type].credential.expires)
            points.append(fault("doctor.credential-ended", US, type=type, at=at))
        else:
            points.append(fault("doctor.credential-missing", US, type=type))
    return checked("credentials", points)


def _holding(world: World, own: OwnCredential) -> Iterable[Point]:
    """What a verifier would find against it: a fault only if its issuer took it back."""
    try:
        checked_credential(world, own.jwt, world.node.did)
    except SaltbridgeError as error:
        found = error.findings[0]
        back = found.code == "identity.credential-revoked" and isinstance(error, NotVerified)
        verdict = Verdict.FAILED if back else Verdict.NOTED
        yield Point(verdict, found.code, found.arguments, US)
