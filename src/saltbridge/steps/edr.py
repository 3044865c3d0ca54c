"""Where and with which token a partner's interface is asked: kept while it may be used."""

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.address import may_pull_from
from saltbridge.exchange.model import DataAddress, Transfer
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.trust.did import from_iso, iso

KIND: Final = "edr"
_PURPOSE: Final = "endpoint data reference"
_USUAL: Final = timedelta(seconds=300)  # CX-0018: the life of a token that names none
_FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Edr:
    """An endpoint and the token that opens it."""

    endpoint: str
    token: str


def keep_edr(world: World, work: UnitOfWork, transfer: Transfer, address: DataAddress) -> bool:
    """Keep what the provider's start message said, sealed where this node can seal.

    False where it may not be pulled from there: then nothing is kept.
    """
    partner = world.node.partner(transfer.counterparty)
    if partner is None or not may_pull_from(address.endpoint, partner.dsp_url):
        return False
    now = world.clock.now()
    work.forget(KIND, now - _FORGOTTEN_AFTER)
    lifetime = address.expires_in_seconds
    token = address.token.encode()
    sealed = world.keyring.seal(token, _PURPOSE) if world.keyring.protected else token
    body = {
        "transfer_id": transfer.pid,
        "agreement_id": transfer.agreement_id,
        "provider": transfer.counterparty,
        "endpoint": address.endpoint,
        "sealed": world.keyring.protected,
        "token": base64.b64encode(sealed).decode("ascii"),
        "expires_at": iso(now + (_USUAL if lifetime is None else timedelta(seconds=lifetime))),
    }
    work.put(KIND, transfer.pid, canonical_bytes(body))
    return True


def kept_edr(world: World, view: UnitOfWork, transfer_id: str) -> Edr | None:
    """The endpoint of a transfer if its token lives; None where it has none now."""
    kept = document(view, KIND, transfer_id)
    if kept is None or world.clock.now() >= from_iso(kept["expires_at"]):
        return None
    token = base64.b64decode(kept["token"])
    if kept["sealed"]:
        token = world.keyring.unseal(token, _PURPOSE)
    return Edr(kept["endpoint"], token.decode())
