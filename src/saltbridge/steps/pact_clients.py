"""Companies that read our footprints over PACT, and their tokens: kept as digests only."""

from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Final

from saltbridge.border.context import Terms
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.exchange.policy import PURPOSE_PCF
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.records import document, every
from saltbridge.trust.did import from_iso, iso

CLIENT: Final = "pact-client"
TOKEN: Final = "pact-token"  # noqa: S105
TOKEN_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Client:
    """A client: the partner behind it, and the contract under which it reads."""

    id: str
    bpn: str
    contract: str
    since: str

    def terms(self) -> Terms:
        """The contract as the border room asks for it."""
        return Terms(
            self.contract, "agreement", (self.bpn,), (PURPOSE_PCF,), from_iso(self.since)
        )


def keep_client(
    world: World, work: UnitOfWork, partner: Partner, contract: str
) -> tuple[str, str]:
    """A new client for a partner; its id and its secret, which is given out once."""
    id = world.identifiers.urn_uuid().removeprefix("urn:uuid:")
    secret = world.identifiers.token()
    body = canonical_bytes(
        {
            "id": id,
            "bpn": partner.bpn,
            "contract": contract,
            "since": iso(world.clock.now()),
            "secret": digest(secret.encode()),
            "ended": False,
        }
    )
    work.put(CLIENT, id, body, expected_version=0)
    work.append_leaf("pact.client", id, body)
    return id, secret


def client_of(view: UnitOfWork, id: str, secret: str) -> Client | None:
    """The client that shows this secret, or None. The secret has 256 bits: a digest will do."""
    kept = document(view, CLIENT, id)
    shown = digest(secret.encode())
    due = kept["secret"] if kept else digest(b"nobody's")
    same = compare_digest(shown, due)
    return _client(kept) if same and kept and not kept["ended"] else None


def client_for(view: UnitOfWork, bpn: str) -> Client | None:
    """The newest client of a partner that still may read, or None."""
    kept = [read_json(record.body) for record in every(view, CLIENT)]
    ours = [c for c in kept if c["bpn"] == bpn and not c["ended"]]
    return _client(max(ours, key=lambda c: str(c["since"]))) if ours else None


def issue_token(world: World, work: UnitOfWork, client: Client) -> str:
    """A new token of a client."""
    now = world.clock.now()
    work.forget(TOKEN, now - timedelta(days=1))
    token = world.identifiers.token()
    expires = iso(now + timedelta(seconds=TOKEN_SECONDS))
    body = {"client": client.id, "expires_at": expires}
    work.put(TOKEN, digest(token.encode()), canonical_bytes(body), expected_version=0)
    return token


def token_client(world: World, view: UnitOfWork, token: str) -> Client | None:
    """Whose token this is, if it holds and the client still may read."""
    kept = document(view, TOKEN, digest(token.encode()))
    if kept is None or world.clock.now() >= from_iso(kept["expires_at"]):
        return None
    client = document(view, CLIENT, kept["client"])
    return _client(client) if client and not client["ended"] else None


def _client(kept: dict[str, str]) -> Client:
    return Client(kept["id"], kept["bpn"], kept["contract"], kept["since"])
