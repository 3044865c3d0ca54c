"""The circumstances of a release: from where, to whom, what for, under which terms, by whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

PUBLIC_AUDIENCE: Final = "public"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the bytes: a partner by its BPN, or everybody (``PUBLIC``)."""

    bpn: str
    name: str
    jurisdiction: str

    @property
    def is_public(self) -> bool:
        """Whether this is everybody."""
        return self.bpn == PUBLIC_AUDIENCE


PUBLIC: Final = Recipient(PUBLIC_AUDIENCE, PUBLIC_AUDIENCE, "*")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms a partner is bound to: an agreement, or the offer it has to accept first.

    Released bytes wait in the store; the data plane hands them out under an agreement only,
    so that an offer is enough to prepare them.
    """

    id: str
    kind: str  # offer | agreement
    recipients: tuple[str, ...]
    purposes: tuple[str, ...]
    starts: datetime
    ends: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Whether the terms hold at that time."""
        return self.starts <= at and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes to the very bytes of that digest (``sha256:<hex>``), in one role.

    ``person_id`` tells persons apart, ``name`` is for readers.
    """

    person_id: str
    role: str
    digest: str
    at: datetime
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Everything a border decision depends on besides the field itself.

    ``counters`` are the yearly counters of personal records that already left
    (``{"year", "persons", "sensitive_persons"}``), or None where they could not be read.
    ``person`` names who proposed it, ``person_id`` is their account, where there is one.
    """

    decision_id: str
    origin: str
    destination: str
    recipient: Recipient
    purpose: str
    agreement: Terms | None
    at: datetime
    counters: Mapping[str, int] | None
    person: str
    person_id: str = ""
    approvals: tuple[Approval, ...] = ()
    zone: str = ""  # the free-trade zone the node is registered in, if any

    def __post_init__(self) -> None:
        if not self.decision_id:
            raise ValueError("a decision needs an id")
        if self.at.tzinfo is None:
            raise ValueError("the time of a decision needs its zone")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What pseudonyms and commitments are keyed with; never printed, never released."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < 32:
            raise ValueError("the key of the border room has at least 32 bytes")
