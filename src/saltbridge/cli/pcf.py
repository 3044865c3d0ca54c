"""``saltbridge pcf``: ask partners for footprints; answer or refuse what they ask (CX-0136)."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saltbridge.cli import pcf_twin
from saltbridge.cli.options import AsJson, Node, PartnerName, PasswordFile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Ask partners for footprints; answer or refuse what they ask.",
)

RequestId = Annotated[
    str, typer.Argument(help="Id of the request, its beginning, or its part.")
]
Message = Annotated[str, typer.Option("--message", help="Words for the partner.")]
By = Annotated[str, typer.Option("--person", help="Who answers for it.")]
As = Annotated[str, typer.Option("--as", help="Account of who decides, with its password.")]


app.command()(pcf_twin.offer)
app.command()(pcf_twin.fetch)


@app.command("open")
def open_door(partner: PartnerName, node: Node) -> None:
    """Let a partner ask you for footprints."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.pcf_answer import open_door as open_for

    with opened_world(node) as world:
        told = partner_named(world, partner)
        open_for(world, told)
    say("pcf.said-open", partner=told.name)


@app.command()
def ask(
    partner: PartnerName,
    node: Node,
    part: Annotated[str, typer.Option("--part", help="The maker's part number.")] = "",
    own_part: Annotated[str, typer.Option("--own-part", help="Your own part number.")] = "",
    message: Message = "",
    model: Annotated[str, typer.Option("--model", help="10.0.0 or 9.0.0.")] = "10.0.0",
    person: By = "",
    json: AsJson = False,
) -> None:
    """Ask a partner for the footprint of a part. The answer comes later."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.pcf_ask import Question, ask_partner

    with opened_world(node) as world:
        told = partner_named(world, partner)
        question = Question(
            manufacturer_part=part,
            customer_part=own_part,
            message=message,
            model=model,
            person=person or os_name(),
        )
        request = ask_partner(world, told, question)
    if json:
        say_json({"id": request.id, "state": str(request.state)})
        return
    say("pcf.said-asked", partner=told.name, part=part or own_part, id=request.id)


@app.command()
def inbox(
    node: Node,
    everything: Annotated[bool, typer.Option("--all", help="All requests, both ways.")] = False,
    json: AsJson = False,
) -> None:
    """List requests that wait for your answer."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.exchange.pcf_exchange import request_record
    from saltbridge.services.pcf_answer import inbox as waiting

    with opened_world(node) as world:
        found = waiting(world, everything=everything)
        names = {p.bpn: p.name for p in world.node.partners}
    if json:
        say_json([request_record(request) for request in found])
        return
    if not found:
        say("pcf.said-none")
    for request in found:
        say_request(request, names.get(request.partner, request.partner))


@app.command()
def show(
    id: RequestId,
    node: Node,
    out: Annotated[Path | None, typer.Option("--out", help="File for the footprint.")] = None,
    json: AsJson = False,
) -> None:
    """Show a request; the footprint that came for it with --out."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import write_file
    from saltbridge.cli.present import say, say_json
    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.core.errors import FaultyInput
    from saltbridge.exchange.pcf_exchange import request_record
    from saltbridge.services.pcf_answer import one_request
    from saltbridge.services.pcf_ask import answer_of

    with opened_world(node) as world:
        request = one_request(world, id)
        came = answer_of(world, request)
        names = {p.bpn: p.name for p in world.node.partners}
    if json:
        say_json({**request_record(request), "document": came})
    else:
        say_request(request, names.get(request.partner, request.partner))
    if out is not None:
        if came is None:
            raise FaultyInput.of("pcf.no-answer")
        write_file(out, canonical_bytes(came))
        if not json:
            say("twins.said-file", file=str(out))


@app.command()
def answer(
    id: RequestId,
    node: Node,
    file: Annotated[
        Path | None, typer.Argument(help="The footprint; else the sheet kept for the part.")
    ] = None,
    message: Message = "",
    update: Annotated[
        bool, typer.Option("--update", help="Correct what was answered before.")
    ] = False,
    person: By = "",
    as_name: As = "",
    password_file: PasswordFile = None,
) -> None:
    """Answer a request: decide what may leave, release it, and put it to the partner."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import read_json
    from saltbridge.services.pcf_answer import answer as answer_request

    document = None if file is None else read_json(read_file(file), str(file))
    with opened_world(node) as world:
        given = _given(world, document, message, person, as_name, password_file)
        done = answer_request(world, id, given, update=update)
        partner = world.node.partner(done.request.partner)
    name = partner.name if partner else done.request.partner
    decision = done.request.decision_id
    say("pcf.said-answered", partner=name, id=done.request.id, decision=decision)
    for member in done.lost:
        say("pcf.said-lost", member=member)


@app.command()
def refuse(
    id: RequestId,
    node: Node,
    reason: Annotated[str, typer.Option("--reason", help="Why; the partner reads it.")] = "",
    person: By = "",
    as_name: As = "",
    password_file: PasswordFile = None,
) -> None:
    """Refuse a request with a reason."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.pcf_answer import refuse as refuse_request

    with opened_world(node) as world:
        given = _given(world, None, "", person, as_name, password_file)
        request = refuse_request(world, id, reason, given)
        partner = world.node.partner(request.partner)
    name = partner.name if partner else request.partner
    say("pcf.said-refused", id=request.id, partner=name, reason=reason)


@app.command()
def sheet(
    file: Annotated[Path, typer.Argument(help="The footprint (Catena-X 9, 10 or PACT 3).")],
    node: Node,
    part: Annotated[str, typer.Option("--part", help="The part number it is of.")],
) -> None:
    """Keep a footprint as the one that answers questions about a part."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import read_json
    from saltbridge.services.pcf_answer import keep_sheet

    document = read_json(read_file(file), str(file))
    with opened_world(node) as world:
        keep_sheet(world, part, document)
    say("pcf.said-sheet", part=part)


@app.command()
def take(
    id: RequestId,
    node: Node,
    flow: Annotated[str, typer.Option("--flow", help="What your inventory calls it.")] = "",
    person: By = "",
) -> None:
    """Take the footprint that came for a request into your account, as a supplier's figure."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.present import say, say_findings
    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.pcf_answer import one_request
    from saltbridge.services.pcf_ask import answer_of
    from saltbridge.services.suppliers import ImportRequest, import_figure

    with opened_world(node) as world:
        request = one_request(world, id)
        came = answer_of(world, request)
        if came is None:
            raise FaultyInput.of("pcf.no-answer")
        taken = import_figure(
            world,
            ImportRequest(
                content=canonical_bytes(came),
                name=f"{request.id}.json",
                by=person or os_name(),
                flow=flow,
                supplier=request.partner,
            ),
        )
    say("pcf.said-taken", id=taken.id)
    say_findings(taken.findings)


def _given(
    world: Any, document: Any, message: str, person: str, as_name: str, password: Path | None
) -> Any:
    from saltbridge.cli.acting import acting_person, os_name
    from saltbridge.services.pcf_answer import Answer

    return Answer(
        document=document,
        message=message,
        person=person or os_name(),
        proposer=acting_person(world, as_name, password) if as_name else None,
    )


def say_request(request: Any, partner: str) -> None:
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    tongue = language()
    direction = text(f"pcf.direction.{request.direction}", None, tongue)
    state = text(f"pcf.state.{request.state}", None, tongue)
    part = request.manufacturer_part or request.customer_part
    typer.echo(f"{request.id}  {direction}  {partner}  {part}  {state}")
    for words in (request.message, request.text):
        if words:
            typer.echo(f"  {words}")
