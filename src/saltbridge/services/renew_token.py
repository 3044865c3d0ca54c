"""A token of the data plane in the place of another: RFC 6749, section 6, as CX-0018 has it.

Who asks shows a token signed with its own key, which names the token it had. Source: CX-0018
section 2.2.1 as transcribed in careful secondary notes. Read: 2026-11; confidence: secondary.
"""

from saltbridge.core.errors import FaultyInput
from saltbridge.ports import World
from saltbridge.steps.data_tokens import Issued
from saltbridge.steps.data_tokens import renew as renewed
from saltbridge.steps.identity import IdentityMode, mode_of
from saltbridge.steps.processes import keep_process
from saltbridge.steps.used_tokens import use_up
from saltbridge.trust.did import KeyUse, parse_did_document
from saltbridge.trust.self_issued import check, stated_caller
from saltbridge.trust.suites import NotVerified


def renew_token(world: World, sign_in: str, refresh: str) -> Issued | None:
    """Another token; None where nothing was granted under this refresh token, or no more.

    Raises:
        NotVerified: the caller is no partner, or its token is not its own, or was used before.
        Unavailable: the caller's DID document cannot be fetched now.
    """
    did = stated_caller(sign_in)
    partner = next((p for p in world.node.partners if p.did == did), None)
    if partner is None:
        raise NotVerified.of("exchange.not-a-partner", did=did[:200])
    try:
        owner = parse_did_document(world.did_resolver.resolve(did), did=did, name=did)
    except FaultyInput as fault:
        raise NotVerified(fault.findings) from fault
    dcp = mode_of(world) is IdentityMode.DCP
    use = KeyUse.CAPABILITY if dcp else KeyUse.AUTHENTICATION
    now = world.clock.now()
    caller = check(sign_in, called=world.node.did, did_document=owner, now=now, use=use)
    use_up(world, caller, now)
    with world.store.unit_of_work() as work:
        found = renewed(world, work, partner, refresh, caller.access_token)
        if found is None:
            return None
        transfer, issued = found
        keep_process(work, transfer)
        return issued
