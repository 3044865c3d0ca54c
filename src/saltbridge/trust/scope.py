"""Scopes of the credential service: ``<alias>:<type or id>:read``.

DCP 1.0.1, "Scopes", read 2026-11-28: the alias names how credentials are meant; by type and by
id must be known under ``org.eclipse.dspace.dcp``. Tractus-X asks by type under an alias of its
own and with the operation behind (secondary).
"""

from dataclasses import dataclass
from typing import Final

from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import Credential

DCP_TYPE: Final = "org.eclipse.dspace.dcp.vc.type"
DCP_ID: Final = "org.eclipse.dspace.dcp.vc.id"
TRACTUS_X_TYPE: Final = "org.eclipse.tractusx.vc.type"
_BY_TYPE: Final = frozenset({DCP_TYPE, TRACTUS_X_TYPE})
_READ: Final = ":read"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which credentials are meant."""

    by_id: bool
    name: str

    def covers(self, credential: Credential) -> bool:
        """Whether the credential is meant."""
        if self.by_id:
            return self.name in (credential.id, credential.body.get("id"))
        return self.name in credential.types


def scope_of(alias: str, type: str) -> str:
    """The scope that asks to read a type.

    >>> scope_of(TRACTUS_X_TYPE, "BpnCredential")
    'org.eclipse.tractusx.vc.type:BpnCredential:read'
    """
    return f"{alias}:{type}{_READ}"


def parse_scope(text: str) -> Scope:
    """What a scope means.

    Raises:
        NotVerified: an alias we do not know, or another operation than reading.

    >>> parse_scope("org.eclipse.dspace.dcp.vc.type:MembershipCredential").name
    'MembershipCredential'
    """
    alias, _, name = text.partition(":")
    name = name.removesuffix(_READ)
    by_id = alias == DCP_ID
    type_is_bare = name and ":" not in name
    if not name or len(text) > 500 or not (by_id or (alias in _BY_TYPE and type_is_bare)):
        raise NotVerified.of("identity.scope-unknown", scope=text[:200])
    return Scope(by_id, name)
