"""``saltbridge border``: rule packs, official lists, own rows, explanations, openings."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node, PasswordFile, read_file

AsName = Annotated[str, typer.Option("--as", help="Name of the person who acts.")]
File = Annotated[Path, typer.Argument(help="The official list (TOML or CSV).")]

annex_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Load official lists (annexes) of rule packs.",
)
catalogue_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Classify own fields more strictly.",
)


def packs(
    node: Annotated[Path | None, typer.Option("--node", help="Folder of the node.")] = None,
    date: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="On that day.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the rule packs: state, citation, how they were read, what is not loaded."""
    from contextlib import nullcontext

    from saltbridge.bootstrap import open_clock, opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text
    from saltbridge.reports.border_words import not_loaded, pack_words
    from saltbridge.services.border_packs import listed

    with nullcontext() if node is None else opened_world(node) as world:
        found = listed(world, date, open_clock().now())
    if json:
        say_json(
            [
                {
                    "id": p.id,
                    "edition": p.edition,
                    "title": p.title,
                    "jurisdiction": p.jurisdiction,
                    "zone": p.zone,
                    "applies_from": p.applies_from.isoformat(),
                    "state": state,
                    "annex": p.state,
                    "annex_digest": p.annex_digest,
                    "citation": p.citation,
                    "confidence": p.confidence.value,
                    "note": p.note,
                    "digest": p.digest,
                }
                for p, state in found
            ]
        )
        return
    tongue = language()
    for pack, state in found:
        words = pack_words(pack, state, tongue)
        typer.echo(words.title)
        for label, value in words.facts:
            typer.echo(f"    {label}: {value}")
    in_force = [p for p, state in found if state == "in-force"]
    for pack in not_loaded(in_force):
        typer.echo(text("border.annex-not-loaded", {"pack": pack.id}, tongue))
    typer.echo(text("border.no-legal-advice", None, tongue))


def explain(
    decision: Annotated[str, typer.Argument(help="Id of the decision.")],
    node: Node,
    path: Annotated[str, typer.Argument(help="Field or part of the document.")] = "",
    json: AsJson = False,
) -> None:
    """Why each field left or stayed: rules, conditions, sources, what to do."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text, text_or
    from saltbridge.reports.border_words import rule_words, shown_paths
    from saltbridge.services.border_explain import explanation

    with opened_world(node) as world:
        found = explanation(world, decision, path)
    if json:
        say_json([asdict(group) for group in found])
        return
    tongue = language()
    for group in found:
        stays = group.decision == "stay"
        field_class = group.field_class or "uncatalogued"
        arguments = {
            "class": text_or(field_class, f"border.class.{field_class}", None, tongue),
            "count": group.count,
            "form": text_or("", f"border.transform.{group.transform}", None, tongue),
        }
        key = {"stay": "stays", "leave": "leaves"}.get(group.decision, "leaves-as")
        typer.echo(
            f"{'✗' if stays else '✓'} {text(f'border.explain.{key}', arguments, tongue)}"
        )
        for one in shown_paths(group.paths):
            typer.echo(f"    {one}")
        for rule in group.rules:
            words = rule_words(rule.id, rule.citation, rule.condition, stays, tongue)
            typer.echo(f"    · {words.says} [{rule.id}]")
            for line in (words.condition, words.citation):
                if line:
                    typer.echo(f"        {line}")
            if rule.changed:
                typer.echo(f"        {text('border.pack-changed', None, tongue)}")
            if words.do:
                typer.echo(f"        → {words.do}")
    typer.echo(text("border.no-legal-advice", None, tongue))


def open_commitment(
    decision: Annotated[str, typer.Argument(help="Id of the decision.")],
    document: Annotated[
        Path, typer.Option("--document", help="The document the release was made of.")
    ],
    out: Annotated[Path, typer.Option("--out", help="File for the opening; keep it secret.")],
    node: Node,
) -> None:
    """Write salt and values that open a release's commitment, for a verifier."""
    import os

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.border import read_document
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services import border_commitment

    given = read_document(document)
    with opened_world(node) as world:
        opening = border_commitment.open_commitment(world, decision, given)
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise FaultyInput.of(
            "border.cannot-write", file=str(out), reason=fault.strerror or ""
        ) from fault
    with os.fdopen(handle, "wb") as file:
        file.write(canonical_bytes(opening))
    say("border.opened", file=str(out), count=len(opening["commitments"]))


def check_commitment(
    opening: Annotated[Path, typer.Argument(help="The opening.")],
    payload: Annotated[Path, typer.Option("--payload", help="The released file.")],
) -> None:
    """Check that an opening belongs to a released file."""
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import read_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.border_commitment import check_opening

    stated = read_json(read_file(opening, "annex.unreadable"), str(opening))
    if not isinstance(stated, dict):
        raise FaultyInput.of("border.not-an-opening")
    for path in check_opening(stated, read_file(payload, "annex.unreadable")):
        say("border.opening-fits", path=path)


