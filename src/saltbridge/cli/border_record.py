"""``saltbridge border``: how long records are kept, and the yearly report."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import Node


def retention(
    node: Node,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase what is past its term.")
    ] = False,
    as_name: Annotated[str, typer.Option("--as", help="Name of the person who erases.")] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="File with the password.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show which released bytes are past their term; with --erase, erase them."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import acting_person
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services import retention as service

    with opened_world(node) as world:
        term = service.years(world)
        if erase:
            found = service.erase(world, acting_person(world, as_name, password_file))
        else:
            found = service.aged(world)
    if json:
        say_json([asdict(one) for one in found])
        return
    tongue = language()
    say("retention.term", years=term, citation=service.CITATION)
    for one in found:
        state = "erased-now" if erase else one.state
        says = text(f"retention.state.{state}", None, tongue)
        typer.echo(f"{one.made_at[:10]}  {one.ends_on}  {one.recipient:<16}  {says}")
        typer.echo(f"    {one.decision_id}  {one.document_kind}  {one.size} B")
    if not found:
        say("retention.nothing-erased" if erase else "retention.nothing")
    elif not erase and any(one.state == service.DUE for one in found):
        say("retention.how")


def report(
    year: Annotated[int, typer.Argument(min=2000, max=2999, help="The year.")],
    node: Node,
    out: Annotated[Path, typer.Option("--out", help="FILE.pdf or FILE.csv")],
    language: Annotated[str, typer.Option("--language", help="en, de or zh.")] = "",
) -> None:
    """Write the yearly report: decisions, refusals, approvals, counters, packs, log root."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli import present
    from saltbridge.core.errors import FaultyInput
    from saltbridge.locales import LANGUAGES
    from saltbridge.reports.border_report import border_csv, border_report
    from saltbridge.reports.pdf import report_pdf
    from saltbridge.services.border_report import year_of_decisions

    tongue = language or present.language()
    if tongue not in LANGUAGES:
        raise FaultyInput.of("report.language", found=tongue[:20], known=", ".join(LANGUAGES))
    if out.suffix.lower() not in (".pdf", ".csv"):
        raise FaultyInput.of("report.form", found=out.name[:80])
    with opened_world(node) as world:
        found = year_of_decisions(world, year)
    if out.suffix.lower() == ".csv":
        content = border_csv(found)
    else:
        content = report_pdf(border_report(found, tongue), found.made_at)
    try:
        out.write_bytes(content)
    except OSError as fault:
        raise FaultyInput.of(
            "border.cannot-write", file=str(out), reason=fault.strerror or ""
        ) from fault
    present.say("report.written", file=str(out), count=len(found.decisions))
