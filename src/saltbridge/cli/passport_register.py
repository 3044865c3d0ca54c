"""``saltbridge passport register``: tell the registry of the passports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.ports import RegistryEntry, World


def register(
    node: Node,
    serials: Annotated[
        str, typer.Option(help="A,B,C, or a file with one serial a line; else all.")
    ] = "",
    files: Annotated[
        Path | None, typer.Option(help="Write the files for the registry here; register none.")
    ] = None,
    person: Annotated[str, typer.Option(help="Who registers.")] = "",
    as_json: AsJson = False,
) -> None:
    """Register passports, a hundred at a time. SIMULATED: no registry hears of it yet."""
    from dataclasses import asdict

    from saltbridge.bootstrap import open_registry, opened_world
    from saltbridge.cli.acting import os_name
    from saltbridge.cli.options import serials_in
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.passport_registration import register as register_passports

    wanted = serials_in(serials) if serials else []
    with opened_world(node) as world:
        if files is not None:
            _write_files(world, wanted, files)
            return
        made = register_passports(world, open_registry(), wanted, person or os_name())
    if as_json:
        say_json([asdict(one) for one in made])
        return
    for one in made:
        typer.echo(f"{one.serial:<22} {one.registration_id}  {one.passport_id}")
    say("registry.registered", count=len(made))
    if any(one.simulated for one in made):
        say("registry.simulated")


def _write_files(world: "World", wanted: list[str], folder: Path) -> None:
    from saltbridge.cli.options import write_file
    from saltbridge.cli.present import say
    from saltbridge.formats.passport_registry_file import registry_file
    from saltbridge.services.passport_registration import batches

    folder.mkdir(parents=True, exist_ok=True)
    for number, batch in enumerate(batches(world, wanted), 1):
        name = folder / f"registry-{number:04}.json"
        write_file(name, registry_file([_told(entry) for entry, _ in batch]))
        say("registry.file", count=len(batch), file=str(name))


def _told(entry: "RegistryEntry") -> dict[str, str]:
    from saltbridge.formats.passport_registry_file import registry_entry

    return registry_entry(
        entry.product_id,
        entry.passport_id,
        entry.operator_id,
        entry.endpoint,
        entry.backup_operator_id,
    )
