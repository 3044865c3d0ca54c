"""A proposal for people: what would leave with which value, what stays, to whom, until when.

Who approves is at home, so the values of the minimised view are shown: they are what leaves.
Values that stay are not in here at all; a proposal's record does not hold them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.border.catalogue import FieldClass, segments
from saltbridge.border.manifest import grouped
from saltbridge.locales import number, text, text_or
from saltbridge.reports.manifest import (
    document_name,
    field_name,
    group_words,
    purpose_name,
    readable_moment,
)

_SHOWN: Final = 3  # values of one kind of field
_LONGEST: Final = 96  # characters of one value


@dataclass(frozen=True, slots=True)
class ShownField:
    """One kind of field, and the values of it that leave; none of what stays."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Fields that go the same way: what they are, class, form, rule, and how many."""

    what: str
    count: int
    field_class: str
    form: str
    rule: str
    needs_approval: bool
    fields: tuple[ShownField, ...]


@dataclass(frozen=True, slots=True)
class ShownSection:
    """``minimised``, ``leaves`` or ``stays``."""

    key: str
    title: str
    count: int
    groups: tuple[ShownGroup, ...]


@dataclass(frozen=True, slots=True)
class ProposalText:
    """A proposal in the words of one language."""

    title: str
    facts: tuple[tuple[str, str], ...]
    summary: str
    sections: tuple[ShownSection, ...]
    approvals: tuple[str, ...]
    outcome: str  # how it ended; empty while it waits


def short_digest(digest: str) -> str:
    """The first 64 bits in groups of four, for two people to compare.

    >>> short_digest("sha256:0123456789abcdef0123")
    '0123 4567 89ab cdef'
    """
    hexadecimal = digest.partition(":")[2][:16]
    return " ".join(hexadecimal[i : i + 4] for i in range(0, len(hexadecimal), 4))


def proposal_words(proposal: Mapping[str, Any], language: str) -> ProposalText:
    """The proposal in one language; ``proposal["view"]`` is what would leave."""
    manifest, view = proposal["manifest"], proposal["view"]
    sections = (
        _section("minimised", manifest["minimised"], view, language),
        _section("leaves", manifest["left"], view, language),
        _section("stays", manifest["stayed"], None, language),
    )
    counts = {section.key: section.count for section in sections}
    return ProposalText(
        title=str(proposal["title"]),
        facts=_facts(proposal, language),
        summary=text("approval.summary", counts, language),
        sections=sections,
        approvals=tuple(_given(a, language) for a in proposal["approvals"]),
        outcome=_outcome(proposal, language),
    )


def _facts(proposal: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    recipient, proposer = proposal["recipient"], proposal["proposed_by"]
    nobody = text("manifest.nobody", language=language)
    facts = {
        "document": document_name(proposal["document_kind"], language),
        "to": f"{recipient['name']} ({recipient['bpn']})",
        "country": f"{proposal['origin']} → {proposal['destination']}",
        "purpose": purpose_name(str(proposal["purpose"]), language),
        "proposed-by": proposer["name"] or nobody,
        "proposed-at": readable_moment(proposal["proposed_at"]),
        "expires": readable_moment(proposal["expires_at"]),
        "size": text(
            "approval.bytes", {"count": number(proposal["size"], language, 12)}, language
        ),
        "digest-short": short_digest(proposal["digest"]),
        "digest": str(proposal["digest"]),
    }
    return tuple((text(f"approval.{k}", language=language), v) for k, v in facts.items())


def _given(approval: Mapping[str, Any], language: str) -> str:
    role = text_or(approval["role"], f"approval.role.{approval['role']}", None, language)
    at = readable_moment(approval["at"])
    return text("approval.given", {"name": approval["name"], "role": role, "at": at}, language)


def _outcome(proposal: Mapping[str, Any], language: str) -> str:
    state = proposal["state"]
    if state == "pending":
        return ""
    if state == "refused":
        refusal = proposal["refusal"]
        told = {
            "name": refusal["name"],
            "at": readable_moment(refusal["at"]),
            "reason": refusal["reason"],
        }
        return text("approval.refused-because", told, language)
    if state == "lapsed" and proposal["lapse"]:
        until = readable_moment(proposal["expires_at"])
        return text(proposal["lapse"], {"until": until, "id": proposal["id"]}, language)
    return text(f"approval.state.{state}", language=language)


def _section(key: str, rows: Any, view: Any, language: str) -> ShownSection:
    groups = tuple(_group(group, view, language) for group in grouped(rows))
    first = sorted(groups, key=lambda g: not g.needs_approval)  # stable: else document order
    count = sum(group.count for group in groups)
    return ShownSection(key, text(f"approval.{key}", language=language), count, tuple(first))


def _group(group: Mapping[str, Any], view: Any, language: str) -> ShownGroup:
    what, field_class, form, rule = group_words(group, language)
    leaves = view is not None
    into = group["into"]
    return ShownGroup(
        what=what,
        count=group["count"],
        field_class=field_class,
        form=form,
        rule=rule,
        needs_approval=leaves and group["class"] == FieldClass.TRADE_SECRET.value,
        fields=tuple(
            ShownField(
                field_name(into or path, language),
                _values(view, into or path, language) if leaves else (),
            )
            for path in dict.fromkeys(group["paths"])
        ),
    )


def _values(view: Any, path: str, language: str) -> tuple[str, ...]:
    """The first different values at a path of the view, as they stand in it."""
    found = list(dict.fromkeys(_shown(value) for value in _at(view, segments(path))))
    if len(found) <= _SHOWN:
        return tuple(found)
    more = text("approval.more", {"count": len(found) - _SHOWN}, language)
    return (*found[:_SHOWN], more)


def _at(part: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if not path:
        yield part
        return
    key, *rest = path
    if key == "[]":
        for element in part if isinstance(part, list) else ():
            yield from _at(element, tuple(rest))
    elif isinstance(part, Mapping) and key in part:
        yield from _at(part[key], tuple(rest))


def _shown(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}… ({len(said)})"
