"""Who holds a token of the data plane, and which interface it opens."""

from saltbridge.ports import World
from saltbridge.steps.data_tokens import OpenedTransfer, opened_transfer


def open_interface(world: World, token: str, pid: str = "") -> OpenedTransfer | None:
    """The transfer a token opens now, with its dataset, or None; see ``opened_transfer``."""
    with world.store.reading() as view:
        return opened_transfer(world, view, token, pid)
