"""Where the status of a version of a passport is said: a place in a list of this node.

The place is that of the version's own leaf in the log, so that no two versions share one and
nothing has to be counted; a list covers ``LIST_SIZE`` leaves and is mostly zeros.
"""

from datetime import datetime
from typing import Any, Final

from saltbridge.ports import UnitOfWork, World

LIST_SIZE: Final = 131_072  # statuses of 2 bits: 32 KiB, some hundred bytes compressed


def list_address(world: World, number: int) -> str:
    """The address of a status list; it stays the same for good."""
    return f"{world.node.base_url}/passports/status/{number}"


def status_place(world: World, work: UnitOfWork, now: datetime) -> dict[str, Any]:
    """The place for the version that is signed next in this unit of work."""
    number, index = divmod(work.log_size(), LIST_SIZE)
    return {"idx": index, "uri": list_address(world, number)}
