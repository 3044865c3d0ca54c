"""The terms of a policy in one spelling, whoever wrote it: for judging, never for sending.

Catena-X spells its names in three ways: bare (``UsagePurpose``, CX-0152 with its context),
by prefix or in full, and those of Jupiter (24.x) in another namespace, with ``eq`` and one
value where the newer ones write a list. Here all become the bare names of 2025-9. What is
echoed to a partner is the policy itself.

Sources: CX-0152 context.jsonld and the Catena-X ODRL profile of Jupiter (profile.ttl,
example_usage_policy*.json; CC BY 4.0). Read: 2026-11-28, in the files themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from saltbridge.exchange.model import Json
from saltbridge.exchange.operands import OPERANDS, Kind, Where

CX_2025_9: Final = "https://w3id.org/catenax/2025/9/policy/"
JUPITER: Final = "https://w3id.org/catenax/policy/"
_TRACTUS_X: Final = "https://w3id.org/tractusx/v0.0.1/ns/"
_ODRL: Final = "http://www.w3.org/ns/odrl/2/"
_PREFIXES: Final = (
    *(CX_2025_9, JUPITER, _TRACTUS_X, _ODRL),
    *("https://w3id.org/catenax/2025/9/policy#", "cx-policy:", "odrl:", "tx:"),
)
_RULES: Final = {
    "permission": Where.PERMISSION,
    "prohibition": Where.PROHIBITION,
    "obligation": Where.OBLIGATION,
}
_CONNECTIVES: Final = frozenset({"and", "or", "xone", "andSequence"})
_DEEPEST: Final = 16


class Edition(StrEnum):
    """Whose names a policy uses."""

    CX_2025_9 = "2025-9"
    JUPITER = "jupiter"


@dataclass(frozen=True, slots=True)
class Term:
    """One atomic constraint. ``pointer`` leads to it in the policy as it was written."""

    where: Where
    left: str
    operator: str
    right: Any
    pointer: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission, prohibition or obligation, with its terms.

    ``joined_by`` is the first connective that is not ``and``; empty if there is none.
    """

    where: Where
    action: str
    terms: tuple[Term, ...]
    pointer: str
    joined_by: str = ""


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """A policy as judged. ``faults`` are pointers to what is no rule or no constraint."""

    edition: Edition
    profile: str
    rules: tuple[Rule, ...]
    faults: tuple[str, ...] = ()

    def terms(self, where: Where) -> tuple[Term, ...]:
        """All terms of one part."""
        return tuple(t for rule in self.rules if rule.where is where for t in rule.terms)


def read_policy(policy: Json) -> ReadPolicy:
    """The policy in one spelling.

    >>> old = {"permission": [{"action": "use", "constraint": {"odrl:and": [
    ...     {"leftOperand": "cx-policy:UsagePurpose", "operator": {"@id": "odrl:eq"},
    ...      "rightOperand": "cx.pcf.base:1"}]}}], "profile": "cx-policy:profile2405"}
    >>> read = read_policy(old)
    >>> read.edition, read.rules[0].terms[0].operator, read.rules[0].terms[0].right
    (<Edition.JUPITER: 'jupiter'>, 'isAnyOf', ['cx.pcf.base:1'])
    """
    named = {bare_name(key): value for key, value in policy.items()}
    profile = first_text(named.get("profile"))
    edition = _edition(policy, profile)
    faults: list[str] = []
    rules = [
        rule
        for name, where in _RULES.items()
        for pointer, found in _listed(named.get(name), f"/{name}")
        for rule in _rule(found, where, pointer, edition, faults)
    ]
    return ReadPolicy(edition, profile, tuple(rules), tuple(faults))


