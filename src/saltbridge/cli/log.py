"""``saltbridge log``: the record that cannot be denied later."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from saltbridge.services.log_audit import LogAudit

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Check the log of a node, and what others have seen of it.",
)
Folder = Annotated[Path, typer.Argument(help="Folder of the node.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback()
def _group() -> None:
    """A group, even while it has one command."""


@app.command()
def audit(folder: Folder, json: AsJson = False) -> None:
    """Check everything the node has stored against what it once wrote and signed.

    Changes nothing; the node may go on serving. Exit code 1 where the store is not as it was
    written.
    """
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.services.log_audit import audit_store

    with opened_world(folder) as world:
        found = audit_store(world.store)
    if json:
        say_json(_audit_document(found))
    else:
        _say_audit(found)
    if not found.clean:
        raise typer.Exit(1)


def _say_audit(found: "LogAudit") -> None:
    import sys

    from saltbridge.cli.present import language, say, say_findings
    from saltbridge.core.finding import errors_in
    from saltbridge.locales import text
    from saltbridge.services.log_audit import NAMED_PER_CODE

    tongue = language()
    say("audit.heading")
    for name, count in found.counts.items():
        typer.echo(f"  {text(f'audit.label.{name}', None, tongue)}: {count}")
    typer.echo(f"  {text('audit.label.root', None, tongue)}: {found.root.hex()}")
    say_findings(found.findings, sys.stdout)
    for code, count in found.found.items():
        if count > NAMED_PER_CODE:
            say("audit.more", count=count, named=NAMED_PER_CODE, code=code)
    errors = sum(found.found[code] for code in {f.code for f in errors_in(found.findings)})
    notes = sum(found.found.values()) - errors
    if errors:
        say("audit.not-clean", errors=errors)
    elif notes:
        say("audit.clean-with-notes", notes=notes)
    else:
        say("audit.clean")


def _audit_document(found: "LogAudit") -> dict[str, Any]:
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    tongue = language()
    return {
        "clean": found.clean,
        "counts": dict(found.counts),
        "root": found.root.hex(),
        "found": dict(found.found),
        "findings": [
            {
                "code": one.code,
                "arguments": dict(one.arguments),
                "severity": str(one.severity),
                "text": text(one.code, one.arguments, tongue),
                "remedy": text(one.remedy, one.arguments, tongue),
            }
            for one in found.findings
        ],
    }
