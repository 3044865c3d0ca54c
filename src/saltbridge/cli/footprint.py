"""``saltbridge footprint``: work out a carbon footprint under a rule set."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saltbridge.cli.options import Language, PlacedOn


def footprint(
    inventory: Annotated[Path, typer.Argument(help="Folder or .xlsx with the activity data.")],
    methodology: Annotated[
        str, typer.Option("--methodology", "-m", help="ID or ID@EDITION of a rule set.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
    declare: Annotated[
        bool, typer.Option("--declare", help="Refuse, unless it may be declared.")
    ] = False,
    assume: Annotated[
        list[str] | None,
        typer.Option("--assume", help="key=value for a rule that is not loaded; repeatable."),
    ] = None,
    node: Annotated[
        Path | None,
        typer.Option("--node", help="Folder of a node: sign, store, use supplier records."),
    ] = None,
    placed_on: PlacedOn = None,
    line: Annotated[int | None, typer.Option("--line", help="Open line N.")] = None,
    tongue: Language = None,
) -> None:
    """Work out a carbon footprint: total, stages, largest lines, holes with their ranges."""
    from dataclasses import replace

    from saltbridge.adapters.inventory_files import load, load_evidence
    from saltbridge.bootstrap import open_clock, open_factor_library, opened_world
    from saltbridge.cli.footprint_line import open_line
    from saltbridge.cli.footprint_view import show
    from saltbridge.cli.present import language_of, say_json
    from saltbridge.cli.published_view import show_beside
    from saltbridge.services.account import FootprintRequest, account, work_out

    spoken = language_of(tongue)
    loaded = load(inventory)
    request = FootprintRequest(
        inventory=loaded.inventory,
        inventory_digest=loaded.digest,
        methodology=methodology,
        assumptions=assumptions(assume or []),
        declare=declare,
        placed_on_market=None if placed_on is None else placed_on.date(),
        sources=loaded.sources,
    )
    told = loaded.findings
    if node is None:
        result = work_out(open_factor_library(), open_clock().now().date(), request)
    else:
        evidence, doubts = load_evidence(inventory, loaded.inventory)
        told = (*told, *doubts)
        with opened_world(node) as world:
            result = account(world, replace(request, evidence=evidence))
    studies, doubts = _beside(result, loaded.inventory)
    if as_json:
        # What a node has signed is printed as it is; published values are no part of it.
        beside = {"published": studies} if studies and node is None else {}
        say_json({**result.record, **beside})
    elif line is not None:
        open_line(result, line, spoken)
    else:
        show(result, spoken, (*told, *doubts))
        show_beside(studies, spoken)


def _beside(result: Any, inventory: Any) -> tuple[list[dict[str, Any]], tuple[Any, ...]]:
    """Published values beside the footprint, as records, and findings about them."""
    from saltbridge.footprint.methodologies import methodologies
    from saltbridge.footprint.published import beside_published, beside_record

    footprint = result.footprint
    rules = methodologies()[footprint.methodology].rule_set(footprint.edition)
    studies, doubts = beside_published(footprint, inventory, rules)
    return [beside_record(study) for study in studies], doubts


def assumptions(pairs: list[str]) -> dict[str, str]:
    """``key=value`` pairs of the command line.

    Raises:
        FaultyInput: one of them has another form; all of them at once.
    """
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import finding

    found: dict[str, str] = {}
    faults = []
    for pair in pairs:
        key, sign, value = (part.strip() for part in pair.partition("="))
        if not key or not sign or not value:
            faults.append(finding("footprint.assume-syntax", text=pair[:80]))
        found[key] = value
    if faults:
        raise FaultyInput(faults)
    return found
