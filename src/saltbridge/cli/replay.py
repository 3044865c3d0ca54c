"""``saltbridge replay``: a footprint worked out again from its receipt."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import AsJson, Node, read_file


def replay(
    receipt: Annotated[
        str,
        typer.Argument(help="File or id of a receipt, id of its footprint, or latest."),
    ],
    node: Node,
    as_json: AsJson = False,
) -> None:
    """Work a footprint out again from the archived inputs of its receipt.

    Says equal, or names what differs first. Ends with 0 if everything agrees, else with 1.
    """
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.verification_view import show_replay
    from saltbridge.services.replay import replay_receipt

    path = Path(receipt)
    content = read_file(path) if path.is_file() else None
    with opened_world(node) as world:
        result = replay_receipt(world, os_person(), receipt, content)
    show_replay(result, as_json)
    if not result.good:
        raise typer.Exit(1)
