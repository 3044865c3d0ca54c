"""Who calls: a self-issued token of a configured partner, good once."""

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.ports import Partner, StaleWrite, World
from saltbridge.trust.did import iso
from saltbridge.trust.self_issued import REPLAYABLE_FOR, check, stated_caller
from saltbridge.trust.suites import NotVerified


def signed_in(world: World, token: str) -> Partner:
    """The partner whose token this is; from now on the token is used up.

    A DID that is no partner's is refused before anything is fetched for it.

    Raises:
        NotVerified: not a partner, not its token, not for us, too old, or used before.
        Unavailable: the partner's DID document cannot be fetched now.
    """
    did = stated_caller(token)
    partner = next((p for p in world.node.partners if p.did == did), None)
    if partner is None:
        raise NotVerified.of("exchange.not-a-partner", did=did[:200])
    did_document = world.did_resolver.resolve(did)
    now = world.clock.now()  # after the fetching, which may take its time
    caller = check(token, called=world.node.did, did_document=did_document, now=now)
    key = digest(f"{caller.did} {caller.jti}".encode())
    try:
        with world.store.unit_of_work() as work:
            work.forget("sign-in", now - REPLAYABLE_FOR)
            work.put(
                "sign-in",
                key,
                canonical_bytes({"expires": iso(caller.expires)}),
                expected_version=0,
            )
    except StaleWrite as fault:
        raise NotVerified.of("trust.token-replayed", jti=caller.jti[:80]) from fault
    return partner