@annex_app.command("check")
def annex_check(file: File, node: Node, json: AsJson = False) -> None:
    """What loading the list would change. Nothing is stored."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services import annex

    with opened_world(node) as world:
        seen = annex.check(world, read_file(file, "annex.unreadable"), str(file))
    if json:
        say_json({"digest": seen.annex.digest, "milder": seen.milder, "changes": _rows(seen)})
        return
    say_findings(seen.findings)
    _say_changes(seen.changes)
    say("annex.unchanged", count=seen.unchanged)
    if seen.milder:
        say("annex.needs-second")


@annex_app.command("load")
def annex_load(
    file: File, node: Node, as_name: AsName, password_file: PasswordFile = None
) -> None:
    """Load the list: stricter at once, milder once a second person has loaded it too."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.services import annex

    with opened_world(node) as world:
        person = acting_person(world, as_name, password_file)
        _say_outcome(annex.load(world, person, read_file(file, "annex.unreadable"), str(file)))


@annex_app.command("withdraw")
def annex_withdraw(
    pack: Annotated[str, typer.Argument(help="Id of the rule pack.")],
    node: Node,
    as_name: AsName,
    password_file: PasswordFile = None,
) -> None:
    """Take a list back; where that is milder, once a second person has done so too."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.services import annex

    with opened_world(node) as world:
        person = acting_person(world, as_name, password_file)
        _say_outcome(annex.withdraw(world, person, pack))


@annex_app.command("list")
def annex_list(node: Node, json: AsJson = False) -> None:
    """The lists that were ever loaded, with who loaded them."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services import annex

    with opened_world(node) as world:
        found = annex.loaded(world)
    if json:
        say_json(found)
        return
    if not found:
        say("annex.none")
    for one in found:
        say(
            "annex.by",
            id=one["pack"],
            edition=one["annex"]["edition"],
            state=text(f"annex.state.{one['state']}", None, language()),
            at=one["loaded_at"],
            person=_names(one),
        )


@catalogue_app.command("add")
def catalogue_add(
    path: Annotated[str, typer.Argument(help="Field or pattern: /product/name")],
    field_class: Annotated[str, typer.Option("--class", help="The stricter class.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    node: Node,
    as_name: AsName,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Kind of document.")] = None,
    password_file: PasswordFile = None,
) -> None:
    """Classify a field more strictly than the packaged catalogue does."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.services import annex

    row = {"path": path, "class": field_class, "reason": reason, "kinds": list(kind or ())}
    with opened_world(node) as world:
        person = acting_person(world, as_name, password_file)
        _say_outcome(annex.add_row(world, person, row))


@catalogue_app.command("remove")
def catalogue_remove(
    id: Annotated[str, typer.Argument(help="Id of the row.")],
    node: Node,
    as_name: AsName,
    password_file: PasswordFile = None,
) -> None:
    """Take an own row back, once two persons have."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.services import annex

    with opened_world(node) as world:
        person = acting_person(world, as_name, password_file)
        _say_outcome(annex.remove_row(world, person, id))


@catalogue_app.command("list")
def catalogue_list(node: Node, json: AsJson = False) -> None:
    """The company's own rows."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services import annex

    with opened_world(node) as world:
        found = annex.house_rows(world)
    if json:
        say_json(found)
        return
    if not found:
        say("annex.none")
    for one in found:
        row = one["row"]
        say(
            "annex.row-by",
            path=row["path"],
            field_class=text(f"border.class.{row['class']}", None, language()),
            state=text(f"annex.state.{one['state']}", None, language()),
            at=one["loaded_at"],
            person=one["loaded_by"]["name"],
            reason=row["reason"],
        )
        typer.echo(f"    {one['id']}")


def _names(record: Mapping[str, Any]) -> str:
    people = (record["loaded_by"], record.get("confirmed_by"))
    return ", ".join(p["name"] for p in people if p)


def _rows(seen: Any) -> list[dict[str, str]]:
    return [
        {
            "kind": c.kind,
            "path": c.path,
            "group": c.group,
            "before": c.before.value,
            "after": c.after.value,
            "direction": "milder" if c.milder else "stricter",
        }
        for c in seen.changes
    ]


def _say_changes(changes: Any) -> None:
    from saltbridge.cli.present import language, say
    from saltbridge.locales import text

    tongue = language()
    if not changes:
        say("annex.no-change")
    for change in changes:
        classes = {
            name: text(f"border.class.{c.value}", None, tongue)
            for name, c in (("before", change.before), ("after", change.after))
        }
        direction = "milder" if change.milder else "stricter"
        say(
            "annex.change",
            kind=change.kind,
            path=change.path,
            direction=text(f"annex.{direction}", None, tongue),
            **classes,
        )


def _say_outcome(outcome: Any) -> None:
    from saltbridge.cli.present import language, say
    from saltbridge.locales import text

    _say_changes(outcome.changes)
    state = text(f"annex.state.{outcome.state}", None, language())
    say("annex.outcome", id=outcome.id, state=state)
    if outcome.state in ("stricter-only", "awaits-second-person"):
        say("annex.needs-second")
