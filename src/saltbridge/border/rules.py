"""Rule packs: what law and house rules say about a class of fields, as dated data.

Two questions are asked of every field. *Export*: may it cross from the origin to the
destination? *Disclosure*: may this recipient have it for this purpose? It leaves only if each
is answered with a permit and no rule forbids. No pack, no permit: what nobody allows stays.

The packs help people to decide and to show how they decided. They are no legal advice.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from saltbridge.border.calendar import legal_day
from saltbridge.border.catalogue import FieldClass
from saltbridge.border.conditions import DESCRIBED
from saltbridge.border.context import Context
from saltbridge.core.canonical import digest
from saltbridge.core.provenance import Confidence

EXPORT: Final = "export"
DISCLOSURE: Final = "disclosure"
QUESTIONS: Final = (EXPORT, DISCLOSURE)
LIVE: Final = "live"  # whether an answer may be made while somebody waits; of no field
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
    question: str = ""  # export | disclosure | both, permits only; live: of answers, not fields
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
    if rule.effect == "permit" and rule.question not in (*QUESTIONS, "both", LIVE):
        raise ValueError(f"{rule.id}: a permit answers a question")
    if rule.effect == "permit" and rule.unless:
        raise ValueError(f"{rule.id}: only a forbid may have an exception")
    if rule.unless and rule.unless not in DESCRIBED:
        raise ValueError(f"{rule.id}: unknown condition {rule.unless!r}")
    if (rule.unless == APPROVED_BY_TWO) is not bool(rule.roles):
        raise ValueError(f"{rule.id}: {APPROVED_BY_TWO} names the roles that may approve")
    if rule.effect == "forbid" and rule.question not in ("", LIVE):
        raise ValueError(f"{rule.id}: a forbid answers no question")
    if rule.question == LIVE and (rule.classes or rule.unless):
        raise ValueError(f"{rule.id}: a rule about live answers names no classes, no exception")
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
