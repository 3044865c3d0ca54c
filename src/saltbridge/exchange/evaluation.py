"""Whether a policy is met: term by term, with what was offered, what was needed, whose move.

The provider judges who asks; the consumer judges, with the same function, itself and the
offer. Most terms bind by contract: no connector can check them, and by CX-0152 they count as
met; they are listed as such.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.exchange.explanation import Judgement, Point, Verdict
from saltbridge.exchange.model import Json, Role
from saltbridge.exchange.operands import OPERANDS, Where, whole_number
from saltbridge.exchange.policy_check import faults_of, fits
from saltbridge.exchange.policy_reading import Term, read_policy
from saltbridge.exchange.standing import Standing

_SHOWN: Final = 160


@dataclass(frozen=True, slots=True)
class _Facts:
    standing: Standing
    purposes: Collection[str] | None
    now: datetime


def judge_usage(
    policy: Json, standing: Standing, now: datetime, purposes: Collection[str] | None = None
) -> Judgement:
    """How a usage policy fits a consumer who would take the data now.

    ``purposes`` are the uses the consumer has, where they are known: the policy has to allow
    one of them.
    """
    return _judge(policy, _Facts(standing, purposes, now), Where.PERMISSION)


def judge_access(policy: Json, standing: Standing, now: datetime) -> Judgement:
    """Whether an access policy shows the offer to a caller. Closed: a faulty one to nobody."""
    return _judge(policy, _Facts(standing, None, now), Where.ACCESS)


def _judge(policy: Json, facts: _Facts, wanted: Where) -> Judgement:
    read = read_policy(policy)
    points = list(faults_of(read, wanted))
    faulty = {p.place for p in points if p.verdict is Verdict.FAILED}
    for rule in read.rules:
        if not fits(rule, wanted):
            continue
        for term in rule.terms:
            if term.pointer not in faulty and term.left in OPERANDS:
                points.append(_judge_term(term, facts))
    return Judgement(tuple(points))


def _judge_term(term: Term, facts: _Facts) -> Point:
    if term.where in (Where.ACCESS, Where.PERMISSION, Where.OBLIGATION):
        rule = _RULES.get(term.left)
        if rule is not None:
            return rule(term, facts)
    return _point(Verdict.CONTRACTUAL, "policy.contractual", term)


def _membership(term: Term, facts: _Facts) -> Point:
    if facts.standing.member is None:
        return _point(Verdict.VOUCHED, "policy.vouched", term)
    if facts.standing.member:
        return _point(Verdict.MET, "policy.met", term)
    return _point(
        Verdict.FAILED,
        "policy.membership-missing",
        term,
        Role.CONSUMER,
        found="–",
        needed="MembershipCredential",
        bpn=facts.standing.bpn,
    )


def _framework(term: Term, facts: _Facts) -> Point:
    if facts.standing.frameworks is None:
        return _point(Verdict.VOUCHED, "policy.vouched", term)
    if term.right in facts.standing.frameworks:
        return _point(Verdict.MET, "policy.met", term)
    return _point(
        Verdict.FAILED,
        "policy.framework-missing",
        term,
        Role.CONSUMER,
        found=_shown(sorted(facts.standing.frameworks)),
        needed=_shown(term.right),
        bpn=facts.standing.bpn,
    )


def _number(term: Term, facts: _Facts) -> Point:
    named = facts.standing.bpn in term.right
    if named is (term.operator == "isAnyOf"):
        return _point(Verdict.MET, "policy.met", term)
    return _point(
        Verdict.FAILED,
        "policy.bpn-not-named" if not named else "policy.bpn-excluded",
        term,
        Role.PROVIDER,
        found=facts.standing.bpn,
    )


def _group(term: Term, facts: _Facts) -> Point:
    groups = facts.standing.groups
    if groups is None:
        return _point(Verdict.CONTRACTUAL, "policy.contractual", term)
    inside = bool(groups & set(term.right))
    if inside is (term.operator == "isAnyOf"):
        return _point(Verdict.MET, "policy.met", term)
    return _point(
        Verdict.FAILED,
        "policy.group-without" if not inside else "policy.group-excluded",
        term,
        Role.PROVIDER,
        found=_shown(sorted(groups)),
        bpn=facts.standing.bpn,
    )


def _purpose(term: Term, facts: _Facts) -> Point:
    if facts.purposes is None:
        return _point(Verdict.CONTRACTUAL, "policy.contractual", term)
    if set(term.right) & set(facts.purposes):
        return _point(Verdict.MET, "policy.met", term)
    return _point(
        Verdict.FAILED,
        "exchange.purpose-not-ours",
        term,
        Role.PROVIDER,
        purposes=_shown(term.right),
        needed=_shown(sorted(facts.purposes)),
    )


def _end_date(term: Term, facts: _Facts) -> Point:
    return _end(term, facts, datetime.fromisoformat(term.right) <= facts.now)


def _end_days(term: Term, facts: _Facts) -> Point:
    return _end(term, facts, whole_number(term.right) == 0)


def _end(term: Term, facts: _Facts, over: bool) -> Point:
    if not over:
        return _point(Verdict.TRACKED, "policy.tracked", term)
    return _point(
        Verdict.FAILED,
        "policy.end-passed",
        term,
        Role.PROVIDER,
        found=facts.now.isoformat(timespec="seconds"),
    )


_RULES: Final[Mapping[str, Callable[[Term, _Facts], Point]]] = {
    "Membership": _membership,
    "FrameworkAgreement": _framework,
    "BusinessPartnerNumber": _number,
    "BusinessPartnerGroup": _group,
    "UsagePurpose": _purpose,
    "DataUsageEndDate": _end_date,
    "DataUsageEndDurationDays": _end_days,
    "DataUsageEndDefinition": lambda term, facts: _end(term, facts, over=False),
    "DataProvisioningEndDate": _end_date,
    "DataProvisioningEndDurationDays": _end_days,
}


def _point(
    verdict: Verdict, code: str, term: Term, who: Role | None = None, **more: str
) -> Point:
    arguments = {"operand": term.left, "operator": term.operator, "offered": _shown(term.right)}
    return Point(verdict, code, {**arguments, **more}, who, term.pointer)


def _shown(value: Any) -> str:
    listed = value if isinstance(value, list) else [value]
    return ", ".join(str(entry) for entry in listed)[:_SHOWN] or "–"
