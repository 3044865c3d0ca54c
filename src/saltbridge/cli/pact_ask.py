"""``saltbridge pact read``, ``ask``, ``requests``, ``received``, ``take``: as a client."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node, PartnerName

Products = Annotated[
    list[str] | None, typer.Option("--product", help="URN of a product; may be given again.")
]


def read(
    partner: PartnerName,
    node: Node,
    product: Products = None,
    company: Annotated[
        list[str] | None, typer.Option("--company", help="URN of a company.")
    ] = None,
    classification: Annotated[
        list[str] | None, typer.Option("--classification", help="URN of a product class.")
    ] = None,
    geography: Annotated[
        list[str] | None, typer.Option("--geography", help="Country or region.")
    ] = None,
    status: Annotated[str, typer.Option("--status", help="Active or Deprecated.")] = "",
    valid_on: Annotated[
        str, typer.Option("--valid-on", help="Valid at this moment (2026-11-28T00:00:00Z).")
    ] = "",
    id: Annotated[str, typer.Option("--id", help="The one footprint of this id.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the files.")] = None,
    json: AsJson = False,
) -> None:
    """Read footprints that a partner offers over PACT."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.pact_ask import read as read_footprints

    asked = [
        *(("productId", urn) for urn in product or ()),
        *(("companyId", urn) for urn in company or ()),
        *(("classification", urn) for urn in classification or ()),
        *(("geography", place) for place in geography or ()),
        *((("status", status),) if status else ()),
        *((("validOn", valid_on),) if valid_on else ()),
    ]
    with opened_world(node) as world:
        told = partner_named(world, partner)
        found = read_footprints(world, told, asked, id=id)
    if json:
        say_json([kept.document for kept in found.kept])
    else:
        say("pact.said-read", count=len(found.kept), partner=told.name)
        for kept in found.kept:
            _say_footprint(kept)
    for kept in found.kept:
        _write(kept, out, json)
    if not json:
        say_findings(found.findings)


def ask(
    partner: PartnerName,
    node: Node,
    product: Products = None,
    message: Annotated[str, typer.Option("--message", help="Words for the partner.")] = "",
    person: Annotated[str, typer.Option("--person", help="Who asks.")] = "",
    json: AsJson = False,
) -> None:
    """Request footprints of a partner over PACT. The answer comes later, as an event."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.pact_ask import request

    with opened_world(node) as world:
        told = partner_named(world, partner)
        asked = request(
            world, told, tuple(product or ()), comment=message, person=person or os_name()
        )
    if json:
        say_json({"id": asked.id, "state": str(asked.state)})
        return
    say("pact.said-asked", partner=told.name, products=", ".join(asked.products), id=asked.id)


def requests(node: Node, json: AsJson = False) -> None:
    """List what you have requested over PACT, and what became of it."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services.pact_ask import requests as all_requests

    with opened_world(node) as world:
        found = all_requests(world)
        names = {p.bpn: p.name for p in world.node.partners}
    if json:
        say_json([asdict(request) for request in found])
        return
    if not found:
        say("pact.said-no-requests")
    for request in found:
        state = text(f"pact.state.{request.state}", None, language())
        partner = names.get(request.partner, request.partner)
        typer.echo(f"{request.id}  {partner}  {', '.join(request.products)}  {state}")
        for words in (request.comment, request.text, *request.footprints):
            if words:
                typer.echo(f"  {words}")


def received(node: Node, json: AsJson = False) -> None:
    """List the footprints that came over PACT."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.pact_ask import received as all_received

    with opened_world(node) as world:
        found = all_received(world)
    if json:
        say_json([asdict(kept) for kept in found])
        return
    if not found:
        say("pact.said-none-received")
    for kept in found:
        typer.echo(f"{kept.received_at}  {kept.partner}  {kept.host}")
        _say_footprint(kept)


def take(
    id: Annotated[str, typer.Argument(help="Id of a footprint that came, or its beginning.")],
    node: Node,
    flow: Annotated[str, typer.Option("--flow", help="What your inventory calls it.")] = "",
    person: Annotated[str, typer.Option("--person", help="Who answers for it.")] = "",
) -> None:
    """Take a footprint that came over PACT into your account, as a supplier's figure."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.present import say, say_findings
    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.services.pact_ask import footprint_named
    from saltbridge.services.suppliers import ImportRequest, import_figure

    with opened_world(node) as world:
        kept = footprint_named(world, id)
        taken = import_figure(
            world,
            ImportRequest(
                content=canonical_bytes(dict(kept.document)),
                name=f"{kept.document['id']}.json",
                by=person or os_name(),
                flow=flow,
                supplier=kept.partner,
            ),
        )
    say("pcf.said-taken", id=taken.id)
    say_findings(taken.findings)


def _say_footprint(kept: Any) -> None:
    document = kept.document
    pcf = document["pcf"]
    name = document.get("productNameCompany") or ", ".join(document["productIds"])
    value = pcf.get("pcfExcludingBiogenicUptake", "–")
    unit = f"{pcf.get('declaredUnitAmount', '')} {pcf.get('declaredUnitOfMeasurement', '')}"
    typer.echo(f"  {document['id']}  {name}  {value} kg CO2e / {unit.strip()}")
    typer.echo(f"  {kept.digest}")


def _write(kept: Any, out: Path | None, quiet: bool) -> None:
    from saltbridge.cli.options import write_file
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import canonical_bytes

    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{kept.digest.removeprefix('sha256:')[:16]}.json"
    write_file(file, canonical_bytes(dict(kept.document)))
    if not quiet:
        say("twins.said-file", file=str(file))
