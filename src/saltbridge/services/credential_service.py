"""Our credential service answers a verifier: a presentation of what its token opens.

DCP 1.0.1, "Resolution API", read 2026-11-28. Whoever asks brings the access token that we gave
it, so that no DID is resolved for a stranger. What it may not have is left out of the answer,
as the specification wants.
"""

import logging
from typing import Any, Final

from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.formats import dcp
from saltbridge.ports import World
from saltbridge.steps.own_credentials import OwnCredential, in_force, own_credentials
from saltbridge.steps.used_tokens import use_up
from saltbridge.trust.access_token import check_access
from saltbridge.trust.did import KeyUse, parse_did_document
from saltbridge.trust.presentation import sign_presentation
from saltbridge.trust.scope import parse_scope
from saltbridge.trust.self_issued import check, stated_access_token, stated_caller
from saltbridge.trust.suites import NotVerified

_PROFILES: Final = dcp.PROFILES
_log = logging.getLogger(__name__)


def answer_query(world: World, token: str, content: bytes) -> dict[str, Any]:
    """The PresentationResponseMessage for a verifier; its token is used up.

    Raises:
        NotVerified: the token is not the verifier's own, or opens nothing here.
        FaultyInput: no query, or one with scopes we do not know.
        Unsupported: a presentation definition.
        Unavailable: the verifier's DID document cannot be fetched now.
    """
    try:
        verifier, granted = _verifier(world, token)
        asked = [parse_scope(text) for text in dcp.parse_query(content)]
    except NotVerified as fault:
        _log.warning("presentation query refused", extra={"code": fault.findings[0].code})
        if fault.findings[0].code == "identity.scope-unknown":
            raise FaultyInput(fault.findings) from fault
        raise
    opened = [parse_scope(text) for text in granted]
    with world.store.reading() as view:
        held = in_force(own_credentials(view), world.clock.now())
    shown = [
        own
        for own in held
        if any(s.covers(own.credential) for s in asked)
        and any(s.covers(own.credential) for s in opened)
    ]
    return dcp.render_response(_presentations(world, verifier, shown))


def _verifier(world: World, token: str) -> tuple[str, tuple[str, ...]]:
    """Who asks and what our access token opens to it: first that, then its own signature."""
    did, now = stated_caller(token), world.clock.now()
    grant = check_access(
        stated_access_token(token),
        own_document=world.keyring.did_document(),
        bearer=did,
        now=now,
    )
    try:
        document = parse_did_document(world.did_resolver.resolve(did), did=did, name=did)
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault
    caller = check(
        token,
        called=world.node.did,
        did_document=document,
        now=world.clock.now(),
        use=KeyUse.CAPABILITY,
    )
    use_up(world, caller, world.clock.now())
    return caller.did, grant.scopes


def _presentations(world: World, verifier: str, shown: list[OwnCredential]) -> list[str]:
    """One presentation for each profile of which something is shown."""
    signed = []
    for profile in _PROFILES:
        of_profile = [own.jwt for own in shown if own.credential.profile == profile]
        if of_profile:
            signed.append(
                sign_presentation(
                    of_profile,
                    profile=profile,
                    holder=world.node.did,
                    verifier=verifier,
                    jti=world.identifiers.urn_uuid(),
                    now=world.clock.now(),
                    signer=world.keyring.signer(),
                )
            )
    return signed


def refusal_status(fault: SaltbridgeError) -> int:
    """The HTTP status for a query that is not answered; nothing else is told."""
    if isinstance(fault, dcp.Unsupported):
        return 501
    if isinstance(fault, NotVerified):
        return 401
    return 400 if isinstance(fault, FaultyInput) else 503
