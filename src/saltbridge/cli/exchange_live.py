"""``saltbridge exchange live`` and ``ask``: documents a system makes on the spot."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import AsJson, Node, Partners


def live(
    upstream: Annotated[str, typer.Argument(help="Address of the system, as a whole URL.")],
    to: Partners,
    node: Node,
    kind: Annotated[str, typer.Option("--kind", help="Kind of the documents.")] = "pcf",
    path: Annotated[
        list[str] | None, typer.Option("--path", help="What may be asked below it; repeat.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="Name of a parameter; repeat.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Title of the dataset.")] = "",
    person: Annotated[str, typer.Option("--person", help="Who answers for it.")] = "",
    terms: Annotated[
        Path | None, typer.Option("--terms", help="File with the terms of the offer (TOML).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Offer what a system of yours answers while a partner waits, where the rules allow it."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.offer_terms import terms_in
    from saltbridge.cli.options import partners_in
    from saltbridge.cli.present import say, say_json
    from saltbridge.exchange.offering import USUAL
    from saltbridge.exchange.upstream import Upstream
    from saltbridge.services.live_offer import LiveRequest, offer_live

    request = LiveRequest(
        kind=kind,
        upstream=Upstream(upstream, tuple(path or ()), tuple(parameter or ())),
        recipients=partners_in(to),
        title=title,
        person=person or os_name(),
        terms=terms_in(terms) if terms else USUAL,
    )
    with opened_world(node) as world:
        dataset = offer_live(world, request)
    if json:
        say_json({"dataset_id": dataset["id"]})
        return
    say("live.offered", title=dataset["title"], id=dataset["id"])


def ask(
    partner: Annotated[str, typer.Argument(help="Name or BPN, as in node.toml.")],
    path: Annotated[str, typer.Argument(help="What to ask for, as the partner named it.")],
    node: Node,
    out: Annotated[Path, typer.Option("--out", help="File for the answer.")],
    statement: Annotated[
        Path | None, typer.Option("--statement", help="File for the export statement.")
    ] = None,
    dataset: Annotated[
        str, typer.Option("--dataset", help="Id, where there are several.")
    ] = "",
    query: Annotated[
        list[str] | None, typer.Option("--query", help="NAME=VALUE; repeat.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the interface.")] = 60.0,
) -> None:
    """Ask a partner's system through its node; saltbridge verify checks the answer."""
    from saltbridge.bootstrap import exchange_ways, opened_world
    from saltbridge.cli.options import write_file
    from saltbridge.cli.present import say
    from saltbridge.cli.twin import waited
    from saltbridge.core.canonical import digest
    from saltbridge.core.errors import Unavailable
    from saltbridge.services import live_ask
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.web.serve import is_served

    ways = exchange_ways()
    pairs = [(name, value) for name, _, value in (q.partition("=") for q in query or ())]
    with opened_world(node) as world:
        asked = partner_named(world, partner)
        if not is_served(node):
            raise Unavailable.of("exchange.node-not-served", folder=str(node))
        edr = waited(lambda: live_ask.open_interface(world, ways, asked, dataset), wait)
        came = live_ask.ask_live(world, asked, edr, path, pairs)
    write_file(out, came.content)
    say("live.written", out=str(out), digest=digest(came.content))
    if statement is not None and came.statement is None:
        say("live.no-statement", partner=asked.name)
    elif statement is not None and came.statement is not None:
        write_file(statement, came.statement)
        say("live.written", out=str(statement), digest=digest(came.statement))
