"""A store that forgets: the same promises as the others, kept in plain dictionaries."""

import secrets
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from saltbridge.adapters.stores.sql_log import ReadingCannotWrite
from saltbridge.adapters.stores.stored_tree import StoredTree, subtree_in_row
from saltbridge.border.release import Release, reopen
from saltbridge.core.canonical import digest
from saltbridge.core.errors import Unavailable
from saltbridge.core.finding import Finding
from saltbridge.ports import (
    ERASABLE,
    ERASED,
    FORGETTABLE,
    AuditedLeaf,
    AuditedRow,
    Clock,
    LogEvent,
    LogLeaf,
    OutboxEntry,
    StaleWrite,
    StoredRecord,
)
from saltbridge.trust.log import Edge, Subtree, completing_leaf, leaf_bytes, leaf_hash


@dataclass
class _Contents:
    records: dict[tuple[str, str], tuple[StoredRecord, ...]] = field(default_factory=dict)
    releases: dict[tuple[str, str], Release] = field(default_factory=dict)
    leaves: list[LogLeaf] = field(default_factory=list)
    nodes: list[bytes] = field(default_factory=list)  # subtrees that each leaf completes
    outbox: dict[str, OutboxEntry] = field(default_factory=dict)

    def copy(self) -> "_Contents":
        return _Contents(
            dict(self.records),
            dict(self.releases),
            list(self.leaves),
            list(self.nodes),
            dict(self.outbox),
        )


