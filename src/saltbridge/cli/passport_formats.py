"""``saltbridge passport export`` and ``import``: passports in other people's formats."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Language, write_file

if TYPE_CHECKING:
    from datetime import date as Day

    from saltbridge.core.finding import Finding
    from saltbridge.formats.passport_mapping import PassportDocument
    from saltbridge.passport.model import Values

_FORMAT = "See passport formats; or pdf, a data sheet."
_FILL = (
    "Placeholders wherever the schema demands a value nobody stated, listed in the document."
)
_DATE = "Of a file: which values may be shown on that day (YYYY-MM-DD; today)."
_AUDIENCES = "public, legitimate_interest or authority; of a file or the example also all."


def export(
    passport: Annotated[
        str | None,
        typer.Argument(
            help="File (passport, view, facts, any format read), or id with --node."
        ),
    ] = None,
    format: Annotated[str, typer.Option(help=_FORMAT)] = "idta_02035",
    out: Annotated[Path | None, typer.Option(help="Write here; else to the terminal.")] = None,
    example: Annotated[bool, typer.Option("--example", help="Export the example.")] = False,
    node: Annotated[Path | None, typer.Option("--node", help="Folder of the node.")] = None,
    audience: Annotated[str, typer.Option(help=_AUDIENCES)] = "public",
    person: Annotated[str, typer.Option(help="Who decides on the public release.")] = "",
    fill_required: Annotated[bool, typer.Option("--fill-required", help=_FILL)] = False,
    date: Annotated[str, typer.Option(help=_DATE)] = "",
    language: Language = None,
) -> None:
    """Write a passport in another format, and say what that format cannot carry."""

    from datetime import UTC, datetime

    from saltbridge.cli.acting import os_name
    from saltbridge.cli.days import day_of
    from saltbridge.cli.present import language_of, say, say_findings
    from saltbridge.core.canonical import digest

    if (passport is None) == (not example):
        raise typer.BadParameter("name a file or, with --node, a passport; or --example")
    if out is None and format in ("pdf", "aasx"):
        raise typer.BadParameter(f"{format} is no text: name a file with --out")
    if node is not None and passport is not None:
        who = person if audience == "public" else person or os_name()
        content, findings = _from_node(
            node, passport, format, audience, who, language_of(language), fill_required
        )
    else:
        day = day_of(date) if date else datetime.now(UTC).date()
        content, findings = _from_file(
            passport, format, audience, language_of(language), fill_required, day
        )
    if out is None:
        typer.echo(content, nl=False)
    else:
        write_file(out, content)
        say("format.written", file=str(out), digest=digest(content))
    say_findings(findings)


def import_passport(
    file: Annotated[Path, typer.Argument(help="Passport in any of the formats.")],
    format: Annotated[str, typer.Option(help="Its format; else it is recognised.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Save the values for passport check.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a passport: the values with their origin, and what was not understood."""

    import json

    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import language, say, say_findings, say_json
    from saltbridge.core.canonical import digest
    from saltbridge.formats.passport_formats import read_passport
    from saltbridge.passport.assemble import render_value
    from saltbridge.passport.model import Origin, OriginKind

    content = read_file(file, "format.unreadable-file")
    origin = Origin(OriginKind.DOCUMENT, "", digest(content))
    read = read_passport(content, format, file.name, origin)
    attributes = {id: render_value(id, value) for id, value in read.values.items()}
    document = {
        "format": read.format,
        "attributes": attributes,
        "not_understood": list(read.not_understood),
    }
    if out is not None:
        write_file(out, json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")
    if as_json:
        say_json(document)
        return
    _say_values(read.values, language())
    say(
        "format.read",
        format=read.format,
        count=len(read.values),
        unknown=len(read.not_understood),
        origin=origin.reference,
    )
    say_findings(read.findings)


def formats(as_json: AsJson = False) -> None:
    """The formats, and what each cannot carry."""

    from saltbridge.cli.present import language, say_json
    from saltbridge.formats.passport_formats import statement
    from saltbridge.formats.passport_registry import FORMATS
    from saltbridge.locales import text

    stated = [statement(format) for format in FORMATS]
    if as_json:
        say_json(
            [
                {
                    "format": s.format,
                    "carried": list(s.carried),
                    "partly": list(s.partly),
                    "not_carried": list(s.not_carried),
                    "why": {id: text(f"format.why.{c}") for id, c in s.why.items()},
                }
                for s in stated
            ]
        )
        return
    tongue = language()
    for s in stated:
        typer.echo(f"{s.format}: {text(f'format.name.{s.format}', None, tongue)}")
        counts = {"whole": len(s.carried), "partly": len(s.partly), "not": len(s.not_carried)}
        typer.echo("    " + text("format.counts", counts, tongue))
        for code, ids in (("format.in-part", s.partly), ("format.not-carried", s.not_carried)):
            if ids:
                typer.echo("    " + text(code, {"ids": ", ".join(ids)}, tongue))
        for id, why in s.why.items():
            typer.echo(f"        {id}: {text(f'format.why.{why}', None, tongue)}")


def _from_node(
    node: Path,
    passport: str,
    format: str,
    audience: str,
    person: str,
    language: str,
    fill_required: bool,
) -> "tuple[bytes, tuple[Finding, ...]]":
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.passport_export import ExportRequest, export_passport

    request = ExportRequest(
        passport=passport,
        format=format,
        audience=_audience(audience),
        person=person,
        language=language,
        fill_required=fill_required,
    )
    with opened_world(node) as world:
        exported = export_passport(world, request)
    return exported.content, exported.findings


def _from_file(
    passport: str | None,
    format: str,
    audience: str,
    language: str,
    fill_required: bool,
    day: "Day",
) -> "tuple[bytes, tuple[Finding, ...]]":
    from datetime import UTC, datetime

    from saltbridge.formats.passport_formats import export_findings
    from saltbridge.passport.access import visible_to
    from saltbridge.passport.validate import showable
    from saltbridge.reports.passport_sheet import write_in

    values, found, source = _file_values(passport)
    if audience != "all":
        # What nobody here understands has no audience: it goes to nobody.
        values, source = visible_to(_audience(audience), values), None
        values, kept = showable(values, day)
        found = [*found, *kept]
    now = datetime.now(UTC)
    written = write_in(
        format,
        values,
        audience=audience,
        made_at=now,
        language=language,
        source=source,
        fill_required=fill_required,
    )
    return written.content, (*found, *export_findings(written))


def _file_values(
    passport: str | None,
) -> "tuple[Values, list[Finding], PassportDocument | None]":
    """Values of a document of ours, or of one in any format that is read."""
    from saltbridge.cli.options import read_file
    from saltbridge.core.canonical import digest
    from saltbridge.formats.passport_formats import read_values
    from saltbridge.passport.check_file import document_values, example_document
    from saltbridge.passport.model import Origin, OriginKind

    if passport is None:
        origin = Origin(OriginKind.DOCUMENT, "", "example")
        _, values, found = document_values(example_document(), origin)
        return values, found, None
    content = read_file(Path(passport), "format.unreadable-file")
    origin = Origin(OriginKind.DOCUMENT, "", digest(content))
    return read_values(content, Path(passport).name, origin)


def _audience(named: str) -> Any:
    from saltbridge.core.errors import FaultyInput
    from saltbridge.passport.access import Audience

    try:
        return Audience(named)
    except ValueError as fault:
        known = ", ".join(a.value for a in Audience)
        raise FaultyInput.of("format.audience", found=named[:40], known=known) from fault


def _say_values(values: "Values", tongue: str) -> None:
    import json

    from saltbridge.formats.passport_paths import printable
    from saltbridge.locales import text

    for id, value in values.items():
        shown = value.value
        if not isinstance(shown, str):
            shown = json.dumps(shown, ensure_ascii=False)
        said = f"{shown} {value.unit}".strip()
        day = f" ({value.measured_on})" if value.measured_on else ""
        label = text(f"attribute.{id}", None, tongue)
        typer.echo(f"{id} {label}: {printable(said)[:120]}{printable(day)}")
