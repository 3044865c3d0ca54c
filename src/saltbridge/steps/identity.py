"""How this node signs in, and whom it believes about others: settings read in one place."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from saltbridge.ports import Partner, World
from saltbridge.trust.access_token import access_token
from saltbridge.trust.scope import scope_of
from saltbridge.trust.self_issued import self_issued_token

CREDENTIAL_SERVICE_PATH: Final = "/dcp"
KEPT_SECONDS: Final = 120  # the default of credentials.kept_seconds
_EVERY_TYPE: Final = "*"


class IdentityMode(StrEnum):
    """By what a caller is known (setting ``identity``)."""

    DID = "did"  # a token of its own key, its DID entered by hand
    DCP = "dcp"  # the same, and credentials that a trusted issuer gave it


def mode_of(world: World) -> IdentityMode:
    """By what this node knows its callers, and how it signs in with others."""
    return IdentityMode(world.settings.get("identity") or IdentityMode.DID)


def trusted_issuers(world: World) -> Mapping[str, Collection[str]]:
    """Types of credentials by the DID of the issuer that is believed about them."""
    table = world.settings.get("credentials") or {}
    return dict(table.get("trusted_issuers") or {})


def is_trusted(world: World, issuer: str, type: str = "") -> bool:
    """Whether an issuer is believed: about this type, or about any."""
    types = trusted_issuers(world).get(issuer)
    if types is None:
        return False
    return not type or _EVERY_TYPE in types or type in types


def kept_for(world: World) -> timedelta:
    """How long a checked presentation may stand at most; nothing of it holds longer anyway."""
    table: Mapping[str, Any] = world.settings.get("credentials") or {}
    return timedelta(seconds=int(table.get("kept_seconds", KEPT_SECONDS)))


def token_for(world: World, partner: Partner) -> str:
    """The token with which this node signs in with a partner, for one call.

    With ``identity = "dcp"`` it carries an access token for our credential service: only this
    partner may use it, for minutes, for the credentials the dataspace asks for.
    """
    access = access_for(world, partner.did) if mode_of(world) is IdentityMode.DCP else ""
    return sign_in_token(world, partner.did, access)


def access_for(world: World, bearer: str) -> str:
    """An access token of our credential service for whoever this DID is."""
    profile = world.credential_profile
    return access_token(
        owner=world.node.did,
        bearer=bearer,
        scopes=[scope_of(profile.alias, type) for type in profile.required],
        jti=world.identifiers.urn_uuid(),
        now=world.clock.now(),
        signer=world.keyring.signer(),
    )


def sign_in_token(world: World, called: str, access: str = "") -> str:
    """A self-issued ID token of this node for the called one, with an access token inside."""
    return self_issued_token(
        caller=world.node.did,
        called=called,
        jti=world.identifiers.urn_uuid(),
        now=world.clock.now(),
        signer=world.keyring.signer(),
        access_token=access,
    )
