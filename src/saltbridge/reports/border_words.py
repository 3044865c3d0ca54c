"""Words for the border: rule packs, and why a field left or stayed, in one language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.border.rules import (
    ANNEX_NOT_LOADED,
    DEFAULT_DENY,
    FEW_CONTRIBUTORS,
    LIVE,
    LOADED,
    NOT_TRANSFORMABLE,
    UNCATALOGUED,
    Pack,
)
from saltbridge.locales import text, text_or

# What a person can do about a rule that keeps a field here: a text ``border.do.<key>``.
DO: Final[Mapping[str, str]] = {
    UNCATALOGUED: "classify",
    FEW_CONTRIBUTORS: "nothing-to-do",
    NOT_TRANSFORMABLE: "check-value",
    f"{DEFAULT_DENY}-export": "other-purpose",
    f"{DEFAULT_DENY}-disclosure": "other-purpose",
    "house-public-audience": "nothing-to-do",
    "house-destination": "partner-entry",
    "house-jurisdictions-covered": "no-pack",
    "house-terms-in-force": "terms",
    "house-purpose-agreed": "terms",
    "house-counters-read": "counters",
    "house-person-named": "name-person",
    "house-internal": "nothing-to-do",
    "house-trade-secret": "nothing-to-do",
    "house-personal": "legal-basis",
    "house-core": "nothing-to-do",
    f"{DEFAULT_DENY}-{LIVE}": "publish-first",
    "cn-live-abroad": "publish-first",
    "cn-2024-important": "assessment",
    "cn-2024-personal": "legal-basis",
    "cn-2024-counters": "filing",
    "cn-2026-annex-not-loaded": "load-annex",
    "cn-2026-important": "assessment",
    "cn-2026-personal": "legal-basis",
    "cn-lingang-annex-not-loaded": "load-annex",
    "cn-beijing-annex-not-loaded": "load-annex",
    "cn-domestic-important": "assessment",
    "eu-gdpr": "legal-basis",
    "eu-data-act-measures": "terms",
}
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ToldRule:
    """A rule in words: what it says, its condition, its source, what to do."""

    says: str
    condition: str
    citation: str
    do: str


def rule_words(
    id: str, citation: str, condition: Mapping[str, Any], forbids: bool, language: str
) -> ToldRule:
    """One rule that was met. ``condition`` is the stored row, empty without one."""
    told = ""
    if condition:
        name = condition["condition"]
        outcome = "held" if condition["held"] else "failed"
        told = text(
            f"border.condition-{outcome}",
            {
                "condition": text_or(name, f"border.condition.{name}", None, language),
                "offered": condition["offered"],
                "needed": condition["needed"],
            },
            language,
        )
    do = DO.get(id, "approve" if condition.get("condition") == "approved-by-two" else "")
    return ToldRule(
        says=text_or(id, f"border.rule.{id}", None, language),
        condition=told,
        citation=citation,
        do=text(f"border.do.{do}", None, language) if forbids and do else "",
    )


def shown_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """The first paths, and how many more there are."""
    every = tuple(paths)
    more = len(every) - _SHOWN
    return every if more <= 0 else (*every[:_SHOWN], f"… +{more}")


@dataclass(frozen=True, slots=True)
class PackWords:
    """A rule pack in words."""

    title: str
    facts: tuple[tuple[str, str], ...]


def pack_words(pack: Pack, state: str, language: str) -> PackWords:
    """A pack: state, since when, citation, how it was read, what is not loaded.

    ``state`` is ``in-force``, ``superseded``, ``not-yet`` or ``other-zone``.
    """

    def label(key: str) -> str:
        return text(f"border.packs.{key}", None, language)

    annex = "" if pack.state == LOADED else text(f"border.annex.{pack.state}", None, language)
    facts = {
        "state": text(f"border.packs.{state}", None, language),
        "since": pack.applies_from.isoformat(),
        "zone": pack.zone,
        "citation": pack.citation,
        "confidence": text(f"border.confidence.{pack.confidence.value}", None, language),
        "annex": annex,
        "annex-digest": pack.annex_digest,
        "note": text_or(pack.note, f"border.note.{pack.id}", None, language),
    }
    return PackWords(
        title=f"{text_or(pack.title, f'border.pack.{pack.id}', None, language)} "
        f"[{pack.id}, {pack.edition}]",
        facts=tuple((label(k), v) for k, v in facts.items() if v),
    )


def not_loaded(packs: Iterable[Pack]) -> tuple[Pack, ...]:
    """The packs whose official list is missing."""
    return tuple(p for p in packs if p.state == ANNEX_NOT_LOADED)
