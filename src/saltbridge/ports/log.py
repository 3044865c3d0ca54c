"""The log of this node, and everything stored as a full check reads it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from saltbridge.core.finding import Finding


@dataclass(frozen=True, slots=True)
class LogLeaf:
    """One event of the log. ``leaf_hash`` is over event, subject, body digest and salt.

    The salt keeps the hash from being guessed; who is shown a leaf with its salt can check it.
    """

    index: int
    event: str
    subject: str
    body_digest: str
    salt: str
    leaf_hash: bytes
    written_at: datetime


class LogEvent(NamedTuple):
    """What a leaf is made for. The body enters the log as its digest only."""

    event: str
    subject: str
    body: bytes


class Log(Protocol):
    """The log as one unit of work sees it: RFC 6962, appended to and never changed."""

    def append_leaf(self, event: str, subject: str, body: bytes) -> int:
        """Append a leaf to the log; returns its index, counted from 0."""

    def append_leaves(self, events: Iterable[LogEvent]) -> range:
        """Append a leaf for every event, in their order; returns their indexes."""

    def leaf_hashes(self) -> Sequence[bytes]:
        """All leaf hashes in order (RFC 6962)."""

    def log_size(self) -> int:
        """Number of leaves."""

    def log_root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first ``size`` leaves; of all leaves without it.

        Raises:
            IndexError: there are not so many leaves.
        """

    def log_leaf(self, index: int) -> LogLeaf | None:
        """The leaf at an index, or None."""

    def log_leaves(self, indexes: Sequence[int]) -> list[LogLeaf]:
        """The leaves at these indexes, in this order.

        Raises:
            IndexError: one of them is not there.
        """

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Audit path of a leaf in the tree of the first ``size`` leaves.

        Raises:
            IndexError: there is no such leaf, or there are not so many.
        """

    def inclusion_proofs(self, indexes: Sequence[int], size: int) -> list[tuple[bytes, ...]]:
        """Audit paths of many leaves, with one look at the store.

        Raises:
            IndexError: as ``inclusion_proof``.
        """

    def consistency_proof(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Proof that the tree of ``size`` leaves continues the tree of ``old_size``.

        Raises:
            IndexError: the old tree is empty, or the sizes are not in order.
        """


class AuditedLeaf(NamedTuple):
    """A leaf as it is stored. ``nodes`` are the roots of the subtrees it completes (32 bytes
    each, from level 1 up); ``whole`` says that the row is as it was written."""

    position: int  # its index
    event: str
    subject: str
    body_digest: str
    salt: str
    leaf_hash: bytes
    nodes: bytes
    whole: bool


class AuditedRow(NamedTuple):
    """Any other stored row: where it stands, and whether it is as it was written.

    ``digest`` is that of its document, as stored; the body is there for records only.
    """

    table: str
    kind: str
    id: str
    version: int
    digest: str
    body: bytes
    whole: bool


class StoreAudit(Protocol):
    """Everything stored, at one moment, row by row in bounded memory.

    Nothing read here is trusted: what cannot be read at all raises ``FaultyInput``.
    """

    def faults(self) -> Iterable[Finding]:
        """What the engine itself, the version and the schema of the store give cause for."""

    def leaves(self) -> Iterator[Sequence[AuditedLeaf]]:
        """Every leaf by ascending index, a page at a time."""

    def documents(self) -> Iterator[Sequence[AuditedRow]]:
        """Every version of every record, and every release, a page at a time."""

    def others(self) -> Iterator[Sequence[AuditedRow]]:
        """Every other row: the outbox, and what the store knows about itself."""
