"""Until when an agreement lets data be provided, and be used.

Both last one year from the conclusion unless the policy says otherwise; when the use is
over, the agreement is, so nothing is provided any more [1].

[1] ``$comment`` of CX-0152's framework-agreement, data-provisioning-end and data-usage-end
    constraint schemas (CC BY 4.0). Read: 2026-11-28, in the schemas themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from saltbridge.exchange.model import Agreement
from saltbridge.exchange.operands import OPERANDS, PROVISIONING_END, USAGE_END, whole_number
from saltbridge.exchange.policy_reading import Term, read_policy

_A_YEAR: Final = 365  # days
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Ends:
    """When an agreement was concluded and what ends when.

    ``used_until`` None: the use is not limited. ``provided_by`` and ``used_by`` name the
    operand that says so; empty: the year of the framework agreement.
    """

    concluded: datetime
    provided_until: datetime
    used_until: datetime | None
    provided_by: str = ""
    used_by: str = ""
    kept_after: bool = False  # ContractTermination lets the consumer keep the data

    def let_provide(self, at: datetime) -> bool:
        """Whether data may be provided at that time.

        Five minutes are allowed for clocks that differ.
        """
        return self.concluded <= at + _CLOCKS_DIFFER and at < self.provided_until


def ends_of(agreement: Agreement) -> Ends | None:
    """The ends of an agreement; None where nobody can tell when it was concluded."""
    try:
        concluded = datetime.fromisoformat(agreement.timestamp)
    except ValueError:
        return None
    if concluded.tzinfo is None:
        return None
    terms = [t for rule in read_policy(agreement.policy).rules for t in rule.terms]
    unlimited = any(t.left == "DataUsageEndDefinition" for t in terms)
    used, used_by = _earliest(terms, USAGE_END, concluded)
    if used is None and not unlimited:
        used = _after(concluded, _A_YEAR)
    provided, provided_by = _earliest(terms, PROVISIONING_END, concluded)
    if provided is None:
        provided = _after(concluded, _A_YEAR)
    if used is not None and used < provided:
        provided, provided_by = used, used_by
    if unlimited and not used_by:
        used_by = "DataUsageEndDefinition"
    kept = any(
        t.left == "ContractTermination" and str(t.right).startswith("cx.data.keeping")
        for t in terms
    )
    return Ends(concluded, provided, used, provided_by, used_by, kept)


def in_force(agreement: Agreement, at: datetime) -> bool:
    """Whether data may be provided under the agreement at that time; see ``Ends``."""
    ends = ends_of(agreement)
    return ends is not None and ends.let_provide(at)


def not_begun(agreement: Agreement, at: datetime) -> bool:
    """Whether the agreement was concluded later than it is: somebody's clock is wrong."""
    ends = ends_of(agreement)
    return ends is not None and ends.concluded > at + _CLOCKS_DIFFER


def may_use(agreement: Agreement, at: datetime) -> bool:
    """Whether data received under the agreement may be used at that time."""
    ends = ends_of(agreement)
    if ends is None or at + _CLOCKS_DIFFER < ends.concluded:
        return False
    return ends.used_until is None or at < ends.used_until


def _earliest(
    terms: Iterable[Term], kind: str, concluded: datetime
) -> tuple[datetime | None, str]:
    found = sorted(_said(terms, kind, concluded))
    return found[0] if found else (None, "")


def _said(
    terms: Iterable[Term], kind: str, concluded: datetime
) -> Iterator[tuple[datetime, str]]:
    for term in terms:
        row = OPERANDS.get(term.left)
        if row is None or row.excludes != kind:
            continue
        days = whole_number(term.right)
        if term.left.endswith("DurationDays") and days is not None:
            yield _after(concluded, days), term.left
        elif term.left.endswith("Date") and isinstance(term.right, str):
            end = _moment(term.right)
            if end is not None:
                yield end, term.left


def _after(moment: datetime, days: int) -> datetime:
    """So many days later, or the end of all time."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
