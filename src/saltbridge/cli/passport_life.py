"""``saltbridge passport event``, ``accept``, ``complete``, ``take-over``, ``second-life``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.days import day_of
from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.services.passport_events import PastEvent
    from saltbridge.steps.passport_event_effects import Recorded

Passport = Annotated[str, typer.Argument(help="Id or serial number.")]
Facts = Annotated[
    Path | None, typer.Option(help="TOML file: [attributes.A126] … true from now on.")
]
Person = Annotated[str, typer.Option(help="Who decides on the public release.")]
Out = Annotated[Path | None, typer.Option(help="Save the signed file here.")]
_KINDS = (
    "repair, correction, becomes-waste, responsibility-transfer, recycled, re-use, "
    "repurposing, remanufacturing, preparation-for-re-use or preparation-for-repurposing."
)


def event(
    passport: Passport,
    kind: Annotated[str, typer.Argument(help=_KINDS)],
    node: Node,
    on: Annotated[str, typer.Option("--on", help="YYYY-MM-DD: the day it happened.")],
    to: Annotated[str, typer.Option(help="DID of the operator who takes over.")] = "",
    to_name: Annotated[str, typer.Option(help="Its name, if not as the partner's.")] = "",
    to_address: Annotated[
        str, typer.Option(help="Its address, for the public page; both operators sign it.")
    ] = "",
    capacity: Annotated[
        str,
        typer.Option(
            help="Of waste: producer, producer-responsibility-organisation, waste-operator."
        ),
    ] = "",
    component: Annotated[str, typer.Option(help="What was repaired.")] = "",
    reason: Annotated[
        str, typer.Option(help="Of a correction: why a counter was too high; it is signed.")
    ] = "",
    successor: Annotated[str, typer.Option(help="Passport id of the second life.")] = "",
    facts: Facts = None,
    person: Person = "",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Sign and record what happened to a battery; with --to, propose it to who takes over."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.services.passport_events import record
    from saltbridge.services.passport_handover import propose
    from saltbridge.steps.passport_event_words import EventRequest

    request = EventRequest(
        passport=passport,
        kind=kind,
        on=day_of(on),
        to=to,
        capacity=capacity,
        successor=successor,
        details={
            "component": component,
            "reason": reason,
            "to_name": to_name,
            "to_address": to_address,
        },
        facts=_facts(facts),
        person=person,
    )
    if to:
        if out is None:
            raise typer.BadParameter("with --to, name the file to write with --out")
        with opened_world(node) as world:
            file = propose(world, request)
        _saved(out, file, "lifecycle.proposed")
        return
    with opened_world(node) as world:
        done, file = record(world, request)
    if out is not None:
        out.write_bytes(file)
    _say_recorded(done, as_json)


def accept(
    file: Annotated[Path, typer.Argument(help="Proposal of another operator.")],
    node: Node,
    out: Annotated[Path, typer.Option(help="Save the acceptance here.")],
) -> None:
    """Sign another operator's proposal: from now on this operator answers."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import read_file
    from saltbridge.services.passport_handover import accept as sign_too

    content = read_file(file)
    with opened_world(node) as world:
        accepted = sign_too(world, content, file.name)
        names = {p.did: p.name for p in world.node.partners}
    _saved(out, accepted, "lifecycle.accepted")
    _say_accepted(accepted, names)


def complete(
    file: Annotated[Path, typer.Argument(help="Acceptance, or event of who took over.")],
    node: Node,
    facts: Facts = None,
    person: Person = "",
    as_json: AsJson = False,
) -> None:
    """Record what another operator signed about a passport of this node."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import read_file
    from saltbridge.services.passport_handover import complete as take_in

    content, given = read_file(file), _facts(facts)
    with opened_world(node) as world:
        done = take_in(world, content, file.name, given, person)
    _say_recorded(done, as_json)


def take_over(
    node: Node,
    passport: Annotated[
        str, typer.Argument(help="Id; else every passport we answer for and do not have.")
    ] = "",
    source: Annotated[
        str, typer.Option("--from", help="DID of who has it, if not who transferred it.")
    ] = "",
    person: Person = "",
    as_json: AsJson = False,
) -> None:
    """Fetch whole passports from the node that had them, check them, serve them from here."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.passport_dossiers import take_over as take
    from saltbridge.services.passport_dossiers import waiting

    with opened_world(node) as world:
        ids = [passport] if passport else waiting(world)
        done = [take(world, id, source, person or os_name()) for id in ids]
        base = world.node.base_url
    if as_json:
        say_json([asdict(one) for one in done])
        return
    for one in done:
        told = asdict(one)
        say("handover.taken-over", id=told.pop("passport_id"), **told)
        say("handover.serves-now", address=f"{base}/passports/{one.passport_id}")
    if not done:
        say("handover.none-waiting")


