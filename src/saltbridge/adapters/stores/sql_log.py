"""The log half of a unit of work over SQL: leaves, and the subtrees stored with them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from saltbridge.adapters.stores import schema
from saltbridge.adapters.stores.bases import Bases
from saltbridge.adapters.stores.insert_all import insert_all
from saltbridge.adapters.stores.prepared import Prepared
from saltbridge.adapters.stores.row_digest import Row, leaf_row_digest
from saltbridge.adapters.stores.stored_tree import StoredTree, subtree_in_row
from saltbridge.core.canonical import digest
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import Clock, LogEvent, LogLeaf
from saltbridge.trust.log import Edge, Subtree, completing_leaf, leaf_bytes, leaf_hash

BATCH = 2000
_SALT_BYTES = 16

_leaves = schema.log_leaves
_SIZE: Final = Prepared(
    select(func.coalesce(func.max(_leaves.c.leaf_index) + 1, 0).label("size"))
)
_LAST: Final = Prepared(select(_leaves).order_by(_leaves.c.leaf_index.desc()).limit(1))
_BETWEEN: Final = Prepared(
    select(_leaves)
    .where(_leaves.c.leaf_index.between(bindparam("first_index"), bindparam("last_index")))
    .order_by(_leaves.c.leaf_index)
)


_COLUMNS: Final = tuple(_leaves.c.keys())
_THESE: Final = select(_leaves).where(
    _leaves.c.leaf_index.in_(bindparam("indexes", expanding=True))
)


class ReadingCannotWrite(TypeError):
    """A read-only view was asked to write: open a unit of work instead."""


@lru_cache(maxsize=64)  # whatever a batch writes has the same time
def moment_text(moment: datetime) -> str:
    """UTC with a fixed width, so that text order is time order."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    # The last six characters are the zone, which is always the same.
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


