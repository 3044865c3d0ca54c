"""``saltbridge pact``: clients, footprints and events of PACT 3."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli import pact_ask
from saltbridge.cli.options import AsJson, Node, PartnerName, Partners, partners_in

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Let partners read footprints over PACT 3, and read theirs.",
)
for _command in (
    pact_ask.read,
    pact_ask.ask,
    pact_ask.requests,
    pact_ask.received,
    pact_ask.take,
):
    app.command()(_command)


@app.command()
def client(
    partner: PartnerName,
    node: Node,
    contract: Annotated[str, typer.Option("--contract", help="Under which it may read.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File to hand over, with the secret.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Make a client for a partner; its secret is shown once."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import write_secret
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.pact import new_client

    with opened_world(node) as world:
        told = partner_named(world, partner)
        id, secret = new_client(world, told, contract)
        told_to = {"url": world.node.base_url, "client_id": id, "client_secret": secret}
    if out is not None:
        write_secret(out, told_to)
        say("pact.said-client-file", partner=told.name, contract=contract, file=str(out))
        return
    if json:
        say_json(told_to)
        return
    say("pact.said-client", partner=told.name, contract=contract)
    typer.echo(f"  client_id      {id}")
    typer.echo(f"  client_secret  {secret}")


@app.command()
def offer(
    file: Annotated[Path, typer.Argument(help="The footprint (Catena-X 9, 10 or PACT 3).")],
    to: Partners,
    node: Node,
    person: Annotated[str, typer.Option("--person", help="Who answers for it.")] = "",
) -> None:
    """Decide what of a footprint may leave, and let clients of partners read it."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import read_json
    from saltbridge.services.pact import offer as offer_footprint

    document = read_json(read_file(file), str(file))
    named = partners_in(to)
    with opened_world(node) as world:
        offered = offer_footprint(world, document, named, person or os_name())
    say("pact.said-offered", id=offered.id, partners=", ".join(offered.to))
    for member in offered.lost:
        say("pcf.said-lost", member=member)


@app.command()
def peer(
    partner: PartnerName,
    node: Node,
    url: Annotated[str, typer.Option("--url", help="Of its host, without /3.")] = "",
    client_id: Annotated[str, typer.Option("--client-id", help="Our client there.")] = "",
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="File with its secret.")
    ] = None,
    client_file: Annotated[
        Path | None,
        typer.Option("--client-file", help="All three, as `pact client --out` wrote them."),
    ] = None,
    auth_url: Annotated[
        str, typer.Option("--auth-url", help="Where tokens are had, if at another host.")
    ] = "",
    scope: Annotated[str, typer.Option("--scope", help="Told with the client.")] = "",
    audience: Annotated[str, typer.Option("--audience", help="Told with the client.")] = "",
) -> None:
    """Enter a partner's PACT host, and as whom we read and send events there."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.pact_callback import enter_peer

    secret = ""
    if client_file is not None:
        url, client_id, secret = _handed_over(client_file)
    elif secret_file is not None:
        secret = read_file(secret_file).decode("utf-8", "replace").strip()
    if not (url and client_id and secret):
        raise FaultyInput.of("pact.no-client-there", partner=partner)
    with opened_world(node) as world:
        told = partner_named(world, partner)
        enter_peer(
            world,
            told,
            url,
            client_id,
            secret,
            auth=auth_url,
            scope=scope,
            audience=audience,
        )
    say("pact.said-peer", partner=told.name, url=url)


@app.command()
def events(node: Node, json: AsJson = False) -> None:
    """List the events that came over PACT."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.pact import events as all_events

    with opened_world(node) as world:
        found = sorted(all_events(world), key=lambda event: event["received_at"])
    if json:
        say_json(found)
        return
    if not found:
        say("pact.said-no-events")
    for event in found:
        typer.echo(f"{event['received_at']}  {event['type']}  {event['id']}")
        for footprint in event["data"].get("pfIds", ()):
            typer.echo(f"  {footprint}")
        if "answer_refused" in event:
            say("pact.said-answer-refused", status=event["answer_refused"])


def _handed_over(file: Path) -> tuple[str, str, str]:
    """Address, client and secret of the file that the partner handed over."""
    from saltbridge.cli.options import read_file
    from saltbridge.core.canonical import read_json

    told = read_json(read_file(file), str(file))
    named = told if isinstance(told, dict) else {}
    url, id, secret = (str(named.get(m, "")) for m in ("url", "client_id", "client_secret"))
    return url, id, secret
