"""``saltbridge log``: the record that cannot be denied later."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Folder, read_file

if TYPE_CHECKING:
    from saltbridge.services.log_audit import LogAudit

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Check the log of a node, and what others have seen of it.",
)


@app.command()
def audit(folder: Folder, json: AsJson = False) -> None:
    """Check everything the node has stored against what it once wrote and signed.

    Changes nothing; the node may go on serving. Exit code 1 where the store is not as it was
    written.
    """
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.services.log_audit import audit as check_everything

    with opened_world(folder) as world:
        found = check_everything(world)
    if json:
        say_json(_audit_document(found))
    else:
        _say_audit(found)
    if not found.clean:
        raise typer.Exit(1)


@app.command()
def show(
    folder: Folder,
    seals: Annotated[bool, typer.Option("--seals", help="Check the seals too.")] = False,
    json: AsJson = False,
) -> None:
    """Show size, root and newest checkpoint, who witnessed it, forks, time-stamps, seals.

    Exit code 1 where a partner's log was found forked, or a time-stamp or seal does not hold.
    """
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.log_view import say_state, state_document
    from saltbridge.cli.present import say_json
    from saltbridge.services.log_seal import kept_seals
    from saltbridge.services.log_stamp import kept_stamps
    from saltbridge.services.log_state import log_state

    with opened_world(folder) as world:
        state, stamps = log_state(world), kept_stamps(world)
        sealed = kept_seals(world) if seals else None
    if json:
        say_json(state_document(state, stamps, sealed))
    else:
        say_state(state, stamps, sealed)
    broken = any(s.fault and s.fault.code != "log.no-authority" for s in stamps)
    if state.forks or broken or any(s.seal is None for s in sealed or ()):
        raise typer.Exit(1)


@app.command()
def checkpoint(folder: Folder, json: AsJson = False) -> None:
    """Sign the present state of the log, and print it as others read it."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.services.log_state import sign_checkpoint

    with opened_world(folder) as world:
        note = sign_checkpoint(world).decode("utf-8")
    if json:
        say_json({"checkpoint": note})
    else:
        typer.echo(note, nl=False)


@app.command()
def proof(
    file: Annotated[Path, typer.Argument(help="A record, receipt or passport of the node.")],
    node: Annotated[Path, typer.Option(help="Folder of the node that signed it.")],
    out: Annotated[Path, typer.Option(help="Where to write the file with its new proof.")],
) -> None:
    """Give a signed file the newest proof from the log, with the witnesses that came since."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.log_proofs import cosigned

    content = read_file(file)
    with opened_world(node) as world:
        proven = cosigned(world, content, str(file))
    out.write_bytes(proven)
    say("log.proof-written", file=str(out))


@app.command()
def witness(folder: Folder, json: AsJson = False) -> None:
    """Ask all partners now to witness the log. Exit code 3 where one of them did not."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_findings, say_json
    from saltbridge.services.log_witnesses import ask_all

    with opened_world(folder) as world:
        asked = ask_all(world)
    if json:
        say_json(
            [
                {
                    "partner": a.partner.name,
                    "did": a.partner.did,
                    "size": a.size,
                    "code": a.finding.code if a.finding else "",
                }
                for a in asked
            ]
        )
    else:
        for answer in asked:
            if answer.finding is not None:
                say_findings([answer.finding])
            elif answer.size:
                say("log.witnessed-by", partner=answer.partner.name, size=answer.size)
            else:
                say("log.no-witness", partner=answer.partner.name)
    if any(a.finding is not None for a in asked):
        raise typer.Exit(3)


@app.command()
def stamp(folder: Folder, json: AsJson = False) -> None:
    """Have an outside authority time-stamp the newest checkpoint (RFC 3161)."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.log_stamp import stamp as have_stamped
    from saltbridge.trust.did import iso

    with opened_world(folder) as world:
        kept = have_stamped(world)
    at = iso(kept.at) if kept.at else ""
    if json:
        say_json({"size": kept.size, "stamped_at": at})
    else:
        say("log.stamped", size=kept.size, at=at)


@app.command()
def reseal(folder: Folder, json: AsJson = False) -> None:
    """Audit the store, then seal the whole history with the key for archives (ML-DSA-65)."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.keys import record_keys
    from saltbridge.services.log_audit import audit as check_everything
    from saltbridge.services.log_seal import reseal as seal_history

    with opened_world(folder) as world:
        seal = seal_history(world, lambda _: check_everything(world))
        record_keys(world)  # the seal made the key for archives, if there was none
    if json:
        say_json({"size": seal.checkpoint.size, "suite": seal.suite, "key": seal.key})
    else:
        say("log.resealed", size=seal.checkpoint.size, suite=seal.suite, key=seal.key)


@app.command()
def rebuild(folder: Folder) -> None:
    """Work the stored subtrees of the log out anew, where the audit names nothing else.

    Leaves and documents stay as they are; refused where one of them is damaged.
    """
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say

    with opened_world(folder) as world:
        say("audit.rebuilt", changed=world.store.rebuild_nodes())


def _say_audit(found: "LogAudit") -> None:
    import sys

    from saltbridge.cli.present import language, say, say_findings
    from saltbridge.core.finding import errors_in
    from saltbridge.locales import text
    from saltbridge.services.log_audit import NAMED_PER_CODE

    tongue = language()
    say("audit.heading")
    for name, count in found.counts.items():
        typer.echo(f"  {text(f'audit.label.{name}', None, tongue)}: {count}")
    typer.echo(f"  {text('audit.label.root', None, tongue)}: {found.root.hex()}")
    say_findings(found.findings, sys.stdout)
    for code, count in found.found.items():
        if count > NAMED_PER_CODE:
            say("audit.more", count=count, named=NAMED_PER_CODE, code=code)
    errors = sum(found.found[code] for code in {f.code for f in errors_in(found.findings)})
    notes = sum(found.found.values()) - errors
    if errors:
        say("audit.not-clean", errors=errors)
    elif notes:
        say("audit.clean-with-notes", notes=notes)
    else:
        say("audit.clean")


def _audit_document(found: "LogAudit") -> dict[str, Any]:
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    tongue = language()
    return {
        "clean": found.clean,
        "counts": dict(found.counts),
        "root": found.root.hex(),
        "found": dict(found.found),
        "findings": [
            {
                "code": one.code,
                "arguments": dict(one.arguments),
                "severity": str(one.severity),
                "text": text(one.code, one.arguments, tongue),
                "remedy": text(one.remedy, one.arguments, tongue),
            }
            for one in found.findings
        ],
    }
