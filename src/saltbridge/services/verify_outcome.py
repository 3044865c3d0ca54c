"""What the numbered checks of a saved file give, and what they are asked with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from saltbridge.core.finding import Argument

CLOCK_SKEW = timedelta(minutes=5)


class Outcome(StrEnum):
    """What one check gave."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"  # nothing speaks against it, and nothing here can show it


@dataclass(frozen=True, slots=True)
class Check:
    """One numbered check. ``code`` is a message id, as is ``verify.check.<name>``."""

    number: int
    name: str
    outcome: Outcome
    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """What the checks of one file gave."""

    claim_type: str
    id: str
    issuer: str
    issued_at: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()  # message ids: what the checks do not show

    @property
    def verdict(self) -> Outcome:
        """Failed if one check failed, else open if one is open, else passed."""
        outcomes = {c.outcome for c in self.checks}
        for worse in (Outcome.FAILED, Outcome.OPEN):
            if worse in outcomes:
                return worse
        return Outcome.PASSED


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """A file, the time, and the DID documents the reader trusts.

    ``anchors_complete`` says that nobody but the anchors may be the issuer: an issuer that is
    not among them then fails instead of staying open. ``stamps`` holds checkpoints (their
    signed texts) with the time at which a trusted authority saw them. ``verifiers`` are
    anchors for statements of verifiers alone; ``withdrawals`` are the claims by which some
    were taken back, by the statement's id.
    """

    content: bytes
    name: str
    now: datetime
    anchors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    anchors_complete: bool = False
    payload: bytes | None = None  # the bytes an export statement is about
    scanned: str = ""  # the address by which somebody came to a passport
    keeper: bytes | None = None  # what a keeper of copies last had of the issuer
    status_lists: Sequence[bytes] = ()  # tokens that say whether passports still hold
    stamps: Mapping[str, datetime] = field(default_factory=dict)
    verifiers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    withdrawals: Mapping[str, Sequence[str]] = field(default_factory=dict)
