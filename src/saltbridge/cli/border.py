"""``saltbridge border``: what left, what stayed, under which rule."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from saltbridge.cli import approval, border_record, border_rules
from saltbridge.cli.options import AsJson, Node, partners_in

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Show what left, what stayed, and under which rule.",
)
approval.register(app)


@app.command()
def manifest(
    id: Annotated[str, typer.Argument(help="Id of a decision or of a dataset.")],
    node: Node,
    json: AsJson = False,
) -> None:
    """What left, what stayed, under which rule, to whom, and why."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.border_records import manifests

    with opened_world(node) as world:
        found = manifests(world, id)
    _show(found, json)


@app.command()
def decisions(node: Node, json: AsJson = False) -> None:
    """The border decisions of a node, the newest first."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text
    from saltbridge.reports.manifest import readable_moment
    from saltbridge.services import border_records

    with opened_world(node) as world:
        found = border_records.decisions(world)
    if json:
        say_json(found)
        return
    tongue = language()
    if not found:
        typer.echo(text("manifest.no-decisions", language=tongue))
    for record in found:
        # Two lines each: an id that people copy is longer than half a terminal.
        verdict = text(f"operator.{record['verdict']}", language=tongue)
        made_at = readable_moment(record["made_at"])
        typer.echo(f"{made_at}  {verdict}  → {record['recipient']['name']}")
        typer.echo(f"    {record['id']}")


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="The document (JSON), unsigned.")],
    node: Node,
    to: Annotated[str, typer.Option("--to", help="Partner: BPN, DID or name.")],
    purpose: Annotated[str, typer.Option("--purpose", help="Usage purpose.")] = "",
    person: Annotated[str, typer.Option("--person", help="Who answers for it.")] = "",
    json: AsJson = False,
) -> None:
    """What would leave and what would stay. Nothing is stored, nothing is offered."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.services.publish import PublishRequest
    from saltbridge.services.publish import preview as look_ahead

    document = read_document(file)
    with opened_world(node) as world:
        found = look_ahead(
            world,
            PublishRequest(
                document=document,
                kind=str(document["kind"]),
                recipients=partners_in(to),
                purpose=purpose,
                person=person or os_name(),
            ),
        )
    _show(found, json, preview=True)


def read_document(file: Path) -> Mapping[str, Any]:
    """The JSON document in the file.

    Raises:
        FaultyInput: it cannot be read, is not JSON, or has no member ``kind``.
    """
    from saltbridge.core.canonical import read_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import Place

    try:
        content = file.read_bytes()
    except OSError as fault:
        raise FaultyInput.of(
            "publish.unreadable", file=str(file), reason=fault.strerror or ""
        ) from fault
    document = read_json(content, str(file))
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise FaultyInput.of("publish.not-a-document", Place(file=str(file)))
    return document


def print_manifest(found: Mapping[str, Any], *, preview: bool = False) -> None:
    """A manifest in the terminal, in the language of its reader."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from saltbridge.cli.present import language
    from saltbridge.locales import text
    from saltbridge.reports.manifest import FORM, manifest_words

    tongue = language()
    words = manifest_words(found, tongue, preview=preview)
    console = Console()
    console.print(words.title, style="bold", markup=False)
    facts = Table.grid(padding=(0, 2))
    for label, value in words.facts:
        facts.add_row(Text(label), Text(value))
    console.print(facts)
    console.print(words.summary, style="bold", markup=False)
    for section in words.sections:
        with_form = any(line.form for line in section.lines)
        table = Table(title=section.title, title_justify="left", box=SIMPLE_HEAD)
        for index, heading in enumerate(words.headings):
            if with_form or index != FORM:
                # Chinese has no blanks to wrap at: fold, never cut.
                table.add_column(heading, overflow="fold")
        for line in section.lines:
            form = (line.form,) if with_form else ()
            cells = (line.what, str(line.fields), line.field_class, *form, line.rule)
            table.add_row(*map(Text, cells))
        if section.lines:
            console.print(table)
        else:
            nothing = text("manifest.nothing", language=tongue)
            console.print(f"{section.title}: {nothing}", markup=False)
    for note in words.notes:
        console.print(f"· {note}", markup=False)


def _show(found: tuple[Mapping[str, Any], ...], json: bool, *, preview: bool = False) -> None:
    from saltbridge.cli.present import say_json

    if json:
        say_json(found)
        return
    for one in found:
        print_manifest(one, preview=preview)


app.command("packs")(border_rules.packs)
app.command("explain")(border_rules.explain)
app.command("open-commitment")(border_rules.open_commitment)
app.command("check-commitment")(border_rules.check_commitment)
app.add_typer(border_rules.annex_app, name="annex")
app.add_typer(border_rules.catalogue_app, name="catalogue")
app.command("retention")(border_record.retention)
app.command("report")(border_record.report)
