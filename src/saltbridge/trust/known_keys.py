"""The keys a node knows as its own: what each is for, its public half and its life."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class KeyRole(StrEnum):
    """What a node has a key for."""

    CLAIMS = "claims"  # claims and signing in: ES256
    LOG = "log"  # checkpoints of the log: Ed25519
    ARCHIVE = "archive"  # seals over the log's history: ML-DSA-65
    PARALLEL = "parallel"  # second signatures of claims that go to China: SM2


ROLE_OF_SUITE: Final[Mapping[str, KeyRole]] = {
    "ES256": KeyRole.CLAIMS,
    "Ed25519": KeyRole.LOG,
    "ML-DSA-65": KeyRole.ARCHIVE,
    "SM2": KeyRole.PARALLEL,
}


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key of this node, past or present, by its public half.

    ``token_label`` names it in a hardware module; its private half is a file otherwise.
    """

    name: str  # the fragment of its id: key-1
    role: KeyRole
    suite: str
    jwk: Mapping[str, str]
    created: datetime | None = None
    expires: datetime | None = None
    revoked: datetime | None = None
    reason: str = ""
    token_label: str = ""

    @property
    def in_force(self) -> bool:
        """Whether it signs today."""
        return self.expires is None and self.revoked is None
