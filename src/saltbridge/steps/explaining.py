"""The explanation of a process that failed, kept beside it: ours or the partner's doing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.finding import Finding
from saltbridge.exchange.explanation import Point, Verdict, point_of, point_record
from saltbridge.exchange.model import Negotiation, Refusal, Role, Transfer
from saltbridge.exchange.whose_move import whose_move
from saltbridge.ports import Partner, UnitOfWork
from saltbridge.steps.records import document

KIND: Final = "explanation"
_ENDED: Final = "TERMINATED"
_SHOWN: Final = 400
# What a point of these says concerns what one side knows of the other: the peer, who holds the
# policy, is told which term it was and no more.
_PRIVATE: Final = ("policy.membership-", "policy.framework-", "policy.bpn-", "policy.group-")


class By(StrEnum):
    """Who ended it."""

    US = "us"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a process failed, and who ended it."""

    by: By
    points: tuple[Point, ...]


def explain(work: UnitOfWork, process: Negotiation | Transfer, points: Iterable[Point]) -> None:
    """Keep why we end a process."""
    _keep(work, process.pid, By.US, points)


def explain_partners(
    work: UnitOfWork, process: Negotiation | Transfer, points: Iterable[Point]
) -> None:
    """Keep why the other side ended a process, where we know more than it said."""
    _keep(work, process.pid, By.PARTNER, points)


def explain_refusal(
    work: UnitOfWork, process: Negotiation | Transfer, refusal: Refusal
) -> Refusal:
    """Keep a refusal as the explanation; returns it."""
    explain(work, process, [point_for(refusal)])
    return refusal


def explain_lost(
    work: UnitOfWork, process: Negotiation | Transfer, partner: Partner, lost: Finding
) -> Refusal:
    """Keep that what the partner showed counts no more, and why; returns what it is told."""
    again = Refusal("exchange.show-again", {"partner": partner.name})
    why = Point(Verdict.FAILED, lost.code, lost.arguments, Role.CONSUMER)
    explain(work, process, [point_for(again), why])
    return again


def point_for(refusal: Refusal) -> Point:
    """A refusal as a point that failed."""
    return Point(Verdict.FAILED, refusal.code, refusal.arguments, whose_move(refusal.code))


def told_to_peer(points: Iterable[Point]) -> Refusal:
    """What the peer is told of points that failed: the first one, or only which terms.

    What one side knows of the other stays here.
    """
    failed = [p for p in points if p.verdict is Verdict.FAILED]
    private = [p for p in failed if p.code.startswith(_PRIVATE)]
    if not private:
        return Refusal(failed[0].code, failed[0].arguments)
    operands = dict.fromkeys(str(p.arguments["operand"]) for p in private)
    return Refusal("policy.not-met", {"operands": ", ".join(operands)})


def explained(view: UnitOfWork, pid: str) -> Explanation | None:
    """Why the process of that pid failed; None where it did not, or nobody said."""
    found = document(view, KIND, pid)
    if found is None:
        return None
    return Explanation(By(found["by"]), tuple(point_of(p) for p in found["points"]))


def see_that_it_is_explained(
    work: UnitOfWork, pid: str, before: Mapping[str, Any], record: Mapping[str, Any]
) -> None:
    """Keep at least what the process holds of its end, if it has just ended unexplained."""
    by_us = record["outgoing"] == _ENDED
    if by_us is (record["state"] == _ENDED):
        return  # it goes on
    if before.get("state") == _ENDED or before.get("outgoing") == _ENDED:
        return  # it had ended before
    if document(work, KIND, pid) is not None and by_us:
        return
    code = record["refusal"]["code"]
    reason = "; ".join(record["refusal"]["reason"])[:_SHOWN] or "–"
    told = {"code": code[:_SHOWN] or "–", "reason": reason}
    name = "exchange.ended-by-us" if by_us else "exchange.ended-by-partner"
    point = Point(Verdict.FAILED, name, told, whose_move(code))
    _keep(work, pid, By.US if by_us else By.PARTNER, [point])


def _keep(work: UnitOfWork, pid: str, by: By, points: Iterable[Point]) -> None:
    body = {"by": str(by), "points": [point_record(p) for p in points]}
    work.put(KIND, pid, canonical_bytes(body))
