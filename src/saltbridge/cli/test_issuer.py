"""``saltbridge test-issuer``: an issuer of credentials for trials on one machine.

Labelled so in everything it prints. It listens on 127.0.0.1 only, and its key lies open.
"""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="A test issuer of credentials, for trials on one machine. Never for real use.",
)
IssuerFolder = Annotated[Path, typer.Argument(help="Folder of the test issuer.")]
Did = Annotated[str, typer.Option(help="DID of the member.")]
_LOOPBACK = "127.0.0.1"


@app.command()
def init(
    folder: IssuerFolder,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")],
    member: Annotated[
        list[str] | None, typer.Option(help="Who may have credentials: DID=BPN, repeatable.")
    ] = None,
) -> None:
    """Set up a test issuer."""
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput, Refused
    from saltbridge.core.identifiers import did_web
    from saltbridge.testing.issuer_state import create, write_state

    if folder.exists() and any(folder.iterdir()):
        raise Refused.of("node.folder-not-empty", folder=str(folder))
    pairs = [entry.partition("=") for entry in member or ()]
    if any(not did.startswith("did:web:") or not bpn for did, _, bpn in pairs):
        raise FaultyInput.of("identity.test-member", example="did:web:…=BPNL…")
    state = create(folder, f"http://{_LOOPBACK}:{port}")
    state.members.update((did, bpn) for did, _, bpn in pairs)
    write_state(folder, state)
    say("identity.test-made", did=did_web(state.url), folder=str(folder))


@app.command()
def admit(
    folder: IssuerFolder, did: Did, bpn: Annotated[str, typer.Option(help="Its number, BPNL….")]
) -> None:
    """Enter a company that may have credentials."""
    from saltbridge.cli.present import say
    from saltbridge.testing import issuer_state

    _there(folder)
    issuer_state.admit(folder, did, bpn)
    say("identity.test-admitted", did=did, bpn=bpn)


@app.command()
def revoke(
    folder: IssuerFolder,
    did: Did,
    type: Annotated[str, typer.Option("--type", help="One type; else all.")] = "",
) -> None:
    """Revoke the credentials of a member."""
    from saltbridge.cli.present import say
    from saltbridge.testing import issuer_state

    _there(folder)
    say("identity.test-revoked", did=did, count=issuer_state.revoke(folder, did, type))


@app.command()
def serve(folder: IssuerFolder) -> None:
    """Serve the test issuer on 127.0.0.1 until Ctrl-C."""
    import socket
    import sys
    from urllib.parse import urlsplit

    import uvicorn

    from saltbridge.bootstrap import open_clock, open_test_issuer
    from saltbridge.cli.present import say
    from saltbridge.core.errors import Unavailable
    from saltbridge.testing.issuer_app import issuer_app

    _there(folder)
    issuer = open_test_issuer(folder, open_clock())
    url = issuer.state.url
    port = urlsplit(url).port or 80
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise Unavailable.of("http.port-in-use", port=port, reason=reason) from fault
        listener.listen()
        say("identity.test-serving", url=url, did=issuer.did)
        sys.stdout.flush()
        config = uvicorn.Config(issuer_app(issuer), log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])


def _there(folder: Path) -> None:
    from saltbridge.core.errors import FaultyInput
    from saltbridge.testing.issuer_state import STATE_FILE

    if not (folder / STATE_FILE).is_file():
        raise FaultyInput.of("identity.test-absent", folder=str(folder))
