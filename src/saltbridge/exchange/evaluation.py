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
    member, bpn = facts.standing.member, facts.standing.bpn
    if member is None:
        return _point(Verdict.VOUCHED, "policy.vouched", term)
    failed = _Failed("policy.membership-missing", Role.CONSUMER)
    return _met_or(term, member, failed, found="–", needed="MembershipCredential", bpn=bpn)


def _framework(term: Term, facts: _Facts) -> Point:
    frameworks, bpn = facts.standing.frameworks, facts.standing.bpn
    if frameworks is None:
        return _point(Verdict.VOUCHED, "policy.vouched", term)
    failed = _Failed("policy.framework-missing", Role.CONSUMER)
    shown = {"found": _shown(sorted(frameworks)), "needed": _shown(term.right)}
    return _met_or(term, term.right in frameworks, failed, **shown, bpn=bpn)


def _number(term: Term, facts: _Facts) -> Point:
    bpn = facts.standing.bpn
    return _among(
        term, bpn in term.right, "policy.bpn-not-named", "policy.bpn-excluded", found=bpn
    )


def _group(term: Term, facts: _Facts) -> Point:
    groups, bpn = facts.standing.groups, facts.standing.bpn
    if groups is None:
        return _point(Verdict.CONTRACTUAL, "policy.contractual", term)
    inside, found = bool(groups & set(term.right)), _shown(sorted(groups))
    return _among(
        term, inside, "policy.group-without", "policy.group-excluded", found=found, bpn=bpn
    )


def _purpose(term: Term, facts: _Facts) -> Point:
    if facts.purposes is None:
        return _point(Verdict.CONTRACTUAL, "policy.contractual", term)
    shown = {"purposes": _shown(term.right), "needed": _shown(sorted(facts.purposes))}
    allowed = bool(set(term.right) & set(facts.purposes))
    return _met_or(term, allowed, _Failed("exchange.purpose-not-ours", Role.PROVIDER), **shown)


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


@dataclass(frozen=True, slots=True)
class _Failed:
    """How it is called that a term is not met, and who has to change that."""

    code: str
    who: Role


def _among(term: Term, inside: bool, outside_code: str, inside_code: str, **more: str) -> Point:
    """A term that names whom it is for (``isAnyOf``) or whom it is not for (``isNoneOf``)."""
    failed = _Failed(inside_code if inside else outside_code, Role.PROVIDER)
    return _met_or(term, inside is (term.operator == "isAnyOf"), failed, **more)


def _met_or(term: Term, met: bool, failed: _Failed, **more: str) -> Point:
    """Met, or failed with what was found and what is needed."""
    if met:
        return _point(Verdict.MET, "policy.met", term)
    return _point(Verdict.FAILED, failed.code, term, failed.who, **more)


def _point(
    verdict: Verdict, code: str, term: Term, who: Role | None = None, **more: str
) -> Point:
    arguments = {"operand": term.left, "operator": term.operator, "offered": _shown(term.right)}
    return Point(verdict, code, {**arguments, **more}, who, term.pointer)


def _shown(value: Any) -> str:
    listed = value if isinstance(value, list) else [value]
    return ", ".join(str(entry) for entry in listed)[:_SHOWN] or "–"
