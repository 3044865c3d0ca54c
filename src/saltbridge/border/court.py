"""What the packs in force say about a field: the conditions of rules, and the ruling.

A court knows the packs that govern one context. It answers both questions for a class of
fields; any forbid whose condition is not met wins.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from saltbridge.border.calendar import counter_year
from saltbridge.border.catalogue import FieldClass
from saltbridge.border.conditions import offered_and_needed
from saltbridge.border.context import Context
from saltbridge.border.rules import (
    ANNEX_LOADED,
    APPROVED_BY_TWO,
    COUNTERS,
    DEFAULT_DENY,
    LIVE,
    QUESTIONS,
    Pack,
    Rule,
    editions_in_force,
    governing,
)
from saltbridge.core.identifiers import is_bpn

# The conditions a forbid may name. Each answers for one value of the context, so that one bad
# value is enough to keep everything here that is not public.


def _recipient_named(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    return is_bpn(context.recipient.bpn)  # "public" is none


def _destination_of_recipient(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    return context.destination == context.recipient.jurisdiction


def _jurisdictions_covered(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    covered = {p.jurisdiction for p in editions_in_force(packs, context.at)} - {"*"}
    return context.origin in covered and context.destination in covered


def _terms_in_force(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    terms = context.agreement
    return (
        terms is not None
        and bool(terms.id)
        and terms.kind in ("offer", "agreement")
        and context.recipient.bpn in terms.recipients
        and terms.in_force(context.at)
    )


def _purpose_agreed(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    return context.agreement is not None and context.purpose in context.agreement.purposes


def _counters_read(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    counters = context.counters
    return (
        counters is not None
        and counters.get("year") == counter_year(context.at)
        and all(_is_count(counters.get(name)) for name in COUNTERS)
    )


def _counters_below(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    counters = context.counters or {}
    return all(
        _is_count(counters.get(name)) and counters[name] < limit
        for name, limit in rule.counters.items()
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _annex_loaded(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    owners = [p for p in editions_in_force(packs, context.at) if rule in p.rules]
    return bool(owners) and all(p.state == ANNEX_LOADED and p.annex_digest for p in owners)


def _person_named(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    return bool(context.person.strip())


def _approved_by_two(context: Context, rule: Rule, packs: tuple[Pack, ...]) -> bool:
    """Two different persons, neither of them who proposed it, said yes to the same bytes."""
    approvals = context.approvals
    if len({a.digest for a in approvals}) != 1 or not all(a.digest for a in approvals):
        return False
    approvers = {
        a.person_id
        for a in approvals
        if a.person_id and a.role in rule.roles and a.at <= context.at
        if not proposed_by(context, a.person_id, a.name)
    }
    return len(approvers) >= 2


def proposed_by(context: Context, person_id: str, name: str) -> bool:
    """Whether this is the person who proposed; who has no account is known by name alone."""
    if context.person_id:
        return context.person_id == person_id
    return context.person.strip().casefold() == name.strip().casefold()


CONDITIONS: Final[Mapping[str, Callable[[Context, Rule, tuple[Pack, ...]], bool]]] = {
    "recipient-named": _recipient_named,
    "destination-of-recipient": _destination_of_recipient,
    "jurisdictions-covered": _jurisdictions_covered,
    "terms-in-force": _terms_in_force,
    "purpose-agreed": _purpose_agreed,
    "counters-read": _counters_read,
    "counters-below": _counters_below,
    "annex-loaded": _annex_loaded,
    "person-named": _person_named,
    APPROVED_BY_TWO: _approved_by_two,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the packs say about one kind of field: the deciding rule and all that were met.

    ``by_approval``: it is allowed only because people approved it, or would have to.
    """

    allowed: bool
    rule: str
    rules: tuple[str, ...]
    by_approval: bool = False


@dataclass(frozen=True, slots=True)
class ConditionMet:
    """What a rule's condition asked for in this context, and what it was offered."""

    rule: str
    condition: str
    held: bool
    offered: str
    needed: str


class Court:
    """The packs in one context. Rulings are kept, since fields of one kind are many.

    ``conditions`` holds, per rule with a condition, whether it held, with both values.

    Of a ``proposal`` it says what would be allowed once two persons have approved.
    """

    def __init__(
        self, packs: Iterable[Pack], context: Context, *, proposal: bool = False
    ) -> None:
        everything = tuple(packs)
        # A pack that speaks of live answers only has no say about fields.
        self.packs = tuple(
            pack
            for pack in governing(everything, context)
            if any(rule.question != LIVE for rule in pack.rules)
        )
        self._context = context
        self._rules = tuple(
            rule for pack in self.packs for rule in pack.rules if rule.question != LIVE
        )
        held = {
            rule.id: CONDITIONS[rule.unless](context, rule, everything)
            for rule in self._rules
            if rule.unless
        }
        self.conditions = tuple(
            ConditionMet(
                rule.id,
                rule.unless,
                held[rule.id],
                *offered_and_needed(rule.unless, context, rule.counters, everything),
            )
            for rule in self._rules
            if rule.unless
        )
        self._biting = {
            rule.id
            for rule in self._rules
            if rule.effect == "forbid"
            and not held.get(rule.id, False)
            and not (proposal and rule.unless == APPROVED_BY_TWO)
        }
        self._kept: dict[tuple[FieldClass, str, bool], Ruling] = {}

    def ruling(self, field_class: FieldClass, annex_xiii: str, minimised: bool) -> Ruling:
        """Whether such a field may leave, and by which rule."""
        key = (field_class, annex_xiii, minimised)
        if key not in self._kept:
            self._kept[key] = self._rule(field_class, annex_xiii, minimised)
        return self._kept[key]

    def _rule(self, field_class: FieldClass, annex_xiii: str, minimised: bool) -> Ruling:
        met = [r for r in self._rules if r.concerns(field_class, annex_xiii, minimised)]
        forbids = [r.id for r in met if r.id in self._biting]
        if forbids:
            return Ruling(False, forbids[0], tuple(forbids))
        permits: list[str] = []
        for question in QUESTIONS:
            answer = next((r.id for r in met if self._permits(r, question)), None)
            if answer is None:
                return Ruling(False, f"{DEFAULT_DENY}-{question}", tuple(permits))
            permits.append(answer)
        approved = [r.id for r in met if r.unless == APPROVED_BY_TWO]
        rules = tuple(dict.fromkeys((*permits, *approved)))
        return Ruling(True, permits[-1], rules, by_approval=bool(approved))

    def _permits(self, rule: Rule, question: str) -> bool:
        if rule.effect != "permit" or rule.question not in (question, "both"):
            return False
        return not rule.purposes or self._context.purpose in rule.purposes


def live_ruling(packs: Iterable[Pack], context: Context) -> Ruling:
    """Whether an answer may be made while this recipient waits: any forbid wins, else a permit.

    No pack that speaks of it, no answer. What is in it is decided field by field besides.
    """
    met = [r for p in governing(packs, context) for r in p.rules if r.question == LIVE]
    forbids = tuple(r.id for r in met if r.effect == "forbid")
    if forbids:
        return Ruling(False, forbids[0], forbids)
    permits = tuple(r.id for r in met)
    return Ruling(bool(permits), permits[0] if permits else f"{DEFAULT_DENY}-{LIVE}", permits)
