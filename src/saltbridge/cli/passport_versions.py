"""``saltbridge passport version`` and ``history``: a passport changes, and what it was."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import AsJson, Node

Passport = Annotated[str, typer.Argument(help="Id or serial number.")]


def version(
    passport: Passport,
    node: Node,
    facts: Annotated[Path, typer.Option(help="TOML file: [attributes.A088] … that change.")],
    reason: Annotated[str, typer.Option(help="Why; kept on this node and never signed.")],
    person: Annotated[str, typer.Option(help="Who decides on the public release.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write a new version: changed values, signed, released and logged in one go."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.facts_file import read_facts
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services.passport_version import VersionRequest, new_version

    changes = read_facts(facts)
    with opened_world(node) as world:
        written = new_version(
            world,
            VersionRequest(passport=passport, facts=changes, reason=reason, person=person),
        )
    say_findings(written.findings)
    if as_json:
        told = asdict(written)
        del told["findings"]
        say_json(told)
        return
    say("passport.versioned", serial=written.serial, number=written.number)
    typer.echo(written.digest)


def history(passport: Passport, node: Node, as_json: AsJson = False) -> None:
    """The versions of a passport, the newest first, each with when and why."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text_or
    from saltbridge.services.passports import history as listed

    with opened_world(node) as world:
        found = listed(world, passport)
    if as_json:
        say_json([asdict(v) for v in found])
        return
    for v in found:
        reason = text_or(v.reason, f"passport.reason.{v.reason}", None, language())
        who = f"  ({v.person})" if v.person else ""
        typer.echo(f"{v.number:>4}  {v.issued_at}  {reason}{who}")
        typer.echo(f"      {v.digest}")
