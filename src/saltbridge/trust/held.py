"""Which credentials a caller was shown to hold: the input for access and usage policies.

A value, made by whoever checked a presentation; nothing here checks a signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.core.finding import Finding
from saltbridge.trust.did import from_iso, iso
from saltbridge.trust.scope import TRACTUS_X_TYPE

MEMBERSHIP: Final = "MembershipCredential"
BPN: Final = "BpnCredential"
GOVERNANCE: Final = "DataExchangeGovernanceCredential"
_ENDING: Final = "Credential"


@dataclass(frozen=True, slots=True)
class CredentialProfile:
    """What a dataspace asks of whoever calls: these types, by scopes of this alias.

    ``bpn_from`` names the type whose subject says the business partner number; empty where
    the dataspace has none. ``fixes_kinds``: its types say what CX-0050 has them say.
    """

    id: str
    alias: str
    required: tuple[str, ...]
    bpn_from: str = ""
    fixes_kinds: bool = False


# CX-0050 v2.2.1; the scopes are those Tractus-X asks for by default (secondary).
CATENA_X: Final = CredentialProfile(
    "catena-x",
    TRACTUS_X_TYPE,
    (MEMBERSHIP, BPN, GOVERNANCE),
    bpn_from=BPN,
    fixes_kinds=True,
)


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """One credential of a caller, as far as policies ask. ``jwt``: as it was shown."""

    type: str
    issuer: str
    subject: Mapping[str, Any]
    expires: datetime
    id: str = ""
    jwt: str = ""


@dataclass(frozen=True, slots=True)
class HeldCredentials:
    """What a caller was shown to hold.

    ``until``: when it has to be asked again, which is before any of them or of their statuses
    ends. ``fault``: what has ended it since; then nothing of it counts.
    """

    holder: str
    credentials: tuple[HeldCredential, ...]
    checked_at: datetime
    until: datetime
    fault: Finding | None = None

    def of(self, type: str) -> HeldCredential | None:
        """The credential of that type, or None."""
        return next((c for c in self.credentials if c.type == type), None)

    @property
    def is_member(self) -> bool:
        """Whether it holds a membership of the dataspace (operand ``Membership``)."""
        return self.of(MEMBERSHIP) is not None

    @property
    def bpn(self) -> str:
        """The business partner number its credential says; empty without one."""
        held = self.of(BPN)
        return str(held.subject.get("bpn", "")) if held else ""

    @property
    def frameworks(self) -> frozenset[str]:
        """Framework agreements it signed, as policies write them (operand
        ``FrameworkAgreement``): ``DataExchangeGovernance:1.0``."""
        return frozenset(
            f"{c.type.removesuffix(_ENDING)}:{c.subject['contractVersion']}"
            for c in self.credentials
            if c.type.endswith(_ENDING) and isinstance(c.subject.get("contractVersion"), str)
        )


def held_record(held: HeldCredentials) -> dict[str, Any]:
    """As it is stored."""
    return {
        "holder": held.holder,
        "checked_at": iso(held.checked_at),
        "until": iso(held.until),
        "credentials": [
            {
                "type": c.type,
                "issuer": c.issuer,
                "subject": dict(c.subject),
                "expires": iso(c.expires),
                "id": c.id,
                "jwt": c.jwt,
            }
            for c in held.credentials
        ],
        "fault": None if held.fault is None else _told(held.fault),
    }


def held_of(record: Mapping[str, Any]) -> HeldCredentials:
    """From its record."""
    return HeldCredentials(
        record["holder"],
        tuple(
            HeldCredential(
                c["type"],
                c["issuer"],
                c["subject"],
                from_iso(c["expires"]),
                c["id"],
                c.get("jwt", ""),
            )
            for c in record["credentials"]
        ),
        from_iso(record["checked_at"]),
        from_iso(record["until"]),
        _finding(record.get("fault")),
    )


def _told(fault: Finding) -> dict[str, Any]:
    return {"code": fault.code, "arguments": dict(fault.arguments)}


def _finding(told: Mapping[str, Any] | None) -> Finding | None:
    return None if told is None else Finding(told["code"], told["arguments"])
