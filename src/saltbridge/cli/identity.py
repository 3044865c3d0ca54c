"""``saltbridge identity``: how a node is known to others, and the credentials it holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.ports import World
    from saltbridge.services.own_credentials import HeldHere, IdentityState

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Show how a node is known to others; get, take in and show its credentials.",
)
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Type of credential, repeatable; else all that are asked for."),
]


@app.command()
def show(node: Node, as_json: AsJson = False) -> None:
    """Show the DID document, how the node signs in, and which issuers it believes."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.steps.identity import mode_of, trusted_issuers

    with opened_world(node) as world:
        told: dict[str, Any] = {
            "did": world.node.did,
            "bpn": world.node.bpn,
            "mode": mode_of(world).value,
            "trusted_issuers": {d: list(t) for d, t in trusted_issuers(world).items()},
            "did_document": dict(world.keyring.did_document()),
        }
    if as_json:
        say_json(told)
        return
    document = told["did_document"]
    say("identity.said-did", did=told["did"], bpn=told["bpn"])
    say(f"identity.said-mode-{told['mode']}")
    for service in document["service"]:
        say("identity.said-service", type=service["type"], url=service["serviceEndpoint"])
    for method in document["verificationMethod"]:
        uses = [
            use
            for use in ("authentication", "assertionMethod", "capabilityInvocation")
            if method["id"] in document[use]
        ]
        say(
            "identity.said-key",
            key=method["id"].rpartition("#")[2],
            uses=", ".join(uses) or "—",
        )
    _say_issuers(told["trusted_issuers"])


@app.command()
def credentials(node: Node, as_json: AsJson = False) -> None:
    """List the credentials the node holds, and whether they still hold."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.own_credentials import state

    with opened_world(node) as world:
        held = state(world).held
    if as_json:
        say_json([_told(entry) for entry in held])
        return
    for entry in held:
        _say_held(entry)
    if not held:
        say("identity.said-none-held", node=str(node))


@app.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="File with one credential as a JWT.")], node: Node
) -> None:
    """Take a credential in from a file, once it is known to be genuine and the node's own."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say
    from saltbridge.services.own_credentials import import_credential

    jwt = read_file(file).decode("ascii", "replace")
    with opened_world(node) as world:
        credential = import_credential(world, jwt, file.name)
    say("identity.said-kept", type=credential.type, issuer=credential.issuer)


@app.command()
def trust(
    issuer: Annotated[str, typer.Argument(help="DID of the issuer, as agreed in person.")],
    node: Node,
    types: Types = None,
    no_longer: Annotated[
        bool, typer.Option("--no-longer", help="Believe this issuer no longer.")
    ] = False,
    how: Annotated[
        str, typer.Option("--mode", help="Also choose by what callers are known: did or dcp.")
    ] = "",
) -> None:
    """Believe the credentials of an issuer, of every type or of those named."""
    from saltbridge.adapters.node_folder import choose_identity
    from saltbridge.cli.present import say

    chosen = () if no_longer else tuple(types or ("*",))
    changed = choose_identity(node, mode=how, trusted={issuer: chosen})
    say("identity.said-distrusted" if no_longer else "identity.said-trusted", issuer=issuer)
    if how:
        say(f"identity.said-mode-{how}")
    _say_restart(node, changed=changed)


@app.command()
def mode(
    how: Annotated[str, typer.Argument(help="did: by its key; dcp: by its credentials too.")],
    node: Node,
) -> None:
    """Choose by what callers are known, and how the node signs in with others."""
    from saltbridge.adapters.node_folder import choose_identity
    from saltbridge.cli.present import say

    changed = choose_identity(node, mode=how)
    say(f"identity.said-mode-{how}")
    _say_restart(node, changed=changed)


@app.command()
def request(
    issuer: Annotated[str, typer.Argument(help="DID of an issuer this node trusts.")],
    node: Node,
    types: Types = None,
    wait: Annotated[int, typer.Option(min=0, max=600, help="Seconds to wait for it.")] = 10,
) -> None:
    """Ask an issuer for credentials. It delivers to the served node."""
    import time

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.own_credentials import request_credentials, request_status

    with opened_world(node) as world:
        pid = request_credentials(world, issuer, types or ())
        deadline = time.monotonic() + wait
        while (status := request_status(world, pid)) == "REQUESTED":
            if time.monotonic() >= deadline:
                break
            time.sleep(0.1)
    say(f"identity.request-{status.lower()}", issuer=issuer, pid=pid, node=str(node))
    if status == "REJECTED":
        raise typer.Exit(1)


