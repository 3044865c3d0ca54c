"""Rule packs: what law and house rules say about a class of fields, as dated data.

Two questions are asked of every field. *Export*: may it cross from the origin to the
destination? *Disclosure*: may this recipient have it for this purpose? It leaves only if each
is answered with a permit and no rule forbids. No pack, no permit: what nobody allows stays.

The packs help people to decide and to show how they decided. They are no legal advice.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from saltbridge.border.calendar import counter_year, legal_day
from saltbridge.border.catalogue import FieldClass
from saltbridge.border.conditions import offered_and_needed
from saltbridge.border.context import Context
from saltbridge.core.canonical import digest
from saltbridge.core.identifiers import is_bpn
from saltbridge.core.provenance import Confidence

EXPORT: Final = "export"
DISCLOSURE: Final = "disclosure"
QUESTIONS: Final = (EXPORT, DISCLOSURE)
DEFAULT_DENY: Final = "default-deny"
UNCATALOGUED: Final = "uncatalogued"
FEW_CONTRIBUTORS: Final = "house-three-contributors"
NOT_TRANSFORMABLE: Final = "house-not-minimisable"

COUNTERS: Final = ("persons", "sensitive_persons")
LOADED: Final = "loaded"
ANNEX_NOT_LOADED: Final = "annex-not-loaded"
ANNEX_LOADED: Final = "annex-loaded"
NO_ANNEX: Final = "no"  # a field that is no passport attribute
APPROVED_BY_TWO: Final = "approved-by-two"  # the condition that people fulfil, not facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One line of a pack. ``unless`` names a condition under which a forbid does not bite."""

    id: str
    effect: str  # permit | forbid
    classes: frozenset[FieldClass]
    question: str = ""  # export | disclosure | both; permits only
    form: str = ""  # as-is | minimised | "" for both
    annex_xiii: tuple[str, ...] = ()
    purposes: frozenset[str] = frozenset()
    unless: str = ""
    counters: Mapping[str, int] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()  # who may approve; with ``approved-by-two`` only
    citation: str = ""

    def concerns(self, field_class: FieldClass, annex_xiii: str, minimised: bool) -> bool:
        """Whether the rule speaks about such a field."""
        if field_class not in self.classes:
            return False
        if self.form and (self.form == "minimised") is not minimised:
            return False
        point = annex_xiii or NO_ANNEX
        return not self.annex_xiii or any(_is_point(point, p) for p in self.annex_xiii)


def _is_point(point: str, general: str) -> bool:
    return point == general or point.startswith(f"{general}(")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """A dated set of rules; ``annex-not-loaded`` while an official list is missing.

    ``zone`` limits it to nodes in that free-trade zone. ``note`` says what is disputed or not
    known. ``annex_items`` is how many items the official list is said to have (0: no list);
    ``annex_digest`` names the list a compliance officer has loaded.
    """

    id: str
    edition: str
    title: str
    jurisdiction: str  # "*": everywhere
    applies: str  # always | export | domestic | from | either-side
    applies_from: date
    state: str
    citation: str
    confidence: Confidence
    rules: tuple[Rule, ...]
    digest: str
    zone: str = ""
    note: str = ""
    annex_items: int = 0
    annex_digest: str = ""

    def in_force(self, at: date) -> bool:
        """Whether the pack applies on that day."""
        return self.applies_from <= at

    def governs(self, context: Context) -> bool:
        """Whether the pack has a say in this context."""
        if not self.in_force(legal_day(context.at, self.jurisdiction)):
            return False
        if self.zone and self.zone != context.zone:
            return False
        here, there = context.origin, context.destination
        return {
            "always": True,
            "export": here == self.jurisdiction != there,
            "domestic": here == self.jurisdiction == there,
            "from": here == self.jurisdiction,
            "either-side": self.jurisdiction in (here, there),
        }[self.applies]


_PACK_MEMBERS: Final = (
    frozenset(Pack.__dataclass_fields__) - {"rules", "digest", "annex_digest"}
) | {"rule"}


