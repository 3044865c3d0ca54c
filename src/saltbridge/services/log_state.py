"""What a person wants to know about the log: its state, who saw it, what was seen of others."""

from dataclasses import dataclass
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.log import current_checkpoint, newest_checkpoint
from saltbridge.steps.records import document, every
from saltbridge.steps.witnessing import COSIGNED, FORK, SEEN
from saltbridge.trust.checkpoint import (
    Checkpoint,
    parse_checkpoint,
)
from saltbridge.trust.note import (
    parse_note,
    render_note,
)


@dataclass(frozen=True, slots=True)
class Witness:
    """A partner as a witness of this log: how far it cosigned (0: never), and when."""

    partner: Partner
    size: int
    at: str
    seen_size: int  # how far this node saw the partner's log
    seen_at: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Two states of a partner's log that exclude each other, both signed by it."""

    did: str
    found_at: str
    seen: Checkpoint
    found: Checkpoint


@dataclass(frozen=True, slots=True)
class LogState:
    """The log of this node as it is now."""

    size: int
    root: bytes
    checkpoint: str  # the newest signed note, or empty
    checkpoint_size: int
    witnesses: tuple[Witness, ...]
    forks: tuple[Fork, ...]


def log_state(world: World) -> LogState:
    """Size, root, newest checkpoint, witnesses and forks."""
    with world.store.reading() as view:
        newest = newest_checkpoint(view)
        return LogState(
            size=view.log_size(),
            root=view.log_root(),
            checkpoint="" if newest is None else render_note(newest).decode("utf-8"),
            checkpoint_size=0 if newest is None else parse_checkpoint(newest.text).size,
            witnesses=tuple(_witness(view, partner) for partner in world.node.partners),
            forks=forks(view),
        )


def forks(view: UnitOfWork) -> tuple[Fork, ...]:
    """Every fork of a partner's log that was found."""
    return tuple(_fork(read_json(record.body)) for record in every(view, FORK))


def sign_checkpoint(world: World) -> bytes:
    """The signed checkpoint of the present size.

    Raises:
        Refused: the log is not the one that was signed before.
    """
    with world.store.unit_of_work() as work:
        return render_note(current_checkpoint(world, work))


def _witness(view: UnitOfWork, partner: Partner) -> Witness:
    cosigned = document(view, COSIGNED, partner.did) or {"size": 0, "at": ""}
    seen = document(view, SEEN, partner.did) or {"size": 0, "seen_at": ""}
    return Witness(partner, cosigned["size"], cosigned["at"], seen["size"], seen["seen_at"])


def _fork(kept: Any) -> Fork:
    seen, found = (parse_checkpoint(parse_note(kept[m]).text) for m in ("seen", "found"))
    return Fork(kept["did"], kept["found_at"], seen, found)
