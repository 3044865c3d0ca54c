"""``saltbridge border pending``, ``show``, ``approve``, ``refuse``: two persons let go."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node, PasswordFile

if TYPE_CHECKING:
    from rich.console import Console

    from saltbridge.reports.approval import ProposalText, ShownSection

Id = Annotated[str, typer.Argument(help="Id of what waits.")]
As = Annotated[str, typer.Option("--as", help="Name of the account that decides.")]


def register(app: typer.Typer) -> None:
    """Put the commands beside the others of the group."""
    for command in (pending, show, approve, refuse):
        app.command()(command)


def pending(node: Node, json: AsJson = False) -> None:
    """What waits for two persons, the oldest first."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.reports.approval import short_digest
    from saltbridge.reports.manifest import readable_moment
    from saltbridge.services import approval

    with opened_world(node) as world:
        found = approval.pending(world)
    if json:
        say_json(found)
        return
    if not found:
        say("approval.none")
    tongue = language()
    for one in found:
        given = {"given": len(one["approvals"])}
        typer.echo(f"{one['title']} → {one['recipient']['name']}")
        for label, value in (
            ("approvals", text("approval.of-two", given, tongue)),
            ("expires", readable_moment(one["expires_at"])),
            ("digest-short", short_digest(one["digest"])),
        ):
            typer.echo(f"    {text(f'approval.{label}', language=tongue)}: {value}")
        typer.echo(f"    {one['id']}")


def show(id: Id, node: Node, json: AsJson = False) -> None:
    """What would leave with which value, what stays, to whom, until when."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.services import approval

    with opened_world(node) as world:
        found = approval.proposal(world, id)
    if json:
        say_json({k: v for k, v in found.items() if k != "content"})
        return
    _print(found)


def approve(
    id: Id,
    node: Node,
    as_name: As,
    password_file: PasswordFile = None,
    digest: Annotated[
        str, typer.Option("--digest", help="Digest of the bytes you looked at.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needs --digest.")] = False,
    json: AsJson = False,
) -> None:
    """Approve the very bytes; with the second person's approval they are released."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.cli.present import say, say_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services import approval

    if yes and not digest:
        raise FaultyInput.of("approval.yes-without-digest")
    with opened_world(node) as world:
        person = acting_person(world, as_name, password_file)
        found = approval.proposal(world, id)
        if not digest:
            _print(found)
            if not _confirmed(found):
                say("approval.not-confirmed")
                raise typer.Exit(1)
        outcome = approval.approve(world, person, id, digest or str(found["digest"]))
    if json:
        say_json(_told(outcome.proposal))
        return
    say("approval.done-second" if outcome.released else "approval.done-first", name=person.name)


def refuse(
    id: Id,
    node: Node,
    as_name: As,
    reason: Annotated[str, typer.Option("--reason", help="The partner reads it as it stands.")],
    password_file: PasswordFile = None,
    json: AsJson = False,
) -> None:
    """Refuse; a partner who asked is told the reason, word for word."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.cli.present import say, say_json
    from saltbridge.services import approval

    with opened_world(node) as world:
        person = acting_person(world, as_name, password_file)
        outcome = approval.refuse(world, person, id, reason)
    if json:
        say_json(_told(outcome.proposal))
        return
    say("approval.done-refused", name=person.name)


def say_waiting(proposals: tuple[Mapping[str, Any], ...]) -> None:
    """Say of every proposal that it waits, with its id."""
    from saltbridge.cli.present import say

    for one in proposals:
        recipient = one["recipient"]["name"]
        say("approval.waits", title=one["title"], recipient=recipient, id=one["id"])


def _told(proposal: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("id", "state", "digest", "dataset_id", "recipient", "approvals", "refusal")
    return {name: proposal[name] for name in kept}


def _confirmed(found: Mapping[str, Any]) -> bool:
    """Whether the person at the terminal says yes to the digest it was shown."""
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    asked = text("approval.confirm", {"digest": found["digest"]}, language())
    try:
        answer = input(f"{asked} ")
    except EOFError:
        return False
    return answer.strip().casefold() in ("y", "yes", "j", "ja", "是")


def _print(found: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from saltbridge.cli.present import language
    from saltbridge.reports.approval import proposal_words

    words = proposal_words(found, language())
    console = Console()
    console.print(words.title, style="bold", markup=False)
    facts = Table.grid(padding=(0, 2))
    for label, value in words.facts:
        facts.add_row(Text(label), Text(value))
    console.print(facts)
    console.print(words.summary, style="bold", markup=False)
    for section in words.sections:
        _print_section(console, section)
    _print_end(console, words)


def _print_section(console: "Console", section: "ShownSection") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from saltbridge.cli.present import language
    from saltbridge.locales import text

    tongue = language()
    if not section.groups:
        nothing = text("manifest.nothing", language=tongue)
        console.print(f"{section.title}: {nothing}", markup=False)
        return
    stays = section.key == "stays"
    table = Table(title=section.title, title_justify="left", box=SIMPLE_HEAD)
    for heading in ("field", "fields" if stays else "value", "rule"):
        table.add_column(text(f"approval.{heading}", language=tongue), overflow="fold")
    for group in section.groups:
        mark = "  ● " + text("approval.secret", language=tongue) if group.needs_approval else ""
        form = f" ({group.form})" if group.form else ""
        head = Text(f"{group.what}{form}{mark}", style="yellow" if mark else "bold")
        table.add_row(head, Text(str(group.count) if stays else ""), Text(group.rule))
        for field in () if stays else group.fields:
            table.add_row(Text(f"  {field.name}"), Text("\n".join(field.values)), Text(""))
    console.print(table)
    if stays:
        console.print(text("approval.stays-note", language=tongue), markup=False)


def _print_end(console: "Console", words: "ProposalText") -> None:
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    tongue = language()
    given = text("approval.of-two", {"given": len(words.approvals)}, tongue)
    label = text("approval.approvals", language=tongue)
    console.print(f"{label}: {given}", style="bold", markup=False)
    for line in words.approvals:
        console.print(f"  ✓ {line}", markup=False)
    if words.outcome:
        console.print(words.outcome, style="bold", markup=False)
