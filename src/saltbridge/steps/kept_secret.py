"""A secret that has to be said again later: kept sealed where this node can seal."""

import base64
from collections.abc import Mapping
from typing import Any

from saltbridge.ports import World


def shut(world: World, secret: str, purpose: str) -> str:
    """The secret as a store may hold it, in base64; sealed where the keyring is protected."""
    content = secret.encode()
    sealed = world.keyring.seal(content, purpose) if world.keyring.protected else content
    return base64.b64encode(sealed).decode("ascii")


def opened(world: World, kept: Mapping[str, Any], name: str, purpose: str) -> str:
    """The secret of that name in a record, whose ``sealed`` says whether it was sealed."""
    content = base64.b64decode(kept[name])
    if kept["sealed"]:
        content = world.keyring.unseal(content, purpose)
    return content.decode()
