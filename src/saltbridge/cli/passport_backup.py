"""``saltbridge passport backup``: the back-up copy of passports, kept by another company."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node, write_secret

if TYPE_CHECKING:
    from saltbridge.services.passport_keeping import Act

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="The back-up copy of passports, kept by another company.",
)
Operator = Annotated[str, typer.Option("--of", help="DID of the operator.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept and logged.")]
Person = Annotated[str, typer.Option(help="Who decides; else the login name.")]
KeyFile = Annotated[Path, typer.Option("--key", help="Private key (JWK).")]


@app.command()
def arrange(
    node: Node,
    to: Annotated[str, typer.Option(help="DID of the partner who keeps the copy.")],
    key: Annotated[Path, typer.Option(help="Your key for restoring; made if not there.")],
    also: Annotated[
        list[Path] | None, typer.Option(help="Public key (JWK) of an authority; any number.")
    ] = None,
    person: Person = "",
) -> None:
    """Have a partner keep the back-up copy: sent every hour, sealed where it is not public."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.passport_backup import arrange as arrange_copy
    from saltbridge.trust.sealed import new_key

    made = not key.exists()
    with opened_world(node) as world:
        own = new_key(f"{world.node.did}#back-up") if made else _key(key)
        keys = [own, *(_key(path) for path in also or ())]
        partner = arrange_copy(world, to, keys, person or _os_name())
    if made:
        write_secret(key, own)
        say("copy.key-written", file=str(key))
    say("copy.arranged", partner=partner.name, keys=", ".join(str(k["kid"]) for k in keys))


