"""What partners saw of this node's log, beside what the log is now: is it a fork?

After a restore the log may be shorter than what partners witnessed. Each keeps the newest
checkpoint it cosigned; it is signed by this node, so a partner cannot make one up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import Partner, World
from saltbridge.steps.log import own_log_keys
from saltbridge.steps.witnessing import log_url
from saltbridge.trust.checkpoint import verify_checkpoint
from saltbridge.trust.note import parse_note

_LIMIT_BYTES = 20_000


class Seen(StrEnum):
    """How a partner's newest checkpoint of this log fits to the log."""

    CONTINUES = "continues"  # what it saw is a beginning of this log
    AHEAD = "ahead"  # it saw more leaves than there are: going on would be a fork
    DIFFERS = "differs"  # it saw another tree of that size: this is a fork
    NOTHING = "nothing"  # it saw nothing of this log, or keeps no log
    UNKNOWN = "unknown"  # it cannot be asked now, or its answer is not signed by this node


@dataclass(frozen=True, slots=True)
class SeenBy:
    """One partner, what it saw, and the size it saw."""

    partner: Partner
    seen: Seen
    size: int = 0


def seen_by_partners(world: World) -> Sequence[SeenBy]:
    """Every partner's newest checkpoint of this log, compared with the log. Nothing is written.

    One that cannot be reached does not hold up the others.
    """
    return tuple(_ask(world, partner) for partner in tuple(world.node.partners))


def _ask(world: World, partner: Partner) -> SeenBy:
    origin = sha256(world.node.did.encode("utf-8")).hexdigest()
    try:
        url = log_url(world.did_resolver.resolve(partner.did))
        if url is None:
            return SeenBy(partner, Seen.NOTHING)
        answer = world.http.send(
            "GET", f"{url}/witness/{origin}/checkpoint", limit_bytes=_LIMIT_BYTES
        )
        if answer.status == 404:
            return SeenBy(partner, Seen.NOTHING)
        if answer.status != 200:
            return SeenBy(partner, Seen.UNKNOWN)
        note = parse_note(answer.content)
        checkpoint, _ = verify_checkpoint(note, world.node.did, own_log_keys(world))
    except SaltbridgeError:
        return SeenBy(partner, Seen.UNKNOWN)
    with world.store.reading() as view:
        if checkpoint.size > view.log_size():
            return SeenBy(partner, Seen.AHEAD, checkpoint.size)
        same = view.log_root(checkpoint.size) == checkpoint.root
    return SeenBy(partner, Seen.CONTINUES if same else Seen.DIFFERS, checkpoint.size)
