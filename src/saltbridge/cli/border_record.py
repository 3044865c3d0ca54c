"""``saltbridge border``: how long records are kept, and the yearly report."""

from pathlib import Path
from typing import Annotated

import typer

Node = Annotated[Path, typer.Option("--node", help="Folder of the node.")]


def retention(
    node: Node,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase what is past its term.")
    ] = False,
    as_name: Annotated[str, typer.Option("--as", help="Name of the person who erases.")] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="File with the password.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show which released bytes are past their term; with --erase, erase them."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services import retention as service

    with opened_world(node) as world:
        term = service.years(world)
        if erase:
            found = service.erase(world, acting_person(world, as_name, password_file))
        else:
            found = service.aged(world)
    if json:
        say_json([asdict(one) for one in found])
        return
    tongue = language()
    say("retention.term", years=term, citation=service.CITATION)
    for one in found:
        state = "erased-now" if erase else one.state
        says = text(f"retention.state.{state}", None, tongue)
        typer.echo(f"{one.made_at[:10]}  {one.ends_on}  {one.recipient:<16}  {says}")
        typer.echo(f"    {one.decision_id}  {one.document_kind}  {one.size} B")
    if not found:
        say("retention.nothing-erased" if erase else "retention.nothing")
    elif not erase and any(one.state == service.DUE for one in found):
        say("retention.how")
