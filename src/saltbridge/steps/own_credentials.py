"""The credentials this node holds about itself: kept, listed, chosen for a verifier.

A newer credential of a type by the same issuer takes the place of the older, whose version
stays in the store.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import every
from saltbridge.trust.did import from_iso, iso
from saltbridge.trust.verifiable_credential import Credential

KIND: Final = "own-credential"
REQUEST: Final = "credential-request"
OFFER: Final = "credential-offer"


@dataclass(frozen=True, slots=True)
class OwnCredential:
    """A credential of this node, as it was received, with what it says."""

    jwt: str
    credential: Credential
    received_at: datetime


def keep_own(
    work: UnitOfWork, world: World, jwt: str, credential: Credential, came_by: str
) -> None:
    """Keep a credential that was checked. ``came_by``: issuer's pid, or the name of a file."""
    body = canonical_bytes(
        {
            "jwt": jwt,
            "id": credential.id,
            "types": list(credential.types),
            "issuer": credential.issuer,
            "subject": dict(credential.subject),
            "expires": iso(credential.expires),
            "statuses": [dict(s) for s in credential.statuses],
            "profile": credential.profile,
            "body": dict(credential.body),
            "came_by": came_by,
            "received_at": iso(world.clock.now()),
        }
    )
    id = f"{credential.type} {credential.issuer}"
    work.put(KIND, id, body)
    work.append_leaf("identity.credential-kept", id, body)


def own_credentials(view: UnitOfWork) -> list[OwnCredential]:
    """Every credential this node holds, expired ones too."""
    return [_own_of(read_json(record.body)) for record in every(view, KIND)]


def _own_of(record: Mapping[str, Any]) -> OwnCredential:
    statuses = tuple(record["statuses"])
    credential = Credential(
        record["id"],
        tuple(record["types"]),
        record["issuer"],
        record["subject"],
        from_iso(record["expires"]),
        statuses[0] if statuses else {},
        statuses,
        record["profile"],
        record["body"],
    )
    return OwnCredential(record["jwt"], credential, from_iso(record["received_at"]))


def in_force(held: Iterable[OwnCredential], now: datetime) -> list[OwnCredential]:
    """Those that have not ended."""
    return [own for own in held if own.credential.expires > now]
