"""``saltbridge node address``: another public address, and what follows from it."""

from pathlib import Path
from typing import Annotated

import typer


def address(
    folder: Annotated[Path, typer.Argument(help="Folder of the node.")],
    base_url: Annotated[str, typer.Option(help="Public https address, no slash at the end.")],
    keep_did: Annotated[
        bool, typer.Option("--keep-did", help="Stay who it is: the DID of the old address.")
    ] = False,
) -> None:
    """Change the public address of a node. Its identity follows, unless it has signed."""
    from saltbridge.adapters import node_folder
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.core.errors import Refused, Unavailable
    from saltbridge.core.identifiers import did_web
    from saltbridge.web.serve import is_served

    url = base_url.rstrip("/")
    profile = node_folder.read(folder).profile
    if url == profile.base_url:
        say("address.same", base_url=url)
        return
    if is_served(folder):
        raise Unavailable.of("address.served", folder=str(folder))
    did = profile.did if keep_did else did_web(url)
    if did != profile.did:
        with opened_world(folder) as world, world.store.reading() as view:
            signed = view.log_size()
        if signed:
            raise Refused.of("address.has-signed", did=profile.did, new=did, count=signed)
    node_folder.move(folder, url, did)
    say("address.changed", base_url=url)
    if did != profile.did:
        say("address.did-changed", did=did, old=profile.did)
    elif did != did_web(url):
        from saltbridge.core.identifiers import did_web_document_url

        say("address.did-kept", did=did, document=did_web_document_url(did))
