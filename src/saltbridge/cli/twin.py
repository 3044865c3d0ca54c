"""``saltbridge twin``: publish twins of batteries, look at one's own, find a partner's."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node, PartnerName, Partners, partners_in

if TYPE_CHECKING:
    from saltbridge.ports import Partner, World
    from saltbridge.steps.edr import Edr

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Publish digital twins of batteries, and find a partner's.",
)

Wait = Annotated[float, typer.Option(help="Seconds to wait for the partner's interface.")]


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="The supplier record (JSON), unsigned.")],
    to: Partners,
    node: Node,
    customer_part: Annotated[
        str, typer.Option("--customer-part", help="The partner's own part number.")
    ] = "",
    person: Annotated[str, typer.Option("--person", help="Who answers for it.")] = "",
    json: AsJson = False,
) -> None:
    """Release the aspects of a model and its batteries, and have their twins found."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.border import read_document
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services.twin_publish import TwinRequest, publish_twins

    with opened_world(node) as world:
        published = publish_twins(
            world,
            TwinRequest(
                record=read_document(file),
                recipients=partners_in(to),
                person=person or os_name(),
                customer_part=customer_part,
            ),
        )
    if json:
        say_json(
            [
                {
                    "id": t.id,
                    "level": t.names.level,
                    "part": t.names.part_number,
                    "serial": t.names.serial,
                    "aspects": list(t.aspects),
                }
                for t in published.twins
            ]
        )
        return
    for twin in published.twins:
        level = f"{twin.names.level} {twin.names.serial}".strip()
        say("twins.said-published", id=twin.id, level=level, aspects=", ".join(twin.aspects))
    say_findings(published.findings)


@app.command("list")
def list_twins(node: Node, json: AsJson = False) -> None:
    """List the twins in your registry, in the order of their creation."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.twin_registry import own_twins

    with opened_world(node) as world:
        if json:
            say_json([_summary(twin) for twin in own_twins(world)])
            return
        found = False
        for twin in own_twins(world):
            found = True
            told = _summary(twin)
            ids = told["identifiers"]
            level, part, serial = (
                ids.get(name, "")
                for name in ("digitalTwinType", "manufacturerPartId", "partInstanceId")
            )
            typer.echo(f"{told['created_at']}  {level or '–':12}  {part} {serial}  {twin.id}")
    if not found:
        say("twins.said-none")


@app.command()
def show(
    twin: Annotated[str, typer.Argument(help="Id of the twin.")],
    node: Node,
    json: AsJson = False,
) -> None:
    """Show one of your twins: its identifiers, who may see it, its aspects."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.exchange.twins import OWNER, readers
    from saltbridge.formats.aas_registry import render_shell
    from saltbridge.services.twin_registry import seen_twin

    with opened_world(node) as world:
        found = seen_twin(world, OWNER, twin)
    if found is None:
        raise FaultyInput.of("twins.not-here", twin=twin[:200])
    if json:
        say_json(render_shell(found))
        return
    typer.echo(found.id)
    for asset_id in found.asset_ids:
        typer.echo(f"  {asset_id.name} = {asset_id.value}")
    for reader in readers(found):
        say("twins.said-reader", reader=reader)
    for aspect in found.aspects:
        say("twins.said-aspect", name=_name(aspect), semantic_id=aspect.semantic_id)


@app.command()
def remove(twin: Annotated[str, typer.Argument(help="Id of the twin.")], node: Node) -> None:
    """Take a twin out of your registry; its history stays in the log."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.twin_registry import remove as remove_twin

    with opened_world(node) as world:
        if not remove_twin(world, twin):
            raise FaultyInput.of("twins.not-here", twin=twin[:200])
    say("twins.said-removed", id=twin)


@app.command()
def listen(partner: PartnerName, node: Node) -> None:
    """Let a partner notify you of new and changed twins."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.twin_events import listen as open_door

    with opened_world(node) as world:
        told = partner_named(world, partner)
        open_door(world, told)
    say("twins.said-listening", partner=told.name)


