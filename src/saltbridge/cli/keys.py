"""``saltbridge keys``: list, rotate, add, revoke and seal the keys of a node."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Folder

if TYPE_CHECKING:
    from saltbridge.services.keys import ChangedKeys, ListedKey

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="List, rotate, add, revoke and seal the keys of a node.",
)


@app.command("list")
def list_all(folder: Folder, as_json: AsJson = False) -> None:
    """Show every key the node ever had, its state, and where its private half lies."""
    from saltbridge.bootstrap import opened_keys
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services.keys import list_keys

    with opened_keys(folder) as (_, keyring):
        found, warnings = list_keys(keyring), tuple(keyring.warnings())
    if as_json:
        say_json([_told(entry) for entry in found])
    else:
        for entry in found:
            told = _told(entry)
            say(f"key.line-{told['state']}", **{**told, "where": _place(entry.where)})
    say_findings(warnings)


@app.command()
def rotate(
    folder: Folder,
    role: Annotated[str, typer.Option(help="claims, log, archive or parallel.")] = "claims",
    archive: Annotated[
        bool, typer.Option("--archive", help="Keep the old private half, sealed, apart.")
    ] = False,
    token_label: Annotated[
        str, typer.Option(help="Use the key of this label in the hardware module.")
    ] = "",
) -> None:
    """Make a new key; the old one signs no more, and what it signed stays good."""
    from saltbridge.bootstrap import opened_keys
    from saltbridge.services import keys

    chosen = _role(role)
    with opened_keys(folder) as (world, keyring):
        done = keys.rotate(world, keyring, chosen, archive=archive, token_label=token_label)
    _say_change("key.said-rotated", done)


@app.command()
def add(
    folder: Folder,
    suite: Annotated[str, typer.Option(help="SM2, ML-DSA-65, Ed25519 or ES256.")],
) -> None:
    """Add the first key of a suite: SM2 signs beside ES256, ML-DSA-65 seals archives."""
    from saltbridge.bootstrap import opened_keys
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import finding
    from saltbridge.services import keys
    from saltbridge.trust.known_keys import ROLE_OF_SUITE

    role = ROLE_OF_SUITE.get(suite)
    if role is None:
        known = ", ".join(ROLE_OF_SUITE)
        raise FaultyInput([finding("key.no-such-suite", suite=suite[:40], known=known)])
    with opened_keys(folder) as (world, keyring):
        done = keys.add(world, keyring, role)
    _say_change("key.said-added", done)


@app.command()
def revoke(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="Name of the key: key-1.")],
    reason: Annotated[str, typer.Option(help="Why, for the log of the node.")],
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z"],
            help="Since when it may be in other hands, with a zone; else now.",
        ),
    ] = None,
) -> None:
    """Revoke a key: its signatures count only where a log or a stamp shows they are older."""
    from saltbridge.bootstrap import opened_keys
    from saltbridge.services import keys

    with opened_keys(folder) as (world, keyring):
        done = keys.revoke(world, keyring, name, reason=reason, since=since)
    _say_change("key.said-revoked", done)


@app.command()
def protect(
    folder: Folder,
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option(help="File with a new passphrase for the keys (mode 600)."),
    ] = None,
) -> None:
    """Put every secret of a node that lies open under seal. Safe to repeat."""
    from saltbridge.bootstrap import change_passphrase, opened_keys
    from saltbridge.cli.present import say, say_findings
    from saltbridge.services import keys

    with opened_keys(folder) as (world, keyring):
        done = keys.protect(world, keyring)
        say("key.said-protected" if done.names else "key.said-sealed-already",
            names=", ".join(done.names), folder=str(folder))  # fmt: skip
        if done.border_key:
            say("key.said-border-key")
        say_findings(keyring.warnings())
    if new_passphrase_file is not None:
        change_passphrase(folder, new_passphrase_file)
        say("key.said-new-passphrase", file=str(new_passphrase_file))
    elif done.made:
        say("key.passphrase-made", found=done.made)


@app.command("export-public")
def export_public(folder: Folder) -> None:
    """Print the DID document: every public key with its life. Holds no secret."""
    from saltbridge.bootstrap import opened_keys
    from saltbridge.cli.present import say_json

    with opened_keys(folder) as (_, keyring):
        say_json(dict(keyring.did_document()))


def _role(name: str) -> Any:
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import finding
    from saltbridge.trust.known_keys import KeyRole

    try:
        return KeyRole(name)
    except ValueError as fault:
        known = ", ".join(KeyRole)
        raise FaultyInput([finding("key.no-such-role", role=name[:40], known=known)]) from fault


def _say_change(code: str, done: "ChangedKeys") -> None:
    from saltbridge.cli.present import say

    key = done.key
    say(code, name=key.name, suite=key.suite, leaf=done.log_index)
    if done.successor is not None:
        say("key.said-successor", name=done.successor.name, suite=done.successor.suite)


def _told(entry: "ListedKey") -> dict[str, Any]:
    from saltbridge.trust.did import iso

    key = entry.key
    state = "revoked" if key.revoked else "expired" if key.expires else "in-force"
    return {
        "name": key.name,
        "role": key.role.value,
        "suite": key.suite,
        "state": state,
        "where": entry.where,
        "token_label": key.token_label,
        "reason": key.reason,
        **{
            member: iso(moment) if moment else ""
            for member in ("created", "expires", "revoked")
            for moment in (getattr(key, member),)
        },
    }


def _place(where: str) -> str:
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    return text(f"key.place-{where}", None, language())
