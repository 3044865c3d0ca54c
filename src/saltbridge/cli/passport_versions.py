"""``saltbridge passport``: versions, and whether they still hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.trust.status_list import Status

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
    """The versions of a passport, the newest first: when, why, and whether it holds."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text, text_or
    from saltbridge.services.passports import history as listed

    with opened_world(node) as world:
        found = listed(world, passport)
    if as_json:
        say_json([asdict(v) for v in found])
        return
    for v in found:
        reason = text_or(v.reason, f"passport.reason.{v.reason}", None, language())
        who = f"  ({v.person})" if v.person else ""
        status = text(f"page.verify.status.{v.status}", None, language())
        typer.echo(f"{v.number:>4}  {v.issued_at}  {status}  {reason}{who}")
        typer.echo(f"      {v.digest}")


def revoke(
    passport: Passport,
    node: Node,
    reason: Annotated[str, typer.Option(help="Why; kept on this node and never published.")],
    number: Annotated[
        int | None, typer.Option("--version", help="One version; else all of them.")
    ] = None,
    suspend: Annotated[bool, typer.Option("--suspend", help="For now, not for good.")] = False,
    person: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Say in the status list that a passport no longer holds: for good, or for now."""
    from saltbridge.trust.status_list import Status

    status = Status.SUSPENDED if suspend else Status.INVALID
    _set_status(node, passport, status, reason, number, person)


def reinstate(
    passport: Passport,
    node: Node,
    reason: Annotated[str, typer.Option(help="Why; kept on this node and never published.")],
    number: Annotated[
        int | None, typer.Option("--version", help="One version; else all of them.")
    ] = None,
    person: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Lift a suspension. What was revoked stays revoked."""
    from saltbridge.trust.status_list import Status

    _set_status(node, passport, Status.VALID, reason, number, person)


def status_list(
    node: Node,
    out: Annotated[Path, typer.Option(help="Folder for the lists, one file each.")],
    renew: Annotated[bool, typer.Option("--renew", help="Sign them anew first.")] = False,
) -> None:
    """Save the lists that say which passports still hold, for checks without a network."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.passport_status import renew_lists
    from saltbridge.services.verify import status_lists_of

    with opened_world(node) as world:
        if renew:
            renew_lists(world)
        lists = status_lists_of(world)
    for position, token in enumerate(lists):
        file = out / f"status-{position}.jwt"
        try:
            out.mkdir(parents=True, exist_ok=True)
            file.write_bytes(token)
        except OSError as fault:
            raise FaultyInput.of(
                "file.unwritable", path=str(file), reason=fault.strerror or str(fault)
            ) from fault
        typer.echo(str(file))


def _set_status(
    node: Path, passport: str, status: "Status", reason: str, number: int | None, person: str
) -> None:
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.passport_status import StatusRequest, change_status

    with opened_world(node) as world:
        serial, numbers = change_status(
            world,
            StatusRequest(
                passport=passport, status=status, reason=reason, number=number, person=person
            ),
        )
    told = ", ".join(str(n) for n in numbers)
    say(f"passport.status-set.{status.name.lower()}", serial=serial, versions=told)
