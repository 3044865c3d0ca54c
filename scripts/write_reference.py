"""Write the generated reference pages anew, from the code and tables they describe.

``docs/reference/inventory.md`` keeps the prose above its tables; the others are written
whole. Tests compare them all with the code.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from saltbridge.adapters.settings import SETTINGS
from saltbridge.border.catalogue import catalogue_for, catalogued_kinds
from saltbridge.border.rules import Pack, packaged_packs
from saltbridge.footprint.legal_dates import REGULATION, article_7
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.methodology import Methodology, RuleSet
from saltbridge.formats.inventory_reference import schema_markdown
from saltbridge.formats.offer_terms_reference import terms_markdown
from saltbridge.formats.passport_formats import statement
from saltbridge.formats.passport_openapi import openapi
from saltbridge.formats.passport_registry import FORMATS
from saltbridge.locales import text
from saltbridge.passport.attributes import (
    CATEGORIES,
    Attribute,
    Obligation,
    acts,
    applies_from,
    attribute_table,
    duties,
)
from saltbridge.passport.audience_matrix import DOORS, READERS, STATES, shown_points
from saltbridge.passport.interest import Evidence, Use, packaged_interests

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
_GENERATED = "*Written by `make docs`; change the code or the table, not this page.*"


def main() -> None:
    for name, page in pages().items():
        (REFERENCE / name).write_text(page, encoding="utf-8")
        print(f"Wrote docs/reference/{name}")


def pages() -> dict[str, str]:
    """File name -> the page as it should be."""
    return {
        "inventory.md": _inventory_page(),
        "methodologies.md": "\n".join(_methodologies_page()) + "\n",
        "attributes.md": "\n".join(_attributes_page()) + "\n",
        "border-packs.md": "\n".join(_border_page()) + "\n",
        "settings.md": "\n".join(_settings_page()) + "\n",
        "offer-terms.md": terms_markdown(_GENERATED),
        "passport-formats.md": "\n".join(_formats_page()) + "\n",
        "passport-access.md": "\n".join(_access_page()) + "\n",
        "passport-api.openapi.json": json.dumps(openapi("/"), indent=1) + "\n",
        "audience-matrix.md": "\n".join(_matrix_page()) + "\n",
    }


def _inventory_page() -> str:
    tables = schema_markdown()
    heading = tables.partition("\n")[0]
    page = REFERENCE / "inventory.md"
    prose, found, _ = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    if not found:
        raise SystemExit(f"{page.name} has no line {heading!r}: where do its tables begin?")
    return f"{prose}\n{tables}"


# --- passport formats ---------------------------------------------------------------------


def _formats_page() -> Iterator[str]:
    yield "# Passport formats: what each can carry"
    yield ""
    yield _GENERATED
    yield ""
    yield (
        "`saltbridge passport formats` prints the same. *In part*: the format has a place, but "
        "not for the day of a measurement, the wording or all members. What a format asks for "
        "and a passport does not have stands there as a placeholder, and the document lists "
        "where."
    )
    for format in FORMATS:
        stated = statement(format)
        yield ""
        yield f"## {format}"
        yield ""
        name = text(f"format.name.{format}")
        yield f"{name}. Carries {len(stated.carried)} attributes whole."
        for heading, ids in (("In part", stated.partly), ("Not at all", stated.not_carried)):
            if ids:
                yield ""
                yield f"{heading}:"
                yield ""
                yield from (_format_line(id, stated.why) for id in ids)


def _format_line(id: str, why: Mapping[str, str]) -> str:
    reason = f": {text(f'format.why.{why[id]}')}" if id in why else ""
    return f"- {id} {text(f'attribute.{id}')}{reason}"


# --- passport access ----------------------------------------------------------------------


def _access_page() -> Iterator[str]:
    yield "# Who has a legitimate interest: the policy a node starts with"
    yield ""
    yield _GENERATED
    yield ""
    yield (
        "The law fixes the audiences: everybody sees point 1 of Annex XIII; a person with a "
        "legitimate interest points 1, 2 and 4; an authority points 1, 2 and 3. Who is such a "
        "person, and how far they may use what they read, is for an implementing act under "
        "Art. 77(9) that is not adopted. Until then these rows hold. A node changes a row in "
        "`[settings.passport_access.interests.ID]` of its `node.toml`, with `points`, `uses`, "
        "`evidence`, `days`, `admitted`; no setting opens a point outside the audience."
    )
    yield ""
    yield "| id | audience | purpose | points beside 1 | uses | evidence | days | legal basis |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in packaged_interests().values():
        cells = (
            f"`{row.id}`",
            row.audience.value.replace("_", " "),
            row.purpose.value,
            ", ".join(str(p) for p in sorted(row.points)),
            ", ".join(sorted(row.uses)),
            ", ".join(row.evidence),
            str(row.days),
            row.legal_basis,
        )
        yield f"| {' | '.join(_cell(c) for c in cells)} |"
    yield ""
    yield f"Uses: {', '.join(f'`{u}`' for u in Use)}. Evidence: "
    yield f"{', '.join(f'`{e}`' for e in Evidence)}."
    yield ""
    yield (
        "`dismantler-credential` takes the place of the other evidence: a credential of that "
        "type (CX-0050) from an issuer the node trusts, checked by machine."
    )


# --- audience matrix ----------------------------------------------------------------------


def _matrix_page() -> Iterator[str]:
    yield "# Who is shown what: attribute × audience × door × state"
    yield ""
    yield _GENERATED
    yield ""
    yield (
        "A test asks every door of a node for a passport in every state as every reader, and "
        "compares each cell with this page. Readers other than *everybody* hold a grant; "
        "*dismantling* and *individual battery* are the two purposes of a legitimate interest "
        "in the policy a node starts with ([passport-access.md](passport-access.md))."
    )
    yield ""
    yield "| door | what it is |"
    yield "|---|---|"
    yield from (f"| {door} | {what} |" for door, what in DOORS.items())
    yield ""
    yield (
        "*three views*: issued before there were versions; a part of a view cannot be shown. "
        "*passed on*: the battery went into second lives; *re-used*, *repurposed*, "
        "*remanufactured* and *of two* (predecessors) are such. *transferred*: another "
        "operator answers, this node still has it; *taken over*: at that operator's node; "
        "*handed over*: at the old one, which leads on (307). *kept copy* and *served copy*: "
        "a back-up copy at another company, before and after a person switched it on. "
        "*recycled*: the public address says 410. Below `/access` what is not shown looks "
        "like a passport that does not exist."
    )
    yield ""
    yield "## Points of Annex XIII that are shown"
    yield ""
    yield f"| door | state | {' | '.join(READERS)} |"
    yield "|---|---|" + "---|" * len(READERS)
    for door in DOORS:
        rows: dict[tuple[str, ...], list[str]] = {}
        for state in STATES:
            cells = tuple(_points(shown_points(r, door, state)) for r in READERS)
            rows.setdefault(cells, []).append(state)
        for cells, states in rows.items():
            yield f"| {door} | {', '.join(states)} | {' | '.join(cells)} |"
    yield ""
    yield "## Attributes"
    yield ""
    yield "*yes*: shown to this reader at a door that shows the attribute's point."
    yield ""
    yield f"| id | attribute | point | {' | '.join(READERS)} |"
    yield "|---|---|---|" + "---|" * len(READERS)
    for attribute in attribute_table().values():
        shown = ("yes" if attribute.point in READERS[r] else "no" for r in READERS)
        name = _cell(text(f"attribute.{attribute.id}"))
        yield f"| {attribute.id} | {name} | {attribute.point or '–'} | {' | '.join(shown)} |"


def _points(points: frozenset[int]) -> str:
    return ", ".join(str(p) for p in sorted(points)) or "–"


# --- settings -----------------------------------------------------------------------------

_TOML = {
    str: "text",
    int: "number",
    bool: "true or false",
    list: "list of texts",
    dict: "table",
}


def _settings_page() -> Iterator[str]:
    yield "# Settings of a node"
    yield ""
    yield _GENERATED
    yield ""
    yield (
        "They stand in `node.toml` under `[settings]`; a dotted name such as `tls.key` is the "
        "member `key` of the table `[settings.tls]`. The node reads them when it starts. A "
        "name that is not listed here, or a value of another type, keeps it from starting."
    )
    yield ""
    yield "| setting | type | default | what it does |"
    yield "|---|---|---|---|"
    for row in SETTINGS:
        kind = " or ".join(f"`{c}`" for c in row.choices) or _TOML[row.kind]
        if row.least is not None:
            kind += f", {row.least} to {row.most}"
        default = "–" if row.default in (None, ()) else str(row.default)
        yield f"| `{row.name}` | {kind} | {_cell(default)} | {_cell(row.says)} |"


# --- methodologies ------------------------------------------------------------------------


def _methodologies_page() -> Iterator[str]:
    yield "# Methodologies: the rules, and how sure we are of them"
    yield ""
    yield _GENERATED
    yield ""
    yield (
        "Chosen with `saltbridge footprint INVENTORY --methodology ID@EDITION`. Without an "
        "edition the one in force on the day is taken. *How known* says how the text of a rule "
        "was seen: **read** in the text itself, **secondary** in a careful source that tells "
        "it, **recalled** from memory. Nothing is declared where a recalled rule decides a "
        "number ([why](../decisions/0008-recalled-rules-are-not-declared.md)). A rule that is "
        "*not loaded* was not read or cannot be checked here; it is never invented."
    )
    yield from _article_7()
    for methodology in methodologies().values():
        for rules in reversed(methodology.rule_sets):
            yield from _rule_set(methodology, rules)


def _article_7() -> Iterator[str]:
    yield ""
    yield "## Dates of Article 7"
    yield ""
    yield (
        f"{REGULATION}. A duty applies from the latest of the days in its row. An act that is "
        "not in force has no day, so the duty is *pending*: nobody can say from when it "
        "applies, which is not the same as a declaration that is missing. `saltbridge "
        "methodologies --in-force ACT=DATE` works the days out for acts in force."
    )
    yield ""
    yield "| duty | category | applies from the latest of | text |"
    yield "|---|---|---|---|"
    for duty in article_7().values():
        formula = duty.applies_from
        terms = [f"{formula.fixed}", *(f"`{t.act}` + {t.months} months" for t in formula.after)]
        where = duty.citation.removeprefix(f"{REGULATION}, ")
        yield f"| {duty.id} | {duty.category} | {', '.join(terms)} | {where} |"


def _rule_set(methodology: Methodology, rules: RuleSet) -> Iterator[str]:
    edition = rules.edition
    yield ""
    yield f"## {methodology.id}@{edition.name}"
    yield ""
    start = "no date" if edition.applies_from is None else f"from {edition.applies_from}"
    if edition.applies_until is not None:
        start += f" until {edition.applies_until}"
    yield f"{methodology.title}: {edition.title}. Status: **{edition.status.value}**, {start}."
    yield ""
    stages = ", ".join(text(f"footprint.stage.{s.value}") for s in rules.boundary)
    yield f"- Stages: {stages}"
    yield f"- GWP sets, in the order they are asked: {', '.join(rules.gwp_sets)}"
    for name in ("electricity", "recycling", "allocation"):
        candidates = [option.name for option in getattr(rules, name)]
        if len(candidates) > 1:
            yield f"- {name}: not loaded, calculated as {' and as '.join(candidates)}"
    yield f"- Significant digits of the declared value: {rules.significant_digits}"
    if rules.redeclare_above is not None:
        share = f"{100 * rules.redeclare_above:g} %"
        yield f"- A new value is asked for where it changes by more than {share}"
    for key, values in rules.assumptions.items():
        choices = " or ".join(f"`{key}={v}`" for v in values) or f"`{key}=NUMBER`"
        yield f"- A person may assume {choices}"
    yield ""
    yield "| rule | as applied | text | how known |"
    yield "|---|---|---|---|"
    for rule in rules.rules:
        cells = (f"`{rule.id}`", rule.value, rule.citation, rule.confidence.value)
        yield f"| {' | '.join(_cell(c) for c in cells)} |"
    if rules.rules_not_loaded:
        yield ""
        yield "| rule not loaded | what follows | text |"
        yield "|---|---|---|"
        for missing in rules.rules_not_loaded:
            effect = text(missing.effect)
            yield f"| `{missing.id}` | {_cell(effect)} | {_cell(missing.citation)} |"


# --- passport attributes --------------------------------------------------------------------

_POINTS = {
    1: "public",
    2: "persons with a legitimate interest, the Commission",
    3: "notified bodies, market surveillance authorities, the Commission",
    4: "persons with a legitimate interest (the individual battery)",
    None: "nobody",
}
_OBLIGATIONS = {
    Obligation.MANDATORY: "mandatory",
    Obligation.CONDITIONAL: "mandatory where its condition holds",
    Obligation.PENDING: "not to be filled before its duty has a date",
    Obligation.VOLUNTARY: "voluntary",
    Obligation.IF_AVAILABLE: "to be filled if available",
    Obligation.NOT_TO_BE_FILLED: "not to be filled for this category",
}


def _attributes_page() -> Iterator[str]:
    yield "# Attributes of the battery passport"
    yield ""
    yield _GENERATED
    yield ""
    yield (
        "What a passport may say, to whom, from when, as `attributes.csv`, `duties.csv` and "
        "`acts.csv` in `src/saltbridge/passport` hold it. *Point* is the point of Annex XIII "
        "of Regulation (EU) 2023/1542 that decides the audience; *EC* the number in the "
        "Commission's guidance on data points of 28 July 2026 (CC BY 4.0; read through a "
        "republication), which the obligations of February 2027 follow."
    )
    yield ""
    yield "| point | who sees it |"
    yield "|---|---|"
    for point, audience in _POINTS.items():
        yield f"| {point or '–'} | {audience} |"
    yield ""
    yield "| letter | obligation |"
    yield "|---|---|"
    for obligation, meaning in _OBLIGATIONS.items():
        yield f"| {obligation.value} | {meaning} |"
    yield from _duties()
    section = ""
    for attribute in attribute_table().values():
        if attribute.section != section:
            section = attribute.section
            yield ""
            yield f"## {section.replace('_', ' ').capitalize()}"
            yield ""
            yield (
                f"| id | attribute | unit | point | {' | '.join(CATEGORIES)} "
                "| condition | duty | legal basis | EC |"
            )
            yield "|---|---|---|---|" + "---|" * len(CATEGORIES) + "---|---|---|---|"
        yield _attribute_row(attribute)


def _attribute_row(attribute: Attribute) -> str:
    cells = (
        attribute.id,
        text(f"attribute.{attribute.id}"),
        attribute.unit,
        attribute.clause or str(attribute.point or "–"),
        *(attribute.obligations[c].value for c in CATEGORIES),
        attribute.condition,
        "" if attribute.duty == "passport" else attribute.duty,
        attribute.legal_basis,
        attribute.ec_guidance.replace(";", ", "),
    )
    return f"| {' | '.join(_cell(c) for c in cells)} |"


def _duties() -> Iterator[str]:
    yield ""
    yield "## From when"
    yield ""
    yield (
        "A duty applies from the latest of its terms; `act+12m` is twelve months after the act "
        "enters into force. An act without a date keeps the duty pending."
    )
    yield ""
    yield "| duty | category | latest of | applies from | legal basis |"
    yield "|---|---|---|---|---|"
    for (duty, category), entry in duties().items():
        start = applies_from(duty, category)
        terms = ", ".join(f"`{t}`" for t in entry.terms)
        day = "pending" if start is None else start.isoformat()
        yield f"| {duty} | {category} | {terms} | {day} | {_cell(entry.legal_basis)} |"
    yield ""
    yield "| act | in force since | what | source |"
    yield "|---|---|---|---|"
    for act in acts().values():
        since = "pending" if act.entry_into_force is None else act.entry_into_force.isoformat()
        yield f"| `{act.id}` | {since} | {_cell(act.title)} | {_cell(act.source)} |"


# --- border: rule packs and groups of the catalogues ----------------------------------------


def _border_page() -> Iterator[str]:
    yield "# Rule packs of the border, and the groups of the catalogues"
    yield ""
    yield _GENERATED
    yield ""
    yield (
        "**No legal advice.** The packs help people to decide and to show how they decided. "
        "*How known* says how the text was seen: **read**, **secondary** (in a careful source "
        "that tells it), **recalled** (from memory). `saltbridge border packs --node DIR "
        "--date DAY` lists them as they stand at a node on a day."
    )
    for pack in packaged_packs():
        yield ""
        yield f"## {pack.id} [{pack.edition}]"
        yield ""
        since = f"Applies from {pack.applies_from}; `{pack.applies}`"
        yield f"{pack.title}. {since}, {_where(pack)}."
        yield ""
        yield f"- Source: {pack.citation}"
        yield f"- How known: {pack.confidence.value}"
        if pack.state != "loaded":
            items = f" ({pack.annex_items} items, as a source says)" if pack.annex_items else ""
            yield f"- Official list: **not loaded**{items}; what might stand in it stays"
        if pack.note:
            yield f"- {pack.note}"
        yield ""
        yield "| rule | effect | classes | what it says | unless | text |"
        yield "|---|---|---|---|---|---|"
        for rule in pack.rules:
            effect = f"{rule.effect} ({rule.question})" if rule.question else rule.effect
            cells = (
                f"`{rule.id}`",
                effect,
                ", ".join(sorted(c.value for c in rule.classes)),
                text(f"border.rule.{rule.id}"),
                text(f"border.condition.{rule.unless}") if rule.unless else "",
                rule.citation,
            )
            yield f"| {' | '.join(_cell(c) for c in cells)} |"
    yield ""
    yield "## Groups of the catalogues"
    yield ""
    yield (
        "An official list or an own row names groups or paths. The classes are those of the "
        "packaged rows."
    )
    for kind in catalogued_kinds():
        yield ""
        yield f"### {kind}"
        yield ""
        yield "| group | class | paths |"
        yield "|---|---|---|"
        groups: dict[tuple[str, str], list[str]] = {}
        for entry in catalogue_for(kind).entries:
            if not entry.group.startswith("attributes"):
                groups.setdefault((entry.group, entry.field_class.value), []).append(entry.path)
        for (group, field_class), paths in groups.items():
            yield f"| {group} | {field_class} | {' '.join(f'`{p}`' for p in paths)} |"


def _where(pack: Pack) -> str:
    where = "everywhere" if pack.jurisdiction == "*" else pack.jurisdiction
    return f"{where}, nodes in the zone `{pack.zone}` only" if pack.zone else where


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