class MemoryStore:
    """Contents are replaced as a whole at the end of a unit of work."""

    def __init__(self, clock: Clock, *, busy_seconds: float = 20.0) -> None:
        self._clock = clock
        self._contents = _Contents()
        self._turn = threading.Lock()
        self._busy_seconds = busy_seconds
        self._writing_thread: int | None = None

    @contextmanager
    def unit_of_work(self) -> Iterator["MemoryUnitOfWork"]:
        """A write transaction; it waits its turn."""
        me = threading.get_ident()
        if self._writing_thread == me:
            raise RuntimeError("a unit of work is open already in this thread")
        if not self._turn.acquire(timeout=self._busy_seconds):
            raise Unavailable.of("store.busy")
        try:
            self._writing_thread = me
            work = MemoryUnitOfWork(self._contents.copy(), self._clock, writable=True)
            yield work
            self._contents = work.contents
        finally:
            self._writing_thread = None
            self._turn.release()

    @contextmanager
    def reading(self) -> Iterator["MemoryUnitOfWork"]:
        """A read-only view of one moment."""
        yield MemoryUnitOfWork(self._contents, self._clock, writable=False)

    @contextmanager
    def auditing(self) -> Iterator["MemoryAudit"]:
        """A view of one moment for a full check."""
        yield MemoryAudit(self._contents)

    def rebuild_nodes(self) -> int:
        """Work the subtrees out anew; returns for how many leaves."""
        with self.unit_of_work() as work:
            edge, held = Edge(), work.contents.nodes
            due = [b"".join(edge.append(leaf.leaf_hash)) for leaf in work.contents.leaves]
            work.contents.nodes = due
        return sum(a != b for a, b in zip(held, due, strict=True))

    def state(self) -> object:
        """None: only a look into it tells whether anybody wrote."""
        return None

    def asker(self) -> None:
        """None: ``state`` never waits."""

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryUnitOfWork(StoredTree):
    """Reads and writes of one transaction."""

    def __init__(self, contents: _Contents, clock: Clock, *, writable: bool) -> None:
        self.contents = contents
        self._clock = clock
        self._writable = writable

    def get(self, kind: str, id: str) -> StoredRecord | None:
        """The newest version, or None."""
        versions = self.contents.records.get((kind, id))
        return versions[-1] if versions else None

    def find(self, kind: str, *, after: str = "", limit: int = 1000) -> Sequence[StoredRecord]:
        """Newest versions of a kind by ascending id, those after ``after``."""
        ids = sorted(i for k, i in self.contents.records if k == kind and i > after)
        return tuple(self.contents.records[kind, i][-1] for i in ids[:limit])

    def put(
        self, kind: str, id: str, body: bytes, *, expected_version: int | None = None
    ) -> StoredRecord:
        """Write the next version; earlier ones are kept."""
        self._must_write()
        if not kind or not id:
            raise ValueError("a record has a kind and an id")
        versions = self.contents.records.get((kind, id), ())
        if expected_version is not None and len(versions) != expected_version:
            raise StaleWrite(
                f"{kind} {id}: stored is {len(versions)}, expected {expected_version}"
            )
        written = StoredRecord(kind, id, len(versions) + 1, bytes(body), self._clock.now())
        self.contents.records[kind, id] = (*versions, written)
        return written

    def get_many(self, kind: str, ids: Collection[str]) -> Mapping[str, StoredRecord]:
        """The newest versions of the records that are there, by id."""
        found = {id: self.contents.records.get((kind, id)) for id in ids}
        return {id: versions[-1] for id, versions in found.items() if versions}

    def put_new(self, kind: str, bodies: Mapping[str, bytes]) -> None:
        """Write the first version of many records."""
        for id, body in bodies.items():
            self.put(kind, id, body, expected_version=0)

    def forget(self, kind: str, before: datetime) -> int:
        """Remove records last written before; only of kinds that may be forgotten."""
        self._must_write()
        if kind not in FORGETTABLE:
            raise ValueError(f"records of kind {kind!r} are kept")
        old = [
            key
            for key, versions in self.contents.records.items()
            if key[0] == kind and versions[-1].written_at < before
        ]
        for key in old:
            del self.contents.records[key]
        return len(old)

    def erase(self, decision_id: str) -> int:
        """Remove the released bytes and the manifest of a decision whose tombstone is there."""
        self._must_write()
        if self.get(ERASED, decision_id) is None:
            raise ValueError(f"nothing says that the bytes of {decision_id!r} are erased")
        releases = [key for key in self.contents.releases if key[1] == decision_id]
        for key in releases:
            del self.contents.releases[key]
        gone = [self.contents.records.pop((kind, decision_id), ()) for kind in ERASABLE]
        return len(releases) + sum(len(versions) for versions in gone)

    def put_release(self, release: Release) -> str:
        """Keep released bytes; the same release twice is one."""
        self._must_write()
        key = (release.digest, release.decision_id)
        if self.contents.releases.setdefault(key, release) != release:
            raise StaleWrite(f"decision {release.decision_id} released these bytes already")
        return release.digest

    def put_releases(self, releases: Iterable[Release]) -> None:
        """Keep released bytes that are all new."""
        for release in releases:
            if (release.digest, release.decision_id) in self.contents.releases:
                raise StaleWrite(f"decision {release.decision_id} released these bytes already")
            self.put_release(release)

    def enqueue_all(self, entries: Iterable[OutboxEntry]) -> None:
        """Add to the outbox, in this order."""
        for entry in entries:
            self.enqueue(entry)

    def get_release(self, digest: str, decision_id: str) -> Release | None:
        """Released bytes, digest checked again."""
        kept = self.contents.releases.get((digest, decision_id))
        if kept is None:
            return None
        return reopen(
            kept.content,
            expected_digest=digest,
            media_type=kept.media_type,
            decision_id=kept.decision_id,
            audience=kept.audience,
            purpose=kept.purpose,
        )

    def append_leaf(self, event: str, subject: str, body: bytes) -> int:
        """Append a leaf to the log; returns its index, counted from 0."""
        return self.append_leaves([LogEvent(event, subject, body)])[0]

    def append_leaves(self, events: Iterable[LogEvent]) -> range:
        """Append a leaf for every event, in their order; returns their indexes."""
        self._must_write()
        first, edge, now = self.log_size(), self._edge(), self._clock.now()
        for event, subject, body in events:
            salt, body_digest = secrets.token_hex(16), digest(body)
            hashed = leaf_hash(leaf_bytes(event, subject, body_digest, salt))
            self.contents.leaves.append(
                LogLeaf(edge.size, event, subject, body_digest, salt, hashed, now)
            )
            self.contents.nodes.append(b"".join(edge.append(hashed)))
        return range(first, self.log_size())

    def leaf_hashes(self) -> Sequence[bytes]:
        """All leaf hashes in order."""
        return tuple(leaf.leaf_hash for leaf in self.contents.leaves)

    def log_size(self) -> int:
        """Number of leaves."""
        return len(self.contents.leaves)

    def log_leaves(self, indexes: Sequence[int]) -> list[LogLeaf]:
        """The leaves at these indexes, in this order."""
        if not all(0 <= index < len(self.contents.leaves) for index in indexes):
            raise IndexError(f"one of {len(indexes)} leaves")
        return [self.contents.leaves[index] for index in indexes]

    def log_leaf(self, index: int) -> LogLeaf | None:
        """The leaf at an index, or None."""
        return self.contents.leaves[index] if 0 <= index < self.log_size() else None

    def _subtrees(self, wanted: Sequence[Subtree]) -> Sequence[bytes]:
        found = ((s, completing_leaf(s)) for s in wanted)
        leaves, nodes = self.contents.leaves, self.contents.nodes
        return [subtree_in_row(s, leaves[at].leaf_hash, nodes[at]) for s, at in found]

    def enqueue(self, entry: OutboxEntry) -> None:
        """Add to the outbox, behind everything of the same ordering key."""
        self._must_write()
        if entry.id in self.contents.outbox:
            raise StaleWrite(f"outbox entry {entry.id} is waiting already")
        self.contents.outbox[entry.id] = entry

    def due(self, now: datetime, limit: int = 100) -> Sequence[OutboxEntry]:
        """Entries that are due, oldest first; of a key the oldest only, and none failed."""
        due: list[OutboxEntry] = []
        seen: set[str] = set()
        for entry in self.contents.outbox.values():
            first = not entry.ordering_key or entry.ordering_key not in seen
            seen.add(entry.ordering_key)
            if first and not entry.failed and (entry.due_at is None or entry.due_at <= now):
                due.append(entry)
        return tuple(due[:limit])

    def failed(self, limit: int = 100) -> Sequence[OutboxEntry]:
        """Entries that are tried no more, oldest first."""
        return tuple(e for e in self.contents.outbox.values() if e.failed)[:limit]

    def waits(self, ordering_key: str) -> bool:
        """Whether an entry of this ordering key is there, failed or not."""
        return any(e.ordering_key == ordering_key for e in self.contents.outbox.values())

    def done(self, entry_id: str) -> None:
        """Remove from the outbox; nothing happens when it is gone already."""
        self._must_write()
        self.contents.outbox.pop(entry_id, None)

    def postpone(self, entry_id: str, until: datetime, error: str) -> None:
        """Keep in the outbox, counted as one more attempt."""
        self._must_write()
        entry = self.contents.outbox.get(entry_id)
        if entry is not None:
            self.contents.outbox[entry_id] = replace(
                entry, attempts=entry.attempts + 1, due_at=until, last_error=error[:2000]
            )

    def retry(self, entry_id: str) -> None:
        """Count the attempts anew; nothing happens when the entry is gone."""
        self._must_write()
        entry = self.contents.outbox.get(entry_id)
        if entry is not None:
            self.contents.outbox[entry_id] = replace(entry, attempts=0, due_at=None)

    def _must_write(self) -> None:
        if not self._writable:
            raise ReadingCannotWrite("this view only reads: open a unit of work to write")


