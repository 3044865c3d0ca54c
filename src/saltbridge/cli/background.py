"""``saltbridge background``: fetch and import background data, and look at what is there."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.cli.options import AsJson

if TYPE_CHECKING:
    from saltbridge.adapters.background.store import ImportedBackground
    from saltbridge.footprint.background.sampled import SampledBackground

EXAMPLES_PER_KIND = 2

app = typer.Typer(
    help="Fetch or import background data that may not be packaged.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command()
def fetch(
    package: Annotated[str, typer.Argument(help="The package: carculator-utils.")],
) -> None:
    """Download a background, pinned by its hash, into the cache.

    The cache is the folder SALTBRIDGE_CACHE, else ~/.cache/saltbridge. Nothing of it is ever
    written into an inventory or a repository.
    """
    from saltbridge.adapters.background import carculator
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import finding

    if package != carculator.PACKAGE:
        raise FaultyInput(
            [finding("background.unknown-package", package=package, known=carculator.PACKAGE)]
        )
    had = carculator.is_fetched()
    path = carculator.fetch()
    say("background.fetched-again" if had else "background.fetched", path=path)
    say("background.set-fetched", set=carculator.SET_ID, licence=carculator.LICENCE)


@app.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(help="File, folder, or name of a project.")],
    format: Annotated[
        str,
        typer.Option(
            help="factor-table, exchange-table, bw-datapackage, brightway, ecospold2, "
            "simapro-csv, openlca-jsonld or carculator."
        ),
    ],
    id: Annotated[str, typer.Option(help="Name for the factor set.")],
    licence: Annotated[str, typer.Option(help="Licence of the data.")] = "",
    source: Annotated[str, typer.Option(help="Citation; else the name of the file.")] = "",
    gwp: Annotated[
        str, typer.Option(help="GWP sets, the second fills gaps: AR4, AR5, AR6, EF31.")
    ] = "AR6",
    year: Annotated[int | None, typer.Option(help="Year the data stand for.")] = None,
    fill: Annotated[
        Path | None, typer.Option(help="Factor table that prices inputs nobody makes.")
    ] = None,
    database: Annotated[str, typer.Option(help="Database of a Brightway project.")] = "",
    names: Annotated[
        Path | None, typer.Option(help="Names of a datapackage's numbers, as CSV.")
    ] = None,
    convert_units: Annotated[
        bool, typer.Option("--convert-units", help="Link units that measure the same.")
    ] = False,
    prospective: Annotated[
        bool,
        typer.Option(
            "--prospective", help="It looks ahead (scenarios): never in a declaration."
        ),
    ] = False,
    findings: Annotated[
        Path | None, typer.Option(help="Write every finding to this CSV file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a background and reduce it to the footprint of one unit of every product."""
    from saltbridge.adapters.background import store
    from saltbridge.adapters.background.importing import ImportRequest, import_background
    from saltbridge.cli.present import language, say, say_json

    imported = import_background(
        ImportRequest(
            path=path, format=format, id=id, licence=licence, source=source,
            gwp_sets=tuple(part.strip() for part in gwp.split(",") if part.strip()),
            year=year, fill=fill, database=database, names=names,
            convert_units=convert_units, prospective=prospective,
        )
    )  # fmt: skip
    if findings is not None:
        findings.write_bytes(store.findings_csv(imported.findings, language()))
    before = store.known(imported)
    store.save(imported)
    if as_json:
        say_json({**store.head_of(id), "known_before": asdict(before)})
        return
    _say_counts(imported)
    _say_tally(imported)
    if findings is not None:
        say("background.findings-written", path=findings, count=len(imported.findings))
    if before.unchanged:
        say("background.known-before", id=id, digest=before.digest)
    elif before.digest:
        say("background.replaced", id=id, before=before.digest, now=store.head_of(id)["digest"])
    if before.others:
        say("background.same-content", others=", ".join(before.others))
    say("background.imported", id=id, count=len(imported.factors), licence=imported.licence)