def events(passport: Passport, node: Node, as_json: AsJson = False) -> None:
    """What happened to a battery, the oldest first: status, who signed, where it went."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services.passport_events import past_events

    with opened_world(node) as world:
        life, found = past_events(world, passport)
    if as_json:
        told = {"status": life.status.value, "operator": life.operator}
        ceased = life.ceased_on.isoformat() if life.ceased_on else ""
        say_json({**told, "ceased_on": ceased, "events": [asdict(e) for e in found]})
        return
    status = text(f"lifecycle.status.{life.status}", None, language())
    say("lifecycle.stands", status=status, operator=life.operator)
    if not found:
        say("lifecycle.no-events")
    for past in found:
        _say_event(past, language())


def second_life(
    operation: Annotated[str, typer.Argument(help="re-use, repurposing, …")],
    predecessors: Annotated[list[str], typer.Argument(help="Passports it comes from.")],
    node: Node,
    serial: Annotated[str, typer.Option(help="Serial number of the new battery.")],
    gtin: Annotated[str, typer.Option(help="GTIN of its model.")],
    category: Annotated[str, typer.Option(help="ev, lmt, industrial or stationary.")],
    on: Annotated[str, typer.Option("--on", help="YYYY-MM-DD: placed on the market.")],
    facts: Facts = None,
    person: Person = "",
    as_json: AsJson = False,
) -> None:
    """Issue the passport of a second life, linked to those the battery comes from."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services.second_life import SecondLifeRequest
    from saltbridge.services.second_life import second_life as begin

    request = SecondLifeRequest(
        operation=operation,
        predecessors=predecessors,
        serial=serial,
        gtin=gtin,
        category=category,
        facts=_facts(facts),
        on=day_of(on),
        person=person,
    )
    with opened_world(node) as world:
        made = begin(world, request)
    say_findings(made.findings)
    named = [p.passport for p in made.predecessors]
    if as_json:
        told = {"id": made.id, "serial": made.serial, "product_id": made.product_id}
        say_json({**told, "digest": made.digest, "predecessors": named})
        return
    say("lifecycle.second-life", id=made.id, serial=made.serial, count=len(named))


def _facts(path: Path | None) -> dict[str, Any]:
    from saltbridge.cli.facts_file import read_facts

    return {} if path is None else read_facts(path)


def _saved(out: Path, file: bytes, message: str) -> None:
    from saltbridge.cli.present import say

    out.write_bytes(file)
    say(message, file=str(out))


def _say_accepted(accepted: bytes, names: dict[str, str]) -> None:
    """What was signed: which event, of which passport, from whom."""
    from saltbridge.cli.present import language, say
    from saltbridge.core.canonical import read_json
    from saltbridge.formats.claim_file import parse_claim_file
    from saltbridge.locales import text
    from saltbridge.trust.signature import open_jws

    told = read_json(open_jws(parse_claim_file(accepted).claim.jws).payload)["content"]
    operator = str(told["operator"])
    say(
        "lifecycle.accepted-event",
        event=text(f"lifecycle.event.{told['event']}", None, language()),
        passport=told["passport_id"],
        operator=names.get(operator, operator),
        did=operator,
    )
    if told["successor"]:
        say("lifecycle.goes-to", successor=told["successor"])


def _say_recorded(done: "Recorded", as_json: bool) -> None:
    from dataclasses import asdict

    from saltbridge.cli.present import language, say, say_findings, say_json
    from saltbridge.locales import text

    say_findings(done.findings)
    if as_json:
        told = asdict(done)
        del told["findings"]
        say_json({**told, "signed_by": list(done.signed_by)})
        return
    word = text(f"lifecycle.event.{done.event}", None, language())
    battery = done.serial or done.passport_id
    say("lifecycle.recorded-event", number=done.number, event=word, serial=battery)
    if done.signed_by:
        say("lifecycle.signed-by", who=", ".join(done.signed_by))
    if done.version:
        say("lifecycle.made-version", version=done.version)
    if not done.serial:
        say("lifecycle.elsewhere")
    elif done.event == "recycled":
        say("lifecycle.has-ceased")


def _say_event(past: "PastEvent", tongue: str) -> None:
    from saltbridge.locales import text

    word = text(f"lifecycle.event.{past.event}", None, tongue)
    typer.echo(f"{past.number:>4}  {past.occurred_on}  {word}")
    told = {
        "lifecycle.goes-to": {"successor": past.successor},
        "lifecycle.comes-from": {"predecessors": ", ".join(past.predecessors)},
        "lifecycle.answers-now": {"to": past.to},
        "lifecycle.because": {"reason": past.details.get("reason", "")},
        "lifecycle.signed-by": {"who": ", ".join(past.signed_by)},
    }
    for message, arguments in told.items():
        if all(arguments.values()):
            typer.echo(f"      {text(message, arguments, tongue)}")
