"""A store that forgets: the same promises as the others, kept in plain dictionaries."""

import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from saltbridge.adapters.stores.unit_of_work import ReadingCannotWrite
from saltbridge.border.release import Release, reopen
from saltbridge.core.canonical import digest
from saltbridge.core.errors import Unavailable
from saltbridge.ports import (
    FORGETTABLE,
    Clock,
    LogLeaf,
    OutboxEntry,
    StaleWrite,
    StoredRecord,
)
from saltbridge.trust.log import (
    consistency_proof,
    inclusion_proof,
    leaf_bytes,
    leaf_hash,
    tree_root,
)


@dataclass
class _Contents:
    records: dict[tuple[str, str], tuple[StoredRecord, ...]] = field(default_factory=dict)
    releases: dict[tuple[str, str], Release] = field(default_factory=dict)
    leaves: list[LogLeaf] = field(default_factory=list)
    outbox: dict[str, OutboxEntry] = field(default_factory=dict)

    def copy(self) -> "_Contents":
        return _Contents(
            dict(self.records), dict(self.releases), list(self.leaves), dict(self.outbox)
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

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryUnitOfWork:
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

    def put_release(self, release: Release) -> str:
        """Keep released bytes; the same release twice is one."""
        self._must_write()
        key = (release.digest, release.decision_id)
        if self.contents.releases.setdefault(key, release) != release:
            raise StaleWrite(f"decision {release.decision_id} released these bytes already")
        return release.digest

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
        self._must_write()
        salt, body_digest = secrets.token_hex(16), digest(body)
        index = len(self.contents.leaves)
        hashed = leaf_hash(leaf_bytes(event, subject, body_digest, salt))
        self.contents.leaves.append(
            LogLeaf(index, event, subject, body_digest, salt, hashed, self._clock.now())
        )
        return index

    def leaf_hashes(self) -> Sequence[bytes]:
        """All leaf hashes in order."""
        return tuple(leaf.leaf_hash for leaf in self.contents.leaves)

    def log_size(self) -> int:
        """Number of leaves."""
        return len(self.contents.leaves)

    def log_root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first ``size`` leaves."""
        return tree_root(self._first(self.log_size() if size is None else size))

    def log_leaf(self, index: int) -> LogLeaf | None:
        """The leaf at an index, or None."""
        return self.contents.leaves[index] if 0 <= index < self.log_size() else None

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Audit path of a leaf in the tree of the first ``size`` leaves."""
        return inclusion_proof(self._first(size), index)

    def consistency_proof(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Proof that the tree of ``size`` leaves continues the tree of ``old_size``."""
        return consistency_proof(self._first(size), old_size)

    def _first(self, size: int) -> Sequence[bytes]:
        if not 0 <= size <= self.log_size():
            raise IndexError(f"{size} of {self.log_size()} leaves")
        return self.leaf_hashes()[:size]

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
