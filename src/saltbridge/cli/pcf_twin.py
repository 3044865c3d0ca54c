"""``saltbridge pcf offer`` and ``fetch``: footprints at the twins of parts (CX-0136)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node, PartnerName, Partners, partners_in
from saltbridge.cli.twin import Wait, links, waited

if TYPE_CHECKING:
    from saltbridge.ports import World


def offer(
    file: Annotated[Path, typer.Argument(help="The footprint (Catena-X 9, 10 or PACT 3).")],
    to: Partners,
    node: Node,
    part: Annotated[str, typer.Option("--part", help="Your part number.")],
    customer_part: Annotated[
        str, typer.Option("--customer-part", help="The partner's own part number.")
    ] = "",
    model: Annotated[
        list[str] | None, typer.Option("--model", help="10.0.0 or 9.0.0; else both.")
    ] = None,
    person: Annotated[str, typer.Option("--person", help="Who answers for it.")] = "",
) -> None:
    """Release a footprint at the twin of its part: partners read it without asking."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say, say_findings
    from saltbridge.core.canonical import read_json
    from saltbridge.services.pcf_twin import PcfTwinRequest, publish_pcf_twin

    document = read_json(read_file(file), str(file))
    with opened_world(node) as world:
        offered = publish_pcf_twin(
            world,
            PcfTwinRequest(
                document=document,
                part=part,
                recipients=partners_in(to),
                person=person or os_name(),
                customer_part=customer_part,
                models=tuple(model or ()),
            ),
        )
    say("pcf.said-at-twin", part=part, twin=offered.id, models=", ".join(offered.models))
    say_findings(offered.findings)


def fetch(
    partner: PartnerName,
    node: Node,
    part: Annotated[str, typer.Option("--part", help="The maker's part number.")],
    flow: Annotated[
        str, typer.Option("--flow", help="Take it into the account under this name.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="File for the footprint.")] = None,
    wait: Wait = 60.0,
    json: AsJson = False,
) -> None:
    """Read a footprint at the twin of a partner's part. Your node must be served."""
    from saltbridge.bootstrap import exchange_ways, opened_world
    from saltbridge.cli.options import write_file
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.core.errors import FaultyInput, Unavailable
    from saltbridge.exchange.pcf_exchange import footprint_of
    from saltbridge.services import twin_find
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.steps.pcf_models import model_faults
    from saltbridge.web.serve import is_served

    ways = exchange_ways()
    with opened_world(node) as world:
        asked = partner_named(world, partner)
        if not is_served(node):
            raise Unavailable.of("exchange.node-not-served", folder=str(node))
        registry = waited(lambda: twin_find.registry_of(world, ways, asked), wait)
        twins = [
            twin_find.read(world, asked, registry, id)
            for id in twin_find.find(world, asked, registry, links(part, ""))
        ]
        named = footprint_of(twins)
        if named is None:
            raise FaultyInput.of("pcf.not-at-twin", partner=asked.name, part=part)
        twin, aspect, model = named
        edr = waited(lambda: twin_find.value_of(world, ways, asked, aspect), wait)
        value = twin_find.read_value(world, asked, edr, twin, aspect)
        faults = model_faults(value.document, model)
        if faults:
            raise FaultyInput(faults)
        taken = _taken(world, asked.bpn, part, value.document, flow) if flow else None
    if out is not None:
        write_file(out, canonical_bytes(value.document))
    if json:
        say_json({"digest": value.digest, "document": value.document})
        return
    say("pcf.said-fetched", part=part, partner=asked.name, model=model, digest=value.digest)
    if out is not None:
        say("twins.said-file", file=str(out))
    if taken is not None:
        say("pcf.said-taken", id=taken.id)
        say_findings(taken.findings)


def _taken(world: "World", supplier: str, part: str, document: Any, flow: str) -> Any:
    from saltbridge.cli.acting import os_name
    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.services.suppliers import ImportRequest, import_figure

    return import_figure(
        world,
        ImportRequest(
            content=canonical_bytes(document),
            name=f"{part}.json",
            by=os_name(),
            flow=flow,
            supplier=supplier,
        ),
    )
