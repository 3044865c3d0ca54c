"""``saltbridge compare``: one inventory under two rule sets, and why the numbers differ."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import Language


def compare(
    inventory: Annotated[Path, typer.Argument(help="Folder or .xlsx with the activity data.")],
    start: Annotated[str, typer.Option("--from", help="ID or ID@EDITION of a rule set.")],
    end: Annotated[str, typer.Option("--to", help="ID or ID@EDITION of the other.")],
    assume: Annotated[
        list[str] | None,
        typer.Option("--assume", help="key=value for a rule that is not loaded; repeatable."),
    ] = None,
    shapley: Annotated[
        bool, typer.Option("--shapley", help="Mean over all orders instead of the printed one.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the bridge as JSON.")] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Write the waterfall as a picture.")
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", help="Write the report of two pages.")
    ] = None,
    node: Annotated[
        Path | None, typer.Option("--node", help="Folder of a node: use its supplier records.")
    ] = None,
    tongue: Language = None,
) -> None:
    """Show which rule moves the footprint by how much, with its clause and the lines moved."""
    from saltbridge.adapters.inventory_files import load
    from saltbridge.bootstrap import open_clock, open_factor_library, opened_world
    from saltbridge.cli.compare_view import show
    from saltbridge.cli.footprint import assumptions
    from saltbridge.cli.present import language_of, say_json
    from saltbridge.footprint.bridge_record import bridge_record
    from saltbridge.reports.bridge_report import bridge_report
    from saltbridge.reports.bridge_svg import bridge_svg
    from saltbridge.reports.pdf import report_pdf
    from saltbridge.services.compare import CompareRequest, compare_on_node
    from saltbridge.services.compare import compare as compared

    spoken = language_of(tongue)
    loaded = load(inventory)
    request = CompareRequest(
        inventory=loaded.inventory,
        start=start,
        end=end,
        assumptions=assumptions(assume or []),
        shapley=shapley,
    )
    now = open_clock().now()
    if node is None:
        found = compared(open_factor_library(), now.date(), request)
    else:
        with opened_world(node) as world:
            found = compare_on_node(world, request)
    record = bridge_record(found, loaded.inventory)
    written: list[Path] = []
    if svg is not None:
        _write(svg, bridge_svg(record, spoken).encode("utf-8"))
        written.append(svg)
    if pdf is not None:
        _write(pdf, report_pdf(bridge_report(record, spoken), now))
        written.append(pdf)
    if as_json:
        say_json(record)
        return
    show(record, spoken)
    if written:
        from saltbridge.locales import text

        files = ", ".join(str(file) for file in written)
        typer.echo("\n" + text("bridge.saved", {"file": files}, spoken))


def _write(file: Path, content: bytes) -> None:
    from saltbridge.core.errors import FaultyInput

    try:
        file.write_bytes(content)
    except OSError as fault:
        raise FaultyInput.of(
            "bridge.cannot-write", file=str(file), reason=fault.strerror or ""
        ) from fault
