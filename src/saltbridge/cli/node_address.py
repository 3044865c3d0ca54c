"""``saltbridge node address``: another public address, and what follows from it."""

from pathlib import Path
from typing import Annotated

import typer

from saltbridge.ports import World


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
    from saltbridge.services.keys import record_keys
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
        with opened_world(folder) as world:
            signed = _signed(world)
        if signed:
            raise Refused.of("address.has-signed", did=profile.did, new=did, count=signed)
    node_folder.move(folder, url, did)
    with opened_world(folder) as world:
        record_keys(world)  # the DID document as it is from now on
    say("address.changed", base_url=url)
    if did != profile.did:
        say("address.did-changed", did=did, old=profile.did)
    elif did != did_web(url):
        from saltbridge.core.identifiers import did_web_document_url

        say("address.did-kept", did=did, document=did_web_document_url(did))


def _signed(world: World) -> int:
    """Events that somebody else may have seen: all but the keys the node was made with.

    A signed checkpoint counts too: it names the DID.
    """
    from saltbridge.steps.log import CHECKPOINT

    with world.store.reading() as view:
        size = view.log_size()
        if view.find(CHECKPOINT, limit=1) or size > 100:
            return size
        leaves = [view.log_leaf(index) for index in range(size)]
    return sum(leaf is None or not leaf.event.startswith("key.") for leaf in leaves)
