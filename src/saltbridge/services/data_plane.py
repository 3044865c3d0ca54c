"""Who holds a token of the data plane, which interface it opens, and what lies there."""

from saltbridge.border.release import Release
from saltbridge.exchange.served import TWIN_ASPECT
from saltbridge.ports import World
from saltbridge.steps.data_tokens import OpenedTransfer, opened_transfer
from saltbridge.steps.twin_aspects import released_aspect


def open_interface(world: World, token: str, pid: str = "") -> OpenedTransfer | None:
    """The transfer a token opens now, with its dataset, or None; see ``opened_transfer``."""
    with world.store.reading() as view:
        return opened_transfer(world, view, token, pid)


def open_aspect(
    world: World, token: str, id: str, known: OpenedTransfer | None = None
) -> Release | None:
    """The content of an aspect that a token opens: its holder's, and of the agreed meaning.

    ``known``: what was opened already, by the token or by the company's connector.
    """
    with world.store.reading() as view:
        opened = known or opened_transfer(world, view, token)
        if opened is None or opened.dataset["kind"] != TWIN_ASPECT:
            return None
        return released_aspect(view, id, opened.dataset["semantic_id"], opened.reader)