@lru_cache(maxsize=64)
def moment_of(text: str) -> datetime:
    """The time that ``moment_text`` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def leaf_row(index: int, event: LogEvent, salt: str, edge: Edge, at: str) -> dict[str, Any]:
    """A leaf as it is stored; the edge grows by it."""
    body_digest = digest(event.body)
    hashed = leaf_hash(leaf_bytes(event.event, event.subject, body_digest, salt))
    nodes = b"".join(edge.append(hashed))
    return {
        "leaf_index": index,
        "event": event.event,
        "subject": event.subject,
        "body_digest": body_digest,
        "salt": salt,
        "leaf_hash": hashed,
        "nodes": nodes,
        "written_at": at,
        "row_digest": leaf_row_digest(index, hashed, nodes, at),
    }


def whole_leaf(row: Row) -> bool:
    """Whether a stored leaf, worked out anew from its own columns, is as it was written."""
    try:
        due = leaf_hash(
            leaf_bytes(row["event"], row["subject"], row["body_digest"], row["salt"])
        )
        rest = leaf_row_digest(row["leaf_index"], due, row["nodes"], row["written_at"])
        return bool(due == row["leaf_hash"] and rest == row["row_digest"])
    except (TypeError, FaultyInput):
        return False


class LastEdge:
    """The right edge of a store's log as it was grown last, so that it need not be read anew.

    It counts only while the last stored leaf is the one it was grown by: whoever else appended,
    or put another file in its place, is noticed, and a transaction that was taken back too.
    """

    def __init__(self) -> None:
        self._grown: tuple[bytes, Edge] | None = None

    def after(self, last: bytes) -> Edge | None:
        """The edge after the leaf of that hash, or None."""
        grown = self._grown
        return grown[1].copy() if grown is not None and grown[0] == last else None

    def keep(self, last: bytes, edge: Edge) -> None:
        """Remember the edge, grown by the leaf of that hash."""
        self._grown = last, edge.copy()


class SqlLog(StoredTree):
    """Appends to the log and reads it, within one transaction."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        bases: Bases,
        last_edge: LastEdge,
        *,
        writable: bool,
    ) -> None:
        self._connection = connection
        self._last_edge = last_edge
        self._bases = bases
        self._clock = clock
        self._writable = writable
        # Nobody else appends while this unit of work is open, so the edge is read once.
        self._grown: Edge | None = None
        self._fresh: dict[int, Row] = {}  # the last leaves written here, read back and checked

    def append_leaf(self, event: str, subject: str, body: bytes) -> int:
        """Append a leaf to the log; returns its index, counted from 0."""
        return self.append_leaves([LogEvent(event, subject, body)])[0]

    def append_leaves(self, events: Iterable[LogEvent]) -> range:
        """Append a leaf for every event, in their order; returns their indexes.

        Raises:
            Refused: what was stored reads back as something else.
        """
        self._must_write()
        if self._grown is None:
            self._grown = self._edge_now()
        edge, first = self._grown, self._grown.size
        at, remaining = moment_text(self._clock.now()), iter(events)
        while batch := list(islice(remaining, BATCH)):
            salts = secrets.token_hex(_SALT_BYTES * len(batch))
            width, begin = 2 * _SALT_BYTES, edge.size
            rows = [
                leaf_row(begin + n, event, salts[n * width : (n + 1) * width], edge, at)
                for n, event in enumerate(batch)
            ]
            insert_all(self._connection, schema.log_leaves, rows)
            self._confirm(rows)
            self._last_edge.keep(rows[-1]["leaf_hash"], edge)
        return range(first, edge.size)

    def _edge_now(self) -> Edge:
        """The right edge, from memory where the last stored leaf is still the last one."""
        last = _LAST.first(self._connection)
        if last is None:
            return Edge()
        if not whole_leaf(last):
            raise _altered(last["leaf_index"])
        kept = self._last_edge.after(last["leaf_hash"])
        return (
            kept if kept is not None and kept.size == last["leaf_index"] + 1 else self._edge()
        )

    def _confirm(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Read back what was just written and work its hashes out a second time.

        A single flipped bit between hashing and storing has ended whole public logs.
        """
        self._fresh = {}
        first, last = rows[0]["leaf_index"], rows[-1]["leaf_index"]
        stored = _BETWEEN.rows(self._connection, first_index=first, last_index=last)
        for due, found in zip(rows, stored, strict=True):
            if found["leaf_hash"] != due["leaf_hash"] or not whole_leaf(found):
                raise _altered(due["leaf_index"])
            self._fresh[due["leaf_index"]] = found

    def leaf_hashes(self) -> Sequence[bytes]:
        """All leaf hashes in order, as stored (``auditing`` checks them)."""
        leaves = schema.log_leaves
        rows = self._connection.execute(
            select(leaves.c.leaf_hash).order_by(leaves.c.leaf_index)
        )
        return tuple(bytes(row[0]) for row in rows)

    def log_size(self) -> int:
        """Number of leaves."""
        return int(_SIZE.value(self._connection))

    def log_leaf(self, index: int) -> LogLeaf | None:
        """The leaf at an index, or None.

        Raises:
            Refused: it is not as it was written.
        """
        found = self._whole_rows([index])
        return _leaf_in(found[index]) if index in found else None

    def log_leaves(self, indexes: Sequence[int]) -> list[LogLeaf]:
        """The leaves at these indexes, in this order."""
        found = self._whole_rows(indexes)
        if len(found) != len(set(indexes)):
            raise IndexError(f"one of {len(indexes)} leaves")
        return [_leaf_in(found[index]) for index in indexes]

    def _subtrees(self, wanted: Sequence[Subtree]) -> Sequence[bytes]:
        rows = self._whole_rows([completing_leaf(subtree) for subtree in wanted])
        try:
            return [
                subtree_in_row(s, row["leaf_hash"], row["nodes"])
                for s in wanted
                for row in (rows[completing_leaf(s)],)
            ]
        except LookupError as fault:  # a row is gone, or holds too few
            raise _altered(completing_leaf(wanted[0])) from fault

    def _whole_rows(self, indexes: Sequence[int]) -> Mapping[int, Row]:
        fresh = self._fresh
        found: dict[int, Row] = {i: fresh[i] for i in indexes if i in fresh}
        others = [index for index in indexes if index not in found]
        for first in range(0, len(others), BATCH):
            asked = {"indexes": others[first : first + BATCH]}
            for columns in self._connection.execute(_THESE, asked):
                row = dict(zip(_COLUMNS, columns, strict=True))
                if not whole_leaf(row):
                    raise _altered(row["leaf_index"])
                found[row["leaf_index"]] = row
        return found

    def _must_write(self) -> None:
        if not self._writable:
            raise ReadingCannotWrite("this view only reads: open a unit of work to write")


def _leaf_in(row: Row) -> LogLeaf:
    return LogLeaf(
        row["leaf_index"],
        row["event"],
        row["subject"],
        row["body_digest"],
        row["salt"],
        row["leaf_hash"],
        moment_of(row["written_at"]),
    )


def _altered(index: int) -> Refused:
    fault = Refused.of("store.altered", kind="log_leaves", id=str(index))
    assert isinstance(fault, Refused)  # noqa: S101 - for the type checker
    return fault
