"""``saltbridge what-if``: change an inventory and see what it does under every rule set."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import AsJson

_Text = list[str] | None


def _option(name: str, help: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, help=f"{help} Repeatable.")
    return option


def what_if(
    inventory: Annotated[Path, typer.Argument(help="Folder or .xlsx with the activity data.")],
    methodology: Annotated[
        str, typer.Option("--methodology", "-m", help="Rule set shown by stage: ID@EDITION.")
    ] = "eu-cfb@draft-2024-04",
    electricity: Annotated[
        _Text, _option("--electricity", "plant=CN-SC: the grid of another place.")
    ] = None,
    contract: Annotated[
        _Text, _option("--contract", "plant=ppa:0.0545@0.8: kind, kg CO2e/kWh, share.")
    ] = None,
    supplier: Annotated[
        _Text, _option("--supplier", "'aluminium=4.5 kg/kg' or 'aluminium=factor:ID'.")
    ] = None,
    recycled: Annotated[
        _Text, _option("--recycled", "aluminium=0.5: recycled share R1 of a material.")
    ] = None,
    yields: Annotated[
        _Text, _option("--yield", "cell=0.95 of today's output, or cell=0.90:0.95.")
    ] = None,
    distance: Annotated[
        _Text, _option("--distance", "'distribution=800 km' or distribution=0.5x.")
    ] = None,
    transport: Annotated[
        _Text, _option("--transport", "'distribution=rail@0.02': flow and kg CO2e/tkm.")
    ] = None,
    location: Annotated[
        _Text, _option("--location", "plant=FR: the processes stand elsewhere.")
    ] = None,
    amounts: Annotated[
        _Text, _option("--set", "cell/electricity=0.8x, or a new amount with its unit.")
    ] = None,
    hourly: Annotated[
        Path | None,
        typer.Option("--hourly", help="CSV of an hourly profile: a shadow figure beside."),
    ] = None,
    assume: Annotated[
        _Text, _option("--assume", "key=value for a rule that is not loaded.")
    ] = None,
    node: Annotated[
        Path | None,
        typer.Option("--node", help="Folder of a node: sign and store it as an estimate."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="With --node: new file (JSON) to publish to a partner."),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=0, help="How many levers to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Change electricity, supplier, recycled share, yield, transport or plant, and compare."""
    from saltbridge.adapters.inventory_files import load
    from saltbridge.bootstrap import open_clock, open_factor_library, opened_world
    from saltbridge.cli.footprint import assumptions
    from saltbridge.cli.options import read_file, write_new_json
    from saltbridge.cli.present import say, say_json
    from saltbridge.cli.what_if_view import as_json_document, show
    from saltbridge.core.errors import FaultyInput
    from saltbridge.footprint.hourly import hourly_shadow, parse_profile
    from saltbridge.footprint.whatif_changes import parse_change
    from saltbridge.services.account import account
    from saltbridge.services.what_if import (
        WhatIfRequest,
        as_estimate,
        estimate_document,
        what_if,
        what_if_on,
    )

    written = {
        "electricity": electricity, "contract": contract, "supplier": supplier,
        "recycled": recycled, "yield": yields, "distance": distance, "transport": transport,
        "location": location, "amount": amounts,
    }  # fmt: skip
    if out is not None and node is None:
        raise FaultyInput.of("whatif.out-without-node")
    changes = tuple(parse_change(k, t) for k, texts in written.items() for t in texts or ())
    loaded = load(inventory)
    request = WhatIfRequest(
        inventory=loaded.inventory,
        inventory_digest=loaded.digest,
        methodology=methodology,
        changes=changes,
        assumptions=assumptions(assume or []),
    )
    shadow = None
    if hourly is not None:
        text = read_file(hourly, "whatif.profile-unreadable").decode("utf-8-sig", "replace")
        shadow = hourly_shadow(parse_profile(text, str(hourly)))
    signed = None
    if node is None:
        answer = what_if(open_factor_library(), open_clock().now().date(), request)
    else:
        with opened_world(node) as world:
            answer = what_if_on(world, request)
            signed = account(world, as_estimate(request, answer))
            if out is not None:
                write_new_json(out, estimate_document(world.node, request, answer))
    if as_json:
        say_json(as_json_document(request, answer, shadow, top, signed))
        return
    show(request, answer, shadow, top)
    if signed is not None:
        say("whatif.signed", id=signed.id)
    if signed is not None and out is not None:
        say("whatif.written", path=out)
        say("whatif.inferable")
