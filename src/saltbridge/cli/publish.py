"""``saltbridge publish``: decide what may leave, and offer it to partners."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import Node, Partners, partners_in

Kind = Annotated[
    str,
    typer.Option(
        "--kind",
        help="pcf, battery-supplier-record or what-if-estimate; else the file says it.",
    ),
]
Purpose = Annotated[str, typer.Option("--purpose", help="Usage purpose, cx.circular.dpp:1.")]


def publish(
    file: Annotated[Path, typer.Argument(help="The document (JSON), unsigned.")],
    to: Partners,
    node: Node,
    kind: Kind = "",
    purpose: Purpose = "",
    title: Annotated[str, typer.Option("--title", help="Title of the dataset.")] = "",
    person: Annotated[str, typer.Option("--person", help="Who answers for it.")] = "",
    as_name: Annotated[
        str, typer.Option("--as", help="Account of who proposes it, shown by its password.")
    ] = "",
    terms: Annotated[
        Path | None,
        typer.Option("--terms", help="File with the terms of the offer (TOML)."),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="With --as; - for standard input.")
    ] = None,
) -> None:
    """Decide field by field what may leave, sign it, and offer it to partners."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person, os_name
    from saltbridge.cli.approval import say_waiting
    from saltbridge.cli.border import print_manifest, read_document
    from saltbridge.cli.offer_terms import terms_in
    from saltbridge.cli.present import language
    from saltbridge.core.errors import FaultyInput
    from saltbridge.exchange.offering import USUAL
    from saltbridge.locales import text
    from saltbridge.services.publish import PublishRequest
    from saltbridge.services.publish import publish as offer

    document = read_document(file)
    named = terms_in(terms) if terms else USUAL
    if purpose and named.purpose:
        raise FaultyInput.of("offer.purpose-twice", option=purpose, file=named.purpose)
    with opened_world(node) as world:
        published = offer(
            world,
            PublishRequest(
                document=document,
                kind=kind or str(document["kind"]),
                recipients=partners_in(to),
                purpose=purpose,
                terms=named,
                title=title,
                person=person or os_name(),
                proposer=acting_person(world, as_name, password_file) if as_name else None,
            ),
        )
    waiting = {one["id"] for one in published.proposals}
    for manifest in published.manifests:
        print_manifest(manifest, preview=manifest["decision_id"] in waiting)
    say_waiting(published.proposals)
    typer.echo(text("publish.done", {"dataset": published.dataset_id}, language()))