@app.command()
def status(node: Node, as_json: AsJson = False) -> None:
    """Say in words what is held, what is missing, and why partners' calls were refused."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.services.own_credentials import state
    from saltbridge.steps.identity import IdentityMode, mode_of

    with opened_world(node) as world:
        found, how = state(world), mode_of(world)
    lacking = how is IdentityMode.DCP and bool(found.missing)
    if as_json:
        say_json(_state_told(found, how.value))
    else:
        _say_state(found, how.value, node, lacking=lacking)
    if lacking:
        raise typer.Exit(1)


def _say_state(found: "IdentityState", how: str, node: Path, *, lacking: bool) -> None:
    import sys

    from saltbridge.cli.present import say, say_findings

    say(f"identity.said-mode-{how}")
    _say_issuers(dict.fromkeys(found.issuers, ()))
    for entry in found.held:
        _say_held(entry)
    if lacking:
        issuer = found.issuers[0] if found.issuers else "did:web:…"
        say("identity.said-missing", types=", ".join(found.missing), issuer=issuer,
            node=str(node))  # fmt: skip
    for asked in found.requests:
        if asked["status"] != "ISSUED":
            say(f"identity.request-{asked['status'].lower()}", issuer=asked["issuer"],
                pid=asked["pid"], node=str(node))  # fmt: skip
    for offer in found.offers:
        named = [c["type"] or c["id"] for c in offer["credentials"]]
        say("identity.said-offer", issuer=offer["issuer"], types=", ".join(named))
    for refused in found.refused:
        say("identity.said-refused", partner=refused.partner, at=refused.at)
        say_findings(refused.findings, sys.stdout)


def say_missing(world: "World", node: Path) -> None:
    """Say which credentials a node that signs in by them does not hold."""
    from saltbridge.cli.present import say
    from saltbridge.services.own_credentials import missing_by_record
    from saltbridge.steps.identity import IdentityMode, mode_of, trusted_issuers

    if mode_of(world) is not IdentityMode.DCP:
        return
    missing = missing_by_record(world)
    if missing:
        issuer = next(iter(trusted_issuers(world)), "did:web:…")
        say("identity.said-missing", types=", ".join(missing), issuer=issuer, node=str(node))


def _say_held(entry: "HeldHere") -> None:
    import sys

    from saltbridge.cli.present import say, say_findings

    until = entry.credential.expires.date().isoformat()
    code = "identity.said-holds" if entry.fault is None else "identity.said-holds-not"
    say(code, type=entry.credential.type, issuer=entry.credential.issuer, until=until)
    if entry.fault is not None:
        say_findings([entry.fault], sys.stdout)
    elif entry.ends_soon:
        say("identity.said-ends-soon", issuer=entry.credential.issuer)


def _say_issuers(issuers: dict[str, Any]) -> None:
    from saltbridge.cli.present import say

    for issuer, types in issuers.items():
        named = "" if not types or "*" in types else f" ({', '.join(types)})"
        say("identity.said-issuer", issuer=f"{issuer}{named}")
    if not issuers:
        say("identity.said-no-issuer")


def _say_restart(node: Path, *, changed: bool) -> None:
    from saltbridge.cli.present import say
    from saltbridge.web.serve import is_served

    if changed and is_served(node):
        say("identity.said-restart", node=str(node))


def _told(entry: "HeldHere") -> dict[str, Any]:
    return {
        "type": entry.credential.type,
        "id": entry.credential.id,
        "issuer": entry.credential.issuer,
        "subject": dict(entry.credential.subject),
        "profile": entry.credential.profile,
        "expires": entry.credential.expires.isoformat(),
        "received_at": entry.received_at,
        "holds": entry.fault is None,
        "ends_soon": entry.ends_soon,
        "fault": entry.fault.code if entry.fault else "",
    }


def _state_told(found: "IdentityState", how: str) -> dict[str, Any]:
    return {
        "mode": how,
        "trusted_issuers": list(found.issuers),
        "credentials": [_told(entry) for entry in found.held],
        "missing": list(found.missing),
        "requests": list(found.requests),
        "offers": list(found.offers),
        "refused": [
            {"partner": r.partner, "at": r.at, "codes": [f.code for f in r.findings]}
            for r in found.refused
        ],
    }
