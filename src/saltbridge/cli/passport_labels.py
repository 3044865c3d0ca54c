"""``saltbridge passport labels``: QR codes of many batteries, to print."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import Node


def labels(
    node: Node,
    out: Annotated[Path, typer.Option(help="labels.pdf (A4) or sheet.svg.")],
    serials: Annotated[
        str, typer.Option(help="A,B,C, or a file with one serial a line; else all.")
    ] = "",
) -> None:
    """Write labels with QR code and serial number: of all active passports, or of some."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import serials_in, write_file
    from saltbridge.cli.present import say
    from saltbridge.reports.qr_labels import Label, labels_pdf, labels_svg
    from saltbridge.services.passports import labelled_passports

    ending = out.suffix.lower()
    if ending not in (".pdf", ".svg"):
        raise typer.BadParameter("--out ends with .pdf or .svg")
    with opened_world(node) as world:
        found = labelled_passports(world, serials_in(serials) if serials else ())
        now = world.clock.now()
    made = [Label(str(r["product_id"]), str(r["serial"]), str(r["gtin"])) for r in found]
    content = labels_pdf(made, now) if ending == ".pdf" else labels_svg(made)
    write_file(out, content)
    say("passport.labels-written", count=len(made), file=str(out))
