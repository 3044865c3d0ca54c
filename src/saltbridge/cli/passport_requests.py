"""``saltbridge passport requests`` and ``answer``: who asks for access, and the answer."""

from typing import Annotated

import typer

from saltbridge.cli.options import AsJson, Node


def requests(node: Node, as_json: AsJson = False) -> None:
    """Who asks for access to what is not public; those who wait come first."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services.passport_requests import listed_requests

    with opened_world(node) as world:
        found = listed_requests(world, os_person())
    if as_json:
        say_json(found)
        return
    for r in found:
        state = text(f"access.request.{r['state']}", None, language())
        interest = text(f"access.interest.{r['interest']}", None, language())
        typer.echo(f"{r['id']}  {r['organisation'] or r['name']} <{r['email']}>  [{state}]")
        typer.echo(f"    {interest} · {r['battery'] or '–'}")
        reason = " ".join(r["reason"].split())
        typer.echo(f"    {reason if len(reason) <= 200 else reason[:199] + '…'}")
    say("access.said-requests", count=len(found))


def answer(
    id: Annotated[str, typer.Argument(help="Number of the request.")],
    node: Node,
    evidence: Annotated[
        list[str] | None,
        typer.Option("--evidence", help='"kind: what you saw"; may be given several times.'),
    ] = None,
    passport: Annotated[str, typer.Option(help="The passport: id or serial number.")] = "",
    model: Annotated[str, typer.Option(help="Or all batteries of a model: its GTIN.")] = "",
    refuse: Annotated[str, typer.Option("--refuse", help="Refuse, and why.")] = "",
) -> None:
    """Give somebody who asked an access code for a passport or a model, or refuse."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.passport_access import say_granted
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services import passport_requests as asked
    from saltbridge.services.passport_grants import GrantRequest, evidence_of, grant

    if bool(passport) + bool(model) + bool(refuse) != 1:
        raise FaultyInput.of("access.which-answer")
    with opened_world(node) as world:
        by = os_person()
        if refuse:
            asked.refuse(world, by, id, refuse)
            say("access.said-refused", id=id)
            return
        found = next((r for r in asked.listed_requests(world, by) if r["id"] == id), None)
        if found is None:
            raise FaultyInput.of("access.no-request", id=id[:80])
        made = grant(
            world,
            by,
            GrantRequest(
                interest=found["interest"],
                code_for=found["organisation"] or found["name"],
                passport=passport,
                model=model,
                evidence=[evidence_of(e) for e in evidence or ()],
                request=id,
            ),
        )
    say_granted(made.grant, made.code)
