"""``saltbridge node``: set up, introduce, show and serve the node of one company."""

from typing import Annotated

import typer

from saltbridge.cli.node_address import address
from saltbridge.cli.options import AsJson, Folder

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Set up, introduce and serve a company's node.",
)

app.command()(address)


@app.command()
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(help="Short name, as in logs and pages.")],
    legal_name: Annotated[str, typer.Option(help="Name of the company as registered.")],
    bpn: Annotated[str, typer.Option(help="Business partner number, BPNL….")],
    jurisdiction: Annotated[str, typer.Option(help="CN or EU: whose export rules apply.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2.")] = "",
    address: Annotated[str, typer.Option(help="Postal address.")] = "",
    base_url: Annotated[
        str, typer.Option(help="Public https address; else http on loopback.")
    ] = "",
    allow_loopback_http: Annotated[
        bool, typer.Option(help="Speak plain http with nodes on 127.0.0.1 (for trials).")
    ] = False,
) -> None:
    """Make a node: its folder, its profile, its first key, its store."""
    from saltbridge.adapters import node_folder
    from saltbridge.bootstrap import open_clock, opened_world
    from saltbridge.cli.present import language
    from saltbridge.core.identifiers import did_web
    from saltbridge.locales import text
    from saltbridge.ports import NodeProfile
    from saltbridge.services.keys import record_keys

    url = base_url.rstrip("/") or f"http://127.0.0.1:{port}"
    profile = NodeProfile(
        name=name,
        legal_name=legal_name,
        bpn=bpn,
        did=did_web(url),
        jurisdiction=jurisdiction,
        base_url=url,
        address=address,
        country=country,
        allow_loopback_http=allow_loopback_http,
    )
    passphrase = node_folder.create(folder, profile, {"port": port}, open_clock().now())
    with opened_world(folder) as world:  # makes the store, and shows that the node opens
        record_keys(world)
    arguments = {"name": name, "did": profile.did, "folder": str(folder)}
    typer.echo(text("node.created", arguments, language()))
    code = "key.passphrase-made" if passphrase.made else "key.passphrase-given"
    typer.echo(text(code, {"found": passphrase.found}, language()))


@app.command()
def partner(
    folder: Folder,
    name: Annotated[str, typer.Option(help="Short name of the partner.")],
    bpn: Annotated[str, typer.Option(help="Its business partner number, BPNL….")],
    did: Annotated[str, typer.Option(help="Its did:web, as agreed with it in person.")],
    jurisdiction: Annotated[str, typer.Option(help="Two letters: CN, EU, …")],
    dsp_url: Annotated[str, typer.Option(help="Its DSP address, ending in /2025-1.")] = "",
    participant_id: Annotated[
        str,
        typer.Option(help="Its id in the dataspace, where that is not its DID."),
    ] = "",
) -> None:
    """Enter a partner, or change its entry. Safe to repeat."""
    from saltbridge.adapters import node_folder
    from saltbridge.cli.present import language
    from saltbridge.locales import text
    from saltbridge.ports import Partner

    entry = Partner(name, bpn, did, jurisdiction, dsp_url.rstrip("/"), participant_id)
    changed = node_folder.add_partner(folder, entry)
    code = "node.partner-entered" if changed else "node.partner-known"
    typer.echo(text(code, {"name": name, "bpn": bpn}, language()))


@app.command()
def show(
    folder: Folder,
    as_json: AsJson = False,
) -> None:
    """Show who the node is, whom it knows, and its public keys."""
    from dataclasses import asdict, replace

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text

    with opened_world(folder) as world:
        with world.store.reading() as view:
            leaves = view.log_size()
        document = world.keyring.did_document()
        if as_json:
            told = {
                **asdict(replace(world.node, partners=tuple(world.node.partners))),
                "port": world.settings.get("port"),
                "log_leaves": leaves,
                "did_document": document,
            }
            say_json(told)
            return
        node, tongue = world.node, language()
        rows = [
            ("name", f"{node.name} ({node.legal_name})"),
            ("bpn", node.bpn),
            ("did", node.did),
            ("jurisdiction", node.jurisdiction),
            ("base-url", node.base_url),
            ("keys", ", ".join(m["id"].rpartition("#")[2] for m in _methods(document))),
            ("log", str(leaves)),
        ]
        for label, value in rows:
            typer.echo(f"{text(f'node.label.{label}', None, tongue)}: {value}")
        for known in node.partners:
            heading = text("node.label.partner", None, tongue)
            typer.echo(
                f"{heading}: {known.name} {known.bpn} {known.did} "
                f"({known.jurisdiction}) {known.dsp_url}".rstrip()
            )


@app.command()
def serve(
    folder: Folder,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Another port than at set-up.")
    ] = None,
) -> None:
    """Serve the node until Ctrl-C: on 127.0.0.1, or as its settings say."""
    from saltbridge.bootstrap import opened_keys
    from saltbridge.cli.identity import say_missing
    from saltbridge.cli.present import language, say_findings
    from saltbridge.web.serve import serve as serve_node

    with opened_keys(folder) as (world, keyring):
        say_findings(keyring.warnings())
        say_missing(world, folder)
    serve_node(folder, port=port, language=language())


@app.command()
def outbox(
    folder: Folder,
    retry: Annotated[bool, typer.Option("--retry", help="Have them tried anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what could not be sent or done after many attempts; have it tried anew."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.locales import text
    from saltbridge.services.outbox import failed_entries, try_anew

    with opened_world(folder) as world:
        found = try_anew(world) if retry else failed_entries(world)
    told = [
        {"id": e.id, "kind": e.kind, "process": e.ordering_key, "attempts": e.attempts,
         "error": e.last_error}
        for e in found
    ]  # fmt: skip
    if as_json:
        say_json(told)
        return
    for entry in told:
        typer.echo(text("node.outbox-failed", entry, language()))
    code = "node.outbox-none-failed" if not found else "node.outbox-count"
    code = "node.outbox-retried" if retry and found else code
    typer.echo(text(code, {"count": len(found), "folder": str(folder)}, language()))


def _methods(document: object) -> list[dict[str, str]]:
    methods = document.get("verificationMethod", []) if isinstance(document, dict) else []
    return list(methods)