@app.command()
def draws(
    name: Annotated[str, typer.Argument(help="Name of an imported factor set.")],
    samples: Annotated[
        int, typer.Option("--samples", min=2, max=1_000_000, help="How many to store.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same draws.")] = 1,
    inventories: Annotated[
        list[Path] | None,
        typer.Option("--for", help="Only what this inventory names; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the exchanges of a background, and store what its products are in every sample.

    The samples belong together: number n is the same background for every product, and for
    every inventory that is analysed afterwards.
    """
    from saltbridge.adapters.background import store
    from saltbridge.adapters.inventory_files import load
    from saltbridge.cli.present import say_json

    flows = None
    if inventories:
        rows = (row for path in inventories for row in load(path).inventory.exchanges)
        flows = {row.flow for row in rows}
    made = store.make_draws(name, samples=samples, seed=seed, flows=flows)
    if as_json:
        say_json(_draws_document(made))
    else:
        _say_drawn(made)


@app.command("list")
def list_sets() -> None:
    """List the factor sets that can be used now."""
    from saltbridge.adapters.background import carculator
    from saltbridge.adapters.factors.library import Library
    from saltbridge.cli.present import say

    for name in Library().available():
        typer.echo(name)
    if not carculator.is_fetched():
        say(
            "background.can-be-fetched", set=carculator.SET_ID, command=carculator.FETCH_COMMAND
        )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of an imported factor set.")],
    flow: Annotated[
        str, typer.Option(help="List the products whose name holds this text.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show where an imported background comes from, its licence and digest, or its products."""
    from saltbridge.adapters.background import store
    from saltbridge.cli.present import say, say_json

    head = store.head_of(name)
    products = store.products(name, flow) if flow else ()
    drawn = store.load_draws(name)
    if as_json:
        stored = None if drawn is None else _draws_document(drawn)
        more = {"products": list(products)} if flow else {}
        say_json({**head, "draws": stored, **more})
        return
    if flow:
        for row in products:
            value = row["kg_co2e_per_unit"] or "–"
            mark = "" if row["whole"] == "True" else "incomplete"
            say(
                f"background.product{'-' + mark if mark else ''}",
                flow=row["flow"], location=row["location"] or "–", value=_short(value),
                unit=row["unit"], own=row["own_holes"], upstream=row["upstream_holes"],
                id=f"{name}/{row['id']}",
            )  # fmt: skip
        if not products:
            say("background.no-such-product", flow=flow)
        return
    say("background.shown", id=head["id"], source=head["source"], licence=head["licence"])
    say("background.shown-digest", digest=head["digest"])
    for key, count in head["counts"].items():
        say(f"background.count.{key}", count=count)
    if head["reduction"]:
        say("background.reduced", **head["reduction"])
    if drawn is not None:
        _say_drawn(drawn)


def _draws_document(drawn: "SampledBackground") -> dict[str, object]:
    return {
        "id": drawn.id, "factors": len(drawn.factors), "samples": drawn.samples,
        "seed": drawn.seed, "digest": drawn.digest,
    }  # fmt: skip


def _say_drawn(drawn: "SampledBackground") -> None:
    from saltbridge.cli.present import say

    say(
        "background.drawn", id=drawn.id, samples=drawn.samples, seed=drawn.seed,
        count=len(drawn.factors), digest=drawn.digest,
    )  # fmt: skip


def _short(value: str) -> str:
    try:
        return f"{float(value):.6g}"
    except ValueError:
        return value


def _say_counts(imported: "ImportedBackground") -> None:
    from saltbridge.cli.present import say

    for key, count in imported.counts.items():
        say(f"background.count.{key}", count=count)


def _say_tally(imported: "ImportedBackground") -> None:
    """How often each thing was found, then an example or two of each."""
    from saltbridge.adapters.background.importing import tally
    from saltbridge.cli.present import say, say_findings

    counted = tally(imported.findings)
    for code, count in counted:
        say("background.found", count=count, what=_heading(code))
    for code, _ in counted:
        of_code = [f for f in imported.findings if f.code == code]
        say_findings(of_code[:EXAMPLES_PER_KIND])


def _heading(code: str) -> str:
    from saltbridge.cli.present import language
    from saltbridge.locales import has_text, text

    tongue = language()
    return text(f"{code}.many", None, tongue) if has_text(f"{code}.many", tongue) else code
