"""``saltbridge inventory``: start, check and convert an inventory."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.cli.options import AsJson

if TYPE_CHECKING:
    from saltbridge.adapters.inventory_files import LoadedInventory
    from saltbridge.core.finding import Finding

app = typer.Typer(
    help="Start, check and convert an inventory (folder or Excel workbook).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Source = Annotated[Path, typer.Argument(help="Folder with inventory.toml, or .xlsx workbook.")]
Target = Annotated[Path, typer.Argument(help="New folder, or new file ending in .xlsx.")]


@app.command()
def template(path: Target) -> None:
    """Write a small example battery to start from; nothing is overwritten."""
    from saltbridge.adapters.inventory_files import is_workbook, save_workbook, write_folder
    from saltbridge.cli.present import say
    from saltbridge.formats.inventory_reference import template_files, template_inventory

    if is_workbook(path):
        save_workbook(template_inventory(), path)
    else:
        write_folder(template_files(), path)
    say("inventory.template-written", path=path)


@app.command()
def check(
    path: Source,
    as_json: AsJson = False,
) -> None:
    """Read an inventory and print everything found in it, or what was read."""
    from saltbridge.adapters.inventory_files import load
    from saltbridge.cli.present import say_findings, say_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import errors_in
    from saltbridge.footprint.balance import untold_balances
    from saltbridge.footprint.check import check_inventory
    from saltbridge.footprint.plausibility import check_plausibility

    loaded = None
    findings: tuple[Finding, ...]
    try:
        loaded = load(path)
        findings = loaded.findings + check_inventory(loaded.inventory)
        if not errors_in(findings):
            findings += check_plausibility(loaded.inventory)
            findings += tuple(untold_balances(loaded.inventory, findings))
    except FaultyInput as fault:
        findings = fault.findings
    faulty = bool(errors_in(findings))
    if as_json:
        say_json(_as_json(path, loaded, findings))
        raise typer.Exit(2 if faulty else 0)
    if faulty:
        raise FaultyInput(findings)
    say_findings(findings)
    if loaded is not None:
        _say_what_was_read(path, loaded)


@app.command()
def convert(source: Source, target: Target) -> None:
    """Turn a folder into a workbook or a workbook into a folder; nothing is overwritten."""
    from saltbridge.adapters.inventory_files import load, save
    from saltbridge.cli.present import say, say_findings

    loaded = load(source)
    save(loaded.inventory, target)
    say_findings(loaded.findings)
    say("inventory.written", path=target)


@app.command()
def schema(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the tables of the reference page.")
    ] = False,
) -> None:
    """Print the keys and columns of an inventory and what they mean."""
    from saltbridge.footprint.model import TABLES
    from saltbridge.formats.inventory_columns import PURPOSES, note_on
    from saltbridge.formats.inventory_reference import (
        columns_by_table,
        schema_markdown,
        value_words,
    )

    if markdown:
        typer.echo(schema_markdown(), nl=False)
        return
    for name, columns in columns_by_table().items():
        typer.echo(f"{name}.csv" if name in TABLES else f"inventory.toml [{name}]")
        typer.echo(f"  {PURPOSES[name]}")
        for column in columns:
            mark = "*" if column.required else " "
            meaning = note_on(name, column.name).meaning
            typer.echo(f"  {mark} {column.name:<32} {meaning} ({value_words(column)})")
        typer.echo("")
    typer.echo("* required")


def _say_what_was_read(path: Path, loaded: "LoadedInventory") -> None:
    from rich.cells import cell_len, set_cell_size

    from saltbridge.cli.present import language, say
    from saltbridge.footprint.model import TABLES
    from saltbridge.locales import text

    tongue = language()
    inventory = loaded.inventory
    product = inventory.product
    period = {"start": inventory.period.start, "end": inventory.period.end}
    rows = {
        "product": f"{product.name} ({product.id}, {product.category})",
        "operator": inventory.operator.name,
        "plant": f"{inventory.plant.name}, {inventory.plant.country}",
        "period": text("inventory.from-to", period, tongue),
        "factors": ", ".join(inventory.factor_sets)
        or text("inventory.local-factors-only", None, tongue),
        "rows": ", ".join(f"{len(getattr(inventory, t))} {t}" for t in TABLES),
        "digest": loaded.digest,
    }
    labels = {key: text(f"inventory.label.{key}", None, tongue) for key in rows}
    width = max(map(cell_len, labels.values())) + 2
    say("inventory.no-errors", path=path)
    for key, value in rows.items():
        typer.echo(f"  {set_cell_size(labels[key], width)}{value}")


def findings_json(findings: "tuple[Finding, ...]") -> list[dict[str, object]]:
    """Findings for a program, each with its text in the language of the terminal."""
    from saltbridge.cli.present import language
    from saltbridge.locales import has_text, text

    tongue = language()

    def words(message: str, found: "Finding") -> str:
        return text(message, found.arguments, tongue) if has_text(message, tongue) else ""

    return [
        {
            "code": found.code,
            "arguments": dict(found.arguments),
            "severity": str(found.severity),
            "place": {
                "file": found.place.file,
                "row": found.place.row,
                "column": found.place.column,
            },
            "text": words(found.code, found),
            "remedy": words(found.remedy, found),
        }
        for found in findings
    ]


def _as_json(
    path: Path, loaded: "LoadedInventory | None", findings: "tuple[Finding, ...]"
) -> dict[str, object]:
    from saltbridge.core.finding import errors_in
    from saltbridge.footprint.model import TABLES

    return {
        "path": str(path),
        "ok": not errors_in(findings),
        "digest": loaded.digest if loaded else None,
        "rows": {t: len(getattr(loaded.inventory, t)) for t in TABLES} if loaded else None,
        "findings": findings_json(findings),
    }
