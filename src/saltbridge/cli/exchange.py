"""``saltbridge exchange``: look at a partner's offers, request, receive."""

from typing import Annotated, Any

import typer

from saltbridge.cli import (
    exchange_doctor,
    exchange_live,
    exchange_moves,
    exchange_offers,
    exchange_status,
)
from saltbridge.cli.exchange_status import say_checks, say_delivery, watch
from saltbridge.cli.options import AsJson, Node, PartnerName
from saltbridge.cli.publish import publish

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Look at a partner's offers, request, receive.",
)

app.command()(exchange_offers.offers)
app.command()(exchange_offers.agreements)
app.command("offer")(publish)
app.command()(exchange_offers.terms)
app.command()(exchange_status.status)
app.command()(exchange_doctor.doctor)
app.command()(exchange_moves.inbox)
app.command()(exchange_live.live)
app.command()(exchange_live.ask)
app.command("send-offer")(exchange_moves.send_offer)
app.command()(exchange_moves.accept)
app.command()(exchange_moves.decline)
app.command()(exchange_moves.suspend)
app.command()(exchange_moves.resume)
app.command()(exchange_moves.terminate)


@app.command()
def catalog(
    partner: PartnerName,
    node: Node,
    terms: Annotated[bool, typer.Option("--terms", help="Show what each offer asks.")] = False,
    json: AsJson = False,
) -> None:
    """List what a partner offers you."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_findings, say_json
    from saltbridge.core.finding import Finding, Severity
    from saltbridge.reports.policy_words import term_lines
    from saltbridge.services.catalogue import shown_catalogue
    from saltbridge.services.exchange_state import partner_named

    with opened_world(node) as world:
        read = shown_catalogue(world, partner_named(world, partner))
    shown = read.catalogue
    for faulty in read.faulty:
        left_out = Finding(
            "exchange.dataset-unreadable", {"id": faulty.id}, severity=Severity.WARNING
        )
        say_findings([left_out, *faulty.findings[:2]])
    if json:
        say_json([asdict(dataset) for dataset in shown.datasets])
        return
    if not shown.datasets:
        say("exchange.shown-nothing", partner=partner)
    for dataset in shown.datasets:
        say(
            "exchange.shown-dataset",
            title=dataset.title or dataset.id,
            kind=dataset.kind or "–",
            id=dataset.id,
            offer=", ".join(offer.id for offer in dataset.offers),
        )
        for offer in dataset.offers if terms else ():
            for line in term_lines(offer.policy, language()):
                typer.echo(f"    {line}")


@app.command()
def request(
    partner: PartnerName,
    node: Node,
    dataset: Annotated[str, typer.Argument(help="Id of the dataset.")] = "",
    kind: Annotated[str, typer.Option(help="Instead of an id: pcf, supplier-record.")] = "",
    push: Annotated[
        bool, typer.Option("--push", help="Have it sent to your node instead of pulling it.")
    ] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the delivery.")] = 0.0,
    json: AsJson = False,
) -> None:
    """Negotiate about a dataset and have it transferred. Your node must be served."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.core.errors import FaultyInput, Unavailable
    from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
    from saltbridge.services.catalogue import request_catalogue
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.negotiate import fitting_offer, start_negotiation
    from saltbridge.web.serve import is_served

    with opened_world(node) as world:
        asked = partner_named(world, partner)
        if not is_served(node):
            raise Unavailable.of("exchange.node-not-served", folder=str(node))
        shown = request_catalogue(world, asked).datasets
        fitting = [d for d in shown if (d.id == dataset if dataset else d.kind == kind)]
        if not dataset and not kind:
            raise FaultyInput.of("exchange.name-a-dataset")
        if len(fitting) != 1:
            raise FaultyInput.of(
                "exchange.dataset-not-found" if not fitting else "exchange.several-datasets",
                wanted=dataset or kind,
                offered=", ".join(f"{d.id} ({d.kind})" for d in (fitting or shown)) or "–",
            )
        (chosen,) = fitting
        format = DSP_2025_1.push_format if push else ""
        if push and format not in chosen.formats:
            raise FaultyInput.of(
                "exchange.push-not-offered",
                partner=asked.name,
                offered=", ".join(chosen.formats) or "–",
            )
        begun = start_negotiation(
            world,
            asked,
            chosen.id,
            fitting_offer(world, chosen.offers),
            transfer_wanted=True,
            transfer_format=format,
            dataset_kind=chosen.kind,
        )
        if not json:
            say("exchange.requested", title=chosen.title or chosen.id, pid=begun.pid)
        reached = watch(world, begun.pid, wait, quiet=json) if wait > 0 else None
        if json:
            say_json(
                {
                    "negotiation_id": begun.pid,
                    "dataset_id": chosen.id,
                    "delivery_id": reached.delivery_id if reached else "",
                    "verified": bool(reached and reached.verified),
                }
            )


@app.command()
def deliveries(node: Node, json: AsJson = False) -> None:
    """List what was delivered to you, with the result of its checks."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.exchange_state import deliveries as all_deliveries

    with opened_world(node) as world:
        found = all_deliveries(world)
    if json:
        say_json([{k: v for k, v in d.items() if k != "claim"} for d in found])
        return
    if not found:
        say("exchange.no-deliveries")
    for delivery in found:
        say_delivery(delivery)


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="Id of the delivery.")],
    node: Node,
    json: AsJson = False,
) -> None:
    """Show one delivery with its checks; --json includes the signed claim."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.services.exchange_state import delivery as one_delivery

    with opened_world(node) as world:
        found = one_delivery(world, id)
    if json:
        say_json(found)
        return
    say_delivery(found)
    say_checks(found)
    _say_statement(found)


def _say_statement(delivery: Any) -> None:
    """What became of the export statement beside the delivery."""
    from saltbridge.cli.present import language
    from saltbridge.locales import text, text_or

    tongue = language()
    statement = delivery.get("statement") or {"state": "absent", "checks": []}
    typer.echo(text(f"statement.state.{statement['state']}", None, tongue))
    for check in statement["checks"]:
        says = text_or(check["code"], check["code"], check["arguments"], tongue)
        typer.echo(f"  {'✓' if check['ok'] else '✗'} {says}")
