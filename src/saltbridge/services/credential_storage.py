"""Takes in what an issuer sends: credentials we asked for, refusals, offers.

DCP 1.0.1, "Storage API" and "Credential Offer API", read 2026-11-28. Only an issuer of the
node's settings is listened to, and it is known to be one before anything is fetched for it. A
delivery names the request it answers; delivering again (a renewal) replaces.
"""

import logging
from typing import Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.formats import dcp
from saltbridge.ports import World
from saltbridge.steps.credential_check import genuine_credential, issuer_document
from saltbridge.steps.identity import is_trusted
from saltbridge.steps.own_credentials import OFFER, REQUEST, keep_own
from saltbridge.steps.records import document
from saltbridge.steps.used_tokens import use_up
from saltbridge.trust.did import KeyUse, iso
from saltbridge.trust.self_issued import check, stated_caller
from saltbridge.trust.suites import NotVerified

_log: Final = logging.getLogger(__name__)


def take_credentials(world: World, token: str, content: bytes) -> None:
    """Keep the credentials of a CredentialMessage, all or none; or note the refusal.

    Raises:
        NotVerified: not of a trusted issuer, or a credential does not hold.
        FaultyInput: no such message, or it answers no request of ours.
        Unavailable: the issuer's DID document cannot be fetched now.
    """
    issuer = _issuer(world, token)
    message = dcp.parse_credentials(content)
    try:
        checked = []
        for container in message.credentials:
            credential, _ = genuine_credential(world, container.jwt, world.node.did)
            if credential.issuer != issuer or container.type not in credential.types:
                raise FaultyInput.of("identity.message-faulty", member="credentials")
            checked.append((container.jwt, credential))
    except SaltbridgeError as fault:
        _log.warning("delivered credential refused", extra={"code": fault.findings[0].code})
        raise
    with world.store.unit_of_work() as work:
        request = document(work, REQUEST, message.holder_pid)
        if request is None or request["issuer"] != issuer:
            raise FaultyInput.of("identity.request-unknown", pid=message.holder_pid[:80])
        told = {"status": message.status, "reason": message.reason}
        told |= {"issuer_pid": message.issuer_pid, "answered_at": iso(world.clock.now())}
        work.put(REQUEST, message.holder_pid, canonical_bytes({**request, **told}))
        for jwt, credential in checked:
            keep_own(work, world, jwt, credential, message.issuer_pid)


def take_offer(world: World, token: str, content: bytes) -> None:
    """Keep what an issuer offers, for a person to ask for; the newest offer of each issuer.

    Raises:
        As ``take_credentials``.
    """
    caller = _issuer(world, token)
    issuer, offered = dcp.parse_offer(content)
    if issuer != caller:
        raise FaultyInput.of("identity.message-faulty", member="issuer")
    body = {
        "issuer": issuer,
        "at": iso(world.clock.now()),
        "credentials": [
            {"id": o.id, "type": o.type, "profile": o.profile, "reason": o.reason}
            for o in offered
        ],
    }
    with world.store.unit_of_work() as work:
        work.put(OFFER, issuer, canonical_bytes(body))


def _issuer(world: World, token: str) -> str:
    """The trusted issuer whose token this is; it is used up.

    Raises:
        NotVerified: not a trusted issuer, or not its token.
    """
    try:
        did = stated_caller(token)
        if not is_trusted(world, did):
            raise NotVerified.of("identity.issuer-untrusted", issuer=did[:200], type="?")
        owner = issuer_document(world, did)
        now = world.clock.now()
        caller = check(
            token, called=world.node.did, did_document=owner, now=now, use=KeyUse.CAPABILITY
        )
        use_up(world, caller, now)
    except NotVerified as fault:
        _log.warning("message of an issuer refused", extra={"code": fault.findings[0].code})
        raise
    return caller.did
