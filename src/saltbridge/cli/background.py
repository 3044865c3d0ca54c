"""``saltbridge background``: fetch background data that may not be packaged."""

from typing import Annotated

import typer

app = typer.Typer(
    help="Fetch background data that may not be packaged.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command()
def fetch(
    package: Annotated[str, typer.Argument(help="The package: carculator-utils.")],
) -> None:
    """Download a background, pinned by its hash, into the cache.

    The cache is the folder SALTBRIDGE_CACHE, else ~/.cache/saltbridge. Nothing of it is ever
    written into an inventory or a repository.
    """
    from saltbridge.adapters.background import carculator
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import finding

    if package != carculator.PACKAGE:
        raise FaultyInput(
            [finding("background.unknown-package", package=package, known=carculator.PACKAGE)]
        )
    had = carculator.is_fetched()
    path = carculator.fetch()
    say("background.fetched-again" if had else "background.fetched", path=path)
    say("background.set-fetched", set=carculator.SET_ID, licence=carculator.LICENCE)


@app.command("list")
def list_sets() -> None:
    """List the factor sets that can be used now."""
    from saltbridge.adapters.background import carculator
    from saltbridge.adapters.factors.library import Library
    from saltbridge.cli.present import say

    for name in Library().available():
        typer.echo(name)
    if not carculator.is_fetched():
        say(
            "background.can-be-fetched", set=carculator.SET_ID, command=carculator.FETCH_COMMAND
        )
