"""``saltbridge analyse``: uncertainty, sensitivities, hot spots and paths of a footprint."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.cli.options import Language

if TYPE_CHECKING:
    from saltbridge.footprint.contribution import FlowDiagram


def analyse(
    inventory: Annotated[Path, typer.Argument(help="Folder or .xlsx with the activity data.")],
    methodology: Annotated[
        str, typer.Option("--methodology", "-m", help="ID or ID@EDITION of a rule set.")
    ],
    draws: Annotated[
        int, typer.Option("--draws", min=2, max=10_000_000, help="Monte Carlo draws.")
    ] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same draws.")] = 1,
    cut_off: Annotated[
        float,
        typer.Option("--cutoff", min=0.01, max=100.0, help="Leave out below this percentage."),
    ] = 2.0,
    sankey: Annotated[
        Path | None, typer.Option("--sankey", help="Write the flow diagram (SVG) here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    assume: Annotated[
        list[str] | None,
        typer.Option("--assume", help="key=value for a rule that is not loaded; repeatable."),
    ] = None,
    node: Annotated[
        Path | None, typer.Option("--node", help="Folder of a node: use supplier records.")
    ] = None,
    tongue: Language = None,
) -> None:
    """Show how sure a footprint is, what moves it most, and where it comes from."""
    from saltbridge.adapters.inventory_files import load
    from saltbridge.bootstrap import open_clock, open_factor_library, opened_world
    from saltbridge.cli.analyse_view import show
    from saltbridge.cli.footprint import assumptions
    from saltbridge.cli.present import language_of, say_json
    from saltbridge.services.analyse import (
        FootprintRequest,
        analyse,
        analyse_in,
        analysis_document,
    )

    spoken = language_of(tongue)
    loaded = load(inventory)
    request = FootprintRequest(
        inventory=loaded.inventory,
        inventory_digest=loaded.digest,
        methodology=methodology,
        assumptions=assumptions(assume or []),
    )
    share = cut_off / 100
    if node is None:
        today = open_clock().now().date()
        found = analyse(
            open_factor_library(), today, request, draws=draws, seed=seed, cut_off=share
        )
    else:
        with opened_world(node) as world:
            found = analyse_in(world, request, draws=draws, seed=seed, cut_off=share)
    if sankey is not None:
        _write_sankey(sankey, found.diagram, loaded.inventory.product.name, spoken)
    if as_json:
        say_json(analysis_document(found))
    else:
        show(found, loaded.inventory.product.name, spoken, sankey)


def _write_sankey(path: Path, diagram: "FlowDiagram", product: str, tongue: str) -> None:
    from saltbridge.core.errors import Unavailable
    from saltbridge.core.finding import Place
    from saltbridge.reports.sankey_svg import sankey_svg

    picture = sankey_svg(diagram, product=product, language=tongue)
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as fault:
        raise Unavailable.of(
            "analysis.not-written", Place(file=str(path)), reason=fault.strerror or str(fault)
        ) from fault
