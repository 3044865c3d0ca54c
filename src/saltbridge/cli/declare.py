"""``saltbridge declare``: the Article 7 declaration with its study, or the Chinese filing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import Language, PlacedOn

if TYPE_CHECKING:
    from datetime import datetime

    from saltbridge.footprint.declare.article_7 import DeclarationDocument, DeclarationFacts
    from saltbridge.services.account import Accounted, FootprintRequest


def declare(
    inventory: Annotated[Path, typer.Argument(help="Folder or .xlsx with the activity data.")],
    methodology: Annotated[
        str, typer.Option("--methodology", "-m", help="ID or ID@EDITION: eu-cfb, cn-miit-551.")
    ] = "eu-cfb",
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder for the documents; made if absent.")
    ] = None,
    conformity: Annotated[
        str, typer.Option("--conformity", help="Id of the EU declaration of conformity.")
    ] = "",
    study_link: Annotated[
        str, typer.Option("--study-link", help="Where the public study can be read (https).")
    ] = "",
    verified_by: Annotated[
        str, typer.Option("--verified-by", help="Third party that verified (Chinese filing).")
    ] = "",
    placed_on: PlacedOn = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Write drafts although something is missing.")
    ] = False,
    node: Annotated[
        Path | None,
        typer.Option("--node", help="Folder of a node: sign and store the declaration."),
    ] = None,
    assume: Annotated[
        list[str] | None,
        typer.Option("--assume", help="key=value for a rule that is not loaded; for drafts."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the document as JSON.")
    ] = False,
    tongue: Language = None,
) -> None:
    """Make the declaration of Article 7 with its public study, or the Chinese filing.

    Everything that stands in the way is said at once; then nothing is declared, and only
    --draft writes documents, which call themselves drafts. Without --node nobody signs: a
    complete document calls itself unsigned, and is no declaration yet.
    """
    from saltbridge.adapters.inventory_files import load
    from saltbridge.bootstrap import open_clock, open_factor_library
    from saltbridge.cli.footprint import assumptions
    from saltbridge.cli.present import language_of, say_findings, say_json
    from saltbridge.footprint.declare.article_7 import DeclarationFacts, signed_as
    from saltbridge.locales import text
    from saltbridge.services.account import FootprintRequest, work_out

    spoken = language_of(tongue)
    loaded = load(inventory)
    request = FootprintRequest(
        inventory=loaded.inventory,
        inventory_digest=loaded.digest,
        methodology=methodology,
        assumptions=assumptions(assume or []),
        placed_on_market=None if placed_on is None else placed_on.date(),
        sources=loaded.sources,
    )
    facts = DeclarationFacts(
        declaration_of_conformity=conformity,
        study_link=study_link,
        verified_by=verified_by,
        placed_on_market=request.placed_on_market,
    )
    now = open_clock().now()
    if node is None:
        result = work_out(open_factor_library(), now.date(), request)
        document = _document(result, request, facts)
    else:
        result, document = _on_node(node, inventory, request, facts, draft)
    document = signed_as(document, "" if result.claim is None else result.id)
    written: tuple[Path, ...] = ()
    if to is not None and (document.complete or draft):
        written = _write(to, result, document, request, now, spoken)
    if as_json:
        say_json(dict(document.content))
    else:
        _show(result, document, spoken)
        for path in written:
            typer.echo(text("declare.written", {"file": str(path)}, spoken))
    if not document.complete:
        say_findings(document.obstacles, tongue=spoken)
        count = len(document.obstacles)
        typer.echo(text("declare.refused", {"count": count}, spoken), err=True)
        raise typer.Exit(1)


def _document(
    result: "Accounted", request: "FootprintRequest", facts: "DeclarationFacts"
) -> "DeclarationDocument":
    from saltbridge.footprint.declare import filing_cn
    from saltbridge.footprint.declare.article_7 import article_7

    make = (
        filing_cn.filing_cn
        if result.footprint.methodology == filing_cn.METHODOLOGY
        else article_7
    )
    return make(result.footprint, request.inventory, facts)


def _on_node(
    node: Path,
    inventory: Path,
    request: "FootprintRequest",
    facts: "DeclarationFacts",
    draft: bool,
) -> "tuple[Accounted, DeclarationDocument]":
    """Worked out with the node's supplier records; signed and stored only when complete."""
    from dataclasses import replace

    from saltbridge.adapters.inventory_files import load_evidence
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.account import account, preview

    evidence, _ = load_evidence(inventory, request.inventory)
    with opened_world(node) as world:
        result = preview(world, request)
        document = _document(result, request, facts)
        if document.complete and not draft:
            result = account(world, replace(request, declare=True, evidence=evidence))
    return result, document


