"""A sign-in token is good once, also after a restart: the store remembers it."""

from datetime import datetime, timedelta
from typing import Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.ports import StaleWrite, World
from saltbridge.trust.did import iso
from saltbridge.trust.self_issued import REPLAYABLE_FOR, SignedIn
from saltbridge.trust.suites import NotVerified

KIND: Final = "sign-in"
_FORGOTTEN: Final = "sign-ins forgotten"
_EVERY: Final = timedelta(minutes=1)


def use_up(world: World, caller: SignedIn, now: datetime) -> None:
    """Remember a token, so that it is good once: also after a restart, as the store keeps it.

    Raises:
        NotVerified: it was used before.
    """
    key = digest(f"{caller.did} {caller.jti}".encode())
    try:
        with world.store.unit_of_work() as work:
            if world.kept.get(_FORGOTTEN, now) is None:
                work.forget(KIND, now - REPLAYABLE_FOR)
                world.kept.keep(_FORGOTTEN, True, now + _EVERY)
            work.put(
                KIND,
                key,
                canonical_bytes({"expires": iso(caller.expires)}),
                expected_version=0,
            )
    except StaleWrite as fault:
        raise NotVerified.of("trust.token-replayed", jti=caller.jti[:80]) from fault
