"""One unit of work over an SQL connection, the same for SQLite and PostgreSQL."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from saltbridge.adapters.stores import schema
from saltbridge.border.release import Release, reopen
from saltbridge.core.canonical import digest
from saltbridge.core.errors import Refused
from saltbridge.ports import (
    FORGETTABLE,
    MAX_ATTEMPTS,
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


class ReadingCannotWrite(TypeError):
    """A read-only view was asked to write: open a unit of work instead."""


def moment_text(moment: datetime) -> str:
    """UTC with a fixed width, so that text order is time order."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _record(row: Mapping[str, Any]) -> StoredRecord:
    body = bytes(row["body"])
    if digest(body) != row["digest"]:
        raise Refused.of("store.altered", kind=row["kind"], id=row["id"])
    return StoredRecord(
        row["kind"], row["id"], row["version"], body, _moment(row["written_at"])
    )


def _entry(row: Mapping[str, Any]) -> OutboxEntry:
    return OutboxEntry(
        row["id"],
        row["kind"],
        bytes(row["body"]),
        row["ordering_key"],
        row["attempts"],
        None if row["due_at"] is None else _moment(row["due_at"]),
        row["last_error"],
    )


class SqlUnitOfWork:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection, clock: Clock, *, writable: bool) -> None:
        self._connection = connection
        self._clock = clock
        self._writable = writable

    def get(self, kind: str, id: str) -> StoredRecord | None:
        """The newest version, or None."""
        found = schema.records
        row = (
            self._connection.execute(
                select(found)
                .where(found.c.kind == kind, found.c.id == id)
                .order_by(found.c.version.desc())
                .limit(1)
            )
            .mappings()
            .first()
        )
        return None if row is None else _record(dict(row))

    def find(self, kind: str, *, after: str = "", limit: int = 1000) -> Sequence[StoredRecord]:
        """Newest versions of a kind by ascending id, those after ``after``."""
        current = schema.current_records
        rows = self._connection.execute(
            select(current)
            .where(current.c.kind == kind, current.c.id > after)
            .order_by(current.c.id)
            .limit(limit)
        ).mappings()
        return tuple(_record(dict(row)) for row in rows)

    def put(
        self, kind: str, id: str, body: bytes, *, expected_version: int | None = None
    ) -> StoredRecord:
        """Write the next version; earlier ones are kept."""
        self._must_write()
        if not kind or not id:
            raise ValueError("a record has a kind and an id")
        found = schema.records
        stored = self._connection.execute(
            select(func.coalesce(func.max(found.c.version), 0)).where(
                found.c.kind == kind, found.c.id == id
            )
        ).scalar_one()
        if expected_version is not None and stored != expected_version:
            raise StaleWrite(f"{kind} {id}: stored is {stored}, expected {expected_version}")
        now = self._clock.now()
        version = int(stored) + 1
        self._connection.execute(
            insert(found),
            {
                "kind": kind,
                "id": id,
                "version": version,
                "body": body,
                "digest": digest(body),
                "written_at": moment_text(now),
            },
        )
        return StoredRecord(kind, id, version, body, now)

    def forget(self, kind: str, before: datetime) -> int:
        """Remove records last written before; only of kinds that may be forgotten."""
        self._must_write()
        if kind not in FORGETTABLE:
            raise ValueError(f"records of kind {kind!r} are kept")
        found, current = schema.records, schema.current_records
        old = (
            self._connection.execute(
                select(current.c.id).where(
                    current.c.kind == kind, current.c.written_at < moment_text(before)
                )
            )
            .scalars()
            .all()
        )
        for id in old:
            self._connection.execute(
                delete(found).where(found.c.kind == kind, found.c.id == id)
            )
        return len(old)

    def put_release(self, release: Release) -> str:
        """Keep released bytes; the same release twice is one."""
        self._must_write()
        kept = self.get_release(release.digest, release.decision_id)
        if kept == release:
            return release.digest
        if kept is not None:
            raise StaleWrite(f"decision {release.decision_id} released these bytes already")
        self._connection.execute(
            insert(schema.releases),
            {
                "digest": release.digest,
                "decision_id": release.decision_id,
                "content": release.content,
                "media_type": release.media_type,
                "audience": release.audience,
                "purpose": release.purpose,
                "written_at": moment_text(self._clock.now()),
            },
        )
        return release.digest

    def get_release(self, digest: str, decision_id: str) -> Release | None:
        """Released bytes, digest checked again."""
        kept = schema.releases
        row = (
            self._connection.execute(
                select(kept).where(kept.c.digest == digest, kept.c.decision_id == decision_id)
            )
            .mappings()
            .first()
        )
        if row is None:
            return None
        return reopen(
            bytes(row["content"]),
            expected_digest=row["digest"],
            media_type=row["media_type"],
            decision_id=row["decision_id"],
            audience=row["audience"],
            purpose=row["purpose"],
        )

    def append_leaf(self, event: str, subject: str, body: bytes) -> int:
        """Append a leaf to the log; returns its index, counted from 0."""
        self._must_write()
        leaves = schema.log_leaves
        index = self._connection.execute(
            select(func.coalesce(func.max(leaves.c.leaf_index) + 1, 0))
        ).scalar_one()
        salt, body_digest = secrets.token_hex(16), digest(body)
        self._connection.execute(
            insert(leaves),
            {
                "leaf_index": index,
                "event": event,
                "subject": subject,
                "body_digest": body_digest,
                "salt": salt,
                "leaf_hash": leaf_hash(leaf_bytes(event, subject, body_digest, salt)),
                "written_at": moment_text(self._clock.now()),
            },
        )
        return int(index)

    def leaf_hashes(self) -> Sequence[bytes]:
        """All leaf hashes in order."""
        leaves = schema.log_leaves
        rows = self._connection.execute(
            select(leaves.c.leaf_hash).order_by(leaves.c.leaf_index)
        )
        return tuple(bytes(row[0]) for row in rows)

    def log_size(self) -> int:
        """Number of leaves."""
        leaves = schema.log_leaves
        return int(
            self._connection.execute(
                select(func.coalesce(func.max(leaves.c.leaf_index) + 1, 0))
            ).scalar_one()
        )

    def log_root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first ``size`` leaves."""
        return tree_root(self._first(self.log_size() if size is None else size))

    def log_leaf(self, index: int) -> LogLeaf | None:
        """The leaf at an index, or None."""
        leaves = schema.log_leaves
        row = (
            self._connection.execute(select(leaves).where(leaves.c.leaf_index == index))
            .mappings()
            .first()
        )
        if row is None:
            return None
        return LogLeaf(
            index,
            row["event"],
            row["subject"],
            row["body_digest"],
            row["salt"],
            bytes(row["leaf_hash"]),
            _moment(row["written_at"]),
        )

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
        waiting = schema.outbox
        if self._connection.execute(
            select(waiting.c.id).where(waiting.c.id == entry.id)
        ).first():
            raise StaleWrite(f"outbox entry {entry.id} is waiting already")
        self._connection.execute(
            insert(waiting),
            {
                "id": entry.id,
                "kind": entry.kind,
                "body": entry.body,
                "ordering_key": entry.ordering_key,
                "attempts": entry.attempts,
                "due_at": None if entry.due_at is None else moment_text(entry.due_at),
                "last_error": entry.last_error,
            },
        )

    def due(self, now: datetime, limit: int = 100) -> Sequence[OutboxEntry]:
        """Entries that are due, oldest first; of a key the oldest only, and none failed."""
        waiting, earlier = schema.outbox, aliased(schema.outbox)
        first_of_key = ~(
            select(earlier.c.position)
            .where(
                earlier.c.ordering_key == waiting.c.ordering_key,
                earlier.c.position < waiting.c.position,
            )
            .exists()
        )
        rows = self._connection.execute(
            select(waiting)
            .where(
                waiting.c.attempts < MAX_ATTEMPTS,
                or_(waiting.c.due_at.is_(None), waiting.c.due_at <= moment_text(now)),
                or_(waiting.c.ordering_key == "", first_of_key),
            )
            .order_by(waiting.c.position)
            .limit(limit)
        ).mappings()
        return tuple(_entry(dict(row)) for row in rows)

    def failed(self, limit: int = 100) -> Sequence[OutboxEntry]:
        """Entries that are tried no more, oldest first."""
        waiting = schema.outbox
        rows = self._connection.execute(
            select(waiting)
            .where(waiting.c.attempts >= MAX_ATTEMPTS)
            .order_by(waiting.c.position)
            .limit(limit)
        ).mappings()
        return tuple(_entry(dict(row)) for row in rows)

    def done(self, entry_id: str) -> None:
        """Remove from the outbox; nothing happens when it is gone already."""
        self._must_write()
        self._connection.execute(delete(schema.outbox).where(schema.outbox.c.id == entry_id))

    def postpone(self, entry_id: str, until: datetime, error: str) -> None:
        """Keep in the outbox, counted as one more attempt."""
        self._must_write()
        waiting = schema.outbox
        self._connection.execute(
            update(waiting)
            .where(waiting.c.id == entry_id)
            .values(
                attempts=waiting.c.attempts + 1,
                due_at=moment_text(until),
                last_error=error[:2000],
            )
        )

    def retry(self, entry_id: str) -> None:
        """Count the attempts anew; nothing happens when the entry is gone."""
        self._must_write()
        waiting = schema.outbox
        self._connection.execute(
            update(waiting).where(waiting.c.id == entry_id).values(attempts=0, due_at=None)
        )

    def _must_write(self) -> None:
        if not self._writable:
            raise ReadingCannotWrite("this view only reads: open a unit of work to write")