def _rule(
    found: object, where: Where, pointer: str, edition: Edition, faults: list[str]
) -> Iterator[Rule]:
    if not isinstance(found, Mapping):
        faults.append(pointer)
        return
    members = {bare_name(key): value for key, value in found.items()}
    action = bare_name(first_text(members.get("action")))
    if where is Where.PERMISSION and action == "access":
        where = Where.ACCESS
    terms: list[Term] = []
    others: list[str] = []
    for place, constraint in _listed(members.get("constraint"), f"{pointer}/constraint"):
        _collect(constraint, where, place, edition, terms, others, faults, 0)
    yield Rule(where, action, tuple(terms), pointer, others[0] if others else "")


def _collect(
    constraint: object,
    where: Where,
    pointer: str,
    edition: Edition,
    terms: list[Term],
    others: list[str],
    faults: list[str],
    depth: int,
) -> None:
    if not isinstance(constraint, Mapping) or depth > _DEEPEST:
        faults.append(pointer)
        return
    members = {bare_name(key): value for key, value in constraint.items()}
    if "leftOperand" in members:
        terms.append(_term(members, where, pointer, edition))
        return
    joined = [name for name in members if name in _CONNECTIVES]
    if len(joined) != 1:
        faults.append(pointer)
        return
    if joined[0] != "and":
        others.append(joined[0])
    for place, inner in _listed(members[joined[0]], f"{pointer}/{joined[0]}"):
        _collect(inner, where, place, edition, terms, others, faults, depth + 1)


def _term(members: Json, where: Where, pointer: str, edition: Edition) -> Term:
    left = bare_name(first_text(members.get("leftOperand")))
    operator = bare_name(first_text(members.get("operator")))
    right = _value(members.get("rightOperand"))
    row = OPERANDS.get(left)
    if row is not None and row.kind is Kind.TEXTS:
        # Jupiter has one value where 2025-9 has a list: the same is meant.
        if edition is Edition.JUPITER and operator == "eq":
            operator = row.operators[0]
        # And a list of one may have lost its list (compacted JSON-LD).
        if isinstance(right, str) and operator in row.operators:
            right = [right]
    return Term(where, left, operator, right, pointer)


def _listed(value: object, pointer: str) -> Iterator[tuple[str, object]]:
    """The entries of a list; one entry may stand without its list (compacted JSON-LD)."""
    if value is None:
        return
    if isinstance(value, Mapping) and set(value) == {"@list"}:
        value = value["@list"]
    if isinstance(value, list):
        yield from ((f"{pointer}/{index}", entry) for index, entry in enumerate(value))
    else:
        yield pointer, value


def bare_name(name: str) -> str:
    """A name without its namespace or prefix, if it is one that policies use.

    >>> bare_name("odrl:use"), bare_name("https://w3id.org/catenax/2025/9/policy/Membership")
    ('use', 'Membership')
    """
    if ":" not in name:
        return name
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def first_text(value: object) -> str:
    """A name that may stand bare, in ``@id``, in ``@value``, or alone in a list."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, Mapping):
        value = value.get("@id", value.get("@value", ""))
    return value if isinstance(value, str) else ""


def _value(value: object) -> Any:
    if isinstance(value, list):
        return [_value(entry) for entry in value]
    if isinstance(value, Mapping):
        return value.get("@value", value.get("@id", dict(value)))
    return value


def _edition(policy: Json, profile: str) -> Edition:
    if profile.startswith(JUPITER) or profile == "cx-policy:profile2405":
        return Edition.JUPITER
    if profile:
        return Edition.CX_2025_9
    return Edition.JUPITER if any(_jupiter_names(policy, 0)) else Edition.CX_2025_9


def _jupiter_names(value: object, depth: int) -> Iterator[bool]:
    if depth > 2 * _DEEPEST:
        return
    if isinstance(value, str):
        yield value.startswith(JUPITER)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "@context":
                # A prefix may be bound to either namespace.
                yield from (p == JUPITER for p in _prefix_of(inner))
            else:
                yield from _jupiter_names(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _jupiter_names(inner, depth + 1)


def _prefix_of(context: object) -> Iterator[str]:
    for entry in context if isinstance(context, list) else [context]:
        if isinstance(entry, Mapping) and isinstance(entry.get("cx-policy"), str):
            yield entry["cx-policy"]
