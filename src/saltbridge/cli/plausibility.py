"""``saltbridge plausibility``: what in an inventory cannot be right, and why."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import AsJson


def plausibility(
    inventory: Annotated[Path, typer.Argument(help="Folder or .xlsx with the activity data.")],
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Inventory of another plant or period to lay beside."),
    ] = None,
    methodology: Annotated[
        str, typer.Option("--methodology", "-m", help="Also weigh the result: ID@EDITION.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check physics, published ranges, unit slips, decimal commas and copied rows: warnings."""
    from saltbridge.adapters.inventory_files import load
    from saltbridge.bootstrap import open_clock, open_factor_library
    from saltbridge.cli.inventory import findings_json
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.footprint.plausibility import check_plausibility, check_result
    from saltbridge.steps.accounting import FootprintRequest, work_out

    loaded = load(inventory)
    other = None if against is None else load(against).inventory
    findings = check_plausibility(loaded.inventory, other)
    if methodology:
        request = FootprintRequest(
            inventory=loaded.inventory, inventory_digest=loaded.digest, methodology=methodology
        )
        result = work_out(open_factor_library(), open_clock().now().date(), request)
        findings += check_result(result.footprint, loaded.inventory)
    if as_json:
        say_json({"path": str(inventory), "findings": findings_json(findings)})
        return
    import sys

    say_findings(findings, sys.stdout)
    say("plausibility.told" if findings else "plausibility.quiet", count=len(findings))
    say("plausibility.limits")
