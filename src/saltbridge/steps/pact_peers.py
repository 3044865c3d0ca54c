"""Where a partner takes our PACT events, and as whom we sign in there."""

import base64
from dataclasses import dataclass
from typing import Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.records import document

PEER: Final = "pact-peer"
CALLBACK: Final = "pact.callback"
EVENT: Final = "pact-event"
_PURPOSE: Final = "client secret for PACT"


@dataclass(frozen=True, slots=True)
class Peer:
    """A partner's PACT host, and our client there.

    ``auth``: where tokens are had, if at another host; ``scope`` and ``audience``: what some
    hosts want to be told with the client.
    """

    url: str
    client: str
    secret: str
    auth: str = ""
    scope: str = ""
    audience: str = ""

    @property
    def token_host(self) -> str:
        """The one address that our secret goes to."""
        return self.auth or self.url


def keep_peer(world: World, work: UnitOfWork, partner: Partner, peer: Peer) -> None:
    """Keep where a partner's host is; the secret is sealed.

    Raises:
        Refused: this node has nothing to seal with.
    """
    sealed = base64.b64encode(world.keyring.seal(peer.secret.encode(), _PURPOSE))
    body = {
        "url": peer.url.rstrip("/"),
        "client": peer.client,
        "secret": sealed.decode("ascii"),
        "auth": peer.auth.rstrip("/"),
        "scope": peer.scope,
        "audience": peer.audience,
    }
    work.put(PEER, partner.bpn, canonical_bytes(body))


def peer_of(world: World, view: UnitOfWork, bpn: str) -> Peer | None:
    """A partner's host, or None where nobody entered it."""
    kept = document(view, PEER, bpn)
    if kept is None:
        return None
    secret = world.keyring.unseal(base64.b64decode(kept["secret"]), _PURPOSE).decode()
    more = (str(kept.get(name, "")) for name in ("auth", "scope", "audience"))
    return Peer(kept["url"], kept["client"], secret, *more)
