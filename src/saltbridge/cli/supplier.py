"""``saltbridge supplier``: figures of suppliers in the formats of Catena-X and PACT."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import AsJson, Node

app = typer.Typer(
    help="Take in, show and convert suppliers' carbon footprints; see what a change moves.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
File = Annotated[Path, typer.Argument(help="The data set (JSON).")]


@app.command("import")
def import_file(
    file: File,
    node: Node,
    flow: Annotated[
        str, typer.Option("--flow", help="Flow of the inventory it prices; else its name.")
    ] = "",
    supplier: Annotated[
        str, typer.Option("--supplier", help="BPN of the supplier; else the file says it.")
    ] = "",
    illustrative: Annotated[
        bool, typer.Option("--illustrative", help="Invented values: nothing is declared on it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check an unsigned file, keep it, and list the footprints whose total it moves."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say_findings, say_json
    from saltbridge.cli.supplier_view import imported_record, say_imported
    from saltbridge.services.suppliers import ImportRequest, import_figure

    content = read_file(file, "supplier.unreadable")
    with opened_world(node) as world:
        imported = import_figure(
            world,
            ImportRequest(
                content=content,
                name=file.name,
                by=os_name(),
                flow=flow,
                supplier=supplier,
                illustrative=illustrative,
            ),
        )
    if as_json:
        say_json(imported_record(imported))
        return
    say_imported(imported)
    say_findings(imported.findings)


@app.command("list")
def list_documents(node: Node, as_json: AsJson = False) -> None:
    """List the suppliers' figures of the node, verified deliveries and imported files."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.cli.supplier_view import listed_record, say_listed
    from saltbridge.services.suppliers import listed

    with opened_world(node) as world:
        documents = listed(world)
    if as_json:
        say_json([listed_record(one) for one in documents])
    else:
        say_listed(documents)


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="Id of a document, or how it ends.")],
    node: Node,
) -> None:
    """Show one document: values, origin, who vouches for it, and what is doubtful today."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_findings
    from saltbridge.cli.supplier_view import say_document
    from saltbridge.services.suppliers import shown

    with opened_world(node) as world:
        document, findings = shown(world, id)
    say_document(document)
    say_findings(findings)


@app.command()
def check(file: File) -> None:
    """Check a data set against its official schema and in itself; nothing is stored."""
    from saltbridge.bootstrap import open_clock
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say, say_findings
    from saltbridge.core.canonical import read_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import errors_in
    from saltbridge.footprint.supplier_checks import check_figure
    from saltbridge.formats.pcf import parse_pcf, schema_findings

    document = read_json(read_file(file, "supplier.unreadable"), file.name)
    figure, unread = parse_pcf(document, file.name)
    findings = (
        *unread,
        *schema_findings(document, figure.format, file.name),
        *check_figure(figure, open_clock().now().date()),
    )
    if errors_in(findings):
        raise FaultyInput(findings)
    say_findings(findings)
    say("supplier.sound", file=file.name, format=figure.format)


@app.command()
def offer(
    file: File,
    methodology: Annotated[
        str, typer.Option("--methodology", "-m", help="Rule set it was worked out under.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="New file to publish.")],
    flow: Annotated[
        str, typer.Option("--flow", help="Name both companies use; else that of the product.")
    ] = "",
    illustrative: Annotated[
        bool, typer.Option("--illustrative", help="Invented values, and marked so.")
    ] = False,
) -> None:
    """Write the document that hands a data set on, signed, with ``saltbridge publish``."""
    from saltbridge.bootstrap import open_clock
    from saltbridge.cli.options import read_file, write_new_json
    from saltbridge.cli.present import say
    from saltbridge.services.suppliers import offer_document

    document = offer_document(
        read_file(file, "supplier.unreadable"),
        file.name,
        flow=flow,
        methodology=methodology,
        on=open_clock().now().date(),
        illustrative=illustrative,
    )
    write_new_json(output, document)
    say("supplier.offered", path=output)


@app.command()
def convert(
    file: File,
    to: Annotated[
        str,
        typer.Option(
            "--to", help="catena-x-pcf-9, catena-x-pcf-10, pact-3 or battery-component-1."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; else the terminal.")
    ] = None,
    stated: Annotated[
        list[str] | None,
        typer.Option("--state", help="field=value the target asks for; repeatable."),
    ] = None,
) -> None:
    """Write a data set in another format, and say what that format cannot hold."""
    import json

    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say_findings
    from saltbridge.cli.supplier_view import say_lost, stated_values
    from saltbridge.core.canonical import read_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import errors_in
    from saltbridge.formats.pcf import convert as convert_figure
    from saltbridge.formats.pcf import parse_pcf

    document = read_json(read_file(file, "supplier.unreadable"), file.name)
    figure, unread = parse_pcf(document, file.name)
    if errors_in(unread):
        raise FaultyInput(unread)
    converted = convert_figure(figure, to, stated_values(stated or []))
    text = json.dumps(converted.document, ensure_ascii=False, indent=2)
    if output is None:
        typer.echo(text)
    else:
        output.write_text(f"{text}\n", encoding="utf-8")
    say_findings(unread)
    say_lost(converted, figure.format, to)


@app.command()
def changed(
    provider: Annotated[str, typer.Argument(help="Id of the factor, or the flow.")],
    value: Annotated[float, typer.Option("--value", help="New value [kg CO2e per unit].")],
    node: Node,
    as_json: AsJson = False,
) -> None:
    """See which stored footprints another value of a supplier would move; nothing is kept."""
    from math import isfinite

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.cli.supplier_view import factor_line, judged_record, say_judged
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.suppliers import changed as what_moves

    if not isfinite(value):
        raise FaultyInput.of("supplier.value-not-finite")
    with opened_world(node) as world:
        factor, judged = what_moves(world, provider, value)
    if as_json:
        say_json([judged_record(one) for one in judged])
        return
    typer.echo(factor_line(factor))
    say_judged(judged)
