"""What a node knows about its OpenID provider, and which roles a claim of it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from saltbridge.accounts.model import Role


@dataclass(frozen=True, kw_only=True)
class Provider:
    """``[settings.oidc]``. Without ``roles_claim`` people and roles are those of the node."""

    issuer: str
    client_id: str
    label: str
    client_secret: str = field(default="", repr=False)
    roles_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)

    def roles_in(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        """The roles that the claims stand for; values nobody mapped stand for none.

        >>> p = Provider(issuer="i", client_id="c", label="", roles_claim="groups",
        ...              roles={"Audit": "auditor", "Boss": "everything"})
        >>> sorted(p.roles_in({"groups": ["Audit", "Boss", "Choir"]}))
        [<Role.AUDITOR: 'auditor'>]
        """
        stated = claims.get(self.roles_claim)
        values = [stated] if isinstance(stated, str) else stated
        named = [self.roles.get(v, "") for v in values or () if isinstance(v, str)]
        return frozenset(Role(role) for role in named if role in frozenset(Role))


def provider_of(settings: Mapping[str, Any], client_secret: str = "") -> Provider | None:
    """The provider that the settings name, or None."""
    table = settings.get("oidc", {})
    issuer, client_id = table.get("issuer", ""), table.get("client_id", "")
    if not issuer or not client_id:
        return None
    return Provider(
        issuer=issuer,
        client_id=client_id,
        label=table.get("label", "") or issuer.partition("://")[2].partition("/")[0],
        client_secret=client_secret,
        roles_claim=table.get("roles_claim", ""),
        roles=table.get("roles", {}),
    )
