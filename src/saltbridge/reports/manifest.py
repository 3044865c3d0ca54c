"""The manifest for people: what left, what stayed, in which form, under which rule.

Words come from the catalogues; a manifest knows paths, classes and rules, never a value.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from saltbridge.border.manifest import grouped
from saltbridge.border.rules import UNCATALOGUED
from saltbridge.locales import text, text_or

_ATTRIBUTE = re.compile(r"/(A\d{3})(?=/|$)")
_SHOWN_PATHS = 12
FIELDS, FORM = 1, 3  # columns of a table


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One group of fields: what, how many, class, form, rule, and the names behind it."""

    what: str
    fields: int
    field_class: str
    form: str
    rule: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ManifestSection:
    """Left, left in another form, or stayed."""

    key: str
    title: str
    lines: tuple[ManifestLine, ...]


@dataclass(frozen=True, slots=True)
class ManifestText:
    """A manifest in the words of one language."""

    title: str
    facts: tuple[tuple[str, str], ...]
    summary: str
    sections: tuple[ManifestSection, ...]
    notes: tuple[str, ...]
    headings: tuple[str, ...]  # what, fields, class, form, rule


def manifest_words(
    manifest: Mapping[str, Any], language: str, *, preview: bool = False
) -> ManifestText:
    """The manifest in one language, its fields grouped as a person would name them."""
    mood = "preview-" if preview else ""
    sections = tuple(
        ManifestSection(
            key,
            text(f"manifest.{mood}{key}", language=language),
            tuple(_line(group, language) for group in grouped(manifest.get(key, ()))),
        )
        for key in ("left", "minimised", "stayed")
    )
    counts = {s.key: sum(line.fields for line in s.lines) for s in sections}
    notes = [
        text("border.annex-not-loaded", {"pack": _pack(pack, language)}, language)
        for pack in manifest.get("packs", ())
        if pack.get("state") == "annex-not-loaded"
    ]
    approval = manifest.get("approval", {})
    if approval.get("needed") and not approval["given"]:
        notes.append(text("manifest.needs-approval", language=language))
    notes.append(text(f"manifest.{mood}values-never", language=language))
    notes.append(text("border.no-legal-advice", language=language))
    return ManifestText(
        title=text("manifest.preview" if preview else "manifest.title", language=language),
        facts=_facts(manifest, language, preview),
        summary=text(f"manifest.{mood}summary", counts, language),
        sections=sections,
        notes=tuple(notes),
        headings=tuple(
            text(f"manifest.{key}", language=language)
            for key in ("what", "fields", "class", "form", "rule")
        ),
    )


def manifest_html(
    manifest: Mapping[str, Any], language: str = "en", *, preview: bool = False
) -> str:
    """The manifest as an HTML fragment: a ``section`` per part, no script, no style."""
    words = manifest_words(manifest, language, preview=preview)
    facts = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in words.facts)
    parts = [f'<dl class="facts">{facts}</dl><p class="summary">{escape(words.summary)}</p>']
    nothing = escape(text("manifest.nothing", language=language))
    for section in words.sections:
        with_form = any(line.form for line in section.lines)
        rows = "".join(_row(line, words.headings, with_form) for line in section.lines)
        head = "".join(
            f'<th scope="col"{_class(index)}>{escape(heading)}</th>'
            for index, heading in enumerate(words.headings)
            if with_form or index != FORM
        )
        table = (
            f'<table class="cards"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
            if rows
            else f"<p>{nothing}</p>"
        )
        parts.append(
            f'<section class="{section.key}"><h2>{escape(section.title)}</h2>{table}</section>'
        )
    notes = "".join(f"<li>{escape(note)}</li>" for note in words.notes)
    parts.append(f'<ul class="notes">{notes}</ul>')
    return "".join(parts)


def _row(line: ManifestLine, headings: tuple[str, ...], with_form: bool) -> str:
    what = escape(line.what)
    if line.names:
        names = "".join(f"<li>{escape(name)}</li>" for name in line.names)
        what = f"<details><summary>{what}</summary><ul>{names}</ul></details>"
    texts = (line.field_class, line.form, line.rule)
    cells = (what, str(line.fields), *map(escape, texts))
    return (
        "<tr>"
        + "".join(
            f'<td data-label="{escape(heading)}"{_class(index)}>{cell}</td>'
            for index, (heading, cell) in enumerate(zip(headings, cells, strict=True))
            if with_form or index != FORM
        )
        + "</tr>"
    )