def parse_pack(content: str) -> Pack:
    """A pack from its TOML text.

    Raises:
        ValueError: not TOML, or a rule with an effect, class, condition or question that
            nobody knows: a pack that is not understood completely is not used.
    """
    table = tomllib.loads(content)
    try:
        rules = tuple(_rule(row) for row in table["rule"])
        pack = Pack(
            id=table["id"],
            edition=table["edition"],
            title=table["title"],
            jurisdiction=table["jurisdiction"],
            applies=table["applies"],
            applies_from=table["applies_from"],
            state=table["state"],
            citation=table["citation"],
            confidence=Confidence(table["confidence"]),
            rules=rules,
            digest=digest(content.encode("utf-8")),
            zone=table.get("zone", ""),
            note=table.get("note", ""),
            annex_items=table.get("annex_items", 0),
        )
    except (KeyError, TypeError) as fault:
        raise ValueError(f"rule pack is incomplete: {fault}") from fault
    if pack.applies not in ("always", "export", "domestic", "from", "either-side"):
        raise ValueError(f"{pack.id}: unknown applies {pack.applies!r}")
    if not table.keys() <= _PACK_MEMBERS:
        raise ValueError(f"{pack.id}: unknown members {sorted(table.keys() - _PACK_MEMBERS)}")
    if pack.state not in (LOADED, ANNEX_NOT_LOADED):
        raise ValueError(f"{pack.id}: unknown state {pack.state!r}")
    return pack


def _rule(row: Mapping[str, Any]) -> Rule:
    known = set(Rule.__dataclass_fields__)
    if not row.keys() <= known:
        raise ValueError(f"{row.get('id')}: unknown members {sorted(row.keys() - known)}")
    rule = Rule(
        id=row["id"],
        effect=row["effect"],
        classes=frozenset(FieldClass(c) for c in row["classes"]),
        question=row.get("question", ""),
        form=row.get("form", ""),
        annex_xiii=tuple(row.get("annex_xiii", ())),
        purposes=frozenset(row.get("purposes", ())),
        unless=row.get("unless", ""),
        counters=dict(row.get("counters", {})),
        roles=frozenset(row.get("roles", ())),
        citation=row.get("citation", ""),
    )
    if rule.effect not in ("permit", "forbid"):
        raise ValueError(f"{rule.id}: unknown effect {rule.effect!r}")
    if rule.effect == "permit" and rule.question not in (*QUESTIONS, "both"):
        raise ValueError(f"{rule.id}: a permit answers a question")
    if rule.effect == "permit" and rule.unless:
        raise ValueError(f"{rule.id}: only a forbid may have an exception")
    if rule.unless and rule.unless not in CONDITIONS:
        raise ValueError(f"{rule.id}: unknown condition {rule.unless!r}")
    if (rule.unless == APPROVED_BY_TWO) is not bool(rule.roles):
        raise ValueError(f"{rule.id}: {APPROVED_BY_TWO} names the roles that may approve")
    if rule.form not in ("", "as-is", "minimised"):
        raise ValueError(f"{rule.id}: unknown form {rule.form!r}")
    return rule


@lru_cache(maxsize=1)
def packaged_packs() -> tuple[Pack, ...]:
    """The rule packs that come with Saltbridge: the house rules, then by name.

    The order decides nothing but which of several forbids is named first.
    """
    folder = files("saltbridge.border") / "packs"
    names = sorted(
        f.name
        for f in folder.iterdir()
        if f.name.startswith("rules-") and f.name.endswith(".toml")
    )
    packs = [parse_pack((folder / name).read_text("utf-8")) for name in names]
    return tuple(sorted(packs, key=lambda p: (p.jurisdiction != "*", p.id)))


def editions_in_force(packs: Iterable[Pack], at: datetime) -> tuple[Pack, ...]:
    """Of every pack the newest edition in force at that moment, in their order."""
    newest: dict[str, Pack] = {}
    for pack in packs:
        if not pack.in_force(legal_day(at, pack.jurisdiction)):
            continue
        known = newest.get(pack.id)
        if known is None or known.applies_from <= pack.applies_from:
            newest[pack.id] = pack
    return tuple(newest.values())


def governing(packs: Iterable[Pack], context: Context) -> tuple[Pack, ...]:
    """The packs that have a say, each in the edition of the decision's day, in their order."""
    return tuple(p for p in editions_in_force(packs, context.at) if p.governs(context))


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
        self.packs = governing(everything, context)
        self._context = context
        self._rules = tuple(rule for pack in self.packs for rule in pack.rules)
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