class MemoryAudit:
    """Goes through everything held. Only what has a digest of its own can be found altered."""

    def __init__(self, contents: _Contents) -> None:
        self._contents = contents

    def faults(self) -> Iterable[Finding]:
        """There is no engine to ask."""
        return ()

    def leaves(self) -> Iterator[Sequence[AuditedLeaf]]:
        """Every leaf in order."""
        for leaf, nodes in zip(self._contents.leaves, self._contents.nodes, strict=True):
            parts = (leaf.event, leaf.subject, leaf.body_digest, leaf.salt)
            whole = leaf_hash(leaf_bytes(*parts)) == leaf.leaf_hash
            yield [AuditedLeaf(leaf.index, *parts, leaf.leaf_hash, nodes, whole)]

    def documents(self) -> Iterator[Sequence[AuditedRow]]:
        """Every version of every record, and every release."""
        for versions in self._contents.records.values():
            yield [
                AuditedRow("records", r.kind, r.id, r.version, digest(r.body), r.body, True)
                for r in versions
            ]
        for r in self._contents.releases.values():
            whole = digest(r.content) == r.digest
            yield [AuditedRow("releases", "release", r.decision_id, 1, r.digest, b"", whole)]

    def others(self) -> Iterator[Sequence[AuditedRow]]:
        """The outbox."""
        for id in self._contents.outbox:
            yield [AuditedRow("outbox", "outbox", id, 1, "", b"", True)]
