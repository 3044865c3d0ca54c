"""``saltbridge verify``: the numbered checks of a saved claim, without a network."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.cli.options import AsJson, read_file

_MARK = {"passed": "✓", "failed": "✗", "open": "○"}


def verify(
    file: Annotated[
        Path, typer.Argument(help="A saved record, receipt, passport or credential.")
    ],
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="DID document of an issuer, from a source you trust; repeatable."),
    ] = None,
    node: Annotated[
        Path | None, typer.Option(help="Node folder: trust what it fetched from partners.")
    ] = None,
    payload: Annotated[
        Path | None, typer.Option(help="The file an export statement is about.")
    ] = None,
    status_list: Annotated[
        list[Path] | None,
        typer.Option(help="List that says whether passports still hold; repeatable."),
    ] = None,
    keeper: Annotated[
        Path | None,
        typer.Option(help="What the keeper of a back-up copy last had of the issuer."),
    ] = None,
    scanned: Annotated[
        str, typer.Option(help="The address behind the QR code you scanned.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check a saved record, receipt or passport offline.

    Ends with 0 if every check passed, 1 if one failed or stays open, 2 if the file is faulty.
    """
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from saltbridge.bootstrap import open_clock, opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text
    from saltbridge.services import verify as service
    from saltbridge.services.log_stamp import stamps_by_text

    anchors: dict[str, Mapping[str, Any]] = {}
    verifiers: dict[str, Mapping[str, Any]] = {}
    withdrawals: dict[str, list[str]] = {}
    stamps: dict[str, datetime] = {}
    lists = [read_file(path) for path in status_list or ()]
    if node is not None:
        with opened_world(node) as world:
            anchors |= service.anchors_of(world)
            verifiers |= service.verifiers_of(world)
            withdrawals |= service.withdrawals_of(world)
            stamps = stamps_by_text(world)
            lists += service.status_lists_of(world)
    for document in trust or ():
        anchors |= service.read_anchor(read_file(document), str(document))
    result = service.verify(
        service.VerifyRequest(
            content=read_file(file),
            name=str(file),
            now=open_clock().now(),
            anchors=anchors,
            anchors_complete=bool(trust) and node is None,
            verifiers=verifiers,
            withdrawals=withdrawals,
            stamps=stamps,
            payload=None if payload is None else read_file(payload),
            scanned=scanned,
            keeper=None if keeper is None else read_file(keeper),
            status_lists=lists,
        )
    )
    if as_json:
        say_json(
            {
                "file": str(file),
                "type": result.claim_type,
                "id": result.id,
                "issuer": result.issuer,
                "issued_at": result.issued_at,
                "verdict": result.verdict.value,
                "notes": list(result.notes),
                "checks": [
                    {
                        "number": c.number,
                        "name": c.name,
                        "outcome": c.outcome.value,
                        "code": c.code,
                        "arguments": dict(c.arguments),
                    }
                    for c in result.checks
                ],
            }
        )
    else:
        tongue = language()
        for check in result.checks:
            name = text(f"verify.check.{check.name}", None, tongue)
            says = text(check.code, check.arguments, tongue)
            typer.echo(f"{_MARK[check.outcome.value]} {check.number} {name}: {says}".rstrip())
        for note in result.notes:
            typer.echo(text(note, None, tongue))
        typer.echo(text(f"verify.verdict.{result.verdict.value}", None, tongue))
    if result.verdict is not service.Outcome.PASSED:
        raise typer.Exit(1)
