"""People, roles, and which role may do what: one table, read by every face of the node."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is at this node. One person may hold several roles."""

    OPERATOR = "operator"  # accounts, publishes, issues
    APPROVER = "approver"  # lets trade secrets go, together with a second one
    COMPLIANCE_OFFICER = "compliance-officer"  # rule packs, official lists, retention
    VERIFIER = "verifier"  # notified body or auditor of footprints: reads the model, signs
    AUDITOR = "auditor"  # reads decisions, manifests and the log
    VIEWER = "viewer"  # reads the overview


class Act(StrEnum):
    """What can be done at a node by a person."""

    READ_OVERVIEW = "read-overview"
    READ_DECISIONS = "read-decisions"
    READ_MODEL = "read-model"
    PUBLISH = "publish"
    APPROVE = "approve"
    LOAD_RULES = "load-rules"
    SIGN_VERIFICATION = "sign-verification"
    MANAGE_PEOPLE = "manage-people"
    GRANT_PASSPORTS = "grant-passports"  # who may look at restricted points of passports


MAY: Final[Mapping[Role, frozenset[Act]]] = {
    Role.OPERATOR: frozenset(
        {
            Act.READ_OVERVIEW,
            Act.READ_DECISIONS,
            Act.READ_MODEL,
            Act.PUBLISH,
            Act.MANAGE_PEOPLE,
            Act.GRANT_PASSPORTS,
        }
    ),
    Role.APPROVER: frozenset({Act.READ_OVERVIEW, Act.READ_DECISIONS, Act.APPROVE}),
    Role.COMPLIANCE_OFFICER: frozenset(
        {Act.READ_OVERVIEW, Act.READ_DECISIONS, Act.APPROVE, Act.LOAD_RULES}
    ),
    Role.VERIFIER: frozenset({Act.READ_MODEL, Act.SIGN_VERIFICATION}),
    Role.AUDITOR: frozenset({Act.READ_OVERVIEW, Act.READ_DECISIONS}),
    Role.VIEWER: frozenset({Act.READ_OVERVIEW}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was recognised. ``id`` never changes and is never given to another."""

    id: str
    name: str
    roles: frozenset[Role]

    def may(self, act: Act) -> bool:
        """Whether one of the person's roles lets it do this."""
        return any(act in MAY[role] for role in self.roles)
