"""The registry of product passports, as the operator's node speaks to it.

Implementing Regulation (EU) 2026/1778 (secondary, read 2026-11): the operator registers every
battery, up to a hundred in one file; the registry gives each a lasting id and, asked for it, a
proof that names the version and holds 90 days. No registry takes batteries yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

MOST_IN_A_FILE: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryEntry:
    """What is told of a passport (EN 18222, table 11), and the version it is told of."""

    product_id: str
    passport_id: str
    operator_id: str
    endpoint: str
    version_digest: str
    backup_operator_id: str = ""  # who keeps the back-up copy


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """What the registry answers for one passport."""

    passport_id: str
    registration_id: str
    proof: bytes


class PassportRegistry(Protocol):
    """A registry of passports."""

    @property
    def name(self) -> str:
        """How it is named to people and in records."""

    @property
    def simulated(self) -> bool:
        """Whether nobody outside of this machine hears of it."""

    def register(
        self, entries: Sequence[RegistryEntry], now: datetime
    ) -> Sequence[Registration]:
        """Register up to ``MOST_IN_A_FILE`` passports; the same one gets the same id again.

        Raises:
            Refused: one entry is faulty; then none of them is registered.
        """