def _class(index: int) -> str:
    return ' class="number"' if index == FIELDS else ""


def _line(group: Mapping[str, Any], language: str) -> ManifestLine:
    what, field_class, form, rule = group_words(group, language)
    names = _names(group["paths"], language)
    return ManifestLine(what, group["count"], field_class, form, rule, names)


def group_words(group: Mapping[str, Any], language: str) -> tuple[str, str, str, str]:
    """Of a group of fields: what they are, their class, the form they leave in ('': as they
    are), and the rule."""
    field_class, form = group["class"] or UNCATALOGUED, group["transform"]
    return (
        text_or(group["group"], f"manifest.group.{group['group']}", None, language),
        text_or(field_class, f"border.class.{field_class}", None, language),
        text_or(form, f"border.transform.{form}", None, language) if form else "",
        text_or(group["rule"], f"border.rule.{group['rule']}", None, language),
    )


def document_name(kind: str, language: str) -> str:
    """What people call a kind of document."""
    return text_or(kind, f"manifest.document-name.{kind}", None, language)


def purpose_name(purpose: str, language: str) -> str:
    """What people call a purpose; one we have no words for stands as it was written."""
    slug = re.sub(r"[.:]", "-", purpose)
    return text_or(purpose, f"manifest.purpose-name.{slug}", None, language)


def _names(paths: Iterable[str], language: str) -> tuple[str, ...]:
    """Names behind a group: attributes by their label, other fields by their path."""
    names = dict.fromkeys(field_name(path, language) for path in paths)
    shown = tuple(names)
    if len(shown) <= _SHOWN_PATHS or not shown[0].startswith("/"):
        return shown
    return (*shown[:_SHOWN_PATHS], f"… +{len(shown) - _SHOWN_PATHS}")


def field_name(path: str, language: str) -> str:
    """What people call a field: a passport attribute by its label, any other by its path."""
    attribute = _ATTRIBUTE.search(path)
    id = f"attribute.{attribute.group(1)}" if attribute else ""
    return text_or(path, id, None, language)


def _facts(
    manifest: Mapping[str, Any], language: str, preview: bool
) -> tuple[tuple[str, str], ...]:
    recipient = manifest.get("recipient", {})
    bpn = str(recipient.get("bpn", ""))
    everybody = text("manifest.everybody", language=language)
    destination = str(manifest.get("destination", ""))
    facts = {
        "document": document_name(str(manifest.get("document_kind", "")), language),
        "recipient": everybody if bpn == "public" else f"{recipient.get('name', '')} ({bpn})",
        "purpose": purpose_name(str(manifest.get("purpose", "")), language),
        "route": f"{manifest.get('origin', '')} → "
        f"{everybody if destination == '*' else destination}",
        "made-at": readable_moment(str(manifest.get("made_at", ""))),
        "person": str(manifest.get("person", "")) or text("manifest.nobody", language=language),
        "approved-by": text("manifest.semicolon", language=language).join(
            f"{a['name']} ({readable_moment(a['at'])})"
            for a in manifest.get("approval", {}).get("given", ())
        ),
        "decision": str(manifest.get("decision_id", "")),
        "packs": text("manifest.semicolon", language=language).join(
            f"{_pack(p, language)} [{p.get('edition', '')}]" for p in manifest.get("packs", ())
        ),
    }
    if preview:
        del facts["decision"]
    if not facts["approved-by"]:
        del facts["approved-by"]
    return tuple((text(f"manifest.{k}", language=language), v) for k, v in facts.items())


def _pack(pack: Mapping[str, Any], language: str) -> str:
    return text_or(
        str(pack.get("title", "")), f"border.pack.{pack.get('id', '')}", None, language
    )


def readable_moment(moment: str) -> str:
    """A moment as people write it.

    >>> readable_moment("2026-11-23T10:00:00Z")
    '2026-11-23 10:00 UTC'
    """
    return f"{moment[:10]} {moment[11:16]} UTC" if moment.endswith("Z") else moment
