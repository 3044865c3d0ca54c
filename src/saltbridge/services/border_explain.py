"""Why each field of a decision left or stayed: rules met, conditions, citations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from saltbridge.border.rules import Pack, Rule, packaged_packs
from saltbridge.core.errors import FaultyInput
from saltbridge.ports import World
from saltbridge.steps.records import document
from saltbridge.steps.rules import rule_book


@dataclass(frozen=True, slots=True)
class RuleTold:
    """A rule that was met: what it is, where it stands, and its condition if it has one.

    ``condition`` is the stored row (name, held, offered, needed), empty without one.
    ``changed``: the pack reads differently today.
    """

    id: str
    effect: str  # permit | forbid | "" for a rule of the procedure itself
    citation: str
    condition: Mapping[str, Any]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class FieldsExplained:
    """Fields that had the same fate for the same reasons."""

    paths: tuple[str, ...]
    field_class: str
    decision: str
    transform: str
    rules: tuple[RuleTold, ...]  # the deciding one first
    count: int


def explanation(world: World, decision_id: str, path: str = "") -> tuple[FieldsExplained, ...]:
    """The explanation of a decision; with ``path`` of the fields at or below it alone.

    Raises:
        FaultyInput: no such decision, or no such field in it.
    """
    with world.store.reading() as view:
        record = document(view, "decision", decision_id)
        packs = rule_book(view).packs
    if record is None:
        raise FaultyInput.of("border.unknown-decision", id=decision_id[:80])
    wanted = [f for f in record["fields"] if not path or _at_or_below(f, path)]
    if path and not wanted:
        raise FaultyInput.of("border.unknown-field", path=path[:120])
    conditions = {c["rule"]: c for c in record.get("conditions", ())}
    known = _rules_of(record, packs)
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for field in wanted:
        rules = tuple(dict.fromkeys((field["rule"], *field["rules"])))
        kind = (field["class"], field["decision"], field.get("transform", ""), rules)
        groups.setdefault(kind, []).append(field)
    return tuple(
        FieldsExplained(
            paths=tuple(str(f["path"]) for f in fields),
            field_class=field_class,
            decision=decision,
            transform=transform,
            rules=tuple(_told(rule, known, conditions) for rule in rules),
            count=sum(int(f["count"]) for f in fields),
        )
        for (field_class, decision, transform, rules), fields in groups.items()
    )


def _at_or_below(field: Mapping[str, Any], path: str) -> bool:
    places = (str(field["path"]), str(field.get("into", "")))
    return any(p == path or p.startswith(f"{path.rstrip('/')}/") for p in places)


def _rules_of(
    record: Mapping[str, Any], packs: Iterable[Pack]
) -> dict[str, tuple[Rule, Pack, bool]]:
    """The rules of the very editions of the decision, and whether their pack has changed."""
    used = {(p["id"], p["edition"]): p["digest"] for p in record["packs"]}
    return {
        rule.id: (rule, pack, pack.digest != used[pack.id, pack.edition])
        for pack in (*packaged_packs(), *packs)
        if (pack.id, pack.edition) in used
        for rule in pack.rules
    }


def _told(
    id: str,
    known: Mapping[str, tuple[Rule, Pack, bool]],
    conditions: Mapping[str, Mapping[str, Any]],
) -> RuleTold:
    if id not in known:
        return RuleTold(id, "", "", {})
    rule, pack, changed = known[id]
    citation = "; ".join(c for c in (pack.citation, rule.citation) if c)
    return RuleTold(id, rule.effect, citation, conditions.get(id, {}), changed)
