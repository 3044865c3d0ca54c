"""The rule sets on a day: editions, how known, what is unread; the dates of Article 7."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from saltbridge.core.edition import NoEditionInForce, edition_in_force
from saltbridge.core.errors import FaultyInput
from saltbridge.core.legal_date import EntriesIntoForce
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.legal_dates import (
    NOTHING_IN_FORCE,
    REGULATION,
    applies_from,
    article_7,
)
from saltbridge.footprint.methodologies import known, methodologies
from saltbridge.footprint.methodology import Methodology, RuleSet


def rule_sets_on(
    day: date, entries_into_force: EntriesIntoForce = NOTHING_IN_FORCE, named: str = ""
) -> dict[str, Any]:
    """Every rule set as it stands on a day, and the dates of Article 7, as a document.

    ``named`` is ``ID`` or ``ID@EDITION`` and leaves the others out.

    Raises:
        FaultyInput: no such rule set, or an act that no date of Article 7 waits for.
    """
    listed = [_methodology(m, day, named) for m in methodologies().values()]
    listed = [m for m in listed if m["editions"]]
    if not listed:
        raise FaultyInput.of("methodology.unknown", name=named[:80], known=", ".join(known()))
    return {
        "day": day.isoformat(),
        "entries_into_force": {
            act: start.isoformat() for act, start in entries_into_force.items() if start
        },
        "methodologies": listed,
        "article_7": {
            "citation": REGULATION,
            "duties": [_duty(*key, day, entries_into_force) for key in article_7()],
        },
    }


def _methodology(methodology: Methodology, day: date, named: str) -> dict[str, Any]:
    try:
        governing = edition_in_force(methodology.editions, day).name
    except NoEditionInForce:
        governing = None
    identifier, _, edition = named.partition("@")
    return {
        "id": methodology.id,
        "title": methodology.title,
        "governing": governing,
        "editions": [
            _edition(rules, day)
            for rules in methodology.rule_sets
            if identifier in ("", methodology.id) and edition in ("", rules.edition.name)
        ],
    }


def _edition(rules: RuleSet, day: date) -> dict[str, Any]:
    edition = rules.edition.on(day)
    counted = Counter(rule.confidence for rule in rules.rules)
    return {
        "edition": edition.name,
        "title": edition.title,
        "status": edition.status.value,
        "applies_from": _iso(edition.applies_from),
        "applies_until": _iso(edition.applies_until),
        "boundary": [stage.value for stage in rules.boundary],
        "cut_off": None if rules.cut_off is None else asdict(rules.cut_off),
        "gwp_sets": list(rules.gwp_sets),
        "redeclare_above": rules.redeclare_above,
        "confidence": {c.value: counted[c] for c in Confidence if counted[c]},
        "rules": [
            {
                "rule": rule.id,
                "value": rule.value,
                "citation": rule.citation,
                "confidence": rule.confidence.value,
            }
            for rule in rules.rules
        ],
        "rules_not_loaded": [
            {"rule": rule.id, "effect": rule.effect, "citation": rule.citation}
            for rule in rules.rules_not_loaded
        ],
        "candidates": _candidates(rules),
    }


def _candidates(rules: RuleSet) -> Mapping[str, list[str]]:
    """The rules that are not settled, with the readings that are calculated."""
    options = {
        "electricity": [o.name for o in rules.electricity],
        "recycling": [o.name for o in rules.recycling],
        "allocation": [o.name for o in rules.allocation],
    }
    return {rule: names for rule, names in options.items() if len(names) > 1}


def _duty(
    duty: str, category: str, day: date, entries_into_force: EntriesIntoForce
) -> dict[str, Any]:
    found = article_7()[duty, category]
    resolved = applies_from(duty, category, entries_into_force)
    return {
        "duty": duty,
        "category": category,
        "state": resolved.state(day).value,
        "applies_from": _iso(resolved.day),
        "waits_for": list(resolved.waits_for),
        "not_before": found.applies_from.fixed.isoformat(),
        "after": [
            {"act": term.act, "months": term.months} for term in found.applies_from.after
        ],
        "citation": found.citation,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
