"""``saltbridge passport``: issue, check, list and show battery passports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli import (
    passport_access,
    passport_backup,
    passport_formats,
    passport_labels,
    passport_life,
    passport_measured,
    passport_register,
    passport_requests,
    passport_versions,
)
from saltbridge.cli.days import day_of
from saltbridge.cli.facts_file import read_facts, reason_of
from saltbridge.cli.options import AsJson, Node, serials_in

if TYPE_CHECKING:
    from datetime import date

    from saltbridge.core.finding import Finding
    from saltbridge.services.issue import Issued

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Issue, check and show battery passports.",
)
app.add_typer(passport_backup.app, name="backup")
app.command("export")(passport_formats.export)
app.command("import")(passport_formats.import_passport)
app.command("formats")(passport_formats.formats)
app.command("labels")(passport_labels.labels)
app.command("register")(passport_register.register)
app.command()(passport_versions.version)
app.command()(passport_versions.history)
app.command("measure")(passport_measured.measure)
app.command("condition")(passport_measured.condition)
app.command()(passport_life.event)
app.command()(passport_life.accept)
app.command()(passport_life.complete)
app.command("take-over")(passport_life.take_over)
app.command()(passport_life.events)
app.command("second-life")(passport_life.second_life)
app.command()(passport_versions.revoke)
app.command()(passport_versions.reinstate)
app.command("status-list")(passport_versions.status_list)
app.command()(passport_access.grant)
app.command()(passport_access.grants)
app.command("end-grant")(passport_access.end_grant)
app.command()(passport_access.accesses)
app.command()(passport_requests.requests)
app.command()(passport_requests.answer)
app.command("trust-issuer")(passport_access.trust_issuer)


@app.command()
def issue(
    node: Node,
    facts: Annotated[Path, typer.Option(help="TOML file with gtin and [attributes.A017] ….")],
    placed_on_market: Annotated[str, typer.Option(help="YYYY-MM-DD.")],
    serials: Annotated[str, typer.Option(help="A,B,C, or a file with one serial a line.")] = "",
    from_file: Annotated[
        Path | None,
        typer.Option("--from", help="CSV or Parquet file: one row a battery, any number."),
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(help="With --from: rows not issued (default FILE.faults.csv)."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=16, help="With --from: processes that work on it.")
    ] = 1,
    delivery: Annotated[str, typer.Option(help="Id of a verified delivery.")] = "latest",
    distribution: Annotated[
        Path | None, typer.Option(help="Inventory of your own distribution.")
    ] = None,
    person: Annotated[str, typer.Option(help="Who decides on the public release.")] = "",
    as_json: AsJson = False,
) -> None:
    """Issue passports: for serial numbers all or none, for a file (--from) each or not."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.passport_fleet import say_fleet
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services.issue import issue as issue_passports
    from saltbridge.services.issue_sources import IssueRequest

    if bool(serials) == (from_file is not None):
        raise typer.BadParameter("name --serials or --from, one of them")
    day = day_of(placed_on_market)
    operator = read_facts(facts)
    request = IssueRequest(
        delivery_id=delivery,
        serials=serials_in(serials),
        facts=operator,
        placed_on_market=day,
        distribution=_distribution(node, delivery, distribution, day),
        person=person,
    )
    if from_file is not None:
        say_fleet(node, request, from_file, faults, workers, as_json)
        return
    with opened_world(node) as world:
        issued = issue_passports(world, request)
    say_findings(issued.findings)
    if as_json:
        say_json(_issued_document(issued))
        return
    for passport in issued.passports:
        typer.echo(f"{passport.serial:<22} {passport.id}  {passport.product_id}")
    status = issued.readiness
    say(
        "passport.issued",
        count=len(issued.passports),
        present=status["present"],
        due=status["due"],
        date=status["date"],
        pending=", ".join(status["pending"]) or "–",
    )