@app.command()
def send(
    node: Node,
    anew: Annotated[bool, typer.Option(help="Everything, from the beginning.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send every passport that changed since the last time; goes on where it broke off."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.passport_backup import send as send_copies

    with opened_world(node) as world:
        done = send_copies(world, anew=anew)
    if as_json:
        say_json(asdict(done))
        return
    told = {"partner": done.provider, "number": done.number}
    if not done.batches:
        say("copy.nothing-due", **told)
        return
    say("copy.sent", passports=done.passports, batches=done.batches, **told)


@app.command()
def status(node: Node, as_json: AsJson = False) -> None:
    """How the copy of this node's passports stands, and whose copies are kept here."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.core.errors import Refused
    from saltbridge.services.passport_backup import backup_status
    from saltbridge.services.passport_keeping import operators

    with opened_world(node) as world:
        try:
            own = backup_status(world)
        except Refused:
            own = None
        others = operators(world)
    kept = [
        {
            **{m: record[m] for m in ("did", "name", "state", "serving", "successor")},
            "batch": {} if newest is None else {m: newest[m] for m in ("number", "at")},
        }
        for record, newest in others
    ]
    if as_json:
        say_json({"own": None if own is None else asdict(own), "kept": kept})
        return
    if own is None and not kept:
        say("copy.not-arranged")
    if own is not None:
        waiting = f"{own.waiting}{'+' if own.more else ''}"
        at = own.sent_at or "–"
        say("copy.stands", partner=own.provider, number=own.number, at=at, waiting=waiting)
    for one in kept:
        batch, serving = one["batch"], one["serving"]
        number, at = batch.get("number", 0), batch.get("at", "–")
        say("copy.keeping", name=one["name"], did=one["did"], number=number, at=at)
        if serving:
            say("copy.keeping-serving", since=serving["at"], reason=serving["reason"])


@app.command()
def keep(node: Node, of: Operator, reason: Reason, person: Person = "") -> None:
    """Agree to keep the copies of a partner's passports; nothing is taken in before."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.passport_keeping import keep_for

    with opened_world(node) as world:
        partner = keep_for(world, _act(of, person, reason))
    say("copy.agreed", name=partner.name)


@app.command()
def serve(
    node: Node,
    of: Operator,
    reason: Reason,
    person: Person = "",
    ordered_by: Annotated[str, typer.Option(help="The authority that ordered it.")] = "",
    reference: Annotated[str, typer.Option(help="Reference of that order.")] = "",
    stop: Annotated[bool, typer.Option(help="Serve them no more.")] = False,
) -> None:
    """Serve the copies of an operator who is gone; every page says that it is a copy."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services import passport_keeping

    with opened_world(node) as world:
        act = _act(of, person, reason, ordered_by, reference)
        if stop:
            passport_keeping.withdraw(world, act)
        else:
            passport_keeping.serve(world, act)
        address = f"{world.node.base_url}/01/…/21/…"
    if stop:
        say("copy.withdrawn", operator=of)
    else:
        say("copy.served", operator=of, address=address)


@app.command()
def successor(
    node: Node,
    of: Operator,
    to: Annotated[str, typer.Option(help="DID of the partner who may have them.")],
    reason: Reason,
    person: Person = "",
) -> None:
    """Name who may fetch an operator's copies besides that operator."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.passport_keeping import name_successor

    with opened_world(node) as world:
        partner = name_successor(world, _act(of, person, reason), to)
    say("copy.successor-named", name=partner.name, operator=of)


@app.command()
def restore(
    node: Node,
    source: Annotated[str, typer.Option("--from", help="DID of who keeps the copy.")],
    key: KeyFile,
    of: Annotated[str, typer.Option("--of", help="DID of the operator; else this node.")] = "",
    reason: Annotated[str, typer.Option(help="Why this node steps in for it.")] = "",
    person: Person = "",
    as_json: AsJson = False,
) -> None:
    """Bring passports back from the copy, each checked and whole, and serve them from here."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.passport_restore import RestoreRequest
    from saltbridge.services.passport_restore import restore as bring_back

    with opened_world(node) as world:
        request = RestoreRequest(
            provider=source,
            operator=of or world.node.did,
            key=_key(key),
            person=person or _os_name(),
            reason=reason,
        )
        done = bring_back(world, request)
    if as_json:
        say_json(asdict(done))
        return
    for serial in done.restored:
        typer.echo(serial)
    say("copy.restored", count=len(done.restored), here=done.here)


@app.command("hand-out")
def hand_out(
    passport: Annotated[str, typer.Argument(help="Id of the passport.")],
    node: Node,
    of: Operator,
    to: Annotated[str, typer.Option(help="The authority that asked.")],
    out: Annotated[Path, typer.Option(help="Save it here.")],
    person: Person = "",
) -> None:
    """Hand the sealed part of a copy to an authority; recorded, and unreadable to this node."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import write_file
    from saltbridge.cli.present import say
    from saltbridge.services.passport_restore import hand_out as hand

    with opened_world(node) as world:
        content = hand(world, of, passport, to, person or _os_name())
    write_file(out, content)
    say("copy.written", file=str(out))


@app.command("open")
def open_copy(
    file: Annotated[Path, typer.Argument(help="What hand-out wrote.")],
    key: KeyFile,
    out: Annotated[Path, typer.Option(help="Save the passport with its history here.")],
) -> None:
    """Open the sealed part of a copy with a key it was sealed for."""
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import read_json
    from saltbridge.services.passport_restore import open_sealed

    content = open_sealed(read_file(file), _key(key))
    write_secret(out, read_json(content))
    say("copy.opened", file=str(out), operator=str(read_json(content)["first_operator"]))


def _act(of: str, person: str, reason: str, ordered_by: str = "", reference: str = "") -> "Act":
    from saltbridge.services.passport_keeping import Act

    return Act(
        operator=of,
        person=person or _os_name(),
        reason=reason,
        ordered_by=ordered_by,
        reference=reference,
    )


def _os_name() -> str:
    from saltbridge.cli.acting import os_name

    return os_name()


def _key(path: Path) -> dict[str, Any]:
    from saltbridge.cli.options import read_file
    from saltbridge.core.canonical import read_json
    from saltbridge.core.errors import FaultyInput

    told = read_json(read_file(path), path.name)
    if not isinstance(told, dict):
        raise FaultyInput.of("copy.no-key")
    return told