@app.command()
def events(node: Node, json: AsJson = False) -> None:
    """List what partners told you about their twins."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.twin_events import received

    with opened_world(node) as world:
        found = sorted(received(world), key=lambda news: news["received_at"])
    if json:
        say_json(found)
        return
    if not found:
        say("twins.said-no-news")
    for news in found:
        typer.echo(f"{news['received_at']}  {news['sender']}")
        for event in news["events"]:
            name = event["semantic_id"].rpartition("#")[2] or event["semantic_id"]
            typer.echo(f"  {event['kind']}  {name}  {event['global_asset_id']}")


@app.command()
def find(
    node: Node,
    partner: Annotated[str, typer.Option("--partner", help="Name or BPN, as in node.toml.")],
    part: Annotated[str, typer.Option("--part", help="The maker's part number.")] = "",
    serial: Annotated[str, typer.Option("--serial", help="Serial number of a battery.")] = "",
    aspect: Annotated[
        str, typer.Option("--aspect", help="Read these aspects only: a part of their names.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the values.")] = None,
    wait: Wait = 60.0,
    json: AsJson = False,
) -> None:
    """Find a partner's twins and read their aspects. Your node must be served."""
    from saltbridge.bootstrap import exchange_ways, opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.core.errors import Unavailable
    from saltbridge.services import twin_find
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.web.serve import is_served

    ways = exchange_ways()
    with opened_world(node) as world:
        asked = partner_named(world, partner)
        if not is_served(node):
            raise Unavailable.of("exchange.node-not-served", folder=str(node))
        registry = waited(lambda: twin_find.registry_of(world, ways, asked), wait)
        ids = twin_find.find(world, asked, registry, links(part, serial))
        if not json:
            say("twins.said-found", count=len(ids), partner=asked.name)
        told = []
        for id in ids:
            twin = twin_find.read(world, asked, registry, id)
            told.append({**_summary(twin), "values": {}})
            if not json:
                typer.echo(
                    f"{id}  {told[-1]['identifiers'].get('partInstanceId', '')}".rstrip()
                )
            for one in twin.aspects:
                if aspect.casefold() not in f"{_name(one)} {one.semantic_id}".casefold():
                    continue
                edr = waited(lambda a=one: twin_find.value_of(world, ways, asked, a), wait)  # type: ignore[misc]
                told[-1]["values"][_name(one)] = _read(world, asked, edr, twin, one, out, json)
    if json:
        say_json(told)


def _read(
    world: "World",
    partner: "Partner",
    edr: "Edr",
    twin: Any,
    aspect: Any,
    out: Any,
    quiet: bool,
) -> Any:
    from saltbridge.cli.options import write_file
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.services.twin_find import read_value

    value = read_value(world, partner, edr, twin, aspect)
    if not quiet:
        count = _leaves(value.document)
        say("twins.said-value", name=_name(aspect), count=count, digest=value.digest)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        file = out / f"{twin.id.rpartition(':')[2]}-{_name(aspect)}.json"
        write_file(file, canonical_bytes(value.document))
        if not quiet:
            say("twins.said-file", file=str(file))
    return value.document


def waited(step: "Callable[[], Edr | None]", seconds: float) -> "Edr":
    """Take one step after the other until the interface is open, or the time is up."""
    import time

    from saltbridge.core.errors import Unavailable

    until = time.monotonic() + seconds
    while True:
        edr = step()
        if edr is not None:
            return edr
        if time.monotonic() > until:
            raise Unavailable.of("twins.not-yet", seconds=seconds)
        time.sleep(0.05)


def links(part: str, serial: str) -> Any:
    from saltbridge.core.errors import FaultyInput
    from saltbridge.exchange.battery_twins import PART_INSTANCE, PART_TYPE
    from saltbridge.exchange.twins import AssetLink

    if not part and not serial:
        raise FaultyInput.of("twins.name-a-part")
    level = PART_INSTANCE if serial else PART_TYPE
    stated = {"digitalTwinType": level, "manufacturerPartId": part, "partInstanceId": serial}
    return [AssetLink(name, value) for name, value in stated.items() if value]


def _summary(twin: Any) -> dict[str, Any]:
    return {
        "id": twin.id,
        "created_at": twin.created_at,
        "global_asset_id": twin.global_asset_id,
        "identifiers": {a.name: a.value for a in twin.asset_ids},
        "aspects": [{"name": _name(a), "semantic_id": a.semantic_id} for a in twin.aspects],
    }


def _name(aspect: Any) -> str:
    return str(aspect.document.get("idShort") or aspect.semantic_id.rpartition("#")[2])


def _leaves(value: Any) -> int:
    """How many single values a document holds."""
    if isinstance(value, dict):
        return sum(_leaves(v) for k, v in value.items() if k != "saltbridgePlaceholders")
    return sum(_leaves(v) for v in value) if isinstance(value, list) else 1
