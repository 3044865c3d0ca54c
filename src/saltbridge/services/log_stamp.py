"""Time-stamps of checkpoints by an outside authority, kept and checked without a network."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.core.finding import Finding, finding
from saltbridge.ports import World
from saltbridge.steps.log import checkpoint_id, current_checkpoint
from saltbridge.steps.records import every
from saltbridge.trust.checkpoint import parse_checkpoint
from saltbridge.trust.did import iso
from saltbridge.trust.note import from_base64
from saltbridge.trust.suites import NotVerified

STAMP: Final = "log-stamp"


@dataclass(frozen=True, slots=True)
class KeptStamp:
    """A kept time-stamp: of which state; when, or what is wrong with it."""

    size: int
    text: str
    at: datetime | None
    fault: Finding | None = None


def stamp(world: World) -> KeptStamp:
    """Have the newest checkpoint stamped; the reply is kept beside it, with a leaf.

    Raises:
        Unavailable: no authority is configured, or it does not answer rightly.
        Refused: the log is not the one that was signed before.
    """
    authority = world.timestamp_authority
    if authority is None:
        raise Unavailable.of("log.no-authority")
    with world.store.unit_of_work() as work:
        text = current_checkpoint(world, work).text
    reply = authority.stamp(text.encode("utf-8"))
    at = authority.stamped_at(text.encode("utf-8"), reply)
    size = parse_checkpoint(text).size
    body = canonical_bytes(
        {
            "size": size,
            "checkpoint": text,
            "reply": base64.b64encode(reply).decode("ascii"),
            "stamped_at": iso(at),
        }
    )
    with world.store.unit_of_work() as work:
        work.put(STAMP, f"{checkpoint_id(size)} {digest(reply)}", body)
        work.append_leaf("log.stamped", checkpoint_id(size), body)
    return KeptStamp(size, text, at)


def kept_stamps(world: World) -> tuple[KeptStamp, ...]:
    """All time-stamps, each checked anew against the trusted authority."""
    with world.store.reading() as view:
        kept = [read_json(record.body) for record in every(view, STAMP)]
    return tuple(
        KeptStamp(k["size"], k["checkpoint"], *_checked(world, k["checkpoint"], k["reply"]))
        for k in kept
    )


def stamps_by_text(world: World) -> dict[str, datetime]:
    """Checkpoints of this node that a trusted authority saw, with the earliest time."""
    found: dict[str, datetime] = {}
    for kept in kept_stamps(world):
        if kept.at is not None:
            found[kept.text] = min(kept.at, found.get(kept.text, kept.at))
    return found


def _checked(world: World, text: str, reply: str) -> tuple[datetime | None, Finding | None]:
    if world.timestamp_authority is None:
        return None, finding("log.no-authority")
    try:
        return (
            world.timestamp_authority.stamped_at(text.encode("utf-8"), from_base64(reply)),
            None,
        )
    except NotVerified as fault:
        return None, fault.findings[0]