@app.command()
def check(
    passport: Annotated[
        Path | None,
        typer.Argument(help="Signed passport, view, supplier record (JSON) or facts (TOML)."),
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Check the example.")] = False,
    on: Annotated[str, typer.Option("--date", help="YYYY-MM-DD.")] = "2027-02-18",
    category: Annotated[str, typer.Option(help="ev, lmt, industrial or stationary.")] = "",
    as_json: AsJson = False,
) -> None:
    """How ready a passport is, by category and date: due, present, missing, pending."""

    from saltbridge.cli.present import language, say_findings, say_json
    from saltbridge.core.finding import errors_in
    from saltbridge.passport.check_file import check_document, example_document

    if passport is None and not example:
        raise typer.BadParameter("name a file, or --example")
    document, notes = (
        (example_document(category), ()) if passport is None else _document(passport)
    )
    result = check_document(document, day_of(on), category)
    if as_json:
        say_json(result.as_list())
    elif result.states:  # none for a category nobody knows, which is a finding
        _say_readiness(result.as_document(), language())
    others = [f for f in result.findings if f.code != "passport.missing" or not as_json]
    say_findings([*notes, *others])
    if errors_in(result.findings):
        raise typer.Exit(1)


@app.command(name="list")
def list_passports(node: Node, as_json: AsJson = False) -> None:
    """The passports this node issued."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.passports import issued_passports

    with opened_world(node) as world:
        records = issued_passports(world)
    if as_json:
        say_json(records)
        return
    for record in records:
        typer.echo(
            f"{record['serial']:<22} {record['status']:<9} {record['id']}  "
            f"{record['product_id']}"
        )
    say("passport.count", count=len(records))


@app.command()
def show(
    passport: Annotated[str, typer.Argument(help="Id or serial number.")],
    node: Node,
    out: Annotated[
        Path | None, typer.Option(help="Save the signed passport (public part) here.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--version", help="Number of a version, from 1.")
    ] = None,
    on: Annotated[
        str,
        typer.Option("--on", help="YYYY-MM-DD: the version in force that day."),
    ] = "",
) -> None:
    """One passport: its public part as JSON, or the signed file with --out."""
    import json
    from datetime import UTC, datetime, time

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_findings, say_json
    from saltbridge.services.passports import public_passport, standing

    with opened_world(node) as world:
        at = datetime.combine(day_of(on), time.max, UTC) if on else None
        claim_file, view = public_passport(world, passport, number=number, at=at)
        say_findings(standing(world, passport))
    if out is not None:
        out.write_bytes(claim_file.content)
        typer.echo(f"{out}: {claim_file.digest}")
        return
    say_json(json.loads(view.content))


def _document(path: Path) -> "tuple[Any, tuple[Finding, ...]]":
    """What a file says, and a note where it is JSON in another form than plain UTF-8."""
    from saltbridge.core.errors import FaultyInput
    from saltbridge.formats.passport_text import read_document

    if path.suffix == ".toml":
        return read_facts(path), ()
    try:
        return read_document(path.read_bytes(), path.name)
    except OSError as fault:
        raise FaultyInput.of(
            "passport.unreadable-facts", file=path.name, reason=reason_of(fault)
        ) from fault


def _distribution(node: Path, delivery: str, inventory: Path | None, day: "date") -> Any:
    """The footprint record of the own distribution, under the rule set of the delivery."""
    if inventory is None:
        return None
    from saltbridge.adapters.inventory_files import load
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.account import FootprintRequest, work_out
    from saltbridge.services.issue_sources import delivered_methodology

    loaded = load(inventory)
    with opened_world(node) as world:
        request = FootprintRequest(
            inventory=loaded.inventory,
            inventory_digest=loaded.digest,
            methodology=delivered_methodology(world, delivery),
            placed_on_market=day,
        )
        return work_out(world.factor_library, world.clock.now().date(), request).record


def _issued_document(issued: "Issued") -> dict[str, Any]:
    """What ``--json`` prints: passports, readiness, and the recalculated footprint."""
    estimate = dict(issued.company_information)
    return {
        "passports": [
            {
                "id": p.id,
                "serial": p.serial,
                "product_id": p.product_id,
                "digest": p.digest,
                "decision_id": p.decision_id,
            }
            for p in issued.passports
        ],
        "readiness": dict(issued.readiness),
        "footprint": {
            **estimate,
            "type": estimate["kind"],
            "declared": estimate.get("declared_unit"),
            "stages": {"+".join(s["stages"]): s["kg_co2e"] for s in estimate["stages"]},
            "stage_origins": estimate["stages"],
            "coverage": estimate.get("coverage", {}),
            "range_kg_co2e": estimate.get("range_kg_co2e"),
            "holes": [],
            "rules_not_loaded": [],
        },
    }


def _say_readiness(status: dict[str, Any], tongue: str) -> None:
    from saltbridge.locales import text

    due, present = status["due"], status["present"]
    percent = 100 if not due else 100 * present // due  # never 100 % while one is missing
    said = {
        "category": text(f"passport.category.{status['category']}", None, tongue),
        "date": status["date"],
        "given": status["given"],
        "present": present,
        "due": due,
        "percent": percent,
    }
    all_right = status["given"] == present
    code = "passport.readiness" if all_right else "passport.readiness-faulty"
    typer.echo(text(code, said, tongue))
    for state in ("missing", "faulty", "pending", "not_applicable"):
        if state == "faulty" and not status[state]:
            continue
        typer.echo(f"{text(f'passport.state.{state}', None, tongue)}: {len(status[state])}")
        for id in status[state]:
            typer.echo(f"    {id} {text(f'attribute.{id}', None, tongue)}")