def _write(
    to: Path,
    result: "Accounted",
    document: "DeclarationDocument",
    request: "FootprintRequest",
    now: "datetime",
    spoken: str,
) -> tuple[Path, ...]:
    import json

    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import Place, finding
    from saltbridge.reports.footprint_study import footprint_study
    from saltbridge.reports.pdf import report_pdf
    from saltbridge.reports.report_html import report_html

    name = str(document.content["type"])
    study = footprint_study(
        result.record,
        request.inventory.operator.name,
        len(document.obstacles),
        now,
        spoken,
        str(document.content.get("g_study", "")),
        {f.id for f in request.inventory.factors},
        signed=result.claim is not None,
    )
    files = {
        f"{name}.json": json.dumps(
            dict(document.content), ensure_ascii=False, indent=2
        ).encode(),
        f"study.{spoken}.html": report_html(study),
        f"study.{spoken}.pdf": report_pdf(study, now),
    }
    try:
        to.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (to / file).write_bytes(content)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        place = Place(file=str(to))
        raise FaultyInput([finding("declare.cannot-write", place, reason=reason)]) from fault
    return tuple(to / file for file in files)


def _show(result: "Accounted", document: "DeclarationDocument", spoken: str) -> None:
    from saltbridge.locales import number, text
    from saltbridge.reports.bridge_words import listed
    from saltbridge.reports.rule_words import rule_name

    content = document.content
    typer.echo(text(f"declare.head.{content['type']}", None, spoken))
    rows: list[tuple[str, str]] = []
    for item in sorted(k for k in content if k[1:2] == "_"):
        rows.append(
            (text(f"declare.item.{item[0]}", None, spoken), _worded(content[item], spoken))
        )
    if not rows:  # the Chinese filing has no lettered items
        for stage, values in content["stages"].items():
            per = values["kg_co2e_per_kwh"]
            shown = f"{number(values['kg_co2e'], spoken)} kg CO2e"
            if per is not None:
                shown += f" · {number(per, spoken)} kg CO2e/kWh"
            rows.append((text(f"footprint.stage.{stage}", None, spoken), shown))
    for label, value in rows:
        typer.echo(f"  {label}: {value}")
    if content["holes"]:
        typer.echo(text("declare.holes", {"count": content["holes"]}, spoken))
    unread = listed((rule_name(r["id"], spoken) for r in content["unread"]), spoken)
    if unread:
        typer.echo(text("declare.unread", {"rules": unread}, spoken))
    if result.claim is not None:
        typer.echo(text("declare.signed", {"id": result.id}, spoken))
    elif document.complete:
        typer.echo(text("declare.unsigned", None, spoken))


def _worded(value: Any, spoken: str) -> str:
    """One item in a line: its members, stages by their names, numbers with their unit."""
    from saltbridge.locales import number, text

    if not isinstance(value, dict):
        return value or "–"
    unit = f" {value['unit']}" if "unit" in value else ""
    if "values" in value:
        parts = [
            f"{text(f'footprint.stage.{stage}', None, spoken)} "
            + ("–" if kg is None else number(kg, spoken))
            for stage, kg in value["values"].items()
        ]
    else:
        kept = [v for k, v in value.items() if k != "unit" and v not in ("", None)]
        parts = [number(v, spoken) if isinstance(v, float) else str(v) for v in kept]
    return f"{' · '.join(parts)}{unit}" if parts else "–"
