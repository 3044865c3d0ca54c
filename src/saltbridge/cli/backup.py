"""``saltbridge backup``, ``restore`` and ``upgrade``: the node as one file, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.ports import Store

if TYPE_CHECKING:
    from saltbridge.services.log_audit import LogAudit


def backup(
    node: Annotated[str, typer.Argument(help="Folder of the node; or the word check.")],
    file: Annotated[Path | None, typer.Argument(help="After check: the backup.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; it must not exist.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest.")] = False,
) -> None:
    """Write a node into one file, also while it is served; or check such a file."""
    from saltbridge.adapters import backup as work
    from saltbridge.bootstrap import open_clock
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.locales import number

    if node == "check" and file is not None:
        manifest, path = work.check(file), file
    elif out is not None and file is None:
        manifest, path = work.backup(Path(node), out, open_clock().now()), out
    else:
        raise FaultyInput.of("backup.usage")
    if as_json:
        say_json(manifest.document())
        return
    size = path.stat().st_size
    say(
        "backup.checked" if node == "check" else "backup.written",
        file=str(path), name=manifest.node["name"], did=manifest.node["did"],
        created=manifest.created, members=len(manifest.members),
        megabytes=number(round(size / 1e6, 1), language()),
        leaves=manifest.log_size, schema=manifest.schema,
    )  # fmt: skip
    if node != "check":
        say("backup.no-passphrase")


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    to: Annotated[Path, typer.Option(help="New or empty folder for the node.")],
    store: Annotated[
        str, typer.Option(help="Empty PostgreSQL database for the store: postgresql://….")
    ] = "",
) -> None:
    """Set up a node from its backup, after every byte and the whole log were checked."""
    from saltbridge.adapters import backup as work
    from saltbridge.bootstrap import open_clock
    from saltbridge.cli.present import say

    manifest = work.restore(file, to, open_clock(), judge, store_url=store)
    say(
        "backup.restored",
        name=manifest.node["name"], did=manifest.node["did"], folder=str(to),
        created=manifest.created, leaves=manifest.log_size,
    )  # fmt: skip
    say("backup.fork-warning", leaves=manifest.log_size, folder=str(to))
    _compare(to)


def _compare(folder: Path) -> None:
    """Say what partners saw of the log; a fork ends with 1, the folder stays as it is."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.core.errors import Refused
    from saltbridge.core.finding import finding
    from saltbridge.services.log_seen import Seen, seen_by_partners

    forks = []
    with opened_world(folder) as world:
        for found in seen_by_partners(world):
            name, size = found.partner.name, found.size
            say(f"backup.seen-{found.seen.value}", partner=name, size=size)
            if found.seen in (Seen.AHEAD, Seen.DIFFERS):
                forks.append(finding("backup.fork", partner=name, size=size))
    if forks:
        raise Refused(forks)


def upgrade(
    folder: Annotated[Path, typer.Argument(help="Folder of the node.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    out: Annotated[Path | None, typer.Option(help="Where the backup before it goes.")] = None,
    without_backup: Annotated[
        bool, typer.Option("--without-backup", help="You have a copy of your own.")
    ] = False,
) -> None:
    """Bring a node's store up to date: backup, migrations, audit. The node must not run."""
    from saltbridge.adapters import backup as work
    from saltbridge.bootstrap import open_clock, opened_keys
    from saltbridge.cli.present import say
    from saltbridge.core.errors import Unavailable
    from saltbridge.services import keys
    from saltbridge.services.log_audit import audit
    from saltbridge.web.serve import is_served

    if is_served(folder):
        raise Unavailable.of("backup.served", folder=str(folder))
    versions = work.needs_upgrade(folder)
    if versions is None:
        say("backup.up-to-date", folder=str(folder))
    else:
        say("backup.will-upgrade", found=versions[0], known=versions[1])
    if dry_run:
        return
    now = open_clock().now()
    if not without_backup and versions is not None:
        beside = folder.resolve()
        name = f"{beside.name}-{versions[0]}-{now:%Y%m%dT%H%M%S}.backup"
        path = out or beside.with_name(name)
        work.backup(folder, path, now)
        work.check(path)
        say("backup.before-upgrade", file=str(path))
    with opened_keys(folder) as (world, keyring):  # opening migrates, in one transaction
        done = keys.protect(world, keyring)
        if done.names:
            say("key.said-protected", names=", ".join(done.names), folder=str(folder))
        _pass(audit(world))
    if done.made:
        say("key.passphrase-made", found=done.made)
    say("backup.upgraded", folder=str(folder))


def judge(store: Store) -> None:
    """Let a store pass in which the audit finds no fault; there is no node around it yet.

    Raises:
        Refused: it found some; all of them, with the places.
    """
    from saltbridge.services.log_audit import audit_store

    _pass(audit_store(store))


def _pass(found: "LogAudit") -> None:
    from saltbridge.core.errors import Refused
    from saltbridge.core.finding import errors_in

    if not found.clean:
        raise Refused(errors_in(found.findings))
