"""``saltbridge passport grant`` and its like: who may see what is not public, and who did."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.days import day_of
from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.passport.grants import Grant

Because = Annotated[str, typer.Option("--because", help="Why; kept in the record.")]


def grant(
    node: Node,
    interest: Annotated[
        str, typer.Option("--as", help="repairer, recycler, purchaser, market-surveillance, …")
    ],
    person: Annotated[str, typer.Option(help="Name of an account of this node.")] = "",
    partner: Annotated[str, typer.Option(help="BPN or DID of a partner.")] = "",
    code_for: Annotated[
        str, typer.Option("--code-for", help="Name of somebody who is neither: gets a code.")
    ] = "",
    passport: Annotated[str, typer.Option(help="One passport: id or serial number.")] = "",
    model: Annotated[str, typer.Option(help="All batteries of a model: its GTIN.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All passports, later ones.")] = False,
    reads_from: Annotated[
        str, typer.Option("--from", help="Country they read in (ISO, DE); else the node's.")
    ] = "",
    until: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD; else the longest.")] = "",
    evidence: Annotated[
        list[str] | None,
        typer.Option("--evidence", help='"kind: what you saw"; may be given several times.'),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody see the points of passports their interest opens, until a day."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.passport.grants import grant_record
    from saltbridge.services.passport_grants import GrantRequest, evidence_of
    from saltbridge.services.passport_grants import grant as give

    if sum([bool(passport), bool(model), every]) != 1:
        raise FaultyInput.of("access.which-passports")
    with opened_world(node) as world:
        made = give(
            world,
            os_person(),
            GrantRequest(
                interest=interest,
                person=person,
                partner=partner,
                code_for=code_for,
                passport=passport,
                model=model,
                until=day_of(until) if until else None,
                evidence=[evidence_of(e) for e in evidence or ()],
                reads_from=reads_from,
            ),
        )
    if as_json:
        say_json({**grant_record(made.grant), **({"code": made.code} if made.code else {})})
        return
    say_granted(made.grant, made.code)


def say_granted(made: "Grant", code: str) -> None:
    """What a person is told of a new grant; the code this once."""
    from saltbridge.cli.present import language, say
    from saltbridge.locales import text

    say(
        "access.said-granted",
        name=made.grantee.name,
        interest=text(f"access.interest.{made.interest}", None, language()),
        points=", ".join(str(p) for p in made.points),
        until=made.until,
        id=made.id,
    )
    if code:
        say("access.said-code", code=code)


def grants(node: Node, as_json: AsJson = False) -> None:
    """Who was let see what, also grants that hold no longer."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.passport.grants import grant_record
    from saltbridge.services.passport_grants import listed_grants

    with opened_world(node) as world:
        found = listed_grants(world, os_person())
    if as_json:
        say_json([{**grant_record(g), "holds": holds} for g, holds in found])
        return
    tongue = language()
    for g, holds in found:
        state = text(f"access.state.{_state(g, holds)}", None, tongue)
        interest = text(f"access.interest.{g.interest}", None, tongue)
        scope = g.passport or g.model or text("access.all", None, tongue)
        typer.echo(f"{g.id}  {g.grantee.name}  [{state}]")
        typer.echo(f"    {interest} · {scope} · {g.until}")
    say("access.said-count", count=len(found))


def _state(grant: "Grant", holds: bool) -> str:
    if holds:
        return "holds"
    return "revoked" if grant.revoked_at else "ended"


def end_grant(
    node: Node,
    because: Because,
    id: Annotated[str, typer.Argument(help="Id of the grant; none with --all.")] = "",
    every: Annotated[
        bool,
        typer.Option("--all", help="Emergency: every grant, code, session and issuer at once."),
    ] = False,
) -> None:
    """Take a grant back, or end all of them at once."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.passport_grants import end_everything, revoke

    if every == bool(id):
        raise FaultyInput.of("access.which-grant")
    with opened_world(node) as world:
        if every:
            say(
                "access.said-ended",
                count=end_everything(world, os_person(), because),
            )
        else:
            taken = revoke(world, os_person(), id, because)
            say("access.said-revoked", name=taken.grantee.name, id=taken.id)


def accesses(
    node: Node,
    passport: Annotated[str, typer.Argument(help="Id or serial number; else all.")] = "",
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase the names that are past their term.")
    ] = False,
    as_name: Annotated[str, typer.Option("--as", help="Name of the person who erases.")] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="File with the password.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Who read what is not public: when, for what, which points, by which door."""
    if erase:
        _erase(node, as_name, password_file, as_json)
        return
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.passport_grants import accesses as listed

    with opened_world(node) as world:
        found = listed(world, os_person(), passport)
    if as_json:
        say_json([dict(a) for a in found])
        return
    for a in found:
        typer.echo(_line(a))
    say("access.said-accesses", count=len(found))


def _erase(node: Path, as_name: str, password_file: Path | None, as_json: bool) -> None:
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.access_retention import erase

    with opened_world(node) as world:
        done = erase(world, acting_person(world, as_name, password_file))
    if as_json:
        say_json(asdict(done))
        return
    told = {"years": done.years, "before": done.before[:10]}
    say("access.erased", accesses=done.accesses, records=done.records, **told)


def _line(access: Any) -> str:
    from saltbridge.cli.present import language
    from saltbridge.locales import text_or

    def word(name: str) -> str:
        return text_or(name, f"access.purpose.{name}", None, language())

    purposes = ", ".join(word(p) for p in access["purposes"]) or "–"
    points = ", ".join(str(p) for p in access["points"])
    return (
        f"{access['at']}  {access['reader']['name'] or '–'}  {access['serial']}"
        f"#{access['version']}  [{points}]  {purposes}  {access['use']} {access['endpoint']}"
    )


def trust_issuer(
    did: Annotated[str, typer.Argument(help="DID of the issuer of dismantler credentials.")],
    node: Node,
    document: Annotated[
        Path | None, typer.Option(help="Its DID document; else it is fetched now.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Believe it no longer.")] = False,
) -> None:
    """Let dismantler credentials (CX-0050) of an issuer open passports by themselves."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import read_json
    from saltbridge.services import passport_credentials as credentials

    given = None if document is None else read_json(read_file(document), document.name)
    with opened_world(node) as world:
        if undo:
            count = credentials.distrust_issuer(world, os_person(), did)
            say("access.said-no-issuer", did=did, count=count)
        else:
            credentials.trust_issuer(world, os_person(), did, given)
            say("access.said-issuer", did=did)
