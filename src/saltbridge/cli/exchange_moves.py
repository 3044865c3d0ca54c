"""``saltbridge exchange send-offer`` to ``terminate``: what a person decides on the way."""

from typing import Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node, PartnerName

Pid = Annotated[str, typer.Argument(help="Id, as in saltbridge exchange status.")]
Reason = Annotated[str, typer.Option("--reason", help="Words for the partner.")]


def send_offer(
    partner: PartnerName,
    dataset: Annotated[str, typer.Argument(help="Id of the dataset you published to it.")],
    node: Node,
    json: AsJson = False,
) -> None:
    """Make a partner the offer of a dataset without being asked; its people decide."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.unasked_offers import offer_dataset

    with opened_world(node) as world:
        offered = partner_named(world, partner)
        begun = offer_dataset(world, offered, dataset)
    _say_told(node, "exchange.offer-made", begun, json=json, partner=offered.name)


def accept(
    pid: Pid,
    node: Node,
    transfer: Annotated[
        bool,
        typer.Option("--transfer/--no-transfer", help="Whether you want the data at once."),
    ] = True,
    push: Annotated[bool, typer.Option("--push", help="Have it sent to your node.")] = False,
    json: AsJson = False,
) -> None:
    """Accept what a partner offered you without being asked: an agreement follows."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.core.errors import FaultyInput
    from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
    from saltbridge.services.catalogue import request_catalogue
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.services.unasked_offers import accept_offer, waiting_offers

    with opened_world(node) as world:
        offered = next((one for one in waiting_offers(world) if one.pid == pid), None)
        if offered is None:
            raise FaultyInput.of("exchange.no-such-offer", pid=pid[:80])
        shown = request_catalogue(world, partner_named(world, offered.counterparty)).datasets
        kind = next((d.kind for d in shown if d.id == offered.offer.target), "")
        told = accept_offer(
            world,
            pid,
            dataset_kind=kind,
            transfer_wanted=transfer,
            transfer_format=DSP_2025_1.push_format if push else "",
        )
    _say_told(node, "exchange.offer-accepted", told, json=json)


def decline(pid: Pid, node: Node, reason: Reason = "", json: AsJson = False) -> None:
    """Decline what a partner offered you without being asked."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.unasked_offers import decline_offer

    with opened_world(node) as world:
        told = decline_offer(world, pid, reason)
    _say_told(node, "exchange.offer-turned-down", told, json=json)


def suspend(pid: Pid, node: Node, reason: Reason = "", json: AsJson = False) -> None:
    """Pause a transfer; what a token of yours opened is shut at once."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.transfer import suspend as pause

    with opened_world(node) as world:
        told = pause(world, pid, "exchange.suspended-by-person", reason)
    _say_told(node, "exchange.is-suspended", told, json=json)


def resume(pid: Pid, node: Node, json: AsJson = False) -> None:
    """Go on with a transfer that you paused."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.transfer import resume as go_on

    with opened_world(node) as world:
        told = go_on(world, pid)
    _say_told(node, "exchange.is-resumed", told, json=json)


def terminate(pid: Pid, node: Node, reason: Reason = "", json: AsJson = False) -> None:
    """End a negotiation or a transfer for good; tokens of yours die at once."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.services import negotiate, transfer
    from saltbridge.services.exchange_state import is_transfer

    with opened_world(node) as world:
        end: Any = transfer.terminate if is_transfer(world, pid) else negotiate.terminate
        told = end(world, pid, "exchange.ended-by-person", reason)
    _say_told(node, "exchange.is-terminated", told, json=json)


def inbox(
    node: Node,
    everything: Annotated[bool, typer.Option("--all", help="All requests, both ways.")] = False,
    json: AsJson = False,
) -> None:
    """List what waits for your answer: requests for footprints, offers nobody asked for."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli import pcf
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.exchange.pcf_exchange import request_record
    from saltbridge.reports.policy_words import term_lines
    from saltbridge.services.pcf_answer import inbox as requests
    from saltbridge.services.unasked_offers import waiting_offers

    with opened_world(node) as world:
        offers, asked = waiting_offers(world), requests(world, everything=everything)
        names = {p.bpn: p.name for p in world.node.partners}
    if json:
        made = [
            {
                "kind": "offer",
                "id": one.pid,
                "partner": one.counterparty,
                "dataset_id": one.offer.target,
                "policy": dict(one.offer.policy),
            }
            for one in offers
        ]
        say_json([*map(request_record, asked), *made])
        return
    if not asked and not offers:
        say("pcf.said-none")
    for request in asked:
        pcf.say_request(request, names.get(request.partner, request.partner))
    for one in offers:
        partner = names.get(one.counterparty, one.counterparty)
        say("exchange.offer-waiting", partner=partner, about=one.offer.target, pid=one.pid)
        for line in term_lines(one.offer.policy, language()):
            typer.echo(f"  {line}")


def _say_told(node: Any, message: str, process: Any, *, json: bool, **arguments: str) -> None:
    """What was decided, the id to ask for, and whether anybody sends it now."""
    from saltbridge.cli.present import say, say_json
    from saltbridge.web.serve import is_served

    if json:
        sending = str(process.outgoing or "")
        say_json({"id": process.pid, "state": str(process.state), "sending": sending})
        return
    say(message, pid=process.pid, **arguments)
    if not is_served(node):
        say("exchange.sent-when-served", folder=str(node))
