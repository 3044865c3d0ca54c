"""Whether a policy keeps to CX-0152: every fault at once, each for its author to repair.

Only ``and`` joins terms; each operand has its places, operators and values
(``operands``); ends exclude each other; a usage permission names the framework agreement
and a purpose. Source: dataspace rules of CX-0152 1.1.0 and 1.2.0, in careful secondary notes;
the operands were read in the official schemas. Read: 2026-11-28.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.exchange.model import Role
from saltbridge.exchange.operands import (
    OPERANDS,
    Kind,
    Operand,
    Where,
    known_value,
    whole_number,
)
from saltbridge.exchange.policy_reading import CX_2025_9, Edition, ReadPolicy, Rule, Term

FRAMEWORK: Final = "DataExchangeGovernance:1.0"
_SHOWN: Final = 160


def faults_of(policy: ReadPolicy, wanted: Where = Where.PERMISSION) -> Iterator[Point]:
    """What keeps a policy from being a usage policy; ``Where.ACCESS``: an access policy."""
    for pointer in policy.faults:
        yield _fault("policy.unreadable", pointer, pointer=pointer)
    if not any(rule.where in (Where.ACCESS, Where.PERMISSION) for rule in policy.rules):
        yield _fault("exchange.policy-without-permission", "/permission")
    for rule in policy.rules:
        yield from _rule_faults(rule, wanted)
    if wanted is Where.PERMISSION:
        for rule in policy.rules:
            if rule.where is Where.PERMISSION:
                yield from _missing(rule)
    yield from _exclusive(policy)
    if policy.profile != CX_2025_9 and policy.edition is Edition.CX_2025_9:
        yield Point(
            Verdict.NOTED,
            "policy.profile",
            {"offered": policy.profile[:_SHOWN] or "–", "needed": CX_2025_9},
            Role.PROVIDER,
            "/profile",
        )


def fits(rule: Rule, wanted: Where) -> bool:
    """Whether a rule stands where and does what rules of such a policy do."""
    if wanted is Where.ACCESS:
        return rule.where is Where.ACCESS
    return rule.where is not Where.ACCESS and rule.action == "use"


def _rule_faults(rule: Rule, wanted: Where) -> Iterator[Point]:
    if not fits(rule, wanted):
        yield _fault("exchange.policy-action", rule.pointer, action=rule.action[:80] or "–")
        return  # its terms are those of another kind of policy
    if rule.joined_by:
        yield _fault("exchange.policy-only-and", rule.pointer, offered=rule.joined_by)
    for term in rule.terms:
        yield from _term_faults(term)


def _term_faults(term: Term) -> Iterator[Point]:
    row = OPERANDS.get(term.left)
    if row is None:
        yield _fault("policy.operand-unknown", term.pointer, operand=term.left[:80] or "–")
        return
    if term.where not in row.places:
        yield _fault(
            "policy.operand-place",
            term.pointer,
            operand=row.name,
            offered=str(term.where),
            needed=", ".join(sorted(row.places)),
        )
        return
    if term.operator not in row.operators:
        yield _fault(
            "policy.operator",
            term.pointer,
            operand=row.name,
            offered=term.operator[:80] or "–",
            needed=", ".join(row.operators),
        )
    yield from _value_faults(row, term)


def _value_faults(row: Operand, term: Term) -> Iterator[Point]:
    values = term.right if row.kind is Kind.TEXTS else [term.right]
    if not isinstance(values, list) or not values:
        yield _value_fault(row, term, term.right)
        return
    for value in values:
        if row.kind is Kind.NUMBER:
            if whole_number(value) is None:
                yield _value_fault(row, term, value)
            continue
        meant = known_value(row, value)
        if not meant or (row.kind is Kind.DATE and not _is_moment(value)):
            yield _value_fault(row, term, value)
        elif meant != value:
            arguments = {"operand": row.name, "offered": value, "needed": meant}
            yield Point(
                Verdict.NOTED, "policy.value-short", arguments, Role.PROVIDER, term.pointer
            )


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _value_fault(row: Operand, term: Term, value: object) -> Point:
    return _fault(
        "policy.value",
        term.pointer,
        operand=row.name,
        offered=str(value)[:_SHOWN] or "–",
        needed=_wanted(row),
    )


def _wanted(row: Operand) -> str:
    """What may stand there, in signs that need no translation."""
    if row.values:
        return ", ".join(row.values)
    samples = {Kind.DATE: "2027-12-31T12:00:00Z", Kind.NUMBER: "365"}
    if row.kind in samples:
        return samples[row.kind]
    sample = "BPNL00000000OEM1" if row.pattern else "…"
    return f'["{sample}"]' if row.kind is Kind.TEXTS else sample


def _missing(rule: Rule) -> Iterator[Point]:
    named = {term.left for term in rule.terms}
    if "FrameworkAgreement" not in named:
        yield _fault("exchange.policy-without-framework", rule.pointer, framework=FRAMEWORK)
    if "UsagePurpose" not in named:
        yield _fault("exchange.policy-without-purpose", rule.pointer)


def _exclusive(policy: ReadPolicy) -> Iterator[Point]:
    for rule in policy.rules:
        named: dict[str, list[str]] = {}
        for term in rule.terms:
            row = OPERANDS.get(term.left)
            if row is not None and row.excludes:
                named.setdefault(row.excludes, []).append(term.left)
        for several in named.values():
            if len(several) > 1:
                yield _fault("policy.exclusive", rule.pointer, operands=_joined(several))


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names)


def _fault(code: str, place: str, **arguments: Any) -> Point:
    return Point(Verdict.FAILED, code, arguments, Role.PROVIDER, place)
